-- The schedule as it was imported, the cases made of it, and what was done about each.

-- One key for each patient, wrapped by the installation's key. Without it nothing of the patient can be read.
CREATE TABLE patient (
    id BLOB PRIMARY KEY,
    mrn_key BLOB NOT NULL UNIQUE,
    wrapped_key BLOB
) STRICT;

-- An uploaded schedule: previewed, then committed.
CREATE TABLE schedule_snapshot (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    file_name TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    as_of INTEGER NOT NULL,
    mapping TEXT NOT NULL,
    scheme TEXT NOT NULL,
    figures TEXT NOT NULL,
    -- The schemes and values of its procedures, for the filter of the list.
    priorities TEXT NOT NULL DEFAULT '[]',
    added INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('previewed', 'committed')),
    -- An account, or the installation when it came from the terminal.
    account BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    committed_at INTEGER,
    -- The schedule that was here before the incident, when this is one; it may be gone meanwhile.
    standing BLOB,
    -- The feed whose appointments these are, as they stood at `as_of`.
    feed BLOB,
    UNIQUE (incident, sha256)
) STRICT;

-- One try of committing a schedule: its rows are written in chunks under its id, then switched, or dropped. Two
-- tries of one schedule never meet before the switch.
CREATE TABLE schedule_stage (
    id BLOB PRIMARY KEY,
    snapshot BLOB NOT NULL REFERENCES schedule_snapshot (id),
    begun_at INTEGER NOT NULL
) STRICT;

CREATE TABLE decision (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    number INTEGER,
    -- What it is for; a changed decision is changed by the newest of its line only.
    aim TEXT NOT NULL DEFAULT 'decide' CHECK (aim IN ('decide', 'amend', 'take-back')),
    amends BLOB REFERENCES decision (id),
    rule TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    time_window TEXT NOT NULL,
    place TEXT NOT NULL,
    -- The form that was sent, so that it can be opened again.
    choice TEXT NOT NULL DEFAULT '{}',
    totals TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('staging', 'applied')),
    account BLOB NOT NULL REFERENCES account (id),
    decided_at INTEGER NOT NULL,
    seq INTEGER,
    UNIQUE (incident, number)
) STRICT;

CREATE UNIQUE INDEX decision_amended ON decision (amends) WHERE state = 'applied';

-- What a decision is about to do to each case, written in chunks before one switch makes it true.
CREATE TABLE decision_stage (
    decision BLOB NOT NULL REFERENCES decision (id),
    case_id BLOB NOT NULL,
    from_state TEXT NOT NULL,
    decided TEXT NOT NULL CHECK (decided IN ('no', 'undecided', 'kept', 'cancelled')),
    rule TEXT NOT NULL,
    safe_by TEXT,
    day_28 TEXT,
    PRIMARY KEY (decision, case_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE patient_case (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    snapshot BLOB NOT NULL REFERENCES schedule_snapshot (id),
    visible INTEGER CHECK (visible IN (0, 1)) NOT NULL,
    stage BLOB REFERENCES schedule_stage (id),
    appointment TEXT NOT NULL,
    patient BLOB NOT NULL REFERENCES patient (id),
    sealed BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('procedure', 'visit')),
    service TEXT NOT NULL,
    department TEXT NOT NULL,
    provider TEXT NOT NULL,
    facility BLOB NOT NULL REFERENCES facility (id),
    start_at INTEGER NOT NULL,
    day TEXT NOT NULL,
    -- When the patient was put on the list, where the schedule says so: the base of safe-by.
    listed TEXT,
    first_of_two INTEGER CHECK (first_of_two IN (0, 1)) NOT NULL,
    minutes INTEGER NOT NULL,
    scheme TEXT NOT NULL,
    priority TEXT NOT NULL,
    classes TEXT NOT NULL,
    -- What is linked has the same: a pre-op visit and its operation. Empty for most.
    chain TEXT NOT NULL DEFAULT '',
    interpreter INTEGER CHECK (interpreter IN (0, 1)) NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('scheduled', 'kept', 'to_contact', 'contacting', 'told', 'rebooked', 'done', 'seen', 'declined', 'no_longer_needed', 'treated_elsewhere', 'admitted_as_emergency', 'died', 'closed_by_clinician', 'duplicate_or_error')),
    decided TEXT NOT NULL CHECK (decided IN ('no', 'undecided', 'kept', 'cancelled')),
    decision BLOB REFERENCES decision (id),
    rule TEXT NOT NULL DEFAULT '',
    told INTEGER CHECK (told IN (0, 1)) NOT NULL,
    attempts INTEGER NOT NULL,
    tried_at INTEGER,
    tried TEXT NOT NULL DEFAULT '',
    next_try_at INTEGER,
    new_start_at INTEGER,
    new_day TEXT,
    first_cancelled_at INTEGER,
    safe_by TEXT,
    day_28 TEXT,
    locked_by BLOB,
    locked_since INTEGER,
    locked_until INTEGER,
    risk_rank INTEGER NOT NULL,
    risk_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    -- Keyed hashes by which the patient is found: of the birth date, and of the words of the name, eight bytes each.
    born_key BLOB,
    name_keys BLOB
) STRICT;
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
CREATE TRIGGER patient_erased AFTER UPDATE OF wrapped_key ON patient WHEN NEW.wrapped_key IS NULL BEGIN UPDATE patient_case SET born_key = NULL, name_keys = NULL WHERE patient = NEW.id; END;

