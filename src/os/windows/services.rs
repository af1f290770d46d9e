//! The services that processes run, from the service control manager (`EnumServicesStatusExW`).
#![expect(unsafe_code, reason = "only the Windows API lists services")]

use std::collections::BTreeMap;
use std::{io, ptr};

use windows_sys::Win32::Foundation::{ERROR_MORE_DATA, GetLastError};
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, ENUM_SERVICE_STATUS_PROCESSW, EnumServicesStatusExW, OpenSCManagerW,
    SC_ENUM_PROCESS_INFO, SC_HANDLE, SC_MANAGER_ENUMERATE_SERVICE, SERVICE_ACTIVE, SERVICE_STATE_ALL,
    SERVICE_WIN32,
};

use crate::model::{Pid, ProcessService, ServiceManager};

/// The size of the buffer, in bytes. A further call returns what does not fit (`lpResumeHandle`).
const ROOM: usize = 64 << 10;

/// The services of each process that runs any, sorted by name.
///
/// # Errors
///
/// If the service control manager refuses.
pub(super) fn by_process() -> io::Result<BTreeMap<Pid, Vec<ProcessService>>> {
    let mut services: BTreeMap<Pid, Vec<ProcessService>> = BTreeMap::new();
    Manager::open()?.each(SERVICE_ACTIVE, &mut |entry| {
        let Some(name) = entry.name.filter(|_| entry.pid != 0) else { return };
        let display_name =
            entry.display_name.filter(|display_name| !display_name.is_empty() && *display_name != name);
        let service = ProcessService { display_name, ..ProcessService::new(ServiceManager::Windows, &name) };
        services.entry(entry.pid).or_default().push(service);
    })?;
    for all in services.values_mut() {
        all.sort_by(|one, other| one.name.cmp(&other.name));
    }
    Ok(services)
}

/// A service as the service control manager lists it.
struct Entry {
    name: Option<String>,
    display_name: Option<String>,
    pid: Pid,
    state: u32,
}

/// A handle of the service control manager.
pub(super) struct Manager(SC_HANDLE);

impl Manager {
    pub(super) fn open() -> io::Result<Manager> {
        // SAFETY: null stands for this machine and its only database.
        let handle = unsafe { OpenSCManagerW(ptr::null(), ptr::null(), SC_MANAGER_ENUMERATE_SERVICE) };
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(Manager(handle)) }
    }

    pub(super) fn handle(&self) -> SC_HANDLE {
        self.0
    }

    /// Calls `each` with the name and state of every service.
    ///
    /// # Errors
    ///
    /// If the service control manager refuses.
    pub(super) fn each_service(&self, each: &mut dyn FnMut(&str, u32)) -> io::Result<()> {
        self.each(SERVICE_STATE_ALL, &mut |entry| {
            if let Some(name) = entry.name {
                each(&name, entry.state);
            }
        })
    }

    fn each(&self, which: u32, each: &mut dyn FnMut(Entry)) -> io::Result<()> {
        // The entries hold pointers, so the buffer must be aligned for them.
        let mut buffer = vec![0_u64; ROOM / 8];
        let (mut needed, mut count, mut resume) = (0, 0, 0);
        loop {
            // SAFETY: the handle is open; the buffer has this length, and the numbers outlive the call.
            let error = unsafe {
                let done = EnumServicesStatusExW(
                    self.0,
                    SC_ENUM_PROCESS_INFO,
                    SERVICE_WIN32,
                    which,
                    buffer.as_mut_ptr().cast(),
                    ROOM as u32,
                    &raw mut needed,
                    &raw mut count,
                    &raw mut resume,
                    ptr::null(),
                );
                if done == 0 { GetLastError() } else { 0 }
            };
            if error != 0 && error != ERROR_MORE_DATA {
                return Err(io::Error::from_raw_os_error(error.cast_signed()));
            }
            let entries = buffer.as_ptr().cast::<ENUM_SERVICE_STATUS_PROCESSW>();
            for index in 0..count as usize {
                // SAFETY: the system wrote `count` entries; their texts lie behind them in the buffer, and end with
                // a zero.
                let entry = unsafe {
                    let entry = &*entries.add(index);
                    let status = &entry.ServiceStatusProcess;
                    Entry {
                        name: text(entry.lpServiceName),
                        display_name: text(entry.lpDisplayName),
                        pid: status.dwProcessId,
                        state: status.dwCurrentState,
                    }
                };
                each(entry);
            }
            if error == 0 || count == 0 {
                return Ok(());
            }
        }
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        // SAFETY: the handle was opened, and is closed once.
        unsafe { CloseServiceHandle(self.0) };
    }
}

/// # Safety
///
/// `text` is null or points to text that ends with a zero.
pub(super) unsafe fn text(text: *const u16) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller promises a zero before the end of the readable memory.
    let units = unsafe {
        let length = (0..).take_while(|&at| *text.add(at) != 0).count();
        std::slice::from_raw_parts(text, length)
    };
    Some(String::from_utf16_lossy(units))
}
