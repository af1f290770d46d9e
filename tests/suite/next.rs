//! What to do next about a listener: by whatever runs it, in the detail view and in the JSON alike.

use whatlistens::model::{
    Activation, Application, ApplicationKind, AtTarget, Container, Forward, Os, Process, ProcessRef,
    ProcessService, Protocol, RunState, Runtime, ServiceManager,
};

use crate::document::read;
use crate::recorded::{Machine, forwarding, linux, office, process, to_address, with_file};
use crate::started::unbroken;

/// The advice on port 8080/tcp, which this process holds at an address, on a machine.
fn on(machine: Machine, address: &str, holder: Process) -> String {
    of(&machine.socket(&format!("tcp {address}:8080"), &[holder]))
}

/// The advice of the detail view, which the JSON gives too; `-` where there is none. ` / ` is where a line ends.
fn of(machine: &Machine) -> String {
    let json = read(&machine.printed("8080/tcp --json", None)).asked.remove(0).next;
    let detail = machine.printed("8080/tcp", None);
    let fields = detail.split("\n\n").nth(1).unwrap();
    let shown = fields.split_once("Next ").map(|(_, next)| unbroken(next));
    assert_eq!(json.as_deref().map(unbroken), shown, "{detail}");
    json.map_or("-".to_owned(), |json| json.replace('\n', " / "))
}

/// On loopback, seen by root.
fn next(holder: Process) -> String {
    on(linux(), "127.0.0.1", holder)
}

/// On loopback, seen by whom it belongs to, who is an ordinary user.
fn next_for_user(holder: Process) -> String {
    on(linux().by_ordinary_user(&[]), "127.0.0.1", holder)
}

fn nginx() -> Process {
    process(60, "/usr/sbin/nginx")
}

fn in_unit(manager: ServiceManager, name: &str, holder: Process) -> Process {
    Process { services: vec![ProcessService::new(manager, name)], ..holder }
}

fn contained(runtime: Runtime, name: Option<&str>, user: Option<&str>) -> Process {
    let container = Container {
        runtime,
        id: "4f66ad9a0b2e".repeat(6)[..64].to_owned(),
        name: name.map(str::to_owned),
        image: None,
        pod: None,
        user: user.map(str::to_owned),
        nested: false,
    };
    Process { container: Some(Box::new(container)), ..nginx() }
}

#[test]
fn what_runs_it_stops_it() {
    use ServiceManager::{Systemd, SystemdUser};
    insta::assert_snapshot!(next(nginx()), @"To stop it: kill 60");
    insta::assert_snapshot!(next_for_user(nginx()), @"To stop it: kill 60");
    let unit = || in_unit(Systemd, "nginx.service", nginx());
    insta::assert_snapshot!(next(unit()), @"To stop it: systemctl stop nginx");
    insta::assert_snapshot!(next_for_user(unit()), @"To stop it: sudo systemctl stop nginx");
    let of_user = || in_unit_of("alice", "shop.service", nginx());
    insta::assert_snapshot!(next(of_user()), @"To stop it: systemctl --user -M alice@ stop shop");
    insta::assert_snapshot!(next_for_user(of_user()), @"To stop it: systemctl --user stop shop");
    // A session, and what cron runs: more than this process is in it.
    insta::assert_snapshot!(next(in_unit(Systemd, "session-4.scope", nginx())), @"To stop it: kill 60");
    insta::assert_snapshot!(next(in_unit(Systemd, "cron.service", nginx())), @"It runs in cron.service, and is not that unit's main process. / To stop it, and nothing else of that unit: kill 60");
    let snap = Application { kind: ApplicationKind::Snap, id: "nextcloud".to_owned(), user: None };
    let snap =
        Process { application: Some(snap), ..in_unit(Systemd, "snap.nextcloud.apache.service", nginx()) };
    insta::assert_snapshot!(next(snap), @"To stop it: snap stop nextcloud");
    let flatpak = Application { kind: ApplicationKind::Flatpak, id: "org.x.Y".to_owned(), user: None };
    let flatpak = Process { application: Some(flatpak), ..in_unit(SystemdUser, "app-x.scope", nginx()) };
    insta::assert_snapshot!(next(flatpak), @"To stop it: kill 60");
}

