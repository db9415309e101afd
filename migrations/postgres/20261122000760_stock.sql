-- Blank forms at the units and what is asked for; and whether units are ready before anything fails. Both belong to the
-- installation and not to an incident: boxes are filled in peace.

-- The blank sheets of one form at a unit. The first seven figures are what people said and the ledger knew then; the rest
-- is reckoned from them, written when it changes, so that lists find it by index.
CREATE TABLE stock (
    unit UUID NOT NULL REFERENCES unit (id),
    form_type TEXT COLLATE "C" NOT NULL,
    -- What the last count found, with what was brought since.
    lay BIGINT NOT NULL,
    -- What the ledger said was gone at that count, and what was used before it without the ledger knowing.
    gone_then BIGINT NOT NULL,
    pending BIGINT NOT NULL CHECK (pending >= 0),
    -- NULL until somebody has counted.
    counted_at BIGINT,
    own_par BIGINT CHECK (own_par >= 0),
    -- Somebody said that no more are needed; until the next count or delivery nothing is asked for.
    declined BOOLEAN NOT NULL,
    -- Less than 0: so many more came back used than lay there.
    remaining BIGINT NOT NULL,
    par BIGINT NOT NULL CHECK (par >= 0),
    basis TEXT COLLATE "C" NOT NULL CHECK (basis IN ('own', 'census', 'beds', 'kit')),
    rate_sheets BIGINT,
    rate_minutes BIGINT CHECK (rate_minutes > 0),
    measured BOOLEAN NOT NULL,
    -- When they run out, if it goes on like this; NULL when nothing can be said.
    runs_out_at BIGINT,
    short BIGINT NOT NULL CHECK (short >= 0),
    -- Counts the changes, so that who has read an older state writes nothing.
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (unit, form_type)
);
CREATE INDEX stock_short ON stock (short DESC, unit, form_type);
CREATE INDEX stock_runs_out ON stock (runs_out_at, unit, form_type);

-- Every count, delivery and par, never changed afterwards. expected is what was thought to lie there.
CREATE TABLE stock_event (
    id UUID PRIMARY KEY,
    unit UUID NOT NULL REFERENCES unit (id),
    form_type TEXT COLLATE "C" NOT NULL,
    act TEXT COLLATE "C" NOT NULL CHECK (act IN ('counted', 'brought', 'laid_in', 'taken_out', 'par_set')),
    -- NULL: an own par was taken back.
    sheets BIGINT,
    expected BIGINT NOT NULL,
    pack UUID REFERENCES pack (id),
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    note TEXT COLLATE "C" NOT NULL
);
CREATE INDEX stock_event_unit ON stock_event (unit, entered_at, id);
CREATE INDEX stock_event_form ON stock_event (unit, form_type, entered_at);
CREATE TRIGGER stock_event_is_append_only BEFORE UPDATE OR DELETE ON stock_event FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();

-- How many sheets went in each ten minutes of a downtime, in whole ten minutes since 1970. Less than 0: more were found
-- than were thought to be left.
CREATE TABLE stock_slot (
    unit UUID NOT NULL REFERENCES unit (id),
    form_type TEXT COLLATE "C" NOT NULL,
    slot BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (unit, form_type, slot)
);
CREATE INDEX stock_slot_time ON stock_slot (slot);

-- The packs that lie in their units' boxes, or did.
CREATE TABLE stock_pack (
    pack UUID PRIMARY KEY REFERENCES pack (id),
    laid_in_at BIGINT NOT NULL
);

-- Blank forms that are asked for; of one form at one unit only once at a time.
CREATE TABLE reorder (
    id UUID PRIMARY KEY,
    unit UUID NOT NULL REFERENCES unit (id),
    form_type TEXT COLLATE "C" NOT NULL,
    sheets BIGINT NOT NULL CHECK (sheets > 0),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'ordered', 'delivered', 'not_needed')),
    pack UUID REFERENCES pack (id),
    opened_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by UUID NOT NULL,
    note TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX reorder_waiting ON reorder (unit, form_type) WHERE state IN ('open', 'ordered');
CREATE INDEX reorder_state ON reorder (state, id);
CREATE INDEX reorder_unit ON reorder (unit, state);

-- Every step of a reorder, never changed afterwards.
CREATE TABLE reorder_event (
    reorder UUID NOT NULL REFERENCES reorder (id),
    seq BIGINT NOT NULL,
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (reorder, seq)
);
CREATE TRIGGER reorder_event_is_append_only BEFORE UPDATE OR DELETE ON reorder_event FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();

-- What was found last at each item of a unit's checklist.
CREATE TABLE readiness (
    unit UUID NOT NULL REFERENCES unit (id),
    item TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('passed', 'failed')),
    number BIGINT,
    note TEXT COLLATE "C" NOT NULL,
    checked_at BIGINT NOT NULL,
    account UUID NOT NULL,
    -- Until when it counts.
    due_at BIGINT NOT NULL,
    PRIMARY KEY (unit, item)
);

-- Every look, never changed afterwards.
CREATE TABLE readiness_event (
    id UUID PRIMARY KEY,
    unit UUID NOT NULL REFERENCES unit (id),
    item TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    number BIGINT,
    note TEXT COLLATE "C" NOT NULL,
    -- The number of the decision in the log of the installation: order is this, never a time (rule 5).
    seq BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX readiness_event_unit ON readiness_event (unit, seq);
CREATE TRIGGER readiness_event_is_append_only BEFORE UPDATE OR DELETE ON readiness_event FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();

-- The sums over a unit's items, changed in the transaction that changes one.
CREATE TABLE readiness_tally (
    unit UUID PRIMARY KEY REFERENCES unit (id),
    failed BIGINT NOT NULL,
    looked_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    -- The first of them to be looked at again.
    due_at BIGINT NOT NULL
);

-- How ready the units of an incident were when it was declared.
CREATE TABLE readiness_start (
    incident UUID PRIMARY KEY REFERENCES incident (id),
    units BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    never BIGINT NOT NULL,
    overdue BIGINT NOT NULL
);
