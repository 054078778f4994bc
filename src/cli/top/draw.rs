//! The screen, drawn.

use super::board::{TopBoard, TopPane};
use super::glance::{FaultLine, PaymentLine, clock, plain, said};
use super::words::{keys, word};
use crate::engine::trace::{Lang, money};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Row, Sparkline, Table, Widget, Wrap};
use serde_json::Value;

/// Lines below which the course of things is left out.
const LOW: u16 = 16;
/// Columns below which a list shows the least.
const NARROW: u16 = 60;

/// How many cells a text takes.
pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// Draws all of it.
pub(super) fn draw(board: &TopBoard, area: Rect, buffer: &mut Buffer) {
    let course = if area.height < LOW { 0 } else { 3 };
    let parts = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(course),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ]);
    let [title, figures, course, links, open, list, foot] = parts.areas(area);
    line(head(board), title, buffer);
    line(figure_line(board), figures, buffer);
    draw_course(board, course, buffer);
    line(link_line(board), links, buffer);
    line(open_line(board), open, buffer);
    match board.pane {
        TopPane::Payments | TopPane::Open => draw_payments(board, list, buffer),
        TopPane::Faults => draw_faults(board, list, buffer),
    }
    line(foot_line(board), foot, buffer);
    if let Some(story) = &board.story {
        draw_story(board, story, area, buffer);
    }
    if board.helps {
        draw_help(board.lang, area, buffer);
    }
}

fn line(line: Line<'_>, area: Rect, buffer: &mut Buffer) {
    Paragraph::new(line).render(area, buffer);
}

const fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

const fn alarm() -> Style {
    bold().fg(Color::Red)
}

const fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// `isogate top  lab  127.0.0.1:8583  10:11:12  ready`
fn head(board: &TopBoard) -> Line<'static> {
    let (state, lang) = (&board.glance.state, board.lang);
    let is = |key: &str| state[key].as_bool().unwrap_or_default();
    let up = |link: &Value| link["state"].as_str() == Some("ready");
    let links = state["links"].as_array();
    let some_up = links.is_some_and(|links| links.iter().any(up));
    let (condition, style) = match () {
        () if board.lost.is_some() => (word(lang, "no answer", "无应答"), alarm()),
        () if is("failed") => (word(lang, "journal failed", "日志故障"), alarm()),
        () if state["disk"].as_str() == Some("low") => {
            (word(lang, "disk nearly full", "磁盘将满"), alarm())
        }
        () if is("draining") => (word(lang, "draining", "排空中"), alarm()),
        () if !some_up => (word(lang, "no link", "无可用上游链路"), alarm()),
        () => (word(lang, "ready", "正常"), bold().fg(Color::Green)),
    };
    Line::from(vec![
        Span::styled("isogate top ", bold()),
        Span::raw(format!(
            " {}  {}  {}  ",
            plain(&state["name"]),
            board.admin,
            clock(&state["now"])
        )),
        Span::styled(condition, style),
    ])
}

/// Over the last ten seconds; latencies of the last one that had answers.
fn figure_line(board: &TopBoard) -> Line<'static> {
    let lang = board.lang;
    let points = &board.glance.points;
    let recent = points
        .get(points.len().saturating_sub(10)..)
        .unwrap_or_default();
    let sum = |key: &str| -> u64 { recent.iter().filter_map(|point| point[key].as_u64()).sum() };
    let rate = sum("requests") / u64::try_from(recent.len()).unwrap_or(1).max(1);
    let (approved, declined) = (sum("approved"), sum("declined"));
    let share = match approved + declined {
        0 => "-".to_owned(),
        all => {
            let thousandths = approved * 1000 / all;
            format!("{}.{}%", thousandths / 10, thousandths % 10)
        }
    };
    let last = |key: &str| {
        let mut newest = points.iter().rev();
        let micros = newest.find_map(|point| point[key].as_u64());
        micros.map_or_else(|| "-".to_owned(), millis)
    };
    let text = |key: &str| board.glance.state[key].as_u64().unwrap_or_default();
    let figures = [
        (word(lang, "", "每秒"), format!("{rate}/s")),
        (word(lang, "approved", "成功率"), share),
        ("p50", last("p50_us")),
        ("p99", last("p99_us")),
        (
            word(lang, "in flight", "在途"),
            text("in_flight").to_string(),
        ),
        (
            word(lang, "reversals", "冲正"),
            text("reversals").to_string(),
        ),
        (word(lang, "late", "迟到"), sum("late").to_string()),
    ];
    let spans = figures.into_iter().flat_map(|(name, value)| {
        [
            Span::styled(name, dim()),
            Span::styled(if name.is_empty() { "" } else { " " }, dim()),
            Span::styled(format!("{value}  "), bold()),
        ]
    });
    Line::from_iter(spans)
}

