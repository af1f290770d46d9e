//! Finds the holders of sockets by the descriptors and the fileports of every process.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::super::decode::macos::socket::{Identity, MacosSocket};
use super::super::decode::macos::socket_fdinfo::{self, Sockets};
use super::super::users::Users;
use super::calls;
use crate::model::{HiddenProcess, HiddenProcesses, Pid, Protocol};

/// The holders of each socket, by its index among the scanned sockets.
type OfSocket = HashMap<usize, BTreeSet<Pid>>;

pub(super) struct Holders {
    of_socket: OfSocket,
    /// The processes whose descriptors this user may not list.
    inaccessible: BTreeMap<Pid, HiddenProcess>,
    /// How many processes were searched.
    searched: usize,
}

impl Holders {
    /// Searches every process for these sockets.
    ///
    /// # Errors
    ///
    /// If the processes cannot be listed.
    pub(super) fn search(sockets: &[MacosSocket]) -> io::Result<Holders> {
        let mut holders = Holders::of_lists(sockets);
        let places = Sockets::of(sockets);
        holders.walk(|of_socket, pid, open| {
            if let Some(at) = places.find(&open) {
                of_socket.entry(at).or_default().insert(pid);
            }
        })?;
        Ok(holders)
    }

    /// The sockets of all processes that this user may inspect, found without the kernel's lists.
    ///
    /// # Errors
    ///
    /// If the processes cannot be listed.
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

    /// Calls `each` with every internet socket of every process that this user may inspect.
    fn walk(&mut self, mut each: impl FnMut(&mut OfSocket, Pid, MacosSocket)) -> io::Result<()> {
        let pids = calls::pids()?;
        self.searched = pids.len();
        let mut room = vec![0; socket_fdinfo::ROOM];
        for pid in pids {
            match calls::sockets_of(pid) {
                Ok(descriptors) => {
                    let mut found = |written: Option<usize>, room: &[u8]| {
                        if let Some(open) = written.and_then(|written| socket_fdinfo::read(&room[..written]))
                        {
                            each(&mut self.of_socket, pid, open);
                        }
                    };
                    for descriptor in descriptors {
                        found(calls::socket(pid, descriptor, &mut room), &room);
                    }
                    for fileport in calls::fileports_of(pid) {
                        found(calls::fileport_socket(pid, fileport, &mut room), &room);
                    }
                }
                // The process has ended, or is ending.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                Err(_) => {
                    self.inaccessible.insert(pid, calls::short_facts(pid));
                }
            }
        }
        Ok(())
    }

    /// The holders that the lists themselves name.
    pub(super) fn of_lists(sockets: &[MacosSocket]) -> Holders {
        let own = |(at, socket): (usize, &MacosSocket)| Some((at, BTreeSet::from([socket.key.process?])));
        let own = sockets.iter().enumerate().filter_map(own);
        Holders { of_socket: own.collect(), inaccessible: BTreeMap::new(), searched: 0 }
    }

    /// The holders of the socket with this index.
    pub(super) fn of(&self, at: usize) -> Vec<Pid> {
        self.of_socket.get(&at).into_iter().flatten().copied().collect()
    }

    /// How the holders were found, in words.
    pub(super) fn method_note(&self) -> String {
        format!("{} of {} processes could not be inspected", self.inaccessible.len(), self.searched)
    }

    /// The processes that this user may not inspect, with the names of their users.
    pub(super) fn hidden(mut self, users: &Users) -> HiddenProcesses {
        for process in self.inaccessible.values_mut() {
            process.user = process.uid.and_then(|uid| users.name(uid));
        }
        HiddenProcesses::Processes(self.inaccessible)
    }
}
