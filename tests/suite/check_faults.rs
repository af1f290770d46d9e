//! What is wrong with a policy, with the line that says so.

use std::time::{Duration, Instant};

use whatlistens::model::{CheckStatus, PolicyRule};
use whatlistens::os::FileAt;
use whatlistens::query::{follow_links, read_policy};

use crate::check_policy::is;
use crate::recorded::{knowledge, office};

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
        ("[trust]\nusers = ' root'", "p.toml:2: users: ‘ root’ begins or ends with a blank: write ‘root’"),
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
        ("[[held-by]]\nport = 8080\nprogram = 'a'", "[[held-by]]\nport = '8000-8090'\nprogram = 'b'"),
        ("[[held-by]]\nport = 8080\nprogram = 'a'", "[[must-not-listen]]\nport = 8080\nprogram = 'a'"),
        ("[[must-not-listen]]\nprogram = 'a'", "[[held-by]]\nport = 8080\nprogram = ['a', 'b']"),
        (
            "[[may-listen]]\nport = 22\nuser = 'x'\nreason = 'x'",
            "[[held-by]]\nport = '1-1024'\nuser = 'root'",
        ),
        ("[[may-listen]]\nport = [22, 23]\nreason = 'x'", "[[must-not-listen]]\nport = 23"),
        (
            "[[must-listen]]\nport = [80, 443]\nmax-exposure = 'private'",
            "[[may-listen]]\nport = [443, 444]\nreason = 'x'\nmax-exposure = 'public'",
        ),
    ] {
        for (one, other) in [(one, other), (other, one)] {
            let said = two(one, other);
            assert!(said.contains("line 1") && said.lines().count() == 1, "{one}\n{other}: {said}");
        }
    }
    insta::assert_snapshot!(two("[[held-by]]\nport = 8080\nprogram = 'a'", "[[held-by]]\nport = '8080/tcp'\nprogram = 'b'"), @"p.toml:4: program: line 1 names another holder of the port: one of the two cannot hold");
    insta::assert_snapshot!(two("[[may-listen]]\nport = 22\nreason = 'x'\nmax-exposure = 'public'", "[[must-listen]]\nport = 22\nmax-exposure = 'private'"), @"p.toml:5: max-exposure: ‘private’ is allowed here, and ‘public’ of the same port by line 1: write one of the two");
    for (one, other) in [
        ("[[held-by]]\nport = 8080\nprogram = 'a'", "[[held-by]]\nport = 8080\nuser = 'b'"),
        // Whatever is not forbidden.
        ("[[must-listen]]\nport = 22\nuser = 'root'", "[[must-not-listen]]\nprogram = 'telnetd'"),
        ("[[may-listen]]\nport = 80\nreason = 'x'", "[[must-not-listen]]\nport = 80\nprogram = 'apache2'"),
        ("[[held-by]]\nport = '8080/udp'\nprogram = 'a'", "[[held-by]]\nport = '8080/tcp'\nprogram = 'b'"),
        ("[[held-by]]\nport = 22\nuser = 'root'", "[[may-listen]]\nprogram = 'x'\nuser = 'y'\nreason = 'x'"),
        (
            "[[must-listen]]\nport = 22\nmax-exposure = 'private'",
            "[[may-listen]]\nport = 22\nuser = 'a'\nreason = 'x'\nmax-exposure = 'public'",
        ),
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
    let own = |at: usize, rule: &str| format!("[[{rule}]]\nport = 80\nprogram = 'p{at}'\nreason = 'x'\n");
    let begun = Instant::now();
    // Of one port, each with a program of its own: nothing contradicts anything.
    let same: String = (0..5000).map(|at| own(at, "may-listen")).collect();
    assert_eq!(faults(&same), "");
    let forbidden: String = (0..5000).map(|at| format!("[[must-not-listen]]\nprogram = 'p{at}'\n")).collect();
    assert_eq!(faults(&forbidden), "");
    // None of one is about another's ports.
    let lines: String =
        (0..5000).map(|at| format!("[[held-by]]\nport = {}\nuser = 'u{at}'\n", at * 9 + 1)).collect();
    assert_eq!(faults(&lines), "");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let forbidden: String = (0..2500).map(|at| own(at, "must-not-listen")).collect();
    let allowed: String = (2500..5000).map(|at| own(at, "may-listen")).collect();
    assert!(
        faults(&format!("{forbidden}{allowed}"))
            .starts_with("p.toml:1: policy: too many lines are about the same")
    );
    let programs: Vec<String> = (0..3000).map(|at| format!("'p{at}'")).collect();
    let one = |programs: &[String]| format!("[[held-by]]\nport = 80\nprogram = [{}]\n", programs.join(","));
    let two = one(&programs[..1500]) + &one(&programs[1500..]);
    assert!(faults(&two).starts_with("p.toml:4: program: line 1 names another holder"));
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

#[test]
fn the_name_of_a_link_is_matched_too() {
    let text = b"[[must-not-listen]]\nprogram = ['python3', '/usr/bin/java', 'nginx', 'x']";
    let mut policy = read_policy("p.toml", text, knowledge()).unwrap().policy;
    follow_links(&mut policy, |path| match path {
        "/usr/bin/python3" => FileAt::File("/usr/bin/python3.11".to_owned()),
        "/usr/bin/java" => FileAt::File("/usr/lib/jvm/17/bin/java".to_owned()),
        "/usr/sbin/nginx" => FileAt::File("/usr/sbin/nginx".to_owned()),
        _ => FileAt::Nothing,
    });
    let programs: Vec<&str> = policy.lines[0].programs.iter().map(|program| program.0.as_str()).collect();
    let linked = ["/usr/bin/python3.11", "/usr/lib/jvm/17/bin/java"];
    assert_eq!(programs, ["python3", "/usr/bin/java", "nginx", "x", linked[0], linked[1]]);
}

#[test]
fn what_can_never_be_a_program_or_user_is_refused() {
    let right = |key: &str, written: &str| {
        let said = faults(&format!("[[must-not-listen]]\nport = 23\n{key} = ['{written}']"));
        said.strip_prefix(&format!("p.toml:3: {key}: ")).map(str::to_owned)
    };
    for written in
        ["sshd", "/usr/bin/[", "/opt/a b", "C:\\Flexlm\\lmgrd.exe", "C:/Flexlm/lmgrd", "\\\\nas\\bin\\x"]
    {
        assert_eq!(right("program", written), None, "{written}");
    }
    for user in ["root", "0", "4294967295", "dom\\alice", "Network Service"] {
        assert_eq!(right("user", user), None, "{user}");
    }
    for (written, wanted) in [
        ("bin/x", "‘bin/x’: give the name of the program's file, or its full path"),
        ("./x", "‘./x’: give the name of the program's file, or its full path"),
        ("bin\\x", "‘bin\\x’: give the name of the program's file, or its full path"),
        ("..", "‘..’: give the name of the program's file, or its full path"),
        ("/usr/bin/../sbin/x", "‘/usr/bin/../sbin/x’: write the path as the system does: /usr/sbin/x"),
        ("/usr/./bin/x", "‘/usr/./bin/x’: write the path as the system does: /usr/bin/x"),
        ("//usr/bin/x", "‘//usr/bin/x’: write the path as the system does: /usr/bin/x"),
        ("/usr/bin/", "‘/usr/bin/’: write the path as the system does: /usr/bin"),
        ("/", "‘/’ is a folder: give the path of a file"),
        ("C:\\a\\..\\x", "‘C:\\a\\..\\x’: write the path as the system does: C:\\x"),
        (" sshd", "‘ sshd’ begins or ends with a blank: write ‘sshd’"),
        ("/usr/bin/x ", "‘/usr/bin/x ’ begins or ends with a blank: write ‘/usr/bin/x’"),
        (
            "python3*",
            "‘python3*’: wildcards mean nothing here; name each program, as in program = [\"one\", \"other\"]",
        ),
    ] {
        assert_eq!(right("program", written).as_deref(), Some(wanted), "{written}");
    }
    for written in ["python?", "/opt/[ab]/x", "a\u{fffd}"] {
        assert!(right("program", written).is_some(), "{written}");
    }
    for user in [" root", "ali*", "4294967296"] {
        assert!(right("user", user).is_some(), "{user}");
    }
}
