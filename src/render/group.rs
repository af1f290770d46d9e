//! Groups of rows: all sockets that a person calls one service, such as its IPv4 and IPv6 sockets, those
//! of its workers, and those of one `SO_REUSEPORT` group.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::model::quoting::quoted;
use crate::model::sorting::sort_by_key;
use crate::model::{
    AcceptQueue, Connections, EventKind, Exposure, Namespace, Owner, Pid, Process, Protocol, Row, Severity,
    Socket, State, Verdict,
};

/// The rows of one service, in the order of the report.
#[derive(Debug)]
pub(super) struct RowGroup<'a> {
    rows: Vec<&'a Row>,
    lead: Option<&'a Process>,
    /// Whether it is about the lead alone, whoever else holds the sockets.
    alone: bool,
}

/// What the rows of a group have in common.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    protocol: Protocol,
    port: u16,
    state: State,
    interface: Option<&'a str>,
    namespace: Option<u64>,
    license: Option<(Verdict, Severity)>,
    holder: Holder<'a>,
    went: bool,
}

#[derive(PartialEq, Eq, Hash)]
enum Holder<'a> {
    Lead(Pid),
    /// Another process of the same program and user at the very same address, which the kernel
    /// allows to an `SO_REUSEPORT` group, and over UDP with `SO_REUSEADDR` too (`socket(7)`).
    SharedAddress {
        address: IpAddr,
        name: Option<&'a str>,
        user: Option<String>,
    },
    Hidden {
        uid: Option<u32>,
        unit: Option<&'a str>,
    },
    Unattributed,
}

/// Groups rows, in the order of each group's first row.
pub(super) fn group(rows: &[Row]) -> Vec<RowGroup<'_>> {
    let mut groups: Vec<RowGroup<'_>> = Vec::new();
    let mut group_of: HashMap<Key<'_>, usize> = HashMap::with_capacity(2 * rows.len());
    for row in rows {
        let keys = keys(row);
        let index = keys.iter().find_map(|key| group_of.get(key).copied()).unwrap_or_else(|| {
            groups.push(RowGroup { rows: Vec::new(), lead: None, alone: false });
            groups.len() - 1
        });
        groups[index].add(row);
        for key in keys {
            group_of.entry(key).or_insert(index);
        }
    }
    groups
}

fn keys(row: &Row) -> Vec<Key<'_>> {
    let holders = match &row.owner {
        Owner::Identified { lead, .. } => {
            let shared = Holder::SharedAddress {
                address: row.socket.local.ip(),
                name: lead.name.as_deref(),
                user: row.user(),
            };
            vec![Holder::Lead(lead.pid), shared]
        }
        Owner::Hidden => {
            let unit = row.socket.made_in.as_ref().map(|unit| unit.name.as_str());
            vec![Holder::Hidden { uid: row.socket.uid, unit }]
        }
        Owner::Unattributed => vec![Holder::Unattributed],
    };
    let key = |holder| Key {
        protocol: row.socket.protocol,
        port: row.socket.local.port(),
        state: row.socket.state,
        interface: row.socket.interface.as_deref(),
        namespace: row.socket.namespace.as_ref().map(|Namespace { inode, .. }| *inode),
        license: row.license.as_ref().map(|license| (license.verdict, license.severity)),
        holder,
        went: row.change == Some(EventKind::Went),
    };
    holders.into_iter().map(key).collect()
}

impl<'a> RowGroup<'a> {
    fn add(&mut self, row: &'a Row) {
        self.rows.push(row);
        if let Some(lead) = row.owner.lead() {
            let age = |process: &Process| (process.started_at.is_none(), process.started_at, process.pid);
            if self.lead.is_none_or(|oldest| age(lead) < age(oldest)) {
                self.lead = Some(lead);
            }
        }
    }

