//! Whose daemon a process is, or a line of a license file names.

use super::survey::Survey;
use crate::knowledge::LicenseManager;
use crate::model::{DaemonLine, Os, Process, file_name};

/// Whose daemon something is: that of known managers, or of a name that is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Vendor {
    /// The ids of the managers that it belongs to.
    Known(Vec<String>),
    Unknown(String),
}

/// Whose daemon a process is.
pub(super) fn vendor_of(survey: &Survey<'_>, daemon: &Process) -> Vendor {
    let os = survey.os();
    let name = daemon.exe_name(os).or(daemon.name.as_deref()).unwrap_or_default();
    let known = |name: &str| known_vendor(survey, name);
    let original = || survey.knowledge.licenses().renamed_from(daemon, os).and_then(|name| known(&name));
    known(name).or_else(original).unwrap_or_else(|| Vendor::Unknown(name.to_owned()))
}

/// Whose daemon a line of a license file names.
pub(super) fn vendor_of_line(survey: &Survey<'_>, line: &DaemonLine) -> Vendor {
    let os = survey.os();
    let by_path = || known_vendor(survey, file_name(line.path.as_deref()?, os));
    // On Windows a file has an ending that the line leaves out.
    let with_ending = || (os == Os::Windows).then(|| known_vendor(survey, &format!("{}.exe", line.name)))?;
    let known = known_vendor(survey, &line.name).or_else(with_ending).or_else(by_path);
    known.unwrap_or_else(|| Vendor::Unknown(line.name.clone()))
}

/// The managers that have a daemon of this name.
fn known_vendor(survey: &Survey<'_>, name: &str) -> Option<Vendor> {
    let (licenses, os) = (survey.knowledge.licenses(), survey.os());
    let has_it = |manager: &&LicenseManager| {
        manager.executables.have(name, os)
            && licenses.technology_of(manager).is_some_and(|technology| technology.starts_daemons)
    };
    let ids: Vec<String> =
        licenses.managers.iter().filter(has_it).map(|manager| manager.id.clone()).collect();
    (!ids.is_empty()).then_some(Vendor::Known(ids))
}

pub(super) fn vendor_of_manager(survey: &Survey<'_>, manager: &LicenseManager, process: &Process) -> Vendor {
    let os = survey.os();
    let Some(exe) = process.exe_name(os) else { return Vendor::Known(vec![manager.id.clone()]) };
    let shared = survey.knowledge.licenses().managers.iter().filter(|other| other.executables.have(exe, os));
    let ids: Vec<String> = shared.map(|other| other.id.clone()).collect();
    Vendor::Known(if ids.is_empty() { vec![manager.id.clone()] } else { ids })
}
