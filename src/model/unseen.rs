//! The processes that could not be looked into.

use std::collections::BTreeMap;

use super::Pid;

/// The processes whose open files this user may not read. A socket that nobody is seen to hold is
/// held by one of them, if by any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// These, with their short names, which everyone may read. None: everything was seen.
    Processes(BTreeMap<Pid, String>),
    /// Some are not even listed.
    Unlisted,
}

impl Unseen {
    /// Nothing was out of sight.
    #[must_use]
    pub fn nothing() -> Unseen {
        Unseen::Processes(BTreeMap::new())
    }

    /// Whether everything was seen.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self, Unseen::Processes(processes) if processes.is_empty())
    }

    /// Whether a process that was not seen may have this id.
    #[must_use]
    pub fn may_have_pid(&self, pid: Pid) -> bool {
        match self {
            Unseen::Processes(processes) => processes.contains_key(&pid),
            Unseen::Unlisted => true,
        }
    }

    /// Whether a process that was not seen may go by this name. Its file's name is not to be had,
    /// only its short one: that may be the beginning of the file's (`python3` of `python3.11`, or
    /// what Linux cut at 15 bytes).
    #[must_use]
    pub fn may_be_called(&self, name: &str) -> bool {
        match self {
            Unseen::Processes(processes) => processes.values().any(|short| {
                !short.is_empty() && (name.starts_with(short.as_str()) || short.starts_with(name))
            }),
            Unseen::Unlisted => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_may_be_the_beginning_of_the_name() {
        let unseen = Unseen::Processes([(7, "python3".to_owned()), (8, String::new())].into());
        for (name, may_be) in [("python3", true), ("python3.11", true), ("python", true), ("nginx", false)] {
            assert_eq!(unseen.may_be_called(name), may_be, "{name}");
        }
        assert!(unseen.may_have_pid(7) && !unseen.may_have_pid(9));
        assert!(Unseen::Unlisted.may_be_called("nginx") && Unseen::Unlisted.may_have_pid(9));
    }
}
