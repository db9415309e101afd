//! Writing a copy into a folder, of which somebody may read at any moment.
//!
//! Each file is written beside its place, synced and renamed over the old one: that works on every disk and share, also
//! where no symlink does, and whoever reads gets one whole file or the other. What a copy no longer holds is removed, but
//! only what we wrote: a list of that lies in the folder, and it is extended before anything new is written.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Write},
    path::{Component, Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

const LIST: &str = ".downtime-copies";
const AT_ONCE: usize = 8;

/// Makes the folder hold exactly these files, beside what is not ours. Nothing is written that is there already.
///
/// # Errors
/// What the disk says; the files are then the old ones and the new ones, each whole.
pub fn write(folder: &Path, files: &BTreeMap<String, Vec<u8>>, give_up: &AtomicBool) -> io::Result<()> {
    begin(folder)?;
    let known = ours(folder)?;
    let new: BTreeSet<String> = files.keys().cloned().collect();
    let both: BTreeSet<String> = known.union(&new).cloned().collect();
    put(folder, LIST, &lines(&both))?;
    let mut changed = put_all(folder, files, give_up)?;
    for gone in known.difference(&new) {
        match fs::remove_file(folder.join(gone)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => changed.insert(parent(folder, gone)),
        };
    }
    put(folder, LIST, &lines(&new))?;
    for folder in changed {
        // Some shares cannot sync a folder; the files themselves are synced.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

/// The folder itself may be new, but not what it lies in: that may be a disk that is not mounted.
fn begin(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir(folder)
}

/// Puts every file in its place, several at once: a disk syncs many files together as fast as one. Gives the folders in
/// which something has changed.
fn put_all(
    folder: &Path,
    files: &BTreeMap<String, Vec<u8>>,
    give_up: &AtomicBool,
) -> io::Result<BTreeSet<PathBuf>> {
    let files: Vec<_> = files.iter().collect();
    let few = |few: &[(&String, &Vec<u8>)]| {
        let mut changed = BTreeSet::new();
        for (path, bytes) in few {
            if give_up.load(Ordering::Acquire) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if put(folder, path, bytes)? {
                changed.insert(parent(folder, path));
            }
        }
        Ok(changed)
    };
    let all: io::Result<Vec<_>> = thread::scope(|scope| {
        let chunks = files.chunks(files.len().div_ceil(AT_ONCE).max(1));
        let writers: Vec<_> = chunks.map(|chunk| scope.spawn(move || few(chunk))).collect();
        let broke_off = |_| Err(io::Error::other("writing broke off"));
        writers.into_iter().map(|writer| writer.join().unwrap_or_else(broke_off)).collect()
    });
    Ok(all?.into_iter().flatten().collect())
}

fn lines(paths: &BTreeSet<String>) -> Vec<u8> {
    paths.iter().flat_map(|path| [path.as_bytes(), b"\n"].concat()).collect()
}

/// What we wrote here before. A line that leads out of the folder is not ours.
fn ours(folder: &Path) -> io::Result<BTreeSet<String>> {
    let list = match fs::read_to_string(folder.join(LIST)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        list => list?,
    };
    let inside = |path: &&str| {
        !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
    };
    Ok(list.lines().filter(inside).map(str::to_owned).collect())
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

    fn files(all: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        all.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    fn writes(folder: &Path, all: &[(&str, &str)]) {
        write(folder, &files(all), &AtomicBool::new(false)).expect("can be written");
    }

    #[test]
    fn what_is_gone_is_removed_and_what_is_not_ours_stays() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let at = folder.path().join("copies");
        writes(&at, &[("index.html", "1"), ("status/cape.html", "1")]);
        fs::write(at.join("status/mine.html"), "mine").expect("can be written");
        fs::write(folder.path().join("beside"), "mine").expect("can be written");
        let mut list = fs::read_to_string(at.join(LIST)).expect("is there");
        list.push_str("../beside\n/etc/passwd\n");
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

    #[test]
    fn a_file_in_the_folders_place_and_a_missing_disk_are_said() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("can be written");
        for at in [file, folder.path().join("not/mounted")] {
            assert!(write(&at, &files(&[("index.html", "1")]), &AtomicBool::new(false)).is_err());
        }
    }
}
