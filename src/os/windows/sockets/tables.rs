//! Copies the tables of iphlpapi out.
#![expect(unsafe_code, reason = "netstat2 reads the tables that have less in them")]

use std::ffi::c_void;
use std::{io, ptr};

use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, HANDLE};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    ConvertInterfaceIndexToLuid, ConvertInterfaceLuidToAlias, GetExtendedTcpTable, GetExtendedUdpTable,
    TCP_TABLE_OWNER_MODULE_ALL, UDP_TABLE_OWNER_MODULE,
};
use windows_sys::Win32::NetworkManagement::Ndis::{IF_MAX_STRING_SIZE, NET_LUID_LH};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows_sys::Win32::System::Memory::{GetProcessHeap, HeapFree, HeapSize};

use super::super::super::decode::windows::socket_tables::{ListedSocket, Table, sockets};
use super::super::super::in_words;
use super::super::room::Room;

/// No table is longer, in bytes: that of 500,000 sockets has 96 MB.
const LONGEST: u32 = 96 << 20;
/// How often a table that has grown meanwhile is read again.
const MOST_TRIES: usize = 8;
/// How much more room a table gets than it had, in bytes: it may grow meanwhile.
const MORE_ROOM: u32 = 16 << 10;

/// The sockets of a table.
///
/// # Errors
///
/// Why not, in words.
pub(in crate::os::windows) fn read(table: Table) -> Result<Vec<ListedSocket>, String> {
    let family = u32::from(if matches!(table, Table::Tcp4 | Table::Udp4) { AF_INET } else { AF_INET6 });
    let mut room = MORE_ROOM;
    for _ in 0..MOST_TRIES {
        let mut buffer = Room::new(room as usize);
        let mut length = room;
        let to = buffer.as_mut_ptr();
        // SAFETY: the buffer has this length, and the number outlives the call.
        let error = unsafe {
            match table {
                Table::Tcp4 | Table::Tcp6 => {
                    GetExtendedTcpTable(to, &raw mut length, 0, family, TCP_TABLE_OWNER_MODULE_ALL, 0)
                }
                _ => GetExtendedUdpTable(to, &raw mut length, 0, family, UDP_TABLE_OWNER_MODULE, 0),
            }
        };
        match error {
            0 => {
                let found = sockets(table, buffer.bytes(room as usize));
                return found.ok_or_else(|| "it is not understood".to_owned());
            }
            ERROR_INSUFFICIENT_BUFFER if length <= LONGEST => room = length.saturating_add(MORE_ROOM),
            error => return Err(in_words(&io::Error::from_raw_os_error(error.cast_signed()))),
        }
    }
    Err("it grows faster than it can be read".to_owned())
}

/// `InternalGetBoundTcpEndpointTable` and its like for IPv6: a table on the heap, which the caller frees. Microsoft does not
/// document them; `netstat -q` uses them, since Windows 10 1809 (declared in netprv.c of the System Informer project).
type GetBoundTable = unsafe extern "system" fn(*mut *mut c_void, HANDLE, u32) -> u32;

/// The TCP sockets that have a port and do not listen, connected ones among them.
///
/// # Errors
///
/// Why not, in words.
pub(in crate::os::windows) fn bound(table: Table) -> Result<Vec<ListedSocket>, String> {
    let name = match table {
        Table::Bound6 => c"InternalGetBoundTcp6EndpointTable",
        _ => c"InternalGetBoundTcpEndpointTable",
    };
    let library: Vec<u16> = "iphlpapi.dll\0".encode_utf16().collect();
    let mut rows: *mut c_void = ptr::null_mut();
    // SAFETY: both names end with a zero. The library is loaded, because this program is linked with it. The function has
    // this signature; the pointer outlives the call. What it leads to is read as far as the heap says it goes, and freed.
    unsafe {
        let Some(function) = GetProcAddress(GetModuleHandleW(library.as_ptr()), name.as_ptr().cast()) else {
            return Err("this version of Windows does not report them".to_owned());
        };
        let get = std::mem::transmute::<unsafe extern "system" fn() -> isize, GetBoundTable>(function);
        let heap = GetProcessHeap();
        let error = get(&raw mut rows, heap, 0);
        if error != 0 {
            return Err(in_words(&io::Error::from_raw_os_error(error.cast_signed())));
        }
        if rows.is_null() {
            return Ok(Vec::new());
        }
        let length = HeapSize(heap, 0, rows);
        let length = if length == usize::MAX { 0 } else { length };
        let bytes = std::slice::from_raw_parts(rows.cast::<u8>(), length).to_vec();
        HeapFree(heap, 0, rows);
        sockets(table, &bytes).ok_or_else(|| "they are not understood".to_owned())
    }
}

/// What people call an interface, `Ethernet`; its number where it has no name.
pub(super) fn interface(index: u32) -> String {
    let mut luid = NET_LUID_LH { Value: 0 };
    let mut alias = [0_u16; IF_MAX_STRING_SIZE as usize + 1];
    // SAFETY: both outlive the calls, and the buffer has this length.
    let error = unsafe {
        match ConvertInterfaceIndexToLuid(index, &raw mut luid) {
            0 => ConvertInterfaceLuidToAlias(&raw const luid, alias.as_mut_ptr(), alias.len()),
            error => error,
        }
    };
    let length = alias.iter().position(|&unit| unit == 0).unwrap_or(alias.len());
    match error {
        0 if length > 0 => String::from_utf16_lossy(&alias[..length]),
        _ => index.to_string(),
    }
}
