//! What an entry of the log says in words that a nurse understands: each kind as what somebody did. A kind that
//! is not in the table, as from a newer version, is read out of its own code.

/// Kinds of decisions that say on what basis they were made (rule 4), as a text named `basis` or `reason`.
pub const WITH_BASIS: [&str; 7] = [
    "cases.decided",
    "cases.decided-again",
    "cases.taken-back",
    "clearance.revoked",
    "command.assumed",
    "incident.closed",
    "incident.declared",
];

/// What somebody did: `declared the downtime`.
pub fn deed(kind: &str) -> String {
    let known = table(kind);
    known.map_or_else(|| format!("noted: {}", kind.replace(['.', '_'], " ")), ToOwned::to_owned)
}

/// The same as a line of its own: `Declared the downtime`.
pub fn title(kind: &str) -> String {
    let deed = deed(kind);
    let mut characters = deed.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn table(kind: &str) -> Option<&'static str> {
    let (capability, _) = kind.split_once('.')?;
    match capability {
        "incident" | "system" | "clock" | "facts" => of_incident(kind),
        "command" | "task" => of_command(kind),
        "instruction" | "clearance" | "waiver" => of_clearance(kind),
        "broadcast" | "audience" | "answer" | "deliveries" => of_broadcasts(kind),
        "case" | "cases" | "schedule" | "form" | "forms" | "entry" | "ancillary" | "identity" | "devices"
        | "device" | "patients" => of_work(kind),
        "reviews" | "checks" => of_reviews(kind),
        "stock" | "reorder" | "readiness" => of_stock(kind),
        "late_entry" => of_late_entries(kind),
        _ => of_installation(kind),
    }
}

fn of_incident(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "incident.declared" => "declared the downtime",
        "incident.closed" => "closed the incident",
        "incident.phase" => "moved the incident to its next phase",
        "incident.update_promised" => "promised the next update",
        "system.status" => "reported what works and what does not",
        "clock.stepped" => "noticed that the server's clock went back",
        "facts.folded" => "sealed the answers and receipts so far",
        _ => return None,
    })
}

fn of_command(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "command.offered" => "offered command to somebody",
        "command.accepted" => "accepted command",
        "command.declined" => "declined command",
        "command.withdrawn" => "took back the offer of command",
        "command.paged" => "paged the commander",
        "command.page_answered" => "answered the page",
        "command.assumed" => "assumed command from somebody who did not answer",
        "task.marked" => "marked a task",
        _ => return None,
    })
}

fn of_clearance(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "instruction.issued" => "gave an instruction",
        "instruction.issued_from_playbook" => "gave an instruction of the playbook",
        "instruction.issued_by_revocation" => "put an instruction back by revoking a clearance",
        "instruction.approved" => "approved an instruction",
        "instruction.rejected" => "refused to approve an instruction",
        "instruction.issued_by_outage" => "forbade the use of a system that is down",
        "instruction.ended_by_revocation" => "ended a permission by revoking a clearance",
        "instruction.ended_by_outage" => "ended a permission for a system that is down",
        "instruction.lifted" => "lifted an instruction",
        "clearance.opened" => "opened the way back for a scope",
        "clearance.restored" => "reported that a scope technically works again",
        "clearance.evidence" => "added evidence that a scope works",
        "clearance.signed" => "signed for a scope",
        "clearance.refused" => "refused to sign for a scope",
        "clearance.released" => "released a scope: it is clear",
        "clearance.revoked" => "revoked a clearance",
        "clearance.waiver_agreed" => "agreed that a piece of evidence need not be checked",
        "clearance.file_added" => "added a file that proves a check",
        "clearance.split" => "let a part of a scope go its own way back",
        "clearance.down_again" => "began a way back anew, for its system is down again",
        _ => return of_waves(kind),
    })
}

