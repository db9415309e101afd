//! The ladder of scopes and the panel of the chosen one, read in one snapshot.

use domain::{
    actor::{Actor, Role},
    clearance::{Clearance, Releaser, Stage, attestation},
    id::{ClearanceId, IncidentId},
    scope::{Place, Target},
    time::{Timestamp, Zone},
    view::clearance::{
        ClearanceView, EvidenceLine, May, Node, NodeState, Panel, PanelTyped, ScopeLine, SignatureLine,
    },
};

use super::{record, store};
use crate::{
    accounts::store as accounts,
    app::App,
    command::commands_all,
    failure::Failure,
    incidents::store::{self as incidents, IncidentRow},
    instructions::{Picture, picture},
    store::{Error, Tx},
};

/// Everything the page is drawn from.
struct Desk<'a> {
    app: &'a App,
    actor: &'a Actor,
    incident: IncidentRow,
    commands_all: bool,
    picture: Picture,
    titles: Vec<(String, String)>,
    zone: Zone,
    now: Timestamp,
    path: String,
}

/// Reads the page for this person, with the chosen scope's panel and what they typed into it.
///
/// # Errors
/// When there is no such incident, or no such scope in it.
pub async fn read(
    app: &App,
    tx: &mut Tx,
    (incident, actor): (IncidentId, &Actor),
    chosen: Option<ClearanceId>,
    typed: PanelTyped,
) -> Result<ClearanceView, Failure> {
    let row = incidents::find(tx, incident).await?.ok_or(Failure::NotFound("incident"))?;
    let desk = Desk {
        app,
        actor,
        incident: row,
        commands_all: commands_all(tx, actor, incident).await?,
        picture: picture(tx).await?,
        titles: record::titles(tx, incident).await?,
        zone: accounts::installation(tx).await?.zone(),
        now: app.clock.now(),
        path: format!("/incidents/{incident}/clearance"),
    };
    let mut clearances = store::of_incident(tx, incident).await?;
    clearances.sort_by_key(|clearance| desk.position(clearance));
    let mut times = store::times(tx, incident).await?;
    let mut scopes: Vec<ScopeLine> = clearances
        .iter()
        .map(|clearance| desk.line(clearance, &times.remove(&clearance.id).unwrap_or_default()))
        .collect();
    // Whose turn it is first, then what is wrong, then what has come furthest.
    scopes.sort_by_key(|scope| (!scope.waits_for_you, !scope.blocked, std::cmp::Reverse(scope.stage)));
    let first = || scopes.iter().find(|scope| scope.waits_for_you).map(|scope| scope.id);
    let panel = match chosen.or_else(first) {
        None => None,
        Some(id) => {
            let found = match clearances.iter().find(|each| each.id == id) {
                Some(clearance) => Some(clearance.clone()),
                None => store::find(tx, incident, id).await?,
            };
            let clearance = found.ok_or(Failure::NotFound("clearance"))?;
            Some(desk.panel(tx, &clearance, typed).await?)
        }
    };
    let quiet =
        |scope: &ScopeLine| scope.stage == Stage::Waiting && Some(scope.id) != panel.as_ref().map(|p| p.id);
    let not_started = i64::try_from(scopes.iter().filter(|scope| quiet(scope)).count()).unwrap_or(i64::MAX);
    Ok(ClearanceView {
        title: title(&scopes),
        close_path: format!("/incidents/{incident}/close"),
        path: desk.path,
        scopes,
        not_started,
        chosen: panel,
    })
}

/// `3 of 14 scopes clear. 1 waits for you, 2 are blocked.`
fn title(scopes: &[ScopeLine]) -> String {
    if scopes.is_empty() {
        return "No scope is waiting for a clearance.".to_owned();
    }
    let count = |which: &dyn Fn(&&ScopeLine) -> bool| scopes.iter().filter(which).count();
    let clear = count(&|scope| scope.stage.is_clear());
    let yours = count(&|scope| scope.waits_for_you);
    let blocked = count(&|scope| scope.blocked);
    let first = format!("{clear} of {} scopes clear.", scopes.len());
    match (yours, blocked) {
        (0, 0) => first,
        (yours, 0) => format!("{first} {}", waits(yours)),
        (0, blocked) => format!("{first} {}.", are_blocked(blocked)),
        (yours, blocked) => {
            format!("{first} {}, {}.", waits(yours).trim_end_matches('.'), are_blocked(blocked))
        }
    }
}

fn waits(yours: usize) -> String {
    if yours == 1 { "1 waits for you.".to_owned() } else { format!("{yours} wait for you.") }
}

fn are_blocked(blocked: usize) -> String {
    if blocked == 1 { "1 is blocked".to_owned() } else { format!("{blocked} are blocked") }
}

