//! Counts of items, kept in small rows that change in the transaction that changes the items. The list, the page of
//! a revocation and closing read these.

use std::collections::BTreeMap;

use domain::{
    actor::Role,
    id::IncidentId,
    reviews::{Queue, State},
    view::reviews::Figures,
};

use crate::{
    execute, fetch_all,
    store::{Error, Tx},
};

/// What a row counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub queue: Queue,
    pub revocation: i64,
    pub keeper: Role,
    pub state: State,
    pub contacted: bool,
}

/// Changes of counts, summed up before they are written.
#[derive(Debug, Default)]
pub struct Changes(BTreeMap<Key, i64>);

impl Changes {
    /// So many more, or fewer, of a kind.
    pub fn add(&mut self, key: Key, items: i64) {
        *self.0.entry(key).or_default() += items;
    }
}

const ADD: &str = "
    INSERT INTO review_tally (incident, queue, revocation, keeper, state, contacted, items)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (incident, queue, revocation, keeper, state, contacted)
    DO UPDATE SET items = review_tally.items + excluded.items";

/// Writes what changed.
pub async fn save(tx: &mut Tx, incident: IncidentId, changes: &Changes) -> Result<(), Error> {
    for (key, items) in changes.0.iter().filter(|(_, items)| **items != 0) {
        let Key { queue, revocation, keeper, state, contacted } = key;
        let (queue, keeper, state) = (queue.code(), keeper.code(), state.code());
        execute!(tx, ADD, incident.0, queue, *revocation, keeper, state, *contacted, *items)?;
    }
    Ok(())
}

type Row = (String, i64, String, String, bool, i64);

const READ: &str = "
    SELECT queue, revocation, keeper, state, contacted, items
    FROM review_tally
    WHERE incident = $1
    ORDER BY queue, revocation, keeper, state, contacted";

const FULL_COUNT: &str = "
    SELECT queue, revocation, keeper, state, contacted_at IS NOT NULL, COUNT(*)
    FROM review
    WHERE incident = $1
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5";

/// Every count of an incident.
pub async fn read(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(Key, i64)>, Error> {
    keyed(fetch_all!(tx, Row, READ, incident.0)?)
}

/// What a full count says; the same as [`read`], or something was counted wrongly.
pub async fn read_by_counting(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(Key, i64)>, Error> {
    keyed(fetch_all!(tx, Row, FULL_COUNT, incident.0)?)
}

fn keyed(rows: Vec<Row>) -> Result<Vec<(Key, i64)>, Error> {
    let key = |(queue, revocation, keeper, state, contacted, items): Row| {
        let read = (Queue::from_code(&queue), Role::from_code(&keeper), State::from_code(&state));
        let (Some(queue), Some(keeper), Some(state)) = read else {
            return Err(Error::Corrupt(format!("items are counted under {queue:?}, {keeper:?}, {state:?}")));
        };
        Ok((Key { queue, revocation, keeper, state, contacted }, items))
    };
    rows.into_iter().filter(|row| row.5 != 0).map(key).collect()
}

/// The sums over these counts.
pub fn figures<'a>(counts: impl IntoIterator<Item = &'a (Key, i64)>) -> Figures {
    let mut figures = Figures::default();
    for (key, items) in counts {
        figures.items += items;
        match key.state {
            State::Open => figures.open += items,
            State::Confirmed => figures.confirmed += items,
            State::Corrected => figures.corrected += items,
            State::Harm => figures.harm += items,
        }
        if key.state.asks_for_contact() && !key.contacted {
            figures.untold += items;
        }
    }
    figures
}
