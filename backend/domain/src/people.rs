//! Staff as a file gives them: who, where, what they do, and the addresses on which they can be told.

mod bulk;
mod correct;
mod file;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use bulk::{AccountsFromStaff, Reach, Rule, login_of};
pub use correct::{CorrectPerson, Correction, Step, StepPerson, differences};
pub use file::{Known as KnownAddresses, Read, Unread};

use crate::{
    cells::{list, yes_or_no},
    deliveries::Channel,
    id::UnitId,
    table::{Known, Mapping, Record, Reject},
};

/// Characters of a name, a job, a site or a unit.
const MOST: usize = 120;

/// The columns of a staff file.
pub const COLUMNS: [Known; 12] = [
    column("staff_number", "Staff number", true, &["employeeid", "employeenumber", "staffid", "id", "badge"]),
    column("name", "Name", true, &["fullname", "displayname", "staffname"]),
    column("facility", "Site", true, &["site", "hospital", "facilitycode", "location"]),
    column("unit", "Unit", true, &["department", "ward", "unitcode", "dept"]),
    column("job", "Job", true, &["jobtitle", "title", "role", "position"]),
    column("unit_lead", "Unit lead (yes or no)", false, &["lead", "manager", "islead", "chargenurse"]),
    column("email", "E-mail", false, &["mail", "emailaddress", "workemail", "email1"]),
    column("email_2", "Second e-mail", false, &["personalemail", "privateemail", "otheremail"]),
    column("phone", "Mobile phone", false, &["mobile", "cell", "mobilephone", "cellphone", "sms", "phone1"]),
    column("phone_2", "Second phone", false, &["otherphone", "homephone", "secondphone"]),
    column("qualifications", "Qualifications", false, &["skills", "tags", "certifications"]),
    column("left", "Has left (yes or no)", false, &["hasleft", "leaver", "terminated", "departed"]),
];

const fn column(
    key: &'static str,
    label: &'static str,
    required: bool,
    synonyms: &'static [&'static str],
) -> Known {
    Known { key, label, synonyms, required }
}

/// One person of the staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Staff {
    pub staff_number: String,
    pub name: String,
    /// Code of the facility.
    pub facility: String,
    /// Code of the unit in it.
    pub unit: String,
    pub job: String,
    pub unit_lead: bool,
    /// In the order in which they are tried; so are the phones.
    pub emails: Vec<String>,
    pub phones: Vec<String>,
    pub qualifications: Vec<String>,
}

impl Staff {
    /// Tells whether anything about the person has changed since the last import.
    pub fn content_hash(&self) -> [u8; 32] {
        Sha256::digest(serde_json::to_vec(self).expect("a person is texts and lists")).into()
    }
}

/// The units that exist, by every word by which a file may call them.
#[derive(Debug, Clone, Default)]
pub struct KnownUnits {
    by_words: HashMap<(String, String), (UnitId, String, String)>,
    facilities: BTreeSet<String>,
}

impl KnownUnits {
    /// Adds a unit under its facility's code, name and short name, and its own code and name.
    pub fn add(&mut self, id: UnitId, facility: [&str; 3], unit: [&str; 2]) {
        for facility_word in facility {
            self.facilities.insert(facility_word.to_lowercase());
            for unit_word in unit {
                let words = (facility_word.to_lowercase(), unit_word.to_lowercase());
                self.by_words
                    .entry(words)
                    .or_insert_with(|| (id, facility[0].to_owned(), unit[0].to_owned()));
            }
        }
    }

    /// The unit's id by the codes of facility and unit.
    pub fn id(&self, facility: &str, unit: &str) -> Option<UnitId> {
        self.by_words.get(&(facility.to_lowercase(), unit.to_lowercase())).map(|(id, ..)| *id)
    }

    fn find(&self, facility: &str, unit: &str) -> Result<(String, String), (&'static str, String)> {
        if !self.facilities.contains(&facility.to_lowercase()) {
            return Err(("facility", format!("There is no site {facility:?}; import the sites first.")));
        }
        let found = self.by_words.get(&(facility.to_lowercase(), unit.to_lowercase()));
        let (_, facility, unit) = found.ok_or_else(|| ("unit", "This site has no such unit.".to_owned()))?;
        Ok((facility.clone(), unit.clone()))
    }
}

