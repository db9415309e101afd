//! The listener for scheduling messages over MLLP. A message is answered with AA after the commit that holds it, and with
//! nothing else before: what was answered is never asked for again.
//!
//! MLLP is synchronous: a sender waits for its answer. Whoever sends several at once is answered in their order, and
//! they share commits. What is read is bounded by what is written: a slow database slows its senders down.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use domain::hl7::{
    Limits,
    mllp::{Block, Blocks, frame},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};

use super::{
    answer::{self, Heard, hear},
    desk::known,
    intake::{self, Intake, Promise},
};
use crate::{app::App, web::server};

/// Connections at once; an interface engine has one or two for each kind of message.
const MOST_CONNECTIONS: usize = 64;
/// A connection that brings nothing for so long is closed; an engine opens it again with its next message.
const IDLE: Duration = Duration::from_hours(1);
/// How long the rest of a message may take, and a sender to take its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// Binds the address.
///
/// # Errors
/// One sentence that names the address, as when the port is in use.
pub fn bind(address: SocketAddr) -> Result<std::net::TcpListener, String> {
    server::bind(address).map_err(|sentence| sentence.replace("--listen", "--mllp"))
}

/// Listens until the program stops; what was taken is answered before.
pub fn start(app: &App, listener: std::net::TcpListener) {
    let (intake, write) = intake::writer(app.clone());
    app.spawn(write);
    let begun = app.clone();
    app.spawn(async move {
        if let Err(error) = listen(&begun, listener, intake).await {
            tracing::error!("the listener for HL7 messages has ended: {error}");
        }
    });
}

async fn listen(app: &App, listener: std::net::TcpListener, intake: Intake) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    app.feeds.note(|line| line.address = Some(address));
    tracing::info!("listening for HL7 messages on {address}");
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let (stream, peer) = tokio::select! {
            () = app.stop.cancelled() => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // As when there are too many open files: others may end meanwhile.
                    tracing::error!("a connection for HL7 messages was not accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            }
        };
        let peer = peer.ip().to_canonical();
        let Some(place) = may_send(app, peer).then(|| places.clone().try_acquire_owned().ok()).flatten()
        else {
            turn_away(app, peer);
            continue;
        };
        let (app, intake) = (app.clone(), intake.clone());
        app.clone().spawn(async move {
            app.feeds.note(|line| line.connections += 1);
            let ended = Connection { app: &app, intake, row: 0 }.serve(stream).await;
            app.feeds.note(|line| line.connections -= 1);
            if let Err(error) = ended {
                tracing::warn!("a connection for HL7 messages from {peer} ended: {error}");
            }
            drop(place);
        });
    }
}

fn may_send(app: &App, peer: IpAddr) -> bool {
    let allowed = &app.config.mllp_allow;
    if allowed.is_empty() { peer.is_loopback() } else { allowed.iter().any(|one| one.contains(peer)) }
}

fn turn_away(app: &App, peer: IpAddr) {
    let now = app.clock.now();
    let is_new = app.feeds.line().refused.is_none_or(|(last, _)| last != peer);
    app.feeds.note(|line| line.refused = Some((peer, now)));
    if is_new {
        tracing::warn!(
            "a connection for HL7 messages from {peer} was turned away: \
             it is not named by --mllp-allow, or {MOST_CONNECTIONS} are open already"
        );
    }
}

struct Connection<'a> {
    app: &'a App,
    intake: Intake,
    /// How many messages it brought.
    row: u64,
}

/// A message that waits for its commit, or an answer that waits for nothing.
enum Due {
    Kept(Box<Heard>, Promise),
    Now(Vec<u8>),
}

impl Connection<'_> {
    async fn serve(mut self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut blocks = Blocks::new(Limits::IMPORT.message);
        let mut piece = vec![0; PIECE];
        loop {
            let patience = if blocks.is_between() { IDLE } else { PATIENCE };
            let read = tokio::select! {
                // What is not ended yet was not answered: it is sent again to whoever listens next.
                () = self.app.stop.cancelled() => return Ok(()),
                read = timeout(patience, stream.read(&mut piece)) => read,
            };
            let length = match read {
                Ok(read) => read?,
                Err(_) if blocks.is_between() => return Ok(()),
                Err(elapsed) => return Err(elapsed.into()),
            };
            if length == 0 {
                return Ok(());
            }
            let mut due = Vec::new();
            for block in blocks.push(&piece[..length]) {
                due.extend(self.take(block).await);
            }
            for each in due {
                let answer = frame(&self.answer(each).await);
                timeout(PATIENCE, stream.write_all(&answer)).await??;
            }
        }
    }

    /// Hands a message to the writer. What was cut off or belongs to no block is answered with nothing: its sender
    /// hears nothing and sends it again.
    async fn take(&mut self, block: Block) -> Option<Due> {
        let bytes = match block {
            Block::Message(bytes) => bytes,
            Block::TooLong => {
                self.app.feeds.note(|line| line.broken_blocks += 1);
                let reason = "This message is longer than a scheduling message can be.";
                return Some(Due::Now(answer::to_no_message(self.app, reason)));
            }
            Block::Cut | Block::Stray(_) => {
                self.app.feeds.note(|line| line.broken_blocks += 1);
                return None;
            }
        };
        self.row += 1;
        let now = self.app.clock.now();
        self.app.feeds.note(|line| {
            line.messages += 1;
            line.last = Some(now);
        });
        let known = match known(self.app).await {
            Ok(known) => known,
            Err(failure) => {
                tracing::error!("a message cannot be read, because feeds cannot be looked up: {failure}");
                return Some(Due::Now(answer::not_readable_now(self.app, &bytes)));
            }
        };
        let mut heard = hear(&known, &bytes, self.row);
        let Some((of, item)) = heard.item.take() else { return Some(Due::Now(heard.answer(self.app))) };
        Some(match self.intake.offer(of, item).await {
            Ok(promise) => Due::Kept(Box::new(heard), promise),
            Err(_) => Due::Now(heard.not_kept(self.app)),
        })
    }

    async fn answer(&self, due: Due) -> Vec<u8> {
        match due {
            Due::Now(answer) => answer,
            Due::Kept(heard, promise) => match intake::kept(promise).await {
                Ok(_) => heard.answer(self.app),
                Err(_) => heard.not_kept(self.app),
            },
        }
    }
}
