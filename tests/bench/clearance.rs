//! The way back: a ladder of 18,900 scopes against one of 72, a signature against its bare statements, and how soon
//! a revocation is on the public page.

use std::time::Instant;

use acceptance::{Kind, PASSWORD, Person, World};
use backend::{
    clearance::store::{self, Moment},
    places::store as places,
};
use domain::{
    actor::{Grant, Role},
    clearance::{Clearance, Given, Outcome},
    id::{AccountId, IncidentId, SystemId},
    playbooks::{Evidence, Gate, Proof},
    scope::{Function, Functions, Place, Scope, Target},
};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use uuid::Uuid;

use crate::{
    report::{Bar, Line, median},
    units::units,
};

const PAGES: usize = 60;
const SIGNATURES: usize = 200;
const REVOCATIONS: usize = 40;

pub async fn measure() -> Vec<Line> {
    vec![ladder().await, sign_off().await, revocation_visible().await]
}

fn gate(signers: &[&str]) -> Gate {
    let piece = |number: usize| Evidence {
        key: format!("piece-{number}"),
        name: format!("Check {number} of the laboratory"),
        owner: "Laboratory lead".into(),
        method: String::new(),
        proof: Proof::Note,
        at_least: None,
        at_most: None,
        never_waived: false,
        expires_minutes: 240,
    };
    Gate {
        key: "bench".into(),
        name: "Bench".into(),
        systems: vec!["laboratory".into()],
        functions: Functions::ALL,
        evidence: (1..=4).map(piece).collect(),
        signers: signers.iter().map(|signer| (*signer).to_owned()).collect(),
        quorum: 2,
        required: Vec::new(),
        release_by: "commander".into(),
        on_last_signature: false,
        signed_valid_minutes: 600,
    }
}

/// A scope as far as its number says: not begun, restored with all or some of its evidence, one piece failed, signed.
fn scope(world: &World, number: usize, at: Scope, by: AccountId) -> Clearance {
    let now = world.app.clock.now();
    let mut clearance = Clearance::new(world.app.clock.id(), at, gate(&["cio", "cmio"]));
    if number.is_multiple_of(3) {
        return clearance;
    }
    clearance.restore(now).expect("waits");
    let pieces = clearance.gate.evidence.clone();
    for (each, piece) in pieces.iter().enumerate().take(if number.is_multiple_of(5) { 2 } else { 4 }) {
        let given = Given {
            key: piece.key.clone(),
            number: i64::try_from(each).unwrap_or(0),
            outcome: if number.is_multiple_of(7) && each == 1 { Outcome::Failed } else { Outcome::Passed },
            note: "20 of 20 match".into(),
            figure: None,
            link: String::new(),
            file: None,
            at: now,
            expires_at: now.plus_minutes(piece.expires_minutes),
            by,
            waived_as: String::new(),
            agreed: None,
        };
        clearance.give(given).expect("is asked for");
    }
    clearance
}

async fn put(world: &World, incident: IncidentId, clearances: &[Clearance], by: AccountId) {
    let moment = Moment { seq: 1, at: world.app.clock.now(), account: by };
    for chunk in clearances.chunks(500) {
        let mut tx = world.app.db.write().await.expect("can be written");
        let lattice = places::lattice(&mut tx).await.expect("can be read");
        store::insert(&mut tx, incident, (chunk, &lattice), (1, moment.at, by)).await.expect("are new");
        for clearance in chunk {
            for given in &clearance.evidence {
                store::insert_evidence(&mut tx, clearance.id, (given, None), moment.at)
                    .await
                    .expect("is new");
            }
            store::save(&mut tx, clearance, &[], moment).await.expect("is there");
        }
        tx.commit().await.expect("can be written");
    }
}

/// An exercise with twelve scopes of its own, to which others are added.
async fn declares(world: &World, name: &str, system: &str) -> IncidentId {
    let commander = world.program(&[Role::Commander]).await;
    let form = json!({
        "name": name, "kind": "exercise", "basis": "Help desk", "places": ["all"], "systems": [format!("{system}:down")]
    });
    let declared = commander.does("/incidents", form).await;
    declared["incident"].as_str().and_then(|id| id.parse().ok()).expect("is an id")
}

