//! What must be looked at again: a revocation lists everything that was recorded under the release, each place from
//! its own release on; the hospital adds what its own systems have; and nothing closes before somebody has looked.

use acceptance::{PASSWORD, Program, World, both_databases};
use backend::{fetch_all, fetch_one, reviews::tally};
use domain::{
    actor::{Grant, Role},
    id::IncidentId,
    scope::Place,
};
use serde_json::{Value, json};

use crate::forms;

/// Imaging is degraded everywhere; forms lie in two wards of General, and visits are booked there.
struct Night {
    forms: forms::Night,
    cio: Program,
    owner: Program,
    base: String,
    /// Imaging at General.
    scope: String,
}

impl Night {
    async fn begins(world: &World) -> Self {
        let forms = forms::Night::begins(world).await;
        let base = format!("/incidents/{}", forms.incident);
        let (site, system) = (forms.harbor.facility("general"), forms.harbor.system("imaging"));
        let ladder = format!("{base}/clearance?site={site}&system={system}");
        let scope = forms.commander.reads(&ladder).await["scopes"][0].clone();
        let signs = async |signs_as: &str| {
            let grant = Grant { role: Role::Signer, place: Place::All, signs_as: signs_as.to_owned() };
            world.program_with(&[grant]).await.1
        };
        let (cio, owner) = (signs("cio").await, signs("imaging-owner").await);
        let scope = scope["path"].as_str().expect("is a text").to_owned();
        let night = Self { forms, cio, owner, base, scope };
        for (unit, first) in [("4w", 1001), ("icu", 2001)] {
            let form = json!({ "form_type": "MAR", "unit": night.unit(unit), "first": first, "sheets": 40 });
            night.forms.clerk.does(&night.forms.path("/issue"), form).await;
        }
        night
    }

    fn unit(&self, code: &'static str) -> String {
        self.forms.harbor.unit("general", code).to_string()
    }

    async fn releases(&self, scope: &str) {
        self.cio.does(&format!("{scope}/restore"), json!({})).await;
        for piece in ["interface-queues", "studies-filed"] {
            let evidence = json!({ "piece": piece, "passed": true });
            self.cio.does(&format!("{scope}/evidence"), evidence).await;
        }
        self.cio.does(&format!("{scope}/sign"), json!({ "signer": "cio", "password": PASSWORD })).await;
        self.owner
            .does(&format!("{scope}/sign"), json!({ "signer": "imaging-owner", "password": PASSWORD }))
            .await;
        self.forms.commander.does(&format!("{scope}/release"), json!({})).await;
    }

    async fn takes_back(&self, part: Value) -> Value {
        self.forms.commander.does(&format!("{}/revoke", self.scope), part).await
    }

    async fn receives(&self, serials: &str) {
        self.forms
            .clerk
            .does(&self.forms.path("/count"), json!({ "form_type": "MAR", "used": serials }))
            .await;
    }

    async fn types_in(&self, serials: &str) {
        let picked = domain::forms::pick(serials, "MAR", 100).expect("can be read");
        self.forms.prepares(picked.iter().map(|number| forms::serial(*number).to_string())).await;
        self.forms
            .clerk
            .does(&self.forms.path("/enter"), json!({ "form_type": "MAR", "serials": serials }))
            .await;
    }

    async fn books_three_visits(&self) {
        let rows = [
            "A1,00001,Ann One,visit,General,2024-07-19 15:00",
            "A2,00002,Ben Two,visit,General,2024-07-19 15:30",
            "A3,00003,Cy Three,visit,Cape,2024-07-19 16:00",
        ];
        let file = format!("Appt ID,MRN,Patient Name,Type,Hospital,Start Time\n{}\n", rows.join("\n"));
        let fields = [("as_of", "2024-07-18 23:50")];
        let file = ("file", "schedule.csv", file.as_bytes());
        let path = format!("{}/schedule", self.base);
        let commander = &self.forms.commander;
        let uploaded = commander.uploads(&path, &fields, file).await.expect(201).json::<Value>();
        let snapshot = uploaded["snapshot"].as_str().expect("is a text").to_owned();
        commander.does(&format!("{path}/{snapshot}/commit"), json!({})).await;
    }

    /// All items of a window.
    async fn items(&self, revocation: &Value) -> Vec<Value> {
        let view = self.list(&format!("state=all&revocation={revocation}")).await;
        view["items"].as_array().expect("is a list").clone()
    }

    async fn list(&self, query: &str) -> Value {
        self.forms.commander.reads(&format!("{}/reviews?{query}", self.base)).await
    }

