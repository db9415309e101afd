-- The schedule as it was imported, the cases made of it, and what was done about each.

-- One key for each patient, wrapped by the installation's key. Without it nothing of the patient can be read.
CREATE TABLE patient (
    id UUID PRIMARY KEY,
    mrn_key BYTEA NOT NULL UNIQUE,
    wrapped_key BYTEA
);

-- An uploaded schedule: previewed, then committed.
CREATE TABLE schedule_snapshot (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    file_name TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    as_of BIGINT NOT NULL,
    mapping TEXT NOT NULL,
    scheme TEXT NOT NULL,
    figures TEXT NOT NULL,
    -- The schemes and values of its procedures, for the filter of the list.
    priorities TEXT NOT NULL DEFAULT '[]',
    added BIGINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('previewed', 'committed')),
    -- An account, or the installation when it came from the terminal.
    account UUID NOT NULL,
    created_at BIGINT NOT NULL,
    committed_at BIGINT,
    -- The schedule that was here before the incident, when this is one; it may be gone meanwhile.
    standing UUID,
    -- The feed whose appointments these are, as they stood at `as_of`.
    feed UUID,
    UNIQUE (incident, sha256)
);

-- One try of committing a schedule: its rows are written in chunks under its id, then switched, or dropped. Two
-- tries of one schedule never meet before the switch.
CREATE TABLE schedule_stage (
    id UUID PRIMARY KEY,
    snapshot UUID NOT NULL REFERENCES schedule_snapshot (id),
    begun_at BIGINT NOT NULL
);

CREATE TABLE decision (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    number BIGINT,
    -- What it is for; a changed decision is changed by the newest of its line only.
    aim TEXT NOT NULL DEFAULT 'decide' CHECK (aim IN ('decide', 'amend', 'take-back')),
    amends UUID REFERENCES decision (id),
    rule TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    time_window TEXT NOT NULL,
    place TEXT NOT NULL,
    -- The form that was sent, so that it can be opened again.
    choice TEXT NOT NULL DEFAULT '{}',
    totals TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('staging', 'applied')),
    account UUID NOT NULL REFERENCES account (id),
    decided_at BIGINT NOT NULL,
    seq BIGINT,
    UNIQUE (incident, number)
);

CREATE UNIQUE INDEX decision_amended ON decision (amends) WHERE state = 'applied';

-- What a decision is about to do to each case, written in chunks before one switch makes it true.
CREATE TABLE decision_stage (
    decision UUID NOT NULL REFERENCES decision (id),
    case_id UUID NOT NULL,
    from_state TEXT NOT NULL,
    decided TEXT NOT NULL CHECK (decided IN ('no', 'undecided', 'kept', 'cancelled')),
    rule TEXT NOT NULL,
    safe_by TEXT COLLATE "C",
    day_28 TEXT,
    PRIMARY KEY (decision, case_id)
);

CREATE TABLE patient_case (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    snapshot UUID NOT NULL REFERENCES schedule_snapshot (id),
    visible BOOLEAN NOT NULL,
    stage UUID REFERENCES schedule_stage (id),
    appointment TEXT COLLATE "C" NOT NULL,
    patient UUID NOT NULL REFERENCES patient (id),
    sealed BYTEA NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('procedure', 'visit')),
    service TEXT COLLATE "C" NOT NULL,
    department TEXT NOT NULL,
    provider TEXT NOT NULL,
    facility UUID NOT NULL REFERENCES facility (id),
    start_at BIGINT NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    -- When the patient was put on the list, where the schedule says so: the base of safe-by.
    listed TEXT,
    first_of_two BOOLEAN NOT NULL,
    minutes BIGINT NOT NULL,
    scheme TEXT NOT NULL,
    priority TEXT NOT NULL,
    classes TEXT NOT NULL,
    -- What is linked has the same: a pre-op visit and its operation. Empty for most.
    chain TEXT NOT NULL DEFAULT '',
    interpreter BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('scheduled', 'kept', 'to_contact', 'contacting', 'told', 'rebooked', 'done', 'seen', 'declined', 'no_longer_needed', 'treated_elsewhere', 'admitted_as_emergency', 'died', 'closed_by_clinician', 'duplicate_or_error')),
    decided TEXT NOT NULL CHECK (decided IN ('no', 'undecided', 'kept', 'cancelled')),
    decision UUID REFERENCES decision (id),
    rule TEXT NOT NULL DEFAULT '',
    told BOOLEAN NOT NULL,
    attempts BIGINT NOT NULL,
    tried_at BIGINT,
    tried TEXT NOT NULL DEFAULT '',
    next_try_at BIGINT,
    new_start_at BIGINT,
    new_day TEXT COLLATE "C",
    first_cancelled_at BIGINT,
    safe_by TEXT COLLATE "C",
    day_28 TEXT,
    locked_by UUID,
    locked_since BIGINT,
    locked_until BIGINT,
    risk_rank BIGINT NOT NULL,
    risk_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    -- Keyed hashes by which the patient is found: of the birth date, and of the words of the name, eight bytes each.
    born_key BYTEA,
    name_keys BYTEA
);
-- An appointment is one case; what is staged may be staged twice.
CREATE UNIQUE INDEX patient_case_appointment ON patient_case (incident, appointment) WHERE visible = TRUE;
CREATE INDEX patient_case_stage ON patient_case (stage) WHERE stage IS NOT NULL;
CREATE INDEX patient_case_risk ON patient_case (incident, risk_rank, risk_at, id);
CREATE INDEX patient_case_start ON patient_case (incident, decided, start_at, id);
CREATE INDEX patient_case_state ON patient_case (incident, state, start_at, id);
-- Who still waits when a clock passes.
CREATE INDEX patient_case_safe_by ON patient_case (incident, safe_by) WHERE state IN ('to_contact', 'contacting', 'told', 'rebooked');
CREATE INDEX patient_case_day_28 ON patient_case (incident, day_28) WHERE state IN ('to_contact', 'contacting', 'told', 'rebooked');
CREATE INDEX patient_case_locked ON patient_case (incident, locked_until);
CREATE INDEX patient_case_chain ON patient_case (incident, chain) WHERE chain <> '';
-- Who is looked for by birth date, or among those who come to a site on a day.
CREATE INDEX patient_case_born ON patient_case (incident, born_key) WHERE born_key IS NOT NULL;
CREATE INDEX patient_case_day ON patient_case (incident, facility, day);
CREATE INDEX patient_case_new_day ON patient_case (incident, facility, new_day) WHERE new_day IS NOT NULL;
CREATE INDEX patient_case_patient ON patient_case (patient);
CREATE INDEX patient_case_snapshot ON patient_case (snapshot, visible);

