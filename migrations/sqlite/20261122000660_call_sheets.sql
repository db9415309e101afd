-- Call sheets: the next patients to call, on paper under a number, typed back in line by line.

CREATE TABLE call_sheet (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    number INTEGER NOT NULL,
    -- What was asked for, in words.
    about TEXT NOT NULL,
    account BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    UNIQUE (incident, number)
) STRICT;

CREATE TABLE call_sheet_line (
    sheet BLOB NOT NULL REFERENCES call_sheet (id),
    line INTEGER NOT NULL,
    case_id BLOB NOT NULL REFERENCES patient_case (id),
    -- Tries of this line that are typed in.
    typed INTEGER NOT NULL,
    PRIMARY KEY (sheet, line)
) STRICT;
CREATE INDEX call_sheet_line_case ON call_sheet_line (case_id);
