//! The live path on Windows: real processes, real services, real version resources. What needs an administrator's
//! rights is ignored and run by `.ci/windows`.

use std::ffi::OsString;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use editpe::{Image, VersionInfo, VersionStringTable};
use tempfile::TempDir;
use windows_service::service::{
    ServiceAccess, ServiceErrorControl, ServiceInfo, ServiceStartType, ServiceState, ServiceType,
};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

use crate::document::{License, Listener, read};
use crate::live::{look, pids, row};
use crate::started::{
    FLEXNET, Listening, copy_program, in_the_end, listener_on, listener_program, program, told, unbroken,
    whatlistens,
};

/// The listener program under a name of its own, whose file says this of itself.
fn copied(name: &str, says: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    if says.is_empty() {
        copy_program(listener_program(), &path);
        return (folder, path);
    }
    let mut image = Image::parse_file(listener_program()).unwrap();
    let mut table = VersionStringTable { key: "040904b0".to_owned(), ..VersionStringTable::default() };
    for (key, value) in says {
        table.strings.insert((*key).to_owned(), (*value).to_owned());
    }
    let mut resources = image.resource_directory().cloned().unwrap_or_default();
    resources.set_version_info(&VersionInfo { strings: vec![table], ..VersionInfo::default() }).unwrap();
    image.set_resource_directory(resources).unwrap();
    image.write_file(&path).unwrap();
    (folder, path)
}

/// The row of a copy that listens on one of these ports. Any user may write to the folder of a test: the caller vouches
/// for it.
fn listening_on(ports: &[u16], name: &str, says: &[(&str, &str)]) -> Listener {
    let (folder, path) = copied(name, says);
    let listening = listener_on(ports, &path);
    let address = listening.addresses[0];
    let port = format!("{}/tcp", address.port());
    let document = read(&whatlistens(&["--json", &port, "--trust-path", folder.path().to_str().unwrap()]).0);
    let found = row(&document, address).clone();
    assert_eq!(pids(&found), [listening.pid()]);
    found
}

fn license(ports: &[u16], name: &str, says: &[(&str, &str)]) -> License {
    listening_on(ports, name, says).license.expect("a license port")
}

fn verdict(ports: &[u16], name: &str, says: &[(&str, &str)]) -> String {
    license(ports, name, says).verdict
}

#[test]
fn license_servers_are_known_by_their_files_in_any_case() {
    for name in ["lmgrd.exe", "LMGRD.EXE", "adskflex.exe", "Mlm.exe"] {
        assert_eq!(verdict(&FLEXNET, name, &[]), "expected", "{name}");
    }
    for name in ["python.exe", "lmgrdx.exe"] {
        assert_eq!(verdict(&FLEXNET, name, &[]), "mismatch", "{name}");
    }
}

#[test]
fn what_the_file_says_of_itself_decides() {
    let autodesk = license(&[2080], "adskflex.exe", &[("CompanyName", "Autodesk, Inc.")]);
    assert_eq!(autodesk.verdict, "expected");
    assert!(
        autodesk.evidence.contains(&"the file says that Autodesk, Inc. made it".to_owned()),
        "{autodesk:?}"
    );
    let renamed = [("CompanyName", "Flexera Software LLC"), ("OriginalFilename", "LMGRD.EXE")];
    assert_eq!(verdict(&FLEXNET, "foo.exe", &renamed), "expected");
    let stranger = [("CompanyName", "Somebody Ltd"), ("OriginalFilename", "nc.exe")];
    assert_eq!(verdict(&FLEXNET, "lmgrd.exe", &stranger), "mismatch");
    assert_ne!(verdict(&FLEXNET, "lmgrd.exe", &stranger[..1]), "expected");
}

/// Also where it is on no license manager's port, and in the detail.
#[test]
fn every_holder_s_file_is_asked() {
    let says =
        [("CompanyName", "Widget\u{1b}[31m GmbH"), ("ProductName", "Größe"), ("OriginalFilename", "w.exe")];
    let (_folder, path) = copied("widget.exe", &says);
    let listening = Listening::at(&path, &["tcp:127.0.0.1:0"]);
    let document = look(&listening.port().to_string());
    let version = row(&document, listening.addresses[0]).processes[0].file_version.clone().unwrap();
    assert_eq!(version.company.as_deref(), Some("Widget\u{1b}[31m GmbH"));
    assert_eq!(
        (version.product.as_deref(), version.original_name.as_deref()),
        (Some("Größe"), Some("w.exe"))
    );
    let (detail, ..) = whatlistens(&[&listening.port().to_string()]);
    let told = "File says    made by \"Widget\\u{1b}[31m GmbH\", part of Größe, originally named w.exe";
    assert!(detail.contains(told), "{detail}");
}

