//! The look at one network namespace.

use super::super::Wish;
use super::super::decode::kernel_socket::KernelSocket;
use super::connections;
use super::listeners::{self, Found, Sockets};
use super::tables::{Tables, Unread};
use crate::model::{Gap, GapKind, Namespace, PortRange};

/// What was seen in it.
#[derive(Default)]
pub(super) struct Look {
    pub(super) found: Vec<Found>,
    /// Requests to license servers that are not answered.
    pub(super) unanswered: Vec<KernelSocket>,
    /// Tables that could not be read at all.
    pub(super) unread: Vec<Unread>,
    /// What could not be seen otherwise.
    pub(super) gaps: Vec<Gap>,
    /// Why `/proc/net` was read, where it was.
    pub(super) fell_back: Option<String>,
}

/// Looks at the namespace that the tables are of.
pub(super) fn look(
    tables: &mut Tables,
    wish: &Wish,
    license_ports: &[PortRange],
    namespace: Option<&Namespace>,
) -> Look {
    let Sockets { found, unanswered, unread, lacking, fell_back } =
        listeners::read(tables, wish, license_ports, namespace);
    let mut look = Look { found, unanswered, unread, gaps: Vec::new(), fell_back };
    if let Some(why) = lacking {
        let detail = format!("a socket table was not read to its end ({why}), so listeners may be missing");
        look.gaps.push(Gap::new(GapKind::SocketsUnreadable, detail));
    }
    let counted = if wish.connections { &[PortRange::ALL][..] } else { license_ports };
    if let Some(why) = connections::count(tables, &mut look.found, counted) {
        look.gaps.push(not_all_connections(&why));
    }
    look
}

/// The gap of connections that were not all read.
pub(super) fn not_all_connections(why: &str) -> Gap {
    let detail = format!("connections were not all read ({why}), so there may be more");
    Gap::new(GapKind::ConnectionsUnreadable, detail)
}

impl Look {
    /// Whether nothing could be read.
    pub(super) fn is_blind(&self) -> bool {
        self.found.is_empty() && !self.unread.is_empty()
    }

    /// The gaps of the tables that could not be read at all.
    pub(super) fn unread_gaps(&self) -> impl Iterator<Item = Gap> {
        self.unread.iter().map(|unread| {
            let detail = format!("{}, so listeners may be missing", unread.told());
            Gap::new(GapKind::SocketsUnreadable, detail)
        })
    }
}
