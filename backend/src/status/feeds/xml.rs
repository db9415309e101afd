//! Writing XML: everything that people typed is escaped, and signs that XML cannot hold are left out.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

/// A document that is being written.
pub struct Document(Writer<Vec<u8>>);

impl Document {
    /// Opens a document with its outermost element.
    pub fn open(name: &str, attributes: &[(&str, &str)]) -> Self {
        let mut document = Self(Writer::new(Vec::new()));
        document.write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        document.begin(name, attributes);
        document
    }

    /// Begins an element that holds others.
    pub fn begin(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let mut start = BytesStart::new(name);
        for attribute in attributes {
            start.push_attribute(*attribute);
        }
        self.write(Event::Start(start));
    }

    /// Ends an element.
    pub fn end(&mut self, name: &str) {
        self.write(Event::End(BytesEnd::new(name)));
    }

    /// An element that holds a text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.text_with(name, &[], text);
    }

    /// The same with attributes.
    pub fn text_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.begin(name, attributes);
        self.write(Event::Text(BytesText::new(&legal(text))));
        self.end(name);
    }

    /// Ends the outermost element and gives the document.
    pub fn close(mut self, name: &str) -> String {
        self.end(name);
        String::from_utf8(self.0.into_inner()).expect("what was written is UTF-8")
    }

    fn write(&mut self, event: Event<'_>) {
        self.0.write_event(event).expect("memory can be written");
    }
}

/// The text without the signs that no XML 1.0 document may hold, not even escaped.
fn legal(text: &str) -> String {
    let is_legal = |sign: char| sign >= ' ' && !matches!(sign, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
    text.chars().filter(|sign| *sign == '\n' || is_legal(*sign)).collect()
}
