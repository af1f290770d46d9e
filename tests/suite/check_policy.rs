//! `check --policy` on recorded machines: what each line demands, and what is wrong with a policy.

use whatlistens::model::{CheckStatus, PolicyRule, Process};
use whatlistens::query::read_policy;

use crate::check::by_policy;
use crate::recorded::{Machine, knowledge, linux, office, process};

fn is(machine: &Machine, policy: &str, wanted: CheckStatus) -> String {
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
    WHATLISTENS CRITICAL - 53/udp at 10.0.0.1 has the exposure private; at most loopback is allowed (policy.toml:13); 443/tcp at 0.0.0.0 is not allowed; node (PID 78) of alice holds it; 8080/tcp at 0.0.0.0 and :: is not allowed; node (PID 77) of alice holds it
    CRITICAL: 53/udp at 10.0.0.1 has the exposure private; at most loopback is allowed (policy.toml:13)
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
    insta::assert_snapshot!(is(&office(), &lines("max-exposure = 'private'"), CheckStatus::Critical), @"WHATLISTENS CRITICAL - 27000 at 0.0.0.0 has the exposure all-interfaces; at most private is allowed (policy.toml:1)");
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
    insta::assert_snapshot!(is(&office(), wider, CheckStatus::Critical), @"WHATLISTENS CRITICAL - 33333/udp at 0.0.0.0 has the exposure all-interfaces; at most loopback is allowed");
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

/// What is wrong with a policy, a line each.
fn faults(policy: &str) -> String {
    let faults = read_policy("p.toml", policy.as_bytes(), knowledge()).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_wrong_policy_is_unknown() {
    insta::assert_snapshot!(is(&office(), "max-exposrue = 'private'\nnofl = 1", CheckStatus::Unknown), @r"
WHATLISTENS UNKNOWN - policy.toml:1: max-exposrue: there is no such key; the keys are must-listen, may-listen, held-by, loopback-only, must-not-listen, nothing-else, max-exposure, no-flagged, trust and manager; 1 more
policy.toml:1: max-exposrue: there is no such key; the keys are must-listen, may-listen, held-by, loopback-only, must-not-listen, nothing-else, max-exposure, no-flagged, trust and manager
policy.toml:2: nofl: there is no such key; the keys are must-listen, may-listen, held-by, loopback-only, must-not-listen, nothing-else, max-exposure, no-flagged, trust and manager
");
    insta::assert_snapshot!(is(&office(), "[[must-listen]\n", CheckStatus::Unknown), @"WHATLISTENS UNKNOWN - policy.toml:1: this is not TOML: unclosed array table, expected `]`");
}

#[test]
fn a_key_that_does_not_exist_is_named_with_its_line() {
    insta::assert_snapshot!(faults("\n# comment\nmax-exposrue = 'private'\n[[must-listen]]\nport = 22\nuntil = 2027-01-01\n[trust]\nuser = 'x'"), @r"
p.toml:3: max-exposrue: there is no such key; the keys are must-listen, may-listen, held-by, loopback-only, must-not-listen, nothing-else, max-exposure, no-flagged, trust and manager
p.toml:6: until: there is no such key of [[must-listen]]; the keys are port, program, user, max-exposure and reason
p.toml:8: user: there is no such key of [trust]; the keys are users and paths
");
    insta::assert_snapshot!(faults("[[loopback-only]]\nport = 1\nprogram = 'x'\nmax-exposure = 'private'"), @r"
    p.toml:3: program: there is no such key of [[loopback-only]]; the keys are port and reason
    p.toml:4: max-exposure: there is no such key of [[loopback-only]]; the keys are port and reason
    ");
}

#[test]
fn a_value_that_means_nothing_is_named_with_its_line() {
    for (policy, right) in [
        ("max-exposure = 'lan'", "p.toml:1: max-exposure: ‘lan’ is no exposure; the exposures are loopback"),
        ("max-exposure = 7", "p.toml:1: max-exposure: a value of the type integer means nothing here"),
        ("no-flagged = 'yes'", "p.toml:1: no-flagged: a value of the type string means nothing here"),
        (
            "trust = 1",
            "p.toml:1: trust: a value of the type integer means nothing here: write a table: [trust]",
        ),
        (
            "[must-listen]\nport = 1",
            "p.toml:1: must-listen: a value of the type table means nothing here: write a table",
        ),
        ("must-listen = [1]", "p.toml:1: must-listen: a value of the type integer means nothing here"),
        ("[[must-listen]]", "p.toml:1: port: the key is missing: say which port"),
        ("[[must-listen]]\n\nport = 70000", "p.toml:3: port: ‘70000’ is not a port: ports are 1 to 65535"),
        ("[[must-listen]]\nport = 0", "p.toml:2: port: ‘0’ is not a port"),
        ("[[must-listen]]\nport = [\n80,\n'x y']", "p.toml:4: port: "),
        ("[[must-listen]]\nport = '80-90'", "p.toml:2: port: ‘80-90’: of a range it is not clear"),
        ("[[must-listen]]\nport = true", "p.toml:2: port: a value of the type boolean means nothing here"),
        ("[[must-listen]]\nport = []", "p.toml:2: port: it is empty"),
        ("[[must-listen]]\nport = ''", "p.toml:2: port: it is empty"),
        ("[[must-listen]]\nport = 'lmgrd'", "p.toml:2: port: ‘lmgrd’: this is no service of the registry"),
        ("[[must-listen]]\nport = '127.0.0.1:80'", "p.toml:2: port: ‘127.0.0.1:80’: give the port alone"),
        ("[[must-listen]]\nport = 80\nprogram = 'bin/x'", "p.toml:3: program: ‘bin/x’: give the name"),
        ("[[may-listen]]\nport = 80", "p.toml:1: reason: the key is missing"),
        (
            "[[may-listen]]\nreason = 'x'\nuser = 'x'",
            "p.toml:1: port: the key is missing: give a port, a program, or both",
        ),
        ("[[may-listen]]\nport=1\nreason='x'\nuntil = 2027", "p.toml:4: until: ‘integer’ is no date"),
        (
            "[[may-listen]]\nport=1\nreason='x'\nuntil = '31.12.2027'",
            "p.toml:4: until: ‘31.12.2027’ is no date: write the last day, as in 2027-12-31",
        ),
        (
            "[[may-listen]]\nport=1\nreason='x'\nuntil = 2027-01-01T00:00:00Z",
            "p.toml:4: until: ‘2027-01-01T00:00:00Z’ is no date",
        ),
        ("[[held-by]]\nport = 1", "p.toml:1: program: the key is missing: say which program or user"),
        ("[trust]\npaths = ['opt']", "p.toml:2: paths: ‘opt’: give the full path of a folder"),
        (
            "nothing-else = false\n[[may-listen]]\nport=1\nreason='x'",
            "p.toml:1: nothing-else: with [[may-listen]]",
        ),
        ("a = 1\na = 2", "p.toml:2: this is not TOML: duplicate key"),
        ("a = '", "p.toml:1: this is not TOML: "),
        ("[[manager]]\nid = 'x'\n\nfoo = 1", "p.toml:4: foo: unknown field `foo`, expected one of `id`"),
        ("[[manager]]\nid = 'x'", "p.toml:1: product: missing field `product`"),
    ] {
        let found = faults(policy);
        assert!(found.starts_with(right), "{policy}\n  {found}\n  {right}");
    }
    let manager = |id: &str, technology: &str| {
        faults(&format!(
            "[[manager]]\nid = '{id}'\nproduct = 'x'\ntechnology = '{technology}'\nconfidence = 'high'\nports = []\n\
             note = 'x'\nsources = []\n[manager.executables]\nlinux = []\nwindows = []\nmacos = []\n"
        ))
    };
    assert_eq!(manager("own", "flexnet"), "");
    assert!(
        manager("autodesk-nlm", "flexnet").starts_with("p.toml:2: id: ‘autodesk-nlm’ is the id of another")
    );
    assert!(manager("Own", "flexnet").starts_with("p.toml:2: id: ‘Own’: write it in small letters"));
    assert!(manager("own", "flexlm").starts_with("p.toml:4: technology: ‘flexlm’ is not known"));
    assert!(faults("\u{feff}").is_empty() && faults("# \u{7}").starts_with("p.toml:1: this is not TOML"));
    let bytes = read_policy("p.toml", b"# a\n# \xff", knowledge()).unwrap_err();
    assert_eq!(bytes[0].to_string(), "p.toml:2: this is not TOML: it has bytes that are not UTF-8");
}

#[test]
fn lines_that_cannot_both_hold_are_named() {
    let two = |one: &str, other: &str| faults(&format!("{one}\n{other}"));
    insta::assert_snapshot!(two("[[must-listen]]\nport = 23", "[[must-not-listen]]\nport = '20-25'"), @"p.toml:3: port: by line 1 it is must-listen, and here must-not-listen: remove one of the two");
    insta::assert_snapshot!(two("[[must-not-listen]]\nport = 'telnet'", "[[may-listen]]\nport = '23/tcp'\nreason = 'x'"), @"p.toml:3: port: by line 1 it is must-not-listen, and here may-listen: remove one of the two");
    insta::assert_snapshot!(two("[[must-listen]]\nport = 80\nprogram = 'nginx'", "[[must-listen]]\nport = 80\nprogram = 'apache2'"), @"p.toml:4: program: line 1 names another holder of the port: one of the two cannot hold");
    insta::assert_snapshot!(two("[[must-listen]]\nport = 80\nuser = 'root'", "[[held-by]]\nport = '80/tcp'\nuser = 'www-data'"), @"p.toml:4: user: line 1 names another holder of the port: one of the two cannot hold");
    insta::assert_snapshot!(two("[[loopback-only]]\nport = 5432", "[[must-listen]]\nport = 5432\nmax-exposure = 'public'"), @"p.toml:3: max-exposure: ‘public’ is allowed here, and by line 1 the port is loopback-only");
    insta::assert_snapshot!(two("[[may-listen]]\nport = 5432\nreason = 'x'\nmax-exposure = 'public'", "[[loopback-only]]\nport = 5432"), @"p.toml:5: port: line 1 allows the exposure public: remove one of the two");
    insta::assert_snapshot!(two("[[must-listen]]\nport = 80\nprogram = 'nginx'", "[[must-listen]]\nprogram = 'nginx'\nport = 80"), @"p.toml:4: port: it is about the same ports and holders as line 1: remove one of the two");
    for (one, other) in [
        ("[[must-listen]]\nport = '53/tcp'", "[[must-not-listen]]\nport = '53/udp'"),
        ("[[must-not-listen]]\nport = '20-25'", "[[must-listen]]\nport = 80"),
        ("[[loopback-only]]\nport = 'ssh'", "[[loopback-only]]\nport = '22/tcp'"),
        (
            "[[must-not-listen]]\nport = 22\nprogram = 'dropbear'",
            "[[must-listen]]\nport = 22\nprogram = 'sshd'",
        ),
        (
            "[[must-listen]]\nport = 22\nprogram = 'sshd'",
            "[[held-by]]\nport = 22\nprogram = '/usr/sbin/sshd'",
        ),
        ("[[must-listen]]\nport = 22\nuser = 'root'", "[[held-by]]\nport = 22\nuser = 0"),
        ("[[may-listen]]\nport = '1-65535'\nreason = 'x'", "[[must-not-listen]]\nport = 23"),
        ("[[loopback-only]]\nport = 22", "[[must-listen]]\nport = 22\nmax-exposure = 'loopback'"),
        (
            "[[may-listen]]\nport = 22\nprogram = 'a'\nreason = 'x'",
            "[[may-listen]]\nport = 22\nprogram = 'b'\nreason = 'x'",
        ),
    ] {
        assert_eq!(two(one, other), "", "{one}\n{other}");
    }
}

#[test]
fn a_hostile_policy_has_an_end() {
    let nested = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(faults(&nested).starts_with("p.toml:1: this is not TOML"));
    let many = "[[must-listen]]\nport = 1\nfoo = 1\n".repeat(3000);
    assert_eq!(faults(&many).lines().count(), 20);
    let lines: String = (1..=5001).map(|port| format!("[[loopback-only]]\nport = {port}\n")).collect();
    assert!(faults(&lines).contains("a policy has at most 5000 lines"), "{}", faults(&lines));
    let evil = is(&office(), "\"a|b\\n\\u001b\" = 1", CheckStatus::Unknown);
    assert!(!evil.contains('\u{1b}'), "{evil}");
}

#[test]
fn the_policy_in_the_guide_is_one() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/policy.md")).unwrap();
    let policy = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(faults(policy), "");
    // Each key of each rule stands in its row.
    for rule in PolicyRule::ALL {
        let row = guide.lines().find(|line| line.starts_with(&format!("| `[[{}]]`", rule.name()))).unwrap();
        let wrong = faults(&format!("[[{}]]\nx = 1", rule.name()));
        let keys =
            wrong.split("the keys are ").nth(1).unwrap().lines().next().unwrap().replace(" and ", ", ");
        for key in keys.split(", ") {
            assert!(row.contains(&format!("`{key}`")), "{row} lacks {key}");
        }
    }
}