async fn ladder() -> Line {
    let world = World::on(Kind::Sqlite).await;
    let harbor = world.harbor().await;
    let wards = units(&world, 450).await;
    let (signer, mut reader) = world.person_with(&everywhere("cio")).await;
    let systems: Vec<SystemId> = harbor.systems.values().copied().collect();
    let (few, many) =
        (declares(&world, "Few", "imaging").await, declares(&world, "Many", "email-phones").await);
    let sites = harbor.facilities.values().flat_map(|site| {
        systems.iter().map(|system| Scope {
            place: Place::Facility(*site),
            target: Target::System(*system),
            functions: Functions::ALL,
        })
    });
    let wards = wards.iter().flat_map(|ward| {
        systems.iter().flat_map(|system| {
            Function::ALL.into_iter().map(|function| Scope {
                place: Place::Unit(*ward),
                target: Target::System(*system),
                functions: Functions::of([function]),
            })
        })
    });
    let made = |scopes: Vec<Scope>| -> Vec<Clearance> {
        scopes.into_iter().enumerate().map(|(number, at)| scope(&world, number, at, signer.account)).collect()
    };
    let (small, large) = (made(sites.collect()), made(wards.collect()));
    assert_eq!((small.len(), large.len()), (72, 18_900));
    put(&world, few, &small, signer.account).await;
    put(&world, many, &large, signer.account).await;
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..PAGES {
        ours.push(opens(&mut reader, many).await);
        limits.push(opens(&mut reader, few).await);
    }
    world.end().await;
    Line {
        name: "ladder-18900-scopes",
        ours: median(ours),
        limit: median(limits),
        unit: "ms",
        bar: Bar::AtMost(1.5),
        note: "against 72 scopes, as HTML for a signer".into(),
    }
}

fn everywhere(signs_as: &str) -> Vec<Grant> {
    vec![Grant { role: Role::Signer, place: Place::All, signs_as: signs_as.to_owned() }]
}

async fn opens(reader: &mut Person, incident: IncidentId) -> f64 {
    let began = Instant::now();
    let answer = reader.asks(&format!("/incidents/{incident}/clearance")).await.expect(200);
    let took = began.elapsed().as_secs_f64() * 1000.0;
    assert!(answer.text().contains("scopes clear"), "{}", answer.text());
    took
}

