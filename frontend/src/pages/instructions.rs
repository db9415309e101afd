//! What people may and may not touch, by system and site, and the form that orders it.

use domain::{
    instructions::Word,
    scope::Function,
    view::{
        frame::Frame,
        instructions::{InstructionsView, IssueForm, OrderLine, Pick},
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    icon, matrix,
    table::{self, Column, Row},
};

/// The body of the page.
pub fn body(frame: &Frame, view: &InstructionsView) -> AnyView {
    let path = frame.path.split('?').next().unwrap_or_default().to_owned();
    let path = path.split("/instructions").next().unwrap_or_default().to_owned() + "/instructions";
    let waiting = (!view.waiting.is_empty()).then(|| {
        ui::panel("Waits for a second person", orders(&view.waiting, &path, Act::Answer, "Nothing waits."))
    });
    let ended = (!view.ended.is_empty())
        .then(|| ui::panel("Ended", orders(&view.ended, &path, Act::None, "Nothing has ended.")));
    let (back, hold): (Vec<OrderLine>, Vec<OrderLine>) =
        view.in_force.iter().cloned().partition(|line| line.stands_back);
    let back = (!back.is_empty()).then(|| {
        ui::panel(
            "Not in force now: something else holds at their place",
            orders(&back, &path, Act::Lift, ""),
        )
    });
    view! {
        {ui::head(frame, &view.title, None, None)}
        <div class="stack">
            {matrix::matrix(&view.matrix)}
            {waiting}
            {ui::panel("Orders", orders(&hold, &path, Act::Lift, "No order is in force."))}
            {back}
            {view.form.as_ref().map(|form| ui::panel("New order", issue(frame, form, &path)))}
            {ended}
        </div>
    }
    .into_any()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    None,
    Lift,
    Answer,
}

fn orders(lines: &[OrderLine], path: &str, act: Act, empty: &str) -> AnyView {
    let mut columns =
        vec![Column::new("Order"), Column::new("System"), Column::new("Where"), Column::new("Since, by")];
    if act != Act::None {
        columns.push(Column::actions());
    }
    let rows = lines.iter().map(|line| order(line, path, act)).collect();
    table::table("Orders", columns, rows, empty)
}

/// Sentences one after the other, each with one full stop between.
fn sentences(parts: &[String]) -> String {
    let bare: Vec<&str> = parts.iter().map(|part| part.trim_end_matches('.')).collect();
    let end = if parts.last().is_some_and(|last| last.ends_with('.')) { "." } else { "" };
    bare.join(". ") + end
}

fn order(line: &OrderLine, path: &str, act: Act) -> Row {
    let words = if line.stands_back {
        view! { <span class="muted">{format!("Not now: {}", line.words)}</span> }.into_any()
    } else {
        view! { <span class=format!("state {}", line.look.code())>{icon::order(line.look)}{line.words.clone()}</span> }
            .into_any()
    };
    let mut second: Vec<String> = Vec::new();
    second.extend([&line.instead, &line.remark].into_iter().filter(|text| !text.is_empty()).cloned());
    let mut about = vec![line.functions.clone(), line.condition.clone()];
    if !line.whom.is_empty() {
        about.push(format!("for {}", line.whom));
    }
    about.retain(|text| !text.is_empty());
    let mut cells = vec![
        table::two_lines(words, sentences(&second)),
        table::two_lines(line.system.clone(), about.join(", ")),
        table::text(&line.place),
        table::two_lines(line.since.clone(), line.issued_by.clone()),
    ];
    if act != Act::None {
        let action = match act {
            Act::Lift if line.may_act => lift(line, path),
            Act::Answer if line.may_act => answer(line, path),
            _ => ().into_any(),
        };
        cells.push(action);
    }
    Row::new(cells)
}

fn lift(line: &OrderLine, path: &str) -> AnyView {
    let action = format!("{path}/{}/lift", line.id);
    let what = format!("{} for {} at {}", line.words, line.system, line.place);
    let id = format!("lift-{}", line.id);
    view! {
        <details>
            <summary class="button small">"Lift"<span class="unseen">" "{what.clone()}</span></summary>
            <form method="post" action=action class="form">
                <input type="hidden" name="request_id" value=line.request_id.to_string()/>
                <div class="field">
                    <label for=id.clone()>"Why does it end?"</label>
                    <input class="box" type="text" id=id name="reason" autocomplete="off"/>
                </div>
                {button::small("Lift", &what)}
            </form>
        </details>
    }
    .into_any()
}

fn answer(line: &OrderLine, path: &str) -> AnyView {
    let action = format!("{path}/{}/approve", line.id);
    let what = format!("{} for {} at {}", line.words, line.system, line.place);
    view! {
        <form method="post" action=action>
            <input type="hidden" name="request_id" value=line.request_id.to_string()/>
            <button class="button small" type="submit" name="answer" value="approve">
                "Approve"<span class="unseen">" "{what.clone()}</span>
            </button>
            " "
            <button class="button small" type="submit" name="answer" value="reject">
                "Reject"<span class="unseen">" "{what}</span>
            </button>
        </form>
    }
    .into_any()
}

fn issue(frame: &Frame, form: &IssueForm, path: &str) -> AnyView {
    let (typed, errors) = (&form.typed, &frame.errors);
    let picks = |picks: &[Pick]| -> Vec<Choice> {
        picks.iter().map(|pick| Choice::new(pick.value.clone(), pick.words.clone())).collect()
    };
    let with_none = |choices: Vec<Choice>| -> Vec<Choice> {
        std::iter::once(Choice::new("", "Choose")).chain(choices).collect()
    };
    let words = Word::ALL.iter().map(|word| Choice::new(word.code(), word.words().to_uppercase())).collect();
    let functions =
        || Function::ALL.iter().map(|each| Choice::new(each.code(), each.code())).collect::<Vec<_>>();
    let ticked = |texts: &[domain::field::Text]| texts.iter().map(|text| text.0.clone()).collect::<Vec<_>>();
    let narrower = (!form.narrower.is_empty()).then(|| {
        Field::new("keeps", "Keep these although the new order is stricter")
            .hint("Every older, narrower, weaker order inside the new one's scope is suspended, unless you keep it here")
            .errors(errors)
            .checkboxes(picks(&form.narrower), &ticked(&typed.keeps))
    });
    let body = view! {
        {Field::new("system", "System").value(typed.system.0.clone()).errors(errors).select(with_none(picks(&form.systems)))}
        {Field::new("word", "What people may or may not do").value(typed.word.0.clone()).errors(errors).select(with_none(words))}
        {Field::new("place", "Where").value(typed.place.0.clone()).errors(errors).select(picks(&form.places))}
        {Field::new("instead", "What to do instead").hint("One sentence, as it can stand on a door").value(typed.instead.0.clone())
            .errors(errors).optional().text()}
        {Field::new("condition", "Only for things that are").hint("For example: not used today").value(typed.condition.0.clone())
            .errors(errors).optional().text()}
        <details open=!errors.is_empty()>
            <summary>"Only some functions, only some people, short form"</summary>
            <div class="stack">
                {Field::new("functions", "Functions").hint("None ticked means all").errors(errors).checkboxes(functions(), &ticked(&typed.functions))}
                {Field::new("only_for", "USE ONLY FOR which functions").errors(errors).checkboxes(functions(), &ticked(&typed.only_for))}
                {Field::new("whom", "For whom").value(if typed.whom.is_blank() { "everyone".to_owned() } else { typed.whom.0.clone() })
                    .errors(errors)
                    .radios(vec![
                        Choice::new("everyone", "Everyone"),
                        Choice::new("pilots", "Named pilots").hint("A second person approves it"),
                        Choice::new("position", "A position").hint("A second person approves it"),
                    ])}
                {Field::new("pilots", "Logins of the pilots").hint("Separated by commas")
                    .value(typed.pilots.iter().map(|text| text.0.clone()).collect::<Vec<_>>().join(", ")).errors(errors).optional().text()}
                {Field::new("position", "Title of the position").value(typed.position.0.clone()).errors(errors).optional().text()}
                {Field::new("short", "Short form for the matrix").hint("At most 21 letters").value(typed.short.0.clone())
                    .errors(errors).optional().text()}
                {narrower}
            </div>
        </details>
        {button::primary("Issue order")}
    };
    button::form(path, &form.request_id.to_string(), body.into_any())
}
