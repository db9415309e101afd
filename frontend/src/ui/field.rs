//! Fields after GOV.UK and NHS patterns: label, hint, error, box, in this order and in one column. What was
//! typed stays in the box; a placeholder is never a label.

use domain::field::FieldErrors;
use leptos::prelude::*;

use super::{escape, icon};

/// One field, described first and then drawn as the kind it is.
pub struct Field {
    name: String,
    id: String,
    label: String,
    hint: String,
    value: String,
    error: Option<String>,
    autocomplete: &'static str,
    width: &'static str,
    optional: bool,
    focused: bool,
}

/// One of several answers.
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: String,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: String::new() }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl Field {
    /// A field by the name it has in the command, and its label.
    pub fn new(name: &str, label: &str) -> Self {
        Self {
            name: name.to_owned(),
            id: field_id(name),
            label: label.to_owned(),
            hint: String::new(),
            value: String::new(),
            error: None,
            autocomplete: "off",
            width: "",
            optional: false,
            focused: false,
        }
    }

    /// Its own id, where several forms of a page have a field of this name.
    #[must_use]
    pub fn own_id(mut self, id: &str) -> Self {
        self.id = field_id(id);
        self
    }

    /// What helps to fill it in.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// What was typed, or a sensible default.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// Takes the sentence at this field's name, if there is one.
    #[must_use]
    pub fn errors(mut self, errors: &FieldErrors) -> Self {
        self.error = errors.at(&self.name).map(ToOwned::to_owned);
        self
    }

    /// What the browser may fill in: `username`, `current-password`, `new-password`, `one-time-code`.
    #[must_use]
    pub fn autocomplete(mut self, autocomplete: &'static str) -> Self {
        self.autocomplete = autocomplete;
        self
    }

    /// A box as wide as what belongs into it: a time, a code, a number.
    #[must_use]
    pub fn short(mut self) -> Self {
        self.width = " short";
        self
    }

    /// Has the focus when the page comes: only where a page is for this one field, as for a scanner.
    #[must_use]
    pub fn focused(mut self) -> Self {
        self.focused = true;
        self
    }

    /// Says that it may stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// A line of text.
    pub fn text(self) -> AnyView {
        self.input("text", "")
    }

    /// A whole number.
    pub fn number(self) -> AnyView {
        self.short().input("text", "numeric")
    }

    /// A date and time as `2024-07-19 02:05`, or a time.
    pub fn time(self) -> AnyView {
        self.short().input("text", "")
    }

    /// A secret; it is never put back into the box.
    pub fn password(self) -> AnyView {
        self.value("").input("password", "")
    }

    /// An e-mail address or user name.
    pub fn email(self) -> AnyView {
        self.input("email", "email")
    }

    /// A file.
    pub fn file(self, accept: &str) -> AnyView {
        let (id, described) = (self.id(), self.described_by());
        let (name, accept, invalid) = (self.name.clone(), accept.to_owned(), self.error.is_some());
        let input = view! {
            <input type="file" id=id name=name accept=accept aria-describedby=described
                aria-invalid=invalid.then_some("true")/>
        };
        self.around(input.into_any())
    }

    /// Several lines. The text is escaped here: leptos writes the children of a `textarea` as they are, so
    /// `</textarea><script>` would end the box. A line break is put first, because a browser drops one there.
    pub fn area(self, rows: u8) -> AnyView {
        let (id, described) = (self.id(), self.described_by());
        let (name, invalid) = (self.name.clone(), self.error.is_some());
        let inner = format!("\n{}", escape(&self.value));
        let area = view! {
            <textarea id=id name=name rows=rows.to_string() aria-describedby=described
                aria-invalid=invalid.then_some("true") inner_html=inner></textarea>
        };
        self.around(area.into_any())
    }

    /// One of many, in a list that opens. The value chosen is the field's value.
    pub fn select(self, choices: Vec<Choice>) -> AnyView {
        let (id, described) = (self.id(), self.described_by());
        let (name, invalid, chosen) = (self.name.clone(), self.error.is_some(), self.value.clone());
        let options = choices
            .into_iter()
            .map(|choice| {
                let selected = choice.value == chosen;
                view! { <option value=choice.value selected=selected>{choice.label}</option> }
            })
            .collect_view();
        let select = view! {
            <select id=id name=name aria-describedby=described aria-invalid=invalid.then_some("true")>
                {options}
            </select>
        };
        self.around(select.into_any())
    }

    /// One of few, all in sight.
    pub fn radios(self, choices: Vec<Choice>) -> AnyView {
        let chosen = vec![self.value.clone()];
        self.choices("radio", choices, &chosen)
    }

    /// Any of few, all in sight; `chosen` are the values that are ticked.
    pub fn checkboxes(self, choices: Vec<Choice>, chosen: &[String]) -> AnyView {
        self.choices("checkbox", choices, chosen)
    }

    /// One yes-or-no box, whose label is the field's own.
    pub fn tick(self, ticked: bool) -> AnyView {
        let (id, described) = (self.id(), self.described_by());
        let (hint, error) = (self.hint_view(), self.error_view());
        let class = self.class();
        view! {
            <div class=class>
                {error}
                <label class="choice">
                    <input type="checkbox" id=id name=self.name value="yes" checked=ticked
                        aria-describedby=described/>
                    <span>{self.label}</span>
                </label>
                {hint}
            </div>
        }
        .into_any()
    }

    fn input(self, kind: &'static str, mode: &'static str) -> AnyView {
        let (id, described) = (self.id(), self.described_by());
        let (name, value, invalid) = (self.name.clone(), self.value.clone(), self.error.is_some());
        let autocomplete = self.autocomplete;
        let class = format!("box{}", self.width);
        let mode = (!mode.is_empty()).then_some(mode);
        let focused = self.focused;
        let input = view! {
            <input class=class type=kind id=id name=name value=value inputmode=mode autocomplete=autocomplete
                autofocus=focused
                aria-describedby=described aria-invalid=invalid.then_some("true")/>
        };
        self.around(input.into_any())
    }

    fn choices(self, kind: &'static str, choices: Vec<Choice>, chosen: &[String]) -> AnyView {
        let described = self.described_by();
        let (hint, error) = (self.hint_view(), self.error_view());
        let (class, first_id) = (self.class(), self.id());
        let legend = self.label_words();
        let boxes = choices
            .into_iter()
            .enumerate()
            .map(|(index, choice)| {
                let id = if index == 0 { first_id.clone() } else { format!("{first_id}-{index}") };
                let checked = chosen.contains(&choice.value);
                let hint = (!choice.hint.is_empty()).then(|| view! { <small>{choice.hint}</small> });
                view! {
                    <label class="choice">
                        <input type=kind id=id name=self.name.clone() value=choice.value checked=checked/>
                        <span>{choice.label}{hint}</span>
                    </label>
                }
            })
            .collect_view();
        view! {
            <fieldset class=class aria-describedby=described>
                <legend>{legend}</legend>
                {hint}
                {error}
                {boxes}
            </fieldset>
        }
        .into_any()
    }

    fn around(self, input: AnyView) -> AnyView {
        let (hint, error) = (self.hint_view(), self.error_view());
        let (id, class, label) = (self.id(), self.class(), self.label_words());
        view! {
            <div class=class>
                <label for=id>{label}</label>
                {hint}
                {error}
                {input}
            </div>
        }
        .into_any()
    }

    fn label_words(&self) -> String {
        if self.optional { format!("{} (optional)", self.label) } else { self.label.clone() }
    }

    fn class(&self) -> &'static str {
        if self.error.is_some() { "field wrong" } else { "field" }
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn described_by(&self) -> Option<String> {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{}-hint", self.id()));
        }
        if self.error.is_some() {
            ids.push(format!("{}-error", self.id()));
        }
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    fn hint_view(&self) -> AnyView {
        let id = format!("{}-hint", self.id());
        let hint = self.hint.clone();
        (!hint.is_empty()).then(|| view! { <p class="hint" id=id>{hint}</p> }).into_any()
    }

    fn error_view(&self) -> AnyView {
        let id = format!("{}-error", self.id());
        self.error
            .clone()
            .map(|error| view! { <p class="error" id=id>{icon::flag()}<span class="unseen">"Error: "</span>{error}</p> })
            .into_any()
    }
}

