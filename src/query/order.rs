//! The order of the rows.

use std::cmp::Ordering;

use crate::cli::Sort;
use crate::model::Row;

/// Compares by the key alone; what is unknown or missing comes last.
pub(super) fn by_key(a: &Row, b: &Row, key: Sort) -> Ordering {
    fn known_first<T: Ord>(a: Option<T>, b: Option<T>) -> Ordering {
        (a.is_none(), a).cmp(&(b.is_none(), b))
    }
    let lead = |row: &'_ Row| row.owner.lead().map(|lead| lead.pid);
    match key {
        Sort::Port => Ordering::Equal,
        Sort::Address => a.socket.local.ip().cmp(&b.socket.local.ip()),
        Sort::Process => known_first(process_name(a), process_name(b)),
        Sort::Pid => known_first(lead(a), lead(b)),
        Sort::User => known_first(a.user(), b.user()),
        Sort::Service => known_first(service_name(a), service_name(b)),
        Sort::Verdict => known_first(concern(a), concern(b)),
    }
}

fn process_name(row: &Row) -> Option<&str> {
    row.owner.lead()?.name.as_deref()
}

fn service_name(row: &Row) -> Option<&str> {
    row.service.as_ref().map(|service| service.name.as_str())
}

/// The more attention a row deserves, the less.
fn concern(row: &Row) -> Option<impl Ord> {
    let license = row.license.as_ref()?;
    Some((std::cmp::Reverse(license.severity), std::cmp::Reverse(license.verdict)))
}

pub(super) fn by_place(a: &Row, b: &Row) -> Ordering {
    fn place(row: &Row) -> impl Ord {
        let socket = &row.socket;
        let namespace = socket.namespace.as_ref().map(|namespace| (&namespace.name, namespace.inode));
        (socket.local.port(), socket.protocol, namespace, socket.local.ip(), socket.id)
    }
    place(a).cmp(&place(b))
}
