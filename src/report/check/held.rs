//! Whether those hold a listener that a line of a policy names.

use std::sync::Arc;

use crate::model::phrase::list;
use crate::model::quoting::{quoted, quoted_account, quoted_path};
use crate::model::{
    Checked, Executable, Os, Owner, Policy, PolicyLine, PolicyProgram, PolicyRule, Presence, Process, Row,
    Vouched,
};
use crate::query::is_user;
use crate::report::waiting::holder_of;

/// Whether it is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    Yes,
    No,
    /// With what keeps that from being known, as the rest of a sentence about the listener.
    Unknown(String),
}

/// Whether the programs and users of a line alone hold a listener. A line that names none is about any. Whoever has the
/// socket may be the one that answers, so another program beside the right one leaves that open.
pub(super) fn held(line: &PolicyLine, row: &Row, policy: &Policy, os: Os) -> Held {
    if !line.names_holder() {
        return Held::Yes;
    }
    // systemd keeps the sockets that it hands to services.
    let is_init = |process: &Process| process.pid == 1 && process.uid == Some(0);
    let all = || row.owner.processes().map(Arc::as_ref);
    let Some(lead) = all().find(|process| !is_init(process)).or(row.owner.lead()) else {
        return Held::Unknown(unseen_holder(row));
    };
    match is_named(line, lead, policy, os) {
        Held::Yes => {}
        Held::No if row.more_holders => return Held::Unknown(unseen_holder(row)),
        not_right => return not_right,
    }
    // A server's workers may be other users'.
    let is_same_program = |other: &Process| match (lead.exe(), other.exe()) {
        (Some(own), Some(other)) => own.path == other.path && other.path_confirmed != Checked::Done(false),
        _ => false,
    };
    let others = all().filter(|other| other.pid != lead.pid && !is_init(other) && !is_same_program(other));
    for other in others {
        match is_named(line, other, policy, os) {
            Held::Yes => {}
            Held::No => return Held::Unknown(format!("{} holds it too, and may answer", other.called())),
            unknown @ Held::Unknown(_) => return unknown,
        }
    }
    if row.more_holders { Held::Unknown(unseen_holder(row)) } else { Held::Yes }
}

/// Whether any holder of a listener is one of the programs and users of a line.
pub(super) fn held_by_any(line: &PolicyLine, row: &Row, policy: &Policy, os: Os) -> Held {
    if !line.names_holder() {
        return Held::Yes;
    }
    let mut untold = None;
    for process in row.owner.processes() {
        match is_named(line, process, policy, os) {
            Held::Yes => return Held::Yes,
            Held::No => {}
            Held::Unknown(why) => untold = untold.or(Some(why)),
        }
    }
    let is_seen = matches!(row.owner, Owner::Identified { .. }) && !row.more_holders;
    untold.or_else(|| (!is_seen).then(|| unseen_holder(row))).map_or(Held::No, Held::Unknown)
}

fn unseen_holder(row: &Row) -> String {
    match &row.owner {
        Owner::Hidden => "you are not allowed to see which process holds it".to_owned(),
        Owner::Unattributed => "no process that can be found holds it".to_owned(),
        Owner::Identified { lead, .. } => {
            format!("{} holds it, perhaps with others that you are not allowed to see", lead.called())
        }
    }
}

fn is_named(line: &PolicyLine, process: &Process, policy: &Policy, os: Os) -> Held {
    match (runs_one(line, process, policy, os), runs_as_one(&line.users, process, os)) {
        (Held::No, _) | (_, Held::No) => Held::No,
        (unknown @ Held::Unknown(_), _) | (Held::Yes, unknown @ Held::Unknown(_)) => unknown,
        (Held::Yes, Held::Yes) => Held::Yes,
    }
}

