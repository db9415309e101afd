-- Incidents: the playbook version frozen into each, its scope, its statuses and its phase.

CREATE TABLE playbook_version (
    fingerprint TEXT COLLATE "C" PRIMARY KEY,
    code TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    approved_at BIGINT,
    approved_by UUID
);
CREATE INDEX playbook_version_code ON playbook_version (code, version);

CREATE TABLE incident (
    id UUID PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('real', 'exercise')),
    exercise_live BOOLEAN NOT NULL DEFAULT FALSE,
    phase TEXT COLLATE "C" NOT NULL CHECK (phase IN ('watch', 'stood_down', 'downtime', 'recovery', 'reconciling', 'closed')),
    closing BOOLEAN NOT NULL DEFAULT FALSE,
    parent UUID REFERENCES incident (id),
    playbook TEXT COLLATE "C" REFERENCES playbook_version (fingerprint),
    level TEXT COLLATE "C" NOT NULL,
    cause TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    declared_at BIGINT,
    closed_at BIGINT,
    next_update_at BIGINT,
    commander UUID NOT NULL REFERENCES account (id)
);
CREATE INDEX incident_phase ON incident (phase);

-- The places an incident covers, as written in scopes.
CREATE TABLE incident_place (
    incident UUID NOT NULL REFERENCES incident (id),
    place TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (incident, place)
);

-- What each system is, at each facility, as this incident knows it.
CREATE TABLE system_status (
    incident UUID NOT NULL REFERENCES incident (id),
    system UUID NOT NULL REFERENCES system (id),
    facility UUID NOT NULL REFERENCES facility (id),
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('down', 'degraded', 'read_only', 'restoring', 'operational', 'unknown')),
    since BIGINT NOT NULL,
    PRIMARY KEY (incident, system, facility)
);

-- Every change of phase or status, never changed afterwards.
CREATE TABLE incident_event (
    incident UUID NOT NULL REFERENCES incident (id),
    seq BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    what TEXT COLLATE "C" NOT NULL CHECK (what IN ('phase', 'status')),
    system UUID,
    facility UUID,
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID,
    PRIMARY KEY (incident, seq, ordinal)
);
