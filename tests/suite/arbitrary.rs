//! Any observation that can be written down, whether or not a machine would give it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;

use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use whatlistens::model::{
    AcceptQueue, Account, Activation, Application, ApplicationKind, Checked, ClaimedScript, CodeFile,
    ConnectionState, Connections, Container, Contents, ExcludedPorts, Executable, Family, FileVersion, Gap,
    GapKind, HiddenProcess, HiddenProcesses, Holding, Host, Interface, InterfaceAddress, Interpreter,
    Namespace, NotInspected, Observation, Os, OtherNamespace, OtherSocket, OtherSocketKind, PacketRules, Pid,
    PortConnection, PortRange, PortRules, Presence, Process, ProcessRef, ProcessService, Program, Protocol,
    Receiver, RelayTarget, RunState, Runtime, ScriptKind, ServiceManager, Socket, SocketId, SoughtProcess,
    SoughtProcesses, State, UnansweredAttempt, UnlistedPorts, User, WorkingFolder, Writer,
};

/// Any of these variants. One that is missing here does not compile.
macro_rules! variant {
    ($enum:ident: $($variant:ident)+) => {{
        let _ = |value: $enum| match value { $($enum::$variant => (),)+ };
        select(vec![$($enum::$variant),+]).boxed()
    }};
}

/// A struct of any fields. One that is missing here does not compile.
macro_rules! any_fields {
    ($struct:ident { $($field:ident: $strategy:expr),+ $(,)? }) => {
        any_fields!(@values $($strategy),+)
            .prop_map(|any_fields!(@names $($field),+)| $struct { $($field),+ })
            .boxed()
    };
    // In pairs, because a strategy cannot be a tuple of more than twelve.
    (@values $first:expr) => { $first };
    (@values $first:expr, $($rest:expr),+) => { ($first, any_fields!(@values $($rest),+)) };
    (@names $first:ident) => { $first };
    (@names $first:ident, $($rest:ident),+) => { ($first, any_fields!(@names $($rest),+)) };
}

mod forward;
mod license_setup;
mod windows;

/// Control characters, quotes and letters of all alphabets among them.
fn text() -> BoxedStrategy<String> {
    let any = vec(any::<char>(), 0..6).prop_map(|chars| chars.into_iter().collect());
    prop_oneof![any, Just("\u{1b}[31m\u{202e}\n\0\"\\ö日🦀".to_owned())].boxed()
}

/// Few ids, so that holders, parents and children meet; and any.
fn pid() -> BoxedStrategy<Pid> {
    prop_oneof![4 => 0..8_u32, 1 => any::<Pid>()].boxed()
}

fn port() -> BoxedStrategy<u16> {
    prop_oneof![select(vec![0, 53, 80, 1538, 27000, 27001, 65535]), any::<u16>()].boxed()
}

fn range() -> BoxedStrategy<PortRange> {
    let any = (port(), port()).prop_map(|(a, b)| PortRange { first: a.min(b), last: a.max(b) });
    prop_oneof![any, Just(PortRange::ALL)].boxed()
}

/// Any but the flow label, which no record has.
fn address() -> BoxedStrategy<SocketAddr> {
    let with_scope = (any::<IpAddr>(), port(), any::<u32>()).prop_map(|(ip, port, scope)| match ip {
        IpAddr::V4(ip) => SocketAddr::from((ip, port)),
        IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, scope).into(),
    });
    let everywhere = port().prop_map(|port| SocketAddr::from(([0; 4], port)));
    prop_oneof![with_scope, everywhere].boxed()
}

fn moment() -> BoxedStrategy<Timestamp> {
    let any = Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond();
    let any = any.prop_map(|nanosecond| Timestamp::from_nanosecond(nanosecond).unwrap());
    prop_oneof![4 => any, 1 => select(vec![Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX])].boxed()
}

fn os() -> BoxedStrategy<Os> {
    variant!(Os: Linux Windows Macos)
}

fn protocol() -> BoxedStrategy<Protocol> {
    variant!(Protocol: Tcp Udp Udplite Sctp)
}

