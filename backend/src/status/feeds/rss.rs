//! RSS 2.0: an item for each system, whose id stays until its content changes.

use domain::view::status::SystemVerdict;

use super::{Feed, fingerprint, xml::Document};

/// Said when no order is in force and no downtime is known.
const NOTHING: &str = "No downtime is declared here. NO ORDER: ask your unit lead.";

/// The feed of a site.
pub fn rss(feed: &Feed<'_>) -> String {
    let (view, page) = (feed.view, feed.page());
    let mut document =
        Document::open("rss", &[("version", "2.0"), ("xmlns:atom", "http://www.w3.org/2005/Atom")]);
    document.begin("channel", &[]);
    document.text("title", &plain(&format!("{}: may I use it here?", view.site)));
    document.text("link", &page);
    document.text(
        "description",
        &as_html(&[
            view.warning.clone(),
            format!("{}, {}", view.organisation, view.site),
            feed.as_of_words(),
        ]),
    );
    document.text("language", "en");
    document.text("lastBuildDate", &feed.as_of.rfc822());
    document.text("ttl", "1");
    let itself = format!("{page}.rss");
    document.begin("atom:link", &[("href", &itself), ("rel", "self"), ("type", "application/rss+xml")]);
    document.end("atom:link");
    if view.verdicts.is_empty() {
        nothing(&mut document, feed, &page);
    }
    for verdict in &view.verdicts {
        item(&mut document, feed, &page, verdict);
    }
    document.end("channel");
    document.close("rss")
}

fn item(document: &mut Document, feed: &Feed<'_>, page: &str, verdict: &SystemVerdict) {
    document.begin("item", &[]);
    document.text("title", &plain(&feed.headline(verdict)));
    document.text("link", page);
    document.text("description", &as_html(&feed.sentences(verdict)));
    id(document, feed, &verdict.code, &fingerprint(verdict));
    if let Some(since) = verdict.since_at {
        document.text("pubDate", &since.rfc822());
    }
    document.end("item");
}

fn nothing(document: &mut Document, feed: &Feed<'_>, page: &str) {
    document.begin("item", &[]);
    document.text("title", &plain(&format!("{}: NO ORDER", feed.view.short_name)));
    document.text("link", page);
    document
        .text("description", &as_html(&[feed.view.warning.clone(), NOTHING.to_owned(), feed.as_of_words()]));
    let since = feed.notice.map_or(0, |notice| notice.said.ordinal);
    id(document, feed, "none", &since.to_string());
    document.end("item");
}

fn id(document: &mut Document, feed: &Feed<'_>, about: &str, fingerprint: &str) {
    let id = format!("urn:downtime:{}:{}:{about}:{fingerprint}", feed.installation, feed.site);
    document.text_with("guid", &[("isPermaLink", "false")], &id);
}

/// A title, which some readers take for text and others for HTML.
fn plain(text: &str) -> String {
    text.replace('<', "\u{2039}").replace('>', "\u{203a}")
}

/// Sentences as the HTML that readers take a description for.
fn as_html(sentences: &[String]) -> String {
    let escaped = sentences
        .iter()
        .filter(|sentence| !sentence.is_empty())
        .map(|sentence| quick_xml::escape::escape(sentence.as_str()));
    escaped.flat_map(|sentence| ["<p>".into(), sentence, "</p>".into()]).collect()
}
