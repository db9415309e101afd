-- Typing paper in again: one task for each used sheet, its samples, its differences; and downtime numbers.

-- A lot of samples: what was typed in of one type at one site on one day.
CREATE TABLE entry_lot (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    form_type TEXT COLLATE "C" NOT NULL,
    facility UUID NOT NULL REFERENCES facility (id),
    day TEXT COLLATE "C" NOT NULL,
    share BIGINT NOT NULL,
    error_percent BIGINT NOT NULL,
    entered BIGINT NOT NULL,
    drawn BIGINT NOT NULL,
    checked BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    turned BOOLEAN NOT NULL,
    UNIQUE (incident, form_type, facility, day),
    CHECK (drawn <= entered),
    CHECK (turned = TRUE OR errors * 100 <= error_percent * checked)
);
CREATE INDEX entry_lot_list ON entry_lot (incident, day DESC, id DESC);

-- The patient is whose chart it belongs to, after merges; the text is sealed under who stood on the sheet.
CREATE TABLE entry_task (
    form UUID PRIMARY KEY REFERENCES form (id),
    incident UUID NOT NULL REFERENCES incident (id),
    form_type TEXT COLLATE "C" NOT NULL,
    facility UUID NOT NULL REFERENCES facility (id),
    unit UUID NOT NULL REFERENCES unit (id),
    priority BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('to_prepare', 'ready', 'missing', 'differs', 'to_check', 'entered', 'verified', 'void')),
    whose TEXT COLLATE "C" NOT NULL CHECK (whose IN ('unknown', 'one', 'several')),
    patient UUID REFERENCES patient (id),
    sealed_for UUID REFERENCES patient (id),
    sealed BYTEA,
    event_at BIGINT,
    -- The time of care for the order of the list; what nobody knows comes last.
    care_at BIGINT NOT NULL,
    taken_by UUID REFERENCES account (id),
    taken_until BIGINT NOT NULL,
    released BOOLEAN NOT NULL,
    lot UUID REFERENCES entry_lot (id),
    drawn BOOLEAN NOT NULL,
    looked_at BOOLEAN NOT NULL,
    ticket BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    CHECK ((whose = 'one') = (patient IS NOT NULL))
);
CREATE INDEX entry_task_all ON entry_task (incident, state, priority, care_at, form);
CREATE INDEX entry_task_type ON entry_task (incident, form_type, state, priority, care_at, form);
CREATE INDEX entry_task_site ON entry_task (incident, facility, state, priority, care_at, form);
CREATE INDEX entry_task_unit ON entry_task (incident, unit, state, priority, care_at, form);
CREATE INDEX entry_task_mine ON entry_task (incident, taken_by, state, priority, care_at, form) WHERE taken_by IS NOT NULL;
CREATE INDEX entry_task_patient ON entry_task (patient, incident, state) WHERE patient IS NOT NULL;
CREATE INDEX entry_task_several ON entry_task (incident, unit, state) WHERE whose = 'several';
CREATE INDEX entry_task_lot ON entry_task (lot, drawn, looked_at, ticket) WHERE lot IS NOT NULL;

-- Each time that a sheet was typed in, never changed afterwards. What the sheet says is in the records system.
CREATE TABLE entry_made (
    form UUID NOT NULL REFERENCES form (id),
    seq BIGINT NOT NULL,
    event_at BIGINT,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    reference BYTEA,
    PRIMARY KEY (form, seq)
);
CREATE TRIGGER entry_made_is_append_only BEFORE UPDATE OR DELETE ON entry_made FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE entry_difference (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    form UUID NOT NULL REFERENCES form (id),
    kind TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    -- The role that settles it.
    owner TEXT COLLATE "C" NOT NULL,
    reported_at BIGINT NOT NULL,
    reported_by UUID NOT NULL,
    ending TEXT COLLATE "C" CHECK (ending IN ('corrected', 'not_an_error', 'voided')),
    ended_at BIGINT,
    ended_by UUID,
    reason TEXT COLLATE "C" NOT NULL
);
CREATE INDEX entry_difference_form ON entry_difference (form, reported_at);
CREATE UNIQUE INDEX entry_difference_open ON entry_difference (form) WHERE ending IS NULL;

