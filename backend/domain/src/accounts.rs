//! Local accounts: signing in needs no hospital sign-on, because at three in the morning there may be none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actor::{Grant, Role},
    field::{FieldErrors, Text},
    id::AccountId,
};

/// The fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 12;

/// Signing in. `path` is where to go afterwards.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SignIn {
    pub login: Text,
    pub password: Text,
    pub path: Text,
}

/// The first administrator of an empty installation, by the one-time link that the program prints.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SetUp {
    pub request_id: Text,
    /// The secret of the one-time link.
    pub secret: Text,
    /// What the organisation is called, as it stands on every page.
    pub organisation: Text,
    /// IANA zone of the command room.
    pub zone: Text,
    pub login: Text,
    pub name: Text,
    pub password: Text,
}

/// A person uses their sealed card for the first time and chooses a password.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FirstUse {
    pub login: Text,
    /// The one-time code on the card.
    pub code: Text,
    pub password: Text,
}

/// A new account. Each grant is written `role@place`, a signer's `signer:cio@all`; a page names roles and one place.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NewAccount {
    pub request_id: Text,
    pub login: Text,
    pub name: Text,
    pub grants: Vec<Text>,
    /// Codes of roles, each held at `place`.
    pub roles: Vec<Text>,
    /// `all`, `group:ID`, `facility:ID` or `unit:ID`.
    pub place: Text,
    /// As what a signer of `roles` signs, in the playbook's word.
    pub signs_as: Text,
    /// A program gets no card; it is given a bearer token.
    pub program: Text,
}

/// Roles that an account is given, written as for a new one.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GiveRoles {
    pub request_id: Text,
    pub grants: Vec<Text>,
    pub roles: Vec<Text>,
    pub place: Text,
    pub signs_as: Text,
}

/// A role that is taken away, as it stands among the account's grants.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TakeRole {
    pub request_id: Text,
    pub grant: Text,
}

/// A change of an account that says all by its address.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AccountAsked {
    pub request_id: Text,
}

/// What an account is after a change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountChanged {
    pub account: AccountId,
    pub login: String,
    pub locked: bool,
    pub grants: Vec<String>,
    /// One-time code of a new card; empty otherwise.
    pub first_use_code: String,
}

/// What making an account gives: the code for the card, shown once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountMade {
    pub account: AccountId,
    pub login: String,
    /// One-time code for the first use; empty for a program.
    pub first_use_code: String,
}

/// Who has just signed in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SignedInAs {
    pub account: AccountId,
    pub name: String,
    pub roles: Vec<Role>,
}

/// Reads a grant as written in forms and files: `role@place`, `signer:cio@facility:ID`.
///
/// # Errors
/// One sentence that shows how grants are written.
pub fn parse_grant(text: &str) -> Result<Grant, String> {
    let wrong =
        || format!("Write a role and its place as commander@all or signer:cio@facility:ID, not {text:?}.");
    let (role, place) = text.trim().split_once('@').ok_or_else(wrong)?;
    let (role, signs_as) = role.split_once(':').unwrap_or((role, ""));
    let role = Role::from_code(role).ok_or_else(wrong)?;
    if (role == Role::Signer) == signs_as.is_empty() {
        return Err("A signer says as whom, as signer:cio@all; other roles sign nothing.".into());
    }
    let place = place.parse().map_err(|_| wrong())?;
    Ok(Grant { role, place, signs_as: signs_as.to_owned() })
}

/// Reads the grants of a form: those written out, and each named role at the named place.
pub fn read_grants(
    errors: &mut FieldErrors,
    written: &[Text],
    roles: &[Text],
    place: &Text,
    signs_as: &Text,
) -> Vec<Grant> {
    let kept = |texts: &[Text]| -> Vec<String> {
        texts.iter().filter(|text| !text.is_blank()).map(|text| text.trimmed().to_owned()).collect()
    };
    let mut grants: Vec<Grant> =
        kept(written).iter().filter_map(|text| errors.keep("grants", parse_grant(text))).collect();
    for code in kept(roles) {
        let Some(role) = Role::from_code(&code) else {
            errors.add("roles", "Choose roles from the list.");
            continue;
        };
        let Ok(place) = place.trimmed().parse() else {
            errors.add("place", "Choose where.");
            return grants;
        };
        let signs_as = if role == Role::Signer { signs_as.trimmed().to_owned() } else { String::new() };
        if role == Role::Signer && signs_as.is_empty() {
            errors.add("signs_as", "Say as what the signer signs, in the playbook's word, such as cio.");
            continue;
        }
        grants.push(Grant { role, place, signs_as });
    }
    if grants.is_empty() && errors.is_empty() {
        errors.add("roles", "Give at least one role.");
    }
    grants
}

/// A grant as it is written in forms and files.
pub fn written(grant: &Grant) -> String {
    match grant.signs_as.as_str() {
        "" => format!("{}@{}", grant.role.code(), grant.place),
        signer => format!("{}:{signer}@{}", grant.role.code(), grant.place),
    }
}

/// Checks a password's length; nothing else about it is prescribed (NIST SP 800-63B).
pub fn check_password(errors: &mut FieldErrors, password: &Text) {
    let length = password.0.chars().count();
    if length < SHORTEST_PASSWORD {
        errors.add(
            "password",
            format!("Use at least {SHORTEST_PASSWORD} characters; a short sentence is best."),
        );
    } else if length > 200 {
        errors.add("password", "Use at most 200 characters.");
    }
}

/// Checks a login name: 2 to 64 letters, digits, dots, dashes, underscores or `@`, kept in lower case.
pub fn check_login(errors: &mut FieldErrors, login: &Text) -> Option<String> {
    let login = login.trimmed().to_lowercase();
    let fits = (2..=64).contains(&login.chars().count())
        && login.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'));
    if fits {
        return Some(login);
    }
    errors.add("login", "Use 2 to 64 letters, digits, dots, dashes or underscores, without spaces.");
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::Place;

    #[test]
    fn a_signer_says_as_whom() {
        let grant = parse_grant("signer:cio@all").expect("is a grant");
        assert_eq!((grant.role, grant.place, grant.signs_as.as_str()), (Role::Signer, Place::All, "cio"));
        assert!(parse_grant("signer@all").is_err());
        assert!(parse_grant("viewer:cio@all").is_err());
        assert!(parse_grant("king@all").is_err());
    }

    #[test]
    fn named_roles_are_held_at_the_named_place_and_only_a_signer_signs() {
        let texts = |words: &[&str]| words.iter().map(|word| Text::from(*word)).collect::<Vec<_>>();
        let read = |written: &[&str], roles: &[&str], place: &str, signs_as: &str| {
            let mut errors = FieldErrors::default();
            let grants =
                read_grants(&mut errors, &texts(written), &texts(roles), &place.into(), &signs_as.into());
            errors.into_result().map(|()| grants.iter().map(self::written).collect::<Vec<_>>())
        };
        let both = read(&["viewer@all"], &["commander", "signer"], "all", "cio").expect("can be read");
        assert_eq!(both, ["viewer@all", "commander@all", "signer:cio@all"]);
        assert!(read(&[], &["commander"], "", "").expect_err("no place").at("place").is_some());
        assert!(read(&[], &["signer"], "all", "").expect_err("signs as nothing").at("signs_as").is_some());
        assert!(read(&[], &["king"], "all", "").expect_err("no such role").at("roles").is_some());
        assert!(read(&[], &[], "all", "").expect_err("no role").at("roles").is_some());
    }
}
