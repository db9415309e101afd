//! Writing a copy into a folder, of which somebody may read at any moment.
//!
//! Each file is written beside its place, synced and renamed over the old one: that works on every disk and share, also
//! where no symlink does, and whoever reads gets one whole file or the other. What a copy no longer holds is removed, but
//! only what we wrote: a list of that lies in the folder, and it is extended before anything new is written. The list
//! says also what each file holds, so that thousands that have not changed are not read and written again each minute.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs::{self, File},
    io::{self, Write},
    path::{Component, Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use sha2::{Digest, Sha256};

use crate::status::Files;

const LIST: &str = ".downtime-copies";
const AT_ONCE: usize = 8;

/// What we wrote, by path: the hash of what a file holds; nothing while that is not certain.
type Written = BTreeMap<String, Option<String>>;

/// Makes the folder hold exactly these files, beside what is not ours, the first kind of files before the second one.
/// What the list says is there is not written again, nor what is there without the list knowing it.
///
/// # Errors
/// What the disk says; the files are then the old ones and the new ones, each whole, and the next round goes on there.
pub fn write(folder: &Path, files: [&Files; 2], give_up: &AtomicBool) -> io::Result<()> {
    begin(folder)?;
    let new: BTreeMap<&String, (&Vec<u8>, String)> =
        files.into_iter().flatten().map(|(path, bytes)| (path, (bytes, hash(bytes)))).collect();
    let mut written = ours(folder)?;
    let gone: Vec<String> = written.keys().filter(|path| !new.contains_key(path)).cloned().collect();
    for (path, (_, hash)) in &new {
        let known = written.entry((*path).clone()).or_default();
        *known = known.take().filter(|known| known == hash);
    }
    put(folder, LIST, &lines(&written))?;
    let mut round = Round { folder, give_up, written, changed: BTreeSet::new() };
    let [first, second] = files.map(|files| files.keys().map(|path| (path, &new[path])).collect::<Vec<_>>());
    // A page that cannot be written keeps no code from being taken back.
    let done: io::Result<()> =
        [round.put_all(&first), round.remove(&gone), round.put_all(&second)].into_iter().collect();
    // Also what a round that broke off has done need not be done again.
    let listed = put(folder, LIST, &lines(&round.written));
    for folder in round.changed {
        // Some shares cannot sync a folder; the files themselves are synced.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    done.and(listed.map(|_| ()))
}

/// The folder itself may be new, but not what it lies in: that may be a disk that is not mounted.
fn begin(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir(folder)
}

/// A file that is to be there: its path, its content and the hash of that.
type Wanted<'a> = (&'a String, &'a (&'a Vec<u8>, String));

/// One round of writing.
struct Round<'a> {
    folder: &'a Path,
    give_up: &'a AtomicBool,
    written: Written,
    /// The folders in which something has changed.
    changed: BTreeSet<PathBuf>,
}

impl Round<'_> {
    /// Puts every file in its place, several at once: a disk syncs many files together as fast as one.
    fn put_all(&mut self, files: &[Wanted<'_>]) -> io::Result<()> {
        let (folder, written, give_up) = (self.folder, &self.written, self.give_up);
        let few = |few: &[Wanted<'_>]| {
            let mut done = Vec::new();
            for (path, wanted @ (bytes, hash)) in few {
                if give_up.load(Ordering::Acquire) {
                    return (done, Err(io::ErrorKind::TimedOut.into()));
                }
                if stands(folder, path, wanted, written) {
                    continue;
                }
                match put(folder, path, bytes) {
                    Ok(changed) => done.push(((*path).clone(), hash.clone(), changed)),
                    Err(error) => return (done, Err(error)),
                }
            }
            (done, Ok(()))
        };
        let rounds: Vec<_> = thread::scope(|scope| {
            let chunks = files.chunks(files.len().div_ceil(AT_ONCE).max(1));
            let writers: Vec<_> = chunks.map(|chunk| scope.spawn(move || few(chunk))).collect();
            let broke_off = |_| (Vec::new(), Err(io::Error::other("writing broke off")));
            writers.into_iter().map(|writer| writer.join().unwrap_or_else(broke_off)).collect()
        });
        let mut outcome = Ok(());
        for (done, ended) in rounds {
            for (path, hash, changed) in done {
                self.changed.extend(changed.then(|| parent(self.folder, &path)));
                self.written.insert(path, Some(hash));
            }
            outcome = outcome.and(ended);
        }
        outcome
    }

    fn remove(&mut self, gone: &[String]) -> io::Result<()> {
        for path in gone {
            if self.give_up.load(Ordering::Acquire) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match fs::remove_file(self.folder.join(path)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.changed.insert(parent(self.folder, path)),
            };
            self.written.remove(path);
        }
        Ok(())
    }
}

