//! Mail through a server: a window is shared among a few connections, each taking the next message when it is
//! ready, so that a slow connection delays nobody else's mail.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};

use domain::deliveries::replies::{Meaning, Reply, Stage};
use futures::future::{BoxFuture, join_all};
use lettre::{
    Message,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use super::{
    Gateway, Outcome, Outgoing, Report,
    smtp::{Broken, Connection, Deadlines, Protection, Server, stuffed},
};

/// As it stands in the ledger.
pub const NAME: &str = "smtp";

/// After so many messages a connection is made anew: many servers take no more in one session.
const MOST_IN_SESSION: usize = 100;

/// A mail server with our connections to it.
pub struct Email {
    server: Server,
    from: Mailbox,
    slots: Vec<Option<Connection>>,
    most_in_session: usize,
}

impl Email {
    /// The gateway of a setting such as `smtp://user:password@host:587`.
    ///
    /// # Errors
    /// One sentence when address or sender cannot be read.
    pub fn new(url: &str, from: &str, connections: usize) -> Result<Self, String> {
        let from =
            from.parse().map_err(|error| format!("the sender {from:?} is not a mail address: {error}"))?;
        let slots = (0..connections.clamp(1, 256)).map(|_| None).collect();
        Ok(Self { server: read_url(url)?, from, slots, most_in_session: MOST_IN_SESSION })
    }

    /// The same with other deadlines, and with other limits of a session.
    #[must_use]
    pub fn patient(mut self, deadlines: Deadlines, most_in_session: usize) -> Self {
        self.server.deadlines = deadlines;
        self.most_in_session = most_in_session.max(1);
        self
    }
}

fn read_url(text: &str) -> Result<Server, String> {
    let wrong = || {
        "write the mail server as smtp://user:password@host:587, smtps://… or smtp+plain://host:25".to_owned()
    };
    let url = reqwest::Url::parse(text).map_err(|_| wrong())?;
    let (protection, port) = match url.scheme() {
        "smtp" => (Protection::StartTls, 587),
        "smtps" => (Protection::Tls, 465),
        "smtp+plain" => (Protection::Plain, 25),
        _ => return Err(wrong()),
    };
    let decode = |text: &str| percent_decoded(text);
    let login = (!url.username().is_empty())
        .then(|| (decode(url.username()), decode(url.password().unwrap_or_default())));
    let authority = url.query_pairs().find(|(name, _)| name == "ca").map(|(_, path)| path.into_owned());
    Ok(Server {
        host: url.host_str().ok_or_else(wrong)?.to_owned(),
        port: url.port().unwrap_or(port),
        protection,
        login,
        tls: Arc::new(tls(protection, authority.as_deref())?),
        deadlines: Deadlines::default(),
        hello: "downtime.invalid".into(),
    })
}

fn percent_decoded(text: &str) -> String {
    let pair = format!("v={}", text.replace('+', "%2B"));
    let fields: Vec<(String, String)> = serde_html_form::from_str(&pair).unwrap_or_default();
    fields.into_iter().next().map(|(_, value)| value).unwrap_or_default()
}

/// Trusts the machine's authorities, and one more when a file of it is given.
fn tls(protection: Protection, authority: Option<&str>) -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    if protection != Protection::Plain {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if let Some(path) = authority {
        use rustls::pki_types::{CertificateDer, pem::PemObject};
        let unreadable =
            |error: &dyn std::fmt::Display| format!("the authority {path} cannot be read: {error}");
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?;
        roots.add_parsable_certificates(certificates.flatten());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// One message ready for the wire.
struct Ready {
    index: usize,
    envelope: [String; 3],
    content: Vec<u8>,
}

/// The window as the connections share it.
struct Window<'a> {
    from: &'a Mailbox,
    messages: &'a [Outgoing],
    shared: Mutex<Shared>,
}

struct Shared {
    waiting: VecDeque<usize>,
    tries: Vec<u8>,
    outcomes: Vec<Outcome>,
    fault: Option<String>,
    /// The gateway itself refuses us: nobody takes another message.
    closed: bool,
}

impl Window<'_> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().expect("nobody panics while holding the window")
    }

    fn next(&self) -> Option<Ready> {
        loop {
            let index = {
                let mut shared = self.lock();
                if shared.closed {
                    return None;
                }
                shared.waiting.pop_front()?
            };
            match ready(self.from, &self.messages[index]) {
                Ok((envelope, content)) => return Some(Ready { index, envelope, content }),
                Err(reply) => self.note(index, Outcome::Refused { reply, kind: "address".into() }),
            }
        }
    }

    fn note(&self, index: usize, outcome: Outcome) {
        self.lock().outcomes[index] = outcome;
    }

    /// Certainly not taken: another connection may try it, twice at most.
    fn put_back(&self, index: usize, why: &str) {
        let mut shared = self.lock();
        shared.tries[index] += 1;
        if shared.tries[index] < 2 {
            shared.waiting.push_front(index);
        } else {
            shared.fault = Some(why.to_owned());
        }
    }

    fn gateway_is_at_fault(&self, why: String) {
        let mut shared = self.lock();
        shared.fault = Some(why);
        shared.closed = true;
    }

    /// Notes what a refusal says; `true` when the connection should not be used any more.
    fn refused(&self, index: usize, stage: Stage, reply: &Reply) -> bool {
        match reply.meaning(stage) {
            Meaning::Fine | Meaning::Unclear => {
                self.note(index, Outcome::Unclear { reply: reply.line(), kind: reply.kind() });
            }
            Meaning::Recipient => {
                self.note(index, Outcome::Refused { reply: reply.line(), kind: reply.kind() });
            }
            Meaning::Later => self.note(index, Outcome::Later { reply: reply.line() }),
            Meaning::Gateway => self.gateway_is_at_fault(reply.line()),
            Meaning::Reconnect => {
                let mut shared = self.lock();
                shared.tries[index] += 1;
                if shared.tries[index] < 2 {
                    shared.waiting.push_front(index);
                } else {
                    shared.outcomes[index] = Outcome::Later { reply: reply.line() };
                }
                return true;
            }
        }
        false
    }
}

