//! A page as a person without JavaScript meets it: its words, its links, and its forms by their labels.

use scraper::{ElementRef, Html, Selector};

/// A page that was read. It is parsed as a browser would parse it.
#[derive(Clone)]
pub struct Page {
    html: Html,
    source: String,
}

/// A form on a page, with what the page put into it and what a person types.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it is sent; empty means the page's own address.
    pub action: String,
    pub method: String,
    pub multipart: bool,
    boxes: Vec<Box>,
    buttons: Vec<Button>,
}

#[derive(Debug, Clone)]
struct Box {
    name: String,
    label: String,
    value: String,
    kind: Kind,
    on: bool,
    /// One of several round ones: picking it lets the others go.
    round: bool,
    /// What a list offers: (value, words).
    choices: Vec<(String, String)>,
    file: Option<(String, Vec<u8>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hidden,
    Text,
    /// A tick box or one of several round ones.
    Tick,
    List,
    File,
}

#[derive(Debug, Clone)]
struct Button {
    words: String,
    name: Option<String>,
    value: String,
}

/// What a form sends: its fields in order, and its files as (field, name, bytes).
#[derive(Debug, Clone, Default)]
pub struct Filled {
    pub fields: Vec<(String, String)>,
    pub files: Vec<(String, String, Vec<u8>)>,
}

impl Page {
    /// Reads a page.
    pub fn read(source: &str) -> Self {
        Self { html: Html::parse_document(source), source: source.to_owned() }
    }

    /// The HTML as it came.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The elements that a CSS selector finds.
    ///
    /// # Panics
    /// When the selector is not one.
    pub fn all(&self, selector: &str) -> Vec<ElementRef<'_>> {
        let selector = Selector::parse(selector).unwrap_or_else(|error| panic!("{selector:?}: {error}"));
        self.html.select(&selector).collect()
    }

