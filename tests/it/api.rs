//! The HTTP API as programs and people use it: who may do what, what is recorded of it, and that
//! what it tells is what the commands tell.

use crate::rig::{House, Running, eventually, isogate, json, json_lines, ports};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::{Request, Response};

/// An admin address, and who asks there.
struct Client {
    address: String,
    token: Option<String>,
}

impl Client {
    fn at(port: u64) -> Self {
        Self {
            address: format!("127.0.0.1:{port}"),
            token: None,
        }
    }

    fn with(&self, token: &str) -> Self {
        Self {
            address: self.address.clone(),
            token: Some(token.to_owned()),
        }
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Response<ureq::Body> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .allow_non_standard_methods(true);
        let agent = Agent::new_with_config(config.build());
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json");
                agent.run(request.body(body.to_string()).unwrap()).unwrap()
            }
            None => agent.run(request.body(()).unwrap()).unwrap(),
        }
    }

    fn status(&self, method: &str, path: &str, body: Option<&Value>) -> u16 {
        self.send(method, path, &[], body).status().as_u16()
    }

    /// The answer to a question that must be answered.
    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let mut answer = self.send("GET", path, &[], None);
        let text = answer.body_mut().read_to_string().unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let mut answer = self.send("POST", path, &[], Some(body));
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status().is_success(), "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}

/// A running lab, its folder, and its admin address.
struct RunningLab {
    folder: TempDir,
    running: Running,
    client: Client,
}

fn lab(more: &[&str]) -> RunningLab {
    let folder = TempDir::new().unwrap();
    let usual = [
        "lab",
        "--json",
        "--duration",
        "2m",
        "--seed",
        "7",
        "--terminals",
        "20",
        "--folder",
        "lab-1",
        "--admin",
        "127.0.0.1:0",
        "--ports",
        "ports.json",
    ];
    let arguments: Vec<&str> = usual.iter().chain(more).copied().collect();
    let running = Running::start(folder.path(), &arguments);
    let ports = ports(folder.path(), "ports.json");
    let client = Client::at(ports["admin"]["port"].as_u64().unwrap());
    RunningLab {
        folder,
        running,
        client,
    }
}

/// What the journal says that operators did.
fn acts(folder: &Path, journal: &str) -> Vec<String> {
    let tail = ["tail", "--all", "--once", "--json", "--journal", journal];
    let records = json_lines(&isogate(folder, &tail).output().unwrap());
    let acts = records.iter().filter(|record| record["fact"] == "operated");
    acts.map(|record| record["note"].as_str().unwrap().to_owned())
        .collect()
}

/// A gateway that knows these lines of tokens, and no acquirer that is there.
fn house(tokens: &[&str]) -> House {
    let tokens: Vec<String> = tokens.iter().map(|line| format!("{line:?}")).collect();
    let text = format!(
        r#"
[[listener]]
address = "127.0.0.1:0"
spec = "cup-pos"
[[link]]
name = "up"
address = "127.0.0.1:1"
spec = "cup-pos"
[[route]]
to = ["up"]
reversal = {{ by = "terminal" }}
[admin]
address = "127.0.0.1:0"
tokens = [{}]
"#,
        tokens.join(", ")
    );
    House::start(TempDir::new().unwrap(), &text)
}

/// A token that `isogate token` makes, and its line.
fn token(name: &str, role: &str) -> (String, String) {
    let folder = std::env::temp_dir();
    let made = isogate(&folder, &["token", "--name", name, "--role", role]).output();
    let text = String::from_utf8(made.unwrap().stdout).unwrap();
    let secret = text.lines().nth(1).unwrap().trim().to_owned();
    let line = text.lines().nth(3).unwrap().split('"').nth(1).unwrap();
    (secret, line.to_owned())
}

#[test]
fn what_may_be_done_depends_on_the_token_and_is_recorded_under_its_name() {
    let (viewer, viewer_line) = token("wang", "viewer");
    let (operator, operator_line) = token("li", "operator");
    let house = house(&[&viewer_line, &operator_line]);
    let nobody = Client::at(house.admin().into());
    assert_eq!(nobody.status("GET", "/api/state", None), 401);
    assert_eq!(nobody.status("GET", "/metrics", None), 401);
    assert_eq!(nobody.status("GET", "/healthz", None), 200);
    let drain = json!({ "why": "a new disk" });
    let drained = "/api/links/up/drain";
    let seen = nobody.with(&viewer);
    assert_eq!(seen.get("/api/state")["role"], "viewer");
    assert_eq!(seen.status("POST", drained, Some(&drain)), 403);
    let able = nobody.with(&operator);
    assert_eq!(able.get("/api/state")["role"], "operator");
    able.post(drained, &drain);
    // It is answered before its record is written.
    let acts = eventually("the record of an operator", || {
        let acts = acts(house.folder(), "journal");
        (!acts.is_empty()).then_some(acts)
    });
    assert_eq!(acts, ["li link_drained: up: a new disk"]);
    let log = house.log();
    assert!(log.contains("link_drained"), "{log}");
    for _ in 0..5 {
        assert_eq!(
            nobody.with("isogate_0").status("GET", "/api/state", None),
            401
        );
    }
    assert_eq!(
        nobody.with("isogate_0").status("GET", "/api/state", None),
        429
    );
    assert_eq!(able.status("GET", "/api/state", None), 200);
    assert_eq!(nobody.status("GET", "/healthz", None), 200);
}

