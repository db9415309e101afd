//! One message: its header, its segments, and their fields down to the sub-component, borrowed from its text.

use std::borrow::Cow;

use super::{
    ErrorCode, Limits, Place, Trouble,
    text::{self, Charset, Declared},
};

/// The separators that MSH-1 and MSH-2 declare; the last ones may be left out by who does not use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separators {
    pub field: char,
    pub component: Option<char>,
    pub repetition: Option<char>,
    pub escape: Option<char>,
    pub subcomponent: Option<char>,
}

impl Separators {
    /// `|^~\&`
    pub const USUAL: Self = Self {
        field: '|',
        component: Some('^'),
        repetition: Some('~'),
        escape: Some('\\'),
        subcomponent: Some('&'),
    };

    /// As MSH-2 writes them.
    pub fn declaration(self) -> String {
        [self.component, self.repetition, self.escape, self.subcomponent].into_iter().flatten().collect()
    }

    pub(super) fn has(self, sign: char) -> bool {
        sign == self.field
            || [self.component, self.repetition, self.escape, self.subcomponent].contains(&Some(sign))
    }

    /// Punctuation, each sign once. Version 2.7 adds a fifth sign of MSH-2, which cuts nothing here.
    fn read(field: u8, declared: &[u8]) -> Result<Self, Trouble> {
        let trouble = |part, reason| Trouble::new(Place::of("MSH", part), ErrorCode::DataType, reason);
        if !field.is_ascii_punctuation() {
            return Err(Trouble {
                error: ErrorCode::NotAMessage,
                ..trouble(1, "The field separator after MSH is not a punctuation mark.")
            });
        }
        let distinct = (1..declared.len()).all(|end| !declared[..end].contains(&declared[end]));
        let fits = (1..=5).contains(&declared.len()) && declared.iter().all(u8::is_ascii_punctuation);
        if !fits || !distinct {
            return Err(trouble(
                2,
                "The separators in MSH-2 are not up to five different punctuation marks.",
            ));
        }
        let sign = |at: usize| declared.get(at).map(|byte| char::from(*byte));
        Ok(Self {
            field: char::from(field),
            component: sign(0),
            repetition: sign(1),
            escape: sign(2),
            subcomponent: sign(3),
        })
    }
}

/// What an answer needs of MSH. It can be had of many messages that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub separators: Separators,
    /// From MSH-3 on, as they stand there, with their escapes.
    fields: Vec<String>,
    charset: Charset,
    /// Where the first line ends.
    end: usize,
}

/// The most that is kept of one field of MSH for an answer, in characters.
const MOST_OF_A_HEADER_FIELD: usize = 400;

impl Header {
    /// Reads the first line of a message.
    ///
    /// # Errors
    /// [`Trouble`] when it does not begin with MSH and separators.
    pub fn read(bytes: &[u8]) -> Result<Self, Trouble> {
        let [b'M', b'S', b'H', field, ..] = bytes else {
            return Err(Trouble::new(
                Place::default(),
                ErrorCode::NotAMessage,
                "This does not begin with the segment MSH.",
            ));
        };
        let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
        let mut parts = bytes.get(4..end).unwrap_or_default().split(|byte| byte == field);
        let separators = Separators::read(*field, parts.next().unwrap_or_default())?;
        let raw: Vec<&[u8]> = parts.take(30).collect();
        // Nothing but ASCII names a character set.
        let name = raw.get(18 - 3).copied().unwrap_or_default();
        let first = name.split(|byte| Some(char::from(*byte)) == separators.repetition).next();
        let name = std::str::from_utf8(first.unwrap_or_default()).unwrap_or("?");
        let declared = Charset::declared(name);
        let charset = match declared {
            Declared::As(charset) => charset,
            Declared::Nothing | Declared::Unknown => Charset::of_bytes(bytes),
        };
        let kept = |bytes: &[u8]| -> String {
            let text = charset.decode(bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes));
            text.chars().filter(|sign| !sign.is_control()).take(MOST_OF_A_HEADER_FIELD).collect()
        };
        Ok(Self { separators, fields: raw.into_iter().map(kept).collect(), charset, end })
    }

    /// MSH-n as it stands there, with its escapes; empty when it is not written.
    pub fn field(&self, number: usize) -> &str {
        number.checked_sub(3).and_then(|at| self.fields.get(at)).map_or("", String::as_str)
    }

    /// A component of MSH-n, from 1, as it stands there.
    pub fn component(&self, number: usize, component: usize) -> &str {
        nth(self.field(number), self.separators.component, component)
    }

    pub const fn charset(&self) -> Charset {
        self.charset
    }

    /// MSH-12 as two numbers: 2.3.1 is (3, 1). `None` when it is no version 2.
    pub fn version(&self) -> Option<(u8, u8)> {
        let mut parts = self.component(12, 1).trim().split('.');
        let mut part = || parts.next().map_or(Some(0), |part| part.parse().ok());
        (part()? == 2).then_some(())?;
        Some((part()?, part()?))
    }
}

