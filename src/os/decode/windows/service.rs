//! What the service manager says of services, in words of this program.

use super::security::Sid;

/// `ERROR_SERVICE_SPECIFIC_ERROR`: the service has a code of its own (`SERVICE_STATUS` in winsvc.h).
const OWN_CODE: u32 = 1066;
/// `ERROR_SERVICE_NEVER_STARTED`: it has not run since the system started.
const NEVER_STARTED: u32 = 1077;

/// The code with which a service ended: `dwWin32ExitCode`, or its own. `None` where it ended without an error, or has not
/// run since the system started.
#[must_use]
pub fn exit_code(win32: u32, own: u32) -> Option<u32> {
    match win32 {
        0 | NEVER_STARTED => None,
        OWN_CODE => Some(own),
        code => Some(code),
    }
}

/// The account that a service runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceAccount {
    /// One that every Windows has. Its name is in the language of the system.
    Known(Sid),
    /// `OFFICE\alice`, `NT SERVICE\MSSQLSERVER`.
    Named(String),
}

/// The account from `lpServiceStartName` (`QUERY_SERVICE_CONFIGW` in winsvc.h). An account of this machine, `.\alice`, gets
/// the name of the machine. `None` for an empty name.
#[must_use]
pub fn account(name: &str, machine: Option<&str>) -> Option<ServiceAccount> {
    /// The parts of their identifiers, `S-1-5-18` to `S-1-5-20` ("Well-known SIDs").
    const KNOWN: [(&str, u32); 4] =
        [("LocalSystem", 18), ("SYSTEM", 18), ("LocalService", 19), ("NetworkService", 20)];
    let name = name.trim();
    let (domain, own) = name.split_once('\\').unwrap_or(("", name));
    let is_builtin = matches!(domain, "" | ".") || domain.eq_ignore_ascii_case("NT AUTHORITY");
    let plain = own.replace(' ', "");
    let known = KNOWN.iter().find(|(known, _)| is_builtin && known.eq_ignore_ascii_case(&plain));
    match (known, machine) {
        (Some(&(_, part)), _) => Some(ServiceAccount::Known(Sid::of_authority_5(part))),
        (None, _) if own.is_empty() => None,
        (None, Some(machine)) if domain == "." => {
            Some(ServiceAccount::Named(format!(r"{}\{own}", machine.to_uppercase())))
        }
        (None, _) => Some(ServiceAccount::Named(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_is_the_service_s_own_where_it_has_one() {
        for (win32, own, code) in
            [(0, 7, None), (1077, 7, None), (1067, 7, Some(1067)), (1066, 7, Some(7)), (2, 0, Some(2))]
        {
            assert_eq!(exit_code(win32, own), code, "{win32}");
        }
    }

    #[test]
    fn accounts_of_every_windows_are_known_in_all_their_forms() {
        let shown = |name| match account(name, Some("lic01")) {
            Some(ServiceAccount::Known(sid)) => sid.to_string(),
            Some(ServiceAccount::Named(name)) => name,
            None => "none".to_owned(),
        };
        for (name, expected) in [
            ("LocalSystem", "S-1-5-18"),
            (r".\LocalSystem", "S-1-5-18"),
            (r"NT AUTHORITY\SYSTEM", "S-1-5-18"),
            (r"NT AUTHORITY\LocalService", "S-1-5-19"),
            (r"nt authority\local service", "S-1-5-19"),
            (r"NT Authority\NetworkService", "S-1-5-20"),
            (r".\flexlm", r"LIC01\flexlm"),
            (r"OFFICE\LocalSystem", r"OFFICE\LocalSystem"),
            ("svc@office.example", "svc@office.example"),
            (r"NT SERVICE\MSSQLSERVER", r"NT SERVICE\MSSQLSERVER"),
            ("", "none"),
            (r".\", "none"),
        ] {
            assert_eq!(shown(name), expected, "{name}");
        }
        assert_eq!(account(r".\flexlm", None), Some(ServiceAccount::Named(r".\flexlm".to_owned())));
    }
}
