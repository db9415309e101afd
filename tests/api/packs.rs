//! Printed packs: numbers that no other sheet has, the same paper each time, codes that a scanner reads, and handing
//! out what was printed ahead.

use std::{collections::BTreeSet, process::Command};

use acceptance::{Program, World, both_databases};
use domain::{
    actor::{Grant, Role},
    forms::Serial,
    scope::Place,
};
use serde_json::{Value, json};

use crate::forms::Night;

async fn fingerprint(printer: &Program, key: &str) -> String {
    let view = printer.reads("/packs/new").await;
    let named = view["playbooks"].as_array().expect("is a list").iter();
    let found = named.clone().find(|each| each["name"].as_str().is_some_and(|name| name.contains(key)));
    found.expect("is in force")["value"].as_str().expect("is a text").to_owned()
}

/// Prints for 4 West: so many of each form.
async fn prints(night: &Night, forms: &[(&str, i64)]) -> Value {
    let form = json!({
        "playbook": fingerprint(&night.clerk, "Endpoint").await,
        "unit": [night.harbor.unit("general", "4w").to_string()],
        "form_type": forms.iter().map(|(code, _)| code).collect::<Vec<_>>(),
        "sheets": forms.iter().map(|(_, sheets)| sheets).collect::<Vec<_>>(),
    });
    night.clerk.does("/packs/new", form).await["packs"][0].clone()
}

fn path(pack: &Value) -> String {
    format!("/packs/{}", pack["pack"].as_str().expect("is an id"))
}

/// What a decoder reads on the pages of a PDF, as `QR-Code:…` and `CODE-128:…`.
fn scanned(world: &World, pdf: &[u8]) -> BTreeSet<String> {
    let folder = world.folder.path();
    std::fs::write(folder.join("pack.pdf"), pdf).expect("can be written");
    let drawn = Command::new("pdftoppm")
        .args(["-r", "150", "-png", "pack.pdf", "page"])
        .current_dir(folder)
        .status()
        .expect("poppler-utils is installed");
    assert!(drawn.success());
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder).expect("can be read").map(|file| file.expect("is there").path()) {
        if file.extension().is_some_and(|extension| extension == "png") {
            let read =
                Command::new("zbarimg").arg("--quiet").arg(&file).output().expect("zbar-tools is installed");
            found.extend(String::from_utf8_lossy(&read.stdout).lines().map(ToOwned::to_owned));
        }
    }
    found
}

