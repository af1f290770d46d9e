//! What could not be read, as far as it matters to the question.

use std::collections::BTreeSet;

use super::asked;
use crate::model::{
    Asked, Gap, GapKind, HiddenProcesses, Observation, Os, Owner, PacketRules, Pid, Presence, Process, Row,
};
use crate::os::ScanScope;
use crate::query::Undecided;

/// The gaps of the observation, of the rows that are shown, and of the `undecided` rows, which might match.
/// `hidden_others` counts the sockets without a port whose owner is hidden; `remedy` is what to do to see more.
pub(super) fn of(
    observation: &Observation,
    rows: &[Row],
    hidden_others: usize,
    asked: &[Asked],
    undecided: Undecided,
    remedy: Option<String>,
    scope: &ScanScope,
) -> Vec<Gap> {
    let mut gaps = observation.gaps.clone();
    // A port with a visible holder is held, whoever else may hold it.
    gaps.retain(|gap| gap.kind != GapKind::BoundSocketsHidden || rows.is_empty());
    // If something has the port, it does not matter who else has it elsewhere.
    let may_be_free = asked.iter().any(Asked::may_be_free);
    gaps.retain(|gap| gap.kind != GapKind::NamespacesHidden || scope.all_namespaces || may_be_free);
    gaps.retain(|gap| gap.kind != GapKind::GuestsHidden || may_be_free);
    gaps.extend(packet_rules(asked, observation));
    let rights_help = |kind| match kind {
        GapKind::SocketsHidden | GapKind::NamespacesHidden => true,
        // On Linux there are too many unit files, whoever reads them.
        GapKind::ServicesUnreadable => observation.host.os == Os::Windows,
        _ => false,
    };
    for gap in gaps.iter_mut().filter(|gap| gap.remedy.is_none() && rights_help(gap.kind)) {
        gap.remedy.clone_from(&remedy);
    }
    // More rights do not help where the system has run out of something.
    let unread = gaps.iter().any(|gap| gap.kind == GapKind::ProcessesUnreadable);
    let remedy = remedy.filter(|_| !unread);
    gaps.extend(gone(rows).filter(|_| !unread));
    let hidden = rows.iter().filter(|row| row.owner == Owner::Hidden).count() + hidden_others;
    gaps.extend(hidden_owners(hidden, undecided.owners, observation, remedy.clone()));
    gaps.extend(unseen_processes(rows, asked, undecided, observation, remedy.clone()));
    gaps.extend(unreachable_namespaces(asked));
    gaps.extend(protected(rows, observation, remedy.clone()));
    if scope.args {
        gaps.extend(hidden_args(rows, observation, remedy.clone()));
    }
    let shared = rows.iter().filter(|row| row.more_holders).count();
    gaps.extend(hidden_holders(shared, undecided.holders, remedy));
    gaps
}

/// Packet rules that may send elsewhere what is for a port on which nothing listens.
fn packet_rules(asked: &[Asked], observation: &Observation) -> Option<Gap> {
    let is_redirecting =
        matches!(observation.packet_rules, Some(PacketRules::Seen { may_redirect: true, .. }));
    let free: Vec<&Asked> = asked.iter().filter(|asked| asked.may_be_free() && is_redirecting).collect();
    let what = match &free[..] {
        [] => return None,
        [asked] if asked.is_one_port() => "this port",
        _ => "free ports",
    };
    let detail = format!("packet rules exist that may send {what} elsewhere (not looked at)");
    Some(Gap::new(GapKind::PacketRules, detail))
}

/// How many holders of these sockets are of a kind.
fn holders(rows: &[Row], is_of_kind: impl Fn(&Process) -> bool) -> usize {
    let holders = rows.iter().flat_map(|row| row.owner.processes());
    holders.filter(|process| is_of_kind(process)).map(|process| process.pid).collect::<BTreeSet<Pid>>().len()
}

/// Holders that ended after the sockets were read and before the processes were.
fn gone(rows: &[Row]) -> Option<Gap> {
    let count = holders(rows, |p| p.presence == Presence::Vanished);
    let detail = match count {
        0 => return None,
        1 => "1 process ended during the scan".to_owned(),
        n => format!("{n} processes ended during the scan"),
    };
    Some(Gap { count: Some(count as u64), ..Gap::new(GapKind::ProcessGone, detail) })
}

/// Processes that were asked about and of which too little is visible: on which ports they listen, or whether they run.
fn unseen_processes(
    rows: &[Row],
    asked: &[Asked],
    undecided: Undecided,
    observation: &Observation,
    remedy: Option<String>,
) -> Option<Gap> {
    observation.sought.as_ref()?;
    let unseen = asked.iter().flat_map(|asked| &asked.processes).filter(|one| one.has_hidden_ports());
    let unseen: BTreeSet<Pid> = unseen.map(|one| one.process.pid).collect();
    let detail = match unseen.len() {
        // The gap of their owners says it.
        0 if undecided.owners + undecided.holders > 0
            || !rows.is_empty()
            || !asked.iter().any(|one| may_be_hidden(one, observation)) =>
        {
            return None;
        }
        0 => "not all processes are visible: what you asked for may be among them".to_owned(),
        1 => "the ports of 1 process that you asked for could not be seen".to_owned(),
        n => format!("the ports of {n} processes that you asked for could not be seen"),
    };
    let count = Some(unseen.len() as u64).filter(|&count| count > 0);
    Some(Gap { count, remedy, ..Gap::new(GapKind::ProcessesHidden, detail) })
}

