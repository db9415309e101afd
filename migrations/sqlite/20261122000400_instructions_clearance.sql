-- Standing orders, the way back of each scope, and what was waived at close.

-- An order is never deleted: it is lifted, or superseded by a named one. What another order suspends is computed.
CREATE TABLE instruction (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    place TEXT NOT NULL,
    system BLOB REFERENCES system (id),
    kind TEXT CHECK (kind IN ('application', 'device_class', 'network')),
    functions INTEGER NOT NULL CHECK (functions BETWEEN 1 AND 127),
    word TEXT NOT NULL CHECK (word IN ('use', 'use_only_for', 'read_only', 'restart_once', 'bring_to_depot', 'turn_on_but_do_not_use', 'do_not_log_in', 'leave_off', 'do_not_connect')),
    only_for INTEGER NOT NULL CHECK (only_for BETWEEN 0 AND 127),
    whom TEXT NOT NULL CHECK (whom IN ('everyone', 'pilots', 'position')),
    -- Account ids as a JSON list for pilots, the position's title otherwise.
    whom_names TEXT NOT NULL,
    condition_words TEXT NOT NULL,
    instead TEXT NOT NULL,
    -- The text names a system under a prohibition and waits for a second person; until then nobody reads it.
    text_waits INTEGER CHECK (text_waits IN (0, 1)) NOT NULL,
    short_words TEXT NOT NULL,
    -- What its issuer keeps by name, as a JSON list of `instruction:ID` and `clearance:ID`.
    keeps TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'in_force', 'lifted', 'superseded', 'rejected')),
    since INTEGER NOT NULL,
    -- Its place in the incident's sequence from the moment it is in force.
    age INTEGER NOT NULL,
    issued_by BLOB NOT NULL,
    approved_by BLOB,
    -- The order that it replaces, from the moment it is in force.
    supersedes BLOB REFERENCES instruction (id),
    CHECK ((system IS NULL) <> (kind IS NULL))
) STRICT;
CREATE INDEX instruction_incident ON instruction (incident, state);

CREATE TABLE instruction_event (
    instruction BLOB NOT NULL REFERENCES instruction (id),
    seq INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (instruction, seq)
) STRICT;

-- One scope on its way back, with its gate as it was frozen.
CREATE TABLE clearance (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    place TEXT NOT NULL,
    system BLOB NOT NULL REFERENCES system (id),
    functions INTEGER NOT NULL CHECK (functions BETWEEN 1 AND 127),
    gate TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('waiting', 'restored', 'pilot', 'waves', 'signed', 'clear', 'back_entry_complete', 'revoked')),
    waves_begun INTEGER NOT NULL,
    waves_planned INTEGER NOT NULL,
    signed_at INTEGER,
    released_at INTEGER,
    -- Its place in the incident's sequence from its release.
    released_seq INTEGER
) STRICT;
CREATE INDEX clearance_incident ON clearance (incident, stage);

-- Evidence as it was given; the highest number of a piece is the one that counts.
CREATE TABLE clearance_evidence (
    clearance BLOB NOT NULL REFERENCES clearance (id),
    number INTEGER NOT NULL,
    piece TEXT NOT NULL,
    passed INTEGER CHECK (passed IN (0, 1)) NOT NULL,
    note TEXT NOT NULL,
    at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (clearance, number)
) STRICT;

-- Signatures and refusals; `ended` is set when one is withdrawn or replaced, never cleared.
CREATE TABLE clearance_signoff (
    clearance BLOB NOT NULL REFERENCES clearance (id),
    seq INTEGER NOT NULL,
    signer TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('signed', 'refused')),
    account BLOB NOT NULL,
    at INTEGER NOT NULL,
    words TEXT NOT NULL,
    on_evidence TEXT NOT NULL,
    ended INTEGER,
    PRIMARY KEY (clearance, seq)
) STRICT;

CREATE TABLE clearance_event (
    clearance BLOB NOT NULL REFERENCES clearance (id),
    seq INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    from_stage TEXT NOT NULL,
    to_stage TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (clearance, seq, ordinal)
) STRICT;

-- A release taken back, in whole or part, with the window whose records are suspect.
CREATE TABLE revocation (
    incident BLOB NOT NULL REFERENCES incident (id),
    seq INTEGER NOT NULL,
    clearance BLOB NOT NULL REFERENCES clearance (id),
    place TEXT NOT NULL,
    system BLOB NOT NULL REFERENCES system (id),
    functions INTEGER NOT NULL CHECK (functions BETWEEN 1 AND 127),
    reason TEXT NOT NULL,
    released_seq INTEGER NOT NULL,
    released_at INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (incident, seq)
) STRICT;

-- What two people let stand at close; the first asks, the second agrees.
CREATE TABLE waiver (
    incident BLOB NOT NULL REFERENCES incident (id),
    kind TEXT NOT NULL CHECK (kind IN ('case_open', 'form_missing', 'form_not_at_its_end', 'cross_check_gap', 'action_without_owner')),
    item BLOB NOT NULL,
    reason TEXT NOT NULL,
    owner BLOB REFERENCES account (id),
    first_account BLOB NOT NULL REFERENCES account (id),
    first_role TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    second_account BLOB REFERENCES account (id),
    second_role TEXT,
    second_at INTEGER,
    PRIMARY KEY (incident, kind, item)
) STRICT;

-- What the feeds of a site have said: a new row only when what holds there has changed.
CREATE TABLE public_notice (
    facility BLOB NOT NULL REFERENCES facility (id),
    ordinal INTEGER NOT NULL CHECK (ordinal > 0),
    kind TEXT NOT NULL CHECK (kind IN ('alert', 'update', 'cancel')),
    fingerprint TEXT NOT NULL,
    said_at INTEGER NOT NULL,
    PRIMARY KEY (facility, ordinal)
) STRICT;
