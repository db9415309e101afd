-- Print packs, and what is expected against what is found.

-- Numbered sheets printed together for a unit. printed is what stands on the paper, so that it prints the same again.
CREATE TABLE pack (
    id BLOB PRIMARY KEY,
    unit BLOB NOT NULL REFERENCES unit (id),
    state TEXT NOT NULL CHECK (state IN ('printed', 'handed_out', 'withdrawn')),
    printed TEXT NOT NULL,
    sheets INTEGER NOT NULL CHECK (sheets > 0),
    made_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    incident BLOB REFERENCES incident (id),
    changed_at INTEGER NOT NULL,
    changed_by BLOB NOT NULL,
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX pack_state ON pack (state, id);
CREATE INDEX pack_unit ON pack (unit, state);

CREATE TABLE pack_range (
    pack BLOB NOT NULL REFERENCES pack (id),
    form_type TEXT NOT NULL,
    prefix TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (pack, form_type),
    UNIQUE (prefix, first),
    CHECK (first <= last)
) STRICT;

-- How often something happened in a unit on a day, from which comes how many forms there must be.
CREATE TABLE check_census (
    incident BLOB NOT NULL REFERENCES incident (id),
    unit BLOB NOT NULL REFERENCES unit (id),
    day TEXT NOT NULL,
    occasion TEXT NOT NULL CHECK (occasion IN ('patient_day', 'arrival', 'operation', 'visit', 'admission')),
    number INTEGER NOT NULL CHECK (number >= 0),
    changed_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (incident, unit, day, occasion)
) STRICT, WITHOUT ROWID;

-- One thing that two lists should both name. The key is found by its keyed hash; what it says lies sealed, because it
-- may be a patient's number.
CREATE TABLE check_line (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    kind TEXT NOT NULL CHECK (kind IN ('expected_forms', 'dispensed', 'arrivals', 'imaging', 'theatre', 'blood', 'pages', 'read_back')),
    key_hash BLOB NOT NULL,
    -- Under whose key it is sealed, so that who is erased is erased here too; nobody is known: under that of lists.
    patient BLOB REFERENCES patient (id),
    sealed BLOB NOT NULL,
    unit BLOB REFERENCES unit (id),
    expected INTEGER NOT NULL CHECK (expected >= 0),
    found INTEGER NOT NULL CHECK (found >= 0),
    state TEXT NOT NULL CHECK (state IN ('even', 'open', 'explained', 'corrected', 'harm')),
    owner BLOB REFERENCES account (id),
    note TEXT NOT NULL DEFAULT '',
    changed_at INTEGER NOT NULL,
    UNIQUE (incident, kind, key_hash)
) STRICT;
CREATE INDEX check_line_state ON check_line (incident, kind, state, id);
CREATE INDEX check_line_open ON check_line (incident, state, id);
CREATE INDEX check_line_patient ON check_line (patient) WHERE patient IS NOT NULL;

-- A list that is being taken over: its rows are written in chunks where nobody sees them, then made lines at once.
CREATE TABLE check_stage (
    id BLOB PRIMARY KEY,
    begun_at INTEGER NOT NULL
) STRICT;

CREATE TABLE check_said (
    stage BLOB NOT NULL REFERENCES check_stage (id),
    key_hash BLOB NOT NULL,
    -- The line that it becomes, or belongs to.
    line BLOB NOT NULL,
    patient BLOB REFERENCES patient (id),
    sealed BLOB NOT NULL,
    unit BLOB REFERENCES unit (id),
    expected INTEGER NOT NULL,
    found INTEGER NOT NULL,
    PRIMARY KEY (stage, key_hash)
) STRICT, WITHOUT ROWID;

-- What was done about a gap, never changed afterwards.
CREATE TABLE check_event (
    line BLOB NOT NULL REFERENCES check_line (id),
    seq INTEGER NOT NULL,
    act TEXT NOT NULL CHECK (act IN ('take', 'explain', 'correct', 'harm')),
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (line, seq)
) STRICT;
CREATE TRIGGER check_event_is_append_only_update BEFORE UPDATE ON check_event BEGIN SELECT RAISE(ABORT, 'check events are append-only'); END;
CREATE TRIGGER check_event_is_append_only_delete BEFORE DELETE ON check_event BEGIN SELECT RAISE(ABORT, 'check events are append-only'); END;

-- How many lines of a check are in a state, changed in the transaction that changes the lines.
CREATE TABLE check_tally (
    incident BLOB NOT NULL REFERENCES incident (id),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    lines INTEGER NOT NULL,
    PRIMARY KEY (incident, kind, state)
) STRICT, WITHOUT ROWID;

-- When each list of a check was last taken over.
CREATE TABLE check_list (
    incident BLOB NOT NULL REFERENCES incident (id),
    kind TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('expected', 'found')),
    file_name TEXT NOT NULL,
    taken_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (incident, kind, side)
) STRICT, WITHOUT ROWID;