/// Processes that were asked about and may hold sockets of a network namespace that cannot be entered: no process is in
/// it, and no mount keeps it. More rights do not help.
fn unreachable_namespaces(asked: &[Asked]) -> Option<Gap> {
    let all = asked.iter().flat_map(|asked| &asked.processes).filter(|one| one.may_hold_more);
    let count = all.map(|one| one.process.pid).collect::<BTreeSet<Pid>>().len();
    let who = match count {
        0 => return None,
        1 => "1 process that you asked for".to_owned(),
        n => format!("{n} processes that you asked for"),
    };
    let detail = format!("{who} may hold sockets of a network namespace that could not be entered");
    Some(Gap { count: Some(count as u64), ..Gap::new(GapKind::NamespacesHidden, detail) })
}

/// Whether a process that was asked about and not found may be hidden.
fn may_be_hidden(asked: &Asked, observation: &Observation) -> bool {
    let is_name = asked.ports.is_empty() && asked.managers.is_empty();
    is_name && asked.processes.is_empty() && asked::may_be_hidden(&asked.what, observation)
}

/// Processes whose file or user is not known. On Windows and macOS everybody may list the processes, but the
/// system may refuse to name their files and users.
fn protected(rows: &[Row], observation: &Observation, remedy: Option<String>) -> Option<Gap> {
    if observation.host.os == Os::Linux {
        return None;
    }
    let is_incomplete = |p: &Process| p.exe().is_none() || p.user.is_none();
    let count = holders(rows, |p| p.name.is_some() && p.program().is_some() && is_incomplete(p));
    let what = match count {
        0 => return None,
        1 => "the file or the user of 1 process could not be read".to_owned(),
        n => format!("the files or the users of {n} processes could not be read"),
    };
    let why = match observation.privileged {
        true => ", not even as administrator",
        false => " without more rights",
    };
    Some(Gap {
        count: Some(count as u64),
        remedy,
        ..Gap::new(GapKind::ProcessesProtected, format!("{what}{why}"))
    })
}

/// With `--deleted`, the listeners that may or may not run a deleted file. Where the system never reports that, more rights
/// do not help.
pub(super) fn of_files(undecided: usize, os: Os, remedy: Option<&String>) -> Option<Gap> {
    let files = match undecided {
        0 => return None,
        1 => "the program file of 1 listener was deleted or replaced".to_owned(),
        n => format!("the program files of {n} listeners were deleted or replaced"),
    };
    let (unknown, remedy) = match os {
        Os::Linux => (format!("whether {files} could not be seen"), remedy.cloned()),
        Os::Windows | Os::Macos => (format!("this system does not report whether {files}"), None),
    };
    Some(Gap {
        count: Some(undecided as u64),
        remedy,
        ..Gap::new(GapKind::ProcessesProtected, format!("{unknown}: what you asked for may be among them"))
    })
}

/// Command lines that could not be read; Linux shows them to everybody.
fn hidden_args(rows: &[Row], observation: &Observation, remedy: Option<String>) -> Option<Gap> {
    if observation.host.os == Os::Linux {
        return None;
    }
    let count =
        holders(rows, |p| p.name.is_some() && p.program().is_some_and(|program| program.args.is_none()));
    let what = match count {
        0 => return None,
        1 => "the command line of 1 process could not be read".to_owned(),
        n => format!("the command lines of {n} processes could not be read"),
    };
    Some(Gap { count: Some(count as u64), remedy, ..Gap::new(GapKind::ArgsUnreadable, what) })
}

fn hidden_owners(
    shown: usize,
    undecided: usize,
    observation: &Observation,
    remedy: Option<String>,
) -> Option<Gap> {
    let count = shown + undecided;
    let who = match count {
        0 => return None,
        1 => "the owner of 1 socket".to_owned(),
        n => format!("the owners of {n} sockets"),
    };
    let why = match (&observation.hidden, observation.privileged, observation.host.os) {
        (_, true, Os::Windows) => ", even as administrator",
        (_, true, Os::Linux | Os::Macos) => ", even as root",
        (HiddenProcesses::Unlisted, false, Os::Linux) => {
            ", because /proc does not show you the processes of other users"
        }
        (_, false, _) => " without more rights",
    };
    let detail = match undecided {
        0 => format!("{who} could not be identified{why}"),
        _ => format!("{who} could not be identified{why}: what you asked for may be among them"),
    };
    Some(Gap { count: Some(count as u64), remedy, ..Gap::new(GapKind::OwnerHidden, detail) })
}

/// Sockets that may have holders besides the visible ones.
fn hidden_holders(shown: usize, undecided: usize, remedy: Option<String>) -> Option<Gap> {
    let count = shown + undecided;
    let detail = match count {
        0 => return None,
        1 => "1 socket may have more holders: of the processes that may hold it, not all could be inspected"
            .to_owned(),
        n => format!(
            "{n} sockets may have more holders: of the processes that may hold them, not all could be inspected"
        ),
    };
    let among = if undecided > 0 { ", and what you asked for may be among those" } else { "" };
    let (kind, count) = (GapKind::HoldersHidden, Some(count as u64));
    Some(Gap { count, remedy, ..Gap::new(kind, format!("{detail}{among}")) })
}
