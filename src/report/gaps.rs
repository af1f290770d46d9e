//! What could not be seen, as far as it bears on what was asked.

use std::collections::BTreeSet;

use crate::model::{Gap, GapKind, HiddenProcesses, Observation, Os, Owner, Pid, Presence, Process, Row};
use crate::os::ScanScope;

/// The gaps of the observation, and those of the rows shown and of the `undecided` ones that might
/// have been. `remedy` is what to do to see more.
pub(super) fn of(
    observation: &Observation,
    rows: &[Row],
    undecided: usize,
    remedy: Option<String>,
    scope: &ScanScope,
) -> Vec<Gap> {
    let mut gaps = observation.gaps.clone();
    // A port that is seen to be held is held, whoever else may be.
    gaps.retain(|gap| gap.kind != GapKind::BoundSocketsHidden || rows.is_empty());
    let rights_help = [GapKind::SocketsHidden, GapKind::NamespacesHidden, GapKind::ServicesUnreadable];
    for gap in gaps.iter_mut().filter(|gap| rights_help.contains(&gap.kind)) {
        gap.remedy.clone_from(&remedy);
    }
    // More rights do not help where the system has run out of something.
    let unread = gaps.iter().any(|gap| gap.kind == GapKind::ProcessesUnreadable);
    let remedy = remedy.filter(|_| !unread);
    gaps.extend(gone(rows).filter(|_| !unread));
    let hidden = rows.iter().filter(|row| row.owner == Owner::Hidden).count();
    gaps.extend(hidden_owners(hidden, undecided, observation, remedy.clone()));
    gaps.extend(protected(rows, observation, remedy.clone()));
    if scope.args {
        gaps.extend(untold_args(rows, observation, remedy.clone()));
    }
    gaps.extend(hidden_holders(rows.iter().filter(|row| row.more_holders).count(), remedy));
    gaps
}

/// How many holders of these sockets are such.
fn holders(rows: &[Row], are_such: impl Fn(&Process) -> bool) -> usize {
    let holders = rows.iter().flat_map(|row| row.owner.processes());
    holders.filter(|process| are_such(process)).map(|process| process.pid).collect::<BTreeSet<Pid>>().len()
}

/// The gap of holders that ended between the look at the sockets and the look at the processes.
fn gone(rows: &[Row]) -> Option<Gap> {
    let count = holders(rows, |p| p.presence == Presence::Vanished);
    let detail = match count {
        0 => return None,
        1 => "1 process ended while it was looked at".to_owned(),
        n => format!("{n} processes ended while they were looked at"),
    };
    Some(Gap { kind: GapKind::ProcessGone, detail, count: Some(count as u64), remedy: None })
}

/// The gap of the processes of which their names are told and no more: on Windows and macOS a system call may
/// be refused that names the file and the user, where the list of processes names all.
fn protected(rows: &[Row], observation: &Observation, remedy: Option<String>) -> Option<Gap> {
    if observation.host.os == Os::Linux {
        return None;
    }
    let is_untold = |p: &Process| p.exe().is_none() || p.user.is_none();
    let count = holders(rows, |p| p.name.is_some() && p.program().is_some() && is_untold(p));
    let what = match count {
        0 => return None,
        1 => "the file or the user of 1 process".to_owned(),
        n => format!("the files or the users of {n} processes"),
    };
    let why = match observation.privileged {
        true => "which the system protects from administrators too",
        false => "which this user may not ask about",
    };
    Some(Gap {
        kind: GapKind::ProcessesProtected,
        detail: format!("{what}, {why}"),
        count: Some(count as u64),
        remedy,
    })
}

/// The gap of the command lines that are not told, where Linux tells all.
fn untold_args(rows: &[Row], observation: &Observation, remedy: Option<String>) -> Option<Gap> {
    if observation.host.os == Os::Linux {
        return None;
    }
    let count =
        holders(rows, |p| p.name.is_some() && p.program().is_some_and(|program| program.args.is_none()));
    let what = match count {
        0 => return None,
        1 => "the command line of 1 process".to_owned(),
        n => format!("the command lines of {n} processes"),
    };
    Some(Gap { kind: GapKind::ArgsUnreadable, detail: what, count: Some(count as u64), remedy })
}

/// The gap of the owners that could not be seen.
fn hidden_owners(
    shown: usize,
    undecided: usize,
    observation: &Observation,
    remedy: Option<String>,
) -> Option<Gap> {
    let count = shown + undecided;
    let who = match count {
        0 => return None,
        1 => "the owner of 1 socket is hidden".to_owned(),
        n => format!("the owners of {n} sockets are hidden"),
    };
    let from = match (&observation.hidden, observation.privileged) {
        (_, true) => "even with these rights",
        (HiddenProcesses::Unlisted, false) if observation.host.os == Os::Linux => {
            "from this user, to whom /proc does not even list the processes of others"
        }
        (_, false) => "from this user",
    };
    let detail = match undecided {
        0 => format!("{who} {from}"),
        _ => format!("{who} {from}, so what was asked for may be among them"),
    };
    Some(Gap { kind: GapKind::OwnerHidden, detail, count: Some(count as u64), remedy })
}

/// The gap of sockets whose holders were perhaps not all seen.
fn hidden_holders(count: usize, remedy: Option<String>) -> Option<Gap> {
    let detail = match count {
        0 => return None,
        1 => "every holder of 1 socket: another user than theirs made it, and may hold it too".to_owned(),
        n => format!("every holder of {n} sockets: other users than theirs made them, and may hold them too"),
    };
    Some(Gap { kind: GapKind::HoldersHidden, detail, count: Some(count as u64), remedy })
}
