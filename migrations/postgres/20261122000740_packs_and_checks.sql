-- Print packs, and what is expected against what is found.

-- Numbered sheets printed together for a unit. printed is what stands on the paper, so that it prints the same again.
CREATE TABLE pack (
    id UUID PRIMARY KEY,
    unit UUID NOT NULL REFERENCES unit (id),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('printed', 'handed_out', 'withdrawn')),
    printed TEXT COLLATE "C" NOT NULL,
    sheets BIGINT NOT NULL CHECK (sheets > 0),
    made_at BIGINT NOT NULL,
    account UUID NOT NULL,
    incident UUID REFERENCES incident (id),
    changed_at BIGINT NOT NULL,
    changed_by UUID NOT NULL,
    reason TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX pack_state ON pack (state, id);
CREATE INDEX pack_unit ON pack (unit, state);

CREATE TABLE pack_range (
    pack UUID NOT NULL REFERENCES pack (id),
    form_type TEXT COLLATE "C" NOT NULL,
    prefix TEXT COLLATE "C" NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (pack, form_type),
    UNIQUE (prefix, first),
    CHECK (first <= last)
);

-- How often something happened in a unit on a day, from which comes how many forms there must be.
CREATE TABLE check_census (
    incident UUID NOT NULL REFERENCES incident (id),
    unit UUID NOT NULL REFERENCES unit (id),
    day TEXT COLLATE "C" NOT NULL,
    occasion TEXT COLLATE "C" NOT NULL CHECK (occasion IN ('patient_day', 'arrival', 'operation', 'visit', 'admission')),
    number BIGINT NOT NULL CHECK (number >= 0),
    changed_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (incident, unit, day, occasion)
);

-- One thing that two lists should both name. The key is found by its keyed hash; what it says lies sealed, because it
-- may be a patient's number.
CREATE TABLE check_line (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('expected_forms', 'dispensed', 'arrivals', 'imaging', 'theatre', 'blood', 'pages', 'read_back')),
    key_hash BYTEA NOT NULL,
    -- Under whose key it is sealed, so that who is erased is erased here too; nobody is known: under that of lists.
    patient UUID REFERENCES patient (id),
    sealed BYTEA NOT NULL,
    unit UUID REFERENCES unit (id),
    expected BIGINT NOT NULL CHECK (expected >= 0),
    found BIGINT NOT NULL CHECK (found >= 0),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('even', 'open', 'explained', 'corrected', 'harm')),
    owner UUID REFERENCES account (id),
    note TEXT COLLATE "C" NOT NULL DEFAULT '',
    changed_at BIGINT NOT NULL,
    UNIQUE (incident, kind, key_hash)
);
CREATE INDEX check_line_state ON check_line (incident, kind, state, id);
CREATE INDEX check_line_open ON check_line (incident, state, id);
CREATE INDEX check_line_patient ON check_line (patient) WHERE patient IS NOT NULL;

-- A list that is being taken over: its rows are written in chunks where nobody sees them, then made lines at once.
CREATE TABLE check_stage (
    id UUID PRIMARY KEY,
    begun_at BIGINT NOT NULL
);

CREATE TABLE check_said (
    stage UUID NOT NULL REFERENCES check_stage (id),
    key_hash BYTEA NOT NULL,
    -- The line that it becomes, or belongs to.
    line UUID NOT NULL,
    patient UUID REFERENCES patient (id),
    sealed BYTEA NOT NULL,
    unit UUID REFERENCES unit (id),
    expected BIGINT NOT NULL,
    found BIGINT NOT NULL,
    PRIMARY KEY (stage, key_hash)
);

-- What was done about a gap, never changed afterwards.
CREATE TABLE check_event (
    line UUID NOT NULL REFERENCES check_line (id),
    seq BIGINT NOT NULL,
    act TEXT COLLATE "C" NOT NULL CHECK (act IN ('take', 'explain', 'correct', 'harm')),
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    account UUID NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (line, seq)
);
CREATE TRIGGER check_event_is_append_only BEFORE UPDATE OR DELETE ON check_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- How many lines of a check are in a state, changed in the transaction that changes the lines.
CREATE TABLE check_tally (
    incident UUID NOT NULL REFERENCES incident (id),
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    lines BIGINT NOT NULL,
    PRIMARY KEY (incident, kind, state)
);

-- When each list of a check was last taken over.
CREATE TABLE check_list (
    incident UUID NOT NULL REFERENCES incident (id),
    kind TEXT COLLATE "C" NOT NULL,
    side TEXT COLLATE "C" NOT NULL CHECK (side IN ('expected', 'found')),
    file_name TEXT COLLATE "C" NOT NULL,
    taken_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (incident, kind, side)
);
