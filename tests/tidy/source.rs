//! A source file as the law sees it: each line whole, and once more without comments and literals.

/// One file of the house.
pub(crate) struct Source {
    /// Its path from the top, with `/`.
    pub(crate) path: String,
    /// Its lines.
    pub(crate) lines: Vec<Line>,
}

/// One line.
pub(crate) struct Line {
    /// As written.
    pub(crate) text: String,
    /// Without comments, and with nothing between the quotes of its literals.
    pub(crate) code: String,
    /// Whether it is compiled for tests only.
    pub(crate) test: bool,
}

/// One breach of the law: where, and how to mend it.
pub(crate) fn breach(source: &Source, at: usize, mend: &str) -> String {
    format!("{}:{}: {mend}", source.path, at + 1)
}

impl Source {
    /// Reads a file's text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = code_of(text);
        let codes = code.lines().chain(std::iter::repeat(""));
        let lines = text.lines().zip(codes).map(|(text, code)| Line {
            text: text.to_owned(),
            code: code.to_owned(),
            test: false,
        });
        let mut source = Self {
            path: path.to_owned(),
            lines: lines.collect(),
        };
        source.mark_tests();
        source
    }

    /// Whether it is test code throughout: under a folder `tests`, or named so.
    pub(crate) fn is_test(&self) -> bool {
        self.path
            .split('/')
            .any(|part| matches!(part, "tests" | "tests.rs"))
    }

    /// Whether a crate begins here.
    pub(crate) fn is_root(&self) -> bool {
        matches!(self.path.as_str(), "src/lib.rs" | "src/main.rs")
    }

    /// Marks the items behind `#[cfg(test)]`, from the attribute to the end of their block.
    fn mark_tests(&mut self) {
        let (all, mut item, mut depth) = (self.is_test(), false, 0);
        for line in &mut self.lines {
            item |= line.code.trim() == "#[cfg(test)]";
            line.test = all || item;
            if item {
                let count = |c: char| line.code.matches(c).count();
                depth += count('{');
                depth -= count('}').min(depth);
                let ends = count('}') > 0 || count(';') > 0;
                item = depth > 0 || !ends;
            }
        }
    }

    /// Where it stands in the crate: `src/engine/gateway/core.rs` is `engine`, `gateway`, `core`.
    pub(crate) fn module(&self) -> Vec<&str> {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        path.split('/')
            .filter(|part| !matches!(*part, "mod" | "lib" | "main"))
            .collect()
    }

    /// Its numbered lines.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines.iter().enumerate()
    }
}

/// The text with comments and the insides of literals left out; its lines stay where they are.
/// Block comments are not known here, since the law knows none.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let inside_word = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let (kept, length) = match first {
            '/' if rest.starts_with("//") => ("", rest.find('\n').unwrap_or(rest.len())),
            '"' => ("\"\"", quoted(rest, '"')),
            'r' | 'b' if !inside_word && raw_string(rest).is_some() => {
                ("\"\"", raw_string(rest).unwrap_or_default())
            }
            '\'' if is_character(rest) => ("''", quoted(rest, '\'')),
            _ => (&rest[..first.len_utf8()], first.len_utf8()),
        };
        code.push_str(kept);
        if kept.len() != length {
            code.extend(rest[..length].chars().filter(|c| *c == '\n'));
        }
        rest = &rest[length..];
    }
    code
}

/// The length of the literal that begins here, up to its closing quote.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of the raw string that begins here, if one does.
fn raw_string(text: &str) -> Option<usize> {
    let behind_r = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = behind_r.len() - behind_r.trim_start_matches('#').len();
    let body = behind_r[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(text.len() - body.len() + length)
}

/// Whether the quote that begins here opens a character, and not the name of a lifetime.
fn is_character(text: &str) -> bool {
    let mut behind = text.chars().skip(1);
    behind.next() == Some('\\') || behind.next() == Some('\'')
}

#[test]
fn comments_and_literals_are_no_code() {
    let code = |text: &str| code_of(text);
    assert_eq!(code("a(); // b()\nc();"), "a(); \nc();");
    assert_eq!(code(r#"f("a \" b") + 'c'"#), r#"f("") + ''"#);
    assert_eq!(code("r#\"a \" b\"# + br\"c\" + d"), "\"\" + \"\" + d");
    assert_eq!(code("\"a\nb\" + c"), "\"\"\n + c");
    assert_eq!(
        code("fn f<'a>(x: &'a str) -> char { '\\'' }"),
        "fn f<'a>(x: &'a str) -> char { '' }"
    );
}

#[test]
fn test_code_is_told_from_the_rest() {
    let text = "a();\n#[cfg(test)]\nmod tests {\n    b();\n}\nc();\n#[cfg(test)]\nmod more;\nd();";
    let source = Source::new("src/iso/a.rs", text);
    let tests: Vec<bool> = source.lines.iter().map(|line| line.test).collect();
    assert_eq!(
        tests,
        [false, true, true, true, true, false, true, true, false]
    );
    assert!(Source::new("src/iso/a/tests.rs", "a();").lines[0].test);
}

#[test]
fn a_file_knows_its_module() {
    let module = |path: &str| Source::new(path, "").module().join("::");
    assert_eq!(module("src/engine/gateway/mod.rs"), "engine::gateway");
    assert_eq!(
        module("src/engine/gateway/core.rs"),
        "engine::gateway::core"
    );
    assert_eq!(module("src/lib.rs"), "");
}