/// Reads the rows of a staff file.
pub fn read(rows: &[Record], header: &[String], mapping: &Mapping, units: &KnownUnits) -> Read {
    let mut read = Read { says_who_left: mapping.0.contains_key("left"), ..Read::default() };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        let number = mapping.cell(row, "staff_number");
        read.numbers.insert(number.to_owned());
        let person = match &row.trouble {
            Some(reason) => Err(("", reason.clone())),
            None => person(row, mapping, units),
        };
        let (person, has_left, unread) = match person {
            Ok(person) => person,
            Err((key, reason)) => {
                let column = mapping.column(header, key).to_owned();
                read.rejects.push(Reject { row: row.line, column, reason });
                continue;
            }
        };
        match seen.get(&person.staff_number) {
            Some(earlier) if read.staff[*earlier] == person && read.left.contains(number) == has_left => {
                read.duplicates += 1;
            }
            Some(_) => read.rejects.push(Reject {
                row: row.line,
                column: mapping.column(header, "staff_number").to_owned(),
                reason: "This number stands in an earlier row, which says something else.".to_owned(),
            }),
            None => {
                seen.insert(person.staff_number.clone(), read.staff.len());
                read.unread.extend(unread.into_iter().map(|(key, channel, at)| Unread {
                    row: row.line,
                    column: mapping.column(header, key).to_owned(),
                    person: read.staff.len(),
                    channel,
                    at,
                    kept: false,
                }));
                if has_left {
                    read.left.insert(person.staff_number.clone());
                }
                read.staff.push(person);
            }
        }
    }
    read
}

/// The columns of a row with an address that cannot be read, and where it would have stood in the list of its kind.
type Unreadable = Vec<(&'static str, Channel, usize)>;

fn person(
    row: &Record,
    mapping: &Mapping,
    units: &KnownUnits,
) -> Result<(Staff, bool, Unreadable), (&'static str, String)> {
    let value = |key| mapping.cell(row, key);
    let required = |key: &'static str, most: usize| match value(key) {
        "" => Err((key, "This is empty.".to_owned())),
        text if text.chars().count() > most => Err((key, format!("This is longer than {most} characters."))),
        text => Ok(text.to_owned()),
    };
    let answer = |key| yes_or_no(value(key)).ok_or_else(|| (key, "Write yes or no.".to_owned()));
    let staff_number = required("staff_number", 40)?;
    let name = required("name", MOST)?;
    let (facility, unit) = units.find(&required("facility", MOST)?, &required("unit", MOST)?)?;
    let job = required("job", MOST)?;
    let (unit_lead, has_left) = (answer("unit_lead")?, answer("left")?);
    let mut unreadable = Vec::new();
    let mut addresses = |keys: [&'static str; 2], channel, read: fn(&str) -> Option<String>| {
        let mut good = Vec::new();
        for key in keys {
            let typed = list(value(key));
            let before = good.len();
            let first_bad = typed.iter().position(|address| read(address).is_none());
            good.extend(typed.iter().filter_map(|address| read(address)));
            unreadable.extend(first_bad.map(|bad| (key, channel, before + bad)));
        }
        keep_first(&mut good);
        good
    };
    let emails = addresses(["email", "email_2"], Channel::Email, email);
    let phones = addresses(["phone", "phone_2"], Channel::Sms, phone);
    let qualifications = list(value("qualifications"));
    let staff = Staff { staff_number, name, facility, unit, job, unit_lead, emails, phones, qualifications };
    Ok((staff, has_left, unreadable))
}

const NO_EMAIL: &str = "is not an e-mail address.";
const NO_PHONE: &str = "is not a phone number; write it as +1 617 555 0123.";

fn keep_first(values: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    values.retain(|value| seen.insert(value.to_lowercase()));
}

/// An address with one `@`, a name before and a domain with a dot after it. More is for the mail server to say.
fn email(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    let plain = |part: &str| {
        !part.is_empty()
            && !part.chars().any(|c| c.is_whitespace() || c.is_control() || "<>(),;:\"@".contains(c))
    };
    let fits = plain(local) && plain(domain) && domain.contains('.') && text.len() <= 254;
    (fits && !domain.starts_with('.') && !domain.ends_with('.')).then(|| text.to_owned())
}

