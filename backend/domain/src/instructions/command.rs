//! What a person sends to issue, lift or approve an order.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Source, Word, check};
use crate::{
    field::{FieldErrors, Text},
    id::{ClearanceId, InstructionId},
    lexicon,
    scope::{Function, Functions, Place, Scope, SystemKind, Target},
};

/// Issuing an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Issue {
    pub request_id: Text,
    /// `all`, `group:ID`, `facility:ID` or `unit:ID`.
    pub place: Text,
    /// A system's code or id, or `kind:application`, `kind:device_class`, `kind:network`.
    pub system: Text,
    /// Codes of functions; all of them when empty.
    pub functions: Vec<Text>,
    /// `do_not_log_in`, `leave_off`, `read_only`, …
    pub word: Text,
    /// The functions of `use_only_for`.
    pub only_for: Vec<Text>,
    /// For which things of the system: `not used today`.
    pub condition: Text,
    /// What to do instead, in one sentence.
    pub instead: Text,
    /// At most twice ten letters, for the matrix.
    pub short: Text,
    /// `everyone`, `pilots` or `position`.
    pub whom: Text,
    /// The pilots, by login or account id; several in one text are separated by commas.
    pub pilots: Vec<Text>,
    /// The title of the position.
    pub position: Text,
    /// What older, narrower and weaker ones stay: `instruction:ID`, `clearance:ID`.
    pub keeps: Vec<Text>,
    /// The order that this one replaces, by its id.
    pub supersedes: Text,
}

/// Ending an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Lift {
    pub request_id: Text,
    /// Why it ends.
    pub reason: Text,
}

/// The second person's answer to an order that waits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Approve {
    pub request_id: Text,
    /// `approve` or `reject`; approve when empty.
    pub answer: Text,
}

/// What a command about an order gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Issued {
    pub instruction: InstructionId,
    pub seq: i64,
    /// `in_force`, `waiting`, `lifted`, `superseded` or `rejected`.
    pub state: State,
    /// Why a second person must look; empty when nobody must.
    pub waits_for: Vec<String>,
    /// The older, narrower, weaker ones that the new order suspends, in words.
    pub suspends: Vec<String>,
}

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Waiting,
    InForce,
    Lifted,
    Superseded,
    Rejected,
}

impl State {
    pub const ALL: [Self; 5] = [Self::Waiting, Self::InForce, Self::Lifted, Self::Superseded, Self::Rejected];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InForce => "in_force",
            Self::Lifted => "lifted",
            Self::Superseded => "superseded",
            Self::Rejected => "rejected",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// An order whose fields have been read. The target is still a word, for the store knows the systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub place: Place,
    pub target: TargetWord,
    pub functions: Functions,
    pub word: Word,
    pub only_for: Functions,
    pub condition: String,
    pub instead: String,
    pub short: String,
    pub whom: WhomWord,
    pub keeps: BTreeSet<Source>,
    pub supersedes: Option<InstructionId>,
}

/// For whom, with the pilots as they were named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhomWord {
    Everyone,
    Pilots(Vec<String>),
    Position(String),
}

/// A system by its code or id, or a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetWord {
    System(String),
    Kind(SystemKind),
}

impl Issue {
    /// Reads the fields.
    ///
    /// # Errors
    /// What is wrong, by field; a claim of an all clear is quoted.
    pub fn read(&self) -> Result<Wanted, FieldErrors> {
        let mut errors = FieldErrors::default();
        let place =
            errors.keep("place", self.place.trimmed().parse::<Place>().map_err(|_| "Choose where it holds."));
        let target = self.target(&mut errors);
        let word = Word::from_code(self.word.trimmed());
        if word.is_none() {
            errors.add("word", "Choose what people may or may not do.");
        }
        let functions = functions(&self.functions, Functions::ALL, "functions", &mut errors);
        let only_for = functions_of_word(word, &self.only_for, &mut errors);
        let condition = checked("condition", &self.condition, 80, &mut errors);
        let instead = checked("instead", &self.instead, 240, &mut errors);
        let short = checked("short", &self.short, 21, &mut errors);
        let whom = self.whom(&mut errors);
        let keeps = self.keeps(&mut errors);
        let supersedes = if self.supersedes.is_blank() {
            None
        } else {
            errors.keep("supersedes", self.supersedes.trimmed().parse::<InstructionId>())
        };
        if let (Some(place), Some(word)) = (place, word) {
            let scope = Scope { place, target: Target::Kind(SystemKind::Application), functions };
            if let Err(refusal) = check(&scope, word, only_for) {
                errors.add(field_of(&refusal.code), refusal.sentence);
            }
        }
        match (place, target, word) {
            (Some(place), Some(target), Some(word)) if errors.is_empty() => Ok(Wanted {
                place,
                target,
                functions,
                word,
                only_for,
                condition,
                instead,
                short,
                whom,
                keeps,
                supersedes,
            }),
            _ => Err(errors),
        }
    }

