//! One patient among many: found by name, seen by those with a need alone, met at the door; who looked is known.

use acceptance::{Program, World, both_databases};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};

use crate::cases::{Night, number, text};

const HEADER: &str =
    "Appt ID,MRN,Patient Name,DOB,Language,Type,Procedure,Department,Hospital,Start Time,Category";

const PATIENTS: &str = "\
A1,0000101,\"O'Brien, Siobhan\",1975-02-03,English,visit,New patient,Clinic 1,Cape,2024-07-19 09:00,
A2,0000102,\"García-Núñez, José\",1981-11-30,Spanish,visit,New patient,Clinic 1,Cape,2024-07-19 10:00,
A3,0000103,Jane Doe,1960-01-01,English,visit,Wound check,Clinic 2,Cape,2024-07-19 11:00,
A4,0000104,\"Doe, John\",1960-01-01,English,visit,Dialysis,Dialysis,Cape,2024-07-19 08:00,dialysis
A5,0000105,\"Smith, Ann\",1990-05-05,English,visit,Therapy,Gym,General,2024-07-19 12:00,
A6,0000101,\"O'Brien, Siobhan\",1975-02-03,English,visit,New patient,Clinic 1,Cape,2024-07-29 09:00,
";

impl Night {
    /// A few patients, and the decision over their day.
    async fn with_few(world: &World) -> Self {
        let night = Self::begins(world).await;
        night.imports(&format!("{HEADER}\n{PATIENTS}")).await;
        night.does("/cases/decide", json!({ "basis": "All elective care of the day" })).await;
        night
    }

    async fn imports(&self, file: &str) {
        let uploaded = self.uploads(file.as_bytes()).await;
        self.does(&format!("/schedule/{}/commit", text(&uploaded["snapshot"])), json!({})).await;
    }

    /// The appointments that a search of the list finds, and what is said of it.
    async fn finds(&self, query: &str) -> (Vec<String>, String) {
        let page = self.reads(&format!("/cases?{query}")).await;
        let lines = page["lines"].as_array().expect("is a list");
        (lines.iter().map(|line| text(&line["appointment"])).collect(), text(&page["found"]))
    }

    async fn site(&self, name: &str) -> String {
        let sites = self.reads("/cases").await["sites"].clone();
        let site = sites.as_array().expect("is a list").iter().find(|site| site["words"] == name).cloned();
        text(&site.expect("is a site")["value"])
    }

    async fn case(&self, appointment: &str) -> String {
        let lines = self.lines("show=all").await;
        let line = lines.iter().find(|line| line["appointment"] == appointment).cloned();
        text(&line.expect("is a case")["id"])
    }

