//! Facts: thousands at once, each answered after its commit, in a chain of their own that is folded into the
//! incident's.

use acceptance::{World, both_databases, harbor};
use backend::{
    jobs::fold,
    store::{
        facts::{Apply, Noted},
        journal,
    },
};
use domain::{Refusal, actor::Role, id::IncidentId};
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
}
