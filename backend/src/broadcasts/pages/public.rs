//! What everyone may see without signing in: the message behind an answer link, and what a check code belongs to.

use std::collections::BTreeMap;

use domain::{
    broadcasts::{GiveAnswer, Stage, text::Body},
    codes::{CheckCode, NotACode},
    id::BroadcastId,
    time::{Timestamp, Zone},
    view::broadcasts::{AnswerView, AudienceChoice, Verified, VerifyView},
};
use serde::Serialize;

use super::super::{
    answer::{self, Link},
    store,
};
use crate::{
    accounts::store as accounts,
    app::App,
    failure::Failure,
    store::{Error, Tx},
};

/// What an answer link shows.
///
/// # Errors
/// When the link leads nowhere.
pub async fn answer_page(
    tx: &mut Tx,
    app: &App,
    token: &str,
    form: GiveAnswer,
) -> Result<AnswerView, Failure> {
    let Link { broadcast, channel, people, expired, .. } =
        answer::link(tx, token, app.clock.now()).await?.ok_or(Failure::NotFound("answer link"))?;
    let installation = accounts::installation(tx).await?;
    let zone = installation.zone();
    let row = store::find(tx, broadcast).await?.ok_or(Failure::NotFound("broadcast"))?;
    let taken_back = row.withdrawn_at.is_some();
    let bodies = store::bodies(tx, broadcast).await?;
    let code = bodies
        .iter()
        .find(|body| body.channel == channel)
        .map(|body| body.code.to_string())
        .unwrap_or_default();
    let email = bodies.into_iter().next().ok_or(Failure::NotFound("broadcast"))?;
    let mut behind = BTreeMap::new();
    for ordinal in people.iter().take(200) {
        if let Some(person) = answer::recipient(tx, broadcast, *ordinal).await? {
            behind.insert(*ordinal, person);
        }
    }
    let only = (people.len() == 1).then(|| behind.values().next()).flatten();
    let answered = only
        .and_then(|person| Some((person.answered()?, zone.clock_with_zone(Timestamp(person.answered_at?)))));
    let shared = |person: &answer::Recipient| AudienceChoice {
        value: person.ordinal.to_string(),
        label: person.name.clone(),
    };
    Ok(AnswerView {
        organisation: installation.name,
        path: format!("/a/{token}"),
        exercise: row.exercise,
        subject: if taken_back { String::new() } else { email.subject },
        text: if taken_back { String::new() } else { email.text },
        sent: row.sent_at.map(|at| zone.full(at)).unwrap_or_default(),
        code,
        superseded: store::successor(tx, broadcast).await?.is_some(),
        taken_back,
        expired,
        people: if people.len() > 1 { behind.values().map(shared).collect() } else { Vec::new() },
        answered,
        form,
    })
}

/// What a typed code is. It never says that a text is genuine: it shows the genuine one.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(tx: &mut Tx, typed: &str) -> Result<VerifyView, Failure> {
    let installation = accounts::installation(tx).await?;
    let zone = installation.zone();
    let found = match typed.parse::<CheckCode>() {
        _ if typed.trim().is_empty() => Verified::NothingTyped,
        Err(why @ (NotACode::Length | NotACode::Sign(_) | NotACode::Check)) => {
            Verified::NotACode { why: why.to_string() }
        }
        Ok(code) => match store::body_of_code(tx, &code).await? {
            None => Verified::NotIssued,
            Some((broadcast, body)) => issued(tx, broadcast, body, &zone).await?,
        },
    };
    Ok(VerifyView { organisation: installation.name, typed: typed.chars().take(40).collect(), found })
}

async fn issued(tx: &mut Tx, broadcast: BroadcastId, body: Body, zone: &Zone) -> Result<Verified, Error> {
    let row =
        store::find(tx, broadcast).await?.filter(|row| matches!(row.stage, Stage::Sending | Stage::Done));
    // A draft has a code and was never issued.
    let Some(row) = row else { return Ok(Verified::NotIssued) };
    let next = store::successor(tx, broadcast).await?;
    let course = Course {
        exercise: row.exercise,
        sent_at: row.sent_at,
        withdrawn_at: row.withdrawn_at,
        replaced_at: next.and_then(|next| next.sent_at),
    };
    Ok(course.verified(body, zone))
}

/// What became of a message that was sent.
struct Course {
    exercise: bool,
    sent_at: Option<Timestamp>,
    withdrawn_at: Option<Timestamp>,
    replaced_at: Option<Timestamp>,
}

impl Course {
    fn verified(self, body: Body, zone: &Zone) -> Verified {
        let (code, exercise) = (body.code.to_string(), self.exercise);
        let sent = self.sent_at.map(|at| zone.full(at)).unwrap_or_default();
        if let Some(at) = self.withdrawn_at {
            return Verified::TakenBack { code, exercise, sent, taken_back: zone.full(at) };
        }
        let superseded = self.replaced_at.map(|at| zone.full(at));
        let Body { channel, subject, text, .. } = body;
        Verified::Belongs { code, channel, exercise, subject, text, sent, superseded }
    }
}

/// What a code belongs to, and since when that is so.
#[derive(Debug, Serialize)]
pub struct Issued {
    pub found: Verified,
    /// `05:22 EDT, Fri 19 July`: when it was sent, replaced or taken back, whichever came last.
    pub since: String,
}

/// What every code of a real message belongs to that was sent since a time or in a downtime that is open, the newest
/// message first. An exercise is in no copy outside.
///
/// # Errors
/// When the database does not answer.
pub async fn all_issued(tx: &mut Tx, zone: &Zone, since: Timestamp) -> Result<Vec<Issued>, Error> {
    let rows = store::issued_bodies(tx, since).await?;
    let issued = |row: store::IssuedBody| {
        let changed = row.sent_at.max(row.withdrawn_at).max(row.replaced_at);
        let course = Course {
            exercise: false,
            sent_at: row.sent_at,
            withdrawn_at: row.withdrawn_at,
            replaced_at: row.replaced_at,
        };
        let since = changed.map(|at| zone.full(at)).unwrap_or_default();
        Issued { found: course.verified(row.body, zone), since }
    };
    Ok(rows.into_iter().map(issued).collect())
}
