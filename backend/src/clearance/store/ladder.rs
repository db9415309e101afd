//! What a page of the ladder asks: counts from tallies, whose turn it is, what is wrong, and a screenful of scopes.

use std::collections::BTreeMap;

use domain::{
    clearance::Stage,
    id::{AccountId, ClearanceId, FacilityId, IncidentId, SystemId},
    scope::Place,
    time::Timestamp,
};
use sqlx::types::Uuid;

use super::stage;
use crate::{
    fetch_all,
    store::{Error, Sql, Tx},
};

/// Which scopes are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Want {
    pub site: Option<FacilityId>,
    pub system: Option<SystemId>,
    pub stage: Option<Stage>,
    /// Those behind this one.
    pub after: Option<ClearanceId>,
}

impl Want {
    fn site_text(&self) -> Option<String> {
        self.site.map(|site| site.to_string())
    }
}

const COUNTS: Sql = Sql {
    sqlite: "
    SELECT stage, SUM(scopes)
    FROM clearance_tally
    WHERE incident = $1 AND ($2 IS NULL OR site = $2) AND ($3 IS NULL OR system = $3)
    GROUP BY stage",
    postgres: "
    SELECT stage, SUM(scopes)::BIGINT
    FROM clearance_tally
    WHERE incident = $1 AND ($2::TEXT IS NULL OR site = $2) AND ($3::UUID IS NULL OR system = $3)
    GROUP BY stage",
};

/// How many scopes are at each stage, of one site or system or of all.
pub async fn counts(tx: &mut Tx, incident: IncidentId, want: &Want) -> Result<BTreeMap<Stage, i64>, Error> {
    let system = want.system.map(|system| system.0);
    let rows = fetch_all!(tx, (String, i64), COUNTS, incident.0, want.site_text(), system)?;
    rows.into_iter().map(|(code, count)| Ok((stage(&code)?, count))).collect()
}

const AT_STAGE: Sql = Sql {
    sqlite: "
    SELECT id
    FROM clearance
    WHERE incident = $1 AND stage = $2 AND ($3 IS NULL OR site = $3) AND ($4 IS NULL OR system = $4)
        AND ($5 IS NULL OR id > $5)
    ORDER BY id
    LIMIT $6",
    postgres: "
    SELECT id
    FROM clearance
    WHERE incident = $1 AND stage = $2 AND ($3::TEXT IS NULL OR site = $3) AND ($4::UUID IS NULL OR system = $4)
        AND ($5::UUID IS NULL OR id > $5)
    ORDER BY id
    LIMIT $6",
};

/// Scopes at one stage, in the order in which they were opened.
pub async fn at_stage(
    tx: &mut Tx,
    incident: IncidentId,
    (stage, want): (Stage, &Want),
    most: i64,
) -> Result<Vec<ClearanceId>, Error> {
    let (system, after) = (want.system.map(|system| system.0), want.after.map(|after| after.0));
    let rows =
        fetch_all!(tx, (Uuid,), AT_STAGE, incident.0, stage.code(), want.site_text(), system, after, most)?;
    Ok(rows.into_iter().map(|(id,)| ClearanceId(id)).collect())
}

const BLOCKED: &str = "
    SELECT id
    FROM clearance
    WHERE incident = $1 AND blocked_from <= $2
    ORDER BY blocked_from, id
    LIMIT $3";

/// Scopes with which something is wrong now, longest first.
pub async fn blocked(
    tx: &mut Tx,
    incident: IncidentId,
    now: Timestamp,
    most: i64,
) -> Result<Vec<ClearanceId>, Error> {
    let rows = fetch_all!(tx, (Uuid,), BLOCKED, incident.0, now.0, most)?;
    Ok(rows.into_iter().map(|(id,)| ClearanceId(id)).collect())
}

const TURNS: Sql = Sql {
    sqlite: "
    SELECT clearance_turn.clearance
    FROM clearance_turn
    JOIN clearance ON clearance.id = clearance_turn.clearance
    WHERE clearance_turn.incident = $1 AND who = $2 AND begins <= $3 AND ends > $3
        AND ($4 IS NULL OR place IN (SELECT value FROM json_each($4)))
        AND NOT EXISTS (
            SELECT 1 FROM clearance_signoff
            WHERE clearance_signoff.clearance = clearance_turn.clearance AND account = $5 AND ended IS NULL
                AND what = 'signed' AND clearance.stage <> 'signed')
    ORDER BY clearance_turn.clearance
    LIMIT $6",
    postgres: "
    SELECT clearance_turn.clearance
    FROM clearance_turn
    JOIN clearance ON clearance.id = clearance_turn.clearance
    WHERE clearance_turn.incident = $1 AND who = $2 AND begins <= $3 AND ends > $3
        AND ($4::TEXT IS NULL OR place IN (SELECT json_array_elements_text($4::json)))
        AND NOT EXISTS (
            SELECT 1 FROM clearance_signoff
            WHERE clearance_signoff.clearance = clearance_turn.clearance AND account = $5 AND ended IS NULL
                AND what = 'signed' AND clearance.stage <> 'signed')
    ORDER BY clearance_turn.clearance
    LIMIT $6",
};

/// The scopes whose turn it is for an account that acts as `who` at these places, or everywhere, oldest first.
pub async fn turns(
    tx: &mut Tx,
    incident: IncidentId,
    (who, places): (&str, Option<&[Place]>),
    account: AccountId,
    now: Timestamp,
    most: i64,
) -> Result<Vec<ClearanceId>, Error> {
    let places = places.map(|places| {
        let places: Vec<String> = places.iter().map(ToString::to_string).collect();
        serde_json::to_string(&places).expect("a list of texts serialises")
    });
    let rows = fetch_all!(tx, (Uuid,), TURNS, incident.0, who, now.0, places, account.0, most)?;
    Ok(rows.into_iter().map(|(id,)| ClearanceId(id)).collect())
}
