//! Whatever is done to a scope, in whatever order and at whatever time: it is never clear without its people on
//! evidence that held, and what is kept beside it says the same as looking into it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Something that somebody tries.
#[derive(Debug, Clone)]
enum Try {
    Restore,
    Give { piece: usize, outcome: Outcome, lasts: i64 },
    Agree { piece: usize, by: u128 },
    Plan { unit: u128, by: u128 },
    Begin { by: u128 },
    Pass,
    Halt,
    Sign { signer: usize, by: u128 },
    Refuse { signer: usize, by: u128 },
    Release { commander: bool },
    Revoke,
    Forget,
    GoDown,
    Wait { minutes: i64 },
}

const PIECES: [&str; 2] = ["results", "queue"];
const SIGNERS: [&str; 3] = ["cio", "cmio", "owner"];

fn tries() -> impl Strategy<Value = Try> {
    let outcome =
        prop_oneof![6 => Just(Outcome::Passed), 1 => Just(Outcome::Failed), 1 => Just(Outcome::Waived)];
    prop_oneof![
        2 => Just(Try::Restore),
        6 => (0..2_usize, outcome, 1..200_i64).prop_map(|(piece, outcome, lasts)| Try::Give { piece, outcome, lasts }),
        2 => (0..2_usize, 1..5_u128).prop_map(|(piece, by)| Try::Agree { piece, by }),
        1 => (1..7_u128, 1..3_u128).prop_map(|(unit, by)| Try::Plan { unit, by }),
        2 => (1..3_u128).prop_map(|by| Try::Begin { by }),
        2 => Just(Try::Pass),
        1 => Just(Try::Halt),
        9 => (0..3_usize, 1..5_u128).prop_map(|(signer, by)| Try::Sign { signer, by }),
        1 => (0..3_usize, 1..5_u128).prop_map(|(signer, by)| Try::Refuse { signer, by }),
        4 => any::<bool>().prop_map(|commander| Try::Release { commander }),
        1 => Just(Try::Revoke),
        1 => Just(Try::Forget),
        1 => Just(Try::GoDown),
        4 => (0..50_i64).prop_map(|minutes| Try::Wait { minutes }),
    ]
}

fn gates() -> impl Strategy<Value = Gate> {
    (1..4_i64, any::<bool>(), any::<bool>(), 1..120_i64).prop_map(|(quorum, required, at_once, minutes)| {
        Gate {
            quorum,
            required: if required { vec!["owner".to_owned()] } else { Vec::new() },
            on_last_signature: at_once,
            signed_valid_minutes: minutes,
            ..gate()
        }
    })
}

/// The quorum as a reader of the record would count it.
fn is_earned(clearance: &Clearance, now: Timestamp) -> bool {
    let holds =
        |piece: &Evidence| clearance.evidence.iter().any(|given| given.key == piece.key && given.holds(now));
    let evidence: BTreeSet<i64> = clearance.evidence.iter().map(|given| given.number).collect();
    let counted: Vec<&Signature> =
        clearance.signatures.iter().filter(|signature| evidence.is_subset(&signature.on)).collect();
    let people: BTreeSet<AccountId> = counted.iter().map(|signature| signature.by).collect();
    let signers: BTreeSet<&str> = counted.iter().map(|signature| signature.signer.as_str()).collect();
    let needed = usize::try_from(clearance.gate.quorum).unwrap_or(usize::MAX);
    clearance.gate.evidence.iter().all(holds)
        && people.len() >= needed
        && signers.len() >= needed
        && clearance.gate.required.iter().all(|key| signers.contains(key.as_str()))
        && clearance.refusals.is_empty()
        && clearance.waves.iter().all(|wave| wave.progress == Progress::Passed)
        && !clearance.lapsed(now)
}

