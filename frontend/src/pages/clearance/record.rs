//! The signed record of one scope: what goes into the binder, and what a verifier compares.

use domain::view::{
    clearance::{EvidenceLine, RecordView, RecordedSignature, RecordedStep},
    frame::Frame,
};
use leptos::prelude::*;

use super::waves;
use crate::ui::{
    self,
    table::{Column, Row, table, text, two_lines},
};

/// The body of the record.
pub fn record_body(frame: &Frame, view: &RecordView) -> AnyView {
    let warning =
        (!view.warning.is_empty()).then(|| view! { <p class="late"><b>{view.warning.clone()}</b></p> });
    let conditions = (!view.conditions.is_empty()).then(|| {
        let lines = view.conditions.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
        ui::panel("Conditions", view! { <ul>{lines}</ul> }.into_any())
    });
    let revoked = (!view.revocations.is_empty()).then(|| {
        let lines = view.revocations.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
        ui::panel("Taken back", view! { <ul>{lines}</ul> }.into_any())
    });
    let stand = (!view.stand.is_empty()).then(|| {
        let lines = view.stand.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
        ui::panel("These orders stand", view! { <ul>{lines}</ul> }.into_any())
    });
    let waves = (!view.waves.is_empty()).then(|| ui::panel("Waves", waves::listed(&view.waves)));
    let lede =
        view! { <p>{view.incident.clone()}", "{view.stage_words.clone()}", "{view.quorum.clone()}</p> };
    view! {
        {ui::head(frame, &view.title, Some(lede.into_any()), None)}
        <div class="stack">
            {warning}
            <p class="quote">{view.attestation.clone()}</p>
            {conditions}
            {stand}
            {revoked}
            {ui::panel("Evidence", evidence(&view.evidence))}
            {waves}
            {ui::panel("Signatures", signatures(&view.signatures))}
            {ui::panel("Steps", steps(&view.steps))}
            <p class="actions"><a href=view.path.clone()>"Back to the scope"</a></p>
        </div>
    }
    .into_any()
}

fn evidence(lines: &[EvidenceLine]) -> AnyView {
    let row = |line: &EvidenceLine| {
        let found = [line.note.as_str(), line.proved.as_str()].into_iter().filter(|part| !part.is_empty());
        Row::new(vec![
            two_lines(line.name.clone(), line.method.clone()),
            text(&line.owner),
            text(&line.at),
            text(&line.remark),
            text(&found.collect::<Vec<_>>().join("; ")),
        ])
    };
    let columns = ["Evidence", "Owner", "Looked at", "Holds", "What was seen"].map(Column::new);
    table("Evidence", columns.into(), lines.iter().map(row).collect(), "No evidence was asked for.")
}

fn signatures(lines: &[RecordedSignature]) -> AnyView {
    let row = |line: &RecordedSignature| {
        let (matches, class) = if line.matches {
            ("matches this record", "second")
        } else {
            ("DOES NOT MATCH this record", "second late")
        };
        let counts = if line.counts { "" } else { ", does not count" };
        let words = view! { <span class="second">{line.content.clone()}</span><span class=class>{matches}{counts}</span> };
        Row::new(vec![
            two_lines(line.title.clone(), line.name.clone()),
            text(&line.at),
            text(&line.conditions),
            words.into_any(),
        ])
    };
    let columns = ["Signed by", "At", "Conditions", "Fingerprint of what was signed"].map(Column::new);
    table("Signatures", columns.into(), lines.iter().map(row).collect(), "Nobody has signed.")
}

fn steps(lines: &[RecordedStep]) -> AnyView {
    let row = |line: &RecordedStep| Row::new(vec![text(&line.at), text(&line.words), text(&line.by)]);
    let columns = ["At", "Stage", "By"].map(Column::new);
    table("Steps", columns.into(), lines.iter().map(row).collect(), "It has not begun.")
}
