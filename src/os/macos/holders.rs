//! Who holds the sockets of the kernel's lists: every process's descriptors are asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::super::decode::pcb::Pcb;
use super::super::decode::socket_fdinfo::{self, Sockets};
use super::{calls, user_name};
use crate::model::{Pid, Unseen, UnseenProcess};

/// What was found.
pub(super) struct Holders {
    /// The holders of each socket, by its place in the lists.
    of_socket: HashMap<usize, BTreeSet<Pid>>,
    /// The processes whose descriptors this user may not list.
    denied: BTreeMap<Pid, UnseenProcess>,
    /// How many processes were asked about.
    asked: usize,
}

impl Holders {
    /// Asks about every process.
    ///
    /// # Errors
    ///
    /// Where the processes cannot be listed.
    pub(super) fn search(pcbs: &[Pcb]) -> io::Result<Holders> {
        let mut holders = Holders::of_lists(pcbs);
        let sockets = Sockets::of(pcbs);
        let pids = calls::pids()?;
        holders.asked = pids.len();
        let mut room = vec![0; socket_fdinfo::ROOM];
        for pid in pids {
            match calls::sockets_of(pid) {
                Ok(descriptors) => {
                    for descriptor in descriptors {
                        let written = calls::socket(pid, descriptor, &mut room);
                        let open = written.and_then(|written| socket_fdinfo::read(&room[..written]));
                        if let Some(at) = open.and_then(|open| sockets.place(&open)) {
                            holders.of_socket.entry(at).or_default().insert(pid);
                        }
                    }
                }
                // It has ended since, or is ending.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                Err(_) => {
                    holders.denied.insert(pid, calls::short_facts(pid));
                }
            }
        }
        holders.name_users();
        Ok(holders)
    }

    /// What the lists themselves say of holders.
    pub(super) fn of_lists(pcbs: &[Pcb]) -> Holders {
        let own = pcbs.iter().enumerate().filter_map(|(at, pcb)| Some((at, BTreeSet::from([pcb.process?]))));
        Holders { of_socket: own.collect(), denied: BTreeMap::new(), asked: 0 }
    }

    fn name_users(&mut self) {
        let mut names = HashMap::new();
        for process in self.denied.values_mut() {
            let name = |uid: u32| names.entry(uid).or_insert_with(|| user_name(uid)).clone();
            process.user = process.uid.and_then(name);
        }
    }

    /// The holders of the socket at this place.
    pub(super) fn of(&self, at: usize) -> Vec<Pid> {
        self.of_socket.get(&at).into_iter().flatten().copied().collect()
    }

    /// How they were found, in words.
    pub(super) fn account(&self) -> String {
        format!("{} of {} processes could not be looked into", self.denied.len(), self.asked)
    }

    /// The processes that could not be looked into.
    pub(super) fn unseen(self) -> Unseen {
        Unseen::Processes(self.denied)
    }
}
