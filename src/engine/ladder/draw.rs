//! A ladder as SVG.

use super::LADDER_STYLE;
use super::chart::{LadderChart, LadderStep, Passing, StepKind, Upright};
use super::svg::{clipped, escaped};
use super::wait::{AnswerWait, waits};
use crate::engine::record::Hop;
use crate::engine::seam::{Wall, Zone};
use crate::engine::trace::{Code, Lang, Outcome, Phrase, Said};
use crate::iso::message::Class;

const WIDTH: i32 = 940;
const TOP: i32 = 58;
/// Where the uprights stand.
const TERMINAL: i32 = 150;
const GATEWAY: i32 = 435;
const ACQUIRER: i32 = 720;
/// Where timers and records stand.
const TIMERS: i32 = 796;
const JOURNAL: i32 = 866;
/// The right end of the times.
const TIMES: i32 = 98;
/// A step's height, with and without a note, and that of a pause.
const STEP: i32 = 38;
const NOTE: i32 = 16;
const PAUSE: i32 = 34;
/// From when on a gap is drawn as one, in microseconds.
const LONG: u64 = 100_000;
/// Steps that are drawn; of longer stories the first and the last.
const MOST: usize = 400;

/// Where a step lies.
#[derive(Clone, Copy, Debug)]
struct StepPlace {
    /// The middle of a pause before it.
    pause: Option<i32>,
    /// Its upper end.
    top: i32,
    /// Its arrow.
    y: i32,
    height: i32,
}

impl LadderChart {
    /// Drawn, complete in itself: with its own style, in one language, in this zone.
    #[must_use]
    pub fn svg(&self, lang: Lang, zone: &Zone) -> String {
        self.drawn(lang, zone, &format!("<style>{LADDER_STYLE}</style>"))
    }

    /// The same for a page that has [`LADDER_STYLE`] already.
    #[must_use]
    pub fn picture(&self, lang: Lang, zone: &Zone) -> String {
        self.drawn(lang, zone, "")
    }

    fn drawn(&self, lang: Lang, zone: &Zone, style: &str) -> String {
        let shown = self.shown();
        Drawing {
            steps: &shown,
            cut: self.cut || shown.len() < self.steps.len(),
            lang,
            zone,
        }
        .draw(style)
    }

    fn shown(&self) -> Vec<LadderStep> {
        let all = self.steps.len();
        let half = MOST / 2;
        let kept = |at: &usize| all <= MOST || *at < half || *at >= all - half;
        let steps = self.steps.iter().enumerate();
        steps
            .filter(|(at, _)| kept(at))
            .map(|(_, step)| step.clone())
            .collect()
    }
}

struct Drawing<'a> {
    steps: &'a [LadderStep],
    cut: bool,
    lang: Lang,
    zone: &'a Zone,
}

