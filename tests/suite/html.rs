//! `--output html`: a page that is complete in itself, and that no name of a process can change.

use std::process::Command;

use sha2::{Digest, Sha256};
use whatlistens::model::record::{self, Record};
use whatlistens::model::{Gap, GapKind, Process};
use whatlistens::query::Environment;

use crate::recorded::{Machine, linux, office, process};
use crate::started::whatlistens;

fn page(machine: &Machine, line: &str) -> String {
    let (out, notes, _) = machine.run(&format!("{line} --output html"), &Environment::plain()).unwrap();
    assert_eq!(notes, "");
    out
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{before}"));
    rest.split_once(after).unwrap_or_else(|| panic!("{after}")).0
}

const SCRIPT: &str = "<script>document.title='owned'<∕script><img src=x onerror=\"document.title='owned'\">";

/// A machine whose names are what an attacker would choose.
fn hostile() -> Machine {
    let called = |pid, name: &str| Process {
        name: Some(name.to_owned()),
        user: Some("\"><script>document.title='owned'</script>".to_owned()),
        ..process(pid, &format!("/x/{}", name.replace('/', "_")))
    };
    let script = SCRIPT.replace('∕', "/");
    linux()
        .seen(|seen| seen.host.name = Some(script.clone()))
        .socket("tcp 0.0.0.0:1538", &[called(7, &script)])
        .socket("tcp 127.0.0.1:8080", &[called(8, "' onmouseover='x' \u{1b}[31m\u{202e}gpj.exe\u{0}")])
        .socket("tcp 10.1.2.3:27000", &[called(9, "</title></style></td></table>{{ 7 }}&lt;b&gt;")])
        .gap(Gap::new(GapKind::SocketsUnreadable, "the table <b>UDP</b> could not be read"))
}

#[test]
fn the_page_says_what_the_table_says_with_what_is_flagged_first() {
    let page = page(&office(), "");
    assert!(
        page.contains("What listens on lic01") && page.contains("scanned 2026-11-22 04:00:00 UTC"),
        "{page}"
    );
    let rows: Vec<&str> = between(&page, "<tbody>", "</tbody>").split("<tr").skip(1).collect();
    assert_eq!(rows.len(), 5);
    assert!(rows[0].contains("1538/tcp") && rows[0].contains("data-flagged"), "{}", rows[0]);
    assert!(rows[1..].iter().all(|row| !row.contains("data-flagged")));
    assert_eq!(rows.iter().filter(|row| row.contains("data-exposed")).count(), 4);
    assert!(page.contains("no vendor daemon") && page.contains("clients get error -97 or -15"));
    assert!(page.contains(
        "4 can be reached from any machine, 0 from the machine&#39;s own network, 1 from this machine only"
    ));
    assert_eq!(page.matches("<circle").count(), 5);
}

#[test]
fn what_could_not_be_seen_and_what_is_not_there_are_said() {
    assert!(!page(&office(), "").contains("What could not be seen"));
    let gaps = page(&hostile(), "");
    assert!(
        gaps.contains("What could not be seen")
            && gaps.contains("The table &#60;b&#62;UDP&#60;/b&#62; could"),
        "{gaps}"
    );
    assert!(
        page(&office(), "9").contains("No listener matches.")
            && page(&office(), "9").contains("9: free for TCP")
    );
    let servers = page(&office(), "servers");
    assert!(servers.contains("no vendor daemon") && !servers.contains("<table>"), "{servers}");
}

#[test]
fn no_name_becomes_a_part_of_the_page() {
    let page = page(&hostile(), "");
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert_eq!(page.matches("<style").count() + page.matches("</style").count(), 2);
    assert!(
        !page.contains("<img") && !page.contains("onmouseover='x'") && !page.contains("<b>UDP"),
        "{page}"
    );
    assert!(!page.chars().any(|c| c == '\u{202e}' || c == '\u{1b}' || c == '\0'));
    // No style of an element's own, which the policy would refuse, and nothing from elsewhere.
    assert!(
        !page.contains(" style=")
            && !page.contains("://")
            && !page.contains("@import")
            && !page.contains("url(")
    );
}

#[test]
fn the_policy_lets_the_page_s_own_style_and_script_pass_alone() {
    let page = page(&office(), "");
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\">");
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
        let own = between(&page, &format!("<{tag}>"), &format!("</{tag}>"));
        let hash = format!("sha256-{}", base64(&Sha256::digest(own.as_bytes())));
        let typed =
            between(policy, &format!("{directive} '"), "'").replace("&#43;", "+").replace("&#61;", "=");
        assert_eq!(typed, hash, "change the constant of {directive} in src/render/html.rs");
    }
}

#[test]
fn the_page_is_small() {
    assert!(page(&office(), "").len() < 25 * 1024);
}

