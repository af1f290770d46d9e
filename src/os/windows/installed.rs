//! The license servers that are installed as services, whether or not they run: by the command line of each service,
//! and by the registry key in which FlexNet's `lmtools` keeps what its services start.

use windows_sys::Win32::System::Registry::{KEY_WOW64_32KEY, KEY_WOW64_64KEY};
use windows_sys::Win32::System::Services::{
    SERVICE_AUTO_START, SERVICE_DEMAND_START, SERVICE_DISABLED, SERVICE_STOPPED,
};

use super::super::decode::windows::service_command;
use super::super::inspect::LicensePrograms;
use super::super::license_files::started_by;
use super::registry::Key;
use super::services::Services;
use crate::model::{InstalledServer, InstalledState, ServiceStart, Starter};

/// Where `lmtools` keeps the services that it has set up: a key for each, by its name.
const FLEXNET_SERVICES: &str = r"SOFTWARE\FLEXlm License Manager";

/// The services that start a license server.
pub(super) fn read(services: &Services, programs: &LicensePrograms) -> Vec<InstalledServer> {
    let mut found = Vec::new();
    for service in services.all() {
        let Some(config) = services.config(&service.name) else { continue };
        let mut command = service_command::words(&config.command);
        // What lmtools sets up is started by lmgrd itself, which reads the rest in the registry.
        if let Some(flexnet) = flexnet_service(&service.name) {
            command = flexnet;
        }
        if started_by(programs, &command).is_none() {
            continue;
        }
        let state = match (service.state, config.start) {
            (SERVICE_STOPPED, SERVICE_DISABLED) => InstalledState::Disabled,
            (SERVICE_STOPPED, _) => InstalledState::Stopped,
            _ => InstalledState::Running,
        };
        found.push(InstalledServer {
            display_name: service.display_name.clone(),
            user: config.account,
            starts: match config.start {
                SERVICE_AUTO_START => Some(ServiceStart::Automatic),
                SERVICE_DEMAND_START => Some(ServiceStart::Manual),
                SERVICE_DISABLED => Some(ServiceStart::Disabled),
                _ => None,
            },
            exit_code: service.exit_code.filter(|_| service.state == SERVICE_STOPPED),
            ..InstalledServer::new(&service.name, Starter::Windows, command, state)
        });
    }
    found
}

/// What a service that `lmtools` has set up starts, as a command line.
fn flexnet_service(name: &str) -> Option<Vec<String>> {
    let views = [KEY_WOW64_32KEY, KEY_WOW64_64KEY];
    let key = views.into_iter().find_map(|view| {
        let services = Key::of_machine(FLEXNET_SERVICES, view)?;
        let names = services.names();
        let own = names.iter().find(|own| own.eq_ignore_ascii_case(name))?;
        services.inner(own, view)
    })?;
    let values = ["Lmgrd", "License", "LMGRD_LOG_FILE"].map(|value| key.value(value));
    service_command::of_flexnet(values[0].as_deref(), values[1].as_deref(), values[2].as_deref())
}
