//! The number on a sheet, as printed, scanned and typed: `MAR-01001-K`.
//!
//! The last character checks the others (ISO 7064 MOD 37,36: every wrong character and nearly every swap of two
//! neighbours shows), so that a misread serial is refused instead of counting another sheet.

use std::{collections::BTreeSet, fmt, iter::Peekable, str::FromStr};

/// The prefix of sheets that turned up without a valid serial. They count apart.
pub const FOUND_PREFIX: &str = "F";

const LARGEST: i64 = 9_999_999;

/// A serial: the type's prefix and a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial {
    pub prefix: String,
    pub number: i64,
}

/// Why a text is not a serial.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASerial {
    #[error("{0:?} is not a serial; write it as on the sheet, as MAR-01001-K, or a range as 1001-1040.")]
    Shape(String),
    #[error("{0:?} was misread: its last character does not match. Look at the sheet again.")]
    Check(String),
    #[error("The range {0:?} runs backwards.")]
    Backwards(String),
    #[error("{0:?} is a serial of another form; this is about {1}.")]
    OtherType(String, String),
    #[error("{0} is written twice.")]
    Twice(String),
    #[error("That is more than {0} sheets; split it.")]
    TooMany(i64),
}

impl Serial {
    /// The serial of a type's prefix and a number.
    pub fn new(prefix: &str, number: i64) -> Self {
        Self { prefix: prefix.to_owned(), number }
    }

    fn body(&self) -> String {
        format!("{}{:05}", self.prefix, self.number)
    }

    /// The check character.
    pub fn check(&self) -> char {
        let mut product = 36;
        for character in self.body().chars() {
            let value = character.to_digit(36).unwrap_or(0);
            let sum = (product + value) % 36;
            product = (if sum == 0 { 36 } else { sum }) * 2 % 37;
        }
        char::from_digit((37 - product) % 36, 36).unwrap_or('0').to_ascii_uppercase()
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:05}-{}", self.prefix, self.number, self.check())
    }
}

impl FromStr for Serial {
    type Err = NotASerial;

    fn from_str(text: &str) -> Result<Self, NotASerial> {
        let shape = || NotASerial::Shape(text.to_owned());
        let upper = text.trim().to_ascii_uppercase();
        let mut parts = upper.split('-');
        let (Some(prefix), Some(number), Some(check), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(shape());
        };
        let is_prefix = !prefix.is_empty() && prefix.chars().all(|each| each.is_ascii_alphanumeric());
        let number = read_number(number).filter(|_| is_prefix).ok_or_else(shape)?;
        let serial = Self::new(prefix, number);
        if check.chars().eq([serial.check()]) { Ok(serial) } else { Err(NotASerial::Check(text.to_owned())) }
    }
}

fn read_number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.chars().all(|each| each.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (1..=LARGEST).contains(number))
}

/// The numbers of one type's sheets that were picked out.
pub type Picked = BTreeSet<i64>;

/// Reads what was scanned or typed: serials, numbers and ranges such as `1001-1040`, apart by commas, semicolons
/// or white space. A sheet that stands there twice was scanned twice, and is said.
///
/// # Errors
/// What cannot be read, and the limit `most`.
pub fn pick(text: &str, prefix: &str, most: i64) -> Result<Picked, NotASerial> {
    let mut picked = Picked::new();
    let words = text.split(|each: char| each == ',' || each == ';' || each.is_whitespace());
    for word in words.filter(|word| !word.is_empty()) {
        let (first, last) = range(word, prefix)?;
        if last - first >= most {
            return Err(NotASerial::TooMany(most));
        }
        for number in first..=last {
            if !picked.insert(number) {
                return Err(NotASerial::Twice(Serial::new(prefix, number).to_string()));
            }
        }
        if i64::try_from(picked.len()).unwrap_or(i64::MAX) > most {
            return Err(NotASerial::TooMany(most));
        }
    }
    Ok(picked)
}

/// One sheet or a range, its ends as numbers or as serials: `1001-1040`, `MAR-01001-K`, `MAR-01001-MAR-01040`.
fn range(word: &str, prefix: &str) -> Result<(i64, i64), NotASerial> {
    let shape = || NotASerial::Shape(word.to_owned());
    let upper = word.to_ascii_uppercase().replace('–', "-");
    let mut parts = upper.split('-').peekable();
    let first = end(&mut parts, word, prefix)?;
    let last = if parts.peek().is_none() { first } else { end(&mut parts, word, prefix)? };
    if parts.next().is_some() {
        return Err(shape());
    }
    if last < first { Err(NotASerial::Backwards(word.to_owned())) } else { Ok((first, last)) }
}

/// One end of a range. A check character is looked for only behind a prefix, where one is printed; a single digit
/// behind a number alone is the end of a range.
fn end<'a>(
    parts: &mut Peekable<impl Iterator<Item = &'a str>>,
    word: &str,
    prefix: &str,
) -> Result<i64, NotASerial> {
    let shape = || NotASerial::Shape(word.to_owned());
    let of_type = parts.next_if(|part| part.starts_with(|each: char| each.is_ascii_alphabetic()));
    if of_type.is_some_and(|of_type| of_type != prefix) {
        return Err(NotASerial::OtherType(word.to_owned(), prefix.to_owned()));
    }
    let number = parts.next().and_then(read_number).ok_or_else(shape)?;
    if of_type.is_some()
        && let Some(check) = parts.next_if(|part| part.chars().count() == 1)
        && !check.chars().eq([Serial::new(prefix, number).check()])
    {
        return Err(NotASerial::Check(word.to_owned()));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_reads_as_it_is_printed() {
        let serial = Serial::new("MAR", 1001);
        assert_eq!(serial.to_string().parse(), Ok(serial.clone()));
        assert_eq!(serial.to_string().to_lowercase().parse(), Ok(serial));
    }

    #[test]
    fn any_wrong_digit_is_noticed() {
        let printed = Serial::new("MAR", 1001).to_string();
        for place in 4..9 {
            for digit in '0'..='9' {
                let mut misread: Vec<char> = printed.chars().collect();
                if misread[place] == digit {
                    continue;
                }
                misread[place] = digit;
                let misread: String = misread.into_iter().collect();
                assert!(misread.parse::<Serial>().is_err(), "{misread}");
            }
        }
    }

    #[test]
    fn serials_numbers_and_ranges_may_be_mixed() {
        let scanned = Serial::new("MAR", 7).to_string();
        let picked = pick(&format!("{scanned}\n1001-1003, 1010;"), "MAR", 100).expect("can be read");
        assert_eq!(picked.into_iter().collect::<Vec<_>>(), [7, 1001, 1002, 1003, 1010]);
    }

    #[test]
    fn a_range_may_stand_between_two_serials() {
        let (first, last) = (Serial::new("MAR", 1001), Serial::new("MAR", 1040));
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
        let (first, last) = (Serial::new("MAR", 1001), Serial::new("MAR", 1040));
        let check = if last.check() == 'A' { 'B' } else { 'A' };
        let misread = format!("{first}-MAR-01040-{check}");
        assert_eq!(pick(&misread, "MAR", 100), Err(NotASerial::Check(misread.clone())));
        assert!(matches!(pick("MAR-1001-REG-1040", "MAR", 100), Err(NotASerial::OtherType(..))));
        assert!(matches!(pick("1-2-3", "MAR", 100), Err(NotASerial::Shape(..))));
    }

    #[test]
    fn what_cannot_be_read_is_quoted() {
        let other = Serial::new("REG", 7).to_string();
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
