//! The Common Alerting Protocol 1.2 (OASIS): one alert for each site with a block for each system, always the whole of
//! what holds. A change updates the message before it; when nothing holds any more it is cancelled.
//!
//! No block has an `expires`: a prohibition that a program lets go by itself would be a permission that nobody gave. When
//! to look again stands in words and as a parameter.

use domain::{
    feeds::{Kind, Said},
    instructions::Look,
    view::status::SystemVerdict,
};

use super::{Feed, xml::Document};

const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";

/// The newest message of a site; `None` when there never was one.
pub fn cap(feed: &Feed<'_>) -> Option<String> {
    let notice = feed.notice?;
    let mut document = Document::open("alert", &[("xmlns", NAMESPACE)]);
    document.text("identifier", &identifier(feed, &notice.said));
    document.text("sender", &sender(feed));
    document.text("sent", &notice.said.at.cap());
    // An exercise has no public feed.
    document.text("status", "Actual");
    document.text("msgType", notice.said.kind.word());
    document.text("scope", "Public");
    if !feed.view.warning.is_empty() {
        document.text("note", &feed.view.warning);
    }
    if let Some(replaces) = &notice.replaces {
        let reference = format!("{},{},{}", sender(feed), identifier(feed, replaces), replaces.at.cap());
        document.text("references", &reference);
    }
    if notice.said.kind == Kind::Cancel {
        end(&mut document, feed);
    }
    for verdict in &feed.view.verdicts {
        block(&mut document, feed, verdict);
    }
    Some(document.close("alert"))
}

fn sender(feed: &Feed<'_>) -> String {
    format!("downtime-command.{}", feed.installation)
}

/// Without spaces, commas, `<` and `&`, as the protocol asks.
fn identifier(feed: &Feed<'_>, said: &Said) -> String {
    let content: String = said.fingerprint.chars().take(12).collect();
    let content = if content.is_empty() { "none".to_owned() } else { content };
    format!("{}.{}.{}.{content}", feed.installation, feed.site, said.ordinal)
}

/// How a verdict reads in the protocol's words.
struct Grade {
    response: &'static str,
    urgency: &'static str,
    severity: &'static str,
}

fn grade(verdict: &SystemVerdict) -> Grade {
    let (response, urgency, severity) = match verdict.look {
        Look::Forbid => ("Avoid", "Immediate", "Severe"),
        Look::Limited => ("Execute", "Immediate", "Severe"),
        Look::Act | Look::Read => ("Execute", "Immediate", "Moderate"),
        // Only what is clear may be called clear; an order to use it is none.
        Look::Use if verdict.clear => ("AllClear", "Past", "Minor"),
        Look::Use => ("Monitor", "Expected", "Minor"),
        Look::NoOrder => ("Monitor", "Unknown", "Unknown"),
    };
    Grade { response, urgency, severity }
}

fn block(document: &mut Document, feed: &Feed<'_>, verdict: &SystemVerdict) {
    let Grade { response, urgency, severity } = grade(verdict);
    document.begin("info", &[]);
    document.text("language", "en-US");
    document.text("category", "Health");
    document.text("category", "Infra");
    document.text("event", &format!("Downtime: {}", verdict.system));
    document.text("responseType", response);
    document.text("urgency", urgency);
    document.text("severity", severity);
    document.text("certainty", "Observed");
    if let Some(since) = verdict.since_at {
        document.text("onset", &since.cap());
    }
    document.text("senderName", &feed.view.organisation);
    document.text("headline", &feed.headline(verdict));
    document.text("description", &feed.sentences(verdict).join("\n"));
    if !verdict.instead.is_empty() {
        document.text("instruction", &verdict.instead.join("\n"));
    }
    foot(document, feed);
}

/// Nothing is known to be down and nothing is ordered: that is no permission.
fn end(document: &mut Document, feed: &Feed<'_>) {
    document.begin("info", &[]);
    document.text("language", "en-US");
    document.text("category", "Health");
    document.text("category", "Infra");
    document.text("event", "Downtime");
    document.text("responseType", "Monitor");
    document.text("urgency", "Unknown");
    document.text("severity", "Unknown");
    document.text("certainty", "Observed");
    document.text("senderName", &feed.view.organisation);
    document.text("headline", &format!("{}: NO ORDER", feed.view.short_name));
    let words = "No downtime is declared here any more. NO ORDER: ask your unit lead.";
    document.text("description", &format!("{words}\n{}", feed.as_of_words()));
    foot(document, feed);
}

fn foot(document: &mut Document, feed: &Feed<'_>) {
    document.text("web", &feed.page());
    for (name, value) in [("as of", &feed.view.as_of), ("check again by", &feed.view.check_again_by)] {
        document.begin("parameter", &[]);
        document.text("valueName", name);
        document.text("value", value);
        document.end("parameter");
    }
    document.begin("area", &[]);
    document.text("areaDesc", &feed.view.site);
    document.end("area");
    document.end("info");
}
