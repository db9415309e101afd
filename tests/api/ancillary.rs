//! Logs of the kit, typed in line by line where the catalogue says so; what lines lack is counted, and a critical result
//! that was not read back is a gap.

use acceptance::{World, both_databases};
use backend::{fetch_all, playbooks::store as versions};
use domain::{
    actor::{Grant, Role},
    playbooks::Disposition,
    scope::Place,
};
use serde_json::{Value, json};

use crate::forms::Night;

/// A night whose catalogue has critical results typed in; one used sheet of each of two logs, by kind.
struct Logs {
    night: Night,
    critical: String,
}

fn path(night: &Night, last: &str) -> String {
    format!("/incidents/{}/logs{last}", night.incident)
}

async fn used(night: &Night, form_type: &str) -> String {
    let forms = format!("/incidents/{}/forms", night.incident);
    let unit = night.harbor.unit("general", "4w").to_string();
    let issue = json!({ "form_type": form_type, "unit": unit, "first": 1, "sheets": 2 });
    night.clerk.does(&format!("{forms}/issue"), issue).await;
    night
        .clerk
        .does(&format!("{forms}/count"), json!({ "form_type": form_type, "unit": unit, "used": "1" }))
        .await;
    let view = night.clerk.reads(&format!("{forms}/sheets?form_type={form_type}")).await;
    let sheets = view["sheets"].as_array().expect("is a list");
    let used = sheets.iter().find(|sheet| sheet["state"] == "used").expect("one came back used");
    used["id"].as_str().expect("is a text").to_owned()
}

impl Logs {
    async fn come_back(world: &World) -> Self {
        let mut playbook = domain::playbooks::shipped()
            .into_iter()
            .find(|each| each.key == "endpoint-crash")
            .expect("is shipped");
        for form in playbook.forms.iter_mut().filter(|form| form.code == "CRIT") {
            form.disposition = Disposition::BackEnter;
        }
        let harbor = world.harbor().await;
        let mut tx = world.app.db.write().await.expect("can be written");
        versions::insert(&mut tx, &playbook).await.expect("can be kept");
        let (fingerprint, at) = (playbook.fingerprint().to_string(), world.app.clock.now());
        versions::approve(&mut tx, &fingerprint, at, world.app.clock.id()).await.expect("can be approved");
        tx.commit().await.expect("can be written");
        let commander = world.program(&[Role::Commander]).await;
        let form = json!({ "playbook": "endpoint-crash", "basis": "Two wards called", "places": ["all"] });
        let incident =
            commander.does("/incidents", form).await["incident"].as_str().expect("a text").to_owned();
        let clerk = world.program(&[Role::FormsClerk]).await;
        let night = Night { harbor, commander, clerk, incident };
        let critical = path(&night, &format!("/{}", used(&night, "CRIT").await));
        world.at("2024-07-19 09:00");
        Self { night, critical }
    }
}

fn calls() -> Value {
    json!({
        "date": "2024-07-19",
        "number": ["77665544", ""],
        "cell": [
            "02:15", "Smith", "4 West 12", "K 6.9", "Dr Vale", "02:22", "KL",
            "02:30", "=cmd|'/C calc'!A0", "", "Hb 5.1", "", "no", "KL",
        ],
    })
}

