//! A desk at which the people of a scenario take turns, and the three ways of working at it: a browser without
//! JavaScript, Chromium with a pointer, Chromium with the keyboard alone. One script works at all of them.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::Value;

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
const TAB: char = '\u{E004}';
const ENTER: char = '\u{E007}';
const SPACE: char = ' ';
const DOWN: char = '\u{E015}';
/// Control and A, then the key that lets both go.
const ALL: &str = "\u{E009}a\u{E000}";

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
            Way::Window { browser, .. } => {
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

const FIND_LINK: &str = "(words => [...document.querySelectorAll('a[href]')].find(each =>
    each.offsetParent !== null && (each.innerText.replace(/\\s+/g, ' ').includes(words) || each.ariaLabel === words)))";

/// How many stops of the Tab key what was found lies after what has the focus; before it, when negative. Of round
/// boxes the Tab key visits one.
const AHEAD: &str = "const group = each => [...document.querySelectorAll('input[type=radio]')]
        .filter(other => other.name === each.name && other.form === each.form);
    const visited = each => each.type !== 'radio' ? each : group(each).find(other => other.checked) ?? group(each)[0];
    const stops = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
        .filter(each => each.type !== 'hidden' && !each.disabled && each.checkVisibility() && visited(each) === each);
    return stops.indexOf(visited(found)) - stops.indexOf(document.activeElement)";

const FIND_BUTTON: &str =
    "(words => [...document.querySelectorAll('form button, form input[type=submit]')].find(each =>
    each.textContent.replace(/\\s+/g, ' ').includes(words)))";

/// Finds a control of a form by its label, as a person without a pointer would hear it named.
const FIND_FIELD: &str = "((form, words, kinds) => {
    const named = [...form.elements].filter(each => each.matches(kinds) && each.labels?.length)
        .map(each => [each, each.labels[0].textContent.replace(/\\s+/g, ' ').trim()]);
    return (named.find(([, label]) => label === words) ?? named.find(([, label]) => label.includes(words)) ?? [])[0];
})";

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

/// Moves the focus to what a script finds, by the Tab key alone.
///
/// # Panics
/// When the key does not lead there.
async fn tabs_to(browser: &Browser, find: &str, what: &str) {
    let there = format!(
        "const found = (() => {{ {find} }})(); const here = document.activeElement;
        return here === found || (found?.type === 'radio' && here?.type === 'radio' && here.name === found.name && here.form === found.form)"
    );
    for _ in 0..60 {
        if browser.runs(&there).await == true {
            return;
        }
        // Many keys in one go up to where it should be; then one by one.
        let ahead = browser.runs(&format!("const found = (() => {{ {find} }})(); {AHEAD}")).await;
        match ahead.as_i64().unwrap_or_default() {
            back @ ..0 => browser.strikes_with_shift(TAB, back.unsigned_abs()).await,
            ahead => browser.strikes(TAB, ahead.unsigned_abs().saturating_sub(2).max(1)).await,
        }
    }
    panic!("the Tab key does not lead to {what:?} on {}: {}", browser.at().await, browser.text().await);
}

/// Unfolds what hides a thing.
async fn unfolds(browser: &Browser, keys: bool, find: &str) {
    let summary =
        format!("return (() => {{ {find} }})()?.closest('details:not([open])')?.querySelector('summary')");
    while browser.runs(&summary.replacen("return ", "return !!", 1)).await == true {
        if keys {
            tabs_to(browser, &summary, "a fold").await;
            browser.strikes(ENTER, 1).await;
        } else {
            browser.runs(&format!("(() => {{ {summary} }})().click()")).await;
        }
    }
}

async fn fills(browser: &Browser, keys: bool, form: &str, entry: &Entry<'_>) {
    let (label, kinds) = match entry {
        Entry::Types(label, _) => (label, "input:not([type=radio], [type=checkbox], [type=file]), textarea"),
        Entry::Chooses(label, _) => (label, "select"),
        Entry::Ticks(label) | Entry::Unticks(label) => (label, "input[type=radio], input[type=checkbox]"),
        Entry::Attaches(label, ..) => (label, "input[type=file]"),
    };
    let find = format!("return {FIND_FIELD}({form}, {label:?}, {kinds:?})");
    assert!(
        browser.runs(&find.replacen("return ", "return !!", 1)).await == true,
        "no field {label:?} ({kinds}) on {}",
        browser.at().await
    );
    unfolds(browser, keys, &find).await;
    if keys {
        tabs_to(browser, &find, label).await;
    } else {
        browser.runs(&format!("const found = (() => {{ {find} }})(); found.scrollIntoView({{ block: 'center' }}); found.focus()")).await;
    }
    match entry {
        Entry::Types(_, text) => {
            browser.presses(ALL).await;
            // A line break typed into one line would send the form.
            browser.presses(text).await;
        }
        // A list takes the first choice that begins with what is typed.
        Entry::Chooses(_, choice) => {
            let words = format!(
                "return [...(() => {{ {find} }})().options].find(each => each.text.includes({choice:?}) || each.value === {choice:?})?.text"
            );
            let words = browser.runs(&words).await;
            let words = words.as_str().unwrap_or_else(|| panic!("{label:?} does not offer {choice:?}"));
            browser.presses(words).await;
            let chosen =
                browser.runs(&format!("return (() => {{ {find} }})().selectedOptions[0].text")).await;
            assert_eq!(chosen, words, "typing chooses in {label:?}");
        }
        Entry::Ticks(_) => ticks(browser, &find, label, true).await,
        Entry::Unticks(_) => ticks(browser, &find, label, false).await,
        // No dialog opens without a screen: the file is given to the field itself.
        Entry::Attaches(_, name, bytes) => attaches(browser, name, bytes).await,
    }
}

async fn ticks(browser: &Browser, find: &str, label: &str, on: bool) {
    let is_on = format!("return (() => {{ {find} }})().checked");
    let is_here = format!("return (() => {{ {find} }})() === document.activeElement");
    for _ in 0..30 {
        if browser.runs(&is_here).await == true {
            break;
        }
        browser.strikes(DOWN, 1).await;
    }
    if browser.runs(&is_on).await != on {
        browser.strikes(SPACE, 1).await;
    }
    assert_eq!(browser.runs(&is_on).await, on, "{label:?} can be ticked");
}

async fn attaches(browser: &Browser, name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made").keep();
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("the folder is ours");
    browser.presses(&path.display().to_string()).await;
}

/// Presses a link or button and waits for the page it leads to.
async fn leaves(browser: &Browser, keys: bool, find: &str, what: &str) {
    assert!(
        browser.runs(&find.replacen("return ", "return !!", 1)).await == true,
        "nothing says {what:?} on {}: {}",
        browser.at().await,
        browser.text().await
    );
    unfolds(browser, keys, find).await;
    browser.runs("window.theOldPage = true").await;
    if keys {
        tabs_to(browser, find, what).await;
        browser.strikes(ENTER, 1).await;
    } else {
        let script = format!(
            "const found = (() => {{ {find} }})(); found.scrollIntoView({{ block: 'center' }}); found.click()"
        );
        browser.runs(&script).await;
    }
    let left = "return window.theOldPage === undefined && document.readyState === 'complete'";
    let began = Instant::now();
    // While one page goes and the next comes there is nothing to ask.
    while !browser.client.execute(left, Vec::new()).await.is_ok_and(|left| left == true) {
        assert!(began.elapsed() < PATIENCE, "{what:?} leads nowhere on {}", browser.at().await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