-- Every change of state, never changed afterwards.
CREATE TABLE case_event (
    case_id BLOB NOT NULL REFERENCES patient_case (id),
    seq INTEGER NOT NULL,
    incident BLOB NOT NULL REFERENCES incident (id),
    what TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    -- Whether the patient knew what held then, so that any past figure can be counted again.
    told INTEGER CHECK (told IN (0, 1)) NOT NULL DEFAULT 0,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    rule TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (case_id, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER case_event_is_append_only_update BEFORE UPDATE ON case_event BEGIN SELECT RAISE(ABORT, 'case events are append-only'); END;
CREATE TRIGGER case_event_is_append_only_delete BEFORE DELETE ON case_event BEGIN SELECT RAISE(ABORT, 'case events are append-only'); END;

CREATE TABLE contact_attempt (
    case_id BLOB NOT NULL REFERENCES patient_case (id),
    seq INTEGER NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('phone', 'sms', 'email', 'letter', 'in_person')),
    result TEXT NOT NULL CHECK (result IN ('told', 'no_answer', 'voicemail', 'wrong_number', 'call_back')),
    at INTEGER NOT NULL,
    account BLOB NOT NULL,
    -- Who tried, when it was written on paper first; the account typed it in.
    on_paper TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (case_id, seq)
) STRICT, WITHOUT ROWID;

-- What one caller tells the next, sealed under the patient's key.
CREATE TABLE case_note (
    id BLOB PRIMARY KEY,
    case_id BLOB NOT NULL REFERENCES patient_case (id),
    seq INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    at INTEGER NOT NULL,
    account BLOB NOT NULL,
    UNIQUE (case_id, seq)
) STRICT;

-- Counts, changed in the transaction that changes the cases they count.
CREATE TABLE case_tally (
    incident BLOB NOT NULL REFERENCES incident (id),
    facility BLOB NOT NULL REFERENCES facility (id),
    kind TEXT NOT NULL,
    decided TEXT NOT NULL,
    state TEXT NOT NULL,
    told INTEGER CHECK (told IN (0, 1)) NOT NULL,
    booked INTEGER CHECK (booked IN (0, 1)) NOT NULL,
    tried INTEGER CHECK (tried IN (0, 1)) NOT NULL,
    interpreter INTEGER CHECK (interpreter IN (0, 1)) NOT NULL,
    past_safe_by INTEGER CHECK (past_safe_by IN (0, 1)) NOT NULL,
    past_28 INTEGER CHECK (past_28 IN (0, 1)) NOT NULL,
    cases INTEGER NOT NULL,
    PRIMARY KEY (incident, facility, kind, decided, state, told, booked, tried, interpreter, past_safe_by, past_28)
) STRICT, WITHOUT ROWID;

-- Who has seen which patients, and when. Each row stands in a chain as well: the incident's chain of facts, or the
-- installation's once the incident has ended. Never a name.
CREATE TABLE case_access (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    at INTEGER NOT NULL,
    account BLOB NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('case', 'list', 'search', 'file', 'door', 'door_list', 'sheet')),
    -- Which list, page or file; of one case its id.
    what TEXT NOT NULL,
    -- The one case that was seen, when it was one.
    case_id BLOB,
    cases INTEGER NOT NULL
) STRICT;
CREATE INDEX case_access_at ON case_access (incident, at, id);
CREATE INDEX case_access_account ON case_access (incident, account, at);
CREATE INDEX case_access_case ON case_access (case_id, at, id) WHERE case_id IS NOT NULL;
CREATE TRIGGER case_access_is_append_only_update BEFORE UPDATE ON case_access BEGIN SELECT RAISE(ABORT, 'views are append-only'); END;
CREATE TRIGGER case_access_is_append_only_delete BEFORE DELETE ON case_access BEGIN SELECT RAISE(ABORT, 'views are append-only'); END;
