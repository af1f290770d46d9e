//! What a port is registered for: a service, and license managers.

use super::PortRange;
use super::word::words;

/// A registry entry for a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    /// The registry's own text; may be empty.
    pub description: String,
}

words! {
    /// Where a registry entry comes from.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Source {
        /// the Service Name and Transport Protocol Port Number Registry
        Iana = "iana",
    }
}

/// A license manager that a port belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    /// The permanent id in the license data.
    pub id: String,
    /// Who makes the licensed software; `None` where that is not known.
    pub vendor: Option<String>,
    pub product: String,
    /// Those of its ports that the report is about.
    pub ports: PortRange,
    /// What to know about the port, for a person.
    pub note: String,
}

impl Manager {
    /// Vendor and product in one phrase.
    #[must_use]
    pub fn called(&self) -> String {
        vendor_and_product(self.vendor.as_deref(), &self.product)
    }
}

/// Vendor and product in one phrase that names the vendor once: "Citrix License Server",
/// "Autodesk 3ds-lm".
#[must_use]
pub fn vendor_and_product(vendor: Option<&str>, product: &str) -> String {
    match vendor {
        Some(vendor) if !product.starts_with(vendor) => format!("{vendor} {product}"),
        _ => product.to_owned(),
    }
}
