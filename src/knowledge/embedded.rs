//! All that is known, as one value.

use std::sync::LazyLock;

use super::{LicenseErrors, LicenseManager, Licenses, PortClaims, Registry};
use crate::model::Protocol;

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

    /// Who uses a port, and whose it is; `protocol` `None` means any.
    #[must_use]
    pub fn claims(&self, port: u16, protocol: Option<Protocol>) -> PortClaims<'_> {
        PortClaims::of(port, protocol, self.licenses(), self.registry)
    }
}
