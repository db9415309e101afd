//! Sheets that go another way than usual: counted on the wrong pile, of a kind that ends differently here or now, not to
//! be typed in as they are.

use acceptance::both_databases;
use domain::{actor::Role, forms::Serial};
use serde_json::{Value, json};

use crate::{
    entry::Room,
    forms::{Night, serial},
};

fn of(ledger: &Value, parts: [&str; 4]) -> [i64; 4] {
    parts.map(|part| ledger["total"][part].as_i64().expect("is a number"))
}

both_databases! {
    /// What takes a sheet out of typing in is another person's to say; rule 8 holds before and after.
    async fn a_sheet_on_the_wrong_pile_is_put_on_another_one(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        night.counts(json!({ "used": "1001-1010", "blank": "1011-1012" })).await;
        let pile = |number| night.path(&format!("/sheets/{}/pile", serial(number)));
        let off = json!({ "pile": "blank", "reason": "Nothing is written on it" });
        let own = night.clerk.is_refused(&pile(1001), &off, 422).await;
        assert!(own["type"].as_str().is_some_and(|code| code.ends_with("counted-by-you")), "{own}");
        let second = world.program(&[Role::FormsClerk]).await;
        assert_eq!(second.does(&pile(1001), &off).await["state"], "blank");
        second.is_refused(&pile(1001), &off, 422).await;
        let on = json!({ "pile": "used", "reason": "The back is written on" });
        night.clerk.does(&pile(1011), &on).await;
        let ledger = night.clerk.reads(&night.path("")).await;
        assert_eq!(of(&ledger, ["issued", "used", "blank", "voided"]), [40, 10, 2, 0]);
        let tasks = night.clerk.reads(&format!("/incidents/{}/entry?show=prepare", night.incident)).await;
        let serials: Vec<&str> =
            tasks["lines"].as_array().expect("is a list").iter().filter_map(|line| line["serial"].as_str()).collect();
        assert!(serials.contains(&serial(1011).to_string().as_str()), "it is typed in now: {serials:?}");
        assert!(!serials.contains(&serial(1001).to_string().as_str()), "it is not any more: {serials:?}");

        second.is_refused(&pile(1002), json!({ "pile": "blank" }), 422).await;
        second.is_refused(&pile(1013), &off, 422).await;
        second.is_refused(&pile(1041), &off, 404).await;
        let viewer = world.program(&[Role::Viewer]).await;
        viewer.is_refused(&pile(1002), &off, 403).await;
        night.prepares([serial(1003).to_string()]).await;
        night.clerk.does(&night.path("/enter"), json!({ "form_type": "MAR", "serials": "1003" })).await;
        let begun = second.is_refused(&pile(1003), &off, 422).await;
        assert!(begun["type"].as_str().is_some_and(|code| code.ends_with("begun")), "{begun}");
        let history = second.reads(&night.path(&format!("/sheets/{}", serial(1001)))).await;
        let what = history["events"].as_array().expect("is a list").iter().any(|event| event["what"] == "put on another pile: blank");
        assert!(what, "{history}");
    }

    /// What two people signed stays what they signed; before that a blank sheet leaves its batch.
    async fn a_blank_sheet_leaves_its_batch_until_that_is_signed(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        let unit = night.harbor.unit("general", "4w").to_string();
        let opened = night.clerk.does(&night.path("/batches"), json!({ "unit": unit })).await;
        let batch = opened["batch"].as_str().expect("is a text").to_owned();
        for number in 1001..=1003 {
            let scan = json!({ "serial": serial(number).to_string(), "station": "collection", "pile": "used", "batch": batch });
            night.clerk.does(&night.path("/scan"), scan).await;
        }
        let second = world.program(&[Role::FormsClerk]).await;
        let pile = |number| night.path(&format!("/sheets/{}/pile", serial(number)));
        let off = json!({ "pile": "blank", "reason": "Nothing is written on it" });
        second.does(&pile(1001), &off).await;
        let sign = night.path(&format!("/batches/{batch}/sign"));
        night.clerk.is_refused(&sign, json!({ "sheets": 3, "pages": 3 }), 422).await;
        night.clerk.does(&sign, json!({ "sheets": 2, "pages": 2 })).await;
        second.is_refused(&pile(1002), &off, 422).await;
        let voided = json!({ "pile": "voided", "reason": "Torn before it was written on" });
        assert_eq!(second.does(&pile(1002), voided).await["state"], "voided", "it stays in the batch");
    }

    /// Clinics type in no laboratory request, and after two weeks nobody types in an order set: by the catalogue.
    async fn a_sheet_ends_as_its_kind_does_in_its_setting_and_at_its_time(world: World) {
        let night = Night::begins(world).await;
        let administrator = world.program(&[Role::Administrator]).await;
        let (ward, clinic) = (night.harbor.unit("general", "4w"), night.harbor.unit("general", "icu"));
        for (unit, setting) in [(ward, "inpatient"), (clinic, "clinic")] {
            administrator.does(&format!("/places/units/{unit}/care"), json!({ "setting": setting })).await;
        }
        let ends = async |form_type: &str, unit: &str, site_unit: &str| {
            let form = json!({ "form_type": form_type, "unit": unit, "sheets": 1 });
            let issued = night.clerk.does(&night.path("/issue"), form).await;
            let first: Serial = issued["first"].as_str().expect("is a text").parse().expect("is a serial");
            assert_eq!(first.unit, site_unit.to_uppercase());
            let form = json!({ "form_type": form_type, "unit": unit, "used": first.number.to_string() });
            night.clerk.does(&night.path("/count"), form).await;
            let filed = json!({ "form_type": form_type, "serials": first.number.to_string() });
            let answer = night.clerk.posts(&night.path("/file"), filed).await;
            assert!(answer.status.is_success() || answer.text().contains("It is typed in, not filed alone"), "{}", answer.text());
            answer.status.is_success()
        };
        let (ward, clinic) = (ward.to_string(), clinic.to_string());
        assert!(!ends("LAB", &ward, "4w").await, "a ward's request is typed in");
        assert!(ends("LAB", &clinic, "icu").await, "a clinic's is scanned");
        assert!(!ends("OSET", &ward, "4w").await);
        world.minutes_pass(336 * 60 - 1);
        assert!(!ends("OSET", &ward, "4w").await, "one minute is missing to two weeks");
        world.minutes_pass(1);
        assert!(ends("OSET", &ward, "4w").await, "from two weeks on it is scanned only");
    }

    /// An illegible sheet waits for who can read it, and is checked then; who set it aside does not void it.
    async fn what_cannot_be_typed_in_is_set_aside_and_settled_by_another(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("REG", 3, "1-3").await;
        let page = async |number| room.path(&format!("/sheets/{}", room.sheet("REG", number).await.0));
        let (first, second) = (page(1).await, page(2).await);
        let aside = json!({ "kind": "illegible", "note": "The second line cannot be read", "owner": "unit_lead" });
        room.clerk.is_refused(&format!("{first}/set-aside"), json!({ "kind": "dose_charted_twice", "note": "x" }), 422).await;
        room.clerk.does(&format!("{first}/set-aside"), &aside).await;
        room.clerk.is_refused(&format!("{first}/set-aside"), &aside, 422).await;
        let view = room.clerk.reads(&first).await;
        assert!(view["title"].as_str().is_some_and(|title| title.contains("is set aside")), "{view}");
        assert_eq!(view["differences"][0]["owner"], "Unit lead", "{view}");
        let settle = |ending| json!({ "ending": ending, "reason": "Asked who wrote it" });
        let upheld = room.second.is_refused(&format!("{first}/settle"), settle("not_an_error"), 422).await;
        assert!(upheld["type"].as_str().is_some_and(|code| code.ends_with("not-entered-yet")), "{upheld}");
        room.clerk.is_refused(&format!("{first}/settle"), settle("voided"), 422).await;
        room.second.does(&format!("{first}/settle"), settle("voided")).await;

        room.clerk.does(&format!("{second}/set-aside"), &aside).await;
        room.prepares("REG", "0012345", &[(2, "")]).await;
        let entered = room.clerk.does(&format!("{second}/enter"), json!({ "author": "Dr. Chen" })).await;
        assert_eq!(entered["to_check"], true, "what was doubtful is looked at by a second person");
        room.second.does(&format!("{second}/check"), json!({ "found": "verified" })).await;
    }
}