/// A message that cannot be read, with as much of its header as an answer needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{trouble}")]
pub struct Unreadable {
    pub trouble: Trouble,
    pub header: Option<Box<Header>>,
}

/// A message that was split into segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    header: Header,
    text: Cow<'a, str>,
    segments: Vec<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
    line: usize,
    nth: usize,
}

impl<'a> Message<'a> {
    /// Reads one message. Segments end in CR, LF or CRLF; a byte order mark and empty lines around it are nothing.
    ///
    /// # Errors
    /// [`Unreadable`] with the place: no MSH, separators or a character set that cannot be, a line that begins with
    /// no segment name, or too much of anything.
    pub fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, Unreadable> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
        let header = Header::read(bytes).map_err(|trouble| Unreadable { trouble, header: None })?;
        match Self::split(bytes, &header, limits) {
            Ok((text, segments)) => Ok(Self { header, text, segments }),
            Err(trouble) => Err(Unreadable { trouble, header: Some(Box::new(header)) }),
        }
    }

    fn split(
        bytes: &'a [u8],
        header: &Header,
        limits: &Limits,
    ) -> Result<(Cow<'a, str>, Vec<Span>), Trouble> {
        let refused = |place, error, reason: String| Err(Trouble::new(place, error, reason));
        if bytes.len() > limits.message {
            let reason = format!("The message has more than {} bytes.", limits.message);
            return refused(Place::default(), ErrorCode::NotAMessage, reason);
        }
        if matches!(Charset::declared(header.first_repetition(18)), Declared::Unknown) {
            let reason = "This character set is not known here; send UNICODE UTF-8.".to_owned();
            return refused(Place::of("MSH", 18), ErrorCode::TableValueNotFound, reason);
        }
        let Some(text) = header.charset.decode(bytes).filter(|text| !text.contains('\0')) else {
            let reason =
                format!("The text of the message is not {}, as it should be.", header.charset.name());
            return refused(Place::of("MSH", 18), ErrorCode::DataType, reason);
        };
        let segments = segments(&text, header.separators, limits)?;
        Ok((text, segments))
    }

    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Every segment in the order in which they stand, MSH first.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.segments.iter().map(|span| self.segment_at(*span))
    }

    /// The segments of one name.
    pub fn all<'m>(&'m self, name: &'m str) -> impl Iterator<Item = Segment<'m>> {
        self.segments().filter(move |segment| segment.name() == name)
    }

    /// The first segment of a name.
    pub fn first<'m>(&'m self, name: &'m str) -> Option<Segment<'m>> {
        self.all(name).next()
    }

    /// The line of the message on which a place stands, from 1; the message's first when it is nowhere.
    pub fn line_of(&self, place: &Place) -> usize {
        let found = self.segments().find(|each| each.name() == place.segment && each.nth() == place.nth);
        found.map_or(1, |segment| segment.line)
    }

    fn segment_at(&self, span: Span) -> Segment<'_> {
        Segment {
            text: self.text.get(span.start..span.end).unwrap_or_default(),
            coding: Coding { separators: self.header.separators, charset: self.header.charset },
            line: span.line,
            nth: span.nth,
        }
    }
}

impl Header {
    fn first_repetition(&self, number: usize) -> &str {
        nth(self.field(number), self.separators.repetition, 1)
    }

    /// Where the first line of the message ends, in bytes.
    pub const fn length(&self) -> usize {
        self.end
    }
}

/// A line feed inside a text is no end of a segment when what follows has no segment's name: it goes on.
fn segments(text: &str, separators: Separators, limits: &Limits) -> Result<Vec<Span>, Trouble> {
    let mut spans: Vec<Span> = Vec::new();
    let mut names = std::collections::BTreeMap::<&str, usize>::new();
    let (mut at, mut line) = (0, 0);
    let mut after_line_feed = false;
    for part in text.split_inclusive(['\r', '\n']) {
        let start = at;
        at += part.len();
        let content = part.trim_end_matches(['\r', '\n']);
        // CRLF ends one line.
        let is_second_half = part == "\n" && start > 0 && text.as_bytes().get(start - 1) == Some(&b'\r');
        line += usize::from(!is_second_half);
        let goes_on = after_line_feed;
        after_line_feed = part.ends_with('\n') && !text.get(..at).is_some_and(|all| all.ends_with("\r\n"));
        if content.trim_matches([' ', '\t', '\u{b}', '\u{1c}']).is_empty() {
            continue;
        }
        let Some(name) = name(content, separators) else {
            match spans.last_mut() {
                Some(last) if goes_on => last.end = start + content.len(),
                _ => {
                    let place = Place { nth: spans.len() + 1, ..Place::default() };
                    let reason = format!("Line {line} of the message does not begin with a segment's name.");
                    return Err(Trouble::new(place, ErrorCode::SegmentSequence, reason));
                }
            }
            continue;
        };
        if spans.len() == limits.segments {
            let reason = format!("The message has more than {} segments.", limits.segments);
            return Err(Trouble::new(Place::default(), ErrorCode::NotAMessage, reason));
        }
        let nth = names.entry(name).or_default();
        *nth += 1;
        spans.push(Span { start, end: start + content.len(), line, nth: *nth });
    }
    Ok(spans)
}

