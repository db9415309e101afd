//! The panel of one scope: what is attested, on what evidence, who has signed, and what this person may do now.

use std::collections::BTreeSet;

use domain::{
    actor::Role,
    clearance::{Clearance, Given, Outcome, Progress, Stage, Wave, attestation, but_for},
    id::UnitId,
    playbooks::Evidence,
    scope::{Place, Target},
    time::Timestamp,
    view::{
        clearance::{EvidenceLine, FileLine, May, Panel, PanelTyped, SignatureLine, WaveLine},
        forms::NextStep,
    },
};

use super::{Desk, words};
use crate::{
    accounts::store as accounts,
    clearance::{evidence::WAIVING, store},
    instructions::store as orders,
    places::store as places,
    store::{Error, Tx},
};

impl Desk<'_> {
    /// The panel of one scope, with everything that a signer needs.
    pub(super) async fn panel(
        &self,
        tx: &mut Tx,
        clearance: &Clearance,
        typed: PanelTyped,
    ) -> Result<Panel, Error> {
        let functions = self.picture.functions_words(&clearance.scope);
        let without =
            store::parted_places(tx, self.incident.id, &clearance.scope, &self.picture.places).await?;
        let place = but_for(&self.place_name(clearance.scope.place), &without);
        let system = self.system(clearance);
        let (signed, needed) = clearance.signed_of(self.now);
        let may = self.may(clearance);
        Ok(Panel {
            id: clearance.id,
            name: [place.clone(), system.clone(), functions.clone()]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
            path: format!("{}/{}", self.path, clearance.id),
            stage: clearance.stage,
            stage_words: self.stage_words(clearance),
            label: format!("Sign-off, {signed} of {needed} given"),
            attestation: attestation(&system, &functions, &place),
            evidence: clearance.gate.evidence.iter().map(|piece| self.evidence(clearance, piece)).collect(),
            files: self.files(tx, clearance).await?,
            waves: clearance.waves.iter().map(|wave| self.wave(clearance, wave)).collect(),
            signatures: self.signatures(tx, clearance).await?,
            refusals: self.refusals(tx, clearance).await?,
            stand: self.orders_that_stand(tx, clearance).await?,
            consequence: self.consequence(clearance, (signed, needed), !may.sign_as.is_empty()),
            next: self.after_revocation(tx, clearance).await?,
            units: if may.plan_wave { self.free_units(tx, clearance).await? } else { Vec::new() },
            pilot: self.pilot(clearance, &may),
            may,
            typed,
            request_id: self.app.clock.id(),
            functions: clearance.scope.functions.iter().map(|each| each.code().to_owned()).collect(),
            shown: clearance.content("", "").fingerprint(),
            record_path: format!("{}/{}/record", self.path, clearance.id),
        })
    }

    /// What an order for pilots needs, as long as the scope has had none.
    fn pilot(&self, clearance: &Clearance, may: &May) -> Option<(String, String, String)> {
        let Target::System(system) = clearance.scope.target else { return None };
        let system = self.picture.systems.iter().find(|each| each.id == system)?;
        let early = clearance.stage == Stage::Restored && clearance.signatures.is_empty();
        (early && may.plan_wave).then(|| {
            let path = format!("/incidents/{}/instructions", self.incident.id);
            (path, clearance.scope.place.to_string(), system.code.clone())
        })
    }

    /// The units of the scope whose staff are in no wave yet.
    async fn free_units(&self, tx: &mut Tx, clearance: &Clearance) -> Result<Vec<(String, String)>, Error> {
        let taken: BTreeSet<UnitId> = clearance.waves.iter().flat_map(|wave| &wave.units).copied().collect();
        let free = places::named_units(tx).await?.into_iter().filter(|(unit, _)| {
            !taken.contains(unit) && self.picture.places.contains(clearance.scope.place, Place::Unit(*unit))
        });
        let short = |name: String| match clearance.scope.place {
            // Within one site its name says nothing.
            Place::Facility(_) => name.split_once(", ").map_or(name.clone(), |(_, unit)| unit.to_owned()),
            _ => name,
        };
        Ok(free.map(|(unit, name)| (format!("unit:{unit}"), short(name))).collect())
    }

    async fn files(&self, tx: &mut Tx, clearance: &Clearance) -> Result<Vec<FileLine>, Error> {
        let mut lines = Vec::new();
        for kept in store::files(tx, clearance.id).await? {
            let by = accounts::name(tx, kept.by).await?.unwrap_or_default();
            let size = (kept.file.size + 1023) / 1024;
            lines.push(FileLine {
                number: kept.number,
                words: format!("{size} KB, {}, {by}", self.zone.clock(kept.at)),
                path: format!("{}/{}/files/{}", self.path, clearance.id, kept.number),
                name: kept.file.name,
            });
        }
        Ok(lines)
    }

    /// A wave in words, and what this person may do with it.
    pub(super) fn wave(&self, clearance: &Clearance, wave: &Wave) -> WaveLine {
        let units: Vec<String> = wave.units.iter().map(|unit| self.place_name(Place::Unit(*unit))).collect();
        let clock = |at: Option<Timestamp>| at.map(|at| self.zone.clock(at)).unwrap_or_default();
        let words = match wave.progress {
            Progress::Planned => format!(
                "starts {}, then watched for {} minutes by {}",
                self.zone.typed(wave.starts_at),
                wave.hold_minutes,
                wave.hold_owner
            ),
            Progress::Begun => format!(
                "begun {}, hold point {}, {}",
                clock(wave.begun_at),
                clock(wave.hold_until()),
                wave.hold_owner
            ),
            Progress::Passed => {
                format!("begun {}, hold point passed {}", clock(wave.begun_at), clock(wave.passed_at))
            }
        };
        let commands = self.incident.phase.is_open()
            && self.actor.can(Role::Commander, clearance.scope.place, &self.picture.places);
        let is_next = clearance.next_wave().is_some_and(|next| next.number == wave.number);
        let going_on = matches!(clearance.stage, Stage::Restored | Stage::Pilot | Stage::Waves);
        let planned = wave.progress == Progress::Planned;
        let begun = clearance.waves.iter().rfind(|each| each.progress != Progress::Planned);
        let is_latest = begun.is_some_and(|latest| latest.number == wave.number);
        let held = wave.progress == Progress::Begun && is_next && clearance.stage == Stage::Waves;
        let planned_by_other = wave.planned_by != self.actor.account;
        WaveLine {
            number: wave.number,
            progress: wave.progress,
            units: units.join("; "),
            words,
            expected: wave.expected,
            condition: wave.condition.clone(),
            path: format!("{}/{}/waves/{}", self.path, clearance.id, wave.number),
            may_begin: commands && going_on && planned && is_next && planned_by_other,
            may_unplan: commands && planned && clearance.stage < Stage::Signed,
            may_pass: commands && held && wave.hold_until().is_some_and(|until| until <= self.now),
            may_halt: commands && is_latest && clearance.stage == Stage::Waves,
        }
    }

    fn stage_words(&self, clearance: &Clearance) -> String {
        if clearance.lapsed(self.now) {
            return "signed, but not released in time: to be signed again".to_owned();
        }
        clearance.stage.words().to_owned()
    }

    fn may(&self, clearance: &Clearance) -> May {
        let can = |role| self.actor.can(role, clearance.scope.place, &self.picture.places);
        let works = self.incident.phase.is_open() && (can(Role::Commander) || can(Role::Signer));
        let open = self.incident.phase.is_open();
        let signing = matches!(clearance.stage, Stage::Restored | Stage::Pilot | Stage::Waves)
            || (clearance.stage == Stage::Signed && clearance.lapsed(self.now));
        let signs = clearance
            .gate
            .signers
            .iter()
            .any(|key| self.actor.signs_as(key, clearance.scope.place, &self.picture.places));
        May {
            restore: works && clearance.stage == Stage::Waiting,
            give_evidence: works && clearance.stage < Stage::Clear,
            sign_as: if open && signing { self.sign_as(clearance) } else { Vec::new() },
            release: open && clearance.stage == Stage::Signed && self.releaser(clearance).is_some(),
            revoke: open && clearance.stage.is_clear() && (signs || can(Role::Commander)),
            complete_back_entry: works && clearance.stage == Stage::Clear,
            plan_wave: open && can(Role::Commander) && clearance.stage < Stage::Signed,
            split: works
                && matches!(clearance.stage, Stage::Waiting | Stage::Restored)
                && clearance.signatures.is_empty()
                && clearance.waves.is_empty(),
            waive_as: self.waives_as(clearance, ""),
        }
    }

    /// The roles in which this person may waive evidence or agree to that, but for one.
    fn waives_as(&self, clearance: &Clearance, but: &str) -> Vec<(String, String)> {
        let holds = |role: &Role| self.actor.can(*role, clearance.scope.place, &self.picture.places);
        let roles = WAIVING.into_iter().filter(|role| role.code() != but && holds(role));
        roles.map(|role| (role.code().to_owned(), role.words().to_owned())).collect()
    }

    /// A piece of evidence as it stands.
    pub(super) fn evidence(&self, clearance: &Clearance, piece: &Evidence) -> EvidenceLine {
        let given = clearance.evidence.iter().find(|given| given.key == piece.key);
        let expired = |given: &Given| given.expires_at <= self.now;
        let expiry = |given: &Given| self.zone.clock(given.expires_at);
        let (remark, wrong) = match given {
            None => ("not given yet".to_owned(), false),
            Some(given) if given.outcome == Outcome::Failed => ("failed".to_owned(), true),
            Some(given) if expired(given) => (format!("expired {}", expiry(given)), true),
            Some(given) if given.outcome == Outcome::Waived && given.agreed.is_none() => {
                ("to be waived, a second person agrees".to_owned(), false)
            }
            Some(given) if given.outcome == Outcome::Waived => {
                (format!("waived by two people, until {}", expiry(given)), false)
            }
            Some(given) => (format!("expires {}", expiry(given)), false),
        };
        let waits = given.filter(|given| {
            given.outcome == Outcome::Waived && given.agreed.is_none() && given.by != self.actor.account
        });
        let (proved, proof_path) = given.map(|given| self.proved(clearance, given)).unwrap_or_default();
        EvidenceLine {
            key: piece.key.clone(),
            name: piece.name.clone(),
            owner: piece.owner.clone(),
            at: given.map(|given| self.zone.clock(given.at)).unwrap_or_default(),
            remark,
            holds: given.is_some_and(|given| given.holds(self.now)),
            wrong,
            note: given.map(|given| given.note.clone()).unwrap_or_default(),
            method: piece.method.clone(),
            proof: piece.proof,
            bounds: bounds(piece),
            proved,
            proof_path,
            agree_as: waits.map(|given| self.waives_as(clearance, &given.waived_as)).unwrap_or_default(),
            may_be_waived: !piece.never_waived,
        }
    }

    /// The proof in words, and where it is.
    fn proved(&self, clearance: &Clearance, given: &Given) -> (String, String) {
        if let Some(file) = &given.file {
            let path = format!("{}/{}/files/{}", self.path, clearance.id, file.sha256);
            return (file.name.clone(), path);
        }
        if !given.link.is_empty() {
            return (given.link.clone(), given.link.clone());
        }
        (given.figure.map(|figure| figure.to_string()).unwrap_or_default(), String::new())
    }

    async fn signatures(&self, tx: &mut Tx, clearance: &Clearance) -> Result<Vec<SignatureLine>, Error> {
        let yours = self.sign_as(clearance);
        let mut lines = Vec::new();
        for key in &clearance.gate.signers {
            let given = clearance.standing(self.now).find(|signature| signature.signer == *key).cloned();
            let name = match &given {
                Some(signature) => accounts::name(tx, signature.by).await?.unwrap_or_default(),
                None => String::new(),
            };
            lines.push(SignatureLine {
                title: words::title(&self.titles, key),
                name,
                at: given.as_ref().map(|signature| self.zone.clock(signature.at)).unwrap_or_default(),
                words: given.as_ref().map(|signature| signature.conditions.clone()).unwrap_or_default(),
                given: given.is_some(),
                yours: yours.iter().any(|(each, _)| each == key),
            });
        }
        Ok(lines)
    }

    async fn refusals(&self, tx: &mut Tx, clearance: &Clearance) -> Result<Vec<SignatureLine>, Error> {
        let mut lines = Vec::new();
        for refused in &clearance.refusals {
            lines.push(SignatureLine {
                title: words::title(&self.titles, &refused.signer),
                name: accounts::name(tx, refused.by).await?.unwrap_or_default(),
                at: self.zone.clock(refused.at),
                words: refused.reason.clone(),
                given: false,
                yours: refused.by == self.actor.account,
            });
        }
        Ok(lines)
    }

    /// Orders for narrower places in this scope: they stand through the release, and the sign-off names them.
    pub(super) async fn orders_that_stand(
        &self,
        tx: &mut Tx,
        clearance: &Clearance,
    ) -> Result<Vec<String>, Error> {
        let Target::System(system) = clearance.scope.target else { return Ok(Vec::new()) };
        let Some(system) = self.picture.systems.iter().find(|each| each.id == system) else {
            return Ok(Vec::new());
        };
        let of_waves: BTreeSet<_> = clearance.waves.iter().flat_map(|wave| &wave.orders).collect();
        let mut stand = Vec::new();
        for row in orders::of_family(tx, self.incident.id).await? {
            let place = row.order.scope.place;
            let narrower = matches!(place, Place::Unit(_) | Place::Facility(_))
                && place.narrowness() > clearance.scope.place.narrowness()
                && self.picture.places.contains(clearance.scope.place, place);
            let concerns = row.order.scope.target.covers(system.id, system.kind)
                && row.order.scope.functions.meets(clearance.scope.functions);
            if narrower && concerns && !of_waves.contains(&row.order.id) {
                let name = places::name(tx, place).await?;
                stand.push(format!("{} at {name}", row.order.words().to_uppercase()));
            }
        }
        Ok(stand)
    }
}