#[test]
fn the_user_is_the_one_that_the_system_names() {
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let document = look(&listening.port().to_string());
    let user = row(&document, listening.addresses[0]).processes[0].user.clone().unwrap();
    let (whoami, ..) = told(Command::new("whoami").output().unwrap());
    assert!(user.eq_ignore_ascii_case(whoami.trim()), "{user} {whoami}");
    let account = user.rsplit('\\').next().unwrap();
    for name in [user.clone(), account.to_uppercase(), account.to_lowercase()] {
        let (table, _, status) = whatlistens(&["-H", "--user", &name, &listening.port().to_string()]);
        assert_eq!(status, 0, "{name}");
        assert!(table.contains("listener.exe") && !table.contains('\\'), "{table}");
    }
}

#[test]
fn paths_and_what_is_piped_are_in_utf_8() {
    let (_folder, path) = copied("größe 日本.exe", &[]);
    let listening = Listening::at(&path, &["tcp:127.0.0.1:0"]);
    let port = listening.port().to_string();
    let document = look(&port);
    let process = &row(&document, listening.addresses[0]).processes[0];
    assert_eq!(process.name.as_deref(), Some("größe 日本.exe"));
    assert_eq!(process.exe.as_deref().map(Path::new), Some(path.as_path()));
    let output = Command::new(program()).args(["-H", &port]).output().unwrap();
    // A script splits rows at blanks.
    assert!(String::from_utf8(output.stdout).unwrap().contains("größe\\u{20}日本.exe"));
}

#[test]
fn the_flags_of_netstat_are_taken() {
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let (table, _, status) = whatlistens(&["-ano"]);
    assert_eq!(status, 0);
    assert!(table.lines().any(|line| line.contains(&format!("{}/tcp", listening.port()))), "{table}");
}

#[test]
fn a_program_by_its_name_with_and_without_its_ending_in_any_case() {
    let (_folder, path) = copied("Gadget.exe", &[]);
    let listening = Listening::at(&path, &["tcp:127.0.0.1:0"]);
    for name in ["gadget", "GADGET.EXE", "Gadget.exe"] {
        let document = read(&whatlistens(&["--json", "--process", name]).0);
        assert_eq!(pids(row(&document, listening.addresses[0])), [listening.pid()], "{name}");
    }
}

#[test]
fn connections_are_counted_and_keep_a_port_from_being_free() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).unwrap();
    // Wine knows of no connection before it is accepted.
    let _accepted = listener.accept().unwrap();
    let document = read(&whatlistens(&["--json", "--connections", &address.port().to_string()]).0);
    let counted = row(&document, address).connections.clone().unwrap();
    assert_eq!((counted.established, counted.peers), (1, 1));
    let own = client.local_addr().unwrap().port().to_string();
    let (detail, _, status) = whatlistens(&[&own]);
    let detail = unbroken(&detail);
    assert_eq!(status, 1);
    assert!(detail.contains("1 connection still uses it"), "{detail}");
    assert!(detail.contains(&format!("connected to {address}")), "{detail}");
}

/// A process may end and leave its socket to a child. Wine lists such a socket no longer: there the rule is
/// tested by itself, in `os/windows`.
#[test]
fn what_outlives_its_process_is_told_with_the_children() {
    let mut command = Command::new(listener_program());
    let mut parent = Listening::start(command.args(["heir", "tcp:127.0.0.1:0"]), 1).unwrap();
    let (address, pid) = (parent.addresses[0], parent.pid());
    parent.wait();
    assert!(TcpListener::bind(address).is_err(), "the child has it");
    let document = look(&address.port().to_string());
    if document.listeners.is_empty() && std::env::var_os("WINEPREFIX").is_some() {
        return;
    }
    let process = &row(&document, address).processes[0];
    assert_eq!((process.pid, &process.name), (pid, &None));
    let [heir] = &process.survivors.as_ref().expect("an ended process")[..] else { panic!("{process:?}") };
    assert_eq!(heir.name.as_deref(), Some("listener.exe"));
    let (detail, ..) = whatlistens(&[&address.port().to_string()]);
    assert!(detail.contains("has ended, but the port is still in use"), "{detail}");
    assert!(detail.contains(&format!("listener.exe (PID {})", heir.pid)), "{detail}");
}

