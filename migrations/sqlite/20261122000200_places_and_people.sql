-- Where things are, what is used there, and who works there.

CREATE TABLE facility (
    id BLOB PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    short_name TEXT NOT NULL,
    zone TEXT NOT NULL,
    position INTEGER NOT NULL
) STRICT;

CREATE TABLE facility_group (
    id BLOB PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE facility_group_member (
    facility_group BLOB NOT NULL REFERENCES facility_group (id),
    facility BLOB NOT NULL REFERENCES facility (id),
    PRIMARY KEY (facility_group, facility)
) STRICT;

CREATE TABLE unit (
    id BLOB PRIMARY KEY,
    facility BLOB NOT NULL REFERENCES facility (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT NOT NULL DEFAULT '',
    -- Where care is given, as the form kit names it; empty when nobody has said.
    setting TEXT NOT NULL DEFAULT '' CHECK (setting IN ('', 'inpatient', 'intensive_care', 'emergency', 'perioperative', 'clinic', 'pharmacy', 'laboratory', 'imaging', 'blood_bank', 'registration')),
    beds INTEGER CHECK (beds >= 0),
    -- Since when nobody works there any more; what was recorded of it stays.
    closed_at INTEGER,
    UNIQUE (facility, code)
) STRICT;

CREATE TABLE system (
    id BLOB PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    short_name TEXT NOT NULL,
    aliases TEXT NOT NULL DEFAULT '[]',
    kind TEXT NOT NULL CHECK (kind IN ('application', 'device_class', 'network')),
    functions INTEGER NOT NULL DEFAULT 127,
    position INTEGER NOT NULL
) STRICT;

CREATE TABLE person (
    id BLOB PRIMARY KEY,
    staff_number TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    unit BLOB NOT NULL REFERENCES unit (id),
    job TEXT NOT NULL,
    unit_lead INTEGER CHECK (unit_lead IN (0, 1)) NOT NULL,
    qualifications TEXT NOT NULL DEFAULT '[]',
    content_hash BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    -- Counts the changes, so that nobody corrects what somebody else has changed meanwhile.
    version INTEGER NOT NULL DEFAULT 1,
    left_at INTEGER
) STRICT;
CREATE INDEX person_unit ON person (unit, job);

-- The addresses of a person in the order in which they are tried.
CREATE TABLE address (
    person BLOB NOT NULL REFERENCES person (id),
    channel TEXT NOT NULL CHECK (channel IN ('email', 'sms')),
    rank INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (person, channel, rank)
) STRICT;
CREATE INDEX address_value ON address (channel, value);

-- A file that was offered for import: kept under data/ until it is taken over or a day old.
CREATE TABLE import (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    mapping TEXT NOT NULL,
    figures TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('previewed', 'committed', 'dropped')),
    account BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    committed_at INTEGER
) STRICT;

-- Rows that a file was refused, or of which something was left out; never a value of the row. The file is an import
-- or a schedule.
CREATE TABLE import_reject (
    file BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    line INTEGER NOT NULL,
    column_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (file, ordinal)
) STRICT;
