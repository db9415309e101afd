-- What concerns sites besides their systems: devices given back machine by machine, and what neighbouring hospitals
-- can take.

-- How far one class of devices is in a unit: what people counted, what machines report, and what the two say together.
CREATE TABLE device_tally (
    incident BLOB NOT NULL REFERENCES incident (id),
    unit BLOB NOT NULL REFERENCES unit (id),
    class BLOB NOT NULL REFERENCES system (id),
    -- Counted by people; NULL until somebody has.
    in_all INTEGER,
    counted_checked INTEGER NOT NULL,
    counted_fixed INTEGER NOT NULL,
    -- How many machines had reported themselves broken again when that was counted.
    broken_then INTEGER NOT NULL,
    -- Machines, each once, in its last state.
    machines INTEGER NOT NULL,
    machines_fixed INTEGER NOT NULL,
    machines_broken INTEGER NOT NULL,
    total INTEGER NOT NULL,
    checked INTEGER NOT NULL,
    fixed INTEGER NOT NULL,
    remaining INTEGER NOT NULL,
    -- 1 where there are devices and not one works.
    bare INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (incident, unit, class),
    CHECK (0 <= fixed AND fixed <= checked AND checked <= total AND remaining = total - fixed),
    CHECK (machines >= 0 AND machines_fixed >= 0 AND machines_broken >= 0)
) STRICT;
CREATE INDEX device_tally_worst ON device_tally (incident, bare DESC, remaining DESC, unit, class);

-- A machine that has reported itself, in its last state. It counts once, wherever it stands.
CREATE TABLE device_machine (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    name TEXT NOT NULL,
    unit BLOB NOT NULL REFERENCES unit (id),
    class BLOB NOT NULL REFERENCES system (id),
    state TEXT NOT NULL CHECK (state IN ('checked', 'fixed', 'broken_again')),
    changed_at INTEGER NOT NULL,
    UNIQUE (incident, name)
) STRICT;

-- Every count and every report, never changed afterwards.
CREATE TABLE device_event (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    unit BLOB NOT NULL REFERENCES unit (id),
    class BLOB NOT NULL REFERENCES system (id),
    source TEXT NOT NULL CHECK (source IN ('machine', 'typed', 'file')),
    machine BLOB REFERENCES device_machine (id),
    from_state TEXT NOT NULL DEFAULT '',
    to_state TEXT NOT NULL DEFAULT '',
    in_all INTEGER,
    checked INTEGER,
    fixed INTEGER,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL
) STRICT;
CREATE INDEX device_event_unit ON device_event (incident, unit, entered_at);

-- What was fixed in each ten minutes at a site; for the curve, without reading every event.
CREATE TABLE device_slot (
    incident BLOB NOT NULL REFERENCES incident (id),
    facility BLOB NOT NULL REFERENCES facility (id),
    class BLOB NOT NULL REFERENCES system (id),
    -- Ten minutes since 1970.
    slot INTEGER NOT NULL,
    fixed INTEGER NOT NULL,
    -- Of these, what a first count found fixed already: no work of these ten minutes.
    found INTEGER NOT NULL,
    PRIMARY KEY (incident, facility, class, slot)
) STRICT;

-- Which field team goes to a unit.
CREATE TABLE device_team (
    incident BLOB NOT NULL REFERENCES incident (id),
    unit BLOB NOT NULL REFERENCES unit (id),
    team TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (incident, unit)
) STRICT;

-- A hospital of which is known what it can take: a site of ours, or a neighbour by its name.
CREATE TABLE neighbour (
    id BLOB PRIMARY KEY,
    facility BLOB UNIQUE REFERENCES facility (id),
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- After so many minutes what was said is old.
    old_after_minutes INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- What a hospital said of itself, never changed afterwards. NULL was not said.
CREATE TABLE neighbour_report (
    id BLOB PRIMARY KEY,
    neighbour BLOB NOT NULL REFERENCES neighbour (id),
    emergency TEXT NOT NULL CHECK (emergency IN ('open', 'diversion', 'closed')),
    -- For whom it is on diversion, as `trauma stroke`; empty unless it is.
    diverted TEXT NOT NULL,
    since INTEGER,
    census INTEGER,
    icu_open INTEGER,
    medical_surgical_open INTEGER,
    emergency_boarding INTEGER,
    said_by TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    seq INTEGER NOT NULL
) STRICT;
CREATE INDEX neighbour_report_last ON neighbour_report (neighbour, event_at, seq);