/// The command through the JSON door, its password by argon2 with the least work, against the statements that it
/// runs by bare sqlx in one transaction on the same file.
async fn sign_off() -> Line {
    let world = World::on(Kind::Sqlite).await;
    let harbor = world.harbor().await;
    let wards = units(&world, SIGNATURES * 2).await;
    let (actor, signer) = world.program_with(&everywhere("cio")).await;
    let incident = declares(&world, "Signatures", "imaging").await;
    let clearances: Vec<Clearance> = wards
        .iter()
        .map(|ward| {
            let at = Scope {
                place: Place::Unit(*ward),
                target: Target::System(harbor.system("laboratory")),
                functions: Functions::ALL,
            };
            scope(&world, 1, at, actor.account)
        })
        .collect();
    put(&world, incident, &clearances, actor.account).await;
    let path = world.folder.path().join("downtime.sqlite");
    let mut bare = SqliteConnection::connect(&path.display().to_string()).await.expect("the file opens");
    for pragma in ["PRAGMA synchronous = FULL", "PRAGMA busy_timeout = 5000"] {
        sqlx::query(pragma).execute(&mut bare).await.expect("is a pragma");
    }
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for (number, pair) in clearances.chunks(2).enumerate() {
        let form = json!({ "signer": "cio", "password": PASSWORD, "words": "Paper charts until 18:00" });
        let sign = format!("/incidents/{incident}/clearance/{}/sign", pair[0].id);
        let began = Instant::now();
        signer.does(&sign, form).await;
        ours.push(began.elapsed().as_secs_f64() * 1000.0);
        let began = Instant::now();
        signs_bare(&mut bare, (incident, &pair[1], actor.account), number).await;
        limits.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    world.end().await;
    Line {
        name: "sign-off",
        ours: median(ours),
        limit: median(limits),
        unit: "ms",
        bar: Bar::AtMost(2.0),
        note: "through the JSON door, as one signature of two".into(),
    }
}

const READS: [&str; 8] = [
    "SELECT outcome FROM request WHERE account = $1 AND id = $2",
    "SELECT id, name, kind, phase, commander FROM incident WHERE id = $2",
    "SELECT id, place, system, functions, gate, stage, signed_at, released_at FROM clearance WHERE id = $1 AND incident = $2",
    "SELECT number, piece, outcome, note, figure, link, at, expires_at, account FROM clearance_evidence WHERE clearance = $1 AND $2 IS NOT NULL",
    "SELECT signer, what, account, at, words, on_evidence, content FROM clearance_signoff WHERE clearance = $1 AND ended IS NULL AND $2 IS NOT NULL",
    "SELECT number, units, progress FROM clearance_wave WHERE clearance = $1 AND $2 IS NOT NULL",
    "SELECT id, facility FROM unit WHERE $1 IS NOT NULL AND $2 IS NOT NULL",
    "SELECT facility_group, facility FROM facility_group_member WHERE $1 IS NOT NULL AND $2 IS NOT NULL",
];

const WRITES: [&str; 5] = [
    "UPDATE chain SET seq = seq + 1, entered_at = entered_at WHERE id = $2 AND $1 IS NOT NULL",
    "UPDATE clearance_signoff SET ended = 1 WHERE clearance = $1 AND ended IS NULL AND signer = 'cio' AND $2 IS NOT NULL",
    "UPDATE clearance SET stage = stage, signed_at = NULL, blocked_from = blocked_from WHERE id = $1 AND incident = $2",
    "DELETE FROM clearance_turn WHERE clearance = $1 AND $2 IS NOT NULL",
    "INSERT INTO clearance_turn (incident, who, clearance, begins, ends) VALUES ($2, 'cmio', $1, 0, 100000000000000000)",
];

const SIGNATURE: &str = "
    INSERT INTO clearance_signoff (clearance, seq, signer, what, account, at, words, on_evidence, content, functions)
    VALUES ($1, $2, 'cio', 'signed', $3, $4, 'Paper charts until 18:00', '[0,1,2,3]', $5, 127)";

const JOURNAL: &str = "
    INSERT INTO journal (chain, seq, event_at, entered_at, actor, kind, subject, data, hash)
    VALUES ($1, $2, $3, $3, $4, 'clearance.signed', $5, $6, $7)";

const JOURNAL_TEXT: &str = "
    INSERT INTO journal_text (chain, seq, name, salt, body)
    VALUES ($1, $2, 'words', $3, 'Paper charts until 18:00')";

async fn signs_bare(
    connection: &mut SqliteConnection,
    (incident, clearance, account): (IncidentId, &Clearance, AccountId),
    number: usize,
) {
    let seq = 1_000_000 + i64::try_from(number).unwrap_or(0);
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.expect("nobody else writes");
    for read in READS {
        sqlx::query(read)
            .bind(clearance.id.0)
            .bind(incident.0)
            .fetch_all(&mut *tx)
            .await
            .expect("can be read");
    }
    for write in WRITES {
        sqlx::query(write)
            .bind(clearance.id.0)
            .bind(incident.0)
            .execute(&mut *tx)
            .await
            .expect("can be written");
    }
    let content = "0".repeat(64);
    let signature =
        sqlx::query(SIGNATURE).bind(clearance.id.0).bind(seq).bind(account.0).bind(seq).bind(&content);
    signature.execute(&mut *tx).await.expect("is new");
    let journal = sqlx::query(JOURNAL).bind(incident.0).bind(seq).bind(seq).bind(account.0);
    let journal =
        journal.bind(format!("clearance:{}", clearance.id)).bind(r#"{"signer":"cio"}"#).bind(vec![0_u8; 32]);
    journal.execute(&mut *tx).await.expect("is new");
    let text = sqlx::query(JOURNAL_TEXT).bind(incident.0).bind(seq).bind(vec![0_u8; 16]);
    text.execute(&mut *tx).await.expect("is new");
    let request = "INSERT INTO request (account, id, body_hash, outcome, at) VALUES ($1, $2, $3, '{}', $4)";
    let request =
        sqlx::query(request).bind(account.0).bind(Uuid::from_u128(u128::try_from(seq).unwrap_or(0)));
    request.bind(vec![0_u8; 32]).bind(seq).execute(&mut *tx).await.expect("is new");
    tx.commit().await.expect("nobody else writes");
}

/// In the process that committed, the next answer after the revocation forbids: so many did not.
async fn revocation_visible() -> Line {
    let world = World::on(Kind::Sqlite).await;
    let harbor = world.harbor().await;
    let commander = world.program(&[Role::Commander]).await;
    let place = Place::Facility(harbor.facility("cape")).to_string();
    let form =
        json!({ "name": "Night", "basis": "Help desk", "places": [place], "systems": ["laboratory:down"] });
    let declared = commander.does("/incidents", form).await;
    let incident = format!("/incidents/{}", declared["incident"].as_str().expect("an id"));
    let order = json!({ "system": "laboratory", "word": "do_not_log_in", "place": place });
    commander.does(&format!("{incident}/instructions"), order).await;
    let (cio, cmio) =
        (world.program_with(&everywhere("cio")).await.1, world.program_with(&everywhere("cmio")).await.1);
    let ladder = commander.reads(&format!("{incident}/clearance")).await;
    let mut scope = ladder["scopes"][0]["path"].as_str().expect("is a text").to_owned();
    let mut wrong = 0.0;
    for _ in 0..REVOCATIONS {
        cio.does(&format!("{scope}/restore"), json!({})).await;
        cio.does(&format!("{scope}/evidence"), json!({ "piece": "checked-in-use", "passed": true })).await;
        cio.does(&format!("{scope}/sign"), json!({ "signer": "cio", "password": PASSWORD })).await;
        cmio.does(&format!("{scope}/sign"), json!({ "signer": "cmio", "password": PASSWORD })).await;
        commander.does(&format!("{scope}/release"), json!({})).await;
        let public = world.unknown_program();
        let clear = public.reads("/status/cape").await;
        assert_eq!(clear["verdicts"][0]["lines"][0], "USE", "{clear}");
        let revoked = commander.does(&format!("{scope}/revoke"), json!({ "reason": "Bench" })).await;
        let next = public.reads("/status/cape").await;
        if next["verdicts"][0]["lines"][0] != "DO NOT LOG IN" {
            wrong += 1.0;
        }
        scope = format!("{incident}/clearance/{}", revoked["reopened"].as_str().expect("is a text"));
    }
    world.end().await;
    Line {
        note: format!("of {REVOCATIONS} revocations"),
        ..Line::budget("revocation-in-next-answer", wrong, 0.5, "answers too late")
    }
}
