//! The running processes. Their names, parents, start times and files are in lists that every user may read. What only
//! their own user and administrators may know, who runs them and their command lines, is asked with
//! `PROCESS_QUERY_LIMITED_INFORMATION`: reading another process's memory (`PROCESS_VM_READ`) is what thieves of
//! passwords do, and security programs block it or raise an alarm.
#![expect(unsafe_code, reason = "only the Windows API lists processes and gives access to them")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::c_void;
use std::{io, ptr};

use sysinfo::System;
use windows_sys::Wdk::System::SystemInformation::{NtQuerySystemInformation, SystemProcessInformation};
use windows_sys::Wdk::System::Threading::{NtQueryInformationProcess, ProcessCommandLineInformation};
use windows_sys::Win32::Foundation::{
    CloseHandle, HANDLE, NTSTATUS, RtlNtStatusToDosError, STATUS_INFO_LENGTH_MISMATCH, STATUS_SUCCESS,
    UNICODE_STRING,
};
use windows_sys::Win32::Security::{GetTokenInformation, TOKEN_QUERY, TokenUser};
use windows_sys::Win32::System::Threading::{
    OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION,
};

use super::super::ScanScope;
use super::super::decode::windows::command_line;
use super::super::decode::windows::image_path::Devices;
use super::super::decode::windows::process_list::{self, ListedProcess};
use super::super::decode::windows::security::Sid;
use super::super::decode::windows::service::{self, ServiceAccount};
use super::super::decode::windows::unicode_string::{LONGEST_TEXT, text_at};
use super::super::read_process::{Launch, ReadProcess};
use super::devices;
use super::room::Room;
use super::services::Services;
use crate::model::{Executable, Os, Pid, Presence, Process, Program, file_name};

/// `SystemProcessIdInformation`: the file of a process, for every user (ntexapi.h of the System Informer project; since
/// Windows Vista).
const SYSTEM_PROCESS_ID_INFORMATION: i32 = 88;

/// No list of processes is longer, in bytes: that of 10,000 processes with 20 threads each has 20 MiB.
const LONGEST_LIST: usize = 64 << 20;
/// How much the list is given at first, in bytes, and how much more than it needs: processes start meanwhile.
const FIRST_ROOM: usize = 512 << 10;
const MORE_ROOM: usize = 64 << 10;

/// The processes that run, by id.
pub(super) type Running = BTreeMap<Pid, ListedProcess>;

/// The processes that run, and what can be asked about them.
pub(in crate::os) struct Processes {
    running: Running,
    devices: Devices,
    services: io::Result<Services>,
}

/// What of the processes could be read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) running: usize,
    pub(super) started: usize,
    pub(super) files: usize,
    pub(super) opened: usize,
    pub(super) accounts: usize,
    pub(super) args: usize,
}

impl Processes {
    /// Lists them.
    ///
    /// # Errors
    ///
    /// If Windows refuses.
    pub(in crate::os) fn open() -> io::Result<Processes> {
        let devices = devices::devices();
        Ok(Processes { running: running()?, devices, services: Services::read() })
    }

    /// # Errors
    ///
    /// If the service control manager refused to list them.
    pub(super) fn services(&self) -> Result<&Services, &io::Error> {
        self.services.as_ref()
    }

