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
