//! `explain -15`: what a license error means, however it is typed.

use std::{io, slice};

use whatlistens::knowledge::explain::{Topic, explain};
use whatlistens::model::Explanation;
use whatlistens::query::{Environment, Output, topics};
use whatlistens::render::{self, Answer, Format, Signs};

use whatlistens::cli::{Color, GlobalArgs};
use whatlistens::os::DEADLINE;

use crate::recorded::knowledge;
use crate::started::whatlistens;

fn explained(words: &str) -> Vec<Explanation> {
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    let topics = topics(&words, knowledge()).unwrap();
    topics.iter().map(|(typed, topic)| explain(typed, topic, knowledge())).collect()
}

fn printed(words: &str, width: u16) -> String {
    let [explanation] = &explained(words)[..] else { panic!("one explanation") };
    let global =
        GlobalArgs { output: None, json: false, from: None, color: Color::Never, deadline: DEADLINE };
    let mut style = Output::new(&global, &Environment::plain()).unwrap().style;
    style.width = Some(width);
    let mut out = Vec::new();
    let answer = Answer::Explanations(slice::from_ref(explanation));
    render::write(answer, Format::Text, &style, &mut out, &mut io::sink()).unwrap();
    String::from_utf8(out).unwrap()
}

/// The codes that words stand for, each with its system.
fn codes(words: &str) -> Vec<String> {
    let explained = explained(words);
    let errors = explained.iter().flat_map(|explanation| &explanation.license_errors);
    errors.map(|error| format!("{} {}", error.system, error.code)).collect()
}

fn refused(words: &[&str]) -> String {
    let (out, complaint, status) = whatlistens(&[&["explain"], words].concat());
    assert_eq!((out.as_str(), status, complaint.lines().count()), ("", 2, 1), "{complaint}");
    Signs::Ascii.of(complaint.trim_end().to_owned())
}

