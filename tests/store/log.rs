//! Proving the log against somebody who has the database's file: every change shows at its first entry; a cut end
//! and a rewritten chain show only against a head that was kept elsewhere.

use acceptance::{
    World, both_databases, harbor,
    intruder::{changes, cuts_after, moves_the_end_to, takes_the_lock_off},
};
use backend::{
    execute, fetch_all,
    jobs::{fold, witness},
    log::verify::{self, Finding, Verdict},
    store::facts::{Apply, Noted},
};
use domain::{actor::Role, id::IncidentId, journal::chain, log::Flaw};
use serde_json::json;
use sqlx::types::Uuid;

/// An incident with six entries: the declaration and five promises.
async fn six_entries(world: &World) -> IncidentId {
    harbor::put_into(&world.app).await;
    let commander = world.program(&[Role::Commander]).await;
    let form = json!({
        "name": "Computers down", "basis": "Two wards called", "places": ["all"], "systems": ["epic:down"]
    });
    let declared = commander.does("/incidents", form).await;
    let incident: IncidentId = declared["incident"].as_str().expect("is a text").parse().expect("is an id");
    for _ in 0..5 {
        world.minutes_pass(1);
        commander.does(&format!("/incidents/{incident}/next-update"), json!({ "minutes": 30 })).await;
    }
    incident
}

async fn findings(world: &World, kept: &witness::Heads) -> Vec<Finding> {
    let mut tx = world.app.db.read().await.expect("can be read");
    verify::all(&mut tx, kept).await.expect("can be read")
}

async fn found(world: &World, chain: Uuid) -> Verdict {
    let all = findings(world, &witness::Heads::new()).await;
    all.into_iter().find(|finding| finding.chain == chain).expect("is listed").verdict
}

async fn heads(world: &World) -> witness::Heads {
    let mut tx = world.app.db.read().await.expect("can be read");
    witness::in_database(&mut tx).await.expect("can be read")
}

