//! On Windows, whoever reads a pipe or a file takes it for text in another code page: what this program itself adds to
//! names is ASCII there. The same values show it on every system.

use std::path::Path;

use jiff::Timestamp;
use whatlistens::command::Invocation;
use whatlistens::model::{FileVersion, Os, Presence, Process, ProcessService, ServiceManager};
use whatlistens::query::Environment;
use whatlistens::render::Signs;

use crate::diff::record_of;
use crate::recorded::{Machine, knowledge, linux, now, process, with_file};
use crate::tidy;

/// A pipe on Windows.
fn piped() -> Environment {
    Environment { signs: (Signs::Ascii, Signs::Ascii), ..Environment::plain() }
}

/// The kernel, a service with a parent, and a file that says who made it; a process of this name beside them.
fn machine(name: &str) -> Machine {
    let kernel =
        Process { name: Some("System".to_owned()), presence: Presence::Kernel, ..process(4, r"C:\System") };
    let version = FileVersion {
        company: Some("Flexera Software LLC".to_owned()),
        product: Some("FlexNet Publisher".to_owned()),
        original_name: Some("lmgrd.exe".to_owned()),
    };
    let parent = Process { ppid: None, ..process(600, r"C:\Windows\System32\services.exe") };
    let lmgrd = Process {
        ppid: Some(600),
        services: vec![ProcessService::new(ServiceManager::Windows, "FlexNet")],
        ..with_file(900, r"C:\Flexnet\update.exe", |file| file.version = Some(version))
    };
    let other = Process { name: Some(name.to_owned()), ..process(901, r"C:\Web\nginx.exe") };
    linux()
        .os(Os::Windows)
        .with(parent)
        .socket("tcp 0.0.0.0:445", &[kernel])
        .socket("tcp 0.0.0.0:27000", &[lmgrd])
        .socket("tcp 0.0.0.0:8080", &[other])
}

/// What a command line prints about the machine's record: on standard output, and beside it.
fn printed(machine: &Machine, line: &str, environment: &Environment) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let record = record_of(machine, folder.path(), "lic01");
    let (out, notes) = printed_of(&record, line, environment);
    let there = folder.path().to_str().unwrap();
    let here = |text: String| text.replace(there, "FOLDER").replace("FOLDER\\", "FOLDER/");
    (here(out), here(notes))
}

fn printed_of(record: &Path, line: &str, environment: &Environment) -> (String, String) {
    let from = if line.starts_with("explain") || line.contains("help") {
        vec![]
    } else {
        vec!["--from".into(), record.into()]
    };
    let words = ["whatlistens"].into_iter().chain(line.split(' ').filter(|word| !word.is_empty()));
    let args: Vec<_> = words.map(Into::into).chain(from).collect();
    let invocation = Invocation::parse(&args, environment, knowledge()).unwrap();
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let now: fn() -> Timestamp = now;
    invocation.answer(knowledge(), now, &mut out, &mut notes).unwrap();
    (String::from_utf8(out).unwrap(), String::from_utf8(notes).unwrap())
}

const FOR_PEOPLE: [&str; 15] = [
    "",
    "-H",
    "-H --columns port,unit",
    "--wide --args",
    "445",
    "27000",
    "8080 1-100",
    "--report 27000",
    "--output list",
    "--output list 27000",
    "--output markdown",
    "servers",
    "check --expect 27000/tcp=lmgrd --no-flagged",
    "explain 27000 -15 H0007",
    "--help",
];
const FOR_PROGRAMS: [&str; 6] = [
    "--json",
    "--output jsonl",
    "--output csv",
    "--output prometheus",
    "--output html",
    "servers --output html",
];

