//! What a revocation makes suspect, listed in the decision that takes the release back: forms typed in, checked or
//! received there, cases changed there, the evidence and signatures on which the release rested, and what was
//! decided about the scope. Which of them fall into the window is the domain's to say; here they are only fetched.

use std::collections::BTreeMap;

use domain::{
    forms::Serial,
    id::{CaseId, ClearanceId, FacilityId, FormId, IncidentId, SystemId, UnitId},
    log::words,
    reviews::{Queue, Release, Subject, Suspect},
    scope::{Function, Functions, Place, Target},
    time::Timestamp,
};
use serde_json::json;
use sqlx::types::Uuid;

use super::{
    hash_of, moment,
    store::{self, New},
};
use crate::{
    app::App,
    clearance,
    failure::Failure,
    fetch_all,
    instructions::store::scope,
    places::store as places,
    store::{
        Error, Rows, Sql, Tx,
        journal::{Decision, Say},
    },
};

/// A part that was taken back in this decision.
pub struct TakenBack<'a> {
    pub incident: IncidentId,
    /// The number of the revocation in the log.
    pub seq: i64,
    /// The clearances that it ends, in whole or part.
    pub clearances: Vec<ClearanceId>,
    pub suspect: Suspect<'a>,
}

/// Something that was found, before it has an id.
struct Found {
    place: Place,
    what: String,
    at: Timestamp,
}

/// Lists everything that was recorded under the release, with one entry in the log. Gives how many items there are.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, decision: &mut Decision, taken: TakenBack<'_>) -> Result<i64, Failure> {
    let mut found = BTreeMap::new();
    let tx = &mut decision.tx;
    if let Some(first) = taken.suspect.first() {
        forms(tx, &taken, first, &mut found).await?;
        if taken.suspect.part.functions.contains(Function::Scheduling) {
            cases(tx, &taken, first, &mut found).await?;
        }
        decisions(tx, &taken, first, &mut found).await?;
    }
    leaned_on(tx, &taken, &mut found).await?;
    let (part, system) = (taken.suspect.part, system(&taken));
    let items: Vec<New> = found
        .into_iter()
        .map(|(subject, found)| New {
            id: app.clock.id(),
            queue: Queue::SuspectWindow,
            revocation: taken.seq,
            place: found.place,
            system,
            functions: part.functions,
            subject,
            what: found.what,
            recorded_at: found.at,
        })
        .collect();
    let moment = moment(decision, taken.incident);
    store::insert(&mut decision.tx, &items, moment).await?;
    let say = Say {
        kind: "reviews.listed",
        data: json!({
            "revocation": taken.seq,
            "items": items.len(),
            "items_sha256": hash_of(items.iter().map(|item| item.id)),
        }),
        ..Say::default()
    };
    decision.append(app, say).await?;
    Ok(i64::try_from(items.len()).unwrap_or(i64::MAX))
}

fn system(taken: &TakenBack<'_>) -> Option<SystemId> {
    match taken.suspect.part.target {
        Target::System(system) => Some(system),
        Target::Kind(_) => None,
    }
}

/// The sites into which the part reaches, as rows of a query.
fn sites(taken: &TakenBack<'_>) -> Rows {
    let sites = taken.suspect.places.facilities_of(taken.suspect.part.place);
    Rows::of(&sites.iter().map(|site| site.0.simple().to_string()).collect::<Vec<_>>())
}

/// Whether what has this number came after the release and before the revocation.
fn is_inside(release: Option<Release>, seq: i64) -> bool {
    release.is_some_and(|release| seq > release.seq)
}

/// Id, codes of site and unit, prefix, number, unit, state, number in the log, moment.
type FormRow = (Uuid, String, String, String, i64, Uuid, String, i64, i64);

// A scan has the number of the decision after it: the last ones before the revocation have the revocation's own.
const FORMS: Sql = Sql {
    sqlite: "
    SELECT form.id, facility.code, unit.code, form.prefix, form.number, form.unit, form_event.to_state,
        form_event.seq, form_event.entered_at
    FROM form
    JOIN unit ON unit.id = form.unit
    JOIN facility ON facility.id = unit.facility
    JOIN form_event ON form_event.form = form.id
    WHERE form.incident = $1 AND form_event.seq > $2 AND form_event.seq <= $3
        AND form_event.to_state IN ('used', 'entered', 'discrepancy', 'verified', 'filed')
        AND unit.facility IN (SELECT unhex(value) FROM json_each($4))
    ORDER BY form_event.seq",
    postgres: "
    SELECT form.id, facility.code, unit.code, form.prefix, form.number, form.unit, form_event.to_state,
        form_event.seq, form_event.entered_at
    FROM form
    JOIN unit ON unit.id = form.unit
    JOIN facility ON facility.id = unit.facility
    JOIN form_event ON form_event.form = form.id
    WHERE form.incident = $1 AND form_event.seq > $2 AND form_event.seq <= $3
        AND form_event.to_state IN ('used', 'entered', 'discrepancy', 'verified', 'filed')
        AND unit.facility IN (SELECT value::uuid FROM json_array_elements_text($4::json))
    ORDER BY form_event.seq",
};

