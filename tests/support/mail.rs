//! Mail as it arrives: a sink that keeps every message, and the Maildir of the tests' Postfix.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::settings;

/// A message that arrived.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The recipients named in the SMTP transaction; empty when the store does not keep them.
    pub recipients: Vec<String>,
    headers: Vec<(String, String)>,
    pub body: String,
}

/// An SMTP server of the test's own that accepts everything and keeps it; it ends with the test.
pub struct SmtpSink {
    child: Child,
    folder: tempfile::TempDir,
    pub port: u16,
}

impl SmtpSink {
    /// Starts a sink. `options` are those of `smtp-sink`, as `["-q", "."]` to drop connections without a reply.
    ///
    /// # Panics
    /// When `smtp-sink` is not installed or does not start.
    pub fn start(options: &[&str]) -> Self {
        Self::begin(options, true)
    }

    /// Starts a sink that throws every message away, for measuring.
    ///
    /// # Panics
    /// When `smtp-sink` is not installed or does not start.
    pub fn that_forgets() -> Self {
        Self::begin(&[], false)
    }

    fn begin(options: &[&str], keep: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(folder.path(), open).expect("the folder is ours");
        let port = crate::server::free_port();
        let mut command = Command::new("/usr/sbin/smtp-sink");
        if nobody_must_run_it() {
            command.args(["-u", "nobody"]);
        }
        if keep {
            command.args(["-d", &format!("{}/%S.", folder.path().display())]);
        }
        let child = command
            .args(options)
            .args(["-m", "2048"])
            .args([&format!("127.0.0.1:{port}"), "1024"])
            .stdin(Stdio::null())
            .spawn()
            .expect("smtp-sink starts; tests/install brings it");
        crate::server::wait_for_port(port);
        Self { child, folder, port }
    }

    /// The address for `--smtp`.
    pub fn url(&self) -> String {
        format!("smtp+plain://127.0.0.1:{}", self.port)
    }

    /// What has arrived up to now.
    pub fn mails(&self) -> Vec<Mail> {
        read_folder(self.folder.path())
    }

    /// Waits until this many have arrived, for 20 s at most.
    ///
    /// # Panics
    /// When fewer come.
    pub async fn wait_for(&self, count: usize) -> Vec<Mail> {
        wait_for(|| self.mails(), count).await
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the tests' Postfix has delivered to an address. Use an address of the test's own.
pub fn delivered_to(address: &str) -> Vec<Mail> {
    let folder = PathBuf::from(settings::required("DOWNTIME_TEST_MAILDIR"));
    let mails = read_folder(&folder);
    mails.into_iter().filter(|mail| mail.header("Delivered-To").is_some_and(|to| to == address)).collect()
}

/// Waits for this many messages to an address at the tests' Postfix, for 20 s at most.
///
/// # Panics
/// When fewer come.
pub async fn wait_for_delivery(address: &str, count: usize) -> Vec<Mail> {
    wait_for(|| delivered_to(address), count).await
}

/// The messages that the program left as files because it has no mail server.
pub fn in_outbox(data: &Path) -> Vec<Mail> {
    read_folder(&data.join("outbox")).into_iter().collect()
}

async fn wait_for(read: impl Fn() -> Vec<Mail>, count: usize) -> Vec<Mail> {
    let began = Instant::now();
    loop {
        let mails = read();
        if mails.len() >= count {
            return mails;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{} of {count} messages arrived", mails.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn read_folder(folder: &Path) -> Vec<Mail> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    // A file may be there before its last line is; such a message has not arrived yet.
    paths.iter().filter_map(|path| std::fs::read(path).ok()).filter_map(|bytes| Mail::parse(&bytes)).collect()
}

/// `smtp-sink` refuses to run as root.
fn nobody_must_run_it() -> bool {
    let owner = std::fs::metadata("/proc/self").map(|data| std::os::unix::fs::MetadataExt::uid(&data));
    owner.is_ok_and(|uid| uid == 0)
}

impl Mail {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n")?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in head.lines() {
            if let (true, Some((_, value))) = (line.starts_with([' ', '\t']), headers.last_mut()) {
                value.push(' ');
                value.push_str(line.trim());
            } else if let Some((name, value)) = line.split_once(':') {
                headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        let recipients = headers.iter().filter(|(name, _)| name == "X-Rcpt-Args");
        let recipients = recipients
            .filter_map(|(_, value)| Some(value.split_once('<')?.1.split_once('>')?.0.to_owned()))
            .collect();
        let body = decoded(body, headers.iter());
        Some(Self { recipients, headers, body })
    }

    /// A header by its name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The Message-ID, which names one delivery for ever.
    ///
    /// # Panics
    /// When the message has none.
    pub fn message_id(&self) -> &str {
        self.header("Message-ID").expect("every message has a Message-ID")
    }
}

/// The body without quoted-printable, so that tests read what people read. Parts are left as they are.
fn decoded<'a>(body: &str, mut headers: impl Iterator<Item = &'a (String, String)>) -> String {
    let quoted = headers.any(|(name, value)| {
        name.eq_ignore_ascii_case("Content-Transfer-Encoding")
            && value.eq_ignore_ascii_case("quoted-printable")
    });
    if !quoted && !body.contains("quoted-printable") {
        return body.to_owned();
    }
    let joined = body.replace("=\n", "");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match code.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(value) if byte == b'=' => {
                bytes.push(value);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_with_folded_headers_and_quoted_text() {
        let mail = Mail::parse(
            b"X-Rcpt-Args: <a@hospital.test>\nSubject: Epic is\n down\nMessage-ID: <1@x>\n\
              Content-Transfer-Encoding: quoted-printable\n\nCaf=C3=A9 is clo=\nsed\n",
        )
        .expect("is a message");
        assert_eq!(mail.recipients, ["a@hospital.test"]);
        assert_eq!(mail.header("subject"), Some("Epic is down"));
        assert_eq!(mail.message_id(), "<1@x>");
        assert_eq!(mail.body, "Café is closed\n");
    }
}
