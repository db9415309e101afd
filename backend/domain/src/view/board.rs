//! The board: what is down, who knows, what is late. The same value draws the page, answers as JSON and travels
//! over the live stream, always whole.
//!
//! The rule is shown once and then the exceptions: what holds at most sites is a row's run, and every site with
//! an order of its own is boxed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{frame::Section, picture::Picture};
use crate::{
    id::{FacilityId, IncidentId, SystemId},
    instructions::Look,
    scope::Status,
};

/// How many site columns stand side by side before the quiet ones are drawn together.
pub const MOST_COLUMNS: usize = 16;

/// Everything the board shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BoardView {
    pub incident: Option<IncidentId>,
    /// `Epic is down at all 12 sites. Laboratory at 11.`
    pub title: String,
    /// What is known, before what is late: `94 % on duty know.` May be empty.
    pub known: String,
    /// Each late thing with the way to its rows.
    pub late: Vec<Late>,
    /// The one thing to do next, as words and path.
    pub action: Option<(String, String)>,
    pub sites: Vec<Site>,
    pub rows: Vec<MatrixRow>,
    /// Only the cards whose data there is.
    pub cards: Vec<CardView>,
    /// The incident's sequence number and the revision of its tallies, by which a stream knows what it sent.
    pub seq: i64,
    pub revision: i64,
    /// `05:22 EDT, Fri 19 July`
    pub as_of: String,
}

/// A late thing in the sentence under the title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Late {
    /// `7 silent units`
    pub words: String,
    pub path: String,
}

/// A column of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Site {
    pub id: FacilityId,
    /// The short name, as staff say it: `Northside`.
    pub name: String,
    /// The public page of this site.
    pub path: String,
}

/// What people may do, as it stands in a matrix.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Shown {
    pub look: Look,
    /// In full and in capitals: `DO NOT LOG IN`.
    pub words: String,
    /// At most twice ten letters, for a box in the matrix: `Do not log in`.
    pub short: String,
}

/// One system across all sites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MatrixRow {
    pub system: SystemId,
    /// `Epic production`
    pub name: String,
    /// As it is said in a sentence: `Epic`.
    pub spoken: String,
    /// What holds at most sites.
    pub status: Status,
    /// `since 00:40`, or nothing.
    pub since: String,
    /// The order that holds at most sites.
    pub order: Shown,
    /// One for each site, in the order of the sites.
    pub cells: Vec<Cell>,
    /// The page of this system's orders.
    pub path: String,
}

/// A system at a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    pub status: Status,
    /// The site's own order, when it is not the row's.
    pub own: Option<Shown>,
}

/// One of the cards under the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardView {
    pub section: Section,
    pub title: String,
    pub path: String,
    /// What the figure is as of, only when that is older than the page: `sent 04:35`.
    pub as_of: String,
    pub figure: String,
    pub caption: String,
    pub picture: Picture,
    pub late: Option<Late>,
    /// The same in two or three words: `7 units silent`.
    pub late_short: String,
    /// Said when nothing is late: `Nothing late. Next sign-off is not due`.
    pub fine: String,
}

impl MatrixRow {
    /// A row from what holds at each site. The commonest order becomes the run, at a tie the one that looks
    /// stricter; the commonest status becomes the system's, at a tie the more severe.
    pub fn across(
        system: SystemId,
        name: &str,
        spoken: &str,
        since: &str,
        path: &str,
        sites: Vec<(Status, Shown)>,
    ) -> Self {
        let order = commonest(sites.iter().map(|(_, shown)| shown.clone()), |shown| shown.look as u8)
            .unwrap_or_else(Shown::nothing);
        let status = commonest(sites.iter().map(|(status, _)| *status), |status| *status as u8)
            .unwrap_or(Status::Unknown);
        let cells = sites
            .into_iter()
            .map(|(status, shown)| Cell { status, own: (shown != order).then_some(shown) })
            .collect();
        Self {
            system,
            name: name.to_owned(),
            spoken: spoken.to_owned(),
            status,
            since: since.to_owned(),
            order,
            cells,
            path: path.to_owned(),
        }
    }

    /// At how many sites the row's order holds.
    pub fn run_length(&self) -> usize {
        self.cells.iter().filter(|cell| cell.own.is_none()).count()
    }

    /// The orders of single sites, each with the places of its sites among the columns.
    pub fn exceptions(&self) -> Vec<(Shown, Vec<usize>)> {
        let mut groups: Vec<(Shown, Vec<usize>)> = Vec::new();
        for (index, cell) in self.cells.iter().enumerate() {
            let Some(own) = &cell.own else { continue };
            match groups.iter_mut().find(|(shown, _)| shown == own) {
                Some((_, sites)) => sites.push(index),
                None => groups.push((own.clone(), vec![index])),
            }
        }
        groups.sort_by_key(|(shown, _)| shown.look);
        groups
    }
}

impl Shown {
    /// Nothing is ordered: never shown as USE (rule 12).
    pub fn nothing() -> Self {
        Self { look: Look::NoOrder, words: "NO ORDER".to_owned(), short: "No order".to_owned() }
    }
}

