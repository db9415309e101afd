//! Typing in a sheet: all of its lines or none, each as an entry of the log with the time at which it happened and the
//! time at which it was typed in. A line that is there already, word for word, is left alone; in other words it is refused.

use std::collections::BTreeMap;

use domain::{
    Refusal,
    field::FieldErrors,
    id::{BroadcastId, IncidentId},
    late_entries::{Act, DraftKept, Line, SheetKind, State, TypeLines, TypedIn, Written},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::types::Uuid;

use super::{
    open, path_of,
    store::{self, DraftOf, Handed, SheetRow},
};
use crate::{
    accounts::store as accounts,
    app::App,
    begin,
    broadcasts::answer::{self, Called, Found},
    failure::Failure,
    store::{
        Error, Tx,
        journal::{By, Chain, Decision, Say},
        seal::{self, Seal},
    },
};

/// Which sheet of which incident.
pub type Of = (IncidentId, SheetKind, i64);

/// Lines that are new, with what they say as hashes.
struct Sorted {
    fresh: Vec<(Line, [u8; 32])>,
    already: i64,
}

/// Types lines in.
///
/// # Errors
/// What is wrong, line by line; nothing is written then. Refused when every line is there already.
pub async fn enter(app: App, by: By, (of, form): (Of, TypeLines)) -> Result<TypedIn, Failure> {
    let (incident, kind, number) = of;
    let broadcast = read_broadcast(kind, &form)?;
    let mut tx = app.db.read().await?;
    let lines = read(&app, &mut tx, &by, of, &form).await?;
    let sorted = sort(&mut tx, of, &lines).await?;
    let calls = match broadcast {
        Some(broadcast) => {
            let calls = sorted.fresh.iter().filter_map(|line| called(of, line)).collect();
            answer::of_call_list(&mut tx, &by.actor, (incident, broadcast), calls).await?
        }
        None => Vec::new(),
    };
    drop(tx);
    // Answers are facts of their own; each line of paper is one answer, however often this is tried.
    if let Some(broadcast) = broadcast {
        answer::from_call_list(&app, &by, (incident, broadcast), &calls).await?;
    }
    let mut decision = begin!(&app, &by, Chain::Incident(incident));
    open(&mut decision.tx, &by.actor, incident).await?;
    let sorted = sort(&mut decision.tx, of, &lines).await?;
    let sheet = sheet(&app, &mut decision, of).await?;
    for (line, hash) in &sorted.fresh {
        let found = calls.iter().find(|found| found.line() == line.number);
        let seq = write(&app, &mut decision, &sheet, line, broadcast.zip(found)).await?;
        let when = (seq, decision.at, decision.account);
        store::add_line(&mut decision.tx, sheet.id, (line, hash), when).await?;
    }
    let draft = DraftOf { incident, kind, number, account: decision.account };
    store::forget_draft(&mut decision.tx, draft).await?;
    let doubled = sorted.fresh.iter().filter(|(line, _)| line.doubled).map(|(line, _)| line.number).collect();
    let lines = i64::try_from(sorted.fresh.len()).unwrap_or(i64::MAX);
    let outcome = TypedIn { seq: decision.seq, kind, number, lines, already: sorted.already, doubled };
    decision.commit(&app, &outcome).await?;
    Ok(outcome)
}

fn read_broadcast(kind: SheetKind, form: &TypeLines) -> Result<Option<BroadcastId>, FieldErrors> {
    if kind != SheetKind::Calls {
        return Ok(None);
    }
    let read = form.broadcast.trimmed().parse();
    read.map(Some)
        .map_err(|_| FieldErrors::one("broadcast", "Choose the message about which they were called."))
}

async fn read(
    app: &App,
    tx: &mut Tx,
    by: &By,
    (incident, kind, _): Of,
    form: &TypeLines,
) -> Result<Vec<Line>, Failure> {
    let row = open(tx, &by.actor, incident).await?;
    let zone = accounts::installation(tx).await?.zone();
    let written = Written { kind, zone: &zone, now: app.clock.now(), began: row.started_at };
    Ok(form.read(&written)?)
}

/// Which lines are new.
async fn sort(tx: &mut Tx, of: Of, lines: &[Line]) -> Result<Sorted, Failure> {
    let (incident, kind, number) = of;
    let known = match store::find(tx, incident, (kind, number)).await? {
        Some(row) => store::hashes(tx, row.id).await?,
        None => BTreeMap::new(),
    };
    let (mut fresh, mut already, mut errors) = (Vec::new(), 0, FieldErrors::default());
    for line in lines {
        let hash = said(line);
        match known.get(&line.number) {
            None => fresh.push((line.clone(), hash)),
            Some(before) if before[..] == hash => already += 1,
            Some(_) => {
                let sentence =
                    "is typed in already, in other words. See below; a correction is a line of its own.";
                errors.add("lines", format!("Line {} {sentence}", line.number));
            }
        }
    }
    errors.into_result()?;
    if fresh.is_empty() {
        let sentence = "All these lines of this sheet are typed in already; they stand below.";
        return Err(Refusal::new("already-typed", sentence)
            .with_link(path_of(incident, kind, number))
            .into());
    }
    Ok(Sorted { fresh, already })
}

/// Everything that a line says.
fn said(line: &Line) -> [u8; 32] {
    let until = line.until.map_or(0, |until| until.0);
    let answer = line.answer.map_or("", |answer| answer.code());
    let all = json!([line.event_at.0, until, line.who, line.unit.to_lowercase(), answer, line.what]);
    Sha256::digest(all.to_string().as_bytes()).into()
}

fn called((incident, _, number): Of, (line, hash): &(Line, [u8; 32])) -> Option<Called> {
    let mut one = Sha256::new();
    one.update(incident.0.as_bytes());
    one.update(number.to_be_bytes());
    one.update(line.number.to_be_bytes());
    one.update(hash);
    let mut id = [0; 16];
    id.copy_from_slice(&one.finalize()[..16]);
    Some(Called {
        id: Uuid::from_bytes(id),
        line: line.number,
        unit: line.unit.clone(),
        who: line.who.clone(),
        answer: line.answer?,
        note: line.what.clone(),
        at: line.event_at,
    })
}

/// The sheet, which has lines from now on. One that nobody handed out here is of an older pack.
async fn sheet(
    app: &App,
    decision: &mut Decision,
    (incident, kind, number): Of,
) -> Result<SheetRow, Failure> {
    let when = (decision.seq, decision.at, decision.account);
    if let Some(row) = store::find(&mut decision.tx, incident, (kind, number)).await? {
        let to = row.state.after(Act::Type)?;
        if to != row.state {
            store::move_to(&mut decision.tx, std::slice::from_ref(&row), to, when).await?;
        }
        return Ok(row);
    }
    let id: Uuid = app.clock.id();
    let handed = Handed { to: "", at: None };
    let of = (incident, kind);
    store::insert(&mut decision.tx, of, &[(id, number)], (State::Typed, handed), when).await?;
    let row = SheetRow {
        id,
        kind,
        number,
        state: State::Typed,
        handed_to: String::new(),
        handed_at: None,
        lines: 0,
    };
    Ok(row)
}

/// Writes one line into the log.
async fn write(
    app: &App,
    decision: &mut Decision,
    sheet: &SheetRow,
    line: &Line,
    call: Option<(BroadcastId, &Found)>,
) -> Result<i64, Error> {
    let mut data = json!({ "sheet": sheet.number, "line": line.number });
    if line.doubled {
        data["in_the_hour_that_came_twice"] = Value::Bool(true);
    }
    if let Some(until) = line.until {
        data["until"] = json!(until.0);
    }
    if let Some((broadcast, found)) = call {
        data["broadcast"] = json!(broadcast);
        data["unit"] = json!(found.unit);
        data["answer"] = json!(line.answer);
    }
    let (kind, names) = match sheet.kind {
        SheetKind::Log => ("late_entry.written", ["what_happened", "written_by"]),
        SheetKind::Calls => ("late_entry.called", ["note", "spoken_to"]),
        SheetKind::SignIn => ("late_entry.signed_in", ["position_or_room", "name"]),
    };
    let texts = [(names[0], line.what.as_str()), (names[1], line.who.as_str())];
    let texts: Vec<_> = texts.into_iter().filter(|(_, text)| !text.is_empty()).collect();
    let subject = format!("sheet:{}", sheet.id);
    let event_at = Some(line.event_at);
    decision.append(app, Say { kind, subject, data, event_at, texts: &texts }).await
}

/// Keeps what somebody has typed so far (rule 16): for them alone, sealed, and nowhere in the log.
///
/// # Errors
/// When the incident has ended, or is not the account's.
pub async fn keep_draft(app: App, by: By, (of, form): (Of, TypeLines)) -> Result<DraftKept, Failure> {
    let (incident, kind, number) = of;
    let seal = {
        let mut tx = app.db.read().await?;
        open(&mut tx, &by.actor, incident).await?;
        Seal::open(&app, &mut tx).await?
    };
    let account = by.actor.account;
    let plain = serde_json::to_vec(&form).map_err(|error| Failure::Broken(error.to_string()))?;
    let sealed = seal::seal(&app, &seal.lists(), account.0, &plain);
    let lines = i64::try_from(form.filled()).unwrap_or(i64::MAX);
    let mut tx = app.db.write().await?;
    let of = DraftOf { incident, kind, number, account };
    store::keep_draft(&mut tx, of, (lines, &sealed), app.clock.now()).await?;
    tx.commit().await?;
    Ok(DraftKept { lines })
}

/// What somebody has typed so far, and when they kept it.
///
/// # Errors
/// When it was sealed by another installation.
pub async fn draft(app: &App, tx: &mut Tx, of: DraftOf) -> Result<Option<(TypeLines, i64)>, Failure> {
    let Some((sealed, saved_at)) = store::draft(tx, of).await? else { return Ok(None) };
    let seal = Seal::open(app, tx).await?;
    let plain = seal::unseal(&seal.lists(), of.account.0, &sealed)?;
    let form = serde_json::from_slice(&plain).map_err(|error| Error::Corrupt(error.to_string()))?;
    Ok(Some((form, saved_at)))
}
