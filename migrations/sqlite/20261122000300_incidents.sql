-- Incidents: the playbook version frozen into each, its scope, its statuses and its phase.

CREATE TABLE playbook_version (
    fingerprint TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    approved_at INTEGER,
    approved_by BLOB
) STRICT;
CREATE INDEX playbook_version_code ON playbook_version (code, version);

CREATE TABLE incident (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('real', 'exercise')),
    exercise_live INTEGER CHECK (exercise_live IN (0, 1)) NOT NULL DEFAULT 0,
    phase TEXT NOT NULL CHECK (phase IN ('watch', 'stood_down', 'downtime', 'recovery', 'reconciling', 'closed')),
    closing INTEGER CHECK (closing IN (0, 1)) NOT NULL DEFAULT 0,
    parent BLOB REFERENCES incident (id),
    playbook TEXT REFERENCES playbook_version (fingerprint),
    level TEXT NOT NULL,
    cause TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    declared_at INTEGER,
    closed_at INTEGER,
    next_update_at INTEGER,
    commander BLOB NOT NULL REFERENCES account (id)
) STRICT;
CREATE INDEX incident_phase ON incident (phase);

-- The places an incident covers, as written in scopes.
CREATE TABLE incident_place (
    incident BLOB NOT NULL REFERENCES incident (id),
    place TEXT NOT NULL,
    PRIMARY KEY (incident, place)
) STRICT;

-- What each system is, at each facility, as this incident knows it.
CREATE TABLE system_status (
    incident BLOB NOT NULL REFERENCES incident (id),
    system BLOB NOT NULL REFERENCES system (id),
    facility BLOB NOT NULL REFERENCES facility (id),
    status TEXT NOT NULL CHECK (status IN ('down', 'degraded', 'read_only', 'restoring', 'operational', 'unknown')),
    since INTEGER NOT NULL,
    PRIMARY KEY (incident, system, facility)
) STRICT;

-- Every change of phase or status, never changed afterwards.
CREATE TABLE incident_event (
    incident BLOB NOT NULL REFERENCES incident (id),
    seq INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('phase', 'status')),
    system BLOB,
    facility BLOB,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB,
    PRIMARY KEY (incident, seq, ordinal)
) STRICT;
