//! Makes one run of several that follow one another, a page of each in memory at a time.

use super::counts::JournalCounts;
use super::key::ROW_BITS;
use super::run::{IndexRun, RunHead, RunSection, RunWriter, SECTIONS};
use std::io;
use std::path::Path;

/// How many words are read of a run at once.
const AT_ONCE: u64 = 2048;

/// Writes the run that several make together into a file.
pub(super) fn join(runs: &[IndexRun], path: &Path) -> io::Result<()> {
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
        return Ok(());
    };
    let mut counts = JournalCounts::default();
    runs.iter().try_for_each(|run| counts.add(run))?;
    let (counted, segments) = (counts.words(), counts.segment_words());
    let all = |section| runs.iter().map(|run| run.len(section)).sum::<u64>();
    let length = |section| match section {
        RunSection::Rows | RunSection::Entries | RunSection::Places | RunSection::Damage => {
            all(section)
        }
        RunSection::List => last.len(section),
        RunSection::Counts => counted.len() as u64,
        RunSection::Segments => segments.len() as u64,
    };
    let with_rows = || {
        runs.iter()
            .filter(|run| run.rows() > 0)
            .map(|run| &run.head)
    };
    let head = RunHead {
        from: first.head.from,
        to: last.head.to,
        first: first.head.first,
        began: around(with_rows().map(|head| head.began)).unwrap_or_default(),
        ids: around(with_rows().map(|head| head.ids)).unwrap_or(RunHead::NO_IDS),
        lengths: SECTIONS.map(length),
    };
    let mut file = RunWriter::create(path)?;
    for section in SECTIONS {
        match section {
            RunSection::Entries => entries(runs, &mut file)?,
            RunSection::Rows | RunSection::Places | RunSection::Damage => {
                runs.iter()
                    .try_for_each(|run| copy(run, section, &mut file))?;
            }
            RunSection::List => copy(last, section, &mut file)?,
            RunSection::Counts => counted.iter().try_for_each(|word| file.put(*word))?,
            RunSection::Segments => segments.iter().try_for_each(|word| file.put(*word))?,
        }
    }
    file.finish(&head)
}

/// From the least to the greatest of all.
fn around<T: Ord>(ranges: impl Iterator<Item = (T, T)>) -> Option<(T, T)> {
    ranges.reduce(|(from, until), (least, most)| (from.min(least), until.max(most)))
}

fn copy(run: &IndexRun, section: RunSection, file: &mut RunWriter) -> io::Result<()> {
    let all = run.len(section);
    let mut at = 0;
    while at < all {
        let end = all.min(at + AT_ONCE);
        let words = run.words(section, at..end)?;
        words.iter().try_for_each(|word| file.put(*word))?;
        at = end;
    }
    Ok(())
}

/// The entries of a run that are not taken yet.
struct Rest<'r> {
    run: &'r IndexRun,
    /// How many rows the runs before it have.
    rows: u64,
    at: u64,
    read: std::vec::IntoIter<u64>,
}

impl Rest<'_> {
    /// Takes those below a word, or all.
    fn take(&mut self, below: Option<u64>, slice: &mut Vec<u64>) -> io::Result<()> {
        loop {
            let rows = self.rows;
            let read = self.read.as_slice();
            let count = below.map_or(read.len(), |below| read.partition_point(|e| *e < below));
            slice.extend(self.read.by_ref().take(count).map(|entry| entry + rows));
            let all = self.run.len(RunSection::Entries);
            if self.read.len() > 0 || self.at == all {
                return Ok(());
            }
            let end = all.min(self.at + AT_ONCE);
            let words = self.run.words(RunSection::Entries, self.at..end)?;
            (self.at, self.read) = (end, words.into_iter());
        }
    }
}

/// Hashes are spread evenly: each slice of them is small, and consists of sorted pieces.
fn entries(runs: &[IndexRun], file: &mut RunWriter) -> io::Result<()> {
    const SLICES: u64 = 64;
    let mut rows = 0;
    let mut rests = Vec::new();
    for run in runs {
        rests.push(Rest {
            run,
            rows,
            at: 0,
            read: Vec::new().into_iter(),
        });
        rows += run.rows();
    }
    if rows >> ROW_BITS > 0 {
        return Err(io::Error::other(
            "too many transactions for one file of the index",
        ));
    }
    let mut slice = Vec::new();
    for number in 1..=SLICES {
        let below = (number < SLICES).then(|| number << (64 - SLICES.trailing_zeros()));
        rests
            .iter_mut()
            .try_for_each(|rest| rest.take(below, &mut slice))?;
        // Stable sorting merges pieces that are sorted.
        slice.sort();
        slice.drain(..).try_for_each(|word| file.put(word))?;
    }
    Ok(())
}