#[test]
fn in_a_pipe_on_windows_the_program_adds_nothing_but_ascii() {
    let machine = machine("nginx");
    let mut others = 0;
    for line in FOR_PEOPLE {
        let (out, notes) = printed(&machine, line, &piped());
        assert!(out.is_ascii() && notes.is_ascii(), "{line}: {out}{notes}");
        let (usual, notes) = printed(&machine, line, &Environment::plain());
        others += usize::from(!(usual + &notes).is_ascii());
    }
    assert!(others >= 4, "{others} of these have signs elsewhere");
    let list = printed(&machine, "-H --columns port,unit", &piped()).0;
    assert!(list.contains("kernel::SMB"), "{list}");
    let detail = printed(&machine, "27000", &piped()).0;
    assert!(detail.contains(" -> ") && detail.contains("update.exe"), "{detail}");
}

#[test]
fn names_stay_as_they_are() {
    let name = "jürgen→管理者…“x”";
    for line in ["", "-H", "--wide --args", "8080", "--report 8080", "--output list", "--output markdown"] {
        let (out, _) = printed(&machine(name), line, &piped());
        assert!(out.contains(name) && out.replace(name, "").is_ascii(), "{line}: {out}");
    }
}

#[test]
fn the_columns_stay_in_line() {
    let table = |environment: &Environment| printed(&machine("nginx"), "", environment).0;
    insta::assert_snapshot!(table(&piped()), @"
         PORT  ADDRESS        PROCESS     PID  USER   IANA NAME     UNIT         LICENSE
      445/tcp  0.0.0.0:445    System        4  alice  microsoft-ds  kernel: SMB
     8080/tcp  0.0.0.0:8080   nginx       901  alice  http-alt
    27000/tcp  0.0.0.0:27000  update.exe  900  alice  flex-lm       FlexNet      expected

    Revenera FlexNet license server: update.exe (PID 900) has no vendor daemon that listens: clients get error -97 or -15. For details: whatlistens --from FOLDER/lic01 servers
    ");
    // COLUMNS is exported, and another program shows it: what is cut has room for its three points.
    let mut cut = 0;
    for (line, width) in ["", "--columns port,path,process"]
        .into_iter()
        .flat_map(|line| [40, 44, 60, 80].map(|width| (line, width)))
    {
        let environment = Environment { exported_width: Some(width), ..piped() };
        let shown = printed(&machine("a-program-with-a-long-name"), line, &environment).0;
        assert!(shown.is_ascii(), "{shown}");
        for row in shown.lines().take_while(|row| !row.is_empty()) {
            cut += usize::from(row.contains("..."));
            assert!(row.len() <= usize::from(width), "{width}: {shown}");
        }
    }
    assert!(cut > 3, "{cut}");
}

#[test]
fn formats_that_say_their_own_are_the_same_everywhere() {
    let machine = machine("jürgen→");
    for line in FOR_PROGRAMS {
        let (piped, usual) =
            (printed(&machine, line, &piped()), printed(&machine, line, &Environment::plain()));
        assert!(piped.0 == usual.0, "{line}");
        assert!(piped.1.is_ascii(), "{line}: {}", piped.1);
    }
    // No sign is the program's own where that is so.
    for line in ["--json", "--output jsonl", "--output csv", "--output prometheus"] {
        let (out, _) = printed(&self::machine("nginx"), line, &Environment::plain());
        assert!(out.is_ascii(), "{line}: {out}");
    }
}

#[test]
fn every_sign_in_the_source_has_one_in_ascii() {
    // Recognized in what others write, of a screen, or of a page of HTML.
    const READ: [&str; 3] = ["src/query/message.rs", "src/render/csv.rs", "src/render/live.rs"];
    let files = tidy::sources();
    let files = files.iter().filter(|file| file.path.starts_with("src/") && !READ.contains(&&*file.path));
    let mut found = 0;
    for file in files {
        for (number, line) in file.code() {
            found += usize::from(!line.is_ascii());
            let in_ascii = Signs::Ascii.of(line.replace(['"', '\''], "").replace('¦', "!"));
            assert!(in_ascii.is_ascii(), "{}:{number}: {line}", file.path);
        }
    }
    assert!(found > 30, "{found}");
}
