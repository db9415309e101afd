-- Standing orders, the way back of each scope, and what was waived at close.

-- An order is never deleted: it is lifted, or superseded by a named one. What another order suspends is computed.
CREATE TABLE instruction (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    place TEXT COLLATE "C" NOT NULL,
    system UUID REFERENCES system (id),
    kind TEXT COLLATE "C" CHECK (kind IN ('application', 'device_class', 'network')),
    functions BIGINT NOT NULL CHECK (functions BETWEEN 1 AND 127),
    word TEXT COLLATE "C" NOT NULL CHECK (word IN ('use', 'use_only_for', 'read_only', 'restart_once', 'bring_to_depot', 'turn_on_but_do_not_use', 'do_not_log_in', 'leave_off', 'do_not_connect')),
    only_for BIGINT NOT NULL CHECK (only_for BETWEEN 0 AND 127),
    whom TEXT COLLATE "C" NOT NULL CHECK (whom IN ('everyone', 'pilots', 'position', 'wave')),
    -- Account ids as a JSON list for pilots, the position's title, the number of a wave; nothing for everyone.
    whom_names TEXT COLLATE "C" NOT NULL,
    condition_words TEXT COLLATE "C" NOT NULL,
    instead TEXT COLLATE "C" NOT NULL,
    -- The text names a system under a prohibition and waits for a second person; until then nobody reads it.
    text_waits BOOLEAN NOT NULL,
    short_words TEXT COLLATE "C" NOT NULL,
    -- What its issuer keeps by name, as a JSON list of `instruction:ID` and `clearance:ID`.
    keeps TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'in_force', 'lifted', 'superseded', 'rejected')),
    since BIGINT NOT NULL,
    -- Its place in the incident's sequence from the moment it is in force.
    age BIGINT NOT NULL,
    issued_by UUID NOT NULL,
    approved_by UUID,
    -- The order that it replaces, from the moment it is in force.
    supersedes UUID REFERENCES instruction (id),
    CHECK ((system IS NULL) <> (kind IS NULL))
);
CREATE INDEX instruction_incident ON instruction (incident, state);

CREATE TABLE instruction_event (
    instruction UUID NOT NULL REFERENCES instruction (id),
    seq BIGINT NOT NULL,
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (instruction, seq)
);

-- One scope on its way back, with its gate as it was frozen.
CREATE TABLE clearance (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    place TEXT COLLATE "C" NOT NULL,
    system UUID NOT NULL REFERENCES system (id),
    functions BIGINT NOT NULL CHECK (functions BETWEEN 1 AND 127),
    gate TEXT COLLATE "C" NOT NULL,
    stage TEXT COLLATE "C" NOT NULL CHECK (stage IN ('waiting', 'restored', 'pilot', 'waves', 'signed', 'clear', 'back_entry_complete', 'revoked')),
    -- The site that the place lies in; empty for a place of several.
    site TEXT COLLATE "C" NOT NULL,
    -- From when on something is wrong with it, worked out when it changes.
    blocked_from BIGINT,
    restored_at BIGINT,
    signed_at BIGINT,
    released_at BIGINT,
    -- Its place in the incident's sequence from its release.
    released_seq BIGINT,
    -- The scope that it was a part of until it went its own way; what became of that one until then is its past too.
    parted_from UUID REFERENCES clearance (id)
);
CREATE INDEX clearance_incident ON clearance (incident, stage, id);
CREATE INDEX clearance_site ON clearance (incident, site, system, stage, id);
CREATE INDEX clearance_blocked ON clearance (incident, blocked_from, id);

-- How many scopes of a site and a system are at each stage.
CREATE TABLE clearance_tally (
    incident UUID NOT NULL REFERENCES incident (id),
    site TEXT COLLATE "C" NOT NULL,
    system UUID NOT NULL REFERENCES system (id),
    stage TEXT COLLATE "C" NOT NULL,
    scopes BIGINT NOT NULL CHECK (scopes >= 0),
    PRIMARY KEY (incident, site, system, stage)
);

-- Whose turn it is, from when until when, if nothing is done: worked out when a scope changes.
CREATE TABLE clearance_turn (
    incident UUID NOT NULL REFERENCES incident (id),
    -- The key of a signer, or `commander`.
    who TEXT COLLATE "C" NOT NULL,
    clearance UUID NOT NULL REFERENCES clearance (id),
    begins BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    PRIMARY KEY (incident, who, clearance)
);
CREATE INDEX clearance_turn_clearance ON clearance_turn (clearance);

