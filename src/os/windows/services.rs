//! All services, and those that processes run, from the service control manager (`EnumServicesStatusExW`).
#![expect(unsafe_code, reason = "only the Windows API lists services")]

use std::collections::BTreeMap;
use std::{io, ptr};

use windows_sys::Win32::Foundation::{ERROR_MORE_DATA, GetLastError};
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, ENUM_SERVICE_STATUS_PROCESSW, EnumServicesStatusExW, OpenSCManagerW, OpenServiceW,
    QUERY_SERVICE_CONFIGW, QueryServiceConfigW, SC_ENUM_PROCESS_INFO, SC_HANDLE,
    SC_MANAGER_ENUMERATE_SERVICE, SERVICE_QUERY_CONFIG, SERVICE_STATE_ALL, SERVICE_WIN32,
};

use super::super::decode::windows::service::exit_code;
use crate::model::sorting::sort_by_key;
use crate::model::{Pid, ProcessService, ServiceManager};

/// The size of the buffer, in bytes. A further call returns what does not fit (`lpResumeHandle`).
const ROOM: usize = 64 << 10;
/// Longer than any configuration of a service, in bytes ("QueryServiceConfigW": at most 8 KiB).
const LARGEST_CONFIG: u32 = 8 * 1024;
/// More services than this are not read.
const MOST: usize = 10_000;

/// The services of this machine, those that do not run among them.
pub(super) struct Services {
    manager: Manager,
    all: Vec<Service>,
}

/// A service as the service control manager lists it.
pub(super) struct Service {
    pub(super) name: String,
    /// `None` where it is the same as the name.
    pub(super) display_name: Option<String>,
    /// `None` for one that does not run.
    pub(super) pid: Option<Pid>,
    /// `dwCurrentState` (winsvc.h).
    pub(super) state: u32,
    /// `None` where it ended without an error, or has not run since the system started.
    pub(super) exit_code: Option<u32>,
}

/// How a service is set up.
pub(super) struct Config {
    pub(super) command: String,
    /// `dwStartType` (winsvc.h).
    pub(super) start: u32,
    /// As in [`service::account`](super::super::decode::windows::service::account).
    pub(super) account: Option<String>,
}

impl Services {
    /// # Errors
    ///
    /// If the service control manager refuses.
    pub(super) fn read() -> io::Result<Services> {
        let manager = Manager::open()?;
        let mut all = Vec::new();
        manager.each(&mut |service| all.push(service))?;
        sort_by_key(&mut all, |service: &Service| service.name.clone());
        Ok(Services { manager, all })
    }

    /// Sorted by name.
    pub(super) fn all(&self) -> &[Service] {
        &self.all
    }

    /// The services of each process that runs any, sorted by name.
    pub(super) fn by_process(&self) -> BTreeMap<Pid, Vec<ProcessService>> {
        let mut services: BTreeMap<Pid, Vec<ProcessService>> = BTreeMap::new();
        for service in &self.all {
            if let Some(pid) = service.pid {
                services.entry(pid).or_default().push(service.of_process());
            }
        }
        services
    }

    /// The service of this name.
    pub(super) fn named(&self, name: &str) -> Option<&Service> {
        self.all.iter().find(|service| service.name.eq_ignore_ascii_case(name))
    }

    /// The account of the services that a process runs: all that share one have the same.
    pub(super) fn account_of(&self, pid: Pid) -> Option<String> {
        let service = self.all.iter().find(|service| service.pid == Some(pid))?;
        self.config(&service.name)?.account
    }

    /// How a service is set up. Every user may ask that of nearly all.
    pub(super) fn config(&self, name: &str) -> Option<Config> {
        let wide: Vec<u16> = name.encode_utf16().chain([0]).collect();
        // SAFETY: the handle is open, and the name ends with a zero.
        let handle = unsafe { OpenServiceW(self.manager.0, wide.as_ptr(), SERVICE_QUERY_CONFIG) };
        let service = Some(handle).filter(|handle| !handle.is_null()).map(Manager)?;
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
            Some(Config {
                command: text(config.lpBinaryPathName)?,
                start: config.dwStartType,
                account: text(config.lpServiceStartName).filter(|name| !name.is_empty()),
            })
        }
    }
}

impl Service {
    pub(super) fn of_process(&self) -> ProcessService {
        ProcessService {
            display_name: self.display_name.clone(),
            ..ProcessService::new(ServiceManager::Windows, &self.name)
        }
    }
}

/// A handle of the service control manager, or of a service.
struct Manager(SC_HANDLE);

impl Manager {
    fn open() -> io::Result<Manager> {
        // SAFETY: null stands for this machine and its only database.
        let handle = unsafe { OpenSCManagerW(ptr::null(), ptr::null(), SC_MANAGER_ENUMERATE_SERVICE) };
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(Manager(handle)) }
    }

    /// Calls `each` with every service.
    fn each(&self, each: &mut dyn FnMut(Service)) -> io::Result<()> {
        // The entries hold pointers, so the buffer must be aligned for them.
        let mut buffer = vec![0_u64; ROOM / 8];
        let (mut needed, mut count, mut resume) = (0, 0, 0);
        let mut left = MOST;
        loop {
            // SAFETY: the handle is open; the buffer has this length, and the numbers outlive the call.
            let error = unsafe {
                let done = EnumServicesStatusExW(
                    self.0,
                    SC_ENUM_PROCESS_INFO,
                    SERVICE_WIN32,
                    SERVICE_STATE_ALL,
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
                let (name, display_name, status) = unsafe {
                    let entry = &*entries.add(index);
                    (text(entry.lpServiceName), text(entry.lpDisplayName), entry.ServiceStatusProcess)
                };
                let Some(name) = name else { continue };
                each(Service {
                    display_name: display_name.filter(|display| !display.is_empty() && *display != name),
                    name,
                    pid: Some(status.dwProcessId).filter(|&pid| pid != 0),
                    state: status.dwCurrentState,
                    exit_code: exit_code(status.dwWin32ExitCode, status.dwServiceSpecificExitCode),
                });
            }
            left = left.saturating_sub(count as usize);
            if error == 0 || count == 0 || left == 0 {
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
