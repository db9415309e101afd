//! Facts: thousands at once, each answered after its commit, in a chain of their own that is folded into the
//! incident's.

use acceptance::{World, both_databases, harbor};
use backend::{
    execute,
    jobs::fold,
    store::{
        Error,
        facts::{self, Apply, Noted},
        journal,
    },
};
use domain::{
    Refusal,
    actor::Role,
    id::{IncidentId, UnitId},
};
use serde_json::json;

async fn declared(world: &World) -> IncidentId {
    harbor::put_into(&world.app).await;
    let commander = world.program(&[Role::Commander]).await;
    let form = json!({
        "name": "Computers down", "basis": "Two wards called", "places": ["all"], "systems": ["epic:down"]
    });
    let declared = commander.does("/incidents", form).await;
    declared["incident"].as_str().expect("is a text").parse().expect("is an id")
}

async fn note(world: &World, incident: IncidentId, number: i64) -> Result<i64, String> {
    let apply: Apply = Box::new(move |_, _| {
        let noted = if number < 0 {
            Err(Refusal::new("negative", "This number is negative."))
        } else {
            Ok(Noted {
                kind: "test.counted",
                subject: format!("number:{number}"),
                data: json!({ "number": number }),
                reply: json!(number),
            })
        };
        Box::pin(async move { Ok(noted) })
    });
    let reply = world.app.facts.note(incident, apply).await.map_err(|failure| failure.to_string())?;
    Ok(reply.as_i64().expect("is a number"))
}

async fn says(world: &World, incident: IncidentId, apply: Apply) -> Result<i64, String> {
    let reply = world.app.facts.note(incident, apply).await.map_err(|failure| failure.to_string())?;
    Ok(reply.as_i64().expect("is a number"))
}

const RING: &str = "
    UPDATE unit
    SET phone = phone
    WHERE id = $1";

/// A fact that changes two rows in this order.
fn of_two(first: UnitId, second: UnitId) -> Apply {
    Box::new(move |tx, _| {
        Box::pin(async move {
            execute!(tx, RING, first.0)?;
            execute!(tx, RING, second.0)?;
            let (kind, subject, reply) = ("test.rang", String::new(), json!(1));
            Ok(Ok(Noted { kind, subject, data: json!({ "rang": 2 }), reply }))
        })
    })
}

/// How many entries the incident's own log has.
async fn length(world: &World, incident: IncidentId) -> usize {
    let mut tx = world.app.db.read().await.expect("can be read");
    journal::rows(&mut tx, incident.0, 0, 1000).await.expect("can be read").len()
}

both_databases! {
    async fn facts_at_once_are_all_chained_and_answered(world: World) {
        let incident = declared(world).await;
        let replies = futures::future::join_all((0..500).map(|number| note(world, incident, number))).await;
        for (reply, number) in replies.into_iter().zip(0..) {
            assert_eq!(reply, Ok(number));
        }
        fold::once(world.app.clone()).await.expect("can be folded");
        let mut tx = world.app.db.read().await.expect("can be read");
        let log = journal::rows(&mut tx, incident.0, 0, 1000).await.expect("can be read");
        let folded = log.last().expect("has entries");
        assert_eq!((folded.kind.as_str(), folded.actor), ("facts.folded", None));
        let data: serde_json::Value = serde_json::from_str(&folded.data).expect("is JSON");
        assert_eq!(data["facts"][0]["seq"], 500);
    }

    async fn a_refused_fact_leaves_its_neighbours_alone(world: World) {
        let incident = declared(world).await;
        let (one, refused, two) =
            futures::join!(note(world, incident, 1), note(world, incident, -1), note(world, incident, 2));
        assert_eq!((one, two), (Ok(1), Ok(2)));
        assert_eq!(refused, Err("This number is negative.".to_owned()));
    }

    async fn folding_nothing_writes_nothing(world: World) {
        let incident = declared(world).await;
        let before = length(world, incident).await;
        fold::once(world.app.clone()).await.expect("can be folded");
        assert_eq!(length(world, incident).await, before);
    }

    /// One answer that cannot be written takes none of its neighbours with it, and the next ones are taken as before.
    async fn a_fact_that_fails_or_panics_leaves_its_neighbours_alone(world: World) {
        let incident = declared(world).await;
        let corrupt: Apply = Box::new(|_, _| Box::pin(async { Err(Error::Corrupt("a test".into())) }));
        let panics: Apply = Box::new(|_, _| {
            Box::pin(async { panic!("a test") })
        });
        let (one, corrupt, two, panicked, three) = futures::join!(
            note(world, incident, 1),
            says(world, incident, corrupt),
            note(world, incident, 2),
            says(world, incident, panics),
            note(world, incident, 3)
        );
        assert_eq!((one, two, three), (Ok(1), Ok(2), Ok(3)));
        assert!(corrupt.is_err() && panicked.is_err());
        assert_eq!(note(world, incident, 4).await, Ok(4));
    }

    /// Two processes that write about the same units in other orders wait for each other and lose nothing.
    async fn two_writers_at_once_lose_no_fact(world: World) {
        let harbor = harbor::put_into(&world.app).await;
        let commander = world.program(&[Role::Commander]).await;
        let form = json!({
            "name": "Computers down", "basis": "Two wards called", "places": ["all"], "systems": ["epic:down"]
        });
        let incident: IncidentId =
            commander.does("/incidents", form).await["incident"].as_str().expect("an id").parse().expect("an id");
        let app = &world.app;
        let (other, run) = facts::writer(app.db.clone(), app.clock.clone(), app.live.clone());
        let run = app.spawn(run);
        let (a, b) = (harbor.unit("cape", "ed"), harbor.unit("cape", "icu"));
        let ours = (0..100).map(|_| app.facts.note(incident, of_two(a, b)));
        let theirs = (0..100).map(|_| other.note(incident, of_two(b, a)));
        let (ours, theirs) =
            futures::join!(futures::future::join_all(ours), futures::future::join_all(theirs));
        for reply in ours.into_iter().chain(theirs) {
            reply.expect("is noted");
        }
        drop(other);
        run.await.expect("the other writer ends");
        fold::once(app.clone()).await.expect("can be folded");
        let mut tx = app.db.read().await.expect("can be read");
        let log = journal::rows(&mut tx, incident.0, 0, 1000).await.expect("can be read");
        let data: serde_json::Value = serde_json::from_str(&log.last().expect("has entries").data).expect("is JSON");
        assert_eq!(data["facts"][0]["seq"], 200, "one chain for both");
    }

    async fn a_job_that_panics_begins_again(world: World) {
        let (ran, mut told) = tokio::sync::mpsc::unbounded_channel();
        let times = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        world.app.keep_running("test", move |_| {
            let (ran, time) = (ran.clone(), times.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
            async move {
                assert!(time > 0, "the first time it breaks off");
                ran.send(time).expect("the test listens");
            }
        });
        assert_eq!(told.recv().await, Some(1));
    }
}
