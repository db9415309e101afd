//! Whose words a reader of the log is shown. Everybody sees that something was done about a case, and when, and by
//! whom; what was written about it may name or describe the patient, and is for those who work on its site's cases.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    actor::Actor,
    id::{CaseId, FacilityId},
};
use sqlx::types::Uuid;

use super::store::{self, TextRow};
use crate::{
    cases::change,
    fetch_all,
    store::{Error, Rows, Sql, Tx, journal::JournalRow},
};

const SITES_OF_CASES: Sql = Sql {
    sqlite: "
    SELECT id, facility
    FROM patient_case
    WHERE id IN (SELECT unhex(value) FROM json_each($1))",
    postgres: "
    SELECT id, facility
    FROM patient_case
    WHERE id IN (SELECT value::uuid FROM json_array_elements_text($1::json))",
};

/// The texts beside these entries, which are of one chain and in order, without those that are not for this reader.
pub async fn texts(
    tx: &mut Tx,
    chain: Uuid,
    reader: &Actor,
    rows: &[JournalRow],
) -> Result<Vec<TextRow>, Error> {
    let (newest, oldest) = (rows.first().map_or(0, |row| row.seq), rows.last().map_or(0, |row| row.seq));
    let mut texts = store::texts(tx, chain, oldest, newest).await?;
    let cases: BTreeMap<i64, CaseId> = rows
        .iter()
        .filter_map(|row| Some((row.seq, row.subject.strip_prefix("case:")?.parse().ok()?)))
        .collect();
    if !texts.iter().any(|(seq, ..)| cases.contains_key(seq)) {
        return Ok(texts);
    }
    let ids: BTreeSet<String> = cases.values().map(|case| case.0.simple().to_string()).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let sites = fetch_all!(tx, (Uuid, Uuid), SITES_OF_CASES, Rows::of(&ids).text())?;
    let allowed = change::allowed(tx, reader).await?;
    let open: BTreeSet<CaseId> = sites
        .into_iter()
        .filter(|(_, site)| allowed.contains(&FacilityId(*site)))
        .map(|(case, _)| CaseId(case))
        .collect();
    texts.retain(|(seq, ..)| cases.get(seq).is_none_or(|case| open.contains(case)));
    Ok(texts)
}
