//! Which programs are known for which services. It keeps a reader from taking the registry's name of a port for
//! what runs there; no verdict rests on it.

use super::Entry;

/// Whether a program is known for the service of a registry entry: by its own name, or because it is widely used for
/// it. `program` is the file name of its executable.
#[must_use]
pub fn is_usual(program: &str, entry: Entry<'_>) -> bool {
    let program = normal(program);
    let program = program.strip_suffix(".exe").unwrap_or(&program);
    let service = normal(entry.name);
    is_named_for(program, &service) || is_listed(program, &service)
}

/// Names that differ only in case and in `_` for `-` are the same.
fn normal(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if memchr::memchr(b'_', name.as_bytes()).is_some() { name.replace('_', "-") } else { name }
}

/// A shorter name is part of too many others.
const LEAST: usize = 3;

/// `sshd` for ssh, `redis-server` for redis, `postgres` for postgresql, `in.tftpd` for tftp.
fn is_named_for(program: &str, service: &str) -> bool {
    let begins = |whole: &str, part: &str| part.len() >= LEAST && whole.starts_with(part);
    let is_part =
        |part: &str| part.len() >= LEAST && (part == service || part.strip_suffix('d') == Some(service));
    program == service
        || begins(program, service)
        || (begins(service, program) && !INTERPRETERS.contains(&program))
        || program.split(['-', '.']).any(is_part)
}

/// They run whatever they are given.
const INTERPRETERS: [&str; 9] = ["node", "java", "javaw", "python", "ruby", "perl", "php", "bash", "deno"];

fn is_listed(program: &str, service: &str) -> bool {
    let mut listed = USUAL.iter().filter(|(_, services)| services.contains(&service));
    listed.any(|(programs, _)| programs.contains(&program))
}

/// The services that programs with other names are widely used for.
pub fn usual_services() -> impl Iterator<Item = &'static str> {
    USUAL.iter().flat_map(|(_, services)| *services).copied()
}

const WEB: &[&str] = &["http", "https", "http-alt", "www", "www-http", "pcsync-https"];

