//! Composing: what is typed, what a template gives, and what must be looked at twice before it leaves.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SecondLook, text::mark_exercise};
use crate::{
    Refusal,
    field::{FieldErrors, Text},
    id::{AudienceId, BroadcastId},
    identifiers::patient_identifiers,
    lexicon::{self, ForbiddenSystem},
    playbooks::{BlankSource, Message, Playbook},
    time::Timestamp,
};

/// Writes a broadcast, from a template of the playbook or freely. It is a draft until it is sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Compose {
    pub request_id: Text,
    /// The template's key; empty for a free text.
    pub template: Text,
    /// The blanks that someone types, by key and value in the same order.
    pub blank_keys: Vec<Text>,
    pub blank_values: Vec<Text>,
    /// Subject and body of the e-mail; with a template, empty means the template's own words.
    pub subject: Text,
    pub body: Text,
    /// The text message.
    pub sms: Text,
    /// The audiences: ids, `all`, `facility:ID`, `group:ID`, `unit:ID`, each perhaps with `,job=…`.
    pub audiences: Vec<Text>,
    /// The broadcast that this one takes the place of.
    pub supersedes: Text,
    /// The next promised update; the incident's clock is set to it when this is sent.
    pub next_update_at: Text,
    /// Says that what looks like a patient's data is none (rule 17).
    pub no_patient_data: Text,
}

/// What composing gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Composed {
    pub broadcast: BroadcastId,
    pub number: i64,
    pub second_looks: Vec<SecondLook>,
}

/// To whom, before anybody is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// A list that was given as a file.
    List(AudienceId),
    /// Staff of a place, perhaps of one job only.
    Staff { place: String, job: String },
}

/// A broadcast that can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub template: Option<String>,
    pub subject: String,
    pub body: String,
    pub sms: String,
    pub to: Vec<To>,
    pub supersedes: Option<BroadcastId>,
    pub no_patient_data: bool,
    /// Everything in it that people typed, now or when they declared; the rest is an approved template and data.
    pub typed: String,
}

/// A template with the playbook that approved it.
pub type Template<'a> = (&'a Playbook, &'a Message);

const MOST_BODY: usize = 8_000;
const MOST_SMS: usize = 900;

impl Compose {
    /// Reads the form: the template's blanks filled, or the typed bodies.
    ///
    /// # Errors
    /// What is missing or too long, at its field.
    pub fn read(
        &self,
        template: Option<Template<'_>>,
        data: &BTreeMap<String, String>,
        exercise: bool,
    ) -> Result<Draft, FieldErrors> {
        let mut errors = FieldErrors::default();
        let to = self.to(&mut errors);
        let supersedes = self.supersedes(&mut errors);
        let words = match template {
            Some((_, message)) => self.filled_template(message, data, &mut errors),
            None => self.typed(&mut errors),
        };
        let (Some([subject, body, sms]), true) = (words, errors.is_empty()) else { return Err(errors) };
        let untouched = self.subject.is_blank() && self.body.is_blank() && self.sms.is_blank();
        let approved = template.filter(|(_, message)| message.approved && message.is_free_of_typing());
        let [subject, body, sms] = [subject, body, sms].map(|text| mark_exercise(&text, exercise));
        let typed = match approved.filter(|_| untouched) {
            Some(template) => typed_into(template, data),
            None => format!("{subject}\n{body}\n{sms}"),
        };
        Ok(Draft {
            template: template.map(|(_, message)| message.key.clone()),
            subject,
            body,
            sms,
            to,
            supersedes,
            no_patient_data: self.no_patient_data.is_yes(),
            typed,
        })
    }

    /// To whom, each audience once.
    pub fn to(&self, errors: &mut FieldErrors) -> Vec<To> {
        let typed = self.audiences.iter().filter(|text| !text.is_blank());
        let mut to: Vec<To> =
            typed.filter_map(|text| errors.keep("audiences", read_to(text.trimmed()))).collect();
        to.sort();
        to.dedup();
        if to.is_empty() && errors.at("audiences").is_none() {
            errors.add("audiences", "Say to whom this goes.");
        }
        to
    }

    fn supersedes(&self, errors: &mut FieldErrors) -> Option<BroadcastId> {
        if self.supersedes.is_blank() {
            return None;
        }
        errors.keep("supersedes", self.supersedes.trimmed().parse())
    }