both_databases! {
    /// What comes out of the printer is read back by a scanner: every serial, in both codes, and nothing else.
    async fn a_scanner_reads_the_serial_of_every_printed_sheet(world: World) {
        let night = Night::begins(world).await;
        let pack = prints(&night, &[("MAR", 2), ("LAB", 2)]).await;
        let pdf = night.clerk.asks(&format!("{}/sheets.pdf", path(&pack))).await.expect(200);
        assert!(pdf.body.starts_with(b"%PDF-"));
        let view = night.clerk.reads(&path(&pack)).await;
        let mut serials = BTreeSet::new();
        for range in view["ranges"].as_array().expect("is a list") {
            for end in ["first", "last"] {
                let serial = range[end].as_str().expect("is a text");
                serial.parse::<Serial>().expect("its check character is right");
                serials.extend([format!("QR-Code:{serial}"), format!("CODE-128:{serial}")]);
            }
        }
        assert_eq!(serials.len(), 8);
        assert_eq!(scanned(world, &pdf.body), serials);
    }

    /// The same pack is the same paper, also after the unit has another name and setting.
    async fn a_pack_prints_again_byte_for_byte(world: World) {
        let night = Night::begins(world).await;
        let pack = prints(&night, &[("MAR", 3), ("FLO", 1)]).await;
        let sheets = format!("{}/sheets", path(&pack));
        let first = night.clerk.asks(&format!("{sheets}.pdf")).await.expect(200);
        let page = night.clerk.reads(&sheets).await;
        let administrator = world.program(&[Role::Administrator]).await;
        let places = "kind,code,name,site,setting,beds\nunit,4w,4 West renamed,general,inpatient,28\n";
        let offered: Value = administrator
            .uploads("/places/import", &[], ("file", "places.csv", places.as_bytes())).await.expect(201).json();
        let import = offered["import"].as_str().expect("is a text");
        administrator.does(&format!("/places/import/{import}/commit"), json!({})).await;
        world.minutes_pass(100_000);
        let again = night.clerk.asks(&format!("{sheets}.pdf")).await.expect(200);
        assert!(first.body == again.body, "the PDF is the same");
        assert_eq!(page, night.clerk.reads(&sheets).await);
    }

    async fn no_two_packs_and_no_sheet_in_use_share_a_number(world: World) {
        let night = Night::begins(world).await;
        night.hands_out_forty().await;
        let packs = [prints(&night, &[("MAR", 10)]).await, prints(&night, &[("MAR", 10)]).await];
        let mut ends = Vec::new();
        for pack in &packs {
            let range = night.clerk.reads(&path(pack)).await["ranges"][0].clone();
            ends.extend([range["first"].clone(), range["last"].clone()]);
        }
        let numbers: Vec<i64> = ends
            .iter()
            .map(|end| end.as_str().expect("is a text").parse::<Serial>().expect("is a serial").number)
            .collect();
        assert_eq!(numbers, [1041, 1050, 1051, 1060]);
    }

    /// Printed in peace, handed out in a downtime: the ledger knows its numbers, once.
    async fn a_pack_is_handed_out_once_with_its_own_numbers(world: World) {
        let night = Night::begins(world).await;
        let pack = prints(&night, &[("MAR", 40), ("FLO", 20)]).await;
        assert_eq!(night.clerk.reads("/packs").await["title"], "1 pack of forms lies ready");
        let form = json!({ "incident": night.incident });
        let out = night.clerk.does(&format!("{}/hand-out", path(&pack)), &form).await;
        assert_eq!(out["sheets"], 60);
        let ledger = night.clerk.reads(&night.path("")).await;
        assert_eq!((&ledger["total"]["issued"], &ledger["total"]["out"]), (&json!(60), &json!(60)));
        let refused = night.clerk.is_refused(&format!("{}/hand-out", path(&pack)), form, 422).await;
        assert_eq!(refused["type"], "pack-handed-out");
        night.clerk.is_refused(&format!("{}/withdraw", path(&pack)), json!({ "reason": "Wet" }), 422).await;
        let view = night.clerk.reads(&path(&pack)).await;
        assert_eq!((&view["line"]["state"], &view["may_hand_out"]), (&json!("handed_out"), &json!(false)));
        night.counts(json!({ "used": view["ranges"][0]["first"] })).await;
        assert_eq!(night.clerk.reads("/packs").await["title"], "No pack of forms lies ready");
    }

    /// Somebody who types the numbers of a printed pack would make its handing out impossible.
    async fn the_numbers_of_a_printed_pack_are_handed_out_with_it_or_not_at_all(world: World) {
        let night = Night::begins(world).await;
        let pack = prints(&night, &[("MAR", 3)]).await;
        let view = night.clerk.reads(&path(&pack)).await;
        let first: Serial = view["ranges"][0]["first"].as_str().expect("is a text").parse().expect("is a serial");
        let ward = night.harbor.unit("general", "4w").to_string();
        let issue = json!({ "form_type": "MAR", "unit": ward, "first": first.number + 2, "sheets": 10 });
        let refused = night.clerk.is_refused(&night.path("/issue"), &issue, 422).await;
        let sentence = refused["errors"]["first"][0].as_str().expect("is a text");
        assert!(sentence.contains("lies in a pack that was printed for 4 West"), "{sentence}");
        night.clerk.does(&format!("{}/hand-out", path(&pack)), json!({ "incident": night.incident })).await;
        let after = json!({ "form_type": "MAR", "unit": ward, "first": first.number + 3, "sheets": 10 });
        night.clerk.does(&night.path("/issue"), after).await;
    }

    async fn a_pack_is_withdrawn_with_a_reason_and_its_numbers_are_not_used_again(world: World) {
        let night = Night::begins(world).await;
        let pack = prints(&night, &[("MAR", 5)]).await;
        let withdraw = format!("{}/withdraw", path(&pack));
        night.clerk.is_refused(&withdraw, json!({}), 422).await;
        night.clerk.does(&withdraw, json!({ "reason": "The box stood under water" })).await;
        let form = json!({ "incident": night.incident });
        let refused = night.clerk.is_refused(&format!("{}/hand-out", path(&pack)), form, 422).await;
        assert_eq!(refused["type"], "pack-withdrawn");
        let next = prints(&night, &[("MAR", 5)]).await;
        let range = night.clerk.reads(&path(&next)).await["ranges"][0].clone();
        assert_eq!(range["first"].as_str().expect("a text").parse::<Serial>().expect("a serial").number, 6);
    }

    async fn who_may_not_print_is_refused_and_a_repeat_prints_once(world: World) {
        let night = Night::begins(world).await;
        let form = json!({
            "playbook": fingerprint(&night.clerk, "Endpoint").await,
            "unit": [night.harbor.unit("general", "4w").to_string()], "form_type": ["MAR"], "sheets": ["4"],
            "request_id": "01890a5d-ac96-774b-bcce-b302099a8057",
        });
        let viewer = world.program(&[Role::Viewer]).await;
        viewer.is_refused("/packs/new", &form, 403).await;
        let place = Place::Facility(night.harbor.facility("cape"));
        let grant = Grant { role: Role::FormsClerk, place, signs_as: String::new() };
        let (_, of_cape) = world.program_with(&[grant]).await;
        of_cape.is_refused("/packs/new", &form, 403).await;
        let first = night.clerk.does("/packs/new", &form).await;
        assert_eq!(night.clerk.does("/packs/new", &form).await, first);
        let made = &first["packs"][0];
        assert_eq!(viewer.asks(&format!("{}/sheets.pdf", path(made))).await.status.as_u16(), 403);
        of_cape.is_refused(&format!("{}/hand-out", path(made)), json!({ "incident": night.incident }), 403).await;
        assert_eq!(night.clerk.reads("/packs").await["packs"].as_array().map(Vec::len), Some(1));
        let mut wrong = form.clone();
        wrong["request_id"] = json!("");
        for (field, value) in [("form_type", json!(["<script>"])), ("sheets", json!(["9999999"])), ("playbook", json!("x"))] {
            let mut wrong = wrong.clone();
            wrong[field] = value;
            let refused = night.clerk.is_refused("/packs/new", wrong, 422).await;
            assert!(refused["errors"][field][0].is_string(), "{field}: {refused}");
        }
    }

    /// The same on pages, without a script: choose, print, hand out; what was typed stays when it is refused.
    async fn a_clerk_prints_and_hands_out_on_pages(world: World) {
        let night = Night::begins(world).await;
        let mut clerk = world.person(&[Role::FormsClerk]).await;
        let form = clerk.opens("/packs/new").await.form("Make the packs").ticks("General, 4 West");
        let refused = clerk.is_refused(&form.clone().types("Sheets of MAR", "many"), "Make the packs").await;
        assert!(refused.says("MAR: write how many"), "{}", refused.text());
        let again = refused.form("Make the packs").types("Sheets of MAR", "2");
        let pack = clerk.presses(&again, "Make the packs").await;
        assert!(pack.heading().contains("2 sheets for 4 West, ready"), "{}", pack.heading());
        let sheets = clerk.opens(&format!("{}/sheets", clerk.at.clone())).await;
        assert_eq!(sheets.all("svg.sheet").len(), 4, "contents, cover, two sheets");
        assert!(sheets.says("Medication administration record"), "{}", sheets.text());
        let at = sheets.link("The pack");
        let pack = clerk.opens(&at).await;
        let out = clerk.presses(&pack.form("Hand out 2 sheets"), "Hand out 2 sheets").await;
        assert!(out.heading().contains("handed out"), "{}", out.heading());
        for page in ["/packs", "/packs?state=printed", &night.path("/catalogue"), &night.path("")] {
            clerk.opens(page).await;
        }
    }

    /// The catalogue says for each setting what becomes of a sheet; it is the frozen playbook's.
    async fn the_catalogue_shows_every_setting(world: World) {
        let night = Night::begins(world).await;
        let view = night.clerk.reads(&night.path("/catalogue")).await;
        let settings = view["settings"].as_array().expect("is a list");
        assert_eq!(settings.len(), 11, "ten settings, and what is used everywhere");
        let clinic = settings.iter().find(|each| each["code"] == "clinic").expect("is there");
        let lab = clinic["forms"].as_array().expect("a list").iter().find(|form| form["code"] == "LAB");
        assert_eq!(lab.expect("is used there")["end"], "scanned");
    }
}
