//! The public page of one site: may I use it here? Complete without script, absolute times only, and nothing on
//! it that another site was told.

use domain::{
    instructions::Look,
    view::status::{SitesView, StatusView, SystemVerdict},
};
use leptos::prelude::*;

use crate::ui::verdict::{self, Verdict};

/// What the browser's tab reads.
pub fn title(view: &StatusView) -> String {
    format!("{}: may I use it here?", view.short_name)
}

/// The body of one site's page.
pub fn body(view: &StatusView) -> AnyView {
    view! {
        {top(view)}
        {copy(view)}
        <main>
            {verdicts(view)}
            {relying(view)}
            {links(view)}
        </main>
        {check()}
    }
    .into_any()
}

/// The body of one site's page in a copy that stands elsewhere: nothing in it leads back to this server.
pub fn copied(view: &StatusView) -> AnyView {
    let other = format!("Not at {}? Choose your site", view.short_name);
    view! {
        {top(view)}
        {copy(view)}
        <main>
            {verdicts(view)}
            {relying(view)}
            <p class="links"><a href="../index.html">{other}</a></p>
        </main>
    }
    .into_any()
}

fn top(view: &StatusView) -> AnyView {
    let next = view.next_update.as_ref().map(|next| {
        view! {
            <p class="next">"Next update"<b>{next.clock.clone()}</b><span data-until=next.at.seconds().to_string()></span></p>
        }
    });
    let about = if view.downtime { "downtime" } else { "systems" };
    view! {
        <header class="top">
            <div>
                <p>{view.organisation.clone()}" "{about}</p>
                <h1>{view.site.clone()}</h1>
                <p>"As of "{view.as_of.clone()}</p>
            </div>
            {next}
        </header>
    }
    .into_any()
}

/// Above every permission: shown at once when the server could not confirm what it says, and by the script when
/// its last look is too old.
fn copy(view: &StatusView) -> AnyView {
    let words = if view.may_be_revoked { view.warning.clone() } else { view.copy_words() };
    view! { <p class="copy" role="status" data-copy="" hidden=!view.may_be_revoked>{words}</p> }.into_any()
}

fn verdicts(view: &StatusView) -> AnyView {
    if !view.downtime && view.verdicts.is_empty() {
        return view! { <p class="row none"><span>"No downtime is declared here."</span><b>"NO ORDER"</b></p> }
            .into_any();
    }
    let silent = view.verdicts.iter().any(|each| each.look == Look::NoOrder);
    let silent = silent
        .then(|| view! { <p class="muted">"NO ORDER: command has not said yet. Ask your unit lead."</p> });
    let verdicts =
        view.verdicts.iter().enumerate().map(|(position, each)| system(each, position)).collect_view();
    view! { {verdicts}{silent} }.into_any()
}

fn system(each: &SystemVerdict, position: usize) -> AnyView {
    let others = each.others.iter().map(|other| system(other, position)).collect_view();
    let units = each
        .units
        .iter()
        .map(|unit| verdict::row(unit.look, &format!("{} in {}", each.system, unit.unit), &unit.words))
        .collect_view();
    if !each.is_block(position) {
        let words = each.lines.join(". ");
        let instead =
            (!each.instead.is_empty()).then(|| view! { <p class="muted">{each.instead.join(" ")}</p> });
        return view! { {verdict::row(each.look, &each.system, &words)}{instead}{others}{units} }.into_any();
    }
    let block = verdict::block(Verdict {
        look: each.look,
        system: each.system.clone(),
        since: each.since.clone(),
        lines: each.lines.clone(),
        texts: each.instead.clone(),
    });
    view! { {block}{others}{units} }.into_any()
}

/// How long what is permitted here may be relied on.
fn relying(view: &StatusView) -> AnyView {
    view! { <p class="note">{view.relying()}</p> }.into_any()
}

fn links(view: &StatusView) -> AnyView {
    let other = format!("Not at {}? Choose your site", view.short_name);
    view! {
        <p class="links"><a href="/status">{other}</a><a href="#" data-print="" hidden>"Print"</a></p>
    }
    .into_any()
}

fn check() -> AnyView {
    view! {
        <footer><form class="check" method="get" action="/verify">
            <label for="code"><b>"Is a message real? Type its code"</b></label>
            <p class="hint">"6 letters and numbers at its end, in the form XXX-XXX"</p>
            <div>
                <input id="code" name="code" autocomplete="off" autocapitalize="characters"/>
                <button type="submit">"Check"</button>
            </div>
        </form></footer>
    }
    .into_any()
}

/// The body of the page on which one chooses a site.
pub fn choose(view: &SitesView) -> AnyView {
    let sites = view
        .sites
        .iter()
        .map(|site| view! { <li><a class="button" href=site.path.clone()>{site.name.clone()}</a></li> })
        .collect_view();
    let empty = view.sites.is_empty().then(|| view! { <p>"No site is known here yet."</p> });
    view! {
        <header class="top">
            <div>
                <p>{view.organisation.clone()}</p>
                <h1>"Where are you?"</h1>
                <p>"As of "{view.as_of.clone()}</p>
            </div>
        </header>
        <main><ul class="choices">{sites}</ul>{empty}</main>
        {check()}
    }
    .into_any()
}
