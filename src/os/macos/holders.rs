//! Who holds which socket: every process's descriptors are asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::super::decode::macos::socket::{Identity, MacosSocket};
use super::super::decode::macos::socket_fdinfo::{self, Sockets};
use super::super::users::Users;
use super::calls;
use crate::model::{HiddenProcess, HiddenProcesses, Pid, Protocol};

/// The holders of each socket, by its place among those that are known.
type OfSocket = HashMap<usize, BTreeSet<Pid>>;

/// What was found.
pub(super) struct Holders {
    of_socket: OfSocket,
    /// The processes whose descriptors this user may not list.
    denied: BTreeMap<Pid, HiddenProcess>,
    /// How many processes were asked about.
    asked: usize,
}

impl Holders {
    /// Asks about every process.
    ///
    /// # Errors
    ///
    /// Where the processes cannot be listed.
    pub(super) fn search(sockets: &[MacosSocket]) -> io::Result<Holders> {
        let mut holders = Holders::of_lists(sockets);
        let places = Sockets::of(sockets);
        holders.walk(|of_socket, pid, open| {
            if let Some(at) = places.place(&open) {
                of_socket.entry(at).or_default().insert(pid);
            }
        })?;
        Ok(holders)
    }

    /// The sockets of the processes that this user may look into, without any list.
    ///
    /// # Errors
    ///
    /// Where the processes cannot be listed.
    pub(super) fn with_sockets() -> io::Result<(Vec<MacosSocket>, Holders)> {
        let mut holders = Holders::of_lists(&[]);
        let mut sockets: Vec<MacosSocket> = Vec::new();
        let mut places: HashMap<(Protocol, Identity), usize> = HashMap::new();
        holders.walk(|of_socket, pid, open| {
            let identity = open.key.identity;
            let known = places.get(&(open.protocol, identity)).copied();
            let at = known.filter(|_| !identity.is_none()).unwrap_or(sockets.len());
            if at == sockets.len() {
                places.insert((open.protocol, identity), at);
                sockets.push(open);
            }
            of_socket.entry(at).or_default().insert(pid);
        })?;
        Ok((sockets, holders))
    }

    /// Shows `each` the Internet sockets of all processes that may be looked into.
    fn walk(&mut self, mut each: impl FnMut(&mut OfSocket, Pid, MacosSocket)) -> io::Result<()> {
        let pids = calls::pids()?;
        self.asked = pids.len();
        let mut room = vec![0; socket_fdinfo::ROOM];
        for pid in pids {
            match calls::sockets_of(pid) {
                Ok(descriptors) => {
                    for descriptor in descriptors {
                        let written = calls::socket(pid, descriptor, &mut room);
                        if let Some(open) = written.and_then(|written| socket_fdinfo::read(&room[..written]))
                        {
                            each(&mut self.of_socket, pid, open);
                        }
                    }
                }
                // It has ended since, or is ending.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                Err(_) => {
                    self.denied.insert(pid, calls::short_facts(pid));
                }
            }
        }
        Ok(())
    }

    /// What the lists themselves say of holders.
    pub(super) fn of_lists(sockets: &[MacosSocket]) -> Holders {
        let own = |(at, socket): (usize, &MacosSocket)| Some((at, BTreeSet::from([socket.key.process?])));
        let own = sockets.iter().enumerate().filter_map(own);
        Holders { of_socket: own.collect(), denied: BTreeMap::new(), asked: 0 }
    }

    /// The holders of the socket at this place.
    pub(super) fn of(&self, at: usize) -> Vec<Pid> {
        self.of_socket.get(&at).into_iter().flatten().copied().collect()
    }

    /// How they were found, in words.
    pub(super) fn method_note(&self) -> String {
        format!("{} of {} processes could not be looked into", self.denied.len(), self.asked)
    }

    /// The processes that could not be looked into.
    pub(super) fn hidden(mut self, users: &Users) -> HiddenProcesses {
        for process in self.denied.values_mut() {
            process.user = process.uid.and_then(|uid| users.name(uid));
        }
        HiddenProcesses::Processes(self.denied)
    }
}
