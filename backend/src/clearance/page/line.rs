//! One scope as a line of the ladder: its nodes, what blocks it, and whose turn it is.

use domain::{
    clearance::{Clearance, Progress, Releaser, Stage},
    scope::Target,
    time::Timestamp,
    view::clearance::{Node, NodeState, ScopeLine},
};

use super::Desk;
use crate::clearance::record as words;

impl Desk<'_> {
    /// Where a scope stands among its equals: by site and system, as every page lists them.
    pub(super) fn position(&self, clearance: &Clearance) -> (Option<usize>, Option<usize>, i64) {
        let sites = self.picture.places.facilities_of(clearance.scope.place);
        let site = self.picture.facilities.iter().position(|each| sites.contains(&each.id));
        let system =
            self.picture.systems.iter().position(|each| clearance.scope.target == Target::System(each.id));
        (site, system, clearance.scope.functions.bits())
    }

    pub(super) fn line(&self, clearance: &Clearance, times: &[(Stage, Timestamp)]) -> ScopeLine {
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
            name: format!("{}, {}", self.place_name(clearance.scope.place), self.system(clearance)),
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

    pub(super) fn system(&self, clearance: &Clearance) -> String {
        self.picture.target_name(clearance.scope.target)
    }

    pub(super) fn functions(&self, clearance: &Clearance) -> String {
        let words = self.picture.functions_words(&clearance.scope);
        if words.is_empty() { "all functions".to_owned() } else { words }
    }

    pub(super) fn title_of(&self, key: &str) -> String {
        // A piece's owner is words already; only signers and the releaser are keys.
        if key == "commander" || self.titles.iter().any(|(each, _)| each == key) {
            return words::title(&self.titles, key);
        }
        key.to_owned()
    }

    /// Whether it is this person's turn.
    pub(super) fn waits_for(&self, clearance: &Clearance) -> bool {
        match clearance.stage {
            Stage::Signed if !clearance.lapsed(self.now) => self.releaser(clearance).is_some(),
            Stage::Restored | Stage::Pilot | Stage::Waves | Stage::Signed => {
                let ready = !clearance.blocks(self.now).iter().any(|block| block.what != "Signature");
                self.incident.phase.is_open() && ready && !self.sign_as(clearance).is_empty()
            }
            _ => false,
        }
    }

    pub(super) fn releaser(&self, clearance: &Clearance) -> Option<Releaser> {
        if self.incident.commander == self.actor.account && self.commands_all {
            return Some(Releaser::Commander);
        }
        let named = &clearance.gate.release_by;
        let signs = self.actor.signs_as(named, clearance.scope.place, &self.picture.places);
        signs.then(|| Releaser::Signer(named.clone()))
    }

    /// As whom this person may still sign.
    pub(super) fn sign_as(&self, clearance: &Clearance) -> Vec<(String, String)> {
        if clearance.standing(self.now).any(|signature| signature.by == self.actor.account) {
            return Vec::new();
        }
        let open = clearance.gate.signers.iter().filter(|key| {
            self.actor.signs_as(key, clearance.scope.place, &self.picture.places)
                && !clearance.standing(self.now).any(|signature| signature.signer == **key)
        });
        open.map(|key| (key.clone(), words::title(&self.titles, key))).collect()
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
        let (begun, planned) = clearance.waves_begun();
        let past_waves = matches!(stage, Stage::Restored | Stage::Pilot | Stage::Waves)
            && clearance.waves.iter().all(|wave| wave.progress == Progress::Passed);
        let now = match (now, past_waves) {
            (1..=3, true) => 3,
            (3, false) if stage == Stage::Restored => 2,
            (now, _) => now,
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
                    (NodeState::Now, 3) => words::counted(clearance, self.now),
                    (NodeState::Now, 2) => format!("{begun} of {planned}"),
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
}
