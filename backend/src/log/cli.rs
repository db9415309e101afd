//! `downtime log verify`: proves the log from a terminal, also over a copy of the database, without changing it.

use std::{
    io::{ErrorKind, Write},
    path::PathBuf,
};

use clap::Subcommand;
use sqlx::types::Uuid;

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
        /// Heads that stand on printed pages, as 212-3fa94c01be: each must be the head of a log at that entry.
        #[arg(value_name = "HEAD", value_parser = written_head)]
        printed: Vec<PrintedHead>,
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
    let LogCommand::Verify { printed, heads } = command;
    // The heads first: they may then only be older than the log, not newer.
    let kept = kept_heads(heads, config)?;
    let url = config.database_url()?;
    let db =
        Db::open_to_read(&url).await.map_err(|error| format!("the database cannot be opened: {error}"))?;
    let read = read(&db, &kept, &printed).await;
    db.close().await;
    let (findings, places) = read.map_err(|error| format!("the log cannot be read: {error}"))?;
    report(&findings, &places).map_err(|error| error.to_string())?;
    if let Some((head, _)) = places.iter().find(|(_, places)| places.is_empty()) {
        return Err(format!(
            "no log has the head {head}: it was cut or rewritten after that page was printed, or the page is of another installation"
        ));
    }
    let broken = findings.iter().filter(|finding| !finding.verdict.is_whole()).count();
    match broken {
        0 => Ok(()),
        broken => Err(format!("{broken} of {} chains are not what was written.", findings.len())),
    }
}

type Read = (Vec<Finding>, Vec<(PrintedHead, Vec<Uuid>)>);

async fn read(db: &Db, kept: &Heads, printed: &[PrintedHead]) -> Result<Read, Error> {
    let mut tx = db.read().await?;
    let findings = verify::all(&mut tx, kept).await?;
    let mut places = Vec::with_capacity(printed.len());
    for head in printed {
        places.push((head.clone(), verify::chains_with(&mut tx, head.seq, &head.digits).await?));
    }
    Ok((findings, places))
}

/// The head of a log as it stands on a printed page: the number of its last entry and the first digits of its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedHead {
    seq: i64,
    digits: String,
}

impl std::fmt::Display for PrintedHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.seq, self.digits)
    }
}

fn written_head(text: &str) -> Result<PrintedHead, String> {
    let parts = text.trim().split_once('-').and_then(|(seq, digits)| {
        let digits = digits.to_ascii_lowercase();
        let fits = (10..=64).contains(&digits.len()) && digits.chars().all(|sign| sign.is_ascii_hexdigit());
        Some(PrintedHead { seq: seq.parse().ok().filter(|_| fits)?, digits })
    });
    parts.ok_or_else(|| "write the head as it stands on the page: 212-3fa94c01be".to_owned())
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

fn report(findings: &[Finding], places: &[(PrintedHead, Vec<Uuid>)]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for finding in findings {
        writeln!(out, "{} ({}), head {}: {}", finding.of, finding.chain, finding.head, finding.verdict)?;
    }
    for (head, chains) in places {
        for finding in findings.iter().filter(|finding| chains.contains(&finding.chain)) {
            writeln!(out, "{head} is the head of {} at entry {}", finding.of, head.seq)?;
        }
    }
    out.flush()
}
