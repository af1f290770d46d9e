//! Opens the sockets it is told to, says which it got, and holds them until its input ends.
//!
//! ```text
//! listener tcp:127.0.0.1:0 udp:[::1]:5093
//! listener tcp:127.0.0.1:0 start:./MLM tcp:127.0.0.1:0
//! listener tcp:127.0.0.1:0 -- -c /opt/flexlm/a.lic
//! listener heir tcp:127.0.0.1:0
//! listener service:NAME:C:\addresses tcp:127.0.0.1:0
//! ```
//!
//! What stands behind `--` is not for it: a command line such as a license server's, for others to read.
//! `start` opens what stands before it, and then starts another program with the words behind it, as a license server
//! starts a vendor's daemon.
//! On Windows only: `heir` starts itself once more, lets that inherit the sockets, and ends; `service` is for the
//! service control manager to start, and writes where it listens into a file.
//!
//! The live tests start it, under the names and users that a case needs; it also serves to try
//! `whatlistens` by hand: `sleep 600 | cargo run --example listener tcp:0.0.0.0:27000`.
#![allow(clippy::print_stdout, reason = "a program of its own")]

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::Command;

#[cfg(windows)]
#[path = "listener/windows.rs"]
mod windows;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Sockets that are open as long as this is there.
#[derive(Default)]
struct Sockets {
    listeners: Vec<TcpListener>,
    sockets: Vec<UdpSocket>,
}

impl Sockets {
    /// Opens one at a place such as `tcp:127.0.0.1:0`.
    fn open(&mut self, place: &str) -> Result<SocketAddr> {
        let (protocol, address) = place
            .split_once(':')
            .ok_or("give tcp:ADDRESS:PORT, udp:ADDRESS:PORT, start:PROGRAM, heir or service:NAME:FILE")?;
        Ok(match protocol {
            "tcp" => {
                let listener = TcpListener::bind(address)?;
                let bound = listener.local_addr()?;
                self.listeners.push(listener);
                bound
            }
            // Connected to itself: a client, as far as the kernel is concerned.
            "udp" | "udp-connected" => {
                let socket = UdpSocket::bind(address)?;
                let bound = socket.local_addr()?;
                if protocol == "udp-connected" {
                    socket.connect(bound)?;
                }
                self.sockets.push(socket);
                bound
            }
            other => return Err(format!("{other}: give tcp, udp or udp-connected").into()),
        })
    }

    /// Opens all, and says where.
    fn open_all(places: &[OsString], out: &mut dyn Write) -> Result<Sockets> {
        let mut sockets = Sockets::default();
        for place in places {
            writeln!(out, "{}", sockets.open(&place.to_string_lossy())?)?;
        }
        out.flush()?;
        Ok(sockets)
    }
}

fn main() -> Result<()> {
    let words: Vec<OsString> = std::env::args_os().skip(1).take_while(|word| word != "--").collect();
    #[cfg(windows)]
    match words.first().map(|word| word.to_string_lossy()).unwrap_or_default().split(':').next() {
        Some("heir") => return windows::leave_to_an_heir(&words[1..]),
        Some("service") => return windows::serve(),
        _ => {}
    }
    let program = |word: &OsString| Some(word.to_str()?.strip_prefix("start:")?.to_owned());
    let start = words.iter().position(|word| program(word).is_some());
    let (places, start) = words.split_at(start.unwrap_or(words.len()));
    let _sockets = Sockets::open_all(places, &mut io::stdout())?;
    if let Some((word, words)) = start.split_first() {
        Command::new(program(word).unwrap_or_default()).args(words).status()?;
        return Ok(());
    }
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
