//! Typing paper in again, through the JSON door: in each patient's order, by one person at a time, checked by sample, and
//! nothing on paper gets round it.

use std::collections::BTreeMap;

use acceptance::{Program, World, both_databases, harbor::Harbor};
use backend::{fetch_all, fetch_one, playbooks::store as versions};
use domain::{
    actor::{Grant, Role},
    id::AccountId,
    playbooks::{Disposition, Risk},
    scope::Place,
};
use serde_json::{Value, json};

/// A records room whose kit has an order: registration, allergies, orders, doses; and requests that are sampled.
pub(crate) struct Room {
    pub harbor: Harbor,
    pub commander: Program,
    pub clerk: Program,
    pub second: Program,
    pub incident: String,
}

impl Room {
    pub async fn begins(world: &World) -> Self {
        let harbor = world.harbor().await;
        let shipped = domain::playbooks::shipped().into_iter();
        let mut playbook = shipped.into_iter().find(|each| each.key == "endpoint-crash").expect("is shipped");
        for form in &mut playbook.forms {
            form.depends_on = match form.code.as_str() {
                "ALL" => vec!["REG".into()],
                "ORD" => vec!["ALL".into()],
                "MAR" => vec!["ORD".into()],
                _ => vec![],
            };
            form.exceptions = vec![];
            (form.priority, form.risk) = match form.code.as_str() {
                "REG" => (0, Risk::High),
                "ALL" => (1, Risk::High),
                "ORD" => (2, Risk::Usual),
                "MAR" => (3, Risk::High),
                _ => (8, Risk::Usual),
            };
            if form.code == "LAB" {
                (form.disposition, form.sample_percent, form.error_percent) = (Disposition::BackEnter, 10, 5);
            }
        }
        let mut tx = world.app.db.write().await.expect("can be written");
        versions::insert(&mut tx, &playbook).await.expect("can be kept");
        let (fingerprint, at) = (playbook.fingerprint().to_string(), world.app.clock.now());
        let nobody: AccountId = world.app.clock.id();
        versions::approve(&mut tx, &fingerprint, at, nobody).await.expect("can be approved");
        tx.commit().await.expect("can be written");
        let commander = world.program(&[Role::Commander]).await;
        let form = json!({ "playbook": "endpoint-crash", "basis": "Two wards called", "places": ["all"] });
        let declared = commander.does("/incidents", form).await;
        let incident = declared["incident"].as_str().expect("is a text").to_owned();
        let clerk = world.program(&[Role::FormsClerk]).await;
        let second = world.program(&[Role::FormsClerk]).await;
        Self { harbor, commander, clerk, second, incident }
    }

    pub fn path(&self, last: &str) -> String {
        format!("/incidents/{}/entry{last}", self.incident)
    }

    fn forms(&self, last: &str) -> String {
        format!("/incidents/{}/forms{last}", self.incident)
    }

    fn ward(&self) -> String {
        self.harbor.unit("general", "4w").to_string()
    }

    /// Hands sheets to 4 West and counts these numbers back as used.
    pub async fn comes_back(&self, form_type: &str, sheets: i64, used: &str) {
        let form = json!({ "form_type": form_type, "unit": self.ward(), "first": 1, "sheets": sheets });
        self.clerk.does(&self.forms("/issue"), form).await;
        if !used.is_empty() {
            let form = json!({ "form_type": form_type, "unit": self.ward(), "used": used });
            self.clerk.does(&self.forms("/count"), form).await;
        }
    }

    /// Every sheet of a type by its number: id and serial.
    async fn sheets(&self, form_type: &str) -> BTreeMap<usize, (String, String)> {
        let view = self.clerk.reads(&self.forms(&format!("/sheets?form_type={form_type}"))).await;
        let text = |sheet: &Value, name: &str| sheet[name].as_str().expect("is a text").to_owned();
        let lines = view["sheets"].as_array().expect("is a list");
        (1..).zip(lines.iter().map(|sheet| (text(sheet, "id"), text(sheet, "serial")))).collect()
    }

    pub async fn sheet(&self, form_type: &str, number: usize) -> (String, String) {
        self.sheets(form_type).await.remove(&number).expect("was handed out")
    }

    /// Says whose sheets these are, at which hour of the night.
    pub async fn prepares(&self, form_type: &str, patient: &str, sheets: &[(usize, &str)]) {
        let all = self.sheets(form_type).await;
        let line = |(number, time): &(usize, &str)| {
            let time = if time.is_empty() { String::new() } else { format!("2024-07-19 {time}") };
            json!({ "serial": all[number].1, "patient": patient, "event_at": time })
        };
        let lines: Vec<_> = sheets.iter().map(line).collect();
        self.clerk.does(&self.path("/prepare"), json!({ "sheets": lines })).await;
    }