    fn typed(&self, errors: &mut FieldErrors) -> Option<[String; 3]> {
        let subject = errors.required("subject", &self.subject, 150, "Write the subject of the e-mail.");
        let body = errors.required("body", &self.body, MOST_BODY, "Write the message.");
        let sms = errors.required("sms", &self.sms, MOST_SMS, "Write the text message.");
        Some([one_line(&subject?), body?.replace("\r\n", "\n"), one_line(&sms?)])
    }

    fn filled_template(
        &self,
        message: &Message,
        data: &BTreeMap<String, String>,
        errors: &mut FieldErrors,
    ) -> Option<[String; 3]> {
        let mut values = data.clone();
        for (key, value) in self.blank_keys.iter().zip(&self.blank_values) {
            if message.blanks.iter().any(|blank| blank.key == key.0 && blank.source == BlankSource::Typed) {
                values.insert(key.0.clone(), value.trimmed().to_owned());
            }
        }
        let filled = match message.fill(&values) {
            Ok(filled) => filled,
            Err(missing) => {
                for key in &missing.0 {
                    let label = message
                        .blanks
                        .iter()
                        .find(|blank| blank.key == *key)
                        .map_or(key, |blank| &blank.label);
                    errors.add(format!("blank_{key}"), format!("Fill in {label:?}."));
                }
                return None;
            }
        };
        let email = filled.email.unwrap_or_else(|| crate::playbooks::Email {
            subject: message.name.clone(),
            body: filled.sms.clone().unwrap_or_default(),
        });
        let sms = filled.sms.unwrap_or_else(|| email.subject.clone());
        let own =
            |typed: &Text, given: String| if typed.is_blank() { given } else { typed.trimmed().to_owned() };
        let subject = own(&self.subject, email.subject);
        let body = own(&self.body, email.body);
        let sms = own(&self.sms, sms);
        let subject = errors.required("subject", &Text(subject), 250, "Write the subject of the e-mail.");
        let body = errors.required("body", &Text(body), MOST_BODY, "Write the message.");
        let sms = errors.required("sms", &Text(sms), MOST_SMS, "Write the text message.");
        Some([one_line(&subject?), body?.replace("\r\n", "\n"), one_line(&sms?)])
    }
}

/// What people typed elsewhere and the template takes over, such as the cause in the declaration.
fn typed_into((playbook, message): Template<'_>, data: &BTreeMap<String, String>) -> String {
    let taken = message.blanks.iter().filter(|blank| blank.source.is_typed()).filter_map(|blank| {
        let value = data.get(&blank.key)?.trim();
        (!value.is_empty() && !playbook.wrote(blank.source, value)).then_some(value)
    });
    taken.collect::<Vec<_>>().join("\n")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read_to(text: &str) -> Result<To, &'static str> {
    if let Ok(list) = text.parse() {
        return Ok(To::List(list));
    }
    let (place, job) = match text.split_once(",job=") {
        Some((place, job)) => (place.trim(), job.trim()),
        None => (text, ""),
    };
    let place: crate::scope::Place =
        place.parse().map_err(|_| "Choose a list, or write all, facility:ID, group:ID or unit:ID.")?;
    Ok(To::Staff { place: place.to_string(), job: job.to_owned() })
}

