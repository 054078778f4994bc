//! Pages that are complete in themselves: nothing is loaded, nothing runs.

use crate::engine::ladder::{LADDER_STYLE, visible};
use crate::engine::trace::Lang;
use std::fmt::{self, Write};

const STYLE: &str = include_str!("page.css");

/// Rows whose first cell names them; of three columns and more, the first row is a heading.
///
/// # Errors
/// Never: a text takes all.
pub fn table<const N: usize>(
    body: &mut String,
    title: Option<&str>,
    rows: &[[String; N]],
) -> fmt::Result {
    body.push_str("<table>");
    if let Some(title) = title {
        write!(body, "<caption>{title}</caption>")?;
    }
    for (at, row) in rows.iter().enumerate() {
        let tag = if at == 0 && N > 2 { "th" } else { "td" };
        body.push_str("<tr>");
        for cell in row {
            write!(body, "<{tag}>{}</{tag}>", escaped(cell))?;
        }
        body.push_str("</tr>");
    }
    body.push_str("</table>");
    Ok(())
}

/// A whole page around a body: nothing is loaded, nothing runs.
#[must_use]
pub fn page(title: &str, body: &str, lang: Lang) -> String {
    let code = match lang {
        Lang::En => "en",
        Lang::Zh => "zh-CN",
    };
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    format!(
        "<!doctype html>\n<html lang={code}><head><meta charset=utf-8>\
         <meta http-equiv=Content-Security-Policy content=\"{policy}\">\
         <meta name=viewport content=\"width=device-width\">\
         <title>isogate: {title}</title><style>{STYLE}{LADDER_STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>\n"
    )
}

/// Text as it stands in HTML: escaped, and nothing in it that a screen obeys.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c => safe.push(c),
        }
    }
    safe
}
