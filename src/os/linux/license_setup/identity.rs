//! What license files may know this machine by.

use std::collections::BTreeSet;
use std::net::IpAddr;

use rustix::system::uname;

use super::super::super::decode::hosts_file;
use super::super::super::decode::linux::local_addresses;
use super::super::nonblocking;
use crate::model::MachineIdentity;
use crate::os::decode::text::{os_text, text_of};

/// No more is read of one file, in bytes.
const MOST: u64 = 256 * 1024;
/// A hardware address is shorter, in bytes.
const MOST_OF_ADDRESS: u64 = 256;
/// No more interfaces are looked at: anybody with a namespace may have thousands, but not in this one.
const MOST_INTERFACES: usize = 1000;

pub(super) fn read() -> MachineIdentity {
    let host_name = text_of(uname().nodename().to_bytes()).into_owned();
    let text = |path: &str| nonblocking::text(path, MOST).unwrap_or_default();
    let written = text("/etc/hostname").lines().next().unwrap_or_default().trim().to_owned();
    let mut names = vec![host_name, written];
    names.retain(|name| !name.is_empty());
    names.dedup();
    let v4 = local_addresses::v4(&text("/proc/net/fib_trie")).into_iter().map(IpAddr::from);
    let v6 = local_addresses::v6(&text("/proc/net/if_inet6")).into_iter().map(IpAddr::from);
    MachineIdentity {
        names,
        hosts: hosts_file::names(&text("/etc/hosts")),
        addresses: v4.chain(v6).collect(),
        hardware_addresses: hardware_addresses(),
    }
}

/// The hardware addresses of the interfaces, without that of the loopback interface. None where `/sys` is that of another
/// network namespace: it shows the interfaces of whoever mounted it (sysfs(5)).
fn hardware_addresses() -> Vec<String> {
    let own: BTreeSet<String> = nonblocking::text("/proc/thread-self/net/dev", MOST)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned()))
        .collect();
    let shown = std::fs::read_dir("/sys/class/net").into_iter().flatten().flatten().take(MOST_INTERFACES);
    let shown: BTreeSet<String> = shown.map(|entry| os_text(entry.file_name())).collect();
    if own != shown {
        return Vec::new();
    }
    let interfaces =
        std::fs::read_dir("/sys/class/net").into_iter().flatten().flatten().take(MOST_INTERFACES);
    let addresses = interfaces.filter_map(|interface| {
        let text = nonblocking::text(interface.path().join("address"), MOST_OF_ADDRESS).ok()?;
        let digits: String = text.trim().chars().filter(|c| *c != ':').collect();
        let is_address = digits.len() == 12 && digits.chars().any(|c| c != '0');
        is_address.then(|| digits.to_ascii_lowercase())
    });
    let mut addresses: Vec<String> = addresses.collect();
    addresses.sort();
    addresses.dedup();
    addresses
}