#[test]
fn pages_of_strangers_can_neither_read_nor_change_anything() {
    let house = house(&[]);
    let client = Client::at(house.admin().into());
    let body = json!({ "why": "none" });
    let sent = |method, headers: &[(&str, &str)], body: Option<&Value>| {
        let path = if method == "GET" {
            "/api/state"
        } else {
            "/api/drain"
        };
        client.send(method, path, headers, body).status().as_u16()
    };
    assert_eq!(sent("GET", &[("Host", "evil.example:8583")], None), 403);
    assert_eq!(sent("GET", &[("Origin", "http://evil.example")], None), 403);
    assert_eq!(
        sent("POST", &[("Origin", "http://evil.example")], Some(&body)),
        403
    );
    assert_eq!(sent("POST", &[("Origin", "null")], Some(&body)), 403);
    assert_eq!(
        sent("POST", &[("Sec-Fetch-Site", "cross-site")], Some(&body)),
        403
    );
    // What a form of another page could send without asking first.
    let plain = [("Content-Type", "text/plain")];
    let mut answer = client.send("POST", "/api/drain", &plain, None);
    assert_eq!(answer.status().as_u16(), 415);
    let said: Value = answer.body_mut().read_json().unwrap();
    assert!(
        said["hint"].as_str().unwrap().contains("Content-Type"),
        "{said}"
    );
    let own = format!("http://{}", client.address);
    let answer = client.send("GET", "/api/state", &[("Origin", &own)], None);
    assert_eq!(answer.status().as_u16(), 200);
    for (name, value) in [
        ("content-security-policy", "default-src 'self'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    let long = json!({ "why": "x".repeat(70_000) });
    assert_eq!(sent("POST", &[], Some(&long)), 413);
    assert!(acts(house.folder(), "journal").is_empty());
}

#[test]
fn a_lab_tells_its_transactions_page_by_page_and_each_message_masked() {
    let lab = lab(&["--fault", "F01:p=0.2"]);
    let client = &lab.client;
    let pages = eventually("ten transactions", || {
        let first = client.get("/api/transactions?limit=5");
        let cursor = first["next"].as_str()?.to_owned();
        let second = client.get(&format!("/api/transactions?limit=5&cursor={cursor}"));
        (second["items"].as_array()?.len() == 5).then_some([first, second])
    });
    let ids: Vec<String> = pages
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|item| item["tx"].as_str().unwrap().to_owned())
        .collect();
    assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "{ids:?}");
    let tx = eventually("a sale with an answer", || {
        let page = client.get("/api/transactions?limit=200");
        let mut items = page["items"].as_array()?.iter();
        let sale = items.find(|item| item["kind"] == "sale" && item["code"] == "00")?;
        Some(sale["tx"].as_str()?.to_owned())
    });
    let told = client.get(&format!("/api/transactions/{tx}"));
    let explain = ["explain", &tx, "--json", "--journal", "lab-1"];
    let by_command = json(&isogate(lab.folder.path(), &explain).output().unwrap());
    assert_eq!(told["stan"], by_command["stan"]);
    let messages = told["messages"].as_array().unwrap();
    assert!(messages.len() >= 4, "{told}");
    for (index, message) in messages.iter().enumerate() {
        let detail = client.get(&format!("/api/transactions/{tx}/messages/{index}"));
        assert_eq!(detail["mti"], message["mti"]);
        let hex = detail["hex"].as_str().unwrap();
        let fields = detail["fields"].as_array().unwrap();
        let mut at = 0;
        for field in fields {
            assert_eq!(field["start"], at, "{detail}");
            at = field["end"].as_u64().unwrap();
        }
        assert_eq!(at, hex.len() as u64 / 2, "{detail}");
    }
    let request = client.get(&format!("/api/transactions/{tx}/messages/0"));
    assert!(request["hex"].as_str().unwrap().contains("**"), "{request}");
    let beyond = format!("/api/transactions/{tx}/messages/{}", messages.len());
    assert_eq!(client.status("GET", &beyond, None), 404);
    let mut answer = client.send("GET", "/api/events", &[], None);
    let events = BufReader::new(answer.body_mut().as_reader());
    let heard = events.lines().map(Result::unwrap);
    let mut transactions = heard
        .skip_while(|line| line != "event: transaction")
        .skip(1);
    let data = transactions.next().unwrap();
    let item: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(item["tx"].as_str().unwrap().len(), 26);
    drop(transactions);
    let (_, _printed) = lab.running.end("-INT");
}

