-- Paper: ranges handed to units, every numbered sheet, what happened to it, and the sums over them.

CREATE TABLE form_issue (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    form_type TEXT NOT NULL,
    unit BLOB NOT NULL REFERENCES unit (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    seq INTEGER NOT NULL,
    CHECK (first <= last)
) STRICT;
CREATE INDEX form_issue_incident ON form_issue (incident, seq);

-- One numbered sheet. A found one has the prefix F and no issue.
CREATE TABLE form (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    form_type TEXT NOT NULL,
    prefix TEXT NOT NULL,
    number INTEGER NOT NULL,
    issue BLOB REFERENCES form_issue (id),
    unit BLOB NOT NULL REFERENCES unit (id),
    state TEXT NOT NULL CHECK (state IN ('out', 'blank', 'voided', 'missing', 'used', 'entered', 'discrepancy', 'verified', 'filed')),
    to_check INTEGER CHECK (to_check IN (0, 1)) NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (incident, prefix, number)
) STRICT;
CREATE INDEX form_state ON form (incident, form_type, state, prefix, number);
CREATE INDEX form_unit ON form (incident, unit, form_type, state);

-- Every change of state of a sheet, never changed afterwards.
CREATE TABLE form_event (
    form BLOB NOT NULL REFERENCES form (id),
    seq INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (form, seq)
) STRICT;

-- The ledger, kept in the transaction that changes a sheet.
CREATE TABLE form_tally (
    incident BLOB NOT NULL REFERENCES incident (id),
    form_type TEXT NOT NULL,
    unit BLOB NOT NULL REFERENCES unit (id),
    found INTEGER CHECK (found IN (0, 1)) NOT NULL,
    issued INTEGER NOT NULL,
    out INTEGER NOT NULL,
    used INTEGER NOT NULL,
    blank INTEGER NOT NULL,
    voided INTEGER NOT NULL,
    missing INTEGER NOT NULL,
    entered INTEGER NOT NULL,
    to_verify INTEGER NOT NULL,
    discrepancy INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    PRIMARY KEY (incident, form_type, unit, found),
    CHECK (issued = out + used + blank + voided + missing)
) STRICT;

-- What must be looked at again: items in four queues, what came of each, and the sums over them.

-- A file of items, offered and then taken over.
CREATE TABLE review_file (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    queue TEXT NOT NULL,
    revocation INTEGER NOT NULL,
    file_name TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    figures TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('previewed', 'committed')),
    account BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    committed_at INTEGER
) STRICT;

-- Ids, codes and numbers of records, never a patient's name. The revocation is 0 but in the first queue.
CREATE TABLE review (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    queue TEXT NOT NULL CHECK (queue IN ('suspect_window', 'preliminary_read', 'phoned_result', 'diverted_sample')),
    revocation INTEGER NOT NULL,
    place TEXT NOT NULL,
    system BLOB REFERENCES system (id),
    functions INTEGER NOT NULL CHECK (functions BETWEEN 0 AND 127),
    -- `form:ID`, `case:ID`, `log:SEQ` or `record:NUMBER`.
    subject TEXT NOT NULL,
    what TEXT NOT NULL,
    -- The role that looks, as long as nobody has taken it on.
    keeper TEXT NOT NULL,
    owner BLOB REFERENCES account (id),
    recorded_at INTEGER NOT NULL,
    listed_seq INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'confirmed', 'corrected', 'harm')),
    contacted_at INTEGER,
    contacted_by BLOB,
    changed_at INTEGER NOT NULL,
    changed_by BLOB NOT NULL,
    note TEXT NOT NULL,
    UNIQUE (incident, queue, revocation, subject)
) STRICT;
CREATE INDEX review_list ON review (incident, recorded_at, id);
CREATE INDEX review_queue ON review (incident, queue, state, recorded_at, id);

-- Every act upon an item, never changed afterwards.
CREATE TABLE review_event (
    review BLOB NOT NULL REFERENCES review (id),
    seq INTEGER NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('listed', 'take', 'confirm', 'correct', 'harm', 'contacted')),
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (review, seq)
) STRICT;
CREATE TRIGGER review_event_is_append_only_update BEFORE UPDATE ON review_event BEGIN SELECT RAISE(ABORT, 'review events are append-only'); END;
CREATE TRIGGER review_event_is_append_only_delete BEFORE DELETE ON review_event BEGIN SELECT RAISE(ABORT, 'review events are append-only'); END;

-- Counts, changed in the transaction that changes the items they count.
CREATE TABLE review_tally (
    incident BLOB NOT NULL REFERENCES incident (id),
    queue TEXT NOT NULL,
    revocation INTEGER NOT NULL,
    keeper TEXT NOT NULL,
    state TEXT NOT NULL,
    contacted INTEGER CHECK (contacted IN (0, 1)) NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (incident, queue, revocation, keeper, state, contacted)
) STRICT, WITHOUT ROWID;
