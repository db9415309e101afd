-- Print packs, and what is expected against what is found.

-- The highest number of each prefix that any pack of this installation has taken.
CREATE TABLE pack_counter (
    prefix TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

-- Numbered sheets printed together for a unit. printed is what stands on the paper, so that it prints the same again.
CREATE TABLE pack (
    id BLOB PRIMARY KEY,
    unit BLOB NOT NULL REFERENCES unit (id),
    state TEXT NOT NULL CHECK (state IN ('printed', 'handed_out', 'withdrawn')),
    printed TEXT NOT NULL,
    sheets INTEGER NOT NULL CHECK (sheets > 0),
    made_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    incident BLOB REFERENCES incident (id),
    changed_at INTEGER NOT NULL,
    changed_by BLOB NOT NULL,
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX pack_state ON pack (state, id);
CREATE INDEX pack_unit ON pack (unit, state);

CREATE TABLE pack_range (
    pack BLOB NOT NULL REFERENCES pack (id),
    form_type TEXT NOT NULL,
    prefix TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (pack, form_type),
    UNIQUE (prefix, first),
    CHECK (first <= last)
) STRICT;
