//! What each site's feeds have said: the SQL, and what must be said now.

use std::collections::BTreeMap;

use domain::{
    feeds::{self, Kind, Notice, Said},
    id::FacilityId,
    time::Timestamp,
};
use sqlx::types::Uuid;

use crate::{
    app::App,
    execute, fetch_all,
    store::{Error, Tx},
};

/// The newest message of each site.
pub type Notices = BTreeMap<FacilityId, Notice>;

const NEWEST: &str = "
    SELECT facility, ordinal, kind, fingerprint, said_at
    FROM public_notice
    WHERE ordinal > (
        SELECT MAX(newest.ordinal) - 2
        FROM public_notice AS newest
        WHERE newest.facility = public_notice.facility
    )
    ORDER BY facility, ordinal";

/// The newest message of every site, with the one that it replaces.
pub async fn newest(tx: &mut Tx) -> Result<Notices, Error> {
    let mut notices = Notices::new();
    for (facility, ordinal, kind, fingerprint, at) in
        fetch_all!(tx, (Uuid, i64, String, String, i64), NEWEST)?
    {
        let kind =
            Kind::from_code(&kind).ok_or_else(|| Error::Corrupt(format!("a public notice is {kind:?}")))?;
        let said = Said { ordinal, kind, fingerprint, at: Timestamp(at) };
        let before = notices.remove(&FacilityId(facility)).map(|notice| notice.said);
        let replaces = before.filter(|before| before.kind != Kind::Cancel);
        notices.insert(FacilityId(facility), Notice { said, replaces });
    }
    Ok(notices)
}

/// The message that says what holds now; a new one when the newest does not. What this process said and has not written
/// down yet counts, unless another process was first.
pub fn settle(
    written: Option<Notice>,
    in_memory: Option<&Notice>,
    holds: Option<&str>,
    at: Timestamp,
) -> Option<Notice> {
    let ordinal = |notice: &Notice| notice.said.ordinal;
    let newer = in_memory.filter(|mine| written.as_ref().is_none_or(|known| ordinal(mine) > ordinal(known)));
    let newest = newer.cloned().or(written);
    feeds::next(newest.as_ref().map(|notice| &notice.said), holds, at).or(newest)
}

const SAY: &str = "
    INSERT INTO public_notice (facility, ordinal, kind, fingerprint, said_at)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (facility, ordinal) DO NOTHING";

/// Writes messages down; `false` when another process was first with one of them, so that ours must be made anew.
///
/// # Errors
/// When the database does not answer.
pub async fn write_down(app: &App, said: &[(FacilityId, Said)]) -> Result<bool, Error> {
    let mut tx = app.db.write().await?;
    let mut first = true;
    for (site, Said { ordinal, kind, fingerprint, at }) in said {
        first &= execute!(tx, SAY, site.0, *ordinal, kind.code(), fingerprint, at.0)? == 1;
    }
    tx.commit().await?;
    Ok(first)
}
