//! What is wrong with the ports of a license server.

use super::judging::Judging;
use crate::model::phrase::list;
use crate::model::quoting::{quoted, quoted_path};
use crate::model::{
    Exposure, InstalledState, Pid, Problem, ProblemCode, Process, Protocol, Row, ServerProcess, ServerState,
    State,
};

impl Judging<'_, '_> {
    /// The ports that its license files give it: with the name of whom each is for.
    fn wanted_ports(&self) -> Vec<(u16, String)> {
        let of_server = self.block.lines().flat_map(|(_, lines)| &lines.servers);
        let of_server = of_server.filter_map(|line| Some((line.port?, "the license server".to_owned())));
        let of_daemons = self
            .block
            .daemon_lines
            .iter()
            .filter_map(|(_, line)| Some((line.port?, quoted(&line.name).into_owned())));
        let mut ports: Vec<(u16, String)> = of_server.chain(of_daemons).collect();
        ports.sort();
        ports.dedup();
        ports
    }

    /// Whether it does not serve, and would open its ports if it were started again.
    fn may_want_ports(&self, state: ServerState) -> bool {
        let is_off = self.block.installed.is_some_and(|one| one.state == InstalledState::Disabled);
        !is_off && !matches!(state, ServerState::Up | ServerState::CannotTell)
    }

    /// It listens, but not where its license file says, which is where clients look for it.
    pub(super) fn port_mismatches(&self, state: ServerState) -> Vec<Problem> {
        if !matches!(state, ServerState::Up | ServerState::NoDaemon) {
            return Vec::new();
        }
        let of_server = self.block.lines().filter_map(|(file, lines)| match &lines.servers[..] {
            [line] => Some((line.line, line.port?, file, self.server.as_ref()?)),
            // Of three, one is about this machine.
            _ => None,
        });
        let of_daemons = self.block.daemon_lines.iter().filter_map(|(file, line)| {
            let own = |daemon: &&ServerProcess| {
                self.block.line_of(self.survey, &daemon.process).is_some_and(|own| own == *line)
            };
            Some((line.line, line.port?, *file, self.daemons.iter().find(own)?))
        });
        let elsewhere = of_server.chain(of_daemons).filter(|(_, port, _, process)| {
            !process.ports.is_empty() && process.ports.iter().all(|own| own.port != *port)
        });
        let problems = elsewhere.map(|(line, port, file, process)| {
            let own: Vec<String> = process.ports.iter().map(|own| own.port.to_string()).collect();
            Problem {
                code: ProblemCode::PortMismatch,
                text: format!(
                    "{} listens on {}, and its license file says {port} (line {line} of {}): clients look for it there.",
                    process.process.called(),
                    list(&own, "and"),
                    quoted_path(&file.path)
                ),
                next: Some("If the file was changed since it started, start the license server again.".to_owned()),
            }
        });
        problems.collect()
    }

    /// A port of its license file that somebody else holds.
    pub(super) fn port_taken(&self, state: ServerState) -> Vec<Problem> {
        if !self.may_want_ports(state) {
            return Vec::new();
        }
        let own: Vec<Pid> = self.block.processes().map(|process| process.pid).collect();
        let is_own = |row: &Row| row.owner.processes().any(|holder| own.contains(&holder.pid));
        let taken = self.wanted_ports().into_iter().filter_map(|(port, whose)| {
            let is_there = |row: &&Row| {
                row.socket.protocol == Protocol::Tcp
                    && row.socket.local.port() == port
                    && row.socket.namespace.is_none()
            };
            let mut on_port = self.survey.rows.iter().filter(is_there);
            let row = on_port.find(|row| !is_own(row))?;
            if self.survey.rows.iter().filter(is_there).any(&is_own) {
                return None;
            }
            let holder = row.owner.lead().map_or("A process that is hidden".to_owned(), Process::called);
            let how = if row.socket.state == State::Bound { "holds" } else { "listens on" };
            Some(Problem {
                code: ProblemCode::PortTaken,
                text: format!("{holder} {how} {port}/tcp, the port of {whose}."),
                next: Some(format!("See who that is: whatlistens {port}")),
            })
        });
        taken.collect()
    }

