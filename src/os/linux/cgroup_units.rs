//! The systemd units of control groups (cgroups(7)).

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs;
use std::os::unix::fs::DirEntryExt;
use std::path::{Path, PathBuf};

use super::super::decode::linux::cgroup;
use super::process_root::is_of_kind;
use crate::model::ProcessService;
use crate::os::decode::text::os_text;

/// Where version 2 of the control groups is mounted: alone, or beside version 1.
const CGROUPS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
/// `include/uapi/linux/magic.h`.
const CGROUP2_MAGIC: i64 = 0x6367_7270;

/// No more control groups than this are read: a user who may make some may make very many.
const MOST_GROUPS: usize = 20_000;

/// The units of control groups, by the groups' ids, which are the inodes of their folders. Groups that are
/// gone or belong to no unit are left out.
pub(super) fn of_cgroups(ids: &HashSet<u64>) -> HashMap<u64, ProcessService> {
    let mut units = HashMap::new();
    let mut roots = CGROUPS.iter().map(Path::new);
    let Some(root) = roots.find(|root| is_of_kind(root, CGROUP2_MAGIC)) else { return units };
    let mut folders: VecDeque<PathBuf> = VecDeque::from([root.to_owned()]);
    let mut read = 0;
    // Those nearest to the root first: units are there.
    while let Some(folder) = folders.pop_front().filter(|_| units.len() < ids.len()) {
        read += 1;
        if read > MOST_GROUPS {
            break;
        }
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if ids.contains(&entry.ino())
                && let Ok(path) = entry.path().strip_prefix(root)
                && let Some(unit) = cgroup::of_path(&format!("/{}", os_text(path))).service
            {
                units.insert(entry.ino(), unit);
            }
            folders.push_back(entry.path());
        }
    }
    units
}
