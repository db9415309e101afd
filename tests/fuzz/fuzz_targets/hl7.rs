//! A file of HL7 messages, the blocks of a connection, and the answers to both.
#![no_main]

use std::sync::LazyLock;

use domain::{
    hl7::{self, Limits, Message, mllp},
    schedule::{Site, dialect::Dialect, siu},
    time::Zone,
};
use libfuzzer_sys::fuzz_target;

static SITES: LazyLock<Vec<Site>> = LazyLock::new(fuzz::sites);
static ZONE: Zone = Zone::utc();
static READER: LazyLock<siu::Reader<'static>> =
    LazyLock::new(|| siu::Reader::new(&SITES, &Dialect::default(), &ZONE));

fuzz_target!(|bytes: &[u8]| {
    let reader = &*READER;
    let mut blocks = mllp::Blocks::new(Limits::IMPORT.message);
    blocks.push(bytes);
    if let Ok(pieces) = hl7::file::split(bytes, &Limits::IMPORT) {
        for piece in &pieces.messages {
            answered(piece.bytes, reader);
        }
        let incoming = reader.file(bytes, &Limits::IMPORT).expect("it was cut a moment ago");
        assert_eq!(usize::try_from(incoming.items()), Ok(pieces.messages.len()));
        fuzz::check(&incoming);
    }
    answered(bytes, reader);
});

/// Whatever was sent gets an answer that can be read, with the sender's own id of the message.
fn answered(bytes: &[u8], reader: &siu::Reader<'_>) {
    let (header, trouble) = match Message::read(bytes, &Limits::IMPORT) {
        Ok(message) => {
            let outcome = reader.message(&message, 1);
            (Some(message.header().clone()), outcome.trouble().cloned())
        }
        Err(unreadable) => (unreadable.header.map(|header| *header), Some(unreadable.trouble)),
    };
    let answer = hl7::acknowledge(header.as_ref(), trouble.as_ref(), "D1", fuzz::AS_OF);
    let read = match Message::read(&answer, &Limits::IMPORT) {
        Ok(read) => read,
        // A set that is not known is echoed, and then not known again.
        Err(unreadable) if unreadable.trouble.place.to_string() == "MSH-18" => return,
        Err(unreadable) => panic!("{unreadable}: {}", answer.escape_ascii()),
    };
    assert_eq!(read.segments().count(), 2 + usize::from(trouble.is_some()), "{}", answer.escape_ascii());
}
