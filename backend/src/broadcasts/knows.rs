//! Who knows: the figures by unit, the curve against time, and the list of units that somebody must call.

use std::collections::BTreeMap;

use domain::{
    broadcasts::Knows,
    id::IncidentId,
    time::{Timestamp, Zone},
    view::{
        broadcasts::{CallLine, SiteLine, WhoKnowsView},
        picture::Curve,
    },
};

use super::store::{self, BroadcastRow, UnitRow};
use crate::{
    fetch_one,
    store::{Error, Tx},
};

/// The newest broadcast's figures, for the board: units, confirmed, and those of which nobody answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub units: i64,
    pub confirmed: i64,
    pub silent: i64,
    /// Share of confirmed units in percent, rounded down.
    pub percent: i64,
}

/// What the board says of the newest broadcast; `None` before the first.
pub async fn figures(tx: &mut Tx, incident: IncidentId) -> Result<Option<(BroadcastRow, Figures)>, Error> {
    let Some(row) = store::latest(tx, incident).await? else { return Ok(None) };
    let units = store::units(tx, row.id).await?;
    let count = |knows| count(&units, row.confirm_percent, |each| each == knows);
    let (total, confirmed) = (i64::try_from(units.len()).unwrap_or(i64::MAX), count(Knows::Confirmed));
    let silent = count(Knows::Not) + count(Knows::NobodyToAsk);
    let percent = if total == 0 { 0 } else { confirmed * 100 / total };
    Ok(Some((row, Figures { units: total, confirmed, silent, percent })))
}

fn count(units: &[UnitRow], percent: i64, which: impl Fn(Knows) -> bool) -> i64 {
    let found = units.iter().filter(|unit| which(unit.tally.knows(percent))).count();
    i64::try_from(found).unwrap_or(i64::MAX)
}

/// The whole page.
pub async fn view(
    tx: &mut Tx,
    row: &BroadcastRow,
    now: Timestamp,
    zone: &Zone,
) -> Result<WhoKnowsView, Error> {
    let units = store::units(tx, row.id).await?;
    let percent = row.confirm_percent;
    let sent_at = row.switched_at.or(row.sent_at).unwrap_or(now);
    let bodies = store::bodies(tx, row.id).await?;
    let total = i64::try_from(units.len()).unwrap_or(i64::MAX);
    let number = |which: Knows| count(&units, percent, |each| each == which);
    let confirmed = number(Knows::Confirmed);
    let reached: i64 = units.iter().map(|unit| unit.tally.people).sum();
    let mut minutes: Vec<i64> = units
        .iter()
        .filter_map(|unit| unit.confirmed_at)
        .map(|at| at.minutes_since(sent_at).max(0))
        .collect();
    minutes.sort_unstable();
    let share_after = |share: i64| {
        let needed = usize::try_from((total * share + 99) / 100).unwrap_or(usize::MAX).max(1);
        minutes.get(needed - 1).copied()
    };
    let call_list = call_list(row, &units, sent_at, now);
    Ok(WhoKnowsView {
        incident: row.incident,
        id: row.id,
        number: row.number,
        stage: row.stage,
        subject: bodies.first().map(|body| body.subject.clone()).unwrap_or_default(),
        sent: zone.full(sent_at),
        as_of: zone.full(now),
        units: total,
        confirmed,
        partly: number(Knows::Partly),
        not: number(Knows::Not),
        nobody: number(Knows::NobodyToAsk),
        percent: if total == 0 { 0 } else { confirmed * 100 / total },
        longest_silent_minutes: call_list
            .iter()
            .filter(|line| line.knows != Knows::Partly)
            .map(|line| line.silent_minutes)
            .max()
            .unwrap_or(0),
        half_minutes: share_after(50),
        nine_in_ten_minutes: share_after(90),
        curve: curve(&minutes, total, sent_at, now, zone),
        sites: sites(&units, percent),
        call_list,
        people_without_unit: row.people - reached,
    })
}

fn sites(units: &[UnitRow], percent: i64) -> Vec<SiteLine> {
    let mut order: Vec<SiteLine> = Vec::new();
    let mut at: BTreeMap<&str, usize> = BTreeMap::new();
    for unit in units {
        let index = *at.entry(&unit.facility).or_insert_with(|| {
            order.push(SiteLine { site: unit.facility.clone(), confirmed: 0, partly: 0, not: 0 });
            order.len() - 1
        });
        match unit.tally.knows(percent) {
            Knows::Confirmed => order[index].confirmed += 1,
            Knows::Partly => order[index].partly += 1,
            Knows::Not | Knows::NobodyToAsk => order[index].not += 1,
        }
    }
    order
}

/// Every unit that is not confirmed, those without any answer first and the longest silent first among them.
fn call_list(row: &BroadcastRow, units: &[UnitRow], sent_at: Timestamp, now: Timestamp) -> Vec<CallLine> {
    let path =
        |unit: &UnitRow| format!("/incidents/{}/broadcasts/{}/units/{}", row.incident, row.id, unit.unit);
    let mut lines: Vec<CallLine> = units
        .iter()
        .filter_map(|unit| {
            let knows = unit.tally.knows(row.confirm_percent);
            (knows != Knows::Confirmed).then(|| CallLine {
                unit: unit.unit.to_string(),
                name: unit.name.clone(),
                site: unit.facility.clone(),
                phone: unit.phone.clone(),
                knows,
                tally: unit.tally,
                silent_minutes: now.minutes_since(unit.answered_at.unwrap_or(sent_at)).max(0),
                path: path(unit),
            })
        })
        .collect();
    lines.sort_by_key(|line| (line.knows == Knows::Partly, -line.silent_minutes));
    lines
}

fn curve(minutes: &[i64], total: i64, sent_at: Timestamp, now: Timestamp, zone: &Zone) -> Curve {
    let span = now.minutes_since(sent_at).clamp(1, 24 * 60);
    let mut points = vec![(0, 0)];
    let mut known = 0;
    for (index, minute) in minutes.iter().enumerate() {
        known = i64::try_from(index + 1).unwrap_or(0) * 100 / total.max(1);
        let minute = (*minute).min(span);
        match points.last_mut() {
            Some(last) if last.0 == minute => last.1 = known,
            _ => points.push((minute, known)),
        }
    }
    if points.last().is_some_and(|last| last.0 < span) {
        points.push((span, known));
    }
    let ticks = vec![(0, format!("sent {}", zone.clock(sent_at))), (span, zone.clock(now))];
    Curve { points, minutes: span, ticks, steps: Vec::new() }
}

const LATE: &str = "
    SELECT COUNT(*)
    FROM broadcast
    WHERE incident = $1 AND (
        stage = 'pending_approval'
        OR EXISTS (
            SELECT 1
            FROM broadcast_tally
            WHERE broadcast_tally.broadcast = broadcast.id AND broadcast_tally.count > 0
                AND broadcast_tally.state IN ('failed', 'in_doubt')
        )
    )";

/// How many broadcasts need somebody: they wait for a second look, or some addresses failed or are in doubt.
pub async fn late(tx: &mut Tx, incident: IncidentId) -> Result<i64, Error> {
    fetch_one!(tx, (i64,), LATE, incident.0).map(|(count,)| count)
}
