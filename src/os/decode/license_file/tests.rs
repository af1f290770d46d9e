//! License files of both systems, whole, broken and cut.

use proptest::prelude::*;

use super::*;
use crate::model::{Expiry, Flaw};

const FLEXNET: &str = "\
# License of Example Corporation, 40 seats\r
SERVER lic01 001122aabbcc 27000 PRIMARY_IS_MASTER HEARTBEAT_INTERVAL=10\r
VENDOR adskflex port=2080\r
DAEMON MLM \"C:\\Program Files\\MATLAB\\R2024a\\etc\\win64\\mlm.exe\" options=\"C:\\My Options\\mlm.opt\" PORT=1711\r
daemon sampled /etc/sampled \\\r
  /etc/sampled/licenses/sampled.opt 27021 # fixed for the firewall\r
VENDOR snpslmd /opt/scl/snpslmd 27020\r
USE_SERVER\r
\r
FEATURE MATLAB MLM 46 31-dec-2026 40 5A7E7A8F16D3A4C56D5F \\\r
    VENDOR_STRING=\"vi=30 at=187\" HOSTID=ANY SIGN=\"0A1B 2C3D \\\r
    4E5F 6071\" ck=33\r
increment 87084ACD_F adskflex 1.000 permanent 5 SIGN=BADC\r
INCREMENT 87085ACD adskflex 1.000 31-DEC-26 5 SIGN=BADC\r
INCREMENT 87086ACD adskflex 1.000 31-dec-2026 5 SIGN=BADC\r
INCREMENT VCS snpslmd 2025.06 1-jan-2026 5 SIGN=BADC\r
INCREMENT PROE_366 ptc_d 20.0 1-jan-0 5 85739247224342AD332C\r
INCREMENT odd sampled 20.0 1 0D7E7537EF83397984B3\r
PACKAGE suite sampled 1.0 COMPONENTS=\"a b\" SIGN=BADC\r
";

const RLM: &str = "\
# Licenses served by host gt2
HOST gt2 0000a74f88ce 5053
ISV reprise /opt/rlm/reprise /opt/rlm/reprise.opt 8765
ISV foundry port=4101 password=hush options=/etc/foundry.opt binary=/opt/foundry
LICENSE reprise joe 3.0 permanent 10 _ck=f81efcf79a
sig=\"60PG451KTXVQ0WYBX785XAKTDKUCHB7T683Y2MG22M088S8UAFR0VKPMFGPKH4XW4H5QQ8JSFFJG\"
LICENSE foundry nuke_i 2026.0501 1-may-2026 5 share=h _ck=3b1efcd48c
sig=\"60P045145JSKEJSR48V3GXCX29S8TM5TKE91TS022HW0XAEEWH82DRTCJB830AWEV62MUE2N7C\"
LICENSE foundry hiero_i 2026.0501 1-may-2026 5 share=h _ck=3b1efcd48c sig=\"60P04\"
";

fn of(text: &str) -> LicenseLines {
    read(text.as_bytes(), true)
}

fn servers(lines: &LicenseLines) -> Vec<String> {
    let told = |s: &ServerLine| format!("{}: {} {:?} {:?}", s.line, s.host, s.host_id, s.port);
    lines.servers.iter().map(told).collect()
}

fn daemons(lines: &LicenseLines) -> Vec<String> {
    let or_none = |text: &Option<String>| text.clone().unwrap_or("none".to_owned());
    let told = |d: &DaemonLine| {
        let (path, options) = (or_none(&d.path), or_none(&d.options_file));
        format!("{}: {} {} | {path} | {options} | {:?}", d.line, d.keyword, d.name, d.port)
    };
    lines.daemons.iter().map(told).collect()
}

fn expiries(lines: &LicenseLines) -> Vec<String> {
    let told = |e: &Expiry| {
        let daemon = e.daemon.as_deref().unwrap_or("none");
        format!("{} {daemon} {} (line {}) {}", e.date, e.feature, e.line, e.count)
    };
    lines.expiries.iter().map(told).collect()
}

fn flaws(lines: &LicenseLines) -> Vec<String> {
    let told = |flaw: &Flaw| match flaw.line {
        Some(line) => format!("{line}: {}", flaw.text),
        None => flaw.text.clone(),
    };
    lines.flaws.iter().map(told).collect()
}

