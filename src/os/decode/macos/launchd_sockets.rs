//! Decodes the sockets that launchd opens for a job: `Sockets` in its property list (launchd.plist(5)).

use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};

use plist::{Dictionary, Value};

use super::super::services_file;
use crate::model::Protocol;

/// How many sockets of a job are kept.
const MOST: usize = 100;

/// The sockets that launchd opens for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSockets {
    pub label: String,
    pub sockets: Vec<LaunchdSocket>,
}

/// A socket that can receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchdSocket {
    pub protocol: Protocol,
    pub port: Port,
    /// Whether it may be an IPv4 or an IPv6 socket.
    pub ipv4: bool,
    pub ipv6: bool,
    /// The address it is bound to; `None` for all, or where only a look-up of its name would say.
    pub address: Option<NodeAddress>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port {
    Number(u16),
    /// The name of a service (services(5)).
    Name(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeAddress {
    /// `localhost`.
    Loopback,
    Ip(IpAddr),
}

/// Decodes the property list of a job. `None` where it is none, or has no such sockets.
#[must_use]
pub fn job_sockets(bytes: &[u8]) -> Option<JobSockets> {
    // Both the text and the binary form have the key as it is. Few jobs have sockets.
    memchr::memmem::find(bytes, b"Sockets")?;
    let list = Value::from_reader(Cursor::new(bytes)).ok()?.into_dictionary()?;
    let label = list.get("Label")?.as_string()?.to_owned();
    let named = list.get("Sockets")?.as_dictionary()?.values();
    // Each name stands for one socket or for several.
    let each = named.flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    let sockets: Vec<_> = each.filter_map(|one| socket(one.as_dictionary()?)).take(MOST).collect();
    (!sockets.is_empty()).then_some(JobSockets { label, sockets })
}

/// `None` for a socket of another kind, or one that connects.
fn socket(of: &Dictionary) -> Option<LaunchdSocket> {
    let text = |key: &str| of.get(key).and_then(Value::as_string);
    if of.get("SockPassive").and_then(Value::as_boolean) == Some(false) {
        return None;
    }
    let protocol = match (text("SockProtocol"), text("SockType")) {
        (Some("TCP"), _) | (None, None | Some("stream")) => Protocol::Tcp,
        (Some("UDP"), _) | (None, Some("dgram")) => Protocol::Udp,
        _ => return None,
    };
    let (ipv4, ipv6) = match text("SockFamily") {
        None | Some("IPv4v6") => (true, true),
        Some("IPv4") => (true, false),
        Some("IPv6") => (false, true),
        Some(_) => return None,
    };
    // Without this key it is a unix socket.
    let port = match of.get("SockServiceName")? {
        Value::String(name) => name.parse().map_or_else(|_| Port::Name(name.clone()), Port::Number),
        number => Port::Number(number.as_unsigned_integer()?.try_into().ok()?),
    };
    let address = text("SockNodeName").and_then(|node| match node.parse() {
        Ok(ip) => Some(NodeAddress::Ip(ip)),
        Err(_) => (node == "localhost").then_some(NodeAddress::Loopback),
    });
    Some(LaunchdSocket { protocol, port, ipv4, ipv6, address })
}

impl LaunchdSocket {
    /// Whether it is the one with this address. `services` is the file of services.
    fn is_at(&self, protocol: Protocol, local: SocketAddr, services: &str) -> bool {
        let number = || match &self.port {
            Port::Number(number) => Some(*number),
            Port::Name(name) => services_file::port(services, name, protocol),
        };
        let has_address = match &self.address {
            None => true,
            Some(NodeAddress::Loopback) => local.ip().is_loopback(),
            Some(NodeAddress::Ip(ip)) => local.ip() == *ip,
        };
        let has_family = if local.is_ipv4() { self.ipv4 } else { self.ipv6 };
        self.protocol == protocol && has_family && has_address && number() == Some(local.port())
    }
}

/// The label of the job for which launchd opened a socket. `None` if no job, or more than one, has such a socket.
#[must_use]
pub fn label<'a>(
    jobs: &'a [JobSockets],
    protocol: Protocol,
    local: SocketAddr,
    services: &str,
) -> Option<&'a str> {
    let has_it = |job: &&JobSockets| job.sockets.iter().any(|one| one.is_at(protocol, local, services));
    let mut labels = jobs.iter().filter(has_it).map(|job| job.label.as_str());
    let label = labels.next()?;
    labels.all(|other| other == label).then_some(label)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SERVICES: &str = "ssh 22/tcp # SSH\ntftp 69/udp\n";

    /// As Apple's ssh.plist, with further sockets.
    fn list(sockets: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Disabled</key><true/>
<key>Label</key><string>com.openssh.sshd</string>
<key>ProgramArguments</key><array><string>/usr/sbin/sshd</string><string>-i</string></array>
<key>Sockets</key><dict>{sockets}</dict>
</dict></plist>"#
        )
    }

    fn entry(keys: &str) -> String {
        format!("<key>Listeners</key><dict>{keys}</dict>")
    }

    fn text(key: &str, value: &str) -> String {
        format!("<key>{key}</key><string>{value}</string>")
    }

    fn binary(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        Value::from_reader(Cursor::new(text)).unwrap().to_writer_binary(&mut bytes).unwrap();
        bytes
    }

    /// Whether a job with this socket has one at `place`.
    fn has(keys: &str, place: &str) -> bool {
        let (protocol, local) = place.split_once(' ').unwrap();
        let protocol = if protocol == "tcp" { Protocol::Tcp } else { Protocol::Udp };
        let jobs: Vec<JobSockets> = job_sockets(list(&entry(keys)).as_bytes()).into_iter().collect();
        label(&jobs, protocol, local.parse().unwrap(), SERVICES) == Some("com.openssh.sshd")
    }

    #[test]
    fn a_job_is_found_by_its_socket() {
        let ssh = text("SockServiceName", "ssh") + "<key>Bonjour</key><array/>";
        for place in ["tcp 0.0.0.0:22", "tcp [::]:22", "tcp 192.0.2.1:22"] {
            assert!(has(&ssh, place), "{place}");
        }
        for place in ["udp 0.0.0.0:22", "tcp 0.0.0.0:23"] {
            assert!(!has(&ssh, place), "{place}");
        }
        let number = "<key>SockServiceName</key><integer>8022</integer>";
        assert!(has(number, "tcp 0.0.0.0:8022"));
        assert!(has(&text("SockServiceName", "8022"), "tcp 0.0.0.0:8022"));
        assert!(!has(&text("SockServiceName", "nowhere"), "tcp 0.0.0.0:8022"));
        assert!(!has("<key>SockServiceName</key><integer>65558</integer>", "tcp 0.0.0.0:22"));
    }

    #[test]
    fn protocol_family_and_address_are_told_apart() {
        let with =
            |keys: &[(&str, &str)]| -> String { keys.iter().map(|(key, value)| text(key, value)).collect() };
        let tftp = with(&[("SockServiceName", "tftp"), ("SockType", "dgram")]);
        assert!(has(&tftp, "udp 0.0.0.0:69") && !has(&tftp, "tcp 0.0.0.0:69"));
        let by_protocol = with(&[("SockServiceName", "69"), ("SockProtocol", "UDP")]);
        assert!(has(&by_protocol, "udp 0.0.0.0:69"));
        let v4 = with(&[("SockServiceName", "80"), ("SockFamily", "IPv4")]);
        assert!(has(&v4, "tcp 0.0.0.0:80") && !has(&v4, "tcp [::]:80"));
        let v6 = with(&[("SockServiceName", "80"), ("SockFamily", "IPv6")]);
        assert!(!has(&v6, "tcp 0.0.0.0:80") && has(&v6, "tcp [::]:80"));
        let both = with(&[("SockServiceName", "80"), ("SockFamily", "IPv4v6")]);
        assert!(has(&both, "tcp [::]:80"));
        let local = with(&[("SockServiceName", "80"), ("SockNodeName", "localhost")]);
        assert!(
            has(&local, "tcp 127.0.0.1:80") && has(&local, "tcp [::1]:80") && !has(&local, "tcp 0.0.0.0:80")
        );
        let one = with(&[("SockServiceName", "80"), ("SockNodeName", "192.0.2.1")]);
        assert!(has(&one, "tcp 192.0.2.1:80") && !has(&one, "tcp 127.0.0.1:80"));
        let connects = text("SockServiceName", "80") + "<key>SockPassive</key><false/>";
        assert!(!has(&connects, "tcp 0.0.0.0:80"));
        assert!(!has(&text("SockPathName", "/var/run/x"), "tcp 0.0.0.0:80"));
        assert!(!has(&with(&[("SockServiceName", "80"), ("SockFamily", "Unix")]), "tcp 0.0.0.0:80"));
    }

    #[test]
    fn several_sockets_and_both_forms_are_read() {
        let dict = |port: u16| format!("<dict><key>SockServiceName</key><integer>{port}</integer></dict>");
        let sockets = format!("<key>A</key><array>{}{}</array><key>B</key>{}", dict(1), dict(2), dict(3));
        let job = job_sockets(list(&sockets).as_bytes()).unwrap();
        let ports: Vec<&Port> = job.sockets.iter().map(|socket| &socket.port).collect();
        assert_eq!(ports, [&Port::Number(1), &Port::Number(2), &Port::Number(3)]);
        assert_eq!(job_sockets(&binary(&list(&sockets))), Some(job));
        let many = format!("<key>A</key><array>{}</array>", dict(1).repeat(MOST + 1));
        assert_eq!(job_sockets(list(&many).as_bytes()).unwrap().sockets.len(), MOST);
    }

    #[test]
    fn what_two_jobs_have_is_neither_s() {
        let job = job_sockets(list(&entry(&text("SockServiceName", "80"))).as_bytes()).unwrap();
        let at = "0.0.0.0:80".parse().unwrap();
        let twice = [job.clone(), job.clone()];
        assert_eq!(label(&twice, Protocol::Tcp, at, ""), Some("com.openssh.sshd"));
        let other = JobSockets { label: "com.example.other".to_owned(), ..job.clone() };
        assert_eq!(label(&[job, other], Protocol::Tcp, at, ""), None);
        assert_eq!(label(&[], Protocol::Tcp, at, ""), None);
    }

    #[test]
    fn what_is_cut_or_changed_is_read_or_not() {
        let text = list(&entry(&text("SockServiceName", "ssh")));
        for whole in [text.as_bytes().to_vec(), binary(&text)] {
            for end in 0..whole.len() {
                let _ = job_sockets(&whole[..end]);
                let mut changed = whole.clone();
                changed[end] ^= 0x55;
                let _ = job_sockets(&changed);
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = job_sockets(&[b"bplist00Sockets".as_slice(), &bytes].concat());
        }
    }
}
