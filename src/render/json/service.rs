//! What a port is registered for, in the contract: a service, and license managers.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Code;
use crate::model::{Manager, Service, Source};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Service")]
pub(super) struct ServiceOut<'a> {
    /// the service name in the registry
    name: &'a str,
    /// the registry's description; can be empty
    description: &'a str,
    /// which registry
    source: Code<Source>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LicenseManager")]
pub(super) struct ManagerOut<'a> {
    /// a permanent ID. `iana-NAME` for a license manager that only the registry knows
    id: &'a str,
    /// who makes the licensed software. `null`: unknown
    vendor: Option<&'a str>,
    /// the name of the license manager
    product: &'a str,
}

pub(super) fn service(service: &Service) -> ServiceOut<'_> {
    ServiceOut { name: &service.name, description: &service.description, source: Code(Source::Iana) }
}

pub(super) fn manager(manager: &Manager) -> ManagerOut<'_> {
    ManagerOut { id: &manager.id, vendor: manager.vendor.as_deref(), product: &manager.product }
}
