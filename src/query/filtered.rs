//! Which rows a filter keeps, in which order, and why it drops the others.

use std::collections::HashSet;

use super::filter::Filter;
use super::holders::is_user;
use super::naming::{Naming, is_labelled};
use super::order;
use super::target::{Ports, Target};
use crate::model::sorting::sort_by;
use crate::model::{
    Family, HiddenProcesses, Interface, Observation, Os, Owner, Pid, Process, Row, Socket, Verdict,
};

/// What a filter kept, and what it says of each target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filtered {
    /// The rows that match, in order.
    pub rows: Vec<Row>,
    pub undecided: Undecided,
    /// For each target, whether a row that is kept is one of it.
    pub matched: Vec<bool>,
    /// The rows of targets that other conditions dropped.
    pub dropped: Vec<Dropped>,
}

/// How many more rows might match, if more were known of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Undecided {
    /// Of these, any owner.
    pub owners: usize,
    /// Of these, whether processes hold them that are not visible, besides those that are.
    pub holders: usize,
    /// Of these, whether the file of the owner was deleted.
    pub files: usize,
}

/// A row that was asked about by a word, and that another condition dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    pub row: Row,
    /// The indices of the targets it is of.
    pub targets: Vec<usize>,
    /// What it does not fulfil; empty where that is not known, because its owner is hidden.
    pub by: Vec<Condition>,
}

/// What a row must fulfil besides being one of the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    Protocol,
    Family,
    Pid,
    Process,
    User,
    Licenses,
    Flagged,
    Exposed,
    Deleted,
    Address,
}

/// Keeps what matches, in order: without another key, in the order of the targets. `naming` decides which processes a name
/// means; the rows are those of `seen`, which says what a hidden owner may be, and which interface has an address.
#[must_use]
pub fn filter(rows: Vec<Row>, filter: &Filter, naming: &Naming, seen: &Observation) -> Filtered {
    let may_be = MayBe::of(filter, &seen.hidden);
    let mut undecided = Undecided::default();
    let mut matched = vec![false; filter.targets.len()];
    let mut dropped = Vec::new();
    let mut kept: Vec<(usize, Row)> = Vec::new();
    for row in rows {
        let Judged { is_target, targets, is_wanted, by, lacks_file } =
            judge(&row, filter, naming, &may_be, seen);
        match is_target.min(is_wanted) {
            Match::Yes => {
                targets.iter().for_each(|&target| matched[target] = true);
                kept.push((targets.first().copied().unwrap_or_default(), row));
                continue;
            }
            Match::Unknown if lacks_file => undecided.files += 1,
            Match::Unknown if row.more_holders => undecided.holders += 1,
            Match::Unknown => undecided.owners += 1,
            Match::No => {}
        }
        if !targets.is_empty() {
            dropped.push(Dropped { row, targets, by });
        }
    }
    sort_by(&mut kept, |(target_of_a, a), (target_of_b, b)| {
        let by_key = match filter.sort {
            Some(key) => order::by_key(a, b, key),
            None => target_of_a.cmp(target_of_b),
        };
        by_key.then_with(|| order::by_place(a, b))
    });
    let rows = kept.into_iter().map(|(_, row)| row).collect();
    Filtered { rows, undecided, matched, dropped }
}

/// Whether a row matches. Ordered so that "and" is the lesser and "or" the greater of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    No,
    Unknown,
    Yes,
}

impl From<bool> for Match {
    fn from(yes: bool) -> Match {
        if yes { Match::Yes } else { Match::No }
    }
}

/// What is asked for and a hidden process may be: found once, not for every row.
struct MayBe<'a> {
    called: HashSet<&'a str>,
    pids: HashSet<Pid>,
    of: HashSet<&'a str>,
    /// Whether there is one. It may be a license program, which listens on any port and may have any name, and the file
    /// of any may be deleted.
    any: bool,
}