/// A process in a unit whose manager is this user's.
fn in_unit_of(user: &str, name: &str, holder: Process) -> Process {
    let service = ProcessService {
        user: Some(user.to_owned()),
        ..ProcessService::new(ServiceManager::SystemdUser, name)
    };
    Process { services: vec![service], ..holder }
}

#[test]
fn a_unit_is_stopped_by_the_manager_that_it_is_of() {
    let root_s = || Process { uid: Some(0), user: Some("root".to_owned()), ..nginx() };
    insta::assert_snapshot!(next(in_unit_of("alice", "shop.service", root_s())), @"To stop it: systemctl --user -M alice@ stop shop");
    insta::assert_snapshot!(next(in_unit_of("bob", "shop.service", nginx())), @"To stop it: systemctl --user -M bob@ stop shop");
    insta::assert_snapshot!(next(in_unit_of("root", "shop.service", root_s())), @"To stop it: systemctl --user stop shop");
    insta::assert_snapshot!(next(in_unit_of("1001", "shop.service", nginx())), @"To stop it: systemctl --user -M 1001@ stop shop");
    insta::assert_snapshot!(next_for_user(in_unit_of("alice", "shop.service", nginx())), @"To stop it: systemctl --user stop shop");
}

/// What holds the port, the last of these: each is the parent of the next, and all are in this unit.
fn descended(unit: &str, line: &[&str]) -> String {
    let all = line.iter().enumerate().map(|(at, exe)| {
        let pid = 50 + u32::try_from(at).unwrap();
        let parent = if at == 0 { 1 } else { pid - 1 };
        in_unit(ServiceManager::Systemd, unit, Process { ppid: Some(parent), ..process(pid, exe) })
    });
    let mut all: Vec<Process> = all.collect();
    let holder = all.pop().unwrap();
    let init = Process { ppid: None, ..process(1, "/usr/lib/systemd/systemd") };
    let machine = all.into_iter().fold(linux().with(init), Machine::with);
    of(&machine.socket("tcp 127.0.0.1:8080", &[holder]))
}

#[test]
fn what_a_unit_s_main_process_started_is_stopped_alone() {
    let java = "/usr/lib/jvm/bin/java";
    insta::assert_snapshot!(descended("jenkins.service", &[java]), @"To stop it: systemctl stop jenkins");
    insta::assert_snapshot!(descended("jenkins.service", &[java, "/usr/bin/dash", java]), @"It runs in jenkins.service, and is not that unit's main process. / To stop it, and nothing else of that unit: kill 52");
    insta::assert_snapshot!(descended("gdm.service", &["/usr/sbin/gdm3", "/usr/lib/xorg/Xorg"]), @"It runs in gdm.service, and is not that unit's main process. / To stop it, and nothing else of that unit: kill 51");
    insta::assert_snapshot!(descended("ssh.service", &["/usr/sbin/sshd", "/usr/sbin/sshd"]), @"It runs in ssh.service, and is not that unit's main process. / To stop it, and nothing else of that unit: kill 51");
    insta::assert_snapshot!(descended("cron.service", &["/usr/sbin/cron", "/usr/bin/dash", "/usr/bin/node"]), @"It runs in cron.service, and is not that unit's main process. / To stop it, and nothing else of that unit: kill 52");
    insta::assert_snapshot!(descended("my-ci.service", &["/opt/ci/agent", "/usr/bin/node"]), @"It runs in my-ci.service, and is not that unit's main process. / To stop it, and nothing else of that unit: kill 51");
    // These have left their parents.
    insta::assert_snapshot!(descended("libvirtd.service", &["/usr/sbin/dnsmasq"]), @"Without it, names of hosts may no longer be found, here or on machines that ask this one. It runs in libvirtd.service, and is not that unit's main process. / To stop it, and nothing else of that unit: kill 50");
    insta::assert_snapshot!(descended("networking.service", &["/usr/sbin/dhclient"]), @"Without it, this machine may lose its network address. It runs in networking.service, and is not that unit's main process. / To stop it, and nothing else of that unit: kill 50");
    insta::assert_snapshot!(descended("ifup@eth0.service", &["/usr/sbin/openvpn"]), @"It runs in ifup@eth0.service, and is not that unit's main process. / To stop it, and nothing else of that unit: kill 50");
    insta::assert_snapshot!(descended("libvirtd.service", &["/usr/sbin/libvirtd"]), @"To stop it: systemctl stop libvirtd");
}

