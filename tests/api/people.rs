//! The staff directory: imported by preview, idempotent, with a list of what was refused; and accounts made from it.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use acceptance::{
    Program, World, both_databases,
    letters::{Post, by_mail, deliver_all},
    settings,
};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use futures::future::Either;
use serde_json::{Value, json};

const HEADER: &str = "Employee ID,Name,Site,Department,Job title,Unit lead,E-mail,Mobile\r\n";

async fn offer(program: &Program, path: &str, name: &str, bytes: &[u8]) -> Value {
    program.uploads(path, &[], ("file", name, bytes)).await.expect(201).json()
}

/// Offers a file and takes it over: the figures of both.
async fn import(program: &Program, bytes: &[u8]) -> (Value, Value) {
    let offered = offer(program, "/people/import", "staff.csv", bytes).await;
    let path = format!("/people/import/{}/commit", offered["import"].as_str().expect("is a text"));
    let done = program.does(&path, json!({})).await;
    (offered["figures"].clone(), done["figures"].clone())
}

/// The path of a person's page, by staff number.
async fn person(program: &Program, number: &str) -> String {
    let found = program.reads(&format!("/people?search={number}")).await;
    format!("/people/{}", found["people"][0]["id"].as_str().expect("is found"))
}

/// How many uploaded files lie in the data folder.
fn uploads(world: &World) -> usize {
    std::fs::read_dir(world.folder.path().join("imports")).expect("is a folder").count()
}

/// `count` people over the units of Harbor Health.
fn staff(count: usize) -> String {
    let units = ["ed", "icu", "4w"];
    let mut text = String::from(HEADER);
    for number in 0..count {
        let site = acceptance::harbor::SITES[number % 12].0;
        let (unit, lead) = (units[number / 12 % 3], if number < 36 { "yes" } else { "no" });
        writeln!(
            text,
            "{number:06},\"Person {number}, RN\",{site},{unit},Registered nurse,{lead},p{number}@harbor-health.example,+1{}55501{:02}\r",
            200 + number / 100 % 800,
            number % 100
        )
        .expect("a text grows");
    }
    text
}

