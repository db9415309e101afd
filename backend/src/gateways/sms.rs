//! Text messages through an HTTP gateway in the manner of Kannel's `sendsms`: one request each, the address given
//! as a setting with `{to}` and `{text}`, and `{id}` where the gateway's receipts should name the delivery.

use std::time::Duration;

use futures::future::{BoxFuture, join_all};

use super::{Gateway, Outcome, Outgoing, Report};
use crate::web::server::choose_cryptography;

/// As it stands in the ledger.
pub const NAME: &str = "sms";

/// Requests under way at one moment.
const AT_ONCE: usize = 8;

/// The gateway.
pub struct Sms {
    client: reqwest::Client,
    template: String,
    post: bool,
}

impl Sms {
    /// The gateway of a setting: `http(s)://…{to}…{text}…`, or `post+http(s)://…` to send the query as a form.
    ///
    /// # Errors
    /// One sentence when the address cannot be used.
    pub fn new(setting: &str) -> Result<Self, String> {
        let (post, template) = setting.strip_prefix("post+").map_or((false, setting), |rest| (true, rest));
        if !template.contains("{to}") || !template.contains("{text}") {
            return Err("the address of the SMS gateway needs {to} and {text} where they belong".into());
        }
        let probe = fill(template, "1", "x", "0");
        reqwest::Url::parse(&probe)
            .map_err(|error| format!("the address of the SMS gateway cannot be read: {error}"))?;
        choose_cryptography();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, template: template.to_owned(), post })
    }

    async fn send_one(&self, message: &Outgoing) -> Result<Outcome, String> {
        let address = fill(&self.template, &message.to, &message.text, &message.delivery.to_string());
        let request = match (self.post, address.split_once('?')) {
            (true, Some((path, query))) => self
                .client
                .post(path)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(query.to_owned()),
            (true, None) => self.client.post(&address),
            (false, _) => self.client.get(&address),
        };
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() || error.is_builder() => return Err(plain(&error)),
            Err(error) => return Ok(Outcome::Lost { reply: plain(&error) }),
        };
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        let reply: String = format!("{} {}", status.as_u16(), text.trim()).chars().take(200).collect();
        match status.as_u16() {
            200..=299 => Ok(Outcome::Accepted { reply }),
            401 | 403 | 404 | 405 => Err(reply),
            400 | 422 => Ok(Outcome::Refused { kind: status.as_u16().to_string(), reply }),
            408 | 429 | 500..=599 => Ok(Outcome::Later { reply }),
            other => Ok(Outcome::Unclear { kind: other.to_string(), reply }),
        }
    }
}

/// The error without the address, which may hold a password.
fn plain(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() { "no answer in time" } else { "no connection" };
    format!("SMS gateway: {what}")
}

fn fill(template: &str, to: &str, text: &str, id: &str) -> String {
    let encode = |value: &str| {
        let pair = serde_html_form::to_string([("v", value)]).unwrap_or_default();
        pair.strip_prefix("v=").unwrap_or_default().to_owned()
    };
    // In this order: what people wrote may hold braces.
    template.replace("{id}", &encode(id)).replace("{to}", &encode(to)).replace("{text}", &encode(text))
}

impl Gateway for Sms {
    fn name(&self) -> &'static str {
        NAME
    }

    fn connections(&self) -> usize {
        AT_ONCE
    }

    fn send<'a>(&'a mut self, window: &'a [Outgoing]) -> BoxFuture<'a, Report> {
        let this = &*self;
        Box::pin(async move {
            let mut results = Vec::with_capacity(window.len());
            for few in window.chunks(AT_ONCE) {
                results.extend(join_all(few.iter().map(|message| this.send_one(message))).await);
            }
            let mut fault = None;
            let outcomes = results
                .into_iter()
                .map(|result| {
                    result.unwrap_or_else(|reply| {
                        fault = Some(reply);
                        Outcome::NotTried
                    })
                })
                .collect();
            Report { outcomes, fault }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_text_are_encoded_and_a_brace_in_the_text_stays() {
        let filled = fill("http://h/s?to={to}&text={text}&dlr={id}", "+1555", "a & {to}", "7");
        assert_eq!(filled, "http://h/s?to=%2B1555&text=a+%26+%7Bto%7D&dlr=7");
    }
}
