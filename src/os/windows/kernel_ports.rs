//! Who is behind the ports of the kernel and of the service `iphlpsvc`: the programs that http.sys answers for, and where
//! port proxies connect to.

use std::collections::HashMap;

use windows_sys::Win32::System::Registry::KEY_WOW64_64KEY;

use super::super::ScanScope;
use super::super::decode::windows::http_services::{self, HttpUrl as Served};
use super::super::decode::windows::port_proxy::{self, PortProxy};
use super::netsh;
use super::processes::Processes;
use super::registry::Key;
use crate::model::{Gap, GapKind, HttpUrl, Observation, Pid, Presence, ProcessRef, Protocol, SocketId};

/// The service that forwards for port proxies, "IP Helper".
const IP_HELPER: &str = "iphlpsvc";
/// Where it keeps them: a key for each pair of address families.
const PROXIES: &str = r"SYSTEM\CurrentControlSet\Services\PortProxy";
const FAMILIES: [&str; 4] = ["v4tov4", "v4tov6", "v6tov4", "v6tov6"];

/// Adds to each TCP socket of the kernel's that was asked about what http.sys serves there.
pub(super) fn add_http_urls(observation: &mut Observation, running: &Processes, scope: &ScanScope) {
    let of_kernel: Vec<usize> = holders(observation)
        .filter(|(at, pid)| {
            let is_kernel =
                observation.processes.get(pid).is_some_and(|process| process.presence == Presence::Kernel);
            let socket = observation.sockets.get(*at);
            is_kernel
                && socket.is_some_and(|socket| {
                    socket.protocol == Protocol::Tcp && scope.asks_about(socket.local.port())
                })
        })
        .map(|(at, _)| at)
        .collect();
    if of_kernel.is_empty() {
        return;
    }
    let urls = match netsh::http_services() {
        Ok(printed) => http_services::urls(&printed),
        Err(why) => {
            let detail = format!("which programs http.sys answers for could not be read ({why})");
            observation.gaps.push(Gap::new(GapKind::ServicesUnreadable, detail));
            return;
        }
    };
    for at in of_kernel {
        if let Some(socket) = observation.sockets.get_mut(at) {
            let port = socket.local.port();
            let own = urls.iter().filter(|served| served.port == port);
            socket.http_urls = Some(own.map(|served| url(served, running)).collect());
        }
    }
}

fn url(Served { url, pids, .. }: &Served, running: &Processes) -> HttpUrl {
    let process = |&pid: &Pid| ProcessRef { pid, name: running.name(pid).map(str::to_owned) };
    HttpUrl { url: url.clone(), processes: pids.iter().map(process).collect() }
}

/// Adds where port proxies connect to. Every user may read that.
pub(super) fn add_proxies(observation: &mut Observation) {
    let of_ip_helper: Vec<usize> = holders(observation)
        .filter(|(_, pid)| {
            let services = observation.processes.get(pid).map(|process| &process.services[..]);
            services.unwrap_or_default().iter().any(|one| one.name.eq_ignore_ascii_case(IP_HELPER))
        })
        .map(|(at, _)| at)
        .collect();
    if of_ip_helper.is_empty() {
        return;
    }
    let mut proxies: HashMap<u16, Vec<PortProxy>> = HashMap::new();
    for family in FAMILIES {
        let values = proxies_of(family).map(|key| key.values()).unwrap_or_default();
        for proxy in values.iter().filter_map(|(name, value)| port_proxy::proxy(name, value)) {
            proxies.entry(proxy.port).or_default().push(proxy);
        }
    }
    for at in of_ip_helper {
        let Some(socket) = observation.sockets.get_mut(at) else { continue };
        if socket.protocol != Protocol::Tcp {
            continue;
        }
        let here = |proxy: &&PortProxy| proxy.listens_at == Some(socket.local.ip());
        let all = proxies.get(&socket.local.port());
        let anywhere = |proxy: &&PortProxy| proxy.listens_at.is_none();
        let proxy = all.and_then(|all| all.iter().find(here).or_else(|| all.iter().find(anywhere)));
        socket.proxied_to = proxy.map(|proxy| proxy.connects_to.clone());
    }
}

/// The key of the proxies from one address family to another.
pub(super) fn proxies_of(family: &str) -> Option<Key> {
    Key::of_machine(&format!(r"{PROXIES}\{family}\tcp"), KEY_WOW64_64KEY)
}

/// The places of the sockets, with their holders.
fn holders(observation: &Observation) -> impl Iterator<Item = (usize, Pid)> + '_ {
    observation.holdings.iter().map(|holding| {
        let SocketId(at) = holding.socket;
        (at as usize, holding.pid)
    })
}
