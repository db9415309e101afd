//! The number on a sheet, as printed, scanned and typed: `HGH-ICU2-MAR-01001-K`: site, unit, form, number.
//!
//! The last character checks all others (ISO 7064 MOD 37,36: every wrong character and nearly every swap of two
//! neighbours shows), so that a misread serial is refused instead of counting another sheet. Numbers are unique for
//! an incident and a form's prefix, so that a person who has chosen the form may type `1001-1040` alone.

use std::{collections::BTreeSet, fmt, ops::Deref, str::FromStr};

/// The prefix of sheets that turned up without a valid serial. They count apart.
pub const FOUND_PREFIX: &str = "F";

/// The prefix of the cover sheets of batches.
pub const BATCH_PREFIX: &str = "BATCH";

const LARGEST: i64 = 9_999_999;
/// How much of a site's or unit's code is printed.
const MOST_OF_A_CODE: usize = 8;

/// A serial: where the sheet was given out, its form's prefix, and its number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial {
    /// The site's code as printed: A to Z and 0 to 9, at most eight of them.
    pub site: String,
    /// The unit's code as printed.
    pub unit: String,
    pub prefix: String,
    pub number: i64,
}

/// Why a text is not a serial.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASerial {
    #[error(
        "{0:?} is not a serial; write it whole as on the sheet, as HGH-ICU2-MAR-01001-K, or its number, or a range as \
         1001-1040."
    )]
    Shape(String),
    #[error("{0:?} was misread: its last character does not match. Look at the sheet again.")]
    Check(String),
    #[error("The range {0:?} runs backwards.")]
    Backwards(String),
    #[error("{0:?} is a serial of another form; this is about {1}.")]
    OtherType(String, String),
    #[error("The two ends of {0:?} are sheets of two units.")]
    TwoUnits(String),
    #[error("{0} is written twice.")]
    Twice(String),
    #[error("That is more than {0} sheets; split it.")]
    TooMany(i64),
}

impl Serial {
    /// The serial of a sheet given to the unit with this code, at the site with this code. Codes are printed in
    /// capitals and digits alone, the first eight; what is left of a code without any is `X`.
    pub fn new(site: &str, unit: &str, prefix: &str, number: i64) -> Self {
        Self { site: printed(site), unit: printed(unit), prefix: prefix.to_owned(), number }
    }

    /// The check character over everything before it.
    pub fn check(&self) -> char {
        let mut product = 36;
        let body = format!("{}{}{}{:05}", self.site, self.unit, self.prefix, self.number);
        for character in body.chars() {
            let value = character.to_digit(36).unwrap_or(0);
            let sum = (product + value) % 36;
            product = (if sum == 0 { 36 } else { sum }) * 2 % 37;
        }
        char::from_digit((37 - product) % 36, 36).unwrap_or('0').to_ascii_uppercase()
    }

    fn of_parts(parts: &[&str], whole: &str) -> Result<Self, NotASerial> {
        let shape = || NotASerial::Shape(whole.to_owned());
        let [site, unit, prefix, number, check] = parts else { return Err(shape()) };
        let is_code = |code: &str, most: usize| {
            let plain = code.chars().all(|each| each.is_ascii_uppercase() || each.is_ascii_digit());
            plain && (1..=most).contains(&code.len())
        };
        if !(is_code(site, MOST_OF_A_CODE) && is_code(unit, MOST_OF_A_CODE) && is_code(prefix, 16)) {
            return Err(shape());
        }
        // The check sees a number as it is printed: one of six digits never begins with 0, unless its first was misread.
        let as_printed = number.len() <= 5 || !number.starts_with('0');
        let number = read_number(number).filter(|_| as_printed).ok_or_else(shape)?;
        let serial = Self::new(site, unit, prefix, number);
        if check.chars().eq([serial.check()]) { Ok(serial) } else { Err(NotASerial::Check(whole.to_owned())) }
    }
}

fn printed(code: &str) -> String {
    let plain = code.chars().filter(char::is_ascii_alphanumeric).map(|each| each.to_ascii_uppercase());
    let plain: String = plain.take(MOST_OF_A_CODE).collect();
    if plain.is_empty() { "X".to_owned() } else { plain }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}-{:05}-{}", self.site, self.unit, self.prefix, self.number, self.check())
    }
}

impl FromStr for Serial {
    type Err = NotASerial;

    fn from_str(text: &str) -> Result<Self, NotASerial> {
        let upper = text.trim().to_ascii_uppercase();
        Self::of_parts(&upper.split('-').collect::<Vec<_>>(), text.trim())
    }
}

fn read_number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.chars().all(|each| each.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (1..=LARGEST).contains(number))
}

/// The numbers of one form's sheets that were picked out, and the serials that were written whole: those say for
/// which unit the sheet was printed, which the numbers do not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picked {
    numbers: BTreeSet<i64>,
    whole: Vec<Serial>,
}

