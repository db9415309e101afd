//! The schedule, the decision over it and the cases that come of it: S2's figures, the rules that refuse, and
//! what happens when two people work on one patient.

use acceptance::{Program, World, both_databases, s2, world::everywhere};
use domain::actor::{Grant, Role};
use serde_json::{Value, json};

/// Harbor Health at 04:20 with a downtime declared at 02:05 and a commander at the JSON door.
pub struct Night {
    pub commander: Program,
    pub incident: String,
}

impl Night {
    pub async fn begins(world: &World) -> Self {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let declared = commander
            .does(
                "/incidents",
                json!({
                    "name": "Endpoint outage", "level": 3, "started_at": "2024-07-19 00:40",
                    "basis": "Help desk, then two wards", "places": ["all"], "systems": ["epic:down"]
                }),
            )
            .await;
        world.at("2024-07-19 04:20");
        Self { commander, incident: text(&declared["incident"]) }
    }

    /// With S2's schedule imported.
    pub async fn with_schedule(world: &World) -> Self {
        let night = Self::begins(world).await;
        let uploaded = night.uploads(&s2::file()).await;
        night.does(&format!("/schedule/{}/commit", text(&uploaded["snapshot"])), json!({})).await;
        night
    }

    /// With S2's decision made.
    pub async fn with_decision(world: &World) -> Self {
        let night = Self::with_schedule(world).await;
        night.does("/cases/decide", json!({ "basis": "All elective and non-urgent care of the day" })).await;
        night
    }

    pub async fn uploads(&self, file: &[u8]) -> Value {
        let path = self.path("/schedule");
        let fields = [("as_of", s2::AS_OF)];
        self.commander.uploads(&path, &fields, ("file", "schedule.csv", file)).await.expect(201).json()
    }

    pub fn path(&self, end: &str) -> String {
        format!("/incidents/{}{end}", self.incident)
    }

    pub async fn does(&self, end: &str, command: Value) -> Value {
        self.commander.does(&self.path(end), command).await
    }

    pub async fn reads(&self, end: &str) -> Value {
        self.commander.reads(&self.path(end)).await
    }

    pub async fn is_refused(&self, end: &str, command: Value) -> Value {
        self.commander.is_refused(&self.path(end), command, 422).await
    }

    /// The first lines of a part of the list.
    pub async fn lines(&self, query: &str) -> Vec<Value> {
        self.reads(&format!("/cases?{query}")).await["lines"].as_array().expect("is a list").clone()
    }

    pub async fn funnel(&self) -> Value {
        self.reads("/cases").await["funnel"].clone()
    }

