//! Records of every kind, for tests of whoever writes or reads them.

use crate::engine::record::{
    Carried, CarriedAnswer, CarriedKeys, CarriedTransaction, ConnId, Fact, Hop, HostBalance,
    Identity, LineFact, LinkId, LinkName, Logged, Note, NumberStretch, Opened, OperatorAct,
    OperatorDid, Patch, Record, Row, Seq, SettlementTotals, ShadowDifference, ShadowTally, State,
    Step, StoredFrame, TxId, Unmatched, Unreadable, Vault, VaultKeys, Why,
};
use crate::engine::seam::Wall;
use crate::iso::message::{Amount, Mti, ResponseCode, Secret, Stan, Text};
use crate::iso::spec::{KeyBlockForm, Purpose, ReversalCause};
use bytes::Bytes;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::Arc;

/// A vault whose keys are no secret.
pub(crate) fn vault() -> Vault {
    Vault::new(VaultKeys::new(&[1; 32], 494_000, &[2; 32]), [3; 4])
}

/// A record that says little.
pub(crate) fn plain(seq: u64) -> Record {
    Record {
        seq: Seq(seq),
        at: Wall(1_795_313_472_345_678),
        tx: None,
        prev: None,
        fact: Fact::Line(LineFact::Up {
            link: LinkId(0),
            conn: ConnId(seq),
        }),
    }
}

/// One step of a usual sale: a frame of 313 bytes, the names of an approved answer. Its first step
/// opens it and carries a card number.
pub(crate) fn sale(seq: u64, tx: TxId, prev: Option<u64>) -> Record {
    let first = prev.is_none();
    let patch = Patch::Clear(Secret::new(vec![0x62; 10]));
    Record {
        seq: Seq(seq),
        at: Wall(1_795_313_472_345_678),
        tx: Some(tx),
        prev: prev.map(Seq),
        fact: Fact::Step(Box::new(Step {
            row: Row(if first { 'A' } else { 'G' }),
            state: if first {
                State::Forwarded
            } else {
                State::Approved
            },
            why: Why::Plain,
            note: Note::None,
            message: Some(Logged {
                hop: Hop::TerminalToGateway,
                conn: ConnId(17),
                relayed: Some(ConnId(3)),
                mti: Mti::from_bcd(if first { 0x0200 } else { 0x0210 }).unwrap(),
                code: (!first).then(|| text("00")),
                stan: None,
                rrn: (!first).then(|| text("203217491827")),
                auth: (!first).then(|| text("112233")),
                amount: None,
                frame: StoredFrame::new(
                    Bytes::from(vec![0x5A; 313]),
                    if first {
                        vec![(34, 10, true), (70, 19, false), (120, 8, false)]
                    } else {
                        Vec::new()
                    },
                    if first { patch } else { Patch::None },
                ),
            }),
            opened: first.then(|| Arc::new(opened_sale())),
        })),
    }
}

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}

fn opened_sale() -> Opened {
    Opened {
        spec: text("cup-pos"),
        kind: text("sale"),
        purpose: Purpose::Debit,
        reverses: true,
        partly: false,
        identity: text("2|874350357222471|10421695|000001|100175"),
        terminal: text("10421695"),
        merchant: text("874350357222471"),
        stan: Stan(100_175),
        batch: text("000001"),
        amount: Amount(88_800),
        currency: text("156"),
        card: text("622609******0048"),
        card_hash: [7; 16],
        link: LinkId(0),
        original: None,
        twin: None,
    }
}

/// Texts that fit: digits as often as not, since those are packed.
fn texts<const N: usize>() -> impl Strategy<Value = Text<N>> {
    prop_oneof!["[0-9]{0,40}", "[ -~äß文]{0,40}"].prop_map(|long| {
        let cut = (0..=N.min(long.len()))
            .rev()
            .find(|cut| long.is_char_boundary(*cut));
        text(&long[..cut.unwrap()])
    })
}

fn numbers() -> impl Strategy<Value = Carried> {
    let stretch = (
        0..u64::MAX / 2,
        0..u64::MAX / 2,
        any::<u64>(),
        any::<bool>(),
    );
    let stretch = stretch.prop_map(|(from, more, age, counted)| NumberStretch {
        from: Stan(from),
        to: Stan(from.saturating_add(more)),
        age,
        counted,
    });
    let used = proptest::collection::vec(stretch, 0..4);
    let numbers = (texts(), texts(), used, any::<bool>());
    let numbers = numbers.prop_map(|(merchant, terminal, used, whole)| Carried::Numbers {
        merchant,
        terminal,
        used,
        whole,
    });
    prop_oneof![numbers, Just(Carried::AllTerminals)]
}

fn link_names() -> impl Strategy<Value = Vec<LinkName>> {
    let name = (texts(), texts()).prop_map(|(name, spec)| LinkName { name, spec });
    prop::collection::vec(name, 0..4)
}