impl<'a> MayBe<'a> {
    fn of(filter: &'a Filter, hidden: &HiddenProcesses) -> MayBe<'a> {
        // A name is that of the file, which cannot be read of a hidden process, whatever that calls itself. But who
        // names a service is after its ports.
        let is_any = !hidden.is_nothing();
        let words = filter.targets.iter().filter_map(|target| match target {
            Target::Name { word, ports, .. } if is_any && ports.is_empty() => Some(word.as_str()),
            Target::Name { word, .. } => Some(word.as_str()).filter(|word| hidden.seem_to_be_called(word)),
            Target::Ports(_) | Target::At(..) => None,
        });
        let names = filter.processes.iter().map(String::as_str).filter(|_| is_any);
        let users = filter.users.iter().map(String::as_str);
        MayBe {
            called: words.chain(names).collect(),
            pids: filter.pids.iter().copied().filter(|&pid| hidden.may_have_pid(pid)).collect(),
            of: users.filter(|user| hidden.may_be_of(user)).collect(),
            any: is_any,
        }
    }
}

/// What a filter says of a row.
struct Judged {
    is_target: Match,
    /// The indices of the targets that it certainly is of.
    targets: Vec<usize>,
    /// Whether it fulfils all other conditions.
    is_wanted: Match,
    /// The conditions that it does not fulfil.
    by: Vec<Condition>,
    /// Whether all that is not known is whether the file of a holder was deleted.
    lacks_file: bool,
}

fn judge(row: &Row, filter: &Filter, naming: &Naming, may_be: &MayBe<'_>, seen: &Observation) -> Judged {
    let (os, interfaces) = (seen.host.os, seen.interfaces.as_deref());
    let called =
        |name: &str| by_holder(row, |process| naming.means(process, name), || may_be.called.contains(name));
    let mut targets = Vec::new();
    let mut is_target = if filter.targets.is_empty() { Match::Yes } else { Match::No };
    for (index, target) in filter.targets.iter().enumerate() {
        let one = matches_target(row, target, called, naming, interfaces);
        is_target = is_target.max(one);
        if one == Match::Yes {
            targets.push(index);
        }
    }
    let conditions = [
        (Condition::Protocol, filter.protocol.is_none_or(|protocol| row.socket.protocol == protocol).into()),
        (Condition::Family, filter.family.is_none_or(|family| has_family(&row.socket, family)).into()),
        (
            Condition::Pid,
            any_of(&filter.pids, |&pid| {
                by_holder(row, |process| process.pid == pid, || may_be.pids.contains(&pid))
            }),
        ),
        (Condition::Process, any_of(&filter.processes, |name| called(name))),
        (Condition::User, any_of(&filter.users, |user| matches_user(row, user, may_be, os))),
        (Condition::Licenses, if filter.licenses { is_licensed(row, may_be) } else { Match::Yes }),
        (Condition::Flagged, (!filter.flagged || row.flagged()).into()),
        (Condition::Exposed, (!filter.exposed || row.exposure.is_beyond_loopback()).into()),
        (Condition::Deleted, if filter.deleted { runs_deleted(row, may_be) } else { Match::Yes }),
        (
            Condition::Address,
            any_of(&filter.addresses, |address| address.reaches(&row.socket, interfaces).into()),
        ),
    ];
    let is_wanted = conditions.iter().map(|(_, one)| *one).min().unwrap_or(Match::Yes);
    let with = |wanted: Match| -> Vec<Condition> {
        // Of most rows no list is needed.
        let left = if is_wanted == Match::Yes { &[][..] } else { &conditions };
        left.iter().filter(|(_, one)| *one == wanted).map(|(condition, _)| *condition).collect()
    };
    let (by, unknown) = (with(Match::No), with(Match::Unknown));
    let lacks_file = is_target == Match::Yes && unknown == [Condition::Deleted] && file_unknown(row);
    Judged { is_target, targets, is_wanted, by, lacks_file }
}

fn has_family(socket: &Socket, family: Family) -> bool {
    match family {
        Family::Ipv4 => socket.local.is_ipv4() || socket.dual_stack == Some(true),
        Family::Ipv6 => socket.local.is_ipv6(),
    }
}

/// Whether it is of a license manager, as any hidden owner may be.
fn is_licensed(row: &Row, may_be: &MayBe<'_>) -> Match {
    match row.license {
        Some(_) => Match::Yes,
        None if may_be.any && row.owner == Owner::Hidden => Match::Unknown,
        None => Match::No,
    }
}

/// Whether a holder's program file was deleted or replaced since it started.
fn runs_deleted(row: &Row, may_be: &MayBe<'_>) -> Match {
    let is_deleted = by_holder(row, |process| process.is_file_deleted() == Some(true), || may_be.any);
    is_deleted.max(if file_unknown(row) { Match::Unknown } else { Match::No })
}

/// Whether it is not known of a visible holder.
fn file_unknown(row: &Row) -> bool {
    row.owner.processes().any(|process| process.is_file_deleted().is_none())
}

/// The best match of any item; a match where there are none, because then nothing was typed.
fn any_of<T>(items: &[T], matches: impl Fn(&T) -> Match) -> Match {
    items.iter().map(matches).max().unwrap_or(Match::Yes)
}

fn matches_target(
    row: &Row,
    target: &Target,
    called: impl Fn(&str) -> Match,
    naming: &Naming,
    interfaces: Option<&[Interface]>,
) -> Match {
    match target {
        Target::Ports(ports) => in_ports(row, ports).into(),
        Target::At(place, ports) => {
            let socket = &row.socket;
            (in_ports(row, ports) && place.destination.reaches(socket, interfaces)).into()
        }
        Target::Name { word, protocol, ports, managers, programs, .. } => {
            let by_port = Match::from(ports.iter().any(|ports| in_ports(row, ports)));
            let by_name = called(word).max(is_labelled(&row.socket, word).into());
            let right_protocol = protocol.is_none_or(|protocol| protocol == row.socket.protocol);
            let by_product = row.license.iter().flat_map(|license| match license.verdict {
                // Of several that use the port, it is the first whose program it is not.
                Verdict::Mismatch => &license.managers[..license.managers.len().min(1)],
                _ => &license.managers[..],
            });
            let by_product = Match::from(by_product.into_iter().any(|one| managers.contains(&one.id)));
            let by_server = by_holder(row, |process| naming.is_of_product(process, word), || false);
            let by_program = programs.iter().map(|program| called(program)).max().unwrap_or(Match::No);
            [by_name, by_product, by_server, by_program]
                .into_iter()
                .fold(by_port, Match::max)
                .min(right_protocol.into())
        }
    }
}

fn in_ports(row: &Row, ports: &Ports) -> bool {
    ports.have(row.socket.protocol, row.socket.local.port())
}

/// Whether any holder is the one; a hidden process may be, where `may_be_hidden`.
fn by_holder(row: &Row, is_it: impl Fn(&Process) -> bool, may_be_hidden: impl Fn() -> bool) -> Match {
    match &row.owner {
        Owner::Identified { .. } if row.owner.processes().any(|process| is_it(process)) => Match::Yes,
        Owner::Identified { .. } if !row.more_holders => Match::No,
        Owner::Identified { .. } | Owner::Hidden if may_be_hidden() => Match::Unknown,
        Owner::Identified { .. } | Owner::Hidden => Match::No,
        Owner::Unattributed => Match::No,
    }
}

fn matches_user(row: &Row, user: &str, may_be: &MayBe<'_>, os: Os) -> Match {
    let number = user.parse::<u32>().ok();
    let is = |name: Option<&str>, uid: Option<u32>| {
        name.is_some_and(|name| is_user(name, user, os)) || (uid.is_some() && uid == number)
    };
    let of_socket = is(row.socket.user.as_deref(), row.socket.uid);
    let of_holder = by_holder(row, |p| is(p.user.as_deref(), p.uid), || may_be.of.contains(user));
    // Windows names processes to everybody, but not their users.
    let has_hidden_user = |p: &Process| p.user.is_none() && p.name.is_some() && p.program().is_some();
    let is_hidden = os == Os::Windows && row.owner.processes().any(|p| has_hidden_user(p));
    Match::from(of_socket).max(of_holder).max(if is_hidden { Match::Unknown } else { Match::No })
}
