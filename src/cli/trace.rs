//! `isogate trace`: finds transactions in the journal.

use super::asked::{self, FilterArgs};
use super::filed::FiledArgs;
use super::journal::FolderArgs;
use super::past;
use super::period::PeriodArgs;
use super::screen;
use super::{Exit, Lang};
use crate::engine::evidence::EvidenceIndex;
use crate::engine::trace::{Query, Which, amount, last4, stan, terminal_id};
use crate::iso::message::{Amount, AuthCode, Rrn, Stan, TerminalId, Text};
use clap::Args;
use std::io::Write;

/// Find transactions in the journal: what happened, where the money is, what is safe to do next
#[derive(Args, Debug)]
pub(crate) struct TraceArgs {
    #[command(flatten)]
    asked: FilterArgs,
    /// Print the words of a filter
    #[arg(long, conflicts_with = "filter")]
    words: bool,
    /// DE 41
    #[arg(long, value_parser = terminal_id)]
    terminal: Option<TerminalId>,
    /// DE 11: the number on the slip, that of its reversal, or the one at its host
    #[arg(long, value_parser = stan)]
    stan: Option<Stan>,
    /// DE 37: the retrieval reference number
    #[arg(long, value_parser = text::<12>)]
    rrn: Option<Rrn>,
    /// DE 38: the authorization code
    #[arg(long, value_parser = text::<6>)]
    auth: Option<AuthCode>,
    /// 888.00, or minor units such as 88800
    #[arg(long, value_parser = amount)]
    amount: Option<Amount>,
    #[command(flatten)]
    period: PeriodArgs,
    /// The last four digits of the card
    #[arg(long, value_parser = last4)]
    last4: Option<Text<4>>,
    /// A state, a class U1 to U9, or `open`
    #[arg(long)]
    state: Option<Which>,
    /// Show at most so many, the newest; 0 for all. Without it 50 in a table, and all as JSON
    #[arg(long)]
    limit: Option<usize>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filed: FiledArgs,
    #[command(flatten)]
    journal: FolderArgs,
}

/// Rows of a table, unless it is said how many.
const IN_A_TABLE: usize = 50;

fn text<const N: usize>(text: &str) -> Result<Text<N>, &'static str> {
    text.parse()
}

impl TraceArgs {
    /// What is asked for: by the filter, and by the options beside it.
    fn queries(&self, lang: Lang) -> anyhow::Result<Vec<Vec<Query>>> {
        let zone = self.journal.zone();
        let (from, to) = self.period.moments(zone)?;
        let filter = self.asked.read(zone, lang)?;
        let asked = filter.map_or_else(|| vec![vec![Query::default()]], |f| f.alternatives());
        let narrowed = |guess: Query| Query {
            terminal: self.terminal.or(guess.terminal),
            stan: self.stan.or(guess.stan),
            other_stan: guess.other_stan,
            rrn: self.rrn.or(guess.rrn),
            auth: self.auth.or(guess.auth),
            amount: self.amount.or(guess.amount),
            from: from.or(guess.from),
            until: to.or(guess.until),
            last4: self.last4.or(guess.last4),
            which: self.state.or(guess.which),
            tx: guess.tx,
            also: guess.also,
        };
        let all = asked.into_iter();
        Ok(all
            .map(|together| together.into_iter().map(narrowed))
            .map(|together| match self.stan {
                Some(_) => together.flat_map(Query::by_any_stan).collect(),
                None => together.collect(),
            })
            .collect())
    }
}

/// Finds and prints; `Found` (1) if nothing matches.
pub(crate) fn run(args: &TraceArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if args.words {
        asked::words(args.json, lang, out)?;
        return Ok(Exit::Done);
    }
    let queries = args.queries(lang)?;
    let reader = args.journal.reader()?;
    let evidence = args.filed.read(args.journal.zone())?;
    let index = EvidenceIndex::of(&evidence).on(args.filed.today());
    let usual = if args.json { 0 } else { IN_A_TABLE };
    let limit = Some(args.limit.unwrap_or(usual)).filter(|limit| *limit > 0);
    let found = past::find_asked(&reader, &queries, limit, &index)?;
    let look = past::look(lang, args.journal.zone());
    match found.all.as_slice() {
        [] => {
            match (args.json, args.asked.is_empty()) {
                (true, false) => past::print_nothing(&args.asked.text(), out)?,
                (true, true) => {}
                (false, _) if args.asked.text().contains('~') => {
                    writeln!(out, "{}", no_match(lang))?;
                }
                (false, _) => writeln!(out, "{}", past::nothing(lang))?,
            }
            return Ok(Exit::Found);
        }
        all if args.json => {
            past::print_json(all, args.journal.zone(), out)?;
            if found.more {
                let _closed = writeln!(std::io::stderr(), "{}", left_out(lang));
            }
        }
        [(story, verdict)] if !found.more => {
            write!(out, "{}", screen::full(story, verdict, look))?;
        }
        _ => {
            past::print_table(&found, look, out)?;
            if found.more {
                writeln!(out, "{}", left_out(lang))?;
            }
        }
    }
    Ok(Exit::Done)
}

const fn no_match(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "no transaction of this journal matches",
        Lang::Zh => "本日志中没有符合条件的交易",
    }
}

const fn left_out(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "  older ones are not shown: --limit 0 shows all",
        Lang::Zh => "  另有较早的交易未显示: --limit 0 显示全部",
    }
}
