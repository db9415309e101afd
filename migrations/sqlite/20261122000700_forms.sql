-- Paper: ranges handed to units, every numbered sheet, what happened to it, and the sums over them.

-- The last number that was printed or handed out of each prefix, for the whole installation: sheets that are printed
-- ahead never collide.
CREATE TABLE form_counter (
    prefix TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

CREATE TABLE form_issue (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    form_type TEXT NOT NULL,
    unit BLOB NOT NULL REFERENCES unit (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    -- The day on which the shift began, as 2024-07-19, and its name.
    shift_on TEXT NOT NULL,
    shift TEXT NOT NULL,
    -- Who took the sheets, as typed.
    taken_by TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    seq INTEGER NOT NULL,
    -- Rule 8 over this range, kept in the transaction that changes a sheet.
    out INTEGER NOT NULL,
    used INTEGER NOT NULL,
    blank INTEGER NOT NULL,
    voided INTEGER NOT NULL,
    missing INTEGER NOT NULL,
    CHECK (first <= last),
    CHECK (last - first + 1 = out + used + blank + voided + missing)
) STRICT;
CREATE INDEX form_issue_incident ON form_issue (incident, seq);
CREATE INDEX form_issue_unit ON form_issue (incident, unit, seq);

-- What a unit gives back for a shift under one cover sheet, signed by two people, counted again in the records room.
CREATE TABLE form_batch (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    unit BLOB NOT NULL REFERENCES unit (id),
    number INTEGER NOT NULL,
    shift_on TEXT NOT NULL,
    shift TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'received', 'scanned', 'refused')),
    sheets INTEGER NOT NULL,
    pages_in INTEGER NOT NULL,
    first_signer BLOB REFERENCES account (id),
    second_signer BLOB REFERENCES account (id),
    was_received INTEGER CHECK (was_received IN (0, 1)) NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (incident, number),
    CHECK (first_signer <> second_signer)
) STRICT;
CREATE INDEX form_batch_state ON form_batch (incident, state, changed_at, id);
CREATE INDEX form_batch_unit ON form_batch (incident, unit, number);

-- Every step of a batch, never changed afterwards. The figures are those that the person counted.
CREATE TABLE form_batch_event (
    batch BLOB NOT NULL REFERENCES form_batch (id),
    seq INTEGER NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('opened', 'filled', 'signed', 'received', 'scanned')),
    to_state TEXT NOT NULL,
    sheets INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (batch, seq)
) STRICT;
CREATE TRIGGER form_batch_event_is_append_only_update BEFORE UPDATE ON form_batch_event BEGIN SELECT RAISE(ABORT, 'batch events are append-only'); END;
CREATE TRIGGER form_batch_event_is_append_only_delete BEFORE DELETE ON form_batch_event BEGIN SELECT RAISE(ABORT, 'batch events are append-only'); END;

CREATE TABLE form_batch_tally (
    batch BLOB NOT NULL REFERENCES form_batch (id),
    form_type TEXT NOT NULL,
    sheets INTEGER NOT NULL,
    PRIMARY KEY (batch, form_type)
) STRICT, WITHOUT ROWID;

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
    -- The end that it must reach, by its kind, its unit's setting and how long the downtime had lasted when it was handed out.
    disposition TEXT NOT NULL CHECK (disposition IN ('back_enter', 'scan_only', 'keep')),
    to_check INTEGER CHECK (to_check IN (0, 1)) NOT NULL,
    changed_at INTEGER NOT NULL,
    -- Where the paper is and since when; rule 8 never looks here.
    custody TEXT NOT NULL CHECK (custody IN ('with_unit', 'in_use', 'collected', 'received', 'prepared', 'scanned', 'filed')),
    custody_at INTEGER NOT NULL,
    batch BLOB REFERENCES form_batch (id),
    CHECK (state <> 'out' OR custody IN ('with_unit', 'in_use')),
    UNIQUE (incident, prefix, number)
) STRICT;
CREATE INDEX form_state ON form (incident, form_type, state, prefix, number);
CREATE INDEX form_unit ON form (incident, unit, form_type, state);
CREATE INDEX form_missing ON form (incident, state, unit, prefix, number);
CREATE INDEX form_custody_at ON form (incident, custody, custody_at, id);
CREATE INDEX form_of_batch ON form (batch);
CREATE INDEX form_to_check ON form (incident, form_type, state, to_check, prefix, number) WHERE to_check = TRUE;

-- Every change of state of a sheet, never changed afterwards. The number is that of the decision in the incident's
-- log; that of a scan, which is no decision, is the number of the next one.
CREATE TABLE form_event (
    form BLOB NOT NULL REFERENCES form (id),
    seq INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (form, seq, to_state)
) STRICT;
CREATE TRIGGER form_event_is_append_only_update BEFORE UPDATE ON form_event BEGIN SELECT RAISE(ABORT, 'form events are append-only'); END;
CREATE TRIGGER form_event_is_append_only_delete BEFORE DELETE ON form_event BEGIN SELECT RAISE(ABORT, 'form events are append-only'); END;

-- Every step of the paper of a sheet, never changed afterwards. It moves forwards only, so each step is taken once. An
-- implied one was not scanned itself: a later one shows that it was taken.
CREATE TABLE form_custody (
    form BLOB NOT NULL REFERENCES form (id),
    to_custody TEXT NOT NULL CHECK (to_custody IN ('with_unit', 'in_use', 'collected', 'received', 'prepared', 'scanned', 'filed')),
    implied INTEGER CHECK (implied IN (0, 1)) NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    -- Under which request it was scanned: a repeat is answered as the first time.
    request BLOB,
    PRIMARY KEY (form, to_custody)
) STRICT;
CREATE INDEX form_custody_account ON form_custody (account, entered_at, form);
CREATE TRIGGER form_custody_is_append_only_update BEFORE UPDATE ON form_custody BEGIN SELECT RAISE(ABORT, 'custody events are append-only'); END;
CREATE TRIGGER form_custody_is_append_only_delete BEFORE DELETE ON form_custody BEGIN SELECT RAISE(ABORT, 'custody events are append-only'); END;

-- How many sheets wait at each step, by the hour in which they came there, in whole hours since 1970.
CREATE TABLE form_age (
    incident BLOB NOT NULL REFERENCES incident (id),
    custody TEXT NOT NULL,
    since_hour INTEGER NOT NULL,
    sheets INTEGER NOT NULL,
    PRIMARY KEY (incident, custody, since_hour)
) STRICT, WITHOUT ROWID;

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
CREATE INDEX form_tally_unit ON form_tally (incident, unit, form_type);

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
