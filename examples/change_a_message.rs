//! Reads a message of hexadecimal digits, changes its amount, and prints it again:
//!
//! ```text
//! cargo run --example change_a_message -- iso8583-1987-ascii HEX 123.45
//! ```

use isogate::bytes::Bytes;
use isogate::iso::codec::Message;
use isogate::iso::spec::Spec;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dialect, hex, amount] = arguments.as_slice() else {
        return Err("wants a dialect, a message in hexadecimal digits and an amount".into());
    };
    let spec = Spec::builtin(dialect).ok_or_else(|| {
        let known = Spec::builtin_names().join(", ");
        format!("no dialect {dialect}; there are {known}")
    })?;
    let mut message = Message::parse(&spec, Bytes::from(bytes_of(hex)?))?;
    let before = message.shown(4).unwrap_or_default();
    message.set(4, &amount.replace('.', ""))?;
    for field in message.fields() {
        let title = spec.field(field).map(|known| known.meaning(message.mti()));
        let title = title.map_or("", |meaning| meaning.title.of(false));
        let shown = message.shown(field).unwrap_or_default();
        say(&format!("{field:>3}  {title:<40}  {shown}"));
    }
    say(&format!("was {before}, is now:"));
    let frame = message.build()?;
    let hex: String = frame.iter().map(|byte| format!("{byte:02X}")).collect();
    say(&hex);
    Ok(())
}

fn bytes_of(hex: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let digits: Vec<char> = hex.chars().collect();
    let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>());
    let bytes = pairs.map(|pair| u8::from_str_radix(&pair, 16));
    Ok(bytes.collect::<Result<_, _>>()?)
}

#[expect(
    clippy::print_stdout,
    reason = "an example that prints nothing shows nothing"
)]
fn say(line: &str) {
    println!("{line}");
}
