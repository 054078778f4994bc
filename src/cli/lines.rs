//! Files with a message a line: each line answered by one line, in order, on all cores, in memory
//! that does not grow with the file.

use anyhow::{Context, bail};
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::num::NonZero;
use std::thread;

/// What a line may have, in bytes.
const LINE: usize = 1 << 20;
/// What each core is given at once, in bytes.
const SHARE: usize = 1 << 18;

/// What a line was answered.
pub(super) struct LineAnswer {
    /// The line to print, without its end; nothing is printed for an empty one.
    pub text: Vec<u8>,
    /// Whether what stood in the line is as it should be.
    pub fine: bool,
}

impl LineAnswer {
    /// What is printed for a line of which nothing can be made.
    pub(super) fn fault(number: usize, why: &str) -> Self {
        let text = json!({ "line": number, "error": { "message": why } });
        Self {
            text: text.to_string().into_bytes(),
            fine: false,
        }
    }
}

/// Lines of a file, or of standard input for `-`.
pub(super) struct Lines {
    name: String,
    from: Box<dyn BufRead>,
    /// Lines read so far.
    read: usize,
}

impl Lines {
    /// Opens a file.
    pub(super) fn open(name: &str) -> anyhow::Result<Self> {
        let from: Box<dyn BufRead> = if name == "-" {
            Box::new(BufReader::with_capacity(LINE, std::io::stdin()))
        } else {
            let file = File::open(name).with_context(|| format!("cannot read {name}"))?;
            Box::new(BufReader::with_capacity(LINE, file))
        };
        Ok(Self {
            name: name.to_owned(),
            from,
            read: 0,
        })
    }

    /// The next line with its number, without its end; remarks and empty lines are left out.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<(usize, Vec<u8>)>> {
        loop {
            let mut line = Vec::new();
            let most = u64::try_from(LINE).unwrap_or(u64::MAX);
            let read = self.from.by_ref().take(most).read_until(b'\n', &mut line);
            let read = read.with_context(|| format!("cannot read {}", self.name))?;
            if read == 0 {
                return Ok(None);
            }
            self.read += 1;
            if read == LINE && line.last() != Some(&b'\n') {
                let (name, at) = (&self.name, self.read);
                bail!("{name}, line {at}: longer than {LINE} bytes; a message a line is wanted");
            }
            line.truncate(line.trim_ascii_end().len());
            if !line.is_empty() && !line.starts_with(b"#") {
                return Ok(Some((self.read, line)));
            }
        }
    }
}

/// Answers what `next` gives, each with its number, until there is no more. Whether all were fine.
///
/// # Errors
/// `next` failed, or `answer` gave up on one, whose number is told.
pub(super) fn answer_each<T: Send + Sync>(
    mut next: impl FnMut() -> anyhow::Result<Option<(usize, T)>>,
    size: impl Fn(&T) -> usize,
    answer: impl Fn(usize, &T) -> anyhow::Result<LineAnswer> + Sync,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let (mut fine, mut ended) = (true, false);
    while !ended {
        let mut shares = Vec::with_capacity(cores);
        while shares.len() < cores && !ended {
            let (mut bytes, mut share) = (0, Vec::new());
            while bytes < SHARE && !ended {
                match next()? {
                    Some((number, one)) => {
                        bytes += size(&one);
                        share.push((number, one));
                    }
                    None => ended = true,
                }
            }
            shares.push(share);
        }
        let answer = &answer;
        let answered: Vec<_> = thread::scope(|scope| {
            let begun: Vec<_> = shares
                .iter()
                .map(|share| scope.spawn(|| answered(share, answer)))
                .collect();
            begun.into_iter().map(|one| one.join()).collect()
        });
        for one in answered {
            let one = one.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            out.write_all(&one.text)?;
            fine &= one.fine;
            if let Some(error) = one.gave_up {
                return Err(error);
            }
        }
    }
    Ok(fine)
}

/// What the lines of one core were answered.
struct ShareAnswer {
    text: Vec<u8>,
    fine: bool,
    gave_up: Option<anyhow::Error>,
}

fn answered<T>(
    share: &[(usize, T)],
    answer: &impl Fn(usize, &T) -> anyhow::Result<LineAnswer>,
) -> ShareAnswer {
    let mut all = ShareAnswer {
        text: Vec::new(),
        fine: true,
        gave_up: None,
    };
    for (number, one) in share {
        match answer(*number, one) {
            Ok(one) => {
                all.fine &= one.fine;
                if !one.text.is_empty() {
                    all.text.extend(one.text);
                    all.text.push(b'\n');
                }
            }
            Err(error) => {
                all.gave_up = Some(error.context(format!("line {number}")));
                break;
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubled(text: &str) -> anyhow::Result<String> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        let mut lines = Lines::open(file.path().to_str().unwrap())?;
        let answer = |_, line: &Vec<u8>| {
            anyhow::ensure!(line != b"bad", "bad is no line");
            let text = [line.as_slice(), line].concat();
            Ok(LineAnswer { text, fine: true })
        };
        let mut out = Vec::new();
        answer_each(|| lines.next(), Vec::len, answer, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn each_line_is_answered_in_order() {
        let lines: Vec<String> = (0..200_000).map(|n| n.to_string()).collect();
        let wanted: Vec<String> = lines.iter().map(|line| format!("{line}{line}\n")).collect();
        assert_eq!(doubled(&lines.join("\n")).unwrap(), wanted.concat());
    }

    #[test]
    fn remarks_and_empty_lines_are_passed_over_and_counted() {
        assert_eq!(doubled("a\r\n\n# remark\nb").unwrap(), "aa\nbb\n");
        let error = doubled("a\n\n# remark\nbad\n").unwrap_err();
        assert_eq!(format!("{error:#}"), "line 4: bad is no line");
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_fills_the_memory() {
        let error = doubled(&"a".repeat(LINE + 1)).unwrap_err().to_string();
        assert!(error.contains(", line 1: longer than "), "{error}");
    }
}
