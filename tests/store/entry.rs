//! The lists of typing in go by an index, whatever they are narrowed by: a million and a half sheets make none slower.

use acceptance::{World, both_databases};
use backend::{
    entry::store::{After, Filter},
    fetch_all,
    store::Sql,
};
use domain::id::{AccountId, FacilityId, UnitId};
use sqlx::types::Uuid;

/// How SQLite would answer, as one text.
async fn plan(world: &World, sql: Sql) -> String {
    let text: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {}", sql.sqlite).into_boxed_str());
    let mut tx = world.app.db.read().await.expect("can be read");
    let rows = fetch_all!(tx, (i64, i64, i64, String), text).expect("can be explained");
    rows.into_iter().map(|(.., detail)| detail).collect::<Vec<_>>().join("; ")
}

both_databases! {
    async fn every_list_of_typing_in_goes_by_its_own_index(world: World) {
        if world.app.db.is_postgres() {
            return;
        }
        let unit = Some(UnitId(Uuid::nil()));
        let site = Some(FacilityId(Uuid::nil()));
        let holder = Some(AccountId(Uuid::nil()));
        let form_type = "MAR".to_owned();
        for (index, filter) in [
            ("entry_task_all", Filter::default()),
            ("entry_task_site", Filter { site, ..Filter::default() }),
            ("entry_task_type", Filter { site, form_type: form_type.clone(), ..Filter::default() }),
            ("entry_task_unit", Filter { unit, form_type, ..Filter::default() }),
            ("entry_task_mine", Filter { holder, unit, ..Filter::default() }),
        ] {
            let plan = plan(world, filter.sql()).await;
            assert!(plan.contains(&format!("USING INDEX {index} (")), "{plan}");
            assert!(plan.contains("(priority,care_at,form)>"), "the next page begins where this one ended: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "nothing is sorted: {plan}");
        }
    }

    async fn an_address_without_a_place_in_the_list_begins_at_its_start(world: World) {
        for text in ["", "x", "1:2", "1:2:not an id", "9999999999999999999:1:"] {
            assert_eq!(After::read(text), After::default(), "{text}");
        }
        let after = After { priority: 3, care_at: i64::MAX, form: world.app.clock.id() };
        assert_eq!(After::read(&after.text()), after);
    }
}
