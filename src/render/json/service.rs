//! What a port is registered for, in the contract: a service, and license managers.

use serde::Serialize;

use crate::model::{Manager, Service};

#[derive(Serialize)]
pub(super) struct ServiceOut<'a> {
    name: &'a str,
    description: &'a str,
    source: &'static str,
}

#[derive(Serialize)]
pub(super) struct ManagerOut<'a> {
    id: &'a str,
    vendor: Option<&'a str>,
    product: &'a str,
}

pub(super) fn service(service: &Service) -> ServiceOut<'_> {
    ServiceOut { name: &service.name, description: &service.description, source: "iana" }
}

pub(super) fn manager(manager: &Manager) -> ManagerOut<'_> {
    ManagerOut { id: &manager.id, vendor: manager.vendor.as_deref(), product: &manager.product }
}
