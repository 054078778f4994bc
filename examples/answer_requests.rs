//! An acquirer in a few lines: approves each request that comes as a line of hexadecimal digits on
//! the standard input, and prints its answer in the same way.
//!
//! ```text
//! cargo run --example answer_requests < requests.hex
//! ```

use isogate::bytes::Bytes;
use isogate::iso::codec::Message;
use isogate::iso::spec::Spec;
use std::error::Error;
use std::io::{BufRead, Write};

fn main() -> Result<(), Box<dyn Error>> {
    let spec = Spec::builtin("iso8583-1987-ascii").ok_or("the dialect is built in")?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let pairs = line.trim().as_bytes().chunks(2);
        let bytes = pairs.map(|pair| {
            let digits = std::str::from_utf8(pair).unwrap_or_default();
            u8::from_str_radix(digits, 16)
        });
        let frame: Vec<u8> = bytes.collect::<Result<_, _>>()?;
        let request = Message::parse(&spec, Bytes::from(frame))?;
        let Some(mut answer) = request.answer() else {
            writeln!(out, "{} is an answer itself", request.mti())?;
            continue;
        };
        answer.set(38, "112233")?;
        answer.set(39, "00")?;
        let hex: String = answer.build()?.iter().map(|b| format!("{b:02X}")).collect();
        writeln!(out, "{hex}")?;
    }
    Ok(())
}