    /// Cancelled and kept, now.
    pub async fn sums(&self) -> (i64, i64) {
        let funnel = self.funnel().await;
        (number(&funnel["cancelled"]), number(&funnel["kept"]))
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}

pub fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// The tallies say what a full count says.
pub(crate) async fn tallies_are_right(world: &World, night: &Night) {
    let incident = night.incident.parse().expect("is an id");
    let mut tx = world.app.db.read().await.expect("can be read");
    let kept = backend::cases::tally::read(&mut tx, incident, None).await.expect("can be read");
    let counted = backend::cases::tally::read_by_counting(&mut tx, incident).await.expect("can be read");
    assert_eq!(kept, counted);
}

const HALF_MADE: &str = "
    INSERT INTO decision (id, incident, rule, reason_code, time_window, place, totals, state, account, decided_at)
    VALUES ($1, $2, '', '', '', 'all', '', 'staging', $3, $4)";

/// A schedule of visits on the day that is cancelled, each of another patient.
fn visits(appointments: &[&str]) -> String {
    let rows: Vec<_> = appointments
        .iter()
        .map(|id| format!("{id},0000{id},Person {id},visit,Cape,{} 15:00\n", s2::DAY))
        .collect();
    format!("Appt ID,MRN,Patient Name,Type,Hospital,Start Time\n{}", rows.concat())
}

/// All rows of cases, seen or not.
async fn rows(world: &World) -> i64 {
    let mut tx = world.app.db.read().await.expect("can be read");
    let (rows,) = backend::fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM patient_case").expect("can be read");
    rows
}

both_databases! {
    async fn s2_the_preview_counts_and_the_same_file_changes_nothing_twice(world: World) {
        let night = Night::begins(world).await;
        let uploaded = night.uploads(&s2::file()).await;
        let figures = &uploaded["figures"];
        let counts = ["rows", "valid", "duplicates", "invalid", "procedures", "visits"].map(|name| number(&figures[name]));
        assert_eq!(counts, [4_812, 4_563, 212, 37, 318, 4_245]);
        let snapshot = format!("/schedule/{}", text(&uploaded["snapshot"]));
        let rejects = night.commander.asks(&night.path(&format!("{snapshot}/rejects.csv"))).await.expect(200);
        assert_eq!(rejects.text().lines().count(), 37 + 1);
        assert_eq!(rejects.text().matches("Appt ID").count(), 6);
        assert_eq!(rejects.text().matches("Start Time").count(), 31);
        assert!(!rejects.text().contains("19th of July"), "a refused row's values stay in the file");

        let committed = night.does(&format!("{snapshot}/commit"), json!({})).await;
        assert_eq!(committed["added"], 4_563);
        let again = night.uploads(&s2::file()).await;
        assert_eq!((again["known"].clone(), again["snapshot"].clone()), (json!(true), uploaded["snapshot"].clone()));
        assert_eq!(night.does(&format!("{snapshot}/commit"), json!({})).await["added"], 4_563);
        assert_eq!(night.funnel().await["booked"], 4_563);
        let mut other = s2::file();
        other.extend_from_slice(b"\r\n");
        let other = night.uploads(&other).await;
        let other = format!("/schedule/{}/commit", text(&other["snapshot"]));
        assert_eq!(night.does(&other, json!({})).await["added"], 0, "every appointment is known");
        tallies_are_right(world, &night).await;
    }

    async fn two_clicks_at_the_same_moment_import_every_row_once(world: World) {
        let night = Night::begins(world).await;
        let uploaded = night.uploads(&s2::file()).await;
        let commit = format!("/schedule/{}/commit", text(&uploaded["snapshot"]));
        let clicks = futures::future::join(night.does(&commit, json!({})), night.does(&commit, json!({})));
        let (one, other) = clicks.await;
        assert_eq!((number(&one["added"]), number(&other["added"])), (4_563, 4_563));
        assert_eq!(night.funnel().await["booked"], 4_563);
        assert_eq!(rows(world).await, 4_563, "nothing stays behind unseen");
        tallies_are_right(world, &night).await;
    }

    async fn two_files_with_the_same_patients_at_the_same_moment_lose_none(world: World) {
        let night = Night::begins(world).await;
        let mut commits = Vec::new();
        for file in [visits(&["A1", "A2", "A3"]), visits(&["A3", "A2", "A4"])] {
            let uploaded = night.uploads(file.as_bytes()).await;
            commits.push(format!("/schedule/{}/commit", text(&uploaded["snapshot"])));
        }
        let both = futures::future::join(night.does(&commits[0], json!({})), night.does(&commits[1], json!({})));
        let (one, other) = both.await;
        assert_eq!(number(&one["added"]) + number(&other["added"]), 4);
        assert_eq!((number(&night.funnel().await["booked"]), rows(world).await), (4, 4));
    }

    async fn what_a_crash_left_staged_takes_no_patient_from_the_next_file(world: World) {
        let night = Night::begins(world).await;
        let uploaded = night.uploads(visits(&["A1", "A2"]).as_bytes()).await;
        night.does(&format!("/schedule/{}/commit", text(&uploaded["snapshot"])), json!({})).await;
        // As if the program had died between the last chunk and the switch.
        let mut tx = world.app.db.write().await.expect("can be written");
        let stage: uuid::Uuid = world.app.clock.id();
        let begin = "INSERT INTO schedule_stage (id, snapshot, begun_at) SELECT $1, id, $2 FROM schedule_snapshot";
        backend::execute!(tx, begin, stage, world.app.clock.now().0).expect("can be written");
        backend::execute!(tx, "UPDATE schedule_snapshot SET state = 'previewed'").expect("can be written");
        backend::execute!(tx, "UPDATE patient_case SET visible = FALSE, stage = $1", stage).expect("can be written");
        tx.commit().await.expect("can be written");
        let corrected = night.uploads(visits(&["A1", "A2", "A3"]).as_bytes()).await;
        let done = night.does(&format!("/schedule/{}/commit", text(&corrected["snapshot"])), json!({})).await;
        assert_eq!(done["added"], 3, "every appointment of the corrected file is somebody's");
        assert_eq!((night.lines("show=all").await.len(), rows(world).await), (3, 5));
        world.minutes_pass(61);
        backend::jobs::tidy::once(world.app.clone()).await.expect("can be tidied");
        assert_eq!((night.lines("show=all").await.len(), rows(world).await), (3, 3));
    }

    async fn an_erased_patient_who_is_booked_again_is_said_in_the_file_of_refused_rows(world: World) {
        let night = Night::begins(world).await;
        let first = night.uploads(visits(&["A1"]).as_bytes()).await;
        night.does(&format!("/schedule/{}/commit", text(&first["snapshot"])), json!({})).await;
        let mut tx = world.app.db.write().await.expect("can be written");
        backend::execute!(tx, "UPDATE patient SET wrapped_key = NULL").expect("a patient can be erased");
        tx.commit().await.expect("can be written");
        let second = night.uploads(visits(&["A1", "B2"]).replace("0000B2", "0000A1").as_bytes()).await;
        let path = format!("/schedule/{}", text(&second["snapshot"]));
        let done = night.does(&format!("{path}/commit"), json!({})).await;
        assert_eq!((number(&done["added"]), number(&done["figures"]["valid"]), number(&done["figures"]["invalid"])), (0, 0, 2));
        let rejects = night.commander.asks(&night.path(&format!("{path}/rejects.csv"))).await.expect(200);
        assert!(rejects.text().contains("3,MRN,\"This patient was erased here"), "{}", rejects.text());
    }

    async fn a_row_that_comes_in_while_a_decision_is_made_is_not_left_out_of_it(world: World) {
        let night = Night::begins(world).await;
        let uploaded = night.uploads(visits(&["A1", "A2"]).as_bytes()).await;
        night.does(&format!("/schedule/{}/commit", text(&uploaded["snapshot"])), json!({})).await;
        let mut tx = world.app.db.write().await.expect("can be written");
        backend::execute!(tx, "UPDATE patient_case SET visible = FALSE WHERE appointment = 'A2'").expect("can be written");
        tx.commit().await.expect("can be written");
        // The import is about to switch: its row is seen when the decision has been previewed.
        let mut import = world.app.db.write().await.expect("can be written");
        let incident: domain::id::IncidentId = night.incident.parse().expect("is an id");
        backend::execute!(import, "UPDATE chain SET seq = seq WHERE id = $1", incident.0).expect("can be taken");
        backend::execute!(import, "UPDATE patient_case SET visible = TRUE").expect("can be written");
        let path = night.path("/cases/decide");
        let decide = night.commander.posts(&path, json!({ "basis": "Blanket" }));
        let switch = async {
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            import.commit().await.expect("can be written");
        };
        let (decided, ()) = futures::future::join(decide, switch).await;
        assert_eq!(decided.expect(422).json::<Value>()["type"], "changed-since");
        let again = night.does("/cases/decide", json!({ "basis": "Blanket" })).await;
        assert_eq!((number(&again["totals"]["all"]["rows"]), &again["name"]), (2, &json!("D-1")));
    }

    async fn a_decision_that_a_crash_left_half_made_has_no_number_and_is_forgotten(world: World) {
        let night = Night::with_schedule(world).await;
        let incident: domain::id::IncidentId = night.incident.parse().expect("is an id");
        let (id, account): (uuid::Uuid, _) = (world.app.clock.id(), world.account(&[]).await.account);
        let mut tx = world.app.db.write().await.expect("can be written");
        backend::execute!(tx, HALF_MADE, id, incident.0, account.0, world.app.clock.now().0).expect("can be written");
        tx.commit().await.expect("can be written");
        let made = night.does("/cases/decide", json!({ "basis": "Blanket" })).await;
        assert_eq!(made["name"], "D-1");
        world.minutes_pass(61);
        backend::jobs::tidy::once(world.app.clone()).await.expect("can be tidied");
        let mut tx = world.app.db.read().await.expect("can be read");
        let (decisions,) = backend::fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM decision").expect("can be read");
        assert_eq!(decisions, 1);
    }

    async fn s2_the_decision_is_previewed_applied_overridden_and_reversed(world: World) {
        let night = Night::with_schedule(world).await;
        let preview = night.reads("/cases/decide").await;
        let counts = |kind: &str, totals: &Value| {
            ["rows", "cancelled", "kept", "undecided"].map(|name| number(&totals[kind][name]))
        };
        assert_eq!(counts("procedures", &preview["totals"]), [318, 277, 41, 0]);
        assert_eq!(counts("visits", &preview["totals"]), [4_245, 3_856, 389, 0]);
        assert_eq!(night.sums().await, (0, 0), "a preview changes nothing");

        let made = night
            .does("/cases/decide", json!({ "basis": "Blanket", "cancels": 4_133, "keeps": 430 }))
            .await;
        assert_eq!(counts("all", &made["totals"]), [4_563, 4_133, 430, 0]);
        assert_eq!(night.sums().await, (4_133, 430));
        let safe_by = |value: &'static str| {
            let night = &night;
            async move {
                let lines = night.lines(&format!("show=cancelled&priority=fssa:{value}")).await;
                (text(&lines[0]["safe_by"]), text(&lines[0]["day_28"]))
            }
        };
        assert_eq!(safe_by("P2").await, ("16 Aug 2024".into(), "16 Aug 2024".into()));
        assert_eq!(safe_by("P3").await, ("11 Oct 2024".into(), "16 Aug 2024".into()));
        assert_eq!(safe_by("P4").await, ("17 Jan 2025".into(), "16 Aug 2024".into()));
        let esas = night.lines("show=kept&priority=esas:3a").await;
        assert_eq!((esas.len(), text(&esas[0]["rule"])), (15, "esas-3".into()));
        assert!(night.lines("show=cancelled&priority=esas:3a").await.is_empty());

        let two = night.lines("show=cancelled&priority=fssa:P3").await;
        for line in &two[..2] {
            night.does(&format!("/cases/{}/keep", text(&line["id"])), json!({ "reason": "The surgeon insists" })).await;
        }
        assert_eq!(night.sums().await, (4_131, 432));
        world.minutes_pass(60);
        for line in &two[..2] {
            night.does(&format!("/cases/{}/cancel", text(&line["id"])), json!({ "reason": "Reversed" })).await;
        }
        assert_eq!(night.sums().await, (4_133, 430));
        let case = night.reads(&format!("/cases/{}", text(&two[0]["id"]))).await;
        let past: Vec<String> =
            case["history"].as_array().expect("is a list").iter().map(|each| text(&each["what"])).collect();
        assert_eq!(past, ["decided", "kept", "cancelled"]);
        assert_eq!(case["line"]["safe_by"], "11 Oct 2024", "the first clocks stay");
        tallies_are_right(world, &night).await;
    }

