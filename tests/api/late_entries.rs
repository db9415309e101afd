//! Command's own paper: every sheet that was handed out comes back, and what stands on it is in the log with both times.

use acceptance::{
    both_databases,
    letters::{Post, deliver_all},
};
use backend::{fetch_all, fetch_one};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
use serde_json::{Value, json};

use crate::forms::Night;

fn path(night: &Night, last: &str) -> String {
    format!("/incidents/{}/late-entries{last}", night.incident)
}

/// Three lines of a log sheet of the night.
fn lines() -> Value {
    json!({
        "date": "2024-07-19",
        "time": ["02:10", "0225", "2:40"],
        "who": ["Nursing supervisor", "Runner 2", "Nursing supervisor"],
        "what": ["Opened the command room", "Downtime boxes to 4 West", "Called both sites"],
    })
}

fn out(kind: &str, sheets: i64) -> Value {
    json!({ "kind": kind, "sheets": sheets, "to": "Command room" })
}

both_databases! {
    /// Rule 5: each line stands in the log at the time at which it happened and at the time at which it was typed in.
    async fn a_log_sheet_is_typed_in_with_both_times(world: World) {
        let night = Night::begins(world).await;
        let handed = night.clerk.does(&path(&night, "/hand-out"), out("log", 5)).await;
        assert_eq!((&handed["first"], &handed["last"]), (&json!(1), &json!(5)));
        world.at("2024-07-19 09:30");
        let typed = night.clerk.does(&path(&night, "/log/2"), lines()).await;
        assert_eq!((&typed["lines"], &typed["already"]), (&json!(3), &json!(0)));
        let sheet = night.clerk.reads(&path(&night, "/log/2")).await;
        assert_eq!(sheet["title"], "Log sheet 2: 3 lines typed in");
        let second = &sheet["lines"][1];
        assert_eq!((&second["what"], &second["who"]), (&json!("Downtime boxes to 4 West"), &json!("Runner 2")));
        assert!(second["happened"].as_str().is_some_and(|at| at.contains("02:25")), "{second}");
        assert!(second["typed"].as_str().is_some_and(|typed| typed.contains("09:30")), "{second}");
        let log = night.commander.reads(&format!("/incidents/{}/log?kind=late_entry.written", night.incident)).await;
        let entries = log["entries"].as_array().expect("is a list");
        assert_eq!(entries.len(), 3);
        assert!(entries[2]["happened"].as_str().is_some_and(|at| at.contains("02:10")), "{}", entries[2]);
        assert!(entries[2]["written"].as_str().is_some_and(|at| at.contains("09:30")), "{}", entries[2]);
        let mut tx = world.app.db.read().await.expect("can be read");
        let kept = fetch_all!(tx, (String,), "SELECT data FROM journal").expect("can be read");
        assert!(!format!("{kept:?}").contains("Runner"), "the chain holds no words");
        drop(tx);
        let view = night.clerk.reads(&path(&night, "")).await;
        assert_eq!(view["title"], "4 sheets of command are out");
    }

    /// A sheet is checked as a whole: every bad line is named, none is written; nothing of it is lost.
    async fn a_bad_line_keeps_the_whole_sheet_out(world: World) {
        let night = Night::begins(world).await;
        world.at("2024-07-19 09:30");
        let mut form = lines();
        form["time"] = json!(["2:10", "25:00", "2024-07-20 02:40"]);
        form["who"] = json!(["Nursing supervisor", "", "Chief"]);
        let refused = night.clerk.is_refused(&path(&night, "/log/1"), &form, 422).await;
        let said = refused["errors"]["lines"].to_string();
        assert!(said.contains("Line 2: ") && said.contains("Line 3: ") && !said.contains("Line 1: "), "{said}");
        assert!(said.contains("still to come"), "{said}");
        form = lines();
        form["what"][1] = json!("Moved patient MRN 12345678");
        night.clerk.is_refused(&path(&night, "/log/1"), &form, 422).await;
        form = lines();
        form["date"] = json!("2024-07-18");
        let refused = night.clerk.is_refused(&path(&night, "/log/1"), &form, 422).await;
        assert!(refused["errors"]["early"][0].as_str().is_some_and(|said| said.contains("line 1, 2, 3")), "{refused}");
        form["early"] = json!("yes");
        night.clerk.does(&path(&night, "/log/1"), &form).await;
        form["date"] = json!("2024-07-01");
        form["line"] = json!([11, 12, 13]);
        night.clerk.is_refused(&path(&night, "/log/1"), &form, 422).await;
        assert_eq!(night.clerk.reads(&path(&night, "/log/1")).await["lines"].as_array().map(Vec::len), Some(3));
    }

    /// The same sheet typed in by two people is there once; the same request is one entry.
    async fn a_line_is_in_the_log_once(world: World) {
        let night = Night::begins(world).await;
        world.at("2024-07-19 09:30");
        let mut form = lines();
        form["request_id"] = json!("01900000-0000-7000-8000-0000000000ac");
        let first = night.clerk.does(&path(&night, "/log/7"), &form).await;
        assert_eq!(night.clerk.does(&path(&night, "/log/7"), &form).await, first, "the same request runs once");
        let refused = night.commander.is_refused(&path(&night, "/log/7"), lines(), 422).await;
        assert_eq!((&refused["type"], &refused["link"]), (&json!("already-typed"), &json!(path(&night, "/log/7"))));
        let mut more = lines();
        more["line"] = json!([1, 2, 4]);
        more["what"][2] = json!("Both sites answered");
        let typed = night.commander.does(&path(&night, "/log/7"), &more).await;
        assert_eq!((&typed["lines"], &typed["already"]), (&json!(1), &json!(2)));
        let mut other = lines();
        other["what"][0] = json!("Closed the command room");
        let refused = night.commander.is_refused(&path(&night, "/log/7"), &other, 422).await;
        assert!(refused["errors"]["lines"][0].as_str().is_some_and(|said| said.starts_with("Line 1 is typed in already")), "{refused}");
        let same = path(&night, "/log/8");
        let (one, two) = tokio::join!(night.clerk.posts(&same, lines()), night.commander.posts(&same, lines()));
        let mut codes = [one.status.as_u16(), two.status.as_u16()];
        codes.sort_unstable();
        assert_eq!(codes, [201, 422]);
        let mut tx = world.app.db.read().await.expect("can be read");
        let (written,) = fetch_one!(tx, (i64,), "SELECT COUNT(*) FROM journal WHERE kind = 'late_entry.written'").expect("can be read");
        assert_eq!(written, 7);
    }

    /// Rule 16: a draft is there again for whoever began it, and for nobody else; it names nobody in the database.
    async fn what_is_typed_so_far_is_kept_as_a_draft(world: World) {
        let night = Night::begins(world).await;
        world.at("2024-07-19 09:30");
        let mut form = lines();
        form["time"][2] = json!("half past");
        form["what"][1] = json!("Moved John Quincey to theatre");
        let kept = night.clerk.does(&path(&night, "/log/3/draft"), &form).await;
        assert_eq!(kept["lines"], 3);
        let mine = night.clerk.reads(&path(&night, "/log/3")).await;
        assert_eq!(mine["form"]["time"][2], "half past");
        assert_ne!(mine["draft_saved"], "");
        assert_eq!(night.clerk.reads(&path(&night, "")).await["drafts"][0]["lines"], 3);
        assert_eq!(night.commander.reads(&path(&night, "/log/3")).await["draft_saved"], "");
        let mut tx = world.app.db.read().await.expect("can be read");
        let (sealed,) = fetch_one!(tx, (Vec<u8>,), "SELECT sealed FROM late_draft").expect("is there");
        assert!(!sealed.windows(8).any(|part| part == b"Quincey"), "it lies sealed");
        drop(tx);
        night.clerk.does(&path(&night, "/log/3"), lines()).await;
        assert_eq!(night.clerk.reads(&path(&night, "/log/3")).await["draft_saved"], "");
    }

    /// Rule 13: a sheet of command that is out keeps the incident from closing, each with the way to its page.
    async fn sheets_that_are_out_keep_the_incident_from_closing(world: World) {
        let night = Night::begins(world).await;
        night.commander.does(&path(&night, "/hand-out"), out("log", 3)).await;
        night.commander.does(&path(&night, "/hand-out"), out("sign_in", 1)).await;
        let close = format!("/incidents/{}/close", night.incident);
        let said = async || {
            let refused = night.commander.is_refused(&close, json!({ "basis": "All is done" }), 422).await;
            refused["title"].as_str().expect("is a text").to_owned()
        };
        assert!(said().await.contains("4 sheets of command are out"));
        let view = night.commander.reads(&close).await;
        let part = view["blockers"].as_array().expect("is a list").iter().find(|part| part["kind"] == "own_sheet_out");
        let item = &part.expect("is in the way")["items"][0];
        assert_eq!((&item["label"], &item["path"]), (&json!("Log sheet 1"), &json!(path(&night, "/log/1"))));
        let _ = night.commander.reads(item["path"].as_str().expect("is a text")).await;
        let waiver = json!({ "kind": "own_sheet_out", "item": item["id"], "role": "commander", "reason": "late" });
        let refused = night.commander.is_refused(&format!("/incidents/{}/waivers", night.incident), waiver, 422).await;
        assert_eq!(refused["type"], "cannot-be-waived");
        world.at("2024-07-19 09:30");
        night.clerk.does(&path(&night, "/log/1"), lines()).await;
        let counts = path(&night, "/count");
        for (wrong, field) in [
            (json!({ "kind": "log", "blank": "1" }), "blank"),
            (json!({ "kind": "log", "blank": "9" }), "blank"),
            (json!({ "kind": "log", "lost": "2" }), "reason"),
            (json!({ "kind": "log" }), "blank"),
        ] {
            let refused = night.clerk.is_refused(&counts, &wrong, 422).await;
            assert!(refused["errors"][field][0].is_string(), "{wrong}: {refused}");
        }
        let form = json!({ "kind": "log", "blank": "2", "lost": "3", "reason": "Searched the command room" });
        assert_eq!(night.clerk.does(&counts, form).await["out"], 1);
        night.clerk.does(&counts, json!({ "kind": "sign_in", "blank": "1" })).await;
        assert!(!said().await.contains("of command"));
        night.clerk.does(&path(&night, "/log/3"), lines()).await;
        assert_eq!(night.clerk.reads(&path(&night, "/log/3")).await["title"], "Log sheet 3: 3 lines typed in", "it turned up");
    }

    /// A call list becomes answers on behalf, each once and at the time of the call; a later answer stands.
    async fn a_call_list_becomes_answers_with_their_time(world: World) {
        world.harbor().await;
        let commander = world.program(&[Role::Commander]).await;
        let line = |name: &str, unit: &str, lead: &str| format!("{name},{name}@hospital.test,,cape,{unit},yes,{lead}");
        let post = Post::open(&commander, &[line("Anna", "icu", "yes"), line("Ben", "icu", ""), line("Cleo", "ed", "yes")]).await;
        let broadcast = post.sends().await;
        deliver_all(world).await;
        world.at("2024-07-19 06:00");
        let sheet = format!("/incidents/{}/late-entries/calls/1", post.incident);
        let id = broadcast.rsplit('/').next().expect("is a path");
        let calls = json!({
            "broadcast": id, "date": "2024-07-19", "time": ["02:30", "02:35"], "unit": ["cape/icu", "CAPE/ed"],
            "who": ["anna", "lead"], "answer": ["will_comply", "cannot_comply"], "what": ["", "No runner"],
        });
        let mut wrong = calls.clone();
        wrong["unit"][1] = json!("cape/moon");
        wrong["who"][0] = json!("Zoe");
        let refused = commander.is_refused(&sheet, &wrong, 422).await;
        assert_eq!(refused["errors"]["lines"].as_array().map(Vec::len), Some(2), "{refused}");
        let mut early = calls.clone();
        early["time"][0] = json!("02:01");
        commander.is_refused(&sheet, &early, 422).await;
        let clerk = world.program(&[Role::FormsClerk]).await;
        clerk.is_refused(&sheet, &calls, 403).await;
        assert_eq!(commander.does(&sheet, &calls).await["lines"], 2);
        let knows = commander.reads(&format!("{broadcast}/who-knows")).await;
        assert_eq!(knows["confirmed"], 1);
        let refused = commander.is_refused(&sheet, &calls, 422).await;
        assert_eq!(refused["type"], "already-typed");
        let mut tx = world.app.db.read().await.expect("can be read");
        let rows = fetch_all!(tx, (String, String, i64, i64), "SELECT answer, way, event_at, entered_at FROM answer ORDER BY event_at")
            .expect("can be read");
        drop(tx);
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].0.as_str(), rows[0].1.as_str()), ("will_comply", "on_behalf"));
        assert!(rows.iter().all(|(.., event, entered)| entered - event > 3 * 3_600_000_000), "{rows:?}");
        // What was called before the answer that is kept changes nothing of it.
        let mut older = calls.clone();
        older["time"] = json!(["02:20"]);
        older["answer"] = json!(["cannot_comply"]);
        older["what"] = json!(["Nobody there"]);
        older["who"] = json!(["Anna"]);
        older["unit"] = json!(["cape/icu"]);
        commander.does(&sheet.replace("calls/1", "calls/2"), older).await;
        assert_eq!(commander.reads(&format!("{broadcast}/who-knows")).await["confirmed"], 1);
        let shown = commander.reads(&sheet).await;
        assert!(shown["lines"][1]["answer"].as_str().is_some_and(|said| said.contains("I cannot comply")), "{shown}");
    }

    async fn a_sign_in_sheet_says_who_was_there_from_when_to_when(world: World) {
        let night = Night::begins(world).await;
        world.at("2024-07-19 20:00");
        let mut form = json!({
            "date": "2024-07-19", "time": ["02:30", "07:00"], "until": ["07:10", ""],
            "who": ["Kim Vale", "Lou Hart"], "what": ["Planning chief", "Planning chief"],
        });
        form["until"][0] = json!("02:00");
        night.clerk.is_refused(&path(&night, "/sign_in/1"), &form, 422).await;
        form["until"][0] = json!("07:10");
        night.clerk.does(&path(&night, "/sign_in/1"), &form).await;
        let sheet = night.clerk.reads(&path(&night, "/sign_in/1")).await;
        assert!(sheet["lines"][0]["until"].as_str().is_some_and(|until| until.contains("07:10")), "{sheet}");
        assert_eq!(sheet["lines"][1]["until"], "");
    }

    async fn strangers_and_hostile_words_change_nothing(world: World) {
        let night = Night::begins(world).await;
        world.at("2024-07-19 09:30");
        let viewer = world.program(&[Role::Viewer]).await;
        viewer.is_refused(&path(&night, "/log/1"), lines(), 403).await;
        viewer.is_refused(&path(&night, "/hand-out"), out("log", 1), 403).await;
        let _ = viewer.reads(&path(&night, "")).await;
        let elsewhere = Place::Facility(world.app.clock.id());
        let (_, stranger) = world.program_with(&[Grant { role: Role::FormsClerk, place: elsewhere, signs_as: String::new() }]).await;
        stranger.is_refused(&path(&night, "/log/1"), lines(), 403).await;
        for wrong in ["/moon/1", "/log/0", "/log/x", "/log/100000"] {
            assert_eq!(viewer.asks(&path(&night, wrong)).await.status.as_u16(), 404, "{wrong}");
        }
        for wrong in [json!({ "kind": "log", "sheets": 201, "to": "Room" }), json!({ "kind": "moon", "sheets": 1, "to": "Room" }), json!({ "kind": "log", "sheets": 1 })] {
            night.clerk.is_refused(&path(&night, "/hand-out"), &wrong, 422).await;
        }
        night.clerk.does(&path(&night, "/hand-out"), out("log", 2)).await;
        let again = json!({ "kind": "log", "first": 2, "sheets": 1, "to": "Room" });
        assert!(night.clerk.is_refused(&path(&night, "/hand-out"), again, 422).await["errors"]["first"][0].is_string());
        let mut form = lines();
        form["what"][0] = json!("</td><script>alert(1)</script>\u{0}");
        form["who"][0] = json!("=cmd|'/C calc'!A0");
        night.clerk.does(&path(&night, "/log/1"), &form).await;
        let mut clerk = world.person(&[Role::FormsClerk]).await;
        let page = clerk.opens(&path(&night, "/log/1")).await;
        assert!(!page.source().contains("<script>alert"), "it stays inert");
        let pdf = viewer.asks(&path(&night, "/sheets.pdf?kind=log&first=1&sheets=3")).await.expect(200);
        assert!(pdf.body.starts_with(b"%PDF-"));
    }

    /// The same on pages, without a script.
    async fn a_clerk_types_a_sheet_in_on_pages(world: World) {
        let night = Night::begins(world).await;
        let mut clerk = world.person(&[Role::FormsClerk]).await;
        let page = clerk.opens(&path(&night, "")).await;
        let form = page.form("Hand out").types("How many", "2").types("Who has them", "Command room");
        let page = clerk.presses(&form, "Hand out").await;
        assert_eq!(page.heading(), "2 sheets of command are out");
        world.at("2024-07-19 09:30");
        let page = clerk.opens(&page.link("Log sheet 1")).await;
        let form = page
            .form("Enter these lines")
            .types("Date of the sheet", "2024-07-19")
            .types("Line 1: time", "02:10")
            .types("Line 1: what happened", "Opened the command room")
            .types("Line 2: time", "02:30")
            .types("Line 2: written by", "Runner");
        let refused = clerk.is_refused(&form, "Enter these lines").await;
        assert!(refused.says("Line 1: say who wrote it") && refused.says("Line 2: say what happened"), "{}", refused.text());
        let form = refused
            .form("Enter these lines")
            .types("Line 1: written by", "Chief")
            .types("Line 2: what happened", "Boxes to 4 West");
        let page = clerk.presses(&form, "Enter these lines").await;
        assert_eq!(page.heading(), "Log sheet 1: 2 lines typed in");
        assert!(page.says("Boxes to 4 West"), "{}", page.text());
    }
}
