//! The view models of the pages of broadcasts, each read from the snapshot that its frame is read from too.

mod composer;
mod list;
mod one;
mod public;
mod unit;

use domain::{
    actor::{Actor, Role},
    id::IncidentId,
    scope::Place,
    view::broadcasts::AudienceChoice,
};

pub use self::{
    composer::composer,
    list::list,
    one::one,
    public::{Issued, all_issued, answer_page, verify},
    unit::unit,
};
use super::{audience, store::BroadcastRow};
use crate::{
    app::App,
    places::store as places,
    store::{Error, Tx},
};

fn may_send(actor: &Actor) -> bool {
    actor.has(&[Role::Communicator, Role::Commander])
}

/// Which messages do not leave, because nobody has set by what.
fn files_only(app: &App) -> String {
    let words = match (app.config.smtp.is_some(), app.config.sms.is_some()) {
        (true, true) => return String::new(),
        (false, true) => "No mail server is set: e-mails are not sent, they become files in the outbox.",
        (true, false) => {
            "No SMS gateway is set: text messages are not sent, they become files in the outbox."
        }
        (false, false) => {
            "No mail server and no SMS gateway are set: nothing leaves this machine, messages become files in the outbox."
        }
    };
    words.to_owned()
}

fn stage_words(row: &BroadcastRow) -> String {
    if row.withdrawn_at.is_some() { "taken back".to_owned() } else { row.stage.words().to_owned() }
}

/// To whom a message may go: the lists of the incident, then staff by place.
async fn audiences(tx: &mut Tx, incident: IncidentId) -> Result<Vec<AudienceChoice>, Error> {
    let mut choices: Vec<AudienceChoice> = audience::lists(tx, incident)
        .await?
        .into_iter()
        .map(|(id, name, people)| AudienceChoice {
            value: id.to_string(),
            label: format!("{name}, {}", frontend::ui::counted(people, "person", "people")),
        })
        .collect();
    if audience::staff_count(tx).await? > 0 {
        let all = Place::All;
        choices.push(AudienceChoice {
            value: all.to_string(),
            label: format!("All staff, {}", places::name(tx, all).await?),
        });
        for facility in places::facilities(tx).await? {
            let place = Place::Facility(facility.id);
            choices.push(AudienceChoice {
                value: place.to_string(),
                label: format!("All staff of {}", facility.name),
            });
        }
    }
    Ok(choices)
}
