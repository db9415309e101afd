-- Command of an incident: who held it when, offers, pages; and the tasks of the playbook's positions.

CREATE TABLE command_holder (
    incident UUID NOT NULL REFERENCES incident (id),
    seq BIGINT NOT NULL,
    account UUID NOT NULL REFERENCES account (id),
    how TEXT COLLATE "C" NOT NULL CHECK (how IN ('declared', 'accepted', 'assumed')),
    from_at BIGINT NOT NULL,
    until_at BIGINT,
    PRIMARY KEY (incident, seq)
);
-- Exactly one holder at a time (rule 3).
CREATE UNIQUE INDEX command_holder_now ON command_holder (incident) WHERE until_at IS NULL;

CREATE TABLE handover (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    from_account UUID NOT NULL REFERENCES account (id),
    to_account UUID NOT NULL REFERENCES account (id),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('offered', 'accepted', 'declined', 'withdrawn')),
    offered_at BIGINT NOT NULL,
    answered_at BIGINT,
    briefing TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX handover_open ON handover (incident) WHERE state = 'offered';

-- A page to the commander, and when it was answered.
CREATE TABLE command_page (
    incident UUID NOT NULL REFERENCES incident (id),
    seq BIGINT NOT NULL,
    commander UUID NOT NULL REFERENCES account (id),
    paged_by UUID NOT NULL REFERENCES account (id),
    paged_at BIGINT NOT NULL,
    answered_at BIGINT,
    PRIMARY KEY (incident, seq)
);

CREATE TABLE task (
    id UUID PRIMARY KEY,
    incident UUID NOT NULL REFERENCES incident (id),
    code TEXT COLLATE "C" NOT NULL,
    ordinal BIGINT NOT NULL,
    position_code TEXT COLLATE "C" NOT NULL,
    position_title TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    due_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'done', 'not_applicable')),
    initials TEXT COLLATE "C" NOT NULL DEFAULT '',
    marked_at BIGINT,
    UNIQUE (incident, code)
);
CREATE INDEX task_due ON task (incident, state, due_at);

CREATE TABLE task_event (
    task UUID NOT NULL REFERENCES task (id),
    seq BIGINT NOT NULL,
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    event_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    account UUID NOT NULL,
    PRIMARY KEY (task, seq)
);
