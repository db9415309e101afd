//! One place outside: a folder, or a command that carries a folder away.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{io::AsyncReadExt, process::Command, sync::oneshot};

use super::folder;
use crate::status::Copy;

/// How much is kept of what a command says when it fails.
const MOST_WORDS: u64 = 400;

/// A place to which copies go.
#[derive(Debug)]
pub struct Target {
    pub place: Place,
    /// Whether a thread still writes there, which may be for ever.
    writing: Arc<AtomicBool>,
}

/// Where it is.
#[derive(Debug)]
pub enum Place {
    Folder(PathBuf),
    /// Run with the path of a folder of our own that holds the copy.
    Command {
        number: usize,
        command: String,
        folder: PathBuf,
    },
}

impl Target {
    pub fn new(place: Place) -> Self {
        Self { place, writing: Arc::default() }
    }

    /// How people call it. A command may hold a password and is not shown.
    pub fn name(&self) -> String {
        match &self.place {
            Place::Folder(folder) => folder.display().to_string(),
            Place::Command { number, .. } => format!("Command {number}"),
        }
    }
}

/// Brings a copy to its place.
///
/// # Errors
/// Why it is not there, in words.
pub async fn bring(target: &Arc<Target>, copy: &Arc<Copy>, deadline: Duration) -> Result<(), String> {
    match &target.place {
        Place::Folder(folder) => write(target, folder, copy, deadline).await,
        Place::Command { command, folder, .. } => {
            // It lies in the data folder, which is there.
            let made = folder.parent().map(std::fs::create_dir_all);
            made.transpose().map_err(|error| format!("the data folder cannot be written: {error}"))?;
            write(target, folder, copy, deadline).await?;
            run(command, folder, deadline).await
        }
    }
}

/// Writes on a thread of its own: a disk of another machine may never answer, and nobody may wait for such a thread, not
/// even the end of the program.
async fn write(target: &Target, path: &Path, copy: &Arc<Copy>, deadline: Duration) -> Result<(), String> {
    if target.writing.swap(true, Ordering::AcqRel) {
        return Err("the folder still does not answer".to_owned());
    }
    let writing = target.writing.clone();
    let (sender, done) = oneshot::channel();
    let give_up = Arc::new(AtomicBool::new(false));
    let (given_up, copy, at) = (give_up.clone(), copy.clone(), path.to_owned());
    std::thread::Builder::new()
        .name("copies".to_owned())
        .spawn(move || {
            let written = folder::write(&at, [&copy.pages, &copy.codes], &given_up);
            writing.store(false, Ordering::Release);
            // Nobody may listen any more.
            let _ = sender.send(written);
        })
        .map_err(|error| format!("no thread can be started: {error}"))?;
    match tokio::time::timeout(deadline, done).await {
        Ok(Ok(written)) => written.map_err(|error| format!("the folder cannot be written: {error}")),
        Ok(Err(_)) => Err("writing the folder broke off".to_owned()),
        Err(_) => {
            give_up.store(true, Ordering::Release);
            Err(format!("the folder did not answer within {} s", deadline.as_secs()))
        }
    }
}

/// Runs the command in a process group of its own, which is ended as a whole when it takes too long.
async fn run(command: &str, folder: &Path, deadline: Duration) -> Result<(), String> {
    let mut child = Command::new("sh")
        .args(["-c", &format!("{command} \"$1\""), "publish"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("the command cannot be run: {error}"))?;
    let group = Group(child.id());
    let stderr = child.stderr.take();
    let ends = async {
        let mut words = Vec::new();
        if let Some(stderr) = stderr {
            let mut stderr = stderr.take(MOST_WORDS);
            // What it does not say is not needed.
            let _ = stderr.read_to_end(&mut words).await;
            let mut rest = stderr.into_inner();
            let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
        }
        (child.wait().await, words)
    };
    let Ok((ended, words)) = tokio::time::timeout(deadline, ends).await else {
        return Err(format!("the command did not end within {} s and was ended", deadline.as_secs()));
    };
    let status = ended.map_err(|error| format!("the command cannot be waited for: {error}"))?;
    group.forget();
    if status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&words);
    Err(format!("the command ended with {status}: {}", words.lines().next().unwrap_or("it said nothing")))
}

/// A command with everything that it has started, ended when nobody waits for it any more.
struct Group(Option<u32>);

impl Group {
    fn forget(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            // It may have ended by itself.
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}
