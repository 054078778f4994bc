//! `isogate` as a process.

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The binary under test, with the arguments given, in a folder.
pub(crate) fn isogate(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_isogate"));
    command.args(arguments).current_dir(folder).env("LANG", "C");
    command
}

/// The one JSON document that a command printed.
#[track_caller]
pub(crate) fn json(output: &Output) -> Value {
    let parsed = serde_json::from_slice(&output.stdout);
    parsed.unwrap_or_else(|error| panic!("{error}: {}", told(output)))
}

/// The JSON documents that a command printed, one a line.
#[track_caller]
pub(crate) fn json_lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let parse = |line: &str| {
        let parsed = serde_json::from_str(line);
        parsed.unwrap_or_else(|error| panic!("{error} in {line}: {}", told(output)))
    };
    text.lines().map(parse).collect()
}

fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{}\n{}\n{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// A folder with all that a gateway reads and writes. Everything in it but `gateway.toml` and
/// `keys.toml` was written by isogate.
pub(crate) struct Home {
    folder: TempDir,
    spec: &'static str,
    acquirer: u16,
    reversal: &'static str,
    /// The dialect of the link, and what the route says of it.
    across: Option<(&'static str, &'static str)>,
}

impl Home {
    /// A gateway's home between any port and that of an acquirer. `reversal` is the route's.
    pub(crate) fn new(spec: &'static str, acquirer: u16, reversal: &'static str) -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            folder,
            spec,
            acquirer,
            reversal,
            across: None,
        }
    }

    /// The same, with an acquirer of another dialect.
    pub(crate) fn across(self, host_spec: &'static str, route: &'static str) -> Self {
        Self {
            across: Some((host_spec, route)),
            ..self
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Gives the gateway the master key of all its terminals.
    pub(crate) fn write_keys(&self, tmk: &str) {
        let path = self.folder().join("keys.toml");
        fs::write(&path, format!("default_tmk = \"{tmk}\"\n")).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// All times are those of `reversals.md` by fifty: 900 ms for an answer.
    fn write_config(&self, port: u16) {
        let Self {
            spec,
            acquirer,
            reversal,
            ..
        } = self;
        let (host_spec, route) = self.across.unwrap_or((spec, ""));
        let has_keys = self.folder().join("keys.toml").exists();
        let keys = if has_keys { "keys = \"keys.toml\"" } else { "" };
        let text = format!(
            r#"
[gateway]
{keys}
[[listener]]
address = "127.0.0.1:{port}"
spec = "{spec}"
[[link]]
address = "127.0.0.1:{acquirer}"
spec = "{host_spec}"
connections = 1
sign_on = false
echo_interval = "0s"
reconnect = {{ first = "10ms", max = "50ms" }}
[[route]]
reversal = {reversal}
{route}
[ladder]
scale = 50
[journal]
path = "journal"
[admin]
address = "127.0.0.1:0"
"#
        );
        fs::write(self.folder().join("gateway.toml"), text).unwrap();
    }

    /// Starts a gateway on a port, 0 for any.
    pub(crate) fn start(&self, port: u16) -> Gateway {
        self.start_with(port, &[])
    }

    /// Starts one that stops or dies at a named step, such as `synced APPROVED=die`; see
    /// `io::system::steps`.
    pub(crate) fn start_until(&self, port: u16, step: &str) -> Gateway {
        self.start_with(port, &[("ISOGATE_STEP", step)])
    }

    /// Starts one with more in its environment.
    pub(crate) fn start_with(&self, port: u16, environment: &[(&str, &str)]) -> Gateway {
        let started = self.try_start(port, environment);
        started.expect("the gateway reached its step before it listened")
    }

    /// The same; none if it reached the step to die at before it told its ports.
    pub(crate) fn try_start(&self, port: u16, environment: &[(&str, &str)]) -> Option<Gateway> {
        self.write_config(port);
        let ports = self.folder().join("ports.json");
        let _none_yet = fs::remove_file(&ports);
        let log = |name: &str| {
            let path = self.folder().join(name);
            Stdio::from(
                fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .unwrap(),
            )
        };
        let arguments = ["serve", "-c", "gateway.toml", "--ports", "ports.json"];
        let mut command = isogate(self.folder(), &arguments);
        command.args(["--log-level", "trace"]);
        command.envs(environment.iter().copied());
        command
            .stdin(Stdio::null())
            .stdout(log("stdout.log"))
            .stderr(log("stderr.log"));
        let mut child = command.spawn().unwrap();
        let ports = super::eventually("the gateway's ports", || {
            if let Some(status) = child.try_wait().unwrap() {
                if status.signal() == Some(9) {
                    return Some(None);
                }
                let log = fs::read_to_string(self.folder().join("stderr.log")).unwrap();
                panic!("the gateway ended, {status}:\n{log}");
            }
            serde_json::from_str::<Value>(&fs::read_to_string(&ports).ok()?)
                .ok()
                .map(Some)
        })?;
        let port = |value: &Value| u16::try_from(value["port"].as_u64().unwrap()).unwrap();
        Some(Gateway {
            child,
            port: port(&ports["listeners"][0]),
            admin: port(&ports["admin"]),
        })
    }

    /// What a command prints about the journal.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Output {
        isogate(self.folder(), arguments)
            .args(["--journal", "journal"])
            .output()
            .unwrap()
    }

    /// The open list, oldest first.
    pub(crate) fn open(&self) -> Vec<Value> {
        let output = self.ask(&["open", "--json"]);
        let list = json_lines(&output);
        assert_eq!(
            output.status.code(),
            Some(i32::from(!list.is_empty())),
            "{list:?}"
        );
        list
    }

    /// The verdict on one transaction.
    pub(crate) fn explain(&self, key: &str) -> Value {
        json(&self.ask(&["explain", "--json", key]))
    }

    /// The verdict on one transaction, once it is in a state: what a start finds out is on disk a
    /// moment after the start.
    #[track_caller]
    pub(crate) fn explain_once(&self, key: &str, state: &str) -> Value {
        super::eventually(&format!("{key} to be {state}"), || {
            let story = self.explain(key);
            (story["state"] == state).then_some(story)
        })
    }

    /// Every file that isogate has written here.
    pub(crate) fn written(&self) -> Vec<PathBuf> {
        let mut files = files_under(self.folder());
        files.retain(|path| !path.ends_with("gateway.toml") && !path.ends_with("keys.toml"));
        files
    }
}

/// All files under a folder.
pub(crate) fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| match path.is_dir() {
        true => files_under(&path),
        false => vec![path],
    });
    files.collect()
}

