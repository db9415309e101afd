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
    include_str!("style/print.css"),
);

/// The public pages, small enough to arrive with the first packets on a bad connection.
pub const PUBLIC_STYLESHEET: &str =
    concat!(include_str!("style/tokens.css"), include_str!("style/public.css"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheets_stay_small() {
        assert!(STYLESHEET.len() <= 25 * 1024, "{} bytes", STYLESHEET.len());
        assert!(PUBLIC_STYLESHEET.len() <= 6 * 1024, "{} bytes", PUBLIC_STYLESHEET.len());
    }

    #[test]
    fn the_style_sheets_close_every_bracket_and_fetch_nothing() {
        for sheet in [STYLESHEET, PUBLIC_STYLESHEET] {
            assert_eq!(sheet.matches('{').count(), sheet.matches('}').count());
            assert!(!sheet.contains("url(") && !sheet.contains("@import"));
        }
    }
}
