//! `--trust-user` and `--trust-path`: whom and what the caller vouches for.

use super::{UsageError, bounds, parse};
use crate::model::Vouched;

const USER: &str = "--trust-user";
const PATH: &str = "--trust-path";

/// # Errors
///
/// Where a value is empty, or a folder is not given by its full path.
pub(super) fn vouched(users: &[String], folders: &[String]) -> Result<Vouched, UsageError> {
    let folders = folders.iter().map(|folder| full(folder)).collect::<Result<Vec<_>, _>>()?;
    Ok(Vouched { users: parse::given(USER, users)?, folders: bounds::distinct(folders)? })
}

/// # Errors
///
/// Where the caller vouches for a user that the machine does not have. `has_user` says so as far as that is known.
pub fn refuse_unknown_users(
    vouched: &Vouched,
    has_user: impl Fn(&str) -> Option<bool>,
) -> Result<(), UsageError> {
    refuse_unknown(USER, &vouched.users, has_user)
}

/// As [`refuse_unknown_users`], for the users of this option.
///
/// # Errors
///
/// Where the machine does not have one of them.
pub(super) fn refuse_unknown(
    option: &str,
    users: &[String],
    has_user: impl Fn(&str) -> Option<bool>,
) -> Result<(), UsageError> {
    let is_unknown = |user: &&String| user.parse::<u32>().is_err() && has_user(user) == Some(false);
    match users.iter().find(is_unknown) {
        Some(user) => Err(UsageError::NoSuchUser { option: option.to_owned(), user: user.clone().into() }),
        None => Ok(()),
    }
}

/// A full path of any system, as it was typed.
fn full(folder: &str) -> Result<String, UsageError> {
    let folder = folder.trim();
    if folder.is_empty() {
        return Err(UsageError::EmptyValue { option: PATH.to_owned() });
    }
    let option = PATH.to_owned();
    let Some(plain) = plain_path(folder) else {
        return Err(UsageError::RelativeFolder { option, folder: folder.into() });
    };
    if folder.split(separators(folder)).any(|part| part == "..") {
        return Err(UsageError::FolderWithDots { option, folder: folder.into(), plain: plain.into() });
    }
    Ok(folder.to_owned())
}

/// What stands between the folders of a full path.
fn separators(path: &str) -> &'static [char] {
    if path.starts_with('/') { &['/'] } else { &['/', '\\'] }
}

/// Where a full path of any system leads if no folder on the way is a link, without `.`, `..` and doubled separators;
/// `None` of one that is not full.
pub(super) fn plain_path(path: &str) -> Option<String> {
    let drive = path.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && matches!(path.as_bytes(), [_, b':', b'/' | b'\\', ..]);
    let is_of_server = path.starts_with(r"\\");
    if !path.starts_with('/') && !drive && !is_of_server {
        return None;
    }
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split(separators(path)) {
        match part {
            "" | "." => {}
            ".." => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    Some(match path.starts_with('/') {
        true => format!("/{}", kept.join("/")),
        false => format!("{}{}", if is_of_server { r"\\" } else { "" }, kept.join(r"\")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(typed: &str) -> Result<String, String> {
        let vouched = vouched(&[], &[typed.to_owned()]);
        vouched.map(|mut vouched| vouched.folders.remove(0)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_folder_is_given_by_its_full_path() {
        for typed in ["/opt/flexlm", "/", "/opt/a..b/", r"C:\Flexlm", "d:/Flexlm", r"\\server\share"] {
            assert_eq!(folder(typed).as_deref(), Ok(typed));
        }
        for typed in ["opt/flexlm", "~/bin", ".", "C:flexlm", "1:/x"] {
            assert!(folder(typed).unwrap_err().contains("give the full path"), "{typed}");
        }
        for (typed, plain) in [
            ("/opt/x/../flexlm", "/opt/flexlm"),
            ("/../..", "/"),
            ("/opt/flexlm/..", "/opt"),
            (r"C:\a\..\b", r"C:\b"),
            (r"\\server\a\..\b", r"\\server\b"),
        ] {
            let refused = folder(typed).unwrap_err();
            assert!(refused.ends_with(&format!("--trust-path {plain}")), "{typed}: {refused}");
        }
        assert!(folder(" ").unwrap_err().contains("is empty"));
    }

    #[test]
    fn a_user_is_refused_only_where_it_is_known_to_be_missing() {
        let refused = |user: &str, has_user| {
            let vouched = vouched(&[user.to_owned()], &[]).unwrap();
            refuse_unknown_users(&vouched, |_| has_user).err().map(|error| error.to_string())
        };
        assert_eq!((refused("alice", None), refused("alice", Some(true))), (None, None));
        assert_eq!(refused("4242", Some(false)), None, "a number needs no name");
        insta::assert_snapshot!(refused("alcie", Some(false)).unwrap(), @"‘--trust-user alcie’: this machine has no user alcie; give a name or a number, as in --trust-user 1000");
        assert!(vouched(&[String::new()], &[]).is_err());
    }
}
