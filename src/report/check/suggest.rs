//! What listens now, as the policy that allows it and nothing else.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::answer::{CheckQuestion, check};
use super::held::{Held, held};
use super::scene::is_bound;
use crate::knowledge::Knowledge;
use crate::model::phrase::counted;
use crate::model::quoting::quoted;
use crate::model::sorting::sort_by_key;
use crate::model::{
    CheckStatus, Exposure, Observation, Os, Owner, Policy, PolicyLine, PolicyPort, PolicyProgram, PolicyRule,
    PortRange, Protocol, Row, SuggestedPolicy, Vouched, is_path, usual_ephemeral,
};
use crate::query::{Naming, Query, UsageError, account, filter, program};
use crate::report::exposure::exposure;
use crate::report::rows::rows;

/// What tells a line from the others: its port or ports, protocol, program and user.
type Key = (PortRange, Protocol, Option<String>, Option<String>);

/// So many neighbouring ports of one holder are one line.
const MANY: usize = 10;

/// A line that is suggested.
#[derive(Clone)]
struct Suggested {
    line: PolicyLine,
    /// Its ports and their protocol.
    ports: (PortRange, Protocol),
    /// From how far the listeners that it may be about are reached.
    reach: Exposure,
    /// The process, and its unit.
    who: String,
    /// The registry's name of the port.
    service: Option<String>,
    /// Why it is as it is.
    why: Vec<String>,
}

/// The policy that allows what listens now. `ephemeral` are the ports that the system hands out: there the program
/// counts, because the port is another after the next start.
///
/// # Errors
///
/// Where a word names nothing.
pub fn suggested_policy(
    question: &CheckQuestion<'_>,
    observation: &Observation,
    ephemeral: Option<PortRange>,
    knowledge: &Knowledge,
) -> Result<SuggestedPolicy, UsageError> {
    let CheckQuestion { query, policy: asked, .. } = *question;
    // Refuses the words that name nothing.
    let flagged = Policy { no_flagged: true, vouched: asked.vouched.clone(), ..Policy::default() };
    let answer =
        check(&CheckQuestion { policy: &flagged, servers: None, ..*question }, observation, knowledge)?;
    let os = observation.host.os;
    let ephemeral = ephemeral.unwrap_or_else(|| usual_ephemeral(os));
    // Nothing has port 0.
    let ephemeral = PortRange { first: ephemeral.first.max(1), last: ephemeral.last.max(1) };
    let today = observation.taken_at.to_zoned(TimeZone::UTC).date();
    let listeners = listeners(query, &asked.vouched, observation, knowledge);
    let mut lines: BTreeMap<Key, Suggested> = BTreeMap::new();
    for row in &listeners {
        let suggested = suggested(row, ephemeral, asked, os, today);
        let (range, protocol) = suggested.ports;
        let program = suggested.line.programs.first().map(|program| program.0.clone());
        let known = lines
            .entry((range, protocol, program, suggested.line.users.first().cloned()))
            .or_insert(suggested);
        let gone = "no interface has its address now";
        if row.exposure == Exposure::Unassigned && !known.why.iter().any(|why| why == gone) {
            known.why.push(gone.to_owned());
        }
    }
    let mut lines: Vec<Suggested> = lines.into_values().collect();
    reach(&mut lines, &listeners, asked, os);
    let lines = in_ranges(lines);
    let comments = lines.iter().map(Suggested::comment).collect();
    let lines = lines.into_iter().map(|suggested| suggested.line).collect();
    let notes = notes(&listeners, observation, &answer.status);
    let no_flagged = answer.status == CheckStatus::Ok;
    let policy =
        Policy { lines, no_flagged, nothing_else: true, vouched: asked.vouched.clone(), ..Policy::default() };
    Ok(SuggestedPolicy {
        host: observation.host.name.clone(),
        taken_at: observation.taken_at,
        policy,
        comments,
        notes,
    })
}

fn listeners(query: &Query, vouched: &Vouched, observation: &Observation, knowledge: &Knowledge) -> Vec<Row> {
    let all = rows(observation, vouched, knowledge);
    let naming = Naming::of(query.filter.names(), &all, observation);
    let mut rows = filter(all, &query.filter, &naming, observation).rows;
    rows.retain(|row| !is_bound(row));
    rows
}

/// The line that allows a listener: with its program and user, as far as they are known beyond doubt.
fn suggested(row: &Row, ephemeral: PortRange, asked: &Policy, os: Os, today: Date) -> Suggested {
    let (port, protocol) = (row.socket.local.port(), row.socket.protocol);
    let is_chosen = ephemeral.contains(port);
    let lead = row.owner.lead();
    let path = lead.and_then(|lead| lead.exe()).map(|exe| exe.path.clone()).filter(|path| is_path(path));
    let user =
        lead.and_then(|lead| lead.user.clone()).filter(|user| !user.is_empty() && account(user).is_ok());
    let mut why = Vec::new();
    let with = |range: PortRange, programs: Vec<PolicyProgram>, users: &Option<String>, why: Vec<String>| {
        let line = PolicyLine {
            rule: PolicyRule::MayListen,
            place: None,
            ports: vec![policy_port(range, protocol)],
            programs,
            users: users.iter().cloned().collect(),
            max_exposure: None,
            reason: Some(format!("listened on {today}")),
            until: None,
        };
        let (who, service) =
            (who(row), row.service.as_ref().map(|service| quoted(&service.name).into_owned()));
        let service = service.filter(|_| range.single().is_some());
        Suggested { line, ports: (range, protocol), reach: Exposure::Loopback, who, service, why }
    };
    let is_held = |suggested: &Suggested| held(&suggested.line, row, asked, os);
    let one = PortRange::one(port);
    let range = if is_chosen { ephemeral } else { one };
    let chosen = "the system chose the port, and chooses another at the next start".to_owned();
    match path.map(|path| program(&path)) {
        Some(Ok(program)) => {
            let own = is_chosen.then(|| chosen.clone()).into_iter().collect();
            let exactly = with(range, vec![program], &user, own);
            match is_held(&exactly) {
                Held::Yes => return exactly,
                Held::Unknown(untold) => why.push(format!("any program, because {untold}")),
                Held::No => {}
            }
        }
        Some(Err(_)) => why.push("any program, because its path cannot be written here".to_owned()),
        None => {}
    }
    if user.is_some() {
        let own = why.iter().cloned().chain(is_chosen.then(|| chosen.clone())).collect();
        let of_user = with(range, Vec::new(), &user, own);
        if is_held(&of_user) == Held::Yes {
            return of_user;
        }
    }
    why.extend(is_chosen.then(|| format!("perhaps {chosen}")));
    with(one, Vec::new(), &None, why)
}

