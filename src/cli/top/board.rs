//! What stands on the screen, and what keys do to it.

use super::glance::{FaultLine, Glance, PaymentLine};
use super::words::word;
use crate::engine::trace::Lang;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::Value;

/// The longest text that can be typed.
const LONGEST: usize = 200;

/// Which list is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TopPane {
    /// The last transactions.
    #[default]
    Payments,
    /// What is open.
    Open,
    /// The faults.
    Faults,
}

/// What a key wants of the gateway, or of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TopOrder {
    /// That it ends.
    End,
    /// What became of a transaction.
    Story(String),
    /// A fault, as it is typed.
    Add(String),
    /// No more of the fault of this number.
    Remove(u64),
    /// No fault at all.
    Heal,
}

/// The screen.
#[derive(Clone, Debug)]
pub(super) struct TopBoard {
    pub admin: String,
    pub lang: Lang,
    pub glance: Glance,
    pub pane: TopPane,
    /// The line that is chosen in the list.
    pub chosen: usize,
    /// A transaction that is looked at closely.
    pub story: Option<Value>,
    /// What is being typed.
    pub typed: Option<String>,
    /// All keys are listed.
    pub helps: bool,
    /// What was said last.
    pub said: String,
    /// Nobody answers, and why.
    pub lost: Option<String>,
}

impl TopBoard {
    pub(super) fn new(admin: String, lang: Lang) -> Self {
        Self {
            admin,
            lang,
            glance: Glance::default(),
            pane: TopPane::default(),
            chosen: 0,
            story: None,
            typed: None,
            helps: false,
            said: String::new(),
            lost: None,
        }
    }

    /// Things are so now. The transaction that was chosen stays chosen.
    pub(super) fn see(&mut self, glance: Glance) {
        let chosen = self.payments().get(self.chosen).map(|line| line.tx.clone());
        self.glance = glance;
        self.lost = None;
        if self.chosen > 0
            && let Some(tx) = chosen
            && let Some(at) = self.payments().iter().position(|line| line.tx == tx)
        {
            self.chosen = at;
        }
        self.move_to(self.chosen);
    }

    pub(super) fn open_story(&mut self, story: Value) {
        self.story = Some(story);
        self.said.clear();
    }

    pub(super) fn say(&mut self, said: String) {
        self.said = said;
    }

    pub(super) fn lose(&mut self, why: String) {
        self.lost = Some(why);
    }

    /// The transactions of the list; none where faults are shown.
    pub(super) fn payments(&self) -> &[PaymentLine] {
        match self.pane {
            TopPane::Payments => &self.glance.payments,
            TopPane::Open => &self.glance.open,
            TopPane::Faults => &[],
        }
    }

    /// The faults of the list: those that are on, then those there are.
    pub(super) fn faults(&self) -> impl Iterator<Item = &FaultLine> {
        self.glance.faults.iter().chain(&self.glance.catalogue)
    }

    fn length(&self) -> usize {
        match self.pane {
            TopPane::Payments | TopPane::Open => self.payments().len(),
            TopPane::Faults => self.faults().count(),
        }
    }

    fn move_to(&mut self, at: usize) {
        self.chosen = at.min(self.length().saturating_sub(1));
    }

    fn show(&mut self, pane: TopPane) {
        self.pane = match self.pane {
            own if own == pane => TopPane::Payments,
            _ => pane,
        };
        self.chosen = 0;
    }

    /// A key was pressed: what that wants, if anything.
    pub(super) fn key(&mut self, key: KeyEvent) -> Option<TopOrder> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && key.code == KeyCode::Char('c') {
            return Some(TopOrder::End);
        }
        self.said.clear();
        if let Some(typed) = self.typed.take() {
            return self.typing(typed, key.code);
        }
        if self.helps || self.story.is_some() {
            // Whatever is pressed, what lies over the list goes.
            (self.helps, self.story) = (false, None);
            return (key.code == KeyCode::Char('q')).then_some(TopOrder::End);
        }
        match key.code {
            KeyCode::Char('q') => return Some(TopOrder::End),
            KeyCode::Esc => self.show(TopPane::Payments),
            KeyCode::Char('?') => self.helps = true,
            KeyCode::Char('o') => self.show(TopPane::Open),
            KeyCode::Char('f') => self.show(TopPane::Faults),
            KeyCode::Char('l') => {
                self.lang = match self.lang {
                    Lang::En => Lang::Zh,
                    Lang::Zh => Lang::En,
                }
            }
            KeyCode::Up | KeyCode::Char('k') => self.move_to(self.chosen.saturating_sub(1)),
            KeyCode::Down | KeyCode::Char('j') => self.move_to(self.chosen + 1),
            KeyCode::PageUp => self.move_to(self.chosen.saturating_sub(10)),
            KeyCode::PageDown => self.move_to(self.chosen + 10),
            KeyCode::Home => self.move_to(0),
            KeyCode::End => self.move_to(usize::MAX),
            KeyCode::Char('h') if self.pane == TopPane::Faults => return Some(TopOrder::Heal),
            KeyCode::Enter => return self.enter(),
            _ => {}
        }
        None
    }

    fn enter(&mut self) -> Option<TopOrder> {
        if self.pane == TopPane::Faults {
            let fault = self.faults().nth(self.chosen)?;
            if let Some(id) = fault.id {
                return Some(TopOrder::Remove(id));
            }
            self.typed = Some(format!("{}:p=0.1", fault.text));
            return None;
        }
        let tx = self.payments().get(self.chosen)?.tx.clone();
        self.said = word(self.lang, "looking it up", "查询中").to_owned();
        Some(TopOrder::Story(tx))
    }

    fn typing(&mut self, mut typed: String, key: KeyCode) -> Option<TopOrder> {
        match key {
            KeyCode::Esc => return None,
            KeyCode::Enter => return (!typed.is_empty()).then_some(TopOrder::Add(typed)),
            KeyCode::Backspace => drop(typed.pop()),
            KeyCode::Char(c) if typed.len() < LONGEST => typed.push(c),
            _ => {}
        }
        self.typed = Some(typed);
        None
    }
}