fn of_waves(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "instruction.issued_by_wave" => "let the staff of a unit in with their wave",
        "instruction.ended_by_halt" => "ended a permission by stopping its wave",
        "instruction.ended_by_release" => "ended what the release made needless",
        "clearance.wave_planned" => "planned a wave",
        "clearance.wave_unplanned" => "took a wave off the list",
        "clearance.wave_begun" => "began a wave",
        "clearance.wave_halted" => "stopped a wave",
        "clearance.hold_passed" => "passed the hold point of a wave",
        "clearance.back_entry_complete" => "reported that everything on paper is typed in",
        "waiver.asked" => "asked to waive what blocks the close",
        "waiver.agreed" => "agreed to waive what blocks the close",
        _ => return None,
    })
}

fn of_broadcasts(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "broadcast.composed" => "wrote a message",
        "broadcast.approved" => "approved a message",
        "broadcast.discarded" => "threw a message away",
        "broadcast.ordered" => "ordered a message to be sent",
        "broadcast.switched" => "let a message go out",
        "broadcast.looked_again" => "asked for another look at a message",
        "broadcast.withdrawn" => "took a message back",
        "broadcast.failed" => "could not prepare a message",
        "audience.uploaded" => "uploaded a list of recipients",
        "answer.given" => "answered a message",
        "deliveries.recorded" => "recorded what was delivered",
        _ => return None,
    })
}

fn of_late_entries(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "late_entry.handed_out" => "handed out sheets of command's own paper",
        "late_entry.counted" => "counted sheets of command's own paper",
        "late_entry.written" => "typed in a line of a log sheet",
        "late_entry.called" => "typed in a call of a call list",
        "late_entry.signed_in" => "typed in a line of a sign-in sheet",
        _ => return None,
    })
}

fn of_work(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "schedule.imported" => "imported the schedule",
        "cases.decided" => "decided which bookings are cancelled and which are kept",
        "cases.decided-again" => "changed what an earlier decision cancels and keeps",
        "cases.taken-back" => "took cancellations back: these bookings go ahead",
        "case.taken" => "took a patient's case to call them",
        "case.contacted" => "tried to reach a patient",
        "case.noted" => "left a note for the next caller",
        "case.rebooked" => "booked a new date for a patient",
        "case.seen" => "marked a patient as seen",
        "case.kept" => "kept a booking",
        "case.cancelled" => "cancelled a booking",
        "case.ended" => "ended a patient's case another way",
        "cases.replayed" => "compared cases with the record system's own account",
        "cases.outside" => "made cases of what was cancelled outside command",
        "cases.done" => "marked the kept bookings of a service as done",
        "forms.issued" => "handed out paper forms",
        "forms.counted" => "counted paper forms",
        "forms.entered" => "typed in a paper form",
        "forms.verified" => "checked what another person typed in",
        "forms.set_aside" => "set a form aside that cannot be typed in",
        "forms.corrected" => "put a form on another pile",
        "forms.disputed" => "found a typed-in form to be wrong",
        "forms.filed" => "filed a paper form",
        "form.scanned" => "scanned a paper form",
        "forms.batch_opened" => "began a batch of paper forms",
        "forms.batch_filled" => "put counted forms into a batch",
        "forms.batch_signed" => "signed the count of a batch",
        "forms.batch_received" => "counted a batch in the records room",
        "forms.batch_scanned" => "counted the scanned pages of a batch",
        "forms.found" => "found a missing paper form",
        "forms.settled" => "settled what differed between a form and its entry",
        "ancillary.typed" => "typed in lines of a log",
        "entry.prepared" => "said whose paper forms these are",
        "entry.taken" => "took paper forms to type in",
        "entry.put_back" => "gave back paper forms that were taken to type in",
        "entry.release_asked" => "asked that others need not wait for a paper form",
        "entry.released" => "agreed that others need not wait for a paper form",
        "identity.range_added" => "added a range of downtime numbers",
        "identity.given" => "gave out downtime numbers",
        "identity.changed" => "said what became of a downtime number",
        "devices.counted" => "counted the devices of a unit",
        "devices.imported" => "imported counts of devices",
        "devices.team_sent" => "sent a field team to a unit",
        "devices.team_taken_back" => "took a field team away from a unit",
        "device.reported" => "reported what became of a device",
        "cases.sheet_made" => "made a call sheet",
        "patients.seen" => "looked at patients",
        _ => return None,
    })
}

