//! What the board says of the way back.

use domain::{
    clearance::Stage,
    id::IncidentId,
    time::Timestamp,
    view::{
        board::{CardView, Late},
        frame::Section,
        picture::{Meter, Picture},
    },
};

use super::store;
use crate::store::{Error, Tx};

/// The board's card; `None` when nothing has to be cleared.
///
/// # Errors
/// When the database does not answer.
pub async fn card(tx: &mut Tx, incident: IncidentId, now: Timestamp) -> Result<Option<CardView>, Error> {
    let scopes = store::of_incident(tx, incident).await?;
    if scopes.is_empty() {
        return Ok(None);
    }
    let number = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
    let at_least = |stage: Stage| number(scopes.iter().filter(|scope| reached(scope.stage, stage)).count());
    let of = number(scopes.len());
    let (clear, restored) = (at_least(Stage::Clear), at_least(Stage::Restored));
    let blocked = scopes.iter().filter(|scope| scope.blocks(now).iter().any(|block| block.wrong)).count();
    let meter = |label: &str, stage| Meter { label: label.to_owned(), value: at_least(stage), of };
    let path = format!("/incidents/{incident}/clearance");
    let words = frontend::ui::counted(number(blocked), "scope blocked", "scopes blocked");
    Ok(Some(CardView {
        section: Section::Clearance,
        title: "Clearance".to_owned(),
        path: path.clone(),
        as_of: String::new(),
        figure: format!("{clear} of {of}"),
        caption: format!("scopes clear, {restored} technically restored"),
        picture: Picture::Stages(vec![
            meter("Clear", Stage::Clear),
            meter("Wave", Stage::Waves),
            meter("Pilot", Stage::Pilot),
            meter("Restored", Stage::Restored),
        ]),
        late: (blocked > 0).then_some(Late { words, path }),
        late_short: format!("{blocked} blocked"),
        fine: "No scope is blocked".to_owned(),
    }))
}

/// Whether a scope that is at one stage has come as far as another.
fn reached(at: Stage, stage: Stage) -> bool {
    let place = |stage| Stage::ALL.iter().position(|each| *each == stage);
    at != Stage::Revoked && place(at) >= place(stage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_scope_has_been_restored_and_a_revoked_one_has_come_nowhere() {
        assert!(reached(Stage::Clear, Stage::Restored));
        assert!(reached(Stage::BackEntryComplete, Stage::Clear));
        assert!(!reached(Stage::Signed, Stage::Clear));
        assert!(!reached(Stage::Revoked, Stage::Restored));
    }
}
