//! The feeds of a site's page: RSS for readers, the Common Alerting Protocol for alarm systems. Both are made from the
//! verdicts that draw the page, so they cannot say anything else.

mod cap;
mod rss;
mod xml;

use domain::{
    feeds::Notice,
    time::Timestamp,
    view::status::{StatusView, SystemVerdict},
};
use sha2::{Digest, Sha256};

pub use cap::cap;
pub use rss::rss;

/// What a feed is made from.
#[derive(Debug, Clone, Copy)]
pub struct Feed<'a> {
    pub view: &'a StatusView,
    /// When the page was read.
    pub as_of: Timestamp,
    /// The installation's id, by which messages of different hospitals differ.
    pub installation: &'a str,
    /// The site's code.
    pub site: &'a str,
    /// The address under which staff reach this server.
    pub base_url: &'a str,
    /// The newest message of this site; `None` when none was ever needed.
    pub notice: Option<&'a Notice>,
}

impl Feed<'_> {
    /// The page that this feed follows.
    fn page(&self) -> String {
        format!("{}{}", self.base_url, self.view.path)
    }

    /// As of when, and until when to rely on it.
    fn as_of_words(&self) -> String {
        format!("As of {}. Check again by {}.", self.view.as_of, self.view.check_again_by)
    }

    /// `Epic at Cape: DO NOT LOG IN`; a permission never stands without its time.
    fn headline(&self, verdict: &SystemVerdict) -> String {
        let StatusView { short_name, as_of_clock, check_again_by, .. } = self.view;
        let says = format!("{} at {short_name}: {}", verdict.system, verdict.lines.join(". "));
        match (verdict.permits(), self.view.warning.as_str()) {
            (false, _) => says,
            (true, "") => format!("{says} (as of {as_of_clock}, check again by {check_again_by})"),
            (true, _) => format!("MAY BE REVOKED: {says} (as of {as_of_clock})"),
        }
    }

    /// Everything that is said of a system, a sentence a line; the warning above it all.
    fn sentences(&self, verdict: &SystemVerdict) -> Vec<String> {
        let mut sentences = vec![self.view.warning.clone(), verdict.lines.join(". "), verdict.since.clone()];
        sentences.extend(verdict.instead.iter().cloned());
        for other in &verdict.others {
            sentences.push(format!("{}: {}", other.system, other.lines.join(". ")));
            sentences.extend(other.instead.iter().cloned());
        }
        sentences.extend(
            verdict.units.iter().map(|unit| format!("{} in {}: {}", verdict.system, unit.unit, unit.words)),
        );
        sentences.push(self.as_of_words());
        sentences.retain(|sentence| !sentence.is_empty());
        sentences
    }
}

/// What changes with the content of a value alone.
pub fn fingerprint<T: serde::Serialize + ?Sized>(value: &T) -> String {
    let plain = serde_json::to_vec(value).expect("a view is plain data");
    hex::encode(&Sha256::digest(plain)[..12])
}

#[cfg(test)]
mod tests {
    use domain::{
        feeds::{self, Kind, Said},
        instructions::Look,
    };

    use super::*;

    const HOSTILE: &str = "A <script>alert(1)</script> & \"b\" ]]> \u{1}\u{8}\u{b}\u{fffe} end";

    pub fn verdict(look: Look, words: &str) -> SystemVerdict {
        SystemVerdict {
            code: "epic".into(),
            system: "Epic".into(),
            look,
            lines: vec![words.into()],
            since: "since 02:05".into(),
            since_at: Timestamp::parse_rfc3339("2024-07-19T06:05:00Z").ok(),
            clear: false,
            instead: vec!["Use paper forms.".into()],
            others: Vec::new(),
            units: Vec::new(),
        }
    }

    fn view(verdicts: Vec<SystemVerdict>) -> StatusView {
        StatusView {
            organisation: "Harbor Health".into(),
            site: "Cape Hospital".into(),
            short_name: "Cape".into(),
            path: "/status/cape".into(),
            as_of: "02:06 EDT, Fri 19 July".into(),
            as_of_clock: "02:06".into(),
            check_again_by: "02:21".into(),
            downtime: true,
            verdicts,
            ..StatusView::default()
        }
    }

