//! Decisions over many cases: parts of a day, other ways of deciding, a decision that is changed, and cancellations
//! that are taken back when the systems return.

use acceptance::{both_databases, s2};
use domain::actor::Role;
use serde_json::{Value, json};

use crate::cases::{Night, number, tallies_are_right, text};

fn count(value: &Value) -> [i64; 4] {
    ["rows", "cancelled", "kept", "undecided"].map(|name| number(&value[name]))
}

/// The way of deciding with these words.
fn way(preview: &Value, words: &str) -> Value {
    let ways = preview["instead"].as_array().expect("is a list");
    ways.iter().find(|way| way["words"] == words).unwrap_or_else(|| panic!("no {words} in {preview}")).clone()
}

/// The id of the decision with a name.
fn decision(preview: &Value, name: &str) -> String {
    let made = preview["made"].as_array().expect("is a list");
    text(&made.iter().find(|line| line["name"] == name).expect("was made")["id"])
}

impl Night {
    async fn preview(&self, query: &str) -> Value {
        self.reads(&format!("/cases/decide?{query}")).await
    }

    async fn decides(&self, form: Value) -> Value {
        let mut form = form;
        form["basis"] = json!("Surge meeting of 10:00");
        self.does("/cases/decide", form).await
    }

    /// Whether somebody must call the patient of a case.
    async fn is_called(&self, id: &str) -> bool {
        let mrn = text(&self.reads(&format!("/cases/{id}")).await["line"]["mrn"]);
        let lines = self.lines(&format!("show=call&mrn={mrn}")).await;
        lines.iter().any(|line| line["id"] == id)
    }

    /// A cancelled case that begins at an hour, or later.
    async fn cancelled_from(&self, clock: &str, skip: usize) -> String {
        let mut query = "show=cancelled".to_owned();
        let mut skip = skip;
        loop {
            let page = self.reads(&format!("/cases?{query}")).await;
            for line in page["lines"].as_array().expect("is a list") {
                if text(&line["clock"]).as_str() >= clock {
                    if skip == 0 {
                        return text(&line["id"]);
                    }
                    skip -= 1;
                }
            }
            let next = text(&page["next"]);
            next.split_once('?').expect("there are more").1.clone_into(&mut query);
        }
    }
}

