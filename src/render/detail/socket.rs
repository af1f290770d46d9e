//! The socket itself: who can reach it, its backlog and its connections.

use std::io;

use super::super::group::RowGroup;
use super::super::page::Page;
use super::super::text::{and_more, unit_called};
use super::holder::unit;
use crate::model::quoting::quoted;
use crate::model::{AcceptQueue, Connections, Exposure, Socket, State};

impl Page<'_> {
    pub(super) fn socket(&mut self, group: &RowGroup<'_>) -> io::Result<()> {
        let socket = &group.lead_row().socket;
        match (&socket.activation, &socket.made_in) {
            (Some(activation), _) => {
                let starts = activation.service.as_ref().map_or(String::new(), |service| {
                    format!(", which starts {} when traffic arrives", quoted(service))
                });
                let socket = unit_called(activation.manager, &activation.socket);
                self.field("Opened by", &format!("{socket}{starts}"))?;
            }
            (None, Some(made_in)) => {
                self.field("Unit", &format!("{}, which opened the socket", unit(made_in)))?;
            }
            (None, None) => {}
        }
        if socket.state == State::Bound {
            let addresses = group.addresses().join(", ");
            return self.field("Address", &format!("{addresses} (accepts no connections until it listens)"));
        }
        self.field("Reach", &reach(group))?;
        if let Some((queue, address)) = group.fullest_queue() {
            let at = if group.addresses().len() > 1 && queue.is_full() {
                format!(" at {address}")
            } else {
                String::new()
            };
            self.field("Backlog", &backlog(queue, &at))?;
        }
        match group.connections() {
            Some(connections) => self.field("Connections", &connected(&connections)),
            None => Ok(()),
        }
    }
}

/// The addresses, and from where they can be reached: the widest reach counts.
fn reach(group: &RowGroup<'_>) -> String {
    let widest = group.rows().iter().map(|row| row.exposure).max().unwrap_or(Exposure::AllInterfaces);
    let interfaces: Vec<_> = group.rows().iter().map(|row| row.socket.interface.as_deref()).collect();
    let through = match (&interfaces[..], widest) {
        ([Some(interface), rest @ ..], Exposure::AllInterfaces | Exposure::Public | Exposure::Private)
            if rest.iter().all(|other| *other == Some(interface)) =>
        {
            Some(*interface)
        }
        _ => None,
    };
    let is_here = group.lead_row().socket.namespace.is_none();
    let meaning = match (through, widest) {
        (Some(interface), _) => {
            let interface = quoted(interface);
            format!("any machine that connects through {interface}, unless a firewall blocks it")
        }
        (None, Exposure::Loopback) => "only programs on this machine".to_owned(),
        (None, Exposure::LinkLocal) => "machines on the same network segment".to_owned(),
        (None, Exposure::Private) => {
            "machines on the private network, unless a firewall blocks it".to_owned()
        }
        (None, Exposure::Public) => {
            "any machine that can reach this address, unless a firewall blocks it".to_owned()
        }
        (None, Exposure::AllInterfaces) if is_here => {
            "any other machine, unless a firewall blocks it".to_owned()
        }
        (None, Exposure::AllInterfaces) => {
            "any machine that can reach this namespace, unless a firewall blocks it".to_owned()
        }
    };
    format!("{} ({}{meaning})", group.addresses().join(", "), families(group))
}

/// Whether a lone IPv6 wildcard accepts IPv4 too.
fn families(group: &RowGroup<'_>) -> &'static str {
    let sockets: Vec<&Socket> = group.rows().iter().map(|row| &row.socket).collect();
    let accepts = |ipv4| !sockets.is_empty() && sockets.iter().all(|socket| socket.dual_stack == Some(ipv4));
    if accepts(true) {
        "IPv6 and IPv4; "
    } else if accepts(false) {
        "IPv6 only; "
    } else if group.addresses() == ["::"] {
        "IPv6, perhaps IPv4 too; "
    } else {
        ""
    }
}

fn backlog(queue: AcceptQueue, at: &str) -> String {
    let AcceptQueue { waiting, limit } = queue;
    let limit = limit.map_or(String::new(), |limit| format!(", limit {limit}"));
    if queue.is_full() {
        format!(
            "full{at} ({waiting} waiting{limit}): new connections get no answer. The program is stuck, stopped \
             or too slow"
        )
    } else {
        format!("{waiting} waiting{limit}")
    }
}

fn connected(connections: &Connections) -> String {
    let Connections { established, peers, top } = connections;
    if *established == 0 {
        return "none".to_owned();
    }
    let named = top.iter().map(|(address, count)| format!("{address} ({count})")).collect();
    let named = and_more(named, peers.saturating_sub(top.len()));
    let addresses = if *peers == 1 { "1 address".to_owned() } else { format!("{peers} addresses") };
    format!("{established} from {addresses}: {}", named.join(", "))
}