    /// Who has seen patients, once so many looks are noted: reading waits for none of it.
    async fn looks(&self, auditor: &Program, least: usize) -> Vec<Value> {
        for _ in 0..100 {
            let looks =
                auditor.reads(&self.path("/access")).await["lines"].as_array().expect("is a list").clone();
            if looks.len() >= least {
                return looks;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("fewer than {least} looks are noted: {:?}", auditor.reads(&self.path("/access")).await);
    }
}

fn at(role: Role, site: &str) -> Grant {
    Grant { role, place: Place::Facility(site.parse().expect("is an id")), signs_as: String::new() }
}

/// The schema of one kind of resource, of all that FHIR R4 publishes. Nothing but appointments may lie within it.
fn schema(resource: &str) -> jsonschema::Validator {
    let file = acceptance::settings::required("DOWNTIME_TEST_FHIR");
    let text = std::fs::read_to_string(file).expect("the schema is there");
    let mut all: Value = serde_json::from_str(&text).expect("the schema is JSON");
    all["definitions"]["ResourceList"] = json!({ "$ref": "#/definitions/Appointment" });
    let one = json!({
        "$schema": "http://json-schema.org/draft-06/schema#",
        "$ref": format!("#/definitions/{resource}"),
        "definitions": all["definitions"],
    });
    jsonschema::validator_for(&one).expect("the schema can be used")
}

/// What the chain of facts and the installation's chain say.
async fn chains(world: &World) -> String {
    let mut tx = world.app.db.read().await.expect("can be read");
    let all = "SELECT kind || ' ' || subject || ' ' || data FROM journal WHERE kind = 'patients.seen' ORDER BY entered_at";
    let rows = backend::fetch_all!(tx, (String,), all).expect("can be read");
    rows.into_iter().map(|(row,)| row + "\n").collect()
}

both_databases! {
    async fn a_patient_is_found_by_name_and_birth_date_however_it_is_said(world: World) {
        let night = Night::with_few(world).await;
        for said in ["OBrien", "o%27brien", "O%20BRIEN", "Siobhan+O%E2%80%99Brien", "O%27Brien,+Siobhan", "obrian"] {
            let (found, sentence) = night.finds(&format!("q={said}&born=1975-02-03")).await;
            assert_eq!(found, ["A1", "A6"], "{said}: {sentence}");
        }
        for said in ["garcia", "NU%C3%91EZ", "jose+garcia+nunez"] {
            assert_eq!(night.finds(&format!("q={said}&born=1981-11-30")).await.0, ["A2"], "{said}");
        }
        assert_eq!(night.finds("q=doe+john&born=1960-01-01").await.0, ["A4", "A3"], "the closest first");
        assert_eq!(night.finds("q=doe&born=1/1/1960").await.0, ["A4", "A3"]);
        assert!(night.finds("q=doe&born=1961-01-01").await.0.is_empty());
        let (nobody, sentence) = night.finds("q=doe").await;
        assert!(nobody.is_empty() && sentence.contains("birth date"), "{sentence}");
        let cape = night.site("Cape").await;
        assert_eq!(night.finds(&format!("q=doe&site={cape}&day=2024-07-19")).await.0, ["A4", "A3"]);
        assert_eq!(night.finds(&format!("q=obrien&site={cape}&day=2024-07-29")).await.0, ["A6"]);
        assert_eq!(night.finds("q=0000103").await.0, ["A3"]);
        let csv = night.commander.asks(&night.path("/cases.csv?q=doe&born=1960-01-01")).await.expect(200);
        assert_eq!(csv.text().lines().count(), 1 + 2);
    }

    async fn a_name_that_fits_too_many_asks_for_more(world: World) {
        let night = Night::begins(world).await;
        let row = |index: usize| {
            let name = if index == 7 { "Doe, Zoltan" } else { "Doe, Jane" };
            format!("A{index},9{index:06},\"{name}\",1960-01-01,,visit,New patient,Clinic 1,Cape,2024-07-19 09:00,\n")
        };
        let rows: String = (0..202).map(row).collect();
        night.imports(&format!("{HEADER}\n{rows}")).await;
        let (found, sentence) = night.finds("q=doe+jane&born=1960-01-01").await;
        assert!(found.is_empty() && sentence.contains("More than 200"), "{sentence}");
        let (found, sentence) = night.finds("q=doe+zoltan&born=1960-01-01").await;
        assert_eq!(found, ["A7"], "{sentence}");
    }

    async fn who_was_erased_is_found_by_nothing_and_a_name_lies_nowhere_readable(world: World) {
        let night = Night::with_few(world).await;
        let hashes = "SELECT COUNT(*) FROM patient_case WHERE born_key IS NOT NULL OR name_keys IS NOT NULL";
        let mut tx = world.app.db.write().await.expect("can be written");
        assert_eq!(backend::fetch_one!(tx, (i64,), hashes).expect("can be read").0, 6);
        backend::execute!(tx, "UPDATE patient SET wrapped_key = NULL").expect("a patient can be erased");
        assert_eq!(backend::fetch_one!(tx, (i64,), hashes).expect("can be read").0, 0, "the hashes go with the key");
        tx.commit().await.expect("can be written");
        assert!(night.finds("q=obrien&born=1975-02-03").await.0.is_empty());
    }

    async fn each_look_at_patients_is_noted_without_a_name(world: World) {
        let night = Night::with_few(world).await;
        let auditor = world.program(&[Role::Administrator]).await;
        let case = night.case("A1").await;
        let before = night.looks(&auditor, 1).await.len();
        night.reads(&format!("/cases/{case}")).await;
        night.looks(&auditor, before + 1).await;
        night.reads(&format!("/cases/{case}")).await;
        night.finds("q=obrien&born=1975-02-03").await;
        let _ = night.commander.asks(&night.path("/cases.csv?show=all")).await.expect(200);
        let looks = night.looks(&auditor, before + 3).await;
        let how = |words: &str| looks.iter().filter(|look| look["how"] == words).count();
        assert_eq!((how("Opened the case"), how("Searched"), how("Took a file")), (1, 1, 1), "{looks:?}");
        let opened = looks.iter().find(|look| look["how"] == "Opened the case").expect("is noted");
        assert_eq!((text(&opened["appointment"]), number(&opened["cases"])), ("A1".into(), 1));
        world.minutes_pass(6);
        night.reads(&format!("/cases/{case}")).await;
        let looks = night.looks(&auditor, before + 4).await;
        assert_eq!(text(&looks[0]["how"]), "Opened the case", "later it is another look");
        let said = chains(world).await;
        assert!(said.contains(&format!("case:{case}")), "{said}");
        for secret in ["Brien", "1975", "0000101", "obrien"] {
            assert!(!said.contains(secret) && !json!(looks).to_string().contains(secret), "{secret} in {said}");
        }
        let csv = auditor.asks(&night.path("/access.csv")).await.expect(200).text().to_string();
        assert_eq!(csv.lines().count(), 1 + looks.len(), "{csv}");
    }

    async fn a_look_after_the_end_stands_in_the_installations_chain(world: World) {
        let night = Night::with_few(world).await;
        let auditor = world.program(&[Role::Administrator]).await;
        let case = night.case("A2").await;
        let before = night.looks(&auditor, 1).await.len();
        let mut tx = world.app.db.write().await.expect("can be written");
        backend::execute!(tx, "UPDATE incident SET closing = TRUE").expect("can be written");
        tx.commit().await.expect("can be written");
        night.reads(&format!("/cases/{case}")).await;
        night.looks(&auditor, before + 1).await;
        let mut tx = world.app.db.read().await.expect("can be read");
        let last = "SELECT subject FROM journal WHERE chain = $1 AND kind = 'patients.seen'";
        let rows = backend::fetch_all!(tx, (String,), last, world.app.installation).expect("can be read");
        assert_eq!(rows, [(format!("case:{case}"),)]);
    }

    async fn who_has_seen_patients_is_for_administrators_of_all_sites(world: World) {
        let night = Night::with_few(world).await;
        let cape = night.site("Cape").await;
        let (_, of_one_site) = world.program_with(&[at(Role::Administrator, &cape)]).await;
        let manager = world.program(&[Role::CaseManager]).await;
        for end in ["/access", "/access.csv"] {
            assert_eq!(of_one_site.asks(&night.path(end)).await.status, 403);
            assert_eq!(manager.asks(&night.path(end)).await.status, 403);
        }
        let path = night.path(&format!("/cases/{}", night.case("A1").await));
        assert_eq!(manager.reads(&path).await["access"], Value::Null);
        let (_, both) = world.program_with(&[at(Role::Administrator, &cape), at(Role::CaseManager, &cape)]).await;
        night.looks(&world.program(&[Role::Administrator]).await, 2).await;
        assert_eq!(both.reads(&path).await["access"][0]["how"], "Opened the case");
    }

    async fn at_the_door_it_is_said_what_stands(world: World) {
        let night = Night::with_few(world).await;
        let cape = night.site("Cape").await;
        let asks = async |query: &str| night.reads(&format!("/door?site={cape}&{query}")).await;
        let kept = asks("q=doe+john&born=1960-01-01").await;
        assert_eq!(kept["arrivals"][0]["stands"], "goes_ahead");
        assert_eq!(kept["arrivals"][0]["say"], "Send them to Dialysis, Cape.");
        let cancelled = asks("q=obrien").await;
        assert_eq!(cancelled["arrivals"].as_array().map(Vec::len), Some(1), "of today alone: {cancelled}");
        assert_eq!(cancelled["arrivals"][0]["stands"], "cancelled");
        let both = asks("q=obrien&born=1975-02-03").await;
        assert_eq!(both["arrivals"][1]["stands"], "other_day", "{both}");
        let case = text(&cancelled["arrivals"][0]["case"]);
        let came = json!({ "request_id": "01890a5d-ac96-774b-bcce-b302099a8057" });
        let first = night.does(&format!("/door/{case}/came"), came.clone()).await;
        assert_eq!(night.does(&format!("/door/{case}/came"), came).await, first, "one tap is one contact");
        let seen = night.reads(&format!("/cases/{case}")).await;
        assert_eq!(seen["attempts"].as_array().map(Vec::len), Some(1));
        assert_eq!((&seen["attempts"][0]["channel"], &seen["line"]["state"]), (&json!("in person"), &json!("told")));
        night.does(&format!("/cases/{case}/rebooking"), json!({ "new_start": "2024-07-30 08:10", "knows": true })).await;
        let again = asks("q=0000101").await;
        assert_eq!(again["arrivals"][0]["stands"], "booked_again");
        assert!(text(&again["arrivals"][0]["say"]).contains("08:10"), "{again}");
        let nobody = asks("q=quux&born=1975-02-03").await;
        assert!(!text(&nobody["unknown"]).is_empty());
        let kept = text(&kept["arrivals"][0]["case"]);
        assert_eq!(night.is_refused(&format!("/door/{kept}/came"), json!({})).await["type"], "nothing-to-say");
    }

    async fn the_door_shows_each_greeter_their_own_site(world: World) {
        let night = Night::with_few(world).await;
        let (cape, general) = (night.site("Cape").await, night.site("General").await);
        let (_, here) = world.program_with(&[at(Role::FormsClerk, &cape)]).await;
        let (_, elsewhere) = world.program_with(&[at(Role::UnitLead, &general)]).await;
        let ask = night.path("/door?q=obrien&born=1975-02-03");
        assert_eq!(here.reads(&ask).await["arrivals"].as_array().map(Vec::len), Some(2));
        assert_eq!(elsewhere.reads(&ask).await["arrivals"].as_array().map(Vec::len), Some(0));
        for end in [format!("/door?site={cape}&q=0000101"), format!("/door/list?site={cape}")] {
            assert_eq!(elsewhere.asks(&night.path(&end)).await.status, 403, "{end}");
        }
        let case = night.case("A1").await;
        elsewhere.is_refused(&night.path(&format!("/door/{case}/came")), json!({}), 403).await;
        here.does(&night.path(&format!("/door/{case}/came")), json!({})).await;
        for closed in ["/cases".to_owned(), format!("/cases/{case}"), "/cases.csv".to_owned()] {
            assert_eq!(here.asks(&night.path(&closed)).await.status, 403, "{closed}");
        }
        let viewer = world.program(&[Role::Viewer]).await;
        assert_eq!(viewer.asks(&night.path("/door")).await.status, 403);
    }

    async fn the_list_for_the_door_is_sorted_by_surname(world: World) {
        let night = Night::with_few(world).await;
        let cape = night.site("Cape").await;
        let list = night.reads(&format!("/door/list?site={cape}&day=2024-07-19")).await;
        let names: Vec<String> =
            list["lines"].as_array().expect("is a list").iter().map(|line| text(&line["name"])).collect();
        assert_eq!(names, ["Jane Doe", "Doe, John", "García-Núñez, José", "O'Brien, Siobhan"]);
        let stands: Vec<&Value> =
            list["lines"].as_array().expect("is a list").iter().map(|line| &line["stands"]).collect();
        assert_eq!(stands, ["cancelled", "goes_ahead", "cancelled", "cancelled"]);
        let odd = night.reads(&format!("/door/list?site={cape}&day=tomorrow")).await;
        assert!(odd["lines"].as_array().is_some_and(Vec::is_empty) && text(&odd["sentence"]).contains("2024-07-19"));
        let one = night.reads(&format!("/door/list?site={cape}&day=2024-07-19&service=Dialysis")).await;
        assert_eq!(one["lines"].as_array().map(Vec::len), Some(1));
    }

    async fn what_is_cancelled_goes_out_as_valid_fhir(world: World) {
        let night = Night::with_few(world).await;
        let case = night.case("A1").await;
        night.does(&format!("/cases/{case}/rebooking"), json!({ "new_start": "2024-07-30 08:10", "knows": true })).await;
        let lines = night.commander.asks(&night.path("/cases.fhir.ndjson")).await.expect(200);
        assert_eq!(lines.header("content-type"), "application/fhir+ndjson");
        let appointments: Vec<Value> =
            lines.text().lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        let valid = schema("Appointment");
        for appointment in &appointments {
            let wrong: Vec<String> = valid.iter_errors(appointment).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{wrong:?} in {appointment}");
            assert_eq!(appointment["status"], "cancelled");
            let codes: Vec<&Value> = appointment["cancelationReason"]["coding"]
                .as_array().expect("is a list").iter().map(|coding| &coding["code"]).collect();
            assert_eq!(codes, ["it-downtime", "other"]);
            let incident = format!("urn:uuid:{}", night.incident);
            assert_eq!(appointment["supportingInformation"][0]["identifier"]["value"], json!(incident));
        }
        let mut numbers: Vec<String> =
            appointments.iter().map(|each| text(&each["identifier"][0]["value"])).collect();
        numbers.sort();
        assert_eq!(numbers, ["A1", "A2", "A3", "A5"], "what is kept stays in");
        let first = appointments.iter().find(|each| each["identifier"][0]["value"] == "A1").expect("goes out");
        assert_eq!(first["participant"][0]["actor"]["identifier"]["value"], "0000101");
        assert_eq!(first["participant"][0]["status"], "accepted");
        assert!(text(&first["comment"]).contains("2024-07-30T12:10"), "{first}");
        let mut spoiled = first.clone();
        spoiled["status"] = json!("gone");
        assert!(!valid.is_valid(&spoiled), "the schema refuses what is wrong");
        let bundle = schema("Bundle");
        for query in ["", "?kind=procedure"] {
            let answer = night.commander.asks(&night.path(&format!("/cases.fhir.json{query}"))).await.expect(200);
            let sent: Value = serde_json::from_str(answer.text()).expect("a bundle is JSON");
            let wrong: Vec<String> = bundle.iter_errors(&sent).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{wrong:?} in {sent}");
            let entries = sent["entry"].as_array().map_or(0, Vec::len);
            assert_eq!(entries, if query.is_empty() { 4 } else { 0 });
        }
        let general = night.site("General").await;
        let (_, elsewhere) = world.program_with(&[at(Role::CaseManager, &general)]).await;
        let theirs = elsewhere.asks(&night.path("/cases.fhir.ndjson")).await.expect(200).text().to_string();
        assert_eq!(theirs.lines().count(), 1, "{theirs}");
        let viewer = world.program(&[Role::Viewer]).await;
        assert_eq!(viewer.asks(&night.path("/cases.fhir.json")).await.status, 403);
    }

    async fn whoever_was_touched_is_on_the_list_for_paper(world: World) {
        let night = Night::with_few(world).await;
        let csv = night.commander.asks(&night.path("/cases/paper.csv")).await.expect(200).text().to_string();
        assert_eq!(csv.lines().count(), 1 + 5, "one line a patient, and nobody of another week: {csv}");
        let line = |mrn: &str| csv.lines().find(|line| line.contains(mrn)).unwrap_or_default().to_owned();
        assert!(line("0000104").contains("paper of the visit") && line("0000104").contains("Cape"), "{csv}");
        assert!(line("0000105").contains("notes of calls only"), "{csv}");
        let general = night.site("General").await;
        let (_, elsewhere) = world.program_with(&[at(Role::CaseManager, &general)]).await;
        let theirs = elsewhere.asks(&night.path("/cases/paper.csv")).await.expect(200).text().to_string();
        assert!(theirs.contains("0000105") && !theirs.contains("0000104"), "{theirs}");
    }

    async fn the_figures_of_services_count_the_rows_to_which_they_lead(world: World) {
        let night = Night::with_decision(world).await;
        let line = night.lines("show=cancelled&priority=fssa:P2").await[0].clone();
        let path = format!("/cases/{}", text(&line["id"]));
        night.does(&format!("{path}/rebooking"), json!({ "new_start": "2024-08-22 08:10", "knows": true })).await;
        let told = night.lines("show=call&kind=visit").await[0].clone();
        let contact = json!({ "channel": "phone", "result": "told" });
        night.does(&format!("/cases/{}/contacts", text(&told["id"])), contact).await;
        // A week before the first safe-by date.
        world.minutes_pass(22 * 24 * 60);
        let cape = night.site("Cape").await;
        let view = night.reads(&format!("/cases/services?site={cape}&free=480")).await;
        let lines = view["lines"].as_array().expect("is a list");
        assert!(lines.len() > 1, "{view}");
        let mut counted = 0;
        for line in lines {
            for figure in line["figures"].as_array().expect("is a list") {
                let (count, path) = (number(&figure["count"]), text(&figure["path"]));
                if count == 0 && text(&figure["show"]) != "nearing" {
                    continue;
                }
                let csv = night.commander.asks(&path.replace("/cases?", "/cases.csv?")).await.expect(200).text().to_string();
                assert_eq!(i64::try_from(csv.lines().count()).expect("few") - 1, count, "{path}");
                counted += count;
            }
            let minutes = number(&line["minutes"]);
            assert_eq!(number(&line["days"]), (minutes + 479) / 480, "{line}");
        }
        assert!(counted > 500, "{counted}");
        let near: i64 = lines.iter().flat_map(|line| line["figures"].as_array().expect("is a list").iter())
            .filter(|figure| figure["show"] == "nearing").map(|figure| number(&figure["count"])).sum();
        assert!(near > 0, "a week before the date it is near: {view}");
        let all = night.reads("/cases/services").await;
        let equity = all["equity"].as_array().expect("is a list");
        let cancelled: i64 = equity.iter().map(|line| number(&line["cancelled"])).sum();
        assert_eq!((equity.len(), cancelled), (2, 4_133));
        let (told, booked) = equity.iter().fold((0, 0), |(told, booked), line| {
            (told + number(&line["told"]), booked + number(&line["booked"]))
        });
        assert_eq!((told, booked), (1, 1), "{equity:?}");
        let csv = night.commander.asks(&night.path("/cases/services.csv?free=x")).await.expect(200).text().to_string();
        assert_eq!(csv.lines().count(), 1 + all["lines"].as_array().expect("is a list").len());
        assert!(!text(&night.reads("/cases/services?free=x").await["mistake"]).is_empty());
        let (_, elsewhere) = world.program_with(&[at(Role::CaseManager, &cape)]).await;
        let theirs = elsewhere.reads(&night.path("/cases/services")).await;
        let sites: std::collections::BTreeSet<String> =
            theirs["lines"].as_array().expect("is a list").iter().map(|line| text(&line["facility"])).collect();
        assert_eq!(sites.into_iter().collect::<Vec<_>>(), [cape]);
    }

    async fn a_call_sheet_is_printed_and_typed_back_in(world: World) {
        let night = Night::with_few(world).await;
        let odd = night.is_refused("/sheets", json!({ "patients": "41" })).await;
        assert!(odd["errors"]["patients"].is_array(), "{odd}");
        let made = night.does("/sheets", json!({ "patients": "2" })).await;
        assert_eq!((number(&made["number"]), number(&made["patients"])), (1, 2));
        let other = night.does("/sheets", json!({ "patients": "40" })).await;
        assert_eq!((number(&other["number"]), number(&other["patients"])), (2, 2), "nobody stands on two sheets");
        assert_eq!(night.is_refused("/sheets", json!({ "patients": "1" })).await["type"], "nobody-left");
        let sheet = night.reads("/sheets/1").await;
        assert_eq!((text(&sheet["rows"][0]["mrn"]), number(&sheet["rows"][0]["line"])), ("0000101".into(), 1));

        world.minutes_pass(50);
        let written = json!({ "line": "1", "at": "04:40", "channel": "phone", "result": "told", "by": "QX" });
        night.does("/sheets/1/lines", written.clone()).await;
        let case = night.reads(&format!("/cases/{}", night.case("A1").await)).await;
        assert_eq!(case["line"]["state"], "told");
        let attempt = &case["attempts"][0];
        assert!(text(&attempt["at"]).contains("04:40") && text(&attempt["by"]).starts_with("QX on paper"), "{attempt}");
        let last = case["history"].as_array().and_then(|all| all.last()).expect("has a past").clone();
        assert!(text(&last["at"]).contains("05:10"), "written down later: {last}");
        let mut tx = world.app.db.read().await.expect("can be read");
        let times = "SELECT event_at, entered_at FROM case_event WHERE what = 'contacted'";
        let (event_at, entered_at) = backend::fetch_one!(tx, (i64, i64), times).expect("can be read");
        assert_eq!(entered_at - event_at, 30 * 60 * 1_000_000, "both times are kept");
        drop(tx);
        assert_eq!(night.is_refused("/sheets/1/lines", written).await["type"], "typed-already");
        for (field, wrong) in [("line", "9"), ("at", "2024-07-19 23:00"), ("at", "noon"), ("at", "2024-07-18 12:00")] {
            let mut form = json!({ "line": "2", "at": "04:41", "channel": "phone", "result": "voicemail", "by": "QX" });
            form[field] = json!(wrong);
            assert!(night.is_refused("/sheets/1/lines", form).await["errors"][field].is_array(), "{field} {wrong}");
        }
        assert_eq!(number(&night.reads("/sheets/1").await["sheet"]["typed"]), 1);
        let general = night.site("General").await;
        let (_, elsewhere) = world.program_with(&[at(Role::CaseManager, &general)]).await;
        assert_eq!(elsewhere.asks(&night.path("/sheets/1")).await.status, 403);
        let form = json!({ "line": "2", "at": "04:41", "channel": "phone", "result": "voicemail", "by": "QX" });
        elsewhere.is_refused(&night.path("/sheets/1/lines"), form, 403).await;
        world.minutes_pass(25 * 60);
        assert_eq!(number(&night.does("/sheets", json!({ "patients": "40" })).await["patients"]), 3, "a day later they are free");
    }
}
