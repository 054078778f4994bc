//! The law of the house, as ordinary tests.
//!
//! Each article below is a test; when it is broken, it names file, line and the mend. Each rule it
//! calls is itself tested beside its code in `tests/tidy/`, on small snippets that break it.
//!
//! To change the law, change it here, in the open: lists shrink easily and grow with a reason.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

#[path = "tidy/source.rs"]
mod source;

#[path = "tidy/house.rs"]
mod house;

#[path = "tidy/rooms.rs"]
mod rooms;

#[path = "tidy/blind.rs"]
mod blind;

#[path = "tidy/words.rs"]
mod words;

#[path = "tidy/names.rs"]
mod names;

#[path = "tidy/form.rs"]
mod form;

#[path = "tidy/whole.rs"]
mod whole;

use house::Plan;
use isogate::iso::spec::Spec;
use names::Namesakes;
use source::Source;
use words::Banned;

/// The wings that know no clock, socket, file, thread or unseeded chance.
const PURE: &[&str] = &["iso", "engine", "lab"];

/// What a pure room does not say, and what it says instead.
const BANNED: &[Banned] = &[
    ban("tokio", "events and actions; `io` carries them"),
    ban("std::net", "events and actions; `io::net` carries bytes"),
    ban(
        "std::fs",
        "a text or a `Storage` that is handed in; goldens by `include_str!`",
    ),
    ban("std::io", "a slice, or a `Vec` that is handed back"),
    ban("std::env", "an option that is handed in"),
    ban("std::process", "an action; the rim starts and stops"),
    ban(
        "std::thread",
        "nothing: a pure room runs where it is called",
    ),
    ban(
        "async",
        "a call that returns; what must wait is an event later",
    ),
    ban("mpsc", "an event or an action"),
    ban("Mutex", "one owner"),
    ban("RwLock", "one owner"),
    ban("Instant", "`Mono`, handed in as `now`"),
    ban("SystemTime", "`Wall`, handed in as `now`"),
    ban("Timestamp::now", "`Wall`, handed in as `now`"),
    ban("Zoned::now", "`Wall`, handed in as `now`"),
    except(
        "HashMap",
        "`KeyedMap`, or a `BTreeMap`: its order decides nothing",
        KEYED,
    ),
    ban("HashSet", "a `BTreeSet`"),
    except("RandomState", "`KeyedMap`, keyed by a seed", KEYED),
    ban("rand", "`Dice`, from a seed"),
    except("rand_core", "`Dice`, from a seed", DICE),
    except("rand_chacha", "`Dice`, from a seed", DICE),
    ban(
        "getrandom",
        "`Dice`, from a seed, or bytes that are handed in",
    ),
    ban("thread_rng", "`Dice`, from a seed"),
    ban("OsRng", "`Dice`, from a seed, or bytes that are handed in"),
];

/// The seam to hashed maps.
const KEYED: &str = "src/engine/seam/keyed.rs";
/// The seam to chance.
const DICE: &str = "src/engine/seam/dice.rs";

const fn ban(word: &'static str, instead: &'static str) -> Banned {
    Banned {
        word,
        instead,
        except: None,
    }
}

const fn except(word: &'static str, instead: &'static str, file: &'static str) -> Banned {
    Banned {
        word,
        instead,
        except: Some(file),
    }
}

