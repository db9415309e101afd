-- Paper: ranges handed to units, every numbered sheet, what happened to it, and the sums over them.

CREATE TABLE form_issue (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    form_type TEXT COLLATE "C" NOT NULL,
    unit UUID NOT NULL REFERENCES unit (id),
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    account UUID NOT NULL,
    seq BIGINT NOT NULL,
    CHECK (first <= last)
);
CREATE INDEX form_issue_incident ON form_issue (incident, seq);

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
    to_check BOOLEAN NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (incident, prefix, number)
);
CREATE INDEX form_state ON form (incident, form_type, state, prefix, number);
CREATE INDEX form_unit ON form (incident, unit, form_type, state);

-- Every change of state of a sheet, never changed afterwards.
CREATE TABLE form_event (
    form UUID NOT NULL REFERENCES form (id),
    seq BIGINT NOT NULL,
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (form, seq)
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
