//! The commands as clap knows them, with the examples in which their help ends: what parses the
//! arguments, and what help, completions and man pages are made from.

use super::Arguments;
use super::{Lang, help_zh};
use clap::{Command, CommandFactory};
use std::collections::BTreeMap;

/// By command, its examples.
const EXAMPLES: &str = include_str!("examples.toml");

/// All commands, in English.
pub(super) fn command() -> Command {
    // A test reads the file; if it could not be read, help would end without examples.
    let examples: BTreeMap<String, Vec<String>> = toml::from_str(EXAMPLES).unwrap_or_default();
    with_examples(Arguments::command(), &[], &examples)
}

/// All commands, their texts in a language.
pub(super) fn command_in(lang: Lang) -> Command {
    let mut command = command();
    match lang {
        Lang::En => command,
        Lang::Zh => {
            command.build();
            help_zh::in_chinese(command)
        }
    }
}

fn with_examples(
    command: Command,
    path: &[&str],
    examples: &BTreeMap<String, Vec<String>>,
) -> Command {
    let mut command = command;
    if let Some(own) = examples.get(&path.join(" ")) {
        let before = command.get_after_help().map(|text| format!("{text}\n\n"));
        let lines = own.iter().map(|line| format!("\n  {line}"));
        let lines = lines.collect::<String>();
        command = command.after_help(format!("{}Examples:{lines}", before.unwrap_or_default()));
    }
    let children: Vec<String> = command
        .get_subcommands()
        .map(|child| child.get_name().to_owned())
        .collect();
    for child in &children {
        let path: Vec<&str> = path.iter().copied().chain([child.as_str()]).collect();
        command = command.mut_subcommand(child, |child| with_examples(child, &path, examples));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command that does something by itself.
    fn leaves(command: &Command, path: &[&str], found: &mut Vec<String>) {
        if !command.is_subcommand_required_set() && !path.is_empty() {
            found.push(path.join(" "));
        }
        for child in command.get_subcommands() {
            let path: Vec<&str> = path.iter().copied().chain([child.get_name()]).collect();
            leaves(child, &path, found);
        }
    }

    #[test]
    fn every_command_has_two_examples_of_its_own() {
        let examples: BTreeMap<String, Vec<String>> = toml::from_str(EXAMPLES).unwrap();
        let mut commands = Vec::new();
        leaves(&Arguments::command(), &[], &mut commands);
        for command in &commands {
            let own = examples.get(command).map_or(&[][..], Vec::as_slice);
            assert_eq!(own.len(), 2, "examples.toml: {command} wants two examples");
            for example in own {
                let called = format!("isogate {command} ");
                assert!(format!("{example} ").contains(&called), "{example}");
            }
        }
        for command in examples.keys() {
            assert!(
                commands.contains(command),
                "examples.toml: {command} is no command"
            );
        }
    }

    #[test]
    fn help_ends_with_the_examples_in_both_languages() {
        let mut english = command().find_subcommand("open").unwrap().clone();
        let help = english.render_long_help().to_string();
        let last = "  isogate open '~terminal 1042*' --unsettled --json";
        assert!(help.contains("Examples:\n  isogate open\n"), "{help}");
        assert_eq!(help.trim_end().lines().last(), Some(last));
        let mut chinese = command_in(Lang::Zh)
            .find_subcommand("open")
            .unwrap()
            .clone();
        let help = chinese.render_long_help().to_string();
        assert!(help.contains("示例:\n  isogate open\n"), "{help}");
    }
}
