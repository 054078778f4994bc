//! What the commands that steer a running gateway or lab share: its address, the token, one
//! request.

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use std::time::Duration;
use ureq::Agent;
use ureq::http::{Method, Request};

/// How long the gateway may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a running gateway or lab is told what to do.
#[derive(Args, Clone, Debug)]
pub(super) struct AdminArgs {
    /// The admin address of the gateway or lab
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8583")]
    pub admin: String,
    /// The token that its configuration knows
    #[arg(
        long,
        value_name = "TOKEN",
        env = "ISOGATE_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
}

/// An answer of the gateway.
#[derive(Clone, Debug)]
pub(super) struct ControlAnswer {
    /// The status of HTTP.
    pub status: u16,
    pub document: Value,
}

impl AdminArgs {
    /// Asks, and gives the answer, whatever its status.
    pub(super) fn ask(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<ControlAnswer> {
        let told = || format!("the admin address {} (--admin)", self.admin);
        let answer = self.send(method, path, body).with_context(told)?;
        match answer.status {
            401 | 403 | 429 => bail!("{}", answer.said()),
            _ => Ok(answer),
        }
    }

    fn send(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<ControlAnswer> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .allow_non_standard_methods(true);
        let agent = Agent::new_with_config(config.build());
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.admin));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut answer = match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json");
                agent.run(request.body(body.to_string())?)?
            }
            None => agent.run(request.body(())?)?,
        };
        let status = answer.status().as_u16();
        let document = answer.body_mut().read_json();
        let document =
            document.context("no answer that is understood; is this an isogate of today?")?;
        Ok(ControlAnswer { status, document })
    }
}

impl ControlAnswer {
    pub(super) const fn is_fine(&self) -> bool {
        self.status < 400
    }

    /// A text of the answer; empty if it has none of that name.
    pub(super) fn text(&self, key: &str) -> &str {
        self.document[key].as_str().unwrap_or_default()
    }

    /// What is wrong, and what would help.
    pub(super) fn said(&self) -> String {
        match self.text("hint") {
            "" => self.text("error").to_owned(),
            hint => format!("{}: {hint}", self.text("error")),
        }
    }

    /// The answer if it was done.
    pub(super) fn fine(self) -> anyhow::Result<Self> {
        match self.is_fine() {
            true => Ok(self),
            false => bail!("{}", self.said()),
        }
    }
}

/// Who the user is, as far as the system tells.
pub(super) fn user() -> Option<String> {
    let names = ["USER", "USERNAME"];
    names.iter().find_map(|name| std::env::var(name).ok())
}

/// A body that says who wants it.
pub(super) fn by(who: Option<&str>) -> Value {
    json!({ "who": who.map_or_else(|| user().unwrap_or_default(), str::to_owned) })
}

/// A text as a part of an address.
pub(super) fn in_address(text: &str) -> String {
    use std::fmt::Write;
    let mut part = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            part.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _written = write!(part, "%{byte:02X}");
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_an_address_whatever_it_is() {
        assert_eq!(in_address("li-1&x=李"), "li%2D1%26x%3D%E6%9D%8E");
    }
}
