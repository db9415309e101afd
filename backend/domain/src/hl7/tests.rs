//! Messages as engines send them, and as they should not.

use proptest::prelude::*;

use super::{mllp::Block, *};
use crate::time::Timestamp;

const SIU: &str = "MSH|^~\\&|EPIC|GENERAL|DOWNTIME|CAPE|20240719081000||SIU^S12^SIU_S12|M1|P|2.5.1\r\
    SCH|1|2^EPIC\r\
    PID|1||0034458^^^GENERAL^MR~77^^^STATE^SS||DOE^JANE^Q~ROE^JANE||19750203\r\
    ZPD|anything\r";

fn read(text: &[u8]) -> Message<'_> {
    Message::read(text, &Limits::IMPORT).unwrap_or_else(|unreadable| panic!("{unreadable}"))
}

fn refused(text: &[u8]) -> Trouble {
    Message::read(text, &Limits::IMPORT).expect_err("is refused").trouble
}

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2024-07-19T12:00:00Z").unwrap()
}

fn lines(answer: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(answer).trim_end().split('\r').map(str::to_owned).collect()
}

#[test]
fn fields_repetitions_components_and_subcomponents_are_found_by_their_numbers() {
    let message = read(SIU.as_bytes());
    let msh = message.first("MSH").unwrap();
    assert_eq!((msh.text(3), msh.part(9, 2), msh.text(10)), ("EPIC".into(), "S12".into(), "M1".into()));
    assert_eq!(msh.field(1).first().component(1).whole(), "|");
    let pid = message.first("PID").unwrap();
    let ids: Vec<String> = pid.field(3).repetitions().map(|each| each.text(1).into_owned()).collect();
    assert_eq!(ids, ["0034458", "77"]);
    assert_eq!((pid.part(5, 2), pid.text(99)), ("JANE".into(), "".into()));
    assert_eq!(
        message.segments().map(|each| each.name().to_owned()).collect::<Vec<_>>(),
        ["MSH", "SCH", "PID", "ZPD"]
    );
    let own = "MSH#*-/%#A#B#C#D#2024##SIU*S12#1#P#2.5\rPID#1##A%B*C-D##X/F/Y";
    let message = read(own.as_bytes());
    let pid = message.first("PID").unwrap();
    assert_eq!((pid.field(3).first().component(1).sub(2), pid.part(3, 2)), ("B".into(), "C".into()));
    assert_eq!((pid.field(3).repetitions().count(), pid.text(5)), (2, "X#Y".into()));
}

#[test]
fn every_end_of_a_segment_reads_the_same_and_a_line_feed_inside_a_text_goes_on() {
    for end in ["\n", "\r\n", "\r\r", "\r\n\r\n"] {
        let text = SIU.replace('\r', end);
        let message = read(text.as_bytes());
        assert_eq!(message.segments().count(), 4, "{end:?}");
        assert_eq!(message.first("PID").unwrap().part(5, 1), "DOE");
    }
    let text = "MSH|^~\\&|A\rNTE|1||first line\nsecond | line\rPID|1\nPV1|1";
    let message = read(text.as_bytes());
    assert_eq!(message.first("NTE").unwrap().text(3), "first line\nsecond ");
    assert_eq!(message.segments().count(), 4);
    let trouble = refused(b"MSH|^~\\&|A\rthis is no segment\rPID|1");
    assert_eq!(trouble.error, ErrorCode::SegmentSequence);
    assert!(trouble.reason.starts_with("Line 2 "), "{trouble}");
}

