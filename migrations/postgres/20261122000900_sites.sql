-- What concerns sites besides their systems: devices given back machine by machine, and what neighbouring hospitals
-- can take.

-- How far one class of devices is in a unit: what people counted, what machines report, and what the two say together.
CREATE TABLE device_tally (
    incident UUID NOT NULL REFERENCES incident (id),
    unit UUID NOT NULL REFERENCES unit (id),
    class UUID NOT NULL REFERENCES system (id),
    -- Counted by people; NULL until somebody has.
    in_all BIGINT,
    counted_checked BIGINT NOT NULL,
    counted_fixed BIGINT NOT NULL,
    -- How many machines had reported themselves broken again when that was counted.
    broken_then BIGINT NOT NULL,
    -- Machines, each once, in its last state.
    machines BIGINT NOT NULL,
    machines_fixed BIGINT NOT NULL,
    machines_broken BIGINT NOT NULL,
    total BIGINT NOT NULL,
    checked BIGINT NOT NULL,
    fixed BIGINT NOT NULL,
    remaining BIGINT NOT NULL,
    -- 1 where there are devices and not one works.
    bare BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (incident, unit, class),
    CHECK (0 <= fixed AND fixed <= checked AND checked <= total AND remaining = total - fixed),
    CHECK (machines >= 0 AND machines_fixed >= 0 AND machines_broken >= 0)
);
CREATE INDEX device_tally_worst ON device_tally (incident, bare DESC, remaining DESC, unit, class);

-- A machine that has reported itself, in its last state. It counts once, wherever it stands.
CREATE TABLE device_machine (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    name TEXT COLLATE "C" NOT NULL,
    unit UUID NOT NULL REFERENCES unit (id),
    class UUID NOT NULL REFERENCES system (id),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('checked', 'fixed', 'broken_again')),
    changed_at BIGINT NOT NULL,
    UNIQUE (incident, name)
);

-- Every count and every report, never changed afterwards.
CREATE TABLE device_event (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    unit UUID NOT NULL REFERENCES unit (id),
    class UUID NOT NULL REFERENCES system (id),
    source TEXT COLLATE "C" NOT NULL CHECK (source IN ('machine', 'typed', 'file')),
    machine UUID REFERENCES device_machine (id),
    from_state TEXT COLLATE "C" NOT NULL DEFAULT '',
    to_state TEXT COLLATE "C" NOT NULL DEFAULT '',
    in_all BIGINT,
    checked BIGINT,
    fixed BIGINT,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL
);
CREATE INDEX device_event_unit ON device_event (incident, unit, entered_at);

-- What was fixed in each ten minutes at a site; for the curve, without reading every event.
CREATE TABLE device_slot (
    incident UUID NOT NULL REFERENCES incident (id),
    facility UUID NOT NULL REFERENCES facility (id),
    class UUID NOT NULL REFERENCES system (id),
    -- Ten minutes since 1970.
    slot BIGINT NOT NULL,
    fixed BIGINT NOT NULL,
    -- Of these, what a first count found fixed already: no work of these ten minutes.
    found BIGINT NOT NULL,
    PRIMARY KEY (incident, facility, class, slot)
);

-- Which field team goes to a unit.
CREATE TABLE device_team (
    incident UUID NOT NULL REFERENCES incident (id),
    unit UUID NOT NULL REFERENCES unit (id),
    team TEXT COLLATE "C" NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (incident, unit)
);

-- A hospital of which is known what it can take: a site of ours, or a neighbour by its name.
CREATE TABLE neighbour (
    id UUID PRIMARY KEY,
    facility UUID UNIQUE REFERENCES facility (id),
    code TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    -- After so many minutes what was said is old.
    old_after_minutes BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What a hospital said of itself, never changed afterwards. NULL was not said.
CREATE TABLE neighbour_report (
    id UUID PRIMARY KEY,
    neighbour UUID NOT NULL REFERENCES neighbour (id),
    emergency TEXT COLLATE "C" NOT NULL CHECK (emergency IN ('open', 'diversion', 'closed')),
    -- For whom it is on diversion, as `trauma stroke`; empty unless it is.
    diverted TEXT COLLATE "C" NOT NULL,
    since BIGINT,
    census BIGINT,
    icu_open BIGINT,
    medical_surgical_open BIGINT,
    emergency_boarding BIGINT,
    said_by TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX neighbour_report_last ON neighbour_report (neighbour, event_at, seq);