fn carry_out(
    clearance: &mut Clearance,
    what: &Try,
    number: i64,
    now: Timestamp,
) -> Result<Vec<Step>, Refusal> {
    let one = |step| vec![step];
    match what {
        Try::Restore => clearance.restore(now).map(one),
        Try::Give { piece, outcome, lasts } => {
            let gave = Given {
                outcome: *outcome,
                at: now,
                expires_at: now.plus_minutes(*lasts),
                by: person(1),
                waived_as: "commander".to_owned(),
                ..given(PIECES[*piece], number, 0, 0)
            };
            clearance.give(gave).map(Vec::from_iter)
        }
        Try::Agree { piece, by } => {
            clearance.agree_to_waived(PIECES[*piece], person(*by), "signer").map(|_| Vec::new())
        }
        Try::Plan { unit, by } => {
            let planned = Wave { planned_by: person(*by), starts_at: now, ..wave(number, &[*unit], 0) };
            clearance.plan(planned, &places()).map(|()| Vec::new())
        }
        Try::Begin { by } => {
            let next = clearance.next_wave().map_or(0, |wave| wave.number);
            clearance.begin_wave(next, person(*by), 0, now).map(one)
        }
        Try::Pass => {
            let next = clearance.next_wave().map_or(0, |wave| wave.number);
            clearance.pass_hold(next, now).map(|()| Vec::new())
        }
        Try::Halt => {
            let last = clearance.waves.iter().rfind(|wave| wave.progress != Progress::Planned);
            let last = last.map_or(0, |wave| wave.number);
            clearance.halt_wave(last).map(Vec::from_iter)
        }
        Try::Sign { signer, by } => clearance.sign(SIGNERS[*signer], person(*by), String::new(), now),
        Try::Refuse { signer, by } => clearance.refuse(SIGNERS[*signer], person(*by), "no".to_owned(), now),
        Try::Release { commander: true } => clearance.release(&Releaser::Commander, now).map(one),
        Try::Release { commander: false } => {
            clearance.release(&Releaser::Signer("cio".to_owned()), now).map(one)
        }
        Try::Revoke => clearance.revoke(&scope(), &places()).map(Vec::from_iter),
        Try::GoDown => Ok(Vec::from_iter(clearance.go_down())),
        Try::Forget => Ok(Vec::from_iter(clearance.forget_signatures())),
        Try::Wait { .. } => Ok(Vec::new()),
    }
}

/// What is kept beside the scope against what looking into it says, now and at every instant at which anything ends.
fn agrees_with_its_attention(clearance: &Clearance, now: Timestamp) -> Result<(), TestCaseError> {
    let attention = clearance.attention();
    let mut instants = vec![now];
    instants.extend(clearance.evidence.iter().map(|given| given.expires_at));
    instants.extend(clearance.signed_at.map(|at| at.plus_minutes(clearance.gate.signed_valid_minutes)));
    for instant in instants.into_iter().filter(|instant| *instant >= now) {
        let wrong = clearance.blocks(instant).iter().any(|block| block.wrong);
        let kept = attention.blocked_from.is_some_and(|from| from <= instant);
        prop_assert_eq!(wrong, kept, "blocked at {:?}: {:?}", instant, clearance);
        let turns: BTreeSet<&str> = attention
            .turns
            .iter()
            .filter(|turn| turn.from <= instant && instant < turn.until)
            .map(|turn| turn.who.as_str())
            .collect();
        let may = |signer: &&str| {
            clearance.clone().sign(signer, person(99), String::new(), instant).is_ok()
                && clearance.refusals.is_empty()
        };
        let mut expected: BTreeSet<&str> = SIGNERS.iter().copied().filter(|signer| may(signer)).collect();
        if clearance.clone().release(&Releaser::Commander, instant).is_ok() {
            expected.insert(COMMANDER);
        }
        prop_assert_eq!(turns, expected, "turns at {:?}: {:?}", instant, clearance);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_scope_is_clear_only_on_a_quorum_with_evidence_that_holds(
        gate in gates(),
        tries in prop::collection::vec(tries(), 1..60),
    ) {
        let mut clearance = Clearance { gate, ..waiting() };
        let mut now = at(0);
        for (number, what) in (1_i64..).zip(&tries) {
            if let Try::Wait { minutes } = what {
                now = now.plus_minutes(*minutes);
            }
            let before = clearance.clone();
            let earned = is_earned(&before, now);
            match carry_out(&mut clearance, what, number, now) {
                Err(_) => prop_assert_eq!(&before, &clearance, "a refusal changes nothing: {:?}", what),
                Ok(steps) => {
                    let mut stage = before.stage;
                    for step in &steps {
                        prop_assert_eq!(step.from, stage, "steps follow one another");
                        stage = step.to;
                    }
                    prop_assert_eq!(stage, clearance.stage, "and end where it is: {:?}", what);
                }
            }
            let is_new = clearance.stage.is_clear() && !before.stage.is_clear();
            if is_new {
                let by_release = matches!(what, Try::Release { .. });
                let by_signature = matches!(what, Try::Sign { .. }) && clearance.gate.on_last_signature;
                prop_assert!(by_release || by_signature, "{what:?} cleared it");
                let earned = if by_release { earned } else { is_earned(&clearance, now) };
                prop_assert!(earned, "no quorum");
                prop_assert!(!by_release || before.stage == Stage::Signed);
            }
            if before.stage.is_clear() && !clearance.stage.is_clear() {
                prop_assert!(matches!(what, Try::Revoke));
            }
            let signers: BTreeSet<&str> = clearance.signatures.iter().map(|each| each.signer.as_str()).collect();
            let people: BTreeSet<AccountId> = clearance.signatures.iter().map(|each| each.by).collect();
            prop_assert_eq!(signers.len(), clearance.signatures.len(), "one signature for one role");
            prop_assert_eq!(people.len(), clearance.signatures.len(), "one signature by one person");
            agrees_with_its_attention(&clearance, now)?;
        }
    }
}
