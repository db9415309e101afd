//! The ledger where it is kept: changes add up in one small row, and the database refuses a row that breaks rule 8.

use acceptance::{World, both_databases};
use backend::{execute, fetch_one, forms::tally, store::Error};
use domain::{
    actor::Role,
    forms::Ledger,
    id::{IncidentId, UnitId},
};
use serde_json::json;

async fn incident(world: &World) -> (IncidentId, UnitId) {
    let harbor = world.harbor().await;
    let commander = world.program(&[Role::Commander]).await;
    let form = json!({
        "name": "Computers down", "basis": "Two wards called", "places": ["all"], "systems": ["epic:down"]
    });
    let declared = commander.does("/incidents", form).await;
    let id = declared["incident"].as_str().expect("is a text").parse().expect("is an id");
    (id, harbor.unit("general", "4w"))
}

both_databases! {
    async fn the_database_refuses_a_ledger_that_does_not_add_up(world: World) {
        let (incident, unit) = incident(world).await;
        let mut tx = world.app.db.write().await.expect("can be written");
        let handed_out = Ledger { issued: 40, out: 40, ..Ledger::default() };
        tally::add(&mut tx, incident, "MAR", unit, false, &handed_out).await.expect("adds up");
        let lost = Ledger { out: -1, ..Ledger::default() };
        // On SQLite what nobody asks about is put off, and fails at the commit.
        let error = match tally::add(&mut tx, incident, "MAR", unit, false, &lost).await {
            Ok(()) => tx.commit().await.expect_err("loses a sheet"),
            Err(error) => {
                drop(tx);
                error
            }
        };
        assert!(matches!(error, Error::Constraint(..)), "{error:?}");
        let mut tx = world.app.db.read().await.expect("can be read");
        let ledger = tally::of_type(&mut tx, incident, "MAR").await.expect("can be read");
        assert_eq!(ledger, Ledger::default(), "nothing of it was written");
    }

    async fn changes_add_to_the_same_row(world: World) {
        let (incident, unit) = incident(world).await;
        let mut tx = world.app.db.write().await.expect("can be written");
        let handed_out = Ledger { issued: 40, out: 40, ..Ledger::default() };
        let counted = Ledger { out: -30, used: 30, ..Ledger::default() };
        for change in [handed_out, counted] {
            tally::add(&mut tx, incident, "MAR", unit, false, &change).await.expect("adds up");
        }
        let ledger = tally::of_type(&mut tx, incident, "MAR").await.expect("can be read");
        assert_eq!(ledger, Ledger { issued: 40, out: 10, used: 30, ..Ledger::default() });
        let (rows,) = fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM form_tally").expect("can be read");
        assert_eq!(rows, 1);
        execute!(tx, "DELETE FROM form_tally").expect("can be written");
    }
}