impl Desk<'_> {
    /// Where a scope stands among its equals: by site and system, as every page lists them.
    fn position(&self, clearance: &Clearance) -> (Option<usize>, Option<usize>, i64) {
        let sites = self.picture.places.facilities_of(clearance.scope.place);
        let site = self.picture.facilities.iter().position(|each| sites.contains(&each.id));
        let system =
            self.picture.systems.iter().position(|each| clearance.scope.target == Target::System(each.id));
        (site, system, clearance.scope.functions.bits())
    }

    fn line(&self, clearance: &Clearance, times: &[(Stage, Timestamp)]) -> ScopeLine {
        let blocks = clearance.blocks(self.now);
        let blocked = blocks.iter().any(|block| block.wrong);
        let yours = self.waits_for(clearance);
        let words = blocks.first().map(|block| format!("{}. {}", block.what, self.title_of(&block.who)));
        let words = match (yours, clearance.stage) {
            (true, Stage::Signed) => "Your release".to_owned(),
            (true, _) => "Your signature".to_owned(),
            (false, Stage::BackEntryComplete) => "Complete".to_owned(),
            (false, Stage::Clear) => "Back-entry".to_owned(),
            (false, _) => words.unwrap_or_default(),
        };
        ScopeLine {
            id: clearance.id,
            name: format!("{}, {}", self.picture.place_name(clearance.scope.place), self.system(clearance)),
            functions: self.functions(clearance),
            path: format!("{}/{}", self.path, clearance.id),
            stage: clearance.stage,
            nodes: self.nodes(
                clearance,
                times,
                blocked.then_some(blocks.iter().filter(|block| block.wrong).count()),
            ),
            blocks: words,
            blocked,
            waits_for_you: yours,
        }
    }

    fn system(&self, clearance: &Clearance) -> String {
        self.picture.target_name(clearance.scope.target)
    }

    fn functions(&self, clearance: &Clearance) -> String {
        let words = self.picture.functions_words(&clearance.scope);
        if words.is_empty() { "all functions".to_owned() } else { words }
    }

    fn title_of(&self, key: &str) -> String {
        // A piece's owner is words already; only signers and the releaser are keys.
        if key == "commander" || self.titles.iter().any(|(each, _)| each == key) {
            return record::title(&self.titles, key);
        }
        key.to_owned()
    }

    /// Whether it is this person's turn.
    fn waits_for(&self, clearance: &Clearance) -> bool {
        match clearance.stage {
            Stage::Signed if !clearance.lapsed(self.now) => self.releaser(clearance).is_some(),
            Stage::Restored | Stage::Pilot | Stage::Waves | Stage::Signed => {
                let ready = !clearance.blocks(self.now).iter().any(|block| block.what != "Signature");
                ready && !self.sign_as(clearance).is_empty()
            }
            _ => false,
        }
    }

    fn releaser(&self, clearance: &Clearance) -> Option<Releaser> {
        if self.incident.commander == self.actor.account && self.commands_all {
            return Some(Releaser::Commander);
        }
        let named = &clearance.gate.release_by;
        let signs = self.actor.signs_as(named, clearance.scope.place, &self.picture.places);
        signs.then(|| Releaser::Signer(named.clone()))
    }

    /// As whom this person may still sign.
    fn sign_as(&self, clearance: &Clearance) -> Vec<(String, String)> {
        if clearance.standing(self.now).any(|signature| signature.by == self.actor.account) {
            return Vec::new();
        }
        let open = clearance.gate.signers.iter().filter(|key| {
            self.actor.signs_as(key, clearance.scope.place, &self.picture.places)
                && !clearance.standing(self.now).any(|signature| signature.signer == **key)
        });
        open.map(|key| (key.clone(), record::title(&self.titles, key))).collect()
    }

    fn nodes(&self, clearance: &Clearance, times: &[(Stage, Timestamp)], wrong: Option<usize>) -> Vec<Node> {
        let time = |stage: Stage| {
            times.iter().rev().find(|(each, _)| *each == stage).map(|(_, at)| self.zone.clock(*at))
        };
        let stage = clearance.stage;
        let names = ["Restored, IT only", "Pilot", "Waves", "All clear", "Back-entry"];
        let stages = [Stage::Restored, Stage::Pilot, Stage::Waves, Stage::Clear, Stage::BackEntryComplete];
        // A pilot or waves that nobody planned are passed over, so that the track has no gap.
        let now = match stage {
            Stage::Waiting => 0,
            Stage::Restored | Stage::Signed => 3,
            Stage::Pilot => 1,
            Stage::Waves => 2,
            Stage::Clear => 4,
            Stage::BackEntryComplete | Stage::Revoked => 5,
        };
        let last_wave = clearance.waves.0 >= clearance.waves.1;
        let now = if (stage == Stage::Waves && last_wave) || (stage == Stage::Pilot && clearance.waves.1 == 0)
        {
            3
        } else {
            now
        };
        names
            .into_iter()
            .zip(stages)
            .enumerate()
            .map(|(index, (name, each))| {
                let state = match index.cmp(&now) {
                    std::cmp::Ordering::Less => NodeState::Done,
                    std::cmp::Ordering::Equal if wrong.is_some() => NodeState::Blocked,
                    std::cmp::Ordering::Equal => NodeState::Now,
                    std::cmp::Ordering::Greater => NodeState::Later,
                };
                // A pilot or a wave that never was is passed over, not done.
                let passed_over = state == NodeState::Done && time(each).is_none();
                let state = if passed_over { NodeState::Later } else { state };
                let words = match (state, index) {
                    _ if passed_over => "none".to_owned(),
                    (NodeState::Done, _) => time(each).unwrap_or_default(),
                    (NodeState::Blocked, _) => "blocked".to_owned(),
                    (NodeState::Now, 0) => "waiting".to_owned(),
                    (NodeState::Now, 3) if stage == Stage::Signed => "signed".to_owned(),
                    (NodeState::Now, 3) => record::counted(clearance, self.now),
                    (NodeState::Now, 2) => format!("{} of {}", clearance.waves.0, clearance.waves.1),
                    _ => String::new(),
                };
                let blockers = wrong.filter(|_| state == NodeState::Blocked).unwrap_or(0);
                Node {
                    name: name.to_owned(),
                    state,
                    words,
                    blockers: i64::try_from(blockers).unwrap_or(i64::MAX),
                }
            })
            .collect()
    }

    async fn panel(&self, tx: &mut Tx, clearance: &Clearance, typed: PanelTyped) -> Result<Panel, Error> {
        let functions = self.picture.functions_words(&clearance.scope);
        let place = self.picture.place_name(clearance.scope.place);
        let system = self.system(clearance);
        let (signed, needed) = clearance.signed_of(self.now);
        let stand = self.orders_that_stand(tx, clearance).await?;
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
            signatures: self.signatures(tx, clearance).await?,
            refusals: self.refusals(tx, clearance).await?,
            stand,
            consequence: consequence(clearance, signed, needed),
            may: self.may(clearance),
            typed,
            request_id: self.app.clock.id(),
            functions: clearance.scope.functions.iter().map(|each| each.code().to_owned()).collect(),
        })
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
        }
    }

    fn evidence(&self, clearance: &Clearance, piece: &domain::playbooks::Evidence) -> EvidenceLine {
        let given = clearance.evidence.iter().find(|given| given.key == piece.key);
        let (remark, holds, wrong) = match given {
            None => ("missing".to_owned(), false, false),
            Some(given) if !given.passed => ("failed".to_owned(), false, true),
            Some(given) if given.expires_at <= self.now => {
                (format!("expired {}", self.zone.clock(given.expires_at)), false, true)
            }
            Some(given) => (format!("expires {}", self.zone.clock(given.expires_at)), true, false),
        };
        EvidenceLine {
            key: piece.key.clone(),
            name: piece.name.clone(),
            owner: piece.owner.clone(),
            at: given.map(|given| self.zone.clock(given.at)).unwrap_or_default(),
            remark,
            holds,
            wrong,
            note: given.map(|given| given.note.clone()).unwrap_or_default(),
        }
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
                title: record::title(&self.titles, key),
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
                title: record::title(&self.titles, &refused.signer),
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
    async fn orders_that_stand(&self, tx: &mut Tx, clearance: &Clearance) -> Result<Vec<String>, Error> {
        let Target::System(system) = clearance.scope.target else { return Ok(Vec::new()) };
        let Some(system) = self.picture.systems.iter().find(|each| each.id == system) else {
            return Ok(Vec::new());
        };
        let mut stand = Vec::new();
        for family in &self.picture.families {
            for order in &family.orders {
                let narrower = matches!(order.scope.place, Place::Unit(_) | Place::Facility(_))
                    && order.scope.place.narrowness() > clearance.scope.place.narrowness()
                    && self.picture.places.contains(clearance.scope.place, order.scope.place);
                if narrower && order.scope.target.covers(system.id, system.kind) {
                    let place = crate::places::store::name(tx, order.scope.place).await?;
                    stand.push(format!("{} at {place}", order.words().to_uppercase()));
                }
            }
        }
        Ok(stand)
    }
}

/// What signing or releasing leads to, said before the button.
fn consequence(clearance: &Clearance, signed: i64, needed: i64) -> String {
    let last = signed + 1 >= needed;
    match clearance.stage {
        Stage::Waiting => "Nobody signs in until it is restored, signed and released.".to_owned(),
        Stage::Signed => {
            "The release gives everyone USE for exactly this scope. It can be revoked.".to_owned()
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
