//! Where a relay forwards to, by its command line.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::quoting::quoted;

/// No more targets are named, and no longer ones: a command line is its process's own word.
const MOST: usize = 4;
const LONGEST: usize = 128;

/// What a relay forwards to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum RelayTarget {
    /// Host and port, or what has these: a socket's path, a pod or service with a port.
    Address(String),
    /// Whatever its clients ask for (SOCKS).
    AnyAddress,
    /// A command, by the kind of its address. The command may hold secrets.
    Command(String),
    /// An address of this kind. What else is in it may be a secret.
    OtherKind(String),
}

impl RelayTarget {
    fn written(&self, word: impl Fn(&str) -> String) -> String {
        match self {
            RelayTarget::Address(address) => word(address),
            RelayTarget::AnyAddress => "whatever its clients ask for (SOCKS)".to_owned(),
            RelayTarget::Command(kind) => format!("a command ({})", word(kind)),
            RelayTarget::OtherKind(kind) => format!("an address of the kind {}", word(kind)),
        }
    }
}

/// As the command line has it.
impl fmt::Display for RelayTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(str::to_owned))
    }
}

/// Targets as they stand among this program's own words: only what the command line says is quoted.
#[must_use]
pub fn relay_targets(targets: &[RelayTarget]) -> String {
    let called = targets.iter().map(|target| target.written(|word| quoted(word).into_owned()));
    called.collect::<Vec<_>>().join(", ")
}

/// The relays whose command lines say where they forward to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relay {
    Ssh,
    Socat,
    Kubectl,
}

fn relay_called(exe: &str) -> Option<Relay> {
    let exe = exe.to_ascii_lowercase();
    match exe.strip_suffix(".exe").unwrap_or(&exe) {
        "ssh" => Some(Relay::Ssh),
        "socat" => Some(Relay::Socat),
        "kubectl" | "oc" => Some(Relay::Kubectl),
        _ => None,
    }
}

/// Whether the command line of an executable with this file name says where it forwards to.
#[must_use]
pub fn is_relay(exe: &str) -> bool {
    relay_called(exe).is_some()
}

/// Where the relay with this file name forwards to, by its command line, program first. Nothing else of the command line
/// is in it: that may hold secrets. `None` where it does not say.
#[must_use]
pub fn forward_targets(exe: &str, args: &[String]) -> Option<Vec<RelayTarget>> {
    let words: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    let mut targets = match relay_called(exe)? {
        Relay::Ssh => of_ssh(&words),
        Relay::Socat => of_socat(&words).into_iter().collect(),
        Relay::Kubectl => of_kubectl(&words),
    };
    targets.retain(|target| (1..=LONGEST).contains(&target.to_string().len()));
    targets.dedup();
    targets.truncate(MOST);
    (!targets.is_empty()).then_some(targets)
}

fn address(text: impl Into<String>) -> RelayTarget {
    RelayTarget::Address(text.into())
}

/// The options of ssh(1) that take a value.
const SSH_WITH_VALUE: &str = "BbcDEeFIiJLlmOoPpQRSWw";

/// The targets of `-L` and `-D`. Options may also stand behind the host; what follows them is a command there.
fn of_ssh(words: &[&str]) -> Vec<RelayTarget> {
    let (mut targets, mut has_host) = (Vec::new(), false);
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            if std::mem::replace(&mut has_host, true) {
                break;
            }
            continue;
        };
        // Letters may stand together, as in `-fNL`. One that takes a value ends them.
        let Some(at) = letters.find(|letter| SSH_WITH_VALUE.contains(letter)) else { continue };
        let (letter, joined) = (&letters[at..=at], &letters[at + 1..]);
        let Some(value) = (if joined.is_empty() { words.next() } else { Some(joined) }) else { break };
        match letter {
            "L" => targets.extend(of_local_forward(value)),
            "D" => targets.push(RelayTarget::AnyAddress),
            "o" => targets.extend(of_ssh_option(value)),
            _ => {}
        }
    }
    targets
}

/// `LocalForward=27000 lic01:27000` and `DynamicForward 1080` (ssh_config(5)).
fn of_ssh_option(option: &str) -> Option<RelayTarget> {
    let (name, value) = option.split_once(['=', ' '])?;
    match name.trim().to_ascii_lowercase().as_str() {
        "localforward" => value.split_whitespace().nth(1).map(address),
        "dynamicforward" => Some(RelayTarget::AnyAddress),
        _ => None,
    }
}

