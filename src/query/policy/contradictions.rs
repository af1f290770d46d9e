//! Lines of a policy that cannot both hold, and lines that say the same.

use std::collections::{BTreeMap, BTreeSet};

use super::source::PolicyFault;
use crate::model::sorting::sort_by_key;
use crate::model::{Exposure, PolicyLine, PolicyPort, PolicyRule, PortRange, Protocol};

/// So many pairs of ranges and of holders are compared, of lines with ports in common: what would take longer is refused.
const MOST_PAIRS: usize = 4_000_000;

/// What is wrong with a line beside one before it: the index of that line, the key, and a text in which `LINE` stands for
/// it.
type Wrong = (usize, &'static str, String);

/// What is wrong with lines beside others. Each is compared with those before it.
pub(super) fn contradictions(lines: &[PolicyLine], path: &str) -> Vec<PolicyFault> {
    let number = |index: usize| lines[index].place.as_ref().map_or(0, |place| place.line);
    let mut found = said_again(lines);
    let Some(meeting) = of_meeting(lines) else {
        let text = "too many lines are about the same ports to compare them: write ranges, and several programs in one line";
        return vec![PolicyFault::new(path, 1, "policy", text)];
    };
    for (line, wrong) in meeting {
        found.entry(line).or_insert(wrong);
    }
    let fault = |(line, (other, key, text)): (usize, Wrong)| {
        PolicyFault::new(path, number(line), key, text.replace("LINE", &format!("line {}", number(other))))
    };
    found.into_iter().map(fault).collect()
}

type Ports = BTreeSet<(PortRange, Option<Protocol>)>;

/// The lines that say the same as one before, or allow the same holders of a port another exposure.
fn said_again(lines: &[PolicyLine]) -> BTreeMap<usize, Wrong> {
    let mut found = BTreeMap::new();
    let mut holders: BTreeMap<(BTreeSet<&str>, BTreeSet<&str>), usize> = BTreeMap::new();
    let mut before: BTreeMap<(PolicyRule, usize, Ports), usize> = BTreeMap::new();
    let mut limits: BTreeMap<(usize, Ports), (usize, Exposure)> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        let programs = line.programs.iter().map(|program| program.0.as_str()).collect();
        let next = holders.len();
        let holders =
            *holders.entry((programs, line.users.iter().map(String::as_str).collect())).or_insert(next);
        let ports = line.ports.iter().flat_map(|port| port.any.iter().copied()).collect();
        let first = *before.entry((line.rule, holders, ports)).or_insert(index);
        if first != index {
            let text = "it is about the same ports and holders as LINE: remove one of the two";
            found.insert(index, (first, "port", text.to_owned()));
            continue;
        }
        let Some(most) = line.max_exposure else { continue };
        for port in &line.ports {
            let ports = port.any.iter().copied().collect();
            let (first, other) = *limits.entry((holders, ports)).or_insert((index, most));
            if other != most {
                let text = format!(
                    "‘{}’ is allowed here, and ‘{}’ of the same port by LINE: write one of the two",
                    most.code(),
                    other.code()
                );
                found.entry(index).or_insert((first, "max-exposure", text));
            }
        }
    }
    found
}

/// Ports of a line; `port` is `None` of one that is about any.
#[derive(Clone, Copy)]
struct Range<'a> {
    first: u16,
    last: u16,
    protocol: Option<Protocol>,
    port: Option<&'a PolicyPort>,
    index: usize,
    line: &'a PolicyLine,
}

/// The lines that contradict one before with which they have a port in common; `None` where it would take too long to
/// say.
fn of_meeting(lines: &[PolicyLine]) -> Option<BTreeMap<usize, Wrong>> {
    let mut found: BTreeMap<usize, Wrong> = BTreeMap::new();
    let mut pairs = 0;
    // By rule, those that reach to the range at hand or beyond.
    let mut open: BTreeMap<PolicyRule, Vec<Range<'_>>> = BTreeMap::new();
    for range in ranges(lines) {
        for (_, open) in open.iter_mut().filter(|(rule, _)| may_contradict(range.line.rule, **rule)) {
            open.retain(|other| other.last >= range.first);
            for other in open.iter().filter(|other| other.index != range.index) {
                pairs += work(range.line, other.line);
                if pairs > MOST_PAIRS {
                    return None;
                }
                let (one, two) = if other.index < range.index { (other, &range) } else { (&range, other) };
                if found.get(&two.index).is_none_or(|(earlier, ..)| one.index < *earlier)
                    && let Some((key, text)) = contradiction(one, two)
                {
                    found.insert(two.index, (one.index, key, text));
                }
            }
        }
        open.entry(range.line.rule).or_default().push(range);
    }
    Some(found)
}