/// E.164: `+` and 8 to 15 digits. Ten digits without a country are taken as North American.
fn phone(text: &str) -> Option<String> {
    if !text.chars().all(|c| c.is_ascii_digit() || " +-.()/".contains(c)) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match (text.trim_start().starts_with('+'), digits.len()) {
        (true, 8..=15) => Some(format!("+{digits}")),
        (false, 10) => Some(format!("+1{digits}")),
        (false, 11) if digits.starts_with('1') => Some(format!("+{digits}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{self, Limits};

    fn units() -> KnownUnits {
        let mut units = KnownUnits::default();
        units.add(
            UnitId(uuid::Uuid::from_u128(1)),
            ["general", "Harbor General", "General"],
            ["ed", "Emergency"],
        );
        units
    }

    fn read_text(text: &str) -> Read {
        let table = table::read(text.as_bytes(), &Limits::IMPORT).expect("is a table");
        let mapping = Mapping::guess(&table.header, &COLUMNS);
        read(&table.rows, &table.header, &mapping, &units())
    }

    #[test]
    fn a_row_is_read_by_code_or_by_name_and_keeps_leading_zeros() {
        let read = read_text(
            "Employee ID,Name,Hospital,Dept,Job title,Lead,E-mail,Mobile\n\
             0042,Ada A. Cruz,GENERAL,Emergency,Registered nurse,yes,ada@harbor-health.example,(617) 555-0123",
        );
        let person = &read.staff[0];
        assert_eq!((person.staff_number.as_str(), person.unit.as_str()), ("0042", "ed"));
        assert_eq!(person.phones, ["+16175550123"]);
        assert!(person.unit_lead);
    }

    #[test]
    fn a_refused_row_says_row_column_and_reason() {
        let read = read_text(
            "staff_number,name,facility,unit,job,email\n\
             1,Ada,general,nowhere,Nurse,ada@x.example\n\
             2,Ben,general,icu,Nurse,\n\
             3,Cai,general,ed,Nurse,\n\
             3,Cai,general,ed,Nurse,",
        );
        assert_eq!((read.staff.len(), read.duplicates, read.rejects.len()), (1, 1, 2));
        assert_eq!((read.rejects[0].row, read.rejects[0].column.as_str()), (2, "unit"));
        assert_eq!(read.rejects[1].reason, "This site has no such unit.");
    }

    #[test]
    fn a_bad_address_is_left_out_and_said_and_the_person_is_taken() {
        let read = read_text(
            "staff_number,name,facility,unit,job,email,phone,phone_2\n\
             1,Ada,general,ed,Nurse,ada(at)x,+1 617 555 0123,12\n\
             2,Ben,general,icu,Nurse,,12,",
        );
        assert_eq!((read.staff.len(), read.rejects.len(), read.taken_in_part()), (1, 1, 1));
        let ada = &read.staff[0];
        assert_eq!((ada.emails.len(), &ada.phones[..]), (0, &["+16175550123".to_owned()][..]));
        let said: Vec<_> = read.remarks().into_iter().map(|each| (each.row, each.column)).collect();
        let expected = [(2, "email"), (2, "phone_2"), (3, "unit")];
        assert_eq!(said, expected.map(|(row, column)| (row, column.to_owned())));
    }

    #[test]
    fn an_address_that_cannot_be_read_keeps_the_known_ones_where_it_would_have_stood() {
        let text = "staff_number,name,facility,unit,job,email,phone,phone_2\n\
                    1,Ada,general,ed,Nurse,a@x.example,call home,+1 617 555 0199\n\
                    2,Ben,general,ed,Nurse,b@x.example,,\n";
        let known = |numbers: &[&str]| KnownAddresses {
            emails: vec!["old@x.example".to_owned()],
            phones: numbers.iter().map(|number| (*number).to_owned()).collect(),
        };
        let mut read = read_text(text);
        read.keep_known(|number| (number == "1").then(|| known(&["+16175550123", "+16175550199"])));
        assert_eq!(read.staff[0].phones, ["+16175550123", "+16175550199"]);
        assert_eq!(read.staff[0].emails, ["a@x.example"], "what can be read replaces what is known");
        assert!(read.remarks()[0].reason.starts_with("The known phones stay"), "{:?}", read.remarks());
        let mut read = read_text(text);
        read.keep_known(|_| Some(known(&[])));
        assert_eq!(read.staff[0].phones, ["+16175550199"]);
        assert!(read.remarks()[0].reason.starts_with("Taken without this phone"), "{:?}", read.remarks());
    }

    #[test]
    fn a_column_says_who_has_left_and_its_absence_says_nothing() {
        let read = read_text(
            "staff_number,name,facility,unit,job,has left\n\
             1,Ada,general,ed,Nurse,yes\n2,Ben,general,ed,Nurse,\n3,Cai,general,ed,Nurse,perhaps\n3,Cai,general,ed,Nurse,no",
        );
        assert_eq!((read.staff.len(), read.rejects.len()), (3, 1));
        assert_eq!(
            (read.has_left("1"), read.has_left("2"), read.has_left("3")),
            (Some(true), Some(false), Some(false))
        );
        let without = read_text("staff_number,name,facility,unit,job\n1,Ada,general,ed,Nurse");
        assert_eq!(without.has_left("1"), None);
    }
}