impl Draft {
    /// Checks the text (rule 1) and what people typed of it (rules 1 and 17): what a second person must look at, or why it cannot be sent at all.
    ///
    /// # Errors
    /// A claim of an all clear, with a link to where it is signed; data that may be a patient's without the
    /// sender's word that it is not.
    pub fn check(&self, forbidden: &[ForbiddenSystem], now: Timestamp) -> Result<Vec<SecondLook>, Refusal> {
        let text = format!("{}\n{}\n{}", self.subject, self.body, self.sms);
        lexicon::refuse_all_clear(&text)?;
        // Also by itself: the words around a blank may make an allowed clause of what was typed into it.
        lexicon::refuse_all_clear(&self.typed)?;
        let mut looks: Vec<SecondLook> = Vec::new();
        for named in lexicon::forbidden_systems_named(&self.typed, forbidden) {
            let look = SecondLook::NamesForbidden {
                system: named.system.to_string(),
                quoted: named.found.quoted,
                order: named.order,
            };
            if !looks.contains(&look) {
                looks.push(look);
            }
        }
        for hit in patient_identifiers(&self.typed, now) {
            let look =
                SecondLook::MayIdentify { likeness: hit.likeness.words().to_owned(), quoted: hit.quoted };
            if !looks.contains(&look) {
                looks.push(look);
            }
        }
        let identifies = looks.iter().find_map(|look| match look {
            SecondLook::MayIdentify { quoted, likeness } => Some((quoted, likeness)),
            SecondLook::NamesForbidden { .. } => None,
        });
        match identifies {
            Some((quoted, likeness)) if !self.no_patient_data => {
                let sentence = format!(
                    "{quoted:?} looks like {likeness}. Take it out, or confirm below that it is no patient's."
                );
                Err(Refusal::new("patient-data", sentence))
            }
            _ => Ok(looks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(text: &str) -> Compose {
        Compose {
            subject: "Update".into(),
            body: text.into(),
            sms: "Use paper.".into(),
            audiences: vec!["all".into()],
            ..Compose::default()
        }
    }

    fn epic() -> ForbiddenSystem {
        let system = crate::id::SystemId(uuid::Uuid::from_u128(1));
        ForbiddenSystem { system, names: vec!["Epic".to_owned()], order: "do not log in".to_owned() }
    }

    #[test]
    fn nothing_typed_is_said_at_each_field() {
        let errors =
            Compose::default().read(None, &BTreeMap::new(), false).expect_err("everything is missing");
        for field in ["audiences", "subject", "body", "sms"] {
            assert!(errors.at(field).is_some(), "{field}");
        }
    }

    #[test]
    fn a_free_text_that_names_a_forbidden_system_needs_a_second_look() {
        let draft = free("Epic is back, log in.").read(None, &BTreeMap::new(), false).expect("is complete");
        let looks = draft.check(&[epic()], Timestamp(0)).expect("may be sent after a second look");
        assert!(
            matches!(&looks[..], [SecondLook::NamesForbidden { order, .. }] if order == "do not log in"),
            "{looks:?}"
        );
    }

    /// The update of the sample, with its cause as somebody typed it at the declaration.
    fn update(cause: &str) -> Draft {
        let sample = include_str!("../playbooks/sample.toml");
        let mut playbook = Playbook::parse("sample.toml", sample).expect("is good");
        playbook.causes = vec!["Epic failed".to_owned()];
        let message = Message {
            key: "update".to_owned(),
            name: "Update".to_owned(),
            when: crate::playbooks::MessageUse::Update,
            language: "en".to_owned(),
            audience: "everyone".to_owned(),
            approved: true,
            email: None,
            sms: Some("Epic is down until {cause} is sent.".to_owned()),
            blanks: vec![crate::playbooks::Blank {
                key: "cause".to_owned(),
                label: "Cause".to_owned(),
                source: BlankSource::Cause,
                required: true,
            }],
        };
        let form = Compose { audiences: vec!["all".into()], ..Compose::default() };
        let data = BTreeMap::from([("cause".to_owned(), cause.to_owned())]);
        form.read(Some((&playbook, &message)), &data, false).expect("is complete")
    }

    #[test]
    fn what_was_typed_elsewhere_is_checked_where_a_template_inserts_it() {
        let looks = |cause: &str| update(cause).check(&[epic()], Timestamp(0));
        assert_eq!(looks("a vendor update"), Ok(Vec::new()), "the template may name what it likes");
        assert_eq!(looks("Epic failed"), Ok(Vec::new()), "the playbook's own words");
        let back = looks("a fault, Epic is back").expect("may be sent after a second look");
        assert!(
            matches!(&back[..], [SecondLook::NamesForbidden { quoted, .. }] if quoted == "Epic"),
            "{back:?}"
        );
        assert!(looks("the all clear").is_err(), "the words around it make an allowed clause of it");
        assert_eq!(
            looks("MRN 00412345").map_err(|refusal| refusal.code.into_owned()),
            Err("patient-data".into())
        );
    }

    #[test]
    fn nobody_claims_an_all_clear() {
        let draft = free("ALL CLEAR, use Epic.").read(None, &BTreeMap::new(), false).expect("is complete");
        assert!(draft.check(&[], Timestamp(0)).is_err());
    }

    #[test]
    fn an_exercise_says_so_in_every_body() {
        let draft = free("Use paper.").read(None, &BTreeMap::new(), true).expect("is complete");
        for text in [&draft.subject, &draft.body, &draft.sms] {
            assert!(text.starts_with("EXERCISE"), "{text}");
        }
    }
}
