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
