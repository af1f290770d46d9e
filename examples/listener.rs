//! Opens the sockets it is told to, says which it got, and holds them until its input ends.
//!
//! ```text
//! listener tcp:127.0.0.1:0 udp:[::1]:5093
//! ```
//!
//! The live tests start it, under the names and users that a case needs; it also serves to try
//! `whatlistens` by hand: `sleep 600 | cargo run --example listener tcp:0.0.0.0:27000`.
#![allow(clippy::print_stdout, reason = "a program of its own")]

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, UdpSocket};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut listeners, mut sockets) = (Vec::new(), Vec::new());
    let mut stdout = io::stdout();
    for word in std::env::args_os().skip(1) {
        let word = word.to_string_lossy();
        let (protocol, address) = word.split_once(':').ok_or("give tcp:ADDRESS:PORT or udp:ADDRESS:PORT")?;
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
