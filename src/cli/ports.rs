//! Where something listens: told to people, and written as JSON for `--ports`, in one form for all
//! commands.

use super::Lang;
use anyhow::Context;
use serde_json::{Value, json};
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

/// The addresses that were chosen.
#[derive(Debug, Default)]
pub(super) struct ListeningPorts {
    /// Where terminals come in, or an acquirer's clients, each by its name.
    pub(super) listeners: Vec<(String, SocketAddr)>,
    /// The mock acquirer, where the command runs one.
    pub(super) host: Option<SocketAddr>,
    /// The HTTP API.
    pub(super) admin: Option<SocketAddr>,
}

impl ListeningPorts {
    /// `{"listeners":[{"name":…,"address":…,"port":…}],"host":{…},"admin":{…}}`
    fn document(&self) -> Value {
        let one = |address: SocketAddr| json!({ "address": address, "port": address.port() });
        let listeners = self
            .listeners
            .iter()
            .map(|(name, at)| json!({ "name": name, "address": at, "port": at.port() }));
        json!({
            "listeners": listeners.collect::<Vec<_>>(),
            "host": self.host.map(one),
            "admin": self.admin.map(one),
        })
    }

    /// Writes them to the file of `--ports`, if one is given.
    pub(super) fn write(&self, file: Option<&Path>) -> anyhow::Result<()> {
        let Some(file) = file else {
            return Ok(());
        };
        std::fs::write(file, format!("{:#}\n", self.document()))
            .with_context(|| format!("cannot write {} (--ports)", file.display()))
    }

    /// Tells people.
    pub(super) fn announce(&self, lang: Lang, out: &mut dyn Write) -> std::io::Result<()> {
        let listens = listens(lang);
        for (name, address) in &self.listeners {
            writeln!(out, "{name} {listens} {address}")?;
        }
        if let Some(address) = self.admin {
            writeln!(out, "admin {listens} http://{address}")?;
        }
        out.flush()
    }
}

/// What stands between a name and its address.
pub(super) const fn listens(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "listens on",
        Lang::Zh => "监听",
    }
}