/// `from 20 to 30`, as the playbook bounds a number.
fn bounds(piece: &Evidence) -> String {
    match (piece.at_least, piece.at_most) {
        (Some(least), Some(most)) => format!("from {least} to {most}"),
        (Some(least), None) => format!("{least} or more"),
        (None, Some(most)) => format!("{most} or fewer"),
        (None, None) => String::new(),
    }
}

impl Desk<'_> {
    /// What is done after a scope was taken back: nobody knows of it before somebody is told.
    async fn after_revocation(&self, tx: &mut Tx, clearance: &Clearance) -> Result<Vec<NextStep>, Error> {
        // A part may be taken back from a scope that stays clear.
        if clearance.stage != Stage::Revoked && store::revocations(tx, clearance.id).await?.is_empty() {
            return Ok(Vec::new());
        }
        let base = format!("/incidents/{}", self.incident.id);
        let step = |words: &str, path: String, late| NextStep { words: words.to_owned(), path, late };
        Ok(vec![
            step(
                "Tell everyone who was told that it was clear",
                format!("{base}/broadcasts/new?template=back-to-paper"),
                true,
            ),
            step("Look at what was recorded meanwhile", format!("{base}/reviews"), false),
            step("The scope that has begun anew", format!("{base}/clearance?stage=waiting"), false),
        ])
    }

    /// What signing or releasing leads to, said before the button; to who cannot sign, for whom it waits.
    fn consequence(&self, clearance: &Clearance, (signed, needed): (i64, i64), may_sign: bool) -> String {
        let signs = !matches!(
            clearance.stage,
            Stage::Waiting | Stage::Signed | Stage::Clear | Stage::BackEntryComplete | Stage::Revoked
        );
        if may_sign || !signs || signed >= needed {
            return consequence(clearance, signed, needed);
        }
        let has_signed = |key: &String| clearance.signatures.iter().any(|given| given.signer == *key);
        let open = clearance.gate.signers.iter().filter(|key| !has_signed(key));
        let titles: Vec<String> = open.map(|key| words::title(&self.titles, key)).collect();
        format!("{} more must sign, of: {}.", needed - signed, titles.join(", "))
    }
}

/// What signing or releasing leads to, said before the button.
fn consequence(clearance: &Clearance, signed: i64, needed: i64) -> String {
    let last = signed + 1 >= needed;
    match clearance.stage {
        Stage::Waiting => "Nobody signs in until it is restored, signed and released.".to_owned(),
        Stage::Signed => {
            "The release gives everyone USE for exactly this scope, and sends the all clear to its staff at once. It \
             can be revoked."
                .to_owned()
        }
        Stage::Clear | Stage::BackEntryComplete => {
            "Revoking brings back what was ordered before, and lists what was recorded meanwhile.".to_owned()
        }
        Stage::Revoked => "This clearance was taken back. A new one of the same scope has begun.".to_owned(),
        _ if last && clearance.gate.on_last_signature => {
            "You are the last to sign: the playbook releases this scope with the last signature.".to_owned()
        }
        _ if last => {
            "You are the last to sign. The scope is then signed; it is clear when it is released.".to_owned()
        }
        _ => format!("{} more must sign after you.", needed - signed - 1),
    }
}
