//! The rules in the order in which they are tried. The first that gives a finding decides.

use self::About::{Doubt, Process, Socket};
use super::doubts;
use super::finding::{self, Finding, forwarded as words};
use super::holder::Holder;
use super::license_port::LicensePort;
use super::orphan::is_orphan;
use crate::knowledge::{LicenseManager, LicenseProgram, RegisteredTo};
use crate::model::phrase::list;
use crate::model::quoting::quoted;
use crate::model::{Confidence, Os, Owner, PortRole, Presence, Verdict, one_of};

struct Rule {
    /// Permanent, in kebab-case.
    name: &'static str,
    about: About,
}

/// What a rule is about. Its function gives a finding where the rule applies.
enum About {
    /// The socket as a whole.
    Socket(fn(&LicensePort<'_>) -> Option<Finding>),
    /// One process that holds the socket.
    Process(fn(&LicensePort<'_>, &Holder<'_>) -> Option<Finding>),
    /// A process whose name is known, but whose file does not bear it out. A license server with such a
    /// file vouches for no daemon that it started.
    Doubt(fn(&LicensePort<'_>, &Holder<'_>) -> Option<Finding>),
}

const FORWARDED: &str = "forwarded";

const RULES: &[Rule] = &[
    Rule { name: "owner-hidden", about: Socket(owner_hidden) },
    Rule { name: "owner-unattributed", about: Socket(owner_unattributed) },
    Rule { name: "more-holders-possible", about: Socket(more_holders_possible) },
    Rule { name: "shared-with-stranger", about: Socket(shared_with_stranger) },
    Rule { name: "shared-with-child", about: Socket(shared_with_child) },
    Rule { name: "kernel", about: Process(kernel) },
    Rule { name: "ended", about: Process(ended) },
    Rule { name: "file-unreadable", about: Process(file_unreadable) },
    Rule { name: "emulator", about: Process(emulator) },
    Rule { name: "older-socket", about: Doubt(doubts::older_socket) },
    Rule { name: "disguised-interpreter", about: Doubt(doubts::disguised_interpreter) },
    Rule { name: "user-namespace", about: Doubt(doubts::user_namespace) },
    Rule { name: "other-file", about: Doubt(doubts::other_file) },
    Rule { name: "replaceable-file", about: Doubt(doubts::replaceable_file) },
    Rule { name: "deleted-file", about: Doubt(doubts::deleted_file) },
    Rule { name: "altered-file", about: Doubt(doubts::altered_file) },
    Rule { name: "other-maker", about: Doubt(doubts::other_maker) },
    Rule { name: "no-interpreter", about: Doubt(doubts::no_interpreter) },
    Rule { name: "user-s-interpreter", about: Doubt(doubts::user_s_interpreter) },
    Rule { name: "replaceable-script", about: Doubt(doubts::replaceable_script) },
    Rule { name: "replaceable-library", about: Doubt(doubts::replaceable_library) },
    Rule { name: "unconfirmed-path", about: Doubt(doubts::unconfirmed_path) },
    Rule { name: "unknown-writers", about: Doubt(doubts::unknown_writers) },
    Rule { name: "unknown-contents", about: Doubt(doubts::unknown_contents) },
    Rule { name: "unknown-script", about: Doubt(doubts::unknown_script) },
    Rule { name: "unknown-libraries", about: Doubt(doubts::unknown_libraries) },
    Rule { name: "renamed-off-port", about: Process(renamed_off_port) },
    Rule { name: "orphaned-daemon", about: Process(orphaned_daemon) },
    Rule { name: "right-program", about: Process(right_program) },
    Rule { name: "any-vendor-port", about: Process(any_vendor_port) },
    Rule { name: "started-daemon", about: Process(started_daemon) },
    Rule { name: "unlisted-daemon", about: Process(unlisted_daemon) },
    Rule { name: "service-host", about: Process(service_host) },
    Rule { name: FORWARDED, about: Process(forwarded) },
    Rule { name: "wrapper", about: Process(wrapper) },
    Rule { name: "no-program-known", about: Process(no_program_known) },
    Rule { name: "other-manager", about: Process(other_manager) },
    Rule { name: "chosen-port", about: Process(chosen_port) },
    Rule { name: "mismatch", about: Process(mismatch) },
];

/// The names of the rules in the order in which they are tried.
pub fn rules() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.name)
}

