//! Real servers: nginx with its workers, redis, socket activation, Docker's proxy, and the units and
//! containers that they run in.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::document::{Document, Listener};
use crate::live_linux::{NOBODY, copied};
use crate::live_sockets::python;
use crate::network::{Net, in_cgroup, is_there};
use crate::oracle::assert_like_ss;
use crate::started::{Ended, Listening, in_the_end, listener_program, program, told, unbroken};

fn on(document: &Document, port: u16) -> Option<&Listener> {
    document.listeners.iter().find(|listener| listener.port == port)
}

fn names(listener: &Listener) -> Vec<&str> {
    listener.processes.iter().filter_map(|process| process.name.as_deref()).collect()
}

#[test]
#[ignore = "needs root: runs nginx in a network namespace of its own"]
fn nginx_s_master_leads_its_workers() {
    if !is_there("nginx") {
        return;
    }
    let net = Net::new();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("nginx.conf");
    let text = "daemon off; worker_processes 3; pid nginx.pid; error_log stderr; events {} \
                http { access_log off; server { listen 80; listen [::]:80; } }";
    fs::write(&config, text).unwrap();
    let mut command = net.command("nginx");
    command.arg("-p").arg(folder.path()).arg("-c").arg(&config);
    let nginx = net.serving(&mut command, 80);
    let look = || net.look(&["80"]);
    let document = in_the_end(look, |document| document.listeners.iter().all(|l| l.processes.len() == 4));
    assert_eq!(document.listeners.len(), 2);
    for listener in &document.listeners {
        let [master, workers @ ..] = &listener.processes[..] else { panic!("{listener:?}") };
        assert_eq!((master.pid, workers.len()), (nginx.0.id(), 3));
        assert!(workers.iter().all(|worker| worker.ppid == Some(master.pid)));
        assert_eq!(names(listener), ["nginx"; 4]);
    }
    let (table, ..) = net.run(&["-H"]);
    assert!(table.lines().count() == 1 && table.contains("nginx+3"), "{table}");
    assert_like_ss(&net);
    // Its workers are asked to end with it.
    let _ = Command::new("kill").arg(nginx.0.id().to_string()).status();
    in_the_end(|| net.look(&["80"]).listeners.is_empty(), |gone| *gone);
}

#[test]
#[ignore = "needs root: runs redis in a network namespace of its own"]
fn redis_goes_by_the_name_that_people_know() {
    if !is_there("redis-server") {
        return;
    }
    let net = Net::new();
    let _redis = net.serving(net.command("redis-server").args(["--port", "6379", "--save", ""]), 6379);
    let document = net.look(&["6379"]);
    assert!(document.listeners.iter().all(|listener| names(listener) == ["redis-server"]), "{document:?}");
    assert_like_ss(&net);
}

#[test]
#[ignore = "needs root: runs systemd-socket-activate in a network namespace of its own"]
fn who_waits_to_start_a_service_holds_its_socket() {
    if !is_there("systemd-socket-activate") {
        return;
    }
    let net = Net::new();
    let mut command = net.command("systemd-socket-activate");
    let _waiting = net.serving(command.args(["-l", "127.0.0.1:7", "cat"]), 7);
    assert_eq!(names(on(&net.look(&[]), 7).unwrap()), ["systemd-socket-activate"]);
    assert_like_ss(&net);
}

/// systemd itself, as a user's own: with a `/run` of its own, so that it reads the units of this test, and in
/// control groups of its own, for it takes all the processes of its group for its own.
#[test]
#[ignore = "needs root: runs systemd in namespaces of its own"]
fn a_socket_that_systemd_holds_names_its_units() {
    let systemd = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];
    let Some(systemd) = systemd.into_iter().find(|path| fs::exists(path).unwrap_or(false)) else {
        eprintln!("skipped: systemd is not installed");
        return;
    };
    let net = Net::new();
    let own_group = fs::read_to_string("/proc/self/cgroup").unwrap();
    let script = "for group in /sys/fs/cgroup /sys/fs/cgroup/*; do
            [ -f $group/cgroup.procs ] && mkdir $group/wl-systemd && echo $$ > $group/wl-systemd/cgroup.procs
        done 2>/dev/null
        mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/systemd/user /run/user/0 && cd /run/systemd/user &&
        printf '[Socket]\\nListenStream=127.0.0.1:18222\\n' > demo.socket &&
        printf '[Service]\\nExecStart=/bin/cat\\n' > demo.service &&
        printf '[Unit]\\nWants=demo.socket\\n' > default.target &&
        XDG_RUNTIME_DIR=/run/user/0 exec \"$0\" --user";
    let mut command = net.command("unshare");
    let running = net.serving(command.args(["--mount", "sh", "-c", script, systemd]), 18222);
    let document = net.look(&["18222"]);
    let listener = on(&document, 18222).unwrap();
    let activation = listener.activation.as_ref().unwrap();
    assert_eq!(
        (activation.socket.as_str(), activation.service.as_deref()),
        ("demo.socket", Some("demo.service"))
    );
    assert_eq!(names(listener), ["systemd"]);
    let (detail, ..) = net.run(&["18222"]);
    let said = "demo.socket, which starts demo.service when traffic arrives";
    assert!(detail.contains(said), "{detail}");
    assert_like_ss(&net);
    drop(running);
    // The control groups that it made it leaves behind.
    crate::network::run(Command::new("find").args([
        "/sys/fs/cgroup",
        "-depth",
        "-type",
        "d",
        "-path",
        "*/wl-systemd*",
        "-exec",
        "rmdir",
        "{}",
        "+",
    ]));
    assert_eq!(fs::read_to_string("/proc/self/cgroup").unwrap(), own_group, "nobody else was moved");
}