-- Whoever erases a patient's key erases what finds the patient.
CREATE FUNCTION forget_what_finds_a_patient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE patient_case SET born_key = NULL, name_keys = NULL WHERE patient = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER patient_erased AFTER UPDATE OF wrapped_key ON patient FOR EACH ROW WHEN (NEW.wrapped_key IS NULL) EXECUTE FUNCTION forget_what_finds_a_patient();

-- Every change of state, never changed afterwards.
CREATE TABLE case_event (
    case_id UUID NOT NULL REFERENCES patient_case (id),
    seq BIGINT NOT NULL,
    incident UUID NOT NULL REFERENCES incident (id),
    what TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    -- Whether the patient knew what held then, so that any past figure can be counted again.
    told BOOLEAN NOT NULL DEFAULT FALSE,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    rule TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (case_id, seq)
);
CREATE TRIGGER case_event_is_append_only BEFORE UPDATE OR DELETE ON case_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE contact_attempt (
    case_id UUID NOT NULL REFERENCES patient_case (id),
    seq BIGINT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('phone', 'sms', 'email', 'letter', 'in_person')),
    result TEXT NOT NULL CHECK (result IN ('told', 'no_answer', 'voicemail', 'wrong_number', 'call_back')),
    at BIGINT NOT NULL,
    account UUID NOT NULL,
    -- Who tried, when it was written on paper first; the account typed it in.
    on_paper TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (case_id, seq)
);

-- What one caller tells the next, sealed under the patient's key.
CREATE TABLE case_note (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES patient_case (id),
    seq BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    at BIGINT NOT NULL,
    account UUID NOT NULL,
    UNIQUE (case_id, seq)
);

-- Counts, changed in the transaction that changes the cases they count.
CREATE TABLE case_tally (
    incident UUID NOT NULL REFERENCES incident (id),
    facility UUID NOT NULL REFERENCES facility (id),
    kind TEXT NOT NULL,
    decided TEXT NOT NULL,
    state TEXT NOT NULL,
    told BOOLEAN NOT NULL,
    booked BOOLEAN NOT NULL,
    tried BOOLEAN NOT NULL,
    interpreter BOOLEAN NOT NULL,
    past_safe_by BOOLEAN NOT NULL,
    past_28 BOOLEAN NOT NULL,
    cases BIGINT NOT NULL,
    PRIMARY KEY (incident, facility, kind, decided, state, told, booked, tried, interpreter, past_safe_by, past_28)
);

-- Who has seen which patients, and when. Each row stands in a chain as well: the incident's chain of facts, or the
-- installation's once the incident has ended. Never a name.
CREATE TABLE case_access (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    at BIGINT NOT NULL,
    account UUID NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('case', 'list', 'search', 'file', 'door', 'door_list', 'sheet')),
    -- Which list, page or file; of one case its id.
    what TEXT NOT NULL,
    -- The one case that was seen, when it was one.
    case_id UUID,
    cases BIGINT NOT NULL
);
CREATE INDEX case_access_at ON case_access (incident, at, id);
CREATE INDEX case_access_account ON case_access (incident, account, at);
CREATE INDEX case_access_case ON case_access (case_id, at, id) WHERE case_id IS NOT NULL;
CREATE TRIGGER case_access_is_append_only BEFORE UPDATE OR DELETE ON case_access FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();
