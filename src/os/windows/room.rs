//! Room for what Windows writes with pointers and times in it, which must begin at a multiple of 8 bytes.
#![expect(unsafe_code, reason = "the bytes of numbers are asked for")]

use std::ffi::c_void;

pub(super) struct Room(Vec<u64>);

impl Room {
    /// Of at least so many bytes, all zero.
    pub(super) fn new(bytes: usize) -> Room {
        Room(vec![0; bytes.div_ceil(8)])
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut c_void {
        self.0.as_mut_ptr().cast()
    }

    /// The address at which it begins.
    pub(super) fn base(&self) -> usize {
        self.0.as_ptr().addr()
    }

    /// The first so many bytes, or all if it has fewer.
    pub(super) fn bytes(&self, length: usize) -> &[u8] {
        let length = length.min(self.0.len() * 8);
        // SAFETY: it has as many bytes, and any are valid.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast::<u8>(), length) }
    }
}
