-- Our own paper, typed in as late entries; the lines of ancillary logs; what is asked again after a merge was undone.

-- A numbered sheet of command. One of an older pack is known from its first line on, and was handed to nobody here.
CREATE TABLE late_sheet (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    kind TEXT NOT NULL CHECK (kind IN ('log', 'calls', 'sign_in')),
    number INTEGER NOT NULL CHECK (number > 0),
    state TEXT NOT NULL CHECK (state IN ('out', 'typed', 'blank', 'lost')),
    handed_to TEXT NOT NULL,
    handed_at INTEGER,
    lines INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (incident, kind, number)
) STRICT;
CREATE INDEX late_sheet_state ON late_sheet (incident, state, kind, number);

-- Every change of a sheet, never changed afterwards.
CREATE TABLE late_sheet_event (
    sheet BLOB NOT NULL REFERENCES late_sheet (id),
    seq INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (sheet, seq)
) STRICT;
CREATE TRIGGER late_sheet_event_is_append_only_update BEFORE UPDATE ON late_sheet_event BEGIN SELECT RAISE(ABORT, 'events of sheets are append-only'); END;
CREATE TRIGGER late_sheet_event_is_append_only_delete BEFORE DELETE ON late_sheet_event BEGIN SELECT RAISE(ABORT, 'events of sheets are append-only'); END;

-- A line that was typed in; its words are beside the entry of the log with this number.
CREATE TABLE late_line (
    sheet BLOB NOT NULL REFERENCES late_sheet (id),
    line INTEGER NOT NULL CHECK (line > 0),
    seq INTEGER NOT NULL,
    event_at INTEGER NOT NULL,
    until_at INTEGER,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    -- Of everything that the line says, so that the same line again is known.
    said_hash BLOB NOT NULL,
    PRIMARY KEY (sheet, line)
) STRICT;
CREATE TRIGGER late_line_is_append_only_update BEFORE UPDATE ON late_line BEGIN SELECT RAISE(ABORT, 'late entries are append-only'); END;
CREATE TRIGGER late_line_is_append_only_delete BEFORE DELETE ON late_line BEGIN SELECT RAISE(ABORT, 'late entries are append-only'); END;

-- What somebody has typed of a sheet and not entered. It lies sealed: nobody has looked whether it names a patient.
CREATE TABLE late_draft (
    incident BLOB NOT NULL REFERENCES incident (id),
    kind TEXT NOT NULL CHECK (kind IN ('log', 'calls', 'sign_in')),
    number INTEGER NOT NULL CHECK (number > 0),
    account BLOB NOT NULL REFERENCES account (id),
    lines INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (incident, kind, number, account)
) STRICT, WITHOUT ROWID;

-- What hung on a merge that was taken back: a form, or a line of a cross-check. Each is looked at again.
CREATE TABLE identity_again (
    number BLOB NOT NULL REFERENCES identity_number (id),
    kind TEXT NOT NULL CHECK (kind IN ('sheet', 'line')),
    item BLOB NOT NULL,
    asked_at INTEGER NOT NULL,
    looked_at INTEGER,
    looked_by BLOB,
    PRIMARY KEY (number, item)
) STRICT, WITHOUT ROWID;

-- A line of a log of the kit, sealed under its patient's key; one that names no patient under that of lists.
CREATE TABLE log_line (
    form BLOB NOT NULL REFERENCES form (id),
    line INTEGER NOT NULL CHECK (line > 0),
    seq INTEGER NOT NULL,
    event_at INTEGER,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL REFERENCES account (id),
    patient BLOB REFERENCES patient (id),
    sealed BLOB NOT NULL,
    -- Codes of what the line lacks, apart by blanks.
    missing TEXT NOT NULL,
    -- From a critical result to its read-back.
    minutes INTEGER,
    said_hash BLOB NOT NULL,
    PRIMARY KEY (form, line)
) STRICT;
CREATE TRIGGER log_line_is_append_only_update BEFORE UPDATE ON log_line BEGIN SELECT RAISE(ABORT, 'lines of logs are append-only'); END;
CREATE TRIGGER log_line_is_append_only_delete BEFORE DELETE ON log_line BEGIN SELECT RAISE(ABORT, 'lines of logs are append-only'); END;
