-- Broadcasts: to whom, in which words, over which addresses, and who has answered.

-- A list of people given as a file.
CREATE TABLE audience (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    name TEXT COLLATE "C" NOT NULL,
    people BIGINT NOT NULL,
    account UUID NOT NULL,
    created_at BIGINT NOT NULL,
    -- Its people are written in pieces; until all are there, nobody sees the list.
    complete BOOLEAN NOT NULL
);
CREATE INDEX audience_incident ON audience (incident);

CREATE TABLE audience_member (
    audience UUID NOT NULL REFERENCES audience (id),
    ordinal BIGINT NOT NULL,
    person UUID,
    name TEXT COLLATE "C" NOT NULL,
    unit UUID,
    on_duty BOOLEAN NOT NULL,
    lead BOOLEAN NOT NULL,
    addresses TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (audience, ordinal)
);

CREATE TABLE broadcast (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    number BIGINT NOT NULL,
    stage TEXT COLLATE "C" NOT NULL CHECK (stage IN ('draft', 'pending_approval', 'staged', 'sending', 'done', 'discarded', 'failed')),
    template TEXT COLLATE "C" NOT NULL,
    recipients TEXT COLLATE "C" NOT NULL,
    recipients_words TEXT COLLATE "C" NOT NULL,
    supersedes UUID REFERENCES broadcast (id),
    exercise BOOLEAN NOT NULL,
    captured BOOLEAN NOT NULL,
    -- What people typed of it; the rest is an approved template filled from data.
    typed TEXT COLLATE "C" NOT NULL,
    second_looks TEXT COLLATE "C" NOT NULL,
    confirm_percent BIGINT NOT NULL,
    sms_again BOOLEAN NOT NULL,
    clearance UUID,
    next_update_at BIGINT,
    author UUID NOT NULL,
    created_at BIGINT NOT NULL,
    sent_by UUID,
    sent_at BIGINT,
    approver UUID,
    approved_at BIGINT,
    people BIGINT NOT NULL,
    deliveries BIGINT NOT NULL,
    stager BIGINT,
    staged_hash BYTEA,
    switched_at BIGINT,
    done_at BIGINT,
    -- An all clear whose clearance was revoked: what has not left stays here.
    withdrawn_at BIGINT,
    -- Why it could not be staged, and how often that was tried.
    trouble TEXT COLLATE "C" NOT NULL DEFAULT '',
    stage_tries BIGINT NOT NULL DEFAULT 0,
    UNIQUE (incident, number)
);
CREATE INDEX broadcast_stage ON broadcast (stage);

-- The text as its author wrote it, and the code that belongs to exactly this text.
CREATE TABLE broadcast_body (
    broadcast UUID NOT NULL REFERENCES broadcast (id),
    channel TEXT COLLATE "C" NOT NULL CHECK (channel IN ('email', 'sms')),
    subject TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL UNIQUE,
    PRIMARY KEY (broadcast, channel)
);

-- One person of one broadcast, with the last answer; every answer is a row of `answer`.
CREATE TABLE recipient (
    broadcast UUID NOT NULL REFERENCES broadcast (id),
    ordinal BIGINT NOT NULL,
    person UUID,
    name TEXT COLLATE "C" NOT NULL,
    unit UUID,
    on_duty BOOLEAN NOT NULL,
    lead BOOLEAN NOT NULL,
    addresses TEXT COLLATE "C" NOT NULL,
    answer TEXT COLLATE "C",
    answered_at BIGINT,
    PRIMARY KEY (broadcast, ordinal)
);
CREATE INDEX recipient_unit ON recipient (broadcast, unit);