impl BoardView {
    /// The columns that stand side by side: all sites, or beyond [`MOST_COLUMNS`] those where something differs,
    /// with the number of the others.
    pub fn columns(&self) -> (Vec<usize>, usize) {
        if self.sites.len() <= MOST_COLUMNS {
            return ((0..self.sites.len()).collect(), 0);
        }
        let differs = |site: usize| {
            self.rows.iter().any(|row| {
                row.cells.get(site).is_some_and(|cell| cell.own.is_some() || cell.status != row.status)
            })
        };
        let mut shown: Vec<usize> = (0..self.sites.len()).filter(|site| differs(*site)).collect();
        shown.truncate(MOST_COLUMNS - 1);
        let rest = self.sites.len() - shown.len();
        (shown, rest)
    }
}

/// The title: the systems that are down, the widest first, in sentences that can be read aloud.
pub fn sentence(rows: &[MatrixRow], sites: usize) -> String {
    for (status, word) in [
        (Status::Down, "down"),
        (Status::Degraded, "degraded"),
        (Status::ReadOnly, "read-only"),
        (Status::Restoring, "being restored"),
    ] {
        let mut hit: Vec<(&MatrixRow, usize)> = rows
            .iter()
            .filter(|row| row.status == status)
            .map(|row| (row, row.cells.iter().filter(|cell| cell.status == status).count()))
            .collect();
        hit.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        let Some(((first, at), rest)) = hit.split_first() else { continue };
        let mut sentences = vec![format!("{} is {word} {}.", first.spoken, at_sites(*at, sites))];
        for (row, at) in rest.iter().take(2) {
            let wide = if *at == sites { "everywhere".to_owned() } else { format!("at {at}") };
            sentences.push(format!("{} {wide}.", row.spoken));
        }
        if rest.len() > 2 {
            sentences.push(format!("{} more {word}.", rest.len() - 2));
        }
        return sentences.join(" ");
    }
    if rows.is_empty() {
        return "No system is named in this incident yet.".to_owned();
    }
    let unknown = rows.iter().filter(|row| row.status == Status::Unknown).count();
    match unknown {
        0 => "Every system works. Nothing is down.".to_owned(),
        1 => "The status of 1 system is unknown.".to_owned(),
        many => format!("The status of {many} systems is unknown."),
    }
}

fn at_sites(at: usize, of: usize) -> String {
    match (at, of) {
        (1, 1) => "at the one site".to_owned(),
        (2, 2) => "at both sites".to_owned(),
        (at, of) if at == of => format!("at all {of} sites"),
        (at, of) => format!("at {at} of {of} sites"),
    }
}

/// The value that occurs most often; among equals the one with the lowest rank.
fn commonest<T: Ord + Clone>(values: impl Iterator<Item = T>, rank: impl Fn(&T) -> u8) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(value, count)| (*count, std::cmp::Reverse(rank(value))))
        .map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(look: Look, short: &str) -> Shown {
        Shown { look, words: short.to_uppercase(), short: short.to_owned() }
    }

    fn row(spoken: &str, sites: &[(Status, Look)]) -> MatrixRow {
        let sites = sites.iter().map(|(status, look)| (*status, shown(*look, look.code()))).collect();
        MatrixRow::across(SystemId(uuid::Uuid::nil()), spoken, spoken, "", "/", sites)
    }

    #[test]
    fn what_holds_at_most_sites_is_the_run_and_the_others_are_boxed() {
        let lab = row(
            "Laboratory",
            &[(Status::Down, Look::Forbid), (Status::Operational, Look::Use), (Status::Down, Look::Forbid)],
        );
        assert_eq!(lab.status, Status::Down);
        assert_eq!(lab.order.look, Look::Forbid);
        assert_eq!(lab.run_length(), 2);
        assert_eq!(lab.exceptions(), vec![(shown(Look::Use, "use"), vec![1])]);
    }

    #[test]
    fn at_a_tie_the_stricter_order_and_the_more_severe_status_lead() {
        let tied = row("Imaging", &[(Status::Operational, Look::Use), (Status::Down, Look::Forbid)]);
        assert_eq!((tied.status, tied.order.look), (Status::Down, Look::Forbid));
    }

    #[test]
    fn the_title_reads_as_the_answer() {
        let rows = [
            row(
                "Laboratory",
                &[
                    (Status::Down, Look::Forbid),
                    (Status::Down, Look::Forbid),
                    (Status::Operational, Look::Use),
                ],
            ),
            row("Epic", &[(Status::Down, Look::Forbid); 3]),
            row("E-mail", &[(Status::Operational, Look::Use); 3]),
        ];
        assert_eq!(sentence(&rows, 3), "Epic is down at all 3 sites. Laboratory at 2.");
        assert_eq!(sentence(&rows[2..], 3), "Every system works. Nothing is down.");
        assert_eq!(
            sentence(&[row("Epic", &[(Status::Down, Look::Forbid)])], 1),
            "Epic is down at the one site."
        );
        assert_eq!(sentence(&[], 12), "No system is named in this incident yet.");
    }

    #[test]
    fn many_sites_show_where_something_differs_and_count_the_others() {
        let mut cells = vec![(Status::Down, Look::Forbid); 40];
        cells[7] = (Status::Operational, Look::Use);
        let view = BoardView {
            rows: vec![row("Epic", &cells)],
            sites: (0..40_u128)
                .map(|n| Site {
                    id: FacilityId(uuid::Uuid::from_u128(n)),
                    name: format!("Site {n}"),
                    path: String::new(),
                })
                .collect(),
            ..BoardView::default()
        };
        assert_eq!(view.columns(), (vec![7], 39));
    }
}