impl Picked {
    /// The serials that were written whole, with the check character of each seen to.
    pub fn whole(&self) -> &[Serial] {
        &self.whole
    }
}

impl Deref for Picked {
    type Target = BTreeSet<i64>;

    fn deref(&self) -> &BTreeSet<i64> {
        &self.numbers
    }
}

impl FromIterator<i64> for Picked {
    fn from_iter<I: IntoIterator<Item = i64>>(numbers: I) -> Self {
        Self { numbers: numbers.into_iter().collect(), whole: Vec::new() }
    }
}

/// Reads what was scanned or typed: serials, numbers and ranges such as `1001-1040`, apart by commas, semicolons
/// or white space. A sheet that stands there twice was scanned twice, and is said.
///
/// # Errors
/// What cannot be read, and the limit `most`.
pub fn pick(text: &str, prefix: &str, most: i64) -> Result<Picked, NotASerial> {
    let mut picked = Picked::default();
    let words = text.split(|each: char| each == ',' || each == ';' || each.is_whitespace());
    for word in words.filter(|word| !word.is_empty()) {
        let (first, last) = range(word, prefix, &mut picked.whole)?;
        if last - first >= most {
            return Err(NotASerial::TooMany(most));
        }
        for number in first..=last {
            if !picked.numbers.insert(number) {
                return Err(NotASerial::Twice(format!("{prefix} {number:05}")));
            }
        }
        if i64::try_from(picked.numbers.len()).unwrap_or(i64::MAX) > most {
            return Err(NotASerial::TooMany(most));
        }
    }
    Ok(picked)
}

