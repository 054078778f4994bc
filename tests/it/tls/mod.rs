//! TLS as peers meet it: certificates made here, good and bad, shown to the real gateway.

mod line;
mod links;
mod listeners;
mod pki;
mod reload;
mod shadow;
