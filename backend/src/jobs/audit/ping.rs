//! The sign of life to an address outside: a monitor there raises the alarm when it stops. So a server that is gone,
//! or an auditor that does not run, is noticed as well.

use std::time::Duration;

use crate::{config::Config, web::server::choose_cryptography};

const DEADLINE: Duration = Duration::from_secs(10);

/// The address and how the last ping went.
pub struct Ping {
    to: Option<(reqwest::Client, reqwest::Url)>,
    /// Why the last one did not arrive; empty when it did.
    trouble: String,
}

impl Ping {
    /// The ping of the settings. An address that cannot be used is said once in the log, and the monitor hears nothing.
    pub fn of(config: &Config) -> Self {
        let to = config.ping_url.as_ref().and_then(|address| {
            client(&address.0).map_err(|error| tracing::error!("nothing can be pinged: {error}")).ok()
        });
        Self { to, trouble: String::new() }
    }

    /// Says that everything adds up. What goes wrong is logged once, until it changes.
    pub async fn send(&mut self) {
        let Some((client, address)) = &self.to else { return };
        let trouble = match client.get(address.clone()).send().await {
            Ok(answer) if answer.status().is_success() => String::new(),
            Ok(answer) => format!("it answers {}", answer.status().as_u16()),
            Err(error) if error.is_timeout() => "no answer in time".into(),
            Err(_) => "no connection".into(),
        };
        // The address may hold a secret and is not written down.
        match (trouble == self.trouble, trouble.is_empty()) {
            (true, _) => {}
            (false, true) => tracing::warn!("the monitor's address takes pings again"),
            (false, false) => tracing::error!("the monitor's address took no ping: {trouble}"),
        }
        self.trouble = trouble;
    }
}

fn client(address: &str) -> Result<(reqwest::Client, reqwest::Url), String> {
    let address =
        reqwest::Url::parse(address).map_err(|error| format!("the address cannot be read: {error}"))?;
    if !matches!(address.scheme(), "http" | "https") {
        return Err("the address must begin with http:// or https://".into());
    }
    choose_cryptography();
    let client = reqwest::Client::builder().timeout(DEADLINE).build().map_err(|error| error.to_string())?;
    Ok((client, address))
}
