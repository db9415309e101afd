//! Reading feeds as a program does, and the rules of the Common Alerting Protocol 1.2: those of its XML schema
//! (`CAP-v1.2.xsd`, OASIS), retyped, and what its text asks of identifiers and references.

use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};

/// An element with what is in it.
#[derive(Debug, Clone, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// Every child of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of a name; empty without one.
    pub fn get(&self, name: &str) -> &str {
        self.children.iter().find(|child| child.name == name).map_or("", |child| child.text.as_str())
    }
}

/// The outermost element of a document.
///
/// # Panics
/// When it is not well-formed.
pub fn parsed(document: &str) -> Element {
    let mut reader = Reader::from_str(document);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}: {document}")) {
            Event::Start(start) => {
                let attributes = start
                    .attributes()
                    .map(|attribute| attribute.expect("is well-formed"))
                    .map(|attribute| (attribute.key.as_ref().to_owned(), attribute.value.into_owned()))
                    .collect();
                open.push(Element {
                    name: start.name().as_ref().to_owned(),
                    attributes,
                    ..Element::default()
                });
            }
            Event::End(_) => {
                let ended = open.pop().expect("the reader compares names");
                open.last_mut().expect("something is open").children.push(ended);
            }
            Event::Text(text) => {
                open.last_mut().expect("something is open").text.push_str(&text);
            }
            Event::GeneralRef(entity) => {
                let name: &str = &entity;
                let sign = resolve_predefined_entity(name).unwrap_or_else(|| panic!("&{name};"));
                open.last_mut().expect("something is open").text.push_str(sign);
            }
            Event::Eof => {
                return open.pop().and_then(|top| top.children.into_iter().next()).expect("has an element");
            }
            _ => {}
        }
    }
}

/// The items of an RSS feed.
///
/// # Panics
/// When it is no RSS 2.0.
pub fn items(document: &str) -> Vec<Element> {
    let rss = parsed(document);
    assert_eq!(rss.name, "rss");
    assert!(rss.attributes.contains(&("version".into(), "2.0".into())), "{rss:?}");
    let channel = rss.all("channel").next().expect("has a channel");
    for needed in ["title", "link", "description"] {
        assert!(!channel.get(needed).is_empty(), "{needed}: {document}");
    }
    let items: Vec<_> = channel.all("item").cloned().collect();
    for item in &items {
        assert!(!item.get("title").is_empty() && !item.get("guid").is_empty(), "{item:?}");
        let date = item.get("pubDate");
        assert!(date.is_empty() || (date.len() == 29 && date.ends_with(" GMT")), "{date}");
    }
    items
}

