//! Paper through the JSON door: rule 8 adds up after every step, rule 9 keeps two people apart, and what is missing
//! is named.

use acceptance::{Program, World, both_databases, harbor::Harbor};
use backend::{
    fetch_one,
    playbooks::{self, store as versions},
};
use domain::{
    actor::{Grant, Role},
    forms::Serial,
    id::AccountId,
    scope::Place,
};
use serde_json::{Value, json};

/// A downtime declared from the shipped playbook, with a clerk.
pub(crate) struct Night {
    pub harbor: Harbor,
    pub commander: Program,
    pub clerk: Program,
    pub incident: String,
}

impl Night {
    pub async fn begins(world: &World) -> Self {
        let harbor = world.harbor().await;
        playbooks::load(&world.app).await.expect("the shipped playbooks load");
        let mut tx = world.app.db.write().await.expect("can be written");
        for playbook in domain::playbooks::shipped() {
            let (fingerprint, at) = (playbook.fingerprint().to_string(), world.app.clock.now());
            let nobody: AccountId = world.app.clock.id();
            versions::approve(&mut tx, &fingerprint, at, nobody).await.expect("can be approved");
        }
        tx.commit().await.expect("can be written");
        let commander = world.program(&[Role::Commander]).await;
        let form = json!({ "playbook": "endpoint-crash", "basis": "Two wards called", "places": ["all"] });
        let declared = commander.does("/incidents", form).await;
        let incident = declared["incident"].as_str().expect("is a text").to_owned();
        Self { harbor, commander, clerk: world.program(&[Role::FormsClerk]).await, incident }
    }

    pub fn path(&self, last: &str) -> String {
        format!("/incidents/{}/forms{last}", self.incident)
    }

    fn ward(&self) -> String {
        self.harbor.unit("general", "4w").to_string()
    }

    /// Hands MAR 1001 to 1040 to 4 West.
    pub async fn hands_out_forty(&self) {
        let form = json!({ "form_type": "MAR", "unit": self.ward(), "first": 1001, "sheets": 40 });
        let issued = self.clerk.does(&self.path("/issue"), form).await;
        assert_eq!(issued["first"], serial(1001).to_string());
        assert_eq!(issued["last"], serial(1040).to_string());
    }

    pub async fn counts(&self, fields: Value) -> Value {
        let mut form = json!({ "form_type": "MAR", "unit": self.ward() });
        let form_fields = form.as_object_mut().expect("is an object");
        form_fields.extend(fields.as_object().expect("is an object").clone());
        self.clerk.does(&self.path("/count"), form).await
    }

    /// Says whose sheets these are, so that they may be typed in.
    pub async fn prepares(&self, serials: impl IntoIterator<Item = String>) {
        let of_one = |serial: String| json!({ "serial": serial, "patient": "0012345" });
        let sheets: Vec<Value> = serials.into_iter().map(of_one).collect();
        let path = format!("/incidents/{}/entry/prepare", self.incident);
        self.clerk.does(&path, json!({ "sheets": sheets })).await;
    }

    async fn ledger(&self) -> Value {
        self.clerk.reads(&self.path("")).await
    }
}

/// The serial of a medication record of 4 West at General.
pub(crate) fn serial(number: i64) -> Serial {
    Serial::new("general", "4w", "MAR", number)
}

fn number(ledger: &Value, name: &str) -> i64 {
    ledger[name].as_i64().expect("is a number")
}

/// How many sheets are in a state, by counting them all over.
async fn counted_over(world: &World, state: &str) -> i64 {
    let mut tx = world.app.db.read().await.expect("can be read");
    let (sheets,) =
        fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM form WHERE state = $1", state).expect("can be read");
    sheets
}

fn adds_up(view: &Value) {
    let lists = ["types", "units", "found"].map(|list| view[list].as_array().expect("is a list"));
    let ledgers = lists.into_iter().flatten().map(|line| &line["ledger"]).chain([&view["total"]]);
    for ledger in ledgers {
        let parts = ["out", "used", "blank", "voided", "missing"].map(|name| number(ledger, name));
        assert_eq!(number(ledger, "issued"), parts.iter().sum::<i64>(), "{ledger}");
    }
}

