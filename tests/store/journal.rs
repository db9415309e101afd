//! The log: every decision is chained, nothing written can be changed, and a repeat is recognised.

use acceptance::{World, both_databases, harbor};
use backend::{
    begin, execute,
    failure::Failure,
    store::{
        journal::{self, By, Chain, Say},
        requests::Request,
    },
};
use domain::{
    actor::Role,
    id::IncidentId,
    journal::{Entry, GENESIS, chain},
    time::Timestamp,
};
use serde_json::json;

/// Writes one entry into the installation's log, as a use case does, and gives its number.
async fn note(world: &World, by: &By, what: &str) -> Result<i64, Failure> {
    let mut decision = begin!(&world.app, by, Chain::Installation);
    let say = Say {
        kind: "test.noted",
        data: json!({ "what": what }),
        texts: &[("reason", "because")],
        ..Say::default()
    };
    let seq = decision.append(&world.app, say).await?;
    decision.commit(&world.app, &seq).await?;
    Ok(seq)
}

async fn by(world: &World, body: u8) -> By {
    let (actor, _) = world.program_with(&[]).await;
    By { actor, request: Request { id: world.app.clock.id(), body_hash: [body; 32] } }
}

both_databases! {
    async fn every_entry_is_hashed_over_the_one_before(world: World) {
        for what in ["first", "second", "third"] {
            note(world, &by(world, 1).await, what).await.expect("can be noted");
        }
        let mut tx = world.app.db.read().await.expect("can be read");
        let rows = journal::rows(&mut tx, world.app.installation, 0, 100).await.expect("can be read");
        let mut head = GENESIS;
        for (row, seq) in rows.iter().zip(1..) {
            assert_eq!(row.seq, seq);
            let entry = Entry {
                seq,
                event_at: Timestamp(row.event_at),
                entered_at: Timestamp(row.entered_at),
                actor: row.actor.map(Into::into),
                kind: row.kind.clone(),
                subject: row.subject.clone(),
                data: row.data.clone(),
            };
            head = chain(&head, &entry);
            assert_eq!(row.hash, head);
            assert!(!row.data.contains("because"), "a text stands in the entry itself");
        }
        let kept = journal::head(&mut tx, world.app.installation).await.expect("can be read");
        assert_eq!(kept, Some((3, head.to_vec())));
    }

    async fn nothing_in_the_log_can_be_changed_or_removed(world: World) {
        note(world, &by(world, 1).await, "first").await.expect("can be noted");
        for statement in ["UPDATE journal SET kind = 'other'", "DELETE FROM journal"] {
            let mut tx = world.app.db.write().await.expect("can be written");
            let error = execute!(tx, statement).expect_err("the log is append-only");
            assert!(format!("{error:?}").contains("append-only"), "{error:?}");
        }
    }

    async fn a_repeated_request_returns_the_first_outcome(world: World) {
        let by = by(world, 1).await;
        let first = note(world, &by, "once").await.expect("can be noted");
        let again = note(world, &by, "once").await.expect("can be repeated");
        assert_eq!(first, again);
        let other = By { request: Request { body_hash: [2; 32], ..by.request }, ..by };
        assert!(matches!(note(world, &other, "else").await, Err(Failure::ReusedRequestId)));
    }

    async fn many_decisions_at_once_leave_no_gap(world: World) {
        let mut callers = Vec::new();
        for _ in 0..16 {
            callers.push(by(world, 1).await);
        }
        let notes = callers.iter().map(|by| note(world, by, "at once"));
        let mut numbers: Vec<i64> =
            futures::future::join_all(notes).await.into_iter().map(|seq| seq.expect("can be noted")).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
    }

    async fn entry_time_never_goes_back_and_a_step_is_logged_once(world: World) {
        note(world, &by(world, 1).await, "before").await.expect("can be noted");
        world.minutes_pass(-10);
        note(world, &by(world, 1).await, "after").await.expect("can be noted");
        world.minutes_pass(3);
        note(world, &by(world, 1).await, "still behind").await.expect("can be noted");
        world.minutes_pass(-5);
        note(world, &by(world, 1).await, "another step").await.expect("can be noted");
        let mut tx = world.app.db.read().await.expect("can be read");
        let rows = journal::rows(&mut tx, world.app.installation, 0, 100).await.expect("can be read");
        let kinds: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
        let (noted, stepped) = ("test.noted", "clock.stepped");
        assert_eq!(kinds, [noted, stepped, noted, noted, stepped, noted]);
        assert!(rows.windows(2).all(|pair| pair[0].entered_at <= pair[1].entered_at));
    }

    /// What a decision writes beside its entry has that entry's number, also when a step of the clock came first.
    async fn a_decision_knows_the_number_of_its_own_entry_when_the_clock_stepped(world: World) {
        note(world, &by(world, 1).await, "before").await.expect("can be noted");
        world.minutes_pass(-10);
        let by = by(world, 1).await;
        let begun = journal::begin::<i64>(&world.app, &by, Chain::Installation).await.expect("begins");
        let journal::Begun::Fresh(mut decision) = begun else { panic!("nobody asked this before") };
        let promised = decision.seq;
        let say = Say { kind: "test.noted", ..Say::default() };
        assert_eq!(decision.append(&world.app, say).await.expect("can be noted"), promised);
        decision.commit(&world.app, &promised).await.expect("can be noted");
    }

    async fn a_decision_about_an_unknown_incident_is_not_found(world: World) {
        let unknown: IncidentId = world.app.clock.id();
        let begun = journal::begin::<()>(&world.app, &by(world, 1).await, Chain::Incident(unknown)).await;
        assert!(matches!(begun, Err(Failure::NotFound("incident"))));
    }

    /// What two administrators on call try at the same moment: one is declared, the other gets the link to it.
    async fn two_declarations_of_the_same_scope_at_once_make_one_incident(world: World) {
        harbor::put_into(&world.app).await;
        let commander = world.program(&[Role::Commander]).await;
        let form = json!({
            "name": "Computers down", "basis": "Two wards called", "places": ["all"], "systems": ["epic:down"]
        });
        let both = futures::join!(commander.posts("/incidents", &form), commander.posts("/incidents", &form));
        let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 422]);
    }
}
