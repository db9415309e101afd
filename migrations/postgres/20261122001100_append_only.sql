-- What happened is never changed afterwards, by this program or beside it (rule 4).

CREATE TRIGGER incident_event_is_append_only BEFORE UPDATE OR DELETE ON incident_event FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();
CREATE TRIGGER instruction_event_is_append_only BEFORE UPDATE OR DELETE ON instruction_event FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();
CREATE TRIGGER clearance_event_is_append_only BEFORE UPDATE OR DELETE ON clearance_event FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();
CREATE TRIGGER clearance_wave_event_is_append_only BEFORE UPDATE OR DELETE ON clearance_wave_event FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();
CREATE TRIGGER task_event_is_append_only BEFORE UPDATE OR DELETE ON task_event FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();
CREATE TRIGGER device_event_is_append_only BEFORE UPDATE OR DELETE ON device_event FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();
CREATE TRIGGER neighbour_report_is_append_only BEFORE UPDATE OR DELETE ON neighbour_report FOR EACH ROW EXECUTE FUNCTION refuse_change_of_an_event();