fn manager() -> BoxedStrategy<ServiceManager> {
    variant!(ServiceManager: Systemd SystemdUser Launchd Windows)
}

fn service() -> BoxedStrategy<ProcessService> {
    any_fields!(ProcessService {
        manager: manager(),
        name: text(),
        display_name: of(text()),
        user: of(text())
    })
}

fn container() -> BoxedStrategy<Container> {
    any_fields!(Container {
        runtime: variant!(Runtime: Docker Podman Containerd CriO Kubernetes Lxc SystemdNspawn),
        id: text(),
        name: of(text()),
        image: of(text()),
        pod: of(text()),
        user: of(text()),
        nested: any::<bool>(),
    })
}

fn process_ref() -> BoxedStrategy<ProcessRef> {
    any_fields!(ProcessRef { pid: pid(), name: of(text()) })
}

fn checked<S: Strategy + 'static>(found: S) -> BoxedStrategy<Checked<S::Value>>
where
    S::Value: Clone + 'static,
{
    prop_oneof![
        1 => Just(Checked::NotRequested),
        3 => found.prop_map(Checked::Done),
        1 => variant!(NotInspected: MayNotAnswer AnotherUserNamespace UserFileSystem Unreadable NotAtItsPath
            NotMapped TooLarge TimedOut).prop_map(Checked::Failed),
    ]
    .boxed()
}

fn writers() -> BoxedStrategy<Checked<Vec<Writer>>> {
    let user = || any_fields!(User { uid: of(any::<u32>()), name: text(), system: any::<bool>() });
    let account = prop_oneof![
        user().prop_map(Account::User),
        (text(), vec(user(), 0..3)).prop_map(|(name, members)| Account::Group { name, members }),
        Just(Account::Everyone),
    ];
    checked(vec(any_fields!(Writer { account: account, place: text(), only_adds: any::<bool>() }), 0..3))
}

fn code_file() -> BoxedStrategy<CodeFile> {
    any_fields!(CodeFile { path: text(), writers: writers() })
}

fn executable() -> BoxedStrategy<Executable> {
    let known = ["/opt/flexlm/bin/lmgrd", "/usr/bin/python3.11", "/lib/systemd/systemd", r"C:\a\lmgrd.exe"];
    any_fields!(Executable {
        path: prop_oneof![text(), select(known.map(str::to_owned).to_vec())],
        path_confirmed: checked(any::<bool>()),
        deleted: any::<Option<bool>>(),
        replaced: any::<Option<bool>>(),
        writers: writers(),
        contents: checked(any_fields!(Contents {
            interpreter: of(variant!(Interpreter: Python Perl Ruby NodeJs Java Bash BusyBox)),
            texts: vec(text(), 0..3),
            flexnet_version: of(text()),
        })),
        version: of(any_fields!(FileVersion {
            company: of(text()),
            product: of(text()),
            original_name: of(text()),
        })),
        signature: checked(windows::signature()),
    })
}

fn relay_target() -> BoxedStrategy<RelayTarget> {
    prop_oneof![
        text().prop_map(RelayTarget::Address),
        Just(RelayTarget::AnyAddress),
        text().prop_map(RelayTarget::Command),
        text().prop_map(RelayTarget::OtherKind),
    ]
    .boxed()
}

fn presence() -> BoxedStrategy<Presence> {
    let program = any_fields!(Program {
        exe: of(executable()),
        args: of(vec(text(), 0..3)),
        interpreted: of(text()),
        claimed_script: of(any_fields!(ClaimedScript {
            kind: variant!(ScriptKind: Script Module Class Jar Assembly Code),
            name: of(text()),
        })),
        relays_to: of(vec(relay_target(), 1..3)),
        by_service: checked(any::<bool>()),
        script: of(code_file()),
        loaded: checked(vec(code_file(), 0..3)),
    });
    prop_oneof![
        4 => program.prop_map(Presence::Running),
        1 => Just(Presence::Kernel),
        1 => vec(process_ref(), 0..3).prop_map(|children| Presence::Ended { children }),
        1 => Just(Presence::Vanished),
    ]
    .boxed()
}