both_databases! {
    async fn each_way_of_deciding_says_what_it_would_cancel_before_anything_changes(world: World) {
        let night = Night::with_schedule(world).await;
        let preview = night.preview("").await;
        assert_eq!(count(&way(&preview, "All day")["count"]), [4_563, 4_133, 430, 0]);
        let by_hand = count(&way(&preview, "Case by case")["count"]);
        assert_eq!(by_hand, [4_563, 0, 430, 4_133]);
        let noon = way(&preview, "Only until 12:00");
        let morning = night.reads(text(&noon["path"]).trim_start_matches(&night.path(""))).await;
        assert_eq!(count(&morning["totals"]["all"]), count(&noon["count"]), "the link leads to what it counts");
        assert!(number(&noon["count"]["rows"]) < 4_563);
        for part in ["sites", "services", "priorities"] {
            let lines = preview[part].as_array().expect("is a list");
            let mut sums = [0; 4];
            for line in lines {
                let counted = count(&line["count"]);
                assert_eq!(counted[0], counted[1] + counted[2] + counted[3], "{line}");
                sums = std::array::from_fn(|index| sums[index] + counted[index]);
            }
            assert_eq!(sums, count(&preview["totals"]["all"]), "{part}");
        }
        assert_eq!(night.sums().await, (0, 0));
    }

    async fn both_lists_name_each_booking_with_its_rule_and_no_patient(world: World) {
        let night = Night::with_schedule(world).await;
        let preview = night.preview("").await;
        let mut listed = 0;
        for list in preview["lists"].as_array().expect("is a list") {
            let path = text(&list["path"]);
            let page = night.commander.reads(&path).await;
            assert_eq!(page["rows"], list["rows"]);
            let lines = page["lines"].as_array().expect("is a list");
            assert_eq!(i64::try_from(lines.len()).expect("is small"), number(&list["rows"]).min(100));
            assert!(lines.iter().all(|line| !text(&line["rule"]).is_empty()), "{lines:?}");
            let file = night.commander.asks(&path.replace("/rows?", "/rows.csv?")).await.expect(200);
            assert_eq!(i64::try_from(file.text().lines().count() - 1).expect("is small"), number(&list["rows"]));
            assert!(!file.text().contains("Cedar") && !page.to_string().contains("Cedar"), "no patient is named");
            listed += number(&list["rows"]);
        }
        assert_eq!(listed, 4_563);
        let keep = preview["lists"][1]["path"].as_str().expect("is a path");
        let rules = night.commander.reads(keep).await["lines"].to_string();
        assert!(rules.contains("ESAS 3a and 3b: do not postpone"), "the first rule that fits is named");
        let next = text(&night.commander.reads(keep).await["next"]);
        assert_ne!(night.commander.reads(&next).await["lines"], night.commander.reads(keep).await["lines"]);
        let unknown = night.commander.asks(&night.path("/cases/decide/rows?list=all")).await;
        assert_eq!(unknown.status.as_u16(), 404);
    }

    async fn a_part_of_a_day_is_decided_and_the_rest_later(world: World) {
        let night = Night::with_schedule(world).await;
        let knees = night.preview("services=Knee+replacement").await;
        let line = knees["services"].as_array().expect("is a list")[0].clone();
        assert_eq!(line["count"], knees["totals"]["all"]);
        let two = count(&night.preview("providers=provider+7%3BPROVIDER-8").await["totals"]["all"])[0];
        let one = count(&night.preview("providers=Provider+7").await["totals"]["all"])[0];
        assert!(0 < one && one < two);
        assert_eq!(count(&night.preview("priorities=fssa%3AP3").await["totals"]["all"]), [141, 141, 0, 0]);
        assert_eq!(count(&night.preview("priorities=imaging%3AP3").await["totals"]["all"])[0], 0);
        assert_eq!(count(&night.preview("kind=procedure").await["totals"]["all"]), [318, 277, 41, 0]);
        let also = night.preview("also_keep=Wound%0Adialysis").await;
        assert_eq!(also["keeps"].as_array().and_then(|keeps| keeps.last().cloned()).expect("is there")["rows"], 0);

        let first = night.decides(json!({ "until": "12:00" })).await;
        let (cancelled, kept) = night.sums().await;
        assert_eq!([cancelled, kept], [count(&first["totals"]["all"])[1], count(&first["totals"]["all"])[2]]);
        let rest = night.decides(json!({})).await;
        assert_eq!(number(&rest["totals"]["stood"]), cancelled + kept);
        assert_eq!(night.sums().await, (4_133, 430));
        tallies_are_right(world, &night).await;
    }

    async fn what_cannot_be_read_of_a_decision_is_said_at_its_field(world: World) {
        let night = Night::with_schedule(world).await;
        let wrong = json!({
            "basis": "x", "from": "noon", "until": "25:00", "kind": "both", "priorities": "P3", "strategy": "some",
            "aim": "undo", "services": "---",
        });
        let refused = night.is_refused("/cases/decide", wrong).await;
        for field in ["from", "until", "kind", "priorities", "strategy", "aim", "services"] {
            assert!(refused["errors"][field].is_array(), "{field}: {refused}");
        }
        let refused = night.is_refused("/cases/decide", json!({ "basis": "x", "from": "12:00", "until": "12:00" })).await;
        assert!(refused["errors"]["until"].is_array(), "{refused}");
        let mut person = world.person(&[Role::Commander]).await;
        let page = person.opens(&night.path("/cases/decide?from=noon")).await;
        assert!(page.text().contains("Write the time of day as 13:00."), "the page stays usable");
    }

    async fn a_changed_decision_keeps_what_people_did_since_and_the_first_clocks(world: World) {
        let night = Night::with_decision(world).await;
        let afternoon = |skip| night.cancelled_from("12:00", skip);
        let [told, tried, rebooked, called] =
            [afternoon(0).await, afternoon(1).await, afternoon(2).await, afternoon(3).await];
        let contact = |id: &str, result: &str| {
            let (path, command) = (format!("/cases/{id}/contacts"), json!({ "channel": "phone", "result": result }));
            let night = &night;
            async move { night.does(&path, command).await }
        };
        contact(&told, "told").await;
        contact(&tried, "no_answer").await;
        night.does(&format!("/cases/{rebooked}/rebooking"), json!({ "new_start": "2024-08-02 08:10" })).await;
        let taken = night.does(&format!("/cases/{called}/take"), json!({})).await;
        let morning = text(&night.lines("show=cancelled").await[0]["id"]);
        night.does(&format!("/cases/{morning}/keep"), json!({ "reason": "The surgeon insists" })).await;
        let clocks = night.reads(&format!("/cases/{told}")).await["line"]["day_28"].clone();

        let first = decision(&night.preview("").await, "D-1");
        let query = format!("aim=amend&amends={first}&until=12:00");
        let preview = night.preview(&query).await;
        assert_eq!(preview["changes"], "D-1");
        let totals = &preview["totals"];
        assert_eq!(number(&totals["told_again"]), 1);
        assert_eq!(number(&totals["taken_back"]), number(&totals["left_out"]));
        let changed = night.decides(json!({ "aim": "amend", "amends": first, "until": "12:00" })).await;
        assert_eq!(changed["name"], "D-2");
        assert_eq!(changed["totals"], preview["totals"]);
        tallies_are_right(world, &night).await;

        let case = |id: &str| {
            let path = format!("/cases/{id}");
            let night = &night;
            async move { night.reads(&path).await }
        };
        let state = |case: &Value| (text(&case["line"]["state"]), text(&case["line"]["rule"]));
        assert_eq!(state(&case(&told).await), ("kept".into(), "left-out".into()));
        assert!(night.is_called(&told).await, "who was told is told again");
        assert_eq!(state(&case(&tried).await).0, "kept");
        assert!(!night.is_called(&tried).await, "who never heard of it need not hear that it is off");
        assert_eq!(state(&case(&rebooked).await).0, "rebooked", "what is booked again stands");
        assert_eq!(state(&case(&morning).await).1, "by hand", "what a person decided stands");
        let late = json!({ "channel": "phone", "result": "told", "version": taken["version"] });
        let path = night.path(&format!("/cases/{called}/contacts"));
        night.commander.is_refused(&path, late, 409).await;

        // Changed back: the same clocks as at the first cancellation.
        let second = decision(&night.preview("").await, "D-2");
        let back = night.decides(json!({ "aim": "amend", "amends": second })).await;
        let again = case(&told).await;
        assert_eq!((state(&again).0.as_str(), &again["line"]["day_28"]), ("to_contact", &clocks));
        let past: Vec<String> =
            again["history"].as_array().expect("is a list").iter().map(|line| text(&line["what"])).collect();
        assert_eq!(past, ["decided", "contacted", "decided again", "decided again"]);
        assert_eq!(count(&back["totals"]["all"]), [4_563, 4_132, 431, 0], "but for what the surgeon kept");
        tallies_are_right(world, &night).await;
        let refused = night
            .is_refused("/cases/decide", json!({ "basis": "x", "aim": "amend", "amends": first }))
            .await;
        assert_eq!(refused["type"], "amended-since");
        let another_day = json!({ "basis": "x", "aim": "amend", "amends": decision(&night.preview("").await, "D-3"),
            "day": "2024-07-20" });
        assert!(night.is_refused("/cases/decide", another_day).await["errors"]["day"].is_array());
    }

    async fn cancellations_of_an_afternoon_are_taken_back_when_the_systems_return(world: World) {
        let night = Night::with_decision(world).await;
        let told = night.cancelled_from("15:00", 0).await;
        night.does(&format!("/cases/{told}/contacts"), json!({ "channel": "phone", "result": "told" })).await;
        world.at("2024-07-19 11:00");
        let preview = night.preview("aim=take-back&from=13:00").await;
        let back = number(&preview["totals"]["taken_back"]);
        assert!(back > 0 && number(&preview["totals"]["told_again"]) == 1);
        assert_eq!(preview["instead"].as_array().map(Vec::len), Some(0));
        let before = night.funnel().await;
        night.decides(json!({ "aim": "take-back", "from": "13:00" })).await;
        assert_eq!(night.sums().await, (4_133 - back, 430 + back));
        let after = night.funnel().await;
        assert_eq!(number(&after["to_call"]), number(&before["to_call"]) - back + 2, "the one who was told is called");
        let line = night.reads(&format!("/cases/{told}")).await;
        assert_eq!((text(&line["line"]["state"]).as_str(), &line["line"]["day_28"]), ("kept", &json!("16 Aug 2024")));
        let refused = night.is_refused("/cases/decide", json!({ "basis": "x", "aim": "take-back", "from": "13:00" })).await;
        assert_eq!(refused["type"], "nothing-to-decide");
        // What has begun is not taken back.
        world.at("2024-07-19 12:30");
        let all = night.preview("aim=take-back").await;
        let later = night.preview("aim=take-back&from=12:30").await;
        assert_eq!(all["totals"]["taken_back"], later["totals"]["taken_back"]);
        tallies_are_right(world, &night).await;
        let id = decision(&night.preview("").await, "D-2");
        let refused = night.is_refused("/cases/decide", json!({ "basis": "x", "aim": "amend", "amends": id })).await;
        assert_eq!(refused["type"], "taken-back");
    }

    async fn two_people_who_change_one_decision_at_once_change_it_once(world: World) {
        let night = Night::with_decision(world).await;
        let first = decision(&night.preview("").await, "D-1");
        let path = night.path("/cases/decide");
        let form = |until: &str| json!({ "basis": "x", "aim": "amend", "amends": first, "until": until });
        let (one, other) = futures::future::join(
            night.commander.posts(&path, form("12:00")),
            night.commander.posts(&path, form("15:00")),
        )
        .await;
        let made = [&one, &other].into_iter().filter(|answer| answer.status.is_success()).count();
        assert_eq!(made, 1, "{} {}", one.text(), other.text());
        tallies_are_right(world, &night).await;
        let decisions = night.preview("").await["made"].as_array().map(Vec::len);
        assert_eq!(decisions, Some(2));
    }

    async fn safe_by_counts_from_the_listing_date_and_the_page_says_so(world: World) {
        let night = Night::begins(world).await;
        let file = format!(
            "Appt ID,MRN,Patient Name,Type,Hospital,Start Time,Triage Scheme,Triage,Date listed\n\
             L1,1,One,surgery,Cape,{day} 15:00,fssa,P2,2024-07-01\n\
             L2,2,Two,surgery,Cape,{day} 15:00,fssa,P2,\n\
             L3,3,Three,surgery,Cape,{day} 15:00,fssa,P2,2024-07-20\n",
            day = s2::DAY
        );
        let uploaded = night.uploads(file.as_bytes()).await;
        assert_eq!((number(&uploaded["figures"]["valid"]), number(&uploaded["figures"]["invalid"])), (2, 1));
        night.does(&format!("/schedule/{}/commit", text(&uploaded["snapshot"])), json!({})).await;
        night.decides(json!({})).await;
        let lines = night.lines("show=cancelled").await;
        for (appointment, day, base) in
            [("L1", "29 Jul 2024", "the listing date, 1 Jul 2024"), ("L2", "16 Aug 2024", "the date that was booked")]
        {
            let line = lines.iter().find(|line| line["appointment"] == appointment).expect("is there");
            assert_eq!(line["safe_by"], day);
            let case = night.reads(&format!("/cases/{}", text(&line["id"]))).await;
            assert_eq!(case["safe_by_base"], format!("counted from {base}"));
        }
        // By hand as well.
        let id = text(&lines.iter().find(|line| line["appointment"] == "L1").expect("is there")["id"]);
        night.does(&format!("/cases/{id}/keep"), json!({ "reason": "x" })).await;
        night.does(&format!("/cases/{id}/cancel"), json!({ "reason": "x" })).await;
        assert_eq!(night.reads(&format!("/cases/{id}")).await["line"]["safe_by"], "29 Jul 2024");
    }

    async fn what_is_linked_is_offered_with_what_is_cancelled(world: World) {
        let night = Night::begins(world).await;
        let file = format!(
            "Appt ID,MRN,Patient Name,Type,Hospital,Start Time,Episode ID\n\
             C1,1,One,visit,Cape,{day} 15:00,E-7\n\
             C2,1,One,surgery,Cape,2024-07-26 08:00,E-7\n\
             C3,1,One,visit,Cape,2024-08-02 08:00,E-7\n\
             C4,2,Two,visit,Cape,2024-07-26 08:00,E-8\n\
             C5,3,Three,visit,Cape,2024-07-26 08:00,\n",
            day = s2::DAY
        );
        let uploaded = night.uploads(file.as_bytes()).await;
        night.does(&format!("/schedule/{}/commit", text(&uploaded["snapshot"])), json!({})).await;
        let preview = night.preview("kind=visit").await;
        // A visit without a class of care is for a person to decide; the whole schedule has none.
        assert_eq!(count(&preview["totals"]["all"]), [1, 0, 0, 1]);
        assert_eq!(number(&preview["totals"]["linked"]), 0, "what is not cancelled takes nothing with it");
        let column = "Appt ID,MRN,Patient Name,Type,Hospital,Start Time,Episode ID,Category\n";
        let rows = file.lines().skip(1).map(|line| format!("X{line},none\n")).collect::<Vec<_>>().concat();
        let uploaded = night.uploads(format!("{column}{rows}").as_bytes()).await;
        night.does(&format!("/schedule/{}/commit", text(&uploaded["snapshot"])), json!({})).await;
        let preview = night.preview("").await;
        assert_eq!((number(&preview["totals"]["linked"]), number(&preview["totals"]["linked_cancelled"])), (4, 0));
        let linked = preview["lists"].as_array().and_then(|lists| lists.last().cloned()).expect("is there");
        assert_eq!((text(&linked["code"]).as_str(), number(&linked["rows"])), ("linked", 4));
        let made = night.decides(json!({ "linked": "yes" })).await;
        assert_eq!(number(&made["totals"]["linked_cancelled"]), 4);
        let lines = night.lines("show=cancelled").await;
        let operation = lines.iter().find(|line| line["appointment"] == "XC2").expect("is cancelled");
        assert_eq!((&operation["rule"], &operation["day_28"]), (&json!("linked"), &json!("23 Aug 2024")), "of its own day");
        assert!(lines.iter().all(|line| line["appointment"] != "XC4" && line["appointment"] != "XC5"));
        tallies_are_right(world, &night).await;
    }

    async fn every_figure_of_a_past_moment_can_be_counted_again(world: World) {
        let night = Night::with_schedule(world).await;
        let names = ["booked", "kept", "cancelled", "told", "not_told", "rebooked", "seen", "ended_otherwise"];
        let mut past = Vec::new();
        let moment = async |past: &mut Vec<_>, clock: &str| {
            let funnel = night.funnel().await;
            past.push((clock.to_owned(), names.map(|name| number(&funnel[name]))));
        };
        moment(&mut past, "04:20").await;
        world.at("2024-07-19 04:30");
        night.decides(json!({})).await;
        moment(&mut past, "04:30").await;
        let ids: Vec<String> = night.lines("show=cancelled").await.iter().map(|line| text(&line["id"])).collect();
        let acts = [
            ("05:00", 0, "contacts", json!({ "channel": "phone", "result": "told" })),
            ("05:10", 1, "contacts", json!({ "channel": "phone", "result": "no_answer" })),
            ("05:20", 0, "rebooking", json!({ "new_start": "2024-08-02 08:10" })),
            ("05:30", 2, "keep", json!({ "reason": "x" })),
            ("05:40", 3, "end", json!({ "end": "treated_elsewhere", "reason": "x" })),
            ("05:50", 0, "seen", json!({})),
            ("06:00", 2, "cancel", json!({ "reason": "x" })),
        ];
        for (clock, case, act, command) in acts {
            world.at(&format!("2024-07-19 {clock}"));
            night.does(&format!("/cases/{}/{act}", ids[case]), command).await;
            moment(&mut past, clock).await;
        }
        world.at("2024-07-19 06:30");
        night.decides(json!({ "aim": "take-back", "from": "13:00" })).await;
        moment(&mut past, "06:30").await;
        world.at("2024-07-19 09:00");
        for (clock, figures) in past {
            let view = night.reads(&format!("/cases/figures?at=2024-07-19+{clock}")).await;
            for column in ["known_then", "known_now"] {
                assert_eq!(names.map(|name| number(&view[column][name])), figures, "{column} at {clock}");
            }
        }
        let none = night.reads("/cases/figures?at=2024-07-19+00:50").await;
        assert_eq!(number(&none["known_then"]["booked"]), 0, "the schedule was not here yet");
        let later = night.commander.asks(&night.path("/cases/figures?at=2024-07-19+10:00")).await;
        assert_eq!(later.status.as_u16(), 422);
        let stranger = world.program(&[Role::FormsClerk]).await;
        assert_eq!(stranger.asks(&night.path("/cases/figures")).await.status.as_u16(), 403);
    }

    async fn who_does_not_command_a_place_sees_and_makes_no_decision_there(world: World) {
        let night = Night::with_schedule(world).await;
        let manager = world.program(&[Role::CaseManager]).await;
        for path in ["/cases/decide", "/cases/decide/rows?list=keep", "/cases/decide/rows.csv?list=keep"] {
            assert_eq!(manager.asks(&night.path(path)).await.status.as_u16(), 403, "{path}");
        }
        manager.is_refused(&night.path("/cases/decide"), json!({ "basis": "x", "aim": "take-back" }), 403).await;
    }
}
