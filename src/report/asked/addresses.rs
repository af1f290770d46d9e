//! What to say of addresses that were asked about: that this machine does not have one.

use crate::model::quoting::quoted;
use crate::model::{Asked, Interface, Note, Row, State};
use crate::query::Address;

/// An answer about each address that no interface has, as far as the interfaces are known. `rows` are those that are
/// shown.
pub(super) fn not_own(
    addresses: &[Address],
    interfaces: Option<&[Interface]>,
    rows: &[Row],
    lists_namespaces: bool,
) -> Vec<Asked> {
    // Those of other namespaces are not known.
    let Some(interfaces) = interfaces.filter(|_| !lists_namespaces) else { return Vec::new() };
    let is_foreign = |address: &&Address| {
        // A local route may have it.
        let is_routed = rows.iter().any(|row| {
            row.socket.assigned == Some(true) && row.socket.local.ip().to_canonical() == address.ip
        });
        address.is_foreign(interfaces) && !is_routed
    };
    let answer = |address: &Address| {
        let waits = rows.iter().any(|row| row.socket.state != State::Bound);
        let but = if waits { ": only a local route or packet rules can bring anything there" } else { "" };
        Asked {
            what: format!("--address {address}"),
            is_option: true,
            more_free: Some(0),
            is_matched: !rows.is_empty(),
            notes: vec![Note::line(format!("No interface has {} now{but}.", quoted(&address.to_string())))],
            ..Asked::default()
        }
    };
    addresses.iter().filter(is_foreign).map(answer).collect()
}
