//! Port → service and class; address → exposure.

use super::exposure::{OwnAddresses, of_socket};
use crate::knowledge::{Entry, RegisteredPort, is_usual};
use crate::model::{
    Attributed, License, Os, Owner, Presence, Process, Row, Service, ServiceManager, Socket, Verdict,
};

/// Makes a row of an attributed socket and its verdict: adds what the registry says of its port, and how
/// exposed it is.
#[must_use]
pub(super) fn annotate(
    attributed: Attributed,
    license: Option<License>,
    registered: &RegisteredPort<'_>,
    os: Os,
    addresses: Option<&OwnAddresses>,
) -> Row {
    let Attributed { socket, owner, ancestors, more_holders, in_flight_to } = attributed;
    let entry = registered.for_protocol(socket.protocol).next();
    Row {
        service: entry.map(service),
        known_for_service: entry
            .and_then(|entry| known_for(entry, &socket, &owner, license.as_ref(), registered, os)),
        exposure: of_socket(&socket),
        assigned_to: addresses.and_then(|addresses| addresses.of(&socket)),
        license,
        next: None,
        change: None,
        socket,
        owner,
        ancestors,
        more_holders,
        in_flight_to,
    }
}

#[must_use]
pub(super) fn service(entry: Entry<'_>) -> Service {
    Service { name: entry.name.to_owned(), description: entry.description.to_owned() }
}

/// Whether the program that holds a socket is known for the service of its port. `None` where it is not known which
/// program that is.
fn known_for(
    entry: Entry<'_>,
    socket: &Socket,
    owner: &Owner,
    license: Option<&License>,
    registered: &RegisteredPort<'_>,
    os: Os,
) -> Option<bool> {
    if let Some(license) = license.filter(|_| entry.license.is_some()) {
        match license.verdict {
            Verdict::Expected => return Some(true),
            Verdict::Mismatch | Verdict::OtherLicenseManager => return Some(false),
            Verdict::CannotTell => {}
        }
    }
    let is_known = |name: &str| registered.for_protocol(socket.protocol).any(|entry| is_usual(name, entry));
    let is_of_launchd =
        socket.activation.as_ref().is_some_and(|activation| activation.manager == ServiceManager::Launchd);
    let by_unit = unit_of_the_system(socket).is_some_and(is_known);
    let is_believed =
        |lead: &&Process| !lead.claims_its_name(os) && !matches!(lead.presence, Presence::Ended { .. });
    match owner.lead().filter(is_believed).and_then(|lead| lead.name.as_deref()) {
        // For whom launchd opened it is a guess by the port, which a user's own job may have.
        Some(name) if is_of_launchd => is_known(name).then_some(true),
        Some(name) => Some(is_known(name) || (socket.activation.is_some() && by_unit)),
        None => by_unit.then_some(true),
    }
}

/// The name of the unit that opened a socket, without its kind. Only root names the units of the system.
fn unit_of_the_system(socket: &Socket) -> Option<&str> {
    let is_of_system = |manager| manager == ServiceManager::Systemd;
    match (&socket.activation, &socket.made_in) {
        (Some(activation), _) if is_of_system(activation.manager) => {
            Some(activation.socket.trim_end_matches(".socket"))
        }
        (None, Some(made_in)) if is_of_system(made_in.manager) => {
            Some(made_in.name.trim_end_matches(".service"))
        }
        _ => None,
    }
}
