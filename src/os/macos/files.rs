//! Files by their paths, in this process's view of the file system.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::super::unix::{self, identity};
use crate::model::{Checked, Writer};

/// Whether a file may lie on a machine that does not answer. Not checked on macOS.
pub(in crate::os) fn may_not_answer(_path: &Path) -> bool {
    false
}

/// Who besides administrators could put other content into this file.
pub(in crate::os) fn writers(path: &Path) -> Checked<Vec<Writer>> {
    unix::writers(path, |place| Some(fs::metadata(place).ok()?.mode()))
}

/// Whether two paths lead to the same file.
pub(in crate::os) fn same_path(one: &Path, other: &Path) -> bool {
    let one = identity(one);
    one.is_some() && one == identity(other)
}
