//! The SQL of evidence and signatures as they are given: what they replace ends, and is never removed.

use domain::{clearance::Given, id::ClearanceId, scope::Functions, time::Timestamp};

use super::Moment;
use crate::{
    execute,
    store::{Error, Tx},
};

const INSERT_EVIDENCE: &str = "
    INSERT INTO clearance_evidence (
        clearance, number, piece, outcome, note, figure, link, file, at, entered_at, expires_at, account, waived_as)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// Adds a piece of evidence as it was given, with the number of its file.
pub async fn insert_evidence(
    tx: &mut Tx,
    clearance: ClearanceId,
    (given, file): (&Given, Option<i64>),
    entered_at: Timestamp,
) -> Result<(), Error> {
    execute!(
        tx,
        INSERT_EVIDENCE,
        clearance.0,
        given.number,
        &given.key,
        given.outcome.code(),
        &given.note,
        given.figure,
        &given.link,
        file,
        given.at.0,
        entered_at.0,
        given.expires_at.0,
        given.by.0,
        &given.waived_as
    )
    .map(|_| ())
}

const AGREE: &str = "
    UPDATE clearance_evidence
    SET agreed_account = $3, agreed_role = $4, agreed_at = $5
    WHERE clearance = $1 AND number = $2 AND agreed_account IS NULL";

/// The second person agrees to a waiver.
pub async fn agree(
    tx: &mut Tx,
    (clearance, number): (ClearanceId, i64),
    role: &str,
    moment: Moment,
) -> Result<(), Error> {
    execute!(tx, AGREE, clearance.0, number, moment.account.0, role, moment.at.0).map(|_| ())
}

const END_SIGNOFFS: &str = "
    UPDATE clearance_signoff
    SET ended = $2
    WHERE clearance = $1 AND ended IS NULL AND (signer = $3 OR (what = 'signed' AND (account = $4 OR $5)))";

const INSERT_SIGNOFF: &str = "
    INSERT INTO clearance_signoff (clearance, seq, signer, what, account, at, words, on_evidence, content, functions)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// A signature or a refusal to be added.
pub struct NewSignOff<'a> {
    pub signer: &'a str,
    pub refused: bool,
    pub words: &'a str,
    /// The numbers of the evidence, as JSON.
    pub on_evidence: String,
    pub functions: Functions,
    /// The fingerprint of what was signed; empty for a refusal.
    pub content: &'a str,
    /// Every earlier one ends with it, for the release came too late.
    pub after_lapse: bool,
}

/// Adds a signature or a refusal, and ends what it replaces.
pub async fn insert_signoff(
    tx: &mut Tx,
    clearance: ClearanceId,
    new: &NewSignOff<'_>,
    moment: Moment,
) -> Result<(), Error> {
    let what = if new.refused { "refused" } else { "signed" };
    execute!(tx, END_SIGNOFFS, clearance.0, moment.at.0, new.signer, moment.account.0, new.after_lapse)?;
    execute!(
        tx,
        INSERT_SIGNOFF,
        clearance.0,
        moment.seq,
        new.signer,
        what,
        moment.account.0,
        moment.at.0,
        new.words,
        &new.on_evidence,
        new.content,
        new.functions.bits()
    )
    .map(|_| ())
}

const END_ALL_SIGNOFFS: &str = "
    UPDATE clearance_signoff
    SET ended = $2
    WHERE clearance = $1 AND ended IS NULL AND what = 'signed'";

/// Every signature of a scope ends.
pub async fn end_signatures(tx: &mut Tx, clearance: ClearanceId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, END_ALL_SIGNOFFS, clearance.0, at.0).map(|_| ())
}

const END_ALL: &str = "
    UPDATE clearance_signoff
    SET ended = $2
    WHERE clearance = $1 AND ended IS NULL";

/// Every signature and every refusal of a scope ends: its system is down again.
pub async fn end_signoffs(tx: &mut Tx, clearance: ClearanceId, at: Timestamp) -> Result<(), Error> {
    execute!(tx, END_ALL, clearance.0, at.0).map(|_| ())
}