    /// The words of every element that a selector finds.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.all(selector).into_iter().map(words).collect()
    }

    /// The page's one heading.
    pub fn heading(&self) -> String {
        self.texts("h1").into_iter().next().unwrap_or_default()
    }

    /// All that can be read on the page, in order, without scripts and styles.
    pub fn text(&self) -> String {
        self.texts("body").into_iter().next().unwrap_or_default()
    }

    /// Whether these words stand on the page, white space aside.
    pub fn says(&self, expected: &str) -> bool {
        self.text().contains(expected)
    }

    /// The error at a field, by the field's name.
    pub fn error_at(&self, name: &str) -> Option<String> {
        let field = self.all(&format!("[name=\"{name}\"]")).into_iter().next()?;
        assert_eq!(field.attr("aria-invalid"), Some("true"), "the field {name} is not marked as wrong");
        let described = field.attr("aria-describedby").unwrap_or_default();
        described
            .split_whitespace()
            .flat_map(|id| self.all(&format!("[id=\"{id}\"]")))
            .find(|element| element.attr("class").unwrap_or_default().contains("error"))
            .map(words)
    }

    /// Where a link leads, by its words.
    ///
    /// # Panics
    /// When there is none, with the links there are.
    #[track_caller]
    pub fn link(&self, text: &str) -> String {
        let links = self.all("a[href]");
        let found =
            links.iter().find(|link| words(**link).contains(text) || link.attr("aria-label") == Some(text));
        let Some(link) = found else {
            let there: Vec<_> = links.into_iter().map(words).collect();
            panic!("no link {text:?} among {there:?}");
        };
        link.attr("href").unwrap_or_default().to_owned()
    }

    /// The form whose button carries these words.
    ///
    /// # Panics
    /// When there is none, with the buttons there are.
    #[track_caller]
    pub fn form(&self, button: &str) -> Form {
        let forms: Vec<Form> = self.all("form").into_iter().map(|form| self.read_form(form)).collect();
        let found = forms.iter().find(|form| form.buttons.iter().any(|each| each.words.contains(button)));
        found.cloned().unwrap_or_else(|| {
            let there: Vec<_> = forms.iter().flat_map(|form| &form.buttons).map(|each| &each.words).collect();
            panic!("no button {button:?} among {there:?} on: {}", self.text())
        })
    }

    fn read_form(&self, form: ElementRef<'_>) -> Form {
        let inside = |selector: &str| {
            let selector = Selector::parse(selector).expect("a fixed selector");
            form.select(&selector).collect::<Vec<_>>()
        };
        let mut controls = inside("input, select, textarea, button");
        // Controls elsewhere on the page may belong to the form by its id.
        if let Some(id) = form.attr("id") {
            controls.extend(self.all(&format!("[form=\"{id}\"]")));
        }
        let mut read = Form {
            action: form.attr("action").unwrap_or_default().to_owned(),
            method: form.attr("method").unwrap_or("get").to_ascii_lowercase(),
            multipart: form.attr("enctype") == Some("multipart/form-data"),
            boxes: Vec::new(),
            buttons: Vec::new(),
        };
        for control in controls {
            if control.attr("disabled").is_some() {
                continue;
            }
            let kind = control.attr("type").unwrap_or_default();
            let is_button = control.value().name() == "button" || kind == "submit";
            if is_button {
                let text = words(control);
                let text =
                    if text.is_empty() { control.attr("value").unwrap_or_default().to_owned() } else { text };
                let name = control.attr("name").map(ToOwned::to_owned);
                let value = control.attr("value").unwrap_or_default().to_owned();
                read.buttons.push(Button { words: text, name, value });
            } else if control.attr("name").is_some() {
                read.boxes.push(self.read_box(control));
            }
        }
        read
    }

    fn read_box(&self, control: ElementRef<'_>) -> Box {
        let kind = match (control.value().name(), control.attr("type").unwrap_or("text")) {
            ("select", _) => Kind::List,
            (_, "hidden") => Kind::Hidden,
            (_, "checkbox" | "radio") => Kind::Tick,
            (_, "file") => Kind::File,
            _ => Kind::Text,
        };
        let mut value = control.attr("value").unwrap_or_default().to_owned();
        let mut choices = Vec::new();
        if control.value().name() == "textarea" {
            value = control.text().collect();
        }
        if kind == Kind::Tick && control.attr("value").is_none() {
            "on".clone_into(&mut value);
        }
        if kind == Kind::List {
            let option = Selector::parse("option").expect("a fixed selector");
            for each in control.select(&option) {
                let chosen = each.attr("value").map_or_else(|| words(each), ToOwned::to_owned);
                if choices.is_empty() || each.attr("selected").is_some() {
                    value.clone_from(&chosen);
                }
                choices.push((chosen, words(each)));
            }
        }
        Box {
            name: control.attr("name").unwrap_or_default().to_owned(),
            label: self.label_of(control),
            value,
            kind,
            on: control.attr("checked").is_some(),
            round: control.attr("type") == Some("radio"),
            choices,
            file: None,
        }
    }

    /// The words by which a person knows a control: its label, or what `aria-label` says.
    fn label_of(&self, control: ElementRef<'_>) -> String {
        if let Some(id) = control.attr("id")
            && let Some(label) = self.all(&format!("label[for=\"{id}\"]")).into_iter().next()
        {
            return words(label);
        }
        let around =
            control.ancestors().filter_map(ElementRef::wrap).find(|each| each.value().name() == "label");
        around.map_or_else(|| control.attr("aria-label").unwrap_or_default().to_owned(), words)
    }
}

impl Form {
    /// Types into the box with this label.
    ///
    /// # Panics
    /// When there is none, with the labels there are.
    #[must_use]
    #[track_caller]
    pub fn types(mut self, label: &str, text: impl Into<String>) -> Self {
        self.the(label, Kind::Text).value = text.into();
        self
    }

    /// Chooses from the list with this label, by words or value.
    ///
    /// # Panics
    /// When there is no such list or choice.
    #[must_use]
    #[track_caller]
    pub fn chooses(mut self, label: &str, choice: &str) -> Self {
        let list = self.the(label, Kind::List);
        let found = list.choices.iter().find(|(value, text)| value == choice || text.contains(choice));
        let Some((value, _)) = found else { panic!("no choice {choice:?} in {:?}", list.choices) };
        list.value.clone_from(value);
        self
    }