/// Three signs, a capital letter first, and then the separator or the end.
fn name(line: &str, separators: Separators) -> Option<&str> {
    let name = line.get(..3)?;
    let fits = name.starts_with(|sign: char| sign.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let ends = line[3..].chars().next().is_none_or(|sign| sign == separators.field);
    (fits && ends).then_some(name)
}

#[derive(Debug, Clone, Copy)]
struct Coding {
    separators: Separators,
    charset: Charset,
}

/// One segment.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'m> {
    text: &'m str,
    coding: Coding,
    line: usize,
    nth: usize,
}

impl<'m> Segment<'m> {
    /// `PID`
    pub fn name(&self) -> &'m str {
        self.text.get(..3).unwrap_or_default()
    }

    /// Which of its name it is, from 1.
    pub const fn nth(&self) -> usize {
        self.nth
    }

    /// A field by HL7's own number; empty when it is not written. MSH-1 is the separator itself.
    pub fn field(&self, number: usize) -> Field<'m> {
        let separators = self.coding.separators;
        let at = if self.name() == "MSH" { number.saturating_sub(1) } else { number };
        let raw = match (self.name(), number) {
            (_, 0) => "",
            ("MSH", 1) => self.text.get(3..4).unwrap_or_default(),
            _ => self.text.split(separators.field).nth(at).unwrap_or_default(),
        };
        Field { raw, coding: self.coding }
    }

    /// The first component of the first repetition of a field, as text.
    pub fn text(&self, number: usize) -> Cow<'m, str> {
        self.field(number).first().component(1).text()
    }

    /// A component of the first repetition of a field, as text.
    pub fn part(&self, number: usize, component: usize) -> Cow<'m, str> {
        self.field(number).first().component(component).text()
    }

    /// Where a field of this segment stands.
    pub fn place(&self, field: usize) -> Place {
        Place { nth: self.nth, ..Place::of(self.name(), field) }
    }
}

/// One field with its repetitions.
#[derive(Debug, Clone, Copy)]
pub struct Field<'m> {
    raw: &'m str,
    coding: Coding,
}

/// The most repetitions of one field that are looked at.
const MOST_REPETITIONS: usize = 200;

impl<'m> Field<'m> {
    /// Whether nothing is written there; HL7's `""`, "delete what you have", is nothing too.
    pub fn is_empty(&self) -> bool {
        let coding = self.coding.separators;
        self.raw.chars().all(|sign| {
            sign == ' ' || sign == '"' || Some(sign) == coding.component || Some(sign) == coding.repetition
        })
    }

    pub fn first(&self) -> Repetition<'m> {
        Repetition { raw: nth(self.raw, self.coding.separators.repetition, 1), coding: self.coding }
    }

    pub fn repetitions(&self) -> impl Iterator<Item = Repetition<'m>> + use<'m> {
        let coding = self.coding;
        let separator = coding.separators.repetition;
        self.raw
            .split(move |sign| Some(sign) == separator)
            .take(MOST_REPETITIONS)
            .map(move |raw| Repetition { raw, coding })
    }
}

/// One repetition of a field.
#[derive(Debug, Clone, Copy)]
pub struct Repetition<'m> {
    raw: &'m str,
    coding: Coding,
}

impl<'m> Repetition<'m> {
    /// A component, from 1; empty when it is not written.
    pub fn component(&self, number: usize) -> Component<'m> {
        Component { raw: nth(self.raw, self.coding.separators.component, number), coding: self.coding }
    }

    /// A component as text.
    pub fn text(&self, component: usize) -> Cow<'m, str> {
        self.component(component).text()
    }
}

/// One component of a field.
#[derive(Debug, Clone, Copy)]
pub struct Component<'m> {
    raw: &'m str,
    coding: Coding,
}

impl<'m> Component<'m> {
    /// Its first sub-component, with escapes resolved.
    pub fn text(&self) -> Cow<'m, str> {
        self.sub(1)
    }

    /// A sub-component, from 1, with escapes resolved.
    pub fn sub(&self, number: usize) -> Cow<'m, str> {
        self.resolved(nth(self.raw, self.coding.separators.subcomponent, number))
    }

    /// The whole as text, for components that have no parts: many senders write `Head & Neck` without escapes.
    pub fn whole(&self) -> Cow<'m, str> {
        self.resolved(self.raw)
    }

    fn resolved(&self, raw: &'m str) -> Cow<'m, str> {
        let raw = if raw == "\"\"" { "" } else { raw };
        text::unescape(raw, self.coding.separators, self.coding.charset)
    }
}

/// The part with this number, from 1, of what the separator splits; all is the first part where nobody declared it.
fn nth(raw: &str, separator: Option<char>, number: usize) -> &str {
    let Some(at) = number.checked_sub(1) else { return "" };
    raw.split(|sign| Some(sign) == separator).nth(at).unwrap_or_default()
}
