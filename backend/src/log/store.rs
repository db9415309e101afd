//! The SQL of the log; it only reads.

use domain::log::words::WITH_BASIS;
use sqlx::types::Uuid;

use crate::{
    fetch_all, fetch_one, fetch_optional,
    store::{Error, Sql, Tx, journal::JournalRow},
};

/// In place of a kind: decisions without a written basis.
pub const WITHOUT_BASIS_KIND: &str = "without-basis";

/// Which entries are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// One kind, or [`WITHOUT_BASIS_KIND`]; empty for all.
    pub kind: String,
    pub person: Person,
    /// From this event time, in microseconds, until before the other.
    pub from: i64,
    pub until: i64,
    /// Only entries before this sequence number.
    pub before: i64,
}

/// Whose entries are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    Anybody,
    /// What nobody did but the program itself.
    Program,
    Account(Uuid),
}

/// Entries of these kinds that have no basis in writing; how a list of kinds is read differs by database.
macro_rules! without_basis {
    ($kinds:literal) => {
        concat!(
            "kind IN (",
            $kinds,
            ")
            AND NOT EXISTS (
                SELECT 1
                FROM journal_text
                WHERE journal_text.chain = journal.chain
                    AND journal_text.seq = journal.seq
                    AND journal_text.name IN ('basis', 'reason')
                    AND journal_text.body <> '')"
        )
    };
}

