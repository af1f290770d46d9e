//! Lines of a policy that cannot both hold, and lines that say the same.

use super::source::PolicyFault;
use crate::model::{Exposure, PolicyLine, PolicyRule};

/// What is wrong with lines beside others. Each is compared with those before it.
pub(super) fn contradictions(lines: &[PolicyLine], path: &str) -> Vec<PolicyFault> {
    let mut faults = Vec::new();
    let spans: Vec<(u16, u16)> = lines.iter().map(span).collect();
    for (index, line) in lines.iter().enumerate() {
        let (first, last) = spans[index];
        // Most lines are about other ports.
        let meeting = (0..index).filter(|&at| spans[at].0 <= last && first <= spans[at].1);
        let found = meeting.map(|at| &lines[at]).find_map(|earlier| {
            let (key, text) = contradiction(earlier, line)?;
            let other = earlier.place.as_ref().map_or(0, |place| place.line);
            Some((key, text.replace("LINE", &format!("line {other}"))))
        });
        let Some((key, text)) = found else { continue };
        let line = line.place.as_ref().map_or(0, |place| place.line);
        faults.push(PolicyFault::new(path, line, key, text));
    }
    faults
}

/// The lowest and the highest of its ports.
fn span(line: &PolicyLine) -> (u16, u16) {
    let ranges = || line.ports.iter().flat_map(|port| &port.any).map(|(range, _)| range);
    match (ranges().map(|range| range.first).min(), ranges().map(|range| range.last).max()) {
        (Some(first), Some(last)) => (first, last),
        _ => (0, u16::MAX),
    }
}

/// Why two lines cannot both hold; `LINE` stands for the first.
fn contradiction(one: &PolicyLine, other: &PolicyLine) -> Option<(&'static str, String)> {
    let with =
        |rule: PolicyRule| [(one, other), (other, one)].into_iter().find(|(line, _)| line.rule == rule);
    if one.rule == other.rule && is_same(one, other) {
        return Some((
            "port",
            "it is about the same ports and holders as LINE: remove one of the two".to_owned(),
        ));
    }
    if let Some((forbidden, allowed)) = with(PolicyRule::MustNotListen) {
        let is_refused = match allowed.rule {
            PolicyRule::MustListen => ports_meet(forbidden, allowed),
            PolicyRule::MayListen => ports_are_within(allowed, forbidden),
            _ => false,
        };
        if is_refused && holders_meet(forbidden, allowed) {
            let (first, second) = (one.rule.name(), other.rule.name());
            return Some((
                "port",
                format!("by LINE it is {first}, and here {second}: remove one of the two"),
            ));
        }
    }
    let binds_holder = |line: &PolicyLine| matches!(line.rule, PolicyRule::MustListen | PolicyRule::HeldBy);
    if (one.rule == PolicyRule::MustListen || other.rule == PolicyRule::MustListen)
        && binds_holder(one)
        && binds_holder(other)
        && ports_meet(one, other)
        && !holders_meet(one, other)
    {
        let key = if other.programs.is_empty() { "user" } else { "program" };
        return Some((key, "LINE names another holder of the port: one of the two cannot hold".to_owned()));
    }
    if let Some((loopback, wider)) = with(PolicyRule::LoopbackOnly)
        && wider.max_exposure > Some(Exposure::Loopback)
        && ports_are_within(wider, loopback)
    {
        let wide = wider.max_exposure.map_or("", Exposure::code);
        let text = match other.rule {
            PolicyRule::LoopbackOnly => {
                return Some(("port", format!("LINE allows the exposure {wide}: remove one of the two")));
            }
            _ => format!("‘{wide}’ is allowed here, and by LINE the port is loopback-only"),
        };
        return Some(("max-exposure", text));
    }
    None
}

/// Whether both are about the same ports and holders.
fn is_same(one: &PolicyLine, other: &PolicyLine) -> bool {
    let by_ports = |line: &PolicyLine| {
        let mut any: Vec<_> = line.ports.iter().flat_map(|port| port.any.iter().copied()).collect();
        any.sort_unstable();
        any
    };
    by_ports(one) == by_ports(other)
        && one.programs.iter().all(|program| other.programs.contains(program))
        && other.programs.iter().all(|program| one.programs.contains(program))
        && one.users.iter().all(|user| other.users.contains(user))
        && other.users.iter().all(|user| one.users.contains(user))
}

fn ports_meet(one: &PolicyLine, other: &PolicyLine) -> bool {
    let any = one.ports.is_empty() || other.ports.is_empty();
    any || one.ports.iter().any(|port| other.ports.iter().any(|two| port.overlaps(two)))
}

fn ports_are_within(one: &PolicyLine, other: &PolicyLine) -> bool {
    other.ports.is_empty()
        || (!one.ports.is_empty()
            && one.ports.iter().all(|port| other.ports.iter().any(|two| port.is_within(two))))
}

/// Whether one process can be a holder that both name. A name and a path may be of the same file.
fn holders_meet(one: &PolicyLine, other: &PolicyLine) -> bool {
    let programs = one.programs.is_empty()
        || other.programs.is_empty()
        || one.programs.iter().any(|program| other.programs.iter().any(|two| program.may_be(two)));
    let users = one.users.is_empty()
        || other.users.is_empty()
        || one.users.iter().any(|user| other.users.iter().any(|two| may_be_same_user(user, two)));
    programs && users
}

/// A number and a name may be of the same user.
fn may_be_same_user(one: &str, other: &str) -> bool {
    let is_number = |user: &str| user.parse::<u32>().is_ok();
    one == other || is_number(one) != is_number(other)
}
