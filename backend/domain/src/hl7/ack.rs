//! The answer to a message: taken (AA), wrong in its content (AE) or not for us (AR), with the segment and field.
//!
//! Original mode only (chapter 2.9.2): MSH-15 and MSH-16 are not asked for. The answer uses the sender's own
//! separators and character set, so that what it echoes is what was sent.

use super::{
    Trouble,
    message::{Header, Separators},
    text::{self, Charset},
};
use crate::time::Timestamp;

/// What MSA-1 says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// Taken, and kept: what an AA answers is never asked for again.
    Accept,
    /// The content is wrong; sending it again will not help.
    Error,
    /// Not a message for us, or we cannot work now.
    Reject,
}

impl Code {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "AA",
            Self::Error => "AE",
            Self::Reject => "AR",
        }
    }
}

/// The answer to a message, without the bytes of MLLP.
///
/// `header` is missing when not even MSH could be read; `own_id` is our MSH-10, up to 20 signs; `at` is now.
/// With a trouble the answer is AE or AR as its error says, without one it is AA.
pub fn acknowledge(
    header: Option<&Header>,
    trouble: Option<&Trouble>,
    own_id: &str,
    at: Timestamp,
) -> Vec<u8> {
    let separators = header.map_or(Separators::USUAL, |header| header.separators);
    let code = trouble.map_or(Code::Accept, |trouble| trouble.error.answer());
    let field = separators.field.to_string();
    let say = |text: &str| text::escape(text, separators);
    let theirs = |number: usize| header.map_or("", |header| header.field(number));
    let mut lines = vec![msh(header, separators, &say(own_id), at)];
    let mut msa = vec!["MSA", code.as_str(), theirs(10)];
    let reason = trouble.map(|trouble| say(&trouble.to_string()));
    msa.extend(reason.as_deref());
    lines.push(msa.join(&field));
    if let Some(trouble) = trouble {
        let is_new = header.and_then(Header::version).is_none_or(|version| version >= (5, 0));
        let parts = if is_new { err(trouble, separators) } else { old_err(trouble, separators) };
        lines.push(parts.join(&field));
    }
    let mut answer = lines.join("\r");
    answer.push('\r');
    header.map_or(Charset::UTF_8, Header::charset).encode(&answer)
}

/// Who sent becomes who receives; version and processing stay.
fn msh(header: Option<&Header>, separators: Separators, own_id: &str, at: Timestamp) -> String {
    let theirs = |number: usize| header.map_or("", |header| header.field(number));
    let version = match theirs(12) {
        "" => "2.5.1",
        version => version,
    };
    let processing = match theirs(11) {
        "" => "P",
        processing => processing,
    };
    let event = header.map_or("", |header| header.component(9, 2));
    let component = separators.component.map(String::from);
    let kind = match (header.and_then(Header::version), component) {
        (Some(version), Some(sign)) if version >= (4, 0) && !event.is_empty() => {
            ["ACK", event, "ACK"].join(&sign)
        }
        (Some(version), Some(sign)) if version >= (3, 1) && !event.is_empty() => ["ACK", event].join(&sign),
        _ => "ACK".to_owned(),
    };
    let time = format!("{}+0000", at.rfc3339().replace(['-', ':', 'T', 'Z'], ""));
    let declaration = format!("MSH{}{}", separators.field, separators.declaration());
    let mut fields = vec![declaration.as_str(), theirs(5), theirs(6), theirs(3), theirs(4), &time, "", &kind];
    fields.extend([own_id, processing, version]);
    if !theirs(18).is_empty() {
        fields.extend(["", "", "", "", "", theirs(18)]);
    }
    fields.join(&separators.field.to_string())
}

/// From version 2.5 on: location, error, severity, and the sentence for a person in ERR-8.
fn err(trouble: &Trouble, separators: Separators) -> Vec<String> {
    let component = separators.component.map_or_else(String::new, String::from);
    let join = |parts: &[String]| match component.as_str() {
        "" => parts.first().cloned().unwrap_or_default(),
        component => parts.join(component).trim_end_matches(component).to_owned(),
    };
    let place = &trouble.place;
    let number = |number: usize| if number == 0 { String::new() } else { number.to_string() };
    let at = if place.segment.is_empty() {
        String::new()
    } else {
        join(&[
            place.segment.clone(),
            number(place.nth),
            number(place.field),
            number(place.repetition),
            number(place.component),
        ])
    };
    let error = trouble.error;
    let code = join(&[error.number().to_string(), error.words().into(), "HL70357".into()]);
    let empty = String::new;
    let reason = text::escape(&trouble.reason, separators);
    vec!["ERR".into(), empty(), at, code, "E".into(), empty(), empty(), empty(), reason]
}

/// Up to version 2.4: segment, its number, the field, and the error with sub-components.
fn old_err(trouble: &Trouble, separators: Separators) -> Vec<String> {
    let error = trouble.error;
    let code = separators.subcomponent.map_or_else(
        || error.number().to_string(),
        |sign| [&error.number().to_string(), error.words(), "HL70357"].join(&sign.to_string()),
    );
    let place = &trouble.place;
    let number = |number: usize| if number == 0 { String::new() } else { number.to_string() };
    let parts = [place.segment.clone(), number(place.nth), number(place.field), code.clone()];
    vec!["ERR".into(), separators.component.map_or(code, |sign| parts.join(&sign.to_string()))]
}
