//! Memory that a process makes for itself, and that the kernel shows as files.

use std::sync::LazyLock;

use rustix::fs::{MemfdFlags, fstat, major, memfd_create, minor};

/// The file systems, never mounted anywhere, of memory that a process makes for itself: memfd_create(2),
/// `/dev/zero` and shared memory of System V, with small pages and with large ones.
static OWN_MEMORY: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
    let kinds = [MemfdFlags::CLOEXEC, MemfdFlags::CLOEXEC | MemfdFlags::HUGETLB];
    let device = |flags| fstat(memfd_create(c"", flags).ok()?).ok().map(|stat| stat.st_dev);
    kinds.into_iter().filter_map(device).map(|device| (major(device), minor(device))).collect()
});

/// Whether a process made the files of this device in memory.
pub(super) fn is_own_memory(device: (u32, u32)) -> bool {
    OWN_MEMORY.contains(&device)
}
