//! The ports of a policy, and from where they may be reached.

use crate::cli::ListArgs;
use crate::knowledge::Knowledge;
use crate::model::{Exposure, PolicyPort, PortRange, Protocol};
use crate::query::UsageError;
use crate::query::filter::Filter;
use crate::query::target::Target;

/// What a listener may be limited to.
pub(super) const EXPOSURES: [Exposure; 5] =
    [Exposure::Loopback, Exposure::LinkLocal, Exposure::Private, Exposure::Public, Exposure::AllInterfaces];

/// Reads from where a listener may be reached at most.
///
/// # Errors
///
/// What would be right.
pub fn exposure(typed: &str) -> Result<Exposure, String> {
    named_exposure(typed).ok_or_else(|| no_exposure(typed))
}

/// The exposure of this name.
pub(super) fn named_exposure(word: &str) -> Option<Exposure> {
    EXPOSURES.into_iter().find(|exposure| exposure.code() == word)
}

pub(super) fn no_exposure(word: &str) -> String {
    let words: Vec<&str> = EXPOSURES.iter().map(|exposure| exposure.code()).collect();
    format!("‘{word}’ is no exposure; the exposures are {}", words.join(", "))
}

/// Reads a port, a range or a service.
///
/// # Errors
///
/// What would be right.
pub(super) fn ports(written: &str, knowledge: &Knowledge) -> Result<Vec<PolicyPort>, UsageError> {
    if let Some(port) = of_listed_protocol(written) {
        return Ok(vec![port]);
    }
    let args = ListArgs { what: vec![written.to_owned()], ..ListArgs::default() };
    let filter = Filter::resolve(&args, knowledge)?;
    filter.targets.iter().map(|target| port(written, target)).collect()
}

/// `3868/sctp`: a protocol that is listed, and that nobody can ask a listing about.
fn of_listed_protocol(written: &str) -> Option<PolicyPort> {
    let (range, protocol) = written.split_once('/')?;
    let protocol = Protocol::ALL.into_iter().find(|one| one.name() == protocol)?;
    let range = PortRange::parse(range).filter(|range| range.first > 0)?;
    Some(PolicyPort { written: written.to_owned(), any: vec![(range, Some(protocol))] })
}

fn port(written: &str, target: &Target) -> Result<PolicyPort, UsageError> {
    let any: Vec<(PortRange, Option<Protocol>)> = match target {
        Target::Ports(ports) => vec![(ports.range, ports.protocol)],
        Target::Name { ports, .. } => ports.iter().map(|ports| (ports.range, ports.protocol)).collect(),
        Target::At(..) => {
            let right = "give the port alone; from where it may be reached is said by max-exposure";
            return Err(UsageError::instead(written, right));
        }
    };
    match any.is_empty() {
        false => Ok(PolicyPort { written: target.to_string(), any }),
        true => Err(UsageError::instead(
            written,
            "this is no service of the registry: give a port, as in 27000/tcp, or the name of a service",
        )),
    }
}