    /// The id of a sheet by its serial, of however many.
    async fn find(&self, serial: &str) -> String {
        let mut next = Some(self.forms("/sheets?form_type=LAB"));
        while let Some(path) = next {
            let view = self.clerk.reads(&path).await;
            let lines = view["sheets"].as_array().expect("is a list");
            if let Some(sheet) = lines.iter().find(|sheet| sheet["serial"] == serial) {
                return sheet["id"].as_str().expect("is a text").to_owned();
            }
            next = view["next"].as_str().map(ToOwned::to_owned);
        }
        panic!("{serial} is not listed");
    }

    fn sheet_path(&self, form: &str, last: &str) -> String {
        self.path(&format!("/sheets/{form}{last}"))
    }

    async fn shown(&self, show: &str) -> Value {
        self.clerk.reads(&self.path(&format!("?show={show}"))).await
    }

    async fn ledger(&self, form_type: &str) -> Value {
        let view = self.clerk.reads(&self.forms("")).await;
        let types = view["types"].as_array().expect("is a list").clone();
        types.into_iter().find(|line| line["code"] == form_type).expect("was handed out")["ledger"].clone()
    }
}

fn entering() -> Value {
    json!({ "author": "Dr. Rosa Lind" })
}

fn serials(view: &Value) -> Vec<String> {
    let lines = view["lines"].as_array().expect("is a list");
    lines.iter().map(|line| line["serial"].as_str().expect("is a text").to_owned()).collect()
}

/// The sums over tasks against counting them all over.
async fn tallies_agree(world: &World) {
    let mut tx = world.app.db.read().await.expect("can be read");
    let kept = fetch_all!(
        tx,
        (String, String, i64),
        "SELECT form_type, state, CAST(SUM(tasks) AS BIGINT) FROM entry_tally WHERE tasks > 0 GROUP BY form_type, state ORDER BY form_type, state"
    )
    .expect("can be read");
    let counted = fetch_all!(
        tx,
        (String, String, i64),
        "SELECT form_type, state, COUNT(*) FROM entry_task GROUP BY form_type, state ORDER BY form_type, state"
    )
    .expect("can be read");
    assert_eq!(kept, counted);
    let forms = fetch_all!(
        tx,
        (i64, i64),
        "SELECT COUNT(CASE WHEN form.to_check = TRUE AND form.state = 'entered' THEN 1 END),
            COUNT(CASE WHEN entry_task.state = 'to_check' THEN 1 END)
        FROM form LEFT JOIN entry_task ON entry_task.form = form.id"
    )
    .expect("can be read");
    assert_eq!(forms[0].0, forms[0].1, "the ledger and the tasks disagree about what is to be checked");
    let lots = fetch_all!(
        tx,
        (i64, i64, i64, i64),
        "SELECT entry_lot.entered, entry_lot.drawn, COUNT(*), COUNT(CASE WHEN entry_task.drawn = TRUE THEN 1 END)
        FROM entry_lot JOIN entry_task ON entry_task.lot = entry_lot.id GROUP BY entry_lot.id, entry_lot.entered, entry_lot.drawn"
    )
    .expect("can be read");
    for (entered, drawn, sheets, tickets) in lots {
        assert_eq!((entered, drawn), (sheets, tickets));
    }
}

