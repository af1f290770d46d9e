//! Opens the sockets it is told to, says which it got, and holds them until its input ends.
//!
//! ```text
//! listener tcp:127.0.0.1:0 udp:[::1]:5093
//! listener start:./MLM tcp:127.0.0.1:0
//! ```
//!
//! The second starts another program with the words behind it, as a license server starts a vendor's
//! daemon.
//!
//! The live tests start it, under the names and users that a case needs; it also serves to try
//! `whatlistens` by hand: `sleep 600 | cargo run --example listener tcp:0.0.0.0:27000`.
#![allow(clippy::print_stdout, reason = "a program of its own")]

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut listeners, mut sockets) = (Vec::new(), Vec::new());
    let mut stdout = io::stdout();
    let mut words = std::env::args_os().skip(1);
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        if let Some(program) = word.strip_prefix("start:") {
            Command::new(program).args(words).status()?;
            return Ok(());
        }
        let (protocol, address) =
            word.split_once(':').ok_or("give tcp:ADDRESS:PORT, udp:ADDRESS:PORT or start:PROGRAM")?;
        let bound = match protocol {
            "tcp" => {
                let listener = TcpListener::bind(address)?;
                let bound = listener.local_addr()?;
                listeners.push(listener);
                bound
            }
            // Connected to itself: a client, as far as the kernel is concerned.
            "udp" | "udp-connected" => {
                let socket = UdpSocket::bind(address)?;
                let bound = socket.local_addr()?;
                if protocol == "udp-connected" {
                    socket.connect(bound)?;
                }
                sockets.push(socket);
                bound
            }
            other => return Err(format!("{other}: give tcp, udp or udp-connected").into()),
        };
        writeln!(stdout, "{bound}")?;
    }
    stdout.flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
