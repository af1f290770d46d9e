//! What the kernel says of a device in `/sys` (`uevent`): one `KEY=value` a line.

/// The number of a block device, major and minor, and the name of its file below `/dev`.
#[must_use]
pub fn device_file(uevent: &str) -> Option<((u32, u32), &str)> {
    let value = |key: &str| uevent.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let number = |key| value(key)?.parse().ok();
    Some(((number("MAJOR")?, number("MINOR")?), value("DEVNAME")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_device_is_known_by_its_number_and_name() {
        let uevent = "MAJOR=7\nMINOR=12\nDEVNAME=loop12\nDEVTYPE=disk\nDISKSEQ=15\n";
        assert_eq!(device_file(uevent), Some(((7, 12), "loop12")));
        for cut in [0, 7, 16, 24] {
            assert_eq!(device_file(&uevent[..cut]), None, "{cut}");
        }
        assert_eq!(device_file("MAJOR=-7\nMINOR=0\nDEVNAME=loop0\n"), None);
    }
}
