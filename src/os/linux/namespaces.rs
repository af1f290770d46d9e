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
    /// The file to enter it by.
    file: PathBuf,
    /// The process in it that started first, looked up once it is needed.
    oldest: OnceLock<Option<Pid>>,
    /// All visible processes in it.
    pub(super) pids: Vec<Pid>,
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

#[derive(Default)]
struct Members {
    name: Option<String>,
    file: Option<PathBuf>,
    pids: Vec<Pid>,
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
        for (inode, file) in others {
            let members = found.entry(inode).or_default();
            // The threads of a process follow each other.
            if members.pids.last() != Some(&pid) {
                members.pids.push(pid);
            }
            members.file.get_or_insert(file);
        }
    }
    for (name, path, inode) in named().chain(mounted(proc)) {
        if inode != own {
            let members = found.entry(inode).or_default();
            members.name.get_or_insert(name);
            members.file.get_or_insert(path);
        }
    }
    let others = found.into_iter().filter_map(|(inode, members)| {
        let namespace = Namespace { inode, name: members.name };
        Some(NetworkNamespace { namespace, file: members.file?, oldest: OnceLock::new(), pids: members.pids })
    });
    Namespaces { own: Some(own), others: others.collect(), inaccessible }
}

/// The namespaces of a process, and its threads, that are not our own: inode and file.
///
/// # Errors
///
/// If this user may not inspect the process.
fn others_of(proc: &Proc, pid: Pid, own: u64, threads: bool) -> io::Result<Vec<(u64, PathBuf)>> {
    let other = |link: PathBuf, of: &str| {
        let other = inode(&link).filter(|&inode| inode != own)?;
        Some((other, PathBuf::from(format!("/proc/{pid}/{of}"))))
    };
    let mut others = Vec::new();
    let is_alive = match proc.link(pid, "ns/net") {
        Ok(link) => {
            others.extend(other(link, "ns/net"));
            true
        }
        // Its first thread may have ended, and others run on.
        Err(error) if is_gone(&error) => false,
        Err(error) => return Err(error),
    };
    for thread in if threads { proc.other_threads(pid, is_alive) } else { Vec::new() } {
        let of = format!("task/{thread}/ns/net");
        others.extend(proc.link(pid, &of).ok().and_then(|link| other(link, &of)));
    }
    Ok(others)
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
        Some((entry.file_name().to_string_lossy().into_owned(), path, inode))
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
    kept.map(|(inode, point)| (point.to_string_lossy().into_owned(), point, inode)).collect()
}

fn inode(link: &Path) -> Option<u64> {
    proc_pid::namespace_inode(link.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
impl NetworkNamespace {
    /// One that cannot be entered.
    pub(super) fn for_test(namespace: Namespace) -> NetworkNamespace {
        NetworkNamespace {
            namespace,
            file: PathBuf::from("/nowhere"),
            oldest: OnceLock::new(),
            pids: Vec::new(),
        }
    }
}

impl NetworkNamespace {
    /// The process in it that started first, which names it if ip(8) does not. Reads the start of every
    /// process in it.
    pub(super) fn oldest(&self, proc: &Proc) -> Option<Pid> {
        let started = |pid: Pid| proc.process(pid).and_then(|dir| dir.started()).unwrap_or(Ticks::MAX);
        *self.oldest.get_or_init(|| self.pids.iter().copied().min_by_key(|&pid| (started(pid), pid)))
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

    /// The file to enter it by; `None` if that leads to another namespace by now, because the process id
    /// or the name was reused.
    fn open(&self) -> io::Result<Option<File>> {
        match nonblocking::open(&self.file) {
            Ok(file) => Ok(Some(file)
                .filter(|file| file.metadata().is_ok_and(|metadata| metadata.ino() == self.namespace.inode))),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The folder of a process in it whose socket tables can be read.
    fn process_in_it(&self) -> Option<PathBuf> {
        let process = PathBuf::from(format!("/proc/{}", self.pids.first()?));
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
        let other = |inode: u64, file: &str| NetworkNamespace {
            file: PathBuf::from(file),
            ..NetworkNamespace::for_test(Namespace { inode, name: None })
        };
        assert!(other(own, "/proc/self/ns/net").open().unwrap().is_some());
        assert!(other(own + 1, "/proc/self/ns/net").open().unwrap().is_none());
        assert!(other(own, "/proc/4294967295/ns/net").scan(|_| ()).unwrap().is_none());
    }
}