fn ready(from: &Mailbox, message: &Outgoing) -> Result<([String; 3], Vec<u8>), String> {
    let to: Mailbox = message.to.parse().map_err(|error| format!("not a mail address: {error}"))?;
    let date = UNIX_EPOCH + Duration::from_micros(u64::try_from(message.at.0).unwrap_or(0));
    let envelope = [
        format!("MAIL FROM:<{}>\r\n", from.email),
        format!("RCPT TO:<{}>\r\n", to.email),
        "DATA\r\n".to_owned(),
    ];
    let mut built = Message::builder()
        .from(from.clone())
        .to(to)
        .subject(&message.subject)
        .message_id(Some(message.message_id.clone()))
        .date(date)
        .header(ContentType::TEXT_PLAIN)
        .body(message.text.clone())
        .map_err(|error| format!("the message cannot be built: {error}"))?;
    let mut raw = |name: &'static str, value: &str| {
        let name = HeaderName::new_from_ascii_str(name);
        built.headers_mut().insert_raw(HeaderValue::new(name, value.to_owned()));
    };
    raw("Auto-Submitted", "auto-generated");
    if message.again {
        raw("X-Possible-Duplicate", "yes");
    }
    Ok((envelope, stuffed(&built.formatted())))
}

/// The bytes of a message as a file keeps them: headers, an empty line, the text.
pub(super) fn as_file(from: &Mailbox, message: &Outgoing) -> Result<Vec<u8>, String> {
    let (_, mut content) = ready(from, message)?;
    content.truncate(content.len() - ".\r\n".len());
    Ok(content)
}

impl Gateway for Email {
    fn name(&self) -> &'static str {
        NAME
    }

    fn connections(&self) -> usize {
        self.slots.len()
    }

    fn send<'a>(&'a mut self, messages: &'a [Outgoing]) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            let shared = Shared {
                waiting: (0..messages.len()).collect(),
                tries: vec![0; messages.len()],
                outcomes: vec![Outcome::NotTried; messages.len()],
                fault: None,
                closed: false,
            };
            let window = Window { from: &self.from, messages, shared: Mutex::new(shared) };
            let (server, most) = (&self.server, self.most_in_session);
            join_all(self.slots.iter_mut().map(|slot| work(slot, server, most, &window))).await;
            let shared = window.shared.into_inner().expect("nobody panics while holding the window");
            let untried = shared.outcomes.contains(&Outcome::NotTried);
            Report { outcomes: shared.outcomes, fault: shared.fault.filter(|_| untried) }
        })
    }
}

/// Takes messages of the window over one connection until there are none, making the connection anew when needed.
async fn work(slot: &mut Option<Connection>, server: &Server, most: usize, window: &Window<'_>) {
    loop {
        {
            let shared = window.lock();
            if shared.waiting.is_empty() || shared.closed {
                return;
            }
        }
        let connection = match slot.take() {
            Some(connection) => connection,
            None => match Connection::open(server).await {
                Ok(connection) => connection,
                Err(broken) => {
                    window.lock().fault = Some(broken.to_string());
                    return;
                }
            },
        };
        *slot = converse(connection, most, window).await;
    }
}

