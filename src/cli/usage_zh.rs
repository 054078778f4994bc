//! What is wrong with arguments, in Chinese.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error as _;
use std::fmt::Write;

/// The error of clap as it reads in Chinese.
pub(super) fn text(error: &Error) -> String {
    let told = |kind| error.get(kind).map(shown).unwrap_or_default();
    let arg = told(ContextKind::InvalidArg);
    let value = told(ContextKind::InvalidValue);
    let mut text = match error.kind() {
        ErrorKind::UnknownArgument => format!("没有选项 {arg}"),
        ErrorKind::InvalidSubcommand => {
            format!("没有命令 {}", told(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand => "缺少子命令".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("缺少必需的参数: {arg}"),
        ErrorKind::ArgumentConflict => {
            format!("{arg} 不能与 {} 同时使用", told(ContextKind::PriorArg))
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("{arg} 需要一个值"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("{arg} 的值 `{value}` 无效")
        }
        ErrorKind::TooManyValues => format!("{arg} 的值过多: {value}"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("{arg} 的值个数不对"),
        ErrorKind::NoEquals => format!("{arg} 与其值之间要用 ="),
        _ => error.to_string(),
    };
    let mut add = |label: &str, more: &str| {
        if !more.is_empty() {
            // Writing to a string cannot fail.
            let _written = write!(text, "{label}{more}");
        }
    };
    if let Some(why) = error.source() {
        add(": ", &why.to_string());
    }
    add("; 可选: ", &told(ContextKind::ValidValue));
    for kind in [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ] {
        add("; 是否指 ", &told(kind));
    }
    format!("错误: {text}\n\n更多说明: 加 --help\n")
}

fn shown(value: &ContextValue) -> String {
    match value {
        ContextValue::None => String::new(),
        ContextValue::Strings(all) => all.join("、"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::definition;
    use super::text;

    #[test]
    fn what_is_wrong_is_told_in_chinese() {
        for (words, says) in [
            ("isogate ope", "没有命令 ope; 是否指"),
            ("isogate open --jsn", "没有选项 --jsn; 是否指 --json"),
            ("isogate send", "缺少必需的参数: --to <HOST:PORT>"),
            ("isogate load --rate", "--rate <RATE> 需要一个值"),
            (
                "isogate open --lang fr",
                "--lang <LANG> 的值 `fr` 无效; 可选: en、zh",
            ),
            (
                "isogate term --wait x",
                "--wait <TIME> 的值 `x` 无效: wants a time",
            ),
            ("isogate tail --once -f", "不能与"),
        ] {
            let error = definition::command().try_get_matches_from(words.split(' '));
            let said = text(&error.unwrap_err());
            assert!(said.contains(says), "{said}");
        }
    }
}