/// Forms that were received, typed in, checked or filed; each once, by its latest step.
async fn forms(
    tx: &mut Tx,
    taken: &TakenBack<'_>,
    first: Release,
    found: &mut BTreeMap<Subject, Found>,
) -> Result<(), Error> {
    let rows = fetch_all!(tx, FormRow, FORMS, taken.incident.0, first.seq, taken.seq, sites(taken).text())?;
    for (id, site, code, prefix, number, unit, state, seq, at) in rows {
        let place = Place::Unit(UnitId(unit));
        if is_inside(taken.suspect.earliest(place), seq) {
            let what = format!("Form {}, {}", Serial::new(&site, &code, &prefix, number), form_words(&state));
            found.insert(Subject::Form(FormId(id)), Found { place, what, at: Timestamp(at) });
        }
    }
    Ok(())
}

fn form_words(state: &str) -> &str {
    match state {
        "used" => "received",
        "entered" => "typed in",
        "discrepancy" => "found different",
        other => other,
    }
}

type CaseRow = (Uuid, String, Uuid, String, String, i64, i64);

const CASES: Sql = Sql {
    sqlite: "
    SELECT patient_case.id, appointment, facility, department, case_event.what, case_event.seq, case_event.entered_at
    FROM patient_case
    JOIN case_event ON case_event.case_id = patient_case.id
    WHERE patient_case.incident = $1 AND visible = TRUE AND case_event.seq > $2 AND case_event.seq < $3
        AND facility IN (SELECT unhex(value) FROM json_each($4))
    ORDER BY case_event.seq",
    postgres: "
    SELECT patient_case.id, appointment, facility, department, case_event.what, case_event.seq, case_event.entered_at
    FROM patient_case
    JOIN case_event ON case_event.case_id = patient_case.id
    WHERE patient_case.incident = $1 AND visible = TRUE AND case_event.seq > $2 AND case_event.seq < $3
        AND facility IN (SELECT value::uuid FROM json_array_elements_text($4::json))
    ORDER BY case_event.seq",
};

/// Cases of these places that were changed; a case is of the unit whose name or code its department is, of its site
/// otherwise.
async fn cases(
    tx: &mut Tx,
    taken: &TakenBack<'_>,
    first: Release,
    found: &mut BTreeMap<Subject, Found>,
) -> Result<(), Error> {
    let units: BTreeMap<(Uuid, String), UnitId> = places::departments(tx).await?;
    let rows = fetch_all!(tx, CaseRow, CASES, taken.incident.0, first.seq, taken.seq, sites(taken).text())?;
    for (id, appointment, facility, department, what, seq, at) in rows {
        let unit = units.get(&(facility, department.trim().to_lowercase()));
        let place = unit.map_or(Place::Facility(FacilityId(facility)), |unit| Place::Unit(*unit));
        if is_inside(taken.suspect.since(place, Function::Scheduling), seq) {
            let what = format!("Appointment {appointment}, {}", what.replace('_', " "));
            found.insert(Subject::Case(CaseId(id)), Found { place, what, at: Timestamp(at) });
        }
    }
    Ok(())
}

const ORDERS: &str = "
    SELECT id, place, system, functions
    FROM instruction
    WHERE incident = $1 AND system = $2";

const SCOPES: &str = "
    SELECT id, place, system, functions
    FROM clearance
    WHERE incident = $1 AND system = $2";

type LogRow = (i64, i64, String, String);

const LOGGED: Sql = Sql {
    sqlite: "
    SELECT seq, entered_at, kind, subject
    FROM journal
    WHERE chain = $1 AND seq > $2 AND seq < $3 AND subject IN (SELECT value FROM json_each($4))
    ORDER BY seq",
    postgres: "
    SELECT seq, entered_at, kind, subject
    FROM journal
    WHERE chain = $1 AND seq > $2 AND seq < $3 AND subject IN (SELECT json_array_elements_text($4::json))
    ORDER BY seq",
};