/// `12.3ms`
fn millis(micros: u64) -> String {
    match micros {
        0..1000 => format!("{micros}us"),
        1000..100_000 => format!("{}.{}ms", micros / 1000, micros % 1000 / 100),
        _ => format!("{}ms", micros / 1000),
    }
}

/// Rate and latency over the last two minutes.
fn draw_course(board: &TopBoard, area: Rect, buffer: &mut Buffer) {
    let lang = board.lang;
    let halves = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(2);
    let [left, right] = halves.areas(area);
    let courses = [
        (
            left,
            "requests",
            word(lang, "requests a second", "每秒请求"),
        ),
        (right, "p99_us", word(lang, "p99 of answers", "应答p99")),
    ];
    for (area, key, title) in courses {
        let rows = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]);
        let [above, below] = rows.areas(area);
        let points = &board.glance.points;
        let from = points.len().saturating_sub(below.width.into());
        let data = points.get(from..).unwrap_or_default();
        let data = data
            .iter()
            .map(|point| point[key].as_u64().unwrap_or_default());
        let data: Vec<u64> = data.collect();
        let most = data.iter().copied().max().unwrap_or_default();
        let most = match key {
            "requests" => most.to_string(),
            _ => millis(most),
        };
        let title = format!("{title}, {} {most}", word(lang, "up to", "最高"));
        line(Line::styled(title, dim()), above, buffer);
        Sparkline::default()
            .data(&data)
            .style(Style::new().fg(Color::Cyan))
            .render(below, buffer);
    }
}

fn link_line(board: &TopBoard) -> Line<'static> {
    let lang = board.lang;
    let mut spans = vec![Span::styled(word(lang, "links  ", "上游链路  "), dim())];
    for link in board.glance.state["links"].as_array().into_iter().flatten() {
        let state = plain(&link["state"]);
        let connections = link["connections"].as_array();
        let ready = |connection: &&Value| connection["state"].as_str() == Some("ready");
        let up = connections.map_or(0, |all| all.iter().filter(ready).count());
        let wanted = link["wanted"].as_u64().unwrap_or_default();
        let (is, style) = match &*state {
            "ready" => (word(lang, "ready", "可用"), Style::new().fg(Color::Green)),
            "connected" => (word(lang, "not signed on", "未签到"), alarm()),
            "drained" => (word(lang, "drained", "已停用"), alarm()),
            _ => (word(lang, "down", "中断"), alarm()),
        };
        spans.push(Span::raw(format!("{} ", plain(&link["name"]))));
        spans.push(Span::styled(format!("{is} {up}/{wanted}  "), style));
    }
    let on = board.glance.faults.len();
    if on > 0 {
        let faults = word(lang, "faults on", "故障开启");
        spans.push(Span::styled(format!("{faults} {on}"), alarm()));
    }
    Line::from(spans)
}

fn open_line(board: &TopBoard) -> Line<'static> {
    let lang = board.lang;
    let mut spans = vec![Span::styled(word(lang, "open  ", "未确认  "), dim())];
    let open = board.glance.open_money.iter();
    let mut proven = true;
    for row in open.filter(|row| row["class"].as_str() != Some("under_way")) {
        proven = false;
        let count = row["count"].as_u64().unwrap_or_default();
        let sum = money(
            row["amount"].as_u64().unwrap_or_default(),
            &plain(&row["currency"]),
        );
        let since = clock(&row["oldest_at"]);
        let class = plain(&row["class"]);
        let from = word(lang, "since", "起自");
        spans.push(Span::styled(format!("{class} {count}: {sum} "), alarm()));
        spans.push(Span::styled(format!("{from} {since}  "), dim()));
    }
    if proven {
        let nothing = word(lang, "nothing", "无");
        spans.push(Span::styled(nothing, Style::new().fg(Color::Green)));
    }
    Line::from(spans)
}

