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

/// Blocked scopes are not counted beyond this.
const MOST_COUNTED: i64 = 1000;

/// The board's card; `None` when nothing has to be cleared.
///
/// # Errors
/// When the database does not answer.
pub async fn card(tx: &mut Tx, incident: IncidentId, now: Timestamp) -> Result<Option<CardView>, Error> {
    let counts = store::counts(tx, incident, &store::Want::default()).await?;
    let at_least = |stage: Stage| -> i64 {
        counts.iter().filter(|(each, _)| reached(**each, stage)).map(|(_, count)| count).sum()
    };
    let of = at_least(Stage::Waiting);
    if of == 0 {
        return Ok(None);
    }
    let (clear, restored) = (at_least(Stage::Clear), at_least(Stage::Restored));
    let blocked = store::blocked(tx, incident, now, MOST_COUNTED).await?.len();
    let meter = |label: &str, stage| Meter { label: label.to_owned(), value: at_least(stage), of };
    let path = format!("/incidents/{incident}/clearance");
    let words =
        frontend::ui::counted(i64::try_from(blocked).unwrap_or(i64::MAX), "scope blocked", "scopes blocked");
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
