//! The hands at a window of Chromium: fields found by their labels, with a pointer or by keys alone.

use std::time::{Duration, Instant};

use super::{Entry, PATIENCE};
use crate::browser::Browser;

const TAB: char = '\u{E004}';
const ENTER: char = '\u{E007}';
const SPACE: char = ' ';
const DOWN: char = '\u{E015}';
/// Control and A, then the key that lets both go.
const ALL: &str = "\u{E009}a\u{E000}";

pub(super) const FIND_LINK: &str = "(words => [...document.querySelectorAll('a[href]')].find(each =>
    each.offsetParent !== null && (each.innerText.replace(/\\s+/g, ' ').includes(words) || each.ariaLabel === words)))";

/// How many stops of the Tab key what was found lies after what has the focus; before it, when negative. Of round
/// boxes the Tab key visits one.
const AHEAD: &str = "const group = each => [...document.querySelectorAll('input[type=radio]')]
        .filter(other => other.name === each.name && other.form === each.form);
    const visited = each => each.type !== 'radio' ? each : group(each).find(other => other.checked) ?? group(each)[0];
    const stops = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
        .filter(each => each.type !== 'hidden' && !each.disabled && each.checkVisibility() && visited(each) === each);
    return stops.indexOf(visited(found)) - stops.indexOf(document.activeElement)";

pub(super) const FIND_BUTTON: &str =
    "(words => [...document.querySelectorAll('form button, form input[type=submit]')].find(each =>
    each.textContent.replace(/\\s+/g, ' ').includes(words)))";

/// Finds a control of a form by its label, as a person without a pointer would hear it named.
const FIND_FIELD: &str = "((form, words, kinds) => {
    const named = [...form.elements].filter(each => each.matches(kinds) && each.labels?.length)
        .map(each => [each, each.labels[0].textContent.replace(/\\s+/g, ' ').trim()]);
    return (named.find(([, label]) => label === words) ?? named.find(([, label]) => label.includes(words)) ?? [])[0];
})";

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

pub(super) async fn fills(browser: &Browser, keys: bool, form: &str, entry: &Entry<'_>) {
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
pub(super) async fn leaves(browser: &Browser, keys: bool, find: &str, what: &str) {
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
