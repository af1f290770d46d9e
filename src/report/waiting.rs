//! Whether the ports that are waited for are as they are waited for, and if not, why.

use super::rows::rows;
use crate::knowledge::Knowledge;
use crate::model::phrase::list;
use crate::model::{Gap, GapKind, Observation, Os, Owner, Row, State, Vouched, WaitGoal, WaitedPort};
use crate::query::{Destination, Dropped, Filtered, Naming, Place, Target, WaitQuestion, filter};

/// How the ports stand. A glance decides too, unless it depends on who holds them.
#[must_use]
pub fn waited_ports(
    question: &WaitQuestion,
    observation: &Observation,
    knowledge: &Knowledge,
) -> Vec<WaitedPort> {
    let by_process = question.by_process();
    let rows = rows(observation, &Vouched::default(), knowledge);
    let naming = Naming::of(by_process.names(), &rows, observation);
    let filtered = filter(rows, &by_process, &naming, observation);
    let scene = Scene { question, observation, filtered };
    question.filter.targets.iter().map(|target| scene.port(target)).collect()
}

/// The gaps that matter to how the ports stand. `remedy` is what to do to see more.
#[must_use]
pub fn gaps_of_waiting(observation: &Observation, ports: &[WaitedPort], remedy: Option<&str>) -> Vec<Gap> {
    let hidden = ports.iter().filter(|port| port.reached.is_none()).flat_map(|port| &port.rows);
    let hidden = hidden.filter(|row| row.hides_holders()).count();
    let owners = (hidden > 0).then(|| {
        let detail = "you are not allowed to see which process holds it".to_owned();
        let gap = Gap::new(GapKind::OwnerHidden, detail);
        Gap { count: Some(hidden as u64), remedy: remedy.map(str::to_owned), ..gap }
    });
    observation.gaps.iter().cloned().chain(owners).collect()
}

/// Why the ports are not all as they are waited for; `None` where they are.
#[must_use]
pub fn why_not_reached(ports: &[WaitedPort]) -> Option<String> {
    let why: Vec<&str> = ports.iter().filter_map(|port| port.why.as_deref()).collect();
    (!why.is_empty()).then(|| why.join("; "))
}

struct Scene<'a> {
    question: &'a WaitQuestion,
    observation: &'a Observation,
    /// What the right processes hold, and what others do.
    filtered: Filtered,
}

impl Scene<'_> {
    fn port(&self, target: &Target) -> WaitedPort {
        let goal = self.question.goal;
        let what = target.to_string();
        let counts = |row: &&Row| goal == WaitGoal::Gone || row.socket.state != State::Bound;
        let of_right: Vec<&Row> = self.about(target).filter(counts).collect();
        let of_others: Vec<&Dropped> =
            self.filtered.dropped.iter().filter(|one| self.is_about(target, &one.row)).collect();
        let undecided: Vec<&Row> =
            of_others.iter().filter(|one| one.by.is_empty()).map(|one| &one.row).filter(counts).collect();
        let (reached, rows, why) = match (goal, &of_right[..], &undecided[..]) {
            (WaitGoal::Listening, ..) if let Some(why) = self.foreign(target) => {
                (Some(false), Vec::new(), Some(format!("{what}: {why}")))
            }
            (WaitGoal::Listening, [_, ..], _) => (Some(true), of_right, None),
            (WaitGoal::Gone, [_, ..], _) => {
                let why = format!("{what} is still held by {}", self.holders(&of_right));
                (Some(false), of_right, Some(why))
            }
            (_, [], [_, ..]) => {
                let why = format!("{what} is held by {}", self.holders(&undecided));
                (None, undecided, Some(why))
            }
            (WaitGoal::Gone, [], []) => {
                let (reached, why) = self.nothing_seen(&what);
                (reached, Vec::new(), why)
            }
            (WaitGoal::Listening, [], []) => {
                let others: Vec<&Row> = of_others.iter().map(|one| &one.row).collect();
                (Some(false), Vec::new(), Some(self.why_not_listening(target, &what, &others)))
            }
        };
        WaitedPort { what, reached, rows: rows.into_iter().cloned().collect(), why }
    }

    /// That the address is of no interface. Whoever waits for a license server elsewhere must not go on because one is here.
    fn foreign(&self, target: &Target) -> Option<String> {
        let interfaces = self.observation.interfaces.as_deref()?;
        let Target::At(Place { destination: Destination::Ip(address), .. }, _) = target else { return None };
        address.is_foreign(interfaces).then(|| {
            format!("no interface of this machine has {address}, and wait looks at this machine alone")
        })
    }

    /// Whether a port on which nothing was seen is free of listeners, and if not, why.
    fn nothing_seen(&self, what: &str) -> (Option<bool>, Option<String>) {
        let has = |kind| self.observation.gaps.iter().any(|gap| gap.kind == kind);
        if has(GapKind::SocketsHidden) {
            return (None, Some(format!("you are not allowed to see whether {what} is held")));
        }
        // It may be readable the next time.
        let unread =
            has(GapKind::SocketsUnreadable).then(|| format!("whether {what} is held could not be read"));
        (Some(unread.is_none()), unread)
    }

    fn why_not_listening(&self, target: &Target, what: &str, of_others: &[&Row]) -> String {
        if !of_others.is_empty() {
            let processes = list(&self.question.filter.processes, "or");
            return format!("{what} is held by {}, not by {processes}", self.holders(of_others));
        }
        let bound: Vec<&Row> = self.about(target).collect();
        if !bound.is_empty() {
            return format!("{what} is taken by {}, but does not listen", self.holders(&bound));
        }
        let on_port = |row: &&Row| self.question.is_on_port(target, &row.socket);
        match self.filtered.rows.iter().find(on_port) {
            None => format!("{what} does not listen"),
            Some(row) => {
                let (protocol, place) = (row.socket.protocol, row.socket.local);
                let holder = self.holders(&[row]);
                format!(
                    "{what} does not listen; {}/{protocol} listens at {}, held by {holder}",
                    place.port(),
                    place.ip()
                )
            }
        }
    }

    fn about(&self, target: &Target) -> impl Iterator<Item = &Row> {
        self.filtered.rows.iter().filter(|row| self.is_about(target, row))
    }

    fn is_about(&self, target: &Target, row: &Row) -> bool {
        self.question.is_about(target, &row.socket, self.observation.interfaces.as_deref())
    }

    /// Who holds these, each once.
    fn holders(&self, rows: &[&Row]) -> String {
        let mut holders: Vec<String> = Vec::new();
        for row in rows {
            let holder = holder(row, self.observation.host.os);
            if !holders.contains(&holder) {
                holders.push(holder);
            }
        }
        list(&holders, "and")
    }
}

/// Who holds it.
fn holder(row: &Row, os: Os) -> String {
    holder_of(row, os, "")
}

/// Who holds it, with `of_user` behind the name of a process.
pub(super) fn holder_of(row: &Row, os: Os, of_user: &str) -> String {
    match &row.owner {
        Owner::Identified { lead, .. } => {
            let claims = if lead.claims_its_name(os) { "a process that calls itself " } else { "" };
            let more =
                if row.more_holders { ", perhaps with others that you are not allowed to see" } else { "" };
            format!("{claims}{}{of_user}{more}", lead.called())
        }
        Owner::Hidden => "a process that you are not allowed to see".to_owned(),
        Owner::Unattributed => "no process that can be found".to_owned(),
    }
}
