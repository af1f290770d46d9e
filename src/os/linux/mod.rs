//! Linux: sockets from `sock_diag`, holders, units and containers from `/proc`, and the sockets of other
//! network namespaces.

mod absence;
mod accounts;
mod boot;
mod bpf;
mod candidates;
mod cgroup_units;
mod command_lines;
mod connections;
mod containers;
mod counter_files;
mod examination;
mod executable_file;
mod executables;
mod file_status;
mod forwards;
mod helper;
mod holders;
mod in_flight;
mod interfaces;
mod kcmp;
mod labels;
mod license_setup;
mod listeners;
mod loaded_code;
mod loop_device;
mod machine_accounts;
mod memberships;
mod mount_tables;
mod namespace_scan;
mod namespaces;
mod netlink;
mod newcomers;
mod nonblocking;
mod observation;
mod open_files;
mod opened_file;
mod other_sockets;
mod own_files;
mod own_memory;
mod owners;
mod packet_rules;
mod passage;
mod path_origin;
mod port_rules;
mod proc_dir;
mod process_reader;
mod process_root;
mod restrict;
mod rings;
mod scan_context;
mod search;
mod self_test;
mod settle;
mod sock_diag;
mod socket_scan;
mod socket_units;
mod sought;
mod tables;
mod threads;
mod unit_files;
mod unit_mates;
mod units;
mod unlisted_ports;
mod user_database;
mod user_mounts;
mod whereabouts;
mod writers;

use std::collections::BTreeSet;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use jiff::Timestamp;

use self::accounts::Accounts;
use self::command_lines::CommandLinesInProgress;
use self::forwards::Behind;
use self::helper::AccountsProcess;
use self::holders::Holders;
use self::license_setup::SetupInProgress;
use self::owners::{Late, Owners};
use self::scan_context::ScanContext;
use self::search::Search;
use self::settle::settle;
use self::socket_scan::SocketScan;
use self::units::{UnitsInProgress, UnitsRead};
use super::deadline::Deadline;
use super::{Inspect, ScanScope, Unobservable};
use crate::model::{HiddenProcesses, Observation, SoughtProcesses};

pub(super) use self::observation::observe_port_rules;
pub(super) use self::own_files::{can_be_read_at_once, file_at};
pub(super) use self::restrict::{drop_rights, restrict};
pub(super) use self::self_test::self_test;
pub(super) use self::user_database::has_user;

/// What has to be started before this program restricts itself and starts a thread.
pub(super) struct Prepared {
    accounts: Accounts,
}

impl Prepared {
    pub(super) fn new(scope: &ScanScope) -> Prepared {
        let accounts = if scope.numeric { Ok(None) } else { AccountsProcess::start_if_needed() };
        Prepared { accounts: Accounts::new(accounts) }
    }
}

/// Scans the machine once.
///
/// # Errors
///
/// If no socket table could be read.
pub(super) fn observe(
    scope: &ScanScope,
    inspect: &dyn Inspect,
    Prepared { accounts }: &mut Prepared,
    now: Timestamp,
) -> Result<Observation, Unobservable> {
    let deadline = Deadline::after(scope.deadline);
    if scope.glance {
        let sockets = SocketScan::run(scope, inspect, None)?;
        return Ok(observation::assemble(scope, now, accounts, deadline, sockets, Ok(Owners::unknown())));
    }
    let (sockets, owners) = match ScanContext::open(scope, inspect, deadline) {
        Ok(context) => {
            let (mut sockets, holders) = scan_and_search(&context)?;
            let owners = find_owners(&context, &mut sockets, holders, accounts);
            (sockets, owners)
        }
        Err(error) => (SocketScan::run(scope, inspect, None)?, Err(error)),
    };
    Ok(observation::assemble(scope, now, accounts, deadline, sockets, owners))
}

/// Scans the sockets and searches their holders.
fn scan_and_search(context: &ScanContext<'_>) -> Result<(SocketScan, io::Result<Holders>), Unobservable> {
    if context.scope.ports.is_empty() {
        return scan_while_searching(context);
    }
    // On a few ports there is often no socket, and then nobody to search for.
    let sockets = SocketScan::run(context.scope, context.inspect, Some(context))?;
    let holders = Holders::search(context, &sockets.inodes());
    Ok((sockets, holders))
}

/// Scans the sockets while their holders are searched. Of the threads that share the search, the first that
/// is ready scans the sockets before it helps to search: on a busy machine, a helper may start late. With
/// few processes, or if the system refuses threads, this thread does both. BPF is used only after the scan of the caller's
/// namespace.
fn scan_while_searching(
    context: &ScanContext<'_>,
) -> Result<(SocketScan, io::Result<Holders>), Unobservable> {
    let scan = || SocketScan::run(context.scope, context.inspect, Some(context));
    let pids = match context.proc.pids() {
        Ok(pids) => pids,
        Err(error) => return Ok((scan()?, Err(error))),
    };
    let (search, candidates) = Search::of_all(context, &pids, None);
    let (is_taken, sockets) = (AtomicBool::new(false), OnceLock::new());
    let scan_unless_taken = || {
        if !is_taken.swap(true, Ordering::Relaxed) {
            let _ = sockets.set(scan());
        }
    };
    let scan_and_help = || {
        scan_unless_taken();
        search.help();
    };
    let method = thread::scope(|scope| {
        let helpers = (0..search.helpers).filter(|_| threads::start(scope, scan_and_help)).count();
        let method = candidates.queue(|| match helpers {
            0 => scan_unless_taken(),
            // Where no helper has begun yet, one gets this thread's processor.
            _ => context.wait_for_own_sockets(),
        });
        scan_and_help();
        method
    });
    let sockets = sockets.into_inner().unwrap_or_else(scan)?;
    Ok((sockets, Holders::found_by(search, method, &pids)))
}

