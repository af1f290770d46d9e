//! Why a port that is held, or a process that runs, is not shown: which of the options ask for others.

use std::collections::BTreeMap;

use super::describe::runs;
use crate::model::phrase::{first_few, list, named};
use crate::model::quoting::{quoted, quoted_account};
use crate::model::{Asked, Exposure, Observation, Owner, Pid, Process, Row};
use crate::query::{Address, Condition, Dropped, Filter, Naming};

/// At most so many sentences about one word.
const MOST_SENTENCES: usize = 3;
/// More ports and holders than these are counted, not named.
const MOST_NAMES: usize = 3;
/// What `--deleted` asks for.
const OF_DELETED: &str = "a process whose program file was deleted";

/// A sentence for each reason for which rows of this word were dropped.
pub(super) fn sentences(asked: &Asked, dropped: &[&Dropped], filter: &Filter) -> Vec<String> {
    let mut by_reason: BTreeMap<&[Condition], Vec<&Row>> = BTreeMap::new();
    for one in dropped {
        by_reason.entry(&one.by).or_default().push(&one.row);
    }
    let sentences = by_reason.into_iter().take(MOST_SENTENCES);
    sentences.map(|(by, rows)| sentence(asked, by, &rows, filter)).collect()
}

/// A sentence for each process that is of the name or id, and that the other options do not ask for.
pub(super) fn processes(
    found: &[&Process],
    filter: &Filter,
    naming: &Naming,
    observation: &Observation,
) -> Vec<String> {
    let os = observation.host.os;
    let (shown, more) = first_few(found, MOST_SENTENCES);
    let sentence = |process: &&Process| {
        let user = process.user.as_deref();
        let is_of_user = filter.asks_for_user(user, process.uid, os);
        let as_user = match user {
            _ if is_of_user => None,
            Some(user) => Some(format!("as {}, not as {}", quoted_account(user), users(filter))),
            None => Some(format!("whether as {} is not known", users(filter))),
        };
        let is_of_pid = filter.pids.is_empty() || filter.pids.contains(&process.pid);
        let is_called =
            filter.processes.is_empty() || filter.processes.iter().any(|name| naming.means(process, name));
        let of_file = match process.is_file_deleted() {
            _ if !filter.deleted => None,
            Some(true) => None,
            Some(false) => Some("its program file was not deleted".to_owned()),
            None => Some("whether its program file was deleted is not known".to_owned()),
        };
        let why: Vec<String> = as_user
            .into_iter()
            .chain((!is_of_pid).then(|| format!("not with {}", pids(filter))))
            .chain((!is_called).then(|| format!("not as {}", called_so(filter))))
            .chain(of_file)
            .collect();
        format!("{}, but {}.", runs(process, observation), list(&why, "and"))
    };
    let more = (more > 0).then(|| {
        let processes = if more == 1 { "process runs" } else { "processes run" };
        format!("{more} more such {processes}, but your options ask for others.")
    });
    shown.iter().map(sentence).chain(more).collect()
}

fn sentence(asked: &Asked, by: &[Condition], rows: &[&Row], filter: &Filter) -> String {
    let (place, is) = places(asked, rows);
    if rows.iter().all(|row| row.owner == Owner::Unattributed) {
        return format!("{place} {is} in use, but no visible process has the socket.");
    }
    let holders = holders(by, rows);
    let is_one = holders.len() == 1;
    let holders = list(&holders, "and");
    if by.is_empty() {
        return format!("{place} {is} held by {holders}. {}", undecided(rows, filter));
    }
    let not: Vec<String> = by.iter().filter_map(|condition| not(*condition, filter)).collect();
    let not = if not.is_empty() { String::new() } else { format!(", {}", list(&not, "and")) };
    let and: Vec<&str> = by.iter().filter_map(|condition| and(*condition, rows)).take(1).collect();
    let and = and.first().map_or(String::new(), |and| format!(", and {is} {and}"));
    let file = match (by.contains(&Condition::Deleted), is_one) {
        (false, _) => "",
        (true, true) => " Its program file was not deleted.",
        (true, false) => " Their program files were not deleted.",
    };
    format!("{place} {is} held by {holders}{not}{and}.{file}")
}

/// What was asked about, or of several ports those that are held.
fn places(asked: &Asked, rows: &[&Row]) -> (String, &'static str) {
    if asked.is_one_port() {
        return (asked.what.clone(), "is");
    }
    let mut places: Vec<_> = rows.iter().map(|row| (row.socket.local.port(), row.socket.protocol)).collect();
    places.sort_unstable();
    places.dedup();
    let is = if places.len() == 1 { "is" } else { "are" };
    let named = named(&places, MOST_NAMES, |(port, protocol)| format!("{port}/{protocol}"));
    (list(&named, "and"), is)
}

