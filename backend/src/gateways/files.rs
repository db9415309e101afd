//! The outbox: without a gateway, and in a captured exercise, each message becomes a file that the app shows.

use std::path::{Path, PathBuf};

use domain::deliveries::Channel;
use futures::future::BoxFuture;
use lettre::message::Mailbox;

use super::{Gateway, Outcome, Outgoing, Report, email};

/// As it stands in the ledger.
pub const NAME: &str = "outbox";

/// A folder of messages.
#[derive(Clone)]
pub struct Outbox {
    folder: PathBuf,
    from: Mailbox,
}

impl Outbox {
    /// The outbox in the data folder.
    ///
    /// # Errors
    /// One sentence when the sender cannot be read.
    pub fn new(data: &Path, from: &str) -> Result<Self, String> {
        let from =
            from.parse().map_err(|error| format!("the sender {from:?} is not a mail address: {error}"))?;
        Ok(Self { folder: data.join("outbox"), from })
    }

    fn write(&self, message: &Outgoing) -> Result<String, Outcome> {
        let refused = |reply: String| Outcome::Refused { reply, kind: "address".into() };
        let (ending, bytes) = match message.channel {
            Channel::Email => ("eml", email::as_file(&self.from, message).map_err(refused)?),
            Channel::Sms => {
                let head = format!("To: {}\nMessage-ID: {}\n\n", message.to, message.message_id);
                ("txt", format!("{head}{}\n", message.text).into_bytes())
            }
        };
        let name = format!("{}.{ending}", message.delivery);
        // Renamed when it is whole: whoever reads the folder never sees half a message.
        let part = self.folder.join(format!(".{name}.part"));
        let written = std::fs::create_dir_all(&self.folder)
            .and_then(|()| std::fs::write(&part, bytes))
            .and_then(|()| std::fs::rename(&part, self.folder.join(&name)));
        written.map_err(|error| Outcome::Later { reply: error.to_string() })?;
        Ok(name)
    }
}

impl Gateway for Outbox {
    fn name(&self) -> &'static str {
        NAME
    }

    fn send<'a>(&'a mut self, window: &'a [Outgoing]) -> BoxFuture<'a, Report> {
        // Files are written away from the threads that answer everybody.
        let (outbox, messages) = (self.clone(), window.to_vec());
        let write = move |message: &Outgoing| {
            outbox.write(message).map_or_else(|outcome| outcome, |reply| Outcome::Accepted { reply })
        };
        let written = tokio::task::spawn_blocking(move || messages.iter().map(write).collect());
        Box::pin(async move {
            let outcomes = written.await.unwrap_or_else(|panic| {
                let reply = panic.to_string();
                window.iter().map(|_| Outcome::Lost { reply: reply.clone() }).collect()
            });
            Report { outcomes, fault: None }
        })
    }
}
