-- Our own paper, typed in as late entries; the lines of ancillary logs; what is asked again after a merge was undone.

-- A numbered sheet of command. One of an older pack is known from its first line on, and was handed to nobody here.
CREATE TABLE late_sheet (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('log', 'calls', 'sign_in')),
    number BIGINT NOT NULL CHECK (number > 0),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('out', 'typed', 'blank', 'lost')),
    handed_to TEXT COLLATE "C" NOT NULL,
    handed_at BIGINT,
    lines BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (incident, kind, number)
);
CREATE INDEX late_sheet_state ON late_sheet (incident, state, kind, number);

-- Every change of a sheet, never changed afterwards.
CREATE TABLE late_sheet_event (
    sheet UUID NOT NULL REFERENCES late_sheet (id),
    seq BIGINT NOT NULL,
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (sheet, seq)
);
CREATE TRIGGER late_sheet_event_is_append_only BEFORE UPDATE OR DELETE ON late_sheet_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A line that was typed in; its words are beside the entry of the log with this number.
CREATE TABLE late_line (
    sheet UUID NOT NULL REFERENCES late_sheet (id),
    line BIGINT NOT NULL CHECK (line > 0),
    seq BIGINT NOT NULL,
    event_at BIGINT NOT NULL,
    until_at BIGINT,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    -- Of everything that the line says, so that the same line again is known.
    said_hash BYTEA NOT NULL,
    PRIMARY KEY (sheet, line)
);
CREATE TRIGGER late_line_is_append_only BEFORE UPDATE OR DELETE ON late_line FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What somebody has typed of a sheet and not entered. It lies sealed: nobody has looked whether it names a patient.
CREATE TABLE late_draft (
    incident UUID NOT NULL REFERENCES incident (id),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('log', 'calls', 'sign_in')),
    number BIGINT NOT NULL CHECK (number > 0),
    account UUID NOT NULL REFERENCES account (id),
    lines BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (incident, kind, number, account)
);

-- What hung on a merge that was taken back: a form, or a line of a cross-check. Each is looked at again.
CREATE TABLE identity_again (
    number UUID NOT NULL REFERENCES identity_number (id),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('sheet', 'line')),
    item UUID NOT NULL,
    asked_at BIGINT NOT NULL,
    looked_at BIGINT,
    looked_by UUID,
    PRIMARY KEY (number, item)
);

-- A line of a log of the kit, sealed under its patient's key; one that names no patient under that of lists.
CREATE TABLE log_line (
    form UUID NOT NULL REFERENCES form (id),
    line BIGINT NOT NULL CHECK (line > 0),
    seq BIGINT NOT NULL,
    event_at BIGINT,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL REFERENCES account (id),
    patient UUID REFERENCES patient (id),
    sealed BYTEA NOT NULL,
    -- Codes of what the line lacks, apart by blanks.
    missing TEXT COLLATE "C" NOT NULL,
    -- From a critical result to its read-back.
    minutes BIGINT,
    said_hash BYTEA NOT NULL,
    PRIMARY KEY (form, line)
);
CREATE TRIGGER log_line_is_append_only BEFORE UPDATE OR DELETE ON log_line FOR EACH ROW EXECUTE FUNCTION refuse_change();
