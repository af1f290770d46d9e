//! All that is known, as one value.

use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};

use super::{LicenseErrors, LicenseManager, Licenses, PortClaims, Registry};
use crate::model::{PortRange, Protocol};

/// The registry of services and the facts about license managers. Made once, in `main`, and passed in.
#[derive(Debug)]
pub struct Knowledge {
    pub registry: Registry<'static>,
    /// Parsing them takes longer than a whole lookup in the registry, and many questions need none of them.
    licenses: LazyLock<Licenses>,
    /// The same with those of a site, if it has any of its own.
    with_site: Option<Licenses>,
    /// Only `explain` needs them.
    license_errors: LazyLock<LicenseErrors>,
    /// The same for every record of a folder.
    license_ports: OnceLock<Vec<PortRange>>,
}

impl Knowledge {
    /// What is compiled into the program.
    #[must_use]
    pub fn embedded() -> Knowledge {
        Knowledge {
            registry: Registry::embedded(),
            licenses: LazyLock::new(Licenses::embedded),
            with_site: None,
            license_errors: LazyLock::new(LicenseErrors::embedded),
            license_ports: OnceLock::new(),
        }
    }

    /// With license managers of a site besides.
    #[must_use]
    pub fn with_managers(managers: &[LicenseManager]) -> Knowledge {
        Knowledge { with_site: Some(Licenses::embedded().with(managers)), ..Knowledge::embedded() }
    }

    #[must_use]
    pub fn licenses(&self) -> &Licenses {
        self.with_site.as_ref().unwrap_or(&self.licenses)
    }

    #[must_use]
    pub fn license_errors(&self) -> &LicenseErrors {
        &self.license_errors
    }

    /// The TCP ports that belong to license managers.
    #[must_use]
    pub fn license_ports(&self) -> &[PortRange] {
        self.license_ports.get_or_init(|| {
            let registered = self.registry.of_licenses().filter(|entry| entry.is_for(Protocol::Tcp));
            let mut ranges: BTreeSet<PortRange> = registered.map(|entry| entry.ports).collect();
            let known = self.licenses().managers.iter().flat_map(|manager| &manager.ports);
            // What the registry gives to license managers needs no second look; that saves a tenth of a short run.
            let others: BTreeSet<PortRange> =
                known.filter_map(|known| known.range).filter(|range| !ranges.contains(range)).collect();
            let claims = |range: &PortRange| self.claims(range.first, Some(Protocol::Tcp));
            ranges.extend(others.into_iter().filter(|range| claims(range).belongs_to_license_managers()));
            ranges.into_iter().collect()
        })
    }

    /// Who uses a port, and whose it is; `protocol` `None` means any.
    #[must_use]
    pub fn claims(&self, port: u16, protocol: Option<Protocol>) -> PortClaims<'_> {
        PortClaims::of(port, protocol, self.licenses(), self.registry)
    }
}
