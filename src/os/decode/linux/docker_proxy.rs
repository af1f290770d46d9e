//! Decodes the command line of Docker's `docker-proxy`, which forwards a published port to a container (moby,
//! `cmd/docker-proxy/main_linux.go`; flags as Go's package `flag` parses them).

use std::net::{IpAddr, SocketAddr};

use crate::model::{Forward, Protocol};

/// Whether an executable with this file name says in its command line where it forwards to.
#[must_use]
pub fn is_proxy(exe: &str) -> bool {
    exe == "docker-proxy"
}

/// Flags without a value, unless `=` joins one to them.
const SWITCHES: [&str; 3] = ["use-listen-fd", "v", "version"];

/// Where a `docker-proxy` with this command line, program first, forwards to. `None` if the command line does not say.
#[must_use]
pub fn forward(args: &[String]) -> Option<Forward> {
    let (mut protocol, mut ip, mut port) = (Some(Protocol::Tcp), None, None);
    let mut words = args.iter().skip(1).map(String::as_str).peekable();
    while let Some(flag) = words.next().and_then(flag) {
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, value),
            None if SWITCHES.contains(&flag) => continue,
            // A flag of a later version may have no value: then another flag follows, or nothing.
            None => match words.next_if(|next| !next.starts_with('-')) {
                Some(value) => (flag, value),
                None => continue,
            },
        };
        match name {
            "proto" => {
                protocol =
                    [Protocol::Tcp, Protocol::Udp, Protocol::Sctp].into_iter().find(|p| p.name() == value)
            }
            "container-ip" => ip = value.parse().ok().filter(|ip: &IpAddr| !ip.is_unspecified()),
            "container-port" => port = value.parse().ok().filter(|&port: &u16| port != 0),
            _ => {}
        }
    }
    let to = SocketAddr::new(ip?.to_canonical(), port?);
    Some(Forward { protocol: protocol?, to, container: None, process: None, there: None })
}

/// A flag without its one or two hyphens; `None` for the word that ends the flags.
fn flag(word: &str) -> Option<&str> {
    let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    (!flag.is_empty()).then_some(flag)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As Docker 28 starts it.
    const LINE: &str = "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80 -use-listen-fd";

    fn decoded(line: &str) -> Option<String> {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let forward = forward(&args)?;
        assert_eq!((forward.container, forward.process, forward.there), (None, None, None));
        Some(format!("{} {}", forward.protocol, forward.to))
    }

    #[test]
    fn what_comes_is_sent_on_to_the_container() {
        for (line, to) in [
            (LINE, "tcp 172.17.0.2:80"),
            ("p -proto udp -container-ip fd00::2 -container-port 53", "udp [fd00::2]:53"),
            ("p -container-port=80 --container-ip=172.17.0.2", "tcp 172.17.0.2:80"),
            ("p -use-listen-fd -container-ip 172.17.0.2 -container-port 80", "tcp 172.17.0.2:80"),
            ("p -use-listen-fd=true -container-ip 172.17.0.2 --container-port 80", "tcp 172.17.0.2:80"),
            ("p -new -newer x -container-ip 172.17.0.2 -container-port 80", "tcp 172.17.0.2:80"),
            ("p -container-ip 10.0.0.1 -container-ip 10.0.0.2 -container-port 80", "tcp 10.0.0.2:80"),
        ] {
            assert_eq!(decoded(line).as_deref(), Some(to), "{line}");
        }
    }

    #[test]
    fn what_does_not_say_where_to_is_no_forward() {
        for line in [
            "",
            "docker-proxy",
            "p -version",
            "p -proto dccp -container-ip 172.17.0.2 -container-port 80",
            "p -proto tcp6 -container-ip 172.17.0.2 -container-port 80",
            "p -container-ip 172.17.0.2",
            "p -container-ip 172.17.0.2 -container-port",
            "p -container-ip 172.17.0.2 -container-port -1",
            "p -container-ip 172.17.0.2 -container-port 65536",
            "p -container-ip 172.17.0.2 -container-port 0",
            "p -container-ip 0.0.0.0 -container-port 80",
            "p -container-ip web -container-port 80",
            "p -- -container-ip 172.17.0.2 -container-port 80",
            "p x -container-ip 172.17.0.2 -container-port 80",
        ] {
            assert_eq!(decoded(line), None, "{line}");
        }
    }

    #[test]
    fn without_its_last_words_nothing_is_told_but_the_truth() {
        let words: Vec<String> = LINE.split(' ').map(str::to_owned).collect();
        let whole = forward(&words);
        for end in 0..words.len() {
            let found = forward(&words[..end]);
            assert!(found.is_none() || found == whole, "{end}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn no_words_are_too_strange(words in prop::collection::vec("-{0,3}(container-(ip|port)|proto|\\PC{0,6})=?\\PC{0,6}", 0..12)) {
            let _ = forward(&words);
        }
    }
}
