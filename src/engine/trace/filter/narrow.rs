//! What of a filter an index can serve.

use super::super::query::{Query, Which};
use super::Expression;
use super::term::Term;
use crate::iso::message::Amount;

/// How many queries may be asked for one filter; beyond that everything is looked at once.
const MOST: usize = 16;

/// Queries that together find all that an expression can mean, and perhaps more.
pub(super) fn cover(expression: &Expression) -> Vec<Query> {
    let mut queries = queries(expression);
    for query in &mut queries {
        // A short list is looked through more quickly than a long time.
        if query.which.is_some() && !query.asks_key() {
            query.from = None;
            query.until = None;
            query.last4 = None;
        }
    }
    queries
}

fn queries(expression: &Expression) -> Vec<Query> {
    match expression {
        Expression::All(parts) => {
            let mut all = vec![Query::default()];
            for part in parts {
                let more = queries(part);
                if all.len() * more.len() <= MOST {
                    let both = |one: &Query| more.iter().map(|other| both(one, other)).collect();
                    all = all.iter().flat_map::<Vec<_>, _>(both).collect();
                }
            }
            all
        }
        Expression::Any(parts) => {
            let all: Vec<Query> = parts.iter().flat_map(queries).collect();
            match all.len() > MOST || all.contains(&Query::default()) {
                true => vec![Query::default()],
                false => all,
            }
        }
        Expression::Not(_) => vec![Query::default()],
        Expression::Is(term) => of_term(term),
    }
}

/// Whatever fits both fits the result.
fn both(one: &Query, other: &Query) -> Query {
    Query {
        tx: one.tx.or(other.tx),
        terminal: one.terminal.or(other.terminal),
        stan: one.stan.or(other.stan),
        other_stan: one.other_stan.or(other.other_stan),
        rrn: one.rrn.or(other.rrn),
        auth: one.auth.or(other.auth),
        amount: one.amount.or(other.amount),
        from: one.from.max(other.from),
        until: [one.until, other.until].into_iter().flatten().min(),
        last4: one.last4.or(other.last4),
        which: one.which.or(other.which),
        also: None,
    }
}

fn of_term(term: &Term) -> Vec<Query> {
    let all = Query::default();
    let query = match term {
        Term::Key(guesses) => return guesses.clone(),
        Term::Tx(tx) => Query {
            tx: Some(*tx),
            ..all
        },
        Term::Terminal(terminal, _) => Query {
            terminal: *terminal,
            ..all
        },
        Term::Stan(stan) => Query {
            stan: Some(*stan),
            ..all
        },
        Term::Rrn(rrn, _) => Query { rrn: *rrn, ..all },
        Term::Auth(auth, _) => Query { auth: *auth, ..all },
        Term::Last4(last4) => Query {
            last4: Some(*last4),
            ..all
        },
        Term::Amount(Some(least), Some(most)) if least == most => Query {
            amount: Some(Amount(least.0)),
            ..all
        },
        Term::Open => Query {
            which: Some(Which::Open),
            ..all
        },
        Term::Class(class) => Query {
            which: Some(Which::Class(*class)),
            ..all
        },
        Term::State(state) => Query {
            which: Some(Which::State(*state)),
            ..all
        },
        Term::Since(from) => Query {
            from: Some(*from),
            ..all
        },
        Term::Until(until) => Query {
            until: Some(*until),
            ..all
        },
        Term::Amount(..)
        | Term::Name(..)
        | Term::Type(_)
        | Term::Answer(_)
        | Term::Code(_)
        | Term::Cause(_)
        | Term::Safe(_)
        | Term::Unsafe
        | Term::Slower(_) => all,
    };
    vec![query]
}
