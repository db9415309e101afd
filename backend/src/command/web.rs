//! The doors of command: the page, handover, pages to the commander, tasks; and the card on the board.

use axum::{extract::Path, response::Response};
use domain::{
    actor::Role,
    command::{
        AnswerOffer, AssumeCommand, CommandChanged, Holders, MarkTask, OfferCommand, Plain, TaskMarked,
        TaskState, may_assume, overdue,
    },
    id::{AccountId, HandoverId, IncidentId, TaskId},
    time::{Timestamp, Zone},
    view::{
        board::{CardView, Late},
        command::{CommandView, HolderLine, OfferLine, TaskLine},
        frame::Section,
        picture::Picture,
    },
};

use super::{PATIENCE_MINUTES, store, tasks};
use crate::{
    accounts::store as accounts,
    failure::Failure,
    incidents::{store as incidents, web::incident_id},
    playbooks::store as playbooks,
    store::{Error, Tx},
    web::{
        door::{Door, Mistakes},
        form::Input,
        problem::Problem,
        routes::{Access, Routes},
    },
};

const COMMANDERS: Access = Access::Roles(&[Role::Commander]);
const WORKERS: Access = Access::Roles(&[
    Role::Commander,
    Role::Communicator,
    Role::CaseManager,
    Role::FormsClerk,
    Role::UnitLead,
    Role::Signer,
]);

/// The routes of command.
pub fn routes(routes: Routes) -> Routes {
    routes
        .page::<CommandView, _>("/incidents/{incident}/command", Access::VIEWERS, "Command and tasks", show)
        .command::<OfferCommand, CommandChanged, _>(
            "/incidents/{incident}/command/handovers",
            COMMANDERS,
            "Offer command to somebody",
            offer,
        )
        .command::<AnswerOffer, CommandChanged, _>(
            "/incidents/{incident}/command/handovers/{handover}",
            COMMANDERS,
            "Accept, decline or withdraw an offer of command",
            answer,
        )
        .command::<Plain, CommandChanged, _>(
            "/incidents/{incident}/command/page",
            COMMANDERS,
            "Page the commander",
            page,
        )
        .command::<Plain, CommandChanged, _>(
            "/incidents/{incident}/command/page/answer",
            COMMANDERS,
            "Answer the page",
            answer_page,
        )
        .command::<AssumeCommand, CommandChanged, _>(
            "/incidents/{incident}/command/assume",
            COMMANDERS,
            "Assume command from a commander who does not answer",
            assume,
        )
        .command::<MarkTask, TaskMarked, _>(
            "/incidents/{incident}/command/tasks/{task}",
            WORKERS,
            "Mark a task done or not applicable",
            mark,
        )
}

/// What was typed into the forms of the page.
#[derive(Default)]
struct Typed {
    offer: OfferCommand,
    assume: AssumeCommand,
    task: MarkTask,
}

async fn show(door: Door, Path(incident): Path<String>) -> Result<Response, Problem> {
    command_page(&door, incident_id(&incident)?, Typed::default(), Mistakes::default()).await
}

async fn command_page(
    door: &Door,
    incident: IncidentId,
    typed: Typed,
    mistakes: Mistakes,
) -> Result<Response, Problem> {
    let mut tx = door.app.db.read().await?;
    let view = read(door, &mut tx, incident, typed).await?;
    let title = view.title.clone();
    door.incident_page(tx, incident, &title, view, frontend::pages::command::page, mistakes).await
}

async fn read(door: &Door, tx: &mut Tx, incident: IncidentId, typed: Typed) -> Result<CommandView, Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let zone = accounts::installation(tx).await?.zone();
    let (now, you) = (door.app.clock.now(), door.actor().account);
    let holders = holder_lines(tx, incident, &zone).await?;
    let paged = store::oldest_unanswered_page(tx, incident).await?;
    let frozen = playbooks::frozen(tx, incident).await?;
    let patience = frozen.map_or(PATIENCE_MINUTES, |version| version.playbook.timing.assume_command_minutes);
    let cannot_assume =
        may_assume(you, row.commander, paged, patience, now).err().map(|refusal| refusal.sentence);
    let tasks: Vec<TaskLine> = store::tasks(tx, incident)
        .await?
        .into_iter()
        .map(|task| task_line(task, &zone, now))
        .collect::<Result<_, _>>()?;
    let commander = accounts::name(tx, row.commander).await?.unwrap_or_else(|| "Nobody".into());
    Ok(CommandView {
        title: title(&commander, &tasks),
        path: format!("/incidents/{incident}/command"),
        you_command: you == row.commander,
        holders,
        offer: offer_line(tx, incident, you, &zone).await?,
        paged: paged.map(|at| zone.clock_with_zone(at)),
        cannot_assume,
        may_command: door.actor().has(&[Role::Commander]),
        tasks,
        handover_form: typed.offer,
        assume_form: typed.assume,
        task_form: typed.task,
        request_id: door.request_id(),
    })
}

fn title(commander: &str, tasks: &[TaskLine]) -> String {
    let late = tasks.iter().filter(|task| !task.late.is_empty()).count();
    match (tasks.len(), late) {
        (0, _) => format!("{commander} commands."),
        (_, 0) => format!("{commander} commands. No task is overdue."),
        (_, 1) => format!("{commander} commands. 1 task is overdue."),
        (_, late) => format!("{commander} commands. {late} tasks are overdue."),
    }
}

