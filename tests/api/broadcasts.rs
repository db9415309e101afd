//! Broadcasts through the JSON door: composing, the second look, sending once, answering, verifying, who knows.

use acceptance::{
    Program, World, both_databases,
    letters::{Post, answer_links, by_mail, deliver_all},
    mail,
};
use domain::actor::Role;
use serde_json::{Value, json};

async fn commander(world: &World) -> Program {
    world.program(&[Role::Commander]).await
}

const ANSWERS: &str = "
    SELECT COUNT(*)
    FROM answer";

async fn answers_kept(world: &World) -> i64 {
    let mut tx = world.app.db.read().await.expect("can be read");
    let (count,) = backend::fetch_one!(tx, (i64,), ANSWERS).expect("can be counted");
    count
}

both_databases! {
    /// The same form twice is one broadcast; a second order of it is refused with the way to the first.
    async fn double_click_sends_once(world: World) {
        world.harbor().await;
        let post = Post::open(&commander(world).await, &by_mail(3)).await;
        let id = "01900000-0000-7000-8000-0000000000aa";
        let mut words = post.words();
        words["request_id"] = json!(id);
        let first = post.program.does(&post.path(""), &words).await;
        assert_eq!(post.program.does(&post.path(""), &words).await, first);
        let path = post.path(&format!("/{}", first["broadcast"].as_str().expect("an id")));
        let order = json!({ "request_id": "01900000-0000-7000-8000-0000000000ab" });
        let send = format!("{path}/send");
        let (one, two) = tokio::join!(post.program.does(&send, &order), post.program.does(&send, &order));
        assert_eq!(one, two);
        let refused = post.program.is_refused(&format!("{path}/send"), json!({}), 422).await;
        assert_eq!(refused["type"], "already-sent");
        assert_eq!(refused["link"], path);
        deliver_all(world).await;
        deliver_all(world).await;
        assert_eq!(mail::in_outbox(world.folder.path()).len(), 3);
        let list = post.program.reads(&post.path("")).await;
        assert_eq!(list["lines"].as_array().expect("a list").len(), 1);
        assert_eq!(post.program.reads(&path).await["stage"], "done");
    }

    /// Mail programs follow links by themselves: looking answers nothing, however often.
    async fn get_of_an_answer_link_has_no_effect(world: World) {
        world.harbor().await;
        let post = Post::open(&commander(world).await, &by_mail(1)).await;
        let broadcast = post.sends().await;
        deliver_all(world).await;
        let links = answer_links(world);
        let link = &links["p0@hospital.test"];
        let phone = world.unknown_program();
        for _ in 0..3 {
            let shown = phone.reads(link).await;
            assert_eq!(shown["answered"], json!(null));
            assert_eq!(shown["text"], "Use paper.\n.\nNext update 04:00.");
        }
        assert_eq!(answers_kept(world).await, 0);
        assert_eq!(post.program.reads(&format!("{broadcast}/who-knows")).await["confirmed"], 0);
        phone.does(link, json!({ "answer": "will_comply" })).await;
        phone.does(link, json!({ "answer": "will_comply" })).await;
        assert_eq!(answers_kept(world).await, 1);
        let knows = post.program.reads(&format!("{broadcast}/who-knows")).await;
        assert_eq!((&knows["confirmed"], &knows["units"]), (&json!(1), &json!(1)));
        phone.does(link, json!({ "answer": "cannot_comply", "note": "No paper here" })).await;
        assert_eq!(post.program.reads(&format!("{broadcast}/who-knows")).await["partly"], 1);
        phone.is_refused(link, json!({ "answer": "question" }), 422).await;
        assert_eq!(phone.asks("/a/22222222222").await.status, 404);
    }

    /// Signs that no key types are left out, so that one note cannot spoil what others answer; and one link answers
    /// twenty times, then it waits.
    async fn a_link_takes_what_was_typed_and_not_without_end(world: World) {
        world.harbor().await;
        let post = Post::open(&commander(world).await, &by_mail(1)).await;
        let broadcast = post.sends().await;
        deliver_all(world).await;
        let link = &answer_links(world)["p0@hospital.test"];
        let phone = world.unknown_program();
        phone.does(link, json!({ "answer": "question", "note": "No pa\u{0}per\u{1b}[2J here" })).await;
        let knows = post.program.reads(&format!("{broadcast}/who-knows")).await;
        assert_eq!(knows["partly"], 1, "{knows}");
        for _ in 1..20 {
            phone.does(link, json!({ "answer": "received" })).await;
        }
        assert_eq!(phone.posts(link, json!({ "answer": "received" })).await.status, 429);
        assert_eq!(phone.asks("/verify?code=%00").await.status, 404);
    }

    /// Rules 1 and 17 have one pending state, which one other communicator or commander ends.
    async fn a_free_text_about_a_forbidden_system_waits_for_another_person(world: World) {
        world.harbor().await;
        let ada = commander(world).await;
        let post = Post::open(&ada, &by_mail(1)).await;
        let order = json!({ "system": "epic", "word": "do_not_log_in", "place": "all" });
        ada.does(&format!("/incidents/{}/instructions", post.incident), order).await;
        let mut words = post.words();
        words["body"] = json!("Epic is back, log in.");
        let composed = ada.does(&post.path(""), &words).await;
        assert_eq!(composed["second_looks"][0]["reason"], "names_forbidden", "{composed}");
        let path = post.path(&format!("/{}", composed["broadcast"].as_str().expect("an id")));
        assert_eq!(ada.does(&format!("{path}/send"), json!({})).await["stage"], "pending_approval");
        deliver_all(world).await;
        assert_eq!(mail::in_outbox(world.folder.path()).len(), 0);
        assert_eq!(ada.is_refused(&format!("{path}/approve"), json!({}), 422).await["type"], "own-broadcast");
        let bea = world.program(&[Role::Communicator]).await;
        bea.does(&format!("{path}/approve"), json!({})).await;
        deliver_all(world).await;
        assert_eq!(mail::in_outbox(world.folder.path()).len(), 1);

        words["body"] = json!("All clear, everybody use the computers.");
        let refused = ada.is_refused(&post.path(""), &words, 422).await;
        assert_eq!(refused["link"], format!("/incidents/{}/clearance", post.incident));
        words["body"] = json!("Patient MRN 00412345 is in bed 4.");
        assert_eq!(ada.is_refused(&post.path(""), &words, 422).await["type"], "patient-data");
        words["no_patient_data"] = json!(true);
        let composed = ada.does(&post.path(""), &words).await;
        assert_eq!(composed["second_looks"][0]["reason"], "may_identify", "{composed}");
    }

    /// A code shows the genuine text and whether a newer one took its place; a draft was never issued.
    async fn a_code_shows_the_genuine_text(world: World) {
        world.harbor().await;
        let ada = commander(world).await;
        let post = Post::open(&ada, &by_mail(1)).await;
        let anybody = world.unknown_program();
        let composed = ada.does(&post.path(""), post.words()).await;
        let id = composed["broadcast"].as_str().expect("an id").to_owned();
        let path = post.path(&format!("/{id}"));
        let code = ada.reads(&path).await["email_code"].as_str().expect("a code").to_owned();
        let check = |code: String| {
            let anybody = anybody.clone();
            async move { anybody.posts("/verify", json!({ "code": code })).await.expect(200).json::<Value>()["found"].clone() }
        };
        assert_eq!(check(code.clone()).await["answer"], "not_issued");
        assert_eq!(check("2222".into()).await["answer"], "not_a_code");
        ada.does(&format!("{path}/send"), json!({})).await;
        deliver_all(world).await;
        let found = check(code.to_lowercase().replace('-', " ")).await;
        assert_eq!(found["text"], "Use paper.\n.\nNext update 04:00.");
        assert_eq!(found["superseded"], json!(null));
        let page = world.stranger().opens(&format!("/verify?code={code}")).await;
        assert!(page.says("belongs to exactly this message"));
        assert!(!page.says("real"), "a code never makes a text real");

        let mut words = post.words();
        words["supersedes"] = json!(id);
        post.sends_words(words).await;
        deliver_all(world).await;
        assert_ne!(check(code).await["superseded"], json!(null));
        assert!(world.stranger().opens("/verify?code=K7R").await.says("This is not a check code"));
    }

    /// An exercise says so first and touches no gateway: the port of this mail server is closed.
    async fn a_captured_exercise_leaves_the_gateways_alone(world: World) {
        world.harbor().await;
        let post = Post::exercise(&commander(world).await, &by_mail(2)).await;
        let broadcast = post.sends().await;
        let refusing = backend::gateways::email::Email::new("smtp+plain://127.0.0.1:1", "a@b.test", 1).expect("is an address");
        let mut worker = backend::jobs::deliver::begin_with(&world.app, Some(Box::new(refusing)), None).await.expect("begins");
        worker.drain(&world.app).await.expect("works");
        for mail in mail::in_outbox(world.folder.path()) {
            assert!(mail.header("Subject").is_some_and(|subject| subject.starts_with("EXERCISE")));
        }
        let deliveries = post.deliveries(&broadcast).await;
        assert!(deliveries.iter().all(|line| line["state"] == "accepted" && line["gateway"] == "outbox"), "{deliveries:?}");
    }

    /// What was typed stands in the form again, beside what is wrong with it.
    async fn a_refused_text_is_not_lost(world: World) {
        world.harbor().await;
        let post = Post::open(&commander(world).await, &by_mail(1)).await;
        let mut person = world.person(&[Role::Communicator]).await;
        let page = person.opens(&post.path("/new")).await;
        let form = page.form("Look at it before sending").types("Subject of the e-mail", "Kept subject").types("Message", "Kept body");
        let page = person.is_refused(&form, "Look at it before sending").await;
        assert_eq!(page.error_at("sms").as_deref(), Some("Error: Write the text message."));
        let again = page.form("Look at it before sending");
        assert_eq!((again.value("subject"), again.value("body")), (Some("Kept subject"), Some("Kept body")));
    }

    /// Somebody calls the unit and logs what they heard; a shared mailbox asks who answers.
    async fn answers_on_behalf_and_from_a_shared_address_count(world: World) {
        world.harbor().await;
        let shared = |name: &str, lead: &str| format!("{name},ward@hospital.test,,cape,icu,yes,{lead}");
        let lines = vec![shared("Anna", "yes"), shared("Ben", ""), "Cleo,cleo@hospital.test,,cape,ed,yes,yes".to_owned()];
        let post = Post::open(&commander(world).await, &lines).await;
        let broadcast = post.sends().await;
        deliver_all(world).await;
        let links = answer_links(world);
        assert_eq!(links.len(), 2, "one message to the shared mailbox");
        let phone = world.unknown_program();
        let ward = &links["ward@hospital.test"];
        phone.is_refused(ward, json!({ "answer": "received" }), 422).await;
        let who = phone.reads(ward).await["people"][0]["value"].clone();
        phone.does(ward, json!({ "answer": "received", "who": who })).await;
        let knows = post.program.reads(&format!("{broadcast}/who-knows")).await;
        assert_eq!(knows["confirmed"], 1);
        let unit = knows["call_list"][0]["path"].as_str().expect("a path").to_owned();
        let person = post.program.reads(&unit).await["people"][0]["ordinal"].clone();
        post.program.does(&unit, json!({ "who": [person], "answer": "will_comply" })).await;
        assert_eq!(post.program.reads(&format!("{broadcast}/who-knows")).await["confirmed"], 2);
    }
}
