//! Reads a playbook file and says of every mistake where it stands.
//!
//! The text is read twice: once into the types, once into a tree that knows where each value begins. A mistake of
//! meaning carries the path to its field, and the tree turns the path into line and column.

use std::{fmt, ops::Range};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Playbook, check,
    kits::{Kit, Kits},
};

/// One mistake in a playbook file, as `file:line: field: expected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{file}:{line}: {field}: {expected}")]
pub struct PlaybookError {
    pub file: String,
    /// Counted from 1, as editors do; so is `column`.
    pub line: usize,
    pub column: usize,
    /// `instructions[2].system`, where 2 is the second one; `(file)` when no field can be named.
    pub field: String,
    /// What should stand there, as a sentence.
    pub expected: String,
}

impl Playbook {
    /// Reads the text of a playbook file, its kit from those that come with the program. `file` is only said in the
    /// errors.
    ///
    /// # Errors
    /// Every mistake that was found, in the order of the file. Mistakes of meaning are looked for only in a text
    /// whose shape is right.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<PlaybookError>> {
        Self::parse_with(file, text, Kits::shipped())
    }

    /// The same, with the kit that it names from these.
    ///
    /// # Errors
    /// As [`Playbook::parse`], and when there is no such kit.
    pub fn parse_with(file: &str, text: &str, kits: &Kits) -> Result<Self, Vec<PlaybookError>> {
        read(file, text, |mut playbook: Self| {
            let mut mistakes = kits.complete(&mut playbook);
            mistakes.extend(check::mistakes(&playbook));
            (playbook, mistakes)
        })
    }
}

impl Kit {
    /// Reads the text of a kit file. `file` is only said in the errors.
    ///
    /// # Errors
    /// Every mistake that was found, in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<PlaybookError>> {
        read(file, text, |kit: Self| {
            let mistakes = check::kit_mistakes(&kit);
            (kit, mistakes)
        })
    }
}

/// Reads a file's shape, then what it means.
fn read<T: DeserializeOwned>(
    file: &str,
    text: &str,
    meaning: impl FnOnce(T) -> (T, Vec<Mistake>),
) -> Result<T, Vec<PlaybookError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (tree, mistakes) = DeTable::parse_recoverable(text);
    let locator = Locator { file, text, tree: &tree };
    if !mistakes.is_empty() {
        return Err(mistakes.iter().map(|error| locator.shape(error)).collect());
    }
    let shape: T = toml::from_str(text).map_err(|error| vec![locator.shape(&error)])?;
    let (value, mistakes) = meaning(shape);
    if mistakes.is_empty() {
        return Ok(value);
    }
    let mut errors: Vec<_> = mistakes.iter().map(|mistake| locator.meaning(mistake)).collect();
    errors.sort_by_key(|error| (error.line, error.column));
    Err(errors)
}

/// A mistake of meaning, before it has a place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub path: Path,
    pub expected: String,
}

/// The way from the root of the file to a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    /// Counted from 0 here and from 1 in what people read.
    Item(usize),
}

impl Path {
    pub(super) fn of(field: &str) -> Self {
        Self::default().field(field)
    }

    pub(super) fn field(&self, field: &str) -> Self {
        self.with(Step::Field(field.to_owned()))
    }

    pub(super) fn item(&self, index: usize) -> Self {
        self.with(Step::Item(index))
    }

    fn with(&self, step: Step) -> Self {
        Self([self.0.as_slice(), &[step]].concat())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(file)");
        }
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(field) if at == 0 => f.write_str(field)?,
                Step::Field(field) => write!(f, ".{field}")?,
                Step::Item(index) => write!(f, "[{}]", index + 1)?,
            }
        }
        Ok(())
    }
}

struct Locator<'a> {
    file: &'a str,
    text: &'a str,
    tree: &'a Spanned<DeTable<'a>>,
}

impl Locator<'_> {
    /// A text that is not TOML, or a value of the wrong type.
    fn shape(&self, error: &toml::de::Error) -> PlaybookError {
        let span = error.span().unwrap_or(0..0);
        let path = path_at(self.tree.get_ref(), &span);
        let expected = error.message().replace('\n', " ");
        self.error(&path, span.start, format!("{}.", expected.trim_end_matches('.')))
    }

    fn meaning(&self, mistake: &Mistake) -> PlaybookError {
        let offset = offset_of(self.tree.get_ref(), &mistake.path);
        self.error(&mistake.path, offset, mistake.expected.clone())
    }

    fn error(&self, path: &Path, offset: usize, expected: String) -> PlaybookError {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        PlaybookError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            field: path.to_string(),
            expected,
        }
    }
}

/// Where the value at a path begins; where a step is missing, the table in which it should stand.
fn offset_of(root: &DeTable<'_>, path: &Path) -> usize {
    let mut offset = 0;
    let mut here: Option<&Spanned<DeValue<'_>>> = None;
    for step in &path.0 {
        let next = match (step, here.map(Spanned::get_ref)) {
            (Step::Field(field), None) => root.get(field.as_str()),
            (Step::Field(field), Some(DeValue::Table(table))) => table.get(field.as_str()),
            (Step::Item(index), Some(DeValue::Array(items))) => items.get(*index),
            _ => None,
        };
        let Some(value) = next else { break };
        offset = value.span().start;
        here = next;
    }
    offset
}

/// The path to the innermost value whose key or content covers the span.
fn path_at(root: &DeTable<'_>, span: &Range<usize>) -> Path {
    let mut path = Path::default();
    descend_table(root, span, &mut path);
    path
}

fn descend_table(table: &DeTable<'_>, span: &Range<usize>, path: &mut Path) -> bool {
    for (key, value) in table {
        let here = path.field(key.get_ref());
        let mut inner = here.clone();
        if descend(value.get_ref(), span, &mut inner) {
            *path = inner;
            return true;
        }
        if covers(&key.span(), span) || covers(&value.span(), span) {
            *path = here;
            return true;
        }
    }
    false
}

fn descend(value: &DeValue<'_>, span: &Range<usize>, path: &mut Path) -> bool {
    match value {
        DeValue::Table(table) => descend_table(table, span, path),
        DeValue::Array(items) => items.iter().enumerate().any(|(index, item)| {
            let mut inner = path.item(index);
            let found = descend(item.get_ref(), span, &mut inner) || covers(&item.span(), span);
            if found {
                *path = inner;
            }
            found
        }),
        _ => false,
    }
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    !outer.is_empty() && outer.start <= inner.start && inner.end <= outer.end
}
