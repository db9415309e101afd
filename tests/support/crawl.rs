//! Walks through the pages by their links, as a person would find them: one real path for each route of the table.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::http::Method;
use backend::web::{self, routes::Route};

use crate::Person;

/// How many paths of one route are opened; further ones show the same page of another row.
const ENOUGH: usize = 12;

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walk {
    /// A path for each page of the table that was reached, by the route as the table writes it.
    pub reached: BTreeMap<&'static str, String>,
    /// The pages of the table to which no link led.
    pub unreached: BTreeSet<&'static str>,
    /// Links that answered with anything but a page or a file, and where they stand.
    pub broken: Vec<String>,
}

/// Follows every link from these paths on.
pub async fn walk(person: &mut Person, starts: &[&str]) -> Walk {
    let table = web::routes().table();
    let pages: Vec<&Route> = table.0.iter().filter(|route| route.method == Method::GET).collect();
    let mut walk = Walk::default();
    let mut waiting: VecDeque<(String, String)> =
        starts.iter().map(|path| ((*path).to_owned(), "the start".to_owned())).collect();
    let mut opened: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    while let Some((path, from)) = waiting.pop_front() {
        let bare = path.split(['?', '#']).next().unwrap_or_default();
        let fitting = pages.iter().filter(|route| fits(route.path, bare));
        let Some(route) = fitting.min_by_key(|route| route.path.matches('{').count()) else {
            walk.broken.push(format!("{path}, linked from {from}, is no page"));
            continue;
        };
        let of_this = opened.entry(route.path).or_default();
        if of_this.len() >= ENOUGH || !of_this.insert(path.clone()) || route.media == "text/event-stream" {
            continue;
        }
        let answer = person.asks(&path).await;
        if !answer.status.is_success() {
            walk.broken.push(format!("{path}, linked from {from}, answers {}", answer.status));
            continue;
        }
        walk.reached.entry(route.path).or_insert_with(|| path.clone());
        if answer.header("content-type").starts_with("text/html") {
            let page = answer.page();
            let links = page.all("a[href]");
            let inner =
                links.iter().filter_map(|link| link.attr("href")).filter(|link| link.starts_with('/'));
            waiting.extend(inner.map(|link| (link.to_owned(), path.clone())));
        }
    }
    let is_page = |route: &&&Route| route.media == "text/html" && !walk.reached.contains_key(route.path);
    walk.unreached = pages.iter().filter(is_page).map(|route| route.path).collect();
    walk
}

/// Whether a path is one of a route, as `/incidents/7` of `/incidents/{incident}`.
fn fits(route: &str, path: &str) -> bool {
    let (parts, given): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    let fits = |(part, given): (&&str, &&str)| part == given || (part.starts_with('{') && !given.is_empty());
    parts.len() == given.len() && parts.iter().zip(&given).all(fits)
}
