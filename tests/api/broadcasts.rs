//! Broadcasts through the JSON door: composing, the second look, sending once, answering, verifying, who knows.

use acceptance::{
    Program, World, both_databases,
    letters::{Post, answer_links, by_mail, deliver_all},
    mail,
};
use domain::{
    actor::{Grant, Role},
    scope::Place,
};
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

async fn changes(world: &World, statement: &'static str) {
    let mut tx = world.app.db.write().await.expect("can be written");
    backend::execute!(tx, statement).expect("the statement is ours");
    tx.commit().await.expect("can be written");
}

const A_UNIT_THAT_IS_GONE: &str = "
    UPDATE audience_member
    SET unit = audience
    WHERE name = 'Lost'";

async fn of_site(world: &World, role: Role, place: Place) -> Program {
    world.program_with(&[Grant { role, place, signs_as: String::new() }]).await.1
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
        for page in ["who-knows", "call-list"] {
            let page = world.person(&[Role::Viewer]).await.opens(&format!("{path}/{page}")).await;
            assert!(!page.says("unit has confirmed") && page.says("not sent"), "nobody knows yet: {}", page.text());
        }
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

    /// What was typed at the declaration is typed text where a template inserts it; the playbook's own words are not.
    async fn a_cause_that_names_a_forbidden_system_waits_for_another_person(world: World) {
        let harbor = world.harbor().await;
        let ada = commander(world).await;
        let administrator = world.program(&[Role::Administrator]).await;
        let playbooks = administrator.reads("/playbooks").await["playbooks"].clone();
        let crash = playbooks.as_array().expect("a list").iter().find(|each| each["key"] == "endpoint-crash");
        let fingerprint = crash.expect("is built in")["fingerprint"].as_str().expect("a text");
        administrator.does(&format!("/playbooks/{fingerprint}/approve"), json!({})).await;
        for (site, cause, waits) in [("cape", "", false), ("general", "vendor update, Epic is back", true)] {
            let place = Place::Facility(harbor.facility(site)).to_string();
            let form = json!({ "playbook": "endpoint-crash", "basis": "Two wards called", "places": [place], "cause": cause });
            let incident = ada.does("/incidents", form).await["incident"].as_str().expect("an id").to_owned();
            let mut post = Post { program: ada.clone(), incident, list: String::new() };
            post.list = post.gives("Staff", &by_mail(1)).await;
            let words = json!({ "template": "first-word", "audiences": [post.list] });
            let composed = ada.does(&post.path(""), words).await;
            let path = post.path(&format!("/{}", composed["broadcast"].as_str().expect("an id")));
            let ordered = ada.does(&format!("{path}/send"), json!({})).await;
            assert_eq!(ordered["stage"], if waits { "pending_approval" } else { "staged" }, "{cause}: {composed}");
        }
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

    /// Rule 1 holds when it is sent, not when it was written: orders come in between.
    async fn an_order_that_came_since_asks_for_a_second_look(world: World) {
        world.harbor().await;
        let ada = commander(world).await;
        let post = Post::open(&ada, &by_mail(1)).await;
        let orders = format!("/incidents/{}/instructions", post.incident);
        let mut words = post.words();
        words["body"] = json!("Epic may be used for results. Lab may be used.");
        let composed = ada.does(&post.path(""), &words).await;
        assert_eq!(composed["second_looks"], json!([]), "nothing is forbidden yet");
        let path = post.path(&format!("/{}", composed["broadcast"].as_str().expect("an id")));
        ada.does(&orders, json!({ "system": "epic", "word": "do_not_log_in", "place": "all" })).await;
        assert_eq!(ada.does(&format!("{path}/send"), json!({})).await["stage"], "pending_approval");
        let seen = ada.reads(&path).await;
        assert_eq!(seen["second_looks"][0]["reason"], "names_forbidden", "{seen}");
        ada.does(&orders, json!({ "system": "laboratory", "word": "do_not_log_in", "place": "all" })).await;
        let bea = world.program(&[Role::Communicator]).await;
        let approve = format!("{path}/approve");
        assert_eq!(bea.does(&approve, json!({})).await["stage"], "pending_approval", "nobody has seen the second order");
        assert_eq!(bea.reads(&path).await["second_looks"].as_array().map(Vec::len), Some(2));
        assert_eq!(bea.does(&approve, json!({})).await["stage"], "staged");
        deliver_all(world).await;
        assert_eq!(mail::in_outbox(world.folder.path()).len(), 1);
    }

    /// Who speaks for one site speaks for no other, in any of the steps of a message.
    async fn a_role_at_one_site_moves_no_message_of_another(world: World) {
        let harbor = world.harbor().await;
        let ada = commander(world).await;
        let post = Post::open(&ada, &by_mail(1)).await;
        let cape = Place::Facility(harbor.facility("cape"));
        let cara = of_site(world, Role::Communicator, cape).await;
        let lead = of_site(world, Role::UnitLead, Place::Unit(harbor.unit("cape", "icu"))).await;
        let draft = ada.does(&post.path(""), post.words()).await;
        let draft = post.path(&format!("/{}", draft["broadcast"].as_str().expect("an id")));
        for step in ["send", "discard"] {
            cara.is_refused(&format!("{draft}/{step}"), json!({}), 403).await;
        }
        cara.is_refused(&post.path(""), post.words(), 403).await;
        let sent = post.sends().await;
        cara.is_refused(&format!("{sent}/doubts"), json!({ "choice": "leave" }), 403).await;
        deliver_all(world).await;
        let knows = ada.reads(&format!("{sent}/who-knows")).await;
        let unit = knows["call_list"][0]["path"].as_str().expect("a path").to_owned();
        let answer = json!({ "who": ["0"], "answer": "will_comply" });
        cara.is_refused(&unit, &answer, 403).await;
        lead.is_refused(&unit, &answer, 403).await;
        ada.does(&unit, &answer).await;

        let everybody = Post { program: cara.clone(), incident: post.incident.clone(), list: String::new() };
        let everybody = everybody.gives("Everybody", &["Dan,dan@hospital.test,,,,yes,".to_owned()]).await;
        let mut words = post.words();
        words["audiences"] = json!([everybody]);
        cara.is_refused(&post.path(""), &words, 403).await;
        words["audiences"] = json!([post.gives("Ours", &["Eve,eve@hospital.test,,cape,icu,yes,".to_owned()]).await]);
        let own = cara.does(&post.path(""), &words).await;
        let own = post.path(&format!("/{}", own["broadcast"].as_str().expect("an id")));
        assert_eq!(cara.does(&format!("{own}/send"), json!({})).await["stage"], "staged");
    }

    async fn a_second_look_is_given_by_who_speaks_for_the_site(world: World) {
        let harbor = world.harbor().await;
        let ada = commander(world).await;
        let post = Post::open(&ada, &by_mail(1)).await;
        let order = json!({ "system": "epic", "word": "do_not_log_in", "place": "all" });
        ada.does(&format!("/incidents/{}/instructions", post.incident), order).await;
        let mut words = post.words();
        words["body"] = json!("Epic is back, log in.");
        let composed = ada.does(&post.path(""), &words).await;
        let path = post.path(&format!("/{}", composed["broadcast"].as_str().expect("an id")));
        ada.does(&format!("{path}/send"), json!({})).await;
        let general = Place::Facility(harbor.facility("general"));
        let cape = of_site(world, Role::Communicator, Place::Facility(harbor.facility("cape"))).await;
        cape.is_refused(&format!("{path}/approve"), json!({}), 403).await;
        of_site(world, Role::Communicator, general).await.does(&format!("{path}/approve"), json!({})).await;
    }

    /// Yesterday's broken message does not stop tonight's, and somebody sees that it was never sent.
    async fn a_message_that_cannot_be_prepared_lets_the_later_ones_go(world: World) {
        world.harbor().await;
        let post = Post::open(&commander(world).await, &by_mail(2)).await;
        let lost = post.gives("Lost", &["Lost,lost@hospital.test,,general,ed,yes,".to_owned()]).await;
        let mut words = post.words();
        words["audiences"] = json!([lost]);
        let broken = post.sends_words(words).await;
        changes(world, A_UNIT_THAT_IS_GONE).await;
        let whole = post.sends().await;
        deliver_all(world).await;
        assert_eq!(post.program.reads(&whole).await["stage"], "done");
        assert_eq!(post.program.reads(&broken).await["stage"], "staged", "it is tried a few times");
        for _ in 0..10 {
            deliver_all(world).await;
        }
        let given_up = post.program.reads(&broken).await;
        assert_eq!(given_up["stage"], "failed", "{given_up}");
        assert!(given_up["notice"].as_str().is_some_and(|notice| notice.contains("Compose it again")), "{given_up}");
        assert_eq!(mail::in_outbox(world.folder.path()).len(), 2);
    }

    /// One request id is one file: another file under it is a mistake, not a repetition.
    async fn another_file_under_the_same_request_is_refused(world: World) {
        world.harbor().await;
        let post = Post::open(&commander(world).await, &by_mail(1)).await;
        let path = format!("/incidents/{}/audiences", post.incident);
        let id = "01900000-0000-7000-8000-0000000000ac";
        let fields = [("name", "Night"), ("request_id", id)];
        let one: &[u8] = b"name,email,facility,unit\nAnna,anna@hospital.test,cape,ed\n";
        let two: &[u8] = b"name,email,facility,unit\nBen,ben@hospital.test,cape,ed\n";
        let first: Value = post.program.uploads(&path, &fields, ("file", "l.csv", one)).await.expect(201).json();
        let again: Value = post.program.uploads(&path, &fields, ("file", "l.csv", one)).await.expect(201).json();
        assert_eq!(first, again);
        assert_eq!(post.program.uploads(&path, &fields, ("file", "l.csv", two)).await.status, 409);
        let lists = post.program.reads(&post.path("")).await["lists"].clone();
        assert_eq!(lists.as_array().map(Vec::len), Some(2), "{lists}");
    }
}