    async fn a_decision_over_other_numbers_than_were_shown_is_refused(world: World) {
        let night = Night::with_schedule(world).await;
        let refused = night.is_refused("/cases/decide", json!({ "basis": "Blanket", "cancels": 4_000 })).await;
        assert_eq!(refused["type"], "changed-since");
        let refused = night.is_refused("/cases/decide", json!({ "cancels": 4_133 })).await;
        assert!(refused["errors"]["basis"].is_array(), "{refused}");
        assert_eq!(night.sums().await, (0, 0));
        night.does("/cases/decide", json!({ "basis": "Blanket" })).await;
        let refused = night.is_refused("/cases/decide", json!({ "basis": "Blanket" })).await;
        assert_eq!(refused["type"], "nothing-to-decide");
    }

    async fn a_double_click_decides_once(world: World) {
        let night = Night::with_schedule(world).await;
        let command = json!({ "basis": "Blanket", "request_id": "01890a5d-ac96-774b-bcce-b302099a8057" });
        let first = night.does("/cases/decide", command.clone()).await;
        assert_eq!(night.does("/cases/decide", command).await, first);
        let made = night.reads("/cases/decide").await;
        assert_eq!(made["made"].as_array().map(Vec::len), Some(1));
    }

    async fn a_patient_is_followed_from_the_first_try_to_being_seen(world: World) {
        let night = Night::with_decision(world).await;
        let before = night.funnel().await;
        assert_eq!((number(&before["not_told"]), number(&before["to_call"])), (4_133, 4_133));
        let taken = night.does("/cases/next", json!({})).await;
        let path = format!("/cases/{}", text(&taken["case"]));
        let first = night.reads(&path).await;
        assert_eq!(first["line"]["clock"], "06:30", "the least time left comes first");

        night.does(&format!("{path}/contacts"), json!({ "channel": "phone", "result": "no_answer" })).await;
        night.does(&format!("{path}/contacts"), json!({ "channel": "sms", "result": "told" })).await;
        let told = night.funnel().await;
        assert_eq!((number(&told["told"]), number(&told["told_without_date"])), (1, 1));
        let refused = night.is_refused(&format!("{path}/rebooking"), json!({ "new_start": "2024-07-18 08:00" })).await;
        assert_eq!(refused["type"], "in-the-past");
        night.does(&format!("{path}/rebooking"), json!({ "new_start": "2024-07-30 08:10", "knows": true })).await;
        assert_eq!(night.funnel().await["rebooked"], 1);
        assert_eq!(night.funnel().await["open"], 4_563, "rescheduled is no end");

        night.does(&format!("{path}/cancel"), json!({ "reason": "A second outage" })).await;
        let again = night.reads(&path).await;
        assert_eq!(again["line"]["safe_by"], first["line"]["safe_by"], "a second cancellation keeps the first clocks");
        assert_eq!(night.funnel().await["rebooked"], 0);
        night.does(&format!("{path}/seen"), json!({})).await;
        let seen = night.funnel().await;
        assert_eq!((number(&seen["seen"]), number(&seen["open"]), number(&seen["cancelled"])), (1, 4_562, 4_133));
        let refused = night.is_refused(&format!("{path}/seen"), json!({})).await;
        assert_eq!(refused["type"], "has-ended");
        tallies_are_right(world, &night).await;
    }

