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
    whom TEXT NOT NULL CHECK (whom IN ('everyone', 'pilots', 'position', 'wave')),
    -- Account ids as a JSON list for pilots, the position's title, the number of a wave; nothing for everyone.
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
    -- The site that the place lies in; empty for a place of several.
    site TEXT NOT NULL,
    -- From when on something is wrong with it, worked out when it changes.
    blocked_from INTEGER,
    restored_at INTEGER,
    signed_at INTEGER,
    released_at INTEGER,
    -- Its place in the incident's sequence from its release.
    released_seq INTEGER,
    -- The scope that it was a part of until it went its own way; what became of that one until then is its past too.
    parted_from BLOB REFERENCES clearance (id)
) STRICT;
CREATE INDEX clearance_incident ON clearance (incident, stage, id);
CREATE INDEX clearance_site ON clearance (incident, site, system, stage, id);
CREATE INDEX clearance_blocked ON clearance (incident, blocked_from, id);

-- How many scopes of a site and a system are at each stage.
CREATE TABLE clearance_tally (
    incident BLOB NOT NULL REFERENCES incident (id),
    site TEXT NOT NULL,
    system BLOB NOT NULL REFERENCES system (id),
    stage TEXT NOT NULL,
    scopes INTEGER NOT NULL CHECK (scopes >= 0),
    PRIMARY KEY (incident, site, system, stage)
) STRICT;

-- Whose turn it is, from when until when, if nothing is done: worked out when a scope changes.
CREATE TABLE clearance_turn (
    incident BLOB NOT NULL REFERENCES incident (id),
    -- The key of a signer, or `commander`.
    who TEXT NOT NULL,
    clearance BLOB NOT NULL REFERENCES clearance (id),
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    PRIMARY KEY (incident, who, clearance)
) STRICT;
CREATE INDEX clearance_turn_clearance ON clearance_turn (clearance);

-- Evidence as it was given; the highest number of a piece is the one that counts.
CREATE TABLE clearance_evidence (
    clearance BLOB NOT NULL REFERENCES clearance (id),
    number INTEGER NOT NULL,
    piece TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('passed', 'failed', 'waived')),
    note TEXT NOT NULL,
    figure INTEGER,
    link TEXT NOT NULL,
    -- The number of a file.
    file INTEGER,
    -- When it was looked at, and when that was written down.
    at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    waived_as TEXT NOT NULL,
    -- The second person of a waiver; set once.
    agreed_account BLOB,
    agreed_role TEXT,
    agreed_at INTEGER,
    PRIMARY KEY (clearance, number)
) STRICT;

-- Photographs and documents that prove a check, encrypted.
CREATE TABLE clearance_file (
    clearance BLOB NOT NULL REFERENCES clearance (id),
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    media TEXT NOT NULL,
    size INTEGER NOT NULL,
    -- Of the bytes as they were sent, in hexadecimal.
    sha256 TEXT NOT NULL,
    sealed BLOB NOT NULL,
    at INTEGER NOT NULL,
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
    -- For which functions; a part of them may be taken back later.
    functions INTEGER NOT NULL CHECK (functions BETWEEN 1 AND 127),
    -- SHA-256 of what was signed, in hexadecimal; empty for a refusal.
    content TEXT NOT NULL,
    ended INTEGER,
    PRIMARY KEY (clearance, seq)
) STRICT;

-- Units whose staff sign in before everybody does.
CREATE TABLE clearance_wave (
    clearance BLOB NOT NULL REFERENCES clearance (id),
    number INTEGER NOT NULL,
    -- Unit ids as a JSON list.
    units TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    hold_minutes INTEGER NOT NULL,
    hold_owner TEXT NOT NULL,
    expected INTEGER NOT NULL,
    condition_words TEXT NOT NULL,
    -- `unplanned` ones were taken off the list.
    progress TEXT NOT NULL CHECK (progress IN ('planned', 'begun', 'passed', 'unplanned')),
    planned_by BLOB NOT NULL,
    begun_at INTEGER,
    passed_at INTEGER,
    -- The orders that let its units in, as a JSON list.
    orders TEXT NOT NULL,
    PRIMARY KEY (clearance, number)
) STRICT;

CREATE TABLE clearance_wave_event (
    clearance BLOB NOT NULL REFERENCES clearance (id),
    number INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    from_progress TEXT NOT NULL,
    to_progress TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (clearance, number, seq)
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
    kind TEXT NOT NULL CHECK (kind IN ('case_open', 'form_missing', 'form_not_at_its_end', 'cross_check_gap', 'action_without_owner', 'review_open')),
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
