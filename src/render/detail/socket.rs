//! The socket itself, in words: who can reach it, and what waits.

use std::io;

use super::super::group::RowGroup;
use super::super::page::Page;
use super::super::text::and_more;
use super::holder::unit;
use crate::model::{AcceptQueue, Connections, Exposure, Socket, State};

impl Page<'_> {
    pub(super) fn socket(&mut self, group: &RowGroup<'_>) -> io::Result<()> {
        let socket = &group.lead_row().socket;
        match (&socket.activation, &socket.made_in) {
            (Some(activation), _) => {
                let starts = activation.service.as_ref().map_or(String::new(), |service| {
                    format!(", which starts {service} when somebody connects")
                });
                self.field("Opened by", &format!("{}{starts}", activation.socket))?;
            }
            (None, Some(made_in)) => {
                self.field("Unit", &format!("{}: the socket was opened in it", unit(made_in)))?;
            }
            (None, None) => {}
        }
        if socket.state == State::Bound {
            let addresses = group.addresses().join(", ");
            return self
                .field("Address", &format!("{addresses} (nobody can connect while it does not listen)"));
        }
        self.field("Reach", &reach(group))?;
        if let Some((queue, address)) = group.fullest_queue() {
            let at = if group.addresses().len() > 1 && queue.is_full() {
                format!(" at {address}")
            } else {
                String::new()
            };
            self.field("Backlog", &waiting(queue, &at))?;
        }
        match group.connections() {
            Some(connections) => self.field("Connections", &connected(&connections)),
            None => Ok(()),
        }
    }
}

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
    let here = match group.lead_row().socket.namespace {
        Some(_) => "this namespace",
        None => "this one",
    };
    let meaning = match (through, widest) {
        (Some(interface), _) => {
            format!("machines that reach {here} through {interface} can reach it, if no firewall stops them")
        }
        (None, Exposure::Loopback) => "only programs on this machine can reach it".to_owned(),
        (None, Exposure::LinkLocal) => "machines on the same network segment can reach it".to_owned(),
        (None, Exposure::Private) => {
            "machines on the private network can reach it, if no firewall stops them".to_owned()
        }
        (None, Exposure::Public) => {
            "any machine that can reach this address can reach it, if no firewall stops it".to_owned()
        }
        (None, Exposure::AllInterfaces) => {
            format!("any machine that can reach {here} can reach it, if no firewall stops it")
        }
    };
    format!("{} ({}{meaning})", group.addresses().join(", "), families(group))
}

/// What an IPv6 wildcard that stands alone takes.
fn families(group: &RowGroup<'_>) -> &'static str {
    let sockets: Vec<&Socket> = group.rows().iter().map(|row| &row.socket).collect();
    let takes = |both| !sockets.is_empty() && sockets.iter().all(|socket| socket.dual_stack == Some(both));
    if takes(true) {
        "by IPv6 and IPv4; "
    } else if takes(false) {
        "by IPv6 alone; "
    } else if group.addresses() == ["::"] {
        "by IPv6, and it is not told whether by IPv4 too; "
    } else {
        ""
    }
}

fn waiting(queue: AcceptQueue, at: &str) -> String {
    let AcceptQueue { waiting, limit } = queue;
    let of = limit.map_or(String::new(), |limit| format!(" of {limit}"));
    if queue.is_full() {
        format!(
            "{waiting}{of}{at}, full: new connections get no answer; the program is stuck, too slow, or \
             stopped"
        )
    } else {
        format!("{waiting}{of}{at} (connections that wait to be accepted)")
    }
}

fn connected(connections: &Connections) -> String {
    let Connections { established, peers, top } = connections;
    if *established == 0 {
        return "none is established".to_owned();
    }
    let named = top.iter().map(|(address, count)| format!("{address} ({count})")).collect();
    let named = and_more(named, peers.saturating_sub(top.len()));
    let addresses = if *peers == 1 { "1 address".to_owned() } else { format!("{peers} addresses") };
    format!("{established} from {addresses}: {}", named.join(", "))
}
