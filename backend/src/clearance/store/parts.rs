//! What belongs to scopes: evidence, signatures and waves, read for several at once.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    clearance::{AttachedFile, Clearance, Given, Outcome, Progress, Refused, Signature, Wave},
    id::AccountId,
    scope::Functions,
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::id_list;
use crate::{
    fetch_all,
    store::{Error, Sql, Tx},
};

const EVIDENCE: Sql = Sql {
    sqlite: "
    SELECT clearance_evidence.clearance, clearance_evidence.number, piece, outcome, note, figure, link,
        clearance_evidence.at, expires_at, clearance_evidence.account, waived_as, agreed_account, agreed_role,
        name, media, size, sha256
    FROM clearance_evidence
    LEFT JOIN clearance_file ON clearance_file.clearance = clearance_evidence.clearance
        AND clearance_file.number = clearance_evidence.file
    WHERE clearance_evidence.clearance IN (SELECT unhex(value) FROM json_each($1))
    ORDER BY clearance_evidence.clearance, clearance_evidence.number",
    postgres: "
    SELECT clearance_evidence.clearance, clearance_evidence.number, piece, outcome, note, figure, link,
        clearance_evidence.at, expires_at, clearance_evidence.account, waived_as, agreed_account, agreed_role,
        name, media, size, sha256
    FROM clearance_evidence
    LEFT JOIN clearance_file ON clearance_file.clearance = clearance_evidence.clearance
        AND clearance_file.number = clearance_evidence.file
    WHERE clearance_evidence.clearance IN (SELECT value::uuid FROM json_array_elements_text($1::json))
    ORDER BY clearance_evidence.clearance, clearance_evidence.number",
};

#[derive(sqlx::FromRow)]
struct EvidenceRow {
    clearance: Uuid,
    number: i64,
    piece: String,
    outcome: String,
    note: String,
    figure: Option<i64>,
    link: String,
    at: i64,
    expires_at: i64,
    account: Uuid,
    waived_as: String,
    agreed_account: Option<Uuid>,
    agreed_role: Option<String>,
    name: Option<String>,
    media: Option<String>,
    size: Option<i64>,
    sha256: Option<String>,
}

impl TryFrom<EvidenceRow> for Given {
    type Error = Error;

    fn try_from(row: EvidenceRow) -> Result<Self, Error> {
        let corrupt = || Error::Corrupt(format!("evidence was {:?}", row.outcome));
        let outcome = Outcome::from_code(&row.outcome).ok_or_else(corrupt)?;
        let file = match (row.name, row.media, row.size, row.sha256) {
            (Some(name), Some(media), Some(size), Some(sha256)) => {
                Some(AttachedFile { name, media, size, sha256 })
            }
            _ => None,
        };
        Ok(Self {
            key: row.piece,
            number: row.number,
            outcome,
            note: row.note,
            figure: row.figure,
            link: row.link,
            file,
            at: Timestamp(row.at),
            expires_at: Timestamp(row.expires_at),
            by: AccountId(row.account),
            waived_as: row.waived_as,
            agreed: row.agreed_account.map(AccountId).zip(row.agreed_role),
        })
    }
}

const SIGNOFFS: Sql = Sql {
    sqlite: "
    SELECT clearance, signer, what, account, at, words, on_evidence, functions, content
    FROM clearance_signoff
    WHERE clearance IN (SELECT unhex(value) FROM json_each($1)) AND ended IS NULL
    ORDER BY clearance, seq",
    postgres: "
    SELECT clearance, signer, what, account, at, words, on_evidence, functions, content
    FROM clearance_signoff
    WHERE clearance IN (SELECT value::uuid FROM json_array_elements_text($1::json)) AND ended IS NULL
    ORDER BY clearance, seq",
};

type SignoffRow = (Uuid, String, String, Uuid, i64, String, String, i64, String);

