//! Verdicts on a port that `docker-proxy` forwards to a container: those of the process there, where it was observed.

use whatlistens::model::{
    AtTarget, Checked, Container, Forward, HiddenProcess, HiddenProcesses, License, ListenerElsewhere,
    NotInspected, Pid, Process, ProcessRef, Protocol, Runtime, Verdict,
};

use crate::recorded::{Machine, linux, process, user, with_file, written_by};

const PORT: &str = "tcp 0.0.0.0:27000";
const LMGRD: Pid = 71;

fn container() -> Container {
    let id = "9a".repeat(32);
    Container {
        runtime: Runtime::Docker,
        id,
        name: Some("web".to_owned()),
        image: None,
        pod: None,
        user: None,
        nested: false,
    }
}

fn nobody(elsewhere: Option<ListenerElsewhere>) -> AtTarget {
    AtTarget::Nobody { elsewhere }
}

/// Root's proxy, which forwards to process 71 in a container.
pub fn proxy(change: impl FnOnce(&mut Forward)) -> Process {
    let mut forward = Forward {
        protocol: Protocol::Tcp,
        to: "172.17.0.2:27000".parse().unwrap(),
        container: Some(Box::new(container())),
        process: Some(ProcessRef { pid: LMGRD, name: Some("lmgrd".to_owned()) }),
        there: Some(AtTarget::Listener { others: Vec::new() }),
    };
    change(&mut forward);
    let of_root =
        Process { uid: Some(0), user: Some("root".to_owned()), ..process(9, "/usr/bin/docker-proxy") };
    Process { forward: Some(Box::new(forward)), ..of_root }
}

fn lmgrd() -> Process {
    process(LMGRD, "/opt/flexlm/lmgrd")
}

fn of(machine: &Machine) -> License {
    machine.report("").rows.remove(0).license.unwrap()
}

/// The verdict on the proxy, where these were observed besides it.
fn judged(proxy: Process, behind: &[Process]) -> License {
    let machine = linux().socket(PORT, &[proxy]);
    of(&behind.iter().fold(machine, |machine, process| machine.with(process.clone())))
}

fn told(license: &License) -> String {
    format!("{}: {} {:?}\n{}", license.rule, license.verdict.code(), license.severity, license.reason)
}