/// The finding about a socket, and the name of the rule that gave it.
pub(super) fn decide(port: &LicensePort<'_>) -> (&'static str, Finding) {
    let (rule, mut finding) =
        RULES.iter().find_map(|rule| Some((rule.name, rule.finding(port, port.lead.as_ref())?))).expect(
            "the rules about the owner decide where there is no holder, the last rule where there is one",
        );
    if finding.verdict == Verdict::Expected {
        let (heirs, _) = port.heirs_and_strangers();
        let heir = heirs.into_iter().find(|process| port.starter(&port.by_itself(process)).is_some());
        if let Some(name) = heir.and_then(|process| process.name.as_deref()) {
            finding.reason += &format!("; {}, which it started, holds the port too", quoted(name));
        }
        let vouched = port.vouched_for();
        if !vouched.is_empty() {
            finding.reason += &format!("; you vouch for {}", list(&vouched, "and"));
        }
    }
    (rule, finding)
}

/// Whether the file of a process bears out its name.
pub(super) fn is_believed(port: &LicensePort<'_>, holder: &Holder<'_>) -> bool {
    holder.exe().is_some() && doubts().all(|doubt| doubt.finding(port, Some(holder)).is_none())
}

fn doubts() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(|rule| matches!(rule.about, Doubt(_)))
}

/// The finding about one holder, as if it alone held the socket.
fn alone(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let of_holder = RULES.iter().filter(|rule| !matches!(rule.about, Socket(_)));
    of_holder.into_iter().find_map(|rule| rule.finding(port, Some(holder)))
}

fn is_expected(port: &LicensePort<'_>, holder: &Holder<'_>) -> bool {
    alone(port, holder).is_some_and(|finding| finding.verdict == Verdict::Expected)
}

impl Rule {
    fn finding(&self, port: &LicensePort<'_>, holder: Option<&Holder<'_>>) -> Option<Finding> {
        match self.about {
            Socket(finds) => finds(port),
            Process(finds) => finds(port, holder?),
            Doubt(finds) => holder.filter(|holder| holder.has_trusted_name()).and_then(|h| finds(port, h)),
        }
    }
}

/// No holder is visible, because this user may not see whose socket it is.
fn owner_hidden(port: &LicensePort<'_>) -> Option<Finding> {
    let is_hidden = port.lead.is_none() && matches!(port.socket.owner, Owner::Hidden);
    is_hidden.then(|| finding::owner_hidden(&port.manager_names()))
}

/// No process here holds the socket.
fn owner_unattributed(port: &LicensePort<'_>) -> Option<Finding> {
    port.lead.is_none().then(|| finding::owner_unattributed(&port.manager_names()))
}

/// A hidden process may hold the socket too.
fn more_holders_possible(port: &LicensePort<'_>) -> Option<Finding> {
    let lead = port.lead.filter(|_| port.socket.more_holders)?;
    Some(finding::more_holders_possible(lead.process))
}

/// The lead is expected. Another holder is not, and no holder started it.
fn shared_with_stranger(port: &LicensePort<'_>) -> Option<Finding> {
    let (_, strangers) = port.heirs_and_strangers();
    let lead = port.lead.filter(|lead| !strangers.is_empty() && is_expected(port, lead))?;
    let stranger = strangers.into_iter().find(|process| !is_expected(port, &port.by_itself(process)))?;
    Some(finding::shared_with_stranger(lead.process, stranger))
}

/// The lead is expected, and a holder that another one started is not. That a genuine server started it proves
/// nothing: anyone may start one, in a process that has opened the socket before. A vendor daemon of the server is
/// as good as its own file.
fn shared_with_child(port: &LicensePort<'_>) -> Option<Finding> {
    let (heirs, _) = port.heirs_and_strangers();
    let lead = port.lead.filter(|lead| !heirs.is_empty() && is_expected(port, lead))?;
    heirs.into_iter().find_map(|child| {
        let holder = port.by_itself(child);
        let finding = alone(port, &holder).filter(|finding| finding.verdict != Verdict::Expected)?;
        let is_daemon = port.starter(&holder).is_some() && is_believed(port, &holder);
        (!is_daemon).then(|| finding::shared_with_child(lead.process, child, &finding.reason))
    })
}

/// The Windows kernel holds the socket for a driver.
fn kernel(_: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    matches!(holder.process.presence, Presence::Kernel).then(finding::kernel)
}

/// The process that opened the socket has ended. On Windows its children may have inherited it.
fn ended(_: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    matches!(holder.process.presence, Presence::Ended { .. }).then(|| finding::ended(holder.process))
}