fn of_reviews(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "reviews.listed" => "listed what must be looked at again",
        "reviews.added" => "added something that must be looked at again",
        "reviews.offered" => "uploaded a file of what must be looked at again",
        "reviews.imported" => "imported what must be looked at again",
        "checks.census" => "said how many patients a unit had on a day",
        "checks.compared" => "compared the forms that must be there with those used",
        "checks.imported" => "imported a list for a cross-check",
        "checks.decided" => "said what became of a gap",
        "reviews.decided" => "looked again and said what was found",
        _ => return None,
    })
}

fn of_stock(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "stock.counted" => "counted the blank forms of a unit",
        "stock.delivered" => "brought blank forms to a unit",
        "stock.pack_laid_in" => "laid a pack of blank forms into a unit's box",
        "stock.par_set" => "said how many blank forms a unit must hold",
        "reorder.opened" => "found that blank forms run short",
        "reorder.moved" => "said what became of a reorder of blank forms",
        "readiness.checked" => "checked whether a unit is ready for a downtime",
        _ => return None,
    })
}

fn of_installation(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "account.created" => "made an account",
        "account.created_in_bulk" => "made accounts from the staff list",
        "account.first_administrator" => "became the first administrator",
        "account.first_used" => "used a card for the first time",
        "account.locked" => "locked an account",
        "account.unlocked" => "opened a locked account again",
        "account.role_given" => "gave an account a role",
        "account.role_taken" => "took a role away from an account",
        "account.reset" => "took a password away and made a new card",
        "playbook.approved" => "approved a playbook",
        "import.offered" => "uploaded a file to import",
        "import.remapped" => "matched the columns of a file",
        "import.committed" => "imported a file",
        "person.corrected" => "corrected a person of the staff",
        "person.left" => "noted that a person has left",
        "person.returned" => "noted that a person works here again",
        "unit.care_set" => "said where care is given in a unit",
        "pack.made" => "printed numbered forms",
        "pack.handed_out" => "handed out a pack of forms that was printed ahead",
        "pack.withdrawn" => "took a pack of forms out of use",
        "unit.closed" => "closed a unit",
        "unit.reopened" => "opened a closed unit again",
        "neighbour.added" => "added a neighbouring hospital",
        "neighbour.reported" => "noted what a hospital can take",
        "demo.loaded" => "loaded the demo hospital",
        "feed.added" => "added a system that sends its own messages",
        "feed.changed" => "changed the settings of a feed",
        "feed.file" => "took in a file of a feed's messages",
        "standing.kept" => "kept a schedule for the next downtime",
        "standing.refused" => "refused a file of the schedule folder",
        "standing.columns" => "matched the columns of a schedule",
        "standing.forgotten" => "deleted schedules that were too old",
        _ => return None,
    })
}

/// What a value beside an entry is: `next_update_minutes` reads `next update minutes`.
pub fn label(key: &str) -> String {
    key.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_reads_as_what_somebody_did() {
        assert_eq!(deed("incident.declared"), "declared the downtime");
        assert_eq!(title("command.accepted"), "Accepted command");
    }

    #[test]
    fn a_kind_that_nobody_knows_reads_as_itself() {
        assert_eq!(deed("stock.burned_down"), "noted: stock burned down");
        assert_eq!(title("odd"), "Noted: odd");
    }

    #[test]
    fn every_decision_that_needs_a_basis_has_words() {
        assert!(WITH_BASIS.iter().all(|kind| table(kind).is_some()));
    }
}
