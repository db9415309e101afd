//! The doors of broadcasts: for those who send, and the two public ones, to answer and to verify.

use axum::{
    extract::{Multipart, Path, Query},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    actor::Role,
    broadcasts::{
        AnswerForUnit, Answered, GiveAnswer,
        compose::{Compose, Composed},
    },
    deliveries::{Channel, State},
    field::Text,
    id::{BroadcastId, DeliveryId, IncidentId},
    table,
    view::broadcasts::{
        AnswerView, BroadcastView, BroadcastsView, ComposeView, DeliveriesView, DeliveryView, UnitView,
        VerifyView, WhoKnowsView,
    },
};
use frontend::pages::{answer as answer_page, broadcasts as page, verify as verify_page};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    all_clear::{self, SayAllClear},
    answer, audience,
    audience::{Upload, Uploaded},
    compose, decide, knows, ledger, pages, send,
    send::{Act, Ordered},
};
use crate::{
    accounts::store as accounts,
    failure::Failure,
    incidents::web::incident_id,
    jobs::deliver::guard::{self, Release, Released},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const SENDERS: Access = Access::Roles(&[Role::Commander, Role::Communicator]);
const CALLERS: Access = Access::Roles(&[Role::Commander, Role::Communicator, Role::UnitLead]);

/// The routes of broadcasts.
pub fn routes(routes: Routes) -> Routes {
    let all = "/incidents/{incident}/broadcasts";
    let one = "/incidents/{incident}/broadcasts/{broadcast}";
    let ledger = "/incidents/{incident}/broadcasts/{broadcast}/deliveries";
    let delivery = "/incidents/{incident}/broadcasts/{broadcast}/deliveries/{delivery}";
    let unit = "/incidents/{incident}/broadcasts/{broadcast}/units/{unit}";
    let (lists, file) =
        ("/incidents/{incident}/audiences", "/incidents/{incident}/broadcasts/{broadcast}/deliveries.csv");
    let knows = "/incidents/{incident}/broadcasts/{broadcast}/who-knows";
    let calls = "/incidents/{incident}/broadcasts/{broadcast}/call-list";
    let order = "/incidents/{incident}/broadcasts/{broadcast}/send";
    let approve = "/incidents/{incident}/broadcasts/{broadcast}/approve";
    let discard = "/incidents/{incident}/broadcasts/{broadcast}/discard";
    let doubts = "/incidents/{incident}/broadcasts/{broadcast}/doubts";
    let new = "/incidents/{incident}/broadcasts/new";
    everywhere(routes)
        .page::<BroadcastsView, _>(all, Access::VIEWERS, "All broadcasts of an incident", list)
        .page::<ComposeView, _>(new, SENDERS, "The composer", show_composer)
        .command::<Compose, Composed, _>(all, SENDERS, "Compose a broadcast", compose_one)
        .command::<SayAllClear, Composed, _>(
            "/incidents/{incident}/broadcasts/all-clear",
            SENDERS,
            "Compose an all clear from its signed record",
            say_all_clear,
        )
        .page::<BroadcastView, _>(one, Access::VIEWERS, "One broadcast", show)
        .command::<Act, Ordered, _>(order, SENDERS, "Send a broadcast", order_one)
        .command::<Act, Ordered, _>(approve, SENDERS, "Give a broadcast its second look", approve_one)
        .command::<Act, Ordered, _>(discard, SENDERS, "Take a draft away", discard_one)
        .page::<WhoKnowsView, _>(knows, Access::VIEWERS, "Who knows, by unit", who_knows)
        .page::<WhoKnowsView, _>(calls, Access::VIEWERS, "The units to be called, to print", call_list)
        .page::<UnitView, _>(unit, CALLERS, "The people of a unit", show_unit)
        .command::<AnswerForUnit, Answered, _>(
            unit,
            CALLERS,
            "Answer on behalf of people of a unit",
            answer_unit,
        )
        .page::<DeliveriesView, _>(ledger, SENDERS, "The deliveries, by address", show_ledger)
        .file(file, SENDERS, "text/csv", "The deliveries as a file", ledger_file)
        .page::<DeliveryView, _>(delivery, SENDERS, "One delivery with its message", show_delivery)
        .command::<decide::Doubts, decide::Decided, _>(
            doubts,
            SENDERS,
            "Decide about deliveries in doubt",
            decide_doubts,
        )
        .upload::<Uploaded, _>(lists, SENDERS, "Give a list of people as a file", 64 * 1024 * 1024, upload)
}

/// What belongs to no incident: sending as a whole, and the doors for everyone.
fn everywhere(routes: Routes) -> Routes {
    routes
        .command::<Release, Released, _>(
            "/sending/release",
            SENDERS,
            "Decide about messages that are held",
            release,
        )
        .command::<decide::TryGateway, decide::Decided, _>(
            "/sending/gateways",
            SENDERS,
            "Try a resting gateway now",
            resume,
        )
        .page::<AnswerView, _>("/a/{token}", Access::Public, "What an answer link shows", show_answer)
        .command::<GiveAnswer, Answered, _>("/a/{token}", Access::Public, "Answer a broadcast", give_answer)
        .page::<VerifyView, _>("/verify", Access::Public, "Check a code", show_verify)
        .command::<Verify, VerifyView, _>("/verify", Access::Public, "Check a code", verify)
}

fn broadcast_id(text: &str) -> Result<BroadcastId, Problem> {
    text.parse().map_err(|_| Problem::not_found("broadcast"))
}

fn ids(incident: &str, broadcast: &str) -> Result<(IncidentId, BroadcastId), Problem> {
    Ok((incident_id(incident)?, broadcast_id(broadcast)?))
}

fn path(incident: IncidentId, broadcast: BroadcastId) -> String {
    format!("/incidents/{incident}/broadcasts/{broadcast}")
}

async fn list(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    list_page(&door, incident_id(&incident)?, Vec::new(), Mistakes::default()).await
}

async fn list_page(
    door: &Door,
    incident: IncidentId,
    typed: Vec<Text>,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let view = pages::list(&door.app, door.actor(), incident, typed).await?;
    let title = page::list_title(&view);
    let tx = door.read().await?;
    door.incident_page(tx, incident, &title, view, page::list, mistakes).await
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    template: Text,
    #[serde(default)]
    supersedes: Text,
}

async fn show_composer(
    door: Door,
    Path(incident): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let form = Compose { template: asked.template, supersedes: asked.supersedes, ..Compose::default() };
    composer(&door, incident_id(&incident)?, form, Mistakes::default()).await
}

async fn composer(
    door: &Door,
    incident: IncidentId,
    form: Compose,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let view = pages::composer(&door.app, incident, form).await?;
    let tx = door.read().await?;
    door.incident_page(tx, incident, "Compose a broadcast", view, page::compose, mistakes).await
}

async fn compose_one(
    door: Door,
    Path(incident): Path<String>,
    input: Input<Compose>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let run = move |app, by, form| compose::compose(app, by, (incident, form));
    match door.run(&input, run).await {
        Ok(composed) => Ok(door.done(&path(incident, composed.broadcast), &composed)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| {
                composer(&door, incident, form, mistakes).await
            })
            .await
        }
    }
}

