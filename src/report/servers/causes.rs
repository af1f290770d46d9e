//! The causes of a license error that hold on this machine.

use super::judging::{EXPIRY_DAYS, license_servers};
use crate::knowledge::Knowledge;
use crate::model::{Check, LicenseError, LicenseServer, Observation, ProblemCode, Vouched};
use crate::report::rows::rows;

/// All license servers of a machine.
#[must_use]
pub fn all_servers(observation: &Observation, knowledge: &Knowledge) -> Vec<LicenseServer> {
    let vouched = Vouched::default();
    let rows = rows(observation, &vouched, knowledge);
    license_servers(observation, &rows, &vouched, knowledge, EXPIRY_DAYS)
}

/// Adds to each cause of an error what was found that makes it the cause, and puts these first.
pub fn add_causes_here(error: &mut LicenseError, servers: &[LicenseServer]) {
    let of_system = |server: &&LicenseServer| {
        // What belongs to no system, such as Sentinel LDK, has the id of the error's system in its own.
        match &server.technology {
            Some(technology) => technology.id == error.system,
            None => server.id.contains(&error.system),
        }
    };
    let own: Vec<&LicenseServer> = servers.iter().filter(of_system).collect();
    for cause in &mut error.causes {
        cause.here = cause.check.and_then(|check| found(check, &own, &error.system_name));
    }
    error.causes.sort_by_key(|cause| cause.here.is_none());
}

/// What confirms a cause: a problem of the same code, or that there is no license server at all.
fn found(check: Check, servers: &[&LicenseServer], system: &str) -> Option<String> {
    if check == Check::PortFree {
        let is_listening =
            |server: &&LicenseServer| server.processes().any(|process| !process.ports.is_empty());
        let none = !servers.iter().any(is_listening);
        return none.then(|| format!("No license server of {system} listens on this machine."));
    }
    let problems = servers.iter().flat_map(|server| server.problems.iter().map(move |one| (server, one)));
    let mut of_code = problems.filter(|(_, problem)| match check {
        // Where clients look for it, the file says.
        Check::LicenseFile => problem.code == ProblemCode::PortMismatch,
        _ => problem.code.code() == check.code(),
    });
    let (server, problem) = of_code.next()?;
    Some(format!("{}: {}", server.called(), problem.in_full()))
}
