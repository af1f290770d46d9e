//! One page for a ticket or an auditor, in HTML: it loads nothing, and can be read without its script. Every value goes
//! through the template's own escaping, and through ours, which shows what has no shape.

mod host;
mod many;
mod page;
mod picture;

use std::io::{self, Write};

pub(super) use self::host::{HostPart, of_report, of_servers};
pub(super) use self::many::ManyHosts;

/// Writes the page of one machine.
pub(super) fn write(host: &HostPart, out: &mut dyn Write) -> io::Result<()> {
    page::begin(&format!("{}: what listens", host.machine), false, out)?;
    page::section(host, None, out)?;
    page::end(None, out)
}
