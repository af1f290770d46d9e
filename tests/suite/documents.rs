//! README and docs/ say all that they must, and no more than fits.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use whatlistens::cli::COMMANDS;
use whatlistens::model::{
    AcceptQueue, FileVersion, GapKind, Interface, InterfaceAddress, Os, Process, ProcessService,
    ServiceManager, Socket,
};

use crate::recorded::{Machine, linux, with_file};
use crate::tidy;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

#[test]
fn the_readme_is_short_and_its_first_screen_fits() {
    let readme = text("README.md");
    assert!(readme.lines().count() <= 150, "{} lines: details go to docs/", readme.lines().count());
    for line in readme.lines().take(24) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn every_kind_of_gap_is_explained() {
    let gaps = text("docs/gaps.md");
    for kind in GapKind::ALL.map(GapKind::code) {
        assert!(gaps.contains(&format!("| `{kind}` |")), "{kind}");
    }
}

#[test]
fn the_tests_that_show_a_promise_exist() {
    let threats = text("docs/THREATS.md");
    let cited: Vec<(&str, &str)> = threats.split('`').filter_map(|quoted| quoted.split_once("::")).collect();
    assert!(cited.len() > 20, "{cited:?}");
    let files = tidy::sources();
    for (module, test) in cited {
        let (file, folder) = (format!("/{module}.rs"), format!("/{module}/"));
        let is_in = |path: &str| path.ends_with(&file) || path.contains(&folder);
        let has_it = |text: &str| text.contains(&format!("fn {test}("));
        assert!(
            files.iter().any(|file| is_in(&file.path) && has_it(&file.text)),
            "docs/THREATS.md: there is no {module}::{test}"
        );
    }
}

/// The files that a document links to, without the part of them.
fn links(document: &str) -> Vec<&str> {
    let targets = document.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let paths = targets.map(|target| target.split('#').next().unwrap_or_default());
    paths.filter(|path| !path.is_empty() && !path.contains("://")).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut documents =
        ["README.md", "CONTRIBUTING.md", "data/README.md", "fuzz/README.md"].map(str::to_owned).to_vec();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        documents.push(format!("docs/{}", entry.unwrap().file_name().to_str().unwrap()));
    }
    for document in documents {
        let (path, text) = (root().join(&document), text(&document));
        for link in links(&text) {
            assert!(path.parent().unwrap().join(link).exists(), "{document}: {link}");
        }
    }
}

#[test]
fn every_option_is_in_the_guide() {
    let guide = text("docs/usage.md");
    let words: BTreeSet<&str> = guide.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect();
    for command in [""].into_iter().chain(COMMANDS) {
        let help = linux().printed(&format!("{command} --help"), None);
        let options = help.lines().filter_map(|line| line.trim_start().split_once("--"));
        let options = options.filter(|(before, _)| before.is_empty() || before.starts_with('-'));
        let options: Vec<&str> = options.filter_map(|(_, name)| name.split_whitespace().next()).collect();
        assert!(options.contains(&"help"), "{help}");
        for option in options {
            assert!(
                words.contains(format!("--{option}").as_str()),
                "docs/usage.md lacks --{option} of {command:?}"
            );
        }
    }
}

#[test]
fn the_sample_of_a_gap_is_what_is_printed() {
    let of_ssh = |socket: &mut Socket| {
        socket.made_in = Some(ProcessService::new(ServiceManager::Systemd, "ssh.service"));
        (socket.uid, socket.user) = (Some(0), Some("root".to_owned()));
        socket.accept_queue = Some(AcceptQueue { waiting: 0, limit: Some(128) });
    };
    let address = InterfaceAddress { ip: "192.168.7.31".parse().unwrap(), prefix: 24 };
    let interface = Interface {
        name: "eth0".to_owned(),
        is_up: Some(true),
        is_loopback: false,
        master: None,
        addresses: vec![address],
    };
    let machine = linux()
        .by_ordinary_user(&[(58, "sshd")])
        .socket("tcp 0.0.0.0:22", &[])
        .but(of_ssh)
        .socket("tcp [::]:22", &[])
        .but(of_ssh)
        .seen(|seen| seen.interfaces = Some(vec![interface]));
    let printed = machine.printed("22", Some(80));
    assert!(text("docs/gaps.md").contains(&printed), "docs/gaps.md lacks:\n{printed}");
}

/// The machine of docs/windows.md.
fn windows_server() -> Machine {
    let made_by = |company: &str, name: &str| FileVersion {
        company: Some(company.to_owned()),
        product: None,
        original_name: Some(name.to_owned()),
    };
    let program = |pid, exe: &str, version: Option<FileVersion>| {
        let process = with_file(pid, exe, |file| file.version = version);
        Process { uid: None, user: Some(r"LIC01\alice".to_owned()), ppid: None, ..process }
    };
    let python = || program(3120, r"C:\Python313\python.exe", None);
    let renamed = program(2280, r"C:\Autodesk\update.exe", Some(made_by("Flexera", "lmgrd.exe")));
    let adskflex = program(2284, r"C:\Autodesk\adskflex.exe", Some(made_by("Autodesk", "adskflex.exe")));
    let adskflex = Process { ppid: Some(2280), ..adskflex };
    let windows = linux().os(Os::Windows);
    let of_nobody = |socket: &mut Socket| (socket.uid, socket.user) = (None, None);
    let all = [
        ("tcp 0.0.0.0:1538", python()),
        ("tcp [::]:8000", python()),
        ("tcp 0.0.0.0:27000", renamed),
        ("tcp 0.0.0.0:2080", adskflex),
    ];
    all.into_iter().fold(windows, |machine, (place, holder)| machine.socket(place, &[holder]).but(of_nobody))
}

#[test]
fn the_samples_in_the_guide_are_what_is_printed() {
    let guide = text("docs/windows.md");
    for line in ["", "27000"] {
        let printed = windows_server().printed(line, Some(100));
        assert!(guide.contains(&printed), "docs/windows.md lacks the answer to {line:?}:\n{printed}");
    }
}