/// The files that may show a secret in clear, each because it builds or transforms bytes.
const REVEAL: &[(&str, &str)] = &[
    ("src/iso/message/secret.rs", "compares in constant time"),
    (
        "src/iso/codec/redact.rs",
        "puts hidden bytes back into a frame",
    ),
    ("src/iso/stream/mask.rs", "searches and compares cards"),
    (
        "src/iso/security/key.rs",
        "feeds the ciphers, derives and wraps keys",
    ),
    (
        "src/iso/security/key_block.rs",
        "takes a key block out of a sign-on",
    ),
    ("src/iso/security/mac.rs", "feeds the ciphers"),
    (
        "src/engine/gateway/terminal_keys.rs",
        "takes a key block out of a sign-on",
    ),
    (
        "src/engine/record/vault.rs",
        "seals, opens, and hashes cards under a key",
    ),
    ("src/engine/record/vault/keys.rs", "writes the key file"),
    (
        "src/io/drive/lab.rs",
        "writes the file of its terminals' keys",
    ),
    ("src/lab/peer/terminal/form.rs", "swipes a test card"),
    ("src/lab/replay/session.rs", "makes PIN blocks anew"),
    (
        "src/lab/replay/stand_in.rs",
        "puts a test card in place of a masked one",
    ),
    ("src/lab/peer/acquirer/issuer.rs", "knows its test cards"),
    ("src/lab/peer/acquirer/reply.rs", "fills an answer in"),
    ("src/lab/sim/judge.rs", "searches the disk for its cards"),
];

/// Files over `LINES_MOST`, each with the lines it may have until it is split.
const RATCHET: &[(&str, usize)] = &[];
const LINES_MOST: usize = 600;
/// Functions that are one table, and read as one.
const TABLES: &[(&str, &str)] = &[("src/engine/gateway/lifecycle.rs", "decide")];
const FUNCTION_MOST: usize = 70;
const COLUMNS_MOST: usize = 100;

/// Type names that stand more than once, each with its places, until all but one are renamed.
const NAMESAKES: &[Namesakes] = &[
    (
        "Arrival",
        &["src/lab/judge/facts.rs", "src/lab/odd/ledger.rs"],
    ),
    (
        "Carried",
        &["src/engine/record/fact.rs", "src/lab/sim/plug.rs"],
    ),
    (
        "Case",
        &[
            "src/engine/trace/tests/verdicts.rs",
            "src/lab/judge/tests.rs",
            "src/lab/odd/terminal/mod.rs",
        ],
    ),
    (
        "Cause",
        &["src/engine/gateway/core.rs", "src/engine/trace/cause.rs"],
    ),
    ("Deed", &["src/lab/model/tests.rs", "src/lab/plan/deed.rs"]),
    (
        "Effect",
        &[
            "src/engine/gateway/lifecycle.rs",
            "src/engine/trace/bonds.rs",
        ],
    ),
    (
        "Entry",
        &["src/engine/trace/book.rs", "src/lab/odd/host/book.rs"],
    ),
    (
        "Form",
        &["src/engine/record/form/wire.rs", "src/lab/plan/deed.rs"],
    ),
    (
        "Known",
        &["src/engine/record/state.rs", "src/lab/model/known.rs"],
    ),
    (
        "Names",
        &["src/engine/record/form/step.rs", "src/engine/trace/view.rs"],
    ),
    (
        "Out",
        &[
            "src/engine/record/form/wire.rs",
            "src/lab/sim/machine/terms.rs",
        ],
    ),
    (
        "Outcome",
        &[
            "src/engine/trace/codes.rs",
            "src/lab/odd/tests/trades.rs",
            "src/lab/sim/world.rs",
        ],
    ),
    (
        "Peer",
        &["src/lab/sim/machine.rs", "src/lab/sim/planned/pipes.rs"],
    ),
    (
        "Pipe",
        &[
            "src/lab/odd/tests/pipe.rs",
            "src/lab/sim/planned/pipes.rs",
            "src/lab/sim/wire.rs",
        ],
    ),
    (
        "Printed",
        &["src/lab/judge/hearing.rs", "src/lab/sim/planned/look.rs"],
    ),
    (
        "Reversal",
        &["src/engine/gateway/live.rs", "src/engine/trace/reversal.rs"],
    ),
    (
        "Row",
        &["src/engine/record/state.rs", "src/engine/trace/texts.rs"],
    ),
    (
        "Seen",
        &[
            "src/engine/trace/story.rs",
            "src/lab/model/read.rs",
            "src/lab/sim/check.rs",
        ],
    ),
    (
        "Stage",
        &[
            "src/engine/gateway/tests.rs",
            "src/lab/sim/planned/stage.rs",
        ],
    ),
    ("World", &["src/lab/model/tests.rs", "src/lab/sim/world.rs"]),
    (
        "Wrong",
        &["src/lab/judge/safety.rs", "src/lab/model/tests.rs"],
    ),
];