async fn say_all_clear(
    door: Door,
    Path(incident): Path<String>,
    input: Input<SayAllClear>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let run = move |app, by, form| all_clear::compose(app, by, (incident, form));
    match door.run(&input, run).await {
        Ok(composed) => Ok(door.done(&path(incident, composed.broadcast), &composed)),
        Err(failure) => {
            let typed = input.form.audiences;
            let again = async |mistakes| list_page(&door, incident, typed, mistakes).await;
            door.again(failure, &input.typed, again).await
        }
    }
}

async fn show(door: Door, Path((incident, broadcast)): Path<(String, String)>) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    one(&door, incident, broadcast, Mistakes::default()).await
}

async fn one(
    door: &Door,
    incident: IncidentId,
    broadcast: BroadcastId,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let view = pages::one(&door.app, door.actor(), incident, broadcast).await?;
    let title = page::one_title(&view);
    let tx = door.read().await?;
    door.incident_page(tx, incident, &title, view, page::one, mistakes).await
}

/// Runs an act on a broadcast and leads back to its page.
async fn act<U, R>(
    door: Door,
    input: Input<Act>,
    ids: (IncidentId, BroadcastId),
    use_case: U,
) -> Result<Response, Problem>
where
    U: Fn(crate::app::App, crate::store::journal::By, (IncidentId, BroadcastId, Act)) -> R
        + Send
        + Copy
        + 'static,
    R: Future<Output = Result<Ordered, Failure>> + Send + 'static,
{
    let (incident, broadcast) = ids;
    let run = move |app, by, form| use_case(app, by, (incident, broadcast, form));
    match door.run(&input, run).await {
        Ok(ordered) => Ok(door.done(&path(incident, broadcast), &ordered)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| {
                one(&door, incident, broadcast, mistakes).await
            })
            .await
        }
    }
}

async fn order_one(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
    input: Input<Act>,
) -> Result<Response, Problem> {
    act(door, input, ids(&incident, &broadcast)?, send::send).await
}

async fn approve_one(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
    input: Input<Act>,
) -> Result<Response, Problem> {
    act(door, input, ids(&incident, &broadcast)?, send::approve).await
}

async fn discard_one(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
    input: Input<Act>,
) -> Result<Response, Problem> {
    act(door, input, ids(&incident, &broadcast)?, send::discard).await
}

