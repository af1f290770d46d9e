//! The path of a program as the kernel has it, made into one that people know: `\Device\HarddiskVolume3\Windows\x.exe`
//! is `C:\Windows\x.exe`.

/// Where the kernel keeps the shares of other machines ("Multiple UNC Provider"), and what programs call it.
const SHARES: &str = r"\Device\Mup";
/// The redirector of SMB, by which older versions of Windows name a share.
const REDIRECTOR: &str = r"\Device\LanmanRedirector";

/// The names of the devices of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Devices {
    /// The device of each drive: `\Device\HarddiskVolume3` and `C:`.
    pub drives: Vec<(String, String)>,
    /// The folder of Windows, which the kernel calls `\SystemRoot`.
    pub windows: Option<String>,
}

impl Devices {
    /// The path with a drive letter or the name of a share. A path on a volume that has neither, as one that is mounted in a
    /// folder, becomes `\\?\GLOBALROOT\Device\…`, which Windows opens too ("Naming a Volume").
    #[must_use]
    pub fn path(&self, native: &str) -> String {
        if let Some(path) = native.strip_prefix(r"\??\") {
            return match path.strip_prefix(r"UNC\") {
                Some(share) => format!(r"\\{share}"),
                None => path.to_owned(),
            };
        }
        if let (Some(rest), Some(windows)) = (behind(native, r"\SystemRoot"), &self.windows) {
            return format!("{}{rest}", windows.trim_end_matches('\\'));
        }
        if let Some(share) = share(native) {
            return format!(r"\{share}");
        }
        let drive = self.drives.iter().find_map(|(device, drive)| Some((drive, behind(native, device)?)));
        match drive {
            Some((drive, rest)) => format!("{drive}{rest}"),
            None if native.starts_with('\\') => format!(r"\\?\GLOBALROOT{native}"),
            None => native.to_owned(),
        }
    }
}

/// What stands behind the name of a device: a whole component ends there. Names of devices compare without case.
fn behind<'a>(native: &'a str, device: &str) -> Option<&'a str> {
    let start = native.get(..device.len()).filter(|start| start.eq_ignore_ascii_case(device))?;
    let rest = &native[start.len()..];
    (!device.is_empty() && rest.starts_with('\\')).then_some(rest)
}

/// `\server\share\…` of a path on another machine. The redirector may put a drive letter and a session before it:
/// `\Device\Mup\;LanmanRedirector\;Z:000000000003e7\server\share\…`.
fn share(native: &str) -> Option<&str> {
    let mut rest = behind(native, SHARES).or_else(|| behind(native, REDIRECTOR))?;
    while rest.starts_with(r"\;") {
        rest = &rest[1 + rest[1..].find('\\')?..];
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn devices() -> Devices {
        let drives = [
            (r"\Device\HarddiskVolume1", "D:"),
            (r"\Device\HarddiskVolume3", "C:"),
            (r"\Device\HarddiskVolume12", "E:"),
            ("", "F:"),
        ];
        Devices {
            drives: drives.map(|(device, drive)| (device.to_owned(), drive.to_owned())).to_vec(),
            windows: Some(r"C:\Windows\".to_owned()),
        }
    }

    #[test]
    fn a_path_of_the_kernel_becomes_one_that_people_know() {
        for (native, path) in [
            (r"\Device\HarddiskVolume3\Windows\System32\lsass.exe", r"C:\Windows\System32\lsass.exe"),
            (r"\device\harddiskvolume3\größe 日本\lmgrd.exe", r"C:\größe 日本\lmgrd.exe"),
            // One name begins another.
            (r"\Device\HarddiskVolume12\x.exe", r"E:\x.exe"),
            (r"\Device\HarddiskVolume1\x.exe", r"D:\x.exe"),
            (r"\Device\HarddiskVolume30\x.exe", r"\\?\GLOBALROOT\Device\HarddiskVolume30\x.exe"),
            (r"\SystemRoot\System32\smss.exe", r"C:\Windows\System32\smss.exe"),
            (r"\Device\Mup\server\share\x.exe", r"\\server\share\x.exe"),
            (r"\Device\Mup\;LanmanRedirector\;Z:0003e7\server\share\x.exe", r"\\server\share\x.exe"),
            (r"\Device\LanmanRedirector\;Z:0003e7\server\share\x.exe", r"\\server\share\x.exe"),
            // As Wine writes it.
            (r"\??\C:\Program Files\x.exe", r"C:\Program Files\x.exe"),
            (r"\??\UNC\server\share\x.exe", r"\\server\share\x.exe"),
            // Processes without a file.
            ("Registry", "Registry"),
            ("", ""),
        ] {
            assert_eq!(devices().path(native), path, "{native}");
        }
    }

    #[test]
    fn a_path_that_is_cut_or_damaged_becomes_no_path_of_a_drive_by_chance() {
        let native = r"\Device\HarddiskVolume3\Windows\System32\lsass.exe";
        for end in 0..native.len() {
            let path = devices().path(&native[..end]);
            let is_whole_device = end > r"\Device\HarddiskVolume3".len();
            assert_eq!(path.starts_with("C:"), is_whole_device, "{path}");
            let flipped: String =
                native.char_indices().map(|(at, c)| if at == end { '\u{1}' } else { c }).collect();
            let path = devices().path(&flipped);
            assert_eq!(path.starts_with("C:"), is_whole_device, "{path}");
        }
    }

    #[test]
    fn without_the_folder_of_windows_its_name_stays() {
        let path = Devices::default().path(r"\SystemRoot\System32\smss.exe");
        assert_eq!(path, r"\\?\GLOBALROOT\SystemRoot\System32\smss.exe");
    }

    proptest! {
        #[test]
        fn any_text_becomes_some_path(native in r"(\\(Device|Mup|;|HarddiskVolume1|\?\?|[a-zé:;]{0,3})){0,6}") {
            let _ = devices().path(&native);
        }
    }
}