/// Gives a container's namespace an interface on the host's, as Docker does. Returns its address: one of this process's
/// own, because where others have it too, the program names nobody.
fn connected(host: &Net, container: &Net) -> String {
    let (near, far) = (format!("h{}", container.name), format!("c{}", container.name));
    let (near, far) = (&near[..near.len().min(15)], &far[..far.len().min(15)]);
    host.ip(&["link", "add", near, "type", "veth", "peer", "name", far, "netns", &container.name]);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let network = container.name.rsplit('-').next().unwrap().parse::<u32>().unwrap() % 64;
    let address = format!("10.{high}.{low}.{}", 4 * network + 2);
    host.ip(&["addr", "add", &format!("10.{high}.{low}.{}/30", 4 * network + 1), "dev", near]);
    host.ip(&["link", "set", near, "up"]);
    container.ip(&["addr", "add", &format!("{address}/30"), "dev", far]);
    container.ip(&["link", "set", far, "up"]);
    address
}

/// Docker's proxy, which forwards a port to one of this address.
fn proxy(host: &Net, port: u16, address: &str, to: u16) -> Ended {
    let flags = format!("-proto tcp -host-ip 0.0.0.0 -host-port {port} -container-port {to}");
    // It says through descriptor 3 that it is ready.
    let script = format!("exec docker-proxy {flags} -container-ip {address} 3>/dev/null");
    host.serving(host.command("sh").args(["-c", &script]), port)
}

#[test]
#[ignore = "needs root: runs docker-proxy and a server in network namespaces of their own"]
fn docker_proxy_names_the_container_that_it_serves() {
    if !is_there("docker-proxy") {
        return;
    }
    let (host, container) = (Net::new(), Net::new());
    let address = connected(&host, &container);
    let web = Listening::start(container.command(listener_program()).arg("tcp:0.0.0.0:80"), 1).unwrap();
    let id = format!("{:064x}", web.pid());
    let cgroup = in_cgroup(&format!("system.slice/docker-{id}.scope"), web.pid());

    let _proxy = proxy(&host, 18080, &address, 80);

    let document = host.look(&["18080"]);
    let forward = on(&document, 18080).unwrap().processes[0].forwards_to.as_ref().unwrap();
    assert_eq!(
        (forward.address.as_str(), forward.port, forward.protocol.as_str()),
        (address.as_str(), 80, "tcp")
    );
    let process = forward.process.as_ref().unwrap_or_else(|| panic!("{document:?}"));
    assert_eq!((process.pid, process.name.as_deref()), (web.pid(), Some("listener")));
    if cgroup.is_some() {
        assert_eq!(forward.container.as_ref().unwrap().id, id);
        let (detail, ..) = host.run(&["18080"]);
        let said = format!("where listener (PID {}) listens in container docker {}", web.pid(), &id[..12]);
        assert!(unbroken(&detail).contains(&said), "{detail}");
    }
    assert_like_ss(&host);

    // Anybody may give a namespace of their own the same address.
    let stranger = Net::new();
    stranger.ip(&["addr", "add", &format!("{address}/32"), "dev", "lo"]);
    let _other = Listening::start(stranger.command(listener_program()).arg("tcp:0.0.0.0:80"), 1).unwrap();
    let document = host.look(&["18080"]);
    let process = on(&document, 18080).unwrap().processes[0].forwards_to.as_ref().unwrap().process.as_ref();
    let expected = cgroup.is_some().then_some(web.pid());
    assert_eq!(process.map(|process| process.pid), expected, "a container's, or nobody's");
}