async fn knows_view(
    door: &Door,
    incident: IncidentId,
    broadcast: BroadcastId,
) -> Result<WhoKnowsView, Problem> {
    let mut tx = door.app.db.read().await?;
    let row = send::of_incident(&mut tx, incident, broadcast).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    Ok(knows::view(&mut tx, &row, door.app.clock.now(), &zone).await?)
}

async fn who_knows(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let view = knows_view(&door, incident, broadcast).await?;
    let title = page::knows_title(&view);
    let tx = door.read().await?;
    door.incident_page(tx, incident, &title, view, page::who_knows, Mistakes::default()).await
}

async fn call_list(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let view = knows_view(&door, incident, broadcast).await?;
    let title = page::call_list_title(&view);
    let tx = door.read().await?;
    door.incident_page(tx, incident, &title, view, page::call_list, Mistakes::default()).await
}

type UnitPath = Path<(String, String, String)>;

async fn show_unit(door: Door, Path((incident, broadcast, unit)): UnitPath) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let unit = unit.parse().map_err(|_| Problem::not_found("unit"))?;
    let view = pages::unit(&door.app, incident, broadcast, unit, Default::default()).await?;
    let title = page::unit_title(&view);
    let tx = door.read().await?;
    door.incident_page(tx, incident, &title, view, page::unit, Mistakes::default()).await
}

async fn answer_unit(
    door: Door,
    Path((incident, broadcast, unit)): UnitPath,
    input: Input<AnswerForUnit>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let unit = unit.parse().map_err(|_| Problem::not_found("unit"))?;
    let run = move |app, by, form| answer::on_behalf(app, by, (incident, broadcast, unit, form));
    match door.run(&input, run).await {
        Ok(answered) => Ok(door.done(&format!("{}/who-knows", path(incident, broadcast)), &answered)),
        Err(failure) => {
            let typed = (input.form.answer.0, input.form.note.0);
            let again = async |mistakes| {
                let view = pages::unit(&door.app, incident, broadcast, unit, typed).await?;
                let title = page::unit_title(&view);
                let tx = door.read().await?;
                door.incident_page(tx, incident, &title, view, page::unit, mistakes).await
            };
            door.again(failure, &input.typed, again).await
        }
    }
}

#[derive(Deserialize, Default)]
struct Wanted {
    #[serde(default)]
    state: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    after: String,
}

impl Wanted {
    fn filter(&self, most: i64) -> ledger::Filter {
        let after = self.after.parse::<DeliveryId>().ok().map(|id| id.0);
        ledger::Filter {
            state: State::from_code(&self.state),
            channel: Channel::from_code(&self.channel),
            after,
            most,
        }
    }
}

async fn show_ledger(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let mut tx = door.app.db.read().await?;
    let row = send::of_incident(&mut tx, incident, broadcast).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let filter = wanted.filter(ledger::PAGE);
    let lines = ledger::lines(&mut tx, broadcast, filter, &zone).await?;
    let query = format!(
        "state={}&channel={}",
        filter.state.map_or("", State::code),
        filter.channel.map_or("", Channel::code)
    );
    let base = format!("{}/deliveries", path(incident, broadcast));
    let full = i64::try_from(lines.len()).is_ok_and(|count| count == ledger::PAGE);
    let next = lines.last().filter(|_| full).map(|last| format!("{base}?{query}&after={}", last.id));
    let view = DeliveriesView {
        incident,
        broadcast,
        number: row.number,
        state: filter.state,
        channel: filter.channel,
        lines,
        next,
        csv: format!("{base}.csv?{query}"),
        asks: ledger::asks(&mut tx, broadcast).await?,
        request_id: door.request_id(),
        may_send: door.actor().has(&[Role::Communicator, Role::Commander]),
    };
    let title = page::ledger_title(&view);
    door.incident_page(tx, incident, &title, view, page::ledger, Mistakes::default()).await
}

async fn ledger_file(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let mut tx = door.app.db.read().await?;
    send::of_incident(&mut tx, incident, broadcast).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let lines = ledger::lines(&mut tx, broadcast, wanted.filter(1_000_000), &zone).await?;
    drop(tx);
    let header =
        ["channel", "address", "people", "state", "gateway", "reply", "attempts", "message_id", "updated"];
    let rows = lines.into_iter().map(|line| {
        let people = line.people.join("; ");
        let (channel, attempts) = (line.channel.code().to_owned(), line.attempts.to_string());
        vec![
            channel,
            line.address,
            people,
            line.words,
            line.gateway,
            line.reply,
            attempts,
            line.message_id,
            line.updated,
        ]
    });
    let csv = table::write_csv(&header, rows);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"deliveries.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, csv).into_response())
}