async fn holder_lines(tx: &mut Tx, incident: IncidentId, zone: &Zone) -> Result<Vec<HolderLine>, Error> {
    let mut lines = Vec::new();
    for holding in store::holders(tx, incident).await?.iter().flat_map(Holders::iter) {
        lines.push(HolderLine {
            name: accounts::name(tx, holding.account).await?.unwrap_or_default(),
            from: zone.full(holding.from),
            until: holding.until.map(|at| zone.full(at)).unwrap_or_default(),
        });
    }
    Ok(lines)
}

async fn offer_line(
    tx: &mut Tx,
    incident: IncidentId,
    you: AccountId,
    zone: &Zone,
) -> Result<Option<OfferLine>, Error> {
    let Some(offer) = store::open_offer(tx, incident).await? else { return Ok(None) };
    let (from, to) = (AccountId(offer.from_account), AccountId(offer.to_account));
    Ok(Some(OfferLine {
        id: HandoverId(offer.id),
        from: accounts::name(tx, from).await?.unwrap_or_default(),
        to: accounts::name(tx, to).await?.unwrap_or_default(),
        offered: zone.clock_with_zone(Timestamp(offer.offered_at)),
        briefing: offer.briefing,
        to_you: to == you,
        from_you: from == you,
    }))
}

fn task_line(task: store::TaskRow, zone: &Zone, now: Timestamp) -> Result<TaskLine, Error> {
    let state = TaskState::from_code(&task.state)
        .ok_or_else(|| Error::Corrupt(format!("a task is {:?}", task.state)))?;
    let due = Timestamp(task.due_at);
    let marked = task.marked_at.map(|at| format!("{}, {}", task.initials, zone.clock(Timestamp(at))));
    Ok(TaskLine {
        id: TaskId(task.id),
        position: task.position_title,
        text: task.body,
        due: zone.clock(due),
        late: overdue(state, due, now).unwrap_or_default(),
        state,
        marked: marked.unwrap_or_default(),
    })
}

/// The card of tasks on the board; none when the incident has no tasks.
///
/// # Errors
/// When the database does not answer.
pub async fn card(tx: &mut Tx, incident: IncidentId, now: Timestamp) -> Result<Option<CardView>, Error> {
    let (all, marked, late, due) = store::counts(tx, incident, now).await?;
    if all == 0 {
        return Ok(None);
    }
    let path = format!("/incidents/{incident}/command");
    let longest = due.and_then(|due| overdue(TaskState::Open, due, now));
    let tasks = if late == 1 { "1 task overdue".to_owned() } else { format!("{late} tasks overdue") };
    let words = longest.map(|longest| format!("{tasks}, longest {longest}"));
    let words = words.map(|words| words.trim_end_matches(" late").to_owned());
    Ok(Some(CardView {
        section: Section::Command,
        title: "Tasks".into(),
        path: path.clone(),
        as_of: String::new(),
        figure: format!("{marked} of {all}"),
        caption: "tasks done or not applicable".into(),
        picture: Picture::Squares { done: marked, late, open: all - marked - late },
        late: words.map(|words| Late { words, path }),
        late_short: if late > 0 { format!("{late} overdue") } else { String::new() },
        fine: "Nothing late.".into(),
    }))
}

async fn offer(
    door: Door,
    Path(incident): Path<String>,
    input: Input<OfferCommand>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let done = door.run(&input, move |app, by, form| super::offer(app, by, incident, form)).await;
    let typed = Typed { offer: input.form.clone(), ..Typed::default() };
    finish(&door, incident, done, &input.typed, typed).await
}

async fn answer(
    door: Door,
    Path((incident, handover)): Path<(String, String)>,
    input: Input<AnswerOffer>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let handover: HandoverId = handover.parse().map_err(|_| Problem::not_found("offer"))?;
    let done = door.run(&input, move |app, by, form| super::answer(app, by, incident, handover, form)).await;
    finish(&door, incident, done, &input.typed, Typed::default()).await
}

async fn page(door: Door, Path(incident): Path<String>, input: Input<Plain>) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let done = door.run(&input, move |app, by, form| super::page(app, by, incident, form)).await;
    finish(&door, incident, done, &input.typed, Typed::default()).await
}

async fn answer_page(
    door: Door,
    Path(incident): Path<String>,
    input: Input<Plain>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let done = door.run(&input, move |app, by, form| super::answer_page(app, by, incident, form)).await;
    finish(&door, incident, done, &input.typed, Typed::default()).await
}

async fn assume(
    door: Door,
    Path(incident): Path<String>,
    input: Input<AssumeCommand>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let done = door.run(&input, move |app, by, form| super::assume(app, by, incident, form)).await;
    let typed = Typed { assume: input.form.clone(), ..Typed::default() };
    finish(&door, incident, done, &input.typed, typed).await
}

async fn mark(
    door: Door,
    Path((incident, task)): Path<(String, String)>,
    input: Input<MarkTask>,
) -> Result<Response, Problem> {
    let incident = incident_id(&incident)?;
    let task: TaskId = task.parse().map_err(|_| Problem::not_found("task"))?;
    let done = door.run(&input, move |app, by, form| tasks::mark(app, by, incident, task, form)).await;
    let typed = Typed { task: input.form.clone(), ..Typed::default() };
    finish(&door, incident, done, &input.typed, typed).await
}

async fn finish<O: serde::Serialize>(
    door: &Door,
    incident: IncidentId,
    done: Result<O, Failure>,
    sent: &[(String, String)],
    typed: Typed,
) -> Result<Response, Problem> {
    match done {
        Ok(outcome) => Ok(door.done(&format!("/incidents/{incident}/command"), &outcome)),
        Err(failure) => {
            door.again(failure, sent, async |mistakes| command_page(door, incident, typed, mistakes).await)
                .await
        }
    }
}
