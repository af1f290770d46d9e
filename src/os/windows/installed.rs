//! The license servers that are installed as services, whether or not they run: by the command line of each service,
//! and by the registry key in which FlexNet's `lmtools` keeps what its services start.
#![expect(unsafe_code, reason = "only the Windows API tells what a service starts")]

use std::io;

use windows_sys::Win32::System::Registry::{KEY_WOW64_32KEY, KEY_WOW64_64KEY};
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, OpenServiceW, QUERY_SERVICE_CONFIGW, QueryServiceConfigW, SC_HANDLE,
    SERVICE_DISABLED, SERVICE_QUERY_CONFIG, SERVICE_STOPPED,
};

use super::super::decode::windows::service_command;
use super::super::inspect::LicensePrograms;
use super::super::license_files::started_by;
use super::registry::Key;
use super::services::{self, text};
use crate::model::{InstalledServer, InstalledState, Starter};

/// Longer than any configuration of a service, in bytes ("QueryServiceConfigW": at most 8 KiB).
const LARGEST_CONFIG: u32 = 8 * 1024;
/// Where `lmtools` keeps the services that it has set up: a key for each, by its name.
const FLEXNET_SERVICES: &str = r"SOFTWARE\FLEXlm License Manager";

/// The services that start a license server.
///
/// # Errors
///
/// If the service control manager refuses.
pub(super) fn read(programs: &LicensePrograms) -> io::Result<Vec<InstalledServer>> {
    let mut found = Vec::new();
    let manager = services::Manager::open()?;
    manager.each_service(&mut |name, state| {
        let Some((command, start)) = config(&manager, name) else { return };
        let mut command = service_command::words(&command);
        // What lmtools sets up is started by lmgrd itself, which reads the rest in the registry.
        if let Some(flexnet) = flexnet_service(name) {
            command = flexnet;
        }
        if started_by(programs, &command).is_none() {
            return;
        }
        let state = match (state, start) {
            (SERVICE_STOPPED, SERVICE_DISABLED) => InstalledState::Disabled,
            (SERVICE_STOPPED, _) => InstalledState::Stopped,
            _ => InstalledState::Running,
        };
        found.push(InstalledServer { name: name.to_owned(), starter: Starter::Windows, command, state });
    })?;
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The command line of a service, and how it is started.
fn config(manager: &services::Manager, name: &str) -> Option<(String, u32)> {
    let wide: Vec<u16> = name.encode_utf16().chain([0]).collect();
    // SAFETY: the handle is open, and the name ends with a zero.
    let handle = unsafe { OpenServiceW(manager.handle(), wide.as_ptr(), SERVICE_QUERY_CONFIG) };
    let service = Some(handle).filter(|handle| !handle.is_null()).map(Service)?;
    // The entries hold pointers, so the buffer must be aligned for them.
    let mut buffer = vec![0_u64; LARGEST_CONFIG as usize / 8];
    let mut needed = 0;
    // SAFETY: the handle is open; the buffer has this length, and the number outlives the call.
    let done = unsafe {
        QueryServiceConfigW(service.0, buffer.as_mut_ptr().cast(), LARGEST_CONFIG, &raw mut needed)
    };
    if done == 0 {
        return None;
    }
    // SAFETY: the system wrote the entry; its texts lie behind it in the buffer, and end with a zero.
    unsafe {
        let config = &*buffer.as_ptr().cast::<QUERY_SERVICE_CONFIGW>();
        Some((text(config.lpBinaryPathName)?, config.dwStartType))
    }
}

struct Service(SC_HANDLE);

impl Drop for Service {
    fn drop(&mut self) {
        // SAFETY: the handle was opened, and is closed once.
        unsafe { CloseServiceHandle(self.0) };
    }
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