    fn id(&self) -> IncidentId {
        self.forms.incident.parse().expect("is an id")
    }
}

fn kinds(items: &[Value]) -> [usize; 3] {
    ["form:", "case:", "log:"].map(|kind| {
        items
            .iter()
            .filter(|item| item["subject"].as_str().is_some_and(|text| text.starts_with(kind)))
            .count()
    })
}

fn serials(items: &[Value]) -> Vec<String> {
    let mut found: Vec<String> = items
        .iter()
        .filter_map(|item| {
            let serial = item["what"].as_str()?.strip_prefix("Form ")?;
            let parts: Vec<&str> = serial.split('-').collect();
            Some(format!("{}-{}", parts[2], parts[3]))
        })
        .collect();
    found.sort();
    found
}

/// What the releases of these nights rest on, as a reader knows it.
const NAMES: [&str; 4] = [
    "evidence \"Interface queues empty or draining, test messages out and back, no doubles\"",
    "evidence \"Studies taken during the downtime filed to the right patient, preliminary reads listed\"",
    "signature of Chief information officer",
    "signature of Director of imaging",
];

const FORMS_SINCE: &str = "
    SELECT COUNT(DISTINCT form)
    FROM form_event
    WHERE entered_at > $1 AND to_state NOT IN ('out', 'blank', 'voided', 'missing')";

const CASES_SINCE: &str = "
    SELECT DISTINCT patient_case.appointment
    FROM case_event
    JOIN patient_case ON patient_case.id = case_event.case_id
    JOIN facility ON facility.id = patient_case.facility
    WHERE case_event.entered_at > $1 AND facility.code = 'general'
    ORDER BY 1";

/// The counts say what a full count says.
async fn counts_are_right(world: &World, incident: IncidentId) {
    let mut tx = world.app.db.read().await.expect("can be read");
    let kept = tally::read(&mut tx, incident).await.expect("can be read");
    let counted = tally::read_by_counting(&mut tx, incident).await.expect("can be read");
    let sorted = |mut counts: Vec<(tally::Key, i64)>| {
        counts.sort_unstable();
        counts
    };
    assert_eq!(sorted(kept), sorted(counted));
}

