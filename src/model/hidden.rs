//! Processes that this user may not inspect.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Pid;

/// What every user may know about a process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HiddenProcess {
    pub short_name: String,
    pub uid: Option<u32>,
    /// The name of that user.
    pub user: Option<String>,
}

/// The processes whose open files this user may not read. If a socket without a visible holder is held at
/// all, one of them holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HiddenProcesses {
    /// All of them. An empty map: nothing is hidden.
    Processes(BTreeMap<Pid, HiddenProcess>),
    /// The system does not even list some of them.
    Unlisted,
}

impl HiddenProcesses {
    #[must_use]
    pub fn nothing() -> HiddenProcesses {
        HiddenProcesses::Processes(BTreeMap::new())
    }

    /// Those that the system lists.
    pub fn processes(&self) -> impl Iterator<Item = &HiddenProcess> {
        let listed = match self {
            HiddenProcesses::Processes(processes) => Some(processes.values()),
            HiddenProcesses::Unlisted => None,
        };
        listed.into_iter().flatten()
    }

    pub fn processes_mut(&mut self) -> impl Iterator<Item = &mut HiddenProcess> {
        let listed = match self {
            HiddenProcesses::Processes(processes) => Some(processes.values_mut()),
            HiddenProcesses::Unlisted => None,
        };
        listed.into_iter().flatten()
    }

    /// Adds processes, where the system lists them at all.
    pub fn add(&mut self, more: BTreeMap<Pid, HiddenProcess>) {
        if let HiddenProcesses::Processes(processes) = self {
            processes.extend(more);
        }
    }

    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self, HiddenProcesses::Processes(processes) if processes.is_empty())
    }

    /// Whether a hidden process may have this id.
    #[must_use]
    pub fn may_have_pid(&self, pid: Pid) -> bool {
        match self {
            HiddenProcesses::Processes(processes) => processes.contains_key(&pid),
            HiddenProcesses::Unlisted => true,
        }
    }

    /// Whether the short name of a hidden process suggests this one. The name of its file is not available, only the
    /// kernel's short name, and that may be a beginning of the file's (`python3` for `python3.11`, or what
    /// Linux cut at 15 bytes). But a process may change its short name.
    #[must_use]
    pub fn seem_to_be_called(&self, name: &str) -> bool {
        match self {
            HiddenProcesses::Processes(processes) => {
                processes.values().any(|HiddenProcess { short_name, .. }| {
                    !short_name.is_empty() && name.starts_with(short_name)
                })
            }
            HiddenProcesses::Unlisted => true,
        }
    }

    /// Whether a hidden process may belong to this user, given by name or number.
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
            assert_eq!(hidden.seem_to_be_called(name), may_be, "{name}");
        }
        assert!(hidden.may_have_pid(7) && !hidden.may_have_pid(9));
        assert!(
            HiddenProcesses::Unlisted.seem_to_be_called("nginx") && HiddenProcesses::Unlisted.may_have_pid(9)
        );
    }
}
