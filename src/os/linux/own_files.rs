//! Files that this program reads for itself, as the user's environment or the system names them.

use std::fs;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::FileType;

use super::super::FileAt;
use super::mount_tables::MountTables;
use super::proc_dir::{Proc, own_descriptor};
use super::process_root::ProcessRoot;
use crate::model::NotInspected;
use crate::os::decode::text::os_text;

/// Whether a path leads to an ordinary file on this machine, or to nothing: then nobody is waited for who reads it.
pub(in crate::os) fn can_be_read_at_once(path: &Path) -> bool {
    let own_root = || ProcessRoot::own(&Proc::open().ok()?, &MountTables::default()).ok();
    match own_root().map(|root| root.find(path)) {
        Some(Ok(found)) => found.status.kind == FileType::RegularFile,
        Some(Err(why)) => why == NotInspected::NotAtItsPath,
        // Where everything is on a server, this program is too.
        None => fs::metadata(path).map_or(true, |file| file.is_file()),
    }
}

/// What a path leads to on this machine; a server is not waited for.
pub(in crate::os) fn file_at(path: &Path) -> FileAt {
    let own_root = || ProcessRoot::own(&Proc::open().ok()?, &MountTables::default()).ok();
    let found = match own_root().map(|root| root.find(path)) {
        Some(Ok(found)) => found,
        Some(Err(NotInspected::NotAtItsPath)) => return FileAt::Nothing,
        Some(Err(_)) | None => return FileAt::Unknown,
    };
    let Ok(real) = fs::read_link(own_descriptor(found.file.as_fd())) else { return FileAt::Unknown };
    let real = os_text(real);
    match found.status.kind == FileType::Directory {
        true => FileAt::Folder(real),
        false => FileAt::File(real),
    }
}
