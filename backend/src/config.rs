//! What an operator can set, by flag or by environment variable, and nothing else.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};

use crate::{store::DatabaseUrl, web::client::Network};

/// The settings of the program.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Folder with the SQLite file, keys, imports and outgoing files. Keep it on a disk of its own.
    #[arg(long, env = "DOWNTIME_DATA", default_value = "data", global = true)]
    pub data: PathBuf,

    /// PostgreSQL address, as `postgres://user:password@host/database`. Without it, an SQLite file in the data folder.
    #[arg(long, env = "DOWNTIME_DATABASE", global = true, hide_env_values = true)]
    pub database: Option<Secret>,

    /// Address and port to listen on.
    #[arg(long, env = "DOWNTIME_LISTEN", default_value = "127.0.0.1:8080", global = true)]
    pub listen: SocketAddr,

    /// Address under which staff reach this server; it stands in every message that is sent.
    #[arg(long, env = "DOWNTIME_PUBLIC_URL", global = true)]
    pub public_url: Option<String>,

    /// Certificate chain (PEM). With a key, HTTPS is served directly.
    #[arg(long, env = "DOWNTIME_TLS_CERTIFICATE", requires = "tls_key", global = true)]
    pub tls_certificate: Option<PathBuf>,

    /// Private key of the certificate (PEM).
    #[arg(long, env = "DOWNTIME_TLS_KEY", requires = "tls_certificate", global = true)]
    pub tls_key: Option<PathBuf>,

    /// Address or network (`10.1.0.0/16`) of a proxy of yours; may be given several times. Only from there is
    /// X-Forwarded-For or Forwarded believed.
    #[arg(long, env = "DOWNTIME_TRUSTED_PROXY", value_delimiter = ',', global = true)]
    pub trusted_proxy: Vec<Network>,

    /// Folder with playbooks (*.toml) that replace the built-in ones.
    #[arg(long, env = "DOWNTIME_PLAYBOOKS", global = true)]
    pub playbooks: Option<PathBuf>,

    /// Mail server: `smtp://user:password@host:587` (STARTTLS), `smtps://…:465`, or `smtp+plain://host:25` without TLS.
    /// Without it, mails become .eml files in the data folder's outbox.
    #[arg(long, env = "DOWNTIME_SMTP", global = true, hide_env_values = true)]
    pub smtp: Option<Secret>,

    /// Sender of mails.
    #[arg(
        long,
        env = "DOWNTIME_MAIL_FROM",
        default_value = "Downtime Command <downtime@localhost>",
        global = true
    )]
    pub mail_from: String,

    /// Connections kept open to the mail server.
    #[arg(long, env = "DOWNTIME_SMTP_CONNECTIONS", default_value_t = 4, global = true)]
    pub smtp_connections: usize,

    /// SMS gateway: an address to which each text is sent, with {to} and {text} where they belong.
    /// Without it, texts become files in the data folder's outbox.
    #[arg(long, env = "DOWNTIME_SMS", global = true, hide_env_values = true)]
    pub sms: Option<Secret>,

    /// Monitor's address that is asked for (GET) each minute as long as every message is accounted for; a monitor there
    /// raises the alarm when that stops.
    #[arg(long, env = "DOWNTIME_PING_URL", global = true, hide_env_values = true)]
    pub ping_url: Option<Secret>,

    /// Folder outside to which the public pages, their feeds and the text of every code are published; may be given
    /// several times. Any web server can serve it, and it can be read without one.
    #[arg(long, env = "DOWNTIME_PUBLISH_TO", value_delimiter = ',', global = true)]
    pub publish_to: Vec<PathBuf>,

    /// Command that is run with the path of a folder which holds the same, as `rsync -a --delete` with a target in a
    /// script; may be given several times. It is ended after 30 seconds.
    #[arg(long, env = "DOWNTIME_PUBLISH_COMMAND", global = true, hide_env_values = true)]
    pub publish_command: Vec<Secret>,

    /// Folder into which an export lays schedules (*.csv, *.txt, *.tsv), as of each night; may be given several times.
    /// It is only read. A file is taken when it has not changed for some seconds.
    #[arg(long, env = "DOWNTIME_SCHEDULE_FOLDER", value_delimiter = ',', global = true)]
    pub schedule_folder: Vec<PathBuf>,

    /// For how many days a schedule is kept that came in before an incident.
    #[arg(
        long,
        env = "DOWNTIME_SCHEDULE_KEEP_DAYS",
        default_value_t = 14,
        value_parser = clap::value_parser!(u16).range(1..=90),
        global = true
    )]
    pub schedule_keep_days: u16,

    /// Address and port to listen on for HL7 scheduling messages (SIU) over MLLP, as `0.0.0.0:2575`. The line is plain
    /// text: keep it inside a private network, or behind stunnel. Without it, nothing listens.
    #[arg(long, env = "DOWNTIME_MLLP", global = true)]
    pub mllp: Option<SocketAddr>,

    /// Address or network (`10.1.0.0/16`) of an interface engine that may send over MLLP; may be given several times.
    /// Without it, only this machine may.
    #[arg(long, env = "DOWNTIME_MLLP_ALLOW", value_delimiter = ',', global = true)]
    pub mllp_allow: Vec<Network>,

    /// How the log is written to standard error.
    #[arg(long, env = "DOWNTIME_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, global = true)]
    pub log_format: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// A setting that may hold a password; it never appears in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl Config {
    /// The settings of a newcomer and of tests: SQLite in `data`, loopback, no gateways.
    pub fn in_folder(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            database: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: None,
            tls_certificate: None,
            tls_key: None,
            trusted_proxy: Vec::new(),
            playbooks: None,
            smtp: None,
            mail_from: "Downtime Command <downtime@localhost>".into(),
            smtp_connections: 4,
            sms: None,
            ping_url: None,
            publish_to: Vec::new(),
            publish_command: Vec::new(),
            schedule_folder: Vec::new(),
            schedule_keep_days: 14,
            mllp: None,
            mllp_allow: Vec::new(),
            log_format: LogFormat::Text,
        }
    }

    /// Where the database is.
    ///
    /// # Errors
    /// One sentence when the address cannot be read.
    pub fn database_url(&self) -> Result<DatabaseUrl, String> {
        match &self.database {
            Some(Secret(url)) => url.parse(),
            None => Ok(DatabaseUrl::Sqlite(self.data.join("downtime.sqlite"))),
        }
    }

    /// The address that stands in messages: the public one, or where we listen.
    pub fn base_url(&self) -> String {
        if let Some(url) = &self.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let scheme = if self.tls_certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.listen)
    }

    /// Whether browsers reach us by https, so that cookies may be kept to it.
    pub fn is_https(&self) -> bool {
        self.base_url().starts_with("https://")
    }
}