/// Of so many lines, those around the chosen one that fit.
fn shown(chosen: usize, height: u16) -> usize {
    let fits = usize::from(height).max(1);
    (chosen + 1).saturating_sub(fits)
}

fn draw_payments(board: &TopBoard, area: Rect, buffer: &mut Buffer) {
    let lang = board.lang;
    let wide = area.width >= NARROW;
    let title = match board.pane {
        TopPane::Open => word(lang, "open, the oldest first", "未确认, 最早在前"),
        _ => word(lang, "payments, the newest first", "交易, 最新在前"),
    };
    let height = area.height.saturating_sub(1);
    let from = shown(board.chosen, height);
    let lines = board.payments().iter().enumerate().skip(from);
    let lines: Vec<_> = lines.take(height.into()).collect();
    // A key is never cut.
    let key = lines.iter().map(|(_, payment)| payment.key.len()).max();
    let key = u16::try_from(key.unwrap_or(0)).unwrap_or(40);
    let rows = lines.iter().map(|(at, payment)| {
        let row = Row::new(cells(payment, (wide, lang)));
        row.style(chosen(*at == board.chosen))
    });
    let widths = match wide {
        true => vec![
            Constraint::Length(8),
            Constraint::Length(key),
            Constraint::Length(14),
            Constraint::Length(3),
            Constraint::Fill(1),
        ],
        false => vec![
            Constraint::Length(8),
            Constraint::Length(key),
            Constraint::Fill(1),
        ],
    };
    let [head, below] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    line(Line::styled(title, dim()), head, buffer);
    Widget::render(Table::new(rows, widths), below, buffer);
}

fn chosen(is: bool) -> Style {
    match is {
        true => Style::new().add_modifier(Modifier::REVERSED),
        false => Style::new(),
    }
}

fn cells(payment: &PaymentLine, (wide, lang): (bool, Lang)) -> Vec<String> {
    let verdict = said(&payment.verdict, lang).to_owned();
    let (began, key) = (payment.began.clone(), payment.key.clone());
    match wide {
        true => vec![
            began,
            key,
            format!("{:>14}", payment.money),
            payment.class.clone(),
            verdict,
        ],
        false => vec![began, key, verdict],
    }
}

fn draw_faults(board: &TopBoard, area: Rect, buffer: &mut Buffer) {
    let lang = board.lang;
    let [head, below] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let title = word(
        lang,
        "faults: enter switches one on or off, h heals everything",
        "故障: 回车开启或关闭, h 全部恢复",
    );
    line(Line::styled(title, dim()), head, buffer);
    let from = shown(board.chosen, below.height);
    let lines = board.faults().enumerate().skip(from);
    let rows = lines.take(below.height.into()).map(|(at, fault)| {
        let style = match fault.id {
            Some(_) => alarm().patch(chosen(at == board.chosen)),
            None => chosen(at == board.chosen),
        };
        Row::new(fault_cells(fault, lang)).style(style)
    });
    let widths = [
        Constraint::Length(3),
        Constraint::Length(18),
        Constraint::Fill(2),
        Constraint::Fill(1),
    ];
    Widget::render(Table::new(rows, widths), below, buffer);
}

fn fault_cells(fault: &FaultLine, lang: Lang) -> [String; 4] {
    let told = match fault.id {
        Some(_) => {
            let (struck, of) = (fault.struck, fault.concerned);
            let words = word(lang, "struck", "命中");
            format!("{words} {struck}/{of} {}", fault.side)
        }
        None => fault.knobs.clone(),
    };
    [
        fault.id.map(|id| id.to_string()).unwrap_or_default(),
        fault.text.clone(),
        said(&fault.title, lang).to_owned(),
        told,
    ]
}

