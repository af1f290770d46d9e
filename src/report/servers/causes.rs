//! The causes of a license error that hold on this machine.

use crate::model::phrase::capitalized;
use crate::model::sorting::sort_by_key;
use crate::model::{Check, LicenseError, LicenseServer, ProblemCode, ServerState, ServersReport};

/// Adds to each cause of an error what was found that makes it the cause, and puts these first; or that nothing was found.
pub fn add_causes_here(error: &mut LicenseError, report: &ServersReport) {
    let of_system = |server: &&LicenseServer| {
        // What belongs to no system, such as Sentinel LDK, has the id of the error's system in its own.
        match &server.technology {
            Some(technology) => technology.id == error.system,
            None => server.id.contains(&error.system),
        }
    };
    let own: Vec<&LicenseServer> = report.servers.iter().filter(of_system).collect();
    let unseen = unseen(&own, report);
    for cause in &mut error.causes {
        let found = cause.check.and_then(|check| found(check, &own, &error.system_name));
        // One that listens may be hidden.
        cause.here = found.filter(|_| cause.check != Some(Check::PortFree) || unseen.is_none());
    }
    sort_by_key(&mut error.causes, |cause| cause.here.is_none());
    let is_none_found = !error.causes.is_empty() && error.causes.iter().all(|cause| cause.here.is_none());
    let has_others = own.iter().any(|server| !server.problems.is_empty());
    error.here = is_none_found.then(|| match unseen {
        Some(unseen) => {
            format!("None of these causes was found on this machine, but not all can be seen. {unseen}")
        }
        None if has_others => {
            "None of these causes was found on this machine, but its license servers have other problems: \
             whatlistens servers"
                .to_owned()
        }
        None => "None of these causes was found on this machine.".to_owned(),
    });
}

/// What could not be seen of the license servers, in whole sentences.
fn unseen(servers: &[&LicenseServer], report: &ServersReport) -> Option<String> {
    if let Some(gap) = report.gaps.first() {
        let remedy = gap.remedy.as_ref().map_or(String::new(), |remedy| format!(" To see more: {remedy}"));
        return Some(format!("{}.{remedy}", capitalized(&gap.detail)));
    }
    let hidden = servers.iter().find(|server| server.state == ServerState::CannotTell)?;
    let weak = hidden.problems.iter().find(|problem| problem.code == ProblemCode::WeakFile);
    weak.map(|problem| problem.text.clone()).or_else(|| hidden.notes.last().cloned())
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
