//! An interface engine: it sends scheduling messages over MLLP and waits for each answer.

use std::net::SocketAddr;

use domain::hl7::mllp::{Block, Blocks, frame};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection of an engine.
pub struct Engine {
    stream: TcpStream,
    blocks: Blocks,
    came: std::collections::VecDeque<Vec<u8>>,
}

impl Engine {
    /// Connects.
    ///
    /// # Panics
    /// When nobody listens.
    pub async fn connects(to: SocketAddr) -> Self {
        Self::tries(to).await.expect("somebody listens")
    }

    /// Connects, if somebody listens.
    ///
    /// # Errors
    /// When nobody does.
    pub async fn tries(to: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, blocks: Blocks::new(1 << 20), came: std::collections::VecDeque::new() })
    }

    /// Writes bytes as they are.
    ///
    /// # Panics
    /// When the other end is gone.
    pub async fn writes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the other end listens");
    }

    /// Sends a message without waiting.
    ///
    /// # Panics
    /// When the other end is gone.
    pub async fn sends(&mut self, message: &str) {
        self.writes(&frame(message.as_bytes())).await;
    }

    /// Sends a message and waits for its answer.
    ///
    /// # Panics
    /// When the connection ends before.
    pub async fn says(&mut self, message: &str) -> Ack {
        self.sends(message).await;
        self.hears().await.expect("every message is answered")
    }

    /// Sends a message; `None` when no answer came back.
    pub async fn tries_to_say(&mut self, message: &str) -> Option<Ack> {
        self.stream.write_all(&frame(message.as_bytes())).await.ok()?;
        self.hears().await
    }

    /// The next answer; `None` when the connection has ended.
    pub async fn hears(&mut self) -> Option<Ack> {
        let mut piece = vec![0; 4096];
        loop {
            if let Some(answer) = self.came.pop_front() {
                return Some(Ack::read(&answer));
            }
            let length = self.stream.read(&mut piece).await.ok()?;
            if length == 0 {
                return None;
            }
            for block in self.blocks.push(&piece[..length]) {
                if let Block::Message(answer) = block {
                    self.came.push_back(answer);
                }
            }
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// `AA`, `AE` or `AR`.
    pub code: String,
    /// MSH-10 of the message that is answered.
    pub of: String,
    /// The whole answer, its segments on lines of their own.
    pub text: String,
}

impl Ack {
    fn read(answer: &[u8]) -> Self {
        let text = String::from_utf8_lossy(answer).replace('\r', "\n");
        let msa = text.lines().find(|line| line.starts_with("MSA")).unwrap_or_default();
        let mut fields = msa.split('|').skip(1).map(ToOwned::to_owned);
        let (code, of) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        Self { code, of, text }
    }
}

/// A message about a visit at Cape of 30 minutes.
#[derive(Debug, Clone, Copy)]
pub struct Siu<'a> {
    /// `S12`
    pub event: &'a str,
    /// MSH-10.
    pub id: &'a str,
    pub appointment: &'a str,
    pub mrn: &'a str,
    /// When it was sent, as `20240718120000`, local time.
    pub at: &'a str,
    /// When the visit begins, as `20240719150000`.
    pub start: &'a str,
}

impl Siu<'_> {
    /// The message.
    pub fn text(&self) -> String {
        let Self { event, id, appointment, mrn, at, start } = self;
        let status = match *event {
            "S15" => "Cancelled",
            "S16" => "Dc",
            "S17" => "Deleted",
            "S26" => "Noshow",
            _ => "Booked",
        };
        [
            format!("MSH|^~\\&|EPIC|CAPE|DOWNTIME|CAPE|{at}|SCHEDULER|SIU^{event}|{id}|P|2.3"),
            format!(
                "SCH||{appointment}^EPIC||||NEW^New|^Secret reason {mrn}|OFFICE VISIT^Office Visit^EPIC|30|MIN\
                 |^^30^{start}|||||A^B||||A^B|||||1^{status}"
            ),
            format!("PID|1||{mrn}^^^CAPE^MR||DOE{mrn}^JANE||19750203|F"),
            "PV1|1|O|CLINIC^^^CAPE".into(),
            "RGS|1".into(),
            format!("AIS|1||RETURN^RETURN VISIT^EPIC|{start}|0|MIN|30|MIN"),
            "AIL|1||CLINIC^^^CAPE\r".into(),
        ]
        .join("\r")
    }
}

/// A visit of tomorrow afternoon, told yesterday evening.
pub const fn booked<'a>(id: &'a str, appointment: &'a str, mrn: &'a str) -> Siu<'a> {
    Siu { event: "S12", id, appointment, mrn, at: "20240718180000", start: "20240719150000" }
}