    async fn of_two_people_with_one_patient_the_later_is_told(world: World) {
        let night = Night::with_decision(world).await;
        let other = world.program(&[Role::CaseManager]).await;
        let line = night.lines("show=call").await[0].clone();
        let path = night.path(&format!("/cases/{}", text(&line["id"])));
        let based_on = line["version"].clone();
        let call = |version: &Value| json!({ "version": version, "channel": "phone", "result": "voicemail" });
        night.commander.does(&format!("{path}/contacts"), call(&based_on)).await;
        let conflict = other.is_refused(&format!("{path}/contacts"), call(&based_on), 409).await;
        assert_eq!(conflict["yours"]["version"], based_on);
        assert_eq!((number(&conflict["theirs"]["attempts"]), number(&conflict["theirs"]["version"])), (1, number(&based_on) + 1));

        night.commander.does(&format!("{path}/take"), json!({})).await;
        let refused = other.is_refused(&format!("{path}/contacts"), json!({ "channel": "phone", "result": "told" }), 422).await;
        assert_eq!(refused["type"], "being-called");
        let next = other.does(&night.path("/cases/next"), json!({})).await;
        assert_ne!(next["case"], line["id"], "the next caller gets the next patient");
        assert_eq!(night.reads("/cases?show=locked").await["lines"].as_array().map(Vec::len), Some(2));
        world.minutes_pass(11);
        other.does(&format!("{path}/take"), json!({})).await;
    }