/// Ends and removes the service when the test does.
struct Installed(windows_service::service::Service);

impl Drop for Installed {
    fn drop(&mut self) {
        let _ = self.0.stop();
        let _ = self.0.delete();
    }
}

#[test]
#[ignore = "needs an administrator: installs a service"]
fn the_service_behind_a_process_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (name, file) = (format!("whatlistens-test-{}", std::process::id()), folder.path().join("addresses"));
    let rights = ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE;
    let manager = ServiceManager::local_computer(None::<&str>, rights).unwrap();
    let info = ServiceInfo {
        name: OsString::from(&name),
        display_name: OsString::from("A listener for a test"),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::OnDemand,
        error_control: ServiceErrorControl::Normal,
        executable_path: listener_program(),
        launch_arguments: vec![
            OsString::from(format!("service:{name}:{}", file.display())),
            OsString::from("tcp:127.0.0.1:0"),
        ],
        dependencies: Vec::new(),
        account_name: None,
        account_password: None,
    };
    let rights =
        ServiceAccess::START | ServiceAccess::STOP | ServiceAccess::DELETE | ServiceAccess::QUERY_STATUS;
    let service = Installed(manager.create_service(&info, rights).unwrap());
    service.0.start::<&str>(&[]).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while service.0.query_status().unwrap().current_state != ServiceState::Running {
        assert!(Instant::now() < deadline, "the service does not start");
        std::thread::yield_now();
    }
    let address: SocketAddr = fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    let document = look(&address.port().to_string());
    let process = &row(&document, address).processes[0];
    assert_eq!(Some(process.pid), service.0.query_status().unwrap().process_id);
    let [told] = &process.services[..] else { panic!("{process:?}") };
    assert_eq!((told.manager.as_str(), told.name.as_str()), ("windows", name.as_str()));
    assert_eq!(told.display_name.as_deref(), Some("A listener for a test"));
    let (detail, ..) = whatlistens(&[&address.port().to_string()]);
    assert!(detail.contains(&format!("Service      A listener for a test ({name})")), "{detail}");
    // The service may take a moment to let go of it.
    drop(service);
    let port = address.port().to_string();
    let (_, _, status) = in_the_end(|| whatlistens(&[&port]), |(_, _, status)| *status == 1);
    assert_eq!(status, 1);
}

/// What is installed as a service is found by what it starts, whether or not it runs.
#[test]
#[ignore = "needs an administrator: installs a service"]
fn a_license_server_whose_service_is_stopped_is_told() {
    let (folder, lmgrd) = copied("lmgrd.exe", &[]);
    let license = folder.path().join("a b.lic");
    fs::write(&license, "SERVER this_host ANY 27000\r\nVENDOR adskflex port=2080\r\n").unwrap();
    let name = format!("whatlistens-test-lmgrd-{}", std::process::id());
    let rights = ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE;
    let manager = ServiceManager::local_computer(None::<&str>, rights).unwrap();
    let info = ServiceInfo {
        name: OsString::from(&name),
        display_name: OsString::from("A license server for a test"),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::OnDemand,
        error_control: ServiceErrorControl::Normal,
        executable_path: lmgrd,
        launch_arguments: vec![OsString::from("-c"), license.clone().into_os_string()],
        dependencies: Vec::new(),
        account_name: None,
        account_password: None,
    };
    let rights = ServiceAccess::DELETE | ServiceAccess::STOP;
    let _service = Installed(manager.create_service(&info, rights).unwrap());
    let (json, ..) = whatlistens(&["servers", "--json"]);
    let servers = read(&json).license_servers.unwrap();
    let stopped = servers.iter().find(|server| server.license_file.as_deref() == license.to_str());
    let stopped = stopped.unwrap_or_else(|| panic!("{servers:?}"));
    assert_eq!((stopped.id.as_str(), stopped.state.as_str()), ("autodesk-nlm", "stopped"));
    let problem = &stopped.problems[0];
    assert_eq!(
        problem.text,
        "The service \"A license server for a test\" is stopped. It starts only by hand."
    );
    assert_eq!(problem.next.as_deref(), Some(&*format!("Start it: net start {name}")));
}

