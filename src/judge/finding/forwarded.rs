//! What a proxy of containers forwards to, in words.

use super::Finding;
use crate::model::quoting::{quoted, quoted_account};
use crate::model::{AtTarget, Forward, Process, Severity, Verdict};

/// The finding about the process behind a proxy, as that about the proxy. `name` is how the finding calls the process.
pub(in crate::judge) fn handed_on(
    proxy: &str,
    forward: &Forward,
    process: &Process,
    name: Option<&str>,
    finding: Finding,
) -> Finding {
    let process = process.called();
    let container = in_container(forward);
    let predicate = name.and_then(|name| finding.reason.strip_prefix(name)?.strip_prefix(' '));
    let reason = match predicate {
        Some(predicate) => format!("{process}{container}, which {proxy} forwards to, {predicate}"),
        None => format!("{proxy} forwards to {process}{container}: {}", finding.reason),
    };
    Finding { reason, ..finding }
}

/// Who receives what a proxy forwards was not observed, or nobody does.
pub(in crate::judge) fn not_seen(proxy: &str, forward: &Forward, advice: String) -> Finding {
    let Forward { to, process, there, .. } = forward;
    let (severity, what) = match (there, process) {
        (Some(AtTarget::Nobody { elsewhere: Some(elsewhere) }), _) => {
            let who = elsewhere.process.as_ref().and_then(|process| process.name.as_deref());
            let who = who.map_or("a program".into(), quoted);
            let places = elsewhere.places();
            (Severity::Warning, format!("but nothing listens at {to}; {who} listens there on {places} only"))
        }
        (Some(AtTarget::Nobody { elsewhere: None }), _) => {
            (Severity::Warning, format!("but nothing listens at {to}"))
        }
        (_, Some(_)) if !is_in_container_of_root(forward) => (
            Severity::Info,
            format!(
                "and what listens at {to} is in no container of root's, so that any user could have put it there"
            ),
        ),
        (_, Some(process)) => {
            let name = process.name.as_deref().map_or("a process".into(), quoted);
            (Severity::Info, format!("and {name} (PID {}) listens at {to}, perhaps with others", process.pid))
        }
        (_, None) => {
            let container = in_container(forward);
            (Severity::Info, format!("and which one listens at {to}{container} is not visible here"))
        }
    };
    let reason = format!("{proxy} holds the port for another program, {what}");
    Finding::new(Verdict::CannotTell, severity, reason, Some(advice))
}

fn is_in_container_of_root(forward: &Forward) -> bool {
    forward.container.as_ref().is_some_and(|container| container.user.is_none())
}

fn in_container(forward: &Forward) -> String {
    forward
        .container
        .as_ref()
        .map_or(String::new(), |container| format!(" in container {}", container.called()))
}

pub(in crate::judge) fn proxy_of_user(proxy: &str, process: &Process) -> Finding {
    let whose = match (process.user.as_deref(), process.uid) {
        (Some(user), _) => format!("the user {}", quoted_account(user)),
        (None, Some(uid)) => format!("the user {uid}"),
        (None, None) => "a user who is not known".to_owned(),
    };
    let reason = format!(
        "{proxy} is run by {whose}, who decides where it forwards to, whatever its command line says"
    );
    Finding::cannot_tell(reason, None)
}