#[test]
fn a_unit_in_which_others_run_is_not_stopped_for_one_of_them() {
    use ServiceManager::{Systemd, SystemdUser};

    let among = |others, manager, name: &str| {
        next(Process { others_in_unit: others, ..in_unit(manager, name, nginx()) })
    };
    insta::assert_snapshot!(among(Some(2), Systemd, "jobs.service"), @"It runs in jobs.service, as 2 other processes do. To stop all of it: systemctl stop jobs / To stop it, and nothing else of that unit: kill 60");
    insta::assert_snapshot!(among(Some(1), SystemdUser, "jobs.service"), @"It runs in jobs.service, as 1 other process does. / To stop it, and nothing else of that unit: kill 60");
    insta::assert_snapshot!(among(Some(1), Systemd, "cron.service"), @"It runs in cron.service, and is not that unit's main process. / To stop it, and nothing else of that unit: kill 60");
    insta::assert_snapshot!(among(Some(0), Systemd, "nginx.service"), @"To stop it: systemctl stop nginx");
    insta::assert_snapshot!(among(Some(1), Systemd, "a*.service"), @"It runs in a*.service, as 1 other process does. / To stop it, and nothing else of that unit: kill 60");
}

#[test]
fn a_server_of_several_processes_is_stopped_as_a_whole() {
    // Only the worker has the port.
    insta::assert_snapshot!(descended("haproxy.service", &["/usr/sbin/haproxy", "/usr/sbin/haproxy"]), @"To stop it: systemctl stop haproxy");
    // A script is what the unit was made for.
    insta::assert_snapshot!(descended("shop.service", &["/usr/bin/bash", "/usr/bin/node"]), @"To stop it: systemctl stop shop");
    let unit = |pid, ppid| {
        let one = Process { ppid: Some(ppid), ..process(pid, "/usr/sbin/nginx") };
        in_unit(ServiceManager::Systemd, "nginx.service", one)
    };
    insta::assert_snapshot!(of(&linux().socket("tcp 127.0.0.1:8080", &[unit(60, 1), unit(61, 60)])), @"To stop it: systemctl stop nginx");
}

#[test]
fn no_runtime_stops_a_container_that_is_not_root_s_word() {
    for runtime in [Runtime::Docker, Runtime::Podman, Runtime::Lxc, Runtime::SystemdNspawn] {
        let of_user = next(contained(runtime, None, Some("bob")));
        assert!(of_user.ends_with("To stop it: kill 60") && !of_user.contains("4f66"), "{of_user}");
    }
    let mut inner = contained(Runtime::Docker, None, None);
    inner.container.as_mut().unwrap().nested = true;
    insta::assert_snapshot!(next(inner), @"It is in a container that runs in another one: if docker runs it, it can be stopped there. / To stop it: kill 60");
    insta::assert_snapshot!(next(contained(Runtime::Docker, None, Some("bob"))), @"It may be in a container of bob's, who chose that container's name and ID: if docker runs it, bob can stop it there. / To stop it: kill 60");
}

