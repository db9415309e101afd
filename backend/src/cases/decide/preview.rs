//! What a rule would decide over a day now.

use domain::{
    cases::forms::Decide,
    decisions::{self, Outcome, Totals, Window},
    field::FieldErrors,
    id::IncidentId,
    playbooks::CancellationRule,
    scope::Place,
    time::{Timestamp, Zone},
};
use jiff::civil::Date;

use super::rows::rows_of_day;
use crate::{
    accounts::store as accounts,
    failure::Failure,
    incidents::store as incidents,
    places::store as places,
    playbooks::store as playbooks,
    store::{Error, Tx},
};

/// The rules of an incident: its playbook's, or the standard one.
pub async fn rules(tx: &mut Tx, incident: IncidentId) -> Result<Vec<CancellationRule>, Error> {
    let frozen = playbooks::frozen(tx, incident).await?;
    let rules = frozen.map(|version| version.playbook.cancellations.clone()).unwrap_or_default();
    Ok(if rules.is_empty() { vec![decisions::standard()] } else { rules })
}

/// What a decision would do now.
pub struct Preview {
    pub rule: CancellationRule,
    pub window: Window,
    pub outcomes: Vec<Outcome>,
    pub totals: Totals,
}

/// Runs the rule without changing anything.
///
/// # Errors
/// By field: an unknown rule, day or place.
pub async fn preview(
    tx: &mut Tx,
    incident: IncidentId,
    form: &Decide,
    now: Timestamp,
) -> Result<Preview, Failure> {
    let zone = accounts::installation(tx).await?.zone();
    let lattice = places::lattice(tx).await?;
    let rules = rules(tx, incident).await?;
    // Never wider than the downtime unless somebody says so: of several places the first, then the next.
    let own = incidents::places(tx, incident).await?.first().copied().unwrap_or(Place::All);
    let (rule, window) = read(form, rules, own, (now, &zone))?;
    let rows = rows_of_day(tx, incident, &window.day).await?;
    let (outcomes, totals) = decisions::preview(&rule, &window, &rows, &lattice);
    Ok(Preview { rule, window, outcomes, totals })
}

fn read(
    form: &Decide,
    rules: Vec<CancellationRule>,
    own: Place,
    (now, zone): (Timestamp, &Zone),
) -> Result<(CancellationRule, Window), FieldErrors> {
    let mut errors = FieldErrors::default();
    let key = form.rule.trimmed();
    let rule = rules.into_iter().find(|rule| key.is_empty() || rule.key == key);
    if rule.is_none() {
        errors.add("rule", "Choose a rule of this incident's playbook.");
    }
    let day = match form.day.trimmed() {
        "" => None,
        typed => typed.parse::<Date>().map_err(|_| errors.add("day", "Write the day as 2024-07-19.")).ok(),
    };
    let place = match form.place.trimmed() {
        "" => Some(own),
        typed => typed.parse().map_err(|_| errors.add("place", "Choose a place that is listed.")).ok(),
    };
    errors.into_result()?;
    let (Some(rule), Some(place)) = (rule, place) else {
        return Err(FieldErrors::one("rule", "Choose a rule of this incident's playbook."));
    };
    let window = Window::of(&rule, day, place, now, zone);
    Ok((rule, window))
}
