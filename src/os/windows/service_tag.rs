//! Which service of a process created a socket: the socket tables have the number by which the service manager knows it.
#![expect(unsafe_code, reason = "only the Windows API names the service of a number")]

use std::ffi::c_void;
use std::num::NonZeroU32;
use std::ptr;

use windows_sys::Win32::Foundation::{HLOCAL, LocalFree};
use windows_sys::Win32::System::LibraryLoader::{
    GetProcAddress, LOAD_LIBRARY_SEARCH_SYSTEM32, LoadLibraryExW,
};

use super::services::text;
use crate::model::Pid;

/// `TAG_INFO_NAME_FROM_TAG` (subprocesstag.h of the System Informer project): what is asked, and the answer, a text that
/// the caller frees.
#[repr(C)]
struct NameFromTag {
    pid: u32,
    tag: u32,
    kind: u32,
    name: *mut u16,
}

/// `eTagInfoLevelNameFromTag`.
const NAME_FROM_TAG: u32 = 1;

/// `I_QueryTagInformation` of sechost.dll, since Windows Vista. Microsoft does not document it; the documented
/// `GetOwnerModuleFromTcpEntry` asks it too, but first opens the process.
type QueryTag = unsafe extern "system" fn(*const u16, u32, *mut c_void) -> u32;

/// The names of services by their numbers.
pub(super) struct ServiceTags(Option<QueryTag>);

impl ServiceTags {
    pub(super) fn open() -> ServiceTags {
        let library: Vec<u16> = "sechost.dll\0".encode_utf16().collect();
        // SAFETY: both names end with a zero, and the function has this signature. The library stays loaded.
        let query = unsafe {
            let library = LoadLibraryExW(library.as_ptr(), ptr::null_mut(), LOAD_LIBRARY_SEARCH_SYSTEM32);
            let query = Some(library)
                .filter(|library| !library.is_null())
                .and_then(|library| GetProcAddress(library, c"I_QueryTagInformation".as_ptr().cast()));
            query.map(|query| std::mem::transmute::<unsafe extern "system" fn() -> isize, QueryTag>(query))
        };
        ServiceTags(query)
    }

    /// Whether this Windows has the function at all.
    pub(super) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// The name of a service, as its own manager has it; `None` where Windows does not say.
    pub(super) fn name(&self, pid: Pid, tag: NonZeroU32) -> Option<String> {
        let query = self.0?;
        let mut asked = NameFromTag { pid, tag: tag.get(), kind: 0, name: ptr::null_mut() };
        // SAFETY: null stands for this machine; the structure is the one of this level, and outlives the call. The text ends
        // with a zero, and is freed once.
        unsafe {
            let error = query(ptr::null(), NAME_FROM_TAG, (&raw mut asked).cast());
            let name = text(asked.name).filter(|name| error == 0 && !name.is_empty());
            if !asked.name.is_null() {
                LocalFree(asked.name.cast::<c_void>() as HLOCAL);
            }
            name
        }
    }
}