#[test]
fn what_listens_to_ipv6_alone_stays_with_it() {
    let at = |address: &str, dual| {
        let machine = linux().socket(&format!("tcp {address}:8080"), &[nginx()]);
        of(&machine.but(|socket| socket.dual_stack = dual))
    };
    insta::assert_snapshot!(at("[::]", Some(false)), @"Bind it to ::1 if only this machine needs it. / To stop it: kill 60");
    insta::assert_snapshot!(at("[::]", Some(true)), @"Bind it to 127.0.0.1 if only this machine needs it. / To stop it: kill 60");
    insta::assert_snapshot!(at("[2a00:1450::7]", None), @"Bind it to ::1 if only this machine needs it. / To stop it: kill 60");
    insta::assert_snapshot!(at("0.0.0.0", None), @"Bind it to 127.0.0.1 if only this machine needs it. / To stop it: kill 60");
    let systemd = process(1, "/usr/lib/systemd/systemd");
    let machine = linux().socket("tcp [::]:8080", &[systemd]).but(|socket| {
        socket.dual_stack = Some(false);
        socket.activation = Some(Activation {
            manager: ServiceManager::Systemd,
            socket: "x.socket".to_owned(),
            service: None,
        });
    });
    insta::assert_snapshot!(of(&machine), @"Set ListenStream=[::1]:8080 in its socket unit if only this machine needs it. / To stop it: systemctl stop x.socket");
}

