//! Decodes systemd's `.socket` unit files (`systemd.socket(5)`, `systemd.syntax(7)`; addresses as
//! `socket_address_parse` in systemd's `src/shared/socket-netlink.c` parses them): they say what systemd will start for
//! a port that it holds itself.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::unit_lines;
use crate::model::Protocol;

/// Every setting that opens something. An empty value of any of them resets them all (`config_parse_socket_listen` in
/// systemd's `src/core/load-fragment.c`).
const OPENING: [&str; 8] = [
    "ListenStream",
    "ListenDatagram",
    "ListenSequentialPacket",
    "ListenFIFO",
    "ListenNetlink",
    "ListenSpecial",
    "ListenMessageQueue",
    "ListenUSBFunction",
];

/// What a `.socket` unit opens, and what it starts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SocketUnit {
    pub listens: Vec<Listen>,
    /// The service that it names; `None` if its own name implies the service.
    pub service: Option<String>,
    /// Whether it starts an instance of the service for each connection.
    pub accept: bool,
}

/// A TCP or UDP port that a unit opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Listen {
    pub protocol: Protocol,
    /// `None` for any.
    pub address: Option<IpAddr>,
    pub port: u16,
}

/// Decodes a unit file and its drop-ins, in the order in which they apply.
#[must_use]
pub fn read(texts: &[&str]) -> SocketUnit {
    let mut unit = SocketUnit::default();
    unit_lines::settings(texts, |section, key, value| {
        if section == "Socket" {
            unit.set(key, value);
        }
    });
    unit
}

impl SocketUnit {
    /// The unit that the socket unit of this file name starts: the service that it names, or else the service of the
    /// same name, or the template of that name if it starts an instance for each connection.
    #[must_use]
    pub fn starts(&self, unit: &str) -> String {
        let name = unit.strip_suffix(".socket").unwrap_or(unit);
        let (prefix, instance) = name.split_once('@').unwrap_or((name, ""));
        match &self.service {
            // Specifiers for the parts of the unit's name (`systemd.unit(5)`).
            Some(service) => service.replace("%i", instance).replace("%p", prefix),
            None if self.accept => format!("{prefix}@.service"),
            None => format!("{name}.service"),
        }
    }

    /// Whether it opens this port at this address of the kernel's. A unit without an address opens the port at any.
    #[must_use]
    pub fn opens(&self, protocol: Protocol, address: IpAddr, port: u16) -> bool {
        self.listens.iter().any(|listen| {
            let there = listen.address.is_none_or(|own| own.to_canonical() == address.to_canonical());
            there && (listen.protocol, listen.port) == (protocol, port)
        })
    }

    fn set(&mut self, key: &str, value: &str) {
        match key {
            _ if OPENING.contains(&key) && value.is_empty() => self.listens.clear(),
            "ListenStream" => self.listens.extend(listen(Protocol::Tcp, value)),
            "ListenDatagram" => self.listens.extend(listen(Protocol::Udp, value)),
            // systemd refuses anything but a service, and keeps the previous value.
            "Service" if value.ends_with(".service") => self.service = Some(value.to_owned()),
            "Accept" => self.accept = boolean(value).unwrap_or(self.accept),
            _ => {}
        }
    }
}

/// Decodes `80`, `192.0.2.1:80`, `[2001:db8::1]:80` or `[fe80::1]:80%eth0`. `None` for a path, a name in the abstract
/// namespace, a virtual machine's socket, and for anything else.
fn listen(protocol: Protocol, text: &str) -> Option<Listen> {
    let (address, port) = if text.bytes().all(|b| b.is_ascii_digit()) {
        (None, text.parse().ok()?)
    } else {
        let (place, interface) = text.split_once('%').unwrap_or((text, "any"));
        // A single letter is not an interface but a specifier, which stands for more digits.
        let more = interface.len() == 1 && interface.bytes().all(|b| b.is_ascii_alphabetic());
        let socket: SocketAddr = place.parse().ok().filter(|_| !more)?;
        (Some(socket.ip()), socket.port())
    };
    (port != 0).then_some(Listen { protocol, address, port })
}