both_databases! {
    /// A dose before its order is refused and the order is named, one by one and in a pile; typed in the other way round
    /// both go.
    async fn a_dose_before_its_order_is_refused_and_the_order_named(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("ORD", 2, "1-2").await;
        room.comes_back("MAR", 3, "1-3").await;
        room.prepares("ORD", "0012-34", &[(1, "02:01"), (2, "")]).await;
        room.prepares("MAR", "0012-34", &[(1, "02:03")]).await;
        room.prepares("MAR", "77-1", &[(2, "02:03")]).await;
        let ((order, order_serial), (dose, dose_serial)) = (room.sheet("ORD", 1).await, room.sheet("MAR", 1).await);
        let refused = room.clerk.is_refused(&room.sheet_path(&dose, "/enter"), entering(), 422).await;
        assert_eq!(refused["type"], "others-first");
        assert_eq!(refused["title"], format!("Type in ORD form {} of this patient first.", room.sheet("ORD", 2).await.1));
        assert!(refused["link"].as_str().expect("is a text").contains("/entry/sheets/"), "{refused}");
        let pile = json!({ "form_type": "MAR", "serials": "1-2" });
        let refused = room.clerk.is_refused(&room.forms("/enter"), &pile, 422).await;
        let said = refused["errors"]["serials"].as_array().expect("is a list");
        assert_eq!(said.len(), 1, "the other patient's dose waits for nothing: {said:?}");
        assert!(said[0].as_str().expect("is a text").starts_with(&format!("{dose_serial}: Type in ORD")));

        let undated = room.sheet("ORD", 2).await.0;
        room.clerk.does(&room.sheet_path(&undated, "/enter"), entering()).await;
        let refused = room.clerk.is_refused(&room.sheet_path(&dose, "/enter"), entering(), 422).await;
        assert!(refused["title"].as_str().expect("is a text").contains(&order_serial), "{refused}");
        let line = room.clerk.reads(&room.sheet_path(&dose, "")).await;
        assert_eq!(line["line"]["waits_for"]["serial"], order_serial);
        assert_eq!(line["title"], format!("{dose_serial} waits for ORD form {order_serial}"));
        room.clerk.does(&room.sheet_path(&order, "/enter"), entering()).await;
        let entered = room.clerk.does(&room.sheet_path(&dose, "/enter"), entering()).await;
        assert_eq!(entered["to_check"], true, "every dose is checked");
        let late = entered["late_entry"].as_str().expect("is a text");
        let begins = "Late entry for 2024-07-19 02:03 EDT, downtime ";
        assert!(late.starts_with(begins) && late.contains(&format!("from paper form {dose_serial}, entered by Forms clerk")), "{late}");
        assert!(late.ends_with("for Dr. Rosa Lind."), "{late}");
        tallies_agree(world).await;
    }

    /// An order that was written later holds no dose back; the dose's own time, typed in from the form, decides.
    async fn a_later_order_holds_back_no_dose(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("ORD", 1, "1").await;
        room.comes_back("MAR", 1, "1").await;
        room.prepares("ORD", "5-1", &[(1, "02:04")]).await;
        room.prepares("MAR", "5-1", &[(1, "")]).await;
        let dose = room.sheet("MAR", 1).await.0;
        let refused = room.clerk.is_refused(&room.sheet_path(&dose, "/enter"), entering(), 422).await;
        assert_eq!(refused["type"], "others-first", "nobody knows when the dose was given");
        for (time, field) in [("2024-07-19 09:00", "event_at"), ("2023-07-19 02:00", "event_at"), ("yesterday", "event_at")] {
            let form = json!({ "author": "Rosa Lind, RN", "event_at": time });
            let refused = room.clerk.is_refused(&room.sheet_path(&dose, "/enter"), form, 422).await;
            assert!(refused["errors"][field][0].is_string(), "{refused}");
        }
        let form = json!({ "author": "Rosa Lind, RN", "event_at": "2024-07-19 01:30" });
        room.clerk.does(&room.sheet_path(&dose, "/enter"), form).await;
        let mut tx = world.app.db.read().await.expect("can be read");
        let (event_at, entered_at) = fetch_one!(tx, (i64, i64), "SELECT event_at, entered_at FROM entry_made").expect("can be read");
        assert_eq!(entered_at - event_at, 35 * 60_000_000, "when it happened and when it was typed in are two things");
    }

    /// Nothing is typed in along the order before somebody says whose it is; neither by its page nor in a pile.
    async fn a_form_of_nobody_waits_to_be_prepared(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("ORD", 2, "1-2").await;
        room.comes_back("MAR", 2, "1-2").await;
        let view = room.shown("next").await;
        assert_eq!(view["title"], "0 forms are ready to type in; 4 wait until somebody says whose they are");
        assert_eq!(serials(&room.shown("prepare").await).len(), 4);
        let dose = room.sheet("MAR", 1).await;
        let refused = room.clerk.is_refused(&room.sheet_path(&dose.0, "/enter"), entering(), 422).await;
        assert_eq!(refused["type"], "whose");
        let pile = json!({ "form_type": "MAR", "serials": "1-2" });
        let refused = room.clerk.is_refused(&room.forms("/enter"), &pile, 422).await;
        assert!(refused["errors"]["serials"][0].as_str().expect("is a text").contains("whose form it is"), "{refused}");
        room.prepares("MAR", "3-3", &[(1, "02:00")]).await;
        let shown = room.clerk.reads(&room.sheet_path(&dose.0, "")).await;
        assert_eq!(shown["unknown_before"], 2, "two orders of the ward may be this patient's");
        room.clerk.does(&room.sheet_path(&dose.0, "/enter"), entering()).await;
        tallies_agree(world).await;
    }

    async fn a_wrong_list_is_named_line_by_line_and_nothing_is_prepared(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("MAR", 4, "1-2").await;
        room.comes_back("FLO", 1, "1").await;
        let mar = room.sheets("MAR").await;
        let serial = |number: &usize| mar[number].1.clone();
        let flow = room.sheet("FLO", 1).await.1;
        for (lines, says) in [
            (format!("{}, 1234\n{}, Smith", serial(&1), serial(&2)), "never a name"),
            (format!("{}, 1234\nMAR-99999-X, 12", serial(&1)), "Line 2"),
            (format!("{}, 1234\n{0}, 1234", serial(&1)), "twice"),
            (format!("{}, 12 34, 2024-07-19 25:00", serial(&1)), "Write the time"),
            (format!("{}, several", serial(&1)), "it waits for"),
            (format!("{}, 12", serial(&3)), "still out"),
            (format!("{flow}, 12"), "nobody types it in"),
            ("<script>, 12".to_owned(), "is not a serial"),
        ] {
            let refused = room.clerk.is_refused(&room.path("/prepare"), json!({ "lines": lines }), 422).await;
            assert!(refused["errors"]["lines"].to_string().contains(says), "{lines}: {refused}");
        }
        assert_eq!(serials(&room.shown("prepare").await).len(), 2);
        let lines = format!("{}, 12 34, 2024-07-19 01:00\r\n\"{}\"; ab-1;", serial(&1), serial(&2));
        for unchanged in [0, 2] {
            let prepared = room.clerk.does(&room.path("/prepare"), json!({ "lines": lines })).await;
            assert_eq!((&prepared["sheets"], &prepared["unchanged"]), (&json!(2), &json!(unchanged)));
        }
        let view = room.shown("next").await;
        let patients: Vec<_> = view["lines"].as_array().expect("is a list").iter().map(|line| &line["patient"]).collect();
        assert_eq!(patients, ["1234", "AB-1"], "the earliest care comes first");
        tallies_agree(world).await;
    }

    /// Who may look sees no number; who works in another ward neither; and the log has none.
    async fn a_patients_number_is_seen_where_one_works_and_in_no_log(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("MAR", 1, "1").await;
        room.prepares("MAR", "9876543", &[(1, "02:00")]).await;
        let dose = room.sheet("MAR", 1).await.0;
        let form = json!({ "author": "Rosa Lind", "reference": "ENC-5550123" });
        room.clerk.does(&room.sheet_path(&dose, "/enter"), form).await;
        let shown = room.clerk.reads(&room.sheet_path(&dose, "")).await;
        assert_eq!((&shown["line"]["patient"], &shown["entries"][0]["reference"]), (&json!("9876543"), &json!("ENC-5550123")));
        let place = Place::Unit(room.harbor.unit("general", "icu"));
        let (_, other) = world.program_with(&[Grant { role: Role::UnitLead, place, signs_as: String::new() }]).await;
        let viewer = world.program(&[Role::Viewer]).await;
        for reader in [&other, &viewer] {
            for path in [room.sheet_path(&dose, ""), room.path("?show=check")] {
                let seen = reader.reads(&path).await.to_string();
                assert!(!seen.contains("9876543") && !seen.contains("5550123"), "{seen}");
            }
        }
        other.is_refused(&room.sheet_path(&dose, "/check"), json!({ "found": "verified" }), 403).await;
        viewer.is_refused(&room.path("/take"), json!({}), 403).await;
        let mut tx = world.app.db.read().await.expect("can be read");
        let log = fetch_all!(tx, (String, String), "SELECT subject, data FROM journal").expect("can be read");
        let texts = fetch_all!(tx, (String,), "SELECT body FROM journal_text").expect("can be read");
        assert!(!format!("{log:?}{texts:?}").contains("9876543"));
        let form = json!({ "author": "Patient John Smith" });
        let refused = room.second.is_refused(&room.sheet_path(&dose, "/enter"), form, 422).await;
        assert!(refused["errors"]["author"][0].is_string(), "{refused}");
    }

    /// Two people at the same moment take ten each of fifteen: nobody gets what the other has.
    async fn of_two_who_take_at_once_each_gets_their_own(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("LAB", 15, "1-15").await;
        let numbers: Vec<(usize, &str)> = (1..=15).map(|number| (number, "02:00")).collect();
        room.prepares("LAB", "4-4", &numbers).await;
        let path = room.path("/take");
        let (one, other) = tokio::join!(room.clerk.does(&path, json!({})), room.second.does(&path, json!({})));
        let mut sheets: Vec<String> = Vec::new();
        for taken in [&one, &other] {
            let list = taken["sheets"].as_array().expect("is a list");
            sheets.extend(list.iter().map(|id| id.as_str().expect("is a text").to_owned()));
        }
        assert_eq!(sheets.len(), 15);
        sheets.sort();
        sheets.dedup();
        assert_eq!(sheets.len(), 15, "a sheet was taken twice");
        assert_eq!(room.second.is_refused(&path, json!({}), 422).await["type"], "nothing-left");
        let of_one = one["sheets"][0].as_str().expect("is a text").to_owned();
        let asks = async || {
            let (one, other) = (json!({ "form": of_one }), json!({ "form": of_one }));
            tokio::join!(room.clerk.posts(&path, one), room.second.posts(&path, other))
        };
        let (kept, refused) = asks().await;
        assert_eq!((kept.status.as_u16(), refused.status.as_u16()), (201, 422));
    }

    /// What was taken goes to the next after half an hour, unless its holder has worked meanwhile.
    async fn what_is_taken_stays_for_thirty_minutes_of_rest(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("LAB", 3, "1-3").await;
        room.prepares("LAB", "4-4", &[(1, "01:00"), (2, "02:00"), (3, "02:01")]).await;
        let taken = room.clerk.does(&room.path("/take"), json!({ "how_many": 2 })).await;
        let (first, kept) = (taken["sheets"][0].as_str().expect("an id"), taken["sheets"][1].as_str().expect("an id"));
        assert_eq!(room.shown("mine").await["title"], "2 forms are with you to be typed in");
        let refused = room.second.is_refused(&room.sheet_path(first, "/enter"), entering(), 422).await;
        assert_eq!(refused["type"], "taken");
        assert!(refused["title"].as_str().expect("is a text").contains("has taken it"), "{refused}");
        let pile = json!({ "form_type": "LAB", "serials": "1-2" });
        room.second.is_refused(&room.forms("/enter"), &pile, 422).await;
        world.minutes_pass(20);
        room.clerk.does(&room.sheet_path(first, "/enter"), entering()).await;
        world.minutes_pass(20);
        room.second.is_refused(&room.sheet_path(kept, "/enter"), entering(), 422).await;
        world.minutes_pass(11);
        let next = room.second.does(&room.path("/take"), json!({ "how_many": 5 })).await;
        assert_eq!(next["sheets"].as_array().map(Vec::len), Some(2), "the one given up and the one left");
        room.clerk.is_refused(&room.sheet_path(kept, "/enter"), entering(), 422).await;
        room.second.does(&room.path("/put-back"), json!({ "form": kept })).await;
        room.clerk.does(&room.sheet_path(kept, "/enter"), entering()).await;
        assert_eq!(room.clerk.is_refused(&room.path("/put-back"), json!({}), 422).await["type"], "not-yours");
        tallies_agree(world).await;
    }

    /// The next are those that wait for nothing, by kind and time; what waits stays on the list with its reason.
    async fn the_next_are_those_that_wait_for_nothing(world: World) {
        let room = Room::begins(world).await;
        for form_type in ["REG", "ORD", "MAR"] {
            room.comes_back(form_type, 2, "1-2").await;
            room.prepares(form_type, "1-A", &[(1, "02:00")]).await;
        }
        room.prepares("MAR", "2-B", &[(2, "01:00")]).await;
        let (registered, other) = (room.sheet("REG", 1).await, room.sheet("MAR", 2).await);
        let view = room.shown("next").await;
        let waits: Vec<_> = view["lines"].as_array().expect("is a list").iter()
            .map(|line| line["waits_for"]["serial"].as_str().unwrap_or_default().to_owned()).collect();
        assert_eq!(waits, [String::new(), registered.1.clone(), String::new(), registered.1.clone()]);
        let taken = room.clerk.does(&room.path("/take"), json!({})).await;
        assert_eq!(taken["sheets"], json!([registered.0, other.0]));
        let narrow = json!({ "unit": room.harbor.unit("cape", "ed").to_string() });
        room.second.is_refused(&room.path("/take"), narrow, 422).await;
        for filter in [format!("&unit={}", room.ward()), "&form_type=REG".to_owned(), format!("&site={}", room.harbor.facility("general"))] {
            let view = room.clerk.reads(&room.path(&format!("?show=next{filter}"))).await;
            assert!(serials(&view).contains(&registered.1), "{filter}: {view}");
        }
        let cape = room.clerk.reads(&room.path(&format!("?unit={}", room.harbor.unit("cape", "ed")))).await;
        assert_eq!(serials(&cape), Vec::<String>::new());
    }

    /// A sample that fails turns the rest of its lot to a hundred percent, also what had ended; and the tallies say so.
    async fn a_sample_that_fails_turns_the_rest_of_its_batch_to_100_percent(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("LAB", 45, "1-45").await;
        let pile = json!({ "form_type": "LAB", "serials": "1-40" });
        let entered = room.clerk.does(&room.forms("/enter"), &pile).await;
        assert_eq!((&entered["to_verify"], &entered["ledger"]["ended"]), (&json!(4), &json!(36)), "a tenth of forty");
        tallies_agree(world).await;
        let next = room.clerk.does(&room.forms("/enter"), json!({ "form_type": "LAB", "serials": "41" })).await;
        assert_eq!(next["ledger"]["to_verify"], 5, "rounded up, of those before or this one: {next}");
        let to_check = serials(&room.shown("check").await);
        assert_eq!(to_check.len(), 5);
        let all = room.sheets("LAB").await;
        let id = |serial: &String| all.values().find(|(_, each)| each == serial).expect("is listed").0.clone();
        let own = room.clerk.is_refused(&room.sheet_path(&id(&to_check[0]), "/check"), json!({ "found": "verified" }), 422).await;
        assert_eq!(own["type"], "entered-by-you");
        room.second.does(&room.sheet_path(&id(&to_check[0]), "/check"), json!({ "found": "verified" })).await;
        let differs = json!({ "found": "differs", "kind": "wrong_patient", "note": "Another name on the form" });
        room.clerk.is_refused(&room.sheet_path(&id(&to_check[1]), "/check"), &differs, 422).await;
        let turned = room.second.does(&room.sheet_path(&id(&to_check[1]), "/check"), &differs).await;
        assert_eq!(turned["turned"], 36, "one of two is more than five in a hundred");
        let ledger = room.ledger("LAB").await;
        let figures = ["entered", "to_verify", "discrepancy", "ended"].map(|name| ledger[name].as_i64());
        assert_eq!(figures, [Some(40), Some(39), Some(1), Some(1)], "{ledger}");
        tallies_agree(world).await;
        let later = room.clerk.does(&room.forms("/enter"), json!({ "form_type": "LAB", "serials": "42-45" })).await;
        assert_eq!(later["to_verify"], 4, "what comes later that day is checked, too");
        let samples = room.clerk.reads(&room.path("/samples")).await;
        assert_eq!(samples["title"], "1 sample has turned to checking everything");
        let lot = &samples["lines"][0]["lot"];
        let figures = ["entered", "drawn", "checked", "errors"].map(|name| lot[name].as_i64());
        assert_eq!((figures, &lot["turned"]), ([Some(45), Some(45), Some(2), Some(1)], &json!(true)));
        tallies_agree(world).await;
        room.second.is_refused(&room.forms("/verify"), json!({ "form_type": "LAB", "serials": "1-45" }), 422).await;
        let again = room.sheet_path(&id(&to_check[1]), "/enter");
        room.second.does(&again, entering()).await;
        let left: Vec<_> = serials(&room.shown("check").await).into_iter().filter(|serial| *serial != to_check[1]).collect();
        let left = json!({ "form_type": "LAB", "serials": left.join(" ") });
        room.second.does(&room.forms("/verify"), left).await;
        let third = world.program(&[Role::FormsClerk]).await;
        third.does(&room.sheet_path(&id(&to_check[1]), "/check"), json!({ "found": "verified" })).await;
        assert_eq!(room.ledger("LAB").await["ended"], 45);
        tallies_agree(world).await;
    }

    /// Exactly at the limit nothing turns.
    async fn a_sample_exactly_at_its_limit_does_not_turn(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("LAB", 200, "1-200").await;
        let pile = json!({ "form_type": "LAB", "serials": "1-200" });
        assert_eq!(room.clerk.does(&room.forms("/enter"), &pile).await["to_verify"], 20);
        let all = room.sheets("LAB").await;
        let id = |serial: &String| all.values().find(|(_, each)| each == serial).map(|(id, _)| id.clone());
        // The page lists a hundred; the twenty are on the first.
        let to_check = serials(&room.shown("check").await);
        let mut drawn = Vec::new();
        for serial in &to_check {
            match id(serial) {
                Some(id) => drawn.push(id),
                None => drawn.push(room.find(serial).await),
            }
        }
        for form in &drawn[..19] {
            room.second.does(&room.sheet_path(form, "/check"), json!({ "found": "verified" })).await;
        }
        let differs = json!({ "found": "differs", "kind": "differs", "note": "The dose", "owner": "unit_lead" });
        let checked = room.second.does(&room.sheet_path(&drawn[19], "/check"), &differs).await;
        assert_eq!(checked["turned"], 0, "one in twenty is five in a hundred");
        assert_eq!(room.ledger("LAB").await["ended"], 199);
        tallies_agree(world).await;
    }

    /// What differs is settled by neither of the two; corrected, it is checked again; voided, it leaves the sum.
    async fn a_difference_is_settled_by_who_had_no_part_in_it(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("LAB", 3, "1-3").await;
        room.clerk.does(&room.forms("/enter"), json!({ "form_type": "LAB", "serials": "1-3" })).await;
        let sheets = room.sheets("LAB").await;
        let third = world.program(&[Role::FormsClerk]).await;
        for number in 1..=3 {
            let path = room.sheet_path(&sheets[&number].0, "");
            for (kind, note) in [("", "x"), ("no such kind", "x"), ("illegible", "")] {
                let form = json!({ "found": "differs", "kind": kind, "note": note });
                room.second.is_refused(&format!("{path}/check"), form, 422).await;
            }
            let form = json!({ "found": "differs", "kind": "duplicate_entry", "note": "Entered an hour before" });
            room.second.does(&format!("{path}/check"), form).await;
            for by in [&room.clerk, &room.second] {
                let form = json!({ "ending": "not_an_error", "reason": "Two requests" });
                assert_eq!(by.is_refused(&format!("{path}/settle"), form, 422).await["type"], "part-of-it");
            }
        }
        let settle = |number: usize| room.sheet_path(&sheets[&number].0, "/settle");
        third.is_refused(&settle(1), json!({ "ending": "corrected", "reason": "x" }), 422).await;
        third.is_refused(&settle(1), json!({ "ending": "not_an_error" }), 422).await;
        third.does(&settle(1), json!({ "ending": "not_an_error", "reason": "Two requests" })).await;
        third.does(&settle(2), json!({ "ending": "voided", "reason": "A copy of the third" })).await;
        let again = third.is_refused(&settle(2), json!({ "ending": "voided", "reason": "x" }), 422).await;
        assert_eq!(again["type"], "voided");
        let differing = room.shown("differs").await;
        assert_eq!((&differing["title"], &differing["lines"][0]["difference"]), (&json!("1 form differs from what was typed in"), &json!("Entered twice")));
        room.second.does(&room.sheet_path(&sheets[&3].0, "/enter"), entering()).await;
        let ledger = room.ledger("LAB").await;
        let figures = ["issued", "used", "voided", "ended", "discrepancy", "to_verify"].map(|name| ledger[name].as_i64());
        assert_eq!(figures, [3, 2, 1, 1, 0, 1].map(Some), "{ledger}");
        let shown = room.clerk.reads(&room.sheet_path(&sheets[&3].0, "")).await;
        assert!(shown["differences"][0]["ended"].as_str().expect("is a text").starts_with("typed in again"), "{shown}");
        tallies_agree(world).await;
    }

    /// A missing order whose patient is known keeps the dose waiting, until it turns up or two people in two roles let
    /// the dose go first.
    async fn a_missing_order_holds_back_until_two_people_let_others_go(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("ORD", 2, "").await;
        let whole = json!({ "form_type": "ORD", "unit": room.ward(), "whole": true });
        room.clerk.does(&room.forms("/count"), whole).await;
        room.comes_back("MAR", 2, "1-2").await;
        room.prepares("ORD", "8-8", &[(1, "01:00"), (2, "01:00")]).await;
        room.prepares("MAR", "8-8", &[(1, "02:00"), (2, "02:00")]).await;
        let (orders, dose) = (room.sheets("ORD").await, room.sheet("MAR", 1).await.0);
        assert_eq!(room.shown("missing").await["title"], "2 missing forms keep others of their patients waiting");
        let refused = room.clerk.is_refused(&room.sheet_path(&dose, "/enter"), entering(), 422).await;
        assert!(refused["title"].as_str().expect("is a text").ends_with("first, which is missing."), "{refused}");
        let release = |number: usize| room.sheet_path(&orders[&number].0, "/release");
        let asks = json!({ "role": "commander", "reason": "Burnt in the ward's kitchen" });
        room.commander.is_refused(&release(1), json!({ "role": "commander" }), 422).await;
        room.commander.is_refused(&release(1), json!({ "role": "signer", "reason": "x" }), 422).await;
        assert_eq!(room.commander.does(&release(1), &asks).await["in_effect"], false);
        room.clerk.is_refused(&room.sheet_path(&dose, "/enter"), entering(), 422).await;
        assert_eq!(room.commander.is_refused(&release(1), &asks, 422).await["type"], "one-person");
        let other = world.program(&[Role::Commander]).await;
        assert_eq!(other.is_refused(&release(1), json!({ "role": "commander" }), 422).await["type"], "one-role");
        assert_eq!(room.clerk.does(&release(1), json!({ "role": "forms_clerk" })).await["in_effect"], true);
        let refused = room.clerk.is_refused(&room.sheet_path(&dose, "/enter"), entering(), 422).await;
        assert!(refused["title"].as_str().expect("is a text").contains(&orders[&2].1), "the other one is still missed");
        let found = json!({ "form_type": "ORD", "blank": "2" });
        room.clerk.does(&room.forms("/count"), found).await;
        room.clerk.does(&room.sheet_path(&dose, "/enter"), entering()).await;
        assert_eq!(room.commander.is_refused(&release(2), &asks, 422).await["type"], "holds-nothing");
        tallies_agree(world).await;
    }

    /// A log of several patients holds back its ward and is asked for no patient.
    async fn a_log_of_several_patients_comes_before_its_ward(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("REG", 1, "1").await;
        room.comes_back("MAR", 1, "1").await;
        let log = room.sheet("REG", 1).await;
        room.clerk.does(&room.path("/prepare"), json!({ "serial": log.1, "several": "yes" })).await;
        room.prepares("MAR", "6-6", &[(1, "02:00")]).await;
        let dose = room.sheet("MAR", 1).await.0;
        let refused = room.clerk.is_refused(&room.sheet_path(&dose, "/enter"), entering(), 422).await;
        assert!(refused["title"].as_str().expect("is a text").contains(&log.1), "{refused}");
        let form = json!({ "author": "Ward clerk", "reference": "E-1" });
        assert!(room.clerk.is_refused(&room.sheet_path(&log.0, "/enter"), form, 422).await["errors"]["reference"][0].is_string());
        room.clerk.does(&room.sheet_path(&log.0, "/enter"), entering()).await;
        room.clerk.does(&room.sheet_path(&dose, "/enter"), entering()).await;
    }

    /// A repeat of the same command does nothing more.
    async fn a_double_click_types_in_once(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("LAB", 1, "1").await;
        let form = room.sheet("LAB", 1).await.0;
        let request: domain::id::RequestId = world.app.clock.id();
        let entering = json!({ "request_id": request, "author": "Rosa Lind" });
        let first = room.clerk.does(&room.sheet_path(&form, "/enter"), &entering).await;
        assert_eq!(room.clerk.does(&room.sheet_path(&form, "/enter"), &entering).await, first);
        let mut tx = world.app.db.read().await.expect("can be read");
        let (made,) = fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM entry_made").expect("can be read");
        assert_eq!(made, 1);
    }

    /// The pages themselves, as a browser without JavaScript uses them.
    async fn a_clerk_prepares_takes_and_types_in_on_pages(world: World) {
        let room = Room::begins(world).await;
        room.comes_back("LAB", 2, "1-2").await;
        let mut clerk = world.person(&[Role::FormsClerk]).await;
        let serial = room.sheet("LAB", 1).await.1;
        let list = clerk.opens(&room.path("?show=prepare")).await;
        assert_eq!(list.heading(), "2 forms wait until somebody says whose they are");
        let form = clerk.opens(&room.path("/prepare")).await.form("Keep this").types("Serial (optional)", &serial);
        let wrong = form.types("Record number or downtime number (optional)", "John");
        let refused = clerk.is_refused(&wrong, "Keep this").await;
        assert!(refused.error_at("patient").is_some(), "{}", refused.text());
        let again = refused.form("Keep this").types("Record number or downtime number (optional)", "D-17");
        assert_eq!(again.value("serial"), Some(serial.as_str()), "nothing typed is lost");
        clerk.presses(&again, "Keep this").await;
        let list = clerk.opens(&room.path("")).await;
        assert_eq!(list.heading(), "1 form is ready to type in; 1 waits until somebody says whose it is");
        assert!(list.says("D-17") && list.says("Typed in, initials"), "{}", list.text());
        let mine = clerk.presses(&list.form("Take the next"), "Take the next").await;
        assert_eq!(mine.heading(), "1 form is with you to be typed in");
        let page = clerk.opens(&room.sheet_path(&room.sheet("LAB", 1).await.0, "")).await;
        assert!(page.says("Late entry for a time that the form does not say"), "{}", page.text());
        let form = page.form("This form is typed in");
        let refused = clerk.is_refused(&form, "This form is typed in").await;
        assert!(refused.error_at("author").is_some());
        let typed = refused.form("This form is typed in").types("Who wrote the form?", "Rosa & <Lind>");
        let done = clerk.presses(&typed, "This form is typed in").await;
        assert_eq!(done.heading(), format!("{serial} waits for a second person"), "the first of a sample is always drawn");
        assert!(done.says("Rosa & <Lind>"), "{}", done.text());
        let mut second = world.person(&[Role::FormsClerk]).await;
        let page = second.opens(&room.sheet_path(&room.sheet("LAB", 1).await.0, "")).await;
        let page = second.presses(&page.form("It is as on the form"), "It is as on the form").await;
        assert_eq!(page.heading(), format!("{serial} is typed in and checked"));
    }
}
