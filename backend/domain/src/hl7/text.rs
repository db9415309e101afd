//! From bytes to text and back: character sets as MSH-18 declares them, and escapes (chapter 2.7).

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::message::Separators;

/// How the bytes of a message are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charset(&'static Encoding);

/// What the first repetition of MSH-18 says.
pub(super) enum Declared {
    /// Nothing, or ASCII with which many engines also send other signs: the bytes decide.
    Nothing,
    As(Charset),
    Unknown,
}

impl Charset {
    pub const UTF_8: Self = Self(UTF_8);
    /// Also what 8859/1 is read as: it only adds signs where the other has none.
    pub const WINDOWS_1252: Self = Self(WINDOWS_1252);

    /// A value of table 0211 (`UNICODE UTF-8`, `8859/1`, `8859/15`), or the name that others use (`windows-1252`).
    pub(super) fn declared(name: &str) -> Declared {
        let name = name.trim().to_uppercase();
        let label = match name.as_str() {
            "" | "ASCII" | "US-ASCII" => return Declared::Nothing,
            "UNICODE UTF-8" | "UTF-8" | "UTF8" => "utf-8".to_owned(),
            "CP1252" => "windows-1252".to_owned(),
            other => match other.strip_prefix("8859/") {
                Some(part) => format!("iso-8859-{part}"),
                None => other.replace("8859/", "8859-").to_lowercase(),
            },
        };
        match Encoding::for_label(label.as_bytes()) {
            // Separators are found byte by byte, so others cannot be read.
            Some(encoding) if encoding.is_ascii_compatible() => Declared::As(Self(encoding)),
            _ => Declared::Unknown,
        }
    }

    /// What text without a declaration is: UTF-8 when it can be, else what Windows programs call ANSI.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        if std::str::from_utf8(bytes).is_ok() { Self::UTF_8 } else { Self::WINDOWS_1252 }
    }

    /// `None` when the bytes are not text in it.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        self.0.decode_without_bom_handling_and_without_replacement(bytes)
    }

    /// Signs that it cannot write become question marks.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let (bytes, _, broken) = self.0.encode(text);
        if !broken {
            return bytes.into_owned();
        }
        let mut sign = [0; 4];
        text.chars().fold(Vec::new(), |mut all, each| {
            let (bytes, _, broken) = self.0.encode(each.encode_utf8(&mut sign));
            all.extend_from_slice(if broken { b"?" } else { &bytes });
            all
        })
    }

    /// `UTF-8`, `windows-1252`, `ISO-8859-15` …
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

/// A value with its escapes resolved. What is no escape stays as it is: senders who do not escape send backslashes.
pub(super) fn unescape(raw: &str, separators: Separators, charset: Charset) -> Cow<'_, str> {
    let Some(escape) = separators.escape.filter(|escape| raw.contains(*escape)) else {
        return Cow::Borrowed(raw);
    };
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once(escape) {
        text.push_str(before);
        let sequence = after.split_once(escape);
        if let Some((resolved, after)) =
            sequence.and_then(|(code, after)| Some((resolve(code, separators, charset)?, after)))
        {
            text.push_str(&resolved);
            rest = after;
        } else {
            text.push(escape);
            rest = after;
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// What stands between two escape signs; `None` when it is no escape sequence.
fn resolve(code: &str, separators: Separators, charset: Charset) -> Option<Cow<'static, str>> {
    let sign = |sign: Option<char>, usual: char| Some(Cow::Owned(sign.unwrap_or(usual).to_string()));
    match code {
        "F" => return sign(Some(separators.field), '|'),
        "S" => return sign(separators.component, '^'),
        "T" => return sign(separators.subcomponent, '&'),
        "R" => return sign(separators.repetition, '~'),
        "E" => return sign(separators.escape, '\\'),
        // Highlighting has no meaning here.
        "H" | "N" => return Some(Cow::Borrowed("")),
        _ => {}
    }
    let (kind, rest) = code.split_at_checked(1)?;
    let is_hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match kind {
        "X" if !rest.is_empty() && rest.len() % 2 == 0 && is_hexadecimal(rest) => {
            let bytes = hex::decode(rest).ok()?;
            let text = charset.decode(&bytes).unwrap_or(Cow::Borrowed("\u{fffd}"));
            Some(Cow::Owned(text.into_owned()))
        }
        // Formatted text: lines end, everything else is only how it looks.
        "." => {
            let name: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
            match name.as_str() {
                "br" | "sp" | "ce" => Some(Cow::Borrowed("\n")),
                "fi" | "nf" | "in" | "ti" | "sk" => Some(Cow::Borrowed("")),
                _ => None,
            }
        }
        // Another character set from here on, which no sender of ours has used.
        "C" | "M" if matches!(rest.len(), 4 | 6) && is_hexadecimal(rest) => Some(Cow::Borrowed("\u{fffd}")),
        _ => None,
    }
}

/// A text of ours as a value: separators escaped, line ends as `\.br\`, no other control signs.
pub(super) fn escape(text: &str, separators: Separators) -> String {
    let Some(escape) = separators.escape else {
        return text
            .chars()
            .map(|sign| if separators.has(sign) || sign.is_control() { ' ' } else { sign })
            .collect();
    };
    let mut value = String::with_capacity(text.len());
    for sign in text.chars() {
        let letter = match Some(sign) {
            sign if sign == Some(separators.field) => "F",
            sign if sign == separators.component => "S",
            sign if sign == separators.subcomponent => "T",
            sign if sign == separators.repetition => "R",
            sign if sign == separators.escape => "E",
            Some('\n') => ".br",
            Some(sign) if sign.is_control() => continue,
            _ => {
                value.push(sign);
                continue;
            }
        };
        value.push(escape);
        value.push_str(letter);
        value.push(escape);
    }
    value
}