/// The words for yes and no (`systemd.syntax(7)`).
fn boolean(word: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|one| word.eq_ignore_ascii_case(one));
    if is(&["1", "yes", "y", "true", "t", "on"]) {
        Some(true)
    } else {
        is(&["0", "no", "n", "false", "f", "off"]).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As Ubuntu 24.04 has it.
    const SSH: &str = "[Unit]
Description=OpenBSD Secure Shell server socket
Before=sockets.target ssh.service
ConditionPathExists=!/etc/ssh/sshd_not_to_be_run

[Socket]
ListenStream=22
Accept=no
FreeBind=yes

[Install]
WantedBy=sockets.target
RequiredBy=ssh.service
";

    /// What Ubuntu's generator writes for two ports in `sshd_config`.
    const SSH_PORTS: &str = "# Automatically generated by sshd-socket-generator

[Socket]
ListenStream=
ListenStream=0.0.0.0:2222
ListenStream=[::]:2222
";

    /// As Debian 12 has it, except for the last lines.
    const CUPS: &str = "[Unit]
Description=CUPS Scheduler
PartOf=cups.service

[Socket]
ListenStream=/run/cups/cups.sock
ListenStream = [::1]:631
  ListenStream=127.0.0.1:\\
; between
631
ListenDatagram=[fe80::1]:631%eth0
ListenStream=@abstract
ListenStream=vsock:2:1234
ListenStream=0
ListenStream=65536
ListenStream=80%i
ListenStream=192.0.2.1:80%i
ListenFIFO=/run/80
";

    fn decoded(unit: &SocketUnit) -> Vec<String> {
        let decoded = |l: &Listen| {
            format!("{} {} {}", l.protocol, l.address.map_or("any".to_owned(), |a| a.to_string()), l.port)
        };
        unit.listens.iter().map(decoded).collect()
    }

    #[test]
    fn ports_are_told_and_paths_are_not() {
        assert_eq!(decoded(&read(&[SSH])), ["tcp any 22"]);
        assert_eq!(decoded(&read(&[CUPS])), ["tcp ::1 631", "udp fe80::1 631"]);
        assert_eq!(
            decoded(&read(&[&CUPS.replace(":\\\n; between\n", ":")])),
            ["tcp ::1 631", "tcp 127.0.0.1 631", "udp fe80::1 631"]
        );
    }

    #[test]
    fn an_empty_assignment_takes_back_what_was_opened() {
        assert_eq!(decoded(&read(&[SSH, SSH_PORTS])), ["tcp 0.0.0.0 2222", "tcp :: 2222"]);
        assert_eq!(decoded(&read(&[SSH, "[Socket]\nListenFIFO=\n"])), [] as [&str; 0]);
        assert_eq!(
            decoded(&read(&[SSH, "ListenStream=\n[Socket]\nListenStream=2222"])),
            ["tcp any 22", "tcp any 2222"]
        );
    }

    #[test]
    fn the_service_is_named_or_has_the_name_of_the_unit() {
        for (text, unit, service) in [
            (SSH, "ssh.socket", "ssh.service"),
            ("[Socket]\nAccept=YES\n", "sshd.socket", "sshd@.service"),
            ("[Socket]\nAccept=yes\nAccept=maybe\n", "foo@1.socket", "foo@.service"),
            ("[Socket]\nAccept=yes\nAccept=off\n", "foo@1.socket", "foo@1.service"),
            ("[Socket]\nService=web.service\nService=\nService=x.socket\n", "foo.socket", "web.service"),
            ("[Socket]\nService=%p-web@%i.service\n", "foo@1.socket", "foo-web@1.service"),
            ("[Service]\nService=web.service\n", "foo.socket", "foo.service"),
            ("", "odd", "odd.service"),
        ] {
            assert_eq!(read(&[text]).starts(unit), service, "{text}");
        }
    }

    #[test]
    fn lines_are_joined_at_a_backslash_that_is_not_itself_escaped() {
        let joined = read(&["[Socket]\nService=\\\n# why\n\\\n  web.service\n"]);
        assert_eq!(joined.service.as_deref(), Some("web.service"));
        assert_eq!(decoded(&read(&["[Socket]\nDescription=x\\\\\nListenStream=80\n"])), ["tcp any 80"]);
        assert_eq!(decoded(&read(&["[Socket]\nDescription=x\\\nListenStream=80\n"])), [] as [&str; 0]);
        assert_eq!(decoded(&read(&["\u{feff}[Socket]\r\nListenStream=80 \\"])), ["tcp any 80"]);
    }

    #[test]
    fn a_port_is_opened_at_the_address_named_or_at_any() {
        let opens = |unit: &SocketUnit, address: &str, port| {
            unit.opens(Protocol::Tcp, address.parse().unwrap(), port)
        };
        let ssh = read(&[SSH]);
        assert!(opens(&ssh, "::", 22) && opens(&ssh, "0.0.0.0", 22) && opens(&ssh, "192.0.2.1", 22));
        assert!(!opens(&ssh, "::", 23) && !ssh.opens(Protocol::Udp, IpAddr::from([0; 16]), 22));
        let mapped = read(&["[Socket]\nListenStream=[::ffff:192.0.2.1]:80\n"]);
        assert!(opens(&mapped, "192.0.2.1", 80) && opens(&mapped, "::ffff:192.0.2.1", 80));
        assert!(!opens(&mapped, "0.0.0.0", 80) && !opens(&mapped, "::", 80));
    }

    #[test]
    fn without_its_last_lines_nothing_is_told_but_the_truth() {
        for end in CUPS.match_indices('\n').map(|(at, _)| at) {
            let unit = read(&[&CUPS[..end]]);
            assert!(unit.listens.iter().all(|l| read(&[CUPS]).listens.contains(l)), "{end}: {unit:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(\\[Socket\\]\n)?((Listen(Stream|Datagram)|Service|Accept)?=?[\\[\\]:%0-9.\\\\]{0,9}\\PC{0,9}\n?){0,6}", name in "\\PC{0,9}@?\\PC{0,9}") {
            let unit = read(&[&text, SSH_PORTS]);
            let _ = (unit.starts(&name), unit.opens(Protocol::Tcp, IpAddr::from([0; 4]), 80));
        }
    }
}
