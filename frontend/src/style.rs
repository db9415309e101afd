//! The style sheets, written by hand in layers and put together here; the server serves them under a hash of
//! their content.

/// Every page for signed-in people, and the pages before signing in.
pub const STYLESHEET: &str = concat!(
    include_str!("style/tokens.css"),
    include_str!("style/base.css"),
    include_str!("style/shell.css"),
    include_str!("style/parts.css"),
    include_str!("style/board.css"),
    include_str!("style/pictures.css"),
);

/// What changes on paper: black on white, no fills, a head and a foot on every page.
pub const PRINT_STYLESHEET: &str = include_str!("style/print.css");

/// The tokens of the dark theme. The page links them for whoever prefers or has chosen the dark, never for paper.
pub const DARK_STYLESHEET: &str = include_str!("style/dark.css");

/// The public pages, small enough to arrive with the first packets on a bad connection.
pub const PUBLIC_STYLESHEET: &str = concat!(
    include_str!("style/tokens.css"),
    "@media screen and (prefers-color-scheme: dark) {",
    include_str!("style/dark.css"),
    "}",
    include_str!("style/public.css")
);

/// A style sheet as it is sent: without the indentation and line ends that are there for reading it.
pub fn packed(sheet: &str) -> String {
    let mut packed = String::with_capacity(sheet.len());
    for line in sheet.lines().map(str::trim) {
        packed.push_str(line);
        if line.ends_with(',') || line.is_empty() {
            continue;
        }
        if !line.ends_with(['{', '}', ';']) {
            packed.push(' ');
        }
    }
    [
        (": ", ":"),
        (", ", ","),
        ("; ", ";"),
        (" {", "{"),
        ("{ ", "{"),
        (" > ", ">"),
        (" / ", "/"),
        (";}", "}"),
        ("; }", "}"),
        ("} ", "}"),
    ]
    .into_iter()
    .fold(packed, |packed, (from, to)| packed.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheets_stay_small() {
        let (all, public) = (packed(STYLESHEET).len(), packed(PUBLIC_STYLESHEET).len());
        assert!(all <= 27 * 1024, "{all} bytes");
        assert!(public <= 6 * 1024, "{public} bytes");
    }

    #[test]
    fn no_order_of_a_system_is_ever_hidden() {
        use domain::instructions::Look;
        for look in [Look::Forbid, Look::Limited, Look::Act, Look::Read, Look::Use, Look::NoOrder] {
            for rule in STYLESHEET.split('}').filter(|rule| rule.contains("display: none")) {
                assert!(!rule.contains(&format!(".{} ", look.code())), "{rule}");
            }
        }
    }

    #[test]
    fn the_style_sheets_close_every_bracket_and_fetch_nothing() {
        for sheet in [STYLESHEET, PUBLIC_STYLESHEET] {
            assert_eq!(sheet.matches('{').count(), sheet.matches('}').count());
            assert!(!sheet.contains("url(") && !sheet.contains("@import"));
        }
    }
}
