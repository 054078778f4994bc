//! Who may do what, and what no page of a stranger may have a browser do.
//!
//! Without tokens whoever reaches the address is an operator; it is then an address of this machine
//! alone, or reached by certificates. With tokens each request names one, and they are compared by
//! their hashes, in constant time. After five wrong ones a minute from one address, further wrong
//! ones have to wait; a right one passes, so that nobody can lock out an operator.

use super::api::ApiProblem;
use super::listener::PeerAddress;
use crate::io::config::{AdminToken, TokenRole};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// Look.
    Viewer,
    /// Look, and change.
    Operator,
}

/// Whoever sent a request.
#[derive(Clone, Debug)]
pub(super) struct ApiCaller {
    pub role: Role,
    /// The name of the token, if there is one.
    pub name: Option<String>,
    pub from: IpAddr,
}

impl ApiCaller {
    /// How it stands in the journal: as it says, and as it is known.
    pub(super) fn called(&self, says: &str) -> String {
        match (&self.name, says.trim()) {
            (None, "") => self.from.to_string(),
            (None, says) => says.to_owned(),
            (Some(name), "") => name.clone(),
            (Some(name), says) if name == says => name.clone(),
            (Some(name), says) => format!("{says} (token {name})"),
        }
    }
}

/// Wrong tokens of a minute before an address has to wait.
const FAILURES: usize = 5;
const MINUTE: Duration = Duration::from_secs(60);
/// Addresses whose failures are remembered; beyond, the one that failed longest ago is forgotten.
const REMEMBERED: usize = 1024;

/// Who may come.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    tokens: Arc<RwLock<Vec<AdminToken>>>,
    failures: Arc<Mutex<BTreeMap<IpAddr, Vec<Instant>>>>,
    /// Whether TLS is spoken: a browser then knows under which name.
    tls: bool,
}

impl Access {
    pub(super) fn of(tokens: Vec<AdminToken>, tls: bool) -> Self {
        Self {
            tls,
            tokens: Arc::new(RwLock::new(tokens)),
            failures: Arc::default(),
        }
    }

    /// Other tokens. Where there were none, or are none any more, it stays so until a restart: who
    /// may reach the address was decided by that.
    pub(super) fn reload(&self, new: Vec<AdminToken>) {
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        if !tokens.is_empty() && !new.is_empty() {
            *tokens = new;
        }
    }

    fn tokens(&self) -> RwLockReadGuard<'_, Vec<AdminToken>> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn caller(&self, headers: &HeaderMap, from: IpAddr) -> Result<ApiCaller, ApiProblem> {
        let tokens = self.tokens();
        if tokens.is_empty() {
            return Ok(ApiCaller {
                role: Role::Operator,
                name: None,
                from,
            });
        }
        let given = text(headers, header::AUTHORIZATION).and_then(bearer);
        let Some(secret) = given else {
            return Err(unknown("a token is wanted"));
        };
        // Each is compared, so that nobody learns from the time which came closest.
        let mut known = tokens.iter().filter(|token| token.is(secret));
        let found = known.next();
        known.for_each(drop);
        let Some(token) = found else {
            if self.has_to_wait(from, Instant::now()) {
                let what = "too many wrong tokens";
                let problem = ApiProblem::new(StatusCode::TOO_MANY_REQUESTS, what);
                return Err(problem.hint("wait a minute, or send a token that is known"));
            }
            self.failed(from, Instant::now());
            return Err(unknown("this token is not known here"));
        };
        Ok(ApiCaller {
            role: match token.role {
                TokenRole::Viewer => Role::Viewer,
                TokenRole::Operator => Role::Operator,
            },
            name: Some(token.name.to_string()),
            from,
        })
    }

    fn has_to_wait(&self, from: IpAddr, now: Instant) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: &&Instant| now.duration_since(**at) < MINUTE;
        let own = failures.get(&from);
        own.is_some_and(|own| own.iter().filter(recent).count() >= FAILURES)
    }

    fn failed(&self, from: IpAddr, now: Instant) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let own = failures.entry(from).or_default();
        own.retain(|at| now.duration_since(*at) < MINUTE);
        own.push(now);
        if failures.len() > REMEMBERED {
            let last = |(_, own): &(&IpAddr, &Vec<Instant>)| own.last().copied();
            let oldest = failures.iter().min_by_key(last).map(|(from, _)| *from);
            oldest.map(|from| failures.remove(&from));
        }
    }
}

fn unknown(what: &str) -> ApiProblem {
    ApiProblem::new(StatusCode::UNAUTHORIZED, what)
        .hint("send the header Authorization: Bearer TOKEN; `isogate token` makes one")
}

/// What anybody may see who reaches the address: whether it is well, and the page, which holds
/// nothing of its own.
fn is_for_all(path: &str) -> bool {
    matches!(
        path,
        "/" | "/health" | "/healthz" | "/readyz" | "/favicon.ico"
    ) || path.starts_with("/page/")
}

