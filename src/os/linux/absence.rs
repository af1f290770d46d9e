//! Makes sure that no TCP socket has a port. A program may listen and stop listening in turn, as quickly as it can:
//! its socket moves between two tables of the kernel, which are read one after the other, so that a single look may
//! find it in neither.
//!
//! The looks are so many, and so spaced, that such a socket is missed in fewer than 1 of 100 answers. Each look is one
//! moment of the socket's circle. If it spends the share `l` of its time in the table of listeners and `b` in that of
//! bound sockets, n looks into the one and m into the other miss it with a chance of (1 - l)ⁿ · (1 - b)ᵐ. A look into
//! the listeners takes 25 µs, and one into the bound sockets fifteen times as long, so n is much greater. Measured on
//! Linux 6.18 with a program that does nothing else (l = 0.21, b = 0.62: the rest it spends between the tables) and
//! with others that pause from 10 to 600 µs between: at most 0.8 of 100 are missed.
//!
//! The formula needs looks that do not depend on each other. The pauses between them have random lengths: looks at
//! regular intervals meet a circle of a similar length always at the same place (measured: 2 of 100 were missed).

use std::hash::{BuildHasher, RandomState};
use std::hint;
use std::time::{Duration, Instant};

use super::super::decode::linux::inet_diag::States;
use super::super::port_set::PortSet;
use super::tables::{Read, Tables};
use crate::model::{Protocol, Socket};

/// What each look reads, after a first look into both tables.
const LOOKS: [States; 18] = {
    const L: States = States::LISTENING;
    [L, L, L, L, L, L, L, States::BOUND, L, L, L, L, L, L, L, L, L, L]
};

/// The longest pause before a look.
const PAUSE: Duration = Duration::from_micros(60);

/// No more ranges than the kernel can filter exactly: nobody asks whether each of so many ports is free.
const MOST_RANGES: usize = 256;

/// Looks again for TCP sockets on these ports, until `is_enough` with what a look has found.
pub(super) fn look_again(tables: &mut Tables, ports: &PortSet, mut is_enough: impl FnMut(Read) -> bool) {
    if ports.is_empty() || ports.ranges().len() > MOST_RANGES {
        return;
    }
    for states in LOOKS {
        pause();
        if is_enough(tables.read(Protocol::Tcp, states, Some(ports.ranges()))) {
            return;
        }
    }
}

/// Of these ports, those on which no socket was found.
pub(super) fn absent<'a>(ports: &PortSet, found: impl Iterator<Item = &'a Socket>) -> PortSet {
    let of_tcp = found.filter(|socket| socket.protocol == Protocol::Tcp);
    ports.without(of_tcp.map(|socket| socket.local.port()))
}

/// Waits without giving the processor away: the system would give it back much later.
fn pause() {
    let start = Instant::now();
    let random = RandomState::new().hash_one(0_u8);
    let pause = PAUSE.mul_f64(f64::from(random as u32) / f64::from(u32::MAX));
    while start.elapsed() < pause {
        hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use rustix::fd::OwnedFd;
    use rustix::net::{AddressFamily, Shutdown, SocketType, bind, listen, shutdown, socket};

    use super::super::super::ScanScope;
    use super::super::listeners::{self, Now, ScannedSocket};
    use super::*;
    use crate::model::PortRange;

    /// So many answers are tried, and no more than this may be wrong: with the chance of 1 in 100, more are so hardly
    /// ever; a single look would be wrong 100 times.
    const ANSWERS: usize = 400;
    const WRONG: usize = 12;

    /// A socket that has asked for its port by number, so that it keeps the port while it does not listen.
    fn bound() -> (OwnedFd, u16) {
        let chosen = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = chosen.local_addr().unwrap();
        drop(chosen);
        let bound = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&bound, &SocketAddr::from((Ipv4Addr::LOCALHOST, place.port()))).unwrap();
        (bound, place.port())
    }

    /// Counts the wrong answers in the best of a few tries: beside other load, the system may take the processor from the
    /// program just while its socket is in neither table.
    fn fewest_wrong(pause: Duration, is_wrong: impl Fn(&mut Tables, u16) -> bool) -> usize {
        let mut fewest = ANSWERS;
        for _ in 0..4 {
            fewest = fewest.min(wrong(pause, &is_wrong));
            if fewest <= WRONG {
                break;
            }
        }
        fewest
    }

    /// Counts the wrong answers about a socket that listens and stops in turn, with such a pause.
    fn wrong(pause: Duration, is_wrong: impl Fn(&mut Tables, u16) -> bool) -> usize {
        let ((flipping, port), ended) = (bound(), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                let rest = || {
                    if !pause.is_zero() {
                        thread::sleep(pause);
                    }
                };
                while !ended.load(Ordering::Relaxed) {
                    listen(&flipping, 5).unwrap();
                    rest();
                    shutdown(&flipping, Shutdown::Read).unwrap();
                    rest();
                }
            });
            let mut tables = Tables::of_this_thread();
            let wrong = (0..ANSWERS).filter(|_| is_wrong(&mut tables, port)).count();
            ended.store(true, Ordering::Relaxed);
            wrong
        })
    }

    fn found(tables: &mut Tables, port: u16) -> Vec<ScannedSocket> {
        let scope = ScanScope { ports: vec![PortRange::one(port)], ..ScanScope::default() };
        let mut found = listeners::read(tables, &scope, &[]).found;
        // Others may have taken the port's number over UDP or IPv6.
        let own = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        found.retain(|found| found.socket.protocol == Protocol::Tcp && found.socket.local == own);
        found
    }

    #[test]
    fn a_socket_that_listens_and_stops_in_turn_is_missed_in_fewer_than_1_of_100_answers() {
        for pause in [0, 20, 60, 150].map(Duration::from_micros) {
            let wrong = fewest_wrong(pause, |tables, port| found(tables, port).len() != 1);
            assert!(wrong <= WRONG, "pause {pause:?}: {wrong} of {ANSWERS}");
        }
    }

    #[test]
    fn nor_is_it_called_closed_where_its_holder_is_not_seen() {
        for pause in [0, 20, 60].map(Duration::from_micros) {
            let known = RefCell::new((0, Vec::new()));
            let wrong = fewest_wrong(pause, |tables, port| {
                let mut known = known.borrow_mut();
                if known.0 != port || known.1.is_empty() {
                    *known = (port, found(tables, port));
                }
                let known: Vec<&ScannedSocket> = known.1.iter().collect();
                !known.is_empty() && Now::on_ports_of(tables, &known).unwrap().state(known[0]).is_none()
            });
            assert!(wrong <= WRONG, "pause {pause:?}: {wrong} of {ANSWERS}");
        }
    }
}