both_databases! {
    /// Who called, who received, read back, and the time between; what was not read back is a gap with an end.
    async fn a_critical_result_that_was_not_read_back_is_a_gap(world: World) {
        let logs = Logs::come_back(world).await;
        let night = &logs.night;
        let typed = night.clerk.does(&logs.critical, calls()).await;
        assert_eq!(
            [&typed["lines"], &typed["incomplete"], &typed["gaps"], &typed["already"]],
            [&json!(2), &json!(1), &json!(1), &json!(0)]
        );
        let sheet = night.clerk.reads(&logs.critical).await;
        assert_eq!(sheet["lines"][0]["minutes"], 7);
        assert_eq!(sheet["lines"][0]["cells"][3], "K 6.9");
        assert_eq!(sheet["lines"][1]["missing"], json!(["no place", "nobody who received it", "not read back"]));
        let checks = format!("/incidents/{}/checks", night.incident);
        let gaps = night.clerk.reads(&format!("{checks}/gaps?kind=read_back&state=open")).await;
        let gap = gaps["lines"][0].clone();
        assert!(gap["key"].as_str().is_some_and(|key| key.ends_with("line 2")), "{gaps}");
        let close = format!("/incidents/{}/close", night.incident);
        let refused = night.commander.is_refused(&close, json!({ "basis": "All is done" }), 422).await;
        assert!(refused["title"].as_str().is_some_and(|said| said.contains("1 gap of a cross-check is open")), "{refused}");
        let gap = format!("{checks}/gaps/{}", gap["line"].as_str().expect("is an id"));
        let end = json!({ "act": "explain", "note": "The ward repeated it to the runner" });
        assert_eq!(night.clerk.does(&gap, end).await["open"], 0);
        let all = night.clerk.reads(&path(night, "?form_type=CRIT")).await;
        assert_eq!(all["title"], "2 lines of logs typed in; 1 lacks something");
        assert_eq!((&all["sheets"][0]["lines"], &all["sheets"][0]["incomplete"]), (&json!(2), &json!(1)));
    }

    /// Typed in by two people it is there once; other words for the same line are refused.
    async fn a_line_of_a_log_is_there_once(world: World) {
        let logs = Logs::come_back(world).await;
        let night = &logs.night;
        let mut form = calls();
        form["request_id"] = json!("01900000-0000-7000-8000-0000000000ad");
        let first = night.clerk.does(&logs.critical, &form).await;
        assert_eq!(night.clerk.does(&logs.critical, &form).await, first, "the same request runs once");
        let second = world.program(&[Role::FormsClerk]).await;
        assert_eq!(second.is_refused(&logs.critical, calls(), 422).await["type"], "already-typed");
        let mut other = calls();
        other["cell"][3] = json!("K 5.9");
        let refused = second.is_refused(&logs.critical, &other, 422).await;
        assert!(refused["errors"]["lines"][0].as_str().is_some_and(|said| said.starts_with("Line 1 is typed in already")), "{refused}");
        let mut wrong = calls();
        wrong["line"] = json!([3, 4]);
        wrong["cell"][0] = json!("25:00");
        wrong["cell"][7] = json!("23:30");
        let refused = second.is_refused(&logs.critical, &wrong, 422).await;
        assert_eq!(refused["errors"]["lines"].as_array().map(Vec::len), Some(2), "no such hour, and still to come: {refused}");
    }

    /// What the catalogue keeps or scans is not typed in, and says why; what is out, blank or one patient's neither.
    async fn what_the_catalogue_keeps_is_not_typed_in(world: World) {
        let night = Night::begins(world).await;
        let kept = path(&night, &format!("/{}", used(&night, "CRIT").await));
        let refused = night.clerk.is_refused(&kept, calls(), 422).await;
        assert_eq!(refused["type"], "not-typed-in");
        assert!(refused["title"].as_str().is_some_and(|said| said.contains("kept by its department")), "{refused}");
        assert!(night.clerk.reads(&kept).await["refusal"].as_str().is_some_and(|said| said.contains("kept by its department")));
        let one = path(&night, &format!("/{}", used(&night, "MAR").await));
        assert_eq!(night.clerk.is_refused(&one, calls(), 422).await["type"], "no-log");
    }

    /// A line about a patient lies sealed, is erased with them, and is read by those who work on its unit's forms.
    async fn a_line_of_a_log_is_its_patients(world: World) {
        let logs = Logs::come_back(world).await;
        let night = &logs.night;
        night.clerk.does(&logs.critical, calls()).await;
        let mut tx = world.app.db.read().await.expect("can be read");
        let sealed = fetch_all!(tx, (Vec<u8>,), "SELECT sealed FROM log_line").expect("can be read");
        let texts = fetch_all!(tx, (String, String), "SELECT data, subject FROM journal").expect("can be read");
        drop(tx);
        for bytes in sealed.into_iter().map(|(sealed,)| sealed).chain([format!("{texts:?}").into_bytes()]) {
            for open in ["77665544", "Smith", "Hb 5.1"] {
                assert!(!bytes.windows(open.len()).any(|part| part == open.as_bytes()), "{open}");
            }
        }
        let viewer = world.program(&[Role::Viewer]).await;
        assert!(!viewer.reads(&logs.critical).await.to_string().contains("Smith"));
        viewer.is_refused(&logs.critical, calls(), 403).await;
        let csv = path(night, "/lines.csv?form_type=CRIT");
        assert_eq!(viewer.asks(&csv).await.status.as_u16(), 403);
        let place = Place::Facility(night.harbor.facility("cape"));
        let (_, of_cape) = world.program_with(&[Grant { role: Role::FormsClerk, place, signs_as: String::new() }]).await;
        of_cape.is_refused(&logs.critical, calls(), 403).await;
        assert!(!of_cape.asks(&csv).await.expect(200).text().contains("Smith"));
        let file = night.clerk.asks(&csv).await.expect(200);
        assert!(file.text().contains("Smith") && file.text().contains("'=cmd"), "{}", file.text());
        assert!(file.text().contains("not read back"), "{}", file.text());
        let mut tx = world.app.db.write().await.expect("can be written");
        backend::execute!(tx, "UPDATE patient SET wrapped_key = NULL").expect("a patient can be erased");
        tx.commit().await.expect("can be written");
        let sheet = night.clerk.reads(&logs.critical).await;
        assert_eq!((&sheet["lines"][0]["number"], &sheet["lines"][0]["cells"]), (&json!("erased"), &json!([])));
        assert!(!night.clerk.asks(&csv).await.expect(200).text().contains("Smith"));
    }

    /// The same on pages, without a script.
    async fn a_clerk_types_a_log_in_on_pages(world: World) {
        let logs = Logs::come_back(world).await;
        let mut clerk = world.person(&[Role::FormsClerk]).await;
        let page = clerk.opens(&path(&logs.night, "?form_type=CRIT")).await;
        assert_eq!(page.heading(), "No line of a log is typed in yet");
        let page = clerk.opens(&logs.critical).await;
        let form = page.form("Enter these lines").types("Line 1: Time", "02:15").types("Line 1: Result", "K 6.9");
        let refused = clerk.is_refused(&form, "Enter these lines").await;
        assert!(refused.says("Line 1: 02:15 has no date"), "{}", refused.text());
        let form = refused.form("Enter these lines").types("Date of the sheet", "2024-07-19");
        let page = clerk.presses(&form, "Enter these lines").await;
        assert!(page.says("K 6.9") && page.says("not read back"), "{}", page.text());
    }
}
