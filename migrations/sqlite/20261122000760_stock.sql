-- Blank forms at the units and what is asked for; and whether units are ready before anything fails. Both belong to the
-- installation and not to an incident: boxes are filled in peace.

-- The blank sheets of one form at a unit. The first seven figures are what people said and the ledger knew then; the rest
-- is reckoned from them, written when it changes, so that lists find it by index.
CREATE TABLE stock (
    unit BLOB NOT NULL REFERENCES unit (id),
    form_type TEXT NOT NULL,
    -- What the last count found, with what was brought since.
    lay INTEGER NOT NULL,
    -- What the ledger said was gone at that count, and what was used before it without the ledger knowing.
    gone_then INTEGER NOT NULL,
    pending INTEGER NOT NULL CHECK (pending >= 0),
    -- NULL until somebody has counted.
    counted_at INTEGER,
    own_par INTEGER CHECK (own_par >= 0),
    -- Somebody said that no more are needed; until the next count or delivery nothing is asked for.
    declined INTEGER CHECK (declined IN (0, 1)) NOT NULL,
    -- Less than 0: so many more came back used than lay there.
    remaining INTEGER NOT NULL,
    par INTEGER NOT NULL CHECK (par >= 0),
    basis TEXT NOT NULL CHECK (basis IN ('own', 'census', 'beds', 'kit')),
    rate_sheets INTEGER,
    rate_minutes INTEGER CHECK (rate_minutes > 0),
    measured INTEGER CHECK (measured IN (0, 1)) NOT NULL,
    -- When they run out, if it goes on like this; NULL when nothing can be said.
    runs_out_at INTEGER,
    short INTEGER NOT NULL CHECK (short >= 0),
    -- Counts the changes, so that who has read an older state writes nothing.
    version INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (unit, form_type)
) STRICT;
CREATE INDEX stock_short ON stock (short DESC, unit, form_type);
CREATE INDEX stock_runs_out ON stock (runs_out_at, unit, form_type);

-- Every count, delivery and par, never changed afterwards. expected is what was thought to lie there.
CREATE TABLE stock_event (
    id BLOB PRIMARY KEY,
    unit BLOB NOT NULL REFERENCES unit (id),
    form_type TEXT NOT NULL,
    act TEXT NOT NULL CHECK (act IN ('counted', 'brought', 'laid_in', 'taken_out', 'par_set')),
    -- NULL: an own par was taken back.
    sheets INTEGER,
    expected INTEGER NOT NULL,
    pack BLOB REFERENCES pack (id),
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    note TEXT NOT NULL
) STRICT;
CREATE INDEX stock_event_unit ON stock_event (unit, entered_at, id);
CREATE INDEX stock_event_form ON stock_event (unit, form_type, entered_at);
CREATE TRIGGER stock_event_is_append_only_update BEFORE UPDATE ON stock_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER stock_event_is_append_only_delete BEFORE DELETE ON stock_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

-- How many sheets went in each ten minutes of a downtime, in whole ten minutes since 1970. Less than 0: more were found
-- than were thought to be left.
CREATE TABLE stock_slot (
    unit BLOB NOT NULL REFERENCES unit (id),
    form_type TEXT NOT NULL,
    slot INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (unit, form_type, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX stock_slot_time ON stock_slot (slot);

-- The packs that lie in their units' boxes, or did.
CREATE TABLE stock_pack (
    pack BLOB PRIMARY KEY REFERENCES pack (id),
    laid_in_at INTEGER NOT NULL
) STRICT;

-- Blank forms that are asked for; of one form at one unit only once at a time.
CREATE TABLE reorder (
    id BLOB PRIMARY KEY,
    unit BLOB NOT NULL REFERENCES unit (id),
    form_type TEXT NOT NULL,
    sheets INTEGER NOT NULL CHECK (sheets > 0),
    state TEXT NOT NULL CHECK (state IN ('open', 'ordered', 'delivered', 'not_needed')),
    pack BLOB REFERENCES pack (id),
    opened_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by BLOB NOT NULL,
    note TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX reorder_waiting ON reorder (unit, form_type) WHERE state IN ('open', 'ordered');
CREATE INDEX reorder_state ON reorder (state, id);
CREATE INDEX reorder_unit ON reorder (unit, state);

-- Every step of a reorder, never changed afterwards.
CREATE TABLE reorder_event (
    reorder BLOB NOT NULL REFERENCES reorder (id),
    seq INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (reorder, seq)
) STRICT;
CREATE TRIGGER reorder_event_is_append_only_update BEFORE UPDATE ON reorder_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER reorder_event_is_append_only_delete BEFORE DELETE ON reorder_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

-- What was found last at each item of a unit's checklist.
CREATE TABLE readiness (
    unit BLOB NOT NULL REFERENCES unit (id),
    item TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('passed', 'failed')),
    number INTEGER,
    note TEXT NOT NULL,
    checked_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    -- Until when it counts.
    due_at INTEGER NOT NULL,
    PRIMARY KEY (unit, item)
) STRICT, WITHOUT ROWID;

-- Every look, never changed afterwards.
CREATE TABLE readiness_event (
    id BLOB PRIMARY KEY,
    unit BLOB NOT NULL REFERENCES unit (id),
    item TEXT NOT NULL,
    outcome TEXT NOT NULL,
    number INTEGER,
    note TEXT NOT NULL,
    -- The number of the decision in the log of the installation: order is this, never a time (rule 5).
    seq INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    due_at INTEGER NOT NULL
) STRICT;
CREATE INDEX readiness_event_unit ON readiness_event (unit, seq);
CREATE TRIGGER readiness_event_is_append_only_update BEFORE UPDATE ON readiness_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER readiness_event_is_append_only_delete BEFORE DELETE ON readiness_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

-- The sums over a unit's items, changed in the transaction that changes one.
CREATE TABLE readiness_tally (
    unit BLOB PRIMARY KEY REFERENCES unit (id),
    failed INTEGER NOT NULL,
    looked_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    -- The first of them to be looked at again.
    due_at INTEGER NOT NULL
) STRICT;

-- How ready the units of an incident were when it was declared.
CREATE TABLE readiness_start (
    incident BLOB PRIMARY KEY REFERENCES incident (id),
    units INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    never INTEGER NOT NULL,
    overdue INTEGER NOT NULL
) STRICT;