async fn show_delivery(
    door: Door,
    Path((incident, broadcast, delivery)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let delivery: DeliveryId = delivery.parse().map_err(|_| Problem::not_found("delivery"))?;
    let mut tx = door.app.db.read().await?;
    let row = send::of_incident(&mut tx, incident, broadcast).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let found = ledger::one(&door.app, &mut tx, broadcast, delivery, &zone).await?;
    let (line, subject, text, events) = found.ok_or_else(|| Problem::not_found("delivery"))?;
    let view = DeliveryView { incident, broadcast, number: row.number, line, subject, text, events };
    door.incident_page(tx, incident, "One delivery", view, page::delivery, Mistakes::default()).await
}

async fn decide_doubts(
    door: Door,
    Path((incident, broadcast)): Path<(String, String)>,
    input: Input<decide::Doubts>,
) -> Result<Response, Problem> {
    let (incident, broadcast) = ids(&incident, &broadcast)?;
    let decided =
        door.run(&input, move |app, by, form| decide::doubts(app, by, (incident, broadcast, form))).await?;
    Ok(door.done(&format!("{}/deliveries?state=in_doubt", path(incident, broadcast)), &decided))
}

/// What is held or rests concerns the messages of every site.
fn must_send_everywhere(door: &Door) -> Result<(), Problem> {
    if door.actor().has_everywhere(&[Role::Commander, Role::Communicator]) {
        return Ok(());
    }
    Err(Problem::forbidden("This concerns the messages of all sites: it needs a role for all sites."))
}

async fn release(door: Door, input: Input<Release>) -> Result<Response, Problem> {
    must_send_everywhere(&door)?;
    let released = door.run(&input, guard::release).await?;
    Ok(door.done("/incidents", &released))
}

async fn resume(door: Door, input: Input<decide::TryGateway>) -> Result<Response, Problem> {
    must_send_everywhere(&door)?;
    let decided = door.run(&input, decide::try_gateway).await?;
    Ok(door.done("/incidents", &decided))
}

async fn upload(door: Door, Path(incident): Path<String>, mut parts: Multipart) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let unreadable = |error: axum::extract::multipart::MultipartError| {
        Problem::new(error.status(), "unreadable", format!("The file cannot be read: {}.", error.body_text()))
    };
    let (mut name, mut request_id, mut file) = (String::new(), String::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        match part.name().unwrap_or_default() {
            "name" => name = part.text().await.map_err(unreadable)?,
            "request_id" => request_id = part.text().await.map_err(unreadable)?,
            "file" => file = part.bytes().await.map_err(unreadable)?.to_vec(),
            _ => {}
        }
    }
    let input = Input::of_upload(&door, &request_id, Upload { incident, name, file })?;
    match door.run(&input, audience::upload).await {
        Ok(uploaded) => Ok(door.done(&format!("/incidents/{incident}/broadcasts/new"), &uploaded)),
        Err(failure) => {
            door.again(failure, &input.typed, async |mistakes| {
                list_page(&door, incident, Vec::new(), mistakes).await
            })
            .await
        }
    }
}

async fn show_answer(door: Door, Path(token): Path<String>) -> Result<Response, Problem> {
    answer(&door, &token, GiveAnswer::default(), Mistakes::default()).await
}

async fn answer(door: &Door, token: &str, form: GiveAnswer, mistakes: Mistakes) -> Result<Response, Problem> {
    let view = pages::answer_page(&door.app, token, form).await?;
    let title = answer_page::title(&view);
    let tx = door.read().await?;
    door.page(tx, &title, view, answer_page::page, mistakes).await
}

async fn give_answer(
    door: Door,
    Path(token): Path<String>,
    input: Input<GiveAnswer>,
) -> Result<Response, Problem> {
    let (app, form, given) = (door.app.clone(), input.form.clone(), token.clone());
    // Tracked: a telephone that loses its line does not lose its answer.
    let task = door.app.spawn(async move { answer::by_link(&app, &given, &form).await });
    match task.await.unwrap_or_else(|panic| Err(Failure::Broken(panic.to_string()))) {
        Ok(answered) => Ok(door.done(&format!("/a/{token}"), &answered)),
        Err(failure) => {
            let form = input.form;
            door.again(failure, &input.typed, async |mistakes| answer(&door, &token, form, mistakes).await)
                .await
        }
    }
}

/// Checks a code.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Verify {
    code: Text,
}

async fn show_verify(door: Door, Query(asked): Query<Verify>) -> Result<Response, Problem> {
    verified(&door, asked.code.trimmed()).await
}

async fn verify(door: Door, input: Input<Verify>) -> Result<Response, Problem> {
    verified(&door, input.form.code.trimmed()).await
}

async fn verified(door: &Door, typed: &str) -> Result<Response, Problem> {
    let view = pages::verify(&door.app, typed).await?;
    let title = verify_page::title(&view);
    let tx = door.read().await?;
    door.page(tx, &title, view, verify_page::page, Mistakes::default()).await
}
