//! What several commands read: a dialect by name or file, a message as hex.

pub(super) use crate::io::look::{hex, to_hex};
use crate::iso::spec::Spec;
use anyhow::{Context, bail};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// A built-in dialect, or one from a file; bases that it extends may stand beside it.
pub(super) fn spec(name: &str) -> anyhow::Result<Arc<Spec>> {
    if let Some(spec) = Spec::builtin(name) {
        return Ok(spec);
    }
    let path = Path::new(name);
    if !path.exists() {
        let known = Spec::builtin_names().join(", ");
        bail!("there is no dialect `{name}`: give a file, or one of {known}");
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    Ok(Spec::load(name, &text, &|base| beside(path, base))?)
}

/// The text of `base.toml` in the folder of `path`.
pub(super) fn beside(path: &Path, base: &str) -> Option<String> {
    let file = path
        .with_file_name(Path::new(base).file_name()?)
        .with_extension("toml");
    // A file named like the built-in dialect that it extends does not extend itself.
    (file != path).then(|| std::fs::read_to_string(file).ok())?
}

/// Whether both names are of one file that is there.
pub(super) fn is_same(a: &Path, b: &Path) -> bool {
    let real = [a, b].map(|path| path.canonicalize().ok());
    real[0].is_some() && real[0] == real[1]
}

/// The text of a file, or of standard input for `-`.
pub(super) fn text(file: &str) -> anyhow::Result<String> {
    String::from_utf8(read(file)?).with_context(|| format!("{file} is no text"))
}

/// A message: hex on the command line, or a file or standard input with hex or the bytes
/// themselves. White space in hex is ignored.
pub(super) fn message(argument: &str) -> anyhow::Result<Vec<u8>> {
    if let Some(bytes) = hex(argument.as_bytes()) {
        return Ok(bytes);
    }
    if argument != "-" && !Path::new(argument).exists() {
        let at = argument
            .chars()
            .position(|c| !c.is_ascii_hexdigit() && !c.is_whitespace());
        match at {
            Some(at) => bail!("neither a file nor hex: character {at} (from 0) is no hex digit"),
            None => bail!("this is hex with half a byte: the number of digits is odd"),
        }
    }
    let bytes = read(argument)?;
    Ok(hex(&bytes).unwrap_or(bytes))
}

/// Messages, one a line of hex, or a single one in any form that [`message`] takes.
pub(super) fn messages(argument: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let is_file = argument == "-" || Path::new(argument).exists();
    if !is_file || hex(argument.as_bytes()).is_some() {
        return Ok(vec![message(argument)?]);
    }
    let bytes = read(argument)?;
    let lines = || -> Option<Vec<Vec<u8>>> {
        let lines = std::str::from_utf8(&bytes).ok()?.lines();
        let lines = lines.filter(|line| !line.trim().is_empty());
        lines.map(|line| hex(line.as_bytes())).collect()
    };
    // One message may be written over several lines, of which the first ends within a field.
    match lines() {
        Some(lines) if !lines.is_empty() => Ok(lines),
        _ => Ok(vec![hex(&bytes).unwrap_or(bytes)]),
    }
}

/// The bytes of a file or, for `-`, of standard input.
pub(super) fn read(file: &str) -> anyhow::Result<Vec<u8>> {
    if file == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .context("cannot read standard input")?;
        return Ok(bytes);
    }
    std::fs::read(file).with_context(|| format!("cannot read {file}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_in_hex_is_ignored() {
        assert_eq!(hex(b"02 00\n aF"), Some(vec![0x02, 0x00, 0xAF]));
        assert_eq!(hex(b"020"), None);
        assert_eq!(hex(b"# a remark\n02\n#00\n00"), Some(vec![0x02, 0x00]));
        assert_eq!(hex(b" "), None);
        assert_eq!(to_hex(&[0x02, 0xAF]), "02AF");
    }

    #[test]
    fn what_is_neither_file_nor_hex_is_told_where() {
        let error = message("0200 zz").unwrap_err().to_string();
        assert_eq!(
            error,
            "neither a file nor hex: character 5 (from 0) is no hex digit"
        );
    }
}