fn process() -> BoxedStrategy<Process> {
    any_fields!(Process {
        pid: pid(),
        ppid: of(pid()),
        name: of(text()),
        short_name: of(text()),
        presence: presence(),
        state: of(variant!(RunState: Running Stopped Traced Zombie)),
        tracer: of(process_ref()),
        uid: any::<Option<u32>>(),
        user: of(text()),
        started_at: of(moment()),
        session: any::<Option<u32>>(),
        services: vec(service(), 0..3),
        others_in_unit: any::<Option<usize>>(),
        container: of(container().prop_map(Box::new)),
        application: of(any_fields!(Application {
            kind: variant!(ApplicationKind: Snap Flatpak App),
            id: text(),
            user: of(text()),
        })),
        cwd: of(any_fields!(WorkingFolder { path: text(), deleted: any::<bool>() })),
        forward: of(forward::forward().prop_map(Box::new)),
    })
}

/// Counts that add up, as large as they can be.
fn connections() -> BoxedStrategy<Connections> {
    let most = usize::MAX / 16;
    let top = vec((any::<IpAddr>(), 0..most / 16), 0..4);
    (top, 0..most / 4, 0..most / 4)
        .prop_map(|(top, more_peers, more)| {
            let peers = top.len() + more_peers;
            let established = top.iter().map(|(_, count)| count).sum::<usize>() + peers + more;
            Connections { established, peers, top }
        })
        .boxed()
}

fn namespace() -> BoxedStrategy<Namespace> {
    any_fields!(Namespace { inode: any::<u64>(), name: of(text()) })
}

fn socket() -> BoxedStrategy<Socket> {
    any_fields!(Socket {
        id: any::<u64>().prop_map(SocketId),
        protocol: protocol(),
        state: variant!(State: Listen Unconnected Bound),
        local: address(),
        interface: of(text()),
        dual_stack: any::<Option<bool>>(),
        assigned: any::<Option<bool>>(),
        uid: any::<Option<u32>>(),
        user: of(text()),
        namespace: of(namespace()),
        made_in: of(service()),
        opened_at: of(moment()),
        port_requested: any::<Option<bool>>(),
        http_urls: of(vec(windows::http_url(), 0..3)),
        proxied_to: of(text()),
        firewall: of(windows::firewall()),
        activation: of(any_fields!(Activation { manager: manager(), socket: text(), service: of(text()) })),
        last_used_by: of(process_ref()),
        accept_queue: of(any_fields!(AcceptQueue { waiting: any::<u32>(), limit: any::<Option<u32>>() })),
        connections: of(connections()),
    })
}

fn hidden() -> BoxedStrategy<HiddenProcesses> {
    let process =
        any_fields!(HiddenProcess { short_name: text(), uid: any::<Option<u32>>(), user: of(text()) });
    let processes = btree_map(pid(), process, 0..3).prop_map(HiddenProcesses::Processes);
    prop_oneof![processes, Just(HiddenProcesses::Unlisted)].boxed()
}

fn port_rules() -> BoxedStrategy<PortRules> {
    let excluded = any_fields!(ExcludedPorts {
        ports: range(),
        protocol: of(protocol()),
        family: of(variant!(Family: Ipv4 Ipv6)),
        by_number: any::<bool>(),
    });
    any_fields!(PortRules {
        ephemeral: of(range()),
        excluded: of(vec(excluded, 0..3)),
        unprivileged_from: any::<Option<u16>>(),
    })
}

fn port_connection() -> BoxedStrategy<PortConnection> {
    any_fields!(PortConnection {
        protocol: protocol(),
        state: variant!(ConnectionState: Connected Established CloseWait SynSent SynRecv FinWait1 FinWait2
            Closing LastAck TimeWait),
        local: address(),
        peer: address(),
        pids: vec(pid(), 0..3),
        namespace: of(namespace()),
    })
}

fn unanswered() -> BoxedStrategy<UnansweredAttempt> {
    any_fields!(UnansweredAttempt {
        local: address(),
        remote: address(),
        retransmits: any::<u8>(),
        uid: any::<u32>(),
        user: of(text()),
        pids: vec(pid(), 0..3),
    })
}

