//! The way back: a ladder of scopes, the sign-off beside it, and what still keeps the incident from closing.

use domain::{
    clearance::Stage as ScopeStage,
    closing::{Blocker, BlockerKind, Item},
    view::{
        clearance::{
            ClearanceView, CloseView, EvidenceLine, NodeState, Panel, ScopeLine, SignatureLine, WaiverLine,
        },
        frame::Frame,
    },
};
use leptos::prelude::*;

use crate::ui::{
    self, button,
    field::{Choice, Field},
    icon,
    ladder::{Node, Stage, Track, ladder},
};

const STAGES: [&str; 5] = ["Restored, IT only", "Pilot", "Waves", "All clear", "Back-entry"];
/// The place of "All clear" among them, behind the signature gate.
const GATE: usize = 3;
/// So many of the things in the way are named; the link leads to all of them.
const MOST_NAMED: usize = 9;
/// With more scopes than this, those that nobody has begun are folded.
const MOST_OPEN: usize = 14;

/// The body of the page.
pub fn body(frame: &Frame, view: &ClearanceView) -> AnyView {
    let chosen = view.chosen.as_ref().map(|panel| panel.id);
    // Beyond a screenful, what nobody has begun is drawn together.
    let quiet = |scope: &&ScopeLine| {
        view.scopes.len() > MOST_OPEN && scope.stage == ScopeStage::Waiting && chosen != Some(scope.id)
    };
    let drawn = |scope: &ScopeLine| track(scope, chosen == Some(scope.id));
    let tracks: Vec<Track> = view.scopes.iter().filter(|scope| !quiet(scope)).map(drawn).collect();
    let later: Vec<Track> = view.scopes.iter().filter(quiet).map(drawn).collect();
    let list = if view.scopes.is_empty() {
        view! { <p class="empty">"Nothing was affected, so nothing must be cleared."</p> }.into_any()
    } else if tracks.is_empty() {
        view! { <p class="empty">"Nothing is restored yet."</p> }.into_any()
    } else {
        ladder(&STAGES, GATE, tracks)
    };
    let later = (!later.is_empty()).then(|| {
        let words = format!("{} not restored yet", ui::counted(view.not_started, "scope", "scopes"));
        view! { <details><summary>{words}</summary>{ladder(&STAGES, GATE, later)}</details> }
    });
    let close = button::secondary_link("What keeps it open", &view.close_path);
    view! {
        {ui::head(frame, &view.title, None, Some(close))}
        <div class="beside">
            <section class="panel">
                {list}
                <div class="stack">
                    <p class="quote">"The heavy line is the signature gate. Only scopes past it may be called "
                        <b>"all clear"</b>", on any page or message."</p>
                    {later}
                </div>
            </section>
            {view.chosen.as_ref().map(|panel| sign_off(frame, panel))}
        </div>
    }
    .into_any()
}

fn track(scope: &ScopeLine, selected: bool) -> Track {
    let stages = scope
        .nodes
        .iter()
        .map(|node| Stage {
            node: match node.state {
                NodeState::Done => Node::Done,
                NodeState::Now => Node::Now,
                NodeState::Blocked => Node::Blocked,
                NodeState::Later => Node::Later,
            },
            words: node.words.clone(),
            blockers: node.blockers,
        })
        .collect();
    Track {
        scope: scope.name.clone(),
        functions: scope.functions.clone(),
        path: scope.path.clone(),
        stages,
        blocks: scope.blocks.clone(),
        late: scope.blocked,
        selected,
    }
}

fn sign_off(frame: &Frame, panel: &Panel) -> AnyView {
    let stand = (!panel.stand.is_empty()).then(|| {
        let lines = panel.stand.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
        view! { <div><h3>"These orders stand afterwards"</h3><ul>{lines}</ul></div> }
    });
    let refusals = (!panel.refusals.is_empty()).then(|| {
        let lines = panel.refusals.iter().map(signature).collect_view();
        view! { <div><h3>"Refused"</h3><ul class="signatures">{lines}</ul></div> }
    });
    view! {
        <section class="panel sign-off" aria-labelledby="scope">
            <p class="muted">{panel.label.clone()}", "{panel.stage_words.clone()}</p>
            <h2 id="scope">{panel.name.clone()}</h2>
            <p class="quote">{panel.attestation.clone()}</p>
            <div>
                <h3>"Evidence"</h3>
                <ul class="signatures">{panel.evidence.iter().map(evidence).collect_view()}</ul>
            </div>
            <div>
                <h3>"Signatures"</h3>
                <ul class="signatures">{panel.signatures.iter().map(signature).collect_view()}</ul>
            </div>
            {refusals}
            {stand}
            <p>{panel.consequence.clone()}</p>
            {acts(frame, panel)}
        </section>
    }
    .into_any()
}

