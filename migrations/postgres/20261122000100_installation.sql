-- The installation: its identity, its chains, what it was asked, and who may use it.

-- There is one row, however many processes start at once on an empty database.
CREATE TABLE installation (
    id UUID PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    epoch TEXT COLLATE "C" NOT NULL,
    set_up_at BIGINT,
    revision BIGINT NOT NULL DEFAULT 0,
    is_one BOOLEAN CHECK (is_one) NOT NULL DEFAULT TRUE UNIQUE
);

-- A chain is one hash-chained log: the installation's (its id is the installation's), one for each incident (its
-- id is the incident's) and one for each stream of facts of an incident. Its row is the lock of its decisions.
CREATE TABLE chain (
    id UUID PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('installation', 'incident', 'facts')),
    of_incident UUID,
    stream TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    head BYTEA NOT NULL,
    entered_at BIGINT NOT NULL,
    -- What the clock said at the last decision, which may be earlier than entered_at after a step back.
    clock_at BIGINT NOT NULL,
    folded_seq BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX chain_stream ON chain (of_incident, stream);

CREATE TABLE journal (
    chain UUID NOT NULL REFERENCES chain (id),
    seq BIGINT NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    actor UUID,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    data TEXT COLLATE "C" NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE INDEX journal_kind ON journal (chain, kind, seq);
CREATE INDEX journal_subject ON journal (subject, chain, seq);

-- Texts that belong to an entry (basis, reason, conditions); the entry holds their salted hashes.
CREATE TABLE journal_text (
    chain UUID NOT NULL,
    seq BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    salt BYTEA NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (chain, seq, name),
    FOREIGN KEY (chain, seq) REFERENCES journal (chain, seq)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What was asked under a client's own request id, and what was answered.
CREATE TABLE request (
    account UUID NOT NULL,
    id UUID NOT NULL,
    body_hash BYTEA NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX request_at ON request (at);

CREATE TABLE account (
    id UUID PRIMARY KEY,
    login TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('person', 'program')),
    person UUID,
    password_hash TEXT COLLATE "C",
    first_use_hash BYTEA,
    first_use_until BIGINT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE INDEX account_person ON account (person);

CREATE TABLE account_grant (
    account UUID NOT NULL REFERENCES account (id),
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('administrator', 'commander', 'communicator', 'case_manager', 'forms_clerk', 'unit_lead', 'signer', 'viewer', 'device_reporter')),
    place TEXT COLLATE "C" NOT NULL,
    signs_as TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (account, role, place, signs_as)
);

CREATE TABLE session (
    token_hash BYTEA PRIMARY KEY,
    account UUID NOT NULL REFERENCES account (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account);

CREATE TABLE token (
    id UUID PRIMARY KEY,
    secret_hash BYTEA NOT NULL UNIQUE,
    account UUID NOT NULL REFERENCES account (id),
    label TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
