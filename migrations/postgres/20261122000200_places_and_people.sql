-- Where things are, what is used there, and who works there.

CREATE TABLE facility (
    id UUID PRIMARY KEY,
    code TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    short_name TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL
);

CREATE TABLE facility_group (
    id UUID PRIMARY KEY,
    code TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL
);

CREATE TABLE facility_group_member (
    facility_group UUID NOT NULL REFERENCES facility_group (id),
    facility UUID NOT NULL REFERENCES facility (id),
    PRIMARY KEY (facility_group, facility)
);

CREATE TABLE unit (
    id UUID PRIMARY KEY,
    facility UUID NOT NULL REFERENCES facility (id),
    code TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    phone TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- Where care is given, as the form kit names it; empty when nobody has said.
    setting TEXT NOT NULL DEFAULT '' CHECK (setting IN ('', 'inpatient', 'intensive_care', 'emergency', 'perioperative', 'clinic', 'pharmacy', 'laboratory', 'imaging', 'blood_bank', 'registration')),
    beds BIGINT CHECK (beds >= 0),
    -- Since when nobody works there any more; what was recorded of it stays.
    closed_at BIGINT,
    UNIQUE (facility, code)
);

CREATE TABLE system (
    id UUID PRIMARY KEY,
    code TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    short_name TEXT COLLATE "C" NOT NULL,
    aliases TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('application', 'device_class', 'network')),
    functions BIGINT NOT NULL DEFAULT 127,
    position BIGINT NOT NULL
);

CREATE TABLE person (
    id UUID PRIMARY KEY,
    staff_number TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    unit UUID NOT NULL REFERENCES unit (id),
    job TEXT COLLATE "C" NOT NULL,
    unit_lead BOOLEAN NOT NULL,
    qualifications TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    content_hash BYTEA NOT NULL,
    updated_at BIGINT NOT NULL,
    -- Counts the changes, so that nobody corrects what somebody else has changed meanwhile.
    version BIGINT NOT NULL DEFAULT 1,
    left_at BIGINT
);
CREATE INDEX person_unit ON person (unit, job);

-- The addresses of a person in the order in which they are tried.
CREATE TABLE address (
    person UUID NOT NULL REFERENCES person (id),
    channel TEXT COLLATE "C" NOT NULL CHECK (channel IN ('email', 'sms')),
    rank BIGINT NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (person, channel, rank)
);
CREATE INDEX address_value ON address (channel, value);

-- A file that was offered for import: kept under data/ until it is taken over or a day old.
CREATE TABLE import (
    id UUID PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    file_name TEXT COLLATE "C" NOT NULL,
    sha256 BYTEA NOT NULL,
    mapping TEXT COLLATE "C" NOT NULL,
    figures TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('previewed', 'committed', 'dropped')),
    account UUID NOT NULL,
    created_at BIGINT NOT NULL,
    committed_at BIGINT
);

-- Rows that a file was refused, or of which something was left out; never a value of the row. The file is an import
-- or a schedule.
CREATE TABLE import_reject (
    file UUID NOT NULL,
    ordinal BIGINT NOT NULL,
    line BIGINT NOT NULL,
    column_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (file, ordinal)
);