/// One sheet or a range, its ends as numbers, as numbers behind the form's prefix, or as whole serials.
fn range(word: &str, prefix: &str, whole: &mut Vec<Serial>) -> Result<(i64, i64), NotASerial> {
    let shape = || NotASerial::Shape(word.to_owned());
    let number = |text: &str| read_number(text).ok_or_else(shape);
    let is_prefix = |text: &str| text.starts_with(|each: char| each.is_ascii_alphabetic());
    let of_form = |text: &str| {
        let other = || NotASerial::OtherType(word.to_owned(), prefix.to_owned());
        if text == prefix { Ok(()) } else { Err(other()) }
    };
    let upper = word.to_ascii_uppercase().replace('–', "-");
    let parts: Vec<&str> = upper.split('-').collect();
    let (first, last) = match parts[..] {
        [one] => (number(one)?, number(one)?),
        [of, one] if is_prefix(of) => {
            of_form(of)?;
            (number(one)?, number(one)?)
        }
        [first, last] => (number(first)?, number(last)?),
        [of, first, last] if is_prefix(of) => {
            of_form(of)?;
            (number(first)?, number(last)?)
        }
        [of, first, also, last] if is_prefix(of) && is_prefix(also) => {
            of_form(of)?;
            of_form(also)?;
            (number(first)?, number(last)?)
        }
        [..] if parts.len() == 5 || parts.len() == 10 => {
            let mut ends = Vec::with_capacity(2);
            for end in parts.chunks(5) {
                let serial = Serial::of_parts(end, word)?;
                of_form(&serial.prefix)?;
                ends.push(serial);
            }
            let (first, last) = (&ends[0], &ends[ends.len() - 1]);
            if (&first.site, &first.unit) != (&last.site, &last.unit) {
                return Err(NotASerial::TwoUnits(word.to_owned()));
            }
            let numbers = (first.number, last.number);
            whole.append(&mut ends);
            numbers
        }
        _ => return Err(shape()),
    };
    if last < first { Err(NotASerial::Backwards(word.to_owned())) } else { Ok((first, last)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn serial(number: i64) -> Serial {
        Serial::new("hgh", "icu-2", "MAR", number)
    }

    #[test]
    fn a_serial_reads_as_it_is_printed() {
        let serial = serial(1001);
        assert!(serial.to_string().starts_with("HGH-ICU2-MAR-01001-"), "{serial}");
        assert_eq!(serial.to_string().parse(), Ok(serial.clone()));
        assert_eq!(format!(" {}\n", serial.to_string().to_lowercase()).parse(), Ok(serial));
    }

    #[test]
    fn codes_are_printed_in_capitals_and_digits_and_cut_to_eight() {
        let printed = |site: &str, unit: &str| Serial::new(site, unit, "MAR", 1).to_string();
        assert!(printed("st-mary's", "4 West").starts_with("STMARYS-4WEST-MAR-00001-"));
        assert!(printed("Universität", "emergency department").starts_with("UNIVERSI-EMERGENC-MAR-"));
        assert!(printed("", "--").starts_with("X-X-MAR-"));
        for (site, unit) in [("st-mary's", "4 West"), ("Universität", "über"), ("", "--")] {
            let serial = Serial::new(site, unit, "MAR", 1);
            assert_eq!(serial.to_string().parse(), Ok(serial));
        }
    }

    proptest! {
        /// Every single wrong character is noticed, whichever it is and wherever it stands.
        #[test]
        fn any_wrong_character_is_noticed(
            site in "[a-z0-9 -]{0,12}", unit in "[a-zA-Z0-9-]{0,12}", number in 1..=LARGEST,
            place in 0..40_usize, with in "[A-Z0-9]",
        ) {
            let printed = Serial::new(&site, &unit, "MAR", number).to_string();
            let mut misread: Vec<char> = printed.chars().collect();
            let place = place % misread.len();
            let with = with.chars().next().expect("is one");
            prop_assume!(misread[place] != with && misread[place] != '-');
            misread[place] = with;
            let misread: String = misread.into_iter().collect();
            prop_assert!(misread.parse::<Serial>().is_err(), "{misread} for {printed}");
        }

        /// Nothing that a scanner or a person may send makes reading fail but with a sentence.
        #[test]
        fn anything_may_be_typed(text in "\\PC{0,60}") {
            let _ = text.parse::<Serial>();
            let _ = pick(&text, "MAR", 100);
        }
    }

    #[test]
    fn the_first_digit_of_a_long_number_is_no_padding() {
        let printed = Serial::new("6r78", "", "MAR", 700_001).to_string();
        let misread = printed.replace("700001", "000001");
        assert_eq!(misread.parse::<Serial>(), Err(NotASerial::Shape(misread)), "{printed}");
    }

    #[test]
    fn nearly_every_swap_of_neighbours_is_noticed() {
        let (mut swapped, mut missed) = (0, 0);
        for number in 1..2000 {
            let printed: Vec<char> = serial(number * 37).to_string().chars().collect();
            for place in 0..printed.len() - 1 {
                let (one, other) = (printed[place], printed[place + 1]);
                if one == other || one == '-' || other == '-' {
                    continue;
                }
                let mut misread = printed.clone();
                misread.swap(place, place + 1);
                swapped += 1;
                missed += usize::from(misread.into_iter().collect::<String>().parse::<Serial>().is_ok());
            }
        }
        assert!(missed * 200 < swapped, "{missed} of {swapped} swaps were not noticed");
    }

    #[test]
    fn serials_numbers_and_ranges_may_be_mixed() {
        let scanned = serial(7);
        let picked = pick(&format!("{scanned}\n1001-1003, 1010;"), "MAR", 100).expect("can be read");
        assert_eq!(picked.iter().copied().collect::<Vec<_>>(), [7, 1001, 1002, 1003, 1010]);
        assert_eq!(picked.whole(), [scanned]);
    }

    #[test]
    fn a_range_may_stand_between_two_serials() {
        let (first, last) = (serial(1001), serial(1040));
        let typed = [
            format!("{first}-{last}"),
            "MAR-001001-MAR-001040".to_owned(),
            "mar-1001–mar-1040".to_owned(),
            "MAR-01001-01040".to_owned(),
            "1001-1040".to_owned(),
        ];
        for text in typed {
            let picked = pick(&text, "MAR", 100).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (picked.len(), picked.first(), picked.last()),
                (40, Some(&1001), Some(&1040)),
                "{text}"
            );
        }
        assert_eq!(pick("3-7", "MAR", 100).map(|picked| picked.len()), Ok(5));
    }

    #[test]
    fn a_misread_end_of_a_range_is_noticed() {
        let (first, last) = (serial(1001), serial(1040));
        let check = if last.check() == 'A' { 'B' } else { 'A' };
        let misread = format!("{first}-HGH-ICU2-MAR-01040-{check}");
        assert_eq!(pick(&misread, "MAR", 100), Err(NotASerial::Check(misread.clone())));
        let elsewhere = format!("{first}-{}", Serial::new("hgh", "ed", "MAR", 1040));
        assert_eq!(pick(&elsewhere, "MAR", 100), Err(NotASerial::TwoUnits(elsewhere.clone())));
        assert!(matches!(pick("MAR-1001-REG-1040", "MAR", 100), Err(NotASerial::OtherType(..))));
        assert!(matches!(pick("1-2-3", "MAR", 100), Err(NotASerial::Shape(..))));
    }

    #[test]
    fn what_cannot_be_read_is_quoted() {
        let other = Serial::new("hgh", "icu2", "REG", 7).to_string();
        for (text, says) in
            [("10o1", "10o1"), ("9-3", "backwards"), ("5 4-6", "twice"), (other.as_str(), "another form")]
        {
            let error = pick(text, "MAR", 100).expect_err("cannot be read").to_string();
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(pick("1-101", "MAR", 100), Err(NotASerial::TooMany(100)));
        assert_eq!(pick("1-9999999", "MAR", 100), Err(NotASerial::TooMany(100)));
    }
}
