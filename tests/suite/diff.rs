//! `diff` of recorded machines: what is a difference, what is none, and what is not known.

use std::fs;
use std::path::{Path, PathBuf};

use whatlistens::model::record::{self, Record};
use whatlistens::model::redact::redact;
use whatlistens::model::{Gap, GapKind, Namespace, Process, State};
use whatlistens::query::Environment;

use crate::document::Diff;
use crate::json_schema;
use crate::license_servers::healthy;
use crate::recorded::{Machine, linux, office, process, with_file};
use crate::started::whatlistens;

/// The machine's record, in a folder.
pub fn record_of(machine: &Machine, folder: &Path, name: &str) -> PathBuf {
    let mut text = Vec::new();
    record::write(&Record::new(machine.observed().clone()), &mut text).unwrap();
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// What is printed of two files, and the exit status.
fn of_files(before: &Path, after: &Path, options: &str) -> (String, u8) {
    let line = format!("diff {options} {} {}", before.display(), after.display());
    let environment = Environment { width: Some(100), ..Environment::plain() };
    let (out, notes, exit) = linux().run(line.trim(), &environment).unwrap();
    assert_eq!(notes, "");
    (out, exit.code())
}

fn text(before: &Machine, after: &Machine, options: &str) -> (String, u8) {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (record_of(before, folder.path(), "a"), record_of(after, folder.path(), "b"));
    let (out, status) = of_files(&before, &after, options);
    (out.replace(folder.path().to_str().unwrap(), "/tmp"), status)
}

pub fn json(before: &Path, after: &Path, options: &str) -> Diff {
    let (out, status) = of_files(before, after, &format!("--json {options}"));
    let diff: Diff = json_schema::read(&out);
    let expected = match (diff.same, diff.complete) {
        (false, _) => 1,
        (true, true) => 0,
        (true, false) => 3,
    };
    assert_eq!(status, expected, "{out}");
    diff
}

pub fn diff(before: &Machine, after: &Machine, options: &str) -> Diff {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (record_of(before, folder.path(), "a"), record_of(after, folder.path(), "b"));
    json(&before, &after, options)
}

/// The changes of listeners, each in a word or two.
pub fn told(diff: &Diff) -> Vec<String> {
    let one = |change: &crate::document::WatchEvent| {
        let was = change.was_port.map_or(String::new(), |port| format!(" (was {port})"));
        let line = format!("{}{was} {} {}", change.port, change.event, change.changed.join(","));
        line.trim_end().to_owned()
    };
    diff.changes.iter().map(one).collect()
}

/// What is not known, each in a word or two.
fn untold(diff: &Diff) -> Vec<String> {
    let one = |one: &crate::document::CannotTell| {
        format!("{} {} {}", one.port, one.unseen_by, one.about.join(",")).trim_end().to_owned()
    };
    diff.cannot_tell.iter().map(one).collect()
}

pub fn kinds(before: &Machine, after: &Machine) -> Vec<String> {
    let diff = diff(before, after, "");
    assert_eq!(untold(&diff), [""; 0]);
    told(&diff)
}

pub fn at(place: &str, pid: u32, exe: &str) -> Machine {
    linux().socket(place, &[process(pid, exe)])
}

#[test]
fn a_service_that_was_started_again_is_no_difference() {
    let web = |pid| at("tcp 0.0.0.0:80", pid, "/usr/sbin/nginx");
    assert_eq!(kinds(&web(800), &web(9000)), [""; 0]);
    let workers = |pids: &[u32]| {
        pids.iter().fold(linux(), |machine, &pid| {
            machine.socket("tcp 0.0.0.0:80", &[process(pid, "/usr/sbin/nginx")])
        })
    };
    assert_eq!(kinds(&workers(&[1, 2, 3]), &workers(&[7, 8])), [""; 0]);
    assert_eq!(diff(&office(), &office(), "").changes.len(), 0);
}

#[test]
fn what_appeared_and_what_went() {
    assert_eq!(kinds(&linux(), &at("tcp 0.0.0.0:80", 8, "/usr/sbin/nginx")), ["80 appeared"]);
    assert_eq!(kinds(&at("tcp 0.0.0.0:80", 8, "/usr/sbin/nginx"), &linux()), ["80 went"]);
    let at_another = kinds(&at("tcp 10.1.1.1:80", 8, "/a/nginx"), &at("tcp 10.1.1.2:80", 8, "/a/nginx"));
    assert_eq!(at_another, ["80 went", "80 appeared"]);
}

#[test]
fn another_program_or_user_is_another_owner() {
    let node = at("tcp 127.0.0.1:8080", 5, "/usr/bin/node");
    assert_eq!(kinds(&node, &at("tcp 127.0.0.1:8080", 5, "/opt/node")), ["8080 changed owner"]);
    let of_root = Process { uid: Some(0), user: Some("root".to_owned()), ..process(5, "/usr/bin/node") };
    let of_root = linux().socket("tcp 127.0.0.1:8080", &[of_root]);
    let changed = diff(&node, &of_root, "");
    assert_eq!(told(&changed), ["8080 changed owner"]);
    assert_eq!(changed.changes[0].was_user.as_deref(), Some("alice"));
    // A process that is one more of those that share the port is another owner, too.
    let joined =
        at("tcp 127.0.0.1:8080", 5, "/usr/bin/node").socket("tcp 127.0.0.1:8080", &[process(6, "/tmp/evil")]);
    assert_eq!(kinds(&node, &joined), ["8080 changed owner"]);
    assert_eq!(kinds(&node, &linux().socket("tcp 127.0.0.1:8080", &[])), ["8080 changed owner"]);
}

#[test]
fn exposure_verdict_and_state_are_told_apart() {
    let web =
        |assigned| at("tcp 10.1.1.1:80", 5, "/usr/sbin/nginx").but(|socket| socket.assigned = Some(assigned));
    assert_eq!(kinds(&web(true), &web(false)), ["80 changed exposure"]);
    let replaced = with_file(5, "/opt/lmgrd", |exe| exe.writers = crate::recorded::anyone_at("/opt"));
    let replaced = linux().socket("tcp 0.0.0.0:27000", &[replaced]);
    assert_eq!(kinds(&at("tcp 0.0.0.0:27000", 5, "/opt/lmgrd"), &replaced), ["27000 changed verdict"]);
    let bound = at("tcp 127.0.0.1:80", 5, "/a/nginx").but(|socket| socket.state = State::Bound);
    assert_eq!(kinds(&at("tcp 127.0.0.1:80", 5, "/a/nginx"), &bound), ["80 changed state"]);
}

#[test]
fn a_listener_that_was_moved_to_where_others_reach_it_has_changed() {
    let at = |address: &str| at(&format!("tcp {address}:3000"), 8, "/usr/bin/node");
    let opened = diff(&at("127.0.0.1"), &at("0.0.0.0"), "");
    assert_eq!(told(&opened), ["3000 changed exposure"]);
    let change = &opened.changes[0];
    assert_eq!((change.was_address.as_deref(), change.address.as_str()), (Some("127.0.0.1"), "0.0.0.0"));
    assert_eq!(change.was_exposure.as_deref(), Some("loopback"));
    let more = at("127.0.0.1").socket("tcp 0.0.0.0:3000", &[process(8, "/usr/bin/node")]);
    assert_eq!(kinds(&at("127.0.0.1"), &more), ["3000 appeared"]);
    let of_other = linux().socket("tcp 0.0.0.0:3000", &[process(8, "/usr/bin/python3")]);
    assert_eq!(kinds(&at("127.0.0.1"), &of_other), ["3000 appeared", "3000 went"]);
}

#[test]
fn what_one_side_cannot_see_is_no_difference() {
    let web = || at("tcp 0.0.0.0:80", 8, "/usr/sbin/nginx");
    let unread = || linux().gap(Gap::new(GapKind::SocketsUnreadable, "a table"));
    let gone = diff(&web(), &unread(), "");
    assert_eq!((told(&gone), untold(&gone)), (Vec::new(), vec!["80 after".to_owned()]));
    assert!(!gone.complete && gone.same);
    assert_eq!(untold(&diff(&unread(), &web(), "")), ["80 before"]);

    let hidden = || linux().socket("tcp 0.0.0.0:80", &[]).by_ordinary_user(&[(7, "nginx")]);
    assert_eq!(untold(&diff(&web(), &hidden(), "")), ["80 after owner"]);
    assert_eq!(untold(&diff(&hidden(), &web(), "")), ["80 before owner"]);
    assert_eq!(diff(&hidden(), &hidden(), "").cannot_tell.len(), 0, "nobody saw it");
    let of_root = || hidden().but(|socket| (socket.uid, socket.user) = (Some(0), Some("root".to_owned())));
    assert_eq!(told(&diff(&hidden(), &of_root(), "")), ["80 changed owner"], "another user opened it");

    let license = at("tcp 0.0.0.0:27000", 8, "/opt/lmgrd");
    let hidden = || linux().socket("tcp 0.0.0.0:27000", &[]).by_ordinary_user(&[(7, "lmgrd")]);
    let unseen = diff(&license, &hidden(), "");
    assert_eq!((told(&unseen), untold(&unseen)), (Vec::new(), vec!["27000 after owner,verdict".to_owned()]));

    let client = |port: u16| at(&format!("udp 0.0.0.0:{port}"), 70, "/usr/bin/firefox");
    let hidden = linux().socket("udp 0.0.0.0:50000", &[]).by_ordinary_user(&[(7, "firefox")]);
    let unseen = diff(&client(40_000), &hidden, "");
    assert_eq!(
        (told(&unseen), untold(&unseen)),
        (Vec::new(), vec!["40000 after".to_owned(), "50000 before".to_owned()])
    );
}

#[test]
fn a_verdict_that_only_lacks_rights_is_no_difference() {
    let of = |writers, privileged| {
        let lmgrd = with_file(5, "/opt/lmgrd", |exe| exe.writers = writers);
        linux().socket("tcp 0.0.0.0:27000", &[lmgrd]).seen(|seen| seen.privileged = privileged)
    };
    let unread = || whatlistens::model::Checked::Failed(whatlistens::model::NotInspected::Unreadable);
    let seen = || whatlistens::model::Checked::Done(Vec::new());
    assert_eq!(untold(&diff(&of(seen(), true), &of(unread(), false), "")), ["27000 after verdict"]);
    assert_eq!(untold(&diff(&of(unread(), false), &of(seen(), true), "")), ["27000 before verdict"]);
    assert_eq!(told(&diff(&of(seen(), true), &of(unread(), true), "")), ["27000 changed verdict"]);
}

#[test]
fn a_license_server_that_serves_no_more_is_a_difference() {
    let without_daemon = healthy().seen(|seen| {
        seen.sockets.retain(|socket| socket.local.port() != 2080);
        seen.holdings.retain(|holding| holding.pid != 815);
        seen.processes.remove(&815);
    });
    let of = |one: &Machine, other: &Machine| {
        let one = diff(one, other, "").license_servers.into_iter().map(|server| {
            let codes: Vec<String> = server.new_problems.into_iter().map(|problem| problem.code).collect();
            format!("{} {:?} {} {}", server.event, server.was_state, server.state, codes.join(","))
        });
        one.collect::<Vec<String>>()
    };
    assert_eq!(of(&healthy(), &healthy()), [""; 0]);
    let went = of(&healthy(), &without_daemon);
    assert!(went.iter().any(|one| one.contains("no-daemon") || one.contains("no-vendor-daemon")), "{went:?}");
    assert!(of(&healthy(), &linux())[0].starts_with("went"));
    assert!(of(&linux(), &healthy())[0].starts_with("appeared"));
    let hidden = linux().by_ordinary_user(&[(812, "lmgrd")]).gap(Gap::new(GapKind::ProcessesHidden, "some"));
    let unseen = diff(&healthy(), &hidden, "");
    assert!(
        unseen.license_servers.is_empty() && unseen.notes[0].starts_with("It is not known whether Autodesk")
    );
}

#[test]
fn two_machines_are_said_to_be_two() {
    let other = || {
        office()
            .seen(|seen| (seen.host.name, seen.host.id) = (Some("lic02".to_owned()), Some("2".to_owned())))
    };
    let (out, status) = text(&office(), &other(), "");
    assert!(out.contains("\nThese are two machines.\n") && status == 0, "{out}");
    assert_eq!(diff(&office(), &other(), "").same_host, Some(false));
    let nameless = || office().seen(|seen| (seen.host.name, seen.host.id) = (None, None));
    assert_eq!(diff(&office(), &nameless(), "").same_host, None);
    assert_eq!(diff(&office(), &office(), "").same_host, Some(true));
    // A record without names is of one that cannot be recognized.
    let folder = tempfile::tempdir().unwrap();
    let (replaced, _) = redact(&Record::new(office().observed().clone())).unwrap();
    let path = folder.path().join("replaced");
    record::write(&replaced, &mut fs::File::create(&path).unwrap()).unwrap();
    let office = record_of(&office(), folder.path(), "office");
    let listing = folder.path().join("listing");
    fs::write(&listing, whatlistens(&["--from", path.to_str().unwrap(), "--json"]).0).unwrap();
    for (before, after, expected) in [
        (&office, &path, None),
        (&path, &office, None),
        (&path, &path, Some(true)),
        (&office, &listing, None),
    ] {
        assert_eq!(json(before, after, "").same_host, expected);
    }
    let said = of_files(&office, &path, "").0;
    assert!(said.contains("It is not known whether these are two machines."), "{said}");
}

#[test]
fn namespaces_are_compared_on_request() {
    let inside = |name: Option<&str>, inode| {
        let namespace = Namespace { inode, name: name.map(str::to_owned) };
        at("tcp 0.0.0.0:80", 8, "/usr/sbin/nginx").but(|socket| socket.namespace = Some(namespace))
    };
    let left_out = diff(&inside(Some("web"), 5), &linux(), "");
    assert_eq!(left_out.changes.len(), 0);
    assert!(left_out.notes[0].contains("--all-namespaces"), "{:?}", left_out.notes);
    let of = |one: &Machine, other: &Machine| told(&diff(one, other, "--all-namespaces"));
    assert_eq!(of(&inside(Some("web"), 5), &linux()), ["80 went"]);
    assert_eq!(of(&inside(Some("web"), 5), &inside(Some("web"), 6)), [""; 0], "it was started again");
    assert_eq!(of(&inside(None, 5), &inside(None, 6)), ["80 went", "80 appeared"]);
}

// Paths of Windows are others.
#[cfg(not(windows))]
#[test]
fn a_person_reads_a_table_and_what_changed() {
    let before = office().socket("udp 0.0.0.0:40000", &[process(70, "/usr/bin/firefox")]);
    let after = linux()
        .socket("tcp 0.0.0.0:80", &[process(5000, "/usr/sbin/nginx")])
        .socket("tcp 0.0.0.0:27000", &[process(6, "/tmp/evil\u{1b}[2J")])
        .socket("tcp 127.0.0.1:9000", &[process(7, "/usr/bin/node")])
        .socket("udp 0.0.0.0:50000", &[process(70, "/usr/bin/firefox")]);
    insta::assert_snapshot!(text(&before, &after, "").0, @r#"
        Before: record of lic01 (Linux), 2026-11-22 04:00:00 UTC, from /tmp/a
        After:  record of lic01 (Linux), 2026-11-22 04:00:00 UTC, from /tmp/b

        CHANGE                 PORT  ADDRESS         PROCESS             PID  USER   IANA NAME     LICENSE
        - went               53/udp  127.0.0.53:53   systemd-resolved    400  root   domain
        - went               80/tcp  [::]:80         nginx +2            800  root   http
        ~ owner              80/tcp  0.0.0.0:80      nginx              5000  alice  http
        - went             1538/tcp  0.0.0.0:1538    python3.11        11224  alice  (3ds-lm)      mismatch
        + appeared         9000/tcp  127.0.0.1:9000  node                  7  alice  (cslistener)
        ~ owner, verdict  27000/tcp  0.0.0.0:27000   "evil\u{1b}[2J"       6  alice  (flex-lm)     mismatch
        - went            33333/udp  0.0.0.0:33333   (no-process)             alice

        80/tcp owner: nginx (PID 5000) of alice, was nginx (PID 800) of root.
        27000/tcp owner: "evil\u{1b}[2J" (PID 6) of alice, was lmgrd (PID 900) of root; verdict: mismatch,
        was expected.

        - Revenera FlexNet license server: went (was no vendor daemon)

        2 changes of ephemeral ports are left out: only the number is another. To show: --all
        "#);
    insta::assert_snapshot!(text(&before, &after, "--output list").0, @r#"
    Before: record of lic01 (Linux), 2026-11-22 04:00:00 UTC, from /tmp/a
    After: record of lic01 (Linux), 2026-11-22 04:00:00 UTC, from /tmp/b

    Change: went
    Port: 53/udp
    Address: 127.0.0.53:53
    Process: systemd-resolved
    PID: 400
    User: root
    IANA name: domain

    Change: went
    Port: 80/tcp
    Address: [::]:80
    Process: nginx and 2 more holders
    PID: 800
    User: root
    IANA name: http

    Change: owner changed
    Port: 80/tcp
    Address: 0.0.0.0:80
    Process: nginx
    PID: 5000
    User: alice
    IANA name: http

    Change: went
    Port: 1538/tcp
    Address: 0.0.0.0:1538
    Process: python3.11
    PID: 11224
    User: alice
    IANA name: 3ds-lm, which may not be what runs there
    License: mismatch

    Change: appeared
    Port: 9000/tcp
    Address: 127.0.0.1:9000
    Process: node
    PID: 7
    User: alice
    IANA name: cslistener, which may not be what runs there

    Change: owner and verdict changed
    Port: 27000/tcp
    Address: 0.0.0.0:27000
    Process: "evil\u{1b}[2J"
    PID: 6
    User: alice
    IANA name: flex-lm, which may not be what runs there
    License: mismatch

    Change: went
    Port: 33333/udp
    Address: 0.0.0.0:33333
    Process: (no-process)
    User: alice

    Note: 80/tcp owner: nginx (PID 5000) of alice, was nginx (PID 800) of root.
    Note: 27000/tcp owner: "evil\u{1b}[2J" (PID 6) of alice, was lmgrd (PID 900) of root; verdict: mismatch, was expected.

    License server: Revenera FlexNet license server
    State: went (was no vendor daemon)

    Note: 2 changes of ephemeral ports are left out: only the number is another. To show: --all
    "#);
    insta::assert_snapshot!(text(&before, &before, "").0, @r"
    Before: record of lic01 (Linux), 2026-11-22 04:00:00 UTC, from /tmp/a
    After:  record of lic01 (Linux), 2026-11-22 04:00:00 UTC, from /tmp/b

    No difference.
    ");
}
