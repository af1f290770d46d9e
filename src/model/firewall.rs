//! Whether a firewall lets what is sent to a socket reach it.

use serde::Serialize;

use super::word::{read_as_word, words};

words! {
    /// What Windows Firewall does with what other machines send to a port of a program, by the profile in force.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Firewall {
        /// it lets it through
        Allowed = "allowed",
        /// it lets it through from some addresses or interfaces only
        Restricted = "restricted",
        /// it drops it
        Blocked = "blocked",
    }
}

read_as_word!(Firewall);