impl Drawing<'_> {
    fn say(&self, en: &'static str, zh: &'static str) -> &'static str {
        match self.lang {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    fn draw(&self, style: &str) -> String {
        let places = self.places();
        let bottom = places.last().map_or(TOP, |last| last.top + last.height) + 14;
        let title = self.say(
            "What passed between terminal, gateway and acquirer",
            "终端、网关与收单机构之间的报文时序",
        );
        let lang = self.say("en", "zh-CN");
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ladder\" lang=\"{lang}\" \
             viewBox=\"0 0 {WIDTH} {bottom}\" aria-label=\"{title}\">{style}\
             <rect class=\"ground\" width=\"{WIDTH}\" height=\"{bottom}\"/>"
        );
        self.heads(&mut out);
        for x in [TERMINAL, GATEWAY, ACQUIRER] {
            out += &upright(x, bottom, &places);
        }
        let first = self.steps.iter().position(|step| step.failure);
        let mut previous: Option<&LadderStep> = None;
        for (at, (step, place)) in self.steps.iter().zip(&places).enumerate() {
            self.step(&mut out, (step, previous), *place, first == Some(at));
            previous = Some(step);
        }
        for wait in waits(self.steps) {
            self.timer(&mut out, wait, &places, bottom);
        }
        out + "</svg>\n"
    }

    fn places(&self) -> Vec<StepPlace> {
        let mut y = TOP + if self.cut { 18 } else { 0 };
        let mut previous: Option<Wall> = None;
        let mut places = Vec::new();
        for step in self.steps {
            let long = previous.is_some_and(|before| micros(before, step.at) >= LONG);
            let pause = long.then_some(y + PAUSE / 2);
            y += if long { PAUSE } else { 0 };
            let noted = matches!(step.kind, StepKind::Message { .. }) && !step.note.en.is_empty();
            let height = STEP + if noted { NOTE } else { 0 };
            places.push(StepPlace {
                pause,
                top: y,
                y: y + 24,
                height,
            });
            y += height;
            previous = Some(step.at);
        }
        places
    }

    fn heads(&self, out: &mut String) {
        let ends = [
            (TERMINAL, self.say("Terminal", "终端")),
            (GATEWAY, self.say("Gateway", "网关")),
            (ACQUIRER, self.say("Acquirer", "收单机构")),
        ];
        for (x, name) in ends {
            *out += &text(x, 26, "middle", "who", name);
        }
        let lanes = [
            (TIMERS, self.say("waits", "等待")),
            (JOURNAL, self.say("journal", "流水")),
        ];
        let recorded = self.steps.iter().any(|step| step.seq.is_some());
        for (x, name) in lanes.into_iter().filter(|(x, _)| recorded || *x != JOURNAL) {
            *out += &text(x, 26, "middle", "faint", name);
        }
        if self.cut {
            let earlier = self.say("some steps are not shown", "部分步骤未显示");
            *out += &text(GATEWAY, 56, "middle", "note", earlier);
        }
    }

    /// How long was waited, and whether in vain.
    fn timer(&self, out: &mut String, wait: AnswerWait, places: &[StepPlace], bottom: i32) {
        let Some(from) = places.get(wait.from) else {
            return;
        };
        let to = wait.to.and_then(|to| places.get(to)).map(|place| place.y);
        let class = match (to, wait.in_vain) {
            (None, _) => "timer runs",
            (_, true) => "timer vain",
            (_, false) => "timer",
        };
        let (top, end) = (from.y, to.unwrap_or(bottom - 6));
        *out += &format!("<path class=\"{class}\" d=\"M{TIMERS} {top}V{end}\"/>");
        if wait.in_vain {
            let cross = cross(TIMERS, end);
            *out += &format!("<g class=\"lost\"><path class=\"tip\" d=\"{cross}\"/></g>");
        }
        let ends = wait.to.and_then(|to| self.steps.get(to));
        if let Some((began, ended)) = self.steps.get(wait.from).zip(ends)
            && end - top >= 30
        {
            let lasted = lasting(micros(began.at, ended.at));
            *out += &text(TIMERS - 8, (top + end) / 2 + 4, "end", "seq", &lasted);
        }
    }

    fn step(
        &self,
        out: &mut String,
        (step, previous): (&LadderStep, Option<&LadderStep>),
        place: StepPlace,
        first: bool,
    ) {
        let gap = previous.map(|before| micros(before.at, step.at));
        let class = self.class(step, first);
        let index = step.index.map(|index| format!(" data-index=\"{index}\""));
        *out += &format!("<g class=\"{class}\"{}>", index.unwrap_or_default());
        *out += &format!("<title>{}</title>", escaped(&self.told(step)));
        *out += &format!(
            "<rect class=\"band\" x=\"4\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"5\"/>",
            place.top + 1,
            WIDTH - 8,
            place.height - 2
        );
        if let (Some(y), Some(gap)) = (place.pause, gap) {
            *out += &text(TIMES, y + 4, "end", "gap pause", &later(gap, self.lang));
        } else if let Some(gap) = gap.filter(|gap| *gap > 0) {
            let gap = format!("+{}", lasting(gap));
            *out += &text(TIMES, place.y - 6, "end", "gap", &gap);
        }
        let shown = step.at.rfc3339(self.zone);
        let clock = shown.get(11..23).unwrap_or_default();
        *out += &text(TIMES, place.y + 8, "end", "clock", clock);
        match &step.kind {
            StepKind::Message { .. } => self.message(out, step, place),
            StepKind::Event(at) => self.event(out, step, (*at, place)),
            StepKind::Missing => self.missing(out, step, place),
        }
        if first {
            let flag = self.say("first failure", "首个异常");
            *out += &text(TERMINAL + 8, place.y - 9, "start", "flag", flag);
        }
        // Both legs of what is passed on stand in one record.
        let own = step
            .seq
            .filter(|_| previous.and_then(|before| before.seq) != step.seq);
        if let Some(seq) = own {
            let y = place.y;
            *out += &format!("<circle class=\"record\" cx=\"{JOURNAL}\" cy=\"{y}\" r=\"3\"/>");
            let number = format!("#{}", seq.0);
            *out += &text(JOURNAL + 8, y + 4, "start", "seq", &number);
        }
        *out += "</g>";
    }

    fn class(&self, step: &LadderStep, first: bool) -> String {
        let mut class = "rung".to_owned();
        match &step.kind {
            StepKind::Message { passing, code, .. } => {
                class += match passing {
                    Passing::Arrived if declines(step, code) => " refused",
                    Passing::Arrived => "",
                    Passing::Late => " late",
                    Passing::Repeat => " repeat",
                    Passing::Lost => " lost",
                };
            }
            StepKind::Event(_) => {}
            StepKind::Missing => class += " lost",
        }
        for (is, name) in [
            (step.failure, " failed"),
            (first, " first"),
            (step.side, " side"),
        ] {
            class += if is { name } else { "" };
        }
        class
    }

    fn message(&self, out: &mut String, step: &LadderStep, place: StepPlace) {
        let StepKind::Message {
            hop, passing, code, ..
        } = &step.kind
        else {
            return;
        };
        let y = place.y;
        let (from, to) = ends(*hop);
        let ahead = (to - from).signum();
        let (start, arrival) = (from + 5 * ahead, to - 4 * ahead);
        let (end, tip) = if *passing == Passing::Lost {
            let end = (start + arrival) / 2 + 40 * ahead;
            (end, cross(end, y))
        } else {
            let back = arrival - 8 * ahead;
            let tip = format!("M{back} {}L{arrival} {y}L{back} {}", y - 5, y + 5);
            (arrival, tip)
        };
        *out += &format!("<path class=\"shaft\" d=\"M{start} {y}H{end}\"/>");
        if *passing == Passing::Repeat {
            let (under, short) = (y + 4, end - 10 * ahead);
            *out += &format!("<path class=\"again\" d=\"M{start} {under}H{short}\"/>");
        }
        *out += &format!("<path class=\"tip\" d=\"{tip}\"/>");
        let middle = (from + to) / 2;
        let label = self.label(step, code);
        *out += &text(middle, y - 6, "middle", "label", &clipped(&label, 40));
        let note = step.note.in_lang(self.lang);
        if !note.is_empty() {
            *out += &text(middle, y + 17, "middle", "note", &clipped(note, 44));
        }
    }

    fn event(&self, out: &mut String, step: &LadderStep, (at, place): (Upright, StepPlace)) {
        let (x, side, anchor) = match at {
            Upright::Terminal => (TERMINAL, 14, "start"),
            Upright::Gateway => (GATEWAY, 14, "start"),
            Upright::Acquirer => (ACQUIRER, -14, "end"),
        };
        let y = place.y - 2;
        *out += &format!("<circle class=\"mark\" cx=\"{x}\" cy=\"{y}\" r=\"5\"/>");
        let note = step.note.in_lang(self.lang);
        *out += &text(x + side, y + 4, anchor, "label", &clipped(note, 40));
    }

    /// No answer: a dashed line from the acquirer that ends in a cross. Which of the two messages
    /// was lost, nobody here knows.
    fn missing(&self, out: &mut String, step: &LadderStep, place: StepPlace) {
        let (y, end) = (place.y, (GATEWAY + ACQUIRER) / 2 - 40);
        let (start, cross) = (ACQUIRER - 5, cross(end, y));
        *out += &format!("<path class=\"shaft\" d=\"M{start} {y}H{end}\"/>");
        *out += &format!("<path class=\"tip\" d=\"{cross}\"/>");
        let note = step.note.in_lang(self.lang);
        let middle = (GATEWAY + ACQUIRER) / 2;
        *out += &text(middle, y - 8, "middle", "note", &clipped(note, 44));
    }

    /// `Answer 0210 · 00 approved`.
    fn label(&self, step: &LadderStep, code: &str) -> String {
        let StepKind::Message { mti, .. } = &step.kind else {
            return String::new();
        };
        let word = word(step).in_lang(self.lang).to_owned();
        let mut label = format!("{word} {mti}").trim().to_owned();
        if !code.is_empty() {
            label += &format!(" · {code}");
            if let Some(meaning) = meaning(step, code) {
                label += &format!(" {}", meaning.in_lang(self.lang));
            }
        }
        label
    }

    /// The step in words.
    fn told(&self, step: &LadderStep) -> String {
        let note = step.note.in_lang(self.lang);
        let StepKind::Message {
            hop, code, passing, ..
        } = &step.kind
        else {
            return note.to_owned();
        };
        let way = match (hop, self.lang) {
            (Hop::TerminalToGateway, Lang::En) => "terminal to gateway",
            (Hop::TerminalToGateway, Lang::Zh) => "终端到网关",
            (Hop::GatewayToAcquirer, Lang::En) => "gateway to acquirer",
            (Hop::GatewayToAcquirer, Lang::Zh) => "网关到收单机构",
            (Hop::AcquirerToGateway, Lang::En) => "acquirer to gateway",
            (Hop::AcquirerToGateway, Lang::Zh) => "收单机构到网关",
            (Hop::GatewayToTerminal, Lang::En) => "gateway to terminal",
            (Hop::GatewayToTerminal, Lang::Zh) => "网关到终端",
        };
        let how = match passing {
            Passing::Arrived => "",
            Passing::Late => self.say("late", "迟到"),
            Passing::Repeat => self.say("repeat", "重发"),
            Passing::Lost => self.say("lost", "丢失"),
        };
        let parts = [way, &self.label(step, code), how, note];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// What a message is, in a word.
fn word(step: &LadderStep) -> Said {
    let Some(mti) = step.kind.mti() else {
        return Phrase::new("message", "报文").plain();
    };
    let phrase = match (mti.class(), mti.is_answer()) {
        (Class::Authorization | Class::Financial, false) => Phrase::new("Request", "请求"),
        (Class::Authorization | Class::Financial, true) => Phrase::new("Answer", "应答"),
        (Class::Reversal, false) => Phrase::new("Reversal", "冲正"),
        (Class::Reversal, true) => Phrase::new("Answer to it", "冲正应答"),
        (Class::Reconciliation, false) => Phrase::new("Batch totals", "批结算"),
        (Class::Reconciliation, true) => Phrase::new("Answer", "批结算应答"),
        (Class::File, false) => Phrase::new("Batch upload", "批上送"),
        (Class::File, true) => Phrase::new("Answer", "批上送应答"),
        (Class::Network, false) => Phrase::new("Sign-on or echo", "签到或线路测试"),
        (Class::Network, true) => Phrase::new("Answer", "应答"),
        (Class::Administrative | Class::Fee, false) => Phrase::new("Notice", "通知"),
        (Class::Administrative | Class::Fee, true) => Phrase::new("Answer", "应答"),
        (Class::Reserved, _) => Phrase::new("Message", "报文"),
    };
    phrase.plain()
}

/// What DE 39 of an answer says; that of a reversal is a reason, and no answer.
fn meaning(step: &LadderStep, code: &str) -> Option<Said> {
    let mti = step.kind.mti().filter(|mti| mti.is_answer())?;
    let code = Code::of(code);
    let done = code.outcome() == Outcome::Approved && mti.class() == Class::Reversal;
    Some(match done {
        true => Phrase::new("accepted", "已受理").plain(),
        false => code.meaning.plain(),
    })
}

fn declines(step: &LadderStep, code: &str) -> bool {
    let answer = step.kind.mti().is_some_and(|mti| mti.is_answer());
    answer && !code.is_empty() && Code::of(code).outcome() == Outcome::Declined
}

const fn ends(hop: Hop) -> (i32, i32) {
    match hop {
        Hop::TerminalToGateway => (TERMINAL, GATEWAY),
        Hop::GatewayToAcquirer => (GATEWAY, ACQUIRER),
        Hop::AcquirerToGateway => (ACQUIRER, GATEWAY),
        Hop::GatewayToTerminal => (GATEWAY, TERMINAL),
    }
}

/// A line from the head to the bottom, broken where time passes.
fn upright(x: i32, bottom: i32, places: &[StepPlace]) -> String {
    let mut path = format!("M{x} {}", TOP - 20);
    for y in places.iter().filter_map(|place| place.pause) {
        path += &format!("V{}l-5 3l10 5l-10 5l10 5l-5 3V{}", y - 11, y + 10);
    }
    format!("<path class=\"life\" d=\"{path}V{}\"/>", bottom - 6)
}

fn cross(x: i32, y: i32) -> String {
    let (left, top) = (x - 5, y - 5);
    format!("M{left} {top}l10 10m0 -10l-10 10")
}

fn text(x: i32, y: i32, anchor: &str, class: &str, what: &str) -> String {
    let what = escaped(what);
    format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" class=\"{class}\">{what}</text>")
}

/// From one moment to a later one; zero if the wall clock was set back between.
fn micros(from: Wall, to: Wall) -> u64 {
    u64::try_from((to - from).as_micros()).unwrap_or(u64::MAX)
}

fn later(micros: u64, lang: Lang) -> String {
    let lasted = lasting(micros);
    match lang {
        Lang::En => format!("{lasted} later"),
        Lang::Zh => format!("{lasted}后"),
    }
}

/// `350 us`, `12.4 ms`, `45.0 s`, `2 min 5 s`, `3 h 10 min`.
fn lasting(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        1_000_000..120_000_000 => {
            format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000)
        }
        _ => {
            let seconds = micros / 1_000_000;
            match seconds {
                0..7_200 => format!("{} min {} s", seconds / 60, seconds % 60),
                _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
            }
        }
    }
}
