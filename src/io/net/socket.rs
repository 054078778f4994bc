//! What every socket is told, so that a peer that vanished is found out.

use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long a silent peer is left alone.
const IDLE: Duration = Duration::from_secs(30);
/// Then how often it is probed.
const PROBE: Duration = Duration::from_secs(5);
/// How many probes it may miss.
const PROBES: u32 = 3;
/// How long what was sent may stay unacknowledged.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// Sends small frames at once, and ends a connection whose peer does not acknowledge, or, being
/// silent, does not answer the probes of the operating system.
pub(super) fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let alive = TcpKeepalive::new()
        .with_time(IDLE)
        .with_interval(PROBE)
        .with_retries(PROBES);
    socket.set_tcp_keepalive(&alive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(())
}
