//! What came back, and how it is told.

use crate::cli::view::MessageSheet;
use crate::cli::{Exit, Lang};
use crate::io::drive::{Call, CallError};
use crate::iso::codec::Message;
use crate::iso::message::FieldId;
use crate::iso::spec::Spec;
use bytes::Bytes;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Messages that answer something else, kept to be shown: more are only waited through.
const OTHERS: usize = 16;

/// What came after a message was sent.
pub(super) struct Heard {
    answer: Option<Bytes>,
    /// What came besides, before the answer.
    others: Vec<Bytes>,
    took: Duration,
    /// Why there is no answer; none if there is one, or none was due.
    end: Option<CallError>,
}

impl Heard {
    /// Waits for the answer to a frame that was just sent. An answer gets none.
    pub(super) fn wait(
        call: &mut Call,
        spec: &Arc<Spec>,
        sent: &Bytes,
        began: Instant,
        patience: Duration,
    ) -> Self {
        let mut heard = Self {
            answer: None,
            others: Vec::new(),
            took: Duration::ZERO,
            end: None,
        };
        let request = Message::parse(spec, sent.clone()).ok();
        if request.as_ref().is_some_and(|one| one.mti().is_answer()) {
            return heard;
        }
        loop {
            match call.receive(began + patience) {
                Ok(frame) if answers(request.as_ref(), spec, &frame) => {
                    heard.answer = Some(frame);
                    break;
                }
                Ok(frame) if heard.others.len() < OTHERS => heard.others.push(frame),
                Ok(_more) => {}
                Err(error) => {
                    heard.end = Some(error);
                    break;
                }
            }
        }
        heard.took = began.elapsed();
        heard
    }

    /// The answer, if it can be read.
    pub(super) fn message(&self, spec: &Arc<Spec>) -> Option<Message> {
        Message::parse(spec, self.answer.clone()?).ok()
    }
}

/// Whether a frame answers a request: its type, and trace number and terminal where both have one.
/// A broken frame may be the answer, and so may be anything to a request that is broken itself.
fn answers(request: Option<&Message>, spec: &Arc<Spec>, frame: &Bytes) -> bool {
    let (Some(request), Ok(message)) = (request, Message::parse(spec, frame.clone())) else {
        return true;
    };
    let same = |number| {
        let id = FieldId::of(number);
        let (asked, told) = (request.text(id), message.text(id));
        asked.is_none() || told.is_none() || asked == told
    };
    request.mti().answer() == Some(message.mti()) && [11, 41].into_iter().all(same)
}

/// What was sent and what came.
pub(super) struct SendReport<'a> {
    pub spec: Arc<Spec>,
    pub to: &'a str,
    pub sent: MessageSheet,
    pub heard: Heard,
    /// Whether the MAC of the answer is right, where it could be checked.
    pub mac: Option<bool>,
    pub reveal: bool,
}

impl SendReport<'_> {
    fn view(&self, frame: &Bytes) -> MessageSheet {
        MessageSheet::of_frame(&self.spec, frame.clone(), self.reveal)
    }

    /// One document.
    pub(super) fn print_json(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let others: Vec<Value> = self
            .heard
            .others
            .iter()
            .map(|frame| self.view(frame).json())
            .collect();
        let answer = self.heard.answer.as_ref();
        let document = json!({
            "to": self.to,
            "sent": self.sent.json(),
            "answer": answer.map(|frame| self.view(frame).json()),
            "took_us": u64::try_from(self.heard.took.as_micros()).unwrap_or(u64::MAX),
            "mac": self.mac.map(|right| if right { "right" } else { "wrong" }),
            "others": others,
        });
        serde_json::to_writer_pretty(&mut *out, &document)?;
        Ok(writeln!(out)?)
    }

    /// Two lines, and the answer field by field.
    pub(super) fn print(&self, lang: Lang, out: &mut dyn Write) -> anyhow::Result<()> {
        let bytes = self.sent.frame().len();
        let name = self.sent.name(lang);
        match lang {
            Lang::En => writeln!(out, "sent      {name}  {bytes} bytes to {}", self.to)?,
            Lang::Zh => writeln!(out, "发送  {name}  {bytes}字节 -> {}", self.to)?,
        }
        for frame in &self.heard.others {
            let view = self.view(frame);
            match lang {
                Lang::En => writeln!(out, "besides   {}: no answer to this", view.name(lang))?,
                Lang::Zh => writeln!(out, "另收  {}: 不是本报文的应答", view.name(lang))?,
            }
        }
        let Some(frame) = &self.heard.answer else {
            return Ok(());
        };
        let view = self.view(frame);
        let code = view.message().and_then(Message::response_code);
        let code = code.map_or_else(String::new, |code| {
            format!("  {code} {}", view.code_title(&code, lang))
        });
        let millis = self.heard.took.as_secs_f64() * 1000.0;
        let mac = match (self.mac, lang) {
            (None, _) => "",
            (Some(true), Lang::En) => ", MAC right",
            (Some(true), Lang::Zh) => ", MAC 正确",
            (Some(false), Lang::En) => ", MAC WRONG",
            (Some(false), Lang::Zh) => ", MAC 错误",
        };
        match lang {
            Lang::En => writeln!(out, "answered {code}  in {millis:.1} ms{mac}\n")?,
            Lang::Zh => writeln!(out, "应答{code}  用时{millis:.1}毫秒{mac}\n")?,
        }
        Ok(view.print(lang, out)?)
    }

    /// 0 if an answer came that can be read, whatever it says, or none was due.
    pub(super) fn exit(self) -> anyhow::Result<Exit> {
        let unread = self
            .heard
            .answer
            .as_ref()
            .is_some_and(|frame| self.view(frame).error().is_some());
        match self.heard.end {
            Some(error) => Err(error.into()),
            None if unread || self.mac == Some(false) => Ok(Exit::Found),
            None => Ok(Exit::Done),
        }
    }
}
