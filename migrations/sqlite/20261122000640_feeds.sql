-- What scheduling systems say themselves: each message about an appointment, and how the appointment stands after all of
-- them. In whatever order and however often messages come, they come to the same end.

-- A system that sends. Its books are counts, changed in the transaction that keeps a message.
CREATE TABLE feed (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    format TEXT NOT NULL CHECK (format IN ('hl7', 'fhir')),
    -- MSH-3 and MSH-4 of its messages; empty takes any.
    application TEXT NOT NULL,
    facility TEXT NOT NULL,
    -- Whether messages are taken over MLLP.
    listens INTEGER CHECK (listens IN (0, 1)) NOT NULL,
    -- Which version of its dialect holds.
    dialect INTEGER NOT NULL,
    books TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- What the sender's own words mean; each change is a version, and a report says by which one it was read.
CREATE TABLE feed_dialect (
    feed BLOB NOT NULL REFERENCES feed (id),
    version INTEGER NOT NULL,
    dialect TEXT NOT NULL,
    account BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (feed, version)
) STRICT;

-- One message about one appointment. Who, what, where and why lies sealed under the patient's key.
CREATE TABLE feed_report (
    id BLOB PRIMARY KEY,
    feed BLOB NOT NULL REFERENCES feed (id),
    authority TEXT NOT NULL,
    appointment TEXT NOT NULL,
    -- A keyed hash over what it says: the same message has the same one.
    print BLOB NOT NULL,
    message TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('requested', 'booked', 'moved', 'changed', 'arrived', 'done', 'cancelled', 'discontinued', 'deleted', 'no_show')),
    -- The earliest time under which it came.
    event_at INTEGER NOT NULL,
    sequence INTEGER,
    doubts TEXT NOT NULL,
    dialect INTEGER NOT NULL,
    -- The patient, when the message could be read as a booking of one.
    patient BLOB REFERENCES patient (id),
    sealed BLOB,
    start_at INTEGER,
    arrived_at INTEGER NOT NULL,
    UNIQUE (feed, print)
) STRICT;
CREATE INDEX feed_report_appointment ON feed_report (feed, authority, appointment);
CREATE INDEX feed_report_event ON feed_report (feed, event_at);

-- How each appointment stands after its reports.
CREATE TABLE feed_appointment (
    feed BLOB NOT NULL REFERENCES feed (id),
    authority TEXT NOT NULL,
    appointment TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'booked', 'arrived', 'done', 'cancelled', 'discontinued', 'deleted', 'no_show')),
    what TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    message TEXT NOT NULL,
    -- The report that says how it stands, and the latest that says who, where and when.
    latest BLOB NOT NULL,
    booking BLOB,
    patient BLOB REFERENCES patient (id),
    start_at INTEGER,
    reports INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    kept_until INTEGER NOT NULL,
    PRIMARY KEY (feed, authority, appointment)
) STRICT;
CREATE INDEX feed_appointment_start ON feed_appointment (feed, state, start_at);
CREATE INDEX feed_appointment_event ON feed_appointment (feed, event_at);
CREATE INDEX feed_appointment_id ON feed_appointment (appointment);
CREATE INDEX feed_appointment_patient ON feed_appointment (patient);
CREATE INDEX feed_appointment_kept ON feed_appointment (kept_until);

-- Messages that say something of an appointment and could not be taken: where and why, and never a value of theirs.
CREATE TABLE feed_reject (
    feed BLOB NOT NULL REFERENCES feed (id),
    -- A keyed hash of the message, or of its place in its file.
    print BLOB NOT NULL,
    -- The file it came in; none over MLLP.
    file BLOB,
    line INTEGER NOT NULL,
    place TEXT NOT NULL,
    reason TEXT NOT NULL,
    arrived_at INTEGER NOT NULL,
    PRIMARY KEY (feed, print)
) STRICT;
CREATE INDEX feed_reject_arrived ON feed_reject (feed, arrived_at);

-- A file of messages: offered, then taken in.
CREATE TABLE feed_file (
    id BLOB PRIMARY KEY,
    feed BLOB NOT NULL REFERENCES feed (id),
    file_name TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    -- For FHIR: when it was taken, for what does not say when it was changed.
    as_of INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('offered', 'taken')),
    figures TEXT NOT NULL,
    -- An account, or the installation when it came from the terminal.
    account BLOB NOT NULL,
    offered_at INTEGER NOT NULL,
    taken_at INTEGER,
    UNIQUE (feed, sha256)
) STRICT;

-- What a person has called about something else: an appointment of a feed is never again proposed for this case.
CREATE TABLE feed_not_same (
    case_id BLOB NOT NULL REFERENCES patient_case (id),
    feed BLOB NOT NULL REFERENCES feed (id),
    authority TEXT NOT NULL,
    appointment TEXT NOT NULL,
    account BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (case_id, feed, authority, appointment)
) STRICT;