    async fn a_new_date_past_safe_by_comes_first(world: World) {
        let night = Night::with_decision(world).await;
        let line = night.lines("show=cancelled&priority=fssa:P2").await[3].clone();
        let path = format!("/cases/{}", text(&line["id"]));
        night.does(&format!("{path}/rebooking"), json!({ "new_start": "2024-08-22 08:10", "knows": true })).await;
        let first = night.lines("show=call").await[0].clone();
        assert_eq!((&first["id"], &first["risk"], &first["late"]), (&line["id"], &json!("New date 6 days past safe-by"), &json!(true)));
        assert_eq!(night.funnel().await["past_safe_by"], 1);
    }

    async fn a_services_end_of_day_list_ends_its_kept_cases(world: World) {
        let night = Night::with_decision(world).await;
        let kept = night.lines("show=kept&kind=procedure").await[0].clone();
        let list = |not_done: &str| json!({
            "facility": kept["facility"], "service": kept["service"], "day": s2::DAY, "not_done": not_done
        });
        let refused = night.is_refused("/cases/done", list("NOT-THERE")).await;
        assert!(refused["errors"]["not_done"].is_array(), "{refused}");
        let ended = night.does("/cases/done", list(&text(&kept["appointment"]))).await;
        assert_eq!(ended["left_open"], 1);
        let done = number(&ended["done"]);
        assert!(done >= 1, "{ended}");
        let funnel = night.funnel().await;
        assert_eq!((number(&funnel["kept"]), number(&funnel["open"])), (430, 4_563 - done), "what is done was kept");
        tallies_are_right(world, &night).await;
    }

    async fn another_end_needs_its_reason_and_closing_as_not_reached_what_the_policy_asks(world: World) {
        let night = Night::with_decision(world).await;
        let line = night.lines("show=call").await[0].clone();
        let path = format!("/cases/{}", text(&line["id"]));
        let refused = night.is_refused(&format!("{path}/end"), json!({ "end": "died" })).await;
        assert!(refused["errors"]["reason"].is_array(), "{refused}");
        let closed = json!({ "end": "closed_by_clinician", "reason": "Dr Demo reviewed the chart" });
        assert_eq!(night.is_refused(&format!("{path}/end"), closed.clone()).await["type"], "too-few-tries");
        for channel in ["phone", "phone", "sms"] {
            night.does(&format!("{path}/contacts"), json!({ "channel": channel, "result": "no_answer" })).await;
        }
        let one_day = night.is_refused(&format!("{path}/end"), closed.clone()).await;
        assert_eq!(one_day["title"], "A clinician may close this as not reached after 3 tries, 2 ways of contact and 2 different days; there were 3, 2 and 1.");
        world.minutes_pass(24 * 60);
        night.does(&format!("{path}/contacts"), json!({ "channel": "phone", "result": "voicemail" })).await;
        night.does(&format!("{path}/end"), closed).await;
        assert_eq!(night.funnel().await["ended_otherwise"], 1);
    }

