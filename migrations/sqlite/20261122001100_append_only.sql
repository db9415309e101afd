-- What happened is never changed afterwards, by this program or beside it (rule 4).

CREATE TRIGGER incident_event_is_append_only_update BEFORE UPDATE ON incident_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER incident_event_is_append_only_delete BEFORE DELETE ON incident_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER instruction_event_is_append_only_update BEFORE UPDATE ON instruction_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER instruction_event_is_append_only_delete BEFORE DELETE ON instruction_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER clearance_event_is_append_only_update BEFORE UPDATE ON clearance_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER clearance_event_is_append_only_delete BEFORE DELETE ON clearance_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER clearance_wave_event_is_append_only_update BEFORE UPDATE ON clearance_wave_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER clearance_wave_event_is_append_only_delete BEFORE DELETE ON clearance_wave_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER task_event_is_append_only_update BEFORE UPDATE ON task_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER task_event_is_append_only_delete BEFORE DELETE ON task_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER device_event_is_append_only_update BEFORE UPDATE ON device_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER device_event_is_append_only_delete BEFORE DELETE ON device_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER neighbour_report_is_append_only_update BEFORE UPDATE ON neighbour_report BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER neighbour_report_is_append_only_delete BEFORE DELETE ON neighbour_report BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