#[test]
fn a_relay_s_target_is_named() {
    let relay = |port: u16, exe: &str, to: &str| {
        let relay = forwarding(60, exe, &[to_address(to)]);
        let machine = linux().socket(&format!("tcp 127.0.0.1:{port}"), &[relay]);
        read(&machine.printed(&format!("{port}/tcp --json"), None)).asked.remove(0).next.unwrap()
    };
    insta::assert_snapshot!(relay(27000, "/usr/bin/socat", "10.1.1.5:27000"), @"Look for the license server where it forwards to: 10.1.1.5:27000");
    insta::assert_snapshot!(relay(27000, "/usr/bin/ssh", "lic01:27000"), @"Look for the license server where it forwards to: lic01:27000");
    insta::assert_snapshot!(relay(8080, "/usr/bin/socat", "10.1.1.5:80"), @r"
    The program that answers is where this one forwards to, by its command line: 10.1.1.5:80
    To stop it: kill 60
    ");
    insta::assert_snapshot!(relay(8080, "/usr/bin/kubectl", "svc/lic:27000"), @r"
    The program that answers is where this one forwards to, by its command line: svc/lic:27000
    To stop it: kill 60
    ");
}

/// A user copies the end of a line.
#[test]
fn no_full_stop_stands_behind_a_command() {
    let stopped = || Process { state: Some(RunState::Stopped), ..nginx() };
    let unit = |exe: &str, unit: &str| in_unit(ServiceManager::Systemd, unit, process(60, exe));
    let replaced = with_file(60, "/usr/sbin/nginx", |exe| exe.deleted = Some(true));
    for holder in [
        nginx(),
        stopped(),
        replaced,
        unit("/usr/sbin/sshd", "ssh.service"),
        unit("/usr/bin/node", "cron.service"),
        process(60, "/usr/bin/rootlessport"),
        contained(Runtime::Lxc, Some("web"), None),
        contained(Runtime::Docker, Some("web"), None),
    ] {
        let advice = next(holder);
        let commands = ["kill ", "systemctl ", "docker ", "podman ", "lxc"];
        for line in advice.split(" / ").filter(|line| line.contains(": ")) {
            let (_, last) = line.rsplit_once(": ").unwrap();
            assert!(commands.iter().any(|command| last.starts_with(command)), "{advice}");
            assert!(!last.ends_with('.'), "{advice}");
        }
    }
}

#[test]
fn a_socket_unit_is_stopped_too() {
    let held = |holder: Process, manager, socket: &str, service: Option<&str>| {
        let activation =
            Activation { manager, socket: socket.to_owned(), service: service.map(str::to_owned) };
        let machine = linux().socket("tcp 127.0.0.1:8080", &[holder]);
        of(&machine.but(|socket| socket.activation = Some(activation)))
    };
    let systemd = || process(1, "/usr/lib/systemd/systemd");
    let cups = Some("cups.service");
    insta::assert_snapshot!(held(systemd(), ServiceManager::Systemd, "cups.socket", cups), @"To stop it: systemctl stop cups.socket cups");
    insta::assert_snapshot!(held(systemd(), ServiceManager::Systemd, "x.socket", None), @"To stop it: systemctl stop x.socket");
    insta::assert_snapshot!(held(systemd(), ServiceManager::Systemd, "ssh.socket", Some("ssh.service")), @"Without it, nobody can log in over SSH, perhaps not even you. / To stop it: systemctl stop ssh.socket ssh");
    let of_user = process(70, "/usr/lib/systemd/systemd");
    insta::assert_snapshot!(held(of_user, ServiceManager::SystemdUser, "x.socket", None), @"To stop it: systemctl --user -M alice@ stop x.socket");
}

#[test]
fn a_container_is_stopped_by_its_runtime() {
    insta::assert_snapshot!(next(contained(Runtime::Docker, Some("web"), None)), @"To stop it: docker stop web");
    insta::assert_snapshot!(next(contained(Runtime::Docker, None, None)), @"To stop it: docker stop 4f66ad9a0b2e");
    insta::assert_snapshot!(next(contained(Runtime::Podman, Some("web"), Some("bob"))), @"It may be in a container of bob's, who chose that container's name and ID: if podman runs it, bob can stop it there. / To stop it: kill 60");
    insta::assert_snapshot!(next(contained(Runtime::Containerd, None, None)), @"To stop it: nerdctl stop 4f66ad9a0b2e");
    insta::assert_snapshot!(next(contained(Runtime::SystemdNspawn, Some("web"), None)), @"To stop it: machinectl poweroff web");
    let mut pod = contained(Runtime::Containerd, None, None);
    pod.container.as_mut().unwrap().pod = Some("1-2".to_owned());
    insta::assert_snapshot!(next(pod), @"Kubernetes starts its containers again: delete or scale what owns its pod. To see the pods: kubectl get pods -A");
    let web = contained(Runtime::Docker, Some("web"), None).container;
    let forward = Forward {
        protocol: Protocol::Tcp,
        to: "172.17.0.2:80".parse().unwrap(),
        container: web,
        process: None,
        there: Some(AtTarget::Nobody { elsewhere: None }),
    };
    let proxy = || in_unit(ServiceManager::Systemd, "docker.service", process(9, "/usr/bin/docker-proxy"));
    let forwards = Process { forward: Some(Box::new(forward)), ..proxy() };
    insta::assert_snapshot!(on(linux(), "0.0.0.0", forwards), @"Publish it as 127.0.0.1:8080:80 if only this machine needs it. / To stop it: docker stop web");
    insta::assert_snapshot!(next(proxy()), @"To see the container: docker ps --filter publish=8080 / To stop it: docker stop CONTAINER");
}

#[test]
fn no_name_becomes_a_command() {
    let unit = |name: &str| next(in_unit_of("alice", name, nginx()));
    insta::assert_snapshot!(unit("a;reboot.service"), @"To stop it: kill 60");
    insta::assert_snapshot!(unit("*.service"), @"To stop it: kill 60");
    insta::assert_snapshot!(unit("-H.service"), @"To stop it: kill 60");
    insta::assert_snapshot!(unit(r"my\x2dweb.service"), @r#"To stop it: systemctl --user -M alice@ stop "my\\x2dweb""#);
    let container = |name: &str| next(contained(Runtime::Lxc, Some(name), None));
    insta::assert_snapshot!(container("$(reboot)"), @"To stop it, if LXD made the container: lxc stop '$(reboot)' / To stop it, if LXC made it: lxc-stop -n '$(reboot)'");
    insta::assert_snapshot!(container("a\u{1b}[2K"), @"To stop it: kill 60");
    insta::assert_snapshot!(container("a\nreboot"), @"To stop it: kill 60");
    insta::assert_snapshot!(container("--all"), @"To stop it: kill 60");
}

#[test]
fn a_supervisor_would_start_it_again() {
    let child_of = |name: &str| {
        let parent = Process { short_name: Some(name.to_owned()), ..process(50, "/usr/bin/python3.11") };
        let child = Process { ppid: Some(50), ..nginx() };
        of(&linux().with(parent).socket("tcp 127.0.0.1:8080", &[child]))
    };
    insta::assert_snapshot!(child_of("supervisord"), @"To see its NAME: supervisorctl status / To stop it: supervisorctl stop NAME");
    insta::assert_snapshot!(child_of("PM2 v5.3.0: God"), @"To see its NAME: pm2 list / To stop it: pm2 stop NAME");
    insta::assert_snapshot!(child_of("runsv"), @"To stop it: sv stop NAME");
    insta::assert_snapshot!(child_of("bash"), @"To stop it: kill 60");
}

#[test]
fn a_worker_of_another_user_s_server_would_be_replaced() {
    let master = Process { uid: Some(0), ..process(50, "/usr/sbin/nginx") };
    let worker = |uid| Process { ppid: Some(50), uid: Some(uid), ..nginx() };
    let of_worker = |machine: Machine, uid| of(&machine.socket("tcp 127.0.0.1:8080", &[worker(uid)]));
    let as_user = || linux().with(master.clone()).by_ordinary_user(&[]);
    insta::assert_snapshot!(of_worker(as_user(), 33), @"To stop it: sudo kill 50");
    insta::assert_snapshot!(of_worker(as_user(), 0), @"To stop it: kill 60");
    insta::assert_snapshot!(of_worker(linux().with(master.clone()), 33), @"To stop it: kill 60");
}

#[test]
fn what_more_depends_on_is_not_stopped_lightly() {
    let unit = |exe: &str, unit: &str| next(in_unit(ServiceManager::Systemd, unit, process(60, exe)));
    insta::assert_snapshot!(unit("/usr/sbin/sshd", "ssh.service"), @"Without it, nobody can log in over SSH, perhaps not even you. / To stop it: systemctl stop ssh");
    insta::assert_snapshot!(unit("/usr/lib/systemd/systemd-resolved", "systemd-resolved.service"), @"Without it, names of hosts may no longer be found, here or on machines that ask this one. / To stop it: systemctl stop systemd-resolved");
    insta::assert_snapshot!(unit("/usr/bin/dockerd", "docker.service"), @"Containers of this machine may stop with it. / To stop it: systemctl stop docker");
    insta::assert_snapshot!(next(process(1, "/usr/lib/systemd/systemd")), @"It starts and supervises everything else. Do not stop it.");
    insta::assert_snapshot!(next(process(1, "/usr/sbin/nginx")), @"-");
    insta::assert_snapshot!(on(linux(), "0.0.0.0", process(60, "/usr/sbin/sshd")), @"Without it, nobody can log in over SSH, perhaps not even you. / To stop it: kill 60");
}

#[test]
fn what_all_can_reach_could_be_bound_to_loopback() {
    let unit = || in_unit(ServiceManager::Systemd, "nginx.service", nginx());
    insta::assert_snapshot!(on(linux(), "0.0.0.0", unit()), @"Bind it to 127.0.0.1 if only this machine needs it. / To stop it: systemctl stop nginx");
    insta::assert_snapshot!(on(linux(), "203.0.113.7", unit()), @"Bind it to 127.0.0.1 if only this machine needs it. / To stop it: systemctl stop nginx");
    insta::assert_snapshot!(on(linux(), "192.168.7.9", unit()), @"To stop it: systemctl stop nginx");
    // In a container, 127.0.0.1 is the container's own.
    insta::assert_snapshot!(on(linux(), "0.0.0.0", contained(Runtime::Docker, Some("web"), None)), @"To stop it: docker stop web");
}

#[test]
fn a_stopped_process_comes_first_and_then_a_replaced_file() {
    let replaced = |holder: Process| Process {
        presence: with_file(60, "/usr/sbin/nginx", |exe| exe.deleted = Some(true)).presence,
        ..holder
    };
    let unit = || in_unit(ServiceManager::Systemd, "nginx.service", nginx());
    insta::assert_snapshot!(next(replaced(unit())), @"Its program file was deleted, or replaced as by an upgrade. To run the new one, if /usr/sbin/nginx exists: systemctl restart nginx / To stop it: systemctl stop nginx");
    insta::assert_snapshot!(next(replaced(nginx())), @"Its program file was deleted, or replaced as by an upgrade. To run the new one, if /usr/sbin/nginx exists, end it and start it again. / To stop it: kill 60");
    let stopped = |holder: Process| Process { state: Some(RunState::Stopped), ..holder };
    insta::assert_snapshot!(next(stopped(replaced(unit()))), @"It is stopped and accepts no connection. To let it continue: kill -CONT 60 / Its program file was deleted, or replaced as by an upgrade. To run the new one, if /usr/sbin/nginx exists: systemctl restart nginx / To stop it: systemctl stop nginx");
    let gdb = ProcessRef { pid: 70, name: Some("gdb".to_owned()) };
    let traced = |tracer| Process { state: Some(RunState::Traced), tracer, ..nginx() };
    insta::assert_snapshot!(next(traced(Some(gdb))), @"It is stopped by the debugger gdb (PID 70) and accepts no connection. Let it continue there, or detach from it. / To stop it: kill 60");
    insta::assert_snapshot!(next(traced(None)), @"It is stopped by a debugger and accepts no connection. Let it continue there, or detach from it. / To stop it: kill 60");
    // A worker accepts.
    let worker = Process { ppid: Some(60), ..process(61, "/usr/sbin/nginx") };
    let machine = linux().socket("tcp 127.0.0.1:8080", &[stopped(nginx()), worker]);
    insta::assert_snapshot!(of(&machine), @"It is stopped. To let it continue: kill -CONT 60 / To stop it: kill 60 61; kill -CONT 60 61");
    let blank =
        Process { presence: with_file(60, "/opt/a b", |exe| exe.deleted = Some(true)).presence, ..nginx() };
    insta::assert_snapshot!(next(blank), @"Its program file was deleted, or replaced as by an upgrade. To run the new one, if /opt/a b exists, end it and start it again. / To stop it: kill 60");
    let in_memory = with_file(60, "/memfd:x", |exe| exe.deleted = Some(true));
    insta::assert_snapshot!(next(in_memory), @"To stop it: kill 60");
}

#[test]
fn a_port_of_a_license_manager_keeps_its_advice() {
    let advice =
        |machine: &Machine| read(&machine.printed("1538/tcp --json", None)).asked.remove(0).next.unwrap();
    assert!(advice(&office()).ends_with(" uses a license manager's port.\nTo stop it: kill 11224"));
    let stopped = Process { state: Some(RunState::Stopped), ..process(7, "/usr/bin/python3.11") };
    let machine = linux().socket("tcp 0.0.0.0:1538", &[stopped]);
    assert!(
        advice(&machine)
            .starts_with("It is stopped and accepts no connection. To let it continue: kill -CONT 7\nIf ")
    );
    let of_server = read(&office().printed("27000 --json", None)).asked.remove(0).next.unwrap();
    assert!(!of_server.contains("kill"), "it has tools of its own: {of_server}");
}

#[test]
fn nobody_who_cannot_be_seen_is_stopped() {
    let hidden = linux().by_ordinary_user(&[(7, "sshd")]).socket("tcp 0.0.0.0:8080", &[]);
    assert_eq!(of(&hidden), "-");
    assert_eq!(of(&linux().socket("tcp 0.0.0.0:8080", &[])), "-");
}

#[test]
fn what_forwards_for_others_says_where_to_look() {
    let relay = |os, exe: &str| on(linux().os(os), "127.0.0.1", process(60, exe));
    insta::assert_snapshot!(relay(Os::Windows, r"C:\Windows\System32\wslrelay.exe"), @"A program called wslrelay.exe forwards ports of Linux distributions in WSL 2. / What is behind this port: wsl -- ss -ltnp");
    insta::assert_snapshot!(relay(Os::Windows, r"C:\Docker\com.docker.backend.exe"), @"A program called com.docker.backend.exe forwards ports of Docker Desktop's containers. / What is behind this port: docker ps --filter publish=8080");
    insta::assert_snapshot!(relay(Os::Macos, "/Applications/Docker.app/Contents/MacOS/com.docker.backend"), @"A program called com.docker.backend forwards ports of Docker Desktop's containers. / What is behind this port: docker ps --filter publish=8080");
    insta::assert_snapshot!(relay(Os::Linux, "/usr/bin/rootlessport"), @"A program called rootlessport forwards ports of a user's containers (rootless Docker or Podman). / What is behind this port, as that user, with Docker: docker ps --filter publish=8080 / With Podman: podman ps --filter publish=8080");
    insta::assert_snapshot!(relay(Os::Macos, "/opt/homebrew/bin/limactl"), @"A program called limactl forwards ports of a virtual machine (Lima, Colima). / Its instances: limactl list / What is behind this port in one: limactl shell INSTANCE ss -ltnp");
}

#[test]
fn the_other_systems_stop_it_their_way() {
    let windows = |exe: &str, services: &[&str]| {
        let services =
            services.iter().map(|name| ProcessService::new(ServiceManager::Windows, name)).collect();
        on(linux().os(Os::Windows), "127.0.0.1", Process { services, ..process(60, exe) })
    };
    insta::assert_snapshot!(windows(r"C:\x\node.exe", &[]), @"To stop it (if it does not end, add /F): taskkill /PID 60");
    insta::assert_snapshot!(windows(r"C:\x\httpd.exe", &["Apache2.4"]), @"To stop it: net stop Apache2.4");
    insta::assert_snapshot!(windows(r"C:\Windows\svchost.exe", &["A", "B"]), @"NAME is the one of its services that has the port. / To stop it: net stop NAME");
    insta::assert_snapshot!(windows(r"C:\x\httpd.exe", &["a&calc"]), @"-");
    insta::assert_snapshot!(windows(r"C:\Windows\System32\lsass.exe", &[]), @"Windows does not run without it. Do not stop it.");
    let macos = |uid, label: &str| {
        let job = in_unit(ServiceManager::Launchd, label, nginx());
        on(linux().os(Os::Macos), "127.0.0.1", Process { uid: Some(uid), ..job })
    };
    insta::assert_snapshot!(macos(501, "org.x.web"), @"To stop it: launchctl bootout gui/501/org.x.web");
    insta::assert_snapshot!(macos(0, "org.x.web"), @"To stop it: launchctl bootout system/org.x.web");
    insta::assert_snapshot!(macos(0, "com.apple.smbd"), @"-");
}

#[test]
fn an_address_that_the_machine_has_lost_is_to_be_changed() {
    let lost = linux().socket("tcp 192.168.7.20:8080", &[nginx()]);
    let lost = lost.but(|socket| socket.assigned = Some(false));
    insta::assert_snapshot!(of(&lost), @"This machine no longer has 192.168.7.20: set it to listen at an address that the machine has, or at all of them, and restart it. / To stop it: kill 60");
}
