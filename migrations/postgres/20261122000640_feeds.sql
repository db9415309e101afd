-- What scheduling systems say themselves: each message about an appointment, and how the appointment stands after all of
-- them. In whatever order and however often messages come, they come to the same end.

-- A system that sends. Its books are counts, changed in the transaction that keeps a message.
CREATE TABLE feed (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    format TEXT NOT NULL CHECK (format IN ('hl7', 'fhir')),
    -- MSH-3 and MSH-4 of its messages; empty takes any.
    application TEXT NOT NULL,
    facility TEXT NOT NULL,
    -- Whether messages are taken over MLLP.
    listens BOOLEAN NOT NULL,
    -- Which version of its dialect holds.
    dialect BIGINT NOT NULL,
    books TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What the sender's own words mean; each change is a version, and a report says by which one it was read.
CREATE TABLE feed_dialect (
    feed UUID NOT NULL REFERENCES feed (id),
    version BIGINT NOT NULL,
    dialect TEXT NOT NULL,
    account UUID NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (feed, version)
);

-- One message about one appointment. Who, what, where and why lies sealed under the patient's key.
CREATE TABLE feed_report (
    id UUID PRIMARY KEY,
    feed UUID NOT NULL REFERENCES feed (id),
    authority TEXT NOT NULL,
    appointment TEXT NOT NULL,
    -- A keyed hash over what it says: the same message has the same one.
    print BYTEA NOT NULL,
    message TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('requested', 'booked', 'moved', 'changed', 'arrived', 'done', 'cancelled', 'discontinued', 'deleted', 'no_show')),
    -- The earliest time under which it came.
    event_at BIGINT NOT NULL,
    sequence BIGINT,
    doubts TEXT NOT NULL,
    dialect BIGINT NOT NULL,
    -- The patient, when the message could be read as a booking of one.
    patient UUID REFERENCES patient (id),
    sealed BYTEA,
    start_at BIGINT,
    arrived_at BIGINT NOT NULL,
    UNIQUE (feed, print)
);
CREATE INDEX feed_report_appointment ON feed_report (feed, authority, appointment);
CREATE INDEX feed_report_event ON feed_report (feed, event_at);

-- How each appointment stands after its reports.
CREATE TABLE feed_appointment (
    feed UUID NOT NULL REFERENCES feed (id),
    authority TEXT NOT NULL,
    appointment TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'booked', 'arrived', 'done', 'cancelled', 'discontinued', 'deleted', 'no_show')),
    what TEXT NOT NULL,
    event_at BIGINT NOT NULL,
    message TEXT NOT NULL,
    -- The report that says how it stands, and the latest that says who, where and when.
    latest UUID NOT NULL,
    booking UUID,
    patient UUID REFERENCES patient (id),
    start_at BIGINT,
    reports BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    kept_until BIGINT NOT NULL,
    PRIMARY KEY (feed, authority, appointment)
);
CREATE INDEX feed_appointment_start ON feed_appointment (feed, state, start_at);
CREATE INDEX feed_appointment_event ON feed_appointment (feed, event_at);
CREATE INDEX feed_appointment_id ON feed_appointment (appointment);
CREATE INDEX feed_appointment_patient ON feed_appointment (patient);
CREATE INDEX feed_appointment_kept ON feed_appointment (kept_until);

-- Messages that say something of an appointment and could not be taken: where and why, and never a value of theirs.
CREATE TABLE feed_reject (
    feed UUID NOT NULL REFERENCES feed (id),
    -- A keyed hash of the message, or of its place in its file.
    print BYTEA NOT NULL,
    -- The file it came in; none over MLLP.
    file UUID,
    line BIGINT NOT NULL,
    place TEXT NOT NULL,
    reason TEXT NOT NULL,
    arrived_at BIGINT NOT NULL,
    PRIMARY KEY (feed, print)
);
CREATE INDEX feed_reject_arrived ON feed_reject (feed, arrived_at);

-- A file of messages: offered, then taken in.
CREATE TABLE feed_file (
    id UUID PRIMARY KEY,
    feed UUID NOT NULL REFERENCES feed (id),
    file_name TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    -- For FHIR: when it was taken, for what does not say when it was changed.
    as_of BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('offered', 'taken')),
    figures TEXT NOT NULL,
    -- An account, or the installation when it came from the terminal.
    account UUID NOT NULL,
    offered_at BIGINT NOT NULL,
    taken_at BIGINT,
    UNIQUE (feed, sha256)
);

-- What a person has called about something else: an appointment of a feed is never again proposed for this case.
CREATE TABLE feed_not_same (
    case_id UUID NOT NULL REFERENCES patient_case (id),
    feed UUID NOT NULL REFERENCES feed (id),
    authority TEXT NOT NULL,
    appointment TEXT NOT NULL,
    account UUID NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (case_id, feed, authority, appointment)
);
