//! What listens now, as the policy that allows it and nothing else.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::answer::{CheckQuestion, check};
use super::held::{Held, held};
use super::scene::is_bound;
use crate::knowledge::Knowledge;
use crate::model::phrase::counted;
use crate::model::quoting::quoted;
use crate::model::{
    CheckStatus, Exposure, Observation, Os, Owner, Policy, PolicyLine, PolicyPort, PolicyProgram, PolicyRule,
    PortRange, Protocol, Row, SuggestedPolicy, Vouched, is_path, usual_ephemeral,
};
use crate::query::{Naming, Query, UsageError, account, filter, program};
use crate::report::rows::rows;

/// What tells a line from the others: its port or ports, protocol, program and user.
type Key = (PortRange, Protocol, Option<String>, Option<String>);

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
    let mut lines: BTreeMap<Key, (PolicyLine, String)> = BTreeMap::new();
    for row in &listeners {
        let line = line(row, ephemeral, asked, os, today);
        let (range, protocol) = line.ports[0].any[0];
        let program = line.programs.first().map(|program| program.0.clone());
        let key = (range, protocol.unwrap_or(row.socket.protocol), program, line.users.first().cloned());
        let (known, _) = lines.entry(key).or_insert_with(|| (line.clone(), comment(row)));
        known.max_exposure = widest(known.max_exposure, line.max_exposure);
    }
    let (lines, comments) = lines.into_values().unzip();
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
fn line(row: &Row, ephemeral: PortRange, asked: &Policy, os: Os, today: Date) -> PolicyLine {
    let port = row.socket.local.port();
    let lead = row.owner.lead();
    let path = lead
        .and_then(|lead| lead.exe())
        .map(|exe| exe.path.clone())
        .filter(|path| is_path(path) && program(path).is_ok());
    let user =
        lead.and_then(|lead| lead.user.clone()).filter(|user| !user.is_empty() && account(user).is_ok());
    let users: Vec<String> = user.into_iter().collect();
    let with = |range: PortRange, programs: Vec<PolicyProgram>, users: Vec<String>| PolicyLine {
        rule: PolicyRule::MayListen,
        place: None,
        ports: vec![policy_port(range, row.socket.protocol)],
        programs,
        users,
        max_exposure: Some(row.exposure.max(Exposure::Loopback))
            .filter(|&most| most < Exposure::AllInterfaces),
        reason: Some(format!("listened on {today}")),
        until: None,
    };
    let holds = |line: &PolicyLine| held(line, row, asked, os) == Held::Yes;
    let one = PortRange::one(port);
    let programs: Vec<PolicyProgram> = path.into_iter().map(PolicyProgram).collect();
    if !programs.is_empty() {
        let range = if ephemeral.contains(port) { ephemeral } else { one };
        let exactly = with(range, programs, users.clone());
        if holds(&exactly) {
            return exactly;
        }
    }
    let of_user = with(one, Vec::new(), users);
    if holds(&of_user) { of_user } else { with(one, Vec::new(), Vec::new()) }
}

fn policy_port(range: PortRange, protocol: Protocol) -> PolicyPort {
    PolicyPort { written: format!("{range}/{protocol}"), any: vec![(range, Some(protocol))] }
}

/// `None` is no limit.
fn widest(one: Option<Exposure>, other: Option<Exposure>) -> Option<Exposure> {
    Some(one?.max(other?))
}

/// What listens, in a few words: the process, its unit and the registry's name of the port.
fn comment(row: &Row) -> String {
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
    let unit = unit.map(|unit| format!(" in {}", quoted(&unit.name)));
    let service = row
        .service
        .as_ref()
        .map(|service| format!("; the registry calls the port {}", quoted(&service.name)));
    format!("{who}{}{}", unit.unwrap_or_default(), service.unwrap_or_default())
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
