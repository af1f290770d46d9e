//! The calls to macOS's kernel that no crate wraps: sysctlbyname(3), libproc (`proc_listpids`,
//! `proc_pidinfo`, `proc_pidfdinfo` in `<libproc.h>`; flavours and structures in `bsd/sys/proc_info.h` of
//! XNU) and if_indextoname(3). They return bytes, undecoded.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;

use crate::model::{HiddenProcess, Pid};
use crate::os::decode::macos::fileports::{self, Fileport};
use crate::os::decode::macos::offsets::{
    PROC_ALL_PIDS, PROC_PIDFDSOCKETINFO, PROC_PIDFILEPORTSOCKETINFO, PROC_PIDLISTFILEPORTS,
    PROX_FDTYPE_SOCKET,
};
use crate::os::decode::text::text_of;

/// How often to read what grows while it is read.
const ATTEMPTS: usize = 8;

/// The value of a sysctl.
///
/// # Errors
///
/// If the kernel refuses, or the value grows faster than it is read.
#[expect(unsafe_code, reason = "no crate returns the undecoded bytes of a sysctl")]
pub(super) fn sysctl(name: &CStr) -> io::Result<Vec<u8>> {
    for _ in 0..ATTEMPTS {
        let mut length = 0;
        // SAFETY: `name` ends with a zero; without a buffer, only the length is written.
        if unsafe { libc::sysctlbyname(name.as_ptr(), null_mut(), &raw mut length, null_mut(), 0) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // The kernel returns an eighth more than it needs (`get_pcblist_n`); it may still be too little.
        let mut bytes = vec![0_u8; length];
        // SAFETY: `bytes` has room for `length` bytes; the kernel writes no more, and sets `length` to the number.
        let done = unsafe {
            libc::sysctlbyname(name.as_ptr(), bytes.as_mut_ptr().cast(), &raw mut length, null_mut(), 0)
        };
        if done == 0 {
            bytes.truncate(length);
            return Ok(bytes);
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::ENOMEM) {
            return Err(error);
        }
    }
    Err(io::Error::other("it grows faster than it can be read"))
}

/// Calls with an ever larger buffer until the answer does not fill it. `ask` takes a buffer and its size, or null and
/// 0 to learn the size, and returns the number of bytes, or 0 with errno(2) set.
fn whole<T: Clone>(
    empty: &T,
    ask: impl Fn(*mut libc::c_void, libc::c_int) -> libc::c_int,
) -> io::Result<Vec<T>> {
    let wanted = usize::try_from(ask(null_mut(), 0)).unwrap_or(0);
    if wanted == 0 {
        return Err(io::Error::last_os_error());
    }
    let size = size_of::<T>();
    let mut count = wanted / size + 1;
    for _ in 0..ATTEMPTS {
        let mut items = vec![empty.clone(); count];
        let room = libc::c_int::try_from(count * size).map_err(io::Error::other)?;
        let written = usize::try_from(ask(items.as_mut_ptr().cast(), room)).unwrap_or(0) / size;
        if written < count {
            items.truncate(written);
            return Ok(items);
        }
        count *= 2;
    }
    Err(io::Error::other("it grows faster than it can be read"))
}

/// The ids of all processes. Every user may list them.
///
/// # Errors
///
/// If the kernel refuses.
#[expect(unsafe_code, reason = "no crate wraps this call")]
pub(super) fn pids() -> io::Result<Vec<Pid>> {
    // SAFETY: `whole` passes a buffer of the size that it says, or none.
    let ids = whole(&0_i32, |room, size| unsafe { libc::proc_listpids(PROC_ALL_PIDS, 0, room, size) })?;
    // Process 0 is the kernel, which has no descriptors.
    Ok(ids.into_iter().filter_map(|id| Pid::try_from(id).ok()).filter(|&pid| pid != 0).collect())
}

/// The descriptors of a process that are sockets.
///
/// # Errors
///
/// If it is another user's (EPERM; `proc_security_policy` in `bsd/kern/proc_info.c`), or has ended
/// (ESRCH).
#[expect(unsafe_code, reason = "no crate wraps this call")]
pub(super) fn sockets_of(pid: Pid) -> io::Result<Vec<i32>> {
    let id = libc::c_int::try_from(pid).map_err(io::Error::other)?;
    let empty = libc::proc_fdinfo { proc_fd: 0, proc_fdtype: 0 };
    // SAFETY: `whole` passes a buffer of the size that it says, or none; any bytes are a `proc_fdinfo`.
    let open =
        whole(&empty, |room, size| unsafe { libc::proc_pidinfo(id, libc::PROC_PIDLISTFDS, 0, room, size) })?;
    Ok(open
        .into_iter()
        .filter(|open| open.proc_fdtype == PROX_FDTYPE_SOCKET)
        .map(|open| open.proc_fd)
        .collect())
}

/// Reads what the kernel says about a socket that a process has open into `room`, and returns its length. `None` if
/// the socket was closed since.
#[expect(unsafe_code, reason = "no crate wraps this call")]
pub(super) fn socket(pid: Pid, descriptor: i32, room: &mut [u8]) -> Option<usize> {
    let id = libc::c_int::try_from(pid).ok()?;
    let size = libc::c_int::try_from(room.len()).ok()?;
    // SAFETY: `room` has this size.
    let written =
        unsafe { libc::proc_pidfdinfo(id, descriptor, PROC_PIDFDSOCKETINFO, room.as_mut_ptr().cast(), size) };
    usize::try_from(written).ok().filter(|&written| written > 0 && written <= room.len())
}

/// The fileports of a process that are sockets; none if it may not be inspected, or has ended.
#[expect(unsafe_code, reason = "no crate wraps this call")]
pub(super) fn fileports_of(pid: Pid) -> Vec<u32> {
    let Ok(id) = libc::c_int::try_from(pid) else { return Vec::new() };
    let empty: Fileport = Default::default();
    // SAFETY: `whole` passes a buffer of the size that it says, or none; any bytes are a `Fileport`.
    let list =
        whole(&empty, |room, size| unsafe { libc::proc_pidinfo(id, PROC_PIDLISTFILEPORTS, 0, room, size) });
    // Without any, the call returns 0, as it does for an error.
    list.map_or_else(|_| Vec::new(), |list| fileports::sockets(&list))
}

/// As [`socket`], of a fileport.
#[expect(unsafe_code, reason = "no crate wraps this call")]
pub(super) fn fileport_socket(pid: Pid, fileport: u32, room: &mut [u8]) -> Option<usize> {
    unsafe extern "C" {
        /// `<libproc.h>`.
        fn proc_pidfileportinfo(
            pid: libc::c_int,
            fileport: u32,
            flavor: libc::c_int,
            buffer: *mut libc::c_void,
            size: libc::c_int,
        ) -> libc::c_int;
    }
    let id = libc::c_int::try_from(pid).ok()?;
    let size = libc::c_int::try_from(room.len()).ok()?;
    // SAFETY: `room` has this size.
    let written = unsafe {
        proc_pidfileportinfo(id, fileport, PROC_PIDFILEPORTSOCKETINFO, room.as_mut_ptr().cast(), size)
    };
    usize::try_from(written).ok().filter(|&written| written > 0 && written <= room.len())
}

/// The path of the program of a process, which every user may see (`PROC_PIDPATHINFO`, which checks no user). `None` if
/// the process has ended.
#[expect(unsafe_code, reason = "none of the crates in use wraps this call")]
pub(super) fn program(pid: Pid) -> Option<PathBuf> {
    let id = libc::c_int::try_from(pid).ok()?;
    let mut path = vec![0_u8; libc::PROC_PIDPATHINFO_MAXSIZE as usize];
    // SAFETY: `path` has this size.
    let length = unsafe { libc::proc_pidpath(id, path.as_mut_ptr().cast(), path.len() as u32) };
    let path = path.get(..usize::try_from(length).ok()?).filter(|path| !path.is_empty())?;
    Some(PathBuf::from(OsStr::from_bytes(path)))
}

/// What every user may see of a process (`PROC_PIDT_SHORTBSDINFO`, which checks no user). Empty if it has ended.
#[expect(unsafe_code, reason = "no crate wraps this call")]
pub(super) fn short_facts(pid: Pid) -> HiddenProcess {
    // SAFETY: the structure consists of numbers and characters, for which zeros are valid.
    let mut facts: libc::proc_bsdshortinfo = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::proc_bsdshortinfo>() as libc::c_int;
    let Ok(id) = libc::c_int::try_from(pid) else { return HiddenProcess::default() };
    // SAFETY: `facts` has this size.
    let written =
        unsafe { libc::proc_pidinfo(id, libc::PROC_PIDT_SHORTBSDINFO, 0, (&raw mut facts).cast(), size) };
    if written != size {
        return HiddenProcess::default();
    }
    let name = facts.pbsi_comm.map(libc::c_char::cast_unsigned);
    let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
    HiddenProcess { short_name: text_of(name).into_owned(), uid: Some(facts.pbsi_uid), user: None }
}

/// The name of an interface; `if7` for one that is gone.
#[expect(unsafe_code, reason = "none of the crates in use wraps this call")]
pub(super) fn interface(index: u32) -> String {
    let mut name = [0_u8; libc::IF_NAMESIZE];
    // SAFETY: the kernel writes at most `IF_NAMESIZE` bytes with the zero at their end.
    let found = unsafe { libc::if_indextoname(index, name.as_mut_ptr().cast()) };
    match CStr::from_bytes_until_nul(&name) {
        Ok(name) if !found.is_null() => text_of(name.to_bytes()).into_owned(),
        _ => format!("if{index}"),
    }
}

/// What identifies the machine (`gethostuuid(3)`).
#[expect(unsafe_code, reason = "no crate wraps this call")]
pub(super) fn host_uuid() -> Option<[u8; 16]> {
    let mut uuid = [0; 16];
    // The least that the call takes: the kernel answers from memory.
    let wait = libc::timespec { tv_sec: 1, tv_nsec: 0 };
    // SAFETY: the call writes 16 bytes, and both outlive it.
    let done = unsafe { libc::gethostuuid(uuid.as_mut_ptr(), &raw const wait) };
    (done == 0).then_some(uuid)
}

/// Whether a file has an access control list (`acl_get_file(3)`). True if that cannot be found out.
#[expect(unsafe_code, reason = "no crate of ours wraps this call")]
pub(super) fn has_access_control_list(path: &Path) -> bool {
    /// `ACL_TYPE_EXTENDED` in `<sys/acl.h>`.
    const EXTENDED: libc::c_int = 0x100;
    unsafe extern "C" {
        fn acl_get_file(path: *const libc::c_char, kind: libc::c_int) -> *mut libc::c_void;
        fn acl_free(list: *mut libc::c_void) -> libc::c_int;
    }
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else { return true };
    // SAFETY: `path` ends with a zero; the list is freed once, and not used after that.
    unsafe {
        let list = acl_get_file(path.as_ptr(), EXTENDED);
        if list.is_null() {
            return io::Error::last_os_error().raw_os_error() != Some(libc::ENOENT);
        }
        acl_free(list);
    }
    true
}
