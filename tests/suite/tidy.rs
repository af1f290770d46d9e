//! The rules of the house, checked in the source itself. Each check is a function of a file's path
//! and text, and is first shown a file that breaks its rule.

use std::fs;
use std::path::Path;

/// A file of the project: its path from the project's folder, and its text.
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    fn new(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    /// The top module of the crate it belongs to: `render` for `src/render/table.rs`.
    fn module(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let first = inside.split('/').next().unwrap_or(inside);
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Its lines of code with their numbers: without comments, and without its unit tests, which
    /// stand at its end or in a file `tests.rs`.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let all = if self.path.ends_with("/tests.rs") { 0 } else { self.text.len() };
        let end = self.text.find("#[cfg(test)]").unwrap_or(all);
        let lines = self.text[..end].lines().enumerate();
        lines.map(|(at, line)| (at + 1, line.split("//").next().unwrap_or(line)))
    }

    fn lines_with(&self, words: &[&str]) -> Vec<String> {
        self.code()
            .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
            .map(|(number, line)| format!("{}:{number}: {}", self.path, line.trim()))
            .collect()
    }
}

/// Every Rust file, by path.
pub fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders = vec![root.join("src"), root.join("tests"), root.join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                files.push(File { path, text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn assert_tidy(check: impl Fn(&File) -> Vec<String>) {
    let files = sources();
    assert!(files.len() > 30, "the sources are found");
    let found: Vec<String> = files.iter().flat_map(check).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Rule 1: only `src/os` asks which system it is compiled for.
fn system_asked_for(file: &File) -> Vec<String> {
    if file.path.starts_with("src/os/") || !file.path.starts_with("src/") {
        return Vec::new();
    }
    let configured = file.lines_with(&["cfg(", "cfg_attr(", "cfg!("]);
    let by_system = |line: &String| ["unix", "windows", "target_"].iter().any(|word| line.contains(word));
    let mut found: Vec<String> = configured.into_iter().filter(by_system).collect();
    found.extend(file.lines_with(&["std::os::"]));
    found
}

/// Rule 3: `unsafe` only under `src/os`, and with its reason.
fn unsafe_code(file: &File) -> Vec<String> {
    let found =
        file.lines_with(&["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code", "expect(unsafe_code"]);
    let explained = file.text.matches("// SAFETY:").count() + file.text.matches("/// # Safety").count();
    let blocks = file.lines_with(&["unsafe {", "unsafe fn", "unsafe impl"]).len();
    if file.path.starts_with("src/os/") && explained >= blocks { Vec::new() } else { found }
}

/// Rule 7: standard streams, exit and the clock are `main`'s, the environment `query`'s too.
fn side_doors(file: &File) -> Vec<String> {
    if !file.path.starts_with("src/") || file.path == "src/main.rs" {
        return Vec::new();
    }
    let mut words =
        vec!["println!", "eprintln!", "process::exit", "Timestamp::now", "SystemTime::now", "Zoned::now"];
    if file.module() != "query" {
        words.extend(["env::var", "env::args", "is_terminal", "io::stdout", "io::stderr"]);
    }
    file.lines_with(&words)
}

/// It never connects, and starts no program but Windows' own `netsh` and macOS's `sysctl`.
fn connections(file: &File) -> Vec<String> {
    if !file.path.starts_with("src/") {
        return Vec::new();
    }
    let mut words = vec!["TcpStream", "UdpSocket", "TcpListener", "ToSocketAddrs", ".connect("];
    let starters = ["src/os/asked_program.rs", "src/os/windows/netsh.rs", "src/os/macos/socket_lists.rs"];
    if !starters.contains(&file.path.as_str()) {
        words.extend(["process::Command", "std::process::{", "Command::new"]);
    }
    file.lines_with(&words)
}

/// On Linux every file is opened without waiting for whoever may serve it.
fn waits(file: &File) -> Vec<String> {
    if !file.path.starts_with("src/os/linux/") {
        return Vec::new();
    }
    file.lines_with(&["File::open", "fs::read(", "fs::read_to_string"])
}

/// Rule 9, and the size of a file that one can hold in mind.
fn housekeeping(file: &File) -> Vec<String> {
    let mut found = file.lines_with(&["thread::sleep", "todo!(", "unimplemented!(", "#[ignore]"]);
    let lines = file.text.lines().count();
    if lines > 420 || (file.path == "src/main.rs" && lines > 60) {
        found.push(format!("{}: {lines} lines; which noun is missing?", file.path));
    }
    if file.path.starts_with("src/") && !file.text.starts_with("//!") {
        found.push(format!("{}: does not open with what it is for", file.path));
    }
    found
}

#[test]
fn only_os_asks_for_the_system() {
    assert_eq!(system_asked_for(&File::new("src/render/table.rs", "#[cfg(unix)]\nfn f() {}")).len(), 1);
    assert_eq!(system_asked_for(&File::new("src/select.rs", "#[cfg(not(target_os = \"linux\"))]")).len(), 1);
    assert_eq!(system_asked_for(&File::new("src/select.rs", "#[cfg(any(test, not(windows)))]")).len(), 1);
    assert_eq!(system_asked_for(&File::new("src/select.rs", "#[cfg_attr(unix, path = \"a\")]")).len(), 1);
    assert!(system_asked_for(&File::new("src/os/mod.rs", "#[cfg(unix)]")).is_empty());
    assert_tidy(system_asked_for);
}

#[test]
fn unsafe_is_rare_and_explained() {
    let block = "let x = unsafe { f() };";
    assert_eq!(unsafe_code(&File::new("src/select.rs", &format!("// SAFETY: no\n{block}"))).len(), 1);
    assert_eq!(unsafe_code(&File::new("src/os/windows.rs", block)).len(), 1);
    assert!(unsafe_code(&File::new("src/os/windows.rs", &format!("// SAFETY: yes\n{block}"))).is_empty());
    assert_tidy(unsafe_code);
}

#[test]
fn streams_clock_and_environment_have_one_door() {
    assert_eq!(side_doors(&File::new("src/render/table.rs", "println!();")).len(), 1);
    assert_eq!(side_doors(&File::new("src/os/linux.rs", "std::env::var(\"X\")")).len(), 1);
    assert!(side_doors(&File::new("src/query/mod.rs", "env::var_os(\"NO_COLOR\")")).is_empty());
    assert_tidy(side_doors);
}

#[test]
fn it_never_connects() {
    assert_eq!(connections(&File::new("src/os/linux.rs", "TcpStream::connect(a)")).len(), 1);
    assert_eq!(connections(&File::new("src/os/linux.rs", "use std::process::{Command, Stdio};")).len(), 1);
    assert_tidy(connections);
}

#[test]
fn it_waits_for_no_file() {
    let planted = "let text = fs::read_to_string(path);\nlet file = File::open(path);";
    assert_eq!(waits(&File::new("src/os/linux/boot.rs", planted)).len(), 2);
    assert_tidy(waits);
}

#[test]
fn files_are_small_finished_and_introduced() {
    assert_eq!(housekeeping(&File::new("src/a.rs", "//! A.\ntodo!()")).len(), 1);
    assert_eq!(housekeeping(&File::new("src/a.rs", "use std::fmt;")).len(), 1);
    assert_eq!(housekeeping(&File::new("src/a.rs", &format!("//! A.\n{}", "\n".repeat(420)))).len(), 1);
    // This file names what it looks for.
    assert_tidy(|file| if file.path.ends_with("tidy.rs") { Vec::new() } else { housekeeping(file) });
}
