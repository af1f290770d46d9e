//! License managers by their ports.

use std::sync::OnceLock;

use super::schema::LicenseManager;
use crate::model::sorting::sort_by_key;
use crate::model::{PortRange, Protocol};

/// Collected at the first question: every listener is looked up.
#[derive(Debug, Clone, Default)]
pub(super) struct Ports(OnceLock<ByFirstPort>);

#[derive(Debug, Clone)]
struct ByFirstPort {
    /// Each port or range, with the place of its manager in the list.
    ranges: Vec<(PortRange, usize)>,
    /// How far the last port of a range is from its first, at most.
    widest: u16,
}

impl ByFirstPort {
    fn of(managers: &[LicenseManager]) -> ByFirstPort {
        let of = |(at, manager): (usize, &LicenseManager)| {
            let ranges: Vec<PortRange> = manager.ports.iter().filter_map(|known| known.range).collect();
            ranges.into_iter().map(move |range| (range, at))
        };
        let mut ranges: Vec<(PortRange, usize)> = managers.iter().enumerate().flat_map(of).collect();
        sort_by_key(&mut ranges, |(range, _)| range.first);
        let widest = ranges.iter().map(|(range, _)| range.last - range.first).max().unwrap_or_default();
        ByFirstPort { ranges, widest }
    }

    /// The places of the managers with a port, each once, in their order.
    fn places(&self, port: u16) -> Vec<usize> {
        let from = self.ranges.partition_point(|(range, _)| range.first < port.saturating_sub(self.widest));
        let begun = self.ranges[from..].iter().take_while(|(range, _)| range.first <= port);
        let mut places: Vec<usize> =
            begun.filter(|(range, _)| range.contains(port)).map(|(_, at)| *at).collect();
        sort_by_key(&mut places, |&at| at);
        places.dedup();
        places
    }
}

impl Ports {
    /// The managers that use a port; with `None`, by any protocol.
    pub(super) fn managers_on<'l>(
        &'l self,
        managers: &'l [LicenseManager],
        port: u16,
        protocol: Option<Protocol>,
    ) -> impl Iterator<Item = &'l LicenseManager> {
        let places = self.0.get_or_init(|| ByFirstPort::of(managers)).places(port);
        let on_port = places.into_iter().map(|at| &managers[at]);
        on_port.filter(move |manager| manager.ports.iter().any(|known| known.is_at(port, protocol)))
    }
}
