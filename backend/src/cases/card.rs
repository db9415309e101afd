//! What the board and the rail say of patients.

use domain::{
    id::IncidentId,
    time::{Timestamp, Zone},
    view::{
        board::{CardView, Late},
        frame::Section,
        picture::{Meter, Picture},
    },
};

use super::{list, show, snapshots, standing, tally};
use crate::{
    accounts::store as accounts,
    places::store as places,
    store::{Error, Tx},
};

/// How many patients are due soon and do not know.
///
/// # Errors
/// When the database does not answer.
pub async fn due_soon(tx: &mut Tx, incident: IncidentId, now: Timestamp) -> Result<i64, Error> {
    let zone = accounts::installation(tx).await?.zone();
    let sites: Vec<_> = places::facilities(tx).await?.into_iter().map(|site| site.id).collect();
    let (soon, _) = list::counts_of_now(tx, incident, &sites, show::soon(now, &zone), now).await?;
    Ok(soon)
}

/// Before a schedule is imported: that one is here and waits to be used.
async fn offered(tx: &mut Tx, incident: IncidentId, zone: &Zone) -> Result<Option<CardView>, Error> {
    if snapshots::all(tx, incident).await?.iter().any(|file| file.state == "committed") {
        return Ok(None);
    }
    let Some(offer) = standing::offer(tx, incident, zone).await? else { return Ok(None) };
    let path = format!("/incidents/{incident}/cases");
    let best = offer.best.as_ref();
    Ok(Some(CardView {
        section: Section::Patients,
        title: "Patients".into(),
        path: path.clone(),
        as_of: best.map(|best| format!("schedule as of {}", best.as_of)).unwrap_or_default(),
        figure: best.map_or_else(|| "none".into(), |best| show::thousands(best.bookings)),
        caption: if best.is_some() { "bookings, not in use yet".into() } else { "in use yet".into() },
        picture: Picture::None,
        late: Some(Late { words: "schedule not in use yet".into(), path }),
        late_short: "not in use".into(),
        fine: String::new(),
    }))
}

/// The board's card; `None` before a schedule is here.
///
/// # Errors
/// When the database does not answer.
pub async fn card(tx: &mut Tx, incident: IncidentId, now: Timestamp) -> Result<Option<CardView>, Error> {
    let funnel = tally::read(tx, incident, None).await?;
    let zone = accounts::installation(tx).await?.zone();
    if funnel.booked == 0 {
        return offered(tx, incident, &zone).await;
    }
    let before = zone.clock(show::soon(now, &zone));
    let soon = due_soon(tx, incident, now).await?;
    let path = format!("/incidents/{incident}/cases");
    let as_of = snapshots::all(tx, incident).await?.into_iter().filter(|file| file.state == "committed");
    let as_of = as_of.map(|file| file.as_of).max();
    let meter = |label: &str, value| Meter { label: label.into(), value, of: funnel.cancelled };
    let late = (soon > 0).then(|| Late {
        words: format!("{soon} due before {before}, not told"),
        path: format!("{path}?show=soon"),
    });
    Ok(Some(CardView {
        section: Section::Patients,
        title: "Patients".into(),
        path,
        as_of: as_of.map(|at| format!("schedule as of {}", zone.clock(at))).unwrap_or_default(),
        figure: show::thousands(funnel.cancelled),
        caption: format!("cancelled, {} told", show::thousands(funnel.told)),
        picture: Picture::Meters(vec![
            meter("told", funnel.told),
            meter("rebooked", funnel.rebooked),
            meter("seen", funnel.seen),
        ]),
        late,
        late_short: if soon > 0 { format!("{soon} not told") } else { String::new() },
        fine: "Nobody is due soon who does not know.".into(),
    }))
}
