//! What tests of broadcasts do again and again: declare, give a list, compose, send, and let the worker work.

use backend::jobs::deliver;
use serde_json::{Value, json};

use crate::{Program, World};

/// An incident with a list of people, and the program that speaks for it.
pub struct Post {
    pub program: Program,
    pub incident: String,
    pub list: String,
}

impl Post {
    /// Declares for all sites and gives a list: the lines of a CSV file under
    /// `name,email,phone,facility,unit,on_duty,lead`.
    pub async fn open(program: &Program, lines: &[String]) -> Self {
        Self::declared(program, "real", lines).await
    }

    /// The same for an exercise.
    pub async fn exercise(program: &Program, lines: &[String]) -> Self {
        Self::declared(program, "exercise", lines).await
    }

    async fn declared(program: &Program, kind: &str, lines: &[String]) -> Self {
        let form = json!({
            "name": "Computers down", "basis": "Two wards called", "places": ["all"], "systems": ["epic:down"], "kind": kind
        });
        let incident = program.does("/incidents", form).await["incident"].as_str().expect("an id").to_owned();
        let mut post = Self { program: program.clone(), incident, list: String::new() };
        post.list = post.gives("Staff", lines).await;
        post
    }

    /// Gives another list and returns its id.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn gives(&self, name: &str, lines: &[String]) -> String {
        let file = format!("name,email,phone,facility,unit,on_duty,lead\n{}\n", lines.join("\n"));
        let path = format!("/incidents/{}/audiences", self.incident);
        let uploaded =
            self.program.uploads(&path, &[("name", name)], ("file", "list.csv", file.as_bytes())).await;
        let uploaded: Value = uploaded.expect(201).json();
        assert_eq!(uploaded["people"], lines.len(), "{uploaded}");
        uploaded["audience"].as_str().expect("an id").to_owned()
    }

    /// The path of the incident's broadcasts, with an end.
    pub fn path(&self, end: &str) -> String {
        format!("/incidents/{}/broadcasts{end}", self.incident)
    }

    /// A free text to the list.
    pub fn words(&self) -> Value {
        json!({
            "subject": "Computers are down", "body": "Use paper.\n.\nNext update 04:00.", "sms": "Use paper. Next update 04:00.",
            "audiences": [self.list]
        })
    }

    /// Composes and orders; gives the broadcast's path.
    pub async fn sends(&self) -> String {
        self.sends_words(self.words()).await
    }

    /// The same with other words.
    pub async fn sends_words(&self, words: Value) -> String {
        let composed = self.program.does(&self.path(""), words).await;
        let path = self.path(&format!("/{}", composed["broadcast"].as_str().expect("an id")));
        let ordered = self.program.does(&format!("{path}/send"), json!({})).await;
        assert_eq!(ordered["stage"], "staged", "{ordered}");
        path
    }

    /// The deliveries of a broadcast.
    pub async fn deliveries(&self, broadcast: &str) -> Vec<Value> {
        let view = self.program.reads(&format!("{broadcast}/deliveries")).await;
        view["lines"].as_array().expect("a list").clone()
    }
}

/// Lines of people with an e-mail address only, at one unit.
pub fn by_mail(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("Person {number},p{number}@hospital.test,,general,ed,yes,")).collect()
}

/// Stages and sends all that is due, with the gateways of the settings.
///
/// # Panics
/// When the worker cannot work.
pub async fn deliver_all(world: &World) {
    let mut worker = deliver::begin(&world.app).await.expect("a worker can begin");
    worker.drain(&world.app).await.expect("the worker works");
}

/// The paths of the answer links in the outbox, by address.
pub fn answer_links(world: &World) -> std::collections::BTreeMap<String, String> {
    let mails = crate::mail::in_outbox(world.folder.path());
    let mut links = std::collections::BTreeMap::new();
    for mail in mails.iter().filter(|mail| mail.header("Subject").is_some()) {
        let path =
            mail.body.split("/a/").nth(1).and_then(|rest| rest.get(..11)).expect("a mail has its link");
        links.insert(mail.header("To").expect("a mail has an address").to_owned(), format!("/a/{path}"));
    }
    links
}
