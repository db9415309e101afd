//! `downtime log verify`: proves the log from a terminal, also over a copy of the database, without changing it.

use std::{
    io::{ErrorKind, Write},
    path::PathBuf,
};

use clap::Subcommand;

use super::verify::{self, Finding};
use crate::{
    config::Config,
    jobs::witness::{self, Heads},
    store::{Db, Error},
};

/// What can be done with the log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Prove that nothing in the log was altered, swapped or removed; the exit code is 1 when something was.
    Verify {
        /// Copy of the heads that was kept elsewhere. Without it, the file `heads` in the data folder.
        #[arg(long)]
        heads: Option<PathBuf>,
    },
}

/// Runs the command and writes what it finds to standard output.
///
/// # Errors
/// A sentence, when something is wrong with the log or it cannot be read.
pub async fn run(command: LogCommand, config: &Config) -> Result<(), String> {
    let LogCommand::Verify { heads } = command;
    // The heads first: they may then only be older than the log, not newer.
    let kept = kept_heads(heads, config)?;
    let url = config.database_url()?;
    let db =
        Db::open_to_read(&url).await.map_err(|error| format!("the database cannot be opened: {error}"))?;
    let findings = read(&db, &kept).await;
    db.close().await;
    let findings = findings.map_err(|error| format!("the log cannot be read: {error}"))?;
    report(&findings).map_err(|error| error.to_string())?;
    let broken = findings.iter().filter(|finding| !finding.verdict.is_whole()).count();
    match broken {
        0 => Ok(()),
        broken => Err(format!("{broken} of {} chains are not what was written.", findings.len())),
    }
}

async fn read(db: &Db, kept: &Heads) -> Result<Vec<Finding>, Error> {
    let mut tx = db.read().await?;
    verify::all(&mut tx, kept).await
}

/// The heads of the file that was named, which must be there, or of the data folder, where they may be missing.
fn kept_heads(named: Option<PathBuf>, config: &Config) -> Result<Heads, String> {
    let must_be_there = named.is_some();
    let file = named.unwrap_or_else(|| witness::path(&config.data));
    match std::fs::read_to_string(&file) {
        Ok(text) => witness::parse(&text)
            .map_err(|line| format!("line {line} of {} is not a head of a log", file.display())),
        Err(error) if error.kind() == ErrorKind::NotFound && !must_be_there => Ok(Heads::new()),
        Err(error) => Err(format!("the heads in {} cannot be read: {error}", file.display())),
    }
}

fn report(findings: &[Finding]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for finding in findings {
        writeln!(out, "{} ({}), head {}: {}", finding.of, finding.chain, finding.head, finding.verdict)?;
    }
    out.flush()
}