both_databases! {
    /// Rule 8, seen after every step, by type, by unit and in all.
    async fn issued_equals_out_used_blank_voided_missing(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        adds_up(&night.ledger().await);
        let scanned = serial(1031).to_string();
        night.counts(json!({ "used": format!("1001-1030 {scanned}"), "blank": "1032-1035" })).await;
        adds_up(&night.ledger().await);
        let counted =
            night.counts(json!({ "voided": "1036", "reason": "Coffee", "whole": "yes" })).await;
        assert_eq!(counted["missing"], 4);
        let view = night.ledger().await;
        adds_up(&view);
        let parts = ["issued", "out", "used", "blank", "voided", "missing"];
        assert_eq!(parts.map(|name| number(&view["total"], name)), [40, 0, 31, 4, 1, 4]);
        assert_eq!(view["title"], "4 forms are missing. 36 of 40 are back.");
        for part in ["out", "used", "blank", "voided", "missing"] {
            assert_eq!(counted_over(world, part).await, number(&view["total"], part), "{part}");
        }
    }

    /// A form that turns up comes back under its own serial.
    async fn a_missing_form_that_turns_up_counts_under_its_own_serial(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        night.counts(json!({ "used": "1001-1039", "whole": true })).await;
        assert_eq!(number(&night.ledger().await["total"], "missing"), 1);
        let counted = night.counts(json!({ "used": serial(1040).to_string() })).await;
        assert_eq!((counted["turned_up"].as_i64(), counted["missing"].as_i64()), (Some(1), Some(0)));
        let view = night.ledger().await;
        assert_eq!(number(&view["total"], "missing"), 0);
        assert_eq!(view["found"], json!([]));
    }

    /// A sheet without a valid serial is no part of any range's sum.
    async fn a_sheet_without_a_serial_gets_an_f_serial_and_counts_apart(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        let form = json!({ "form_type": "MAR", "unit": night.ward(), "sheets": 2, "note": "A photocopy" });
        let found = night.clerk.does(&night.path("/found"), form).await;
        assert_eq!(found["first"], Serial::new("general", "4w", "F", 1).to_string());
        let view = night.ledger().await;
        adds_up(&view);
        assert_eq!(number(&view["total"], "issued"), 40);
        assert_eq!(number(&view["found"][0]["ledger"], "used"), 2);
        let form = json!({ "form_type": "MAR", "serials": found["last"] });
        night.prepares(found["last"].as_str().map(str::to_owned)).await;
        let entered = night.clerk.does(&night.path("/enter"), form).await;
        assert_eq!(entered["sheets"], 1);
        let board = night.clerk.reads(&format!("/incidents/{}", night.incident)).await;
        let cards = board["cards"].as_array().expect("is a list");
        let paper = cards.iter().find(|card| card["section"] == "paper").expect("has a card for paper");
        assert_eq!(paper["figure"], "40", "found sheets were never handed out");
    }

    /// Rule 9, also after a discrepancy: nobody who ever typed a sheet in verifies it.
    async fn who_enters_cannot_verify(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        night.counts(json!({ "used": "1001-1010" })).await;
        night.prepares((1001..=1010).map(|number| serial(number).to_string())).await;
        let sheets = json!({ "form_type": "MAR", "serials": "1001-1010", "note": "The dose differs" });
        let entered = night.clerk.does(&night.path("/enter"), &sheets).await;
        assert_eq!(entered["to_verify"], 10, "every medication record is checked");
        let refused = night.clerk.is_refused(&night.path("/verify"), &sheets, 422).await;
        let sentence = refused["errors"]["serials"][0].as_str().expect("is a text");
        assert!(sentence.contains("and 7 more: You typed this in"), "{sentence}");

        let second = world.program(&[Role::FormsClerk]).await;
        second.does(&night.path("/dispute"), &sheets).await;
        second.does(&night.path("/enter"), &sheets).await;
        night.clerk.is_refused(&night.path("/verify"), &sheets, 422).await;
        second.is_refused(&night.path("/verify"), &sheets, 422).await;
        let third = world.program(&[Role::FormsClerk]).await;
        let verified = third.does(&night.path("/verify"), &sheets).await;
        assert_eq!((number(&verified["ledger"], "ended"), number(&verified["ledger"], "to_verify")), (10, 0));
    }

    /// Scan-only forms end when they are filed; nobody types them in.
    async fn each_type_has_its_own_end(world: World) {
        let night = Night::begins(world).await;
        let types = domain::playbooks::shipped();
        let types = &types.iter().find(|each| each.key == "endpoint-crash").expect("is shipped").forms;
        let scanned = types.iter().find(|each| each.disposition == domain::playbooks::Disposition::ScanOnly);
        let code = &scanned.expect("the kit has one").code;
        let form = json!({ "form_type": code, "unit": night.ward(), "sheets": 2 });
        let issued = night.clerk.does(&night.path("/issue"), form).await;
        let serials = json!({ "form_type": code, "used": "1-2", "serials": issued["first"] });
        night.clerk.does(&night.path("/count"), &serials).await;
        night.clerk.is_refused(&night.path("/enter"), &serials, 422).await;
        let filed = night.clerk.does(&night.path("/file"), &serials).await;
        assert_eq!((number(&filed["ledger"], "ended"), number(&filed["ledger"], "used")), (1, 2));
    }

    /// One wrong serial refuses the whole count, and says which.
    async fn a_wrong_serial_is_named_and_nothing_is_counted(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        let misread = serial(1001).to_string().replace("01001", "01007");
        for (used, says) in [
            ("1001-1041", "not handed out"),
            (misread.as_str(), "misread"),
            ("1001, 1001", "twice"),
        ] {
            let form = json!({ "form_type": "MAR", "used": used });
            let refused = night.clerk.is_refused(&night.path("/count"), form, 422).await;
            assert!(refused["errors"]["used"][0].as_str().expect("is a text").contains(says), "{refused}");
        }
        let form = json!({ "form_type": "MAR", "used": "1001", "blank": "1001" });
        night.clerk.is_refused(&night.path("/count"), form, 422).await;
        assert_eq!(number(&night.ledger().await["total"], "out"), 40);
    }

    async fn a_closed_unit_gets_no_forms_and_counts_back_what_it_has(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        let administrator = world.program(&[Role::Administrator]).await;
        administrator.does(&format!("/places/units/{}/close", night.ward()), json!({})).await;
        let form = json!({ "form_type": "MAR", "unit": night.ward(), "first": 2001, "sheets": 10 });
        let refused = night.clerk.is_refused(&night.path("/issue"), form, 422).await;
        assert_eq!(refused["errors"]["unit"][0], "This unit is closed; no forms go there.");
        let offered = night.clerk.reads(&night.path("/issue")).await;
        assert!(!offered["choices"]["units"].to_string().contains(&night.ward()), "{offered}");
        night.counts(json!({ "used": "1001-1040" })).await;
        assert_eq!(number(&night.ledger().await["total"], "used"), 40);
    }

    async fn a_range_is_handed_out_once(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        let form = json!({ "form_type": "MAR", "unit": night.ward(), "first": 1040, "sheets": 5 });
        let refused = night.clerk.is_refused(&night.path("/issue"), form, 422).await;
        assert!(refused["errors"]["first"][0].as_str().expect("is a text").contains("handed out already"));
        let form = json!({ "form_type": "MAR", "unit": night.ward(), "sheets": 5 });
        let issued = night.clerk.does(&night.path("/issue"), form).await;
        assert_eq!(issued["first"], serial(1041).to_string());
    }

    /// Numbers come from one counter for the installation: what another incident was given is not given again, and a
    /// range that was printed elsewhere is left out. A serial of another unit is not handed out here.
    async fn numbers_never_collide_and_sheets_of_another_unit_stay_there(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        let form = json!({ "playbook": "endpoint-crash", "basis": "Again", "places": ["unit:general/icu"] });
        let other = night.commander.posts("/incidents", form).await;
        let mut next = 1041;
        if other.status.is_success() {
            let incident = other.json::<Value>()["incident"].as_str().expect("is a text").to_owned();
            let form = json!({ "form_type": "MAR", "unit": night.harbor.unit("general", "icu").to_string(), "sheets": 5 });
            night.clerk.does(&format!("/incidents/{incident}/forms/issue"), form).await;
            next = 1046;
        }
        let form = json!({ "form_type": "MAR", "unit": night.ward(), "sheets": 1 });
        assert_eq!(night.clerk.does(&night.path("/issue"), form).await["first"], serial(next).to_string());
        let printed = Serial::new("general", "icu", "MAR", 3001).to_string();
        let form = json!({ "form_type": "MAR", "unit": night.ward(), "sheets": 1, "first": printed });
        let refused = night.clerk.is_refused(&night.path("/issue"), form, 422).await;
        assert!(refused["errors"]["first"][0].as_str().expect("is a text").contains("another unit"), "{refused}");
        let form = json!({ "form_type": "MAR", "used": Serial::new("general", "icu", "MAR", 1001).to_string() });
        let refused = night.clerk.is_refused(&night.path("/count"), form, 422).await;
        assert!(refused["errors"]["used"][0].as_str().expect("is a text").contains("the sheet with this number is"));
    }

    /// A repeat of the same command hands out nothing more.
    async fn a_double_click_hands_out_once(world: World) {
        let night = Night::begins(world).await;
        let request: domain::id::RequestId = world.app.clock.id();
        let form =
            json!({ "request_id": request, "form_type": "MAR", "unit": night.ward(), "sheets": 40 });
        let first = night.clerk.does(&night.path("/issue"), &form).await;
        assert_eq!(night.clerk.does(&night.path("/issue"), &form).await, first);
        assert_eq!(number(&night.ledger().await["total"], "issued"), 40);
    }

    async fn a_unit_lead_counts_only_the_own_unit(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        for (unit, status) in [(("general", "icu"), 403), (("general", "4w"), 201)] {
            let place = Place::Unit(night.harbor.unit(unit.0, unit.1));
            let grant = Grant { role: Role::UnitLead, place, signs_as: String::new() };
            let (_, lead) = world.program_with(&[grant]).await;
            let form = json!({ "form_type": "MAR", "used": "1001" });
            assert_eq!(lead.posts(&night.path("/count"), form).await.status.as_u16(), status);
        }
    }

    /// What keeps the incident from closing, and what the board shows.
    async fn what_is_out_missing_or_unfinished_blocks_closing_and_shows_on_the_board(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        night.counts(json!({ "used": "1001-1030" })).await;
        let incident = night.incident.parse().expect("is an id");
        let blockers = async || {
            let mut tx = world.app.db.read().await.expect("can be read");
            let found = backend::forms::outstanding(&mut tx, incident).await.expect("can be read").0;
            found.iter().map(|each| (each.kind.code(), each.count, each.items.len())).collect::<Vec<_>>()
        };
        assert_eq!(blockers().await, [("form_out", 10, 10), ("form_not_at_its_end", 30, 30)]);
        night.counts(json!({ "whole": true })).await;
        assert_eq!(blockers().await, [("form_missing", 10, 10), ("form_not_at_its_end", 30, 30)]);
        let board = night.clerk.reads(&format!("/incidents/{}", night.incident)).await;
        let cards = board["cards"].as_array().expect("is a list");
        let paper = cards.iter().find(|card| card["section"] == "paper").expect("has a card for paper");
        assert_eq!((paper["figure"].as_str(), paper["late"]["words"].as_str()), (Some("40"), Some("10 forms missing")));
    }

    /// The pages themselves, as a browser without JavaScript uses them.
    async fn a_clerk_hands_out_and_counts_on_pages_and_nothing_typed_is_lost(world: World) {
        let night = Night::begins(world).await;
        let mut clerk = world.person(&[Role::FormsClerk]).await;
        let form = clerk.opens(&night.path("/issue")).await.form("Hand out");
        let form = form.chooses("Form", "MAR: Medication administration record").chooses("To which unit?", "General, 4 West");
        let refused = clerk.is_refused(&form.clone().types("How many sheets?", "many"), "Hand out").await;
        assert!(refused.error_at("sheets").is_some());
        let again = refused.form("Hand out");
        assert_eq!((again.value("sheets"), again.value("form_type")), (Some("many"), Some("MAR")));
        let sheets = clerk.presses(&again.types("How many sheets?", "3"), "Hand out").await;
        assert!(sheets.says(&serial(3).to_string()), "{}", sheets.text());

        let form = clerk.opens(&night.path("/count")).await.form("Count");
        let form = form.chooses("Form", "MAR: Medication administration record").types("Used (optional)", "1-2");
        let ledger = clerk.presses(&form, "Count").await;
        assert_eq!(ledger.heading(), "No form is missing. 2 of 3 are back.");
        for (state, listed) in [("out", 3), ("unfinished", 1)] {
            let rows = clerk.opens(&night.path(&format!("/sheets?state={state}"))).await;
            assert!(rows.says(&serial(listed).to_string()), "{state}: {}", rows.text());
        }
    }
}
