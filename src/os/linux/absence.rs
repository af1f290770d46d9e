//! Makes sure that no TCP socket has a port. A program may listen and stop listening in turn, or connect and disconnect,
//! as quickly as it can: its socket moves between three tables of the kernel (listeners, bound sockets, and those with a
//! peer), which are read one after the other, so that a single look may find it in none. Every look is one moment of the
//! socket's circle. The looks are so many that such a socket is missed in fewer than 1 of 100 answers. They also look for
//! sockets with a peer, which are not listed: the port of one is not free.
//!
//! **Does any socket move?** Two counters of the kernel say so:
//! - It counts every request for a connection. If none was made, a socket that had no peer when the connections were read
//!   has none when the bound sockets are read after them: one of the two looks finds it, unless it listens.
//! - It counts the idle sockets: those that are neither in the table of listeners nor in that of connections. If a socket
//!   listens for the share `l` of its time and is idle else, [`COUNTS`] counts (n) are all the same with a chance of
//!   lⁿ + (1 - l)ⁿ. Only then is it missed, and only if the looks into the tables miss it too: the listeners are read
//!   three times, and after each other count with a chance of a third.
//!
//! A count of the idle sockets takes 5 µs, one of the requests 20, a look into the listeners 25, and one into each of the
//! other tables 300 to 500.
//!
//! **If a counter changes**, some socket of the namespace moves. Then follow [`ROUNDS`] of looks: into the listeners, and
//! into one of the other tables. Measured on Linux 6.18 with programs that do nothing but connect and disconnect, their
//! socket is in no table for up to 0.3 of the time, so that each round misses it with a chance of 0.65. With a look into
//! each of both tables before or after, all miss it in at most 0.6 of 100.
//!
//! The formulas need looks that do not depend on each other: looks at regular intervals meet a circle of a similar length
//! always at the same place. Therefore the pauses between them have random lengths, and chance chooses the table.

use std::hash::{BuildHasher, RandomState};
use std::hint;
use std::time::{Duration, Instant};

use super::super::decode::linux::inet_diag::States;
use super::super::port_set::PortSet;
use super::counter_files::CounterFiles;
use super::tables::{Read, Tables};
use crate::model::{Protocol, Socket};

/// So often the idle sockets are counted.
const COUNTS: usize = 32;

/// So many rounds of looks follow if a counter changes.
const ROUNDS: usize = 10;

/// The longest pause before a count.
const PAUSE: Duration = Duration::from_micros(20);
/// The longest pause before a look in a round.
const LONG_PAUSE: Duration = Duration::from_micros(120);

/// No more ranges than the kernel can filter exactly: nobody asks whether each of so many ports is free.
const MOST_RANGES: usize = 256;

/// Looks again for TCP sockets on these ports, after a first look at the listeners and bound sockets, until `is_enough`
/// with what a look has found.
pub(super) fn look_again(tables: &mut Tables, ports: &PortSet, mut is_enough: impl FnMut(Read) -> bool) {
    if ports.is_empty() || ports.ranges().len() > MOST_RANGES {
        return;
    }
    let mut look =
        |tables: &mut Tables, states| is_enough(tables.read(Protocol::Tcp, states, Some(ports.ranges())));
    let files = tables.counter_files().ok();
    let idle = || files.as_ref().and_then(CounterFiles::idle);
    let connects = || files.as_ref().and_then(CounterFiles::connects);
    let (first, connects_at_first) = (idle(), connects());
    let mut is_same = first.is_some() && connects_at_first.is_some();
    for at in 0..COUNTS {
        if !is_same {
            break;
        }
        // A socket that listens while the connections are read, and not for long, is met just before or after that.
        let states = match at {
            _ if at == COUNTS / 2 => &[States::LISTENING, States::WITH_PEER, States::LISTENING][..],
            _ if random().is_multiple_of(3) => &[States::LISTENING],
            _ => &[],
        };
        if states.iter().any(|&states| look(tables, states)) {
            return;
        }
        pause(PAUSE);
        is_same = idle() == first;
    }
    if is_same {
        // If none is idle, none is bound.
        let is_found = first != Some(0) && look(tables, States::BOUND);
        if is_found || connects() == connects_at_first {
            return;
        }
    }
    for _ in 0..ROUNDS {
        let other = if random().is_multiple_of(2) { States::BOUND } else { States::WITH_PEER };
        for states in [States::LISTENING, other] {
            pause(LONG_PAUSE);
            if look(tables, states) {
                return;
            }
        }
    }
}

