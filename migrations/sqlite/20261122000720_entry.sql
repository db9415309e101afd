-- Typing paper in again: one task for each used sheet, its samples, its differences; and downtime numbers.

-- A lot of samples: what was typed in of one type at one site on one day.
CREATE TABLE entry_lot (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    form_type TEXT NOT NULL,
    facility BLOB NOT NULL REFERENCES facility (id),
    day TEXT NOT NULL,
    share INTEGER NOT NULL,
    error_percent INTEGER NOT NULL,
    entered INTEGER NOT NULL,
    drawn INTEGER NOT NULL,
    checked INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    turned INTEGER CHECK (turned IN (0, 1)) NOT NULL,
    UNIQUE (incident, form_type, facility, day),
    CHECK (drawn <= entered),
    CHECK (turned = TRUE OR errors * 100 <= error_percent * checked)
) STRICT;
CREATE INDEX entry_lot_list ON entry_lot (incident, day DESC, id DESC);

-- The patient is whose chart it belongs to, after merges; the text is sealed under who stood on the sheet.
CREATE TABLE entry_task (
    form BLOB PRIMARY KEY REFERENCES form (id),
    incident BLOB NOT NULL REFERENCES incident (id),
    form_type TEXT NOT NULL,
    facility BLOB NOT NULL REFERENCES facility (id),
    unit BLOB NOT NULL REFERENCES unit (id),
    priority INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('to_prepare', 'ready', 'missing', 'differs', 'to_check', 'entered', 'verified', 'void')),
    whose TEXT NOT NULL CHECK (whose IN ('unknown', 'one', 'several')),
    patient BLOB REFERENCES patient (id),
    sealed_for BLOB REFERENCES patient (id),
    sealed BLOB,
    event_at INTEGER,
    -- The time of care for the order of the list; what nobody knows comes last.
    care_at INTEGER NOT NULL,
    taken_by BLOB REFERENCES account (id),
    taken_until INTEGER NOT NULL,
    released INTEGER CHECK (released IN (0, 1)) NOT NULL,
    lot BLOB REFERENCES entry_lot (id),
    drawn INTEGER CHECK (drawn IN (0, 1)) NOT NULL,
    looked_at INTEGER CHECK (looked_at IN (0, 1)) NOT NULL,
    ticket INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    CHECK ((whose = 'one') = (patient IS NOT NULL))
) STRICT;
CREATE INDEX entry_task_all ON entry_task (incident, state, priority, care_at, form);
CREATE INDEX entry_task_type ON entry_task (incident, form_type, state, priority, care_at, form);
CREATE INDEX entry_task_site ON entry_task (incident, facility, state, priority, care_at, form);
CREATE INDEX entry_task_unit ON entry_task (incident, unit, state, priority, care_at, form);
CREATE INDEX entry_task_mine ON entry_task (incident, taken_by, state, priority, care_at, form) WHERE taken_by IS NOT NULL;
CREATE INDEX entry_task_patient ON entry_task (patient, incident, state) WHERE patient IS NOT NULL;
CREATE INDEX entry_task_several ON entry_task (incident, unit, state) WHERE whose = 'several';
CREATE INDEX entry_task_lot ON entry_task (lot, drawn, looked_at, ticket) WHERE lot IS NOT NULL;

-- Each time that a sheet was typed in, never changed afterwards. What the sheet says is in the records system.
CREATE TABLE entry_made (
    form BLOB NOT NULL REFERENCES form (id),
    seq INTEGER NOT NULL,
    event_at INTEGER,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    author TEXT NOT NULL,
    reference BLOB,
    PRIMARY KEY (form, seq)
) STRICT;
CREATE TRIGGER entry_made_is_append_only_update BEFORE UPDATE ON entry_made BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;
CREATE TRIGGER entry_made_is_append_only_delete BEFORE DELETE ON entry_made BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;