/// What a browser makes of a page; `None` where there is none.
fn shown_in_browser(page: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    std::fs::write(&file, page).unwrap();
    let browser = Command::new("chromium")
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom", "--timeout=20000"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(&file)
        .output();
    let Ok(output) = browser else {
        eprintln!("skipped: there is no chromium");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_browser_runs_our_script_and_no_other() {
    let Some(shown) = shown_in_browser(&page(&hostile(), "")) else { return };
    assert!(shown.contains("<html lang=\"en\" class=\"js\">"), "our script did not run: {shown}");
    assert!(shown.contains("<th scope=\"col\" class=\"num\"><button>PORT</button>"), "{shown}");
    assert!(!shown.contains("<title>owned") && !shown.contains("<img"), "{shown}");
    assert_eq!(between(&shown, "<tbody>", "</tbody>").matches("<tr").count(), 3);
}

/// With another id.
fn another(machine: Machine) -> Machine {
    machine.seen(|seen| seen.host.id = Some("f".repeat(32)))
}

/// A folder with the records of these machines, and a file that is none.
fn folder_of(machines: &[(&str, Machine)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, machine) in machines {
        let mut text = Vec::new();
        record::write(&Record::new(machine.observed().clone()), &mut text).unwrap();
        std::fs::write(folder.path().join(format!("{name}.json")), text).unwrap();
    }
    std::fs::write(folder.path().join("a&b.json"), "<img>").unwrap();
    folder
}

fn page_of(folder: &tempfile::TempDir, args: &[&str]) -> (String, String, u8) {
    whatlistens(&[&["--from", folder.path().to_str().unwrap(), "--output", "html"], args].concat())
}

#[test]
fn a_folder_of_records_is_one_page_with_an_overview_the_worst_machine_first() {
    let quiet = linux()
        .seen(|seen| (seen.host.name, seen.host.id) = (None, None))
        .socket("tcp 127.0.0.1:8080", &[process(7, "/x/web")]);
    let folder = folder_of(&[("a-quiet", quiet), ("lic01", office()), ("zz", another(hostile()))]);
    let (page, notes, status) = page_of(&folder, &[]);
    assert_eq!((notes.as_str(), status), ("", 0));
    assert!(page.contains("<h1>What listens on 3 machines</h1>"), "{page}");
    assert_eq!(page.matches("<h1>").count(), 4);
    let overview = between(&page, "<section class=\"first\">", "</section>");
    let rows: Vec<&str> = between(overview, "<tbody>", "</tbody>").split("<tr").skip(1).collect();
    assert!(rows[0].contains("data-flagged") && rows[0].contains("&#60;script&#62;"), "{rows:?}");
    assert!(rows[1].contains("<a href=\"#m2\">lic01</a>") && rows[1].contains("class=\"alarm\""), "{rows:?}");
    // A machine without a name is called as its file is.
    assert!(
        rows[2].contains(">a-quiet</a>")
            && !rows[2].contains("data-flagged")
            && !rows[2].contains("data-exposed"),
        "{rows:?}"
    );
    assert!(page.contains("<section class=\"host\" id=\"m2\">"), "{page}");
    assert!(overview.contains("a&#38;b.json: not JSON") && !page.contains("<img"), "{overview}");
    assert!(overview.contains("<b>1</b>record not complete"), "{overview}");
    // What was asked selects in all of them.
    let (page, _, status) = page_of(&folder, &["80"]);
    assert!(page.contains("<b>1</b>listener<") && status == 0, "{page}");
    assert_eq!(page_of(&folder, &["6000"]).2, 1);
}

/// By its id, whatever its name is by now.
#[test]
fn several_records_of_a_machine_are_one_machine() {
    let renamed = || office().seen(|seen| seen.host.name = Some("lic01-old".to_owned()));
    let folder = folder_of(&[("monday", office()), ("friday", renamed()), ("zz", another(hostile()))]);
    let page = page_of(&folder, &[]).0;
    assert!(page.contains("<h1>What listens on 2 machines (3 records)</h1>"), "{page}");
    let folder = folder_of(&[("monday", office()), ("friday", office())]);
    assert!(page_of(&folder, &[]).0.contains("<h1>What listens on 1 machine (2 records)</h1>"));
    let (out, notes, _) = whatlistens(&["--from", folder.path().to_str().unwrap(), "6000"]);
    let said = out + &notes;
    assert!(said.contains("Nothing that was asked for was found in 2 records."), "{said}");
}

#[test]
fn a_browser_shows_all_machines() {
    let folder = folder_of(&[("lic01", office()), ("zz", hostile())]);
    let Some(shown) = shown_in_browser(&page_of(&folder, &[]).0) else { return };
    assert_eq!(shown.matches("<button>PORT</button>").count(), 2, "{shown}");
    assert!(shown.contains("<button>MACHINE</button>") && !shown.contains("<title>owned"), "{shown}");
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let group =
            part.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for at in 0..4 {
            let sign = SIGNS[(group >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= part.len() { sign as char } else { '=' });
        }
    }
    text
}