/// A child of an element in the schema: its name, how often it must and may be there, and what it holds.
type Rule = (&'static str, usize, usize, Holds);

#[derive(Clone, Copy)]
enum Holds {
    Text,
    Time,
    One(&'static [&'static str]),
    Elements(&'static [Rule]),
}

use Holds::{Elements, One, Text, Time};

const MANY: usize = usize::MAX;

const ALERT: &[Rule] = &[
    ("identifier", 1, 1, Text),
    ("sender", 1, 1, Text),
    ("sent", 1, 1, Time),
    ("status", 1, 1, One(&["Actual", "Exercise", "System", "Test", "Draft"])),
    ("msgType", 1, 1, One(&["Alert", "Update", "Cancel", "Ack", "Error"])),
    ("source", 0, 1, Text),
    ("scope", 1, 1, One(&["Public", "Restricted", "Private"])),
    ("restriction", 0, 1, Text),
    ("addresses", 0, 1, Text),
    ("code", 0, MANY, Text),
    ("note", 0, 1, Text),
    ("references", 0, 1, Text),
    ("incidents", 0, 1, Text),
    ("info", 0, MANY, Elements(INFO)),
];

const INFO: &[Rule] = &[
    ("language", 0, 1, Text),
    (
        "category",
        1,
        MANY,
        One(&[
            "Geo",
            "Met",
            "Safety",
            "Security",
            "Rescue",
            "Fire",
            "Health",
            "Env",
            "Transport",
            "Infra",
            "CBRNE",
            "Other",
        ]),
    ),
    ("event", 1, 1, Text),
    (
        "responseType",
        0,
        MANY,
        One(&["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"]),
    ),
    ("urgency", 1, 1, One(&["Immediate", "Expected", "Future", "Past", "Unknown"])),
    ("severity", 1, 1, One(&["Extreme", "Severe", "Moderate", "Minor", "Unknown"])),
    ("certainty", 1, 1, One(&["Observed", "Likely", "Possible", "Unlikely", "Unknown"])),
    ("audience", 0, 1, Text),
    ("eventCode", 0, MANY, Elements(NAMED)),
    ("effective", 0, 1, Time),
    ("onset", 0, 1, Time),
    ("expires", 0, 1, Time),
    ("senderName", 0, 1, Text),
    ("headline", 0, 1, Text),
    ("description", 0, 1, Text),
    ("instruction", 0, 1, Text),
    ("web", 0, 1, Text),
    ("contact", 0, 1, Text),
    ("parameter", 0, MANY, Elements(NAMED)),
    ("area", 0, MANY, Elements(AREA)),
];

const NAMED: &[Rule] = &[("valueName", 1, 1, Text), ("value", 1, 1, Text)];

const AREA: &[Rule] = &[
    ("areaDesc", 1, 1, Text),
    ("polygon", 0, MANY, Text),
    ("circle", 0, MANY, Text),
    ("geocode", 0, MANY, Elements(NAMED)),
    ("altitude", 0, 1, Text),
    ("ceiling", 0, 1, Text),
];

/// A valid alert.
///
/// # Panics
/// When the schema or the text of the protocol does not allow it.
pub fn alert(document: &str) -> Element {
    let alert = parsed(document);
    assert_eq!(alert.name, "alert");
    let namespace = ("xmlns".to_owned(), "urn:oasis:names:tc:emergency:cap:1.2".to_owned());
    assert!(alert.attributes.contains(&namespace), "{document}");
    follows(&alert, ALERT);
    for name in ["identifier", "sender"] {
        let value = alert.get(name);
        assert!(!value.is_empty() && !value.contains([' ', ',', '<', '&']), "{name}: {value}");
    }
    let references = alert.get("references");
    for reference in references.split_whitespace() {
        let parts: Vec<_> = reference.split(',').collect();
        assert!(matches!(parts[..], [_, _, sent] if is_time(sent)), "{reference}");
    }
    assert_eq!(references.is_empty(), alert.get("msgType") == "Alert", "{document}");
    alert
}

/// A sequence: each child in the order of the rules, as often as they allow.
fn follows(element: &Element, rules: &[Rule]) {
    let mut children = element.children.iter().peekable();
    for (name, least, most, holds) in rules {
        let mut count = 0;
        while let Some(child) = children.next_if(|child| child.name == *name) {
            count += 1;
            match holds {
                Text => assert!(child.children.is_empty(), "{child:?}"),
                Time => assert!(is_time(&child.text), "{child:?}"),
                One(words) => assert!(words.contains(&child.text.as_str()), "{child:?}"),
                Elements(rules) => follows(child, rules),
            }
        }
        assert!((*least..=*most).contains(&count), "{count} {name} in {element:?}");
    }
    assert!(children.next().is_none(), "out of order, or unknown: {element:?}");
}

/// The pattern of the schema: `\d\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[-,+]\d\d:\d\d`.
fn is_time(text: &str) -> bool {
    let pattern = "dddd-dd-ddTdd:dd:dd+dd:dd";
    text.len() == pattern.len()
        && text.chars().zip(pattern.chars()).all(|(sign, wanted)| match wanted {
            'd' => sign.is_ascii_digit(),
            '+' => matches!(sign, '+' | '-' | ','),
            other => sign == other,
        })
}
