//! What keeps an incident from closing: one list, into which every capability writes its part (rule 13).
//!
//! Some of it can never be waived. The rest may be, item by item, by two named people in two roles with a reason;
//! a waived case is not ended by that but moves to a named owner's standing list.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Refusal, actor::Role, id::AccountId};

/// What kind of thing is in the way. Cross-checks and actions write theirs when they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockerKind {
    ScopeNotClear,
    RowUndecided,
    FormOut,
    /// A log sheet, call list or sign-in sheet of command that nobody has typed in or counted.
    OwnSheetOut,
    CaseOpen,
    FormMissing,
    FormNotAtItsEnd,
    CrossCheckGap,
    ActionWithoutOwner,
    /// Nobody has looked again, or the patient does not know what was found.
    ReviewOpen,
}

impl BlockerKind {
    pub const ALL: [Self; 10] = [
        Self::ScopeNotClear,
        Self::RowUndecided,
        Self::FormOut,
        Self::OwnSheetOut,
        Self::CaseOpen,
        Self::FormMissing,
        Self::FormNotAtItsEnd,
        Self::CrossCheckGap,
        Self::ActionWithoutOwner,
        Self::ReviewOpen,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::ScopeNotClear => "scope_not_clear",
            Self::RowUndecided => "row_undecided",
            Self::FormOut => "form_out",
            Self::OwnSheetOut => "own_sheet_out",
            Self::CaseOpen => "case_open",
            Self::FormMissing => "form_missing",
            Self::FormNotAtItsEnd => "form_not_at_its_end",
            Self::CrossCheckGap => "cross_check_gap",
            Self::ActionWithoutOwner => "action_without_owner",
            Self::ReviewOpen => "review_open",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether two people may let the incident close in spite of it.
    pub const fn is_waivable(self) -> bool {
        !matches!(self, Self::ScopeNotClear | Self::RowUndecided | Self::FormOut | Self::OwnSheetOut)
    }

    /// Whether a waiver must name the person on whose standing list it goes on.
    pub const fn needs_an_owner(self) -> bool {
        matches!(self, Self::CaseOpen)
    }

    /// The roles that answer for it, in which two people may waive it.
    pub const fn waiving_roles(self) -> &'static [Role] {
        match self {
            Self::ScopeNotClear | Self::RowUndecided | Self::FormOut | Self::OwnSheetOut => &[],
            Self::CaseOpen => &[Role::Commander, Role::CaseManager, Role::Signer],
            Self::FormMissing | Self::FormNotAtItsEnd | Self::CrossCheckGap => {
                &[Role::Commander, Role::FormsClerk, Role::Signer]
            }
            Self::ActionWithoutOwner => &[Role::Commander, Role::Administrator, Role::Signer],
            Self::ReviewOpen => &[Role::Commander, Role::FormsClerk, Role::CaseManager, Role::Signer],
        }
    }

    /// `1 scope is not clear`, `3 scopes are not clear`.
    pub fn counted(self, count: i64) -> String {
        let (one, many) = match self {
            Self::ScopeNotClear => ("scope is not clear", "scopes are not clear"),
            Self::RowUndecided => ("booked row is undecided", "booked rows are undecided"),
            Self::FormOut => ("form is out", "forms are out"),
            Self::OwnSheetOut => ("sheet of command is out", "sheets of command are out"),
            Self::CaseOpen => ("patient case is open", "patient cases are open"),
            Self::FormMissing => ("form is missing", "forms are missing"),
            Self::FormNotAtItsEnd => ("form has not reached its end", "forms have not reached their end"),
            Self::CrossCheckGap => ("gap of a cross-check is open", "gaps of cross-checks are open"),
            Self::ActionWithoutOwner => ("action has no owner and date", "actions have no owner and date"),
            Self::ReviewOpen => ("item waits for its second look", "items wait for their second look"),
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}

/// One thing in the way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    pub id: Uuid,
    /// As the list shows it: a scope, a serial, a case number.
    pub label: String,
    /// Its own page, or the list in which it stands.
    pub path: String,
}

/// Everything of one kind that is in the way, counted whole and named as far as a page can show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blocker {
    pub kind: BlockerKind,
    /// How many are in the way, waived ones not counted.
    pub count: i64,
    pub waived: i64,
    /// Where the rows are.
    pub link: String,
    pub items: Vec<Item>,
}

/// What a waiver says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiver {
    pub kind: BlockerKind,
    pub item: Uuid,
    pub reason: String,
    /// For a case, who keeps it on their standing list.
    pub owner: Option<AccountId>,
    pub first: (AccountId, Role),
    pub second: Option<(AccountId, Role)>,
}

impl Waiver {
    /// The first of two people asks for the waiver.
    ///
    /// # Errors
    /// Refused for what can never be waived, in a role that does not answer for it, without a reason, and for a
    /// case without an owner.
    pub fn ask(
        kind: BlockerKind,
        item: Uuid,
        reason: &str,
        owner: Option<AccountId>,
        first: (AccountId, Role),
    ) -> Result<Self, Refusal> {
        if !kind.is_waivable() {
            return Err(Refusal::new(
                "cannot-be-waived",
                format!("{}: that cannot be waived.", kind.counted(1)),
            ));
        }
        may_waive(kind, first.1)?;
        if reason.trim().is_empty() {
            return Err(Refusal::new("no-reason", "Give the reason for waiving this."));
        }
        if kind.needs_an_owner() && owner.is_none() {
            return Err(Refusal::new("no-owner", "Name who keeps this patient on their list until seen."));
        }
        Ok(Self { kind, item, reason: reason.trim().to_owned(), owner, first, second: None })
    }

