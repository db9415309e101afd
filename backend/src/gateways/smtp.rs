//! One SMTP connection of our own: no delay, a deadline for every command, every reply read.
//!
//! The usual clients wait 40 ms a message for a delayed acknowledgement, hang on a silent server, and after a
//! cancelled send read replies one off, so that a message counts as sent which the server never took. Here the
//! content of one message travels with the envelope of the next (RFC 2920), and a connection on which anything
//! went wrong is dropped, never used again.

use std::{sync::Arc, time::Duration};

use base64::Engine as _;
use domain::deliveries::replies::{Reply, Stage};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    Plain,
    /// `STARTTLS`, or nothing is sent.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// How long each step may take. RFC 5321 asks for minutes; a downtime cannot wait that long for a dead server.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    pub connect: Duration,
    pub command: Duration,
    /// From the final dot to its reply.
    pub body: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(10), command: seconds(30), body: seconds(120) }
    }
}

/// Where the server is and how it wants to be spoken to.
#[derive(Clone)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub protection: Protection,
    pub login: Option<(String, String)>,
    pub tls: Arc<rustls::ClientConfig>,
    pub deadlines: Deadlines,
    /// Our own name in `EHLO`.
    pub hello: String,
}

/// Why a connection cannot be used (any more).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// The server said something that is no reply, nothing in time, or went away.
    Line(String),
    /// It refused us: the stage and its reply.
    Refused(Stage, Reply),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(text) => f.write_str(text),
            Self::Refused(stage, reply) => write!(f, "{stage:?}: {}", reply.line()),
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// An open connection behind `EHLO` and `AUTH`.
pub struct Connection {
    stream: Box<dyn Stream>,
    unread: Vec<u8>,
    deadlines: Deadlines,
    pub pipelining: bool,
    auth: Vec<String>,
    starttls: bool,
    /// Messages that this connection has taken.
    pub taken: usize,
}

/// The longest reply that is read; a server that says more is none.
const MOST_REPLY: usize = 64 * 1024;

impl Connection {
    /// Connects, protects the line and signs in.
    ///
    /// # Errors
    /// Where it ended and what the server said.
    pub async fn open(server: &Server) -> Result<Self, Broken> {
        let deadlines = server.deadlines;
        let stream =
            within(deadlines.connect, TcpStream::connect((server.host.as_str(), server.port))).await?;
        stream.set_nodelay(true).map_err(|error| Broken::Line(error.to_string()))?;
        let stream: Box<dyn Stream> = match server.protection {
            Protection::Tls => Box::new(protect(server, stream).await?),
            Protection::Plain | Protection::StartTls => Box::new(stream),
        };
        let mut connection = Self {
            stream,
            unread: Vec::new(),
            deadlines,
            pipelining: false,
            auth: Vec::new(),
            starttls: false,
            taken: 0,
        };
        connection.expect(Stage::Banner).await?;
        connection.hello(&server.hello).await?;
        if server.protection == Protection::StartTls {
            connection = connection.start_tls(server).await?;
        }
        if let Some((user, password)) = &server.login {
            connection.sign_in(user, password).await?;
        }
        Ok(connection)
    }

