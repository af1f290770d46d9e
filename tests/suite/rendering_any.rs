//! Any names at any width: a table is rendered in bounded time and space, a script can split its rows, and no name passes
//! for what the program says itself.

use proptest::prelude::*;
use proptest::sample::select;
use whatlistens::model::{
    Container, Namespace, Process, ProcessService, Runtime, ServiceManager, Socket, State,
};
use whatlistens::query::Environment;

use crate::recorded::{linux, process, running_with};

/// What the program writes itself in place of a name, or beside one.
const OWN_WORDS: [&str; 20] = [
    "(hidden)",
    "(no-process)",
    "(ended)",
    "(unknown)",
    "-",
    "",
    "unknown",
    "nginx +2",
    "nginx+2",
    "→ docker web (172.17.0.2:80)",
    "→ 172.17.0.2:80",
    "docker web",
    "rootless docker web",
    "user nginx.service",
    "snap firefox",
    "kernel: http.sys, SMB, …",
    "a.service, b.service",
    "nginx (PID 7)",
    "a file that could not be read",
    "/usr/sbin/nginx (deleted or replaced since the process started)",
];

/// Names that an attacker would choose, and any others.
fn name() -> BoxedStrategy<String> {
    let own = || select(&OWN_WORDS[..]).prop_map(str::to_owned);
    let blank = select(vec![" ", "  ", "            ", "\t", "\u{a0}", "\u{3000}", "\n"]);
    let padded = (own(), blank, own()).prop_map(|(one, blank, other)| format!("{one}{blank}{other}"));
    let lookalike =
        select(vec!["（hidden）", "❨hidden❩", "➔ docker web", "\"(hidden)\"", "\\u{20}", "nginx\u{a0}"]);
    let any = "[\\PC\n\t日🦀e\u{301}→() \"\\\\-]{0,12}";
    prop_oneof![own(), padded, lookalike.prop_map(str::to_owned), any].boxed()
}

/// A program's own service, which it runs as a user of this name.
fn server(name: &str, user: &str, unit: &str) -> Process {
    Process {
        name: Some(name.to_owned()),
        user: Some(user.to_owned()),
        services: vec![ProcessService::new(ServiceManager::Systemd, unit)],
        ..process(7, "/usr/sbin/nginx")
    }
}

/// Whether a text is a name that cannot be mistaken: it has nothing that the program puts between names, or it is quoted
/// from end to end.
fn is_unmistakable(shown: &str) -> bool {
    let quoted = shown.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let is_plain = |c: char| c.is_alphanumeric() || (c.is_ascii_graphic() && !"()\"".contains(c));
    match quoted {
        // Every quote inside is escaped, and every escape is whole.
        Some(inside) => {
            let mut chars = inside.chars();
            while let Some(c) = chars.next() {
                if c == '"' || (c == '\\' && chars.next().is_none()) {
                    return false;
                }
            }
            true
        }
        None => shown.chars().all(is_plain) && !OWN_WORDS.contains(&shown),
    }
}

