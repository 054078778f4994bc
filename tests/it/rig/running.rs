//! A command that runs until it is told to end.

use super::{eventually, isogate};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A process that is killed if its test fails.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

impl Running {
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = isogate(folder, arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        Self(child.unwrap())
    }

    /// Tells it to end, and gives what it printed.
    pub(crate) fn end(mut self, signal: &str) -> (i32, String) {
        let id = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let status = self.0.wait().unwrap();
        let mut printed = String::new();
        let out = self.0.stdout.as_mut().unwrap();
        std::io::Read::read_to_string(out, &mut printed).unwrap();
        (status.code().unwrap_or(-1), printed)
    }
}

/// What a command wrote with `--ports`, once it has.
pub(crate) fn ports(folder: &Path, file: &str) -> serde_json::Value {
    eventually("the ports", || {
        let text = fs::read_to_string(folder.join(file)).ok()?;
        serde_json::from_str(&text).ok()
    })
}
