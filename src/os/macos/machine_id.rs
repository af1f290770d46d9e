//! What identifies this Mac.

use super::super::decode::machine_id;
use super::calls;

/// From what `ioreg` shows as IOPlatformUUID.
pub(in crate::os) fn machine_id() -> Option<String> {
    machine_id::of_bytes(calls::host_uuid()?)
}
