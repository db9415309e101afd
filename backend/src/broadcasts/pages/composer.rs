//! The composer, with what was typed and what the chosen template would say.

use std::collections::BTreeSet;

use domain::{
    broadcasts::compose::Compose,
    id::{BroadcastId, IncidentId},
    playbooks::BlankSource,
    view::broadcasts::{AudienceChoice, BlankField, ComposeView, TemplateChoice, Words},
};

use super::{
    super::{
        compose,
        store::{self, BroadcastRow},
    },
    audiences,
};
use crate::{
    accounts::store as accounts,
    app::App,
    failure::Failure,
    incidents::store as incidents,
    playbooks::store as playbooks,
    store::{Error, Tx},
};

/// The composer, with what was typed.
///
/// # Errors
/// When there is no such incident.
pub async fn composer(
    tx: &mut Tx,
    app: &App,
    incident: IncidentId,
    form: Compose,
) -> Result<ComposeView, Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let installation = accounts::installation(tx).await?;
    let (zone, now) = (installation.zone(), app.clock.now());
    let version = playbooks::frozen(tx, incident).await?;
    let messages = version.as_ref().map(|version| version.playbook.messages.as_slice()).unwrap_or_default();
    let choice = |message: &domain::playbooks::Message| TemplateChoice {
        key: message.key.clone(),
        name: message.name.clone(),
        audience: message.audience.clone(),
    };
    let chosen = messages.iter().find(|message| message.key == form.template.trimmed());
    let promised = zone.parse(form.next_update_at.trimmed()).ok().or(row.next_update_at);
    let data = compose::data(tx, &row, &installation.name, &zone, promised, now).await?;
    let typed = |key: &str| {
        let at = form.blank_keys.iter().position(|each| each.0 == key);
        at.and_then(|at| form.blank_values.get(at)).map(|value| value.0.clone()).unwrap_or_default()
    };
    let (mut blanks, mut words) = (Vec::new(), None);
    if let Some(message) = chosen {
        let mut values = compose::blanks(message, &data);
        for blank in message.blanks.iter().filter(|blank| blank.source == BlankSource::Typed) {
            let value = typed(&blank.key);
            let shown = if value.trim().is_empty() { format!("[{}]", blank.label) } else { value.clone() };
            values.insert(blank.key.clone(), shown);
            let (key, label, required) = (blank.key.clone(), blank.label.clone(), blank.required);
            blanks.push(BlankField { key, label, value, required });
        }
        words = message.fill(&values).ok().map(|filled| {
            let email = filled
                .email
                .unwrap_or(domain::playbooks::Email { subject: message.name.clone(), body: String::new() });
            Words { subject: email.subject, body: email.body, sms: filled.sms.unwrap_or_default() }
        });
    }
    Ok(ComposeView {
        incident,
        request_id: app.clock.id(),
        templates: messages.iter().map(choice).collect(),
        chosen: chosen.map(choice),
        blanks,
        words,
        audiences: audiences(tx, incident).await?,
        supersedes: supersedable(tx, incident).await?,
        now: zone.typed(now),
        form,
    })
}

async fn supersedable(tx: &mut Tx, incident: IncidentId) -> Result<Vec<AudienceChoice>, Error> {
    let rows: Vec<BroadcastRow> =
        store::list(tx, incident).await?.into_iter().filter(|row| row.stage.is_out()).collect();
    let replaced: BTreeSet<BroadcastId> = rows.iter().filter_map(|row| row.supersedes).collect();
    Ok(rows
        .iter()
        .filter(|row| !replaced.contains(&row.id))
        .map(|row| AudienceChoice { value: row.id.to_string(), label: format!("Broadcast {}", row.number) })
        .collect())
}
