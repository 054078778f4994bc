//! `isogate top`: a running gateway or lab, as it is now, on one screen.

mod board;
mod draw;
mod glance;
mod words;

#[cfg(test)]
mod tests;

use super::control::{self, AdminArgs};
use super::{Exit, Lang};
use anyhow::{Context, bail};
use board::{TopBoard, TopOrder};
use clap::Args;
use glance::Glance;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use serde_json::Value;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;
use ureq::http::Method;

/// Watch a running gateway or lab on one screen: rate, latency, links, what is open, faults
///
/// Keys: arrows move, enter tells what became of a payment, o shows what is open, f the faults, ?
/// lists all keys, q ends.
#[derive(Args, Debug)]
pub(super) struct TopArgs {
    #[command(flatten)]
    admin: AdminArgs,
    /// Print one screen and end
    #[arg(long)]
    once: bool,
    /// Who switches faults on and off here; it is recorded [default: the name of the user]
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
}

/// How often the screen is brought up to date.
const STEP: Duration = Duration::from_secs(1);
/// How often it is looked whether a key was pressed.
const KEYS: Duration = Duration::from_millis(50);
/// The size of a screen that nobody told, in characters.
const USUAL: (u16, u16) = (80, 24);

/// What came of what was asked.
#[derive(Debug)]
enum TopNews {
    /// How things are.
    Glance(Box<Glance>),
    /// A transaction with its messages.
    Story(Box<Value>),
    /// An order was carried out, or could not be.
    Said(String),
    /// Nobody answers.
    Lost(String),
}

pub(super) fn run(args: &TopArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if args.once {
        return once(args, lang, out);
    }
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        bail!("top draws on a terminal, and there is none: --once prints one screen");
    }
    // One that cannot be reached is told before the screen is taken.
    let first = Glance::look(&args.admin)?;
    let mut board = TopBoard::new(args.admin.admin.clone(), lang);
    board.see(first);
    let (orders, wanted) = mpsc::channel();
    let (news, told) = mpsc::channel();
    let asker = AdminClient {
        admin: args.admin.clone(),
        who: args.who.clone(),
        wanted,
        news,
    };
    thread::Builder::new()
        .name("asker".to_owned())
        .spawn(move || asker.run())?;
    let mut terminal = ratatui::try_init().context("the terminal cannot be drawn on")?;
    let watched = watch(&mut terminal, &mut board, &orders, &told);
    ratatui::restore();
    watched?;
    Ok(Exit::Done)
}

/// Draws, and hears keys, until it is told to end.
fn watch(
    terminal: &mut ratatui::DefaultTerminal,
    board: &mut TopBoard,
    orders: &Sender<TopOrder>,
    told: &Receiver<TopNews>,
) -> anyhow::Result<()> {
    loop {
        while let Ok(news) = told.try_recv() {
            match news {
                TopNews::Glance(glance) => board.see(*glance),
                TopNews::Story(story) => board.open_story(*story),
                TopNews::Said(said) => board.say(said),
                TopNews::Lost(why) => board.lose(why),
            }
        }
        terminal.draw(|frame| draw::draw(board, frame.area(), frame.buffer_mut()))?;
        if !event::poll(KEYS)? {
            continue;
        }
        if let Event::Key(key) = event::read()?
            && key.kind == KeyEventKind::Press
        {
            match board.key(key) {
                None => {}
                Some(TopOrder::End) => return Ok(()),
                Some(order) => orders.send(order).context("the asker ended by a bug")?,
            }
        }
    }
}

/// Prints one screen.
fn once(args: &TopArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let mut board = TopBoard::new(args.admin.admin.clone(), lang);
    board.see(Glance::look(&args.admin)?);
    let size = |name| std::env::var(name).ok()?.parse().ok();
    let (width, height) = (size("COLUMNS"), size("LINES"));
    let (width, height) = (width.unwrap_or(USUAL.0), height.unwrap_or(USUAL.1));
    for line in screen(&board, (width, height))? {
        writeln!(out, "{line}")?;
    }
    Ok(Exit::Done)
}

/// The lines of a screen of this size.
fn screen(board: &TopBoard, (width, height): (u16, u16)) -> anyhow::Result<Vec<String>> {
    let size = (width.clamp(1, 500), height.clamp(1, 200));
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1))?;
    terminal.draw(|frame| draw::draw(board, frame.area(), frame.buffer_mut()))?;
    Ok(lines(terminal.backend().buffer()))
}

/// What stands in a buffer, without colours. A wide character takes two cells, of which the second
/// is left out.
fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width).max(1);
    let line = |cells: &[ratatui::buffer::Cell]| {
        let mut text = String::new();
        let mut skip = 0;
        for cell in cells {
            if skip == 0 {
                text.push_str(cell.symbol());
                skip = draw::width(cell.symbol());
            }
            skip = skip.saturating_sub(1);
        }
        text.trim_end().to_owned()
    };
    buffer.content.chunks(width).map(line).collect()
}

/// Asks the gateway, so that drawing never waits.
struct AdminClient {
    admin: AdminArgs,
    who: Option<String>,
    wanted: Receiver<TopOrder>,
    news: Sender<TopNews>,
}

impl AdminClient {
    fn run(self) {
        loop {
            let news = match self.wanted.recv_timeout(STEP) {
                Ok(order) => self.carry_out(&order),
                Err(RecvTimeoutError::Timeout) => self.look(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if self.news.send(news).is_err() {
                return;
            }
        }
    }

    fn look(&self) -> TopNews {
        match Glance::look(&self.admin) {
            Ok(glance) => TopNews::Glance(Box::new(glance)),
            Err(error) => TopNews::Lost(format!("{error:#}")),
        }
    }

    fn carry_out(&self, order: &TopOrder) -> TopNews {
        let done = match order {
            TopOrder::End => return self.look(),
            TopOrder::Story(tx) => {
                let path = format!("/api/transactions/{tx}");
                let story = self.ask(&Method::GET, &path, None);
                return story.map_or_else(
                    |error| TopNews::Said(format!("{error:#}")),
                    |story| TopNews::Story(Box::new(story)),
                );
            }
            TopOrder::Add(fault) => {
                let mut body = control::by(self.who.as_deref());
                body["fault"] = fault.as_str().into();
                self.ask(&Method::POST, "/api/faults", Some(&body))
            }
            TopOrder::Remove(id) => self.ask(&Method::DELETE, &format!("/api/faults/{id}"), None),
            TopOrder::Heal => {
                let body = control::by(self.who.as_deref());
                self.ask(&Method::POST, "/api/faults/reset", Some(&body))
            }
        };
        match done {
            Ok(_) => self.look(),
            Err(error) => TopNews::Said(format!("{error:#}")),
        }
    }

    fn ask(&self, method: &Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        Ok(self.admin.ask(method, path, body)?.fine()?.document)
    }
}