/// `[bind:]port:host:hostport`, `[bind:]port:socket`, or a socket in place of the port.
fn of_local_forward(value: &str) -> Option<RelayTarget> {
    let (mut parts, mut rest) = (Vec::new(), value);
    while !rest.is_empty() {
        // An IPv6 address stands in brackets.
        let end = match rest.strip_prefix('[') {
            Some(inner) => inner.find(']').map(|at| at + 2)?,
            None => rest.find(':').unwrap_or(rest.len()),
        };
        parts.push(&rest[..end]);
        rest = rest[end..].strip_prefix(':').unwrap_or_default();
    }
    match parts[..] {
        [_, .., last] if last.starts_with('/') => Some(address(last)),
        [_, .., host, port] => Some(address(format!("{host}:{port}"))),
        _ => None,
    }
}

/// How the names of the addresses of socat(1) end that wait for others.
const SOCAT_LISTENS: &[&str] = &["-listen", "-recv", "-recvfrom", "-l"];

/// The address that does not listen, without its options: they may hold a password. Of a command only that it is one.
fn of_socat(words: &[&str]) -> Option<RelayTarget> {
    let [.., first, second] = words else { return None };
    let listens = |address: &str| {
        let kind = address.split([':', ',']).next().unwrap_or_default().to_ascii_lowercase();
        SOCAT_LISTENS.iter().any(|ending| kind.ends_with(ending))
    };
    let target = if listens(second) { first } else { second };
    let target = target.split("!!").last()?.split(',').next()?;
    let (kind, to) = target.split_once(':').unwrap_or((target, ""));
    let to = Some(to).filter(|to| !to.is_empty());
    match kind.to_ascii_lowercase().trim_end_matches("-connect") {
        "exec" | "system" | "shell" => Some(RelayTarget::Command(kind.to_owned())),
        // The proxy's host comes first.
        "proxy" | "socks4" | "socks4a" | "socks5" => Some(address(to?.split_once(':')?.1)),
        "tcp" | "tcp4" | "tcp6" | "udp" | "udp4" | "udp6" | "openssl" | "ssl" | "unix" => to.map(address),
        // Of the other kinds it is not certain what is a secret.
        _ => Some(RelayTarget::OtherKind(kind.to_owned())),
    }
}

/// The options of kubectl that take no value; the others have it joined by `=`, or as the next word.
const KUBECTL_SWITCHES: &[&str] = &[
    "-h",
    "--help",
    "--insecure-skip-tls-verify",
    "--match-server-version",
    "--warnings-as-errors",
    "--disable-compression",
];