-- Two people in two roles let others go before a sheet.
CREATE TABLE entry_release (
    form UUID PRIMARY KEY REFERENCES form (id),
    incident UUID NOT NULL REFERENCES incident (id),
    reason TEXT COLLATE "C" NOT NULL,
    first_account UUID NOT NULL REFERENCES account (id),
    first_role TEXT COLLATE "C" NOT NULL,
    first_at BIGINT NOT NULL,
    second_account UUID REFERENCES account (id),
    second_role TEXT COLLATE "C",
    second_at BIGINT
);

-- Tasks by state, kept in the transaction that changes a task.
CREATE TABLE entry_tally (
    incident UUID NOT NULL REFERENCES incident (id),
    facility UUID NOT NULL REFERENCES facility (id),
    unit UUID NOT NULL REFERENCES unit (id),
    form_type TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    tasks BIGINT NOT NULL CHECK (tasks >= 0),
    PRIMARY KEY (incident, facility, unit, form_type, state)
);

-- A range of downtime numbers that a site holds ready, for every downtime.
CREATE TABLE identity_range (
    id UUID PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('record', 'encounter')),
    facility UUID NOT NULL REFERENCES facility (id),
    prefix TEXT COLLATE "C" NOT NULL,
    width BIGINT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    -- The first that is still free.
    next BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    account UUID NOT NULL,
    CHECK (first <= last AND next >= first AND next <= last + 1)
);
CREATE INDEX identity_range_site ON identity_range (facility, kind, added_at);

-- A number that was given out. The record into which it was merged is sealed.
CREATE TABLE identity_number (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    range_id UUID NOT NULL REFERENCES identity_range (id),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('record', 'encounter')),
    facility UUID NOT NULL REFERENCES facility (id),
    unit UUID NOT NULL REFERENCES unit (id),
    printed TEXT COLLATE "C" NOT NULL UNIQUE,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('given_out', 'used', 'waiting', 'merged', 'undoing', 'converted', 'void')),
    goal TEXT COLLATE "C" CHECK (goal IN ('merge', 'convert', 'void')),
    asked_by UUID REFERENCES account (id),
    agreed_by UUID REFERENCES account (id),
    -- Who said that the merge was wrong.
    back_by UUID REFERENCES account (id),
    record UUID REFERENCES patient (id),
    sealed BYTEA,
    reason TEXT COLLATE "C" NOT NULL,
    given_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    CHECK (agreed_by IS NULL OR agreed_by <> asked_by)
);
CREATE INDEX identity_number_list ON identity_number (incident, state, given_at, id);
CREATE INDEX identity_number_site ON identity_number (incident, facility, state, given_at, id);

-- Every change of a number, never changed afterwards.
CREATE TABLE identity_event (
    number UUID NOT NULL REFERENCES identity_number (id),
    seq BIGINT NOT NULL,
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (number, seq)
);
CREATE TRIGGER identity_event_is_append_only BEFORE UPDATE OR DELETE ON identity_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Where a number stands and has to be corrected by hand.
CREATE TABLE identity_left (
    number UUID NOT NULL REFERENCES identity_number (id),
    place TEXT COLLATE "C" NOT NULL,
    noted_at BIGINT NOT NULL,
    noted_by UUID NOT NULL,
    corrected_at BIGINT,
    corrected_by UUID,
    PRIMARY KEY (number, place)
);

CREATE TABLE identity_tally (
    incident UUID NOT NULL REFERENCES incident (id),
    facility UUID NOT NULL REFERENCES facility (id),
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    numbers BIGINT NOT NULL CHECK (numbers >= 0),
    -- Places that are not corrected.
    uncorrected BIGINT NOT NULL CHECK (uncorrected >= 0),
    PRIMARY KEY (incident, facility, kind, state)
);
