//! Transactions sent to an OpenTelemetry collector, a trace each (OTLP over HTTP).
//!
//! The trace's id is the transaction's own, and a span's is the number of the record that it began
//! with, so that what is sent twice is the same twice. Reversals are linked to the request that
//! they reverse, since they may come long after it.

use crate::engine::record::{Opened, Seq, TxId};
use crate::engine::seam::Wall;
use crate::engine::trace::{Story, StorySpan, StorySpanKind, Unconfirmed, Verdict};
use async_trait::async_trait;
use opentelemetry::trace::{
    Event, Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::WithHttpConfig;
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::{Builder, Runtime};
use ureq::Agent;

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Spans that are sent at once.
const AT_ONCE: usize = 512;

/// Spans that wait at most while the collector takes none; the oldest go first.
const MOST: usize = 65_536;

/// Sends transactions to a collector.
#[derive(Debug)]
pub struct TraceSender {
    exporter: SpanExporter,
    runtime: Runtime,
    scope: InstrumentationScope,
    waiting: Vec<SpanData>,
    left_out: u64,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The collector's address is none.
    #[error("the collector's address: {0}")]
    Address(#[from] ExporterBuildError),
    /// The collector did not take it.
    #[error("the collector: {0}")]
    Collector(#[from] OTelSdkError),
    /// No runtime.
    #[error(transparent)]
    Runtime(#[from] io::Error),
}

impl TraceSender {
    /// To the collector at an address such as `http://127.0.0.1:4318/v1/traces`.
    ///
    /// # Errors
    /// If that is no address.
    pub fn to(address: &str) -> Result<Self, TraceError> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE));
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(address)
            .with_http_client(CollectorClient(Agent::new_with_config(config.build())))
            .build()?;
        exporter.set_resource(&Resource::builder().with_service_name("isogate").build());
        let version = env!("CARGO_PKG_VERSION");
        Ok(Self {
            exporter,
            runtime: Builder::new_current_thread().build()?,
            scope: InstrumentationScope::builder("isogate")
                .with_version(version)
                .build(),
            waiting: Vec::new(),
            left_out: 0,
        })
    }

    /// Takes what happened to a transaction behind a record, to be sent with the next.
    pub fn take(&mut self, story: &Story, after: Option<Seq>) {
        let all = story.spans(None);
        let mut asked = all
            .iter()
            .filter(|span| span.kind == StorySpanKind::Acquirer);
        let request = asked.next();
        let request = request.map(|span| span_id(story.tx, span.kind, span.began_with));
        let spans = match after {
            None => all,
            Some(_) => story.spans(after),
        };
        let spans = spans.iter().map(|span| self.data(story, span, request));
        let spans: Vec<SpanData> = spans.collect();
        self.waiting.extend(spans);
        let beyond = self.waiting.len().saturating_sub(MOST);
        self.waiting.drain(..beyond);
        self.left_out += beyond as u64;
    }

    /// Whether so much waits that it is worth sending.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.waiting.len() >= AT_ONCE
    }

    /// How many spans were given up, since the collector took none for long; from now on they are
    /// counted anew.
    pub const fn left_out(&mut self) -> u64 {
        std::mem::replace(&mut self.left_out, 0)
    }

    /// Sends what waits; how many spans. What is not taken waits on.
    ///
    /// # Errors
    /// The collector does not take it.
    pub fn send(&mut self) -> Result<u64, TraceError> {
        let mut sent = 0;
        while !self.waiting.is_empty() {
            let batch: Vec<SpanData> = self.waiting.iter().take(AT_ONCE).cloned().collect();
            let spans = batch.len();
            self.runtime.block_on(self.exporter.export(batch))?;
            self.waiting.drain(..spans);
            sent += spans as u64;
        }
        Ok(sent)
    }

    fn data(&self, story: &Story, span: &StorySpan, request: Option<SpanId>) -> SpanData {
        let whole = span_id(story.tx, StorySpanKind::Whole, Seq(0));
        let (id, parent) = match span.kind {
            StorySpanKind::Whole => (whole, SpanId::INVALID),
            kind => (span_id(story.tx, kind, span.began_with), whole),
        };
        let reverses = request.filter(|_| span.kind == StorySpanKind::Reversal);
        let links = reverses.map(|request| Link::with_context(context(story.tx, request)));
        let mut events = SpanEvents::default();
        let told = span.events.iter();
        events.events = told
            .map(|(at, said)| Event::new(said.clone(), time(*at), Vec::new(), 0))
            .collect();
        let mut linked = SpanLinks::default();
        linked.links = links.into_iter().collect();
        SpanData {
            span_context: context(story.tx, id),
            parent_span_id: parent,
            parent_span_is_remote: false,
            span_kind: match span.kind {
                StorySpanKind::Whole | StorySpanKind::Afterwards => SpanKind::Internal,
                StorySpanKind::Terminal => SpanKind::Server,
                StorySpanKind::Acquirer | StorySpanKind::Reversal => SpanKind::Client,
            },
            name: name(story, span).into(),
            start_time: time(span.from),
            end_time: time(span.until),
            attributes: attributes(story, span),
            dropped_attributes_count: 0,
            events,
            links: linked,
            status: status(story, span),
            instrumentation_scope: self.scope.clone(),
        }
    }
}