/// The pod or service of `kubectl port-forward svc/lic 27000:27000` with each port there.
fn of_kubectl(words: &[&str]) -> Vec<RelayTarget> {
    let mut named = Vec::new();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        // `-nlicenses` has its value joined to it.
        let is_joined = word.contains('=') || (!word.starts_with("--") && word.len() > 2);
        if !word.starts_with('-') {
            named.push(word);
        } else if !is_joined && !KUBECTL_SWITCHES.contains(&word) {
            words.next();
        }
    }
    match &named[..] {
        ["port-forward", what, ports @ ..] => {
            let there =
                |ports: &&str| address(format!("{what}:{}", ports.rsplit(':').next().unwrap_or_default()));
            ports.iter().map(there).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn target(line: &str) -> Option<String> {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        said(forward_targets(&args[0], &args))
    }

    fn said(targets: Option<Vec<RelayTarget>>) -> Option<String> {
        Some(targets?.iter().map(RelayTarget::to_string).collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn what_stands_in_place_of_a_target_is_no_name() {
        let command = |kind: &str| RelayTarget::Command(kind.to_owned());
        let other = |kind: &str| RelayTarget::OtherKind(kind.to_owned());
        for (targets, called) in [
            (&[command("EXEC")][..], "a command (EXEC)"),
            (&[other("OPEN")], "an address of the kind OPEN"),
            (&[address("lic01:27000"), address("lic01:2080")], "lic01:27000, lic01:2080"),
            (
                &[RelayTarget::AnyAddress, address("lic01:80")],
                "whatever its clients ask for (SOCKS), lic01:80",
            ),
            (&[address("a command (EXEC) of root")], "\"a command (EXEC) of root\""),
            (&[address("an address of the kind x (safe)")], "\"an address of the kind x (safe)\""),
            (&[address("lic 01:80")], "\"lic 01:80\""),
            (&[address("lic01:80, lic02:80")], "\"lic01:80, lic02:80\""),
            (&[command("EXEC of root")], "a command (\"EXEC of root\")"),
            (&[other("x (safe)")], "an address of the kind \"x (safe)\""),
        ] {
            assert_eq!(relay_targets(targets), called);
        }
    }

    #[test]
    fn ssh_says_where_its_local_forwards_lead() {
        for (line, to) in [
            ("ssh -L 27000:lic01:27000 gateway", "lic01:27000"),
            ("ssh -fNL 127.0.0.1:27000:lic01:27000 user@gateway", "lic01:27000"),
            ("ssh -N -p 2222 -i key -L27000:lic01:27000 gateway", "lic01:27000"),
            ("ssh gateway -L 27000:[2001:db8::1]:27000 -N", "[2001:db8::1]:27000"),
            ("ssh -L [::1]:27000:lic01:27000 -L *:2080:lic01:2080 gateway", "lic01:27000, lic01:2080"),
            ("ssh -L 27000:/run/lic.sock gateway", "/run/lic.sock"),
            ("ssh.exe -L /tmp/s:lic01:27000 gateway", "lic01:27000"),
            ("ssh -D 1080 gateway", "whatever its clients ask for (SOCKS)"),
            ("ssh -o DynamicForward=1080 gateway", "whatever its clients ask for (SOCKS)"),
        ] {
            assert_eq!(target(line).as_deref(), Some(to), "{line}");
        }
        let option = ["ssh", "-o", "LocalForward=27000 lic01:27000", "gateway"].map(str::to_owned);
        assert_eq!(said(forward_targets("ssh", &option)).as_deref(), Some("lic01:27000"));
        for line in [
            "ssh gateway",
            "ssh -R 27000:lic01:27000 gateway",
            "ssh gateway run -L 27000:lic01:27000",
            "ssh -i -L 27000:lic01:27000",
            "ssh -L 27000",
            "ssh -L 27000:lic01",
            "ssh -L [::1 gateway",
            "ssh -L",
            "cat -L 27000:lic01:27000",
        ] {
            assert_eq!(target(line), None, "{line}");
        }
    }

    #[test]
    fn socat_says_what_it_connects_to_without_options() {
        for (line, to) in [
            ("socat TCP-LISTEN:27000,fork,reuseaddr TCP:lic01:27000", "lic01:27000"),
            ("socat -d -d -T 5 TCP4-LISTEN:27000,fork tcp4:10.0.0.5:27000,bind=10.0.0.1", "10.0.0.5:27000"),
            ("socat TCP:lic01:27000 TCP-LISTEN:27000,fork", "lic01:27000"),
            ("socat TCP-L:27000 TCP6-CONNECT:[2001:db8::1]:27000", "[2001:db8::1]:27000"),
            ("socat UDP-RECVFROM:5093 UDP:lic01:5093", "lic01:5093"),
            ("socat TCP-LISTEN:27000 PROXY:proxy:lic01:27000,proxyauth=me:secret", "lic01:27000"),
            ("socat TCP-LISTEN:27000 EXEC:secret", "a command (EXEC)"),
            ("socat TCP-LISTEN:27000 UNIX-CONNECT:/run/lic.sock", "/run/lic.sock"),
            ("socat TCP-LISTEN:27000 STDIO", "an address of the kind STDIO"),
            ("socat TCP-LISTEN:27000 CREATE:/x/secret", "an address of the kind CREATE"),
        ] {
            assert_eq!(target(line).as_deref(), Some(to), "{line}");
        }
        assert_eq!(target("socat"), None);
        assert_eq!(target("socat -V"), None);
    }

    #[test]
    fn kubectl_says_which_pod_or_service_it_forwards_to() {
        for (line, to) in [
            ("kubectl port-forward svc/lic 27000:27000", "svc/lic:27000"),
            (
                "kubectl -n licenses --token secret port-forward pod/lic-0 5000:27000 2080",
                "pod/lic-0:27000, pod/lic-0:2080",
            ),
            ("kubectl port-forward --address 0.0.0.0 -nlicenses lic-0 :27000", "lic-0:27000"),
            ("oc port-forward --address=0.0.0.0 lic-0 27000", "lic-0:27000"),
        ] {
            assert_eq!(target(line).as_deref(), Some(to), "{line}");
        }
        for line in ["kubectl proxy --port 27000", "kubectl port-forward", "kubectl port-forward svc/lic"] {
            assert_eq!(target(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_any_words_say_is_bounded(
            exe in prop::sample::select(vec!["ssh", "socat", "kubectl"]),
            words in prop::collection::vec("[-a-zA-Z0-9:\\[\\]/,!=é ]{0,40}", 0..12),
        ) {
            let args: Vec<String> = [exe.to_owned()].into_iter().chain(words).collect();
            if let Some(target) = said(forward_targets(exe, &args)) {
                prop_assert!(target.len() <= MOST * (LONGEST + 2));
            }
        }
    }
}