fn gap() -> BoxedStrategy<Gap> {
    let kind = proptest::sample::select(&GapKind::ALL[..]);
    any_fields!(Gap {
        kind: kind,
        detail: text(),
        count: any::<Option<u64>>(),
        remedy: of(text()),
        concerns_all_namespaces: any::<bool>()
    })
}

fn other_namespace() -> BoxedStrategy<OtherNamespace> {
    any_fields!(OtherNamespace { namespace: namespace(), listeners: vec((protocol(), port()), 0..3) })
}

fn packet_rules() -> BoxedStrategy<PacketRules> {
    let seen = (any::<bool>(), any::<bool>())
        .prop_map(|(may_redirect, may_filter)| PacketRules::Seen { may_redirect, may_filter });
    prop_oneof![Just(PacketRules::Hidden), seen].boxed()
}

fn interface() -> BoxedStrategy<Interface> {
    let address = any_fields!(InterfaceAddress { ip: any::<IpAddr>(), prefix: any::<u8>() });
    any_fields!(Interface {
        name: text(),
        is_up: any::<Option<bool>>(),
        is_loopback: any::<bool>(),
        master: of(text()),
        addresses: vec(address, 0..3),
    })
}

fn other_socket() -> BoxedStrategy<OtherSocket> {
    any_fields!(OtherSocket {
        kind: variant!(OtherSocketKind: Raw Packet),
        address: text(),
        namespace: of(namespace()),
        uid: any::<Option<u32>>(),
        user: of(text()),
        pids: vec(pid(), 0..3),
    })
}

fn sought() -> BoxedStrategy<SoughtProcesses> {
    let unlisted = any_fields!(UnlistedPorts {
        namespace: namespace(),
        listens_on: of(vec((port(), protocol()), 0..3))
    });
    let found = any_fields!(SoughtProcess {
        pid: pid(),
        namespace: of(namespace()),
        is_seen: any::<bool>(),
        unlisted: vec(unlisted, 0..3),
        may_hold_more: any::<bool>(),
    });
    any_fields!(SoughtProcesses { found: vec(found, 0..3), left_out: 0..3_u64 })
}

fn processes() -> BoxedStrategy<BTreeMap<Pid, Arc<Process>>> {
    let processes = vec(process(), 0..6);
    processes.prop_map(|all| all.into_iter().map(|one| (one.pid, Arc::new(one))).collect()).boxed()
}

pub fn observation() -> BoxedStrategy<Observation> {
    // Each id once.
    let sockets = btree_map(any::<u64>(), socket(), 0..5);
    let sockets = sockets.prop_map(|sockets| {
        sockets.into_iter().map(|(id, socket)| Socket { id: SocketId(id), ..socket }).collect()
    });
    let observation = any_fields!(Observation {
        host: any_fields!(Host { name: of(text()), os: os(), id: of(text()) }),
        taken_at: moment(),
        privileged: any::<bool>(),
        hidden: hidden(),
        sockets: sockets,
        holdings: Just(Vec::new()),
        processes: processes(),
        receivers: of(vec(any_fields!(Receiver { process: process_ref(), descriptors: any::<u64>() }), 0..3)),
        unanswered: vec(unanswered(), 0..3),
        port_connections: vec(port_connection(), 0..3),
        port_rules: port_rules(),
        packet_rules: of(packet_rules()),
        interfaces: of(vec(interface(), 0..3)),
        other_namespaces: vec(other_namespace(), 0..3),
        other_sockets: of(vec(other_socket(), 0..3)),
        license_setup: of(license_setup::license_setup()),
        sought: of(sought()),
        gaps: vec(gap(), 0..3),
        method_notes: vec(text(), 0..3),
    });
    (observation, vec((any::<Index>(), pid()), 0..8))
        .prop_map(|(mut observation, holdings)| {
            let sockets: Vec<SocketId> = observation.sockets.iter().map(|socket| socket.id).collect();
            let held = holdings.into_iter().filter(|_| !sockets.is_empty());
            observation.holdings = held.map(|(at, pid)| Holding { socket: *at.get(&sockets), pid }).collect();
            observation
        })
        .boxed()
}