-- Evidence as it was given; the highest number of a piece is the one that counts.
CREATE TABLE clearance_evidence (
    clearance UUID NOT NULL REFERENCES clearance (id),
    number BIGINT NOT NULL,
    piece TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('passed', 'failed', 'waived')),
    note TEXT COLLATE "C" NOT NULL,
    figure BIGINT,
    link TEXT COLLATE "C" NOT NULL,
    -- The number of a file.
    file BIGINT,
    -- When it was looked at, and when that was written down.
    at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    account UUID NOT NULL,
    waived_as TEXT COLLATE "C" NOT NULL,
    -- The second person of a waiver; set once.
    agreed_account UUID,
    agreed_role TEXT COLLATE "C",
    agreed_at BIGINT,
    PRIMARY KEY (clearance, number)
);

-- Photographs and documents that prove a check, encrypted.
CREATE TABLE clearance_file (
    clearance UUID NOT NULL REFERENCES clearance (id),
    number BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    media TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    -- Of the bytes as they were sent, in hexadecimal.
    sha256 TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (clearance, number)
);

-- Signatures and refusals; `ended` is set when one is withdrawn or replaced, never cleared.
CREATE TABLE clearance_signoff (
    clearance UUID NOT NULL REFERENCES clearance (id),
    seq BIGINT NOT NULL,
    signer TEXT COLLATE "C" NOT NULL,
    what TEXT COLLATE "C" NOT NULL CHECK (what IN ('signed', 'refused')),
    account UUID NOT NULL,
    at BIGINT NOT NULL,
    words TEXT COLLATE "C" NOT NULL,
    on_evidence TEXT COLLATE "C" NOT NULL,
    -- For which functions; a part of them may be taken back later.
    functions BIGINT NOT NULL CHECK (functions BETWEEN 1 AND 127),
    -- SHA-256 of what was signed, in hexadecimal; empty for a refusal.
    content TEXT COLLATE "C" NOT NULL,
    ended BIGINT,
    PRIMARY KEY (clearance, seq)
);

-- Units whose staff sign in before everybody does.
CREATE TABLE clearance_wave (
    clearance UUID NOT NULL REFERENCES clearance (id),
    number BIGINT NOT NULL,
    -- Unit ids as a JSON list.
    units TEXT COLLATE "C" NOT NULL,
    starts_at BIGINT NOT NULL,
    hold_minutes BIGINT NOT NULL,
    hold_owner TEXT COLLATE "C" NOT NULL,
    expected BIGINT NOT NULL,
    condition_words TEXT COLLATE "C" NOT NULL,
    -- `unplanned` ones were taken off the list.
    progress TEXT COLLATE "C" NOT NULL CHECK (progress IN ('planned', 'begun', 'passed', 'unplanned')),
    planned_by UUID NOT NULL,
    begun_at BIGINT,
    passed_at BIGINT,
    -- The orders that let its units in, as a JSON list.
    orders TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (clearance, number)
);

CREATE TABLE clearance_wave_event (
    clearance UUID NOT NULL REFERENCES clearance (id),
    number BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    from_progress TEXT COLLATE "C" NOT NULL,
    to_progress TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (clearance, number, seq)
);

CREATE TABLE clearance_event (
    clearance UUID NOT NULL REFERENCES clearance (id),
    seq BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    from_stage TEXT COLLATE "C" NOT NULL,
    to_stage TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (clearance, seq, ordinal)
);

-- A release taken back, in whole or part, with the window whose records are suspect.
CREATE TABLE revocation (
    incident UUID NOT NULL REFERENCES incident (id),
    seq BIGINT NOT NULL,
    clearance UUID NOT NULL REFERENCES clearance (id),
    place TEXT COLLATE "C" NOT NULL,
    system UUID NOT NULL REFERENCES system (id),
    functions BIGINT NOT NULL CHECK (functions BETWEEN 1 AND 127),
    reason TEXT COLLATE "C" NOT NULL,
    released_seq BIGINT NOT NULL,
    released_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (incident, seq)
);

-- What two people let stand at close; the first asks, the second agrees.
CREATE TABLE waiver (
    incident UUID NOT NULL REFERENCES incident (id),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('case_open', 'form_missing', 'form_not_at_its_end', 'cross_check_gap', 'action_without_owner', 'review_open')),
    item UUID NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    owner UUID REFERENCES account (id),
    first_account UUID NOT NULL REFERENCES account (id),
    first_role TEXT COLLATE "C" NOT NULL,
    first_at BIGINT NOT NULL,
    second_account UUID REFERENCES account (id),
    second_role TEXT COLLATE "C",
    second_at BIGINT,
    PRIMARY KEY (incident, kind, item)
);

-- What the feeds of a site have said: a new row only when what holds there has changed.
CREATE TABLE public_notice (
    facility UUID NOT NULL REFERENCES facility (id),
    ordinal BIGINT NOT NULL CHECK (ordinal > 0),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('alert', 'update', 'cancel')),
    fingerprint TEXT COLLATE "C" NOT NULL,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (facility, ordinal)
);
