//! How wide a text is on paper. The printed font has the widths of Helvetica, in thousandths of its size.

/// Widths of the characters from blank to tilde.
#[rustfmt::skip]
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// A character outside the table is taken to be as wide as the widest of them.
const WIDEST: u16 = 1015;
/// Bold letters are at most so much wider.
const BOLD: f64 = 1.12;
/// Nobody can read what is smaller.
const SMALLEST: f64 = 6.0;

/// The width of a text in points, never less than it is.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let of = |character: char| {
        let index = u32::from(character).checked_sub(32).and_then(|index| usize::try_from(index).ok());
        f64::from(index.and_then(|index| WIDTHS.get(index)).copied().unwrap_or(WIDEST))
    };
    let thousandths: f64 = text.chars().map(of).sum();
    thousandths * size / 1000.0 * if bold { BOLD } else { 1.0 }
}

/// The text and the size in which it fits: made smaller first, then cut.
pub fn fit(text: &str, size: f64, bold: bool, most: f64) -> (String, f64) {
    let clean: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    let wanted = width(&clean, size, bold);
    if wanted <= most {
        return (clean, size);
    }
    let smaller = (size * most / wanted).max(SMALLEST.min(size));
    if width(&clean, smaller, bold) <= most {
        return (clean, smaller);
    }
    let mut cut: Vec<char> = clean.chars().collect();
    while let Some(_last) = cut.pop() {
        let short: String = cut.iter().copied().chain(['.', '.']).collect();
        if width(&short, smaller, bold) <= most {
            return (short, smaller);
        }
    }
    (String::new(), smaller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_made_smaller_before_it_is_cut() {
        assert_eq!(fit("4 West", 12.0, false, 100.0), ("4 West".to_owned(), 12.0));
        let (text, size) = fit("Cardiothoracic intensive care", 12.0, false, 120.0);
        assert_eq!(text, "Cardiothoracic intensive care");
        assert!(size < 12.0 && width(&text, size, false) <= 120.0);
        let (text, _) = fit(&"Ward ".repeat(60), 12.0, false, 120.0);
        assert!(text.ends_with(".."));
    }
}
