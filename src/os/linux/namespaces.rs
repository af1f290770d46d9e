//! Network namespaces (`network_namespaces(7)`): finding, naming and entering them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread::{self, Builder};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::super::decode::linux::mounts;
use super::super::decode::linux::proc_pid::{self, Ticks};
use super::mount_tables::{MOST_OF_MOUNTS, MountTables};
use super::nonblocking;
use super::proc_dir::{Proc, is_gone};
use super::process_root::{ProcessRoot, is_of_kind};
use super::scan_context::ScanContext;
use super::tables::Tables;
use super::threads::spread;
use crate::model::quoting::quoted;
use crate::model::{Namespace, Pid};
use crate::os::decode::text::os_text;

/// Where ip(8) keeps named namespaces.
const NAMED: &str = "/run/netns";
/// The file system of namespaces (`include/uapi/linux/magic.h`).
const NSFS_MAGIC: i64 = 0x6e73_6673;

/// The parent of all kernel threads (`kthreadd` in `init/main.c`).
const KTHREADD: Pid = 2;

/// A network namespace other than the caller's.
#[derive(Debug)]
pub(super) struct NetworkNamespace {
    pub(super) namespace: Namespace,
    members: Members,
    /// The process in it that started first, looked up once it is needed.
    oldest: OnceLock<Option<Pid>>,
}

/// What keeps a namespace, as far as it is visible.
#[derive(Debug, Default)]
struct Members {
    /// The mount that keeps it, by its name and its file.
    mount: Option<(String, PathBuf)>,
    /// The processes whose first thread is in it.
    pids: Vec<Pid>,
    /// The other threads in it, each with its process. A program that looks after containers lets one of its threads
    /// into a namespace for a moment: its own files under `/proc` say nothing of that namespace.
    threads: Vec<(Pid, Pid)>,
}

/// All visible network namespaces.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    /// The caller's; `None` where it is not known.
    pub(super) own: Option<u64>,
    pub(super) others: Vec<NetworkNamespace>,
    /// The processes that this user may not inspect: their namespaces are unknown.
    pub(super) inaccessible: Vec<Pid>,
}

/// Finds all namespaces that a process is in, or that a mount keeps. With `threads`, also those that only a thread is
/// in. So far, only those that a mount keeps have a name. (Those that only an open socket keeps, the kernel reports with
/// the holders of all sockets.)
pub(super) fn find(proc: &Proc, threads: bool) -> Namespaces {
    let own = fs::read_link("/proc/thread-self/ns/net").ok().and_then(|link| inode(&link));
    let Some(own) = own else { return Namespaces::default() };
    let mut found: BTreeMap<u64, Members> = BTreeMap::new();
    let mut inaccessible = Vec::new();
    let pids = proc.pids().unwrap_or_default();
    for (&pid, others) in pids.iter().zip(spread(&pids, |&pid| others_of(proc, pid, own, threads))) {
        let Ok(others) = others else {
            inaccessible.push(pid);
            continue;
        };
        for (inode, thread) in others {
            let members = found.entry(inode).or_default();
            match thread {
                None => members.pids.push(pid),
                Some(thread) => members.threads.push((pid, thread)),
            }
        }
    }
    for (name, path, inode) in named().chain(mounted(proc)) {
        if inode != own {
            found.entry(inode).or_default().mount.get_or_insert((name, path));
        }
    }
    let others = found.into_iter().map(|(inode, members)| {
        let name = members.mount.as_ref().map(|(name, _)| name.clone());
        NetworkNamespace { namespace: Namespace { inode, name }, members, oldest: OnceLock::new() }
    });
    Namespaces { own: Some(own), others: others.collect(), inaccessible }
}