/// Whether a file is there as the list says, by its length: reading thousands on a slow share takes too long.
fn stands(folder: &Path, path: &str, (bytes, hash): &(&Vec<u8>, String), written: &Written) -> bool {
    let is_listed = written.get(path).is_some_and(|known| known.as_ref() == Some(hash));
    let length = || fs::metadata(folder.join(path)).ok().filter(fs::Metadata::is_file).map(|data| data.len());
    is_listed && length() == u64::try_from(bytes.len()).ok()
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing into a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn lines(written: &Written) -> Vec<u8> {
    let line =
        |(path, hash): (&String, &Option<String>)| format!("{} {path}\n", hash.as_deref().unwrap_or("-"));
    written.iter().map(line).collect::<String>().into_bytes()
}

/// What we wrote here before. A line that leads out of the folder is not ours.
fn ours(folder: &Path) -> io::Result<Written> {
    let list = match fs::read_to_string(folder.join(LIST)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Written::new()),
        list => list?,
    };
    let inside = |path: &str| {
        !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
    };
    let known = |hash: &str| (hash != "-").then(|| hash.to_owned());
    let lines = list.lines().filter_map(|line| line.split_once(' '));
    Ok(lines.filter(|(_, path)| inside(path)).map(|(hash, path)| (path.to_owned(), known(hash))).collect())
}

fn parent(folder: &Path, path: &str) -> PathBuf {
    folder.join(path).parent().map_or_else(|| folder.to_owned(), Path::to_owned)
}

/// Puts a file in its place; `false` when it is there already.
fn put(folder: &Path, path: &str, bytes: &[u8]) -> io::Result<bool> {
    let place = folder.join(path);
    if fs::read(&place).is_ok_and(|there| there == bytes) {
        return Ok(false);
    }
    fs::create_dir_all(parent(folder, path))?;
    let mut beside = place.clone().into_os_string();
    beside.push(".new");
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| fs::rename(&beside, &place)) {
        // Half a file is no use, and takes room on a full disk.
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(all: &[(&str, &str)]) -> Files {
        all.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    fn writes(folder: &Path, all: &[(&str, &str)]) {
        let (pages, codes) = all.iter().partition::<Vec<_>, _>(|(path, _)| !path.starts_with("verify/"));
        write(folder, [&files(&pages), &files(&codes)], &AtomicBool::new(false)).expect("can be written");
    }

    fn read(folder: &Path, path: &str) -> String {
        fs::read_to_string(folder.join(path)).expect("is there")
    }

    #[test]
    fn what_is_gone_is_removed_and_what_is_not_ours_stays() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let at = folder.path().join("copies");
        writes(&at, &[("index.html", "1"), ("status/cape.html", "1")]);
        fs::write(at.join("status/mine.html"), "mine").expect("can be written");
        fs::write(folder.path().join("beside"), "mine").expect("can be written");
        let mut list = fs::read_to_string(at.join(LIST)).expect("is there");
        list.push_str("- ../beside\n- /etc/passwd\n");
        fs::write(at.join(LIST), list).expect("can be written");
        writes(&at, &[("index.html", "2")]);
        assert_eq!(fs::read_to_string(at.join("index.html")).expect("is there"), "2");
        assert!(!at.join("status/cape.html").exists());
        assert!(at.join("status/mine.html").exists() && folder.path().join("beside").exists());
    }

    #[test]
    fn what_is_the_same_is_not_written_again() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        writes(folder.path(), &[("index.html", "1")]);
        let written = || fs::metadata(folder.path().join("index.html")).and_then(|data| data.modified());
        let before = written().expect("is there");
        writes(folder.path(), &[("index.html", "1")]);
        assert_eq!(written().expect("is there"), before);
    }

    /// What the list knows is not even read; what was removed, or was never finished, comes back.
    #[test]
    fn what_the_list_knows_is_left_alone_while_it_is_there() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let at = folder.path();
        let all = [("index.html", "1"), ("verify/A.html", "one"), ("verify/B.html", "two")];
        writes(at, &all);
        fs::write(at.join("verify/A.html"), "ONE").expect("can be written");
        fs::remove_file(at.join("verify/B.html")).expect("can be removed");
        writes(at, &all);
        assert_eq!((read(at, "verify/A.html"), read(at, "verify/B.html")), ("ONE".into(), "two".into()));
        writes(at, &[("index.html", "1"), ("verify/A.html", "new")]);
        assert_eq!(read(at, "verify/A.html"), "new");
        assert!(!at.join("verify/B.html").exists());
        fs::write(at.join(LIST), "- index.html\n- verify/A.html\n").expect("can be written");
        fs::write(at.join("verify/A.html"), "NEW").expect("can be written");
        writes(at, &[("index.html", "1"), ("verify/A.html", "new")]);
        assert_eq!(read(at, "verify/A.html"), "new", "nothing says what was written");
    }

    /// A code that cannot be written holds up no page of a site and nothing that is to go, and the rest is kept.
    #[test]
    fn a_round_that_breaks_off_has_written_the_sites_and_removed_what_is_gone() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let at = folder.path();
        writes(at, &[("status/cape.html", "1"), ("status/general.html", "1")]);
        fs::write(at.join("verify"), "no folder").expect("can be written");
        let (pages, codes) = (files(&[("status/cape.html", "2")]), files(&[("verify/A.html", "one")]));
        assert!(write(at, [&pages, &codes], &AtomicBool::new(false)).is_err());
        assert_eq!(read(at, "status/cape.html"), "2");
        assert!(!at.join("status/general.html").exists());
        let list = read(at, LIST);
        assert!(list.contains("- verify/A.html") && !list.contains("- status/cape.html"), "{list}");
        assert!(!list.contains("general"), "{list}");
    }

    #[test]
    fn a_file_in_the_folders_place_and_a_missing_disk_are_said() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("can be written");
        for at in [file, folder.path().join("not/mounted")] {
            assert!(
                write(&at, [&files(&[("index.html", "1")]), &Files::new()], &AtomicBool::new(false)).is_err()
            );
        }
    }
}