    async fn hello(&mut self, name: &str) -> Result<(), Broken> {
        self.write(format!("EHLO {name}\r\n").as_bytes()).await?;
        let reply = self.expect(Stage::Hello).await?;
        self.pipelining = false;
        for line in reply.text.lines() {
            let mut words = line.split_ascii_whitespace();
            match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "PIPELINING" => self.pipelining = true,
                "STARTTLS" => self.starttls = true,
                "AUTH" => self.auth = words.map(str::to_ascii_uppercase).collect(),
                _ => {}
            }
        }
        Ok(())
    }

    async fn start_tls(mut self, server: &Server) -> Result<Self, Broken> {
        if !self.starttls {
            return Err(Broken::Line(
                "the mail server does not offer STARTTLS; write smtp+plain:// if that is meant".into(),
            ));
        }
        self.write(b"STARTTLS\r\n").await?;
        self.expect(Stage::StartTls).await?;
        if !self.unread.is_empty() {
            // Anything sent before the handshake could have been put there by somebody in the middle.
            return Err(Broken::Line("the mail server spoke before TLS began".into()));
        }
        let stream = Box::new(protect(server, self.stream).await?);
        let mut connection = Self { stream, auth: Vec::new(), ..self };
        connection.hello(&server.hello).await?;
        Ok(connection)
    }

    async fn sign_in(&mut self, user: &str, password: &str) -> Result<(), Broken> {
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        if self.auth.iter().any(|way| way == "PLAIN") || !self.auth.iter().any(|way| way == "LOGIN") {
            let secret = encode(&format!("\0{user}\0{password}"));
            self.write(format!("AUTH PLAIN {secret}\r\n").as_bytes()).await?;
        } else {
            for part in ["AUTH LOGIN".to_owned(), encode(user)] {
                self.write(format!("{part}\r\n").as_bytes()).await?;
                self.expect(Stage::Auth).await?;
            }
            self.write(format!("{}\r\n", encode(password)).as_bytes()).await?;
        }
        self.expect(Stage::Auth).await.map(|_| ())
    }

    /// Reads a reply that must be fine.
    async fn expect(&mut self, stage: Stage) -> Result<Reply, Broken> {
        let reply = self.reply(stage).await?;
        if reply.code >= 400 { Err(Broken::Refused(stage, reply)) } else { Ok(reply) }
    }

    /// Writes within the deadline of a command.
    ///
    /// # Errors
    /// When the line is broken or the server takes nothing.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let deadline = self.deadlines.command;
        within(deadline, async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        })
        .await
    }

    /// Reads one whole reply, of however many lines.
    ///
    /// # Errors
    /// When none comes in time, or it is not one.
    pub async fn reply(&mut self, stage: Stage) -> Result<Reply, Broken> {
        let deadline = if stage == Stage::Body { self.deadlines.body } else { self.deadlines.command };
        match timeout(deadline, self.read_reply()).await {
            Ok(read) => read,
            Err(_) => Err(Broken::Line(format!("no reply within {} s ({stage:?})", deadline.as_secs()))),
        }
    }

    async fn read_reply(&mut self) -> Result<Reply, Broken> {
        let mut text = String::new();
        let mut read = 0;
        loop {
            let line = self.read_line().await?;
            read += line.len();
            let code = line
                .get(..3)
                .and_then(|code| code.parse::<u16>().ok())
                .filter(|code| (200..600).contains(code));
            let (Some(code), true) = (code, read < MOST_REPLY) else {
                return Err(Broken::Line("the mail server did not answer in SMTP".into()));
            };
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line.get(4..).unwrap_or_default());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply::new(code, text));
            }
        }
    }

    async fn read_line(&mut self) -> Result<String, Broken> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            let mut bytes = [0; 4096];
            let count =
                self.stream.read(&mut bytes).await.map_err(|error| Broken::Line(error.to_string()))?;
            if count == 0 || self.unread.len() > MOST_REPLY {
                return Err(Broken::Line("the mail server closed the connection".into()));
            }
            self.unread.extend_from_slice(&bytes[..count]);
        }
    }

    /// Says goodbye without waiting for the answer.
    pub async fn quit(mut self) {
        // A server that is gone needs no goodbye.
        let _ = self.write(b"QUIT\r\n").await;
    }
}

async fn protect<S: Stream + 'static>(server: &Server, stream: S) -> Result<impl Stream + 'static, Broken> {
    let name = ServerName::try_from(server.host.clone()).map_err(|error| Broken::Line(error.to_string()))?;
    within(server.deadlines.connect, TlsConnector::from(server.tls.clone()).connect(name, stream)).await
}

async fn within<T>(deadline: Duration, work: impl Future<Output = std::io::Result<T>>) -> Result<T, Broken> {
    match timeout(deadline, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Broken::Line(error.to_string())),
        Err(_) => Err(Broken::Line(format!("no answer within {} s", deadline.as_secs()))),
    }
}

/// The bytes after `DATA`: no line begins with a lone dot, and the last line is one.
pub fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() + 8);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            bytes.push(b'.');
        }
        bytes.extend_from_slice(line);
    }
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b".\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_at_the_beginning_of_a_line_does_not_end_the_message() {
        assert_eq!(stuffed(b"a\r\n.\r\n.b"), b"a\r\n..\r\n..b\r\n.\r\n");
    }
}
