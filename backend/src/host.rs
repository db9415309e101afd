//! What the program asks of the machine before anything else.

use rustix::{
    fs::Mode,
    process::{Resource, getrlimit, setrlimit, umask},
};

/// Keeps every file that is made from now on to this user, and takes as many file handles as the machine allows:
/// each browser that looks holds one.
pub fn prepare() {
    umask(Mode::RWXG | Mode::RWXO);
    let mut handles = getrlimit(Resource::Nofile);
    handles.current = handles.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, handles) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}
