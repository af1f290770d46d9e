//! Three servers that stand in for each other: a license file with three `SERVER` lines, of which two must run
//! (FlexNet Publisher License Administration Guide, "Three-Server Redundancy").

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::judging::Judging;
use super::lines::host_is_here;
use crate::model::phrase::list;
use crate::model::quoting::quoted;
use crate::model::{LicenseLines, MachineIdentity, ServerLine};

impl Judging<'_, '_> {
    /// Which of the three this machine is, and whether it is connected with the two others.
    pub(super) fn redundancy(&self) -> Vec<String> {
        let Some(identity) = self.identity() else { return Vec::new() };
        let three = self.block.lines().map(|(_, lines)| lines).find(|lines| lines.servers.len() == 3);
        three.map_or_else(Vec::new, |lines| self.of_three(lines, identity))
    }

    fn of_three(&self, lines: &LicenseLines, identity: &MachineIdentity) -> Vec<String> {
        const ORDINALS: [&str; 3] = ["first", "second", "third"];
        let is_here = |line: &ServerLine| host_is_here(&line.host, identity) == Some(true);
        let Some(own) = lines.servers.iter().position(is_here) else { return Vec::new() };
        let (Some(ordinal), Some(this)) = (ORDINALS.get(own), lines.servers.get(own)) else {
            return Vec::new();
        };
        let mut notes = vec![format!(
            "This machine is {}, the {ordinal} of three servers; two of them must run.",
            quoted(&this.host)
        )];
        let Some(peers) =
            self.survey.observation.license_setup.as_ref().and_then(|setup| setup.peers.as_ref())
        else {
            return notes;
        };
        let connected: BTreeSet<IpAddr> = peers.iter().map(|peer| peer.ip().to_canonical()).collect();
        let others = lines.servers.iter().enumerate().filter(|(at, _)| *at != own).map(|(_, line)| line);
        let addresses = |line: &ServerLine| -> Vec<IpAddr> {
            let literal = line.host.parse().ok();
            let hosts = identity.hosts.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&line.host));
            literal.into_iter().chain(hosts.map(|(_, address)| *address)).collect()
        };
        let (mut standing, mut missing, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for line in others {
            let known = addresses(line);
            let list = match known.iter().any(|address| connected.contains(address)) {
                true => &mut standing,
                false if known.is_empty() => &mut unknown,
                false => &mut missing,
            };
            list.push(quoted(&line.host));
        }
        if !standing.is_empty() {
            let connections = if standing.len() == 1 { "The connection" } else { "The connections" };
            let stand = if standing.len() == 1 { "stands" } else { "stand" };
            notes.push(format!("{connections} to {} {stand}.", list(&standing, "and")));
        }
        if !missing.is_empty() {
            notes.push(format!("There is no connection to {}.", list(&missing, "or")));
        }
        if !unknown.is_empty() {
            let names = list(&unknown, "or");
            notes.push(format!(
                "Whether {names} is connected is not known: the hosts file has no address of that name, and no name server \
                 was asked."
            ));
        }
        notes
    }
}
