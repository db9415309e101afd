//! S0, the morning of 19 July 2024, as programs play it through the JSON door of a real server: declared, told,
//! cancelled, accounted for on paper, signed, released, closed. Each step asserts what it must change.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::{
    Program,
    cast::{Cast, PASSWORD, SIGNERS, list, text},
    harbor::{Harbor, SITES},
};

/// How many people a broadcast of the morning reaches, each by e-mail and SMS.
pub const PEOPLE_TOLD: usize = 2 * SITES.len();

/// Two people on duty at each of these sites' emergency departments, the first of them its lead.
pub fn staff_list(sites: &[(&str, &str)]) -> String {
    let mut file = String::from("name,email,phone,facility,unit,on_duty,lead\n");
    for (index, (site, _)) in sites.iter().enumerate() {
        for (place, lead) in ["yes", ""].iter().enumerate() {
            let number = index * 2 + place;
            let line =
                format!("Person {number},p{number}@hospital.test,+1555012{number:04},{site},ed,yes,{lead}\n");
            file.push_str(&line);
        }
    }
    file
}

/// What is booked on the day: kind, scheme and priority, class; and whether no rule may cancel it.
pub const BOOKINGS: [(&str, &str, &str, &str, bool); 9] = [
    ("surgery", "fssa", "P1a", "", true),
    ("surgery", "fssa", "P2", "", false),
    ("surgery", "fssa", "P3", "", false),
    ("surgery", "fssa", "P4", "", false),
    ("surgery", "esas", "3a", "", true),
    ("visit", "", "", "dialysis", true),
    ("visit", "", "", "obstetric", true),
    ("visit", "", "", "", false),
    ("visit", "", "", "", false),
];

/// The bookings of a day as a file, over these sites in turn.
pub fn schedule(day: Date, sites: &[(&str, &str)]) -> String {
    let mut file =
        String::from("appointment_id,mrn,name,kind,service,facility,start,scheme,priority,classes\n");
    for (number, (kind, scheme, priority, class, _)) in BOOKINGS.iter().enumerate() {
        let site = sites[number % sites.len()].0;
        let line = format!(
            "A{number},000{number},\"Demo, Person {number}\",{kind},Care,{site},{day} 23:{number:02},{scheme},{priority},{class}\n"
        );
        file.push_str(&line);
    }
    file
}

/// The day at Harbor Health.
pub fn new_york_today() -> Date {
    let zone = jiff::tz::TimeZone::get("America/New_York").expect("is in the database");
    jiff::Timestamp::now().to_zoned(zone).date()
}

/// One morning on one server.
pub struct Morning {
    pub cast: Cast,
    pub harbor: Harbor,
    pub administrator: Program,
    /// The incident's path.
    pub incident: String,
    /// The ids of the broadcasts that were sent.
    pub broadcasts: Vec<String>,
}

impl Morning {
    /// Everybody is hired and the playbook approved; nothing has happened yet.
    pub async fn before(administrator: Program, harbor: Harbor) -> Self {
        let cast = Cast::hired(&administrator).await;
        let playbooks = administrator.reads("/playbooks").await;
        let crash = list(&playbooks["playbooks"]).iter().find(|each| each["key"] == "endpoint-crash");
        let crash = crash.unwrap_or_else(|| panic!("the playbook is not shipped: {playbooks}"));
        // A shipped playbook may be in force from the start; approving it again is refused and changes nothing.
        administrator.posts(&format!("/playbooks/{}/approve", text(&crash["fingerprint"])), json!({})).await;
        Self { cast, harbor, administrator, incident: String::new(), broadcasts: Vec::new() }
    }

    /// The whole morning.
    pub async fn plays(&mut self) {
        self.declares().await;
        let first = self.tells("first-word", "").await;
        let second = self.tells("reminder", &first).await;
        self.broadcasts = vec![first, second];
        self.cancels().await;
        self.follows_every_case().await;
        self.hands_out_and_counts_paper().await;
        self.clears_everything().await;
        self.closes().await;
    }