fn evidence(line: &EvidenceLine) -> AnyView {
    let shape = mark(line.holds, line.wrong);
    let note = (!line.note.is_empty()).then(|| view! { <span class="second">{line.note.clone()}</span> });
    view! {
        <li>
            {shape}
            <span>{line.name.clone()}<span class="second">{line.owner.clone()}", "{line.remark.clone()}</span>{note}</span>
            <span>{line.at.clone()}</span>
        </li>
    }
    .into_any()
}

fn signature(line: &SignatureLine) -> AnyView {
    let who = match (line.given, line.yours) {
        (false, true) if line.name.is_empty() => "you".to_owned(),
        (false, _) if line.name.is_empty() => "open".to_owned(),
        _ => line.name.clone(),
    };
    let words = (!line.words.is_empty()).then(|| view! { <span class="second">{line.words.clone()}</span> });
    view! {
        <li>
            {mark(line.given, !line.given && !line.at.is_empty())}
            <span>{line.title.clone()}<span class="second">{who}</span>{words}</span>
            <span>{line.at.clone()}</span>
        </li>
    }
    .into_any()
}

fn mark(holds: bool, wrong: bool) -> AnyView {
    match (holds, wrong) {
        (true, _) => view! { <span class="operational">{icon::tick()}</span> }.into_any(),
        (false, true) => view! { <span class="late">{icon::flag()}</span> }.into_any(),
        (false, false) => icon::status(domain::scope::Status::Unknown),
    }
}

/// What this person may do now; the one that the scope waits for is the primary action.
fn acts(frame: &Frame, panel: &Panel) -> AnyView {
    let may = &panel.may;
    let path = |end: &str| format!("{}/{end}", panel.path);
    let plain = |end: &str, words: String| {
        button::form(&path(end), &panel.request_id.to_string(), button::primary(&words))
    };
    let signs = (!may.sign_as.is_empty()).then(|| sign_form(frame, panel));
    let restore = may.restore.then(|| plain("restore", "Mark restored, IT only".to_owned()));
    let release = may.release.then(|| plain("release", format!("Release {}", panel.name)));
    let gives = may.give_evidence && panel.stage != ScopeStage::Waiting;
    let gives = gives.then(|| evidence_form(frame, panel));
    let back = may.complete_back_entry.then(|| {
        let words = button::secondary("Back-entry is complete");
        button::form(&path("back-entry"), &panel.request_id.to_string(), words)
    });
    let revoke = may.revoke.then(|| revoke_form(frame, panel));
    view! { <div class="stack">{restore}{release}{signs}{gives}{back}{revoke}</div> }.into_any()
}

fn sign_form(frame: &Frame, panel: &Panel) -> AnyView {
    let (typed, errors) = (&panel.typed.sign, &frame.errors);
    let signers = &panel.may.sign_as;
    let chosen = if typed.signer.is_blank() {
        signers.first().map(|(key, _)| key.clone()).unwrap_or_default()
    } else {
        typed.signer.0.clone()
    };
    let as_whom = if signers.len() > 1 {
        let choices = signers.iter().map(|(key, title)| Choice::new(key.clone(), title.clone())).collect();
        Field::new("signer", "You sign as").value(chosen).errors(errors).radios(choices)
    } else {
        view! { <input type="hidden" name="signer" value=chosen/> }.into_any()
    };
    let body = view! {
        {as_whom}
        {Field::new("words", "Conditions, if any; for a refusal the reason").value(typed.words.0.clone()).errors(errors).optional().area(3)}
        <div class="stack">
            <button class="button primary" type="submit" name="answer" value="sign">{format!("Sign for {}", panel.name)}</button>
            <button class="button" type="submit" name="answer" value="refuse">"Refuse, and say why"</button>
        </div>
    };
    button::form(&format!("{}/sign", panel.path), &panel.request_id.to_string(), body.into_any())
}

fn evidence_form(frame: &Frame, panel: &Panel) -> AnyView {
    let (typed, errors) = (&panel.typed.evidence, &frame.errors);
    let pieces: Vec<Choice> =
        panel.evidence.iter().map(|line| Choice::new(line.key.clone(), line.name.clone())).collect();
    let next = panel.evidence.iter().find(|line| !line.holds).or(panel.evidence.first());
    let chosen = if typed.piece.is_blank() {
        next.map(|line| line.key.clone()).unwrap_or_default()
    } else {
        typed.piece.0.clone()
    };
    let body = view! {
        {Field::new("piece", "Evidence").value(chosen).errors(errors).select(pieces)}
        {Field::new("note", "What was seen").value(typed.note.0.clone()).errors(errors).optional().text()}
        <div class="actions">
            <button class="button" type="submit" name="passed" value="yes">"Passed"</button>
            <button class="button" type="submit" name="passed" value="no">"Failed"</button>
        </div>
    };
    let open = next.is_some_and(|line| !line.holds) || !typed.piece.is_blank();
    view! {
        <details open=open>
            <summary>"Give evidence"</summary>
            {button::form(&format!("{}/evidence", panel.path), &panel.request_id.to_string(), body.into_any())}
        </details>
    }
    .into_any()
}

