//! The playbooks that come with the program, so that an empty installation can declare.

use super::Playbook;

/// File name and text of each.
pub const SHIPPED: [(&str, &str); 4] = [
    ("ehr-outage.toml", include_str!("../../../../playbooks/ehr-outage.toml")),
    ("endpoint-crash.toml", include_str!("../../../../playbooks/endpoint-crash.toml")),
    ("network-loss.toml", include_str!("../../../../playbooks/network-loss.toml")),
    ("ransomware.toml", include_str!("../../../../playbooks/ransomware.toml")),
];

/// All shipped playbooks, read.
pub fn shipped() -> Vec<Playbook> {
    SHIPPED
        .iter()
        .map(|(file, text)| Playbook::parse(file, text).expect("a test reads every shipped playbook"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{instructions::Word, scope::Status};

    #[test]
    fn every_shipped_playbook_is_without_mistakes() {
        for (file, text) in SHIPPED {
            let playbook = Playbook::parse(file, text).unwrap_or_else(|errors| panic!("{errors:#?}"));
            assert_eq!(format!("{}.toml", playbook.key), file);
        }
    }

    #[test]
    fn the_endpoint_playbook_says_what_was_said_on_19_july() {
        let playbook =
            shipped().into_iter().find(|playbook| playbook.key == "endpoint-crash").expect("is shipped");
        assert_eq!(playbook.title(), "Endpoint outage v7");
        assert_eq!(playbook.system("epic").expect("is listed").status, Status::Down);
        let order = |key: &str| {
            let order = playbook.instructions.iter().find(|order| order.system.as_deref() == Some(key));
            order.expect("has an order")
        };
        assert_eq!(order("epic").order, Word::DoNotLogIn);
        assert_eq!(order("workstations").order, Word::LeaveOff);
        assert_eq!(order("workstations").condition, "not already used today");
        let body =
            &playbook.message("first-word").expect("is there").email.as_ref().expect("has a mail").body;
        assert!(body.contains("All scheduled staff report to work"));
        assert_eq!(
            playbook.cancellations[0].safe_by.iter().map(|by| by.days).collect::<Vec<_>>(),
            [28, 84, 182]
        );
    }

    #[test]
    fn a_first_word_needs_nothing_typed() {
        for playbook in shipped() {
            let message = playbook.message("first-word").expect("each playbook has a first word");
            assert!(message.approved && message.is_free_of_typing(), "{}", playbook.key);
        }
    }
}