    /// Declares for all sites; the playbook's orders stand on every site's public page at once.
    pub async fn declares(&mut self) {
        let ada = self.cast.get("ada");
        let form = json!({
            "playbook": "endpoint-crash", "level": 3, "places": ["all"],
            "cause": "vendor update, not a cyberattack", "basis": "Help desk, then two wards",
        });
        let declared = ada.does("/incidents", &form).await;
        self.incident = format!("/incidents/{}", text(&declared["incident"]));
        let again = ada.is_refused("/incidents", form, 422).await;
        assert_eq!(again["link"], self.incident.as_str());
        for (site, _) in SITES {
            let (epic, computers) =
                (self.verdict(site, "Epic production").await, self.verdict(site, "Windows").await);
            assert_eq!(epic, ["DO NOT LOG IN"], "{site}");
            assert!(computers.iter().any(|line| line == "LEAVE OFF"), "{site}: {computers:?}");
        }
    }

    /// Sends a message of the playbook to two people at each site and waits until every address has it.
    pub async fn tells(&self, template: &str, supersedes: &str) -> String {
        let (bea, cora) = (self.cast.get("bea"), self.cast.get("cora"));
        let path = |end: &str| format!("{}{end}", self.incident);
        let file = staff_list(&SITES);
        let upload = ("file", "night.csv", file.as_bytes());
        let given = bea.uploads(&path("/audiences"), &[("name", "On duty")], upload).await.expect(201);
        let given: Value = given.json();
        assert_eq!(given["people"], PEOPLE_TOLD, "{given}");
        let words =
            json!({ "template": template, "audiences": [given["audience"]], "supersedes": supersedes });
        let composed = bea.does(&path("/broadcasts"), words).await;
        let broadcast = text(&composed["broadcast"]);
        let one = path(&format!("/broadcasts/{broadcast}"));
        let ordered = bea.does(&format!("{one}/send"), json!({})).await;
        if ordered["stage"] == "pending_approval" {
            bea.is_refused(&format!("{one}/approve"), json!({}), 422).await;
            cora.does(&format!("{one}/approve"), json!({})).await;
        }
        let began = Instant::now();
        loop {
            let view = bea.reads(&one).await;
            // After a crash a text in doubt asks whether it may go again.
            let doubts = list(&view["counts"]).iter().any(|count| count["state"] == "in_doubt");
            match (view["stage"] == "done", doubts) {
                (true, false) => return broadcast,
                (true, true) => {
                    bea.does(&format!("{one}/doubts"), json!({ "choice": "send_again" })).await;
                }
                (false, _) => {}
            }
            assert!(began.elapsed() < Duration::from_mins(2), "{view}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The day's schedule is imported and decided by rule.
    pub async fn cancels(&self) {
        let ada = self.cast.get("ada");
        let path = |end: &str| format!("{}{end}", self.incident);
        let today = new_york_today();
        let as_of = format!("{today} 00:00");
        let file = schedule(today, &SITES);
        let upload = ("file", "schedule.csv", file.as_bytes());
        let offered: Value =
            ada.uploads(&path("/schedule"), &[("as_of", as_of.as_str())], upload).await.expect(201).json();
        ada.does(&path(&format!("/schedule/{}/commit", text(&offered["snapshot"]))), json!({})).await;
        let decided =
            ada.does(&path("/cases/decide"), json!({ "basis": "All elective care of the day" })).await;
        let all = &decided["totals"]["all"];
        assert_eq!(
            (&all["rows"], &all["cancelled"], &all["kept"]),
            (&json!(9), &json!(5), &json!(4)),
            "{decided}"
        );
    }

    /// Cancelled cases are told, rebooked and seen; kept ones are done on their site's list of the day.
    pub async fn follows_every_case(&self) {
        let dev = self.cast.get("dev");
        let path = |end: &str| format!("{}{end}", self.incident);
        let today = new_york_today();
        let cancelled = dev.reads(&path("/cases?show=cancelled")).await;
        for line in list(&cancelled["lines"]) {
            let case = path(&format!("/cases/{}", text(&line["id"])));
            dev.does(&format!("{case}/contacts"), json!({ "channel": "phone", "result": "told" })).await;
            let later = today.saturating_add(jiff::Span::new().days(14));
            let rebooked = json!({ "new_start": format!("{later} 09:00"), "knows": true });
            dev.does(&format!("{case}/rebooking"), rebooked).await;
            dev.does(&format!("{case}/seen"), json!({})).await;
        }
        let kept = dev.reads(&path("/cases?show=kept")).await;
        let sites: BTreeSet<String> =
            list(&kept["lines"]).iter().map(|line| text(&line["facility"])).collect();
        for site in sites {
            dev.does(&path("/cases/done"), json!({ "facility": site, "day": today.to_string() })).await;
        }
        let funnel = dev.reads(&path("/cases")).await["funnel"].clone();
        let parts =
            ["booked", "kept", "cancelled", "undecided", "seen", "open"].map(|name| funnel[name].as_i64());
        assert_eq!(parts, [Some(9), Some(4), Some(5), Some(0), Some(5), Some(0)], "{funnel}");
    }

    /// Forty medication records go to a ward and all come back: typed in by one clerk, verified by the other.
    pub async fn hands_out_and_counts_paper(&self) {
        let (eli, fay) = (self.cast.get("eli"), self.cast.get("fay"));
        let forms = |last: &str| format!("{}/forms/{last}", self.incident);
        let ward = self.harbor.unit("general", "4w").to_string();
        let issue = json!({ "form_type": "MAR", "unit": ward, "first": 1001, "sheets": 40 });
        eli.does(&forms("issue"), issue).await;
        let first = json!({ "form_type": "MAR", "unit": ward, "used": "1001-1006", "blank": "1007-1038",
            "voided": "1039", "reason": "Torn", "whole": true });
        let counted = eli.does(&forms("count"), first).await;
        assert_eq!(counted["missing"], 1, "{counted}");
        let turned_up = json!({ "form_type": "MAR", "unit": ward, "used": "1040" });
        eli.does(&forms("count"), turned_up).await;
        let view = eli.reads(&forms("sheets?form_type=MAR&state=used")).await;
        let sheets = view["sheets"].as_array().expect("is a list").iter();
        let of_one = |sheet: &Value| json!({ "serial": sheet["serial"], "patient": "0012345" });
        let sheets = json!({ "sheets": sheets.map(of_one).collect::<Vec<_>>() });
        eli.does(&format!("{}/entry/prepare", self.incident), sheets).await;
        let used = json!({ "form_type": "MAR", "serials": "1001-1006 1040" });
        eli.does(&forms("enter"), &used).await;
        eli.is_refused(&forms("verify"), &used, 422).await;
        fay.does(&forms("verify"), &used).await;
        let ledger = eli.reads(&format!("{}/forms", self.incident)).await["total"].clone();
        let parts = ["issued", "out", "used", "blank", "voided", "missing"].map(|name| ledger[name].as_i64());
        assert_eq!(parts, [Some(40), Some(0), Some(7), Some(32), Some(1), Some(0)], "{ledger}");
    }

    /// Every scope is restored, evidenced, signed by all who must, and released; only then a page gives USE.
    pub async fn clears_everything(&self) {
        let scopes = self.scopes_at("waiting").await;
        assert!(!scopes.is_empty(), "nothing waits");
        for scope in &scopes {
            self.clears(scope).await;
        }
        for (site, _) in SITES {
            assert_eq!(self.verdict(site, "Epic production").await, ["USE"], "{site}");
        }
    }

    /// The paths of every scope at a stage, page after page.
    async fn scopes_at(&self, stage: &str) -> Vec<String> {
        let mut scopes = Vec::new();
        let mut page = format!("{}/clearance?stage={stage}", self.incident);
        while !page.is_empty() {
            let ladder = self.cast.get("ada").reads(&page).await;
            scopes.extend(list(&ladder["scopes"]).iter().map(|scope| text(&scope["path"])));
            page = text(&ladder["next"]);
        }
        scopes
    }

    /// One scope goes all the way back; before everybody has signed it is not released.
    async fn clears(&self, scope: &str) {
        let (ada, cio) = (self.cast.get("ada"), self.cast.get("cio"));
        cio.does(&format!("{scope}/restore"), json!({})).await;
        let panel = cio.reads(scope).await["chosen"].clone();
        for piece in list(&panel["evidence"]) {
            let evidence = json!({ "piece": piece["key"], "passed": true });
            cio.does(&format!("{scope}/evidence"), evidence).await;
        }
        ada.is_refused(&format!("{scope}/release"), json!({}), 422).await;
        self.signs(scope).await;
        let released = ada.does(&format!("{scope}/release"), json!({})).await;
        assert_eq!(released["stage"], "clear", "{released}");
    }

    /// The first scope is cleared and taken back, and a file of results given by telephone is offered: the path of
    /// its preview.
    pub async fn takes_one_back(&self) -> String {
        let ada = self.cast.get("ada");
        let scope = self.scopes_at("waiting").await.swap_remove(0);
        self.clears(&scope).await;
        let revoked = ada.does(&format!("{scope}/revoke"), json!({ "reason": "Labels print twice" })).await;
        assert!(revoked["reviews"].as_i64().is_some_and(|items| items > 0), "{revoked}");
        let path = format!("{}/reviews/import", self.incident);
        let rows = b"Number,What,Recorded at,Site\nLAB-1,Potassium,2024-07-19 04:00,cape\nLAB-2,Potassium,soon,cape\n";
        let offered = ada.uploads(&path, &[("queue", "phoned_result")], ("file", "phoned.csv", rows)).await;
        format!("{path}/{}", text(&offered.expect(201).json::<Value>()["file"]))
    }

    /// Everybody signs a scope as what they may sign it.
    async fn signs(&self, scope: &str) {
        for signer in SIGNERS.map(|title| self.cast.get(title)) {
            let panel = signer.reads(scope).await["chosen"].clone();
            for title in list(&panel["may"]["sign_as"]) {
                signer
                    .does(&format!("{scope}/sign"), json!({ "signer": title[0], "password": PASSWORD }))
                    .await;
            }
        }
    }

    /// Back-entry is complete everywhere, nothing blocks any more, and the incident closes.
    pub async fn closes(&self) {
        let ada = self.cast.get("ada");
        for scope in self.scopes_at("clear").await {
            ada.does(&format!("{scope}/back-entry"), json!({})).await;
        }
        let close = format!("{}/close", self.incident);
        let blockers = ada.reads(&close).await["blockers"].clone();
        assert_eq!(blockers, json!([]));
        ada.does(&close, json!({ "basis": "All is back, all paper is filed" })).await;
        for (site, _) in SITES {
            let status = self.status(site).await;
            assert_eq!(status["downtime"], false, "{status}");
        }
    }

    async fn status(&self, site: &str) -> Value {
        self.administrator.stranger_beside().reads(&format!("/status/{site}")).await
    }

    /// The lines of a system's verdict on a site's public page.
    pub async fn verdict(&self, site: &str, system: &str) -> Vec<String> {
        let status = self.status(site).await;
        let found = list(&status["verdicts"]).iter().find(|each| text(&each["system"]).starts_with(system));
        let found = found.unwrap_or_else(|| panic!("{system} is not on the page of {site}: {status}"));
        list(&found["lines"]).iter().map(text).collect()
    }
}
