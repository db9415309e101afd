//! The page of an answer link: the genuine message, and one tap to answer it. Looking changes nothing, because mail
//! programs follow links by themselves.

use domain::{
    broadcasts::Answer,
    view::{broadcasts::AnswerView, frame::Frame},
};
use leptos::prelude::*;

use crate::ui::{
    button,
    field::{Choice, Field},
    head,
};

/// What the page says first.
pub fn title(view: &AnswerView) -> String {
    match &view.answered {
        Some((answer, _)) => format!("You answered: {}", answer.words()),
        None => "Have you read this?".into(),
    }
}

/// The page.
pub fn page(frame: &Frame, view: &AnswerView) -> AnyView {
    let replaced = view.superseded.then(|| {
        view! { <p><b>"A newer message has taken the place of this one."</b>" Look for it before you act."</p> }
    });
    let answered = view
        .answered
        .as_ref()
        .map(|(_, at)| view! { <p>{format!("Noted at {at}. You may change your answer.")}</p> });
    let message = if view.taken_back {
        view! { <p class="late">"This message was TAKEN BACK. Do not act on it: look at what holds at your site now."</p> }
            .into_any()
    } else {
        view! { <div class="message"><p><b>{view.subject.clone()}</b></p><pre>{view.text.clone()}</pre></div> }
            .into_any()
    };
    let body = if view.expired {
        view! { <p>"This link has expired. Tell your unit lead instead."</p> }.into_any()
    } else {
        form(frame, view)
    };
    view! {
        {head::titled(view.exercise, &title(view), None, None)}
        {answered}
        {replaced}
        {message}
        <p class="hint">{format!("From {}, sent {}. Check code {}.", view.organisation, view.sent, view.code)}</p>
        {body}
    }
    .into_any()
}

fn form(frame: &Frame, view: &AnswerView) -> AnyView {
    let answers = Answer::ALL.into_iter().map(|answer| Choice::new(answer.code(), answer.words())).collect();
    let given = &view.form;
    let chosen =
        if given.answer.is_blank() { Answer::WillComply.code().to_owned() } else { given.answer.0.clone() };
    let who = (!view.people.is_empty()).then(|| {
        let people = view
            .people
            .iter()
            .map(|person| Choice::new(person.value.clone(), person.label.clone()))
            .collect();
        Field::new("who", "This address is shared. Who are you?")
            .value(given.who.0.clone())
            .errors(&frame.errors)
            .select(people)
    });
    view! {
        <form method="post" action=view.path.clone() class="form" novalidate>
            {who}
            {Field::new("answer", "Your answer").value(chosen).errors(&frame.errors).radios(answers)}
            {Field::new("note", "Question, or what stops you").value(given.note.0.clone()).errors(&frame.errors).optional().area(3)}
            {button::primary("Send my answer")}
        </form>
    }
    .into_any()
}