/// The file that the process runs could not be read.
fn file_unreadable(_: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    holder.exe().is_none().then(|| finding::file_unreadable(holder.process))
}

/// The process is an emulator of a license server.
fn emulator(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let LicenseProgram::Emulator(emulator) = holder.program? else { return None };
    let emulated = port.licenses.manager(&emulator.emulates).map(LicenseManager::called);
    Some(finding::emulator(&holder.called()?, emulator, &emulated.unwrap_or_default()))
}

/// Only the original name in the version resource shows what the file is, and this is not a license port.
fn renamed_off_port(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    if port.claims.is_license_port() || port.starter(holder).is_some() {
        return None;
    }
    Some(finding::renamed_off_port(&holder.called()?, &holder.renamed_from()?, &holder.belongs_to()?))
}

/// No license server that runs has started it, and this is no license port.
fn orphaned_daemon(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let is_orphan = is_orphan(&port.socket, port.licenses, holder) && !port.claims.is_license_port();
    let exe = holder.described().filter(|_| is_orphan)?;
    Some(finding::orphaned_daemon(&exe, &holder.belongs_to()?, holder.process.pid, port.socket.os))
}

/// It is a program of a manager of this port, or the server of that manager's technology.
fn right_program(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let right = port.right_for(holder);
    let serving = serving_whom(port, right.first()?);
    let managers: Vec<String> = right.iter().map(|manager| manager.called()).collect();
    let by = finding::started_by(port.starter(holder));
    Some(finding::right_program(&holder.described()?, &managers, &by, &serving))
}

/// It is a vendor's daemon on a port of its technology, which any vendor's daemon may use.
fn any_vendor_port(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let program = holder.program?;
    let technology = port.licenses.technology_of_daemon(program)?;
    let takes_any = |manager: &&&LicenseManager| {
        manager.any_vendor && manager.technology.as_ref() == Some(&technology.id)
    };
    let manager = port.claims.managers.iter().find(takes_any)?;
    let by = finding::started_by(port.starter(holder));
    Some(finding::any_vendor_port(&holder.described()?, &holder.belongs_to()?, &by, &manager.called()))
}

/// The license server that started it may give it any port, whoever else uses that.
fn started_daemon(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let by = finding::started_by(Some(port.starter(holder)?));
    let exe = holder.described()?;
    let others = finding::in_the_way_of(&port.others_than(holder));
    Some(match holder.program? {
        LicenseProgram::UnlistedDaemon(_) => finding::started_unlisted_daemon(&exe, &by, &others),
        _ => finding::started_daemon(&exe, &holder.belongs_to()?, &by, &others),
    })
}

/// Its file contains the marker of this port's technology, so it is a vendor's daemon, but its name is not
/// known.
fn unlisted_daemon(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let LicenseProgram::UnlistedDaemon(technology) = holder.program? else { return None };
    let is_of_it = |manager: &&&LicenseManager| manager.technology.as_ref() == Some(&technology.id);
    let applies = port.is_registered() && port.claims.managers.iter().any(|manager| is_of_it(&manager));
    let exe = holder.described().filter(|_| applies)?;
    let of_it = port.claims.managers.iter().filter(is_of_it).map(|manager| manager.called());
    Some(finding::unlisted_daemon(&exe, technology, &of_it.collect::<Vec<_>>()))
}

/// It holds the port for one of its Windows services.
fn service_host(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let services = one_of(&holder.process.services, port.socket.made_in);
    let applies = holder.program.is_none() && port.socket.os == Os::Windows && !services.is_empty();
    holder.wrapper_advice().filter(|_| applies)?;
    Some(finding::service_host(&holder.called()?, services))
}

/// It forwards to a container, and the process there was observed: that one is right or wrong. Whoever is not believed
/// to forward hands on no verdict.
fn forwarded(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let forward = holder.process.forward.as_deref()?;
    let advice = filled_in(holder.wrapper_advice()?, port, holder);
    let proxy = holder.called()?;
    Some(match handed_on(port, holder) {
        Err(doubt) => Finding { advice: doubt.advice.or(Some(advice)), ..doubt },
        Ok(None) => words::not_seen(&proxy, forward, advice),
        Ok(Some(behind)) => {
            let (_, finding) = decide(&behind);
            let lead = behind.lead?;
            let name = lead.called().map(|name| name.into_owned());
            words::handed_on(&proxy, forward, lead.process, name.as_deref(), finding)
        }
    })
}

