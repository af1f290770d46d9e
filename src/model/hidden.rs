//! The processes that could not be looked into.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Pid;

/// What everyone may see of a process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HiddenProcess {
    /// The kernel's short name.
    pub short_name: String,
    /// The number of its user.
    pub uid: Option<u32>,
    /// That user's name.
    pub user: Option<String>,
}

/// The processes whose open files this user may not read. A socket that nobody is seen to hold is
/// held by one of them, if by any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HiddenProcesses {
    /// These. None of them: everything was seen.
    Processes(BTreeMap<Pid, HiddenProcess>),
    /// Some are not even listed.
    Unlisted,
}

impl HiddenProcesses {
    /// Nothing was out of sight.
    #[must_use]
    pub fn nothing() -> HiddenProcesses {
        HiddenProcesses::Processes(BTreeMap::new())
    }

    /// Whether everything was seen.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self, HiddenProcesses::Processes(processes) if processes.is_empty())
    }

    /// Whether a process that was not seen may have this id.
    #[must_use]
    pub fn may_have_pid(&self, pid: Pid) -> bool {
        match self {
            HiddenProcesses::Processes(processes) => processes.contains_key(&pid),
            HiddenProcesses::Unlisted => true,
        }
    }

    /// Whether a process that was not seen may go by this name. Its file's name is not to be had,
    /// only its short one: that may be the beginning of the file's (`python3` of `python3.11`, or
    /// what Linux cut at 15 bytes).
    #[must_use]
    pub fn may_be_called(&self, name: &str) -> bool {
        match self {
            HiddenProcesses::Processes(processes) => {
                processes.values().any(|HiddenProcess { short_name, .. }| {
                    !short_name.is_empty() && name.starts_with(short_name)
                })
            }
            HiddenProcesses::Unlisted => true,
        }
    }

    /// Whether a process that was not seen may be this user's, by name or number.
    #[must_use]
    pub fn may_be_of(&self, user: &str) -> bool {
        match self {
            HiddenProcesses::Processes(processes) => processes.values().any(|process| {
                process.user.as_deref() == Some(user) || process.uid.is_none_or(|uid| user.parse() == Ok(uid))
            }),
            HiddenProcesses::Unlisted => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_may_be_the_beginning_of_the_name() {
        let named = |short: &str| HiddenProcess { short_name: short.to_owned(), ..HiddenProcess::default() };
        let hidden = HiddenProcesses::Processes([(7, named("python3")), (8, named(""))].into());
        for (name, may_be) in [("python3", true), ("python3.11", true), ("python", false), ("nginx", false)] {
            assert_eq!(hidden.may_be_called(name), may_be, "{name}");
        }
        assert!(hidden.may_have_pid(7) && !hidden.may_have_pid(9));
        assert!(
            HiddenProcesses::Unlisted.may_be_called("nginx") && HiddenProcesses::Unlisted.may_have_pid(9)
        );
    }
}