#[test]
fn the_process_in_the_container_is_judged() {
    let right = judged(proxy(|_| {}), &[lmgrd()]);
    let parent = Process { ppid: Some(LMGRD), ..process(72, "/opt/matlab/MLM") };
    let daemon = judged(
        proxy(|forward| forward.process = Some(ProcessRef { pid: 72, name: Some("MLM".to_owned()) })),
        &[lmgrd(), parent],
    );
    let python = judged(proxy(|_| {}), &[process(LMGRD, "/usr/bin/python3.11")]);
    let emulator = judged(proxy(|_| {}), &[process(LMGRD, "/opt/x/vlmcsd")]);
    let nginx = judged(proxy(|_| {}), &[process(LMGRD, "/usr/sbin/nginx")]);
    let alices = with_file(LMGRD, "/opt/flexlm/lmgrd", |file| {
        file.writers = written_by(user(1000, "alice"), "/opt/flexlm");
    });
    let doubted = judged(proxy(|_| {}), &[alices]);
    let all = [&right, &daemon, &python, &emulator, &nginx, &doubted].map(told);
    insta::assert_snapshot!(all.join("\n"), @"
    forwarded: expected Info
    lmgrd (PID 71) in container docker web, which docker-proxy forwards to, is a known program of Revenera FlexNet license server
    forwarded: expected Info
    MLM (PID 72) in container docker web, which docker-proxy forwards to, belongs to MathWorks MATLAB Network License Manager, started by lmgrd (PID 71); any vendor's daemon may use the ports of Revenera FlexNet license server
    forwarded: mismatch Warning
    python3.11 (PID 71) in container docker web, which docker-proxy forwards to, is not a known program of Revenera FlexNet license server
    forwarded: mismatch Critical
    vlmcsd (PID 71) in container docker web, which docker-proxy forwards to, is a known emulator of Microsoft Key Management Service, not the vendor's own license server
    forwarded: cannot-tell Info
    nginx (PID 71) in container docker web, which docker-proxy forwards to, holds the port for another program; which one is not visible here
    forwarded: cannot-tell Warning
    docker-proxy forwards to lmgrd (PID 71) in container docker web: it is called lmgrd, but the user alice can write to /opt/flexlm and may have replaced it
    ");
    insta::assert_snapshot!(right.evidence.join("\n"), @"
    exe /usr/bin/docker-proxy
    only root can replace the file
    forwards to 172.17.0.2:27000, where lmgrd (PID 71) listens in container docker web
    exe /opt/flexlm/lmgrd
    only root can replace the file
    ");
    assert_eq!(right.expected, ["lmgrd", "lmadmin"]);
}

#[test]
fn whoever_holds_the_socket_behind_too_has_to_be_right() {
    let with_others = |others| proxy(|forward| forward.there = Some(AtTarget::Listener { others }));
    let python = process(80, "/usr/bin/python3.11");
    let shared = judged(with_others(vec![80]), &[lmgrd(), python.clone()]);
    let child = Process { ppid: Some(LMGRD), ..python };
    let with_child = judged(with_others(vec![80]), &[lmgrd(), child]);
    insta::assert_snapshot!([&shared, &with_child].map(told).join("\n"), @"
    forwarded: cannot-tell Warning
    lmgrd (PID 71) in container docker web, which docker-proxy forwards to, holds it, and so does python3.11, which lmgrd did not start
    forwarded: cannot-tell Warning
    lmgrd (PID 71) in container docker web, which docker-proxy forwards to, holds it, and so does python3.11 (PID 80), which lmgrd started: python3.11 is not a known program of Revenera FlexNet license server
    ");
    let beside =
        of(&linux().socket(PORT, &[proxy(|_| {}), process(80, "/usr/bin/nc.traditional")]).with(lmgrd()));
    assert_eq!((beside.rule, beside.verdict), ("shared-with-stranger", Verdict::CannotTell));
    let hidden = |uid| {
        let one = HiddenProcess { short_name: "x".to_owned(), uid: Some(uid), user: None };
        let machine = linux().socket(PORT, &[proxy(|_| {})]).with(lmgrd());
        of(&machine.but(|socket| socket.uid = Some(0)).seen(|seen| {
            seen.hidden = HiddenProcesses::Processes([(99, one)].into());
        }))
    };
    insta::assert_snapshot!(told(&hidden(1000)), @"
    forwarded: cannot-tell Info
    lmgrd (PID 71) in container docker web, which docker-proxy forwards to, holds it, and a hidden process may hold it too
    ");
    assert_eq!(hidden(1001).verdict, Verdict::Expected, "another user's");
}

#[test]
fn where_the_process_behind_was_not_observed_the_reason_says_what_is_missing() {
    let of = |change: fn(&mut Forward)| judged(proxy(change), &[lmgrd()]);
    let elsewhere =
        |process| Some(ListenerElsewhere { addresses: vec!["127.0.0.1".parse().unwrap()], process });
    let loopback_only = |process| {
        judged(
            proxy(|forward| (forward.process, forward.there) = (None, Some(nobody(elsewhere(process))))),
            &[],
        )
    };
    let name = Some("lmgrd".to_owned());
    let all = [
        of(|forward| (forward.process, forward.there, forward.container) = (None, None, None)),
        of(|forward| (forward.process, forward.there) = (None, None)),
        of(|forward| forward.there = None),
        of(|forward| forward.container = None),
        of(|forward| forward.container.as_mut().unwrap().user = Some("alice".to_owned())),
        judged(proxy(|_| {}), &[]),
        of(|forward| (forward.process, forward.there) = (None, Some(nobody(None)))),
        loopback_only(Some(ProcessRef { pid: 71, name })),
        loopback_only(None),
    ];
    insta::assert_snapshot!(all.each_ref().map(told).join("\n"), @"
    forwarded: cannot-tell Info
    docker-proxy holds the port for another program, and which one listens at 172.17.0.2:27000 is not visible here
    forwarded: cannot-tell Info
    docker-proxy holds the port for another program, and which one listens at 172.17.0.2:27000 in container docker web is not visible here
    forwarded: cannot-tell Info
    docker-proxy holds the port for another program, and lmgrd (PID 71) listens at 172.17.0.2:27000, perhaps with others
    forwarded: cannot-tell Info
    docker-proxy holds the port for another program, and what listens at 172.17.0.2:27000 is in no container of root's, so that any user could have put it there
    forwarded: cannot-tell Info
    docker-proxy holds the port for another program, and what listens at 172.17.0.2:27000 is in no container of root's, so that any user could have put it there
    forwarded: cannot-tell Info
    docker-proxy holds the port for another program, and lmgrd (PID 71) listens at 172.17.0.2:27000, perhaps with others
    forwarded: cannot-tell Warning
    docker-proxy holds the port for another program, but nothing listens at 172.17.0.2:27000
    forwarded: cannot-tell Warning
    docker-proxy holds the port for another program, but nothing listens at 172.17.0.2:27000; lmgrd listens there on 127.0.0.1 only
    forwarded: cannot-tell Warning
    docker-proxy holds the port for another program, but nothing listens at 172.17.0.2:27000; a program listens there on 127.0.0.1 only
    ");
    assert!(all.iter().all(|license| license.verdict == Verdict::CannotTell));
    let advice = all[0].advice.as_deref();
    assert_eq!(advice, Some("See which container publishes the port: docker ps --filter publish=27000/tcp"));
}

#[test]
fn a_proxy_that_is_not_believed_hands_on_no_verdict() {
    let with = |change: fn(&mut Process)| {
        let mut proxy = proxy(|_| {});
        change(&mut proxy);
        judged(proxy, &[lmgrd()])
    };
    let all = [
        with(|proxy| (proxy.uid, proxy.user) = (Some(1000), Some("alice".to_owned()))),
        with(|proxy| {
            let exe = proxy.program_mut().unwrap().exe.as_mut().unwrap();
            exe.writers = written_by(user(1000, "alice"), "/usr/bin/docker-proxy");
        }),
        with(|proxy| {
            let exe = proxy.program_mut().unwrap().exe.as_mut().unwrap();
            exe.path_confirmed = Checked::NotRequested;
        }),
        with(|proxy| {
            let exe = proxy.program_mut().unwrap().exe.as_mut().unwrap();
            exe.contents = Checked::Failed(NotInspected::TimedOut);
        }),
        with(|proxy| proxy.program_mut().unwrap().loaded = Checked::Failed(NotInspected::Unreadable)),
        with(|proxy| proxy.program_mut().unwrap().exe = None),
    ];
    insta::assert_snapshot!(all.each_ref().map(told).join("\n"), @"
    forwarded: cannot-tell Info
    docker-proxy is run by the user alice, who decides where it forwards to, whatever its command line says
    replaceable-file: cannot-tell Warning
    it is called docker-proxy, but the user alice can write to /usr/bin/docker-proxy and may have replaced it
    forwarded: cannot-tell Info
    it is called docker-proxy, but whether it runs /usr/bin/docker-proxy could not be confirmed: that was not examined
    forwarded: cannot-tell Info
    it is called docker-proxy, but what its file contains is not known: it did not answer in time
    forwarded: cannot-tell Info
    it is called docker-proxy, but which other code it runs is not known: it could not be read
    file-unreadable: cannot-tell Info
    the program file of process 9 (docker-proxy) could not be read, and a name alone proves nothing
    ");
    assert!(all.iter().all(|license| license.verdict == Verdict::CannotTell));
    let mut evidence = all.iter().flat_map(|license| &license.evidence);
    assert!(evidence.all(|line| !line.contains("lmgrd")), "nothing rests on what is behind it");
}

#[test]
fn a_server_behind_a_proxy_does_not_seem_to_listen_nowhere() {
    let machine = linux().socket(PORT, &[proxy(|_| {})]).with(lmgrd());
    let printed = machine.printed("", None);
    assert!(printed.contains("docker-proxy"), "{printed}");
    assert!(machine.report("").license_servers.unwrap_or_default().is_empty());
}

#[test]
fn the_detail_view_says_where_somebody_listens_instead() {
    let elsewhere = ListenerElsewhere {
        addresses: vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
        process: Some(ProcessRef { pid: 71, name: Some("lmgrd".to_owned()) }),
    };
    let forwards = |there| {
        let proxy = proxy(|forward| (forward.process, forward.there) = (None, Some(there)));
        let printed = linux().socket(PORT, &[proxy]).printed("27000", None);
        let field = printed.lines().skip_while(|line| !line.starts_with("Forwards to"));
        let rest = field.clone().skip(1).take_while(|line| line.starts_with(' '));
        field.take(1).chain(rest).map(str::trim_start).collect::<Vec<_>>().join(" ")
    };
    insta::assert_snapshot!(forwards(nobody(Some(elsewhere))), @"Forwards to  172.17.0.2:27000/tcp in container docker web, where nothing listens; lmgrd (PID 71) listens there on 127.0.0.1 and ::1 only");
    insta::assert_snapshot!(forwards(nobody(None)), @"Forwards to  172.17.0.2:27000/tcp in container docker web, where nothing listens");
}