/// Of these ports, those on which no socket was found.
pub(super) fn absent<'a>(ports: &PortSet, found: impl Iterator<Item = &'a Socket>) -> PortSet {
    let of_tcp = found.filter(|socket| socket.protocol == Protocol::Tcp);
    ports.without(of_tcp.map(|socket| socket.local.port()))
}

/// Waits for a random time.
fn pause(longest: Duration) {
    spin(longest.mul_f64(f64::from(random()) / f64::from(u32::MAX)));
}

/// Waits without giving the processor away: the system would give it back much later.
fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        hint::spin_loop();
    }
}

fn random() -> u32 {
    RandomState::new().hash_one(0_u8) as u32
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use rustix::fd::OwnedFd;
    use rustix::net::{
        AddressFamily, Shutdown, SocketType, bind, connect, connect_unspec, listen, shutdown, socket,
    };

    use super::super::super::ScanScope;
    use super::super::listeners::{self, Now, ScannedSocket, Sockets};
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

    /// What a socket does in turn, at its address.
    type Step = fn(&OwnedFd, SocketAddr);

    const LISTEN: Step = |socket, _| listen(socket, 5).unwrap();
    const STOP: Step = |socket, _| shutdown(socket, Shutdown::Read).unwrap();
    /// To itself, so that it needs nobody who accepts.
    const CONNECT: Step = |socket, own| connect(socket, &own).unwrap();
    const DISCONNECT: Step = |socket, _| connect_unspec(socket).unwrap();
    /// Nobody can listen on port 0.
    const BE_REFUSED: Step =
        |socket, _| assert!(connect(socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).is_err());

    /// Counts the wrong answers in the best of a few tries: beside other load, the system may take the processor from the
    /// program just while its socket is in no table.
    fn fewest_wrong(steps: &[Step], pause: Duration, is_wrong: impl Fn(&mut Tables, u16) -> bool) -> usize {
        fewest(|| {
            let (moving, port) = bound();
            let circle = || {
                for step in steps {
                    step(&moving, at(port));
                    if !pause.is_zero() {
                        thread::sleep(pause);
                    }
                }
            };
            wrong_while(circle, |tables| is_wrong(tables, port))
        })
    }

    fn fewest(wrong: impl Fn() -> usize) -> usize {
        let mut fewest = ANSWERS;
        for _ in 0..4 {
            fewest = fewest.min(wrong());
            if fewest <= WRONG {
                break;
            }
        }
        fewest
    }

    /// Counts the wrong answers while sockets move.
    fn wrong_while(circle: impl Fn() + Sync, is_wrong: impl Fn(&mut Tables) -> bool) -> usize {
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    circle();
                }
            });
            let mut tables = Tables::of_this_thread();
            let wrong = (0..ANSWERS).filter(|_| is_wrong(&mut tables)).count();
            ended.store(true, Ordering::Relaxed);
            wrong
        })
    }

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    fn read(tables: &mut Tables, port: u16) -> Sockets {
        let ports = vec![PortRange::one(port)];
        let scope = ScanScope { ports: ports.clone(), detail_ports: ports, ..ScanScope::default() };
        let mut sockets = listeners::read(tables, &scope, &scope.ports, &[]);
        // Others may have taken the port's number over UDP or IPv6.
        let is_own = |protocol, local| protocol == Protocol::Tcp && local == at(port);
        sockets.found.retain(|found| is_own(found.socket.protocol, found.socket.local));
        sockets.connected.retain(|socket| is_own(socket.protocol, socket.local));
        sockets
    }

    fn is_missed(tables: &mut Tables, port: u16) -> bool {
        let Sockets { found, connected, .. } = read(tables, port);
        // Nor is it listed twice.
        found.len() > 1 || found.is_empty() && connected.is_empty()
    }

    #[test]
    fn a_socket_that_listens_and_stops_in_turn_is_missed_in_fewer_than_1_of_100_answers() {
        for pause in [0, 20, 60, 150].map(Duration::from_micros) {
            let wrong = fewest_wrong(&[LISTEN, STOP], pause, is_missed);
            assert!(wrong <= WRONG, "pause {pause:?}: {wrong} of {ANSWERS}");
        }
    }

    #[test]
    fn so_is_one_that_connects_and_disconnects_in_turn() {
        let circles: [(&str, &[Step]); 3] = [
            ("connected", &[CONNECT, DISCONNECT]),
            ("refused", &[BE_REFUSED]),
            ("listening too", &[LISTEN, STOP, CONNECT, DISCONNECT]),
        ];
        for (name, steps) in circles {
            for pause in [0, 60, 300].map(Duration::from_micros) {
                let wrong = fewest_wrong(steps, pause, is_missed);
                assert!(wrong <= WRONG, "{name}, pause {pause:?}: {wrong} of {ANSWERS}");
            }
        }
    }

    #[test]
    fn so_is_one_whose_moves_another_makes_up_for() {
        let pairs = [[CONNECT, DISCONNECT], [LISTEN, STOP]];
        let stays = [250, 500, 750, 1000].map(Duration::from_micros);
        for ([start, stop], stay) in pairs.into_iter().flat_map(|pair| stays.map(|stay| (pair, stay))) {
            let wrong = fewest(|| {
                let [(one, port), (other, other_port)] = [bound(), bound()];
                let circle = || {
                    start(&one, at(port));
                    spin(stay);
                    stop(&one, at(port));
                    start(&other, at(other_port));
                    spin(stay);
                    stop(&other, at(other_port));
                };
                wrong_while(circle, |tables| is_missed(tables, port))
            });
            assert!(wrong <= WRONG, "stay {stay:?}: {wrong} of {ANSWERS}");
        }
    }

    #[test]
    fn nor_is_a_udp_socket_called_closed_that_connects_and_disconnects() {
        // Who has asked for a port by number keeps it.
        let chosen = UdpSocket::bind("127.0.0.1:0").unwrap();
        let local = chosen.local_addr().unwrap();
        drop(chosen);
        let moving = UdpSocket::bind(local).unwrap();
        let mut tables = Tables::of_this_thread();
        let found = listeners::read(&mut tables, &ScanScope::default(), &[], &[]).found;
        let known = found.iter().find(|found| found.socket.local == local).unwrap();
        let wrong = wrong_while(
            || {
                connect(&moving, &at(9)).unwrap();
                connect_unspec(&moving).unwrap();
            },
            |tables| Now::on_ports_of(tables, &[known]).unwrap().state(known).is_none(),
        );
        assert_eq!(wrong, 0, "of {ANSWERS}");
    }

    #[test]
    fn nor_is_it_called_closed_where_its_holder_is_not_seen() {
        for steps in [[LISTEN, STOP], [CONNECT, DISCONNECT]] {
            for pause in [0, 20, 60].map(Duration::from_micros) {
                let known = RefCell::new((0, Vec::new()));
                let wrong = fewest_wrong(&steps, pause, |tables, port| {
                    let mut known = known.borrow_mut();
                    if known.0 != port || known.1.is_empty() {
                        *known = (port, read(tables, port).found);
                    }
                    let known: Vec<&ScannedSocket> = known.1.iter().collect();
                    !known.is_empty() && Now::on_ports_of(tables, &known).unwrap().state(known[0]).is_none()
                });
                assert!(wrong <= WRONG, "pause {pause:?}: {wrong} of {ANSWERS}");
            }
        }
    }
}
