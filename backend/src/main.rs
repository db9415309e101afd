//! The program `downtime`: serve, and what an administrator does from a terminal.

use std::{io::IsTerminal, process::ExitCode};

use backend::{
    accounts,
    app::App,
    clock::Clock,
    config::{Config, LogFormat},
    demo, feeds, host, jobs, log, terminal, web,
};
use clap::{Parser, Subcommand};

/// Gives memory back soon after a list of 82,000 people has passed through it, which the system's own does not.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keeps a hospital informed and accounted for while its records system is down.
///
/// Started without a command it serves. Everything it needs is in the data folder.
#[derive(Parser)]
#[command(name = "downtime", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: Config,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the pages and send what is to be sent (the default).
    Serve,
    /// Fill an empty installation with the demo hospital, then serve.
    ///
    /// Harbor Health, its staff and their addresses are made up; nothing sent to them can arrive.
    Demo {
        /// s: 1,500 staff, m: 25,000, l: 82,000; all with 12 sites.
        #[arg(value_enum)]
        size: demo::Size,
        /// Load and stop.
        #[arg(long)]
        only: bool,
    },
    /// Prove the log.
    #[command(subcommand)]
    Log(log::cli::LogCommand),
    #[command(flatten)]
    Terminal(terminal::Command),
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(cli.config.log_format);
    host::prepare();
    let done = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(cli.config).await,
        Command::Demo { size, only } => demo(cli.config, size, only).await,
        Command::Log(command) => log::cli::run(command, &cli.config).await,
        Command::Terminal(command) => terminal::run(command, cli.config).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            say(&format!("downtime: {sentence}"));
            ExitCode::FAILURE
        }
    }
}

fn start_log(format: LogFormat) {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter =
        EnvFilter::try_from_env("DOWNTIME_LOG").unwrap_or_else(|_| EnvFilter::new("warn,backend=info"));
    let colours = std::io::stderr().is_terminal();
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    match format {
        LogFormat::Text => log.compact().init(),
        LogFormat::Json => log.json().init(),
    }
}

/// Says something to the person at the terminal.
#[expect(clippy::print_stderr, reason = "this is the terminal's own door")]
fn say(text: &str) {
    eprintln!("{text}");
}

async fn demo(config: Config, size: demo::Size, only: bool) -> Result<(), String> {
    terminal::load_demo(config.clone(), size).await?;
    if only { Ok(()) } else { serve(config).await }
}

async fn serve(config: Config) -> Result<(), String> {
    web::door::start_rendering();
    web::server::choose_cryptography();
    let listener = web::server::bind(config.listen)?;
    let mllp = config.mllp.map(feeds::mllp::bind).transpose()?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let config = Config { listen: address, ..config };
    let app = App::open(config, Clock::System).await.map_err(|error| error.to_string())?;
    let base = app.config.base_url();
    let first = accounts::setup_secret(&app).await.map_err(|error| error.to_string())?;
    say(&first.map_or_else(
        || format!("Ready: {base}"),
        |secret| format!("Ready. Make the first administrator here: {base}/setup?secret={secret}"),
    ));
    let stop = app.stop.clone();
    app.spawn(async move {
        tokio::select! {
            () = told_to_stop() => stop.cancel(),
            () = stop.cancelled() => {}
        }
    });
    jobs::start(&app).await;
    if let Some(mllp) = mllp {
        feeds::mllp::start(&app, mllp);
    }
    let served = web::server::serve(app.clone(), web::router(app.clone()), listener).await;
    web::server::shut_down(&app).await;
    served
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
