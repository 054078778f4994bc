//! `isogate token`: makes a token for the admin address.

use super::{Exit, Lang};
use crate::io::config::{AdminToken, TokenRole};
use crate::iso::message::Text;
use anyhow::Context;
use clap::{Args, ValueEnum};
use std::fmt::Write as _;
use std::io::Write;

/// Make a token for the admin address: who bears it may look, or change what goes on
#[derive(Args, Debug)]
pub(super) struct TokenArgs {
    /// Whose it is: what its bearer does is recorded under this name
    #[arg(long, value_name = "NAME", default_value = "operator", value_parser = name)]
    name: Text<32>,
    /// What its bearer may do
    #[arg(long, value_enum, default_value = "operator")]
    role: RoleChoice,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleChoice {
    /// Look
    Viewer,
    /// Look, and change
    Operator,
}

fn name(text: &str) -> Result<Text<32>, &'static str> {
    let fine = !text.is_empty() && !text.contains(char::is_whitespace);
    let name = Text::new(text).filter(|_| fine);
    name.ok_or("wants a name of 32 bytes at most, without blanks")
}

/// Prints the token, and the line by which a configuration knows it.
pub(super) fn run(args: &TokenArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the operating system gives no chance")?;
    let mut secret = String::from("isogate_");
    for byte in bytes {
        write!(secret, "{byte:02x}")?;
    }
    let role = match args.role {
        RoleChoice::Viewer => TokenRole::Viewer,
        RoleChoice::Operator => TokenRole::Operator,
    };
    let line = AdminToken::of(role, args.name, &secret);
    let (told, kept) = match lang {
        Lang::En => (
            "the token, which is kept nowhere:",
            "for gateway.toml, behind [admin]:",
        ),
        Lang::Zh => ("令牌 (不另保存):", "写入 gateway.toml 的 [admin] 部分:"),
    };
    writeln!(out, "{told}\n  {secret}\n{kept}\n  tokens = [\"{line}\"]")?;
    Ok(Exit::Done)
}
