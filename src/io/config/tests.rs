//! What a file may say, and what is said about a wrong one.

mod tls;

use super::*;
use crate::engine::gateway::{Balance, ReversalBy, SignOn};
use crate::engine::record::{LinkId, ListenerId};
use crate::iso::message::FieldPath;
use crate::iso::translate::Change;
use std::path::Path;

fn config(text: &str) -> Result<Config, ConfigError> {
    Config::parse("gateway.toml", text, Path::new(""))
}

/// The whole complaint about a text.
#[track_caller]
fn complaint(text: &str) -> String {
    config(text).unwrap_err().to_string()
}

/// What is in effect says the same as the file, and shows every key with its default.
#[test]
fn what_is_in_effect_is_a_file_that_says_the_same() {
    let translating = r#"
[[listener]]
[[link]]
name = "b"
spec = "iso8583-1987-ascii"
[[route]]
match = { processing_code = ["00xxxx"] }
map = { 63 = "48", 39 = { "25" = "12" }, request = { 60 = "" } }
[gateway]
zone = "Europe/Berlin"
[ladder]
scale = 50
grace = "1m30s"
"#;
    for text in ["", EXAMPLE, translating] {
        let first = config(text).unwrap();
        let again = config(&first.settled).unwrap_or_else(|wrong| {
            panic!("{wrong}\n{}", first.settled);
        });
        let plain = |config: &Config| config.settled.replace("  # default", "");
        assert_eq!(plain(&first), plain(&again));
        let routes = |config: &Config| {
            let mut routes = config.options.routes.clone();
            // The dialect's own key is written out.
            routes.iter_mut().for_each(|route| route.key.clear());
            format!("{routes:?}")
        };
        assert_eq!(routes(&first), routes(&again));
        assert_eq!(
            format!("{:?}", first.options.ladder),
            format!("{:?}", again.options.ladder)
        );
    }
    let shown = config("[gateway]\nzone = \"UTC\"").unwrap().settled;
    for line in [
        "zone = \"UTC\"\n",
        "drain = \"30s\"  # default\n",
        "[route.reversal]\nby = \"terminal\"  # default\ntries = 6  # default\n",
        "watch = \"1d\"  # default\n",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
}

/// The example of the documentation.
const EXAMPLE: &str = r#"
[gateway]
name = "gw-1"

[[listener]]
address = "127.0.0.1:5583"
spec = "cup-pos"

[[link]]
name = "acquirer-a"
address = "127.0.0.1:6583"
spec = "cup-pos"
connections = 2
sign_on = true
echo_interval = "60s"
reconnect = { first = "200ms", max = "30s" }

[[route]]
to = ["acquirer-a"]
match = { mti = "02xx" }
key = [41, 11]
rewrite_stan = false
map = { }
timeout = "45s"
reversal = { by = "terminal", tries = 6, expire = "24h" }

[journal]
path = "journal"
keep = "safe"
retain = "90d"
durability = "strict"

[limits]
connections = 10000
frame = "8KiB"
in_flight = 20000

[admin]
address = "127.0.0.1:8583"
"#;

#[test]
fn the_example_says_what_it_says() {
    let config = config(EXAMPLE).unwrap();
    let route = &config.options.routes[0];
    assert_eq!(route.to, [LinkId(0)]);
    assert_eq!(route.timeout, Duration::from_secs(45));
    assert_eq!(route.key.len(), 2);
    assert!(route.takes.mti[0].fits("0200".parse().unwrap()));
    assert!(!route.takes.mti[0].fits("0400".parse().unwrap()));
    assert_eq!(config.links[0].first_pause, Duration::from_millis(200));
    assert_eq!(config.limits.frame, 8192);
    assert_eq!(config.journal.retain, Duration::from_secs(90 * 86_400));
    assert_eq!(config.admin.unwrap().address, "127.0.0.1:8583");
}

#[test]
fn an_empty_file_is_a_gateway() {
    let config = config("").unwrap();
    assert_eq!(config.listeners[0].address, "127.0.0.1:5583");
    assert_eq!(config.links[0].address, "127.0.0.1:6583");
    assert_eq!(config.options.routes[0].to, [LinkId(0)]);
    assert_eq!(config.options.routes[0].reversal.by, ReversalBy::Terminal);
    assert_eq!(config.journal.durability, Durability::Strict);
    assert_eq!(config.journal.keys, Path::new("journal.keys"));
}

#[test]
fn all_that_is_wrong_is_said_at_once_in_order() {
    let text = r#"
[gatway]
[[listener]]
adress = "127.0.0.1:1"
[limits]
frame = "8 KB"
connections = 0
"#;
    let wanted = "\
gateway.toml:2: gatway: unknown key; did you mean \"gateway\"?
gateway.toml:4: listener.adress: unknown key; did you mean \"address\"?
gateway.toml:6: limits.frame: wants a size such as \"8KiB\", \"64kB\" or a number of bytes
gateway.toml:7: limits.connections: wants a number of 1 or more";
    assert_eq!(complaint(text), wanted);
}

#[test]
fn a_name_far_from_all_shows_the_known_ones() {
    let wanted = "gateway.toml:2: admin.zzzzzzzzzz: unknown key; known here: address, tls, tokens";
    assert_eq!(complaint("[admin]\nzzzzzzzzzz = 1"), wanted);
}

#[test]
fn a_route_finds_its_ends_by_name() {
    let ends = "[[listener]]\nname = \"pos\"\n[[link]]\nname = \"a\"\n[[link]]\nname = \"b\"\n";
    let text = format!("{ends}[[route]]\nto = [\"b\"]\nmatch = {{ listener = \"pos\" }}");
    let found = config(&text).unwrap();
    assert_eq!(found.options.routes[0].to, [LinkId(1)]);
    assert_eq!(found.options.routes[0].takes.listener, [ListenerId(0)]);
    let wrong = complaint(&format!("{ends}[[route]]\nto = [\"c\"]"));
    assert_eq!(
        wrong,
        "gateway.toml:8: route.to: no link is named \"c\"; wants \"a\" or \"b\""
    );
}

#[test]
fn a_gateway_without_keys_authors_no_reversal_under_a_mac() {
    let by = |spec: &str| {
        let ends = format!("[[listener]]\nspec = \"{spec}\"\n[[link]]\nspec = \"{spec}\"\n");
        config(&format!(
            "{ends}[[route]]\nreversal = {{ by = \"gateway\" }}"
        ))
    };
    let error = by("cup-pos").unwrap_err().to_string();
    assert_eq!(
        error,
        "gateway.toml:6: route.reversal.by: the dialect has a MAC, so a gateway without keys \
         cannot author a reversal: name the terminals' master keys in [gateway] keys, or use \
         by = \"terminal\""
    );
    let free = by("iso8583-1987-ascii").unwrap();
    assert_eq!(free.options.routes[0].reversal.by, ReversalBy::Gateway);
}

#[test]
fn a_route_joins_one_dialect() {
    let text =
        "[[listener]]\nspec = \"cup-pos\"\n[[link]]\nspec = \"iso8583-1987-ascii\"\n[[route]]";
    let wrong = complaint(text);
    assert!(
        wrong.starts_with("gateway.toml:5: route.to: joins cup-pos and iso8583-1987-ascii,"),
        "{wrong}"
    );
}

#[test]
fn an_unknown_dialect_shows_the_known_ones() {
    let wrong = complaint("[[link]]\nspec = \"cup\"");
    assert!(
        wrong.starts_with("gateway.toml:2: link.spec: no such dialect; known: cup-pos, "),
        "{wrong}"
    );
}

#[test]
fn the_scale_divides_what_is_not_written_out() {
    let text = "[ladder]\nscale = 50\ngrace = \"1s\"\n[[route]]\n[[route]]\ntimeout = \"7s\"";
    let options = config(text).unwrap().options;
    assert_eq!(options.routes[0].timeout, Duration::from_millis(900));
    assert_eq!(options.routes[1].timeout, Duration::from_secs(7));
    assert_eq!(options.ladder.first_pause, Duration::from_millis(40));
    assert_eq!(options.ladder.grace, Duration::from_secs(1));
}

#[test]
fn numbers_under_a_mac_are_rewritten_only_where_there_are_keys() {
    let wrong = complaint("[[route]]\nrewrite_stan = true");
    let wanted = "gateway.toml:2: route.rewrite_stan: a trace number stands under the MAC, ";
    assert!(wrong.starts_with(wanted), "{wrong}");
    let plain = "[[listener]]\nspec = \"iso8583-1987-ascii\"\n\
                 [[link]]\nspec = \"iso8583-1987-ascii\"\n[[route]]\nrewrite_stan = true";
    assert!(config(plain).unwrap().options.routes[0].rewrite_stan);
}

/// A route from `cup-pos` to an ASCII host, with this map.
fn mapped(map: &str) -> Result<Config, ConfigError> {
    config(&format!(
        "[[listener]]\n[[link]]\nspec = \"iso8583-1987-ascii\"\n[[route]]\nmap = {map}"
    ))
}

#[test]
fn a_map_says_how_two_dialects_differ() {
    let path = |text: &str| text.parse::<FieldPath>().unwrap();
    let text = "{ 63 = \"48\", 62 = \"\", 39 = { \"25\" = \"12\" }, \
                kinds = { moto_sale = \"sale\" }, request = { 22 = { \"021\" = \"901\" } }, \
                answer = { \"48.5\" = \"66\" } }";
    let found = mapped(text).unwrap();
    let map = found.options.routes[0].map.clone().unwrap();
    let (there, back) = (
        Change::Move {
            from: path("63"),
            to: path("48"),
        },
        Change::Move {
            from: path("48"),
            to: path("63"),
        },
    );
    let result = Change::Move {
        from: path("66"),
        to: path("48.5"),
    };
    let code = Change::Values(path("39"), vec![("25".into(), "12".into())]);
    let entry = Change::Values(path("22"), vec![("021".into(), "901".into())]);
    for change in [&there, &Change::Drop(path("62")), &entry] {
        assert!(map.request.contains(change), "{change:?}");
    }
    for change in [&back, &Change::Drop(path("62")), &code, &result] {
        assert!(map.answer.contains(change), "{change:?}");
    }
    assert_eq!((map.request.len(), map.answer.len()), (3, 4));
    assert_eq!(map.kinds.len(), 1);
}

#[test]
fn a_map_that_cannot_be_followed_is_refused() {
    for (map, wanted) in [
        ("{ x = \"48\" }", "route.map.x: wants a field such as 63"),
        (
            "{ 63 = 48 }",
            "route.map.63: wants the host's field such as \"48\"",
        ),
        ("{ 90 = \"48\" }", "route.map.90: cup-pos has no field 90"),
        (
            "{ 63 = \"190\" }",
            "route.map.63: iso8583-1987-ascii has no field 190",
        ),
        (
            "{ answer = { 4 = { \"1\" = \"2\" } } }",
            "route.map.answer.4: card, amount and",
        ),
        (
            "{ 39 = { \"51\" = \"00\" } }",
            "route.map.39: 51 and 00 are not of one kind",
        ),
        (
            "{ kinds = { sail = \"sale\" } }",
            "route.map.kinds.sail: cup-pos has no kind",
        ),
        (
            "{ kinds = { sale = \"sail\" } }",
            "route.map.kinds.sale: wants the name of a kind of",
        ),
        (
            "{ kinds = { sale = \"refund\" } }",
            "route.map.kinds.sale: refund does something else with money than sale does",
        ),
        (
            "{ kinds = { balance = \"sale\" } }",
            "route.map.kinds.balance: sale does something else with money than balance does",
        ),
    ] {
        let wrong = mapped(map).unwrap_err().to_string();
        assert!(wrong.contains(wanted), "{map}: {wrong}");
    }
}

#[test]
fn broken_toml_is_named_by_its_line() {
    let wrong = complaint("[gateway]\nname = ");
    assert!(
        wrong.starts_with("gateway.toml:2: this is no TOML: "),
        "{wrong}"
    );
}

#[test]
fn a_frame_cap_stays_within_bounds() {
    let wrong = complaint("[limits]\nframe = \"1MiB\"");
    assert_eq!(
        wrong,
        "gateway.toml:2: limits.frame: wants a size from 32 to \"64KiB\""
    );
}

#[test]
fn keys_stay_outside_the_journal() {
    let wrong = complaint("[journal]\npath = \"j\"\nkeys = \"j/keys\"");
    let wanted = "gateway.toml:3: journal.keys: keys must not lie in the journal's own folder";
    assert_eq!(wrong, wanted);
}

#[test]
fn a_time_that_would_make_a_loop_without_pause_is_refused() {
    let text = "[[link]]\nreconnect = { first = \"0s\" }\necho_interval = \"0s\"";
    let wanted = "gateway.toml:2: link.reconnect.first: wants a time above zero";
    assert_eq!(complaint(text), wanted);
}

#[test]
fn a_route_takes_what_its_match_says() {
    let text = "[[route]]\nbalance = \"order\"\n[route.match]\nmti = [\"01xx\", \"02xx\"]\n\
                processing_code = \"00xxxx\"\ncard = [\"622609\", \"400000-499999\"]\n\
                terminal = \"104*\"";
    let found = config(text).unwrap();
    let route = &found.options.routes[0];
    assert_eq!(route.balance, Balance::Order);
    let takes = &route.takes;
    assert_eq!((takes.mti.len(), takes.card.len()), (2, 2));
    assert!(takes.terminal[0].fits("10421695") && takes.processing_code[0].fits("001000"));
    assert_eq!(
        complaint("[[route]]\nmatch = { card = [\"5-4\"], terminal = 7 }"),
        "gateway.toml:2: route.match.card: a range of cards goes from the lower number to the \
         higher one\n\
         gateway.toml:2: route.match.terminal: wants a text in quotes, or a list of such"
    );
}

#[test]
fn a_link_signs_on_as_a_whole_or_by_connection_or_not() {
    for (text, expected) in [
        ("", SignOn::Connection),
        ("sign_on = true", SignOn::Connection),
        ("sign_on = \"link\"", SignOn::Link),
        ("sign_on = false", SignOn::Nothing),
    ] {
        let found = config(&format!("[[link]]\n{text}")).unwrap();
        assert_eq!(found.options.links[0].sign_on, expected, "{text}");
    }
    assert!(complaint("[[link]]\nsign_on = \"once\"").contains("\"link\" (one for all)"));
}

#[test]
fn a_listener_may_know_its_terminals() {
    let known = |keys: &str| {
        let text = format!("[[listener]]\n{keys}\n[[link]]\naddress = \"127.0.0.1:6583\"\n");
        config(&text).map(|config| config.options.listeners[0].known.clone())
    };
    assert_eq!(known("").unwrap(), None);
    assert_eq!(known("terminals = \"any\"").unwrap(), None);
    let two = known("terminals = \"known\"\nknown = [\"10421695\", \"10421696\"]").unwrap();
    assert_eq!(two.map_or(0, |list| list.len()), 2);
    assert!(
        known("known = [\"10421695\"]").is_err(),
        "a list that nobody asks for"
    );
    assert!(known("terminals = \"some\"").is_err());
}

#[test]
fn a_shadow_is_neither_a_link_nor_a_listener() {
    let ends = "[[listener]]\naddress = \"0.0.0.0:5583\"\n[[link]]\nname = \"a\"\n\
                address = \"127.0.0.1:6583\"\n";
    for (address, wanted) in [
        ("127.0.0.1:6583", "is a link"),
        ("localhost:6583", "is a link"),
        ("[::1]:5583", "is a listener"),
    ] {
        let text = format!("{ends}shadow = {{ address = \"{address}\" }}\n");
        let wrong = complaint(&text);
        assert!(wrong.contains(wanted), "{address}: {wrong}");
    }
    let fine = config(&format!(
        "{ends}shadow = {{ address = \"localhost:6584\" }}\n"
    ));
    assert!(fine.unwrap().links[0].shadow.is_some());
}
