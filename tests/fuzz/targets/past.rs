//! A short past: records of every kind as a gateway writes them, and the journal that holds them,
//! in three segments, of which the last one ends in what was never synced.

use bytes::Bytes;
use isogate::engine::journal::{Journal, JournalOptions, Memory, SegmentNo, Storage};
use isogate::engine::record::{
    Carried, CarriedAnswer, CarriedKeys, CarriedTransaction, ConnId, Fact, Hop, Identity, LineFact,
    LinkId, Logged, Note, Opened, Record, Row, Seq, State, Step, StoredFrame, TxId, Unmatched,
    Unreadable, Vault, VaultKeys, Why,
};
use isogate::engine::seam::Wall;
use isogate::iso::codec::Message;
use isogate::iso::message::{Amount, Stan};
use isogate::iso::spec::{KeyBlockForm, ReversalCause, Spec};
use std::sync::Arc;

/// A vault whose keys are no secret.
pub(super) fn vault() -> Vault {
    Vault::new(VaultKeys::new(&[1; 32], 494_000, &[2; 32]), [3; 4])
}

fn message(mti: &str, stan: u64) -> Message {
    let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
    let mut message = Message::new(&spec, mti.parse().unwrap());
    let fields = [
        ("2", "6216261839475162738"),
        ("3", "000000"),
        ("4", "000000001234"),
        ("11", &format!("{stan:06}")),
        ("37", "203217491827"),
        ("41", "10421695"),
        ("42", "874350357222471"),
    ];
    for (path, value) in fields {
        let path: isogate::iso::message::FieldPath = path.parse().unwrap();
        message.set(path, value).unwrap();
    }
    message
}

fn logged(hop: Hop, mti: &str, stan: u64) -> Logged {
    Logged::of(&message(mti, stan), hop, ConnId(stan), Some(ConnId(3)))
}

fn opened(stan: u64) -> Opened {
    let number = Stan(stan);
    let usual = format!("2|874350357222471|10421695|000001|{number}");
    Opened {
        identity: Identity::new(&usual).unwrap(),
        stan: number,
        reverses: true,
        ..Opened::blank()
    }
}

fn step(row: char, state: State, note: Note, logged: Option<Logged>, stan: Option<u64>) -> Fact {
    Fact::Step(Box::new(Step {
        row: Row(row),
        state,
        why: Why::Plain,
        note,
        message: logged,
        opened: stan.map(|stan| Arc::new(opened(stan))),
    }))
}

fn frame(stan: u64) -> StoredFrame {
    message("0200", stan)
        .redact()
        .map(StoredFrame::from)
        .unwrap()
}

/// Facts of a sale, and of what stands beside it.
fn traded(stan: u64) -> Vec<Fact> {
    let (up, down) = (Hop::TerminalToGateway, Hop::AcquirerToGateway);
    vec![
        step(
            'C',
            State::Forwarded,
            Note::None,
            Some(logged(up, "0200", stan)),
            Some(stan),
        ),
        step(
            'D',
            State::Approved,
            Note::WaitedMs(stan),
            Some(logged(down, "0210", stan)),
            None,
        ),
        step('P', State::Delivered, Note::Duplicate(3), None, None),
        Fact::Line(LineFact::Up {
            link: LinkId(0),
            conn: ConnId(stan),
        }),
        Fact::Session(Box::new(logged(down, "0810", stan))),
        Fact::Unmatched(Box::new(Unmatched {
            message: logged(down, "0210", stan),
            wanted: opened(stan).identity,
            ambiguous: false,
        })),
        Fact::Unreadable(Box::new(Unreadable {
            hop: up,
            conn: ConnId(1),
            length: 77,
            hash: [5; 16],
            what: isogate::iso::message::Text::new("field 2").unwrap(),
        })),
        Fact::Tombstone(opened(stan).identity),
        Fact::Keys(Box::new(keys())),
    ]
}

fn keys() -> CarriedKeys {
    CarriedKeys {
        merchant: isogate::iso::message::MerchantId::new("874350357222471").unwrap(),
        terminal: isogate::iso::message::TerminalId::new("10421695").unwrap(),
        form: KeyBlockForm::Double,
        block: Bytes::from_static(&[7; 24]),
    }
}

fn checkpoint(stan: u64) -> Vec<Fact> {
    let live = Carried::Transaction(CarriedTransaction {
        reversal_answer: None,
        tx: TxId(9),
        opened: opened(stan),
        state: State::Forwarded,
        began: Wall(-5),
        last: Seq(2),
        request: frame(stan),
        cause: Some(ReversalCause::NotDelivered),
        tries: 3,
        approved: true,
        auth: None,
        upstream: Some(frame(stan)),
        reversing: None,
        of_receipt: false,
        answer: Some(frame(stan)),
        rrn: None,
        doubted: true,
        returned: Amount(7),
    });
    let done = Carried::Answer(CarriedAnswer {
        returned: Amount(0),
        tx: TxId(8),
        opened: opened(stan),
        state: State::Reversed,
        request: frame(stan),
        approved: true,
        answer: Some(frame(stan)),
        reversal_answer: None,
        last: Seq(4),
        upstream: None,
    });
    let stone = Carried::Tombstone {
        identity: opened(stan).identity,
        at: Wall(77),
    };
    let carried = [
        live,
        done,
        Carried::Keys(keys()),
        stone,
        Carried::Stan(Stan(7)),
    ];
    let carried = carried.map(|one| Fact::Carried(Box::new(one)));
    [
        vec![Fact::CheckpointBegin],
        carried.into(),
        vec![Fact::CheckpointEnd],
    ]
    .concat()
}

/// All records, in order.
pub(super) fn records() -> Vec<Record> {
    let gateway = isogate::iso::message::Text::new("gw-1").unwrap();
    let mut facts = vec![Fact::Started {
        gateway,
        links: Vec::new(),
    }];
    for segment in 0..3 {
        if segment > 0 {
            facts.extend(checkpoint(segment));
        }
        for sale in 0..2 {
            facts.extend(traded(100 * segment + sale));
        }
    }
    facts.push(Fact::Stopped);
    let record = |(seq, fact): (u64, Fact)| {
        let of_one = matches!(fact, Fact::Step(_));
        Record {
            seq: Seq(seq),
            at: Wall(1_795_313_472_345_678 + i64::try_from(seq).unwrap()),
            tx: of_one.then_some(TxId(1_795_313_472_000 << 80 | u128::from(seq / 9))),
            prev: (of_one && seq > 9).then_some(Seq(seq - 1)),
            fact,
        }
    };
    (1..).zip(facts).map(record).collect()
}

/// The segments of their journal, as bytes. All but the last five records were synced.
pub(super) fn journal() -> Vec<(SegmentNo, Vec<u8>)> {
    let options = JournalOptions {
        seed: 7,
        ..JournalOptions::default()
    };
    let (mut journal, _) = Journal::open(Memory::default(), options).unwrap();
    let all = records();
    let vault = &mut vault();
    for (record, left) in all.iter().zip((0..all.len()).rev()) {
        journal.append(record, vault).unwrap();
        if left > 5 && record.seq.0.is_multiple_of(3) {
            journal.sync().unwrap();
        }
    }
    journal.write().unwrap();
    let storage = journal.into_storage();
    let segments = storage.segments().unwrap();
    let read = |segment: &SegmentNo| (*segment, storage.read(*segment, 0, usize::MAX).unwrap());
    segments.iter().map(read).collect()
}