    async fn a_note_for_the_next_caller_is_read_there_and_lies_sealed(world: World) {
        let night = Night::with_decision(world).await;
        let line = night.lines("show=call").await[0].clone();
        let path = format!("/cases/{}", text(&line["id"]));
        assert!(night.is_refused(&format!("{path}/notes"), json!({})).await["errors"]["note"].is_array());
        night.does(&format!("{path}/notes"), json!({ "note": "Hard of hearing; ring the daughter first" })).await;
        night.does(&format!("{path}/notes"), json!({ "note": "Daughter is back at six" })).await;
        let case = night.reads(&path).await;
        assert_eq!(case["notes"][0]["text"], "Daughter is back at six", "{case}");
        assert_eq!(case["notes"][1]["text"], "Hard of hearing; ring the daughter first", "{case}");
        let mut tx = world.app.db.read().await.expect("can be read");
        let kept: Vec<(Vec<u8>,)> = backend::fetch_all!(tx, (Vec<u8>,), "SELECT sealed FROM case_note").expect("can be read");
        assert!(kept.iter().all(|(sealed,)| !String::from_utf8_lossy(sealed).contains("aughter")));
        drop(tx);
        let log = night.reads("/log").await.to_string();
        assert!(log.contains("noted") && !log.contains("aughter"), "the log names the note, not what it says: {log}");
        night.does(&format!("{path}/end"), json!({ "end": "died", "reason": "The ward called" })).await;
        assert_eq!(night.is_refused(&format!("{path}/notes"), json!({ "note": "x" })).await["type"], "has-ended");
    }

    async fn who_is_called_again_later_is_not_the_next(world: World) {
        let night = Night::with_decision(world).await;
        let first = night.does("/cases/next", json!({})).await;
        let path = format!("/cases/{}", text(&first["case"]));
        let past = json!({ "channel": "phone", "result": "call_back", "next_try": "2024-07-18 09:00" });
        assert_eq!(night.is_refused(&format!("{path}/contacts"), past).await["type"], "next-try");
        let late = json!({ "channel": "phone", "result": "call_back", "next_try": "2024-07-19 12:00" });
        assert_eq!(night.is_refused(&format!("{path}/contacts"), late).await["type"], "next-try", "they will have come");
        let odd = json!({ "channel": "phone", "result": "call_back", "next_try": "soon" });
        assert!(night.is_refused(&format!("{path}/contacts"), odd).await["errors"]["next_try"].is_array());
        let again = json!({ "channel": "phone", "result": "call_back", "next_try": "2024-07-19 05:15" });
        night.does(&format!("{path}/contacts"), again).await;
        let case = night.reads(&path).await;
        assert!(text(&case["line"]["last_contact"]).ends_with("again 2024-07-19 05:15"), "{case}");
        let next = night.does("/cases/next", json!({})).await;
        assert_ne!(next["case"], first["case"], "not before the time");
        world.minutes_pass(60);
        night.does(&format!("/cases/{}/contacts", text(&next["case"])), json!({ "channel": "phone", "result": "told" })).await;
        assert_eq!(night.does("/cases/next", json!({})).await["case"], first["case"], "the time has come");
    }

    async fn a_clock_that_will_be_missed_and_one_that_was_are_counted_apart(world: World) {
        let night = Night::with_decision(world).await;
        let count = async |part: &str| {
            let view = night.reads("/cases").await;
            let parts = view["parts"].as_array().expect("is a list").clone();
            let part = parts.into_iter().find(|each| each["code"] == part).expect("is a part");
            (number(&part["count"]), part["over"] == true)
        };
        let p3 = night.lines("show=cancelled&priority=fssa:P3").await;
        let path = |line: &Value| format!("/cases/{}", text(&line["id"]));
        night.does(&format!("{}/rebooking", path(&p3[0])), json!({ "new_start": "2024-08-22 08:10", "knows": true })).await;
        assert_eq!((count("past").await, count("past28").await), ((0, false), (1, false)));
        assert_eq!(night.lines("show=past28").await[0]["risk"], "New date 6 days past the 28 days");
        assert_eq!((count("missed").await, count("missed28").await), ((0, false), (0, false)));
        // The last day of both clocks of P2, and of 28 days for everybody, is 16 August.
        let to = |day: i64| world.minutes_pass(day * 24 * 60);
        to(28);
        assert_eq!(count("missed").await, (0, false), "on its last day it is not missed");
        to(1);
        assert_eq!(count("missed").await, (58, false), "the P2 cases");
        assert_eq!(count("missed28").await, (1_000, true), "everybody who is cancelled");
        let missed = night.lines("show=missed").await;
        assert!(missed.iter().all(|line| line["risk"] == "1 day past safe-by, not seen"), "{missed:?}");
        night.does(&format!("{}/seen", path(&missed[0])), json!({})).await;
        assert_eq!(count("missed").await, (57, false));
        tallies_are_right(world, &night).await;
    }