fn runs_one(line: &PolicyLine, process: &Process, policy: &Policy, os: Os) -> Held {
    let programs = &line.programs;
    if programs.is_empty() {
        return Held::Yes;
    }
    let Some(exe) = process.exe() else {
        return match process.presence {
            Presence::Running(_) | Presence::Vanished => {
                Held::Unknown(format!("the file that {} runs cannot be seen", process.called()))
            }
            Presence::Kernel | Presence::Ended { .. } => Held::No,
        };
    };
    // A link to the file may have another name, by which people know the program: redis-server.
    let names = [process.exe_name(os), process.name.as_deref()];
    let is_it = |program: &&PolicyProgram| names.iter().flatten().any(|name| program.is(&exe.path, name, os));
    match programs.iter().find(is_it) {
        None => perhaps_by_link(line, exe, process, policy).map_or(Held::No, Held::Unknown),
        Some(program) => {
            why_not_believed(program, exe, process, &policy.vouched, os).map_or(Held::Yes, Held::Unknown)
        }
    }
}

/// That a forbidden path may lead to the file that a process runs, which has the same name: of a record, and of a folder that
/// may not be looked into, that is not known.
fn perhaps_by_link(
    line: &PolicyLine,
    exe: &Executable,
    process: &Process,
    policy: &Policy,
) -> Option<String> {
    let file = PolicyProgram(exe.path.clone());
    let may_lead_there =
        |path: &&PolicyProgram| policy.unseen_files.contains(&path.0) && path.has_name_of(&file);
    let path =
        line.programs.iter().find(may_lead_there).filter(|_| line.rule == PolicyRule::MustNotListen)?;
    let (path, file, called) = (quoted_path(&path.0), quoted_path(&exe.path), process.called());
    Some(format!(
        "whether {path} leads to the file that {called} runs could not be seen: if so, write {file}"
    ))
}

/// What speaks against the path of a file, or against its name where that is all that was written of it; `None` where
/// nothing does.
fn why_not_believed(
    program: &PolicyProgram,
    exe: &Executable,
    process: &Process,
    vouched: &Vouched,
    os: Os,
) -> Option<String> {
    let called = process.called();
    if exe.deleted == Some(true) {
        return Some(format!(
            "the file that {called} runs was deleted or replaced since it started; restart it"
        ));
    }
    if exe.path_confirmed == Checked::Done(false) {
        return Some(format!("{called} only calls itself so: its path leads to another file"));
    }
    if exe.path_confirmed.failed().is_some() {
        return Some(format!("whether {called} runs the file at its path could not be seen"));
    }
    // Whoever writes the whole path of a file says that it is right.
    if program.is_path() || exe.writers == Checked::NotRequested {
        return None;
    }
    let advice = format!("give its full path, {}", quoted_path(&exe.path));
    match vouched.left(&exe.path, &exe.writers, process.uid, os) {
        None => Some(format!("who could have replaced the file of {called} is not known: {advice}")),
        Some(left) => left.first().map(|writer| {
            format!("{} could have replaced the file of {called}: {advice}", writer.account.called())
        }),
    }
}

fn runs_as_one(users: &[String], process: &Process, os: Os) -> Held {
    if users.is_empty() {
        return Held::Yes;
    }
    let is_it = |user: &String| {
        process.user.as_deref().is_some_and(|name| is_user(name, user, os))
            || process.uid.is_some_and(|uid| user.parse() == Ok(uid))
    };
    match process.user.is_none() && process.uid.is_none() {
        _ if users.iter().any(is_it) => Held::Yes,
        true => Held::Unknown(format!("the user of {} cannot be seen", process.called())),
        false => Held::No,
    }
}

/// The programs and users of a line, as a phrase.
pub(super) fn wanted(line: &PolicyLine) -> String {
    let programs: Vec<String> = line
        .programs
        .iter()
        .map(|program| match program.is_path() {
            true => quoted_path(&program.0).into_owned(),
            false => quoted(&program.0).into_owned(),
        })
        .collect();
    let users: Vec<String> = line.users.iter().map(|user| quoted_account(user).into_owned()).collect();
    match (&programs[..], &users[..]) {
        (_, []) => list(&programs, "or"),
        ([], _) => list(&users, "or"),
        _ => format!("{} of {}", list(&programs, "or"), list(&users, "or")),
    }
}

/// Who holds a listener, as a phrase.
pub(super) fn holder(row: &Row, os: Os) -> String {
    let of_user = row.user().map_or(String::new(), |user| format!(" of {}", quoted_account(&user)));
    holder_of(row, os, &of_user)
}
