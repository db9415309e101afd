//! The real program as a process of its own: started with a data folder and a free port, killed without warning,
//! and started again.

use std::{
    fs::File,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use backend::{
    app::App,
    clock::Clock,
    config::{Config, Secret},
    web,
};

use crate::{
    Kind, Person, Program,
    databases::Database,
    door::Door,
    harbor::{self, Harbor},
    settings,
};

/// How long a start may take in a test, far over what it should.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program, as an operator runs it.
pub struct RealServer {
    pub folder: tempfile::TempDir,
    data: PathBuf,
    pub port: u16,
    /// Where PostgreSQL is, when it is used.
    pub database: Option<String>,
    kept: Option<Database>,
    settings: Vec<(String, String)>,
    child: Option<Child>,
}

impl RealServer {
    /// Starts the program over an empty database. `settings` are further flags without their dashes, as
    /// `("smtp", "smtp+plain://127.0.0.1:2525")`.
    pub async fn start(kind: Kind, settings: &[(&str, &str)]) -> Self {
        let mut server = Self::prepare(kind, settings).await;
        server.launch();
        server
    }

    /// A server that is not started yet, so that a command may fill its database first.
    ///
    /// # Panics
    /// When no folder or database can be made.
    pub async fn prepare(kind: Kind, settings: &[(&str, &str)]) -> Self {
        let kept = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(Database::empty_postgres().await),
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self {
            data: folder.path().join("data"),
            folder,
            port: free_port(),
            database: kept.as_ref().and_then(|database| database.address.clone()),
            kept,
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            child: None,
        }
    }

    /// Another process on the same PostgreSQL database, with a folder of its own; not started yet.
    ///
    /// # Panics
    /// When no folder can be made, or the database is not shared.
    #[must_use]
    pub fn beside(&self) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        assert!(self.database.is_some(), "two processes share PostgreSQL");
        Self {
            data: folder.path().join("data"),
            folder,
            port: free_port(),
            database: self.database.clone(),
            kept: None,
            settings: self.settings.clone(),
            child: None,
        }
    }

    /// As [`RealServer::beside`], with settings of its own.
    #[must_use]
    pub fn beside_with(&self, settings: &[(&str, &str)]) -> Self {
        let own = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut server = self.beside();
        server.settings = own.collect();
        server
    }

    /// The database of this server, opened here as by one more process.
    ///
    /// # Panics
    /// When it does not open.
    pub async fn opens_database(&self) -> App {
        let mut config = Config::in_folder(self.data());
        config.database = self.database.clone().map(Secret);
        App::open(config, Clock::System).await.expect("the database opens")
    }

    /// Where the SQLite file, the keys and the outbox are.
    pub fn data(&self) -> PathBuf {
        self.data.clone()
    }

    /// Puts the data folder on another disk, before the first start.
    pub fn keep_data_in(&mut self, folder: &Path) {
        self.data = folder.join("data");
    }

    /// The server's address.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The way in.
    pub fn door(&self) -> Door {
        Door::to(&self.address())
    }

    /// Somebody at a browser without JavaScript.
    pub fn person(&self) -> Person {
        Person::stranger(self.door())
    }

    /// A program without a token.
    pub fn program(&self) -> Program {
        Program::stranger(self.door())
    }

    /// Starts the process and waits until it says that it is ready.
    ///
    /// # Panics
    /// When it does not start, with what it wrote.
    pub fn launch(&mut self) {
        let log =
            || File::options().create(true).append(true).open(self.log()).expect("the folder can be written");
        let starts = || self.written().lines().filter(|line| line.starts_with("Ready")).count();
        let before = starts();
        let mut child = self
            .command(&["serve", "--listen", &format!("127.0.0.1:{}", self.port)])
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log())
            .spawn()
            .expect("the program can be run");
        let began = Instant::now();
        while starts() == before {
            if let Some(status) = child.try_wait().expect("a child can be asked") {
                panic!("the program ended with {status}: {}", self.written());
            }
            assert!(began.elapsed() < PATIENCE, "it is not ready: {}", self.written());
            std::thread::sleep(Duration::from_millis(2));
        }
        self.child = Some(child);
    }

    /// Puts Harbor Health into the database of a server that is not running.
    ///
    /// # Panics
    /// When the database cannot be opened.
    pub async fn put_harbor(&self) -> Harbor {
        let app = self.opens_database().await;
        let harbor = harbor::put_into(&app).await;
        web::server::shut_down(&app).await;
        harbor
    }

    /// The path of the one-time link that the program printed at its last start.
    ///
    /// # Panics
    /// When it printed none.
    pub fn setup_path(&self) -> String {
        let written = self.written();
        let secret = written.rsplit("/setup?secret=").next().and_then(|rest| rest.split_whitespace().next());
        let secret = secret.unwrap_or_else(|| panic!("no link in {written}"));
        format!("/setup?secret={secret}")
    }

    /// Makes the first administrator by the printed link: a program with that session, who is also commander.
    ///
    /// # Panics
    /// When the link does not work.
    pub async fn set_up(&self) -> Program {
        let path = self.setup_path();
        let (_, secret) = path.split_once("secret=").expect("the link carries a secret");
        let form = serde_json::json!({
            "secret": secret, "organisation": "Harbor Health", "zone": "America/New_York",
            "login": "root", "name": "Rae Root", "password": "a long enough password",
        });
        let answer = self.program().posts("/setup", form).await.expect(201);
        let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default();
        self.program().with_cookie(cookie)
    }

    /// Runs another command of the program on the same data, as `["demo", "s"]`, until it ends.
    pub fn runs(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().expect("the program can be run")
    }

    /// Runs a command that must succeed, and gives what it printed.
    ///
    /// # Panics
    /// When it fails, with what it wrote.
    pub fn runs_well(&self, arguments: &[&str]) -> String {
        let output = self.runs(arguments);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "downtime {}: {out}{err}", arguments.join(" "));
        out.into_owned()
    }

    /// The command line of the program on this server's data and database.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(settings::binary());
        command.current_dir(self.folder.path()).args(arguments).arg("--data").arg(self.data());
        if let Some(address) = &self.database {
            command.args(["--database", address]);
        }
        for (name, value) in &self.settings {
            command.arg(format!("--{name}")).arg(value);
        }
        command
    }

    /// What it said to the operator and wrote to its log since its first start.
    pub fn written(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Ends it at this instant, as a power cut does (SIGKILL).
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("our own child can be killed");
            child.wait().expect("our own child can be waited for");
        }
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    ///
    /// # Panics
    /// When it does not end in time or fails.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let id = child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().expect("kill can be run");
        assert!(told.success(), "our own child can be told");
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("a child can be asked") {
                assert!(status.success(), "it ended with {status}: {}", self.written());
                return;
            }
            assert!(began.elapsed() < PATIENCE, "it did not stop: {}", self.written());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills it and starts it again on the same data and port.
    pub fn crash_and_restart(&mut self) {
        self.kill();
        self.launch();
    }

    /// The process, for reading its memory.
    pub fn process(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Ends it and removes its database.
    pub async fn end(mut self) {
        self.kill();
        if let Some(database) = self.kept.take() {
            database.remove().await;
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A port that nobody listens on.
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("a listener knows its port").port()
}

/// Waits until somebody listens on a port of this machine.
///
/// # Panics
/// When nobody does within 10 s.
pub fn wait_for_port(port: u16) {
    let began = Instant::now();
    while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "nobody listens on port {port}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The resident memory of a process in MB.
///
/// # Panics
/// When there is no such process.
pub fn resident_megabytes(process: u32) -> f64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"));
    let status = status.expect("the process runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a process has memory");
    let kilobytes: f64 =
        line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("is a number");
    kilobytes / 1024.0
}
