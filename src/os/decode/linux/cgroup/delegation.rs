//! The parts of the tree that belong to a user. A user may create control groups with any names below those that were
//! delegated to them: systemd delegates `user@UID.service`, and pam_cgfs(8) the session or `/user/NAME/N`.

/// A user, as the names of control groups give one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    Id(u32),
    Name(String),
}

/// A part of the tree that belongs to a user.
pub(super) struct Delegated {
    pub(super) account: Account,
    /// How many names from the root on are not the user's choice.
    pub(super) below: usize,
}

/// The outermost control group of a user: the slice of one (`user-1000.slice`), with the sessions and the service manager
/// of the user; or what pam_cgfs(8) makes (`/user/alice/0`), or cgmanager did (`/user/1000.user/1.session`).
pub(super) fn delegated(names: &[&str]) -> Option<Delegated> {
    let id = |name: &str| {
        let slice = name.strip_prefix("user-").and_then(|rest| rest.strip_suffix(".slice"));
        let manager = || name.strip_prefix("user@").and_then(|rest| rest.strip_suffix(".service"));
        slice.or_else(manager)?.parse().ok()
    };
    let of_systemd = names.iter().enumerate().find_map(|(at, name)| Some((at + 1, Account::Id(id(name)?))));
    let of_session = || match names {
        ["user", user, _, ..] => {
            let id = user.strip_suffix(".user").and_then(|id| id.parse().ok());
            Some((3, id.map_or_else(|| Account::Name((*user).to_owned()), Account::Id)))
        }
        _ => None,
    };
    let (below, account) = of_systemd.or_else(of_session)?;
    let is_root = account == Account::Id(0) || matches!(&account, Account::Name(name) if name == "root");
    (!is_root).then_some(Delegated { account, below })
}