/// Whether lines with these rules can contradict each other: see [`contradiction`].
fn may_contradict(one: PolicyRule, other: PolicyRule) -> bool {
    use PolicyRule::{HeldBy, LoopbackOnly, MayListen, MustListen, MustNotListen};
    matches!(
        (one, other),
        (MustListen | HeldBy, MustListen | HeldBy)
            | (MustListen | MayListen | HeldBy, MustNotListen)
            | (MustNotListen, MustListen | MayListen | HeldBy)
            | (MustListen | MayListen, LoopbackOnly)
            | (LoopbackOnly, MustListen | MayListen)
            | (MayListen, HeldBy)
            | (HeldBy, MayListen)
    )
}

/// What it takes to compare two lines.
fn work(one: &PolicyLine, other: &PolicyLine) -> usize {
    1 + one.programs.len() * other.programs.len() + one.users.len() * other.users.len()
}

/// All ranges of all lines, from the lowest port up.
fn ranges(lines: &[PolicyLine]) -> Vec<Range<'_>> {
    let mut ranges = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let any = Range { first: 0, last: u16::MAX, protocol: None, port: None, index, line };
        ranges.extend(line.ports.is_empty().then_some(any));
        for port in &line.ports {
            ranges.extend(port.any.iter().map(|&(range, protocol)| Range {
                first: range.first,
                last: range.last,
                protocol,
                port: Some(port),
                ..any
            }));
        }
    }
    sort_by_key(&mut ranges, |range| (range.first, range.index));
    ranges
}

impl Range<'_> {
    /// Whether all ports that were written there are among those of another.
    fn is_within(&self, other: &Range<'_>) -> bool {
        other.port.is_none_or(|all| self.port.is_some_and(|port| port.is_within(all)))
    }
}

/// Why two lines that have these ports in common cannot both hold.
fn contradiction(one: &Range<'_>, other: &Range<'_>) -> Option<(&'static str, String)> {
    if one.protocol.is_some() && other.protocol.is_some() && one.protocol != other.protocol {
        return None;
    }
    let with = |rule: PolicyRule| {
        [(one, other), (other, one)].into_iter().find(|(range, _)| range.line.rule == rule)
    };
    if let Some((forbidden, allowed)) = with(PolicyRule::MustNotListen) {
        let is_refused = match allowed.line.rule {
            PolicyRule::MustListen => true,
            PolicyRule::MayListen | PolicyRule::HeldBy => allowed.is_within(forbidden),
            PolicyRule::LoopbackOnly | PolicyRule::MustNotListen => false,
        };
        if is_refused && forbids_holder(forbidden.line, allowed.line) {
            let (first, second) = (one.line.rule.name(), other.line.rule.name());
            return Some((
                "port",
                format!("by LINE it is {first}, and here {second}: remove one of the two"),
            ));
        }
    }
    let binds_holder =
        |range: &Range<'_>| matches!(range.line.rule, PolicyRule::MustListen | PolicyRule::HeldBy);
    let is_allowed_in_vain = with(PolicyRule::HeldBy)
        .is_some_and(|(held, may)| may.line.rule == PolicyRule::MayListen && may.is_within(held));
    if (is_allowed_in_vain || binds_holder(one) && binds_holder(other)) && !holders_meet(one.line, other.line)
    {
        let key = if other.line.programs.is_empty() { "user" } else { "program" };
        return Some((key, "LINE names another holder of the port: one of the two cannot hold".to_owned()));
    }
    if let Some((loopback, wider)) = with(PolicyRule::LoopbackOnly)
        && let Some(wide) = wider.line.max_exposure.filter(|&most| most > Exposure::Loopback)
        && wider.is_within(loopback)
    {
        let wide = wide.code();
        return Some(match other.line.rule {
            PolicyRule::LoopbackOnly => {
                ("port", format!("LINE allows the exposure {wide}: remove one of the two"))
            }
            _ => ("max-exposure", format!("‘{wide}’ is allowed here, and by LINE the port is loopback-only")),
        });
    }
    None
}

/// Whether one process can be a holder that both name. A name and a path may be of the same file.
fn holders_meet(one: &PolicyLine, other: &PolicyLine) -> bool {
    (one.programs.is_empty() || other.programs.is_empty() || programs_meet(one, other))
        && (one.users.is_empty() || other.users.is_empty() || users_meet(one, other))
}

/// Whether a line forbids a holder that another names. One that allows any program allows all but the forbidden ones.
fn forbids_holder(forbidden: &PolicyLine, allowed: &PolicyLine) -> bool {
    (forbidden.programs.is_empty() || programs_meet(forbidden, allowed))
        && (forbidden.users.is_empty() || users_meet(forbidden, allowed))
}

fn programs_meet(one: &PolicyLine, other: &PolicyLine) -> bool {
    one.programs.iter().any(|program| other.programs.iter().any(|two| program.may_be(two)))
}

fn users_meet(one: &PolicyLine, other: &PolicyLine) -> bool {
    one.users.iter().any(|user| other.users.iter().any(|two| may_be_same_user(user, two)))
}

/// A number and a name may be of the same user.
fn may_be_same_user(one: &str, other: &str) -> bool {
    let is_number = |user: &str| user.parse::<u32>().is_ok();
    one == other || is_number(one) != is_number(other)
}
