//! The decisions that were made.

use domain::{
    cases::forms::Decide,
    decisions::{Totals, Window},
    id::{DecisionId, IncidentId},
    time::Timestamp,
};
use serde::de::DeserializeOwned;
use sqlx::types::Uuid;

use crate::{
    fetch_all,
    store::{Error, Tx},
};

const WINDOWS: &str = "
    SELECT time_window
    FROM decision
    WHERE incident = $1 AND state = 'applied' AND aim <> 'take-back'
        AND NOT EXISTS (
            SELECT 1
            FROM decision AS later
            WHERE later.amends = decision.id AND later.state = 'applied'
        )";

/// The windows of the decisions that hold.
pub async fn windows(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Window>, Error> {
    fetch_all!(tx, (String,), WINDOWS, incident.0)?.iter().map(|(text,)| read(text)).collect()
}

/// A decision that was made.
#[derive(Debug, Clone)]
pub struct Made {
    pub id: DecisionId,
    pub number: i64,
    /// `decide`, `amend` or `take-back`.
    pub aim: String,
    pub rule: String,
    pub window: Window,
    pub choice: Decide,
    pub totals: Totals,
    pub at: Timestamp,
    pub by: String,
    /// The number of the decision that this one changes, and of the one that changed it.
    pub amends: Option<i64>,
    pub amended_by: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Kept {
    id: Uuid,
    number: i64,
    aim: String,
    rule: String,
    time_window: String,
    choice: String,
    totals: String,
    decided_at: i64,
    name: String,
    amends: Option<i64>,
    amended_by: Option<i64>,
}

impl TryFrom<Kept> for Made {
    type Error = Error;

    fn try_from(kept: Kept) -> Result<Self, Error> {
        Ok(Self {
            id: DecisionId(kept.id),
            number: kept.number,
            aim: kept.aim,
            rule: kept.rule,
            window: read(&kept.time_window)?,
            choice: read(&kept.choice)?,
            totals: read(&kept.totals)?,
            at: Timestamp(kept.decided_at),
            by: kept.name,
            amends: kept.amends,
            amended_by: kept.amended_by,
        })
    }
}

macro_rules! made {
    ($rest:literal) => {
        concat!(
            "
    SELECT decision.id, decision.number, decision.aim, decision.rule, decision.time_window, decision.choice,
        decision.totals, decision.decided_at, account.name, earlier.number AS amends, later.number AS amended_by
    FROM decision
    JOIN account ON account.id = decision.account
    LEFT JOIN decision AS earlier ON earlier.id = decision.amends
    LEFT JOIN decision AS later ON later.amends = decision.id AND later.state = 'applied'
    WHERE decision.incident = $1 AND decision.state = 'applied' ",
            $rest
        )
    };
}

const MADE: &str = made!("ORDER BY decision.number DESC LIMIT 50");
const ONE: &str = made!("AND decision.id = $2");

/// The decisions of an incident, the latest first.
pub async fn made(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Made>, Error> {
    fetch_all!(tx, Kept, MADE, incident.0)?.into_iter().map(Made::try_from).collect()
}

/// One of them.
pub(super) async fn find(tx: &mut Tx, incident: IncidentId, id: DecisionId) -> Result<Option<Made>, Error> {
    fetch_all!(tx, Kept, ONE, incident.0, id.0)?.pop().map(Made::try_from).transpose()
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Corrupt(error.to_string()))
}
