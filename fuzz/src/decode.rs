//! Feeds any bytes to the decoders, to the readers of records and of documents, and as names to all forms of the output: the first byte
//! chooses one. None may panic,
//! read past the end of its input, or run forever.
#![no_main]

use std::ffi::OsString;
use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use whatlistens::command::{Command, Source};
use whatlistens::knowledge::Knowledge;
use whatlistens::model::{
    Family, Holding, Host, LicenseSystem, Observation, Os, Presence, Process, ProcessService, Program,
    Protocol, ServiceManager, Socket, SocketId, State, document, record, script_of,
};
use whatlistens::os::decode::linux::{
    accounts::{AccountFiles, Accounts},
    acl, btf, cgroup, container_labels, docker_proxy, inet_diag, local_addresses, mappings, mounts, netlink,
    other_sockets, packet_rules,
    port_filter::port_filter,
    port_rules, proc_net, proc_pid, ring_files, rtnetlink, sctp_endpoints, service_unit, socket_unit,
    startup_script, task_file, unit_group, unix_socket, user_mounts, wrapped_command,
};
use whatlistens::os::decode::macos::{launchd, launchd_job, launchd_sockets, pcblist, socket_fdinfo};
use whatlistens::os::decode::windows::{
    command_line, excluded_ports, http_services,
    image_path::Devices,
    port_proxy, process_list, service, service_command,
    socket_tables::{self, Table},
    version_info,
};
use whatlistens::os::decode::{file_text, flexnet_log, hosts_file, license_command, license_file};
use whatlistens::os::port_set::PortSet;
use whatlistens::os::{ScanScope, Unobservable};
use whatlistens::query::Environment;

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::embedded);

/// A machine on which everything has the same name, shown in each form: at a width that the first byte gives, for a
/// script, in detail and as JSON.
fn shown(bytes: &[u8], text: &str) {
    let width = u16::from(bytes.first().copied().unwrap_or_default());
    let environment = Environment { width: Some(width), ..Environment::plain() };
    let machine = Recorded(observation(text));
    for line in
        [&["w"][..], &["w", "--args", "--all-namespaces"], &["w", "-H"], &["w", "27000"], &["w", "--json"]]
    {
        let words: Vec<OsString> = line.iter().map(OsString::from).collect();
        let command = Command::parse(&words, &environment, &KNOWLEDGE).expect("it is right");
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let answered = command.answer(&KNOWLEDGE, &machine, &mut out, &mut notes);
        assert!(answered.is_ok(), "memory takes everything");
        let out = String::from_utf8(out).expect("only text is written");
        assert!(!out.contains(|c: char| c != '\n' && c.is_control()), "a terminal obeys nothing of it");
        if line.contains(&"-H") {
            assert!(
                out.lines().all(|row| row.split_whitespace().count() == 7),
                "a script can split it: {out}"
            );
        }
    }
}

struct Recorded(Observation);

impl Source for Recorded {
    fn observe(&self, _scope: &ScanScope) -> Result<Observation, Unobservable> {
        Ok(self.0.clone())
    }

    fn observe_port_rules(&self) -> Result<Observation, Unobservable> {
        Ok(self.0.clone())
    }

    fn has_user(&self, _name: &str) -> Option<bool> {
        None
    }
}

