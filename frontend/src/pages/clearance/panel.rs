//! The sign-off of one scope: what is attested, on what evidence, by whom, and what the reader may do now.

use domain::{
    clearance::Stage as ScopeStage,
    playbooks::Proof,
    view::{
        clearance::{EvidenceLine, Panel, SignatureLine},
        forms::NextStep,
        frame::Frame,
    },
};
use leptos::prelude::*;

use super::waves;
use crate::ui::{
    button,
    field::{Choice, Field},
    icon,
};

/// The sign-off of the chosen scope.
pub(super) fn sign_off(frame: &Frame, panel: &Panel) -> AnyView {
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
                <ul class="signatures">{panel.evidence.iter().map(|line| evidence(panel, line)).collect_view()}</ul>
                {files(panel)}
            </div>
            {waves::waves(frame, panel)}
            <div>
                <h3>"Signatures"</h3>
                <ul class="signatures">{panel.signatures.iter().map(signature).collect_view()}</ul>
            </div>
            {refusals}
            {stand}
            <p>{panel.consequence.clone()}</p>
            {steps(&panel.next)}
            {acts(frame, panel)}
            <p><a href=panel.record_path.clone()>"The signed record, to print"</a></p>
        </section>
    }
    .into_any()
}

fn steps(next: &[NextStep]) -> AnyView {
    let step = |step: &NextStep| {
        let class = if step.late { "late" } else { "" };
        view! { <li><a class=class href=step.path.clone()>{step.words.clone()}</a></li> }
    };
    let steps = next.iter().map(step).collect_view();
    (!next.is_empty()).then(|| view! { <ol>{steps}</ol> }).into_any()
}

fn evidence(panel: &Panel, line: &EvidenceLine) -> AnyView {
    let shape = mark(line.holds, line.wrong);
    let note = (!line.note.is_empty()).then(|| view! { <span class="second">{line.note.clone()}</span> });
    let method =
        (!line.method.is_empty()).then(|| view! { <span class="second">{line.method.clone()}</span> });
    let agree = (!line.agree_as.is_empty()).then(|| {
        let as_whom =
            line.agree_as.iter().map(|(code, words)| Choice::new(code.clone(), words.clone())).collect();
        let body = view! {
            <input type="hidden" name="piece" value=line.key.clone()/>
            {Field::new("role", "You agree as").own_id(&format!("agree-{}", line.key)).select(as_whom)}
            {button::secondary(&format!("Agree to waive {}", line.name))}
        };
        button::form(
            &format!("{}/evidence/agree", panel.path),
            &panel.request_id.to_string(),
            body.into_any(),
        )
    });
    view! {
        <li>
            {shape}
            <span>{line.name.clone()}<span class="second">{line.remark.clone()}", "{line.owner.clone()}</span>
                {method}{proof(line)}{note}{agree}</span>
            <span>{line.at.clone()}</span>
        </li>
    }
    .into_any()
}

fn proof(line: &EvidenceLine) -> Option<AnyView> {
    if line.proved.is_empty() {
        return None;
    }
    let shown = if line.proof_path.is_empty() {
        view! { {line.proved.clone()} }.into_any()
    } else {
        view! { <a href=line.proof_path.clone() rel="noreferrer">{line.proved.clone()}</a> }.into_any()
    };
    Some(view! { <span class="second">"Proof: "{shown}</span> }.into_any())
}

