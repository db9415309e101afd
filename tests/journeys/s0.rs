//! S0 on a real server with either database: as programs play it, and as people do in a browser without JavaScript.

use std::collections::{BTreeMap, BTreeSet};

use acceptance::{
    Kind, RealServer,
    by_hand::ByHand,
    desk::Desk,
    mail::SmtpSink,
    morning::{Morning, PEOPLE_TOLD},
    sms::SmsGateway,
};

async fn plays_as_json(kind: Kind) {
    let (sink, sms) = (SmtpSink::start(&[]), SmsGateway::start().await);
    let mut server = RealServer::prepare(kind, &[("smtp", &sink.url()), ("sms", &sms.url())]).await;
    let harbor = server.put_harbor().await;
    server.launch();
    let administrator = server.set_up().await;
    let mut morning = Morning::before(administrator, harbor).await;
    morning.plays().await;

    everybody_was_told_once(&sink, &sms).await;
    the_log_proves_it(&mut server);
    server.end().await;
}

async fn plays_as_forms(kind: Kind) {
    let (sink, sms) = (SmtpSink::start(&[]), SmsGateway::start().await);
    let mut server = RealServer::prepare(kind, &[("smtp", &sink.url()), ("sms", &sms.url())]).await;
    let harbor = server.put_harbor().await;
    server.launch();
    let administrator = server.set_up().await;
    Morning::before(administrator, harbor).await;
    ByHand::everywhere(Desk::plain(server.person())).plays().await;
    everybody_was_told_once(&sink, &sms).await;
    the_log_proves_it(&mut server);
    server.end().await;
}

/// Both broadcasts reached every recipient once, by e-mail and by SMS.
async fn everybody_was_told_once(sink: &SmtpSink, sms: &SmsGateway) {
    let mails = sink.wait_for(2 * PEOPLE_TOLD).await;
    let ids: BTreeSet<&str> = mails.iter().map(acceptance::mail::Mail::message_id).collect();
    assert_eq!((mails.len(), ids.len()), (2 * PEOPLE_TOLD, 2 * PEOPLE_TOLD));
    let mut told: BTreeMap<&String, usize> = BTreeMap::new();
    mails.iter().flat_map(|mail| &mail.recipients).for_each(|to| *told.entry(to).or_default() += 1);
    assert!(told.len() == PEOPLE_TOLD && told.values().all(|count| *count == 2), "{told:?}");
    assert_eq!(sms.texts().len(), 2 * PEOPLE_TOLD);
}

fn the_log_proves_it(server: &mut RealServer) {
    server.stop();
    let verified = server.runs_well(&["log", "verify"]);
    assert!(verified.contains("unbroken"), "{verified}");
}

#[tokio::test]
async fn from_declaration_to_close_as_json_on_sqlite() {
    plays_as_json(Kind::Sqlite).await;
}

#[tokio::test]
async fn from_declaration_to_close_as_json_on_postgres() {
    plays_as_json(Kind::Postgres).await;
}

#[tokio::test]
async fn from_declaration_to_close_as_forms_without_javascript_on_sqlite() {
    plays_as_forms(Kind::Sqlite).await;
}

#[tokio::test]
async fn from_declaration_to_close_as_forms_without_javascript_on_postgres() {
    plays_as_forms(Kind::Postgres).await;
}
