//! The lists of blank forms go by an index, however many units and forms there are, and the two databases agree.

use acceptance::{World, both_databases};
use backend::{
    fetch_all,
    stock::reading::{After, BURN_DOWN, REORDERS, SHORT},
};
use sqlx::types::Uuid;

/// How SQLite would answer, as one text.
async fn plan(world: &World, sql: &str) -> String {
    let text: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
    let mut tx = world.app.db.read().await.expect("can be read");
    let rows = fetch_all!(tx, (i64, i64, i64, String), text).expect("can be explained");
    rows.into_iter().map(|(.., detail)| detail).collect::<Vec<_>>().join("; ")
}

both_databases! {
    async fn every_list_of_blank_forms_goes_by_its_own_index(world: World) {
        if world.app.db.is_postgres() {
            return;
        }
        for (index, sql) in
            [("stock_short", SHORT), ("stock_runs_out", BURN_DOWN), ("reorder_state", REORDERS)]
        {
            let plan = plan(world, sql).await;
            assert!(plan.contains(&format!("INDEX {index} (")), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "nothing is sorted: {plan}");
        }
    }

    async fn an_address_without_a_place_in_the_list_begins_at_its_start(_world: World) {
        for text in ["", "x", "1:2", "1:not an id:MAR", "9999999999999999999:1:MAR"] {
            let after = After::read(text, 7);
            assert_eq!((after.number, after.unit, after.form_type.as_str()), (7, Uuid::nil(), ""), "{text}");
        }
    }
}