fn revoke_form(frame: &Frame, panel: &Panel) -> AnyView {
    let (typed, errors) = (&panel.typed.revoke, &frame.errors);
    let functions = panel.functions.iter().map(|code| Choice::new(code.clone(), code.clone())).collect();
    let ticked: Vec<String> = typed.functions.iter().map(|text| text.0.clone()).collect();
    let body = view! {
        {Field::new("reason", "Why is it taken back?").value(typed.reason.0.clone()).errors(errors).area(3)}
        {Field::new("functions", "Only for these functions").hint("None ticked means the whole scope").errors(errors).checkboxes(functions, &ticked)}
        {button::secondary(&format!("Revoke {}", panel.name))}
    };
    view! {
        <details open=!errors.is_empty()>
            <summary>"Revoke"</summary>
            {button::form(&format!("{}/revoke", panel.path), &panel.request_id.to_string(), body.into_any())}
        </details>
    }
    .into_any()
}

/// What keeps the incident from closing, and closing it.
pub fn close_body(frame: &Frame, view: &CloseView) -> AnyView {
    let blockers = view.blockers.iter().map(|part| blocker(frame, view, part)).collect_view();
    let waivers = (!view.waivers.is_empty()).then(|| {
        let lines = view.waivers.iter().map(waiver).collect_view();
        ui::panel("Waivers", view! { <ul class="stack">{lines}</ul> }.into_any())
    });
    let close = view.may_close.then(|| {
        let body = view! {
            {Field::new("basis", "On what basis does it close?").hint("This stands in the log")
                .value(view.typed.basis.0.clone()).errors(&frame.errors).area(3)}
            {button::primary("Close this incident")}
        };
        ui::panel("Close", button::form(&view.path, &view.request_id.to_string(), body.into_any()))
    });
    view! {
        {ui::head(frame, &view.title, None, None)}
        <div class="stack">{blockers}{waivers}{close}</div>
    }
    .into_any()
}

fn blocker(frame: &Frame, view: &CloseView, part: &Blocker) -> AnyView {
    let waivable = part.kind.is_waivable();
    let rule = if waivable { "Two people in two roles may waive each." } else { "This cannot be waived." };
    let waived = (part.waived > 0).then(|| format!(" {} waived.", ui::count(part.waived)));
    let items =
        part.items.iter().take(MOST_NAMED).map(|item| view! { <li>{item.label.clone()}</li> }).collect_view();
    let named = i64::try_from(part.items.len().min(MOST_NAMED)).unwrap_or(0);
    let words = match part.count - named {
        more if named > 0 && more > 0 => format!("{} more, see them all", ui::count(more)),
        _ => "See them all".to_owned(),
    };
    let form = (waivable && !part.items.is_empty()).then(|| waive_form(frame, view, part));
    let body = view! {
        <p class="muted">{rule}{waived}</p>
        <ul class="named">{items}</ul>
        <p><a href=part.link.clone()>{words}</a></p>
        {form}
    };
    let title = part.kind.counted(part.count).replacen(&part.count.to_string(), &ui::count(part.count), 1);
    ui::panel(&title, body.into_any())
}

fn waive_form(frame: &Frame, view: &CloseView, part: &Blocker) -> AnyView {
    let pick = |(value, words): &(String, String)| Choice::new(value.clone(), words.clone());
    let item = |item: &Item| Choice::new(item.id.to_string(), item.label.clone());
    let owner = (part.kind == BlockerKind::CaseOpen).then(|| {
        Field::new("owner", "Who keeps this patient on their list?")
            .errors(&frame.errors)
            .select(view.owners.iter().map(pick).collect())
    });
    let action = view.path.replace("/close", "/waivers");
    let body = view! {
        <input type="hidden" name="kind" value=part.kind.code()/>
        {Field::new("item", "Waive").errors(&frame.errors).select(part.items.iter().map(item).collect())}
        {Field::new("role", "In your role as").errors(&frame.errors).select(view.roles.iter().map(pick).collect())}
        {owner}
        {Field::new("reason", "Reason").hint("The second person agrees to the first one's reason").errors(&frame.errors).text()}
        {button::secondary("Waive")}
    };
    view! {
        <details>
            <summary>"Waive one"</summary>
            {button::form(&action, &view.request_id.to_string(), body.into_any())}
        </details>
    }
    .into_any()
}

fn waiver(line: &WaiverLine) -> AnyView {
    let state = if line.second.is_empty() {
        "waits for a second person in another role".to_owned()
    } else {
        format!("agreed by {}", line.second)
    };
    let what = line.kind.counted(1);
    view! {
        <li><b>{what}</b>": "{line.reason.clone()}<span class="second">"asked for by "{line.first.clone()}", "{state}</span></li>
    }
    .into_any()
}
