-- Command of an incident: who held it when, offers, pages; and the tasks of the playbook's positions.

CREATE TABLE command_holder (
    incident BLOB NOT NULL REFERENCES incident (id),
    seq INTEGER NOT NULL,
    account BLOB NOT NULL REFERENCES account (id),
    how TEXT NOT NULL CHECK (how IN ('declared', 'accepted', 'assumed')),
    from_at INTEGER NOT NULL,
    until_at INTEGER,
    PRIMARY KEY (incident, seq)
) STRICT;
-- Exactly one holder at a time (rule 3).
CREATE UNIQUE INDEX command_holder_now ON command_holder (incident) WHERE until_at IS NULL;

CREATE TABLE handover (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    from_account BLOB NOT NULL REFERENCES account (id),
    to_account BLOB NOT NULL REFERENCES account (id),
    state TEXT NOT NULL CHECK (state IN ('offered', 'accepted', 'declined', 'withdrawn')),
    offered_at INTEGER NOT NULL,
    answered_at INTEGER,
    briefing TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX handover_open ON handover (incident) WHERE state = 'offered';

-- A page to the commander, and when it was answered.
CREATE TABLE command_page (
    incident BLOB NOT NULL REFERENCES incident (id),
    seq INTEGER NOT NULL,
    commander BLOB NOT NULL REFERENCES account (id),
    paged_by BLOB NOT NULL REFERENCES account (id),
    paged_at INTEGER NOT NULL,
    answered_at INTEGER,
    PRIMARY KEY (incident, seq)
) STRICT;

CREATE TABLE task (
    id BLOB PRIMARY KEY,
    incident BLOB NOT NULL REFERENCES incident (id),
    code TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    position_code TEXT NOT NULL,
    position_title TEXT NOT NULL,
    body TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'not_applicable')),
    initials TEXT NOT NULL DEFAULT '',
    marked_at INTEGER,
    UNIQUE (incident, code)
) STRICT;
CREATE INDEX task_due ON task (incident, state, due_at);

CREATE TABLE task_event (
    task BLOB NOT NULL REFERENCES task (id),
    seq INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (task, seq)
) STRICT;