#[test]
fn an_error_with_all_its_numbers() {
    insta::assert_snapshot!(printed("-15,570:115", 80), @r"
    -15,570:115  a license error of FlexNet Publisher

    FlexNet Publisher -15  LM_CANTCONNECT
    Meaning      The program cannot connect to the license server.
    Minor        570 is for the vendor's support: it identifies the error more
                 closely, and its meaning is not published.
    System error 115 is EINPROGRESS on Linux: the connection was not answered in
                 time, usually because of a firewall, a wrong address or a full
                 backlog.
    Cause 1      Nothing listens on the port of the SERVER line (one of 27000 to
                 27009 if it has none): lmgrd was not started, or it ended.
      Check      whatlistens 27000-27009
    Cause 2      lmgrd listens on another port than the program asks: the port in
                 the program's license file, port@host or LM_LICENSE_FILE is out of
                 date.
      Check      whatlistens servers
    Cause 3      The service or unit that starts lmgrd is stopped, or does not start
                 with the machine.
      Check      whatlistens servers
    Cause 4      The SERVER line, port@host or LM_LICENSE_FILE names another
                 machine, or a name that leads to another address.
      Check      whatlistens servers
    Cause 5      A firewall between the program and this machine blocks the port.
    Cause 6      The server listens on 127.0.0.1 only, so that other machines cannot
                 reach it.
      Check      whatlistens servers
    Cause 7      Another program holds the port, so that lmgrd could not open it.
      Check      whatlistens 27000-27009
    Cause 8      The system has reserved the port, so that lmgrd could not open it
                 (Windows, error 10013).
      Check      whatlistens excluded 27000-27009
    Cause 9      The server hangs: its backlog is full, so that new connections get
                 no answer.
      Check      whatlistens servers
    Cause 10     lmgrd runs, but the vendor's daemon does not: it could not start,
                 or it ended. The debug log says why.
      Check      whatlistens servers
    Cause 11     A vendor daemon is left over from a license server that ended. A
                 new one cannot start before it stops.
      Check      whatlistens servers
    Source       https://docs.revenera.com/fnp/2024r1/LicAdmin_Guide/Content/helplibrary/Error_Code_Descriptions.htm
                 github.com/mjtrangoni/flexlm_exporter: collector/errors.go
                 github.com/os-fpga/Raptor: Tools/Flex_LM/machind/lmclient.h, the
                 symbols
                 https://docs.revenera.com/fnp/2025r1/LicAdmin_Guide/Content/helplibrary/Error_Message_Format.htm
    ");
}

#[test]
fn a_code_of_two_systems_on_a_wide_terminal() {
    insta::assert_snapshot!(printed("-18", 200), @"
    -18  license errors of FlexNet Publisher and RLM

    FlexNet Publisher -18  LM_NOSERVSUPP
    Meaning      The license server answers, but does not serve this feature.
    Cause 1      The server's license file has no FEATURE or INCREMENT line of this name for this
                 vendor.
      Check      whatlistens servers
    Cause 2      The server reads another license file than you think, or was not told to read the new
                 one again (lmreread).
      Check      whatlistens servers
    Cause 3      The host ID of the SERVER or FEATURE line is not this machine's: a network card was
                 changed or is switched off, or the file is another machine's.
      Check      whatlistens servers
    Cause 4      lmgrd runs, but the vendor's daemon does not: it could not start, or it ended. The
                 debug log says why.
      Check      whatlistens servers
    Cause 5      The FEATURE or INCREMENT line has expired.
      Check      whatlistens servers
    Source       https://docs.revenera.com/fnp/2024r1/LicAdmin_Guide/Content/helplibrary/Error_Code_Descriptions.htm
                 github.com/mjtrangoni/flexlm_exporter: collector/errors.go
                 github.com/os-fpga/Raptor: Tools/Flex_LM/machind/lmclient.h, the symbols

    RLM -18  RLM_EL_NO_SERV_SUPP
    Meaning      The license server answers, but does not serve this product.
    Cause 1      The server's license files have no LICENSE line for this product.
      Check      whatlistens servers
    Cause 2      The server reads other license files than you think: every .lic file in its working
                 folder and beside its program, and those of RLM_LICENSE.
      Check      whatlistens servers
    Cause 3      The host ID of the HOST or LICENSE line is not this machine's: a network card was
                 changed or is switched off, or the file is another machine's.
      Check      whatlistens servers
    Cause 4      The license is older than the program: its LICENSE line ends at an earlier version.
      Check      whatlistens servers
    Cause 5      The LICENSE line has expired.
      Check      whatlistens servers
    Cause 6      rlm runs, but the ISV's server does not: it could not start, or it ended. The debug log
                 says why.
      Check      whatlistens servers
    Source       https://onlinedocs.microchip.com/oxy/GUID-CEE1FBD8-59BA-48B0-8F5C-441E7EE43B48-en-US-2/GUID-5DBD4FD4-2210-4177-B56C-3C02F45BB7FA.html:
                 from the RLM manual
                 configuration: license.h of RLM, the numbers of its symbols
    ");
}

#[test]
fn a_code_without_documented_causes() {
    insta::assert_snapshot!(printed("H0022", 80), @"
    H0022  a license error of Sentinel LDK (HASP)

    Sentinel LDK (HASP) H0022  HASP_INV_VCODE
    Meaning      The program has a vendor code that is not valid.
    Source       https://docs.sentinel.thalesgroup.com/ldk/LDKdocs/API-licensing-java/Licensing_API/Enumerations/Licensing_API_Status_Codes.htm
                 configuration: hasp_api.h of Sentinel LDK, the numbers of its
                 symbols
                 configuration: protected programs print ‘Sentinel key not found
                 (H0007)’
    ");
}

#[test]
fn no_line_is_too_wide() {
    for system in &knowledge().license_errors().systems {
        for error in &system.errors {
            let page = printed(&format!("{} {}", system.names[0], system.written(error.code)), 80);
            let fits =
                |line: &str| line.chars().count() <= 80 || line.contains("://") || line.contains("github");
            assert!(page.lines().all(fits), "{page}");
            assert!(page.contains("Meaning ") && page.contains("Source "), "{page}");
        }
    }
}

#[test]
fn every_code_is_found_by_number_and_by_symbol() {
    for system in &knowledge().license_errors().systems {
        for error in &system.errors {
            let code = system.written(error.code);
            let found = format!("{} {code}", system.id);
            assert!(codes(&format!("{} {code}", system.names[0])).contains(&found), "{found}");
            assert!(codes(&error.symbol).contains(&found), "{}", error.symbol);
        }
    }
}

#[test]
fn a_code_is_typed_as_programs_show_it() {
    for (words, expected) in [
        ("-15", &["flexnet -15", "rlm -15"][..]),
        ("-15,570", &["flexnet -15"]),
        ("-15.570", &["flexnet -15"]),
        ("-15,10:115", &["flexnet -15"]),
        ("(-15,570:115)", &["flexnet -15"]),
        // A minus as web pages have it.
        ("\u{2212}97,121", &["flexnet -97"]),
        ("\u{2013}97", &["flexnet -97"]),
        // Autodesk's dialogs.
        ("[1.5.-15]", &["flexnet -15"]),
        ("-111", &["flexnet -111", "rlm -111"]),
        ("-97 -18,147", &["flexnet -97", "flexnet -18"]),
        ("H0007", &["sentinel-ldk H0007"]),
        ("h0033", &["sentinel-ldk H0033"]),
        ("rlm -17", &["rlm -17"]),
        ("RLM -102", &["rlm -102"]),
        ("flexlm -15", &["flexnet -15"]),
        ("hasp 7", &["sentinel-ldk H0007"]),
        ("rms 18", &["sentinel-rms 18"]),
        ("sentinel 5", &["sentinel-rms 5", "sentinel-ldk H0005"]),
        ("lmx 15", &["lm-x 15"]),
        ("0xC8001006", &["sentinel-rms 0xC8001006"]),
        ("c8001006", &["sentinel-rms 0xC8001006"]),
        ("210005", &["sentinel-rms 5"]),
        ("lm_vendor_down", &["flexnet -97"]),
        ("-15 -15", &["flexnet -15", "rlm -15"]),
        ("error -97", &["flexnet -97"]),
        ("error:-97,121", &["flexnet -97"]),
        ("License error: -97 H0007", &["flexnet -97", "sentinel-ldk H0007"]),
    ] {
        assert_eq!(codes(words), expected, "{words}");
    }
    let quoted = topics(&["rlm -17".to_owned()], knowledge()).unwrap();
    assert_eq!(quoted[0].0, "rlm -17");
    assert_eq!(topics(&["license error -97".to_owned()], knowledge()).unwrap()[0].0, "-97");
    for shown in ["FlexNet Licensing error:-15,570", "error: \u{2212}15,570 "] {
        assert_eq!(topics(&[shown.to_owned()], knowledge()).unwrap()[0].0, "-15,570");
    }
    assert_eq!(topics(&["\u{2212}15.570".to_owned()], knowledge()).unwrap()[0].0, "-15,570");
}

#[test]
fn what_is_no_code_stays_what_it_was() {
    for words in [
        "5",
        "1538",
        "27000-27009 1688",
        "1-5",
        "rms 5093",
        "lm-x 6200",
        "flexnet 27000",
        "lm_sensors",
        "h0me",
        "autodesk 22",
        "error 22",
    ] {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let topics = topics(&words, knowledge()).unwrap();
        assert_eq!(topics.len(), words.len(), "{words:?}");
        assert!(topics.iter().all(|(_, topic)| !matches!(topic, Topic::LicenseError(_))), "{words:?}");
    }
}

#[test]
fn a_code_that_is_not_known_says_which_are() {
    insta::assert_snapshot!(refused(&["-999"]), @"whatlistens: '-999' is not a known license error. FlexNet Publisher has codes from -1 to -279. RLM has codes from -1 to -194.");
    insta::assert_snapshot!(refused(&["-20,x"]), @"whatlistens: '-20,x': write a license error as the program shows it, as in -15, -15,570 or -15,570:115");
    insta::assert_snapshot!(refused(&["-15,"]), @"whatlistens: '-15,': write a license error as the program shows it, as in -15, -15,570 or -15,570:115");
    insta::assert_snapshot!(refused(&["H0999"]), @"whatlistens: 'H0999' is not a known license error. Sentinel LDK (HASP) has codes from H0001 to H0699.");
    insta::assert_snapshot!(refused(&["rlm", "-999"]), @"whatlistens: 'rlm -999' is not a known license error. RLM has codes from -1 to -194.");
    insta::assert_snapshot!(refused(&["rlm", "-17,111"]), @"whatlistens: 'rlm -17,111' is not a known license error.");
    insta::assert_snapshot!(refused(&["-99999999999999999999"]), @"whatlistens: '-99999999999999999999': write a license error as the program shows it, as in -15, -15,570 or -15,570:115");
    let (_, complaint, status) = whatlistens(&["-15"]);
    assert_eq!(status, 2);
    insta::assert_snapshot!(complaint, @"whatlistens: there is no option -15; for a license error: whatlistens explain -15");
}

#[test]
fn options_are_understood_before_and_behind_a_code() {
    for words in [
        &["explain", "--json", "-15"][..],
        &["explain", "-15", "--json"],
        &["--json", "explain", "-15,570:115"],
        &["--color", "never", "explain", "-15,570", "--json"],
        &["--deadline=1s", "explain", "--json", "--", "-15"],
    ] {
        let (out, complaint, status) = whatlistens(words);
        assert_eq!(status, 0, "{words:?}: {complaint}");
        assert!(out.starts_with('{') && out.contains("\"LM_CANTCONNECT\""), "{words:?}: {out}");
    }
    // A digit before the command's name is an option of a listing, and a word there may be its value.
    for words in [&["-4", "explain", "22"][..], &["explain", "-x"]] {
        assert_eq!(whatlistens(words).2, 2, "{words:?}");
    }
    assert_eq!(whatlistens(&["--process", "explain", "-4"]).2, 1);
}

#[test]
fn the_help_says_that_codes_are_understood() {
    let (help, _, _) = whatlistens(&["explain", "--help"]);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("a license error (-15, -15,570:115, H0007, rms 5)"), "{help}");
}
