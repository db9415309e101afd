//! Harbor Health's staff: names drawn from lists, mail at a domain that cannot exist (`.example`), telephones from
//! the numbers that are kept free for fiction (555-0100 to 555-0199).

use domain::people::Staff;

use super::{
    chance::Chance,
    hospital::{Care, SITES, Unit},
};

const FIRST: [&str; 96] = [
    "Ada", "Adaeze", "Aisha", "Alan", "Alma", "Amara", "Ana", "Andre", "Anika", "Anton", "Arjun", "Astrid",
    "Ben", "Bianca", "Bruno", "Camille", "Carla", "Carlos", "Chen", "Chloe", "Clara", "Dara", "David",
    "Deepa", "Dina", "Dmitri", "Elena", "Eli", "Emeka", "Emma", "Esther", "Fatima", "Felix", "Fiona",
    "Gabriel", "Grace", "Hana", "Hassan", "Helen", "Hugo", "Ines", "Ingrid", "Irene", "Isaac", "Ivan",
    "Jamal", "James", "Jia", "Joana", "Jonas", "Jorge", "Julia", "Kaito", "Karim", "Kofi", "Lan", "Laila",
    "Lars", "Leah", "Leo", "Lina", "Lucia", "Luis", "Maeve", "Malik", "Maria", "Marta", "Mateo", "Mei",
    "Mila", "Minh", "Miriam", "Nadia", "Nia", "Noah", "Nora", "Olga", "Omar", "Oscar", "Paula", "Pedro",
    "Priya", "Rania", "Ravi", "Rosa", "Ruth", "Samir", "Sara", "Sofia", "Tariq", "Teresa", "Thuy", "Tom",
    "Vera", "Yara", "Yusuf",
];

const LAST: [&str; 96] = [
    "Abbott",
    "Acosta",
    "Adeyemi",
    "Ahmed",
    "Almeida",
    "Alvarez",
    "Andersen",
    "Baker",
    "Banerjee",
    "Barros",
    "Bauer",
    "Bello",
    "Bennett",
    "Bianchi",
    "Boateng",
    "Brennan",
    "Brooks",
    "Cabral",
    "Carter",
    "Castro",
    "Chan",
    "Chaudhry",
    "Chowdhury",
    "Clarke",
    "Cohen",
    "Collins",
    "Costa",
    "Cruz",
    "Dalton",
    "Das",
    "Dawson",
    "Diallo",
    "Diaz",
    "Dubois",
    "Duarte",
    "Eze",
    "Farah",
    "Fischer",
    "Flores",
    "Fonseca",
    "Foster",
    "Garcia",
    "Gomes",
    "Goldberg",
    "Grant",
    "Gupta",
    "Haddad",
    "Hansen",
    "Hernandez",
    "Hoang",
    "Hughes",
    "Ibrahim",
    "Ito",
    "Jackson",
    "Jansen",
    "Jensen",
    "Joseph",
    "Kamara",
    "Kaplan",
    "Kaur",
    "Kelly",
    "Khan",
    "Kim",
    "Kowalski",
    "Kumar",
    "Larsen",
    "Lee",
    "Lopes",
    "Lopez",
    "Mendes",
    "Mensah",
    "Mitchell",
    "Morales",
    "Murphy",
    "Nair",
    "Nguyen",
    "Novak",
    "Nowak",
    "Okafor",
    "Oliveira",
    "Osei",
    "Park",
    "Patel",
    "Pereira",
    "Petrov",
    "Pham",
    "Ramos",
    "Reyes",
    "Rossi",
    "Santos",
    "Sato",
    "Shah",
    "Silva",
    "Sullivan",
    "Tanaka",
    "Torres",
];

const NURSE: &str = "Registered nurse";

