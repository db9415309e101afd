//! Files of messages: one after the other, in batches (FHS, BHS … BTS, FTS), or as an MLLP connection was recorded.

use super::Limits;

/// A file that was cut into messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pieces<'a> {
    pub messages: Vec<Piece<'a>>,
    /// What is wrong with the file beside its messages.
    pub notes: Vec<Note>,
}

/// The bytes of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The line of the file on which MSH stands, from 1; CR, LF and CRLF each end one.
    pub line: u64,
    pub bytes: &'a [u8],
}

/// Something that is wrong with the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub line: u64,
    /// `BTS-1`; empty when no field is meant.
    pub field: &'static str,
    pub reason: String,
}

/// Why a file as a whole cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoFile {
    #[error("The file is empty.")]
    Empty,
    #[error("The file is larger than {0} MB. Split it into several files.")]
    TooLarge(usize),
    #[error("The file has more than {0} messages. Split it into several files.")]
    TooMany(usize),
    #[error("No line of this file begins with MSH: these are no HL7 version 2 messages.")]
    NoMessage,
}

/// Cuts a file into messages.
///
/// # Errors
/// [`NoFile`] when there are none, or too many.
pub fn split<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Pieces<'a>, NoFile> {
    if bytes.len() > limits.file {
        return Err(NoFile::TooLarge(limits.file / (1024 * 1024)));
    }
    if bytes.trim_ascii().is_empty() {
        return Err(NoFile::Empty);
    }
    let mut cutter =
        Cutter { bytes, pieces: Pieces::default(), open: None, batch: None, file: None, stray: false };
    let (mut at, mut number) = (0, 0);
    while at < bytes.len() {
        let end = bytes.iter().skip(at).position(|byte| matches!(byte, b'\r' | b'\n'));
        let end = end.map_or(bytes.len(), |length| at + length);
        number += 1;
        cutter.line(number, at, end);
        if cutter.pieces.messages.len() > limits.messages {
            return Err(NoFile::TooMany(limits.messages));
        }
        at = end + if bytes.get(end..end + 2) == Some(b"\r\n") { 2 } else { 1 };
    }
    cutter.finish(number);
    if cutter.pieces.messages.is_empty() { Err(NoFile::NoMessage) } else { Ok(cutter.pieces) }
}

struct Cutter<'a> {
    bytes: &'a [u8],
    pieces: Pieces<'a>,
    /// The line, the beginning and the end so far of the message that is open.
    open: Option<(u64, usize, usize)>,
    /// The messages before the batch began.
    batch: Option<usize>,
    /// The batches of the file so far.
    file: Option<usize>,
    stray: bool,
}

impl Cutter<'_> {
    fn line(&mut self, number: u64, start: usize, end: usize) {
        let line = self.bytes.get(start..end).unwrap_or_default();
        let mark: &[u8] = if start == 0 { b"\xef\xbb\xbf" } else { b"" };
        let lead = line.strip_prefix(mark).map_or(0, |_| mark.len());
        let is_frame = |byte: &&u8| matches!(byte, 0x0b | 0x1c | b' ' | b'\t');
        let lead = lead + line.iter().skip(lead).take_while(is_frame).count();
        let content = line.get(lead..).unwrap_or_default();
        // The end of an MLLP block may stand behind the last segment.
        let ended = content.iter().position(|byte| *byte == 0x1c);
        let content = ended.and_then(|at| content.get(..at)).unwrap_or(content);
        let (start, end) = (start + lead, start + lead + content.len());
        let separator = content.get(3).copied();
        match content.get(..3) {
            Some(b"MSH") if separator.is_some_and(|sign| sign.is_ascii_punctuation()) => {
                self.close();
                self.stray = false;
                self.open = Some((number, start, end));
            }
            Some(b"FHS" | b"BHS" | b"BTS" | b"FTS") if separator.is_none_or(|s| s.is_ascii_punctuation()) => {
                self.close();
                self.envelope(number, content);
            }
            _ if content.is_empty() => {}
            _ => match &mut self.open {
                Some(open) => open.2 = end,
                None if self.stray => {}
                None => {
                    self.stray = true;
                    self.note(
                        number,
                        "",
                        "This line belongs to no message; what follows is left up to the next MSH.".into(),
                    );
                }
            },
        }
        if ended.is_some()
            || lead > 0 && line.get(..lead).is_some_and(|lead| lead.contains(&0x1c)) && content.is_empty()
        {
            self.close();
        }
    }

    fn close(&mut self) {
        if let Some((line, start, end)) = self.open.take() {
            let bytes = self.bytes.get(start..end).unwrap_or_default();
            self.pieces.messages.push(Piece { line, bytes });
        }
    }

    /// BTS-1 and FTS-1 say how many there should be.
    fn envelope(&mut self, number: u64, content: &[u8]) {
        let said = content
            .split(|byte| content.get(3) == Some(byte))
            .nth(1)
            .and_then(|count| std::str::from_utf8(count).ok())
            .and_then(|count| count.trim().parse::<usize>().ok());
        let so_far = self.pieces.messages.len();
        match content.get(..3) {
            Some(b"BHS") => {
                if self.batch.replace(so_far).is_some() {
                    self.note(number, "", "A batch begins before the last one has ended.".into());
                }
                self.file = self.file.map(|batches| batches + 1);
            }
            Some(b"BTS") => {
                let held = so_far - self.batch.take().unwrap_or(0);
                if let Some(said) = said.filter(|said| *said != held) {
                    self.note(
                        number,
                        "BTS-1",
                        format!("The batch says that it has {said} messages; it has {held}."),
                    );
                }
            }
            Some(b"FHS") => self.file = Some(0),
            _ => {
                let held = self.file.take().unwrap_or(0);
                if let Some(said) = said.filter(|said| *said != held) {
                    self.note(
                        number,
                        "FTS-1",
                        format!("The file says that it has {said} batches; it has {held}."),
                    );
                }
            }
        }
    }

    fn finish(&mut self, last: u64) {
        self.close();
        if self.batch.is_some() {
            self.note(last, "", "The file ends inside a batch: messages may be missing.".into());
        } else if self.file.is_some() {
            self.note(
                last,
                "",
                "The file ends without its last segment, FTS: batches may be missing.".into(),
            );
        }
    }

    fn note(&mut self, line: u64, field: &'static str, reason: String) {
        if self.pieces.notes.len() < MOST_NOTES {
            self.pieces.notes.push(Note { line, field, reason });
        }
    }
}

/// More notes than these say nothing new.
const MOST_NOTES: usize = 1_000;