    /// One for each of the holders that were asked for, the lead first, each with what that holds.
    pub(super) fn of_each_holder(self, asked: Option<&BTreeSet<Pid>>) -> Vec<RowGroup<'a>> {
        let is_asked = |holder: &&Process| asked.is_none_or(|asked| asked.contains(&holder.pid));
        let holders: Vec<_> = self.lead.into_iter().chain(self.others()).filter(is_asked).collect();
        if holders.is_empty() {
            return vec![self];
        }
        let of = |holder: &'a Process| RowGroup {
            rows: self.rows.iter().copied().filter(|row| has(row, holder)).collect(),
            lead: Some(holder),
            alone: true,
        };
        holders.into_iter().map(of).collect()
    }

    /// The user to show.
    pub(super) fn user(&self) -> Option<String> {
        match self.lead {
            Some(lead) if self.alone => lead.user.clone(),
            Some(_) | None => self.lead_row().user(),
        }
    }

    /// The row that represents the group: one of the lead process.
    pub(super) fn lead_row(&self) -> &'a Row {
        let lead = self.lead.map(|lead| lead.pid);
        let of_lead = self.rows.iter().find(|row| row.owner.lead().map(|p| p.pid) == lead);
        of_lead.unwrap_or(&self.rows[0])
    }

    /// The process that represents the group: the oldest lead of its rows.
    pub(super) fn lead(&self) -> Option<&'a Process> {
        self.lead
    }

    /// All other holders, each once, by PID.
    pub(super) fn others(&self) -> Vec<&'a Process> {
        if self.alone {
            return Vec::new();
        }
        let lead = self.lead.map(|lead| lead.pid);
        let all = self.rows.iter().flat_map(|row| row.owner.processes()).map(Arc::as_ref);
        let mut others: Vec<_> = all.filter(|process| Some(process.pid) != lead).collect();
        sort_by_key(&mut others, |process| process.pid);
        others.dedup_by_key(|process| process.pid);
        others
    }

    /// The addresses, each once, the most exposed first. IPv4-mapped ones are written as IPv4.
    pub(super) fn addresses(&self) -> Vec<String> {
        self.addresses_as(|row| written(&row.socket))
    }

    /// Each address with the port, as ss(8) writes them: `[::1]:80`, `127.0.0.53%lo:53`, and `*:80` for an IPv6 wildcard
    /// that takes IPv4 too.
    pub(super) fn addresses_and_port(&self) -> Vec<String> {
        self.addresses_as(|row| {
            let socket = &row.socket;
            let address = match (socket.dual_stack, socket.local.ip().to_canonical()) {
                (Some(true), _) => "*".to_owned(),
                (_, IpAddr::V4(address)) => address.to_string(),
                (_, IpAddr::V6(address)) => format!("[{address}]"),
            };
            format!("{}:{}", through(address, socket), socket.local.port())
        })
    }

    /// Each of its addresses once, as this writes them, the most exposed first.
    pub(super) fn addresses_as(&self, written: impl Fn(&Row) -> String) -> Vec<String> {
        let mut rows = self.rows.clone();
        sort_by_key(&mut rows, |row| Reverse(row.exposure));
        let mut known = HashSet::new();
        let texts = rows.into_iter().map(written);
        texts.filter(|text| known.insert(text.clone())).collect()
    }

    /// The connections of all sockets. Those of one `SO_REUSEPORT` group share theirs, so they count once.
    pub(super) fn connections(&self) -> Option<Connections> {
        let mut counted: HashSet<(SocketAddr, Option<&str>)> = HashSet::new();
        let mut all: Option<Connections> = None;
        for row in &self.rows {
            let bound_to = (row.socket.local, row.socket.interface.as_deref());
            let Some(one) = row.socket.connections.as_ref().filter(|_| counted.insert(bound_to)) else {
                continue;
            };
            let all = all.get_or_insert_default();
            all.established += one.established;
            all.peers += one.peers;
            all.top.extend(&one.top);
        }
        if let Some(all) = &mut all {
            sort_by_key(&mut all.top, |&(address, count)| (Reverse(count), address));
        }
        all
    }

    /// The fullest accept queue of the sockets, and its address.
    pub(super) fn fullest_queue(&self) -> Option<(AcceptQueue, IpAddr)> {
        let queues =
            self.rows.iter().filter_map(|row| Some((row.socket.accept_queue?, row.socket.local.ip())));
        queues.max_by_key(|(queue, _)| (queue.is_full(), queue.waiting, Reverse(queue.limit)))
    }

    /// From where it can be reached: the widest reach counts.
    pub(super) fn exposure(&self) -> Option<Exposure> {
        self.rows.iter().map(|row| row.exposure).max()
    }

    /// What became of it a moment ago. Of one that got another socket, that changed.
    pub(super) fn change(&self) -> Option<EventKind> {
        let mut changes = self.rows.iter().map(|row| row.change);
        let first = changes.next()?;
        match changes.all(|change| change == first) {
            true => first,
            false => Some(EventKind::Changed),
        }
    }

    pub(super) fn rows(&self) -> &[&'a Row] {
        &self.rows
    }
}

fn has(row: &Row, holder: &Process) -> bool {
    row.owner.processes().any(|process| process.pid == holder.pid)
}

/// The address of a socket. An IPv4-mapped address is written as IPv4.
pub(super) fn written(socket: &Socket) -> String {
    through(socket.local.ip().to_canonical().to_string(), socket)
}

/// An address with the interface that the socket is bound to.
fn through(address: String, socket: &Socket) -> String {
    match &socket.interface {
        Some(interface) => format!("{address}%{}", quoted(interface)),
        None => address,
    }
}
