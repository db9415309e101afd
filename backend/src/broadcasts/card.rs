//! What the board says of who knows, and the next update it asks for.

use domain::{
    id::IncidentId,
    time::{Timestamp, Zone},
    view::{
        board::{CardView, Late},
        frame::Section,
        picture::Picture,
    },
};

use super::{knows, store};
use crate::store::{Error, Tx};

/// The board's card of the newest broadcast; `None` before the first was sent.
///
/// # Errors
/// When the database does not answer.
pub async fn card(
    tx: &mut Tx,
    incident: IncidentId,
    now: Timestamp,
    zone: &Zone,
) -> Result<Option<CardView>, Error> {
    let Some(row) = store::latest(tx, incident).await? else { return Ok(None) };
    let sent_at = row.switched_at.or(row.sent_at).unwrap_or(now);
    let view = knows::view(tx, &row, now, zone).await?;
    let path = format!("/incidents/{incident}/broadcasts/{}/who-knows", row.id);
    let silent = view.not + view.nobody;
    let late = (silent > 0).then(|| Late {
        words: format!(
            "{} silent, longest {} min",
            frontend::ui::counted(silent, "unit", "units"),
            view.longest_silent_minutes
        ),
        path: path.clone(),
    });
    let mut curve = view.curve;
    curve.ticks = vec![(curve.minutes, format!("{} min", curve.minutes))];
    Ok(Some(CardView {
        section: Section::Broadcasts,
        title: "Who knows".to_owned(),
        path,
        as_of: format!("sent {}", zone.clock(sent_at)),
        figure: format!("{} %", view.percent),
        caption: format!("{} of {} units confirmed broadcast {}", view.confirmed, view.units, view.number),
        picture: Picture::Curve(curve),
        late,
        late_short: format!("{} silent", frontend::ui::counted(silent, "unit", "units")),
        fine: "No unit is silent".to_owned(),
    }))
}
