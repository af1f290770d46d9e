//! Decodes `/etc/nsswitch.conf` (`nsswitch.conf(5)`), which says who knows users and groups.

/// The file.
pub const SWITCH: &str = "/etc/nsswitch.conf";
/// The sockets of the programs that systemd asks for users (`nss-systemd(8)`).
pub const USER_DATABASE: &str = "/run/systemd/userdb";
/// Those that know no users besides the services' own, or ask the other services.
const WITHOUT_USERS: [&str; 4] =
    ["io.systemd.DropIn", "io.systemd.DynamicUser", "io.systemd.Multiplexer", "io.systemd.NameServiceSwitch"];

/// Whether a program whose socket has this name may tell systemd of users that are in no file.
#[must_use]
pub fn may_tell_users(socket: &str) -> bool {
    !WITHOUT_USERS.contains(&socket)
}

/// The services that a database is looked up in, in order. The last line of a database counts, as for the C library.
pub fn services<'a>(text: &'a str, database: &str) -> impl Iterator<Item = &'a str> {
    let line = text.lines().rev().find_map(|line| {
        let line = line.split('#').next()?.trim_start();
        line.strip_prefix(database)?.trim_start().strip_prefix(':')
    });
    let mut in_action = false;
    line.unwrap_or("files").split_whitespace().filter(move |word| {
        // What to do after a service, as in `[NOTFOUND=return]`, may contain blanks.
        let is_action = in_action || word.starts_with('[');
        in_action = is_action && !word.ends_with(']');
        !is_action
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_the_words_that_are_no_actions() {
        let of = |text: &str| services(text, "passwd").map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(of("# passwd: ldap\npasswd:  files systemd\ngroup: files\n"), ["files", "systemd"]);
        assert_eq!(of("passwd: sss [NOTFOUND=return success = continue] files # ldap"), ["sss", "files"]);
        assert_eq!(of("passwd: files\npasswd : nis\n"), ["nis"]);
        assert_eq!(of("passwd_compat: nis\n"), ["files"], "another database");
        assert_eq!(of(""), ["files"]);
    }
}
