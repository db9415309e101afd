//! What this server knows of its schedule folders, in memory: what it saw at the last look, and how it stands for
//! monitors.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{
    time::{Timestamp, Zone},
    view::schedules::FolderLine,
};

/// A file that lies in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub path: PathBuf,
    pub name: String,
    pub size: u64,
    pub changed_at: Timestamp,
}

/// What becomes of a file that has come to rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Nothing more, until it changes.
    Settled,
    /// It is older than a schedule is kept.
    TooOld,
    /// It is looked at again at the next look.
    Later,
    /// It could not be taken, and why; it is tried again after a while.
    Trouble(String),
}

#[derive(Debug)]
struct Seen {
    size: u64,
    changed_at: Timestamp,
    /// It is left alone until then.
    rests_until: Timestamp,
    done: Done,
}

#[derive(Debug, Default)]
struct Folder {
    looked_at: Option<Timestamp>,
    trouble: String,
    files: BTreeMap<PathBuf, Seen>,
}

/// How schedules stand, as monitors are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Of the newest that can be used.
    pub newest: Option<Timestamp>,
    /// A newer one waits for its columns.
    pub waits: bool,
    /// A newer file cannot be used at all.
    pub refused: bool,
}

/// What this server knows.
#[derive(Debug, Default)]
pub struct Desk {
    folders: Mutex<BTreeMap<PathBuf, Folder>>,
    health: Mutex<Option<Health>>,
}

/// How long a file must not change before it is taken, in microseconds.
const REST: i64 = 5_000_000;
/// After how long is tried again what went wrong.
const AGAIN: i64 = 60_000_000;

impl Desk {
    fn folders(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Folder>> {
        // Whoever panicked left whole values behind.
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what lies in a folder, and gives what has come to rest and must be looked at.
    pub fn note(&self, folder: &Path, found: Result<Vec<Found>, String>, now: Timestamp) -> Vec<Found> {
        let mut folders = self.folders();
        let kept = folders.entry(folder.to_owned()).or_default();
        kept.looked_at = Some(now);
        let trouble = found.as_ref().err().cloned().unwrap_or_default();
        if trouble != kept.trouble {
            match trouble.as_str() {
                "" => tracing::warn!("the schedule folder {} can be read again", folder.display()),
                why => tracing::error!("the schedule folder {} cannot be read: {why}", folder.display()),
            }
        }
        kept.trouble = trouble;
        let Ok(found) = found else { return Vec::new() };
        kept.files.retain(|path, _| found.iter().any(|file| file.path == *path));
        let mut rested = Vec::new();
        for file in found {
            let new = || Seen {
                size: file.size,
                changed_at: file.changed_at,
                rests_until: Timestamp(now.0 + REST),
                done: Done::Later,
            };
            let seen = kept.files.entry(file.path.clone()).or_insert_with(new);
            if (seen.size, seen.changed_at) != (file.size, file.changed_at) {
                *seen = new();
            }
            let waits = matches!(seen.done, Done::Later | Done::Trouble(_));
            if waits && seen.rests_until <= now {
                rested.push(file);
            }
        }
        rested.sort_by(|one, other| (one.changed_at, &one.path).cmp(&(other.changed_at, &other.path)));
        rested
    }

    /// Notes what became of a file.
    pub fn set(&self, folder: &Path, file: &Found, done: Done, now: Timestamp) {
        let mut folders = self.folders();
        let seen = folders.get_mut(folder).and_then(|kept| kept.files.get_mut(&file.path));
        let Some(seen) = seen else { return };
        if let Done::Trouble(why) = &done {
            if seen.done != done {
                tracing::error!("{} could not be taken: {why}", file.path.display());
            }
            seen.rests_until = Timestamp(now.0 + AGAIN);
        }
        seen.done = done;
    }

    /// The folders as they were at the last look.
    pub fn lines(&self, configured: &[PathBuf], zone: &Zone) -> Vec<FolderLine> {
        let folders = self.folders();
        let empty = Folder::default();
        configured.iter().map(|path| line(path, folders.get(path).unwrap_or(&empty), zone)).collect()
    }

    /// Whether a folder or a file in it is in trouble.
    pub fn is_in_trouble(&self) -> bool {
        self.folders().values().any(|folder| {
            !folder.trouble.is_empty()
                || folder.files.values().any(|seen| matches!(seen.done, Done::Trouble(_)))
        })
    }

    pub fn set_health(&self, health: Health) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = Some(health);
    }

    /// How schedules stood at the last check; `None` before the first one.
    pub fn health(&self) -> Option<Health> {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(path: &Path, folder: &Folder, zone: &Zone) -> FolderLine {
    let count = |which: &dyn Fn(&Seen) -> bool| {
        i64::try_from(folder.files.values().filter(|seen| which(seen)).count()).unwrap_or(i64::MAX)
    };
    let name =
        |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let of_files = folder.files.iter().filter_map(|(path, seen)| match &seen.done {
        Done::Trouble(why) => Some(format!("{}: {why}", name(path))),
        _ => None,
    });
    let own = (!folder.trouble.is_empty()).then(|| format!("The folder cannot be read: {}", folder.trouble));
    FolderLine {
        folder: path.display().to_string(),
        looked: folder.looked_at.map(|at| zone.full(at)).unwrap_or_default(),
        files: count(&|_| true),
        unsettled: count(&|seen| seen.done == Done::Later),
        too_old: count(&|seen| seen.done == Done::TooOld),
        troubles: own.into_iter().chain(of_files.take(10)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, size: u64, changed_at: i64) -> Found {
        let path = Path::new("/in").join(name);
        Found { path, name: name.into(), size, changed_at: Timestamp::from_seconds(changed_at) }
    }

    #[test]
    fn a_file_is_looked_at_when_it_has_not_changed_for_some_seconds_and_once() {
        let (desk, folder) = (Desk::default(), Path::new("/in"));
        let look = |second, files: Vec<Found>| desk.note(folder, Ok(files), Timestamp::from_seconds(second));
        assert!(look(100, vec![found("a.csv", 10, 99)]).is_empty());
        assert!(look(104, vec![found("a.csv", 10, 99)]).is_empty());
        assert!(look(105, vec![found("a.csv", 20, 104)]).is_empty(), "it grew");
        let rested = look(110, vec![found("a.csv", 20, 104)]);
        assert_eq!(rested.len(), 1);
        desk.set(folder, &rested[0], Done::Settled, Timestamp::from_seconds(110));
        assert!(look(200, vec![found("a.csv", 20, 104)]).is_empty());
        look(205, vec![found("a.csv", 20, 204)]);
        assert_eq!(look(210, vec![found("a.csv", 20, 204)]).len(), 1, "it was written again");
    }

    #[test]
    fn what_went_wrong_is_tried_again_after_a_minute_and_said_meanwhile() {
        let (desk, folder) = (Desk::default(), Path::new("/in"));
        let look =
            |second| desk.note(folder, Ok(vec![found("a.csv", 10, 99)]), Timestamp::from_seconds(second));
        look(100);
        let rested = look(105);
        desk.set(folder, &rested[0], Done::Trouble("no permission".into()), Timestamp::from_seconds(105));
        assert!(desk.is_in_trouble() && look(164).is_empty());
        assert_eq!(desk.lines(&["/in".into()], &Zone::utc())[0].troubles, ["a.csv: no permission"]);
        assert_eq!(look(165).len(), 1);
        desk.note(folder, Ok(Vec::new()), Timestamp::from_seconds(170));
        assert!(!desk.is_in_trouble(), "what is gone troubles nobody");
    }
}
