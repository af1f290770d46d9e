//! `check --policy` on recorded machines: what each line demands.

use whatlistens::model::{CheckStatus, Process};

use crate::check::by_policy;
use crate::recorded::{Machine, linux, office, process};

pub fn is(machine: &Machine, policy: &str, wanted: CheckStatus) -> String {
    let (out, status) = by_policy(machine, policy);
    assert_eq!(status, wanted, "{policy}: {out}");
    out
}

fn root(pid: u32, exe: &str) -> Process {
    Process { uid: Some(0), user: Some("root".to_owned()), ..process(pid, exe) }
}

/// What listens on the machine of [`office`], and may.
const OFFICE: &str = r#"
nothing-else = true
[[must-listen]]
port = "27000/tcp"
program = "/opt/flexlm/bin/lmgrd"
user = "root"

[[may-listen]]
port = [80, 443]
program = "nginx"
reason = "web shop"

[[may-listen]]
port = "domain/udp"
user = "root"
max-exposure = "loopback"
reason = "resolver"

[[may-listen]]
port = "1024-2000"
program = ["/usr/bin/python3.11", "node"]
user = ["alice", "1001"]
reason = "test"
until = 2026-11-22

[[may-listen]]
port = "33333/udp"
reason = "measuring"
until = "2027-01-31"
"#;

#[test]
fn what_the_policy_says_and_listens_is_ok() {
    insta::assert_snapshot!(is(&office(), OFFICE, CheckStatus::Ok), @"WHATLISTENS OK - 1 expected port listens, 6 listeners checked");
    insta::assert_snapshot!(is(&linux(), "nothing-else = true", CheckStatus::Ok), @"WHATLISTENS OK - 0 listeners checked");
    for empty in ["", "# nothing\n", "nothing-else = false", "may-listen = []", "[trust]\nusers = [\"0\"]"] {
        let said = is(&office(), empty, CheckStatus::Unknown);
        assert!(said.contains(":1: policy: it demands nothing"), "{said}");
    }
}