/// The namespaces of a process, and its other threads with their ids, that are not our own, by inode.
///
/// # Errors
///
/// If this user may not inspect the process.
pub(super) fn others_of(
    proc: &Proc,
    pid: Pid,
    own: u64,
    threads: bool,
) -> io::Result<Vec<(u64, Option<Pid>)>> {
    let other = |link: PathBuf, thread| Some((inode(&link).filter(|&inode| inode != own)?, thread));
    let mut others = Vec::new();
    let is_alive = match proc.link(pid, "ns/net") {
        Ok(link) => {
            others.extend(other(link, None));
            true
        }
        // Its first thread may have ended, and others run on.
        Err(error) if is_gone(&error) => false,
        Err(error) => return Err(error),
    };
    for thread in if threads { proc.other_threads(pid, is_alive) } else { Vec::new() } {
        let link = proc.link(pid, &format!("task/{thread}/ns/net")).ok();
        others.extend(link.and_then(|link| other(link, Some(thread))));
    }
    Ok(others)
}

/// The inode of the namespace of a process; `None` if this user may not see it.
pub(super) fn of_process(proc: &Proc, pid: Pid) -> Option<u64> {
    inode(&proc.link(pid, "ns/net").ok()?)
}

/// Whether a process, or one of its threads, is in a namespace.
pub(super) fn is_in(proc: &Proc, pid: Pid, namespace: u64) -> bool {
    others_of(proc, pid, 0, true).is_ok_and(|all| all.iter().any(|&(inode, _)| inode == namespace))
}

/// A name for the namespace of a process: its container, or else the process itself.
fn called(context: &ScanContext<'_>, pid: Pid) -> Option<String> {
    let process = context.read_process(pid).ok()?.process;
    // Kernel threads are in the machine's initial namespace.
    if pid == KTHREADD && process.exe().is_none() && process.ppid.is_none() {
        return Some("host".to_owned());
    }
    Some(match (&process.container, &process.name) {
        (Some(container), _) => container.called(),
        (None, Some(name)) => format!("{} (PID {pid})", quoted(name)),
        (None, None) => format!("PID {pid}"),
    })
}

/// The namespaces that ip(8) keeps: name, file and inode.
fn named() -> impl Iterator<Item = (String, PathBuf, u64)> {
    fs::read_dir(NAMED).into_iter().flatten().flatten().filter_map(|entry| {
        let path = entry.path();
        // A name whose mount is gone is an ordinary file.
        let is_namespace = is_of_kind(&path, NSFS_MAGIC);
        let inode = fs::metadata(&path).ok().filter(|_| is_namespace)?.ino();
        Some((os_text(entry.file_name()), path, inode))
    })
}

/// The namespaces that a mount elsewhere keeps: mount point, file and inode. Opening it may wait for whoever serves the
/// folder, so that has to be at hand.
fn mounted(proc: &Proc) -> Vec<(String, PathBuf, u64)> {
    let mountinfo = nonblocking::text("/proc/self/mountinfo", MOST_OF_MOUNTS).unwrap_or_default();
    let mut kept = mounts::network_namespaces(&mountinfo).peekable();
    if kept.peek().is_none() {
        return Vec::new();
    }
    let Ok(root) = ProcessRoot::own(proc, &MountTables::default()) else { return Vec::new() };
    let is_at_hand = |point: &Path| point.parent().is_some_and(|folder| root.find(folder).is_ok());
    let kept = kept.map(|(inode, point)| (inode, PathBuf::from(point.as_ref())));
    let kept = kept.filter(|(_, point)| is_at_hand(point));
    kept.map(|(inode, point)| (os_text(&point), point, inode)).collect()
}

