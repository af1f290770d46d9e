//! What the process of a row is part of.

use super::driver::Driver;
use super::group::RowGroup;
use super::text::{service_called, unit_called};
use crate::model::quoting::quoted;
use crate::model::{Application, Container, Presence, Process, ProcessService, Socket};

/// The container, application or service that the lead is part of, or holds the port for. A login
/// session is not a service.
pub(super) fn unit(group: &RowGroup<'_>) -> Option<String> {
    unit_of(&group.lead_row().socket, group.lead())
}

pub(super) fn unit_of(socket: &Socket, lead: Option<&Process>) -> Option<String> {
    let is_service = |service: &&ProcessService| !service.name.ends_with(".scope");
    let service = service_called;
    let services = |process: &Process| {
        let names: Vec<String> = socket.services_of(process).iter().filter(is_service).map(service).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    if let Some(activation) = &socket.activation
        && lead.is_none_or(|lead| lead.container.is_none())
    {
        return Some(unit_called(activation.manager, &activation.socket));
    }
    let Some(lead) = lead else { return socket.made_in.as_ref().filter(is_service).map(service) };
    let forwards = lead.forward.as_ref().map(|forward| match &forward.container {
        Some(container) => format!("→ {} ({})", container.called(), forward.to),
        None => format!("→ {}", forward.to),
    });
    let container = || lead.container.as_deref().map(Container::called);
    let application = || lead.application.as_ref().map(application_called);
    let kernel = || (lead.presence == Presence::Kernel).then(|| driver(socket).to_owned());
    forwards.or_else(kernel).or_else(container).or_else(application).or_else(|| services(lead))
}

/// What the kernel of Windows receives on a port: where it is not known, nearly always http.sys.
fn driver(socket: &Socket) -> &'static str {
    match Driver::of(socket) {
        Driver::HttpSys => "kernel: http.sys",
        Driver::Smb => "kernel: SMB",
        Driver::NetBios => "kernel: NetBIOS, SMB",
        Driver::Other => "kernel: a driver",
        Driver::Unknown => "kernel: http.sys or a driver",
    }
}

fn application_called(Application { kind, id, user }: &Application) -> String {
    let user = if user.is_some() { "user " } else { "" };
    format!("{user}{} {}", kind.code(), quoted(id))
}