/// A running gateway.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) port: u16,
    pub(crate) admin: u16,
}

impl Gateway {
    /// Ends it as a power cut would: no warning, no last word.
    pub(crate) fn kill(mut self) {
        // One that died at its step has gone already.
        let _gone = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Waits until it dies at the step that it was started until.
    pub(crate) fn dies(mut self) {
        let ended = super::eventually("the step to die at", || self.child.try_wait().unwrap());
        let killed = ended.signal() == Some(9);
        assert!(killed, "it ended by itself: {ended}");
    }

    /// Waits so long at most until it dies at its step, and kills it where it is if it does not;
    /// whether it died by itself.
    pub(crate) fn dies_or_is_killed(mut self, most: Duration) -> bool {
        let end = Instant::now() + most;
        while self.child.try_wait().unwrap().is_none() && Instant::now() < end {
            // A pause between two looks.
            std::thread::sleep(Duration::from_millis(2));
        }
        let died = self.child.try_wait().unwrap().is_some();
        self.kill();
        died
    }

    /// Waits until it stands still at the step that it was started until.
    pub(crate) fn stands_still(&self) {
        let stat = format!("/proc/{}/stat", self.child.id());
        super::eventually("the step to stop at", || {
            let stat = fs::read_to_string(&stat).unwrap();
            let state = stat.rsplit_once(") ")?.1.chars().next()?;
            (state == 'T').then_some(())
        });
    }

    /// Tells one that stands still to go on.
    pub(crate) fn goes_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(told.success());
    }

    /// Asks it to stop in good order.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        assert!(
            self.child.wait().unwrap().success(),
            "a gateway told to stop ends with 0"
        );
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Already ended, unless a test failed.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
