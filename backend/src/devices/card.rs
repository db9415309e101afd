//! What the board and the rail say of devices.

use domain::{
    id::IncidentId,
    view::{
        board::{CardView, Late},
        devices::DeviceSums,
        frame::Section,
        picture::{Bar, Picture},
    },
};

use super::{
    reading,
    store::{self, InScope},
};
use crate::{
    places::store as places,
    store::{Error, Tx},
};

/// In how many units of some class not one device works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bare(pub i64);

/// Whether devices are something to look at: a class of them does not simply work, or somebody has counted.
async fn matter(tx: &mut Tx, incident: IncidentId, scope: &InScope) -> Result<bool, Error> {
    Ok(!scope.classes.is_empty() && (scope.is_hit || reading::anything(tx, incident).await?))
}

/// What the rail says; `None` when devices are nothing to look at.
///
/// # Errors
/// When the database does not answer.
pub async fn bare(tx: &mut Tx, incident: IncidentId) -> Result<Option<Bare>, Error> {
    let scope = store::in_scope(tx, incident).await?;
    if !matter(tx, incident, &scope).await? {
        return Ok(None);
    }
    Ok(Some(Bare(reading::bare(tx, incident).await?)))
}

/// The board's card; `None` when devices are nothing to look at.
///
/// # Errors
/// When the database does not answer.
pub async fn card(tx: &mut Tx, incident: IncidentId) -> Result<Option<CardView>, Error> {
    let scope = store::in_scope(tx, incident).await?;
    if !matter(tx, incident, &scope).await? {
        return Ok(None);
    }
    let sites = reading::by_site(tx, incident, None).await?;
    let mut sums = DeviceSums::default();
    let (mut bare, mut bars) = (0, Vec::new());
    for facility in places::facilities(tx).await? {
        if let Some(site) = sites.iter().find(|site| site.facility == facility.id.0) {
            sums += site.sums();
            bare += site.bare;
            let label = facility.short_name;
            bars.push(Bar { label, back: site.fixed, out: site.remaining, late: site.bare > 0 });
        }
    }
    let path = format!("/incidents/{incident}/devices");
    let what = match &scope.classes[..] {
        [(_, _, name)] => name.clone(),
        _ => "devices".to_owned(),
    };
    let number = frontend::ui::count;
    let (figure, caption) = if sums.in_all == 0 {
        ("0".to_owned(), format!("{what} counted yet"))
    } else {
        let caption = format!("of {} {what} fixed, {} left", number(sums.in_all), number(sums.left));
        (number(sums.fixed), caption)
    };
    let kind = if scope.classes.len() > 1 { " of a kind" } else { "" };
    let words = format!("{} with no working device{kind}", frontend::ui::counted(bare, "unit", "units"));
    let late = (bare > 0).then_some(Late { words, path: format!("{path}/units?show=none") });
    Ok(Some(CardView {
        section: Section::Devices,
        title: "Devices".to_owned(),
        path,
        as_of: String::new(),
        figure,
        caption,
        picture: if bars.is_empty() { Picture::None } else { Picture::Ledger(bars) },
        late,
        late_short: format!("{bare} with none"),
        fine: if sums.in_all == 0 { String::new() } else { "No unit is without".to_owned() },
    }))
}
