-- Schedules that came in before an incident: nightly exports, each kept whole and encrypted for some days, so that the
-- newest one before a downtime is there when nothing else is.

CREATE TABLE standing_schedule (
    id UUID PRIMARY KEY,
    origin TEXT NOT NULL CHECK (origin IN ('upload', 'folder', 'terminal')),
    file_name TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    bytes BIGINT NOT NULL,
    -- Into how many parts the file is cut.
    parts BIGINT NOT NULL,
    as_of BIGINT NOT NULL,
    as_of_from TEXT NOT NULL CHECK (as_of_from IN ('given', 'name', 'file')),
    -- Nobody sees what is staged: its parts are still coming in, or going.
    state TEXT NOT NULL CHECK (state IN ('staged', 'ready', 'needs_columns')),
    -- A keyed hash of the header: in a file without one, the first row is a patient.
    shape BYTEA NOT NULL,
    mapping TEXT NOT NULL,
    scheme TEXT NOT NULL,
    columns_from TEXT NOT NULL CHECK (columns_from IN ('guessed', 'saved', 'chosen')),
    figures TEXT NOT NULL,
    -- An account, the installation when it came from the terminal, or nobody's when it came from a folder.
    account UUID NOT NULL,
    received_at BIGINT NOT NULL,
    kept_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX standing_schedule_file ON standing_schedule (sha256) WHERE state <> 'staged';
CREATE INDEX standing_schedule_as_of ON standing_schedule (as_of, id);

-- The file itself, encrypted part by part.
CREATE TABLE standing_part (
    schedule UUID NOT NULL REFERENCES standing_schedule (id),
    ordinal BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (schedule, ordinal)
);

-- Which column holds what in files with such a header, as a person chose once.
CREATE TABLE schedule_columns (
    shape BYTEA PRIMARY KEY,
    mapping TEXT NOT NULL,
    scheme TEXT NOT NULL,
    account UUID NOT NULL,
    chosen_at BIGINT NOT NULL
);

-- What became of each file, by its content, also after the schedule is gone: folders are only read, so that a file lies
-- there again at every look and before every server.
CREATE TABLE schedule_file (
    sha256 BYTEA PRIMARY KEY,
    file_name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('taking', 'taken', 'refused')),
    -- Who is taking it; another may when that one has not finished for some minutes.
    claim UUID,
    sentence TEXT NOT NULL,
    at BIGINT NOT NULL
);
