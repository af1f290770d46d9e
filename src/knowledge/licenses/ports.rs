//! License managers by their ports.

use std::sync::OnceLock;

use super::schema::LicenseManager;
use crate::model::{PortRange, Protocol};

/// Each port or range, with the place of its manager in the list; in the order of that. Collected at the first question:
/// every listener is looked up.
#[derive(Debug, Clone, Default)]
pub(super) struct Ports(OnceLock<Vec<(PortRange, usize)>>);

impl Ports {
    fn of(&self, managers: &[LicenseManager]) -> &[(PortRange, usize)] {
        self.0.get_or_init(|| {
            let of = |(at, manager): (usize, &LicenseManager)| {
                let ranges: Vec<PortRange> = manager.ports.iter().filter_map(|known| known.range).collect();
                ranges.into_iter().map(move |range| (range, at))
            };
            managers.iter().enumerate().flat_map(of).collect()
        })
    }

    /// The managers that use a port; with `None`, by any protocol.
    pub(super) fn managers_on<'l>(
        &'l self,
        managers: &'l [LicenseManager],
        port: u16,
        protocol: Option<Protocol>,
    ) -> impl Iterator<Item = &'l LicenseManager> {
        let mut last = None;
        // A manager may have several ranges with the port.
        let is_next =
            move |(range, at): &&(PortRange, usize)| range.contains(port) && last.replace(*at) != Some(*at);
        let on_port = self.of(managers).iter().filter(is_next).map(|&(_, at)| &managers[at]);
        on_port.filter(move |manager| manager.ports.iter().any(|known| known.is_at(port, protocol)))
    }
}
