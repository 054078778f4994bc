//! `--help` in Chinese: the texts of `help_zh.toml` laid over the commands as clap knows them.
//!
//! Only what is printed is changed; arguments are always read by the one definition in each
//! command's file.

use super::definition::command_in;
use super::{Lang, lang_of_environment};
use clap::builder::StyledStr;
use clap::{Arg, Command};
use std::collections::BTreeMap;
use std::ffi::OsString;

/// The texts, by command and then by option.
const TEXTS: &str = include_str!("help_zh.toml");

type Texts = BTreeMap<String, BTreeMap<String, String>>;

fn texts() -> Texts {
    // A test reads the file; if it could not be read, help would be in English.
    toml::from_str(TEXTS).unwrap_or_default()
}

/// The language that the arguments ask for, before they are understood; else that of `LANG`.
pub(super) fn lang_of(arguments: &[OsString]) -> Lang {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let after = words.iter().position(|word| *word == "--lang");
    let after = after.and_then(|at| words.get(at + 1).copied());
    let joined = words.iter().find_map(|word| word.strip_prefix("--lang="));
    match after.or(joined) {
        Some("zh") => Lang::Zh,
        Some(_) => Lang::En,
        None => lang_of_environment(),
    }
}

/// The help that the arguments ask for.
pub(super) fn help(arguments: &[OsString]) -> StyledStr {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let is_short = words.contains(&"-h");
    let mut shown = command_in(Lang::Zh);
    for word in words.iter().skip(1).filter(|word| **word != "help") {
        if let Some(next) = shown.find_subcommand(word).cloned() {
            shown = next;
        }
    }
    match is_short {
        true => shown.render_help(),
        false => shown.render_long_help(),
    }
}

/// All commands, built before, with their Chinese texts.
pub(super) fn in_chinese(command: Command) -> Command {
    translated(command, &[], &texts())
}

/// A command with its options and its subcommands; `path` is what is typed to get there.
fn translated(command: Command, path: &[&str], texts: &Texts) -> Command {
    let name = match path {
        [] => "isogate".to_owned(),
        path => path.join(" "),
    };
    let own = texts.get(&name);
    let told = |key: &str| own.and_then(|own| own.get(key));
    let mut command = command
        .help_template("{about-with-newline}\n用法: {usage}\n\n{all-args}{after-help}")
        .subcommand_help_heading("命令");
    if let Some(about) = told("about") {
        command = command.about(about.clone());
        if let Some(more) = told("more") {
            command = command.long_about(format!("{about}\n\n{}", more.trim_start()));
        }
    }
    if let Some(after) = command.get_after_help().map(ToString::to_string) {
        command = command.after_help(after.replace("Examples:", "示例:"));
    }
    let common = texts.get("common");
    let text = |id: &str| told(id).or_else(|| common.and_then(|common| common.get(id)));
    command = command.mut_args(|arg| match text(arg.get_id().as_str()) {
        Some(text) => argument(arg, text),
        None => arg,
    });
    let children: Vec<String> = command.get_subcommands().map(name_of).collect();
    for child in &children {
        let path: Vec<&str> = path.iter().copied().chain([child.as_str()]).collect();
        command = command.mut_subcommand(child, |command| match child.as_str() {
            "help" => match texts.get("isogate").and_then(|own| own.get("subcommand")) {
                Some(about) => command.about(about.clone()),
                None => command,
            },
            _ => translated(command, &path, texts),
        });
    }
    command
}

fn name_of(command: &Command) -> String {
    command.get_name().to_owned()
}

/// One option or argument, with what it is by default and what it may be.
fn argument(arg: Arg, text: &str) -> Arg {
    let mut text = text.to_owned();
    let defaults = arg.get_default_values().iter();
    let defaults: Vec<_> = defaults.map(|one| one.to_string_lossy()).collect();
    let takes = arg.get_action().takes_values();
    if takes && !defaults.is_empty() {
        text.push_str(&format!(" [默认: {}]", defaults.join(" ")));
    }
    let possible = arg.get_possible_values();
    if takes && !possible.is_empty() {
        let names: Vec<&str> = possible.iter().map(|one| one.get_name()).collect();
        text.push_str(&format!(" [可选: {}]", names.join(", ")));
    }
    let heading = if arg.is_positional() {
        "参数"
    } else {
        "选项"
    };
    arg.help(text)
        .long_help(None::<&str>)
        .help_heading(heading)
        .hide_default_value(true)
        .hide_possible_values(true)
}

#[cfg(test)]
mod tests {
    use super::super::Arguments;
    use super::*;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    /// What a command does, and what its long help adds.
    const OWN: [&str; 2] = ["about", "more"];

    /// Every command by what is typed, with whether it has a long help, and its options.
    fn all(command: &Command, path: &[&str], found: &mut Vec<(String, bool, Vec<String>)>) {
        let options = command.get_arguments();
        let options = options.map(|arg| arg.get_id().to_string()).collect();
        let name = match path {
            [] => "isogate".to_owned(),
            path => path.join(" "),
        };
        found.push((name, command.get_long_about().is_some(), options));
        for child in command.get_subcommands() {
            let path: Vec<&str> = path.iter().copied().chain([child.get_name()]).collect();
            all(child, &path, found);
        }
    }

    fn house() -> Vec<(String, bool, Vec<String>)> {
        let mut found = Vec::new();
        all(&Arguments::command(), &[], &mut found);
        found
    }

    #[test]
    fn every_command_and_option_has_its_chinese_text() {
        let texts = texts();
        let has = |name: &str, key: &str| texts.get(name).is_some_and(|own| own.contains_key(key));
        for (name, has_more, options) in house() {
            assert!(has(&name, "about"), "help_zh.toml: [{name}] wants `about`");
            assert_eq!(
                has(&name, "more"),
                has_more,
                "help_zh.toml: [{name}] `more`"
            );
            for option in options {
                let told = has(&name, &option) || has("common", &option);
                assert!(told, "help_zh.toml: [{name}] wants `{option}`");
            }
        }
    }

    #[test]
    fn no_chinese_text_has_lost_its_command_or_option() {
        let house = house();
        let used: BTreeSet<&str> = house
            .iter()
            .flat_map(|(_, _, options)| options.iter().map(String::as_str))
            .chain(["help", "version"])
            .collect();
        for (name, own) in &texts() {
            let command = house.iter().find(|(known, ..)| known == name);
            for key in own.keys().map(String::as_str) {
                let is_used = match command {
                    Some((_, _, options)) => {
                        OWN.contains(&key)
                            || options.iter().any(|option| option == key)
                            || (name == "isogate" && key == "subcommand")
                    }
                    None => name == "common" && used.contains(key),
                };
                assert!(is_used, "help_zh.toml: [{name}] `{key}` belongs to nothing");
            }
        }
    }

    #[test]
    fn help_is_rendered_in_chinese_for_the_command_that_is_asked() {
        let help = |words: &str| {
            let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            assert_eq!(lang_of(&words), Lang::Zh);
            help(&words).to_string()
        };
        insta::assert_snapshot!("isogate", help("isogate --lang zh -h"));
        insta::assert_snapshot!("send", help("isogate send --lang=zh --help"));
        let verify = help("isogate journal verify --lang zh --help");
        assert!(verify.contains("有无损坏"), "{verify}");
        assert_eq!(
            help("isogate help term --lang zh"),
            help("isogate term --help --lang zh")
        );
    }
}
