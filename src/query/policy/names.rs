//! The programs and users in a policy: what can never be those of a process is refused, as a line that looks like a rule
//! and matches nothing would be worse than none.

use super::source::{Name, PolicyFault, Source};
use super::table::Table;
use crate::model::{Policy, PolicyProgram, PolicyRule};
use crate::os::FileAt;
use crate::query::trust;

pub(super) fn programs(table: &Table<'_, '_>, source: &mut Source<'_>) -> Vec<PolicyProgram> {
    let programs = names("program", table, source, |written| program(written).map(drop));
    programs.into_iter().map(PolicyProgram).collect()
}

/// The users under a key: by name or number.
pub(super) fn users(key: &'static str, table: &Table<'_, '_>, source: &mut Source<'_>) -> Vec<String> {
    names(key, table, source, account)
}

fn names(
    key: &'static str,
    table: &Table<'_, '_>,
    source: &mut Source<'_>,
    check: impl Fn(&str) -> Result<(), String>,
) -> Vec<String> {
    let mut names = Vec::new();
    for (at, name) in table.strings(key, source) {
        match check(&name) {
            Ok(()) => {
                // The user of a service may exist only while that runs. Where the other rules miss it, they say so.
                if key != "user" || table.name == PolicyRule::MustNotListen.name() {
                    source.names.push(Name { line: source.line(at), key, name: name.clone() });
                }
                names.push(name);
            }
            Err(right) => source.add(at, key, right),
        }
    }
    names
}

/// Reads the name of a file, or its full path as the system writes it.
///
/// # Errors
///
/// What would be right, where no file is called so.
pub fn program(written: &str) -> Result<PolicyProgram, String> {
    plain(written, "program")?;
    let program = PolicyProgram(written.to_owned());
    let is_path = program.is_path() || written.contains('/');
    let path = trust::plain_path(written);
    match path {
        None if is_path || matches!(written, "." | "..") => {
            Err(format!("‘{written}’: give the name of the program's file, or its full path"))
        }
        Some(path) if path.ends_with(['/', '\\']) => {
            Err(format!("‘{written}’ is a folder: give the path of a file"))
        }
        Some(path) if path.replace('/', "\\") != written.replace('/', "\\") => {
            Err(format!("‘{written}’: write the path as the system does: {path}"))
        }
        _ => Ok(program),
    }
}

/// Reads a user's name or number.
///
/// # Errors
///
/// What would be right, where no user is called so.
pub fn account(written: &str) -> Result<(), String> {
    plain(written, "user")?;
    let is_number = written.bytes().all(|byte| byte.is_ascii_digit());
    match is_number && written.parse::<u32>().is_err() {
        true => Err(format!("‘{written}’ is no user: a number is at most {}", u32::MAX)),
        false => Ok(()),
    }
}

/// Refuses what is in no name.
fn plain(written: &str, what: &str) -> Result<(), String> {
    let trimmed = written.trim();
    if trimmed != written {
        return Err(format!("‘{written}’ begins or ends with a blank: write ‘{trimmed}’"));
    }
    let is_set = written.split_once('[').is_some_and(|(_, behind)| behind.contains(']'));
    if is_set || written.contains(['*', '?']) {
        return Err(format!(
            "‘{written}’: wildcards mean nothing here; name each {what}, as in {what} = [\"one\", \"other\"]"
        ));
    }
    match written.contains(['\0', char::REPLACEMENT_CHARACTER]) {
        true => Err(format!("‘{written}’: a name that is not text cannot be written here")),
        false => Ok(()),
    }
}

impl Name {
    /// Why the machine does not have it: a user that does not exist, or a folder in the place of a program. `has_user` says so
    /// as far as that is known.
    pub(super) fn wrong(
        &self,
        path: &str,
        has_user: impl Fn(&str) -> Option<bool>,
        file_at: impl Fn(&str) -> FileAt,
    ) -> Option<PolicyFault> {
        let Name { line, key, name } = self;
        let text = match *key {
            "program" => (name.contains(['/', '\\']) && matches!(file_at(name), FileAt::Folder(_)))
                .then(|| format!("‘{name}’ is a folder: give the path of a file")),
            _ => (name.parse::<u32>().is_err() && has_user(name) == Some(false))
                .then(|| format!("this machine has no user ‘{name}’; give a name or a number")),
        };
        text.map(|text| PolicyFault::new(path, *line, key, text))
    }
}

/// Where programs are looked for by name. Elsewhere a name is that of the file itself.
const FOLDERS: [&str; 4] = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// Adds to each path, and to each name of a link in the usual folders, the file that it leads to: a process is known by that.
pub fn follow_links(policy: &mut Policy, file_at: impl Fn(&str) -> FileAt) {
    for line in &mut policy.lines {
        for index in 0..line.programs.len() {
            let program = &line.programs[index];
            match program.is_path().then(|| file_at(&program.0)) {
                Some(FileAt::File(real)) if real != program.0 => line.programs.push(PolicyProgram(real)),
                Some(FileAt::Unknown) => drop(policy.unseen_files.insert(program.0.clone())),
                Some(_) => {}
                None => {
                    let real = |folder| match file_at(&format!("{folder}/{}", program.0)) {
                        FileAt::File(real) => {
                            Some(PolicyProgram(real)).filter(|real| !real.has_name_of(program))
                        }
                        _ => None,
                    };
                    let linked: Vec<PolicyProgram> = FOLDERS.into_iter().filter_map(real).collect();
                    line.programs.extend(linked);
                }
            }
        }
    }
}