    /// How many of them say what.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts { running: self.running.len(), ..Counts::default() };
        for process in self.running.values() {
            counts.started += usize::from(process.started_at.is_some());
            counts.files += usize::from(path(process.pid).is_some());
            if let Some(opened) = Opened::open(process.pid) {
                counts.opened += 1;
                counts.accounts += usize::from(opened.owner().is_some());
                counts.args += usize::from(opened.args().is_some());
            }
        }
        counts
    }

    /// The name of the file of a process.
    pub(super) fn name(&self, pid: Pid) -> Option<&str> {
        self.running.get(&pid)?.name.as_deref()
    }

    /// The names of all, and their files if these are wanted. `None` if they were not listed: at least this process must be
    /// among them.
    pub(in crate::os) fn all(&mut self, with_files: bool) -> Option<Vec<Process>> {
        self.running.get(&std::process::id())?;
        let named = |process| if with_files { self.named(process) } else { without_file(process) };
        Some(self.running.values().map(named).collect())
    }

    /// Those of these that run.
    pub(in crate::os) fn read(
        &mut self,
        pids: &BTreeSet<Pid>,
        scope: &ScanScope,
    ) -> BTreeMap<Pid, ReadProcess> {
        let running = pids.iter().filter_map(|pid| self.running.get(pid));
        running.map(|process| (process.pid, self.read_one(process, scope.args))).collect()
    }

    fn read_one(&self, listed: &ListedProcess, args: bool) -> ReadProcess {
        let opened = Opened::open(listed.pid);
        let owner = opened.as_ref().and_then(Opened::owner).or_else(|| self.account(listed.pid));
        let mut process = self.named(listed);
        if let Some(program) = process.program_mut() {
            program.args = opened.filter(|_| args).and_then(|opened| opened.args());
        }
        match owner {
            Some(ServiceAccount::Known(sid)) => ReadProcess { process, owner: Some(sid) },
            Some(ServiceAccount::Named(name)) => {
                ReadProcess { process: Process { user: Some(name), ..process }, owner: None }
            }
            None => ReadProcess { process, owner: None },
        }
    }

    /// What the account of a process must be, by the services that it runs: that is no secret.
    fn account(&self, pid: Pid) -> Option<ServiceAccount> {
        let account = self.services.as_ref().ok()?.account_of(pid)?;
        service::account(&account, System::host_name().ok().as_deref())
    }

    /// The command lines of these, as far as this user may read them: their own, and as administrator all.
    pub(in crate::os) fn args(&mut self, pids: &[Pid]) -> BTreeMap<Pid, Vec<String>> {
        pids.iter().filter_map(|&pid| Some((pid, Opened::open(pid)?.args()?))).collect()
    }

    /// How license servers were started, as far as this user may read that. The folder that they work in and their
    /// environment stand in their memory, which is not read.
    pub(in crate::os) fn launches(&mut self, pids: &[Pid], _: &ScanScope) -> BTreeMap<Pid, Launch> {
        let all = self.args(pids).into_iter();
        all.map(|(pid, args)| (pid, Launch { args, ..Launch::default() })).collect()
    }

    /// Its names and its file alone.
    fn named(&self, listed: &ListedProcess) -> Process {
        let mut process = without_file(listed);
        // The kernel's own processes, as Registry, have a name there.
        let native = path(listed.pid).filter(|native| native.contains('\\'));
        if let Some(path) = native.map(|native| self.devices.path(&native)) {
            process.name = Some(file_name(&path, Os::Windows).to_owned());
            let exe = Some(Executable { path, ..Executable::default() });
            process.presence = Presence::Running(Program { exe, ..Program::default() });
        }
        process
    }
}

fn without_file(ListedProcess { pid, parent, name, started_at, session }: &ListedProcess) -> Process {
    Process {
        pid: *pid,
        ppid: *parent,
        name: name.clone(),
        short_name: name.clone(),
        presence: Presence::Running(Program::default()),
        started_at: *started_at,
        session: Some(*session),
        ..Process::default()
    }
}

/// Those that run now.
///
/// # Errors
///
/// If Windows refuses.
pub(super) fn running() -> io::Result<Running> {
    Ok(listed()?.into_iter().map(|process| (process.pid, process)).collect())
}

/// What `NtQuerySystemInformation` says of all processes.
fn listed() -> io::Result<Vec<ListedProcess>> {
    let mut room = FIRST_ROOM;
    loop {
        let mut buffer = Room::new(room);
        let mut length = 0;
        // SAFETY: the buffer has this length, and the number outlives the call.
        let status = unsafe {
            NtQuerySystemInformation(
                SystemProcessInformation,
                buffer.as_mut_ptr(),
                room as u32,
                &raw mut length,
            )
        };
        if status == STATUS_INFO_LENGTH_MISMATCH && room < LONGEST_LIST {
            room = (length as usize + MORE_ROOM).max(room * 2).min(LONGEST_LIST);
            continue;
        }
        succeeded(status)?;
        let listed = process_list::processes(buffer.bytes(length as usize), buffer.base());
        return listed.ok_or_else(|| io::ErrorKind::InvalidData.into());
    }
}