fn policy_port(range: PortRange, protocol: Protocol) -> PolicyPort {
    PolicyPort { written: format!("{range}/{protocol}"), any: vec![(range, Some(protocol))] }
}

/// Lets each line reach as far as every listener that it may be about.
fn reach(lines: &mut [Suggested], listeners: &[Row], asked: &Policy, os: Os) {
    let mut of_port: HashMap<(u16, Protocol), Vec<usize>> = HashMap::new();
    let mut of_ranges: Vec<usize> = Vec::new();
    for (index, Suggested { ports: (range, protocol), .. }) in lines.iter().enumerate() {
        match range.single() {
            Some(port) => of_port.entry((port, *protocol)).or_default().push(index),
            None => of_ranges.push(index),
        }
    }
    for row in listeners {
        let (port, protocol) = (row.socket.local.port(), row.socket.protocol);
        let reached = match row.exposure {
            // Whoever gives an interface the address again gives it to the listener too.
            Exposure::Unassigned => exposure(row.socket.local.ip()),
            exposure => exposure,
        };
        for &index in of_port.get(&(port, protocol)).into_iter().flatten().chain(&of_ranges) {
            let Suggested { line, reach, .. } = &mut lines[index];
            if *reach < reached && line.has_port(protocol, port) && held(line, row, asked, os) != Held::No {
                *reach = reached;
            }
        }
    }
    for Suggested { line, reach, .. } in lines {
        line.max_exposure = Some(*reach).filter(|&most| most < Exposure::AllInterfaces);
    }
}

/// Many neighbouring ports of one holder as one line.
fn in_ranges(lines: Vec<Suggested>) -> Vec<Suggested> {
    let mut by_holder: BTreeMap<_, Vec<Suggested>> = BTreeMap::new();
    for one in lines {
        let PolicyLine { programs, users, max_exposure, .. } = &one.line;
        let program = programs.first().map(|program| program.0.clone());
        let key = (one.ports.1, program, users.first().cloned(), *max_exposure, one.why.clone());
        by_holder.entry(key).or_default().push(one);
    }
    let is_next = |one: &Suggested, next: &Suggested| {
        one.ports.0.single().is_some_and(|port| next.ports.0.single() == port.checked_add(1))
    };
    let mut lines = Vec::new();
    for own in by_holder.into_values() {
        for run in own.chunk_by(is_next) {
            match run {
                [first, .., last] if run.len() >= MANY => {
                    let range = PortRange { first: first.ports.0.first, last: last.ports.0.last };
                    let line =
                        PolicyLine { ports: vec![policy_port(range, first.ports.1)], ..first.line.clone() };
                    let (ports, who) =
                        ((range, first.ports.1), format!("{} on {} ports", first.who, run.len()));
                    lines.push(Suggested { line, ports, who, service: None, ..first.clone() });
                }
                _ => lines.extend_from_slice(run),
            }
        }
    }
    sort_by_key(&mut lines, |one| one.ports);
    lines
}

impl Suggested {
    /// What listens, in a few words: the process, its unit and the registry's name of the port.
    fn comment(&self) -> String {
        let service = self.service.iter().map(|service| format!("the registry calls the port {service}"));
        let who = std::iter::once(self.who.clone());
        who.chain(service).chain(self.why.iter().cloned()).collect::<Vec<_>>().join("; ")
    }
}

/// The process and its unit.
fn who(row: &Row) -> String {
    let who = match &row.owner {
        Owner::Identified { lead, .. } => lead
            .name
            .as_deref()
            .map_or("a process without a name".to_owned(), |name| quoted(name).into_owned()),
        Owner::Hidden => "the owner could not be seen".to_owned(),
        Owner::Unattributed => "no process holds it".to_owned(),
    };
    let lead = row.owner.lead();
    let unit = lead.and_then(|lead| lead.services.first()).or(row.socket.made_in.as_ref());
    unit.map_or(who.clone(), |unit| format!("{who} in {}", quoted(&unit.name)))
}

fn notes(listeners: &[Row], observation: &Observation, flagged: &CheckStatus) -> Vec<String> {
    let mut notes: Vec<String> = observation
        .gaps
        .iter()
        .filter(|gap| gap.kind.hides_sockets())
        .map(|gap| format!("Not complete: {}.", gap.detail))
        .collect();
    let hidden = listeners.iter().filter(|row| row.owner == Owner::Hidden).count();
    if hidden > 0 {
        notes.push(format!(
            "The owners of {} could not be seen: their lines allow any program. Run it with more rights.",
            counted(hidden, "listener")
        ));
    }
    if *flagged != CheckStatus::Ok {
        notes.push(
            "Not all license ports are known to be held by the right process: see whatlistens --flagged. When they are, \
             add: no-flagged = true"
                .to_owned(),
        );
    }
    notes
}
