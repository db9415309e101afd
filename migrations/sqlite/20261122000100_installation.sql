-- The installation: its identity, its chains, what it was asked, and who may use it.

-- There is one row, however many processes start at once on an empty database.
CREATE TABLE installation (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    zone TEXT NOT NULL,
    epoch TEXT NOT NULL,
    set_up_at INTEGER,
    revision INTEGER NOT NULL DEFAULT 0,
    is_one INTEGER CHECK (is_one = 1) NOT NULL DEFAULT 1 UNIQUE
) STRICT;

-- A chain is one hash-chained log: the installation's (its id is the installation's), one for each incident (its
-- id is the incident's) and one for each stream of facts of an incident. Its row is the lock of its decisions.
CREATE TABLE chain (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('installation', 'incident', 'facts')),
    of_incident BLOB,
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    entered_at INTEGER NOT NULL,
    -- What the clock said at the last decision, which may be earlier than entered_at after a step back.
    clock_at INTEGER NOT NULL,
    folded_seq INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX chain_stream ON chain (of_incident, stream);

CREATE TABLE journal (
    chain BLOB NOT NULL REFERENCES chain (id),
    seq INTEGER NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    actor BLOB,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (chain, seq)
) STRICT;
CREATE INDEX journal_kind ON journal (chain, kind, seq);
CREATE INDEX journal_subject ON journal (subject, chain, seq);

-- Texts that belong to an entry (basis, reason, conditions); the entry holds their salted hashes.
CREATE TABLE journal_text (
    chain BLOB NOT NULL,
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    salt BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (chain, seq, name),
    FOREIGN KEY (chain, seq) REFERENCES journal (chain, seq)
) STRICT;

CREATE TRIGGER journal_is_append_only_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_append_only_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- What was asked under a client's own request id, and what was answered.
CREATE TABLE request (
    account BLOB NOT NULL,
    id BLOB NOT NULL,
    body_hash BLOB NOT NULL,
    outcome TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT;
CREATE INDEX request_at ON request (at);

CREATE TABLE account (
    id BLOB PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('person', 'program')),
    person BLOB,
    password_hash TEXT,
    first_use_hash BLOB,
    first_use_until INTEGER,
    disabled_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX account_person ON account (person);

CREATE TABLE account_grant (
    account BLOB NOT NULL REFERENCES account (id),
    role TEXT NOT NULL CHECK (role IN ('administrator', 'commander', 'communicator', 'case_manager', 'forms_clerk', 'unit_lead', 'signer', 'viewer', 'device_reporter')),
    place TEXT NOT NULL,
    signs_as TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (account, role, place, signs_as)
) STRICT;

CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,
    account BLOB NOT NULL REFERENCES account (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_account ON session (account);

CREATE TABLE token (
    id BLOB PRIMARY KEY,
    secret_hash BLOB NOT NULL UNIQUE,
    account BLOB NOT NULL REFERENCES account (id),
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;