fn succeeded(status: NTSTATUS) -> io::Result<()> {
    if status == STATUS_SUCCESS {
        return Ok(());
    }
    // SAFETY: any number may be asked.
    let error = unsafe { RtlNtStatusToDosError(status) };
    Err(io::Error::from_raw_os_error(error.cast_signed()))
}

/// `SYSTEM_PROCESS_ID_INFORMATION` (ntexapi.h of the System Informer project).
#[repr(C)]
struct ProcessId {
    id: HANDLE,
    image: UNICODE_STRING,
}

/// The path of the file that a process runs, as the kernel has it. `None` for the processes of the kernel, which have none.
fn path(pid: Pid) -> Option<String> {
    let mut room = 512_usize;
    loop {
        let mut text = vec![0_u16; room];
        let bytes = (room * 2).min(LONGEST_TEXT - 1) as u16;
        let image = UNICODE_STRING { Length: 0, MaximumLength: bytes, Buffer: text.as_mut_ptr() };
        let mut asked = ProcessId { id: ptr::without_provenance_mut(pid as usize), image };
        // SAFETY: the structure has this size, and its text this room; both outlive the call.
        let status = unsafe {
            NtQuerySystemInformation(
                SYSTEM_PROCESS_ID_INFORMATION,
                (&raw mut asked).cast::<c_void>(),
                size_of::<ProcessId>() as u32,
                ptr::null_mut(),
            )
        };
        let units = usize::from(asked.image.Length) / 2;
        match status {
            STATUS_INFO_LENGTH_MISMATCH if room * 2 < LONGEST_TEXT => room = LONGEST_TEXT / 2 + 1,
            STATUS_SUCCESS if units > 0 => return Some(String::from_utf16_lossy(text.get(..units)?)),
            _ => return None,
        }
    }
}

/// A process that may be asked about itself.
struct Opened(HANDLE);

impl Opened {
    fn open(pid: Pid) -> Option<Opened> {
        // SAFETY: any id may be asked; the handle is closed once, by `drop`.
        let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
        Some(Opened(handle)).filter(|_| !handle.is_null())
    }

    fn owner(&self) -> Option<ServiceAccount> {
        /// More than a `TOKEN_USER` with the longest identifier, in bytes.
        const ROOM: usize = 256;
        let mut token = ptr::null_mut();
        let mut user = Room::new(ROOM);
        let mut written = 0;
        // SAFETY: the handle is open; `token` is written before it is used, and closed once; the buffer has this length.
        let done = unsafe {
            if OpenProcessToken(self.0, TOKEN_QUERY, &raw mut token) == 0 {
                return None;
            }
            let done =
                GetTokenInformation(token, TokenUser, user.as_mut_ptr(), ROOM as u32, &raw mut written);
            CloseHandle(token);
            done
        };
        let sid = Sid::of_token(user.bytes(written as usize), user.base()).filter(|_| done != 0);
        sid.map(ServiceAccount::Known)
    }

    /// Its command line (since Windows 8.1; Wine 10 does not tell it).
    fn args(&self) -> Option<Vec<String>> {
        // The structure, and its text behind it.
        let room = size_of::<UNICODE_STRING>() + LONGEST_TEXT + 1;
        let mut buffer = Room::new(room);
        let mut length = 0;
        // SAFETY: the handle is open; the buffer has this length, and the number outlives the call.
        let status = unsafe {
            NtQueryInformationProcess(
                self.0,
                ProcessCommandLineInformation,
                buffer.as_mut_ptr(),
                room as u32,
                &raw mut length,
            )
        };
        let line = text_at(buffer.bytes(length as usize), 0, buffer.base());
        let line = line.filter(|_| status == STATUS_SUCCESS)?;
        Some(command_line::words(&line)).filter(|words| !words.is_empty())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: the handle was opened, and is closed once.
        unsafe { CloseHandle(self.0) };
    }
}