/// Sends messages over the connection while the window has some; gives the connection back when it is still good.
async fn converse(mut line: Connection, most: usize, window: &Window<'_>) -> Option<Connection> {
    let mut current = window.next();
    let mut announced = false;
    while let Some(message) = current.take() {
        let index = message.index;
        let asked = if announced { read_three(&mut line).await } else { announce(&mut line, &message).await };
        announced = false;
        match asked {
            Err(broken) => {
                window.put_back(index, &broken.to_string());
                return None;
            }
            Ok(Asked::Go) => {
                line.taken += 1;
                let following = if line.taken < most { window.next() } else { None };
                let mut bytes = message.content;
                if let (Some(next), true) = (&following, line.pipelining) {
                    next.envelope.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
                    announced = true;
                }
                if !finish(&mut line, window, index, &bytes).await {
                    put_back_next(window, following);
                    return None;
                }
                current = following;
            }
            Ok(Asked::No { stage, reply, open }) => {
                let over = window.refused(index, stage, &reply);
                if over || reset(&mut line, open).await.is_err() {
                    return None;
                }
                current = window.next();
            }
        }
    }
    if line.taken >= most {
        line.quit().await;
        return None;
    }
    Some(line)
}

fn put_back_next(window: &Window<'_>, following: Option<Ready>) {
    if let Some(next) = following {
        // It was only announced: its content has not left.
        window.lock().waiting.push_front(next.index);
    }
}

/// Sends a content and reads its reply; `false` when the connection is over. From the first byte on nobody can
/// know whether the server took the message, until its reply is read.
async fn finish(line: &mut Connection, window: &Window<'_>, index: usize, bytes: &[u8]) -> bool {
    let sent = async {
        line.write(bytes).await?;
        line.reply(Stage::Body).await
    };
    match sent.await {
        Ok(reply) if reply.code < 300 => {
            window.note(index, Outcome::Accepted { reply: reply.line() });
            true
        }
        Ok(reply) => !window.refused(index, Stage::Body, &reply),
        Err(broken) => {
            window.note(index, Outcome::Lost { reply: broken.to_string() });
            false
        }
    }
}

/// What the server said to an envelope.
enum Asked {
    Go,
    /// `open`: it waits for a content nevertheless.
    No {
        stage: Stage,
        reply: Reply,
        open: bool,
    },
}

async fn announce(line: &mut Connection, message: &Ready) -> Result<Asked, Broken> {
    if line.pipelining {
        line.write(message.envelope.concat().as_bytes()).await?;
        return read_three(line).await;
    }
    for (part, stage) in message.envelope.iter().zip([Stage::Mail, Stage::Rcpt, Stage::Data]) {
        line.write(part.as_bytes()).await?;
        let reply = line.reply(stage).await?;
        if reply.code >= 400 {
            return Ok(Asked::No { stage, reply, open: false });
        }
    }
    Ok(Asked::Go)
}

/// Reads the replies to a whole envelope; the first refusal is the one that counts.
async fn read_three(line: &mut Connection) -> Result<Asked, Broken> {
    let mut refusal = None;
    let mut open = false;
    for stage in [Stage::Mail, Stage::Rcpt, Stage::Data] {
        let reply = match line.reply(stage).await {
            Ok(reply) => reply,
            // A server that refuses with 421 hangs up at once: its word counts, not the silence after it.
            Err(broken) => match refusal {
                Some((stage, reply)) => return Ok(Asked::No { stage, reply, open: false }),
                None => return Err(broken),
            },
        };
        open = stage == Stage::Data && reply.code == 354;
        if reply.code >= 400 && refusal.is_none() {
            refusal = Some((stage, reply));
        }
    }
    Ok(match refusal {
        None => Asked::Go,
        Some((stage, reply)) => Asked::No { stage, reply, open },
    })
}

/// Brings the conversation back to where a new envelope may be sent.
async fn reset(line: &mut Connection, open: bool) -> Result<(), Broken> {
    if open {
        line.write(b".\r\n").await?;
        line.reply(Stage::Body).await?;
    }
    line.write(b"RSET\r\n").await?;
    let reply = line.reply(Stage::Mail).await?;
    if reply.code >= 400 { Err(Broken::Refused(Stage::Mail, reply)) } else { Ok(()) }
}
