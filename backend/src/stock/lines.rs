//! What other pages say of blank forms in a line each: an incident's paper, and a unit's.

use domain::{
    id::{IncidentId, UnitId},
    view::forms::NextStep,
};
use frontend::ui::counted;

use super::reading;
use crate::{
    readiness,
    store::{Error, Tx},
};

/// The lines of an incident: what runs short, what is asked for, and how ready its units were when it began.
///
/// # Errors
/// When the database does not answer.
pub async fn lines_of_incident(tx: &mut Tx, incident: IncidentId) -> Result<Vec<NextStep>, Error> {
    let now = reading::summary(tx, incident, None).await?;
    let base = format!("/incidents/{incident}/stock");
    let (words, late) = match (now.short_units, now.uncounted_units) {
        (0, 0) => ("Blank forms last at every unit".to_owned(), false),
        (0, uncounted) => {
            (format!("{} whose blank forms nobody has counted", counted(uncounted, "unit", "units")), false)
        }
        (short, _) => (format!("{} short of blank forms", counted(short, "unit runs", "units run")), true),
    };
    let mut lines = vec![NextStep { words, path: base, late }];
    for (number, state, words) in
        [(now.open, "open", "to be ordered"), (now.ordered, "ordered", "on the way")]
    {
        if number > 0 {
            let words = format!("{} of blank forms {words}", counted(number, "reorder", "reorders"));
            lines.push(NextStep {
                words,
                path: format!("/stock/reorders?state={state}"),
                late: state == "open",
            });
        }
    }
    lines.extend(readiness::line_of_incident(tx, incident).await?);
    Ok(lines)
}

/// The line of a unit in an incident; none when it is short of nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn line_of_unit(
    tx: &mut Tx,
    (incident, unit): (IncidentId, UnitId),
) -> Result<Option<NextStep>, Error> {
    let now = reading::summary(tx, incident, Some(unit)).await?;
    let path = format!("/stock/units/{unit}");
    let waiting = now.open + now.ordered;
    if now.uncounted_units > 0 {
        return Ok(Some(NextStep { words: "Count the blank forms".to_owned(), path, late: false }));
    }
    if now.short_units == 0 && waiting == 0 {
        return Ok(None);
    }
    let asked = counted(waiting, "reorder waits", "reorders wait");
    let words = format!("Blank forms run short here; {asked}");
    Ok(Some(NextStep { words, path, late: now.open > 0 || waiting == 0 }))
}