    /// A port of its license file that the system refuses to every program (Windows).
    pub(super) fn port_reserved(&self, state: ServerState) -> Vec<Problem> {
        if !self.may_want_ports(state) {
            return Vec::new();
        }
        let excluded = self.survey.observation.port_rules.excluded.iter().flatten();
        let refused =
            excluded.filter(|one| !one.by_number && one.protocol.is_none_or(|p| p == Protocol::Tcp));
        let refused: Vec<_> = refused.map(|one| one.ports).collect();
        let wanted = self.wanted_ports().into_iter();
        let reserved = wanted.filter(|(port, _)| refused.iter().any(|range| range.contains(*port)));
        let reserved = reserved.map(|(port, whose)| Problem {
            code: ProblemCode::PortReserved,
            text: format!("The system has reserved {port}/tcp, the port of {whose}: nobody can open it."),
            next: Some(format!("See the reserved ports: whatlistens excluded {port}")),
        });
        reserved.collect()
    }

    pub(super) fn backlogs_full(&self) -> Vec<Problem> {
        let full = self.all().flat_map(|one| one.ports.iter().map(move |port| (one, port)));
        let full = full.filter(|(_, port)| port.is_backlog_full);
        let problems = full.map(|(one, port)| Problem {
            code: ProblemCode::BacklogFull,
            text: format!(
                "The backlog of {} on {}/{} is full: new connections get no answer.",
                one.process.called(),
                port.port,
                port.protocol
            ),
            next: Some("It is stuck or overloaded: look at its log, and start it again.".to_owned()),
        });
        problems.collect()
    }

    /// Nobody but this machine's own programs can reach it.
    pub(super) fn loopback_only(&self, state: ServerState) -> Option<Problem> {
        let is_for_clients = self.managers.iter().any(|manager| manager.clients);
        if state == ServerState::OrphanedDaemon || is_for_clients {
            return None;
        }
        let is_loopback = |one: &&ServerProcess| {
            !one.ports.is_empty() && one.ports.iter().all(|port| !port.exposure.is_beyond_loopback())
        };
        let bound = self.running().find(is_loopback)?;
        let port = bound.ports.first()?.port;
        let is_anywhere = bound.ports.iter().any(|port| port.exposure != Exposure::Unassigned);
        let why = match is_anywhere {
            true => "on loopback only: clients on other machines cannot reach it",
            false => "only on an address that no interface has now: nobody can reach it",
        };
        let text = format!("{} listens {why}.", bound.process.called());
        let next = Some(format!("Let it listen on an address that clients reach; see whatlistens {port}"));
        Some(Problem { code: ProblemCode::LoopbackOnly, text, next })
    }

    pub(super) fn ports_not_fixed(&self) -> Vec<Problem> {
        let loose =
            self.daemons.iter().filter(|one| one.port_is_fixed == Some(false) && !one.ports.is_empty());
        let problems = loose.map(|daemon| {
            let ports: Vec<String> =
                daemon.ports.iter().map(|port| format!("{}/{}", port.port, port.protocol)).collect();
            let keyword = match self.block.technology {
                Some(technology) if technology.id == "rlm" => "ISV",
                _ => "VENDOR",
            };
            let line = self.block.line_of(self.survey, &daemon.process);
            let place = self.block.daemon_lines.iter().find(|(_, own)| Some(*own) == line);
            let place = place.map_or(String::new(), |(file, line)| {
                format!(" (line {} of {})", line.line, quoted_path(&file.path))
            });
            let keyword = line.map_or(keyword, |line| &line.keyword);
            let (daemon, ports) = (daemon.process.called(), list(&ports, "and"));
            let (text, next) = match line {
                Some(_) => (
                    format!(
                        "The port of {daemon}, {ports}, was chosen by the system and changes with the next start: no \
                         firewall rule can name it."
                    ),
                    format!("Write port= on the {keyword} line{place}."),
                ),
                None => (
                    format!(
                        "{daemon} listens on {ports}, which the system probably chose: unless the license file names \
                         that port, it changes with the next start, and no firewall rule can name it."
                    ),
                    format!("If the {keyword} line has no port=, add it."),
                ),
            };
            Problem { code: ProblemCode::PortNotFixed, text, next: Some(next) }
        });
        problems.collect()
    }
}
