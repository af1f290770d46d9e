//! What to say where a port was asked about at an address: whose address that is, and where else the port is held.

use std::collections::BTreeSet;

use crate::model::phrase::{list, named};
use crate::model::quoting::quoted;
use crate::model::{Observation, Row};
use crate::query::{Address, Destination, Place, Ports};

/// More addresses than these are counted, not named.
const MOST_ADDRESSES: usize = 3;

/// The sentences. `rows` are all sockets that were listed, whether or not they are shown.
pub(super) fn sentences(
    place: &Place,
    ports: &Ports,
    rows: &[Row],
    observation: &Observation,
) -> Vec<String> {
    let mut said = Vec::new();
    if let Destination::Named(name) = &place.destination
        && !is_this_machine(name, observation.host.name.as_deref())
    {
        said.push(format!(
            "whatlistens looks at this machine only: the answer is about this machine's port, not about {name}."
        ));
    }
    let interfaces = observation.interfaces.as_deref();
    if let (Destination::Ip(address), Some(interfaces)) = (&place.destination, interfaces)
        && address.is_foreign(interfaces)
    {
        let address = address.to_string();
        said.push(format!(
            "No interface of this machine has {}: the answer is about this machine's port.",
            quoted(&address)
        ));
    }
    let is_there = |row: &&Row| place.destination.reaches(&row.socket, interfaces);
    let has_port = |row: &&Row| ports.have(row.socket.protocol, row.socket.local.port());
    let (there, elsewhere): (Vec<&Row>, Vec<&Row>) = rows.iter().filter(has_port).partition(is_there);
    if there.is_empty() && !elsewhere.is_empty() {
        let bound_to =
            |row: &&Row| Address { ip: row.socket.local.ip(), interface: row.socket.interface.clone() };
        let addresses: BTreeSet<Address> = elsewhere.iter().map(bound_to).collect();
        let addresses: Vec<Address> = addresses.into_iter().collect();
        let shown = named(&addresses, MOST_ADDRESSES, |one| quoted(&one.to_string()).into_owned());
        let held: BTreeSet<String> = elsewhere
            .iter()
            .map(|row| format!("{}/{}", row.socket.local.port(), row.socket.protocol))
            .collect();
        let held: Vec<String> = held.into_iter().collect();
        let is = if held.len() == 1 { "is" } else { "are" };
        let held = named(&held, MOST_ADDRESSES, String::clone);
        let (held, shown) = (list(&held, "and"), list(&shown, "and"));
        let ports = ports.range;
        said.push(format!(
            "No listener receives what is sent to {}. {held} {is} held at {shown} only: whatlistens {ports}",
            place.typed
        ));
    }
    said
}

/// Whether a name is that of this machine, with or without its domain.
fn is_this_machine(name: &str, own: Option<&str>) -> bool {
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    own.is_some_and(|own| {
        own.eq_ignore_ascii_case(name)
            || (first(own) == first(name) && !(own.contains('.') && name.contains('.')))
    })
}
