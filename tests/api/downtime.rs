//! How long each function was down, to the minute: over two windows, over nights in which the clocks change, and
//! as it was at any past minute.

use acceptance::both_databases;
use domain::actor::Role;
use serde_json::{Value, json};

use crate::clearance::Night;

/// The line of a function of the laboratory at Cape as a whole.
async fn function(night: &Night, query: &str, function: &str) -> Value {
    let view = night.commander.reads(&format!("{}/downtime{query}", night.incident)).await;
    let functions = view["systems"][0]["functions"].as_array().expect("is a list").clone();
    functions.into_iter().find(|line| line["function"] == function).expect("the system has it")
}

async fn minutes(night: &Night, query: &str, name: &str) -> i64 {
    function(night, query, name).await["minutes"].as_i64().expect("is a number")
}

both_databases! {
    /// Down from 02:05 to 05:05; orders alone again from 06:35 to 08:00.
    async fn two_windows_add_up_and_a_part_taken_back_counts_for_its_functions_alone(world: World) {
        let night = Night::falls(world).await;
        assert_eq!(minutes(&night, "", "orders").await, 0);
        world.at("2024-07-19 05:05");
        night.released().await;
        world.at("2024-07-19 06:35");
        let part = json!({ "reason": "Orders print twice", "functions": ["orders"] });
        let revoked = night.commander.does(&format!("{}/revoke", night.scope), part).await;
        world.at("2024-07-19 08:00");
        let orders = function(&night, "", "orders").await;
        assert_eq!((orders["minutes"].as_i64(), &orders["total"], &orders["still_down"]), (Some(265), &json!("04:25"), &json!(true)));
        let scope = format!("{}/clearance/{}", night.incident, revoked["reopened"].as_str().expect("is a text"));
        let again = Night { scope, ..night };
        again.released().await;
        world.at("2024-07-19 12:00");
        let orders = function(&again, "", "orders").await;
        assert_eq!((orders["minutes"].as_i64(), &orders["still_down"]), (Some(265), &json!(false)));
        assert_eq!(orders["windows"][1]["from_local"], "2024-07-19 06:35 EDT");
        assert_eq!(orders["windows"][1]["until_local"], "2024-07-19 08:00 EDT");
        assert_eq!(minutes(&again, "", "results").await, 180);
        // As it was known at 07:00: the second window is 25 minutes old.
        assert_eq!(minutes(&again, "?as_of=2024-07-19%2007:00", "orders").await, 205);
        assert_eq!(minutes(&again, "?as_of=2024-07-19%2003:05", "results").await, 60);
    }

    /// The hour from 1 to 2 came twice: what was down from midnight to 6 was down for seven hours.
    async fn the_doubled_hour_counts_twice(world: World) {
        world.at("2024-11-03 00:00");
        let night = Night::falls(world).await;
        world.at("2024-11-03 06:00");
        night.released().await;
        let results = function(&night, "", "results").await;
        assert_eq!(results["minutes"], 420, "{results}");
        assert_eq!(results["windows"][0]["from_local"], "2024-11-03 00:00 EDT");
        assert_eq!(results["windows"][0]["until_local"], "2024-11-03 06:00 EST");
    }

    /// The hour from 2 to 3 never was.
    async fn the_missing_hour_does_not_count(world: World) {
        world.at("2024-03-10 00:00");
        let night = Night::falls(world).await;
        world.at("2024-03-10 06:00");
        night.released().await;
        assert_eq!(minutes(&night, "", "results").await, 300);
    }

    /// A unit that was taken back alone has a line of its own; its site works.
    async fn a_unit_taken_back_alone_has_its_own_line(world: World) {
        let night = Night::falls(world).await;
        world.at("2024-07-19 04:05");
        night.released().await;
        let unit = domain::scope::Place::Unit(night.harbor.unit("cape", "icu")).to_string();
        let part = json!({ "reason": "Labels of the wrong ward", "place": unit });
        night.commander.does(&format!("{}/revoke", night.scope), part).await;
        world.at("2024-07-19 05:35");
        let view = night.commander.reads(&format!("{}/downtime", night.incident)).await;
        let lines = view["systems"].as_array().expect("is a list");
        assert_eq!(lines.len(), 2, "{view}");
        assert_eq!(lines[0]["functions"][0]["minutes"], 120);
        assert_eq!((&lines[1]["unit"], &lines[1]["functions"][0]["minutes"]), (&json!("Cape, Intensive care"), &json!(210)));
    }

    /// All of it is down again from 06:35. Results are parted off while they wait, orders when they run again: each
    /// has been down since 06:35, and stays down when the rest is released.
    async fn a_function_that_goes_its_own_way_has_been_down_since_the_revocation(world: World) {
        let night = Night::falls(world).await;
        world.at("2024-07-19 05:05");
        night.released().await;
        world.at("2024-07-19 06:35");
        let whole = json!({ "reason": "Wrong formulary" });
        let revoked = night.commander.does(&format!("{}/revoke", night.scope), whole).await;
        let scope = format!("{}/clearance/{}", night.incident, revoked["reopened"].as_str().expect("is a text"));
        let again = Night { scope, ..night };
        let split = format!("{}/split", again.scope);
        world.at("2024-07-19 06:50");
        again.commander.does(&split, json!({ "functions": ["results"] })).await;
        world.at("2024-07-19 07:05");
        again.restored().await;
        world.at("2024-07-19 07:35");
        again.commander.does(&split, json!({ "functions": ["orders"] })).await;
        world.at("2024-07-19 08:00");
        again.sign_both().await;
        again.commander.does(&format!("{}/release", again.scope), json!({})).await;
        world.at("2024-07-19 09:00");
        for (name, minutes, still_down) in [("documentation", 265, false), ("results", 325, true), ("orders", 325, true)] {
            let line = function(&again, "", name).await;
            assert_eq!((line["minutes"].as_i64(), &line["still_down"]), (Some(minutes), &json!(still_down)), "{line}");
            assert_eq!(line["windows"][1]["from_local"], "2024-07-19 06:35 EDT", "{line}");
            assert_eq!(function(&again, "?as_of=2024-07-19%2006:45", name).await["minutes"], 190);
        }
    }

    /// The site is released at 05:05 without the unit that was parted off after its return.
    async fn a_unit_that_goes_its_own_way_stays_down_when_its_site_is_released(world: World) {
        let night = Night::falls(world).await;
        world.at("2024-07-19 04:05");
        night.restored().await;
        let unit = domain::scope::Place::Unit(night.harbor.unit("cape", "icu")).to_string();
        night.commander.does(&format!("{}/split", night.scope), json!({ "place": unit })).await;
        world.at("2024-07-19 05:05");
        night.sign_both().await;
        night.commander.does(&format!("{}/release", night.scope), json!({})).await;
        world.at("2024-07-19 06:05");
        let view = night.commander.reads(&format!("{}/downtime", night.incident)).await;
        let (site, ward) = (&view["systems"][0]["functions"][0], &view["systems"][1]["functions"][0]);
        assert_eq!((&site["minutes"], &site["still_down"]), (&json!(180), &json!(false)), "{view}");
        assert_eq!((&ward["minutes"], &ward["still_down"]), (&json!(240), &json!(true)), "{view}");
        assert_eq!(ward["windows"].as_array().map(Vec::len), Some(1), "{view}");
    }

    async fn the_page_and_the_file_say_the_same(world: World) {
        let night = Night::falls(world).await;
        world.at("2024-07-19 03:05");
        night.released().await;
        let mut viewer = world.person(&[Role::Viewer]).await;
        let page = viewer.opens(&format!("{}/downtime", night.incident)).await;
        assert!(page.says("01:00"), "{}", page.text());
        assert!(page.says("2024-07-19 02:05 EDT"), "{}", page.text());
        let answer = viewer.asks(&page.link("All windows as CSV")).await;
        let file = answer.text();
        assert!(file.contains("cape,,Laboratory,results,1,2024-07-19 02:05 EDT,2024-07-19 03:05 EDT,America/New_York,2024-07-19T06:05:00Z,2024-07-19T07:05:00Z,60"), "{file}");
        assert!(!viewer.opens(&format!("{}/clearance", night.incident)).await.link("Downtime by function").is_empty());
        let wrong = viewer.asks(&format!("{}/downtime?as_of=soon", night.incident)).await;
        assert_eq!(wrong.status.as_u16(), 422);
    }

    /// A unit that was parted off and is clear works, whatever its site still waits for.
    async fn a_unit_that_is_given_back_early_is_down_no_longer(world: World) {
        let night = Night::falls(world).await;
        let unit = domain::scope::Place::Unit(night.harbor.unit("cape", "icu")).to_string();
        night.commander.does(&format!("{}/split", night.scope), json!({ "place": unit })).await;
        let ladder = night.commander.reads(&format!("{}/clearance", night.incident)).await;
        let scopes = ladder["scopes"].as_array().expect("is a list");
        let is_unit = |scope: &&Value| scope["name"].as_str().is_some_and(|name| name.contains("Intensive"));
        let scope = scopes.iter().find(is_unit).expect("was parted")["path"].as_str().expect("is a text").to_owned();
        world.at("2024-07-19 04:05");
        let part = Night { scope, ..night };
        part.released().await;
        world.at("2024-07-19 08:05");
        let view = part.commander.reads(&format!("{}/downtime", part.incident)).await;
        let lines = view["systems"].as_array().expect("is a list");
        let unit = lines.iter().find(|line| line["unit"] == "Cape, Intensive care").expect("has its own line");
        assert_eq!(unit["functions"][0]["minutes"], 120, "{view}");
        let site = lines.iter().find(|line| line["unit"] == "").expect("has a line");
        assert_eq!(site["functions"][0]["minutes"], 360, "{view}");
    }
}