-- Queue, ledger and proof in one row per address. `people` names everyone behind it, by ordinal.
CREATE TABLE delivery (
    id UUID PRIMARY KEY,
    broadcast UUID NOT NULL REFERENCES broadcast (id),
    channel TEXT COLLATE "C" NOT NULL CHECK (channel IN ('email', 'sms')),
    address TEXT COLLATE "C" NOT NULL,
    people TEXT COLLATE "C" NOT NULL,
    unit UUID,
    token TEXT COLLATE "C" NOT NULL UNIQUE,
    message_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('queued', 'sending', 'accepted', 'delivered', 'failed', 'in_doubt', 'suppressed')),
    next_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    events BIGINT NOT NULL DEFAULT 0,
    fence BIGINT,
    gateway TEXT COLLATE "C" NOT NULL DEFAULT '',
    reply TEXT COLLATE "C" NOT NULL DEFAULT '',
    reply_kind TEXT COLLATE "C" NOT NULL DEFAULT '',
    doubted_at BIGINT,
    resent_at BIGINT,
    resends BIGINT NOT NULL DEFAULT 0,
    updated_at BIGINT NOT NULL,
    UNIQUE (broadcast, channel, address)
);
CREATE INDEX delivery_queue ON delivery (broadcast, channel, state, next_at);
CREATE INDEX delivery_sending ON delivery (fence) WHERE state = 'sending';

-- Every change of state of a delivery, never changed afterwards.
CREATE TABLE delivery_event (
    delivery UUID NOT NULL REFERENCES delivery (id),
    ordinal BIGINT NOT NULL,
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    fence BIGINT,
    account UUID,
    reply TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (delivery, ordinal)
);

CREATE TABLE answer (
    id UUID PRIMARY KEY,
    broadcast UUID NOT NULL REFERENCES broadcast (id),
    recipient BIGINT NOT NULL,
    answer TEXT COLLATE "C" NOT NULL CHECK (answer IN ('received', 'will_comply', 'cannot_comply', 'question', 'safe')),
    note TEXT COLLATE "C" NOT NULL,
    way TEXT COLLATE "C" NOT NULL CHECK (way IN ('link', 'unit_link', 'on_behalf')),
    account UUID,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL
);
CREATE INDEX answer_recipient ON answer (broadcast, recipient);


CREATE FUNCTION refuse_change_of_an_event() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$;
CREATE TRIGGER delivery_event_is_append_only BEFORE UPDATE OR DELETE ON delivery_event FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();
CREATE TRIGGER answer_is_append_only BEFORE UPDATE OR DELETE ON answer FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();

-- How many deliveries are in each state; kept in the transaction that changes them.
CREATE TABLE broadcast_tally (
    broadcast UUID NOT NULL REFERENCES broadcast (id),
    channel TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (broadcast, channel, state)
);

-- How many of each unit were asked and have answered.
CREATE TABLE broadcast_unit (
    broadcast UUID NOT NULL REFERENCES broadcast (id),
    unit UUID NOT NULL REFERENCES unit (id),
    people BIGINT NOT NULL,
    on_duty BIGINT NOT NULL,
    confirmed BIGINT NOT NULL DEFAULT 0,
    leads_confirmed BIGINT NOT NULL DEFAULT 0,
    answered BIGINT NOT NULL DEFAULT 0,
    confirmed_at BIGINT,
    answered_at BIGINT,
    PRIMARY KEY (broadcast, unit)
);

-- A gateway that refuses us rests until then.
CREATE TABLE gateway (
    name TEXT COLLATE "C" PRIMARY KEY,
    paused_until BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    faults BIGINT NOT NULL
);

-- Each start of a worker takes a number; only the living may write under theirs.
CREATE TABLE worker (
    fence BIGINT PRIMARY KEY,
    started_at BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    ended_at BIGINT
);

-- Sending is held until somebody decides; no row, no hold.
CREATE TABLE sending_hold (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    reason TEXT COLLATE "C" NOT NULL,
    held_at BIGINT NOT NULL
);

-- Epochs under which a machine worked before; once a person has answered for one, no machine asks about it again.
CREATE TABLE past_epoch (
    epoch TEXT COLLATE "C" PRIMARY KEY,
    answered_at BIGINT
);
