-- Print packs, and what is expected against what is found.

-- The highest number of each prefix that any pack of this installation has taken.
CREATE TABLE pack_counter (
    prefix TEXT COLLATE "C" PRIMARY KEY,
    last BIGINT NOT NULL
);

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