#[test]
fn whatever_else_listens_is_critical() {
    let more = office()
        .socket("tcp 0.0.0.0:8080", &[process(77, "/usr/bin/node")])
        .socket("tcp [::]:8080", &[process(77, "/usr/bin/node")])
        .socket("tcp 0.0.0.0:443", &[process(78, "/usr/bin/node")])
        .socket("udp 10.0.0.1:53", &[root(400, "/usr/lib/systemd/systemd-resolved")]);
    insta::assert_snapshot!(is(&more, OFFICE, CheckStatus::Critical), @r"
    WHATLISTENS CRITICAL - 53/udp at 10.0.0.1 has the exposure private, and at most loopback is allowed (policy.toml:13); 443/tcp at 0.0.0.0 is not allowed; node (PID 78) of alice holds it; 8080/tcp at 0.0.0.0 and :: is not allowed; node (PID 77) of alice holds it
    CRITICAL: 53/udp at 10.0.0.1 has the exposure private, and at most loopback is allowed (policy.toml:13)
    CRITICAL: 443/tcp at 0.0.0.0 is not allowed; node (PID 78) of alice holds it
    CRITICAL: 8080/tcp at 0.0.0.0 and :: is not allowed; node (PID 77) of alice holds it
    ");
    insta::assert_snapshot!(is(&office(), "nothing-else = true", CheckStatus::Critical), @r"
    WHATLISTENS CRITICAL - 53/udp at 127.0.0.53 is not allowed; systemd-resolved (PID 400) of root holds it; 80/tcp at 0.0.0.0 and :: is not allowed; nginx (PID 800) of root holds it; 1538/tcp at 0.0.0.0 is not allowed; python3.11 (PID 11224) of alice holds it; 2 more
    CRITICAL: 53/udp at 127.0.0.53 is not allowed; systemd-resolved (PID 400) of root holds it
    CRITICAL: 80/tcp at 0.0.0.0 and :: is not allowed; nginx (PID 800) of root holds it
    CRITICAL: 1538/tcp at 0.0.0.0 is not allowed; python3.11 (PID 11224) of alice holds it
    CRITICAL: 27000/tcp at 0.0.0.0 is not allowed; lmgrd (PID 900) of root holds it
    CRITICAL: 33333/udp at 0.0.0.0 is not allowed; no process that can be found holds it
    ");
}

#[test]
fn what_must_listen_is_held_by_whom_the_line_says() {
    let lines = |keys: &str| format!("[[must-listen]]\nport = 27000\n{keys}");
    for (keys, wanted) in [
        ("", CheckStatus::Ok),
        ("program = 'lmgrd'\nuser = 'root'", CheckStatus::Ok),
        ("program = ['rlm', 'lmgrd']", CheckStatus::Ok),
        ("user = 'lic'", CheckStatus::Critical),
        ("program = '/usr/sbin/lmgrd'", CheckStatus::Critical),
        ("max-exposure = 'private'", CheckStatus::Critical),
        ("max-exposure = 'all-interfaces'", CheckStatus::Ok),
    ] {
        is(&office(), &lines(keys), wanted);
    }
    insta::assert_snapshot!(is(&office(), &lines("user = 'lic'"), CheckStatus::Critical), @"WHATLISTENS CRITICAL - 27000 at 0.0.0.0 is held by lmgrd (PID 900) of root, not by lic (policy.toml:1)");
    insta::assert_snapshot!(is(&office(), &lines("max-exposure = 'private'"), CheckStatus::Critical), @"WHATLISTENS CRITICAL - 27000 at 0.0.0.0 has the exposure all-interfaces, and at most private is allowed (policy.toml:1)");
    insta::assert_snapshot!(is(&linux(), "[[must-listen]]\nport = [22, 'ssh', '80/tcp']", CheckStatus::Critical), @r"
    WHATLISTENS CRITICAL - 22 does not listen (policy.toml:1); ssh does not listen (policy.toml:1); 80/tcp does not listen (policy.toml:1)
    CRITICAL: 22 does not listen (policy.toml:1)
    CRITICAL: ssh does not listen (policy.toml:1)
    CRITICAL: 80/tcp does not listen (policy.toml:1)
    ");
}

#[test]
fn who_may_hold_a_port_and_what_must_not_listen() {
    let held = "[[held-by]]\nport = '1538'\nprogram = 'adskflex'\nuser = 'lic'\nreason = 'license server'";
    insta::assert_snapshot!(is(&office(), held, CheckStatus::Critical), @"WHATLISTENS CRITICAL - 1538/tcp at 0.0.0.0 is held by python3.11 (PID 11224) of alice, not by adskflex of lic (policy.toml:1: license server)");
    is(&linux(), held, CheckStatus::Ok);
    is(&office(), "[[held-by]]\nport = '80'\nprogram = 'nginx'", CheckStatus::Ok);
    let port = "[[must-not-listen]]\nport = '53/udp'\nreason = 'no resolver here'";
    insta::assert_snapshot!(is(&office(), port, CheckStatus::Critical), @"WHATLISTENS CRITICAL - 53/udp at 127.0.0.53 must not listen; systemd-resolved (PID 400) of root holds it (policy.toml:1: no resolver here)");
    is(&office(), "[[must-not-listen]]\nport = '53/tcp'", CheckStatus::Ok);
    let program = "[[must-not-listen]]\nprogram = 'python3.11'";
    insta::assert_snapshot!(is(&office(), program, CheckStatus::Critical), @r"
    WHATLISTENS CRITICAL - 1538/tcp at 0.0.0.0 must not listen; python3.11 (PID 11224) of alice holds it (policy.toml:1)
    CRITICAL: 1538/tcp at 0.0.0.0 must not listen; python3.11 (PID 11224) of alice holds it (policy.toml:1)
    UNKNOWN: 33333/udp at 0.0.0.0 must not be held by python3.11, and no process that can be found holds it (policy.toml:1)
    ");
    let web = linux().socket("tcp 0.0.0.0:80", &[root(5, "/usr/sbin/nginx")]);
    is(&web, "[[must-not-listen]]\nprogram = 'telnetd'", CheckStatus::Ok);
}

#[test]
fn what_must_be_on_loopback_only() {
    let policy = "[[loopback-only]]\nport = ['53', '80']\nreason = 'behind a proxy'";
    insta::assert_snapshot!(is(&office(), policy, CheckStatus::Critical), @"WHATLISTENS CRITICAL - 80/tcp at 0.0.0.0 and :: can be reached from other machines, and must be on loopback only (policy.toml:1: behind a proxy)");
    is(&office(), "[[loopback-only]]\nport = '53'", CheckStatus::Ok);
    is(&office(), "max-exposure = 'loopback'\n[[must-listen]]\nport = 80", CheckStatus::Critical);
    // A line about a port goes before what is said of all.
    let wider = "max-exposure = 'loopback'\n[[must-listen]]\nport = [80, 27000, 1538]\nmax-exposure = 'all-interfaces'";
    insta::assert_snapshot!(is(&office(), wider, CheckStatus::Critical), @"WHATLISTENS CRITICAL - 33333/udp at 0.0.0.0 has the exposure all-interfaces, and at most loopback is allowed");
}

#[test]
fn of_several_limits_that_of_the_fewest_ports_holds() {
    let redis = |place: &str| linux().socket(place, &[process(5, "/usr/bin/redis-server")]);
    let (public, loopback) = (redis("tcp 0.0.0.0:6379"), redis("tcp 127.0.0.1:6379"));
    let line = |port: &str, keys: &str| format!("[[may-listen]]\n{port}\n{keys}\nreason = 'x'\n");
    let own = line("port = 6379", "max-exposure = 'loopback'");
    for wider in [
        line("port = '1-65535'", ""),
        line("port = '6000-7000'", "max-exposure = 'public'"),
        line("program = 'redis-server'", "max-exposure = 'all-interfaces'"),
        // As many: the strictest.
        line("port = 6379", "user = 'alice'"),
        line("port = 6379", "max-exposure = 'all-interfaces'\nprogram = 'redis-server'"),
        "[[must-listen]]\nport = 6379\nprogram = 'redis-server'\n".to_owned(),
    ] {
        for policy in [format!("{own}{wider}"), format!("{wider}{own}")] {
            let said = is(&public, &policy, CheckStatus::Critical);
            assert!(
                said.contains("at 0.0.0.0 has the exposure all-interfaces, and at most loopback"),
                "{said}"
            );
            is(&loopback, &policy, CheckStatus::Ok);
        }
    }
    // A single port may be an exception from its range, and from what is said of all.
    let open = line("port = '6379/tcp'", "max-exposure = 'all-interfaces'");
    let narrow = line("port = '6000-7000'", "max-exposure = 'private'");
    is(&public, &format!("max-exposure = 'loopback'\n{narrow}{open}"), CheckStatus::Ok);
    is(&redis("tcp 0.0.0.0:6380"), &format!("{narrow}{open}"), CheckStatus::Critical);
    // One that is about others says nothing of it.
    let other = line("port = 6379", "max-exposure = 'loopback'\nprogram = 'nginx'");
    is(&public, &format!("{other}{}", line("port = 6379", "user = 'alice'")), CheckStatus::Ok);
    // What must listen and what may: where no more is known, the wider of both.
    let hidden = linux().by_ordinary_user(&[(58, "nginx")]).socket("tcp 0.0.0.0:6379", &[]);
    let both = format!("{other}{}", line("port = 6379", "max-exposure = 'all-interfaces'\nuser = 'alice'"));
    is(&hidden, &both, CheckStatus::Unknown);
    is(&hidden, &other, CheckStatus::Critical);
    // All that listen on a port that must are limited, and what is asked for does not change that.
    let udp = redis("tcp 127.0.0.1:53").socket("udp 0.0.0.0:53", &[process(6, "/usr/bin/dnsmasq")]);
    let must = "[[must-listen]]\nport = 53\nmax-exposure = 'loopback'";
    insta::assert_snapshot!(is(&udp, must, CheckStatus::Critical), @"WHATLISTENS CRITICAL - 53 at 0.0.0.0 has the exposure all-interfaces, and at most loopback is allowed (policy.toml:1)");
}

#[test]
fn a_hidden_owner_is_unknown_where_a_line_names_one() {
    let hidden = || linux().by_ordinary_user(&[(58, "nginx")]).socket("tcp 0.0.0.0:80", &[]);
    is(&hidden(), "[[may-listen]]\nport = 80\nreason = 'web'", CheckStatus::Ok);
    for policy in [
        "[[may-listen]]\nport = 80\nprogram = 'nginx'\nreason = 'web'",
        "[[may-listen]]\nport = 80\nuser = 'root'\nreason = 'web'",
        "[[held-by]]\nport = 80\nprogram = 'nginx'",
        "[[must-not-listen]]\nport = 80\nprogram = 'apache2'",
        "[[must-listen]]\nport = 80\nprogram = 'nginx'",
    ] {
        is(&hidden(), policy, CheckStatus::Unknown);
    }
    insta::assert_snapshot!(is(&hidden(), "[[must-not-listen]]\nprogram = 'apache2'\n[[held-by]]\nport = 80\nuser = 'www-data'", CheckStatus::Unknown), @r"
    WHATLISTENS UNKNOWN - 80/tcp at 0.0.0.0 must be held by www-data, and you are not allowed to see which process holds it (policy.toml:3); 80/tcp at 0.0.0.0 must not be held by apache2, and you are not allowed to see which process holds it (policy.toml:1)
    UNKNOWN: 80/tcp at 0.0.0.0 must be held by www-data, and you are not allowed to see which process holds it (policy.toml:3)
    UNKNOWN: 80/tcp at 0.0.0.0 must not be held by apache2, and you are not allowed to see which process holds it (policy.toml:1)
    With more rights: sudo whatlistens check --policy policy.toml
    ");
}

#[test]
fn a_line_that_has_expired_no_longer_allows_anything() {
    // The machine was recorded on 2026-11-22.
    let until = |date: &str| format!("[[may-listen]]\nport = 80\nreason = 'web'\nuntil = {date}");
    let web = || linux().socket("tcp 0.0.0.0:80", &[root(5, "/usr/sbin/nginx")]);
    is(&web(), &until("2026-11-22"), CheckStatus::Ok);
    insta::assert_snapshot!(is(&web(), &until("2026-11-21"), CheckStatus::Unknown), @r"
    WHATLISTENS UNKNOWN - policy.toml:1: until: the line expired on 2026-11-21; renew it or remove it; 80/tcp at 0.0.0.0 is no longer allowed; nginx (PID 5) of root holds it (policy.toml:1)
    UNKNOWN: policy.toml:1: until: the line expired on 2026-11-21; renew it or remove it
    UNKNOWN: 80/tcp at 0.0.0.0 is no longer allowed; nginx (PID 5) of root holds it (policy.toml:1)
    ");
    insta::assert_snapshot!(is(&linux(), &until("'2026-11-21'"), CheckStatus::Unknown), @"WHATLISTENS UNKNOWN - policy.toml:1: until: the line expired on 2026-11-21; renew it or remove it");
    // Of two lines the one that holds counts, and what is forbidden stays critical.
    let both = format!("{}\n[[may-listen]]\nport = '80/tcp'\nreason = 'web'", until("2026-11-21"));
    is(&web(), &both, CheckStatus::Unknown);
    is(&office(), &until("2026-11-21"), CheckStatus::Critical);
}

#[test]
fn trusted_accounts_and_own_license_managers_count() {
    let akme = "no-flagged = true\n[[manager]]\nid = 'akme'\nvendor = 'Akme'\nproduct = 'Floating License Server'\n\
                technology = 'flexnet'\nconfidence = 'high'\nports = [{ port = '27123', protocols = ['tcp'], role = 'server' }]\n\
                executables = { linux = ['akmelmd'], windows = [], macos = [] }\nnote = 'x'\nsources = ['own']\n";
    let stranger = linux().socket("tcp 0.0.0.0:27123", &[process(7, "/usr/bin/python3.11")]);
    is(&stranger, "no-flagged = true", CheckStatus::Ok);
    insta::assert_snapshot!(is(&stranger, akme, CheckStatus::Warning), @"WHATLISTENS WARNING - 27123/tcp at 0.0.0.0 mismatch: python3.11 is not a known program of Akme Floating License Server");
    let own = linux().socket("tcp 0.0.0.0:27123", &[root(7, "/opt/akme/lmgrd")]);
    is(&own, akme, CheckStatus::Ok);
    let weak = crate::recorded::with_file(7, "/opt/x/lmgrd", |exe| {
        exe.writers = crate::recorded::written_by(crate::recorded::user(1000, "alice"), "/opt/x");
    });
    let weak = linux().socket("tcp 0.0.0.0:27000", &[weak]);
    assert_ne!(by_policy(&weak, "no-flagged = true").1, CheckStatus::Ok);
    is(&weak, "no-flagged = true\n[trust]\nusers = ['alice']", CheckStatus::Ok);
    is(&weak, "no-flagged = true\n[trust]\npaths = ['/opt/x']", CheckStatus::Ok);
}

#[test]
fn a_forbidden_path_that_may_be_a_link_is_unknown() {
    let machine = linux().socket("tcp 0.0.0.0:111", &[root(5, "/usr/sbin/rpcbind")]);
    let forbidden = |path: &str| format!("[[must-not-listen]]\nprogram = '{path}'");
    insta::assert_snapshot!(is(&machine, &forbidden("/sbin/rpcbind"), CheckStatus::Unknown), @"WHATLISTENS UNKNOWN - 111/tcp at 0.0.0.0 must not be held by /sbin/rpcbind, and whether /sbin/rpcbind leads to the file that rpcbind (PID 5) runs could not be seen: if so, write /usr/sbin/rpcbind (policy.toml:1)");
    is(&machine, &forbidden("/usr/sbin/rpcbind"), CheckStatus::Critical);
    is(&machine, &forbidden("/sbin/telnetd"), CheckStatus::Ok);
    // What is allowed is allowed by what is known.
    is(&machine, "[[held-by]]\nport = 111\nprogram = '/sbin/rpcbind'", CheckStatus::Critical);
}