/// The cell below a title, up to the column that ends with the next title.
fn cell<'a>(printed: &'a str, title: &str, next: &str) -> &'a str {
    let (header, row) = (printed.lines().next().unwrap(), printed.lines().nth(1).unwrap());
    let (from, to) = (header.find(title).unwrap(), header.find(next).unwrap());
    // One row: the columns before this one have no letters of several bytes.
    let rest = &row[from..];
    let width = to - from;
    let end =
        rest.char_indices().map(|(at, _)| at).find(|&at| textwrap::core::display_width(&rest[..at]) >= width);
    rest[..end.unwrap_or(rest.len())].trim_end()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_name_fits_any_width(
        names in prop::collection::vec("[\\PC日🦀e\u{301}→]{0,24}", 1..8),
        users in prop::collection::vec("\\PC{0,12}", 8),
        width in 1..130_u16,
        flags in prop::sample::select(vec!["", "--args", "--connections", "--all-namespaces --connections --args"]),
        license in any::<bool>(),
    ) {
        let mut machine = linux();
        for (at, name) in names.iter().enumerate() {
            let holder = Process {
                name: Some(name.clone()),
                user: Some(users[at].clone()),
                ..running_with(10 + u32::try_from(at).unwrap(), "/x/y", |program| program.args = Some(vec![name.repeat(4)]))
            };
            let port = if license { 27000 + at } else { 8000 + at };
            machine = machine.socket(&format!("tcp 0.0.0.0:{port}"), &[holder]).but(|socket| {
                socket.state = if at % 2 == 0 { State::Bound } else { State::Listen };
            });
        }
        let printed = machine.printed(flags, Some(width));
        prop_assert!(printed.lines().count() >= names.len());
        prop_assert!(printed.len() < 100_000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn no_name_passes_for_a_word_of_the_program_s_own(name in name()) {
        // One at a time: only the letters before a column may be of several bytes.
        for (title, next, server) in [
            ("PROCESS", "PID", server(&name, "alice", "a.service")),
            ("USER", "IANA NAME", server("nginx", &name, "a.service")),
            ("UNIT", "\n", server("nginx", "alice", &format!("{name}.service"))),
        ] {
            let printed = linux().socket("tcp 0.0.0.0:80", &[server]).printed("", None);
            let (header, row) = printed.split_once('\n').unwrap();
            let text = format!("{header}{next}\n{row}");
            let shown = match title {
                "UNIT" => row[header.find(title).unwrap()..].trim_end_matches('\n'),
                _ => cell(&text, title, next),
            };
            // The accounts of a system may have single blanks.
            let shown = if title == "USER" && !shown.contains("  ") { shown.replace(' ', "") } else { shown.to_owned() };
            prop_assert!(is_unmistakable(&shown), "{title} {shown:?} of {name:?}");
        }
    }

    #[test]
    fn a_script_can_split_rows_at_blanks(
        names in prop::collection::vec(name(), 8),
        width in prop::option::of(1..130_u16),
        flags in select(vec!["", "--args", "--connections", "--all-namespaces --connections --args"]),
        license in any::<bool>(),
    ) {
        let [name, user, unit, interface, namespace, container, arg, other] = &names[..] else { unreachable!() };
        let holder = Process {
            container: Some(Box::new(Container {
                runtime: Runtime::Lxc, id: container.clone(), name: None, image: Some(other.clone()), pod: None, user: Some(other.clone()), nested: false,
            })),
            ..server(name, user, unit)
        };
        let holder = Process {
            presence: running_with(7, "/x/y", |program| program.args = Some(vec![arg.clone(), other.clone()])).presence,
            ..holder
        };
        let port = if license { 27000 } else { 8000 };
        let elsewhere = |socket: &mut Socket| {
            socket.namespace = Some(Namespace { inode: 4, name: Some(namespace.clone()) });
            socket.interface = Some(interface.clone());
        };
        let (out, ..) = linux()
            .by_ordinary_user(&[(9, "sshd")])
            .socket("tcp 0.0.0.0:22", &[])
            .socket("tcp 0.0.0.0:81", std::slice::from_ref(&holder))
            .but(|socket| socket.state = State::Bound)
            .socket(&format!("tcp 0.0.0.0:{port}"), &[holder.clone(), process(8, "/x/y")])
            .socket(&format!("tcp [::]:{port}"), std::slice::from_ref(&holder))
            .socket(&format!("tcp 127.0.0.1:{port}"), std::slice::from_ref(&holder))
            .socket("udp 0.0.0.0:53", &[holder])
            .but(elsewhere)
            .run(&format!("-H {flags}"), &Environment { width, ..Environment::plain() })
            .unwrap();
        let columns = 7 + flags.split_whitespace().count();
        prop_assert_eq!(out.lines().count(), 4, "{}", out);
        for line in out.lines() {
            prop_assert_eq!(line.split_whitespace().count(), columns, "{}", line);
            prop_assert!(!line.contains('…') || names.iter().any(|name| name.contains('…')), "{}", line);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_name_passes_for_a_word_of_the_detail_s_own(name in name()) {
        let file = running_with(7, &name, |_| ());
        let unit = format!("{name}.service");
        let holder = Process { presence: file.presence, short_name: None, ..server(&name, &name, &unit) };
        let printed = linux().socket("tcp 0.0.0.0:80", &[holder]).printed("80", Some(4_000));
        let unwrapped = printed.replace("\n             ", " ");
        let field = |label: &str| {
            let mut lines = unwrapped.lines().filter(|line| line.starts_with(label));
            let line = lines.next().unwrap_or_default().trim_start_matches(label).trim_start().to_owned();
            (lines.next().is_none(), line)
        };
        for (label, after) in [("Unit ", " (systemd)"), ("User ", ""), ("Runs ", "")] {
            let (is_one, shown) = field(label);
            let shown = shown.strip_suffix(after).unwrap_or(&shown);
            // Paths and accounts may have single blanks.
            let shown = if label == "Unit " || shown.starts_with('"') { shown.to_owned() } else { shown.replace(' ', "") };
            prop_assert!(is_one && is_unmistakable(&shown), "{}: {:?} of {:?}", label, shown, name);
        }
        let says = unwrapped.lines().skip(1).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
        let shown = says.strip_suffix(" (PID 7) listens on TCP port 80.");
        prop_assert!(shown.is_some_and(is_unmistakable), "{:?} of {:?}", says, name);
    }
}