both_databases! {
    async fn importing_82_000_staff_twice_changes_nothing(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let count = if settings::long() { 82_000 } else { 3_000 };
        let file = staff(count);
        let (preview, done) = import(&administrator, file.as_bytes()).await;
        assert_eq!((&preview["added"], &done["added"]), (&json!(count), &json!(count)));
        let (preview, done) = import(&administrator, file.as_bytes()).await;
        for figures in [preview, done] {
            assert_eq!(
                (&figures["added"], &figures["changed"], &figures["unchanged"]),
                (&json!(0), &json!(0), &json!(count))
            );
        }
        let people = administrator.reads("/people").await;
        assert_eq!((&people["total"], &people["without_address"]), (&json!(count), &json!(0)));
        assert_eq!(people["people"][0]["staff_number"], "000000", "leading zeros stay");
    }

    /// The wide work is done in chunks, and what comes in between waits for one of them at most.
    async fn commands_go_on_while_staff_come_in(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let count = if settings::long() { 82_000 } else { 6_000 };
        let file = staff(count);
        let mut importing = std::pin::pin!(import(&administrator, file.as_bytes()));
        let (mut longest, mut number) = (Duration::ZERO, 0);
        let (_, done) = loop {
            let login = format!("n.night{number}");
            let account = json!({ "login": login, "name": "Nia Night", "grants": ["viewer@all"] });
            let asked = Instant::now();
            let mut command = std::pin::pin!(administrator.does("/accounts", account));
            // Both go on at once; the command is timed while the import is under way.
            match futures::future::select(importing.as_mut(), command.as_mut()).await {
                Either::Left((figures, _)) => break figures,
                Either::Right(_) => longest = longest.max(asked.elapsed()),
            }
            number += 1;
        };
        assert_eq!(done["added"], count);
        assert!(number > 3 && longest < Duration::from_secs(2), "{number} commands, {longest:?}");
    }

    async fn a_file_that_was_taken_over_is_removed_and_its_refused_rows_are_kept(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let file = format!("{HEADER}1,Ada,General,Emergency,Nurse,yes,,\r\n2,Ben,General,Nowhere,Nurse,no,,\r\n");
        let offered = offer(&administrator, "/people/import", "staff.csv", file.as_bytes()).await;
        let path = format!("/people/import/{}", offered["import"].as_str().expect("is a text"));
        assert_eq!(uploads(world), 1);
        administrator.does(&format!("{path}/commit"), json!({})).await;
        assert_eq!(uploads(world), 0, "the staff of a hospital lie there in clear text");
        let seen = administrator.reads(&path).await;
        assert_eq!((&seen["figures"]["added"], &seen["figures"]["refused"]), (&json!(1), &json!(1)));
        assert_eq!(seen["rejects"][0]["reason"], "This site has no such unit.");
        let rejects = administrator.asks(&format!("{path}/rejects.csv")).await.expect(200);
        assert!(rejects.text().contains("3,Department,This site has no such unit."), "{}", rejects.text());
    }

    /// Whoever did not hear the answer asks again, at the same moment or later, and hears what was done the first time.
    async fn taking_over_is_told_its_first_outcome_whatever_has_happened_since(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let offered = offer(&administrator, "/people/import", "staff.csv", staff(40).as_bytes()).await;
        let path = format!("/people/import/{}/commit", offered["import"].as_str().expect("is a text"));
        let command = json!({ "request_id": "01900000-0000-7000-8000-0000000000ac" });
        let (one, two) = tokio::join!(administrator.does(&path, &command), administrator.does(&path, &command));
        assert_eq!(one, two);
        assert_eq!(administrator.does(&path, &command).await, one, "the file is gone by now");
        assert_eq!(administrator.is_refused(&path, json!({}), 422).await["type"], "already-imported");
    }

    async fn a_file_that_nobody_takes_over_is_removed_after_a_day(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let offered = offer(&administrator, "/people/import", "staff.csv", staff(2).as_bytes()).await;
        world.minutes_pass(23 * 60);
        backend::jobs::tidy::once(world.app.clone()).await.expect("can be tidied");
        assert_eq!(uploads(world), 1);
        world.minutes_pass(2 * 60);
        backend::jobs::tidy::once(world.app.clone()).await.expect("can be tidied");
        assert_eq!(uploads(world), 0);
        let path = format!("/people/import/{}/commit", offered["import"].as_str().expect("is a text"));
        assert_eq!(administrator.is_refused(&path, json!({}), 422).await["type"], "file-gone");
    }

    async fn a_changed_row_changes_one_person_and_replaces_the_addresses(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        import(&administrator, staff(40).as_bytes()).await;
        let changed = format!("{HEADER}000007,Person Seven,general,icu,Registered nurse,no,seven@mail.example,\r\n");
        let (_, done) = import(&administrator, changed.as_bytes()).await;
        assert_eq!((&done["changed"], &done["added"]), (&json!(1), &json!(0)));
        let found = administrator.reads("/people?search=person+seven").await;
        assert_eq!(found["people"][0]["emails"], json!(["seven@mail.example"]));
        assert_eq!(found["people"][0]["phones"], json!([]));
        assert_eq!(found["people"][0]["unit"], "Intensive care");
    }

    async fn a_refused_row_comes_back_with_row_column_and_reason(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let file = format!(
            "{HEADER}1,Ada,General,Emergency,Nurse,yes,ada@harbor-health.example,\r\n\
             2,Ben,General,Nowhere,Nurse,no,,\r\n\
             3,,General,Emergency,Nurse,no,,\r\n\
             4,Dee,General,Emergency,Nurse,maybe,,\r\n\
             5,Eli,General,Emergency,Nurse,no,eli at home,\r\n\
             6,Fay,General,Emergency,Nurse,no,,12\r\n\
             1,Ada,General,Emergency,Nurse,yes,,\r\n"
        );
        let offered = offer(&administrator, "/people/import", "staff.csv", file.as_bytes()).await;
        let figures = &offered["figures"];
        assert_eq!((&figures["valid"], &figures["duplicates"], &figures["refused"]), (&json!(3), &json!(0), &json!(4)));
        let path = format!("/people/import/{}", offered["import"].as_str().expect("is a text"));
        let answer = administrator.asks(&format!("{path}/rejects.csv")).await.expect(200);
        let rejects = answer.text();
        let lines: Vec<&str> = rejects.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[1], "3,Department,This site has no such unit.");
        assert_eq!(lines.len(), 7);
        assert!(!rejects.contains("eli at home"), "the list travels further than the file");
    }

    /// One misspelt number keeps nobody out of the directory; the list says what is missing, and once only.
    async fn a_person_with_a_bad_phone_is_taken_without_it(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let file = format!("{HEADER}1,Ada,General,Emergency,Nurse,yes,ada@harbor-health.example,12\r\n");
        let (preview, done) = import(&administrator, file.as_bytes()).await;
        for figures in [preview, done] {
            assert_eq!((&figures["added"], &figures["refused"], &figures["taken_in_part"]), (&json!(1), &json!(0), &json!(1)));
        }
        let ada = administrator.reads("/people?search=ada").await["people"][0].clone();
        assert_eq!((&ada["emails"], &ada["phones"]), (&json!(["ada@harbor-health.example"]), &json!([])));
        let again = offer(&administrator, "/people/import", "staff.csv", file.as_bytes()).await;
        assert_eq!((&again["figures"]["unchanged"], &again["figures"]["changed"]), (&json!(1), &json!(0)));
        let path = format!("/people/import/{}", again["import"].as_str().expect("is a text"));
        administrator.does(&format!("{path}/commit"), json!({})).await;
        let remarks = administrator.asks(&format!("{path}/rejects.csv")).await.expect(200);
        assert!(remarks.text().contains("2,Mobile,\"Taken without this phone"), "{}", remarks.text());
    }

    async fn a_wrong_phone_is_corrected_by_hand_and_the_log_names_no_value(world: World) {
        let harbor = world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        import(&administrator, staff(20).as_bytes()).await;
        let path = person(&administrator, "000008").await;
        let ada = administrator.reads(&path).await;
        let correct = json!({
            "version": ada["version"], "name": ada["name"], "unit": harbor.unit("cape", "icu"), "job": "Charge nurse",
            "unit_lead": true, "phones": ["617 555 0199", "+1 617 555 0100"], "emails": [],
        });
        let wrong = json!({ "name": "", "unit": "nowhere", "job": "Nurse", "phones": ["12"] });
        let errors = administrator.is_refused(&path, wrong, 422).await["errors"].clone();
        assert_eq!(errors["phones"][0], "“12” is not a phone number; write it as +1 617 555 0123.");
        assert!(errors["name"].is_array() && errors["unit"].is_array(), "{errors}");
        let changed = administrator.does(&path, &correct).await;
        assert_eq!(changed["version"], 2);
        let now = administrator.reads(&path).await;
        assert_eq!((&now["unit"], &now["job"], &now["emails"]), (&json!("Intensive care"), &json!("Charge nurse"), &json!([])));
        assert_eq!(now["phones"], json!(["+16175550199", "+16175550100"]));
        let mut again = correct.clone();
        again["version"] = json!(2);
        assert_eq!(administrator.is_refused(&path, again, 422).await["type"], "nothing-differs");
        let log = administrator.reads("/log").await;
        let entry = log["entries"].as_array().expect("a list").iter().find(|line| line["kind"] == "person.corrected");
        let entry = entry.unwrap_or_else(|| panic!("the log says nothing: {log}"));
        assert_eq!(entry["about"], now["name"]);
        assert!(!entry.to_string().contains("555"), "{entry}");
    }

    async fn whoever_corrects_second_gets_both_versions(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        import(&administrator, staff(20).as_bytes()).await;
        let path = person(&administrator, "000003").await;
        let mut ada = world.person(&[Role::Administrator]).await;
        let form = ada.opens(&path).await.form("Correct").types("Phones", "+1 617 555 0111").types("Job", "Porter");
        let changed = format!("{HEADER}000003,Person Three,womens,ed,Registered nurse,no,three@mail.example,\r\n");
        import(&administrator, changed.as_bytes()).await;
        let page = ada.sends(&form, "Correct").await.expect(409).page();
        assert!(page.says("three@mail.example") && page.says("Somebody else changed this person first"), "{}", page.text());
        assert_eq!(page.form("Correct").value("job"), Some("Porter"));
        let theirs = json!({ "version": 1, "name": "x", "unit": "01900000-0000-7000-8000-000000000001", "job": "y" });
        let conflict = administrator.is_refused(&path, theirs, 409).await;
        assert_eq!((&conflict["theirs"]["name"], &conflict["yours"]["sent"]["name"]), (&json!("Person Three"), &json!("x")));
        ada.presses(&page.form("Correct"), "Correct").await;
        assert_eq!(administrator.reads(&path).await["job"], "Porter");
    }

    async fn an_administrator_of_one_site_changes_its_staff_alone(world: World) {
        let harbor = world.harbor().await;
        let everywhere = world.program(&[Role::Administrator]).await;
        import(&everywhere, staff(20).as_bytes()).await;
        let place = Place::Facility(harbor.facility("cape"));
        let grant = Grant { role: Role::Administrator, place, signs_as: String::new() };
        let (_, program) = world.program_with(&[grant]).await;
        let (own, other) = (person(&everywhere, "000008").await, person(&everywhere, "000003").await);
        let of = |unit| json!({ "name": "Ann", "unit": harbor.unit(unit, "ed"), "job": "Nurse" });
        program.does(&own, of("cape")).await;
        program.is_refused(&own, of("womens"), 403).await;
        program.is_refused(&other, of("cape"), 403).await;
        program.is_refused(&format!("{other}/left"), json!({}), 403).await;
        let seen = program.reads(&other).await;
        assert_eq!((&seen["may_change"], &seen["units"]), (&json!(false), &json!([])));
        assert_eq!(program.reads(&own).await["units"].as_array().expect("a list").len(), 3);
    }

    async fn who_has_left_is_counted_nowhere_and_may_come_back(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        import(&administrator, staff(36).as_bytes()).await;
        administrator.does("/people/accounts", json!({ "role": "unit_lead", "leads": "yes", "reach": "unit" })).await;
        let path = person(&administrator, "000008").await;
        let mut ada = world.person(&[Role::Administrator]).await;
        let page = ada.opens(&path).await;
        assert!(page.says("Signs in as 000008."), "{}", page.text());
        let page = ada.presses(&page.form("Has left"), "Has left").await;
        assert!(page.says("has left and is told nothing") && page.says("downtime user lock 000008"), "{}", page.text());
        administrator.is_refused(&format!("{path}/left"), json!({}), 422).await;
        let people = administrator.reads("/people").await;
        assert_eq!((&people["total"], &people["leads"], &people["have_left"]), (&json!(35), &json!(35), &json!(1)));
        assert_eq!(administrator.reads("/people?left=yes").await["people"][0]["staff_number"], "000008");
        let places = administrator.reads("/places").await;
        assert_eq!(places["facilities"][8]["staff"], 2, "{places}");
        let page = ada.opens(&path).await;
        ada.presses(&page.form("Works here again"), "Works here again").await;
        assert_eq!(administrator.reads("/people").await["total"], 36);
    }

    async fn who_has_left_gets_no_new_message_by_rule_or_by_an_earlier_list(world: World) {
        let harbor = world.harbor().await;
        let program = world.program(&[Role::Administrator, Role::Commander]).await;
        import(&program, staff(36).as_bytes()).await;
        let mut post = Post::open(&program, &by_mail(1)).await;
        let lists = format!("/incidents/{}/audiences", post.incident);
        let night = ("file", "night.csv", b"staff number\n000008\n000020\n".as_slice());
        let list: Value = program.uploads(&lists, &[("name", "Night")], night).await.expect(201).json();
        assert_eq!(list["people"], 2);
        let cape = format!("facility:{}", harbor.facility("cape"));
        let path = person(&program, "000008").await;
        for (gone, mails) in [(true, [1, 2]), (false, [2, 3])] {
            program.does(&format!("{path}/{}", if gone { "left" } else { "back" }), json!({})).await;
            for (to, expected) in [list["audience"].as_str().expect("an id"), &cape].into_iter().zip(mails) {
                post.list = to.to_owned();
                let broadcast = post.sends().await;
                deliver_all(world).await;
                let told = post.deliveries(&broadcast).await;
                let told = told.iter().filter(|line| line["channel"] == "email").count();
                assert_eq!(told, expected, "gone: {gone}, to {to}");
            }
        }
        program.does(&format!("{path}/left"), json!({})).await;
        let list: Value = program.uploads(&lists, &[("name", "Day")], night).await.expect(201).json();
        assert_eq!((&list["people"], &list["refused"][0]["reason"]), (&json!(1), &json!("is of somebody who has left")));
    }

    async fn a_file_says_who_has_left_and_never_by_silence(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        import(&administrator, staff(36).as_bytes()).await;
        let header = "Employee ID,Name,Site,Department,Job title,Has left\r\n";
        let row = |number: &str, name: &str, left: &str| format!("{number},{name},cape,ed,Nurse,{left}\r\n");
        let file = format!("{header}{}{}", row("000008", "Ann", "yes"), row("990001", "Never known", "yes"));
        let offered = offer(&administrator, "/people/import", "staff.csv", file.as_bytes()).await;
        let figures = &offered["figures"];
        assert_eq!((&figures["leaving"], &figures["added"], &figures["absent"]), (&json!(1), &json!(0), &json!(2)));
        let path = format!("/people/import/{}", offered["import"].as_str().expect("is a text"));
        let preview = administrator.reads(&path).await;
        assert_eq!(preview["absent"][0]["staff_number"], "000020");
        assert_eq!(preview["absent"][1]["place"], "Cape, 4 West");
        administrator.does(&format!("{path}/commit"), json!({})).await;
        let people = administrator.reads("/people").await;
        assert_eq!((&people["total"], &people["have_left"]), (&json!(35), &json!(1)), "nobody is removed by silence");
        let (_, again) = import(&administrator, file.as_bytes()).await;
        assert_eq!((&again["leaving"], &again["changed"]), (&json!(0), &json!(0)));
        let silent = format!("{HEADER}000008,Ann,cape,icu,Nurse,no,,\r\n");
        let (_, done) = import(&administrator, silent.as_bytes()).await;
        assert_eq!((&done["changed"], &done["stay_left"], &done["returning"]), (&json!(1), &json!(1), &json!(0)));
        assert_eq!(administrator.reads("/people").await["have_left"], 1);
        let (_, done) = import(&administrator, format!("{header}{}", row("000008", "Ann", "")).as_bytes()).await;
        assert_eq!(done["returning"], 1);
        assert_eq!(administrator.reads("/people").await["total"], 36);
    }

    async fn a_phone_that_cannot_be_read_keeps_the_known_one_and_says_so(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        import(&administrator, staff(20).as_bytes()).await;
        let file = format!("{HEADER}000007,Person Seven,general,icu,Nurse,no,seven@mail.example,ask at desk\r\n");
        let offered = offer(&administrator, "/people/import", "staff.csv", file.as_bytes()).await;
        let path = format!("/people/import/{}", offered["import"].as_str().expect("is a text"));
        administrator.does(&format!("{path}/commit"), json!({})).await;
        let found = administrator.reads("/people?search=000007").await;
        assert_eq!(found["people"][0]["phones"], json!(["+12005550107"]));
        assert_eq!(found["people"][0]["emails"], json!(["seven@mail.example"]));
        let remarks = administrator.asks(&format!("{path}/rejects.csv")).await.expect(200);
        assert!(remarks.text().contains("2,Mobile,\"The known phones stay: this is not a phone number"), "{}", remarks.text());
        let (again, _) = import(&administrator, file.as_bytes()).await;
        assert_eq!((&again["unchanged"], &again["taken_in_part"]), (&json!(1), &json!(1)));
    }

    async fn columns_with_strange_names_are_mapped_by_hand(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        let file = "Pers.-Nr.;Wer;Haus;Station;Beruf\r\n0042;Ana;general;ed;Nurse\r\n";
        let offered = offer(&administrator, "/people/import", "staff.csv", file.as_bytes()).await;
        let path = format!("/people/import/{}", offered["import"].as_str().expect("is a text"));
        let refused = administrator.is_refused(&format!("{path}/commit"), json!({}), 422).await;
        assert_eq!(refused["type"], "columns-missing");
        let columns = ["staff_number:0", "name:1", "facility:2", "unit:3", "job:4", "email:"];
        administrator.does(&format!("{path}/columns"), json!({ "columns": columns })).await;
        let done = administrator.does(&format!("{path}/commit"), json!({})).await;
        assert_eq!(done["figures"]["added"], 1);
        let refused = administrator.is_refused(&format!("{path}/commit"), json!({}), 422).await;
        assert_eq!(refused["type"], "already-imported");
        administrator.is_refused(&format!("{path}/columns"), json!({ "columns": ["name:9"] }), 422).await;
    }

    async fn what_is_no_table_is_refused_in_one_sentence(world: World) {
        let administrator = world.program(&[Role::Administrator]).await;
        for bytes in [b"".as_slice(), b"PK\x03\x04\x00\x00\x00\x00"] {
            let answer = administrator.uploads("/people/import", &[], ("file", "staff.xlsx", bytes)).await.expect(422);
            assert!(answer.json::<Value>()["errors"]["file"][0].is_string(), "{answer:?}");
        }
    }

    async fn accounts_in_bulk_give_cards_that_work_once(world: World) {
        world.harbor().await;
        let administrator = world.program(&[Role::Administrator]).await;
        import(&administrator, staff(100).as_bytes()).await;
        let rule = json!({ "role": "unit_lead", "leads": "yes", "reach": "unit" });
        let made = administrator.does("/people/accounts", &rule).await;
        assert_eq!((&made["made"], &made["had_one"]), (&json!(36), &json!(0)));
        let card = &made["cards"][0]["card"];
        let stranger = world.unknown_program();
        let first = json!({ "login": card["login"], "code": card["code"], "password": "nobody sleeps tonight" });
        stranger.does("/first-use", &first).await;
        stranger.is_refused("/first-use", &first, 422).await;
        let again = administrator.does("/people/accounts", &rule).await;
        assert_eq!((&again["made"], &again["had_one"]), (&json!(0), &json!(36)));
        let everyone = json!({ "role": "viewer", "reach": "all" });
        administrator.is_refused("/people/accounts", everyone, 422).await;
    }
}