fn observation(text: &str) -> Observation {
    let name = || Some(text.to_owned());
    let program = Program { args: Some(vec![text.to_owned()]), ..Program::default() };
    let holder = Process {
        pid: 7,
        name: name(),
        short_name: name(),
        user: name(),
        presence: Presence::Running(program),
        services: vec![ProcessService::new(ServiceManager::Systemd, text)],
        ..Process::default()
    };
    let address = SocketAddr::from(([0, 0, 0, 0], 27000));
    let socket =
        Socket { interface: name(), ..Socket::new(SocketId(1), Protocol::Tcp, State::Listen, address) };
    let host = Host { name: name(), os: Os::Linux, id: name() };
    Observation {
        sockets: vec![socket],
        holdings: vec![Holding { socket: SocketId(1), pid: 7 }],
        processes: [(7, Arc::new(holder))].into(),
        ..Observation::new(host, Timestamp::UNIX_EPOCH)
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&which, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match which % 27 {
        0 | 1 => {
            let datagram = inet_diag::read(Protocol::Tcp, rest, 7);
            assert!(datagram.messages.len() <= rest.len() / 16, "each message has a header");
            for part in netlink::read(rest, 7).parts {
                let netlink::Part::Message { kind, body } = part else { continue };
                let _ = (rtnetlink::link(kind, body), rtnetlink::address(kind, body));
                let _ = (rtnetlink::is_received(kind, body), packet_rules::chain(kind, body));
                let _ = (packet_rules::redirects(kind, body), packet_rules::of_table("nat", body));
            }
        }
        2 => {
            let _ = (proc_net::read(Protocol::Tcp, Family::Ipv4, &text), other_sockets::packet(&text));
            let _ = (proc_net::may_have_udplite(&text, ""), sctp_endpoints::read(&text));
        }
        3 => {
            let _ =
                (proc_net::read(Protocol::Udp, Family::Ipv6, &text), other_sockets::raw(Family::Ipv6, &text));
        }
        4 => {
            let _ = (proc_pid::stat(rest), proc_pid::socket_inode(rest), proc_pid::namespace_inode(rest));
            if let Some(args) = proc_pid::command_line(rest) {
                let _ = ["java", "python3"].map(|exe| script_of(exe, &args));
            }
        }
        5 => {
            let _ = (cgroup::membership(&text), cgroup::of_path(&text));
            let _ = (unit_group::of_unit(&text, "a.service"), unit_group::members(&text).count());
        }
        6 => {
            let args: Vec<String> = text.split('\0').map(str::to_owned).collect();
            let _ = docker_proxy::forward(&args);
        }
        7 => {
            let _ = (local_addresses::v4(&text), local_addresses::v6(&text));
            let _ = (file_text::interpreter_in(rest), file_text::texts_in(rest, &["FLEXnet"]));
        }
        8 => {
            let _ = (port_rules::ephemeral(&text), port_rules::unprivileged_from(&text));
            let _ = port_rules::reports_bound(&text);
            if let Some(ranges) = port_rules::reserved(&text) {
                let _ = port_filter(&PortSet::new(&ranges));
            }
        }
        9 => {
            let (first, second) = text.split_at(text.floor_char_boundary(text.len() / 2));
            let _ = proc_net::tcp_counters(first, second);
            let mut table = mounts::MountTable::default();
            rest.split(|&b| b == b'\n').for_each(|line| table.add(line));
            let mut records = user_mounts::UserMountRecords::default();
            records.add_utab(&text);
            records.add_fstab(&text);
            records.add_udisks(rest.to_vec());
            let _ = table.volumes().filter(|volume| records.include(volume)).count();
            let _ = (mounts::network_namespaces(&text).count(), ring_files::sockets(&text));
            let _ = unix_socket::waiting_descriptors(&text);
            let _ = (mounts::hides_processes(&text), task_file::read(rest).count());
        }
        10 => {
            let mut read_at = |at: u64, buffer: &mut [u8]| {
                let rest = usize::try_from(at).ok().and_then(|at| rest.get(at..)).unwrap_or_default();
                let length = rest.len().min(buffer.len());
                buffer[..length].copy_from_slice(&rest[..length]);
                Ok(length)
            };
            let _ = btf::find(&mut read_at, task_file::ITERATOR, &task_file::FIELDS);
        }
        11 => {
            if let Ok(record) = record::read(rest) {
                let mut written = Vec::new();
                record::write(&record, &mut written).expect("memory takes everything");
                assert_eq!(record::read(&written), Ok(record), "what is written is read back");
            }
        }
        12 => {
            let list = pcblist::read(Protocol::Tcp, rest);
            assert!(list.sockets.len() <= rest.len() / 304, "each socket has three records");
            let list = pcblist::read(Protocol::Udp, rest);
            assert!(list.sockets.len() <= rest.len() / 152, "each socket has two records");
            let _ = socket_fdinfo::Sockets::of(&list.sockets);
        }
        13 => {
            let _ = (socket_fdinfo::read(rest), launchd::application(&text));
            let _ =
                (launchd::job(text.split('\0')), launchd_job::job(rest), launchd_sockets::job_sockets(rest));
        }
        14 => {
            let _ = (version_info::of_program(Cursor::new(rest)), process_list::processes(rest, 0));
            let tables = [Table::Tcp4, Table::Tcp6, Table::Udp4, Table::Udp6, Table::Bound4, Table::Bound6];
            for sockets in tables.into_iter().filter_map(|table| socket_tables::sockets(table, rest)) {
                assert!(sockets.len() <= rest.len() / 28, "each has a row");
            }
        }
        15 => {
            let _ = excluded_ports::ranges(rest);
            assert!(http_services::urls(rest).len() <= rest.len() / 9, "each has a line");
        }
        16 => {
            let _ = (acl::allows(rest, 2), mappings::code(rest).map(|files| files.len()));
            let _ = mappings::possible_paths(rest);
            let (passwd, group) = text.split_at(text.floor_char_boundary(text.len() / 2));
            let _ = Accounts::read(AccountFiles {
                passwd: Some(passwd),
                group: Some(group),
                login_defs: Some(&text),
                switch: Some(&text),
                systemd_is_told: false,
            })
            .group(0);
        }
        17 => {
            let labels = container_labels::podman(rest);
            assert!(labels.len() <= rest.len() / 8, "each has an id");
            let _ = container_labels::docker(rest);
        }
        18 => {
            let (exe, words) = text.split_once('\0').unwrap_or(("python3", &text));
            let args: Vec<String> = words.split('\0').map(str::to_owned).collect();
            let _ = (
                KNOWLEDGE.licenses().program(exe, &args),
                KNOWLEDGE.licenses().recognise_name(exe, Os::Linux),
            );
        }
        19 => shown(rest, &text),
        20 => {
            let unit = socket_unit::read(&[&text]);
            let _ = unit.starts("a.socket");
        }
        21 => {
            let (is_whole, bytes) =
                rest.split_first().map_or((true, rest), |(&first, rest)| (first % 2 == 0, rest));
            let lines = license_file::read(bytes, is_whole);
            assert!(lines.flaws.iter().all(|flaw| flaw.text.len() < 200), "each is a line");
            assert!(flexnet_log::trouble(bytes, is_whole).len() <= 5, "only the last are kept");
        }
        22 => {
            let args: Vec<String> = text.split('\0').map(str::to_owned).collect();
            for (system, os) in [(LicenseSystem::Flexnet, Os::Linux), (LicenseSystem::Rlm, Os::Windows)] {
                let _ = license_command::arguments(system, os, &args);
            }
            let (name, value) = text.split_once('=').unwrap_or(("RLM_LICENSE", &text));
            let _ = license_command::variable(Os::Windows, name, value);
            let _ = (wrapped_command::commands(&args), hosts_file::names(&text));
        }
        23 => {
            let (unit, drop_in) = text.split_once('\0').unwrap_or((&text, ""));
            let commands = service_unit::read(&[unit, drop_in]).commands;
            assert!(commands.iter().all(|words| !words.is_empty()), "each has a program");
        }
        24 => {
            for commands in [
                startup_script::script(&text),
                startup_script::crontab(&text, true),
                startup_script::crontab(&text, false),
            ] {
                assert!(commands.iter().all(|words| !words.is_empty()), "each has a program");
            }
        }
        26 => {
            if let Ok(look) = document::read(rest) {
                assert!(look.rows.len() <= rest.len() / 100, "each has the names of its fields");
            }
        }
        _ => {
            let length: usize = service_command::words(&text).iter().map(String::len).sum();
            assert!(length <= text.len(), "nothing is made up");
            let (lmgrd, log) = text.split_once('\0').unwrap_or((&text, ""));
            let _ = service_command::of_flexnet(Some(lmgrd), Some(&text), Some(log));
            let length: usize = command_line::words(&text).iter().map(String::len).sum();
            assert!(length <= text.len(), "nothing is made up");
            let devices = vec![(lmgrd.to_owned(), "C:".to_owned())];
            let _ = Devices { drives: devices, windows: Some(log.to_owned()) }.path(&text);
            let _ = (port_proxy::proxy(lmgrd, log), service::account(&text, Some(log)));
        }
    }
});