/// In a file system of its own, as in a container: a program under the name of a license server, a stranger, and a license
/// server that listens where no proxy reaches it.
#[test]
#[ignore = "needs root: runs docker-proxy and servers in network namespaces of their own"]
fn behind_docker_proxy_the_program_in_the_container_is_judged() {
    if !is_there("docker-proxy") {
        return;
    }
    let (host, container) = (Net::new(), Net::new());
    let address = connected(&host, &container);
    let started = |run: &str| {
        let script = "mount -t tmpfs -o mode=755 none /mnt && cp \"$0\" /mnt/lmgrd && ".to_owned() + run;
        let mut command = container.command("unshare");
        let server = command.args(["--mount", "sh", "-c", &script]).arg(listener_program());
        Listening::start(server, 1).unwrap()
    };
    let _proxy = proxy(&host, 27000, &address, 27000);
    // Started before all of them, as what looks after containers is.
    let visit = format!(
        "
import ctypes, threading
def visit():
    net = open('/run/netns/{}')
    if ctypes.CDLL(None).setns(net.fileno(), 0): sys.exit('setns')
    s = socket(); s.bind(('127.0.0.1', 0)); s.listen(); say(s); threading.Event().wait()
threading.Thread(target=visit, daemon=True).start()",
        container.name
    );
    let _visitor = python(&visit, 1);
    let look = |server: &Listening| {
        let id = format!("{:064x}", server.pid());
        let _cgroup = in_cgroup(&format!("system.slice/docker-{id}.scope"), server.pid())?;
        let license = on(&host.look(&["27000"]), 27000).unwrap().license.clone().unwrap();
        let (detail, ..) = host.run(&["27000"]);
        let (listed, ..) = host.run(&["--json"]);
        let listed = on(&crate::document::read(&listed), 27000).unwrap().license.clone().unwrap();
        assert_eq!((&listed.verdict, &listed.reason), (&license.verdict, &license.reason));
        Some((format!("docker {}", &id[..12]), license, unbroken(&detail)))
    };

    let lmgrd = started("exec /mnt/lmgrd tcp:0.0.0.0:27000");
    let Some((called, license, detail)) = look(&lmgrd) else { return };
    let who = format!("lmgrd (PID {}) in container {called}, which docker-proxy forwards to,", lmgrd.pid());
    assert_eq!(license.verdict, "expected", "{license:?}");
    assert!(license.reason.starts_with(&who), "{}", license.reason);
    let said = format!("where lmgrd (PID {}) listens in container {called}", lmgrd.pid());
    assert!(detail.contains(&said), "{detail}");
    let (servers, ..) = host.run(&["servers"]);
    assert!(servers.contains("No license server was found."), "its sockets are not listed: {servers}");
    drop(lmgrd);

    let stranger = started("exec /mnt/lmgrd tcp:127.0.0.1:27000");
    let (_, license, detail) = look(&stranger).unwrap();
    let said = format!("nothing listens at {address}:27000; lmgrd listens there on 127.0.0.1 only");
    assert_eq!(license.verdict, "cannot-tell");
    assert!(license.reason.contains(&said), "{}", license.reason);
    assert!(detail.contains("listens there on 127.0.0.1 only"), "{detail}");
    drop(stranger);

    let python = started(
        "exec python3 -c 'import socket, sys; s = socket.create_server((\"0.0.0.0\", 27000)); \
         print(\"0.0.0.0:27000\", flush=True); sys.stdin.read()'",
    );
    let (called, license, _) = look(&python).unwrap();
    assert_eq!(license.verdict, "mismatch");
    let said = format!(
        "(PID {}) in container {called}, which docker-proxy forwards to, is not a known",
        python.pid()
    );
    assert!(license.reason.contains(&said), "{}", license.reason);
    drop(python);

    // In no container, any user could have given a network namespace of their own that address.
    let lmgrd = started("exec /mnt/lmgrd tcp:0.0.0.0:27000");
    let license = on(&host.look(&["27000"]), 27000).unwrap().license.clone().unwrap();
    assert_eq!(license.verdict, "cannot-tell", "{license:?}");
    assert!(license.reason.contains("is in no container of root's"), "{}", license.reason);
    drop(lmgrd);
}

#[test]
#[ignore = "needs root: puts a listener into a control group, and looks as an ordinary user"]
fn the_unit_is_told_even_where_the_owner_is_hidden() {
    let mut command = Command::new("sh");
    // The socket is opened in the group that its process is in by then.
    command.args(["-c", "read go && exec \"$@\"", "sh"]).arg(listener_program()).arg("tcp:127.0.0.1:0");
    let unit = format!("wl-test-{}.service", std::process::id());
    let mut child = Ended(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let Some(_cgroup) = in_cgroup(&format!("system.slice/{unit}"), child.0.id()) else { return };
    writeln!(child.0.stdin.as_mut().unwrap(), "go").unwrap();
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address: SocketAddr = line.trim().parse().unwrap();

    let document = crate::live::look(&address.port().to_string());
    let service = crate::live::row(&document, address).processes[0].service.clone().unwrap();
    assert_eq!((service.manager.as_str(), &service.name), ("systemd", &unit));

    let (_folder, program) = copied(&program(), "whatlistens");
    let run = |args: &[&str]| {
        let mut command = Command::new(&program);
        told(command.args(args).uid(NOBODY).gid(NOBODY).current_dir("/").output().unwrap()).0
    };
    let document = crate::document::read(&run(&["--json", &address.port().to_string()]));
    let listener = crate::live::row(&document, address);
    assert_eq!(listener.owner_status, "hidden");
    assert_eq!(listener.made_in.as_ref().unwrap().name, unit);
    let detail = run(&[&address.port().to_string()]);
    assert!(detail.contains(&format!("{unit} (systemd), which opened the socket")), "{detail}");
}