    fn both(view: &StatusView) -> (String, String) {
        let at = Timestamp::parse_rfc3339("2024-07-19T06:06:00Z").expect("is a time");
        let holds = (!view.verdicts.is_empty()).then(|| fingerprint(&view.verdicts));
        let before = Said { ordinal: 1, kind: Kind::Alert, fingerprint: "0".repeat(24), at };
        let notice = feeds::next(Some(&before), holds.as_deref(), at);
        let feed = Feed {
            view,
            as_of: at,
            installation: "0190",
            site: "cape",
            base_url: "https://downtime.test",
            notice: notice.as_ref(),
        };
        (rss(&feed), cap(&feed).expect("something was said"))
    }

    /// Every text of a document; fails when it is not well-formed.
    fn texts(document: &str) -> String {
        let mut reader = quick_xml::Reader::from_str(document);
        let mut texts = String::new();
        loop {
            match reader.read_event().expect("is well-formed") {
                quick_xml::events::Event::Eof => return texts,
                quick_xml::events::Event::Text(text) => texts.push_str(&text),
                quick_xml::events::Event::GeneralRef(entity) => {
                    let name: &str = &entity;
                    let sign =
                        quick_xml::escape::resolve_predefined_entity(name).expect("is one of the five");
                    texts.push_str(sign);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn what_people_typed_stays_inert() {
        let hostile = SystemVerdict {
            system: HOSTILE.into(),
            instead: vec![HOSTILE.into()],
            ..verdict(Look::Forbid, "LEAVE OFF")
        };
        let view = StatusView { site: HOSTILE.into(), short_name: HOSTILE.into(), ..view(vec![hostile]) };
        let (rss, cap) = both(&view);
        for document in [&rss, &cap] {
            assert!(!document.contains("<script"), "{document}");
            assert!(!document.contains("]]>"), "{document}");
            assert!(document.chars().all(|sign| sign >= ' ' || sign == '\n'), "{document:?}");
            assert!(texts(document).contains("LEAVE OFF"));
        }
        // A reader of RSS takes a description for HTML.
        assert!(!texts(&rss).contains("<script"), "{rss}");
    }

    #[test]
    fn only_a_clear_system_is_called_clear() {
        let (_, cap) = both(&view(vec![verdict(Look::Use, "USE")]));
        assert!(!cap.contains("AllClear"), "an order to use is no all clear: {cap}");
        let clear = SystemVerdict { clear: true, ..verdict(Look::Use, "USE") };
        let (rss, cap) = both(&view(vec![clear]));
        assert!(cap.contains("<responseType>AllClear</responseType>"), "{cap}");
        assert!(!rss.to_lowercase().contains("all clear"));
    }

    #[test]
    fn no_permission_stands_without_its_time() {
        let view = view(vec![verdict(Look::Use, "USE")]);
        let (rss, cap) = both(&view);
        for document in [rss, cap] {
            assert!(document.contains("USE (as of 02:06, check again by 02:21)"), "{document}");
            assert!(document.contains("As of 02:06 EDT, Fri 19 July. Check again by 02:21."), "{document}");
        }
        let (rss, cap) = both(&view.copied());
        for document in [rss, cap] {
            let warning = document.find("COPY OF 02:06, MAY BE REVOKED").expect("says so");
            assert!(warning < document.find("USE").expect("permits"), "{document}");
        }
    }

    #[test]
    fn the_end_is_no_permission() {
        let (rss, cap) = both(&view(Vec::new()));
        assert!(cap.contains("<msgType>Cancel</msgType>") && cap.contains("NO ORDER"), "{cap}");
        assert!(cap.contains("<references>"), "{cap}");
        assert!(rss.contains("NO ORDER"), "{rss}");
    }

    #[test]
    fn an_entry_keeps_its_id_until_its_content_changes() {
        let id = |view: &StatusView| {
            let (rss, _) = both(view);
            rss.split("<guid").nth(1).and_then(|rest| rest.split("</guid>").next()).map(str::to_owned)
        };
        let first = view(vec![verdict(Look::Forbid, "LEAVE OFF")]);
        let later =
            StatusView { as_of_clock: "02:07".into(), check_again_by: "02:22".into(), ..first.clone() };
        assert_eq!(id(&first), id(&later));
        assert_ne!(id(&first), id(&view(vec![verdict(Look::Read, "READ ONLY")])));
    }
}
