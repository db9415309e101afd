//! A small disk of the test's own that can be filled and made read-only, as the kernel would do it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A tmpfs of a few megabytes; it is unmounted with the test.
pub struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts a disk of this size.
    ///
    /// # Panics
    /// When this account may not mount; `tests/run` needs root or sudo anyway.
    pub fn of_megabytes(size: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let options = format!("size={size}m,mode=777");
        as_root(&["mount", "-t", "tmpfs", "-o", &options, "tmpfs", &folder.path().display().to_string()]);
        Self { folder }
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills it to the last byte with one file, whose path is given for making room again.
    ///
    /// # Panics
    /// When it cannot be written at all.
    pub fn fill(&self) -> PathBuf {
        use std::io::Write;
        let path = self.path().join("filler");
        let mut file = std::fs::File::create(&path).expect("there is room for an empty file");
        for size in [1 << 20, 1 << 12, 1] {
            let block = vec![0_u8; size];
            while file.write_all(&block).is_ok() {}
        }
        path
    }

    /// Lets nobody write, or everybody again.
    ///
    /// # Panics
    /// When this account may not mount.
    pub fn read_only(&self, yes: bool) {
        let options = if yes { "remount,ro" } else { "remount,rw" };
        as_root(&["mount", "-o", options, &self.path().display().to_string()]);
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        as_root(&["umount", "-l", &self.path().display().to_string()]);
    }
}

fn as_root(command: &[&str]) {
    let owner = std::fs::metadata("/proc/self").map(|data| std::os::unix::fs::MetadataExt::uid(&data));
    let is_root = owner.is_ok_and(|uid| uid == 0);
    let words: Vec<&str> = if is_root { command.to_vec() } else { [&["sudo"], command].concat() };
    let status = Command::new(words[0]).args(&words[1..]).status().expect("mount can be run");
    assert!(status.success(), "{} failed", words.join(" "));
}
