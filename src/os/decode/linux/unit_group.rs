//! The control group that a process shares with the other processes of its unit.

use super::cgroup::{ControlGroup, ranked};

/// Of `/proc/PID/cgroup`, the control group at or below that of this unit. `None` where there is none, or it lies outside
/// this program's cgroup namespace.
#[must_use]
pub fn of_unit(text: &str, unit: &str) -> Option<ControlGroup> {
    let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    let is_it = |path: &str| {
        let mut names = path.split('/');
        // systemd prefixes `_` to a name that the kernel might use for a file.
        names.clone().any(|name| name.strip_prefix('_').unwrap_or(name) == unit)
            && names.all(|name| name != "..")
    };
    // The controllers of version 1 need not follow the units.
    let of_systemd = whole.filter_map(ranked).filter(|&(rank, _, path)| rank < 2 && is_it(path));
    let (_, hierarchy, path) = of_systemd.min_by_key(|&(rank, ..)| rank)?;
    Some(ControlGroup { hierarchy, path: path.to_owned() })
}

/// The ids in a `cgroup.procs`. A 0 stands for a process of another PID namespace (cgroups(7)).
pub fn members(text: &str) -> impl Iterator<Item = u32> {
    // A line without its newline may be cut short.
    let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    whole.filter_map(|line| line.parse().ok()).filter(|&pid| pid != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_a_unit_is_that_of_systemd() {
        let group = |text: &str| {
            let ControlGroup { hierarchy, path } = of_unit(text, "a.service")?;
            Some(format!("{}:{path}", hierarchy.unwrap_or_default()))
        };
        for (text, expected) in [
            ("0::/system.slice/a.service\n", Some(":/system.slice/a.service")),
            ("0::/system.slice/_a.service/x\n", Some(":/system.slice/_a.service/x")),
            (
                "4:pids:/system.slice/a.service\n1:name=systemd:/system.slice/a.service\n0::/\n",
                Some("systemd:/system.slice/a.service"),
            ),
            ("4:pids:/system.slice/a.service\n", None),
            ("0::/../a.service\n", None),
            ("0::/system.slice/b.service\n", None),
            ("0::/system.slice/a.service", None),
            ("", None),
        ] {
            assert_eq!(group(text).as_deref(), expected, "{text}");
        }
        assert_eq!(members("7\n0\nx\n81\n9").collect::<Vec<_>>(), [7, 81]);
    }
}