    /// The second person agrees, and the waiver takes effect.
    ///
    /// # Errors
    /// Refused for the same person, for the same role, in a role that does not answer for it, and twice.
    pub fn agree(&mut self, second: (AccountId, Role)) -> Result<(), Refusal> {
        if self.second.is_some() {
            return Err(Refusal::new("already-waived", "This is already waived."));
        }
        may_waive(self.kind, second.1)?;
        if second.0 == self.first.0 {
            return Err(Refusal::new("one-person", "A waiver takes two people; you asked for it."));
        }
        if second.1 == self.first.1 {
            return Err(Refusal::new("one-role", "A waiver takes two people in two roles."));
        }
        self.second = Some(second);
        Ok(())
    }

    /// Whether both have said yes.
    pub const fn is_in_effect(&self) -> bool {
        self.second.is_some()
    }
}

fn may_waive(kind: BlockerKind, role: Role) -> Result<(), Refusal> {
    let roles = kind.waiving_roles();
    if roles.contains(&role) {
        return Ok(());
    }
    let words: Vec<&str> = roles.iter().map(|role| role.words()).collect();
    let sentence = format!("{} does not waive this; one of these does: {}.", role.words(), words.join(", "));
    Err(Refusal::new("not-yours-to-waive", sentence))
}

/// The list as it stands, in the order of the rule, without what is at zero.
pub fn one_list(parts: impl IntoIterator<Item = Blocker>) -> Vec<Blocker> {
    let mut list: Vec<Blocker> = parts.into_iter().filter(|part| part.count > 0 || part.waived > 0).collect();
    list.sort_by_key(|part| part.kind);
    list
}

/// Whether the incident may close.
///
/// # Errors
/// The refusal counts what is still in the way, and says whether it may be waived.
pub fn may_close(list: &[Blocker]) -> Result<(), Refusal> {
    let open: Vec<&Blocker> = list.iter().filter(|part| part.count > 0).collect();
    if open.is_empty() {
        return Ok(());
    }
    let said: Vec<String> = open.iter().map(|part| part.kind.counted(part.count)).collect();
    let kinds: BTreeSet<bool> = open.iter().map(|part| part.kind.is_waivable()).collect();
    let waivable = if kinds.contains(&false) {
        "Scopes, undecided rows, and forms and sheets that are out cannot be waived."
    } else {
        "Two people in two roles may waive each with a reason."
    };
    Err(Refusal::new("blocked", format!("This incident cannot close: {}. {waivable}", said.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(n: u128) -> AccountId {
        AccountId(Uuid::from_u128(n))
    }

    fn ask(kind: BlockerKind, reason: &str, owner: Option<AccountId>) -> Result<Waiver, Refusal> {
        Waiver::ask(kind, Uuid::from_u128(1), reason, owner, (person(1), Role::Commander))
    }

    fn blocker(kind: BlockerKind, count: i64) -> Blocker {
        Blocker { kind, count, waived: 0, link: String::new(), items: Vec::new() }
    }

    #[test]
    fn scopes_undecided_rows_and_forms_out_cannot_be_waived() {
        for kind in BlockerKind::ALL {
            let asked = ask(kind, "a reason", Some(person(9)));
            let never = matches!(
                kind,
                BlockerKind::ScopeNotClear
                    | BlockerKind::RowUndecided
                    | BlockerKind::FormOut
                    | BlockerKind::OwnSheetOut
            );
            assert_eq!(asked.is_err(), never, "{}", kind.code());
            assert_eq!(BlockerKind::from_code(kind.code()), Some(kind));
        }
    }

    #[test]
    fn a_waiver_takes_two_people_in_two_roles_with_a_reason() {
        assert!(ask(BlockerKind::FormMissing, "  ", None).is_err());
        let mut waiver = ask(BlockerKind::FormMissing, "Burnt in the depot", None).expect("is waivable");
        assert!(!waiver.is_in_effect());
        assert!(waiver.agree((person(1), Role::FormsClerk)).is_err(), "the same person");
        assert!(waiver.agree((person(2), Role::Commander)).is_err(), "the same role");
        assert_eq!(waiver.agree((person(2), Role::FormsClerk)), Ok(()));
        assert!(waiver.is_in_effect());
    }

    #[test]
    fn only_who_answers_for_it_waives_it() {
        for kind in BlockerKind::ALL {
            assert_eq!(kind.waiving_roles().is_empty(), !kind.is_waivable(), "{}", kind.code());
            assert!(!kind.waiving_roles().contains(&Role::Viewer));
        }
        let mut waiver = ask(BlockerKind::FormMissing, "Burnt in the depot", None).expect("is waivable");
        assert_eq!(waiver.agree((person(2), Role::Viewer)).expect_err("a viewer").code, "not-yours-to-waive");
    }

    #[test]
    fn a_waived_case_goes_to_a_named_owner() {
        assert_eq!(ask(BlockerKind::CaseOpen, "moved away", None).expect_err("no owner").code, "no-owner");
        assert!(ask(BlockerKind::CaseOpen, "moved away", Some(person(4))).is_ok());
    }

    #[test]
    fn the_refusal_counts_everything_that_is_in_the_way() {
        assert_eq!(may_close(&[]), Ok(()));
        assert_eq!(may_close(&[blocker(BlockerKind::CaseOpen, 0)]), Ok(()));
        let list = one_list([blocker(BlockerKind::CaseOpen, 3), blocker(BlockerKind::ScopeNotClear, 1)]);
        let refusal = may_close(&list).expect_err("is blocked");
        assert_eq!(
            refusal.sentence,
            "This incident cannot close: 1 scope is not clear, 3 patient cases are open. Scopes, undecided rows, \
             and forms and sheets that are out cannot be waived."
        );
    }
}
