//! netstat2 as an independent witness of who listens: other code, by other ways into the kernel. On Windows it is
//! what the program itself reads sockets by, and so no witness.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use jiff::Timestamp;
use netstat2::{AddressFamilyFlags, ProtocolFlags, ProtocolSocketInfo, SocketInfo, TcpState};
use whatlistens::judge::Inspection;
use whatlistens::model::{Observation, Protocol, Socket, State};
use whatlistens::os::{Machine, ScanScope};

use crate::recorded::knowledge;
use crate::started::{Listening, listener_program};

/// The listeners of one process.
type Listeners = BTreeSet<(Protocol, SocketAddr)>;

/// Those that the program finds, but for ports that are bound without listening: netstat2 does not know these.
fn observed(observation: &Observation, pid: u32) -> Listeners {
    let is_theirs = |socket: &&Socket| {
        observation.holdings.iter().any(|held| held.socket == socket.id && held.pid == pid)
    };
    let listed = observation.sockets.iter().filter(|socket| socket.state != State::Bound).filter(is_theirs);
    listed.map(|socket| (socket.protocol, socket.local)).collect()
}

/// Those that netstat2 finds, with UDP sockets that have a peer: it cannot tell these apart.
fn witnessed(pid: u32) -> Listeners {
    let all = netstat2::iterate_sockets_info(
        AddressFamilyFlags::IPV4 | AddressFamilyFlags::IPV6,
        ProtocolFlags::TCP | ProtocolFlags::UDP,
    );
    let listener = |info: SocketInfo| match info.protocol_socket_info {
        ProtocolSocketInfo::Tcp(tcp) => {
            let local = SocketAddr::new(tcp.local_addr, tcp.local_port);
            (tcp.state == TcpState::Listen).then_some((Protocol::Tcp, local))
        }
        ProtocolSocketInfo::Udp(udp) => {
            Some((Protocol::Udp, SocketAddr::new(udp.local_addr, udp.local_port)))
        }
    };
    let sockets = all.unwrap().map(Result::unwrap);
    sockets.filter(|info| info.associated_pids.contains(&pid)).filter_map(listener).collect()
}

#[test]
fn an_independent_witness_finds_the_same_listeners_and_holders() {
    let places = ["tcp:127.0.0.1:0", "tcp:[::1]:0", "udp:127.0.0.1:0", "udp-connected:127.0.0.1:0"];
    let listening = Listening::at(&listener_program(), &places);
    let pid = listening.pid();
    let (scope, inspection) = (ScanScope::default(), Inspection::new(knowledge()));
    let observation = Machine::open(&scope).observe(&scope, &inspection, Timestamp::now()).unwrap();
    let exe = observation.processes[&pid].exe().map(|exe| exe.path.clone());
    assert_eq!(exe.as_deref(), listener_program().canonicalize().unwrap().to_str());

    let mut witnessed = witnessed(pid);
    assert!(witnessed.remove(&(Protocol::Udp, listening.addresses[3])), "the connected socket is there");
    let observed = observed(&observation, pid);
    assert_eq!(observed.len(), 3);
    assert_eq!(observed, witnessed);
}
