//! The socket itself: who can reach it, its backlog and its connections.

use std::io;

use super::super::group::RowGroup;
use super::super::page::Page;
use super::super::text::unit_called;
use super::holder::unit;
use super::reach::{reach, reached_at};
use crate::model::phrase::and_more;
use crate::model::quoting::quoted;
use crate::model::{AcceptQueue, Connections, Interface, ServiceManager, State};

impl Page<'_> {
    pub(super) fn socket(
        &mut self,
        group: &RowGroup<'_>,
        interfaces: Option<&[Interface]>,
    ) -> io::Result<()> {
        let socket = &group.lead_row().socket;
        match (&socket.activation, &socket.made_in) {
            (Some(activation), _) if activation.manager == ServiceManager::Launchd => {
                let job = quoted(&activation.socket);
                self.field("Opened by", &format!("launchd, which starts {job} when traffic arrives"))?;
            }
            (Some(activation), _) => {
                let starts = activation.service.as_ref().map_or(String::new(), |service| {
                    format!(", which starts {} when traffic arrives", quoted(service))
                });
                let socket = unit_called(activation.manager, &activation.socket);
                self.field("Opened by", &format!("{socket}{starts}"))?;
            }
            (None, Some(made_in)) if made_in.manager != ServiceManager::Windows => {
                self.field("Unit", &format!("{}, which opened the socket", unit(made_in)))?;
            }
            (None, _) => {}
        }
        if let Some(last) = &socket.last_used_by {
            let hint = "a hint, not the owner, for it may have passed the socket on";
            self.field("Last used by", &format!("{}: {hint}", last.called()))?;
        }
        if socket.state == State::Bound {
            let addresses = group.addresses().join(", ");
            return self.field("Address", &format!("{addresses} (accepts no connections until it listens)"));
        }
        if socket.port_requested == Some(false) {
            self.field("Port", "chosen by the system, as for a client: next time it is another")?;
        }
        self.field("Reach", &reach(group, interfaces))?;
        if let Some(at) = interfaces.and_then(|interfaces| reached_at(group, interfaces)) {
            self.field("Reached at", &at)?;
        }
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