/// The collector as the exporter reaches it.
#[derive(Debug)]
struct CollectorClient(Agent);

#[async_trait]
impl HttpClient for CollectorClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let request = Request::from_parts(head, body.to_vec());
        let (head, mut body) = self.0.run(request)?.into_parts();
        let body = body.read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }
}

/// The whole has the lower half of the transaction's id; no record has so large a number.
fn span_id(tx: TxId, kind: StorySpanKind, began_with: Seq) -> SpanId {
    let number = match kind {
        StorySpanKind::Whole => {
            let [.., a, b, c, d, e, f, g, h] = tx.0.to_be_bytes();
            return SpanId::from_bytes([a | 0x80, b, c, d, e, f, g, h]);
        }
        StorySpanKind::Afterwards => 0,
        StorySpanKind::Terminal => 1,
        StorySpanKind::Acquirer | StorySpanKind::Reversal => 2,
    };
    SpanId::from(began_with.0 << 2 | number)
}

fn context(tx: TxId, span: SpanId) -> SpanContext {
    let trace = TraceId::from_bytes(tx.0.to_be_bytes());
    SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::NONE)
}

fn time(at: Wall) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(u64::try_from(at.0).unwrap_or_default())
}

fn name(story: &Story, span: &StorySpan) -> String {
    let kind = story.opened.as_ref().map(|opened| opened.kind.to_string());
    let kind = kind.unwrap_or_else(|| "transaction".to_owned());
    let request = span.request.map(|mti| mti.to_string()).unwrap_or_default();
    match span.kind {
        StorySpanKind::Whole => kind,
        StorySpanKind::Afterwards => format!("{kind}, afterwards"),
        StorySpanKind::Terminal => format!("terminal {request}"),
        StorySpanKind::Acquirer => format!("acquirer {request}"),
        StorySpanKind::Reversal => format!("acquirer {request} reversal"),
    }
}

/// No card number, not even a masked one.
fn attributes(story: &Story, span: &StorySpan) -> Vec<KeyValue> {
    let mut told = Vec::new();
    let mut tell = |name: &'static str, value: String| {
        if !value.is_empty() {
            told.push(KeyValue::new(name, value));
        }
    };
    if let Some(mti) = span.request {
        tell("iso8583.mti", mti.to_string());
        if let Some((answer, code)) = span.answer {
            tell("iso8583.answer.mti", answer.to_string());
            let code = code.map(|code| code.to_string());
            tell("iso8583.response_code", code.unwrap_or_default());
        }
        return told;
    }
    tell("isogate.transaction", story.tx.to_string());
    tell("isogate.state", story.state.name().to_owned());
    let class = Verdict::of(story, &[]).class.map(Unconfirmed::name);
    tell("isogate.class", class.unwrap_or_default().to_owned());
    if let Some(opened) = &story.opened {
        let Opened {
            kind,
            terminal,
            merchant,
            stan,
            batch,
            amount,
            currency,
            ..
        } = &**opened;
        tell("isogate.kind", kind.to_string());
        tell("iso8583.terminal", terminal.to_string());
        tell("iso8583.merchant", merchant.to_string());
        tell("iso8583.stan", stan.to_string());
        tell("iso8583.batch", batch.to_string());
        tell("iso8583.amount_minor", amount.0.to_string());
        tell("iso8583.currency", currency.to_string());
    }
    let text = |text: Option<String>| text.unwrap_or_default();
    tell("iso8583.rrn", text(story.rrn.map(|rrn| rrn.to_string())));
    tell(
        "iso8583.auth",
        text(story.auth.map(|auth| auth.to_string())),
    );
    let code = story.answer.map(|code| code.to_string());
    tell("iso8583.response_code", text(code));
    told
}

/// Money in doubt is an error of the whole, no answer one of its request.
fn status(story: &Story, span: &StorySpan) -> Status {
    match span.request {
        Some(_) if span.answer.is_none() => Status::error("no answer"),
        Some(_) => Status::Unset,
        None => {
            let verdict = Verdict::of(story, &[]);
            let class = verdict.class.filter(|_| verdict.open);
            class.map_or(Status::Unset, |class| {
                Status::error(format!("{}: {}", class.name(), verdict.state))
            })
        }
    }
}