/// What was decided about the scope: about its clearances and orders, and what was reported of its system.
async fn decisions(
    tx: &mut Tx,
    taken: &TakenBack<'_>,
    first: Release,
    found: &mut BTreeMap<Subject, Found>,
) -> Result<(), Error> {
    let Some(system) = system(taken) else { return Ok(()) };
    let part = taken.suspect.part;
    let reported = (format!("system:{system}"), (part.place, part.functions));
    let mut about: BTreeMap<String, (Place, Functions)> = BTreeMap::from([reported]);
    for (kind, query) in [("instruction", ORDERS), ("clearance", SCOPES)] {
        for (id, place, of, functions) in
            fetch_all!(tx, (Uuid, String, Uuid, i64), query, taken.incident.0, system.0)?
        {
            let scope = scope(&place, of, functions)?;
            let inside = taken.suspect.places.contains(part.place, scope.place);
            let around = taken.suspect.places.contains(scope.place, part.place);
            if (inside || around) && scope.functions.meets(part.functions) {
                let place = if inside { scope.place } else { part.place };
                about.insert(format!("{kind}:{id}"), (place, scope.functions));
            }
        }
    }
    let subjects = Rows::of(&about.keys().collect::<Vec<_>>());
    let rows = fetch_all!(tx, LogRow, LOGGED, taken.incident.0, first.seq, taken.seq, subjects.text())?;
    for (seq, at, kind, subject) in rows {
        let (place, functions) = about.get(&subject).copied().unwrap_or((part.place, part.functions));
        if is_inside(taken.suspect.earliest_of(place, functions), seq) {
            let what = format!("Log {seq}: {}", words::title(&kind));
            found.insert(Subject::Log(seq), Found { place, what, at: Timestamp(at) });
        }
    }
    Ok(())
}

type LeanedOnRow = (Uuid, i64, i64, String, bool, String);

const LEANED_ON: Sql = Sql {
    sqlite: "
    SELECT clearance, number, at, piece, FALSE, place
    FROM clearance_evidence
    JOIN clearance ON clearance.id = clearance_evidence.clearance
    WHERE clearance IN (SELECT unhex(value) FROM json_each($1))
    UNION ALL
    SELECT clearance, seq, at, signer, TRUE, place
    FROM clearance_signoff
    JOIN clearance ON clearance.id = clearance_signoff.clearance
    WHERE clearance IN (SELECT unhex(value) FROM json_each($1)) AND ended IS NULL AND what = 'signed'",
    postgres: "
    SELECT clearance, number, at, piece, FALSE, place
    FROM clearance_evidence
    JOIN clearance ON clearance.id = clearance_evidence.clearance
    WHERE clearance IN (SELECT value::uuid FROM json_array_elements_text($1::json))
    UNION ALL
    SELECT clearance, seq, at, signer, TRUE, place
    FROM clearance_signoff
    JOIN clearance ON clearance.id = clearance_signoff.clearance
    WHERE clearance IN (SELECT value::uuid FROM json_array_elements_text($1::json)) AND ended IS NULL
        AND what = 'signed'",
};

/// The evidence and the signatures on which the releases rested, by their entries in the log.
async fn leaned_on(
    tx: &mut Tx,
    taken: &TakenBack<'_>,
    found: &mut BTreeMap<Subject, Found>,
) -> Result<(), Error> {
    let ids: Vec<String> =
        taken.clearances.iter().map(|clearance| clearance.0.simple().to_string()).collect();
    let titles = clearance::record::titles(tx, taken.incident).await?;
    let mut pieces: BTreeMap<Uuid, BTreeMap<String, String>> = BTreeMap::new();
    for ended in clearance::store::some(tx, taken.incident, &taken.clearances).await? {
        let named = ended.gate.evidence.into_iter().map(|piece| (piece.key, piece.name)).collect();
        pieces.insert(ended.id.0, named);
    }
    for (id, seq, at, key, signed, place) in fetch_all!(tx, LeanedOnRow, LEANED_ON, Rows::of(&ids).text())? {
        let place = place.parse().map_err(|_| Error::Corrupt(format!("a place reads {place:?}")))?;
        let rested_on = if signed {
            format!("signature of {}", clearance::record::title(&titles, &key))
        } else {
            let name = pieces.get(&id).and_then(|pieces| pieces.get(&key));
            format!("evidence {:?}", name.unwrap_or(&key))
        };
        let what = format!("Log {seq}: what the release rested on, {rested_on}");
        found.insert(Subject::Log(seq), Found { place, what, at: Timestamp(at) });
    }
    Ok(())
}
