//! Where `tests/run` has put its servers. A test that needs one and cannot find it fails and says what to do; it
//! is never skipped.

use std::path::PathBuf;

/// The setting of this name, if `tests/run` has made it.
#[expect(clippy::disallowed_methods, reason = "this is the one home of the tests' settings")]
pub fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The setting of this name.
///
/// # Panics
/// When the test was started without `tests/run`.
pub fn required(name: &str) -> String {
    optional(name).unwrap_or_else(|| {
        panic!("{name} is not set: run this test through `tests/run`, or `tests/run --with cargo test …`")
    })
}

/// The folder for pictures and other things that a person may want to look at.
pub fn out() -> PathBuf {
    let folder = optional("DOWNTIME_TEST_OUT")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/out")), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("the folder for pictures can be made");
    folder
}

/// The program as it is shipped: the one that `tests/run` built with its browser bundle, or the one that lies
/// beside this test.
///
/// # Panics
/// When neither is there.
pub fn binary() -> PathBuf {
    if let Some(path) = optional("DOWNTIME_TEST_BINARY") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test knows its own file");
    let beside = test.parent().and_then(|deps| deps.parent()).map(|folder| folder.join("downtime"));
    beside
        .filter(|path| path.exists())
        .expect("the program is not built: use `tests/run`, or `cargo build -p backend` first")
}

/// Whether the long form of a check is asked for (`tests/run --long`).
pub fn long() -> bool {
    optional("DOWNTIME_TEST_LONG").is_some()
}

/// Says what a long check has counted, for `tests/LONG.md`.
///
/// # Panics
/// When the output is closed.
pub fn report(line: &str) {
    use std::io::Write;
    writeln!(std::io::stdout(), "long: {line}").expect("the output is open");
}
