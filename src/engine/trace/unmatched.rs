//! Why an answer matched nothing: which key was looked for, which requests were near, in which
//! fields they differ, and what would make it match.

use super::lang::{Phrase, Said};
use crate::engine::record::{
    ConnId, Fact, Hop, LineFact, LinkId, LinkName, Logged, Record, Seq, TxId,
};
use crate::engine::seam::Wall;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, Mti};
use crate::iso::spec::Spec;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Requests that are remembered, the newest.
const REMEMBERED: usize = 512;
/// Near requests that are told of one answer.
const NEAR: usize = 3;
/// Fields by which requests and answers are told apart, beside those of the key. None of them is a
/// card number or a secret.
const TELLING: [u8; 8] = [11, 41, 42, 37, 4, 49, 12, 13];

/// An answer for which no request was found.
#[derive(Clone, Debug)]
pub struct UnmatchedAnswer {
    /// Its record.
    pub seq: Seq,
    /// When it came.
    pub at: Wall,
    /// Its type.
    pub mti: Mti,
    /// The link that it came over, if that is known.
    pub link: Option<LinkName>,
    /// The fields of the key by which it was looked up, with its values; `None` where it lacks one.
    pub key: Vec<(FieldPath, Option<String>)>,
    /// Whether more than one request fits.
    pub ambiguous: bool,
    /// Requests that are near, the nearest first.
    pub near: Vec<NearRequest>,
    /// A key by which it would be found, if there is one.
    pub mend: Option<Vec<FieldPath>>,
}

/// A request that an unmatched answer might have been meant for.
#[derive(Clone, Debug)]
pub struct NearRequest {
    /// Its record.
    pub seq: Seq,
    /// Its transaction, if it has one.
    pub tx: Option<TxId>,
    /// When it went out.
    pub at: Wall,
    /// The record of the answer that it had before, if it had one.
    pub answered: Option<Seq>,
    /// The fields that differ: as asked, and as answered.
    pub differs: Vec<DifferingField>,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferingField {
    /// The field.
    pub field: FieldPath,
    /// Its value in the request; `None` if it has none.
    pub asked: Option<String>,
    /// Its value in the answer.
    pub answered: Option<String>,
    /// Whether the key contains it.
    pub in_key: bool,
}

/// A request that went to an acquirer.
#[derive(Clone, Debug)]
struct AskedRequest {
    seq: Seq,
    tx: Option<TxId>,
    at: Wall,
    mti: Mti,
    frame: bytes::Bytes,
    answered: Option<Seq>,
}

/// Reads a journal's records in order, and tells of each answer that matched nothing.
#[derive(Debug, Default)]
pub struct UnmatchedFinder {
    links: Vec<LinkName>,
    lines: BTreeMap<ConnId, LinkId>,
    requests: VecDeque<AskedRequest>,
}

impl UnmatchedFinder {
    /// Takes the next record; what is known of its answer, if it is one that matched nothing.
    /// `spec` gives a dialect by its name.
    pub fn hear(
        &mut self,
        record: &Record,
        spec: &dyn Fn(&str) -> Option<Arc<Spec>>,
    ) -> Option<UnmatchedAnswer> {
        match &record.fact {
            Fact::Started { links, .. } => {
                self.links.clone_from(links);
                self.lines.clear();
            }
            Fact::Line(LineFact::Up { link, conn }) => {
                self.lines.insert(*conn, *link);
            }
            Fact::Line(LineFact::Down { conn, .. }) => {
                self.lines.remove(conn);
            }
            Fact::Step(step) => {
                if let Some(message) = &step.message {
                    self.note(record, message);
                }
            }
            Fact::Session(message) => self.note(record, message),
            Fact::Unmatched(unmatched) if unmatched.message.hop == Hop::AcquirerToGateway => {
                return Some(self.explain(record, unmatched.ambiguous, &unmatched.message, spec));
            }
            _ => {}
        }
        None
    }