/// What people and tools look for at the top.
const TOP: &[&str] = &[
    ".ci",
    ".containerignore",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "Containerfile",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "README.zh-CN.md",
    "benches",
    "docs",
    "examples",
    "proto-specs",
    "src",
    "tests",
];

/// Fails with every breach, or holds.
#[track_caller]
fn hold(article: &str, breaches: impl IntoIterator<Item = String>) {
    let breaches: Vec<String> = breaches.into_iter().collect();
    assert!(
        breaches.is_empty(),
        "{article}\n\n{}\n",
        breaches.join("\n")
    );
}

fn pure_files() -> Vec<Source> {
    let mut files = house::crate_files();
    files.retain(|file| {
        file.module()
            .first()
            .is_some_and(|wing| PURE.contains(wing))
    });
    files
}

#[test]
fn a_room_uses_only_what_stands_above_it() {
    let plan = Plan::of_the_house();
    let files = house::crate_files();
    hold(
        "Rooms stand in dependency order.",
        files.iter().flat_map(|f| rooms::order(f, &plan)),
    );
}

#[test]
fn a_type_name_stands_once() {
    hold(
        "One name, one type.",
        names::shared(&house::crate_files(), NAMESAKES),
    );
}

#[test]
fn a_judge_sees_wires_ledgers_and_what_is_printed() {
    hold(
        "Judges are not told what to think.",
        house::crate_files().iter().flat_map(blind::sees),
    );
}

#[test]
fn every_file_belongs_to_a_module() {
    hold("No file is dead.", rooms::dead_files(&house::crate_files()));
}

#[test]
fn a_pure_room_knows_no_clock_socket_file_thread_or_chance() {
    let files = pure_files();
    let banned = files.iter().flat_map(|file| words::banned(file, BANNED));
    hold("The core decides, the rim carries.", banned);
    hold("The law reads lines.", files.iter().flat_map(words::hidden));
}