fn files(panel: &Panel) -> Option<AnyView> {
    let lines = panel
        .files
        .iter()
        .map(|file| view! { <li><a href=file.path.clone()>{file.name.clone()}</a><span class="second">{file.words.clone()}</span></li> })
        .collect_view();
    (!panel.files.is_empty()).then(|| {
        view! { <details><summary>"Files"</summary><ul class="stack">{lines}</ul></details> }.into_any()
    })
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
    let parts = may.split.then(|| split_form(frame, panel));
    view! { <div class="stack">{restore}{release}{signs}{gives}{back}{parts}{revoke}</div> }.into_any()
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
        <input type="hidden" name="shown" value=panel.shown.clone()/>
        {Field::new("words", "Conditions, if any; for a refusal the reason").value(typed.words.0.clone()).errors(errors).optional().area(3)}
        {Field::new("password", "Your password").hint("It signs in your name").errors(errors).autocomplete("current-password").password()}
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
    let asks = |proof: Proof| panel.evidence.iter().any(|line| line.proof == proof);
    let figure = asks(Proof::Number).then(|| {
        let bounds: Vec<String> = panel
            .evidence
            .iter()
            .filter(|line| !line.bounds.is_empty())
            .map(|line| format!("{}: {}", line.name, line.bounds))
            .collect();
        Field::new("figure", "Number")
            .hint(bounds.join("; "))
            .value(typed.figure.0.clone())
            .errors(errors)
            .optional()
            .short()
            .number()
    });
    let link = asks(Proof::Link).then(|| {
        Field::new("link", "Address of the proof")
            .value(typed.link.0.clone())
            .errors(errors)
            .optional()
            .text()
    });
    let file = (!panel.files.is_empty()).then(|| {
        let files = panel.files.iter().map(|file| Choice::new(file.number.to_string(), file.name.clone()));
        let choices = std::iter::once(Choice::new("", "No file")).chain(files).collect();
        Field::new("file", "File").value(typed.file.0.clone()).errors(errors).select(choices)
    });
    let waives = panel.may.waive_as.first().filter(|_| panel.evidence.iter().any(|line| line.may_be_waived)).map(|_| {
        view! { <button class="button" type="submit" name="outcome" value="waived">"Waive, with a second person"</button> }
    });
    let body = view! {
        {Field::new("piece", "Evidence").value(chosen).errors(errors).select(pieces)}
        {Field::new("note", "What was seen").hint("For a waiver the reason").value(typed.note.0.clone()).errors(errors).optional().text()}
        {figure}{link}{file}
        {Field::new("at", "Looked at, when not just now").hint("As 2024-07-19 11:02").value(typed.at.0.clone()).errors(errors).optional().short().time()}
        <div class="actions">
            <button class="button" type="submit" name="outcome" value="passed">"Passed"</button>
            <button class="button" type="submit" name="outcome" value="failed">"Failed"</button>
            {waives}
        </div>
    };
    let upload = view! {
        {Field::new("file", "Photograph or document").hint("At most 8 MB; kept encrypted").own_id("upload").file("image/*,application/pdf")}
        {button::secondary("Add this file")}
    };
    let open = next.is_some_and(|line| !line.holds) || !typed.piece.is_blank();
    view! {
        <details open=open>
            <summary>"Give evidence"</summary>
            {button::form(&format!("{}/evidence", panel.path), &panel.request_id.to_string(), body.into_any())}
        </details>
        <details>
            <summary>"Add a file"</summary>
            {button::upload_form(&format!("{}/files", panel.path), &panel.request_id.to_string(), upload.into_any())}
        </details>
    }
    .into_any()
}

fn split_form(frame: &Frame, panel: &Panel) -> AnyView {
    let (typed, errors) = (&panel.typed.split, &frame.errors);
    let functions = panel.functions.iter().map(|code| Choice::new(code.clone(), code.clone())).collect();
    let ticked: Vec<String> = typed.functions.iter().map(|text| text.0.clone()).collect();
    let units = panel.units.iter().map(|(value, name)| Choice::new(value.clone(), name.clone()));
    let places = std::iter::once(Choice::new("", "The whole place")).chain(units).collect();
    let body = view! {
        {Field::new("functions", "These functions").hint("None ticked means all of them").own_id("part").errors(errors).checkboxes(functions, &ticked)}
        {Field::new("place", "At").own_id("part-place").value(typed.place.0.clone()).errors(errors).select(places)}
        {button::secondary("Let this part go its own way")}
    };
    view! {
        <details>
            <summary>"Give a part back earlier"</summary>
            {button::form(&format!("{}/split", panel.path), &panel.request_id.to_string(), body.into_any())}
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
