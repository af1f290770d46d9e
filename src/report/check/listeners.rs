//! What listens and must not: not at all, not so widely, or not held by whom.

use std::net::IpAddr;

use super::held::{Held, held, held_by_any, holder, wanted};
use super::scene::Scene;
use crate::model::phrase::{counted, list};
use crate::model::{
    CheckStatus, Exposure, Finding, GapKind, Owner, PolicyLine, PolicyRule, Row, Severity, Verdict,
};

/// What is wrong with a listener, as the rest of a sentence about it.
type Wrong = (CheckStatus, String);

/// What is wrong with these listeners. Those of one port, of which the same is wrong, are one finding.
pub(super) fn forbidden(scene: &Scene<'_>, checked: &[&Row]) -> Vec<Finding> {
    let mut found: Vec<((CheckStatus, String, String), Vec<IpAddr>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for row in checked {
        let place = format!("{}/{}", row.socket.local.port(), row.socket.protocol);
        for (status, wrong) in scene.wrong(row) {
            let key = (status, place.clone(), wrong);
            let at = *places.entry((status as u8, key.1.clone(), key.2.clone())).or_insert_with(|| {
                found.push((key, Vec::new()));
                found.len() - 1
            });
            let address = row.socket.local.ip();
            if !found[at].1.contains(&address) && found[at].1.len() < MOST_ADDRESSES {
                found[at].1.push(address);
            }
        }
    }
    let findings = found.into_iter().map(|((status, place, wrong), addresses)| {
        let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        Finding::new(status, format!("{place} at {} {wrong}", list(&addresses, "and")))
    });
    findings.collect()
}

/// So many addresses of one port are named.
const MOST_ADDRESSES: usize = 4;

/// What could not be seen, and may be forbidden. `undecided` counts the listeners that may be among those to check.
pub(super) fn of_gaps(scene: &Scene<'_>, checked: &[&Row], undecided: usize) -> Vec<Finding> {
    let policy = scene.policy;
    let unknown = |text: String| Finding::new(CheckStatus::Unknown, text);
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(scene.unseen_listeners().map(|why| unknown(format!("listeners may be missing: {why}"))));
    let names_holders = policy.lines.iter().any(PolicyLine::names_holder);
    if policy.no_flagged || names_holders {
        let hides = |kind| matches!(kind, GapKind::ProcessesUnreadable | GapKind::TimedOut);
        let gaps = scene.observation.gaps.iter().filter(|gap| hides(gap.kind));
        findings.extend(gaps.map(|gap| unknown(gap.detail.clone())));
    }
    let hidden = checked.iter().filter(|row| row.owner == Owner::Hidden && row.license.is_none()).count();
    if policy.no_flagged && hidden > 0 {
        let (of, may_be) = match hidden {
            1 => ("the owner of 1 listener".to_owned(), "it may be the program of a license server"),
            n => (
                format!("the owners of {}", counted(n, "listener")),
                "the program of a license server may be among them",
            ),
        };
        findings.push(unknown(format!("{of} could not be seen, and {may_be}")));
    }
    if undecided > 0 {
        let what = counted(undecided, "more listener");
        findings.push(unknown(format!("whether what you asked for is among {what} could not be seen")));
    }
    findings
}

impl Scene<'_> {
    fn wrong(&self, row: &Row) -> Vec<Wrong> {
        let mut all: Vec<Wrong> = Vec::new();
        all.extend(self.not_allowed(row));
        all.extend(self.about(row, PolicyRule::HeldBy).filter_map(|line| self.held_by_others(line, row)));
        if row.exposure.is_beyond_loopback() {
            let lines = self.about(row, PolicyRule::LoopbackOnly);
            all.extend(lines.map(|line| {
                let wrong = "can be reached from other machines, and must be on loopback only";
                (CheckStatus::Critical, format!("{wrong}{}", with_reason(line)))
            }));
        }
        all.extend(self.about(row, PolicyRule::MustNotListen).filter_map(|line| self.present(line, row)));
        all.extend(self.too_exposed(row));
        all.extend(self.flagged(row));
        all
    }

    /// The lines of a rule that are about the port of a listener.
    fn about(&self, row: &Row, rule: PolicyRule) -> impl Iterator<Item = &PolicyLine> {
        let (protocol, port) = (row.socket.protocol, row.socket.local.port());
        self.policy.with_rule(rule).filter(move |line| line.has_port(protocol, port))
    }

    fn held(&self, line: &PolicyLine, row: &Row) -> Held {
        held(line, row, self.policy, self.observation.host.os)
    }

    fn holder(&self, row: &Row) -> String {
        holder(row, self.observation.host.os)
    }

    /// That no line allows it, where only what is allowed may listen. What must listen may listen.
    fn not_allowed(&self, row: &Row) -> Option<Wrong> {
        if !self.policy.nothing_else {
            return None;
        }
        let lines = self.about(row, PolicyRule::MayListen).chain(self.about(row, PolicyRule::MustListen));
        let (mut expired, mut untold) = (None, None);
        for line in lines {
            match self.held(line, row) {
                Held::No => {}
                Held::Unknown(why) if !line.is_expired(self.today) => untold = untold.or(Some(why)),
                Held::Unknown(_) => {}
                Held::Yes if line.is_expired(self.today) => expired = expired.or(Some(line)),
                Held::Yes => return None,
            }
        }
        Some(match (untold, expired) {
            (Some(why), _) => {
                let wrong = format!("may listen only if its owner is right: {why}");
                (CheckStatus::Unknown, wrong)
            }
            (None, Some(line)) => {
                let wrong = format!("is no longer allowed; {} holds it{}", self.holder(row), line.behind());
                (CheckStatus::Unknown, wrong)
            }
            (None, None) => (CheckStatus::Critical, format!("is not allowed; {} holds it", self.holder(row))),
        })
    }

    fn held_by_others(&self, line: &PolicyLine, row: &Row) -> Option<Wrong> {
        match self.held(line, row) {
            Held::Yes => None,
            Held::No => {
                let wrong =
                    format!("is held by {}, not by {}{}", self.holder(row), wanted(line), with_reason(line));
                Some((CheckStatus::Critical, wrong))
            }
            Held::Unknown(why) => {
                let wrong = format!("must be held by {}, and {why}{}", wanted(line), line.behind());
                Some((CheckStatus::Unknown, wrong))
            }
        }
    }

    fn present(&self, line: &PolicyLine, row: &Row) -> Option<Wrong> {
        match held_by_any(line, row, self.policy, self.observation.host.os) {
            Held::No => None,
            Held::Yes => {
                let wrong = format!("must not listen; {} holds it{}", self.holder(row), with_reason(line));
                Some((CheckStatus::Critical, wrong))
            }
            Held::Unknown(why) => {
                let wrong = format!("must not be held by {}, and {why}{}", wanted(line), line.behind());
                Some((CheckStatus::Unknown, wrong))
            }
        }
    }

    /// That it can be reached from further than it may. What must listen has been judged already.
    fn too_exposed(&self, row: &Row) -> Option<Wrong> {
        let limit = self.limit(row).filter(|limit| row.exposure > limit.most)?;
        let is_judged = limit.line.is_some_and(|line| line.rule == PolicyRule::MustListen);
        let behind = limit.line.map_or(String::new(), PolicyLine::behind);
        (!is_judged).then(|| (CheckStatus::Critical, limit.exceeded_by(row) + &behind))
    }

    /// From where a listener may be reached at most: of the lines that allow it, the one with the fewest ports says so; of
    /// several with as many, the strictest; and what the policy says of all where none does.
    pub(super) fn limit(&self, row: &Row) -> Option<Limit<'_>> {
        let of_all = self.policy.max_exposure.map(|most| Limit { most, line: None });
        let (protocol, port) = (row.socket.protocol, row.socket.local.port());
        let lines = self.about(row, PolicyRule::MayListen).chain(self.about(row, PolicyRule::MustListen));
        let mut is_allowed = false;
        let (mut narrowest, mut perhaps): (Option<(u32, Limit<'_>)>, Option<Limit<'_>>) = (None, None);
        for line in lines.filter(|line| !line.is_expired(self.today)) {
            let held = self.held(line, row);
            is_allowed |= held == Held::Yes;
            let Some(most) = line.max_exposure else { continue };
            let limit = Limit { most, line: Some(line) };
            let breadth = line.breadth_around(protocol, port);
            match held {
                Held::No => {}
                Held::Yes if narrowest.is_some_and(|(least, own)| (least, own.most) <= (breadth, most)) => {}
                Held::Yes => narrowest = Some((breadth, limit)),
                Held::Unknown(_) => perhaps = perhaps.filter(|other| other.most >= most).or(Some(limit)),
            }
        }
        let known = narrowest.map(|(_, limit)| limit).or(of_all);
        // Where it is not known which line is about it, what goes beyond all of them is too much.
        match (known, perhaps) {
            (Some(known), Some(perhaps)) if known.most >= perhaps.most => Some(known),
            (None, Some(_)) if is_allowed => None,
            (known, perhaps) => perhaps.or(known),
        }
    }

    /// That a license port may be held by the wrong process.
    fn flagged(&self, row: &Row) -> Option<Wrong> {
        let license = row.license.as_ref().filter(|_| self.policy.no_flagged && row.flagged())?;
        let is_hidden = license.verdict == Verdict::CannotTell && row.hides_holders();
        let status = match license.severity {
            _ if is_hidden => CheckStatus::Unknown,
            Severity::Critical => CheckStatus::Critical,
            Severity::Warning | Severity::Info => CheckStatus::Warning,
        };
        Some((status, format!("{}: {}", license.verdict.code(), license.reason)))
    }
}

/// From where a listener may be reached at most, by a line or by what the policy says of all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit<'a> {
    pub(super) most: Exposure,
    pub(super) line: Option<&'a PolicyLine>,
}

impl Limit<'_> {
    /// What is wrong with a listener that goes beyond it.
    pub(super) fn exceeded_by(&self, row: &Row) -> String {
        format!("has the exposure {}, and at most {} is allowed", row.exposure.code(), self.most.code())
    }
}

/// Where a line stands, and why it is there.
fn with_reason(line: &PolicyLine) -> String {
    match (&line.reason, &line.place) {
        (Some(reason), Some(place)) => format!(" ({place}: {reason})"),
        _ => line.behind(),
    }
}
