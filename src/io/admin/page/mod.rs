//! The dashboard: files that are served as they are, from the binary. All that moves in them comes
//! from the interface beside them; they know no more than it says.
//!
//! Nothing is loaded from elsewhere, and the policy sent with each file forbids it: no script,
//! style or picture that is not one of these files. So a text from a terminal stays a text even
//! where somebody forgets that it is one.

use crate::engine::ladder::LADDER_STYLE;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use iso_currency::Currency;
use serde_json::{Map, json};

/// A file by its name, with its kind.
type PageFile = (&'static str, &'static str, &'static str);

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

const INDEX: &str = include_str!("index.html");

/// What the page consists of.
const FILES: &[PageFile] = &[
    ("icon.svg", "image/svg+xml", include_str!("icon.svg")),
    ("style.css", STYLE, include_str!("style.css")),
    ("views.css", STYLE, include_str!("views.css")),
    ("first.js", SCRIPT, include_str!("first.js")),
    ("app.js", SCRIPT, include_str!("app.js")),
    ("dom.js", SCRIPT, include_str!("dom.js")),
    ("text.js", SCRIPT, include_str!("text.js")),
    ("words.js", SCRIPT, include_str!("words.js")),
    ("act.js", SCRIPT, include_str!("act.js")),
    ("address.js", SCRIPT, include_str!("address.js")),
    ("api.js", SCRIPT, include_str!("api.js")),
    ("live.js", SCRIPT, include_str!("live.js")),
    ("plot.js", SCRIPT, include_str!("plot.js")),
    ("rows.js", SCRIPT, include_str!("rows.js")),
    ("now.js", SCRIPT, include_str!("now.js")),
    ("open.js", SCRIPT, include_str!("open.js")),
    ("transaction.js", SCRIPT, include_str!("transaction.js")),
    ("message.js", SCRIPT, include_str!("message.js")),
    ("ladder.js", SCRIPT, include_str!("ladder.js")),
    ("search.js", SCRIPT, include_str!("search.js")),
    ("faults.js", SCRIPT, include_str!("faults.js")),
    ("scenarios.js", SCRIPT, include_str!("scenarios.js")),
    ("findings.js", SCRIPT, include_str!("findings.js")),
    ("recon.js", SCRIPT, include_str!("recon.js")),
];

/// Only these files, nothing in line, no frames around it, no forms to elsewhere.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; object-src 'none'";

/// Sent with each file.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
];

/// `/` and what it needs.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(
            "/",
            get(|| async { sent("text/html; charset=utf-8", INDEX) }),
        )
        .route("/page/{file}", get(file))
}

async fn file(Path(name): Path<String>) -> Response {
    match name.as_str() {
        "currencies.js" => return sent(SCRIPT, currencies()),
        "ladder.css" => return sent(STYLE, LADDER_STYLE),
        _ => {}
    }
    match FILES.iter().find(|(own, _, _)| *own == name) {
        Some((_, kind, text)) => sent(kind, *text),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn sent(kind: &'static str, body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, kind)], HEADERS, body).into_response()
}

/// By number, what each currency is called and how many decimals it has (ISO 4217).
fn currencies() -> String {
    let known = (0..1000).filter_map(Currency::from_numeric);
    let rows = known.map(|known| {
        let number = format!("{:03}", known.numeric());
        (number, json!([known.code(), known.exponent().unwrap_or(2)]))
    });
    let rows: Map<_, _> = rows.collect();
    format!("export const CURRENCIES = {};\n", json!(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_that_a_script_names_is_served() {
        let served = |name: &str| name == "currencies.js" || FILES.iter().any(|f| f.0 == name);
        for (file, kind, text) in FILES {
            let named = text.lines().filter(|_| *kind == SCRIPT);
            let named = named.filter_map(|line| line.split_once("from \"./"));
            for (_, name) in named {
                let name = name.split('"').next().unwrap_or_default();
                assert!(served(name), "{file} imports {name}");
            }
        }
        let named = INDEX.split("/page/").skip(1);
        for name in named.filter_map(|rest| rest.split('"').next()) {
            assert!(
                served(name) || name == "ladder.css",
                "the page loads {name}"
            );
        }
    }

    #[test]
    fn nothing_stands_in_line_and_nothing_comes_from_elsewhere() {
        for (file, _, text) in FILES.iter().chain([&("index.html", "", INDEX)]) {
            for wrong in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
            ] {
                assert!(
                    !text.contains(wrong),
                    "{file} makes markup of a text: {wrong}"
                );
            }
            let own = text.replace("http://www.w3.org/", "");
            assert!(
                !own.contains("http://") && !own.contains("https://"),
                "{file} goes elsewhere"
            );
        }
        for wrong in ["<style", "style=", "onclick", "<script>"] {
            assert!(!INDEX.contains(wrong), "index.html: {wrong}");
        }
    }

    #[test]
    fn a_yen_has_no_decimals_and_a_dinar_three() {
        let known = currencies();
        for row in [
            r#""156":["CNY",2]"#,
            r#""392":["JPY",0]"#,
            r#""048":["BHD",3]"#,
        ] {
            assert!(known.contains(row), "{row}");
        }
    }
}