#[test]
fn escapes_become_what_they_stand_for_and_everything_else_stays() {
    let cases = [
        ("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f"),
        ("one\\.br\\two\\.sp 2\\three", "one\ntwo\nthree"),
        ("\\H\\loud\\N\\", "loud"),
        ("\\X41C3A9\\", "Aé"),
        ("\\X4\\", "\\X4\\"),
        ("\\XZZ\\", "\\XZZ\\"),
        ("\\C2842\\", "\u{fffd}"),
        ("DOMAIN\\user", "DOMAIN\\user"),
        ("a\\Q\\b", "a\\Q\\b"),
        ("\\", "\\"),
        ("\\\\", "\\\\"),
        ("\\é\\", "\\é\\"),
        ("\"\"", ""),
    ];
    for (raw, expected) in cases {
        let text = format!("MSH|^~\\&|||||||||||||||UNICODE UTF-8\rNTE|1||{raw}");
        assert_eq!(read(text.as_bytes()).first("NTE").unwrap().text(3), expected, "{raw}");
    }
}

#[test]
fn a_message_is_text_in_the_set_that_it_declares() {
    let message = |set: &str, name: &[u8]| {
        let mut bytes =
            format!("MSH|^~\\&|A|B|C|D|2024||SIU^S12|1|P|2.5|||||USA|{set}\rPID|1||1||").into_bytes();
        bytes.extend_from_slice(name);
        bytes
    };
    let cases: [(&str, &[u8], &str); 10] = [
        ("UNICODE UTF-8", "Zoë".as_bytes(), "Zoë"),
        ("8859/1", b"Zo\xeb", "Zoë"),
        ("8859/15", b"\xa4", "€"),
        ("8859/2", b"\xb3", "ł"),
        ("windows-1252", b"\x80", "€"),
        ("ASCII", b"Zoe", "Zoe"),
        ("ASCII", b"Zo\xeb", "Zoë"),
        ("", "Zoë".as_bytes(), "Zoë"),
        ("", b"Zo\xeb", "Zoë"),
        ("8859/1~UNICODE UTF-8", b"Zo\xeb", "Zoë"),
    ];
    for (set, bytes, expected) in cases {
        let bytes = message(set, bytes);
        assert_eq!(read(&bytes).first("PID").unwrap().text(5), expected, "{set}");
    }
    for (set, bytes) in
        [("UNICODE UTF-8", b"\xff".as_slice()), ("UNICODE UTF-16", b"x"), ("MARTIAN", b"x"), ("", b"\0")]
    {
        let bytes = message(set, bytes);
        assert_eq!(refused(&bytes).place, Place::of("MSH", 18), "{set}");
    }
    let escaped = message("8859/1", b"\\XEB\\");
    assert_eq!(read(&escaped).first("PID").unwrap().text(5), "ë");
}

#[test]
fn what_is_no_message_is_refused_with_its_place() {
    for (bytes, place) in [
        (b"".as_slice(), ""),
        (b"PID|1", ""),
        (b"MSH", ""),
        (b"MSHX^~\\&|A", "MSH-1"),
        (b"MSH|^^\\&|A", "MSH-2"),
        (b"MSH|ab|A", "MSH-2"),
        (b"MSH||A", "MSH-2"),
        (b"MSH|^~\\&#!|A", "MSH-2"),
    ] {
        assert_eq!(refused(bytes).place.to_string(), place, "{bytes:?}");
    }
    let small = Limits { segments: 3, ..Limits::IMPORT };
    assert!(Message::read(SIU.as_bytes(), &small).is_err());
    let small = Limits { message: 50, ..Limits::IMPORT };
    assert!(Message::read(SIU.as_bytes(), &small).is_err());
    // Fewer separators than usual are enough for who does not use them.
    assert_eq!(read(b"MSH|^|A|B^C\rPID|1||a~b\\c").first("PID").unwrap().text(3), "a~b\\c");
}

