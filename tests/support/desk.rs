//! A desk at which the people of a scenario take turns, and the three ways of working at it: a browser without
//! JavaScript, Chromium with a pointer, Chromium with the keyboard alone. One script works at all of them.

mod window;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::Value;
use window::{FIND_BUTTON, FIND_LINK, fills, leaves};

use crate::{
    Page, Person,
    browser::Browser,
    cast::{self, PASSWORD},
    page::Form,
};

/// How long a page may take to come, or to say what is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// The cookie of a session.
const SESSION: &str = backend::web::session::COOKIE;

/// What somebody puts into one field of a form, found by its label.
#[derive(Debug, Clone)]
pub enum Entry<'a> {
    Types(&'a str, &'a str),
    Chooses(&'a str, &'a str),
    Ticks(&'a str),
    Unticks(&'a str),
    Attaches(&'a str, &'a str, &'a [u8]),
}

/// What the people work with.
pub enum Way {
    /// HTML, forms and cookies.
    Plain(Person),
    /// A real browser; with `keys`, nothing is pointed at.
    Window { browser: Box<Browser>, keys: bool },
}

/// The desk.
pub struct Desk {
    way: Way,
    /// Where plain browsers were left, and the session cookies of a window, by login.
    plain: BTreeMap<String, Person>,
    cookies: BTreeMap<String, String>,
    stranger: Person,
    page: Option<Page>,
    /// Whether the last form was refused by its status.
    refused: bool,
    /// Pictures are taken of what is shown, as `FOLDER/NUMBER-NAME-WIDTH.png`.
    pictures: Option<(String, usize)>,
}

impl Desk {
    /// A desk without JavaScript at this door.
    pub fn plain(stranger: Person) -> Self {
        Self::with(Way::Plain(stranger.clone()), stranger)
    }

    /// A desk with Chromium.
    pub fn window(browser: Browser, keys: bool, stranger: Person) -> Self {
        Self::with(Way::Window { browser: Box::new(browser), keys }, stranger)
    }

    fn with(way: Way, stranger: Person) -> Self {
        Self {
            way,
            plain: BTreeMap::new(),
            cookies: BTreeMap::new(),
            stranger,
            page: None,
            refused: false,
            pictures: None,
        }
    }

    /// Takes pictures of what is shown into this folder of the tests' output.
    #[must_use]
    pub fn with_pictures(self, folder: &str) -> Self {
        Self { pictures: Some((folder.to_owned(), 0)), ..self }
    }

    /// Somebody takes the chair; the first time they sign in through the page.
    ///
    /// # Panics
    /// When they are not let in.
    pub async fn seats(&mut self, login: &str) {
        match &mut self.way {
            Way::Plain(person) => {
                *person = match self.plain.remove(login) {
                    Some(kept) => kept,
                    None => cast::signs_in(self.stranger.clone(), login).await,
                };
                // A copy shares nothing but the session.
                self.plain.insert(login.to_owned(), person.clone());
            }
            Way::Window { .. } => {
                // A page that stands open would go on asking for news, as nobody.
                self.opens("/status").await;
                let Way::Window { browser, .. } = &self.way else { unreachable!("a way does not change") };
                browser.client.delete_all_cookies().await.expect("the browser answers");
                if let Some(value) = self.cookies.get(login) {
                    browser.takes_back(SESSION, value).await;
                    return;
                }
                self.opens("/sign-in").await;
                self.sends(
                    "Sign in",
                    &[Entry::Types("Name for signing in", login), Entry::Types("Password", PASSWORD)],
                )
                .await;
                let Way::Window { browser, .. } = &self.way else { unreachable!("a way does not change") };
                let cookie =
                    browser.client.get_named_cookie(SESSION).await.expect("signing in makes a session");
                self.cookies.insert(login.to_owned(), cookie.value().to_owned());
            }
        }
    }

    /// Opens a page.
    ///
    /// # Panics
    /// When there is none.
    pub async fn opens(&mut self, path: &str) {
        match &mut self.way {
            Way::Plain(person) => self.page = Some(person.opens(path).await),
            Way::Window { browser, .. } => browser.goes_to(path).await,
        }
    }

    /// Follows the link with these words.
    ///
    /// # Panics
    /// When there is none.
    pub async fn follows(&mut self, words: &str) {
        match &mut self.way {
            Way::Plain(person) => {
                let link = self.page.as_ref().expect("a page is open").link(words);
                self.page = Some(person.opens(&link).await);
            }
            Way::Window { browser, keys } => {
                let find = format!("return {FIND_LINK}({words:?})");
                leaves(browser, *keys, &find, words).await;
            }
        }
    }

    /// Fills in the form that carries this button and presses it: it is accepted.
    ///
    /// # Panics
    /// When there is no such form or field, or when it is refused.
    pub async fn sends(&mut self, button: &str, entries: &[Entry<'_>]) {
        self.submits(button, entries).await;
        let wrong = self.wrong().await;
        assert!(wrong.is_empty(), "{button:?} at {} is refused: {wrong:?}", self.at().await);
    }

    /// Fills in a form and presses its button: it is refused. Gives what is said.
    ///
    /// # Panics
    /// When it is accepted.
    pub async fn is_refused(&mut self, button: &str, entries: &[Entry<'_>]) -> String {
        self.submits(button, entries).await;
        let wrong = self.wrong().await;
        assert!(!wrong.is_empty(), "{button:?} at {} is accepted: {}", self.at().await, self.text().await);
        wrong.join(" ")
    }

    async fn submits(&mut self, button: &str, entries: &[Entry<'_>]) {
        match &mut self.way {
            Way::Plain(person) => {
                let mut form = self.page.as_ref().expect("a page is open").form(button);
                for entry in entries {
                    form = filled(form, entry);
                }
                let answer = person.sends(&form, button).await;
                assert!(
                    answer.status.is_success() || answer.status.is_client_error(),
                    "{button:?}: {answer:?}"
                );
                self.refused = answer.status.is_client_error();
                self.page = Some(answer.page());
            }
            Way::Window { browser, keys } => {
                let form = format!("{FIND_BUTTON}({button:?}).form");
                for entry in entries {
                    fills(browser, *keys, &form, entry).await;
                }
                leaves(browser, *keys, &format!("return {FIND_BUTTON}({button:?})"), button).await;
            }
        }
    }

    /// What the page says is wrong with what was sent.
    async fn wrong(&self) -> Vec<String> {
        match &self.way {
            Way::Plain(_) if !self.refused => Vec::new(),
            Way::Plain(_) => {
                let page = self.page.as_ref().expect("a page is open");
                let said = page.texts(WRONG);
                if said.is_empty() { vec![page.text()] } else { said }
            }
            Way::Window { browser, .. } => {
                let script =
                    format!("return [...document.querySelectorAll({WRONG:?})].map(each => each.innerText)");
                texts(&browser.runs(&script).await)
            }
        }
    }

    /// The address of the page that is shown.
    pub async fn at(&self) -> String {
        match &self.way {
            Way::Plain(person) => person.at.clone(),
            Way::Window { browser, .. } => browser.at().await,
        }
    }

    /// All that can be read on the page.
    pub async fn text(&self) -> String {
        let text = match &self.way {
            Way::Plain(_) => self.page.as_ref().expect("a page is open").text(),
            Way::Window { browser, .. } => browser.text().await,
        };
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The page's heading.
    pub async fn heading(&self) -> String {
        let text = match &self.way {
            Way::Plain(_) => self.page.as_ref().expect("a page is open").heading(),
            Way::Window { browser, .. } => {
                let script = "return document.querySelector('h1')?.innerText ?? ''";
                browser.runs(script).await.as_str().unwrap_or_default().to_owned()
            }
        };
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Where the links lead whose address contains this, each once, in order.
    pub async fn links(&self, part: &str) -> Vec<String> {
        let all = match &self.way {
            Way::Plain(_) => {
                let page = self.page.as_ref().expect("a page is open");
                page.all("a[href]")
                    .iter()
                    .filter_map(|link| link.attr("href"))
                    .map(ToOwned::to_owned)
                    .collect()
            }
            Way::Window { browser, .. } => {
                let script =
                    "return [...document.querySelectorAll('a[href]')].map(each => each.getAttribute('href'))";
                texts(&browser.runs(script).await)
            }
        };
        let mut kept: Vec<String> = Vec::new();
        for link in all {
            if link.contains(part) && !kept.contains(&link) {
                kept.push(link);
            }
        }
        kept
    }

    /// Whether a form with this button is offered.
    pub async fn offers(&self, button: &str) -> bool {
        match &self.way {
            Way::Plain(_) => {
                let page = self.page.as_ref().expect("a page is open");
                page.texts("form button").iter().any(|words| words.contains(button))
            }
            Way::Window { browser, .. } => {
                browser.runs(&format!("return Boolean({FIND_BUTTON}({button:?}))")).await == true
            }
        }
    }

    /// How many elements a CSS selector finds.
    pub async fn counts(&self, selector: &str) -> usize {
        match &self.way {
            Way::Plain(_) => self.page.as_ref().expect("a page is open").all(selector).len(),
            Way::Window { browser, .. } => {
                let count =
                    browser.runs(&format!("return document.querySelectorAll({selector:?}).length")).await;
                count.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
            }
        }
    }

    /// Opens a page again and again until it says something.
    ///
    /// # Panics
    /// When it does not say it in time.
    pub async fn waits_for(&mut self, path: &str, words: &str) {
        let began = Instant::now();
        loop {
            self.opens(path).await;
            let text = self.text().await;
            if text.contains(words) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{path} does not say {words:?}: {text}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// In a window: nothing is wrong with the page that is shown, wide and on a phone; a picture of each is kept.
    ///
    /// # Panics
    /// When something is wrong, with all of it.
    pub async fn looks(&mut self, name: &str) {
        let Way::Window { browser, .. } = &self.way else { return };
        let Some((folder, number)) = &mut self.pictures else { return };
        *number += 1;
        let mut faults = Vec::new();
        for (width, height) in [(360, 740), (1280, 900)] {
            browser.size(width, height).await;
            faults.extend(browser.faults().await);
            browser.pictures(&format!("{folder}/{number:02}-{name}-{width}")).await;
        }
        assert!(faults.is_empty(), "{name}: {faults:#?}");
    }

    /// Ends the browser, if there is one.
    pub async fn ends(self) {
        if let Way::Window { browser, .. } = self.way {
            browser.close().await;
        }
    }
}

/// Errors at fields and above a form.
const WRONG: &str = "main p.error, main [role=alert]";

fn filled(form: Form, entry: &Entry<'_>) -> Form {
    match entry {
        Entry::Types(label, text) => form.types(label, *text),
        Entry::Chooses(label, choice) => form.chooses(label, choice),
        Entry::Ticks(label) => form.ticks(label),
        Entry::Unticks(label) => form.unticks(label),
        Entry::Attaches(label, name, bytes) => form.attaches(label, name, *bytes),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(|each| each.as_str()).map(ToOwned::to_owned).collect()
}