#[test]
fn a_secret_is_shown_only_where_bytes_are_built() {
    let files = house::crate_files();
    let shown = files.iter().flat_map(|file| words::revealed(file, REVEAL));
    hold(
        "Secrets stay closed.",
        shown.chain(words::allowed_in_vain(&files, REVEAL)),
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    hold(
        "A file begins with its doc.",
        house::rust_files().iter().flat_map(form::module_doc),
    );
}

#[test]
fn a_line_fits_and_a_file_holds_one_concern() {
    let files = house::rust_files();
    hold(
        "Lines fit.",
        files
            .iter()
            .flat_map(|file| form::columns(file, COLUMNS_MOST)),
    );
    let long = files
        .iter()
        .flat_map(|file| form::length(file, LINES_MOST, RATCHET));
    hold("Files stay small.", long);
    let long = files
        .iter()
        .flat_map(|file| form::functions(file, FUNCTION_MOST, TABLES));
    hold("Functions stay small.", long);
}

#[test]
fn nothing_is_left_for_later() {
    let halves = [
        ("TO", "DO"),
        ("FIX", "ME"),
        ("X", "XX"),
        ("HA", "CK"),
        ("#[ig", "nore]"),
    ];
    let macros = [("to", "do!"), ("unimple", "mented!"), ("assert!", "(true)")];
    let words: Vec<String> = halves
        .iter()
        .chain(&macros)
        .map(|(head, tail)| [*head, *tail].concat())
        .collect();
    let mend = "do it now, or leave it out and say so in the limits of README.md";
    hold(
        "No loose ends.",
        texts()
            .iter()
            .flat_map(|file| words::written(file, &words, mend)),
    );
}

#[test]
fn nothing_here_depends_on_one_machine() {
    let folders = ["/wo", "/ho", "/ro", "/fa", "/t"]
        .iter()
        .zip(["rk/", "me/", "ot/", "rm/", "mp/"]);
    let words: Vec<String> = folders.map(|(head, tail)| [*head, tail].concat()).collect();
    let mend = "a path of one machine: write it relative, or make it an option";
    hold(
        "It builds anywhere.",
        texts()
            .iter()
            .flat_map(|file| words::written(file, &words, mend)),
    );

    let lock = house::read("Cargo.lock");
    let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let strange = lock
        .numbered()
        .filter(|(_, line)| line.text.starts_with("source = ") && line.text != public);
    let mend = "take crates from the public registry: their source is no one's mirror";
    hold(
        "It builds anywhere.",
        strange.map(|(at, _)| source::breach(&lock, at, mend)),
    );
}

#[test]
fn the_top_holds_only_what_is_looked_for_there() {
    hold(
        "The top is tidy.",
        form::top(&house::names_at_the_top(), TOP),
    );
}

#[test]
fn the_readme_in_chinese_knows_every_command_and_dialect() {
    let chinese = house::read("README.zh-CN.md");
    let chinese: String = chinese
        .numbered()
        .map(|(_, line)| line.text.clone())
        .collect();
    let readme = house::read("README.md");
    let first = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    let rows = readme.numbered().filter_map(|(_, line)| first(&line.text));
    let missing = rows.filter(|row| !chinese.contains(row.as_str()));
    hold(
        "The README in Chinese is a counterpart.",
        missing.map(|row| format!("README.zh-CN.md: wants `{row}`, which README.md has")),
    );
}

#[test]
fn every_dialect_loads_and_has_golden_frames() {
    let tests = house::read("src/iso/codec/tests/vectors.rs");
    hold(
        "A dialect is proven.",
        dialects()
            .iter()
            .flat_map(|spec| whole::dialect(spec, &tests)),
    );
}

#[test]
fn every_row_of_the_decision_table_is_tested_and_told() {
    let letters = whole::letters();
    let table = house::read("src/engine/gateway/lifecycle/tests.rs");
    let manual = house::read("src/ARCHITECTURE.md");
    hold("A row has its test.", whole::tested(&letters, &table));
    hold("A row has its paragraph.", whole::told(&letters, &manual));
}

#[test]
fn the_map_is_the_house() {
    let manual = house::read("src/ARCHITECTURE.md");
    hold(
        "The map is kept.",
        whole::mapped(&Plan::of_the_house(), &manual),
    );
}

/// Every text but the lock file, which tools write.
fn texts() -> Vec<Source> {
    let paths = house::text_files()
        .into_iter()
        .filter(|path| path != "Cargo.lock");
    paths.map(|path| house::read(&path)).collect()
}

fn dialects() -> Vec<whole::Dialect> {
    let files = house::files_under("proto-specs")
        .into_iter()
        .filter_map(|path| {
            let name = path.strip_prefix("proto-specs/")?.strip_suffix(".toml")?;
            (!name.contains('/')).then(|| (name.to_owned(), house::text(&path)))
        });
    let files: Vec<(String, String)> = files.collect();
    let text_of = |wanted: &str| {
        let mut named = files.iter().filter(|(name, _)| name == wanted);
        named.next().map(|(_, text)| text.clone())
    };
    let dialects = files.iter().map(|(name, text)| {
        let is_base = files
            .iter()
            .any(|(_, other)| other.contains(&format!("extends = \"{name}\"")));
        let load = Spec::load(&format!("proto-specs/{name}.toml"), text, &text_of);
        let vectors = format!("proto-specs/vectors/{name}.toml");
        whole::Dialect {
            name: name.clone(),
            fault: load
                .err()
                .filter(|_| !is_base)
                .map(|fault| fault.to_string()),
            built_in: Spec::builtin(name).is_some(),
            is_base,
            vectors: house::top()
                .join(&vectors)
                .exists()
                .then(|| house::read(&vectors)),
        }
    });
    dialects.collect()
}