fn cards() -> impl Strategy<Value = Text<19>> {
    prop_oneof![
        texts(),
        ("[0-9]{6}", 3usize..=9, "[0-9]{4}")
            .prop_map(|(first, stars, last)| text(&format!("{first}{}{last}", "*".repeat(stars)))),
    ]
}

fn bytes() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..80).prop_map(Bytes::from)
}

fn frames() -> impl Strategy<Value = StoredFrame> {
    let wild = prop::collection::vec(any::<(u16, u16, bool)>(), 0..4);
    let usual = prop::collection::vec((0..90u16, 0..9u16, any::<bool>()), 0..4);
    let patch = option::of(prop::collection::vec(any::<u8>(), 1..20));
    let few = prop::collection::vec(0..2u8, 0..80).prop_map(Bytes::from);
    let bytes = prop_oneof![bytes(), few];
    (bytes, prop_oneof![wild, usual], patch).prop_map(|(frame, hidden, patch)| {
        let patch = patch.map_or(Patch::None, |clear| Patch::Clear(Secret::new(clear)));
        StoredFrame::new(frame, hidden, patch)
    })
}

fn hops() -> impl Strategy<Value = Hop> {
    select(vec![
        Hop::TerminalToGateway,
        Hop::GatewayToAcquirer,
        Hop::AcquirerToGateway,
        Hop::GatewayToTerminal,
    ])
}

fn logged() -> impl Strategy<Value = Logged> {
    let mti = select(vec![0x0200, 0x0210, 0x0421, 0x1804]);
    let names = (
        option::of(texts()),
        option::of(texts()),
        option::of(texts()),
    );
    let conns = (any::<u64>(), option::of(any::<u64>()));
    (hops(), conns, mti, names, frames()).prop_map(
        |(hop, (conn, relayed), mti, (code, rrn, auth), frame)| Logged {
            hop,
            conn: ConnId(conn),
            relayed: relayed.map(ConnId),
            mti: Mti::from_bcd(mti).unwrap(),
            code,
            stan: rrn.map(|_| Stan(999_999)),
            rrn,
            auth,
            amount: code.map(|_| Amount(4000)),
            frame,
        },
    )
}

fn txs() -> impl Strategy<Value = TxId> {
    any::<u128>().prop_map(TxId)
}

fn notes() -> impl Strategy<Value = Note> {
    prop_oneof![
        Just(Note::None),
        any::<u8>().prop_map(Note::Duplicate),
        any::<u64>().prop_map(Note::LateMs),
        any::<u64>().prop_map(Note::WaitedMs),
        any::<u16>().prop_map(Note::Try),
        txs().prop_map(Note::Other),
        prop::collection::vec(txs(), 1..4).prop_map(Note::OneOf),
        texts().prop_map(Note::Unreadable),
        (0..1_000_000_000_000_u64, texts()).prop_map(|(stan, lost)| Note::GoesOn {
            stan: Stan(stan),
            lost,
        }),
        texts().prop_map(Note::Detail),
        settles(),
    ]
}

fn settles() -> impl Strategy<Value = Note> {
    let totals =
        any::<[u64; 4]>().prop_map(
            |[debits, debit_sum, credits, credit_sum]| SettlementTotals {
                debits,
                debit_sum: Amount(debit_sum),
                credits,
                credit_sum: Amount(credit_sum),
            },
        );
    let hosts = [
        HostBalance::Unsaid,
        HostBalance::Balanced,
        HostBalance::Differs,
        HostBalance::Failed,
    ];
    (option::of(totals), select(hosts.to_vec()))
        .prop_map(|(totals, host)| Note::Settles { totals, host })
}

fn opened() -> impl Strategy<Value = Opened> {
    let what = (texts(), texts(), any::<bool>(), texts(), cards());
    let who = (
        texts(),
        texts(),
        texts(),
        0..1_000_000_000_000_u64,
        any::<u64>(),
    );
    let ties = (any::<[u8; 16]>(), option::of(txs()), option::of(txs()));
    let named = option::of(texts());
    (what, who, ties, any::<u16>(), named).prop_map(|(what, who, ties, link, named)| {
        let (spec, kind, reverses, currency, card) = what;
        let (terminal, merchant, batch, stan, amount) = who;
        let (card_hash, original, twin) = ties;
        let stan = Stan(stan);
        let usual = format!("2|{merchant}|{terminal}|{batch}|{stan}");
        Opened {
            spec,
            kind,
            purpose: if reverses {
                Purpose::Debit
            } else {
                Purpose::Inquiry
            },
            reverses,
            partly: !reverses,
            identity: named.or_else(|| Identity::new(&usual)).unwrap_or_default(),
            terminal,
            merchant,
            stan,
            batch,
            amount: Amount(amount),
            currency,
            card,
            card_hash: if reverses { card_hash } else { [0; 16] },
            link: LinkId(link),
            original,
            twin,
        }
    })
}

fn states() -> impl Strategy<Value = State> {
    select(State::ALL.to_vec())
}

