//! What people call services that the registry calls otherwise: `rdp` for ms-wbt-server. `data/README.md` has the form.

use crate::model::{PortRange, Protocol};

const OTHER_NAMES: &str = include_str!("../../../data/other_names.tsv");

/// The ports of the service that people call so, in any case, with the protocol; `None` for both.
#[must_use]
pub fn called_otherwise(name: &str) -> Option<(PortRange, Option<Protocol>)> {
    let mut lines = OTHER_NAMES.lines().map(|line| line.split('\t'));
    let mut columns = lines.find_map(|mut columns| {
        columns.next().filter(|own| own.eq_ignore_ascii_case(name)).map(|_| columns)
    })?;
    Some((PortRange::parse(columns.next()?)?, Protocol::from_name(columns.next()?)))
}

/// What people call services, in the order of the file.
pub fn other_names() -> impl Iterator<Item = &'static str> {
    OTHER_NAMES.lines().filter_map(|line| line.split('\t').next())
}