/// Lets a request pass if it may, with the role of whoever sent it; and says to browsers how little
/// they may do with the answer.
pub(super) async fn guard(
    State(access): State<Access>,
    ConnectInfo(PeerAddress(peer)): ConnectInfo<PeerAddress>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut answer = match access.admit(&request, peer.ip()) {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'self'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in headers {
        let own = answer.headers_mut().entry(name);
        own.or_insert(HeaderValue::from_static(value));
    }
    answer
}

impl Access {
    /// Whose request it is, if it may pass; `None` for what needs no name.
    fn admit(&self, request: &Request, from: IpAddr) -> Result<Option<ApiCaller>, ApiProblem> {
        let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
        self.is_own(request.headers(), changes)?;
        if !changes && is_for_all(request.uri().path()) {
            return Ok(None);
        }
        let caller = self.caller(request.headers(), from)?;
        if changes && !is_question(request.uri().path()) && caller.role < Role::Operator {
            return Err(refused("a viewer may not change anything").hint("use an operator's token"));
        }
        Ok(Some(caller))
    }

    /// Refuses what a browser sends on behalf of a page that is not ours: under a name that
    /// somebody pointed at this address, or from another origin.
    fn is_own(&self, headers: &HeaderMap, changes: bool) -> Result<(), ApiProblem> {
        let host: Option<Authority> =
            text(headers, header::HOST).and_then(|host| host.parse().ok());
        if headers.get_all(header::HOST).iter().count() > 1 {
            return Err(refused("more than one Host"));
        }
        let named = host.as_ref().map(Authority::host).unwrap_or_default();
        // A page that has no token, or no certificate of its name, gets no further.
        if !self.tls && self.tokens().is_empty() && !is_address(named) {
            return Err(refused("this name is not served here (Host)")
                .hint("use the address itself, such as 127.0.0.1, or localhost"));
        }
        if let Some(origin) = text(headers, header::ORIGIN) {
            let own = origin.split_once("://").map(|(_, authority)| authority);
            let same = own.is_some() && own == host.as_ref().map(Authority::as_str);
            if !same {
                return Err(refused("another page may not ask this (Origin)"));
            }
        }
        if text(headers, "sec-fetch-site").is_some_and(|site| site == "cross-site") && changes {
            return Err(refused("another page may not ask this (Sec-Fetch-Site)"));
        }
        Ok(())
    }
}

/// What is asked by POST for the size of the question, and changes nothing.
fn is_question(path: &str) -> bool {
    path == "/api/decode"
}

/// What stands behind `Bearer`.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, secret) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn refused(what: &str) -> ApiProblem {
    ApiProblem::new(StatusCode::FORBIDDEN, what)
}

/// Whether a host is an address, or this machine by its usual name: no name that somebody else may
/// have pointed here.
fn is_address(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok() || host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_tokens_a_minute_are_enough() {
        let access = Access::default();
        let [from, other] = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
        let began = Instant::now();
        for _ in 0..FAILURES {
            assert!(!access.has_to_wait(from, began));
            access.failed(from, began);
        }
        assert!(access.has_to_wait(from, began));
        assert!(!access.has_to_wait(other, began));
        assert!(!access.has_to_wait(from, began + MINUTE));
    }

    #[test]
    fn who_failed_is_forgotten_before_it_fills_the_memory() {
        let access = Access::default();
        let began = Instant::now();
        for n in 0..REMEMBERED + 10 {
            let n = u32::try_from(n).unwrap();
            let later = began + Duration::from_millis(n.into());
            access.failed(IpAddr::from(n.to_be_bytes()), later);
        }
        assert_eq!(access.failures.lock().unwrap().len(), REMEMBERED);
        assert!(
            !access
                .failures
                .lock()
                .unwrap()
                .contains_key(&IpAddr::from([0, 0, 0, 0]))
        );
    }

    #[test]
    fn a_name_that_somebody_may_have_pointed_here_is_no_address() {
        for own in ["127.0.0.1", "[::1]", "10.0.0.7", "localhost", "LOCALHOST"] {
            assert!(is_address(own), "{own}");
        }
        for other in [
            "",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
        ] {
            assert!(!is_address(other), "{other}");
        }
    }

    #[test]
    fn who_acts_is_known_by_token_by_word_or_by_address() {
        let caller = |name: Option<&str>| ApiCaller {
            role: Role::Operator,
            name: name.map(str::to_owned),
            from: IpAddr::from([127, 0, 0, 1]),
        };
        assert_eq!(caller(None).called(" "), "127.0.0.1");
        assert_eq!(caller(None).called("li"), "li");
        assert_eq!(caller(Some("li")).called(""), "li");
        assert_eq!(caller(Some("li")).called("wang"), "wang (token li)");
    }
}