#[test]
fn an_answer_goes_back_to_the_sender_in_its_own_version() {
    let message = read(SIU.as_bytes());
    let taken = lines(&acknowledge(Some(message.header()), None, "D77", now()));
    assert_eq!(
        taken,
        ["MSH|^~\\&|DOWNTIME|CAPE|EPIC|GENERAL|20240719120000+0000||ACK^S12^ACK|D77|P|2.5.1", "MSA|AA|M1"]
    );
    let place = Place { nth: 2, ..Place::of("AIS", 4) };
    let trouble = Trouble::new(place, ErrorCode::DataType, "It is 8 | 10.");
    let error = lines(&acknowledge(Some(message.header()), Some(&trouble), "D78", now()));
    assert_eq!(error[1], "MSA|AE|M1|AIS[2]-4: It is 8 \\F\\ 10.");
    assert_eq!(error[2], "ERR||AIS^2^4|102^Data type error^HL70357|E||||It is 8 \\F\\ 10.");
    let old = SIU.replace("2.5.1", "2.3").replace("SIU^S12^SIU_S12", "SIU^S12");
    let message = read(old.as_bytes());
    let error = lines(&acknowledge(Some(message.header()), Some(&trouble), "D79", now()));
    assert!(error[0].contains("||ACK|D79|P|2.3"), "{}", error[0]);
    assert_eq!(error[2], "ERR|AIS^2^4^102&Data type error&HL70357");
    let kind = SIU.replace("2.5.1", "2.3.1");
    assert!(
        lines(&acknowledge(Some(read(kind.as_bytes()).header()), None, "D", now()))[0].contains("|ACK^S12|")
    );
}

#[test]
fn an_answer_is_in_the_senders_set_and_names_what_could_not_be_read() {
    let latin = b"MSH|^~\\&|A|Krankenhaus S\xfcd|C|D|20240719||SIU^S12|M\xf6 1|P|2.5|||||DEU|8859/1\rSCH|1";
    let answer = acknowledge(Some(read(latin).header()), None, "1", now());
    assert!(answer.windows(4).any(|four| four == b"S\xfcd|"), "{answer:?}");
    assert!(answer.windows(5).any(|five| five == b"M\xf6 1\r"), "{answer:?}");
    assert!(lines(&answer)[0].ends_with("|2.5||||||8859/1"), "{:?}", lines(&answer));
    let unreadable =
        Message::read(b"MSH|^~\\&|A|B|C|D|2024||SIU^S12|M9|P|2.5|||||USA|MARTIAN\r", &Limits::IMPORT);
    let unreadable = unreadable.expect_err("is refused");
    let answer = lines(&acknowledge(unreadable.header.as_deref(), Some(&unreadable.trouble), "1", now()));
    assert!(answer[1].starts_with("MSA|AE|M9|MSH-18: "), "{answer:?}");
    let garbage = Message::read(b"GET / HTTP/1.1\r\n", &Limits::IMPORT).expect_err("is refused");
    let answer = lines(&acknowledge(garbage.header.as_deref(), Some(&garbage.trouble), "1", now()));
    assert!(answer[1].starts_with("MSA|AR||"), "{answer:?}");
    assert_eq!(answer[0], "MSH|^~\\&|||||20240719120000+0000||ACK|1|P|2.5.1");
}

#[test]
fn a_file_of_batches_is_cut_into_messages_and_its_counts_are_compared() {
    let file = format!("\u{feff}FHS|^~\\&\rBHS|^~\\&\r{SIU}{SIU}BTS|2\rBHS|^~\\&\r{SIU}BTS|3\rFTS|2\r");
    let pieces = file::split(file.as_bytes(), &Limits::IMPORT).unwrap();
    assert_eq!(pieces.messages.iter().map(|piece| piece.line).collect::<Vec<_>>(), [3, 7, 13]);
    assert!(pieces.messages.iter().all(|piece| read(piece.bytes).segments().count() == 4));
    let notes: Vec<_> = pieces.notes.iter().map(|note| (note.line, note.field)).collect();
    assert_eq!(notes, [(17, "BTS-1")]);
    let cut = format!("BHS|^~\\&\r{SIU}");
    assert!(
        file::split(cut.as_bytes(), &Limits::IMPORT).unwrap().notes[0].reason.contains("ends inside a batch")
    );
    let recorded: Vec<u8> = [SIU, SIU].iter().flat_map(|message| mllp::frame(message.as_bytes())).collect();
    let pieces = file::split(&recorded, &Limits::IMPORT).unwrap();
    assert_eq!(pieces.messages.len(), 2);
    assert!(
        pieces.notes.is_empty()
            && pieces.messages.iter().all(|piece| read(piece.bytes).segments().count() == 4)
    );
    let stray = format!("some words\nmore\n{SIU}");
    assert_eq!(file::split(stray.as_bytes(), &Limits::IMPORT).unwrap().notes.len(), 1);
    assert_eq!(file::split(b" \r\n", &Limits::IMPORT), Err(file::NoFile::Empty));
    assert_eq!(file::split(b"a,b\n1,2\n", &Limits::IMPORT), Err(file::NoFile::NoMessage));
    let few = Limits { messages: 1, ..Limits::IMPORT };
    assert_eq!(file::split(&recorded, &few), Err(file::NoFile::TooMany(1)));
}

