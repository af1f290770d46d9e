//! What a program is called.

use crate::os::decode::text::os_text;
use std::ffi::OsStr;
use std::path::Path;

/// The name of a process that runs this file: the name it was started by if the file has that name too, or else the
/// file's name; without a file, the kernel's short name. `is_same_file` says whether a path leads to the same file.
pub(super) fn program_name(
    exe: Option<&Path>,
    short_name: &OsStr,
    is_same_file: impl FnOnce(&Path) -> bool,
) -> Option<String> {
    let name = exe.and_then(|exe| {
        let file = exe.file_name()?;
        let is_called = says_more(short_name, file) && is_same_file(&exe.with_file_name(short_name));
        Some(if is_called { short_name } else { file })
    });
    let name = name.unwrap_or(short_name);
    (!name.is_empty()).then(|| os_text(name))
}

/// Whether a short name may be the name that a program was started by, if its file has several: Debian's
/// `redis-server` is a link to `redis-check-rdb`, a name that nobody knows. A process can call itself anything, so
/// the name counts only if a file of that name beside the executable is the same file.
fn says_more(short_name: &OsStr, file: &OsStr) -> bool {
    let (short, file) = (short_name.as_encoded_bytes(), file.as_encoded_bytes());
    // `python3` for `python3.11`, or a long name that the kernel cut: the file name says more.
    let says_less = file.starts_with(short) || short.contains(&b'/') || short.is_empty();
    !says_less
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_goes_by_the_name_it_was_called_by_where_that_is_its_file_s_too() {
        let name = |exe: Option<&str>, short: &str, other: Option<&str>| {
            let is_other = |path: &Path| other.is_some_and(|other| path == Path::new(other));
            program_name(exe.map(Path::new), OsStr::new(short), is_other)
        };
        let redis = Some("/usr/bin/redis-check-rdb");
        let server = Some("/usr/bin/redis-server");
        assert_eq!(name(redis, "redis-server", server).as_deref(), Some("redis-server"));
        assert_eq!(name(redis, "lmgrd", server).as_deref(), Some("redis-check-rdb"), "it calls itself so");
        assert_eq!(name(Some("/usr/bin/python3.11"), "python3", None).as_deref(), Some("python3.11"));
        assert_eq!(name(Some("/opt/x"), "../lmgrd", Some("/opt/../lmgrd")).as_deref(), Some("x"));
        assert_eq!(name(Some("/opt/x"), "", Some("/opt/")).as_deref(), Some("x"));
        assert_eq!(name(None, "kthreadd", None).as_deref(), Some("kthreadd"));
        assert_eq!(name(None, "", None), None);
    }

    #[test]
    fn a_short_name_that_begins_the_file_s_name_is_not_looked_for() {
        let unasked = |_: &Path| panic!("the file's own name says more");
        let name = program_name(Some(Path::new("/usr/bin/nginx")), OsStr::new("nginx"), unasked);
        assert_eq!(name.as_deref(), Some("nginx"));
    }
}