macro_rules! list {
    ($kinds:literal) => {
        concat!(
            "
    SELECT seq, event_at, entered_at, actor, kind, subject, data, hash
    FROM journal
    WHERE chain = $1
        AND seq < $2
        AND event_at >= $3
        AND event_at < $4
        AND ($5 = '' OR kind = $5)
        AND ($6 = FALSE OR actor IS NULL)
        AND ($7 IS NULL OR actor = $7)
        AND ($8 = FALSE OR (",
            without_basis!($kinds),
            "))
    ORDER BY seq DESC
    LIMIT $10"
        )
    };
}

const LIST: Sql = Sql {
    sqlite: list!("SELECT value FROM json_each($9)"),
    postgres: list!("SELECT json_array_elements_text($9::json)"),
};

/// The entries of a chain that a filter wants, the newest first.
pub async fn list(tx: &mut Tx, chain: Uuid, filter: &Filter, most: i64) -> Result<Vec<JournalRow>, Error> {
    let without_basis = filter.kind == WITHOUT_BASIS_KIND;
    let kind = if without_basis { "" } else { &filter.kind };
    let account = match filter.person {
        Person::Account(account) => Some(account),
        Person::Anybody | Person::Program => None,
    };
    fetch_all!(
        tx,
        JournalRow,
        LIST,
        chain,
        filter.before,
        filter.from,
        filter.until,
        kind,
        filter.person == Person::Program,
        account,
        without_basis,
        kinds_with_basis(),
        most
    )
}

fn kinds_with_basis() -> String {
    serde_json::to_string(&WITH_BASIS).expect("a list of texts is JSON")
}

const TEXTS: &str = "
    SELECT seq, name, salt, body
    FROM journal_text
    WHERE chain = $1 AND seq >= $2 AND seq <= $3
    ORDER BY seq, name";

/// A text beside an entry: its entry, its name, its salt and its words.
pub type TextRow = (i64, String, Vec<u8>, String);

/// The texts beside the entries between two sequence numbers, both included.
pub async fn texts(tx: &mut Tx, chain: Uuid, from: i64, to: i64) -> Result<Vec<TextRow>, Error> {
    fetch_all!(tx, TextRow, TEXTS, chain, from, to)
}

// Both lists hop from one value to the next over the index, so that they cost as much as there are values and
// not as much as there are entries.
const KINDS: &str = "
    WITH RECURSIVE each (kind) AS (
        SELECT (SELECT kind FROM journal WHERE chain = $1 ORDER BY kind LIMIT 1)
        UNION ALL
        SELECT (SELECT kind FROM journal WHERE chain = $1 AND kind > each.kind ORDER BY kind LIMIT 1)
        FROM each
        WHERE each.kind IS NOT NULL)
    SELECT kind
    FROM each
    WHERE kind IS NOT NULL";

/// The kinds of entries that a chain has.
pub async fn kinds(tx: &mut Tx, chain: Uuid) -> Result<Vec<String>, Error> {
    let rows = fetch_all!(tx, (String,), KINDS, chain)?;
    Ok(rows.into_iter().map(|(kind,)| kind).collect())
}

const PEOPLE: &str = "
    WITH RECURSIVE each (actor) AS (
        SELECT (SELECT actor FROM journal WHERE chain = $1 AND actor IS NOT NULL ORDER BY actor LIMIT 1)
        UNION ALL
        SELECT (SELECT actor FROM journal WHERE chain = $1 AND actor > each.actor ORDER BY actor LIMIT 1)
        FROM each
        WHERE each.actor IS NOT NULL)
    SELECT account.id, account.name
    FROM each
    JOIN account ON account.id = each.actor
    ORDER BY account.name, account.id";

/// Who has done something in a chain, by name.
pub async fn people(tx: &mut Tx, chain: Uuid) -> Result<Vec<(Uuid, String)>, Error> {
    fetch_all!(tx, (Uuid, String), PEOPLE, chain)
}

const NAMES: Sql = Sql {
    sqlite: "
    SELECT id, name
    FROM account
    WHERE id IN (SELECT unhex(value) FROM json_each($1))
    UNION ALL
    SELECT id, name
    FROM system
    WHERE id IN (SELECT unhex(value) FROM json_each($1))
    UNION ALL
    SELECT id, name
    FROM facility
    WHERE id IN (SELECT unhex(value) FROM json_each($1))
    UNION ALL
    SELECT id, name
    FROM person
    WHERE id IN (SELECT unhex(value) FROM json_each($1))
    UNION ALL
    SELECT unit.id, facility.short_name || ', ' || unit.name
    FROM unit
    JOIN facility ON facility.id = unit.facility
    WHERE unit.id IN (SELECT unhex(value) FROM json_each($1))",
    postgres: "
    SELECT id, name
    FROM account
    WHERE id IN (SELECT value::uuid FROM json_array_elements_text($1::json))
    UNION ALL
    SELECT id, name
    FROM system
    WHERE id IN (SELECT value::uuid FROM json_array_elements_text($1::json))
    UNION ALL
    SELECT id, name
    FROM facility
    WHERE id IN (SELECT value::uuid FROM json_array_elements_text($1::json))
    UNION ALL
    SELECT id, name
    FROM person
    WHERE id IN (SELECT value::uuid FROM json_array_elements_text($1::json))
    UNION ALL
    SELECT unit.id, facility.short_name || ', ' || unit.name
    FROM unit
    JOIN facility ON facility.id = unit.facility
    WHERE unit.id IN (SELECT value::uuid FROM json_array_elements_text($1::json))",
};

/// The names of those of these ids that are accounts, people, systems, facilities or units.
pub async fn names(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>, Error> {
    let ids: Vec<String> = ids.iter().map(|id| id.simple().to_string()).collect();
    let ids = serde_json::to_string(&ids).expect("a list of texts is JSON");
    fetch_all!(tx, (Uuid, String), NAMES, ids)
}

const NEWEST: &str = "
    SELECT seq, event_at, entered_at, actor, kind, subject, data, hash
    FROM journal
    WHERE chain = $1
    ORDER BY seq DESC
    LIMIT 1";

/// The newest entry of a chain.
pub async fn newest(tx: &mut Tx, chain: Uuid) -> Result<Option<JournalRow>, Error> {
    fetch_optional!(tx, JournalRow, NEWEST, chain)
}

/// When something was written down, and what.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Beat {
    pub seq: i64,
    pub entered_at: i64,
    pub by_person: bool,
    pub kind: String,
}

impl Beat {
    /// Whether it is about messages and their answers.
    pub fn is_message(&self) -> bool {
        ["broadcast.", "audience.", "answer.", "deliveries."].iter().any(|each| self.kind.starts_with(each))
    }
}

const BEATS: &str = "
    SELECT seq, entered_at, actor IS NOT NULL AS by_person, kind
    FROM journal
    WHERE chain = $1
    ORDER BY seq DESC
    LIMIT $2";

/// Kind and time of the newest entries, the newest first.
pub async fn kinds_and_times(tx: &mut Tx, chain: Uuid, most: i64) -> Result<Vec<Beat>, Error> {
    fetch_all!(tx, Beat, BEATS, chain, most)
}

macro_rules! count_without_basis {
    ($kinds:literal) => {
        concat!(
            "
    SELECT COUNT(*)
    FROM journal
    WHERE chain = $1 AND ",
            without_basis!($kinds)
        )
    };
}

const WITHOUT_BASIS: Sql = Sql {
    sqlite: count_without_basis!("SELECT value FROM json_each($2)"),
    postgres: count_without_basis!("SELECT json_array_elements_text($2::json)"),
};

/// How many decisions that need a basis (rule 4) have none in writing.
pub async fn without_basis(tx: &mut Tx, chain: Uuid) -> Result<i64, Error> {
    let (count,) = fetch_one!(tx, (i64,), WITHOUT_BASIS, chain, kinds_with_basis())?;
    Ok(count)
}

const CHAINS_OF: &str = "
    SELECT id
    FROM chain
    WHERE id = $1 OR of_incident = $1
    ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END, id";

/// A chain, and behind it the chains of its facts.
pub async fn with_facts(tx: &mut Tx, chain: Uuid) -> Result<Vec<Uuid>, Error> {
    let rows = fetch_all!(tx, (Uuid,), CHAINS_OF, chain)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
