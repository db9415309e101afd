//! Somebody who has the database itself: takes the lock off the log, changes it, and cuts its end.

use backend::{execute, store::Sql};

use crate::World;

const DROP_UPDATE: Sql = Sql {
    sqlite: "DROP TRIGGER journal_is_append_only_update",
    postgres: "DROP TRIGGER journal_is_append_only ON journal",
};
const DROP_DELETE: Sql = Sql { sqlite: "DROP TRIGGER journal_is_append_only_delete", postgres: "SELECT 1" };

const CUT: &str = "
    DELETE FROM journal
    WHERE seq > $2 AND chain IN (SELECT id FROM chain WHERE kind = $1)";

const MOVE_END: &str = "
    UPDATE chain
    SET seq = $2, head = (SELECT hash FROM journal WHERE journal.chain = chain.id AND journal.seq = $2)
    WHERE kind = $1";

/// Lets entries of the log be changed and removed.
pub async fn takes_the_lock_off(world: &World) {
    changes(world, DROP_UPDATE).await;
    changes(world, DROP_DELETE).await;
}

/// Runs a statement.
///
/// # Panics
/// When the database refuses it.
pub async fn changes(world: &World, statement: impl Into<Sql>) {
    let sql: Sql = statement.into();
    let mut tx = world.app.db.write().await.expect("can be written");
    execute!(tx, sql).expect("the lock is off");
    tx.commit().await.expect("can be written");
}

/// Removes what comes after an entry in the chains of a kind, `incident` or `facts`.
///
/// # Panics
/// When the lock is on.
pub async fn cuts_after(world: &World, kind: &str, last: i64) {
    let mut tx = world.app.db.write().await.expect("can be written");
    execute!(tx, CUT, kind, last).expect("the lock is off");
    tx.commit().await.expect("can be written");
}

/// Moves the chains' own record of their end to an entry, as a careful one does.
///
/// # Panics
/// When the database cannot be written.
pub async fn moves_the_end_to(world: &World, kind: &str, last: i64) {
    let mut tx = world.app.db.write().await.expect("can be written");
    execute!(tx, MOVE_END, kind, last).expect("can be written");
    tx.commit().await.expect("can be written");
}
