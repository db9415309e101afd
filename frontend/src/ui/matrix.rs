//! Systems by sites: the rule once as a run across all sites, then the exceptions, boxed.
//!
//! Drawn twice from the same rows: as a table on a wide screen, where every cell says system, site, status and
//! instruction to a screen reader, and as a list on a phone and on paper. The style sheet shows one of them.

use domain::{
    scope::Status,
    view::board::{BoardView, Cell, MatrixRow},
};
use leptos::prelude::*;

use super::{icon, tag};

/// The whole matrix with its legend.
pub fn matrix(view: &BoardView) -> AnyView {
    let (columns, rest) = view.columns();
    let boxed = view.rows.iter().any(|row| row.run_length() < row.cells.len());
    view! {
        <section class="matrix" aria-label="Systems and sites">
            {wide(view, &columns, rest)}
            {narrow(view)}
            {legend(boxed)}
        </section>
    }
    .into_any()
}

fn wide(view: &BoardView, columns: &[usize], rest: usize) -> AnyView {
    let class = match (columns.len(), rest) {
        (13.., _) => "grid many",
        (_, 1..) => "grid few",
        _ => "grid",
    };
    let heads = columns
        .iter()
        .filter_map(|index| view.sites.get(*index))
        .map(|site| view! { <th scope="col" class="site"><a href=site.path.clone()>{site.name.clone()}</a></th> })
        .collect_view();
    let more = (rest > 0).then(|| view! { <th scope="col" class="site">{format!("{rest} more")}</th> });
    let rows = view.rows.iter().map(|row| wide_row(view, row, columns, rest)).collect_view();
    view! {
        <table class=class>
            <caption class="unseen">"Status and instruction in force of each system at each site"</caption>
            <thead>
                <tr>
                    <th scope="col" class="system">"System and status"</th>
                    <th scope="col" class="order">"Instruction in force"</th>
                    {heads}
                    {more}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn wide_row(view: &BoardView, row: &MatrixRow, columns: &[usize], rest: usize) -> AnyView {
    let cells = columns
        .iter()
        .filter_map(|index| Some((view.sites.get(*index)?, row.cells.get(*index)?)))
        .map(|(site, cell)| wide_cell(row, &site.name, cell))
        .collect_view();
    let more = (rest > 0).then(|| {
        view! { <td><div class="run"><span class="same">"same"</span></div></td> }
    });
    view! {
        <tr class=row.order.look.code()>
            <th scope="row" class="system">
                <a href=row.path.clone()>{row.name.clone()}</a>
                {status_line(row)}
            </th>
            <td class="order"><div class="run">{icon::order(row.order.look)}<b>{row.order.words.clone()}</b></div></td>
            {cells}
            {more}
        </tr>
    }
    .into_any()
}

fn wide_cell(row: &MatrixRow, site: &str, cell: &Cell) -> AnyView {
    let words = cell.own.as_ref().map_or(&row.order.words, |own| &own.words);
    let name = format!("{} at {site}: {}, {words}", row.name, cell.status.words());
    let shape = view! { <span class=icon::status_class(cell.status)>{icon::status(cell.status)}</span> };
    match &cell.own {
        None => view! {
            <td><div class="run mid">{shape}<span class="unseen">{name}</span></div></td>
        }
        .into_any(),
        Some(own) => view! {
            <td class=own.look.code()>
                <div class="own" title=own.words.clone()>
                    <span aria-hidden="true">{shape}" "{own.short.clone()}</span>
                    <span class="unseen">{name}</span>
                </div>
            </td>
        }
        .into_any(),
    }
}

fn status_line(row: &MatrixRow) -> AnyView {
    let mut words = capital(row.status.words());
    if !row.since.is_empty() && row.status != Status::Operational {
        words = format!("{words} {}", row.since);
    }
    tag::status(row.status, &words)
}

fn narrow(view: &BoardView) -> AnyView {
    let rows = view.rows.iter().map(|row| narrow_row(view, row)).collect_view();
    view! {
        <div class="list">
            <p class="list-heads" aria-hidden="true">
                <span>"System and status"</span><span>"Instruction"</span><span>"Different at"</span>
            </p>
            <ul>{rows}</ul>
        </div>
    }
    .into_any()
}

fn narrow_row(view: &BoardView, row: &MatrixRow) -> AnyView {
    let sites = view.sites.len();
    let reach = match row.run_length() {
        all if all == sites => format!("all {sites} sites"),
        1 => "1 site".to_owned(),
        some => format!("{some} sites"),
    };
    let exceptions: Vec<_> = row.exceptions();
    let none = exceptions.is_empty().then(|| view! { <li class="nothing">"none"</li> });
    let exceptions = exceptions
        .into_iter()
        .map(|(shown, at)| {
            let names: Vec<String> =
                at.iter().filter_map(|index| view.sites.get(*index)).map(|site| site.name.clone()).collect();
            view! {
                <li class=shown.look.code()>
                    {icon::order(shown.look)}
                    <span><b>{shown.short}": "</b>{some_of(&names)}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <li class=row.order.look.code()>
            <p class="system">
                <a href=row.path.clone()>{row.name.clone()}</a>
                {status_line(row)}
            </p>
            <p class="run">{icon::order(row.order.look)}<b>{row.order.words.clone()}</b><span>{reach}</span></p>
            <ul>{none}{exceptions}</ul>
        </li>
    }
    .into_any()
}

/// The first names and how many more, so that forty sites do not fill a phone.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 8;
    if names.len() <= SHOWN + 1 {
        return names.join(", ");
    }
    format!("{} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN)
}

fn legend(boxed: bool) -> AnyView {
    let statuses = Status::ALL
        .into_iter()
        .map(|status| {
            view! { <span><span class=icon::status_class(status)>{icon::status(status)}</span>" "{status.words()}</span> }
        })
        .collect_view();
    view! {
        <p class="legend">
            {boxed
                .then(|| view! { <span class="boxed"><span class="box-shape"></span>"Boxed: this site has its own instruction"</span> })}
            <span class="shapes"><span>"Status at the site:"</span>{statuses}</span>
        </p>
    }
    .into_any()
}

fn capital(words: &str) -> String {
    let mut characters = words.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + characters.as_str())
}