    /// Notes what goes to an acquirer, and that it was answered.
    fn note(&mut self, record: &Record, message: &Logged) {
        let goes_on = message.hop == Hop::TerminalToGateway && message.relayed.is_some();
        if (message.hop == Hop::GatewayToAcquirer || goes_on) && !message.mti.is_answer() {
            self.requests.push_back(AskedRequest {
                seq: record.seq,
                tx: record.tx,
                at: record.at,
                mti: message.mti,
                frame: message.frame.frame.clone(),
                answered: None,
            });
            if self.requests.len() > REMEMBERED {
                self.requests.pop_front();
            }
        }
        if message.hop == Hop::AcquirerToGateway && message.mti.is_answer() {
            let mut asked = self.requests.iter_mut().rev();
            let own = asked.find(|own| own.tx == record.tx && message.mti.answers(own.mti));
            if let Some(own) = own {
                own.answered.get_or_insert(record.seq);
            }
        }
    }

    fn explain(
        &self,
        record: &Record,
        ambiguous: bool,
        message: &Logged,
        spec: &dyn Fn(&str) -> Option<Arc<Spec>>,
    ) -> UnmatchedAnswer {
        let link = self
            .lines
            .get(&message.conn)
            .map(|link| usize::from(link.0));
        let link = link.and_then(|link| self.links.get(link)).copied();
        let specs = link.into_iter().chain(self.links.iter().copied());
        let mut specs = specs.filter_map(|link| spec(&link.spec));
        let mut found = UnmatchedAnswer {
            seq: record.seq,
            at: record.at,
            mti: message.mti,
            link,
            key: Vec::new(),
            ambiguous,
            near: Vec::new(),
            mend: None,
        };
        let read = |spec: &Arc<Spec>| Message::parse(spec, message.frame.frame.clone()).ok();
        let answer = specs.find_map(|spec| Some((read(&spec)?, spec)));
        let Some((answer, spec)) = answer else {
            return found;
        };
        let key = spec.flow().match_key.clone();
        found.key = key
            .iter()
            .map(|path| (*path, value(&answer, *path)))
            .collect();
        let asked = self
            .requests
            .iter()
            .filter(|own| answer.mti().answers(own.mti));
        let mut near: Vec<(NearRequest, Message)> = asked
            .filter_map(|own| {
                let request = Message::parse(&spec, own.frame.clone()).ok()?;
                let near = NearRequest {
                    seq: own.seq,
                    tx: own.tx,
                    at: own.at,
                    answered: own.answered,
                    differs: differences(&request, &answer, &key),
                };
                Some((near, request))
            })
            .collect();
        // The fewest differences first; of equal ones that which still waits, then the newest.
        near.sort_by_key(|(own, _)| {
            let newest = std::cmp::Reverse(own.seq);
            (own.differs.len(), own.answered.is_some(), newest)
        });
        found.mend = mend(&near, &answer, &key);
        found.near = near.into_iter().map(|(own, _)| own).take(NEAR).collect();
        found
    }
}

fn value(message: &Message, path: FieldPath) -> Option<String> {
    message.text(path).map(|value| value.trim().to_owned())
}

/// The fields that tell a request from an answer. What only one of them has counts where the key
/// needs it.
fn differences(request: &Message, answer: &Message, key: &[FieldPath]) -> Vec<DifferingField> {
    let telling = TELLING.map(|number| FieldPath::whole(FieldId::of(number)));
    let others = telling.into_iter().filter(|path| !key.contains(path));
    let all = key.iter().copied().chain(others);
    all.filter_map(|field| {
        let in_key = key.contains(&field);
        let (asked, answered) = (value(request, field), value(answer, field));
        let both = asked.is_some() && answered.is_some();
        (asked != answered && (both || in_key)).then_some(DifferingField {
            field,
            asked,
            answered,
            in_key,
        })
    })
    .collect()
}

/// The part of the key that the nearest request shares, if no other one that waits shares it.
fn mend(
    near: &[(NearRequest, Message)],
    answer: &Message,
    key: &[FieldPath],
) -> Option<Vec<FieldPath>> {
    let waiting = || near.iter().filter(|(own, _)| own.answered.is_none());
    let (nearest, _) = waiting().next()?;
    let differs = |path: &FieldPath| nearest.differs.iter().any(|own| own.field == *path);
    let shared: Vec<FieldPath> = key.iter().copied().filter(|path| !differs(path)).collect();
    let fits = |request: &Message| {
        shared
            .iter()
            .all(|path| value(request, *path) == value(answer, *path))
    };
    let fitting = waiting().filter(|(_, request)| fits(request)).count();
    (!shared.is_empty() && shared.len() < key.len() && fitting == 1).then_some(shared)
}

/// `[11, 7]`, as a route's `key` is written.
fn written(key: &[FieldPath]) -> String {
    let paths = key.iter().map(|path| match path.part {
        None => path.to_string(),
        Some(_) => format!("\"{path}\""),
    });
    format!("[{}]", paths.collect::<Vec<_>>().join(", "))
}

impl UnmatchedAnswer {
    /// What is to be said of it, a line each.
    #[must_use]
    pub fn said(&self) -> Vec<Said> {
        let mut lines = vec![self.looked_for()];
        if self.near.is_empty() && !self.key.is_empty() {
            let none = Phrase::new(
                "no request of this type was on its way: it came twice, too late, or for another \
                 gateway",
                "没有此类型的在途请求: 应答重复、过迟或属于其他网关",
            );
            lines.push(none.plain());
        }
        lines.extend(self.near.iter().map(NearRequest::said));
        match &self.mend {
            Some(key) => {
                let mend = Phrase::new("set key = {key} on its route", "在其路由上设 key = {key}");
                lines.push(mend.fill(&[("key", Said::same(written(key)))]));
            }
            None if self.ambiguous => {
                let more = Phrase::new(
                    "several requests fit: add a field to the route's key that tells them apart",
                    "多笔请求相符: 请在路由 key 中增加可区分的域",
                );
                lines.push(more.plain());
            }
            None => {}
        }
        lines
    }