/// The port as it is judged by the process behind a proxy; `None` where that was not observed.
///
/// # Errors
///
/// What speaks against the proxy: only root's own decides nothing but where its command line says.
fn handed_on<'a>(port: &LicensePort<'a>, holder: &Holder<'a>) -> Result<Option<LicensePort<'a>>, Finding> {
    let proxy = holder.handing_on();
    let doubt = doubts().find_map(|doubt| doubt.finding(port, Some(&proxy)));
    let of_user = || {
        let is_user_s = holder.process.uid != Some(0);
        is_user_s.then(|| words::proxy_of_user(&holder.called().unwrap_or_default(), holder.process))
    };
    match doubt.or_else(of_user) {
        Some(doubt) => Err(doubt),
        None => Ok(port.behind(holder)),
    }
}

/// The port as it was judged by the process behind a proxy, if it was.
pub(super) fn judged_behind<'a>(rule: &str, port: &LicensePort<'a>) -> Option<LicensePort<'a>> {
    let lead = port.lead.filter(|_| rule == FORWARDED)?;
    handed_on(port, &lead).ok()?
}

/// It holds the port for another program; only that one could be right or wrong.
fn wrapper(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    // A manager's own forwarder has its name, and a license program that an interpreter runs has not.
    let advice = holder.wrapper_advice().filter(|_| !holder.is_known_by_command_line())?;
    let to = holder.process.program().and_then(|program| program.relays_to.as_deref());
    Some(finding::wrapper(&holder.called()?, to, filled_in(advice, port, holder)))
}

/// An advice with its `PORT`, `PROTOCOL` and `PID_OF_IT`. Behind a command stands no full stop: it would be copied.
fn filled_in(advice: &str, port: &LicensePort<'_>, holder: &Holder<'_>) -> String {
    format!("{advice}{}", if advice.contains(": ") { "" } else { "." })
        .replace("PORT", &port.socket.local.port().to_string())
        .replace("PROTOCOL", port.socket.protocol.name())
        .replace("PID_OF_IT", &holder.process.pid.to_string())
}

/// No program is known to be right here, so none can be wrong.
fn no_program_known(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    if !port.is_no_program_known() {
        return None;
    }
    match holder.program {
        Some(_) if !port.is_registered() => None,
        Some(_) => Some(finding::no_program_known_but(
            &holder.described()?,
            &holder.belongs_to()?,
            &port.manager_names(),
        )),
        None => Some(finding::no_program_known(
            &holder.called()?,
            &port.manager_names(),
            port.claims.unauthorized_use,
        )),
    }
}

/// It is a license program on a port that the registry gives to another license manager; or a license
/// server on a port that the registry gives to nobody and another license manager uses by default.
fn other_manager(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let program = holder.program?;
    let is_server = matches!(program, LicenseProgram::Own(_))
        && port.licenses.technology_of_daemon(program).is_none()
        && matches!(port.claims.registered, RegisteredTo::Nobody)
        && port.claims.is_license_port();
    if !port.is_registered() && !is_server {
        return None;
    }
    Some(finding::other_manager(&holder.described()?, &holder.belongs_to()?, &port.manager_names()))
}

/// It is a license program on a port that the registry gives to no license manager. Its license file or
/// configuration may name any port.
fn chosen_port(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let program = holder.program?;
    let exe = holder.described()?;
    if let LicenseProgram::Server(_) = program {
        return Some(finding::server_on_chosen_port(&exe, &program.called()));
    }
    let serving = match program {
        LicenseProgram::Own(manager) => serving_whom(port, manager),
        _ => String::new(),
    };
    Some(finding::chosen_port(&exe, &holder.belongs_to()?, &serving))
}

/// Another program is known to be right here. That is a warning if the registry gives the port to a
/// manager, notes no others that use the number, and more than the manager's name is known.
fn mismatch(port: &LicensePort<'_>, holder: &Holder<'_>) -> Option<Finding> {
    let sure = |manager: &&LicenseManager| manager.confidence > Confidence::RegistryOnly;
    let is_sure = port.is_registered() && port.claims.managers.iter().any(sure);
    Some(finding::mismatch(&holder.called()?, &port.manager_names(), is_sure, port.claims.unauthorized_use))
}

/// An expected process need not serve licenses.
fn serving_whom(port: &LicensePort<'_>, manager: &LicenseManager) -> String {
    let is_helper = port.role(manager) == Some(PortRole::Helper);
    let is_loopback = port.socket.local.ip().to_canonical().is_loopback();
    finding::serving_whom(is_helper, manager.clients, is_loopback)
}