fn foot_line(board: &TopBoard) -> Line<'static> {
    let lang = board.lang;
    if let Some(typed) = &board.typed {
        let what = word(
            lang,
            "switch on (enter, esc): ",
            "开启(回车确认, esc取消): ",
        );
        return Line::from(vec![
            Span::styled(what, bold()),
            Span::raw(format!("{typed}_")),
        ]);
    }
    if let Some(why) = board
        .lost
        .as_ref()
        .or(Some(&board.said))
        .filter(|said| !said.is_empty())
    {
        return Line::styled(why.clone(), alarm());
    }
    let text = word(
        lang,
        "enter verdict  o open  f faults  l 中文  ? keys  q end",
        "回车 结论  o 未确认  f 故障  l English  ? 按键  q 退出",
    );
    Line::styled(text, dim())
}

/// A box over the middle of the screen.
fn over(area: Rect, height: u16, title: &str, buffer: &mut Buffer) -> Rect {
    let width = area.width.saturating_sub(4).clamp(1, 100);
    let height = height.saturating_add(2).min(area.height);
    let place = Rect {
        x: area.x + (area.width - width.min(area.width)) / 2,
        y: area.y + (area.height - height) / 2,
        width: width.min(area.width),
        height,
    };
    Clear.render(place, buffer);
    let block = Block::bordered().title(title.to_owned());
    let inner = block.inner(place);
    block.render(place, buffer);
    inner
}

fn draw_help(lang: Lang, area: Rect, buffer: &mut Buffer) {
    let lines = keys(lang).iter().map(|(key, does)| {
        let pad = 10_usize.saturating_sub(width(key));
        Line::from(vec![
            Span::styled(format!("{key}{}", " ".repeat(pad)), bold()),
            Span::raw(*does),
        ])
    });
    let lines: Vec<_> = lines.collect();
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let inner = over(area, height, word(lang, " keys ", " 按键 "), buffer);
    Paragraph::new(lines).render(inner, buffer);
}

/// A transaction: its verdict, what is safe to do, and its messages.
fn draw_story(board: &TopBoard, story: &Value, area: Rect, buffer: &mut Buffer) {
    let lang = board.lang;
    let text = |en: &str| match lang {
        Lang::En => plain(&story[en]),
        Lang::Zh => plain(&story[format!("{en}_zh")]),
    };
    let sum = money(
        story["amount"].as_u64().unwrap_or_default(),
        &plain(&story["currency"]),
    );
    let named = ["kind", "terminal", "stan", "card", "state"].map(|key| plain(&story[key]));
    let [kind, terminal, stan, card, state] = named;
    let mut lines = vec![
        Line::styled(format!("{kind}  {sum}  {terminal}/{stan}  {card}"), bold()),
        Line::raw(format!("{state} {}", plain(&story["class"]))),
        Line::default(),
        Line::styled(text("verdict"), bold()),
        Line::raw(text("next_step")),
        Line::default(),
    ];
    for message in story["messages"].as_array().into_iter().flatten() {
        let gap = message["gap_us"].as_u64().unwrap_or_default();
        let told = ["dir", "mti", "code", "note"].map(|key| plain(&message[key]));
        let [dir, mti, code, note] = told;
        let at = clock(&message["at"]);
        let gap = millis(gap);
        lines.push(Line::raw(format!(
            "{at} +{gap:<8} {dir:<4} {mti} {code} {note}"
        )));
    }
    // Words are not cut, so that a line takes a little more than its cells.
    let inner = usize::from(area.width.saturating_sub(6).clamp(1, 98));
    let rows = lines.iter().map(|line| match line.width() {
        fits if fits <= inner => 1,
        long => long.div_ceil(inner) + long / inner / 4,
    });
    let height = u16::try_from(rows.sum::<usize>()).unwrap_or(u16::MAX);
    let title = format!(" {} ", plain(&story["tx"]));
    let place = over(area, height, &title, buffer);
    let paragraph = Paragraph::new(lines).wrap(Wrap { trim: true });
    paragraph.render(place, buffer);
}
