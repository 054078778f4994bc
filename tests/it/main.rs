//! isogate as its users meet it: the real binary, real sockets, real files, real kills.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod rig;

mod api;

mod kill;

mod canary;

mod capture;

mod second_process;
mod shadow;

mod lab;

mod profiles;

mod dissector;

mod documents;

mod ends;

mod faults;

mod live;

mod across;

mod passthrough;

mod malformed;

mod python;

mod python_collector;

mod browser;

mod replay;

mod scenario;

mod talk;

mod tls;

mod hostile;

mod captured;

mod evidence;

mod blind;

mod examples;

mod specs;