both_databases! {
    /// 11:40 to 07:40: what was received, typed in and changed in between, and nothing from before.
    async fn a_revocation_lists_everything_that_was_recorded_under_the_release(world: World) {
        let night = Night::begins(world).await;
        night.books_three_visits().await;
        world.at("2024-07-19 10:00");
        night.receives("1001-1005").await;
        world.at("2024-07-19 11:40");
        night.releases(&night.scope).await;
        let released = world.app.clock.now();
        world.at("2024-07-19 12:30");
        night.receives("1006-1010 2001-2003").await;
        night.types_in("1005-1006").await;
        night.forms.commander.does(&format!("{}/cases/decide", night.base), json!({ "basis": "All visits of the day" })).await;
        world.at("2024-07-20 07:40");
        let revoked = night.takes_back(json!({ "reason": "Reports went to the wrong patients" })).await;
        let items = night.items(&revoked["seq"]).await;
        let mut tx = world.app.db.read().await.expect("can be read");
        let (forms,) = fetch_one!(tx, (i64,), FORMS_SINCE, released.0).expect("can be read");
        let cases = fetch_all!(tx, (String,), CASES_SINCE, released.0).expect("can be read");
        drop(tx);
        assert_eq!((forms, cases.len()), (9, 2), "the night has something to list");
        // Two pieces of evidence and two signatures are what the release rested on.
        assert_eq!(kinds(&items), [9, 2, 4], "{items:#?}");
        let whats: Vec<&str> = items.iter().filter_map(|item| item["what"].as_str()).collect();
        for name in NAMES {
            assert!(whats.iter().any(|what| what.ends_with(name)), "{name}: {whats:#?}");
        }
        assert_eq!(revoked["reviews"], 15);
        let title = night.list(&format!("revocation={}", revoked["seq"])).await["title"].clone();
        assert_eq!(title, "15 of 15 things written between 11:40 EDT, Fri 19 July and 07:40 EDT, Sat 20 July must still be looked at.");
        let log = night.forms.commander.reads(&format!("{}/log?kind=reviews.listed", night.base)).await;
        assert_eq!(log["entries"].as_array().map(Vec::len), Some(1), "{log}");
        counts_are_right(world, night.id()).await;
    }

    /// Medications alone: the forms of the place are suspect, its appointments are not.
    async fn a_part_lists_what_belongs_to_the_part(world: World) {
        let night = Night::begins(world).await;
        night.books_three_visits().await;
        world.at("2024-07-19 11:40");
        night.releases(&night.scope).await;
        world.at("2024-07-19 12:30");
        night.receives("1006-1007 2001").await;
        night.forms.commander.does(&format!("{}/cases/decide", night.base), json!({ "basis": "All visits of the day" })).await;
        let ward = Place::Unit(night.forms.harbor.unit("general", "4w")).to_string();
        let part = json!({ "reason": "Formulary was damaged", "functions": ["medications"], "place": ward });
        let revoked = night.takes_back(part).await;
        let items = night.items(&revoked["seq"]).await;
        assert_eq!(kinds(&items), [2, 0, 4], "{items:#?}");
        let whole = night.takes_back(json!({ "reason": "And everything else" })).await;
        let items = night.items(&whole["seq"]).await;
        // The ward's appointments and other functions stayed in use; taking the part back was a decision too.
        assert_eq!(kinds(&items)[..2], [3, 2], "{items:#?}");
        assert_eq!(kinds(&items)[2], 5, "{items:#?}");
        counts_are_right(world, night.id()).await;
    }

    /// A scan is no decision: the last thing before a release and the first after it, and the last before a revocation,
    /// fall where they belong.
    async fn scans_around_a_release_and_a_revocation_are_listed_where_they_belong(world: World) {
        let night = Night::begins(world).await;
        let scans = async |number: i64| {
            let serial = forms::serial(number).to_string();
            let form = json!({ "serial": serial, "station": "collection", "pile": "used" });
            night.forms.clerk.does(&night.forms.path("/scan"), form).await;
        };
        world.at("2024-07-19 11:40");
        scans(1001).await;
        night.releases(&night.scope).await;
        world.at("2024-07-19 12:00");
        scans(1002).await;
        world.at("2024-07-19 13:00");
        let revoked = night.takes_back(json!({ "reason": "Labels of the wrong ward" })).await;
        scans(1003).await;
        assert_eq!(serials(&night.items(&revoked["seq"]).await), ["MAR-01002"]);
    }

    /// The intensive care unit has a release of its own, later than its site's.
    async fn every_place_counts_from_its_own_release(world: World) {
        let night = Night::begins(world).await;
        world.at("2024-07-19 11:40");
        night.releases(&night.scope).await;
        world.at("2024-07-19 12:00");
        night.receives("1001 2001").await;
        world.at("2024-07-19 13:00");
        let unit = Place::Unit(night.forms.harbor.unit("general", "icu")).to_string();
        let first = night.takes_back(json!({ "reason": "Labels of the wrong ward", "place": unit })).await;
        assert_eq!(serials(&night.items(&first["seq"]).await), ["MAR-02001"]);
        world.at("2024-07-19 14:00");
        night.receives("2002").await;
        world.at("2024-07-19 15:00");
        night.releases(&format!("{}/clearance/{}", night.base, first["reopened"].as_str().expect("is a text"))).await;
        world.at("2024-07-19 16:00");
        night.receives("1002 2003").await;
        world.at("2024-07-19 18:00");
        let second = night.takes_back(json!({ "reason": "Reports went to the wrong patients" })).await;
        // 2001 was listed with the unit; 2002 came while the unit was on paper.
        assert_eq!(serials(&night.items(&second["seq"]).await), ["MAR-01001", "MAR-01002", "MAR-02003"]);
        counts_are_right(world, night.id()).await;
    }

    async fn an_outage_that_takes_a_release_back_lists_likewise(world: World) {
        let night = Night::begins(world).await;
        world.at("2024-07-19 11:40");
        night.releases(&night.scope).await;
        world.at("2024-07-19 12:00");
        night.receives("1001-1003").await;
        let report = json!({ "system": "imaging", "status": "down", "sites": ["general"] });
        night.forms.commander.does(&format!("{}/statuses", night.base), report).await;
        let items = night.list("queue=suspect_window&state=all").await["items"].clone();
        assert_eq!(kinds(items.as_array().expect("is a list"))[0], 3, "{items:#?}");
    }

    /// Harm needs words, and the patient is asked for until told; only then is it out of the way.
    async fn what_was_found_is_said_and_nothing_closes_before(world: World) {
        let night = Night::begins(world).await;
        world.at("2024-07-19 11:40");
        night.releases(&night.scope).await;
        world.at("2024-07-19 12:00");
        night.receives("1001-1003").await;
        world.at("2024-07-19 13:00");
        let revoked = night.takes_back(json!({ "reason": "Reports went to the wrong patients" })).await;
        // The second all-clear does not end what waits.
        let reopened = revoked["reopened"].as_str().expect("is a text");
        night.releases(&format!("{}/clearance/{reopened}", night.base)).await;
        let path = format!("{}/reviews", night.base);
        let items = night.list("queue=suspect_window").await["items"].as_array().expect("is a list").clone();
        let ids: Vec<&Value> = items.iter().filter(|item| item["what"].as_str().is_some_and(|what| what.starts_with("Form"))).map(|item| &item["id"]).collect();
        let clerk = &night.forms.clerk;
        let refused = clerk.is_refused(&path, json!({ "items": [ids[0]], "act": "harm" }), 422).await;
        assert_eq!(refused["type"], "no-note");
        let refused = clerk.is_refused(&path, json!({ "items": [ids[0]], "act": "contacted" }), 422).await;
        assert_eq!(refused["type"], "nothing-to-tell");
        let named = json!({ "items": [ids[0]], "act": "harm", "note": "Patient Mary Smith was given it twice" });
        assert!(clerk.is_refused(&path, named, 422).await["errors"]["note"].is_array());
        clerk.does(&path, json!({ "items": [ids[1], ids[2]], "act": "confirm" })).await;
        clerk.does(&path, json!({ "items": [ids[0]], "act": "harm", "note": "Given twice" })).await;
        assert_eq!(night.list("state=untold").await["items"].as_array().map(Vec::len), Some(1));
        counts_are_right(world, night.id()).await;
        // Elsewhere somebody else answers.
        let cape = Place::Facility(night.forms.harbor.facility("cape"));
        let grant = Grant { role: Role::FormsClerk, place: cape, signs_as: String::new() };
        let (_, elsewhere) = world.program_with(&[grant]).await;
        elsewhere.is_refused(&path, json!({ "items": [ids[1]], "act": "correct" }), 403).await;

        let close = night.forms.commander.reads(&format!("{}/close", night.base)).await;
        let blocker = close["blockers"].as_array().expect("is a list").iter().find(|part| part["kind"] == "review_open").expect("is in the way").clone();
        assert_eq!(blocker["count"], 5, "one patient and four entries of the log");
        let waivers = format!("{}/waivers", night.base);
        let waiver = |role: &str| json!({ "kind": "review_open", "item": ids[0], "role": role, "reason": "Told by the ward already" });
        assert_eq!(clerk.does(&waivers, waiver("forms_clerk")).await["in_effect"], false);
        night.forms.commander.does(&waivers, waiver("commander")).await;
        let close = night.forms.commander.reads(&format!("{}/close", night.base)).await;
        let blocker = close["blockers"].as_array().expect("is a list").iter().find(|part| part["kind"] == "review_open").expect("is in the way").clone();
        assert_eq!((&blocker["count"], &blocker["waived"]), (&json!(4), &json!(1)));
        clerk.does(&path, json!({ "items": [ids[0]], "act": "contacted" })).await;
        let item = clerk.reads(&format!("{path}/{}", ids[0].as_str().expect("is a text"))).await;
        assert_eq!(item["history"].as_array().map(Vec::len), Some(3), "{item}");
        counts_are_right(world, night.id()).await;
    }

    /// Row by row, once, and what cannot be used comes back with its reason.
    async fn the_hospital_adds_what_its_own_systems_have(world: World) {
        let night = Night::begins(world).await;
        world.at("2024-07-19 11:40");
        night.releases(&night.scope).await;
        world.at("2024-07-19 13:00");
        let revoked = night.takes_back(json!({ "reason": "Reports went to the wrong patients" })).await;
        let seq = revoked["seq"].to_string();
        let file = "Accession,Description,Time,Site,Unit\n\
            ACC-1,Chest film,2024-07-19 12:00,general,icu\n\
            ACC-2,Chest film,2024-07-19 12:10,general,\n\
            ACC-2,Chest film,2024-07-19 12:10,general,\n\
            ACC-3,Chest film,2024-07-19 09:00,general,\n\
            Mary Smith,Chest film,2024-07-19 12:10,general,\n";
        let path = format!("{}/reviews/import", night.base);
        let clerk = &night.forms.clerk;
        for (added, known) in [(2, 0), (0, 2)] {
            let fields = [("queue", "suspect_window"), ("revocation", seq.as_str())];
            let offered = clerk.uploads(&path, &fields, ("file", "pacs.csv", file.as_bytes())).await.expect(201).json::<Value>();
            let figures = &offered["figures"];
            assert_eq!((&figures["added"], &figures["known"], &figures["repeated"], &figures["refused"]),
                (&json!(added), &json!(known), &json!(1), &json!(2)), "{figures}");
            let one = format!("{path}/{}", offered["file"].as_str().expect("is a text"));
            let done = clerk.does(&format!("{one}/commit"), json!({})).await;
            assert_eq!(done["figures"]["added"], added);
            assert_eq!(clerk.is_refused(&format!("{one}/commit"), json!({}), 422).await["type"], "already-imported");
            let rejects = clerk.asks(&format!("{one}/rejects.csv")).await.expect(200);
            assert!(rejects.text().contains("This was not recorded in the window.") && !rejects.text().contains("Mary"), "{}", rejects.text());
        }
        let without = clerk.uploads(&path, &[("queue", "phoned_result")], ("file", "x.csv", b"A,B\n1,2\n")).await.expect(422);
        assert!(without.json::<Value>()["errors"]["file"].is_array());

        let add = format!("{}/reviews/add", night.base);
        let ward = Place::Unit(night.forms.harbor.unit("general", "icu")).to_string();
        let phoned = json!({ "queue": "phoned_result", "number": "LAB-77", "what": "Potassium 6.9", "recorded_at": "2024-07-19 04:10", "place": ward });
        clerk.does(&add, &phoned).await;
        assert!(clerk.is_refused(&add, &phoned, 422).await["errors"]["number"].is_array());
        let view = night.list("").await;
        let of = |code: &str| view["queues"].as_array().expect("is a list").iter().find(|line| line["queue"] == code).expect("is there")["figures"]["items"].clone();
        assert_eq!((of("suspect_window"), of("phoned_result")), (json!(6), json!(1)));
        counts_are_right(world, night.id()).await;
    }

    /// The second window is written on new serials; the page leads to handing them out, filled in.
    async fn a_revocation_offers_new_serials_and_says_what_is_closed(world: World) {
        let night = Night::begins(world).await;
        world.at("2024-07-19 11:00");
        night.receives("1001-1040").await;
        world.at("2024-07-19 11:40");
        night.releases(&night.scope).await;
        world.at("2024-07-19 13:00");
        let revoked = night.takes_back(json!({ "reason": "Reports went to the wrong patients" })).await;
        let path = format!("{}/revocations/{}", night.base, revoked["seq"]);
        let view = night.forms.clerk.reads(&path).await;
        let units = view["units"].as_array().expect("is a list");
        let of = |name: &str| units.iter().find(|unit| unit["unit"] == name).expect("is of the part").clone();
        assert_eq!(of("General, 4 West")["before"][0]["out"], 0);
        assert_eq!(of("General, Intensive care")["before"][0]["out"], 40);
        let mut clerk = world.person(&[Role::FormsClerk]).await;
        let page = clerk.opens(&path).await;
        assert!(page.says("closed") && page.says("40 of 40 still out"), "{}", page.text());
        let unit = night.unit("4w");
        let link = page.all("a[href]").iter().filter_map(|link| link.attr("href")).find(|link| link.contains("form_type=MAR") && link.contains(&unit)).expect("leads to handing out").to_owned();
        let filled = clerk.opens(&link).await;
        assert_eq!(filled.form("Hand out").value("unit"), Some(unit.as_str()));
    }

    /// A clerk without JavaScript ticks two and presses a button.
    async fn several_are_decided_at_once_on_the_page(world: World) {
        let night = Night::begins(world).await;
        world.at("2024-07-19 11:40");
        night.releases(&night.scope).await;
        world.at("2024-07-19 12:00");
        night.receives("1001-1003").await;
        night.takes_back(json!({ "reason": "Reports went to the wrong patients" })).await;
        let mut clerk = world.person(&[Role::FormsClerk]).await;
        let page = clerk.opens(&format!("{}/clearance", night.base)).await;
        let page = clerk.opens(&page.link("Look at again")).await;
        let page = clerk.opens(&page.link("Written while it was called clear")).await;
        let form = page.form("Was wrong, harm is possible");
        assert_eq!(page.all("input[name=items]").len(), 7);
        let labels: Vec<String> = form.labels().into_iter().filter(|label| label.starts_with("Tick Form")).map(ToOwned::to_owned).collect();
        let ticked = form.ticks(&labels[0]).ticks(&labels[1]);
        let again = clerk.is_refused(&ticked, "Was wrong, harm is possible").await;
        assert!(again.says("Say in a note"), "{}", again.text());
        let page = clerk.presses(&again.form("Right as it stands"), "Right as it stands").await;
        assert!(page.heading().starts_with("5 of 7 things written"), "{}", page.heading());
        let mut viewer = world.person(&[Role::Viewer]).await;
        let page = viewer.opens(&format!("{}/reviews", night.base)).await;
        assert!(page.all("input[name=items]").is_empty());
    }
}
