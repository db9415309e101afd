-- Broadcasts: to whom, in which words, over which addresses, and who has answered.

-- A list of people given as a file.
CREATE TABLE audience (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    name TEXT NOT NULL,
    people INTEGER NOT NULL,
    account BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    -- Its people are written in pieces; until all are there, nobody sees the list.
    complete INTEGER CHECK (complete IN (0, 1)) NOT NULL
) STRICT;
CREATE INDEX audience_incident ON audience (incident);

CREATE TABLE audience_member (
    audience BLOB NOT NULL REFERENCES audience (id),
    ordinal INTEGER NOT NULL,
    person BLOB,
    name TEXT NOT NULL,
    unit BLOB,
    on_duty INTEGER CHECK (on_duty IN (0, 1)) NOT NULL,
    lead INTEGER CHECK (lead IN (0, 1)) NOT NULL,
    addresses TEXT NOT NULL,
    PRIMARY KEY (audience, ordinal)
) STRICT;

CREATE TABLE broadcast (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    number INTEGER NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('draft', 'pending_approval', 'staged', 'sending', 'done', 'discarded', 'failed')),
    template TEXT NOT NULL,
    recipients TEXT NOT NULL,
    recipients_words TEXT NOT NULL,
    supersedes BLOB REFERENCES broadcast (id),
    exercise INTEGER CHECK (exercise IN (0, 1)) NOT NULL,
    captured INTEGER CHECK (captured IN (0, 1)) NOT NULL,
    -- What people typed of it; the rest is an approved template filled from data.
    typed TEXT NOT NULL,
    second_looks TEXT NOT NULL,
    confirm_percent INTEGER NOT NULL,
    sms_again INTEGER CHECK (sms_again IN (0, 1)) NOT NULL,
    clearance BLOB,
    next_update_at INTEGER,
    author BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    sent_by BLOB,
    sent_at INTEGER,
    approver BLOB,
    approved_at INTEGER,
    people INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    stager INTEGER,
    staged_hash BLOB,
    switched_at INTEGER,
    done_at INTEGER,
    -- An all clear whose clearance was revoked: what has not left stays here.
    withdrawn_at INTEGER,
    -- Why it could not be staged, and how often that was tried.
    trouble TEXT NOT NULL DEFAULT '',
    stage_tries INTEGER NOT NULL DEFAULT 0,
    UNIQUE (incident, number)
) STRICT;
CREATE INDEX broadcast_stage ON broadcast (stage);

-- The text as its author wrote it, and the code that belongs to exactly this text.
CREATE TABLE broadcast_body (
    broadcast BLOB NOT NULL REFERENCES broadcast (id),
    channel TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    code TEXT NOT NULL UNIQUE,
    PRIMARY KEY (broadcast, channel)
) STRICT;

-- One person of one broadcast, with the last answer; every answer is a row of `answer`.
CREATE TABLE recipient (
    broadcast BLOB NOT NULL REFERENCES broadcast (id),
    ordinal INTEGER NOT NULL,
    person BLOB,
    name TEXT NOT NULL,
    unit BLOB,
    on_duty INTEGER CHECK (on_duty IN (0, 1)) NOT NULL,
    lead INTEGER CHECK (lead IN (0, 1)) NOT NULL,
    addresses TEXT NOT NULL,
    answer TEXT,
    answered_at INTEGER,
    PRIMARY KEY (broadcast, ordinal)
) STRICT;
CREATE INDEX recipient_unit ON recipient (broadcast, unit);

-- Queue, ledger and proof in one row per address. `people` names everyone behind it, by ordinal.
CREATE TABLE delivery (
    id BLOB PRIMARY KEY,
    broadcast BLOB NOT NULL REFERENCES broadcast (id),
    channel TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
    address TEXT NOT NULL,
    people TEXT NOT NULL,
    unit BLOB,
    token TEXT NOT NULL UNIQUE,
    message_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'accepted', 'delivered', 'failed', 'in_doubt', 'suppressed')),
    next_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL DEFAULT 0,
    fence INTEGER,
    gateway TEXT NOT NULL DEFAULT '',
    reply TEXT NOT NULL DEFAULT '',
    reply_kind TEXT NOT NULL DEFAULT '',
    doubted_at INTEGER,
    resent_at INTEGER,
    resends INTEGER NOT NULL DEFAULT 0,
    updated_at INTEGER NOT NULL,
    UNIQUE (broadcast, channel, address)
) STRICT;
CREATE INDEX delivery_queue ON delivery (broadcast, channel, state, next_at);
CREATE INDEX delivery_sending ON delivery (fence) WHERE state = 'sending';

-- Every change of state of a delivery, never changed afterwards.
CREATE TABLE delivery_event (
    delivery BLOB NOT NULL REFERENCES delivery (id),
    ordinal INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    fence INTEGER,
    account BLOB,
    reply TEXT NOT NULL,
    PRIMARY KEY (delivery, ordinal)
) STRICT;

CREATE TABLE answer (
    id BLOB PRIMARY KEY,
    broadcast BLOB NOT NULL REFERENCES broadcast (id),
    recipient INTEGER NOT NULL,
    answer TEXT NOT NULL CHECK (answer IN ('received', 'will_comply', 'cannot_comply', 'question', 'safe')),
    note TEXT NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('link', 'unit_link', 'on_behalf')),
    account BLOB,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL
) STRICT;
CREATE INDEX answer_recipient ON answer (broadcast, recipient);

CREATE TRIGGER delivery_event_is_append_only_update BEFORE UPDATE ON delivery_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER delivery_event_is_append_only_delete BEFORE DELETE ON delivery_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER answer_is_append_only_update BEFORE UPDATE ON answer BEGIN SELECT RAISE(ABORT, 'answers are append-only'); END;
CREATE TRIGGER answer_is_append_only_delete BEFORE DELETE ON answer BEGIN SELECT RAISE(ABORT, 'answers are append-only'); END;

-- How many deliveries are in each state; kept in the transaction that changes them.
CREATE TABLE broadcast_tally (
    broadcast BLOB NOT NULL REFERENCES broadcast (id),
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (broadcast, channel, state)
) STRICT;

-- How many of each unit were asked and have answered.
CREATE TABLE broadcast_unit (
    broadcast BLOB NOT NULL REFERENCES broadcast (id),
    unit BLOB NOT NULL REFERENCES unit (id),
    people INTEGER NOT NULL,
    on_duty INTEGER NOT NULL,
    confirmed INTEGER NOT NULL DEFAULT 0,
    leads_confirmed INTEGER NOT NULL DEFAULT 0,
    answered INTEGER NOT NULL DEFAULT 0,
    confirmed_at INTEGER,
    answered_at INTEGER,
    PRIMARY KEY (broadcast, unit)
) STRICT;

-- A gateway that refuses us rests until then.
CREATE TABLE gateway (
    name TEXT PRIMARY KEY,
    paused_until INTEGER NOT NULL,
    reason TEXT NOT NULL,
    faults INTEGER NOT NULL
) STRICT;

-- Each start of a worker takes a number; only the living may write under theirs.
CREATE TABLE worker (
    fence INTEGER PRIMARY KEY,
    started_at INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

-- Sending is held until somebody decides; no row, no hold.
CREATE TABLE sending_hold (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    reason TEXT NOT NULL,
    held_at INTEGER NOT NULL
) STRICT;

-- Epochs under which a machine worked before; once a person has answered for one, no machine asks about it again.
CREATE TABLE past_epoch (
    epoch TEXT PRIMARY KEY,
    answered_at INTEGER
) STRICT;
