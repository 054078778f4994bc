//! A gateway as a process, with a configuration that its test writes, and what can be seen of it.

use super::{eventually, isogate, ports};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use tempfile::TempDir;

/// A running gateway in a folder of its own.
pub(crate) struct House {
    folder: TempDir,
    child: Child,
    ports: serde_json::Value,
}

impl House {
    /// Starts a gateway; `text` is its configuration, but for journal and admin address.
    pub(crate) fn start(folder: TempDir, text: &str) -> Self {
        Self::start_by(folder, text, "exec \"$0\" \"$@\"")
    }

    /// The same, by a line of shell that ends in `exec "$0" "$@"`.
    pub(crate) fn start_by(folder: TempDir, text: &str, shell: &str) -> Self {
        Self::write(folder.path(), text);
        let binary = isogate(folder.path(), &[]);
        let log = fs::File::create(folder.path().join("stderr.log")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", shell]).arg(binary.get_program());
        command.args(["serve", "--ports", "ports.json"]);
        let command = command.current_dir(folder.path()).env("LANG", "C");
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(log).spawn().unwrap();
        let ports = ports(folder.path(), "ports.json");
        Self {
            folder,
            child,
            ports,
        }
    }

    fn write(folder: &Path, text: &str) {
        let admin = if text.contains("[admin]") {
            ""
        } else {
            "[admin]\naddress = \"127.0.0.1:0\""
        };
        let text = format!("{text}\n[journal]\npath = \"journal\"\n{admin}\n");
        fs::write(folder.join("gateway.toml"), text).unwrap();
    }

    /// Has it read a new configuration.
    pub(crate) fn reload(&self, text: &str) {
        Self::write(self.folder(), text);
        self.signal("-HUP");
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn port(value: &serde_json::Value) -> u16 {
        u16::try_from(value["port"].as_u64().unwrap()).unwrap()
    }

    /// The port of its first listener.
    pub(crate) fn listener(&self) -> u16 {
        Self::port(&self.ports["listeners"][0])
    }

    pub(crate) fn admin(&self) -> u16 {
        Self::port(&self.ports["admin"])
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder().join("stderr.log")).unwrap()
    }

    /// A figure of its metrics, named with its label; zero if it is not there.
    pub(crate) fn figure(&self, name: &str) -> u64 {
        let answer = self.fetch("/metrics");
        // Others may begin alike.
        let own = |line: &str| {
            line.strip_prefix(name)?
                .strip_prefix(' ')
                .map(str::to_owned)
        };
        let line = answer.lines().find_map(own);
        line.map_or(0, |value| value.trim().parse().unwrap())
    }

    /// A page of its admin address.
    pub(crate) fn fetch(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(("127.0.0.1", self.admin())).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Memory that it holds now, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        let told = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(told.success());
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        eventually("the end of the gateway", || self.child.try_wait().unwrap())
    }

    /// What a command prints about its journal.
    pub(crate) fn ask(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = isogate(self.folder(), arguments);
        command.args(["--journal", "journal"]).output().unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() {
            #[expect(clippy::print_stderr, reason = "what a failed test wants to show")]
            {
                eprintln!("the log of the gateway:\n{}", self.log());
            }
        }
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
