//! What an administrator does from a terminal: the demo hospital, imports, accounts, tokens, playbooks, backups.
//!
//! Results go to standard output, so that they can be kept; what went wrong is one sentence on standard error.

mod accounts;
mod backup;
mod feed;
mod files;
mod restore;
mod schedule;

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

pub use accounts::{TokenCommand, UserCommand};

use self::schedule::Goal;
use crate::{app::App, clock::Clock, config::Config, demo, imports::Kind, playbooks, web};

/// The commands that open the installation, do one thing and end.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Load people, places (with systems) or a schedule from a CSV file, or a feed's own messages from a file of HL7 or FHIR.
    ///
    /// A schedule is imported into the incident that is open. Without one it is kept for the next downtime, as a nightly
    /// job may do it.
    ///
    /// The columns are found by their headers. New rows are added, known ones changed, what is not in the file
    /// stays; the same file twice changes nothing. Refused rows are written beside the file, with their reasons.
    /// If a column cannot be found, offer the file in the browser, where columns can be named.
    Import {
        /// What the file is about.
        #[arg(value_enum)]
        kind: ImportKind,
        /// The CSV file, with a header row.
        file: PathBuf,
        /// For a schedule: when it was taken, as "2024-07-18 23:50" in the hospital's time. Without it, the date and time
        /// in the file's name, else the file's own time; into an incident it must be said.
        #[arg(long)]
        as_of: Option<String>,
        /// For a schedule: the id of the incident, when more than one is open.
        #[arg(long)]
        incident: Option<String>,
        /// For a schedule: keep it for the next downtime, also while an incident is open.
        #[arg(long, conflicts_with = "incident")]
        standing: bool,
        /// For a feed: its name, as it stands on the page of feeds.
        #[arg(long, required_if_eq("kind", "feed"))]
        feed: Option<String>,
    },
    /// Add, list or reset the people who sign in.
    #[command(subcommand)]
    User(UserCommand),
    /// Give programs a bearer token, list tokens, or revoke one.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Check playbook files.
    #[command(subcommand)]
    Playbook(PlaybookCommand),
    /// Copy the database while the program runs.
    ///
    /// SQLite: writes one complete, checked copy and, beside it, a list of the other files that must be kept.
    /// PostgreSQL: says how to call `pg_dump`; when FILE is already such a dump, checks it.
    Backup {
        /// The file to write, or a folder, which gets a file with the date in its name.
        file: PathBuf,
    },
    /// Put a copy into an empty data folder.
    ///
    /// Refused when the data folder has a database with anything in it. Nothing is sent afterwards until somebody
    /// has looked at the messages that were still open in the copy.
    Restore {
        /// The copy that `downtime backup` wrote. For PostgreSQL: the dump to be restored with `pg_restore`.
        file: PathBuf,
        /// PostgreSQL, after `pg_restore`: hold sending until somebody has looked.
        #[arg(long)]
        hold: bool,
    },
    /// Bring the database up to date and stop.
    ///
    /// Serving does this too; use it to find out beforehand how long it takes.
    Migrate,
}

/// What a file can be about.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ImportKind {
    People,
    Places,
    Schedule,
    /// Messages of one feed: HL7 SIU, or FHIR appointments.
    Feed,
}

/// What can be done with playbooks.
#[derive(Debug, Subcommand)]
pub enum PlaybookCommand {
    /// Check files; without any, the built-in ones. Ends with 1 and names file, line, field and what is expected.
    Check { files: Vec<PathBuf> },
}

/// Runs a command to its end.
///
/// # Errors
/// One sentence for the person at the terminal.
pub async fn run(command: Command, config: Config) -> Result<(), String> {
    match command {
        Command::Playbook(PlaybookCommand::Check { files }) => check_playbooks(&files),
        Command::Restore { file, hold } => restore::run(config, &file, hold).await,
        Command::Backup { file } => backup::run(config, &file).await,
        Command::Import { kind, file, as_of, incident, standing, feed } => {
            let work = async |app: &App| match kind {
                ImportKind::People => files::import(app, Kind::People, &file).await,
                ImportKind::Places => files::import(app, Kind::Places, &file).await,
                ImportKind::Schedule => {
                    let goal = if standing { Goal::Standing } else { Goal::Incident(incident) };
                    schedule::import(app, &file, as_of, goal).await
                }
                ImportKind::Feed => feed::import(app, &file, as_of, &feed.unwrap_or_default()).await,
            };
            with_app(config, work).await
        }
        Command::User(command) => with_app(config, async |app| accounts::user(app, command).await).await,
        Command::Token(command) => with_app(config, async |app| accounts::token(app, command).await).await,
        Command::Migrate => {
            with_app(config, async |_| {
                print("The database is up to date.");
                Ok(())
            })
            .await
        }
    }
}

/// Loads the demo hospital, unless it is there already.
///
/// # Errors
/// One sentence, as when a real hospital is there.
pub async fn load_demo(config: Config, size: demo::Size) -> Result<(), String> {
    with_app(config, async |app| {
        let mut tx = app.db.read().await.map_err(|error| error.to_string())?;
        let loaded = demo::is_loaded(app, &mut tx).await.map_err(|error| error.to_string())?;
        drop(tx);
        if loaded {
            print("The demo hospital is loaded already.");
            return Ok(());
        }
        let loaded = demo::load(app, size).await.map_err(files::sentence)?;
        print(&format!(
            "Harbor Health is loaded: {} sites, {} units, {} staff, {} playbooks. All of it is made up.",
            loaded.facilities, loaded.units, loaded.staff, loaded.playbooks
        ));
        Ok(())
    })
    .await
}

/// Opens the installation, runs, and closes it whatever came of it.
async fn with_app(config: Config, work: impl AsyncFnOnce(&App) -> Result<(), String>) -> Result<(), String> {
    let app = App::open(config, Clock::System).await.map_err(|error| error.to_string())?;
    let done = work(&app).await;
    web::server::shut_down(&app).await;
    done
}

fn check_playbooks(files: &[PathBuf]) -> Result<(), String> {
    let mistakes = playbooks::check(files)?;
    for mistake in &mistakes {
        print(&mistake.to_string());
    }
    match (mistakes.len(), files.len()) {
        (0, 0) => print("The built-in playbooks are without mistakes."),
        (0, 1) => print("The playbook is without mistakes."),
        (0, many) => print(&format!("{many} playbooks are without mistakes.")),
        (1, _) => return Err("1 mistake; nothing was loaded.".into()),
        (many, _) => return Err(format!("{many} mistakes; nothing was loaded.")),
    }
    Ok(())
}

/// Says a result to the person at the terminal.
#[expect(clippy::print_stdout, reason = "this is the terminal's own door")]
fn print(text: &str) {
    println!("{text}");
}
