//! The document around a page: head, bar, rail, and the body in between, as one string of HTML.
//!
//! Head and frame are assembled here and not in a component, because nothing in them may depend on script, and
//! because a document must stand even when a page has no router around it.

use std::sync::Arc;

use domain::view::frame::{Frame, Theme};
use hydration_context::SsrSharedContext;
use leptos::{prelude::*, reactive::owner::Owner};

use crate::ui::{escape, shell};

/// A complete page for signed-in people, or for signing in.
///
/// The body brings its own heading (`ui::head`); the title here is what the browser's tab reads.
pub fn page(frame: &Frame, title: &str, body: AnyView) -> String {
    page_with(frame, title, move || body)
}

/// As [`page`], for a body that holds islands: they must be built inside the owner of the document.
pub fn page_with(frame: &Frame, title: &str, body: impl FnOnce() -> AnyView + 'static) -> String {
    let inner = render({
        let frame = frame.clone();
        move || shell::around(&frame, body())
    });
    let head = opening(&tab_title(frame, title), frame.theme, &frame.assets.stylesheet);
    let (dark, print) = (dark_sheet(frame), escape(&frame.assets.print));
    let icon = r#"<link rel="icon" type="image/svg+xml" href="/favicon.svg">"#;
    let print = format!(r#"{icon}<link rel="stylesheet" media="print" href="{print}">"#);
    let (script, nonce) = (escape(&frame.assets.script), escape(&frame.assets.nonce));
    let script = if script.is_empty() {
        script
    } else {
        format!(r#"<script type="module" src="{script}" nonce="{nonce}"></script>"#)
    };
    let build = escape(&frame.assets.build);
    format!(r#"{head}{dark}{print}{script}</head><body data-build="{build}">{inner}</body></html>"#)
}

/// A complete page for everyone: no sign-in, no nonce, no inline script, no islands.
///
/// `script` is the path of a script file that only adds relative times, or nothing.
pub fn public_page(title: &str, stylesheet: &str, script: Option<&str>, body: AnyView) -> String {
    let head = opening(title, Theme::Device, stylesheet);
    let script = script
        .map(|script| format!(r#"<script defer src="{}"></script>"#, escape(script)))
        .unwrap_or_default();
    let inner = render(move || body);
    format!(r#"{head}{script}</head><body class="public">{inner}</body></html>"#)
}

/// The tokens of the dark, by the device's preference or because it was chosen; paper stays white.
fn dark_sheet(frame: &Frame) -> String {
    let media = match frame.theme {
        Theme::Light => return String::new(),
        Theme::Dark => "screen",
        Theme::Device => "screen and (prefers-color-scheme: dark)",
    };
    format!(r#"<link rel="stylesheet" media="{media}" href="{}">"#, escape(&frame.assets.dark))
}

fn opening(title: &str, theme: Theme, stylesheet: &str) -> String {
    format!(
        concat!(
            r#"<!DOCTYPE html><html lang="en" data-theme="{}"><head><meta charset="utf-8">"#,
            r#"<meta name="viewport" content="width=device-width, initial-scale=1">"#,
            r#"<meta name="color-scheme" content="light dark"><title>{}</title>"#,
            r#"<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Cpath fill='%23a3121f' d='M0 0h8v8H0z'/%3E%3C/svg%3E">"#,
            r#"<link rel="stylesheet" href="{}">"#,
        ),
        theme.code(),
        escape(title),
        escape(stylesheet)
    )
}

/// An exercise says so first, also in the list of tabs (rule 11).
fn tab_title(frame: &Frame, title: &str) -> String {
    match &frame.incident {
        Some(incident) if incident.exercise => format!("Exercise: {title}, {}", incident.name),
        Some(incident) => format!("{title}, {}", incident.name),
        None if frame.organisation.is_empty() => format!("{title}, Downtime Command"),
        None => format!("{title}, {}", frame.organisation),
    }
}

/// Renders outside any router; islands are told from the rest by the context given here.
fn render(body: impl FnOnce() -> AnyView) -> String {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(|| body().to_html());
    owner.unset_with_forced_cleanup();
    html
}