fn inode(link: &Path) -> Option<u64> {
    proc_pid::namespace_inode(link.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
impl NetworkNamespace {
    /// One that cannot be entered.
    pub(super) fn for_test(namespace: Namespace) -> NetworkNamespace {
        NetworkNamespace { namespace, members: Members::default(), oldest: OnceLock::new() }
    }
}

impl NetworkNamespace {
    /// All visible processes that are in it or have a thread in it.
    pub(super) fn pids(&self) -> Vec<Pid> {
        let mut pids: Vec<Pid> = self.members.threads.iter().map(|&(pid, _)| pid).collect();
        pids.extend(&self.members.pids);
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// The process in it that started first, which names it if ip(8) does not. If no process is in it, the first of
    /// those that have a thread in it. Reads the start of each.
    pub(super) fn oldest(&self, proc: &Proc) -> Option<Pid> {
        let started = |pid: Pid| proc.process(pid).and_then(|dir| dir.started()).unwrap_or(Ticks::MAX);
        let first = |pids: &[Pid]| pids.iter().copied().min_by_key(|&pid| (started(pid), pid));
        *self.oldest.get_or_init(|| first(&self.members.pids).or_else(|| first(&self.pids())))
    }

    /// The folder of this namespace's tables, below that of a process which is in it or has a thread in it.
    pub(super) fn net_folder(&self, of: Pid) -> String {
        let thread = self.members.threads.iter().find(|&&(pid, _)| pid == of);
        match thread.filter(|_| !self.members.pids.contains(&of)) {
            Some((_, thread)) => format!("task/{thread}/net"),
            None => "net".to_owned(),
        }
    }

    /// The files to enter it by.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let Members { mount, pids, threads } = &self.members;
        let mount = mount.iter().map(|(_, file)| file.clone());
        let pids = pids.iter().map(|pid| PathBuf::from(format!("/proc/{pid}/ns/net")));
        let threads =
            threads.iter().map(|(pid, thread)| PathBuf::from(format!("/proc/{pid}/task/{thread}/ns/net")));
        mount.chain(pids).chain(threads)
    }

    /// Names it, unless ip(8) has.
    pub(super) fn name(&mut self, context: &ScanContext<'_>) {
        if self.namespace.name.is_none() {
            self.namespace.name = self.oldest(&context.proc).and_then(|pid| called(context, pid));
        }
    }

    /// Scans the socket tables of this namespace: on a thread that enters it and ends with the scan, or, if
    /// entering is not allowed, from the folder of a process in it. `None` if it has ended meanwhile.
    ///
    /// # Errors
    ///
    /// If neither is possible, or the system refuses the thread.
    pub(super) fn scan<T: Send>(&self, scan: impl FnOnce(&mut Tables) -> T + Send) -> io::Result<Option<T>> {
        let Some(file) = self.open()? else { return Ok(None) };
        thread::scope(|scope| {
            let entered = Builder::new().spawn_scoped(scope, move || {
                let entered = move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network));
                match (entered, self.process_in_it()) {
                    (Ok(()), _) => Ok(Some(scan(&mut Tables::of_this_thread()))),
                    (Err(_), Some(process)) => Ok(Some(scan(&mut Tables::of_process(&process)))),
                    (Err(error), None) => Err(error.into()),
                }
            })?;
            entered.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// A file to enter it by; `None` if all that it was found by are gone, or lead to another namespace by now,
    /// because the process id or the name was reused.
    fn open(&self) -> io::Result<Option<File>> {
        for file in self.files() {
            match nonblocking::open(&file) {
                Ok(file) if file.metadata().is_ok_and(|of| of.ino() == self.namespace.inode) => {
                    return Ok(Some(file));
                }
                Ok(_) => {}
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The folder of a process in it whose socket tables can be read.
    fn process_in_it(&self) -> Option<PathBuf> {
        let process = PathBuf::from(format!("/proc/{}", self.members.pids.first()?));
        let link = fs::read_link(process.join("ns/net")).ok()?;
        let readable = fs::metadata(process.join("net/tcp")).is_ok();
        (readable && inode(&link) == Some(self.namespace.inode)).then_some(process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_that_has_ended_is_not_another_one() {
        let own = fs::metadata("/proc/self/ns/net").unwrap().ino();
        let other = |inode: u64, pids: &[Pid]| NetworkNamespace {
            members: Members { pids: pids.to_vec(), ..Members::default() },
            ..NetworkNamespace::for_test(Namespace { inode, name: None })
        };
        let (this, gone) = (std::process::id(), Pid::MAX);
        assert!(other(own, &[this]).open().unwrap().is_some());
        assert!(other(own, &[gone, this]).open().unwrap().is_some(), "by another process in it");
        assert!(other(own + 1, &[this]).open().unwrap().is_none());
        assert!(other(own, &[gone]).scan(|_| ()).unwrap().is_none());
    }
}
