-- The log by person: who has done something in a chain, and what.

CREATE INDEX journal_actor ON journal (chain, actor, seq);
