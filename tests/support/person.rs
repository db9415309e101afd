//! A person with a browser without JavaScript: opens pages, reads them, fills in the forms that are there, keeps
//! cookies and follows redirects. Nothing is sent that the page did not offer.

use std::collections::BTreeMap;

use reqwest::Method;

use crate::{
    Page,
    door::{Answer, Door, Request},
    page::Form,
    program::multipart,
};

/// Someone at a browser.
#[derive(Clone)]
pub struct Person {
    pub door: Door,
    /// The page's address, path and query.
    pub at: String,
    cookies: BTreeMap<String, String>,
}

impl Person {
    /// Somebody who has not signed in.
    pub fn stranger(door: Door) -> Self {
        Self { door, at: "/".to_owned(), cookies: BTreeMap::new() }
    }

    /// The same browser with a cookie of an earlier visit.
    #[must_use]
    pub fn with_cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Opens an address, whatever the answer; redirects are followed.
    pub async fn asks(&mut self, path: &str) -> Answer {
        let answer = self.send(Request::new(Method::GET, path)).await;
        self.follow(path, answer).await
    }

    /// Opens a page.
    ///
    /// # Panics
    /// When there is none.
    pub async fn opens(&mut self, path: &str) -> Page {
        self.asks(path).await.expect(200).page()
    }

    /// Presses a button of a form and follows where it leads, whatever the answer.
    pub async fn sends(&mut self, form: &Form, button: &str) -> Answer {
        let (path, answer) = self.sends_once(form, button).await;
        self.follow(&path, answer).await
    }

    /// Presses a button of a form that is accepted: the page it leads to.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn presses(&mut self, form: &Form, button: &str) -> Page {
        self.sends(form, button).await.expect(200).page()
    }

    /// Presses a button of a form that is refused: the same form again, with what was typed and what is wrong.
    ///
    /// # Panics
    /// When the answer is anything but 422.
    pub async fn is_refused(&mut self, form: &Form, button: &str) -> Page {
        self.sends(form, button).await.expect(422).page()
    }

    /// Presses a button and stays at the first answer: where it went and what came back.
    pub async fn sends_once(&mut self, form: &Form, button: &str) -> (String, Answer) {
        let path = if form.action.is_empty() { self.at.clone() } else { self.resolve(&form.action) };
        let filled = form.pressed(button);
        let fields: Vec<(&str, &str)> =
            filled.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = if form.method == "get" {
            let base = path.split('?').next().unwrap_or_default();
            Request::new(Method::GET, &format!("{base}?{}", urlencoded(&fields)))
        } else if form.multipart {
            let file = filled.files.first();
            let file = file.map(|(field, name, bytes)| (field.as_str(), name.as_str(), bytes.as_slice()));
            let (media, body) = multipart(&fields, file);
            Request::new(Method::POST, &path).body(&media, body)
        } else {
            Request::new(Method::POST, &path).body("application/x-www-form-urlencoded", urlencoded(&fields))
        };
        let path = request.path.clone();
        (path, self.send(request).await)
    }

    /// Sends any request as this browser would: with its cookies, its origin and its wish for pages.
    pub async fn send(&mut self, request: Request) -> Answer {
        let mut request = request.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        if request.method != Method::GET && !request.headers.contains_key("origin") {
            request = request.header("origin", &self.door.origin());
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", &cookies.join("; "));
        }
        let answer = self.door.send(request).await;
        for set in answer.headers.get_all("set-cookie") {
            let cookie = set.to_str().unwrap_or_default();
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                if value.is_empty() || cookie.to_ascii_lowercase().contains("max-age=0") {
                    self.cookies.remove(name.trim());
                } else {
                    self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
                }
            }
        }
        answer
    }

    /// Throws the cookies away, as an expired session or another browser would.
    pub fn forgets_everything(&mut self) {
        self.cookies.clear();
    }

    async fn follow(&mut self, path: &str, mut answer: Answer) -> Answer {
        path.clone_into(&mut self.at);
        for _ in 0..5 {
            if !answer.status.is_redirection() {
                return answer;
            }
            let next = self.resolve(answer.header("location"));
            answer = self.send(Request::new(Method::GET, &next)).await;
            self.at = next;
        }
        panic!("{path} redirects for ever: {answer:?}");
    }

    /// A link's address as a path on this server.
    fn resolve(&self, link: &str) -> String {
        let path = link.strip_prefix(&self.door.origin()).unwrap_or(link);
        let path = path.split('#').next().unwrap_or_default();
        if path.starts_with('/') {
            return path.to_owned();
        }
        let here = self.at.split('?').next().unwrap_or_default();
        if path.is_empty() || path.starts_with('?') {
            return format!("{here}{path}");
        }
        let folder = here.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{path}")
    }
}

/// Fields as a form sends them.
fn urlencoded(fields: &[(&str, &str)]) -> String {
    serde_html_form::to_string(fields).expect("pairs of texts can always be written")
}