    fn target(&self, errors: &mut FieldErrors) -> Option<TargetWord> {
        let text = self.system.trimmed();
        if text.is_empty() {
            errors.add("system", "Choose the system or the kind of system.");
            return None;
        }
        match text.strip_prefix("kind:") {
            None => Some(TargetWord::System(text.to_owned())),
            Some(kind) => {
                let kind = SystemKind::from_code(kind).map(TargetWord::Kind);
                if kind.is_none() {
                    errors.add("system", "The kinds are application, device_class and network.");
                }
                kind
            }
        }
    }

    fn whom(&self, errors: &mut FieldErrors) -> WhomWord {
        match self.whom.trimmed() {
            "" | "everyone" => WhomWord::Everyone,
            "position" => {
                let position = errors.required("position", &self.position, 80, "Name the position.");
                WhomWord::Position(position.unwrap_or_default())
            }
            "pilots" => {
                let named = self.pilots.iter().flat_map(|text| text.0.split(','));
                let named: Vec<String> =
                    named.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
                if named.is_empty() {
                    errors.add("pilots", "Name the pilots for whom this instruction is.");
                }
                WhomWord::Pilots(named)
            }
            _ => {
                errors.add("whom", "Say for whom: everyone, pilots or position.");
                WhomWord::Everyone
            }
        }
    }

    fn keeps(&self, errors: &mut FieldErrors) -> BTreeSet<Source> {
        let mut kept = BTreeSet::new();
        for text in self.keeps.iter().filter(|text| !text.is_blank()) {
            match text.trimmed().parse() {
                Ok(source) => {
                    kept.insert(source);
                }
                Err(NotASource) => errors.add("keeps", "Write instruction:ID or clearance:ID."),
            }
        }
        kept
    }
}

/// A text that people will read: it may claim nothing (rule 1).
fn checked(field: &str, text: &Text, most: usize, errors: &mut FieldErrors) -> String {
    if let Err(refusal) = lexicon::refuse_all_clear(text.trimmed()) {
        errors.add(field, refusal.sentence);
    }
    errors.optional(field, text, most).unwrap_or_default()
}

fn field_of(code: &str) -> &'static str {
    match code {
        "only-for-what" | "only-for-all" | "only-for-unused" => "only_for",
        _ => "functions",
    }
}

fn functions_of_word(word: Option<Word>, texts: &[Text], errors: &mut FieldErrors) -> Functions {
    // A form sends what was ticked before the word was changed; only one word takes functions of its own.
    if word != Some(Word::UseOnlyFor) {
        return Functions::NONE;
    }
    functions(texts, Functions::NONE, "only_for", errors)
}

fn functions(texts: &[Text], when_empty: Functions, field: &str, errors: &mut FieldErrors) -> Functions {
    let named: Vec<&str> = texts.iter().map(Text::trimmed).filter(|text| !text.is_empty()).collect();
    if named.is_empty() {
        return when_empty;
    }
    if named.contains(&"all") {
        return Functions::ALL;
    }
    Functions::of(named.into_iter().filter_map(|code| {
        let function = Function::from_code(code);
        if function.is_none() {
            errors.add(field, format!("{code:?} is not a function."));
        }
        function
    }))
}

/// Why a text does not name an order or a clearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Write instruction:ID or clearance:ID.")]
pub struct NotASource;

impl std::str::FromStr for Source {
    type Err = NotASource;

    fn from_str(text: &str) -> Result<Self, NotASource> {
        let (kind, id) = text.split_once(':').ok_or(NotASource)?;
        match kind {
            "instruction" => {
                id.parse().map(|id: InstructionId| Self::Instruction(id)).map_err(|_| NotASource)
            }
            "clearance" => id.parse().map(|id: ClearanceId| Self::Clearance(id)).map_err(|_| NotASource),
            _ => Err(NotASource),
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instruction(id) => write!(f, "instruction:{id}"),
            Self::Clearance(id) => write!(f, "clearance:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(word: &str) -> Issue {
        Issue { place: "all".into(), system: "epic".into(), word: word.into(), ..Issue::default() }
    }

    #[test]
    fn an_order_needs_place_system_and_word() {
        let errors = Issue::default().read().expect_err("is empty");
        assert_eq!(errors.0.keys().map(String::as_str).collect::<Vec<_>>(), ["place", "system", "word"]);
        let wanted = issue("do_not_log_in").read().expect("is enough");
        assert_eq!(wanted.functions, Functions::ALL);
        assert_eq!(wanted.whom, WhomWord::Everyone);
    }

    #[test]
    fn its_texts_may_not_claim_an_all_clear() {
        let mut claims = issue("read_only");
        claims.instead = "A11 c1ear for registration".into();
        let errors = claims.read().expect_err("claims");
        assert!(errors.at("instead").is_some_and(|sentence| sentence.contains("A11 c1ear")));
    }

    #[test]
    fn use_only_for_names_its_functions_and_other_words_forget_them() {
        assert!(issue("use_only_for").read().expect_err("for what").at("only_for").is_some());
        let mut only = issue("use_only_for");
        only.only_for = vec!["registration".into(), "scheduling".into()];
        assert_eq!(only.read().expect("is complete").only_for.words(), "registration, scheduling");
        only.word = "leave_off".into();
        assert!(only.read().expect("is complete").only_for.is_empty());
    }
}