    fn looked_for(&self) -> Said {
        let unreadable = Phrase::new(
            "answer {mti} over {link} could not be read",
            "线路{link}的应答{mti}无法解析",
        );
        let link = self.link.map(|link| link.name.to_string());
        let link = link.map_or_else(
            || Phrase::new("an unknown link", "未知").plain(),
            Said::same,
        );
        let mti = ("mti", Said::same(self.mti.to_string()));
        if self.key.is_empty() {
            return unreadable.fill(&[mti, ("link", link)]);
        }
        let values = self.key.iter().map(|(path, value)| {
            let value = value.as_deref().unwrap_or("-");
            format!("DE {path} = `{value}`")
        });
        let values = Said::same(values.collect::<Vec<_>>().join(", "));
        let looked = Phrase::new(
            "answer {mti} over {link} was looked up by {values}",
            "线路{link}的应答{mti}按{values}查找",
        );
        looked.fill(&[mti, ("link", link), ("values", values)])
    }
}

impl NearRequest {
    fn said(&self) -> Said {
        let name = self
            .tx
            .map_or_else(|| self.seq.0.to_string(), |tx| tx.to_string());
        let name = ("name", Said::same(name));
        let answered = (
            "answered",
            Said::same(self.answered.map_or(String::new(), |seq| seq.0.to_string())),
        );
        let differs: Vec<Said> = self.differs.iter().map(DifferingField::said).collect();
        let join = |of: fn(&Said) -> &str| differs.iter().map(of).collect::<Vec<_>>().join("; ");
        let differs = Said {
            en: join(|said| &said.en),
            zh: join(|said| &said.zh),
        };
        let phrase = match (self.answered, self.differs.is_empty()) {
            (Some(_), true) => Phrase::new(
                "near: {name}, but it was answered before (record {answered})",
                "相近: {name}, 但此前已应答(记录{answered})",
            ),
            (Some(_), false) => Phrase::new(
                "near: {name}, answered before (record {answered}); {differs}",
                "相近: {name}, 此前已应答(记录{answered}); {differs}",
            ),
            (None, true) => Phrase::new(
                "near: {name}, no field differs: it is over, or went over another route",
                "相近: {name}, 各域相同: 已结束或经其他路由",
            ),
            (None, false) => Phrase::new("near: {name}; {differs}", "相近: {name}; {differs}"),
        };
        phrase.fill(&[name, answered, ("differs", differs)])
    }
}

impl DifferingField {
    fn said(&self) -> Said {
        let shown = |value: &Option<String>| {
            let absent = || Phrase::new("nothing", "无").plain();
            value
                .as_ref()
                .map_or_else(absent, |value| Said::same(format!("`{value}`")))
        };
        let differs = Phrase::new(
            "DE {field} differs: {asked} asked, {answered} answered",
            "DE {field}不同: 请求为{asked}, 应答为{answered}",
        );
        differs.fill(&[
            ("field", Said::same(self.field.to_string())),
            ("asked", shown(&self.asked)),
            ("answered", shown(&self.answered)),
        ])
    }
}
