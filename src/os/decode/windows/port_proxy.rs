//! Decodes the port proxies of Windows (`netsh interface portproxy`), which it keeps in the registry: the name of a value
//! is where the service listens, `0.0.0.0/8888`, and its text where it connects to, `10.0.0.5/3389`.

use std::net::IpAddr;

/// A name of a host is no longer (RFC 1035, section 2.3.4).
const LONGEST_HOST: usize = 255;

/// A port that the service `iphlpsvc` forwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortProxy {
    /// `None` where the registry has no address of this machine but a name, or `*`.
    pub listens_at: Option<IpAddr>,
    pub port: u16,
    /// `10.0.0.5:3389`, or a name in place of the address.
    pub connects_to: String,
}

/// `None` for a value that is no proxy.
#[must_use]
pub fn proxy(name: &str, value: &str) -> Option<PortProxy> {
    let (listens_at, port) = end(name)?;
    let (host, to) = end(value).filter(|(host, _)| !host.is_empty())?;
    let connects_to = if host.contains(':') { format!("[{host}]:{to}") } else { format!("{host}:{to}") };
    Some(PortProxy { listens_at: listens_at.parse().ok(), port, connects_to })
}

fn end(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.trim().rsplit_once('/')?;
    Some((host, port.parse().ok().filter(|&port| port != 0)?)).filter(|(host, _)| host.len() <= LONGEST_HOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_cut_is_a_shorter_one_or_none() {
        let (name, value) = ("0.0.0.0/8888", "10.0.0.5/3389");
        for end in 0..name.len() {
            let port = proxy(&name[..end], value).map(|one| one.port.to_string());
            assert!(port.is_none_or(|port| "8888".starts_with(&port)), "{end}");
        }
        for end in 0..value.len() {
            let to = proxy(name, &value[..end]).map(|one| one.connects_to);
            assert!(to.is_none_or(|to| "10.0.0.5:3389".starts_with(&to)), "{end}");
        }
    }

    #[test]
    fn a_value_of_the_registry_is_a_proxy_or_nothing() {
        let shown = |name, value| {
            proxy(name, value).map(|one| format!("{:?} {} {}", one.listens_at, one.port, one.connects_to))
        };
        for (name, value, expected) in [
            ("0.0.0.0/8888", "10.0.0.5/3389", Some("Some(0.0.0.0) 8888 10.0.0.5:3389")),
            ("*/8888", "lic01.example/27000", Some("None 8888 lic01.example:27000")),
            ("::1/80", "fe80::1/81", Some("Some(::1) 80 [fe80::1]:81")),
            ("0.0.0.0/0", "10.0.0.5/3389", None),
            ("0.0.0.0/80", "10.0.0.5/99999", None),
            ("0.0.0.0", "10.0.0.5/80", None),
            ("0.0.0.0/80", "/80", None),
            ("", "", None),
        ] {
            assert_eq!(shown(name, value).as_deref(), expected, "{name} {value}");
        }
        let long = format!("{}/80", "a".repeat(LONGEST_HOST + 1));
        assert_eq!(proxy("0.0.0.0/80", &long), None);
    }
}