/// Who works at a unit, with weights. The first is what its lead is.
fn jobs(care: Care) -> &'static [(usize, &'static str)] {
    match care {
        Care::Bedside => &[
            (1, "Nurse manager"),
            (48, NURSE),
            (20, "Nursing assistant"),
            (12, "Physician"),
            (6, "Resident physician"),
            (5, "Unit clerk"),
            (4, "Respiratory therapist"),
            (4, "Housekeeper"),
        ],
        Care::Surgery => &[
            (1, "Perioperative manager"),
            (34, NURSE),
            (22, "Surgical technologist"),
            (18, "Surgeon"),
            (14, "Anesthesiologist"),
            (11, "Sterile processing technician"),
        ],
        Care::Clinic => &[
            (1, "Clinic manager"),
            (32, "Medical assistant"),
            (24, "Physician"),
            (20, NURSE),
            (23, "Scheduler"),
        ],
        Care::Laboratory => &[
            (1, "Laboratory manager"),
            (60, "Laboratory technologist"),
            (30, "Phlebotomist"),
            (9, "Pathologist"),
        ],
        Care::Imaging => &[
            (1, "Imaging manager"),
            (58, "Radiologic technologist"),
            (20, "Radiologist"),
            (21, "Imaging scheduler"),
        ],
        Care::Pharmacy => &[(1, "Pharmacy manager"), (48, "Pharmacist"), (51, "Pharmacy technician")],
        Care::Desk => &[(1, "Supervisor"), (70, "Registration clerk"), (29, "Health information specialist")],
        Care::Technology => {
            &[(1, "IT manager"), (50, "IT analyst"), (30, "Desktop technician"), (19, "Network engineer")]
        }
    }
}

/// `count` people, spread evenly over the units of each site; the first at each unit is its lead.
pub(super) fn staff(count: usize, units: &[Unit], chance: &mut Chance) -> Vec<Staff> {
    (0..count).map(|number| person(number, units, chance)).collect()
}

fn person(number: usize, units: &[Unit], chance: &mut Chance) -> Staff {
    let unit = &units[number % units.len()];
    let round = number / units.len();
    let jobs = jobs(unit.care);
    let (first, middle, last) = drawn(chance);
    let job = if round == 0 { jobs[0].1 } else { *chance.weighted(&jobs[1..]) };
    let mail = |domain: &str| format!("{}.{}.{number}@{domain}", first.to_lowercase(), last.to_lowercase());
    let mut emails = vec![mail("harbor-health.example")];
    if chance.happens(30) {
        emails.push(mail("mail.example"));
    }
    // One in twenty has given no mobile number; the others' are all different while they last.
    let phones = if number % 20 == 19 || number / 100 >= 800 {
        Vec::new()
    } else {
        vec![format!("+1{}55501{:02}", 200 + number / 100, number % 100)]
    };
    Staff {
        staff_number: format!("H{number:06}"),
        name: format!("{first} {middle}. {last}"),
        facility: SITES[unit.site].code.to_owned(),
        unit: unit.code.clone(),
        job: job.to_owned(),
        unit_lead: round == 0,
        emails,
        phones,
        qualifications: qualifications(job, chance),
    }
}

fn drawn(chance: &mut Chance) -> (&'static str, char, &'static str) {
    let (first, last) = (*chance.one_of(&FIRST), *chance.one_of(&LAST));
    (first, char::from(b'A' + u8::try_from(chance.below(26)).expect("is below 26")), last)
}

/// A name that nobody was given.
pub(super) fn name(chance: &mut Chance) -> String {
    let (first, middle, last) = drawn(chance);
    format!("{first} {middle}. {last}")
}

fn qualifications(job: &str, chance: &mut Chance) -> Vec<String> {
    let clinical = job == NURSE || job.contains("hysician") || job == "Surgeon";
    [
        (clinical && chance.happens(80), "advanced life support"),
        (chance.happens(12), "experienced with paper charts"),
        (chance.happens(3), "downtime trainer"),
        (chance.happens(15), "Spanish"),
        (chance.happens(5), "Portuguese"),
    ]
    .into_iter()
    .filter(|(has, _)| *has)
    .map(|(_, words)| words.to_owned())
    .collect()
}
