//! Decodes the file of services (services(5)): `ssh  22/tcp  alias  # Secure Shell`.

use crate::model::Protocol;

/// The port of a service, by its name or an alias; `None` if the file has none.
#[must_use]
pub fn port(text: &str, name: &str, protocol: Protocol) -> Option<u16> {
    text.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        let official = words.next()?;
        let (port, of) = words.next()?.split_once('/')?;
        let is_meant = of == protocol.name() && (official == name || words.any(|alias| alias == name));
        is_meant.then(|| port.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As macOS has it.
    const SERVICES: &str = "# Network services\n#ssh 21/tcp\nssh\t\t22/udp     # SSH\nssh              22/tcp     \
                            # SSH\nhttp  80/tcp www www-http # WWW\nwrong\nwrong 1\nbig 70000/tcp\n";

    #[test]
    fn a_service_has_a_port_for_each_protocol() {
        let of = |name, protocol| port(SERVICES, name, protocol);
        assert_eq!(of("ssh", Protocol::Tcp), Some(22));
        assert_eq!(of("ssh", Protocol::Udp), Some(22));
        assert_eq!(of("www-http", Protocol::Tcp), Some(80));
        for name in ["www", "wrong", "big", "", "#", "SSH"] {
            assert_eq!(of(name, Protocol::Udp), None, "{name}");
        }
        assert_eq!((of("big", Protocol::Tcp), of("WWW", Protocol::Tcp)), (None, None));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".*", name in ".*") {
            let _ = port(&text, &name, Protocol::Tcp);
        }
    }
}