both_databases! {
    async fn log_verify_names_the_first_altered_entry(world: World) {
        let incident = six_entries(world).await;
        assert_eq!(found(world, incident.0).await, Verdict::InItself);
        takes_the_lock_off(world).await;
        let undo = [
            ("UPDATE journal SET subject = 'task:1' WHERE seq = 4", "UPDATE journal SET subject = '' WHERE seq = 4", 4),
            ("UPDATE journal SET event_at = event_at + 1 WHERE seq = 2", "UPDATE journal SET event_at = event_at - 1 WHERE seq = 2", 2),
            ("UPDATE journal SET seq = seq + 100 WHERE seq IN (3, 4)", "UPDATE journal SET seq = seq - 100 WHERE seq > 100", 3),
        ];
        for (change, back, seq) in undo {
            changes(world, change).await;
            let verdict = found(world, incident.0).await;
            assert!(matches!(&verdict, Verdict::Broken(flaw) if flaw.seq() == seq), "{change}: {verdict:?}");
            changes(world, back).await;
            assert_eq!(found(world, incident.0).await, Verdict::InItself);
        }
    }

    async fn swapped_entries_are_named_by_the_first_of_them(world: World) {
        let incident = six_entries(world).await;
        takes_the_lock_off(world).await;
        for (from, to) in [(3, 100), (5, 3), (100, 5)] {
            let mut tx = world.app.db.write().await.expect("can be written");
            execute!(tx, "UPDATE journal SET seq = $1 WHERE seq = $2", to, from).expect("the lock is off");
            tx.commit().await.expect("can be written");
        }
        assert_eq!(found(world, incident.0).await, Verdict::Broken(Flaw::Altered { seq: 3 }));
    }

    async fn a_changed_or_removed_text_is_named(world: World) {
        let incident = six_entries(world).await;
        changes(world, "UPDATE journal_text SET body = 'Nobody called' WHERE name = 'basis'").await;
        let flaw = Flaw::Text { seq: 1, name: "basis".to_owned() };
        assert_eq!(found(world, incident.0).await, Verdict::Broken(flaw));
        changes(world, "DELETE FROM journal_text WHERE name = 'basis'").await;
        let flaw = Flaw::TextRemoved { seq: 1, name: "basis".to_owned() };
        assert_eq!(found(world, incident.0).await, Verdict::Broken(flaw));
    }

    async fn a_cut_end_shows_only_against_a_head_from_outside(world: World) {
        let incident = six_entries(world).await;
        let kept = heads(world).await;
        assert!(findings(world, &kept).await.iter().all(|finding| finding.verdict.is_whole()));
        takes_the_lock_off(world).await;
        cuts_after(world, "incident", 4).await;
        assert_eq!(found(world, incident.0).await, Verdict::Broken(Flaw::Removed { seq: 5 }));
        // A careful attacker also moves the chain's own record of its end.
        moves_the_end_to(world, "incident", 4).await;
        let verdict = found(world, incident.0).await;
        assert_eq!(verdict, Verdict::InItself);
        assert_eq!(verdict.to_string(), "unbroken in itself; cannot tell whether its end was cut or all was rewritten");
        let all = findings(world, &kept).await;
        let cut = all.iter().find(|finding| finding.chain == incident.0).expect("is listed");
        assert_eq!(cut.verdict, Verdict::Broken(Flaw::EndCut { seq: 7, last: 4 }));
    }

    async fn facts_cut_or_rewritten_show_against_the_incidents_own_log(world: World) {
        let incident = six_entries(world).await;
        for number in 0..3 {
            let apply: Apply = Box::new(move |_, _| {
                let data = json!({ "number": number });
                let noted = Noted { kind: "test.counted", subject: String::new(), data, reply: json!(number) };
                Box::pin(async move { Ok(Ok(noted)) })
            });
            world.app.facts.note(incident, apply).await.expect("can be noted");
        }
        fold::once(world.app.clone()).await.expect("can be folded");
        let mut tx = world.app.db.read().await.expect("can be read");
        let facts = fetch_all!(tx, (Uuid,), "SELECT id FROM chain WHERE kind = 'facts'").expect("can be read")[0].0;
        drop(tx);
        assert_eq!(found(world, facts).await, Verdict::AsFolded { seq: 3 });
        takes_the_lock_off(world).await;
        rewrites(world, facts).await;
        assert_eq!(found(world, facts).await, Verdict::Broken(Flaw::NotAsFolded { seq: 3 }));
        cuts_after(world, "facts", 2).await;
        moves_the_end_to(world, "facts", 2).await;
        assert_eq!(found(world, facts).await, Verdict::Broken(Flaw::FoldedEndCut { seq: 3, last: 2 }));
    }
}

/// Writes the last fact anew, with a chain that fits it, as somebody does who knows how the hash is made.
async fn rewrites(world: &World, facts: Uuid) {
    let mut tx = world.app.db.write().await.expect("can be written");
    let rows = backend::store::journal::rows(&mut tx, facts, 0, 10).await.expect("can be read");
    let last = rows.last().expect("has entries");
    let entry = domain::journal::Entry {
        seq: last.seq,
        event_at: domain::time::Timestamp(last.event_at),
        entered_at: domain::time::Timestamp(last.entered_at),
        actor: None,
        kind: last.kind.clone(),
        subject: String::new(),
        data: json!({ "number": 99 }).to_string(),
    };
    let before = rows[rows.len() - 2].hash.clone().try_into().expect("is a hash");
    let head = chain(&before, &entry);
    execute!(
        tx,
        "UPDATE journal SET data = $1, hash = $2 WHERE chain = $3 AND seq = $4",
        entry.data,
        &head[..],
        facts,
        last.seq
    )
    .expect("the lock is off");
    execute!(tx, "UPDATE chain SET head = $1 WHERE id = $2", &head[..], facts).expect("can be written");
    tx.commit().await.expect("can be written");
}