/// Which ports are excluded is the machine's matter; that it could not be told is never passed over.
#[test]
fn excluded_ports_are_told_or_it_is_told_why_not() {
    let (table, errors, status) = whatlistens(&["--excluded-ports"]);
    match status {
        0 => assert!(table.contains("PORTS") && table.contains("/tcp"), "{table}"),
        1 => assert_eq!(table, "No port is excluded.\n"),
        3 => assert!(errors.contains("could not be read: ") && !errors.contains("os error"), "{errors}"),
        other => panic!("{other}: {table}{errors}"),
    }
}

#[test]
fn a_command_line_is_told_to_who_asks_for_it() {
    let (_folder, path) = copied("a b.exe", &[]);
    let listening = Listening::at(&path, &["tcp:127.0.0.1:0", "udp:127.0.0.1:0"]);
    let port = listening.addresses[0].port().to_string();
    let document = read(&whatlistens(&["--json", "--args", &port]).0);
    match row(&document, listening.addresses[0]).processes[0].args.clone() {
        Some(args) => {
            let rest = ["tcp:127.0.0.1:0", "udp:127.0.0.1:0"];
            assert!(args[0].ends_with("a b.exe") && args[1..] == rest, "{args:?}");
        }
        // Wine does not tell command lines without reading memory.
        None => {
            assert!(std::env::var_os("WINEPREFIX").is_some());
            assert!(document.gaps.iter().any(|gap| gap.kind == "args-unreadable"), "{document:?}");
        }
    }
    let document = read(&whatlistens(&["--json", &port]).0);
    assert_eq!(row(&document, listening.addresses[0]).processes[0].args, None);
}

/// Windows since 10 1809 reports such a port; Wine and older versions do not, and that is a gap.
#[test]
fn a_port_that_is_taken_without_listening_is_told_or_that_it_cannot_be() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let document = look(&address.port().to_string());
    let unseen = document.gaps.iter().any(|gap| gap.kind == "bound-sockets-unseen");
    match document.listeners.is_empty() {
        true => assert!(unseen && !document.complete, "{document:?}"),
        false => {
            let listener = row(&document, address);
            assert_eq!((listener.state.as_str(), pids(listener)), ("bound", vec![std::process::id()]));
        }
    }
}

/// What an interface of Wine lacks is said; whom the machine and its user belong to is not.
#[test]
fn each_interface_answers_for_itself_and_names_nobody() {
    let listening = Listening::at(&listener_program(), &["tcp:127.0.0.1:0"]);
    let (report, errors, status) = whatlistens(&["--self-test"]);
    assert_eq!((status, errors.as_str()), (0, ""), "{report}");
    let answer = |asked: &str| {
        let line = report.lines().find(|line| line.trim_start().starts_with(asked));
        line.unwrap_or_else(|| panic!("{asked}: {report}")).rsplit_once("): ").unwrap().1.to_owned()
    };
    for asked in ["TCP table, IPv4", "process list", "files", "opened", "services"] {
        let count: usize =
            answer(asked).split(|c: char| !c.is_ascii_digit()).find_map(|n| n.parse().ok()).unwrap();
        assert!(count > 0, "{asked}: {report}");
    }
    for asked in ["bound sockets, IPv4", "Windows Firewall"] {
        let said = report.lines().find(|line| line.trim_start().starts_with(asked)).unwrap();
        let is_wine = std::env::var_os("WINEPREFIX").is_some();
        assert_eq!(said.contains(": no answer ("), is_wine, "{said}");
    }
    let private = [
        std::env::var("USERNAME").unwrap_or_default(),
        std::env::var("COMPUTERNAME").unwrap_or_default(),
        listener_program().parent().unwrap().display().to_string(),
        format!(":{}", listening.port()),
    ];
    for private in private.iter().filter(|private| private.len() > 3) {
        assert!(!report.to_lowercase().contains(&private.to_lowercase()), "{private}: {report}");
    }
}

#[test]
fn the_program_says_of_itself_what_it_is() {
    let image = Image::parse_file(program()).unwrap();
    let version = image.resource_directory().unwrap().get_version_info().unwrap().unwrap();
    let strings = &version.strings[0].strings;
    assert_eq!(strings.get("ProductName").map(String::as_str), Some("whatlistens"));
    assert_eq!(strings.get("OriginalFilename").map(String::as_str), Some("whatlistens.exe"));
    let told = strings.get("ProductVersion").unwrap();
    assert!(told.starts_with(env!("CARGO_PKG_VERSION")), "{told}");
}