#[test]
fn faults_are_switched_on_and_off_in_a_running_lab_and_the_journal_says_by_whom() {
    let lab = lab(&["--no-faults"]);
    let folder = lab.folder.path();
    let run = |arguments: &[&str]| {
        let mut command = isogate(folder, arguments);
        let command = command.args(["--admin", &lab.client.address]);
        command.output().unwrap()
    };
    let added = run(&["fault", "add", "F01:p=0.5", "--who", "li"]);
    assert!(added.status.success(), "{added:?}");
    let struck = eventually("a lost answer", || {
        let list = run(&["fault", "list", "--active", "--json"]);
        let fault = json_lines(&list).into_iter().next()?;
        (fault["struck"].as_u64()? > 0).then_some(fault)
    });
    assert_eq!(struck["fault"], "F01:p=0.5");
    assert_eq!(struck["by"], "li");
    let id = struck["id"].to_string();
    let wrong = run(&["fault", "add", "F01:share=10%"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        run(&["fault", "remove", &id, "--who", "li"])
            .status
            .success()
    );
    assert_eq!(run(&["fault", "remove", &id]).status.code(), Some(2));
    assert!(run(&["fault", "reset", "--who", "li"]).status.success());
    assert_eq!(lab.client.get("/api/faults")["active"], json!([]));
    let reversed = eventually("a reversal", || {
        let page = lab.client.get("/api/transactions?q=REVERSED&limit=1");
        page["items"].as_array()?.first().cloned()
    });
    assert_eq!(reversed["state"], "REVERSED");
    let acts = acts(folder, "lab-1");
    let did: Vec<&str> = acts
        .iter()
        .map(|act| act.split(": ").next().unwrap())
        .collect();
    let [added, removed, reset] = did.as_slice() else {
        panic!("{acts:?}");
    };
    assert_eq!(*added, "li fault_added");
    assert_eq!(*removed, "li fault_removed");
    assert_eq!(*reset, "li faults_reset");
    let (_, _printed) = lab.running.end("-INT");
}

#[test]
fn what_there_is_stands_in_the_document() {
    let house = house(&[]);
    let client = Client::at(house.admin().into());
    let served = client.get("/api/openapi.json");
    let printed = isogate(house.folder(), &["api"]).output().unwrap();
    assert_eq!(served, json(&printed));
    let paths = served["paths"].as_object().unwrap();
    // Each path of the document is served: whatever is said, it is not that nothing is there.
    for (path, item) in paths {
        let path = path
            .replace("{tx}", "01J00000000000000000000000")
            .replace("{act}", "sing")
            .replace("{index}", "0")
            .replace("{id}", "S1.2")
            .replace("{conn}", "c0")
            .replace("{name}", "up");
        if item.get("get").is_none() || path == "/api/events" {
            continue;
        }
        let mut answer = client.send("GET", &path, &[], None);
        let said = answer.body_mut().read_to_string().unwrap();
        assert!(!said.contains("there is nothing at"), "{path}: {said}");
        let code = answer.status().as_u16().to_string();
        let documented = &item["get"]["responses"][&code];
        assert!(documented.is_object(), "{path}: {code} is not documented");
    }
    assert_eq!(client.status("GET", "/api/nothing", None), 404);
    assert_eq!(client.status("PUT", "/api/state", Some(&json!({}))), 405);
}

/// Somebody else's fuzzer (schemathesis), driven by the document: no answer is a failure of ours or
/// one that is not documented. In the environment that `tests/run.sh` makes.
#[test]
#[ignore = "needs the Python environment that tests/run.sh makes"]
fn python_fuzzes_what_the_document_describes() {
    let lab = lab(&["--fault", "F01:p=0.05"]);
    eventually("a transaction", || {
        let page = lab.client.get("/api/transactions?limit=1");
        page["items"].as_array()?.first().cloned()
    });
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fuzzer = root.join("target/python/bin/schemathesis");
    assert!(
        fuzzer.exists(),
        "no {}: run tests/run.sh, which makes it",
        fuzzer.display()
    );
    let document = format!("http://{}/api/openapi.json", lab.client.address);
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,\
                  response_schema_conformance";
    let output = std::process::Command::new(fuzzer)
        .args(["run", &document, "--checks", checks])
        .args([
            "--phases",
            "examples,fuzzing",
            "--max-examples",
            "15",
            "--seed",
            "7",
        ])
        .args([
            "--request-timeout",
            "10",
            "--generation-database",
            "none",
            "--no-color",
        ])
        // It never ends; it ends all; and it is told of a status that means "not now".
        .args([
            "--exclude-path",
            "/api/events",
            "--exclude-path",
            "/api/drain",
        ])
        .args(["--exclude-path", "/readyz", "--exclude-path", "/health"])
        .current_dir(lab.folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    let (_, _printed) = lab.running.end("-INT");
}