/// Finds the holders of the sockets, and the processes that started them. Drops the sockets that were
/// closed since the scan.
fn find_owners(
    context: &ScanContext<'_>,
    sockets: &mut SocketScan,
    holders: io::Result<Holders>,
    accounts: &mut Accounts,
) -> io::Result<Owners> {
    let wanted = sockets.inodes();
    // Without a socket, a failed search does not matter.
    let mut holders = if wanted.is_empty() { Holders::of_nothing(holders.ok()) } else { holders? };
    holders.confirm(context, &wanted)?;
    settle(context, sockets, &mut holders)?;
    sockets.add_namespaces_of_sockets(context, holders.namespaces(), holders.bpf_error());
    let unseen = match context.scope.license_servers {
        true => license_setup::add_servers(context, sockets, &mut holders),
        false => 0,
    };
    let sought = sought::add(context, sockets, &mut holders);
    holders.add_ancestors(context);
    sockets.method_notes.extend(holders.method_note());
    let mut hidden = holders.hidden(&context.proc);
    let receivers = in_flight::receivers(context, &sockets.found, &holders, &hidden);
    if !context.scope.numeric {
        accounts.look_up(&users(context.scope, sockets, &holders, &hidden));
    }
    let setup = context.scope.license_servers.then(|| SetupInProgress::begin(context, &holders, unseen));
    let (late, behind) = add_details(context, sockets, &mut holders, accounts, sought.as_ref());
    // The sockets behind proxies are judged too.
    let judged = || sockets.found.iter().chain(&behind.sockets);
    hidden.add(newcomers::search(context, judged(), &mut holders));
    behind.settle(&mut holders);
    if context.scope.details {
        whereabouts::add(context, &mut holders);
    }
    let processes = executables::inspect(context, judged(), &mut holders);
    let (license_setup, unread) = setup.map(|setup| setup.finish(context)).unzip();
    sockets.gaps.extend(unread.flatten());
    let mut owners = Owners { holders, processes, receivers, hidden, late, license_setup, sought };
    if sockets.found.is_empty() {
        owners.add_namesake(context);
    }
    Ok(owners)
}

/// The users that can be shown or selected.
fn users(
    scope: &ScanScope,
    sockets: &SocketScan,
    holders: &Holders,
    hidden: &HiddenProcesses,
) -> BTreeSet<u32> {
    let of_sockets = sockets.found.iter().filter_map(|found| found.socket.uid);
    let of_clients = sockets.unanswered.iter().filter_map(|client| client.uid);
    let of_holders = holders.processes.values().filter_map(|one| one.process.uid);
    let of_others = sockets.other_sockets.iter().flatten().filter_map(|one| one.socket.uid);
    let of_labels = holders.processes.values().flat_map(|one| labels::uids(&one.process));
    let of_hidden = hidden.processes().filter(|_| scope.by_user).filter_map(|process| process.uid);
    of_sockets
        .chain(of_others)
        .chain(of_clients)
        .chain(of_holders)
        .chain(of_labels)
        .chain(of_hidden)
        .collect()
}

/// Adds what the command lines of the holders say, and the units of the sockets. Both may keep this program
/// waiting, so that both are read at the same time. Returns what did not answer in time, and the sockets behind proxies.
fn add_details(
    context: &ScanContext<'_>,
    sockets: &mut SocketScan,
    holders: &mut Holders,
    accounts: &mut Accounts,
    sought: Option<&SoughtProcesses>,
) -> (Late, Behind) {
    let command_lines = CommandLinesInProgress::begin(context, holders, sought);
    let units = UnitsInProgress::begin(context, &sockets.found, holders, accounts);
    let command_lines = command_lines.finish(context);
    command_lines.add(context, &mut holders.processes);
    let behind = forwards::add(context, sockets, &command_lines, holders);
    let late_behind = add_behind(context, &behind, holders, accounts);
    let UnitsRead { late: units, unread } = units.finish(context, &mut sockets.found, holders);
    sockets.gaps.extend(unread);
    let late = Late {
        files: holders.late,
        command_lines: command_lines.late + late_behind,
        units,
        refused: context.refused.get().cloned(),
    };
    (late, behind)
}

/// Adds what the verdicts need to know about the processes behind proxies: their ancestors, what their command lines
/// say, and their users. Returns how many command lines did not arrive in time.
fn add_behind(
    context: &ScanContext<'_>,
    behind: &Behind,
    holders: &mut Holders,
    accounts: &mut Accounts,
) -> usize {
    let pids = behind.pids(holders);
    if pids.is_empty() {
        return 0;
    }
    holders.add_ancestors(context);
    let processes = pids.iter().filter_map(|pid| holders.processes.get(pid));
    if !context.scope.numeric {
        accounts.look_up(&processes.clone().filter_map(|one| one.process.uid).collect());
    }
    let command_lines = CommandLinesInProgress::begin_of(context, processes).finish(context);
    command_lines.add(context, &mut holders.processes);
    command_lines.late
}
