//! The rungs before an all clear: evidence with its proof, waves with their hold points, and signatures that are bound
//! to what was signed.

use acceptance::{PASSWORD, Program, World, both_databases};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};

use crate::clearance::{Night, laboratory};

/// Who else is needed: a second commander, and a signer who may agree to a waiver.
async fn second_commander(world: &World) -> Program {
    world.program(&[Role::Commander]).await
}

impl Night {
    async fn panel(&self) -> Value {
        self.commander.reads(&self.scope).await["chosen"].clone()
    }

    async fn plans(&self, units: &[&str], starts_at: &str, condition: &str) {
        let wave = json!({
            "units": units, "starts_at": starts_at, "hold_minutes": 30, "hold_owner": "Operations chief",
            "condition": condition,
        });
        self.commander.does(&format!("{}/waves", self.scope), wave).await;
    }

    fn wave(&self, number: i64, act: &str) -> String {
        format!("{}/waves/{number}/{act}", self.scope)
    }
}

both_databases! {
    /// The public page says all the while that everybody stays out (rule 1).
    async fn waves_begin_in_order_by_a_second_person_and_are_watched_before_the_next(world: World) {
        let night = Night::falls(world).await;
        let second = second_commander(world).await;
        night.restored().await;
        night.plans(&["ed"], "2024-07-19 02:30", "").await;
        night.plans(&["icu", "4w"], "2024-07-19 03:30", "").await;
        let begin = night.wave(1, "begin");
        assert_eq!(second.is_refused(&begin, json!({}), 422).await["type"], "too-early");
        world.at("2024-07-19 02:31");
        assert_eq!(night.commander.is_refused(&begin, json!({}), 422).await["type"], "one-person");
        night.cio.is_refused(&begin, json!({}), 403).await;
        assert_eq!(second.does(&begin, json!({})).await["stage"], "waves");
        assert_eq!(laboratory(world, "cape").await, "DO NOT LOG IN");
        let orders = night.commander.reads(&format!("{}/instructions", night.incident)).await;
        let for_wave = orders["in_force"].to_string();
        assert!(for_wave.contains("staff of wave 1"), "{orders}");
        world.at("2024-07-19 03:00");
        let pass = night.wave(1, "pass");
        assert_eq!(night.commander.is_refused(&pass, json!({}), 422).await["type"], "hold-point");
        world.at("2024-07-19 03:31");
        let next = night.wave(2, "begin");
        assert_eq!(second.is_refused(&next, json!({}), 422).await["type"], "held");
        night.commander.does(&pass, json!({ "note": "31 signed in, no complaint" })).await;
        second.does(&next, json!({})).await;
        let sign = format!("{}/sign", night.scope);
        let as_cio = json!({ "signer": "cio", "password": PASSWORD });
        assert_eq!(night.cio.is_refused(&sign, as_cio.clone(), 422).await["type"], "waves-left");
        world.at("2024-07-19 04:02");
        night.commander.does(&night.wave(2, "pass"), json!({})).await;
        let evidence = json!({ "piece": "checked-in-use", "passed": true });
        night.cio.does(&format!("{}/evidence", night.scope), evidence).await;
        night.sign_both().await;
        night.commander.does(&format!("{}/release", night.scope), json!({})).await;
        assert_eq!(laboratory(world, "cape").await, "USE");
        let orders = night.commander.reads(&format!("{}/instructions", night.incident)).await;
        assert!(!orders["in_force"].to_string().contains("staff of wave"), "the release lets everybody in: {orders}");
    }

    async fn a_wave_that_is_stopped_lets_nobody_in_any_more(world: World) {
        let night = Night::falls(world).await;
        let second = second_commander(world).await;
        night.restored().await;
        night.plans(&["ed", "icu"], "", "").await;
        second.does(&night.wave(1, "begin"), json!({})).await;
        let halt = night.wave(1, "halt");
        assert!(second.is_refused(&halt, json!({}), 422).await["errors"]["reason"].is_array());
        let halted = second.does(&halt, json!({ "reason": "Nobody can sign in: the directory is slow" })).await;
        assert_eq!(halted["stage"], "restored");
        let orders = night.commander.reads(&format!("{}/instructions", night.incident)).await;
        assert!(!orders["in_force"].to_string().contains("staff of wave"), "{orders}");
        second.does(&night.wave(1, "begin"), json!({})).await;
        let panel = night.panel().await;
        assert_eq!(panel["waves"][0]["progress"], "begun", "{panel}");
    }

    async fn a_wave_has_units_of_its_scope_and_counts_who_will_sign_in(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        let waves = format!("{}/waves", night.scope);
        assert_eq!(night.commander.is_refused(&waves, json!({}), 422).await["type"], "no-units");
        let unknown = night.commander.is_refused(&waves, json!({ "units": ["roof"] }), 422).await;
        assert!(unknown["errors"]["units"].is_array(), "{unknown}");
        let elsewhere = format!("unit:{}", night.harbor.unit("general", "ed"));
        let outside = night.commander.is_refused(&waves, json!({ "units": [elsewhere] }), 422).await;
        assert_eq!(outside["type"], "outside");
        night.plans(&["ed"], "", "").await;
        let taken = night.commander.is_refused(&waves, json!({ "units": ["ed"] }), 422).await;
        assert_eq!(taken["type"], "in-another-wave");
        let panel = night.panel().await;
        assert_eq!(panel["waves"][0]["expected"], 0, "nobody is on the staff list: {panel}");
        night.commander.does(&night.wave(1, "unplan"), json!({})).await;
        night.commander.does(&waves, json!({ "units": ["ed"], "expected": "140" })).await;
        let panel = night.panel().await;
        assert_eq!(panel["waves"][0]["number"], 2, "a number is never given twice: {panel}");
        assert_eq!(panel["waves"][0]["expected"], 140);
    }

    async fn a_piece_is_waived_by_two_people_in_two_roles(world: World) {
        let night = Night::falls(world).await;
        night.cio.does(&format!("{}/restore", night.scope), json!({})).await;
        let give = format!("{}/evidence", night.scope);
        let waived = json!({ "piece": "checked-in-use", "outcome": "waived" });
        assert!(night.commander.is_refused(&give, waived, 422).await["errors"]["note"].is_array());
        let waived = json!({ "piece": "checked-in-use", "outcome": "waived", "note": "The wards are closed tonight" });
        night.commander.does(&give, waived).await;
        let sign = format!("{}/sign", night.scope);
        let as_cio = json!({ "signer": "cio", "password": PASSWORD });
        assert_eq!(night.cio.is_refused(&sign, as_cio, 422).await["type"], "evidence-open");
        let agree = format!("{give}/agree");
        let again = json!({ "piece": "checked-in-use" });
        assert_eq!(night.commander.is_refused(&agree, again.clone(), 422).await["type"], "one-person");
        let other = second_commander(world).await.is_refused(&agree, json!({ "piece": "checked-in-use", "role": "commander" }), 422).await;
        assert_eq!(other["type"], "one-role");
        night.cio.does(&agree, again).await;
        night.sign_both().await;
    }

    async fn evidence_counts_from_when_it_was_looked_at(world: World) {
        let night = Night::falls(world).await;
        night.cio.does(&format!("{}/restore", night.scope), json!({})).await;
        let give = format!("{}/evidence", night.scope);
        world.at("2024-07-19 05:00");
        let future = json!({ "piece": "checked-in-use", "passed": true, "at": "2024-07-19 05:01" });
        assert!(night.cio.is_refused(&give, future, 422).await["errors"]["at"].is_array());
        let stale = json!({ "piece": "checked-in-use", "passed": true, "at": "2024-07-19 02:59" });
        night.cio.does(&give, stale).await;
        let sign = format!("{}/sign", night.scope);
        let as_cio = json!({ "signer": "cio", "password": PASSWORD });
        assert_eq!(night.cio.is_refused(&sign, as_cio.clone(), 422).await["type"], "evidence-open", "two hours are over");
        let fresh = json!({ "piece": "checked-in-use", "passed": true, "at": "2024-07-19 03:01" });
        night.cio.does(&give, fresh).await;
        night.cio.does(&sign, as_cio).await;
    }

    async fn a_signature_needs_the_signers_password_and_what_was_shown(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        let sign = format!("{}/sign", night.scope);
        for (password, said) in [("", "Type your password"), ("a guess", "not your password")] {
            let form = json!({ "signer": "cio", "password": password });
            let refused = night.cio.is_refused(&sign, form, 422).await;
            assert!(refused["errors"]["password"].to_string().contains(said), "{refused}");
        }
        let shown = night.panel().await["shown"].clone();
        let evidence = json!({ "piece": "checked-in-use", "passed": true, "note": "19 of 20" });
        night.cmio.does(&format!("{}/evidence", night.scope), evidence).await;
        let old = json!({ "signer": "cio", "password": PASSWORD, "shown": shown });
        assert_eq!(night.cio.is_refused(&sign, old, 422).await["type"], "changed-since");
        let shown = night.panel().await["shown"].clone();
        night.cio.does(&sign, json!({ "signer": "cio", "password": PASSWORD, "shown": shown })).await;
    }

    /// Neither the password nor a hash from which it could be guessed quickly is kept.
    async fn a_password_leaves_no_trace(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        let request = "018f0000-0000-7000-8000-000000000001";
        let form = json!({ "request_id": request, "signer": "cio", "password": PASSWORD });
        let sign = format!("{}/sign", night.scope);
        let first = night.cio.does(&sign, form.clone()).await;
        let mut other = form;
        other["password"] = json!("another");
        let again = night.cio.posts(&sign, other).await.expect(201);
        assert_eq!(again.json::<Value>(), first, "the same request but for its password is the same request");
    }

    async fn the_signed_record_shows_what_was_signed_and_whether_it_still_matches(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        let sign = format!("{}/sign", night.scope);
        let words = "Paper medication charts until 18:00 for 4 West";
        night.cio.does(&sign, json!({ "signer": "cio", "password": PASSWORD, "words": words })).await;
        night.cmio.does(&sign, json!({ "signer": "cmio", "password": PASSWORD })).await;
        let record = format!("{}/record", night.scope);
        let before = night.commander.reads(&record).await;
        assert!(before["warning"].as_str().is_some_and(|said| said.starts_with("NOT CLEAR")), "{before}");
        night.commander.does(&format!("{}/release", night.scope), json!({})).await;
        let after = night.commander.reads(&record).await;
        assert_eq!(after["warning"], "");
        assert_eq!(after["conditions"][0], format!("{words} (CIO)"));
        let signatures = after["signatures"].as_array().expect("is a list");
        assert_eq!(signatures.len(), 2);
        for signature in signatures {
            assert_eq!(signature["matches"], true, "{signature}");
            assert_eq!(signature["content"].as_str().map(str::len), Some(64));
        }
        let mut tx = world.app.db.write().await.expect("can be written");
        backend::execute!(tx, "UPDATE clearance_evidence SET note = 'altered'").expect("the statement is ours");
        tx.commit().await.expect("can be written");
        let altered = night.commander.reads(&record).await;
        assert_eq!(altered["signatures"][0]["matches"], false, "{altered}");
        night.commander.does(&format!("{}/revoke", night.scope), json!({ "reason": "Wrong formulary" })).await;
        let revoked = night.commander.reads(&record).await;
        assert!(revoked["warning"].as_str().is_some_and(|said| said.starts_with("REVOKED")), "{revoked}");
        assert!(revoked["revocations"][0].as_str().is_some_and(|said| said.contains("Wrong formulary")), "{revoked}");
    }

    async fn a_part_is_given_back_earlier_than_the_rest(world: World) {
        let night = Night::falls(world).await;
        let split = format!("{}/split", night.scope);
        night.commander.does(&split, json!({ "functions": ["results"] })).await;
        let ladder = night.commander.reads(&format!("{}/clearance", night.incident)).await;
        let scopes = ladder["scopes"].as_array().expect("is a list");
        assert_eq!(ladder["title"], "0 of 2 scopes clear.", "{ladder}");
        let part = scopes.iter().find(|scope| scope["functions"] == "results").expect("is parted");
        let part = Night { scope: part["path"].as_str().expect("is a text").to_owned(), ..night };
        part.released().await;
        let status = world.unknown_program().reads("/status/cape").await;
        assert_eq!(status["verdicts"][0]["lines"][0], "LOG IN ONLY FOR results", "{status}");
        let late = part.commander.is_refused(&format!("{}/split", part.scope), json!({ "functions": ["results"] }), 422).await;
        assert_eq!(late["type"], "too-late-to-part");
    }

    async fn a_file_proves_a_check_and_only_those_who_sign_or_command_there_get_it(world: World) {
        let night = Night::falls(world).await;
        night.cio.does(&format!("{}/restore", night.scope), json!({})).await;
        let files = format!("{}/files", night.scope);
        let png = b"\x89PNG\r\n\x1a\n and a patient's name";
        let added = night.cio.uploads(&files, &[], ("file", "screen <b>.png", png)).await.expect(201);
        let added: Value = added.json();
        assert_eq!(added["media"], "image/png");
        let evidence = json!({ "piece": "checked-in-use", "passed": true, "file": added["number"].to_string() });
        night.cio.does(&format!("{}/evidence", night.scope), evidence).await;
        let panel = night.panel().await;
        let path = panel["evidence"][0]["proof_path"].as_str().expect("is a text");
        let answer = night.commander.asks(path).await.expect(200);
        assert_eq!(&answer.body[..], png);
        assert!(answer.header("content-disposition").starts_with("attachment; filename=\"screen__b_.png"), "{:?}", answer.header("content-disposition"));
        assert_eq!(world.program(&[Role::Viewer]).await.asks(path).await.status, 403);
        let elsewhere = Grant { role: Role::Commander, place: Place::Facility(night.harbor.facility("general")), signs_as: String::new() };
        assert_eq!(world.program_with(&[elsewhere]).await.1.asks(path).await.status, 403);
        let mut tx = world.app.db.read().await.expect("can be read");
        let rows = backend::fetch_all!(tx, (Vec<u8>,), "SELECT sealed FROM clearance_file").expect("the statement is ours");
        assert!(!rows[0].0.windows(7).any(|seen| seen == b"patient"), "it is kept encrypted");
        let unknown = json!({ "piece": "checked-in-use", "passed": true, "file": "99" });
        assert!(night.cio.is_refused(&format!("{}/evidence", night.scope), unknown, 422).await["errors"]["file"].is_array());
    }

    async fn the_ladder_counts_by_tallies_what_a_full_count_finds(world: World) {
        let night = Night::falls(world).await;
        night.commander.does(&format!("{}/split", night.scope), json!({ "functions": ["orders"] })).await;
        night.released().await;
        let part = json!({ "reason": "Orders print twice", "functions": ["medications"] });
        night.commander.does(&format!("{}/revoke", night.scope), part).await;
        let counted = "SELECT stage, COUNT(*) FROM clearance GROUP BY stage ORDER BY stage";
        let tallied = match world.kind {
            acceptance::Kind::Sqlite => "SELECT stage, SUM(scopes) FROM clearance_tally GROUP BY stage HAVING SUM(scopes) > 0 ORDER BY stage",
            acceptance::Kind::Postgres => "SELECT stage, SUM(scopes)::BIGINT FROM clearance_tally GROUP BY stage HAVING SUM(scopes) > 0 ORDER BY stage",
        };
        let mut tx = world.app.db.read().await.expect("can be read");
        let found = backend::fetch_all!(tx, (String, i64), counted).expect("the statement is ours");
        let kept = backend::fetch_all!(tx, (String, i64), tallied).expect("the statement is ours");
        assert_eq!(found, kept);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    /// What was signed of a system does not survive that it goes down again before its release.
    async fn a_system_that_goes_down_again_begins_its_way_back_anew(world: World) {
        let night = Night::falls(world).await;
        night.signed().await;
        let down = json!({ "system": "laboratory", "status": "down", "sites": ["cape"] });
        night.commander.does(&format!("{}/statuses", night.incident), down.clone()).await;
        let release = format!("{}/release", night.scope);
        assert_eq!(night.commander.is_refused(&release, json!({}), 422).await["type"], "not-signed");
        assert_eq!(laboratory(world, "cape").await, "DO NOT LOG IN");
        let panel = night.panel().await;
        assert_eq!((&panel["stage"], &panel["evidence"][0]["remark"]), (&json!("waiting"), &json!("not given yet")), "{panel}");
        world.minutes_pass(10);
        night.cio.does(&format!("{}/restore", night.scope), json!({})).await;
        let sign = format!("{}/sign", night.scope);
        let as_cio = json!({ "signer": "cio", "password": PASSWORD });
        assert_eq!(night.cio.is_refused(&sign, as_cio, 422).await["type"], "evidence-open", "old evidence is none");
        let before = json!({ "piece": "checked-in-use", "passed": true, "at": "2024-07-19 02:10" });
        assert_eq!(night.cio.is_refused(&format!("{}/evidence", night.scope), before, 422).await["type"], "before-the-restore");
    }

    async fn a_wave_ends_when_its_system_goes_down_again(world: World) {
        let night = Night::falls(world).await;
        let second = second_commander(world).await;
        night.restored().await;
        night.plans(&["ed"], "", "").await;
        night.plans(&["icu"], "", "").await;
        second.does(&night.wave(1, "begin"), json!({})).await;
        let down = json!({ "system": "laboratory", "status": "down", "sites": ["cape"] });
        night.commander.does(&format!("{}/statuses", night.incident), down).await;
        let orders = night.commander.reads(&format!("{}/instructions", night.incident)).await;
        assert!(!orders["in_force"].to_string().contains("staff of wave"), "{orders}");
        world.minutes_pass(60);
        for (number, act) in [(1, "pass"), (1, "begin"), (2, "begin")] {
            second.is_refused(&night.wave(number, act), json!({}), 422).await;
        }
        assert_eq!(night.panel().await["waves"][0]["progress"], "planned");
    }

    /// A unit that was parted off and released is clear by itself, and the rest does not speak for what is not.
    async fn a_unit_parted_off_goes_its_own_way_and_the_rest_does_not_speak_for_it(world: World) {
        let night = Night::falls(world).await;
        let split = format!("{}/split", night.scope);
        let unit = |code| Place::Unit(night.harbor.unit("cape", code)).to_string();
        night.commander.does(&split, json!({ "place": unit("ed") })).await;
        night.commander.does(&split, json!({ "place": unit("icu") })).await;
        let ladder = night.commander.reads(&format!("{}/clearance", night.incident)).await;
        let path = |name: &str| {
            let scopes = ladder["scopes"].as_array().expect("is a list");
            let found = scopes.iter().find(|scope| scope["name"].as_str().is_some_and(|each| each.contains(name)));
            found.unwrap_or_else(|| panic!("{ladder}"))["path"].as_str().expect("is a text").to_owned()
        };
        let (emergency, intensive) = (path("Emergency"), path("Intensive"));
        let part = Night { scope: emergency, ..night };
        part.released().await;
        let status = world.unknown_program().reads("/status/cape").await.to_string();
        assert!(status.contains("USE") && status.contains("DO NOT LOG IN"), "{status}");
        let rest = Night { scope: ladder["scopes"].as_array().expect("is a list").iter()
            .map(|scope| scope["path"].as_str().expect("is a text").to_owned())
            .find(|path| *path != part.scope && *path != intensive).expect("is left"), ..part };
        rest.restored().await;
        let attested = rest.panel().await["attestation"].as_str().expect("is a text").to_owned();
        assert!(attested.contains("Cape, but for Cape, Intensive care"), "{attested}");
        rest.sign_both().await;
        rest.commander.does(&format!("{}/release", rest.scope), json!({})).await;
        let sent = rest.commander.reads(&format!("{}/broadcasts", rest.incident)).await.to_string();
        assert!(sent.contains("but for Cape, Intensive care"), "{sent}");
        let status = world.unknown_program().reads("/status/cape").await.to_string();
        assert!(status.contains("DO NOT LOG IN"), "intensive care is not clear: {status}");
    }

    async fn a_refusal_outlives_what_the_same_person_signs_as_another(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        let grant = |signs_as: &str| Grant { role: Role::Signer, place: Place::All, signs_as: signs_as.to_owned() };
        let (_, both) = world.program_with(&[grant("cio"), grant("cmio")]).await;
        let sign = format!("{}/sign", night.scope);
        both.does(&sign, json!({ "signer": "cmio", "password": PASSWORD, "answer": "refuse", "words": "Printers fail" })).await;
        both.does(&sign, json!({ "signer": "cio", "password": PASSWORD })).await;
        assert_eq!(night.panel().await["refusals"][0]["words"], "Printers fail");
    }

    async fn the_words_of_a_signature_claim_nothing_and_name_no_patient(world: World) {
        let night = Night::falls(world).await;
        night.restored().await;
        let sign = format!("{}/sign", night.scope);
        for words in ["All clear for everybody", "Re-check potassium of patient John Miller MRN 448812"] {
            let form = json!({ "signer": "cio", "password": PASSWORD, "words": words });
            let refused = night.cio.is_refused(&sign, form, 422).await;
            assert!(refused["errors"]["words"].is_array(), "{refused}");
        }
        let waves = format!("{}/waves", night.scope);
        let claims = json!({ "units": ["ed"], "condition": "all clear for this ward" });
        assert!(night.commander.is_refused(&waves, claims, 422).await["errors"]["condition"].is_array());
    }

    async fn a_wave_does_not_open_a_unit_that_has_its_own_prohibition(world: World) {
        let night = Night::falls(world).await;
        let second = second_commander(world).await;
        night.restored().await;
        let unit = Place::Unit(night.harbor.unit("cape", "ed")).to_string();
        let order = json!({ "system": "laboratory", "word": "do_not_connect", "place": unit });
        night.commander.does(&format!("{}/instructions", night.incident), order).await;
        night.plans(&["ed"], "", "").await;
        let refused = second.is_refused(&night.wave(1, "begin"), json!({}), 422).await;
        assert_eq!(refused["type"], "unit-forbidden");
    }

    async fn a_part_taken_back_leaves_the_signatures_matching_their_record(world: World) {
        let night = Night::falls(world).await;
        night.released().await;
        let part = json!({ "reason": "Orders print twice", "functions": ["orders"] });
        night.commander.does(&format!("{}/revoke", night.scope), part).await;
        let record = night.commander.reads(&format!("{}/record", night.scope)).await;
        assert_eq!(record["signatures"][0]["matches"], true, "{record}");
        assert_eq!(record["revocations"].as_array().map(Vec::len), Some(1));
        let still = night.commander.reads(&night.scope).await;
        assert_eq!(still["chosen"]["stage"], "clear", "{still}");
        let first = &still["chosen"]["next"][0]["words"];
        assert_eq!(first, "Tell everyone who was told that it was clear", "{still}");
    }
}
