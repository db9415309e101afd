-- Call sheets: the next patients to call, on paper under a number, typed back in line by line.

CREATE TABLE call_sheet (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    number BIGINT NOT NULL,
    -- What was asked for, in words.
    about TEXT NOT NULL,
    account UUID NOT NULL,
    made_at BIGINT NOT NULL,
    UNIQUE (incident, number)
);

CREATE TABLE call_sheet_line (
    sheet UUID NOT NULL REFERENCES call_sheet (id),
    line BIGINT NOT NULL,
    case_id UUID NOT NULL REFERENCES patient_case (id),
    -- Tries of this line that are typed in.
    typed BIGINT NOT NULL,
    PRIMARY KEY (sheet, line)
);
CREATE INDEX call_sheet_line_case ON call_sheet_line (case_id);