/// Programs whose names do not show the service, by the manuals and unit files of their makers.
const USUAL: &[(&[&str], &[&str])] = &[
    (
        &[
            "apache2",
            "caddy",
            "envoy",
            "h2o",
            "haproxy",
            "hitch",
            "httpd",
            "lighttpd",
            "nginx",
            "openresty",
            "squid",
            "traefik",
            "varnishd",
            "w3wp",
        ],
        WEB,
    ),
    // On Windows http.sys and the file server are drivers in the kernel.
    (
        &["system"],
        &["http", "https", "microsoft-ds", "netbios-ssn", "netbios-ns", "netbios-dgm", "wsman", "wsmans"],
    ),
    (&["dropbear", "sshd-session", "tinysshd"], &["ssh"]),
    (&["postgres", "postmaster", "pgbouncer"], &["postgresql"]),
    (&["mysqld", "mariadbd"], &["mysql"]),
    (&["redis-server", "valkey-server", "keydb-server"], &["redis"]),
    (&["sqlservr"], &["ms-sql-s"]),
    (&["sqlbrowser"], &["ms-sql-m"]),
    (
        &[
            "named",
            "systemd-resolved",
            "systemd-resolve",
            "dnsmasq",
            "unbound",
            "nsd",
            "knotd",
            "kresd",
            "coredns",
            "dns",
            "pdns-server",
            "pdns-recursor",
        ],
        &["domain", "domain-s"],
    ),
    (&["named"], &["rndc"]),
    (&["unbound"], &["ub-dns-control"]),
    (&["systemd-resolved", "systemd-resolve"], &["llmnr", "mdns"]),
    (&["avahi-daemon", "mdnsresponder"], &["mdns"]),
    (&["chronyd", "ntpd", "ntpsec-ntpd", "systemd-timesyncd", "timed"], &["ntp"]),
    (&["cupsd", "cups-browsed"], &["ipp", "ipps"]),
    (&["smbd"], &["microsoft-ds", "netbios-ssn"]),
    (&["nmbd"], &["netbios-ns", "netbios-dgm"]),
    (&["master", "exim", "exim4", "sendmail", "opensmtpd"], &["smtp", "submission", "submissions", "urd"]),
    (&["dovecot", "imapd", "cyrmaster"], &["imap", "imaps", "pop3", "pop3s", "sieve"]),
    (
        &["dhclient", "dhcpcd", "udhcpc", "networkmanager", "systemd-networkd", "systemd-network"],
        &["bootpc", "dhcpv6-client"],
    ),
    (
        &["dhcpd", "dnsmasq", "kea-dhcp4", "kea-dhcp6", "systemd-networkd"],
        &["bootps", "dhcpv6-server", "tftp"],
    ),
    (&["rpcbind", "portmap"], &["sunrpc"]),
    (&["rpc.nfsd", "ganesha.nfsd"], &["nfs"]),
    (&["slapd", "ns-slapd", "lsass"], &["ldap", "ldaps"]),
    (&["krb5kdc", "lsass", "kdc"], &["kerberos"]),
    (&["kadmind"], &["kerberos-adm", "kpasswd"]),
    (&["lsass"], &["kpasswd", "msft-gc", "msft-gc-ssl", "isakmp", "ipsec-nat-t"]),
    (&["rsyslogd", "syslog-ng", "systemd-journal-remote"], &["syslog", "syslog-tls"]),
    (&["vsftpd", "proftpd", "pure-ftpd"], &["ftp", "ftps"]),
    (&["xrdp", "gnome-remote-desktop-daemon"], &["ms-wbt-server"]),
    (&["xvnc", "xtigervnc", "x11vnc", "vino-server", "screensharingd", "winvnc", "wayvnc"], &["rfb"]),
    (&["xorg", "xwayland", "x"], &["x11"]),
    (&["charon", "charon-systemd", "pluto", "iked"], &["isakmp", "ipsec-nat-t"]),
    (&["mosquitto", "emqx"], &["mqtt", "secure-mqtt"]),
    (&["beam.smp", "rabbitmq-server"], &["amqp", "amqps", "couchdb"]),
    (&["dockerd"], &["docker", "docker-s"]),
    (&["iscsid", "tgtd"], &["iscsi-target"]),
    (&["minissdpd"], &["ssdp"]),
    (&["asterisk", "kamailio", "opensips"], &["sip", "sips", "iax"]),
    // One program for many services of Windows.
    (
        &["svchost"],
        &[
            "epmap",
            "ms-wbt-server",
            "ntp",
            "ssdp",
            "mdns",
            "llmnr",
            "isakmp",
            "ipsec-nat-t",
            "bootpc",
            "dhcpv6-client",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Knowledge;
    use crate::model::Protocol;

    fn is_usual_at(program: &str, port: u16, protocol: Protocol) -> bool {
        is_usual(program, Knowledge::embedded().registry.service(port, protocol).unwrap())
    }

    #[test]
    fn programs_are_known_for_their_services() {
        for (program, port) in [
            ("sshd", 22),
            ("nginx", 80),
            ("httpd.exe", 443),
            ("postgres", 5432),
            ("redis-server", 6379),
            ("mariadbd", 3306),
            ("memcached", 11211),
            ("zabbix_agentd", 10050),
            ("master", 25),
            ("System", 445),
            ("svchost.exe", 135),
            ("sqlservr.exe", 1433),
            ("rsync", 873),
        ] {
            assert!(is_usual_at(program, port, Protocol::Tcp), "{program} at {port}");
        }
        for (program, port) in [
            ("systemd-resolved", 53),
            ("avahi-daemon", 5353),
            ("chronyd", 123),
            ("dhclient", 68),
            ("in.tftpd", 69),
        ] {
            assert!(is_usual_at(program, port, Protocol::Udp), "{program} at {port}");
        }
    }

    #[test]
    fn other_programs_are_not() {
        for (program, port) in [
            ("node", 3000),
            ("java", 9200),
            ("python3.11", 8000),
            ("nginx", 22),
            ("sshd", 80),
            ("d", 25),
            ("ss", 22),
            ("docker-proxy", 8080),
            ("node", 8080),
        ] {
            assert!(!is_usual_at(program, port, Protocol::Tcp), "{program} at {port}");
        }
    }

    #[test]
    fn every_listed_service_is_in_the_registry() {
        let registry = Knowledge::embedded().registry;
        for service in USUAL.iter().flat_map(|(_, services)| *services) {
            assert!(registry.of_name(service).next().is_some(), "{service}");
        }
    }
}