fn steps() -> impl Strategy<Value = Step> {
    let message = option::of(logged());
    let opened = option::of(opened().prop_map(Arc::new));
    (any::<char>(), states(), notes(), message, opened).prop_map(
        |(row, state, note, message, opened)| Step {
            row: Row(row),
            state,
            why: Why::LinkLost,
            note,
            message,
            opened,
        },
    )
}

fn keys() -> impl Strategy<Value = CarriedKeys> {
    (texts(), texts(), bytes()).prop_map(|(merchant, terminal, block)| CarriedKeys {
        merchant,
        terminal,
        form: KeyBlockForm::Double,
        block,
    })
}

fn carried() -> impl Strategy<Value = Carried> {
    let live = (txs(), opened(), states(), frames(), option::of(texts())).prop_map(
        |(tx, opened, state, request, auth)| {
            Carried::Transaction(CarriedTransaction {
                tx,
                opened,
                state,
                began: Wall(-5),
                last: Seq(9),
                request,
                cause: auth.map(|_| ReversalCause::NotDelivered),
                tries: 3,
                approved: auth.is_some(),
                upstream: None,
                reversal_answer: auth.map(|_| StoredFrame::default()),
                reversing: auth.map(|_| Wall(-5)),
                of_receipt: auth.is_some(),
                answer: auth.map(|_| StoredFrame::default()),
                rrn: auth.and_then(|_| Text::new("203217491827")),
                doubted: auth.is_some(),
                returned: Amount(if auth.is_some() { 7 } else { 0 }),
                auth,
            })
        },
    );
    let maybe = || option::of(frames());
    let frames = (frames(), maybe(), maybe(), maybe());
    let answer = (txs(), opened(), states(), frames).prop_map(|(tx, opened, state, frames)| {
        Carried::Answer(CarriedAnswer {
            tx,
            opened,
            state,
            request: frames.0,
            approved: frames.1.is_some(),
            answer: frames.1,
            reversal_answer: frames.2,
            last: Seq(u64::MAX),
            returned: Amount(if frames.3.is_some() { 7 } else { 0 }),
            upstream: frames.3,
        })
    });
    let stone = (texts(), any::<i64>()).prop_map(|(identity, at)| Carried::Tombstone {
        identity,
        at: Wall(at),
    });
    let links = link_names().prop_map(Carried::Links);
    let clock = any::<i64>().prop_map(|micros| Carried::Clock(Wall(micros)));
    prop_oneof![
        live,
        answer,
        keys().prop_map(Carried::Keys),
        stone,
        links,
        clock,
        numbers()
    ]
}

fn facts() -> impl Strategy<Value = Fact> {
    let unmatched = (logged(), texts(), any::<bool>()).prop_map(|(message, wanted, ambiguous)| {
        Fact::Unmatched(Box::new(Unmatched {
            message,
            wanted,
            ambiguous,
        }))
    });
    let unreadable = (hops(), any::<[u8; 16]>(), texts()).prop_map(|(hop, hash, what)| {
        Fact::Unreadable(Box::new(Unreadable {
            hop,
            conn: ConnId(1),
            length: u32::MAX,
            hash,
            what,
        }))
    });
    let (link, conn) = (LinkId(7), ConnId(u64::MAX));
    prop_oneof![
        (texts(), link_names()).prop_map(|(gateway, links)| Fact::Started { gateway, links }),
        Just(Fact::Stopped),
        steps().prop_map(|step| Fact::Step(Box::new(step))),
        Just(Fact::Line(LineFact::Up { link, conn })),
        Just(Fact::Line(LineFact::Down { link, conn })),
        logged().prop_map(|logged| Fact::Session(Box::new(logged))),
        unmatched,
        unreadable,
        texts().prop_map(move |what| Fact::Shadow(Box::new(ShadowDifference {
            tx: TxId(7),
            link,
            mti: "0200".parse().unwrap(),
            acquirer: ResponseCode::new("00"),
            shadow: None,
            what,
        }))),
        any::<[u64; 3]>().prop_map(move |[same, different, left_out]| {
            Fact::ShadowTally(Box::new(ShadowTally {
                link,
                same,
                different,
                left_out,
            }))
        }),
        (texts(), texts(), select(OperatorDid::ALL.to_vec())).prop_map(|(who, what, did)| {
            Fact::Operated(Box::new(OperatorAct { who, did, what }))
        }),
        keys().prop_map(|keys| Fact::Keys(Box::new(keys))),
        texts().prop_map(Fact::Tombstone),
        Just(Fact::CheckpointBegin),
        carried().prop_map(|carried| Fact::Carried(Box::new(carried))),
        Just(Fact::CheckpointEnd),
    ]
}

/// Any record.
pub(crate) fn records() -> impl Strategy<Value = Record> {
    let places = (any::<u64>(), option::of(any::<u64>()));
    let head = (places, any::<i64>(), option::of(txs()));
    (head, facts()).prop_map(|(((seq, prev), at, tx), fact)| Record {
        seq: Seq(seq),
        at: Wall(at),
        tx,
        prev: prev.map(Seq),
        fact,
    })
}
