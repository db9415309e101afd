//! The signed record of one scope, as it is printed and filed: everything that was signed, each signature compared
//! with the record as it is now.

use domain::{
    actor::Actor,
    clearance::{Clearance, Step, attestation, but_for},
    id::{ClearanceId, IncidentId},
    time::Timestamp,
    view::clearance::{RecordView, RecordedSignature, RecordedStep},
};

use super::{super::record::counted, Desk, words};
use crate::{
    accounts::store as accounts,
    app::App,
    clearance::store,
    failure::Failure,
    store::{Error, Tx},
};

/// Reads the record.
///
/// # Errors
/// When there is no such scope.
pub async fn read(
    app: &App,
    tx: &mut Tx,
    (incident, actor): (IncidentId, &Actor),
    id: ClearanceId,
) -> Result<RecordView, Failure> {
    let mut desk = Desk::of(app, tx, incident, actor).await?;
    let clearance = store::find(tx, incident, id).await?.ok_or(Failure::NotFound("clearance"))?;
    desk.name_units(tx, std::slice::from_ref(&clearance)).await?;
    let scope = clearance.scope;
    let functions = desk.picture.functions_words(&scope);
    let without = store::parted_places(tx, incident, &scope, &desk.picture.places).await?;
    let (place, system) = (but_for(&desk.place_name(scope.place), &without), desk.system(&clearance));
    let what = [system.clone(), functions.clone()].into_iter().filter(|part| !part.is_empty());
    let signatures = desk.recorded(tx, &clearance).await?;
    let with_conditions = signatures.iter().filter(|signature| !signature.conditions.is_empty());
    Ok(RecordView {
        title: format!("{}: {} at {place}", heading(&clearance), what.collect::<Vec<_>>().join(", ")),
        incident: desk.incident.name.clone(),
        stage_words: clearance.stage.words().to_owned(),
        warning: warning(&clearance),
        attestation: attestation(&system, &functions, &place),
        gate: clearance.gate.name.clone(),
        quorum: quorum(&clearance, &words::title(&desk.titles, &clearance.gate.release_by), desk.now),
        evidence: clearance.gate.evidence.iter().map(|piece| desk.evidence(&clearance, piece)).collect(),
        waves: clearance.waves.iter().map(|wave| desk.wave(&clearance, wave)).collect(),
        conditions: with_conditions.map(|each| format!("{} ({})", each.conditions, each.title)).collect(),
        signatures,
        stand: desk.orders_that_stand(tx, &clearance).await?,
        steps: desk.steps(tx, &clearance).await?,
        revocations: desk.revocations(tx, &clearance).await?,
        path: format!("{}/{id}", desk.path),
    })
}

/// What the paper is: a record of signatures, or the state of something that is not released.
fn heading(clearance: &Clearance) -> &'static str {
    match clearance.stage {
        stage if stage.is_clear() => "Signed record",
        domain::clearance::Stage::Revoked => "Taken back",
        _ => "Not released",
    }
}

/// `4 of 4 have signed; released by the incident commander`, or who still has to.
fn quorum(clearance: &Clearance, releaser: &str, now: Timestamp) -> String {
    let signed = counted(clearance, now);
    let of = clearance.gate.signers.len();
    if clearance.released_at.is_some() {
        return format!("{signed} needed signatures, of {of} signers; released by: {releaser}");
    }
    format!("{signed} needed signatures so far, of {of} signers; still to be released by: {releaser}")
}

/// Why nobody may lean on this record.
fn warning(clearance: &Clearance) -> String {
    match clearance.stage {
        stage if stage.is_clear() => String::new(),
        domain::clearance::Stage::Revoked => "REVOKED. This scope is not clear any more.".to_owned(),
        _ => "NOT CLEAR. This scope has not been released.".to_owned(),
    }
}

impl Desk<'_> {
    async fn recorded(&self, tx: &mut Tx, clearance: &Clearance) -> Result<Vec<RecordedSignature>, Error> {
        let counted: Vec<&str> =
            clearance.standing(self.now).map(|signature| signature.signer.as_str()).collect();
        let mut lines = Vec::new();
        for signature in &clearance.signatures {
            let content = clearance
                .content_for(signature.functions, &signature.signer, &signature.conditions)
                .fingerprint();
            lines.push(RecordedSignature {
                title: words::title(&self.titles, &signature.signer),
                name: accounts::name(tx, signature.by).await?.unwrap_or_default(),
                at: self.zone.full(signature.at),
                conditions: signature.conditions.clone(),
                matches: content == signature.content,
                content: signature.content.clone(),
                // Released on evidence that held then: it stands until it is revoked.
                counts: clearance.stage.is_clear() || counted.contains(&signature.signer.as_str()),
            });
        }
        Ok(lines)
    }

    async fn steps(&self, tx: &mut Tx, clearance: &Clearance) -> Result<Vec<RecordedStep>, Error> {
        let mut lines = Vec::new();
        for (step, at, by) in store::steps(tx, clearance.id).await? {
            let Step { to, .. } = step;
            lines.push(RecordedStep {
                at: self.zone.full(at),
                words: to.words().to_owned(),
                by: accounts::name(tx, by).await?.unwrap_or_default(),
            });
        }
        Ok(lines)
    }

    async fn revocations(&self, tx: &mut Tx, clearance: &Clearance) -> Result<Vec<String>, Error> {
        let mut lines = Vec::new();
        for revoked in store::revocations(tx, clearance.id).await? {
            let by = accounts::name(tx, revoked.by).await?.unwrap_or_default();
            let what = self.picture.scope_name(&revoked.part);
            lines.push(format!(
                "{what}: taken back {} by {by}. {}",
                self.zone.full(revoked.at),
                revoked.reason
            ));
        }
        Ok(lines)
    }
}
