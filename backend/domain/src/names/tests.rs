//! Names are found by whoever says them: in capitals, without accents, in another order.

use proptest::prelude::*;

use super::*;

fn name(written: &str) -> Name {
    Name::read(written)
}

fn share_a_key(one: &Name, other: &Name) -> bool {
    !one.keys().is_disjoint(&other.keys())
}

/// A word of a name as hospitals have them.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Z][a-z]{0,11}",
        "[A-Z][a-záàâäãåçéèêëíìîïñóòôöõøúùûüýÿßœæłđ]{1,11}",
        "(O|D|L)['’ʼ][A-Z][a-z]{2,8}",
        "[A-Z][a-z]{1,7}-[A-Z][a-z]{1,7}",
        "(van|de la|Mc|von der) [A-Z][a-z]{2,7}",
        "[А-Яа-я]{2,9}",
        "[一-鿋]{1,3}",
    ]
}

fn without_accents(text: &str) -> String {
    text.nfkd().filter(|letter| !is_combining_mark(*letter)).collect()
}

proptest! {
    #[test]
    fn everybody_is_found_by_their_own_name(words in prop::collection::vec(word(), 1..4), at in 0_usize..4) {
        let kept = name(&words.join(" "));
        let (before, after) = words.split_at(at.min(words.len()));
        let ways = [
            words.join(" ").to_uppercase(),
            words.join(" ").to_lowercase(),
            without_accents(&words.join(" ")),
            [after, before].concat().join(" "),
            format!("{}, {}", after.join(" "), before.join(" ")),
            words.join("  ").replace(['\'', '’', 'ʼ', '-'], " "),
        ];
        for said in ways {
            let said = name(&said);
            prop_assert!(share_a_key(&kept, &said), "{kept:?} is not found as {said:?}");
            prop_assert_eq!(kept.likeness(&said), Some(Likeness::Same), "{:?} as {:?}", kept, said);
        }
    }

    #[test]
    fn anything_can_be_typed(typed in "\\PC{0,60}", born in "\\PC{0,12}") {
        let read = name(&typed);
        prop_assert!(read.words.len() <= MOST_WORDS);
        prop_assert!(read.keys().len() <= 4 * (2 * MOST_WORDS + 1));
        let _ = (read.likeness(&name(&born)), Asked::read(&typed, &born, false));
    }

    #[test]
    fn whoever_fits_at_all_has_a_hash_in_common(one in word(), other in word()) {
        let (one, other) = (name(&one), name(&other));
        if one.likeness(&other).is_some() {
            prop_assert!(share_a_key(&one, &other) || other.words.iter().all(|word| letters(word) == 1));
        }
    }

    #[test]
    fn the_closest_are_never_more_than_asked_and_never_chosen_by_chance(
        weights in prop::collection::vec(1_u32..6, 0..40), most in 1_usize..20
    ) {
        let found: Vec<(u32, usize)> = weights.iter().copied().zip(0..).collect();
        match closest(found, most) {
            Err(TooMany) => prop_assert!(weights.len() > most),
            Ok((taken, left_out)) => {
                prop_assert!(taken.len() <= most);
                prop_assert_eq!(left_out, taken.len() < weights.len());
                let least = taken.iter().map(|at| weights[*at]).min().unwrap_or(0);
                let missed = (0..weights.len()).filter(|at| !taken.contains(at)).map(|at| weights[at]);
                prop_assert!(missed.max().unwrap_or(0) < least.max(1) || taken.is_empty());
            }
        }
    }
}

#[test]
fn names_that_people_mishear_are_found() {
    for (kept, said) in [
        ("O'Brien, Patrick", "OBrien"),
        ("O'Brien, Patrick", "o brien"),
        ("OBrien, Patrick", "O’Brien"),
        ("Smith-Jones, Ann", "Jones"),
        ("Smith Jones, Ann", "SmithJones"),
        ("García Núñez, José", "garcia"),
        ("van der Berg, Jan", "Vanderberg"),
        ("Müller, Eva", "Mueller"),
        ("Schmidt, Uwe", "Smith"),
        ("Katherine Jensen", "Catherine Jenson"),
        ("Straße, Max", "STRASSE"),
        ("Sørensen", "Sorensen"),
    ] {
        assert!(share_a_key(&name(kept), &name(said)), "{said} does not lead to {kept}");
        assert!(name(kept).likeness(&name(said)).is_some(), "{said} does not fit {kept}");
    }
    assert_eq!(name("Elm, Person").likeness(&name("Quux, Zebulon")), None);
}

#[test]
fn the_better_fit_comes_first() {
    let asked = name("Smith, John");
    let ranks = ["John Smith", "Smith, John Q", "Smith, Ann", "Smithers, Ann", "Smyth, Ann", "Quux, Zoe"];
    let ranks = ranks.map(|each| name(each).likeness(&asked));
    let expected = [
        Some(Likeness::Same),
        Some(Likeness::Within),
        Some(Likeness::Shares),
        Some(Likeness::Begins),
        Some(Likeness::Sounds),
        None,
    ];
    assert_eq!(ranks, expected);
    assert_eq!(name("Smith, John").likeness(&name("smith j")), Some(Likeness::Within));
}

#[test]
fn a_name_alone_is_not_enough() {
    let born = jiff::civil::date(1975, 2, 3);
    assert_eq!(Asked::read(" ", "", false), Asked::Everybody);
    assert_eq!(Asked::read("0000005", "", false), Asked::Number("0000005".into()));
    assert_eq!(Asked::read("DT-7", "", false), Asked::Number("DT-7".into()));
    assert_eq!(Asked::read("Doe", "1975-02-03", false), Asked::Named(name("doe"), Some(born)));
    assert_eq!(Asked::read("Doe", "", true), Asked::Named(name("doe"), None));
    for (typed, birth) in [("Doe", ""), ("Doe", "soon"), ("", "1975-02-03"), ("--", "")] {
        assert!(matches!(Asked::read(typed, birth, false), Asked::Unclear(_)), "{typed:?} {birth:?}");
    }
}

#[test]
fn people_are_sorted_by_surname_however_it_is_written() {
    let mut names = ["Zoe Adams", "adams, Bea", "Ødegård, Liv", "Jan O'Brien", "Quux"];
    names.sort_by_key(|name| sort_key(name));
    assert_eq!(names, ["adams, Bea", "Zoe Adams", "Jan O'Brien", "Ødegård, Liv", "Quux"]);
}
