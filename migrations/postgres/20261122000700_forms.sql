-- Paper: ranges handed to units, every numbered sheet, what happened to it, and the sums over them.

-- The last number that was printed or handed out of each prefix, for the whole installation: sheets that are printed
-- ahead never collide.
CREATE TABLE form_counter (
    prefix TEXT COLLATE "C" PRIMARY KEY,
    last BIGINT NOT NULL
);

CREATE TABLE form_issue (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    form_type TEXT COLLATE "C" NOT NULL,
    unit UUID NOT NULL REFERENCES unit (id),
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    -- The day on which the shift began, as 2024-07-19, and its name.
    shift_on TEXT COLLATE "C" NOT NULL,
    shift TEXT COLLATE "C" NOT NULL,
    -- Who took the sheets, as typed.
    taken_by TEXT COLLATE "C" NOT NULL,
    issued_at BIGINT NOT NULL,
    account UUID NOT NULL,
    seq BIGINT NOT NULL,
    -- Rule 8 over this range, kept in the transaction that changes a sheet.
    out BIGINT NOT NULL,
    used BIGINT NOT NULL,
    blank BIGINT NOT NULL,
    voided BIGINT NOT NULL,
    missing BIGINT NOT NULL,
    CHECK (first <= last),
    CHECK (last - first + 1 = out + used + blank + voided + missing)
);
CREATE INDEX form_issue_incident ON form_issue (incident, seq);
CREATE INDEX form_issue_unit ON form_issue (incident, unit, seq);

-- What a unit gives back for a shift under one cover sheet, signed by two people, counted again in the records room.
CREATE TABLE form_batch (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    unit UUID NOT NULL REFERENCES unit (id),
    number BIGINT NOT NULL,
    shift_on TEXT COLLATE "C" NOT NULL,
    shift TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'closed', 'received', 'scanned', 'refused')),
    sheets BIGINT NOT NULL,
    pages_in BIGINT NOT NULL,
    first_signer UUID REFERENCES account (id),
    second_signer UUID REFERENCES account (id),
    was_received BOOLEAN NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (incident, number),
    CHECK (first_signer <> second_signer)
);
CREATE INDEX form_batch_state ON form_batch (incident, state, changed_at, id);
CREATE INDEX form_batch_unit ON form_batch (incident, unit, number);

-- Every step of a batch, never changed afterwards. The figures are those that the person counted.
CREATE TABLE form_batch_event (
    batch UUID NOT NULL REFERENCES form_batch (id),
    seq BIGINT NOT NULL,
    what TEXT COLLATE "C" NOT NULL CHECK (what IN ('opened', 'filled', 'signed', 'received', 'scanned')),
    to_state TEXT COLLATE "C" NOT NULL,
    sheets BIGINT NOT NULL,
    pages BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (batch, seq)
);
CREATE TRIGGER form_batch_event_is_append_only BEFORE UPDATE OR DELETE ON form_batch_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE form_batch_tally (
    batch UUID NOT NULL REFERENCES form_batch (id),
    form_type TEXT COLLATE "C" NOT NULL,
    sheets BIGINT NOT NULL,
    PRIMARY KEY (batch, form_type)
);

-- One numbered sheet. A found one has the prefix F and no issue.
CREATE TABLE form (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    form_type TEXT COLLATE "C" NOT NULL,
    prefix TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    issue UUID REFERENCES form_issue (id),
    unit UUID NOT NULL REFERENCES unit (id),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('out', 'blank', 'voided', 'missing', 'used', 'entered', 'discrepancy', 'verified', 'filed')),
    -- The end that it must reach, by its kind, its unit's setting and how long the downtime had lasted when it was handed out.
    disposition TEXT NOT NULL CHECK (disposition IN ('back_enter', 'scan_only', 'keep')),
    to_check BOOLEAN NOT NULL,
    changed_at BIGINT NOT NULL,
    -- Where the paper is and since when; rule 8 never looks here.
    custody TEXT COLLATE "C" NOT NULL CHECK (custody IN ('with_unit', 'in_use', 'collected', 'received', 'prepared', 'scanned', 'filed')),
    custody_at BIGINT NOT NULL,
    batch UUID REFERENCES form_batch (id),
    CHECK (state <> 'out' OR custody IN ('with_unit', 'in_use')),
    UNIQUE (incident, prefix, number)
);
CREATE INDEX form_state ON form (incident, form_type, state, prefix, number);
CREATE INDEX form_unit ON form (incident, unit, form_type, state);
CREATE INDEX form_missing ON form (incident, state, unit, prefix, number);
CREATE INDEX form_custody_at ON form (incident, custody, custody_at, id);
CREATE INDEX form_of_batch ON form (batch);
CREATE INDEX form_to_check ON form (incident, form_type, state, to_check, prefix, number) WHERE to_check = TRUE;