    async fn closing_hears_of_what_is_undecided_and_open(world: World) {
        let night = Night::with_decision(world).await;
        let late = "Appt ID,MRN,Patient Name,Type,Hospital,Start Time\nL1,0000001,Late Booking,visit,Cape,2024-07-19 15:00\n\
                    L2,0000002,Other Day,visit,Cape,2024-07-22 15:00\n";
        let uploaded = night.uploads(late.as_bytes()).await;
        night.does(&format!("/schedule/{}/commit", text(&uploaded["snapshot"])), json!({})).await;
        let funnel = night.funnel().await;
        assert_eq!((number(&funnel["undecided"]), number(&funnel["untouched"])), (1, 1), "a late row in the window");
        let mut tx = world.app.db.read().await.expect("can be read");
        let incident = night.incident.parse().expect("is an id");
        let blockers = backend::cases::blockers(&mut tx, incident, 3).await.expect("can be read");
        let counts: Vec<_> = blockers.iter().map(|each| (each.count, each.items.len())).collect();
        assert_eq!(counts, [(1, 1), (4_563, 3)]);
    }

    async fn the_list_is_paged_filtered_and_exported(world: World) {
        let night = Night::with_decision(world).await;
        let mut seen = std::collections::BTreeSet::new();
        let mut next = Some(night.path("/cases?show=cancelled&kind=procedure"));
        while let Some(path) = next {
            let page = night.commander.reads(&path).await;
            for line in page["lines"].as_array().expect("is a list") {
                assert!(seen.insert(text(&line["id"])), "a row stands on two pages");
            }
            next = page["next"].as_str().map(ToOwned::to_owned);
        }
        assert_eq!(seen.len(), 277);
        assert_eq!(night.lines("show=all&mrn=0000005").await.len(), 1, "leading zeros are part of the number");
        assert_eq!(night.lines("show=all&mrn=5").await.len(), 0);
        let comma = night.lines("show=all&mrn=0000005").await;
        assert_eq!(comma[0]["name"], "Elm, Person");
        let csv = night.commander.asks(&night.path("/cases.csv?show=cancelled&kind=procedure")).await.expect(200);
        assert_eq!(csv.text().lines().count(), 277 + 1);
        assert_eq!(night.commander.asks(&night.path("/cases?show=nonsense")).await.status, 404);
    }

    async fn a_case_manager_sees_the_patients_of_their_own_site_only(world: World) {
        let night = Night::with_decision(world).await;
        let all = night.reads("/cases?show=cancelled").await;
        let site = all["sites"].as_array().expect("is a list").iter().find(|site| site["words"] == "Cape").cloned();
        let facility = text(&site.expect("is there")["value"]);
        let place = domain::scope::Place::Facility(facility.parse().expect("is an id"));
        let grant = Grant { role: Role::CaseManager, place, signs_as: String::new() };
        let (_, manager) = world.program_with(&[grant]).await;
        let list = manager.reads(&night.path("/cases?show=cancelled")).await;
        let lines = list["lines"].as_array().expect("is a list");
        assert!(!lines.is_empty() && lines.iter().all(|line| line["facility"] == facility.as_str()));
        let elsewhere = all["lines"].as_array().expect("is a list").iter().find(|line| line["facility"] != facility.as_str());
        let elsewhere = night.path(&format!("/cases/{}", text(&elsewhere.expect("is there")["id"])));
        assert_eq!(manager.asks(&elsewhere).await.status, 403);
        manager.is_refused(&format!("{elsewhere}/seen"), json!({}), 403).await;
        manager.is_refused(&night.path("/cases/decide"), json!({ "basis": "x" }), 403).await;
        let (_, viewer) = world.program_with(&everywhere(&[Role::Viewer])).await;
        assert_eq!(viewer.asks(&night.path("/cases")).await.status, 403);
    }

    async fn what_is_written_about_a_case_is_shown_to_those_who_work_at_its_site(world: World) {
        let night = Night::with_decision(world).await;
        let line = night.lines("show=call").await[0].clone();
        let reason = "Mrs Quux has moved to her daughter";
        let closed = json!({ "end": "no_longer_needed", "reason": reason });
        night.does(&format!("/cases/{}/end", text(&line["id"])), closed).await;
        let site = text(&line["facility"]);
        let at = |site: &str| domain::scope::Place::Facility(site.parse().expect("is an id"));
        let grant = |role, place| Grant { role, place, signs_as: String::new() };
        let sites = night.reads("/cases").await["sites"].as_array().expect("is a list").clone();
        let elsewhere = sites.iter().map(|site| text(&site["value"])).find(|other| !other.is_empty() && *other != site);
        let readers = [
            (grant(Role::Viewer, domain::scope::Place::All), false),
            (grant(Role::CaseManager, at(&elsewhere.expect("there are twelve"))), false),
            (grant(Role::CaseManager, at(&site)), true),
        ];
        for (grant, shown) in readers {
            let who = format!("{grant:?}");
            let (_, reader) = world.program_with(&[grant]).await;
            for end in ["/log", "/log.csv", "/log.ndjson"] {
                let said = reader.asks(&night.path(end)).await.expect(200);
                assert_eq!(said.text().contains(reason), shown, "{end} for {who}");
                assert!(said.text().contains("All elective"), "the basis of a decision is everybody's");
            }
        }
    }

