//! A second rendering of everything that is public, for places outside: every site with its feeds, and the genuine text of
//! every code. Each file carries from the start the line that says of when it is and that it may be revoked.

use std::collections::BTreeMap;

use domain::{
    time::Timestamp,
    view::{
        broadcasts::Verified,
        publishing::{CopiedCode, CopiedMessage, CopyIndex, DAYS_OF_CODES},
        status::{SiteLink, copy_words},
    },
};
use frontend::pages::{copies, status as page};

use super::{
    Edition,
    feeds::fingerprint,
    make, notices,
    page::{Site, Views, forms_for_programs, read},
};
use crate::{
    accounts::store as accounts,
    app::App,
    broadcasts::pages::{Issued, all_issued},
    store::Error,
};

/// All files of one copy, by their paths inside it.
#[derive(Debug)]
pub struct Copy {
    /// As of when it is.
    pub of: Timestamp,
    /// The same on the steady clock.
    pub steady: i64,
    /// What changes with the minute and with the content alone.
    fingerprint: String,
    /// The first page, and what each site says: they change with the minute and are brought first.
    pub pages: Files,
    /// The pages of codes, each of which changes only with what is said of it.
    pub codes: Files,
}

/// Contents by path.
pub type Files = BTreeMap<String, Vec<u8>>;

const STYLE: &str = "style.css";

/// Makes a copy of what holds now; `None` when that is what is known. Most decisions change nothing that is public.
///
/// # Errors
/// When the database does not answer.
pub async fn copy(app: &App, known: Option<&Copy>) -> Result<Option<Copy>, Error> {
    // The feeds of the copy say what those of the pages say, under the same numbers.
    let edition = make(app, app.clock.now().seconds().div_euclid(60)).await?;
    let steady = app.clock.steady();
    let mut tx = app.db.read().await?;
    let views = read(app, &mut tx).await?;
    let written = notices::newest(&mut tx).await?;
    let zone = accounts::installation(&mut tx).await?.zone();
    let since = app.clock.now().plus_minutes(-DAYS_OF_CODES * 24 * 60);
    let messages = all_issued(&mut tx, &zone, since).await?;
    drop(tx);
    let sites: Vec<_> = views.sites.iter().map(|site| (&site.code, &site.view)).collect();
    let fingerprint = fingerprint(&(&views.choose, sites, &messages));
    if known.is_some_and(|known| known.fingerprint == fingerprint) {
        return Ok(None);
    }
    let mut pages = status_pages(app, &views, &edition, written);
    let (codes, listed) = code_pages(&views.choose.organisation, messages);
    pages.insert("index.html".to_owned(), index(&views, listed));
    Ok(Some(Copy { of: views.as_of, steady, fingerprint, pages, codes }))
}

fn status_pages(app: &App, views: &Views, edition: &Edition, written: notices::Notices) -> Files {
    let (notices, _) = super::page::notices(views, written, Some(&edition.notices));
    let mut files =
        BTreeMap::from([(STYLE.to_owned(), frontend::packed(frontend::PUBLIC_STYLESHEET).into_bytes())]);
    for site in &views.sites {
        let view = site.view.copied();
        let path = |form: &str| format!("status/{}.{form}", site.code);
        let (json, rss, cap) = forms_for_programs(app, views.as_of, site, &view, &notices);
        let html = document(&page::title(&view), 1, page::copied(&view));
        files.insert(path("html"), html.into_bytes());
        files.insert(path("json"), json);
        files.insert(path("rss"), rss.into_bytes());
        files.extend(cap.map(|cap| (path("cap"), cap.into_bytes())));
    }
    files
}

/// The page of each code, and its line on the first page.
fn code_pages(organisation: &str, messages: Vec<Issued>) -> (Files, Vec<CopiedCode>) {
    let (mut files, mut codes) = (Files::new(), Vec::new());
    for Issued { found, since } in messages {
        let Some(code) = copied_code(&found) else { continue };
        let warning = copy_words(&since);
        let message = CopiedMessage { organisation: organisation.to_owned(), since, warning, found };
        let html = document(&copies::code_title(&message), 1, copies::code(&message));
        files.insert(code.path.clone(), html.into_bytes());
        codes.push(code);
    }
    (files, codes)
}

fn index(views: &Views, codes: Vec<CopiedCode>) -> Vec<u8> {
    let index = CopyIndex {
        organisation: views.choose.organisation.clone(),
        as_of: views.choose.as_of.clone(),
        warning: copy_words(&views.as_of_clock),
        sites: views.sites.iter().map(link).collect(),
        codes,
    };
    document("Where are you?", 0, copies::index(&index)).into_bytes()
}

fn link(site: &Site) -> SiteLink {
    SiteLink { name: site.view.site.clone(), path: format!("status/{}.html", site.code) }
}

fn copied_code(found: &Verified) -> Option<CopiedCode> {
    let (code, sent, taken_back) = match found {
        Verified::Belongs { code, sent, .. } => (code, sent, false),
        Verified::TakenBack { code, sent, .. } => (code, sent, true),
        Verified::NothingTyped | Verified::NotACode { .. } | Verified::NotIssued => return None,
    };
    Some(CopiedCode {
        code: code.clone(),
        path: format!("verify/{code}.html"),
        sent: sent.clone(),
        taken_back,
    })
}

/// A page that lies so many folders deep, and finds its style sheet wherever the copy stands.
fn document(title: &str, depth: usize, body: leptos::prelude::AnyView) -> String {
    frontend::public_page(title, &format!("{}{STYLE}", "../".repeat(depth)), None, body)
}
