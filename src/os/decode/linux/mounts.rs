//! Decodes what is mounted where (`proc_pid_mountinfo(5)`).

use std::borrow::Cow;

/// One mounted file system.
struct Mount<'a> {
    /// Major and minor number, as in `0:21`.
    device: &'a str,
    /// The mount point, with some characters written as in `\040`.
    point: &'a str,
    kind: &'a str,
    /// The options of the file system, not of the mount.
    options: &'a str,
}

/// In the order of the file: of several at one mount point the last covers the others.
fn mounts(mountinfo: &str) -> impl DoubleEndedIterator<Item = Mount<'_>> {
    mountinfo.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut after = after.splitn(3, ' ');
        let mut before = before.split(' ').skip(2);
        let (device, point) = (before.next()?, before.nth(1)?);
        let kind = after.next()?;
        Some(Mount { device, point, kind, options: after.nth(1).unwrap_or_default() })
    })
}

/// Whether `/proc` is mounted so that it shows an ordinary user only their own processes (hidepid in `proc(5)`).
#[must_use]
pub fn hides_processes(mountinfo: &str) -> bool {
    let hiding = ["hidepid=2", "hidepid=invisible", "hidepid=4", "hidepid=ptraceable"];
    let proc = mounts(mountinfo).rfind(|mount| mount.point == "/proc" && mount.kind == "proc");
    proc.is_some_and(|proc| proc.options.split(',').any(|option| hiding.contains(&option)))
}

/// The file systems that answer from this machine's own memory and disks. Those of a server, or of a program (FUSE),
/// may not answer for hours, and a process cannot stop waiting for them.
const AT_HAND: &[&str] = &[
    "bcachefs", "btrfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "iso9660", "jfs", "msdos",
    "nilfs2", "ntfs3", "overlay", "ramfs", "reiserfs", "rootfs", "squashfs", "tmpfs", "udf", "ufs", "vfat",
    "xfs", "zfs",
];

/// Whether a path can be read without waiting for a server: every file system on the way to it is at hand. False if
/// unknown.
#[must_use]
pub fn is_at_hand(mountinfo: &str, path: &str) -> bool {
    let on_the_way = |mount: &Mount<'_>| {
        let rest = path.strip_prefix(unescaped(mount.point).trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mut any = false;
    mounts(mountinfo).filter(on_the_way).all(|mount| {
        any = true;
        AT_HAND.contains(&mount.kind)
    }) && any
        && path.starts_with('/')
}

/// Whether the file system on this device, by major and minor number, is at hand. False if it is not mounted here.
#[must_use]
pub fn is_device_at_hand(mountinfo: &str, (major, minor): (u32, u32)) -> bool {
    let device = format!("{major}:{minor}");
    mounts(mountinfo).any(|mount| mount.device == device && AT_HAND.contains(&mount.kind))
}

/// Decodes a path whose blanks, tabs, newlines and backslashes are written in octal (`mangle` in
/// `fs/proc_namespace.c`).
fn unescaped(path: &str) -> Cow<'_, str> {
    if !path.contains('\\') {
        return Cow::Borrowed(path);
    }
    let codes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    Cow::Owned(codes.into_iter().fold(path.to_owned(), |path, (code, is)| path.replace(code, is)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
23 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
24 23 0:21 / /proc rw,relatime shared:2 master:1 - proc proc rw
31 23 0:40 / /srv rw - nfs4 files:/export rw,vers=4.2
32 31 254:1 / /srv/local rw - xfs /dev/vdb rw
33 23 0:41 / /opt/my\\040tools rw - fuse.sshfs me@there: rw
34 23 0:42 / /tmp rw - tmpfs tmpfs rw
";

    #[test]
    fn what_a_server_or_a_program_serves_is_not_at_hand() {
        for path in ["/usr/sbin/nginx", "/tmp/x", "/srvs/x", "/opt/my tool"] {
            assert!(is_at_hand(MOUNTS, path), "{path}");
        }
        // A local disk, too, if a server is on the way to it.
        for path in ["/srv", "/srv/lmgrd", "/srv/local/lmgrd", "/opt/my tools/lmgrd", "/proc/1/exe"] {
            assert!(!is_at_hand(MOUNTS, path), "{path}");
        }
        for (device, at_hand) in [((254, 0), true), ((0, 42), true), ((0, 40), false), ((0, 4), false)] {
            assert_eq!(is_device_at_hand(MOUNTS, device), at_hand, "{device:?}");
        }
        assert!(!is_at_hand("", "/usr/sbin/nginx"), "unknown");
        assert!(!is_at_hand(MOUNTS, ""), "not a path");
    }

    #[test]
    fn how_proc_is_mounted_says_whether_it_hides() {
        let plain = "22 1 0:21 / /proc rw,relatime - proc proc rw\n";
        let hiding = "30 22 0:44 / /proc rw,relatime shared:5 - proc proc rw,hidepid=invisible\n";
        assert!(!hides_processes(plain) && !hides_processes("") && hides_processes(hiding));
        assert!(
            hides_processes(&format!("{plain}{hiding}")) && !hides_processes(&format!("{hiding}{plain}"))
        );
        assert!(!hides_processes("30 22 0:44 / /mnt/proc rw - proc proc rw,hidepid=2\n"), "elsewhere");
        assert!(!hides_processes("30 22 0:44 / /proc rw - proc proc rw,hidepid=1\n"), "listed, not shown");
    }
}
