//! The text that leaves the house: what is added to every body, and how it begins in an exercise.

use crate::{codes::CheckCode, deliveries::Channel};

/// One body of a broadcast, as its author wrote it. The code belongs to exactly this text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub channel: Channel,
    /// Empty for a text message.
    pub subject: String,
    pub text: String,
    pub code: CheckCode,
}

/// Begins a text with the word that nobody may miss (rule 11).
pub fn mark_exercise(text: &str, exercise: bool) -> String {
    if !exercise || text.trim_start().to_uppercase().starts_with("EXERCISE") {
        return text.to_owned();
    }
    format!("EXERCISE: {text}")
}

/// The line that a re-sent message carries outside the text whose code it has.
pub const POSSIBLE_DUPLICATE: &str =
    "You may have received this message already: after a fault we could not tell whether it reached you.";

/// The links of one delivery.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    /// `https://dt.harbor.example`
    pub base: &'a str,
    pub token: &'a str,
    /// A link for several people behind one address.
    pub shared: bool,
}

/// What one address reads.
pub fn as_sent(body: &Body, links: Links<'_>, again: bool) -> String {
    let Links { base, token, shared } = links;
    match body.channel {
        Channel::Sms => {
            // Without the scheme: telephones make it a link, and it saves eight signs.
            let host = base.trim_start_matches("https://");
            let twice = if again { "POSSIBLE DUPLICATE. " } else { "" };
            format!(
                "{twice}{} Check {} {host}/verify Answer {host}/a/{token}",
                body.text.trim_end(),
                body.code
            )
        }
        Channel::Email => {
            let twice = if again { format!("{POSSIBLE_DUPLICATE}\n\n") } else { String::new() };
            let answer = if shared { "Answer for your unit" } else { "I have read this (your own link)" };
            format!(
                "{twice}{}\n\n{answer}: {base}/a/{token}\n\nCheck code {}. To see that this message is genuine, \
                 type the address {base}/verify yourself and enter the code.\n",
                body.text.trim_end(),
                body.code
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(channel: Channel) -> Body {
        let (subject, text) = ("Epic down".to_owned(), "Use paper.".to_owned());
        Body { channel, subject, text, code: CheckCode::of([7; 8]) }
    }

    #[test]
    fn an_exercise_says_so_first_and_once() {
        assert_eq!(mark_exercise("Use paper.", true), "EXERCISE: Use paper.");
        assert_eq!(mark_exercise("Exercise. Use paper.", true), "Exercise. Use paper.");
        assert_eq!(mark_exercise("Use paper.", false), "Use paper.");
    }

    #[test]
    fn every_body_carries_its_code_and_its_answer_link() {
        for channel in Channel::ALL {
            let body = body(channel);
            let links = Links { base: "https://dt.example", token: "k7r4m2k7r4m", shared: false };
            let sent = as_sent(&body, links, false);
            for part in
                ["Use paper.", &body.code.to_string(), "dt.example/a/k7r4m2k7r4m", "dt.example/verify"]
            {
                assert!(sent.contains(part), "{part} in {sent}");
            }
            assert!(
                as_sent(&body, links, true).to_lowercase().contains("duplicate") || channel == Channel::Email
            );
        }
    }
}
