//! What a cell of an imported file says beyond its text: yes or no, or several values.

/// `yes`, `true`, `1`, `x` and the like; `None` for what is neither yes nor no. Empty is no.
pub fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "t" | "1" | "x" => Some(true),
        "" | "no" | "n" | "false" | "f" | "0" => Some(false),
        _ => None,
    }
}

/// The parts of a list in one cell, separated by semicolons or bars.
pub fn list(text: &str) -> Vec<String> {
    text.split([';', '|']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_may_hold_several_values_or_an_answer() {
        assert_eq!(list(" a; b |c;;"), ["a", "b", "c"]);
        assert_eq!((yes_or_no("X"), yes_or_no(""), yes_or_no("perhaps")), (Some(true), Some(false), None));
    }
}
