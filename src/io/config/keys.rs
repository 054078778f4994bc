//! The file of terminals' master keys. Neither an error nor a warning ever quotes it.

use super::problem::ConfigError;
use super::section::{ConfigText, Section};
use super::setting::Setting;
use crate::engine::gateway::Keys;
use crate::io::system;
use crate::iso::security::Key;
use std::path::Path;
use toml::de::DeValue;
use zeroize::Zeroizing;

impl Setting for Key {
    const WANTED: &'static str = "a DES key: 16, 32 or 48 hex digits in quotes";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        Self::from_hex(value.as_str()?).ok()
    }
}

/// The keys of a file of keys, and a warning if others can read it.
///
/// # Errors
/// What is wrong with the file.
pub fn read(path: &Path) -> Result<(Keys, Option<String>), ConfigError> {
    let file = path.display().to_string();
    let unreadable = |error: std::io::Error| {
        let mend = "name a file of keys in [gateway] keys, or leave that key out";
        ConfigError::whole(&file, format!("cannot be read: {error}; {mend}"))
    };
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?);
    let warning = others_can_read(path).map_err(unreadable)?;
    Ok((parse(&file, &text)?, warning))
}

/// What to say of a file with secrets in it that others can read.
pub(super) fn others_can_read(path: &Path) -> std::io::Result<Option<String>> {
    let mode = system::mode(&std::fs::metadata(path)?);
    let file = path.display();
    let warning =
        |mode| format!("{file} can be read by others (mode {mode:03o}): chmod 600 {file}");
    Ok(mode.filter(|mode| mode & 0o077 != 0).map(warning))
}

fn parse(file: &str, text: &str) -> Result<Keys, ConfigError> {
    let source = ConfigText::new(file, text);
    let table = source.parse()?;
    let mut root = Section::root(&source, &table);
    let default = root.optional("default_tmk");
    let mut terminals = Vec::new();
    for mut section in root.sections("terminal") {
        let merchant: Option<String> = section.required("merchant");
        let terminal: Option<String> = section.required("terminal");
        if let (Some(merchant), Some(terminal), Some(tmk)) =
            (merchant, terminal, section.required("tmk"))
        {
            terminals.push((merchant, terminal, tmk));
        }
        section.finish();
    }
    root.finish();
    source.checked()?;
    Ok(Keys { terminals, default })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_its_own_key_or_the_default() {
        let text = r#"
            default_tmk = "44444444444444444444444444444444"
            [[terminal]]
            merchant = "874350357222471"
            terminal = "10421695"
            tmk = "31313131313131313131313131313131"
        "#;
        let keys = parse("keys.toml", text).unwrap();
        let own = Key::from_hex("31313131313131313131313131313131").unwrap();
        assert_eq!(keys.of("874350357222471", "10421695"), Some(&own));
        assert_eq!(keys.of("874350357222471", "1"), keys.default.as_ref());
    }

    #[test]
    fn a_wrong_key_is_named_by_its_place_and_never_shown() {
        let text = "[[terminal]]\nmerchant = \"M\"\nterminal = \"T\"\ntmk = \"5ECRE7\"\n";
        let error = parse("keys.toml", text).unwrap_err().to_string();
        let wanted =
            "keys.toml:4: terminal.tmk: wants a DES key: 16, 32 or 48 hex digits in quotes";
        assert_eq!(error, wanted);
        let broken = parse("keys.toml", "default_tmk = \"5ECRE7\n")
            .unwrap_err()
            .to_string();
        assert!(!broken.contains("5ECRE7"), "{broken}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_warned_of() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        std::fs::write(&path, "").unwrap();
        for (mode, warned) in [(0o644, true), (0o600, false)] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(read(&path).unwrap().1.is_some(), warned, "{mode:o}");
        }
    }
}