    /// Ticks the box with this label, or picks it among several.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn ticks(mut self, label: &str) -> Self {
        let ticked = self.the(label, Kind::Tick);
        ticked.on = true;
        let (name, value, round) = (ticked.name.clone(), ticked.value.clone(), ticked.round);
        for other in self.boxes.iter_mut().filter(|each| round && each.round && each.name == name) {
            other.on = other.value == value;
        }
        self
    }

    /// Takes the tick out of the box with this label.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn unticks(mut self, label: &str) -> Self {
        self.the(label, Kind::Tick).on = false;
        self
    }

    /// Picks the round box of this name with this value, and no other of the name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn picks(mut self, name: &str, value: &str) -> Self {
        let mut found = false;
        for each in self.boxes.iter_mut().filter(|each| each.kind == Kind::Tick && each.name == name) {
            each.on = each.value == value;
            found |= each.on;
        }
        assert!(found, "no {name} = {value} among {:?}", self.labels());
        self
    }

    /// Attaches a file to the field with this label.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn attaches(mut self, label: &str, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.the(label, Kind::File).file = Some((name.to_owned(), bytes.into()));
        self
    }

    /// Sets a field by its name, as a tampering or a later browser would: hidden ones too, new ones as well.
    #[must_use]
    pub fn sets(mut self, name: &str, value: &str) -> Self {
        match self.boxes.iter_mut().find(|each| each.name == name) {
            Some(each) => {
                value.clone_into(&mut each.value);
                each.on = true;
            }
            None => self.boxes.push(Box {
                name: name.to_owned(),
                label: String::new(),
                value: value.to_owned(),
                kind: Kind::Hidden,
                on: true,
                round: false,
                choices: Vec::new(),
                file: None,
            }),
        }
        self
    }

    /// What stands in the field of this name, as the page gave it or a person typed it.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.boxes.iter().find(|each| each.name == name).map(|each| each.value.as_str())
    }

    /// The labels of all fields that a person can see.
    pub fn labels(&self) -> Vec<&str> {
        self.boxes.iter().filter(|each| each.kind != Kind::Hidden).map(|each| each.label.as_str()).collect()
    }

    /// What is sent when the button with these words is pressed.
    ///
    /// # Panics
    /// When there is no such button.
    #[track_caller]
    pub fn pressed(&self, button: &str) -> Filled {
        let pressed = self.buttons.iter().find(|each| each.words.contains(button));
        let pressed = pressed.unwrap_or_else(|| panic!("no button {button:?} in {:?}", self.buttons));
        let mut filled = Filled::default();
        for each in &self.boxes {
            match (each.kind, &each.file) {
                (Kind::Tick, _) if !each.on => {}
                (Kind::File, Some((name, bytes))) => {
                    filled.files.push((each.name.clone(), name.clone(), bytes.clone()));
                }
                (Kind::File, None) => {}
                _ => filled.fields.push((each.name.clone(), each.value.clone())),
            }
        }
        if let Some(name) = &pressed.name {
            filled.fields.push((name.clone(), pressed.value.clone()));
        }
        filled
    }

    #[track_caller]
    fn the(&mut self, label: &str, kind: Kind) -> &mut Box {
        let exact = self.boxes.iter().position(|each| each.kind == kind && each.label == label);
        let near = || self.boxes.iter().position(|each| each.kind == kind && each.label.contains(label));
        match exact.or_else(near) {
            Some(index) => &mut self.boxes[index],
            None => panic!("no {kind:?} field {label:?} among {:?}", self.labels()),
        }
    }
}

/// The words in an element, with single spaces, without scripts and styles.
pub fn words(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    for node in element.descendants() {
        let Some(piece) = node.value().as_text() else { continue };
        let parent = node.parent().and_then(ElementRef::wrap);
        if parent
            .is_some_and(|each| matches!(each.value().name(), "script" | "style" | "template" | "noscript"))
        {
            continue;
        }
        text.push_str(piece);
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><h1>Declare <b>downtime</b></h1>
        <form method="post" action="/incidents">
        <input type="hidden" name="request_id" value="r1">
        <label for="n">Name</label><input id="n" name="name" value="old">
        <label for="c">Cause</label><textarea id="c" name="cause">
typed before</textarea>
        <label for="l">Level</label><select id="l" name="level"><option value="1">One<option value="2" selected>Two</select>
        <label><input type="checkbox" name="site" value="general" checked> General</label>
        <label><input type="checkbox" name="site" value="cape"> Cape</label>
        <button>Declare</button><button name="then" value="preview">Preview</button></form>"#;

    #[test]
    fn a_form_sends_what_the_page_holds_and_what_was_typed() {
        let page = Page::read(PAGE);
        assert_eq!(page.heading(), "Declare downtime");
        let filled = page.form("Declare").types("Name", "new").ticks("Cape").pressed("Preview");
        let sent: Vec<_> = filled.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            sent,
            [
                "request_id=r1",
                "name=new",
                "cause=typed before",
                "level=2",
                "site=general",
                "site=cape",
                "then=preview"
            ]
        );
    }

    #[test]
    #[should_panic(expected = "no Text field \"Nobody\"")]
    fn a_label_that_is_not_there_is_named() {
        let _ = Page::read(PAGE).form("Declare").types("Nobody", "x");
    }
}