const WAVES: Sql = Sql {
    sqlite: "
    SELECT clearance, number, units, starts_at, hold_minutes, hold_owner, expected, condition_words, progress,
        planned_by, begun_at, passed_at, orders
    FROM clearance_wave
    WHERE clearance IN (SELECT unhex(value) FROM json_each($1)) AND progress <> 'unplanned'
    ORDER BY clearance, number",
    postgres: "
    SELECT clearance, number, units, starts_at, hold_minutes, hold_owner, expected, condition_words, progress,
        planned_by, begun_at, passed_at, orders
    FROM clearance_wave
    WHERE clearance IN (SELECT value::uuid FROM json_array_elements_text($1::json)) AND progress <> 'unplanned'
    ORDER BY clearance, number",
};

#[derive(sqlx::FromRow)]
struct WaveRow {
    clearance: Uuid,
    number: i64,
    units: String,
    starts_at: i64,
    hold_minutes: i64,
    hold_owner: String,
    expected: i64,
    condition_words: String,
    progress: String,
    planned_by: Uuid,
    begun_at: Option<i64>,
    passed_at: Option<i64>,
    orders: String,
}

fn list<T: serde::de::DeserializeOwned + Ord>(text: &str) -> Result<BTreeSet<T>, Error> {
    serde_json::from_str(text).map_err(|error| Error::Corrupt(error.to_string()))
}

impl TryFrom<WaveRow> for Wave {
    type Error = Error;

    fn try_from(row: WaveRow) -> Result<Self, Error> {
        let corrupt = || Error::Corrupt(format!("a wave is {:?}", row.progress));
        Ok(Self {
            number: row.number,
            units: list(&row.units)?,
            starts_at: Timestamp(row.starts_at),
            hold_minutes: row.hold_minutes,
            hold_owner: row.hold_owner,
            expected: row.expected,
            condition: row.condition_words,
            progress: Progress::from_code(&row.progress).ok_or_else(corrupt)?,
            planned_by: AccountId(row.planned_by),
            begun_at: row.begun_at.map(Timestamp),
            passed_at: row.passed_at.map(Timestamp),
            orders: list(&row.orders)?,
        })
    }
}

/// Reads what belongs to these scopes into them; of each piece of evidence the latest giving.
pub(super) async fn read(tx: &mut Tx, clearances: &mut [Clearance]) -> Result<(), Error> {
    let ids: Vec<_> = clearances.iter().map(|clearance| clearance.id).collect();
    let ids = id_list(&ids);
    let index: BTreeMap<Uuid, usize> =
        clearances.iter().enumerate().map(|(position, clearance)| (clearance.id.0, position)).collect();
    for row in fetch_all!(tx, EvidenceRow, EVIDENCE, &ids)? {
        let Some(position) = index.get(&row.clearance) else { continue };
        let given: Given = row.try_into()?;
        // What was looked at before the latest restore proves nothing of it.
        if clearances[*position].restored_at.is_none_or(|at| given.at < at) {
            continue;
        }
        let evidence = &mut clearances[*position].evidence;
        evidence.retain(|older| older.key != given.key);
        evidence.push(given);
    }
    for (id, signer, what, by, at, words, on, functions, content) in
        fetch_all!(tx, SignoffRow, SIGNOFFS, &ids)?
    {
        let Some(position) = index.get(&id) else { continue };
        let clearance = &mut clearances[*position];
        let (by, at) = (AccountId(by), Timestamp(at));
        if what == "refused" {
            clearance.refusals.push(Refused { signer, by, at, reason: words });
        } else {
            let on = list(&on)?;
            let functions = Functions::from_bits(functions);
            clearance.signatures.push(Signature {
                signer,
                by,
                at,
                conditions: words,
                on,
                functions,
                content,
            });
        }
    }
    for row in fetch_all!(tx, WaveRow, WAVES, &ids)? {
        let Some(position) = index.get(&row.clearance) else { continue };
        clearances[*position].waves.push(row.try_into()?);
    }
    Ok(())
}