    async fn what_cannot_be_read_as_a_schedule_is_said_at_its_field(world: World) {
        let night = Night::begins(world).await;
        let path = night.path("/schedule");
        let refused = |file: &'static [u8], as_of: &'static str| {
            let (commander, path) = (&night.commander, &path);
            async move {
                let answer = commander.uploads(path, &[("as_of", as_of)], ("file", "x.csv", file)).await.expect(422);
                answer.json::<Value>()["errors"].clone()
            }
        };
        assert!(refused(b"PK\x03\x04\x00\x00", s2::AS_OF).await["file"].is_array());
        assert!(refused(b"", s2::AS_OF).await["file"].is_array());
        assert!(refused(b"a,b\n1,2\n", "yesterday").await["as_of"].is_array());
        assert!(refused(b"a,b\n1,2\n", "2024-07-20 10:00").await["as_of"].is_array(), "still to come");
        let uploaded = night.uploads(b"Number,Who\nA1,Jane\n").await;
        let commit = format!("/schedule/{}/commit", text(&uploaded["snapshot"]));
        assert!(night.is_refused(&commit, json!({})).await["errors"]["columns"].is_array());
        let left = std::fs::read_dir(world.folder.path().join("imports")).expect("is a folder").count();
        assert_eq!(left, 1, "only the file that waits for its columns is kept");
    }

    async fn columns_with_other_names_can_be_chosen(world: World) {
        let night = Night::begins(world).await;
        let file = "Nr;Akte;Wer;Was;Haus;Wann;Stufe\r\nA1;007;M\u{fc}ller;visit;Cape;19.07.2024 09:00;P2\r\n";
        let windows: Vec<u8> = file.chars().map(|letter| u8::try_from(u32::from(letter)).expect("is Western")).collect();
        let uploaded = night.uploads(&windows).await;
        let snapshot = format!("/schedule/{}", text(&uploaded["snapshot"]));
        let seen = night.reads(&snapshot).await;
        assert_eq!((&seen["encoding"], &seen["delimiter"]), (&json!("windows-1252"), &json!(";")));
        let columns = ["appointment_id:0", "mrn:1", "name:2", "kind:3", "facility:4", "start:5", "priority:6"];
        let chosen = night.does(&format!("{snapshot}/columns"), json!({ "columns": columns, "scheme": "fssa" })).await;
        assert_eq!((number(&chosen["figures"]["valid"]), number(&chosen["figures"]["unclear"])), (1, 0));
        night.does(&format!("{snapshot}/commit"), json!({})).await;
        let line = night.lines("show=all").await[0].clone();
        assert_eq!((&line["name"], &line["mrn"], &line["priority"]), (&json!("M\u{fc}ller"), &json!("007"), &json!("P2")));
    }

    async fn nothing_of_a_patient_lies_readable_in_the_database_or_the_log(world: World) {
        let night = Night::begins(world).await;
        let file = "Appt ID,MRN,Patient Name,Phone,Type,Hospital,Start Time\nA1,0077310,Zebulon Quux,+15550009999,visit,Cape,2024-07-19 09:00\n";
        let uploaded = night.uploads(file.as_bytes()).await;
        night.does(&format!("/schedule/{}/commit", text(&uploaded["snapshot"])), json!({})).await;
        assert_eq!(night.lines("show=all").await[0]["name"], "Zebulon Quux");
        let mut tx = world.app.db.read().await.expect("can be read");
        let rows = backend::store::journal::rows(&mut tx, night.incident.parse().expect("is an id"), 0, 1_000).await.expect("can be read");
        let said: String = rows.iter().map(|row| row.data.as_str()).collect();
        let sealed = backend::fetch_one!(tx, (Vec<u8>,), "SELECT sealed FROM patient_case").expect("can be read").0;
        for secret in ["Zebulon", "0077310", "5550009999"] {
            assert!(!said.contains(secret), "{secret} stands in the log");
            assert!(!sealed.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret} is not sealed");
        }
        let uploads = std::fs::read_dir(world.folder.path().join("imports")).expect("is a folder").count();
        assert_eq!(uploads, 0, "the uploaded file is gone once it is imported");
    }
}