/// The id of a field's box, to which the error summary links. Characters outside a name become hyphens.
pub fn field_id(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
        .collect();
    format!("field-{name}")
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn typed_markup_stays_inert_in_a_text_area() {
        let typed = "\nbasis</textarea><script>alert(1)</script> & more";
        let html = Field::new("basis", "Basis").value(typed).area(4).to_html();
        assert!(!html.contains("<script"), "{html}");
        assert_eq!(html.matches("</textarea>").count(), 1, "{html}");
        assert!(
            html.contains(">\n\nbasis&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; more<"),
            "{html}"
        );
    }

    #[test]
    fn typed_markup_stays_inert_in_a_line_of_text_and_in_a_choice() {
        let typed = r#""><script>alert(1)</script>"#;
        let line = Field::new("name", typed).hint(typed).value(typed).text().to_html();
        let list = Field::new("site", "Site").value(typed).select(vec![Choice::new(typed, typed)]).to_html();
        assert!(!line.contains("<script"), "{line}");
        assert!(!list.contains("<script"), "{list}");
        assert!(list.contains("selected"), "{list}");
    }

    #[test]
    fn an_error_stands_at_its_field_and_what_was_typed_stays() {
        let errors = FieldErrors::one("safe_by", "The date must be after 19 Jul 2024.");
        let html = Field::new("safe_by", "Safe-by date").value("12 07 2024").errors(&errors).text().to_html();
        assert!(html.contains("The date must be after 19 Jul 2024."), "{html}");
        assert!(html.contains(r#"value="12 07 2024""#), "{html}");
        assert!(html.contains(r#"aria-invalid="true""#), "{html}");
        assert!(html.contains(r#"aria-describedby="field-safe-by-error""#), "{html}");
    }

    #[test]
    fn a_secret_is_never_put_back_into_its_box() {
        let html = Field::new("password", "Password").value("hunter2").password().to_html();
        assert!(!html.contains("hunter2"), "{html}");
    }
}
