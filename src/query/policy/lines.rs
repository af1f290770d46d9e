//! The lines of a policy: its tables, and `--expect` of the command line.

use jiff::civil::Date;
use toml::de::DeValue;

use super::names;
use super::ports::ports;
use super::source::Source;
use super::table::Table;
use crate::knowledge::Knowledge;
use crate::model::{PolicyLine, PolicyPlace, PolicyPort, PolicyRule};
use crate::query::UsageError;

/// The keys of a line with this rule.
fn keys(rule: PolicyRule) -> &'static [&'static str] {
    match rule {
        PolicyRule::MustListen => &["port", "program", "user", "max-exposure", "reason"],
        PolicyRule::MayListen => &["port", "program", "user", "max-exposure", "reason", "until"],
        PolicyRule::HeldBy | PolicyRule::MustNotListen => &["port", "program", "user", "reason"],
        PolicyRule::LoopbackOnly => &["port", "reason"],
    }
}

pub(super) fn read(
    rule: PolicyRule,
    table: &Table<'_, '_>,
    source: &mut Source<'_>,
    knowledge: &Knowledge,
) -> Option<PolicyLine> {
    let faults = source.faults.len();
    table.refuse_others(keys(rule), source);
    let line = PolicyLine {
        rule,
        place: Some(PolicyPlace { path: source.path.to_owned(), line: source.line(table.at) }),
        ports: policy_ports(rule, table, source, knowledge),
        programs: names::programs(table, source),
        users: names::users("user", table, source),
        max_exposure: table.exposure("max-exposure", source),
        reason: table.string("reason", source),
        until: until(table, source),
    };
    if source.faults.len() == faults
        && let Some((key, text)) = lacking(&line)
    {
        source.add(table.at, key, text);
    }
    (source.faults.len() == faults).then_some(line)
}

fn policy_ports(
    rule: PolicyRule,
    table: &Table<'_, '_>,
    source: &mut Source<'_>,
    knowledge: &Knowledge,
) -> Vec<PolicyPort> {
    let mut all = Vec::new();
    for (at, written) in table.strings("port", source) {
        match ports(&written, knowledge) {
            Ok(ports) => {
                if rule == PolicyRule::MustListen
                    && let Some(range) = ports.iter().find_map(|port| range_of(port, &written))
                {
                    source.add(at, "port", range);
                }
                all.extend(ports);
            }
            Err(error) => source.add(at, "port", error.to_string()),
        }
    }
    all
}

/// What is wrong with a range that must listen.
fn range_of(port: &PolicyPort, written: &str) -> Option<String> {
    // A service may have several ports of which one suffices.
    let is_range = written.starts_with(|c: char| c.is_ascii_digit())
        && port.any.iter().any(|(range, _)| range.single().is_none());
    is_range.then(|| {
        format!("‘{written}’: of a range it is not clear whether all are meant; name each port, as in [\"27000\", \"27001\"]")
    })
}

fn until(table: &Table<'_, '_>, source: &mut Source<'_>) -> Option<Date> {
    let (at, value) = table.value("until")?;
    let written = match value {
        DeValue::Datetime(moment) if moment.time.is_none() => moment.to_string(),
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        other => other.type_str().to_owned(),
    };
    let is_date = written.len() == "2027-12-31".len();
    let date = written.parse().ok().filter(|_| is_date);
    if date.is_none() {
        source.add(at, "until", format!("‘{written}’ is no date: write the last day, as in 2027-12-31"));
    }
    date
}

/// The key that a line lacks, and why it needs it.
fn lacking(line: &PolicyLine) -> Option<(&'static str, &'static str)> {
    let (no_port, no_holder) = (line.ports.is_empty(), !line.names_holder());
    match line.rule {
        PolicyRule::MustListen | PolicyRule::LoopbackOnly if no_port => {
            Some(("port", "the key is missing: say which port, as in port = \"27000/tcp\""))
        }
        PolicyRule::MayListen | PolicyRule::MustNotListen if no_port && line.programs.is_empty() => {
            Some(("port", "the key is missing: give a port, a program, or both"))
        }
        PolicyRule::HeldBy if no_port => {
            Some(("port", "the key is missing: say which port, as in port = \"27000/tcp\""))
        }
        PolicyRule::HeldBy if no_holder => {
            Some(("program", "the key is missing: say which program or user holds the port"))
        }
        PolicyRule::MayListen if line.reason.is_none() => {
            Some(("reason", "the key is missing: say why it may listen, as in reason = \"web shop\""))
        }
        _ => None,
    }
}

/// Reads `PORT[/PROTOCOL][=PROGRAM]`: what must listen.
///
/// # Errors
///
/// Where it is no port, or no program stands behind the sign.
pub fn expectation(typed: &str, knowledge: &Knowledge) -> Result<PolicyLine, UsageError> {
    let (port, holder) = typed.split_once('=').map_or((typed, None), |(port, holder)| (port, Some(holder)));
    let with_option = |word: &str, right: String| UsageError::instead(&format!("--expect {word}"), right);
    if holder.is_some_and(|holder| holder.trim().is_empty()) {
        return Err(with_option(typed, "the program is missing, as in --expect 27000/tcp=lmgrd".to_owned()));
    }
    if port.trim().is_empty() {
        return Err(with_option(typed, "the port is missing, as in --expect 27000/tcp=lmgrd".to_owned()));
    }
    let ports = ports(port, knowledge)?;
    if ports.iter().any(|one| range_of(one, port).is_some()) {
        let right = "of a range it is not clear whether all are meant: name each port, as in --expect 27000 --expect 27001";
        return Err(with_option(typed, right.to_owned()));
    }
    let program = holder.map(names::program).transpose().map_err(|right| with_option(typed, right))?;
    Ok(PolicyLine {
        rule: PolicyRule::MustListen,
        place: None,
        ports,
        programs: program.into_iter().collect(),
        users: Vec::new(),
        max_exposure: None,
        reason: None,
        until: None,
    })
}