/// The holders of the rows, each once.
fn holders(by: &[Condition], rows: &[&Row]) -> Vec<String> {
    let is_about_user = by.contains(&Condition::User);
    let is_about_others = by.iter().any(|condition| *condition != Condition::User);
    let with_protocol = by.contains(&Condition::Protocol);
    let with_address = by.contains(&Condition::Family);
    let mut holders: Vec<String> = Vec::new();
    for row in rows {
        let mut holder = match row.owner.lead() {
            None => unseen(&row.owner).to_owned(),
            Some(lead) => {
                let pid = (is_about_others || !is_about_user).then(|| format!("PID {}", lead.pid));
                let user =
                    row.user().filter(|_| is_about_user).map(|user| quoted_account(&user).into_owned());
                let aside: Vec<String> = pid.into_iter().chain(user).collect();
                match aside.is_empty() {
                    true => called(lead),
                    false => format!("{} ({})", called(lead), aside.join(", ")),
                }
            }
        };
        if with_protocol {
            holder += &format!(" with {}", row.socket.protocol.title());
        }
        if with_address {
            holder += &format!(" at {}", row.socket.local.ip());
        }
        if !holders.contains(&holder) {
            holders.push(holder);
        }
        if holders.len() > MOST_NAMES {
            holders.pop();
            holders.push("others".to_owned());
            break;
        }
    }
    holders
}

fn called(process: &Process) -> String {
    process
        .name
        .as_deref()
        .map_or_else(|| "a process of unknown name".to_owned(), |name| quoted(name).into_owned())
}

fn unseen(owner: &Owner) -> &'static str {
    match owner {
        Owner::Hidden => "a program that you are not allowed to see",
        Owner::Unattributed | Owner::Identified { .. } => "a socket that no visible process owns",
    }
}

/// By whom, or how, it is not held.
fn not(condition: Condition, filter: &Filter) -> Option<String> {
    Some(match condition {
        Condition::Protocol => format!("not with {}", filter.protocol?.title()),
        Condition::Family => format!("not at an {} address", filter.family?.name()),
        Condition::Pid => format!("not by {}", pids(filter)),
        Condition::Process => format!("not by {}", called_so(filter)),
        Condition::User => format!("not by {}", users(filter)),
        Condition::Address => format!("not at {}", quoted(&any(&filter.addresses, Address::to_string))),
        Condition::Licenses | Condition::Flagged | Condition::Exposed | Condition::Deleted => return None,
    })
}

/// What else the port is not.
fn and(condition: Condition, rows: &[&Row]) -> Option<&'static str> {
    let is_lost = rows.iter().all(|row| row.exposure == Exposure::Unassigned);
    let is_license_port = rows.iter().any(|row| row.license.is_some());
    match (condition, is_license_port, rows.len()) {
        (Condition::Flagged, true, _) => Some("not flagged"),
        (Condition::Licenses | Condition::Flagged, ..) => Some("no port of a license manager"),
        (Condition::Exposed, ..) if is_lost => Some("at an address that no interface has now"),
        (Condition::Exposed, ..) => Some("reached from this machine only"),
        (
            Condition::Protocol
            | Condition::Family
            | Condition::Pid
            | Condition::Process
            | Condition::User
            | Condition::Deleted
            | Condition::Address,
            ..,
        ) => None,
    }
}

/// What is not known, where the owner is hidden.
fn undecided(rows: &[&Row], filter: &Filter) -> String {
    let lacks_file = |row: &&Row| row.owner.lead().is_some_and(|lead| lead.is_file_deleted().is_none());
    let (wanted, is_of_file) = match (&filter.processes[..], &filter.users[..], &filter.pids[..]) {
        _ if filter.deleted && rows.iter().any(lacks_file) => (OF_DELETED.to_owned(), true),
        ([_, ..], ..) => (called_so(filter), false),
        ([], [_, ..], _) => (format!("a process of {}", users(filter)), false),
        ([], [], [_, ..]) => (pids(filter), false),
        ([], [], []) if filter.deleted => (OF_DELETED.to_owned(), true),
        ([], [], []) => ("a license program".to_owned(), false),
    };
    let is_unknown = |row: &&Row| match row.owner.lead() {
        None => true,
        Some(lead) if is_of_file => lead.is_file_deleted().is_none(),
        Some(lead) => lead.user.is_none(),
    };
    match rows.iter().any(is_unknown) {
        true => format!("Whether that is {wanted} is not known."),
        false => format!("Whether {wanted} holds it too is not known."),
    }
}

fn pids(filter: &Filter) -> String {
    format!("PID {}", any(&filter.pids, Pid::to_string))
}

fn called_so(filter: &Filter) -> String {
    format!("a process called {}", any(&filter.processes, |name| quoted(name).into_owned()))
}

fn users(filter: &Filter) -> String {
    any(&filter.users, |user| match user.bytes().all(|b| b.is_ascii_digit()) {
        true => format!("user {user}"),
        false => quoted_account(user).into_owned(),
    })
}

/// The first of these, with "or".
fn any<T>(all: &[T], name: impl Fn(&T) -> String) -> String {
    list(&named(all, MOST_NAMES, name), "or")
}