-- Every change of state of a sheet, never changed afterwards. The number is that of the decision in the incident's
-- log; that of a scan, which is no decision, is the number of the next one.
CREATE TABLE form_event (
    form UUID NOT NULL REFERENCES form (id),
    seq BIGINT NOT NULL,
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (form, seq, to_state)
);
CREATE TRIGGER form_event_is_append_only BEFORE UPDATE OR DELETE ON form_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Every step of the paper of a sheet, never changed afterwards. It moves forwards only, so each step is taken once. An
-- implied one was not scanned itself: a later one shows that it was taken.
CREATE TABLE form_custody (
    form UUID NOT NULL REFERENCES form (id),
    to_custody TEXT COLLATE "C" NOT NULL CHECK (to_custody IN ('with_unit', 'in_use', 'collected', 'received', 'prepared', 'scanned', 'filed')),
    implied BOOLEAN NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    -- Under which request it was scanned: a repeat is answered as the first time.
    request UUID,
    PRIMARY KEY (form, to_custody)
);
CREATE INDEX form_custody_account ON form_custody (account, entered_at, form);
CREATE TRIGGER form_custody_is_append_only BEFORE UPDATE OR DELETE ON form_custody FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- How many sheets wait at each step, by the hour in which they came there, in whole hours since 1970.
CREATE TABLE form_age (
    incident UUID NOT NULL REFERENCES incident (id),
    custody TEXT COLLATE "C" NOT NULL,
    since_hour BIGINT NOT NULL,
    sheets BIGINT NOT NULL,
    PRIMARY KEY (incident, custody, since_hour)
);

-- The ledger, kept in the transaction that changes a sheet.
CREATE TABLE form_tally (
    incident UUID NOT NULL REFERENCES incident (id),
    form_type TEXT COLLATE "C" NOT NULL,
    unit UUID NOT NULL REFERENCES unit (id),
    found BOOLEAN NOT NULL,
    issued BIGINT NOT NULL,
    out BIGINT NOT NULL,
    used BIGINT NOT NULL,
    blank BIGINT NOT NULL,
    voided BIGINT NOT NULL,
    missing BIGINT NOT NULL,
    entered BIGINT NOT NULL,
    to_verify BIGINT NOT NULL,
    discrepancy BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    PRIMARY KEY (incident, form_type, unit, found),
    CHECK (issued = out + used + blank + voided + missing)
);
CREATE INDEX form_tally_unit ON form_tally (incident, unit, form_type);

-- What must be looked at again: items in four queues, what came of each, and the sums over them.

-- A file of items, offered and then taken over.
CREATE TABLE review_file (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    queue TEXT COLLATE "C" NOT NULL,
    revocation BIGINT NOT NULL,
    file_name TEXT COLLATE "C" NOT NULL,
    sha256 BYTEA NOT NULL,
    figures TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('previewed', 'committed')),
    account UUID NOT NULL,
    created_at BIGINT NOT NULL,
    committed_at BIGINT
);

-- Ids, codes and numbers of records, never a patient's name. The revocation is 0 but in the first queue.
CREATE TABLE review (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    queue TEXT COLLATE "C" NOT NULL CHECK (queue IN ('suspect_window', 'preliminary_read', 'phoned_result', 'diverted_sample')),
    revocation BIGINT NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    system UUID REFERENCES system (id),
    functions BIGINT NOT NULL CHECK (functions BETWEEN 0 AND 127),
    -- `form:ID`, `case:ID`, `log:SEQ` or `record:NUMBER`.
    subject TEXT COLLATE "C" NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    -- The role that looks, as long as nobody has taken it on.
    keeper TEXT COLLATE "C" NOT NULL,
    owner UUID REFERENCES account (id),
    recorded_at BIGINT NOT NULL,
    listed_seq BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'confirmed', 'corrected', 'harm')),
    contacted_at BIGINT,
    contacted_by UUID,
    changed_at BIGINT NOT NULL,
    changed_by UUID NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    UNIQUE (incident, queue, revocation, subject)
);
CREATE INDEX review_list ON review (incident, recorded_at, id);
CREATE INDEX review_queue ON review (incident, queue, state, recorded_at, id);

-- Every act upon an item, never changed afterwards.
CREATE TABLE review_event (
    review UUID NOT NULL REFERENCES review (id),
    seq BIGINT NOT NULL,
    what TEXT COLLATE "C" NOT NULL CHECK (what IN ('listed', 'take', 'confirm', 'correct', 'harm', 'contacted')),
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (review, seq)
);
CREATE TRIGGER review_event_is_append_only BEFORE UPDATE OR DELETE ON review_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Counts, changed in the transaction that changes the items they count.
CREATE TABLE review_tally (
    incident UUID NOT NULL REFERENCES incident (id),
    queue TEXT COLLATE "C" NOT NULL,
    revocation BIGINT NOT NULL,
    keeper TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    contacted BOOLEAN NOT NULL,
    items BIGINT NOT NULL,
    PRIMARY KEY (incident, queue, revocation, keeper, state, contacted)
);
