//! Writing what became of sheets: the one place where a sheet, its events, and every sum that counts it change, in one
//! transaction, be it a decision or a scan.

use std::collections::BTreeMap;

use domain::{
    forms::{FOUND_PREFIX, Ledger},
    id::{AccountId, IncidentId, IssueId, UnitId},
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::{
    store::{
        self, Change, Under,
        custody::{self, Ages},
        issues,
    },
    tally,
};
use crate::store::{Error, Tx, journal::Decision};

/// When and by whom sheets are changed, and under which number of the log it is listed.
pub(super) struct Moment {
    pub incident: IncidentId,
    pub at: Timestamp,
    pub under: Under,
    pub account: AccountId,
    /// Under which a scan was sent; decisions are remembered elsewhere.
    pub request: Option<Uuid>,
}

/// Writes the new states of sheets in a decision.
pub(crate) async fn save(
    decision: &mut Decision,
    incident: IncidentId,
    changes: &[Change],
) -> Result<(), Error> {
    let (at, seq, account) = (decision.at, decision.seq, decision.account);
    let moment = Moment { incident, at, under: Under::Decision(seq), account, request: None };
    save_at(&mut decision.tx, &moment, changes).await
}

/// Writes new states and places of sheets, their events, and every sum that counts them.
pub(super) async fn save_at(tx: &mut Tx, moment: &Moment, changes: &[Change]) -> Result<(), Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let Moment { incident, at, under, account, request } = *moment;
    store::update(tx, changes, at).await?;
    store::log(tx, changes, under, at, account).await?;
    custody::log(tx, changes, at, account, request).await?;
    let mut sums: BTreeMap<(UnitId, &str, bool), Ledger> = BTreeMap::new();
    let mut ranges: BTreeMap<IssueId, Ledger> = BTreeMap::new();
    let mut ages = Ages::new();
    for change in changes {
        let row = &change.row;
        let sum = Ledger::change(&change.before, &change.after);
        if sum != Ledger::default() {
            let key = (row.unit, row.form_type.as_str(), row.prefix == FOUND_PREFIX);
            *sums.entry(key).or_default() += sum;
            if let Some(issue) = row.issue {
                *ranges.entry(issue).or_default() += sum;
            }
        }
        if row.custody.ages(change.before.state) {
            *ages.entry((row.custody, custody::hour(row.custody_at))).or_default() -= 1;
        }
        if change.custody.ages(change.after.state) {
            let since = if change.custody == row.custody { row.custody_at } else { at };
            *ages.entry((change.custody, custody::hour(since))).or_default() += 1;
        }
    }
    for ((unit, form_type, found), sum) in sums {
        tally::add(tx, incident, form_type, unit, found, &sum).await?;
    }
    issues::add(tx, &ranges).await?;
    custody::add_ages(tx, incident, &ages).await
}