CREATE TABLE entry_difference (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    form BLOB NOT NULL REFERENCES form (id),
    kind TEXT NOT NULL,
    note TEXT NOT NULL,
    -- The role that settles it.
    owner TEXT NOT NULL,
    reported_at INTEGER NOT NULL,
    reported_by BLOB NOT NULL,
    ending TEXT CHECK (ending IN ('corrected', 'not_an_error', 'voided')),
    ended_at INTEGER,
    ended_by BLOB,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX entry_difference_form ON entry_difference (form, reported_at);
CREATE UNIQUE INDEX entry_difference_open ON entry_difference (form) WHERE ending IS NULL;

-- Two people in two roles let others go before a sheet.
CREATE TABLE entry_release (
    form BLOB PRIMARY KEY REFERENCES form (id),
    incident BLOB NOT NULL REFERENCES incident (id),
    reason TEXT NOT NULL,
    first_account BLOB NOT NULL REFERENCES account (id),
    first_role TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    second_account BLOB REFERENCES account (id),
    second_role TEXT,
    second_at INTEGER
) STRICT;

-- Tasks by state, kept in the transaction that changes a task.
CREATE TABLE entry_tally (
    incident BLOB NOT NULL REFERENCES incident (id),
    facility BLOB NOT NULL REFERENCES facility (id),
    unit BLOB NOT NULL REFERENCES unit (id),
    form_type TEXT NOT NULL,
    state TEXT NOT NULL,
    tasks INTEGER NOT NULL CHECK (tasks >= 0),
    PRIMARY KEY (incident, facility, unit, form_type, state)
) STRICT, WITHOUT ROWID;

-- A range of downtime numbers that a site holds ready, for every downtime.
CREATE TABLE identity_range (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('record', 'encounter')),
    facility BLOB NOT NULL REFERENCES facility (id),
    prefix TEXT NOT NULL,
    width INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    -- The first that is still free.
    next INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    CHECK (first <= last AND next >= first AND next <= last + 1)
) STRICT;
CREATE INDEX identity_range_site ON identity_range (facility, kind, added_at);

-- A number that was given out. The record into which it was merged is sealed.
CREATE TABLE identity_number (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    range_id BLOB NOT NULL REFERENCES identity_range (id),
    kind TEXT NOT NULL CHECK (kind IN ('record', 'encounter')),
    facility BLOB NOT NULL REFERENCES facility (id),
    unit BLOB NOT NULL REFERENCES unit (id),
    printed TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('given_out', 'used', 'waiting', 'merged', 'undoing', 'converted', 'void')),
    goal TEXT CHECK (goal IN ('merge', 'convert', 'void')),
    asked_by BLOB REFERENCES account (id),
    agreed_by BLOB REFERENCES account (id),
    -- Who said that the merge was wrong.
    back_by BLOB REFERENCES account (id),
    record BLOB REFERENCES patient (id),
    sealed BLOB,
    reason TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    CHECK (agreed_by IS NULL OR agreed_by <> asked_by)
) STRICT;
CREATE INDEX identity_number_list ON identity_number (incident, state, given_at, id);
CREATE INDEX identity_number_site ON identity_number (incident, facility, state, given_at, id);

-- Every change of a number, never changed afterwards.
CREATE TABLE identity_event (
    number BLOB NOT NULL REFERENCES identity_number (id),
    seq INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (number, seq)
) STRICT;
CREATE TRIGGER identity_event_is_append_only_update BEFORE UPDATE ON identity_event BEGIN SELECT RAISE(ABORT, 'events of numbers are append-only'); END;
CREATE TRIGGER identity_event_is_append_only_delete BEFORE DELETE ON identity_event BEGIN SELECT RAISE(ABORT, 'events of numbers are append-only'); END;

-- Where a number stands and has to be corrected by hand.
CREATE TABLE identity_left (
    number BLOB NOT NULL REFERENCES identity_number (id),
    place TEXT NOT NULL,
    noted_at INTEGER NOT NULL,
    noted_by BLOB NOT NULL,
    corrected_at INTEGER,
    corrected_by BLOB,
    PRIMARY KEY (number, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_tally (
    incident BLOB NOT NULL REFERENCES incident (id),
    facility BLOB NOT NULL REFERENCES facility (id),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    numbers INTEGER NOT NULL CHECK (numbers >= 0),
    -- Places that are not corrected.
    uncorrected INTEGER NOT NULL CHECK (uncorrected >= 0),
    PRIMARY KEY (incident, facility, kind, state)
) STRICT, WITHOUT ROWID;