#[test]
fn blocks_are_found_with_and_without_their_last_byte_and_never_grow_beyond_the_limit() {
    let mut blocks = mllp::Blocks::new(4);
    let came = blocks.push(b"xx\x0bMSH\x1c\r\x0bMSH2\x1c\x0bMSH33\x1c\r\n\x0bcut\x0bok\x1c");
    let message = |text: &[u8]| Block::Message(text.to_vec());
    let expected =
        [Block::Stray(2), message(b"MSH"), message(b"MSH2"), Block::TooLong, Block::Cut, message(b"ok")];
    assert_eq!(came, expected);
    assert!(blocks.is_between());
    blocks.push(b"\x0bM");
    assert!(!blocks.is_between());
}

proptest! {
    #[test]
    fn however_a_connection_is_cut_the_same_blocks_come_out(
        messages in proptest::collection::vec("[A-Z|^\r]{0,12}", 0..6),
        cuts in proptest::collection::vec(0..200_usize, 0..12),
    ) {
        let stream: Vec<u8> = messages.iter().flat_map(|message| mllp::frame(message.as_bytes())).collect();
        let expected: Vec<Block> = messages.iter().map(|message| Block::Message(message.clone().into_bytes())).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).chain([0, stream.len()]).collect();
        cuts.sort_unstable();
        let mut blocks = mllp::Blocks::new(1_000);
        let came: Vec<Block> = cuts.windows(2).flat_map(|part| blocks.push(&stream[part[0]..part[1]])).collect();
        prop_assert_eq!(came, expected);
    }

    #[test]
    fn what_is_escaped_comes_back(text in "[a-z|^~\\\\& \n]{0,30}") {
        let escaped = super::text::escape(&text, message::Separators::USUAL);
        prop_assert!(!escaped.contains(['|', '^', '~', '&', '\n']));
        let back = super::text::unescape(&escaped, message::Separators::USUAL, Charset::UTF_8);
        prop_assert_eq!(back, text);
    }

    #[test]
    fn an_answer_never_breaks_its_own_segments(reason in ".{0,40}", id in ".{0,20}") {
        let trouble = Trouble::new(Place::of("PID", 3), ErrorCode::DataType, reason);
        for header in [None, Some(read(SIU.as_bytes()).header())] {
            let answer = acknowledge(header, Some(&trouble), &id, now());
            let answer = read(&answer);
            prop_assert_eq!(answer.segments().count(), 3);
            prop_assert_eq!(answer.first("MSA").unwrap().text(1), "AE");
        }
    }

    #[test]
    fn no_bytes_break_the_reading(bytes in proptest::collection::vec(any::<u8>(), 0..200), rest in "[A-Z|^~\\\\&0-9\r\n]{0,200}") {
        let with_header = [b"MSH|^~\\&|".as_slice(), &bytes, rest.as_bytes()].concat();
        for bytes in [bytes.as_slice(), with_header.as_slice()] {
            if let Ok(message) = Message::read(bytes, &Limits::IMPORT) {
                for segment in message.segments() {
                    (0..5).for_each(|number| { segment.field(number).first().component(1).sub(1); });
                }
                acknowledge(Some(message.header()), None, "1", now());
            }
            let _ = file::split(bytes, &Limits::IMPORT);
        }
    }
}