#[test]
fn flexnet_s_file_is_read() {
    let lines = of(FLEXNET);
    assert_eq!((lines.system, lines.use_server), (Some(LicenseSystem::Flexnet), true));
    assert_eq!(servers(&lines), [r#"2: lic01 Some("001122aabbcc") Some(27000)"#]);
    assert_eq!(
        daemons(&lines),
        [
            "3: VENDOR adskflex | none | none | Some(2080)",
            r"4: DAEMON MLM | C:\Program Files\MATLAB\R2024a\etc\win64\mlm.exe | C:\My Options\mlm.opt | Some(1711)",
            "5: DAEMON sampled | /etc/sampled | /etc/sampled/licenses/sampled.opt | Some(27021)",
            "7: VENDOR snpslmd | /opt/scl/snpslmd | none | Some(27020)",
        ]
    );
    assert_eq!(
        expiries(&lines),
        [
            "2026-01-01 snpslmd VCS (line 16) 1",
            "2026-12-31 MLM MATLAB (line 10) 1",
            "2026-12-31 adskflex 87085ACD (line 14) 2",
        ]
    );
    assert_eq!(flaws(&lines), [] as [&str; 0]);
}

#[test]
fn rlm_s_file_is_read() {
    let lines = of(RLM);
    assert_eq!((lines.system, lines.use_server), (Some(LicenseSystem::Rlm), false));
    assert_eq!(servers(&lines), [r#"2: gt2 Some("0000a74f88ce") Some(5053)"#]);
    assert_eq!(
        daemons(&lines),
        [
            "3: ISV reprise | /opt/rlm/reprise | /opt/rlm/reprise.opt | Some(8765)",
            "4: ISV foundry | /opt/foundry | /etc/foundry.opt | Some(4101)",
        ]
    );
    assert_eq!(expiries(&lines), ["2026-05-01 foundry nuke_i (line 7) 2"]);
    assert_eq!(flaws(&lines), [] as [&str; 0]);
}

#[test]
fn rlm_s_file_in_flexnet_s_words_is_known_by_its_signatures() {
    let words = [("HOST", "SERVER"), ("ISV", "DAEMON"), ("LICENSE", "FEATURE")];
    let text = words.iter().fold(RLM.to_owned(), |text, (own, other)| text.replace(own, other));
    let (lines, own) = (of(&text), of(RLM));
    assert_eq!((lines.system, &lines.servers, &lines.expiries), (own.system, &own.servers, &own.expiries));
    for (text, system) in [
        ("SERVER a b\nFEATURE f v 1 1-jan-2030 1 ABCDEF\n", Some(LicenseSystem::Flexnet)),
        ("VENDOR v\nFEATURE f v 1 1-jan-2030 1 ABCDEF _ck=12\n", Some(LicenseSystem::Flexnet)),
        ("SERVER a b 27000\n", None),
    ] {
        assert_eq!(of(text).system, system, "{text}");
    }
}

#[test]
fn whatever_the_encoding_and_the_line_ends_the_lines_are_the_same() {
    let expected = of(FLEXNET);
    let utf16 = |unit: fn(u16) -> [u8; 2], mark: Option<u16>| {
        let units = mark.into_iter().chain(FLEXNET.encode_utf16());
        read(&units.flat_map(unit).collect::<Vec<u8>>(), true)
    };
    for mark in [Some(0xfeff), None] {
        for lines in [utf16(u16::to_le_bytes, mark), utf16(u16::to_be_bytes, mark)] {
            let text = "the file is UTF-16, but license servers read 8-bit text: save it as ANSI or UTF-8";
            assert_eq!(flaws(&lines), [text]);
            assert_eq!(LicenseLines { flaws: Vec::new(), ..lines }, expected);
        }
    }
    assert_eq!(of(&FLEXNET.replace("\r\n", "\n")), expected);
    assert_eq!(of(&FLEXNET.replace("\r\n", "\r")), expected);
    assert_eq!(of(&format!("\u{feff}{FLEXNET}")), expected);
    assert_eq!(of(&FLEXNET.replace("\\\r\n", "\\ \t\r\n")), expected);
    let text = "the file begins with a byte order mark, with which RLM cannot read it: save it without";
    assert_eq!(flaws(&of(&format!("\u{feff}{RLM}"))), [text]);
}

#[test]
fn latin_1_is_read_and_a_character_may_be_cut() {
    let host = |bytes: &[u8]| read(bytes, false).servers[0].host.clone();
    assert_eq!(host(b"SERVER m\xfcller ANY 27000\n"), "müller");
    assert_eq!(host("SERVER müller ANY\n".as_bytes()), "müller");
    assert_eq!(host(&"SERVER müller ANY\n# ü".as_bytes()[..22]), "müller");
}

#[test]
fn each_flaw_is_one_line_with_its_number() {
    let no_port = "is no port: a port is a number from 1 to 65535";
    let port = |line: usize, word: &str| format!("{line}: {word} {no_port}");
    let server = "FlexNet wants one, or three for a redundant server";
    let one = |text: &str| vec![text.to_owned()];
    for (text, expected) in [
        (
            "SERVER a ANY 0\nVENDOR v port=65536\nVENDOR w port=\nVENDOR x /x /o 27O21\nISV y PORT=-1\n",
            vec![
                port(1, "‘0’"),
                port(2, "‘65536’"),
                port(3, "an empty word"),
                port(4, "‘27O21’"),
                port(5, "‘-1’"),
            ],
        ),
        ("SERVER a ANY 1234567890\nVENDOR v\n", vec![port(1, "a long word")]),
        ("SERVER\nVENDOR v\n", one("1: SERVER without a host: it must be SERVER host hostid [port]")),
        ("HOST\nISV v\n", one("1: HOST without a host: it must be HOST host hostid [port]")),
        ("SERVER a ANY 1\nISV\n", one("2: ISV without a name: it must be ISV name [path] [port=number]")),
        (
            "SERVER a ANY 1\nSERVER b ANY 1\nVENDOR v\n",
            vec![format!("2: the last of 2 SERVER lines: {server}")],
        ),
        (
            "SERVER a ANY 1\nSERVER b ANY\nSERVER c ANY 1\nVENDOR v\n",
            one("2: each of three SERVER lines needs its port: SERVER host hostid port"),
        ),
        ("SERVER a ANY 1\nSERVER b ANY 1\nSERVER c ANY 1\nVENDOR v\n", vec![]),
        (&"SERVER a ANY 1\n".repeat(4), vec![format!("4: the last of 4 SERVER lines: {server}")]),
        ("HOST a ANY 5053\nHOST b ANY 5053\nISV v\n", one("2: the last of 2 HOST lines: RLM wants one")),
        ("VENDOR v\n", one("there is no SERVER line: a license server needs one")),
        ("ISV v\n", one("there is no HOST line: a license server needs one")),
        (
            "SERVER a ANY 1\nVENDOR mlm C:\\Program Files\\MATLAB\\mlm.exe port=5\n",
            one("2: the daemon's path has a blank in it: put the path in quotes"),
        ),
        ("SERVER a ANY 1\nVENDOR mlm C:\\flexlm\\mlm.exe opts\\mlm.opt\n", vec![]),
        (
            "SERVER a ANY 1\nVENDOR n 27001\n",
            one("2: the port is where the daemon's path should be: write port= before it"),
        ),
        ("SERVER a ANY 1\nVENDOR v \"C:\\a b.exe port=5\n", one("2: a quote is opened and not closed")),
        ("SERVER a ANY 1\n\nVENDOR v\0\0\0\n", one("3: binary data follows: what is after it was not read")),
        ("\u{7f}ELF\u{2}\u{1}\u{1}\0\0\0", one("1: binary data follows: what is after it was not read")),
        ("SERVR a ANY 1\nVENDORS v\nSERVER_NAME\nEXPORT x\nHELLO WORLD\n", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(flaws(&of(text)), expected, "{text}");
    }
    let cut = "the file is too large: only its first 9 bytes were read";
    assert_eq!(flaws(&read(b"VENDOR v\n", false)), [cut]);
}

#[test]
fn a_port_that_is_wrong_is_no_port_and_its_line_stays() {
    let lines = of("SERVER a ANY 0\nVENDOR v port=65536\nVENDOR w 27001\nVENDOR z /z 27002 /o\n");
    assert_eq!(lines.servers[0].port, None);
    let ports: Vec<Option<u16>> = lines.daemons.iter().map(|d| d.port).collect();
    assert_eq!(ports, [None, Some(27001), Some(27002)]);
    assert_eq!(lines.daemons[1].path, None);
}

#[test]
fn dates_are_those_of_both_systems() {
    for (word, date) in [
        ("31-dec-2026", Some("2026-12-31")),
        ("1-JAN-2030", Some("2030-01-01")),
        ("29-feb-2028", Some("2028-02-29")),
        ("31-dec-26", Some("2026-12-31")),
        ("01-feb-98", Some("1998-02-01")),
        ("31-dec-9999", Some("9999-12-31")),
        ("permanent", None),
        ("0", None),
        ("1-jan-0", None),
        ("1-jan-00", None),
        ("1-jan-000", None),
        ("1-jan-0000", None),
        ("31-feb-2026", None),
        ("0-jan-2026", None),
        ("31-dez-2026", None),
        ("31-dec-2026-1", None),
        ("31-dec-20261", None),
        ("31-dec-2", None),
        ("31-dec-", None),
        ("-dec-2026", None),
        ("+1-dec-2026", None),
        ("1-dec", None),
        ("", None),
    ] {
        let end = match expiry::end(word) {
            Some(expiry::End::On(date)) => Some(date.to_string()),
            Some(expiry::End::Never) | None => None,
        };
        assert_eq!(end.as_deref(), date, "{word}");
    }
    for word in ["permanent", "PERMANENT", "0", "1-jan-0", "1-jan-00", "1-jan-0000"] {
        assert_eq!(expiry::end(word), Some(expiry::End::Never), "{word}");
    }
    for word in ["", "31-feb-2026", "uncounted"] {
        assert_eq!(expiry::end(word), None, "{word}");
    }
}

/// The old line of a license that was renewed stays in the file, and is no problem.
#[test]
fn of_a_renewed_license_the_line_that_is_valid_longest_counts() {
    let line = |feature: &str, date: &str| format!("INCREMENT {feature} v 1 {date} 1 A\n");
    let renewed = [
        ("f", "1-jan-2020"),
        ("f", "1-jan-2030"),
        ("f", "1-jan-2025"),
        ("g", "1-jan-2020"),
        ("g", "permanent"),
    ];
    let text: String = renewed.map(|(feature, date)| line(feature, date)).concat();
    assert_eq!(expiries(&of(&text)), ["2030-01-01 v f (line 2) 1"]);
}

#[test]
fn what_is_kept_has_a_bound() {
    let long = "x".repeat(10_000);
    let license = format!("FEATURE {long} {long} 1 1-jan-2030 1");
    let lines = of(&format!("SERVER {long} {long} 1\nVENDOR {long} {long} {long}\n{license}\n"));
    let (server, daemon, expiry) = (&lines.servers[0], &lines.daemons[0], &lines.expiries[0]);
    let paths = [&daemon.path, &daemon.options_file, &server.host_id, &expiry.daemon];
    let texts = [&server.host, &daemon.name, &expiry.feature].into_iter();
    for text in texts.chain(paths.into_iter().flatten()) {
        assert_eq!(text.len(), LONGEST);
    }

    let many = |line: &str| of(&line.repeat(1_000));
    let lines = many("SERVER a ANY 0\nVENDOR v port=0\n");
    assert_eq!((lines.servers.len(), lines.daemons.len()), (MOST_LINES, MOST_LINES));
    assert_eq!(lines.flaws.len(), flaws::MOST + 1);
    assert_eq!(lines.flaws.last().unwrap().text, "1982 more");

    let license = |at: usize| format!("FEATURE f v{at} 1 1-jan-{} 1 A\n", 3000 - at);
    let lines = of(&(0..1_000).map(license).collect::<String>());
    assert_eq!(lines.expiries.len(), expiry::MOST);
    assert_eq!(expiries(&lines)[0], "2001-01-01 v999 f (line 1000) 1");
    assert_eq!(flaws(&lines), ["licenses expire on 800 more days, later than these"]);
    assert_eq!(expiries(&many("FEATURE f v 1 1-jan-2030 1 A\n")), ["2030-01-01 v f (line 1) 1"]);
    let of_one_day = (0..1_000).map(|at| format!("FEATURE f{at} v 1 1-jan-2030 1 A\n")).collect::<String>();
    assert_eq!(expiries(&of(&of_one_day)), ["2030-01-01 v f0 (line 1) 1000"]);
}

#[test]
fn without_its_end_a_file_says_nothing_but_the_truth() {
    for text in [FLEXNET, RLM] {
        let whole = of(text);
        for end in 0..text.len() {
            let lines = read(&text.as_bytes()[..end], false);
            let all_but_last = |mut part: Vec<String>| {
                part.pop();
                part
            };
            // Of the last line, what continues it may be missing.
            assert!(servers(&whole).starts_with(&all_but_last(servers(&lines))), "{end}");
            assert!(daemons(&whole).starts_with(&all_but_last(daemons(&lines))), "{end}");
            for e in &lines.expiries {
                let is_true = |w: &Expiry| (w.date, &w.feature, w.line) == (e.date, &e.feature, e.line);
                assert!(whole.expiries.iter().any(is_true), "{end}: {e:?}");
            }
        }
    }
}

#[test]
fn a_flipped_byte_changes_its_own_lines_at_most() {
    for text in [FLEXNET, RLM] {
        let whole = of(text);
        for at in 0..text.len() {
            for flip in [1, 0x20, 0x80, 0xff] {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] ^= flip;
                // Text ends at a NUL byte. A line end that is lost takes the next line along.
                let lines = read(&bytes, true);
                let lost = whole.daemons.len().saturating_sub(lines.daemons.len());
                assert!(bytes[at] == 0 || lost <= 2, "{at} {flip}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..300), is_whole: bool) {
        let _ = read(&bytes, is_whole);
    }

    #[test]
    fn no_text_is_too_strange(
        text in "((SERVER|HOST|VENDOR|ISV|FEATURE|LICENSE)?[ \"\\\\=#a-z0-9\t\r\u{0}-]{0,20}\\PC{0,5}\n?){0,8}",
        is_whole: bool,
    ) {
        for flaw in &read(text.as_bytes(), is_whole).flaws {
            prop_assert!(flaw.text.len() < 200 && !flaw.text.contains('\n') && !flaw.text.ends_with('.'));
        }
    }
}
