//! The codes of license errors: the rules of `data/README.md`.

use std::collections::BTreeSet;

use whatlistens::command::Command;
use whatlistens::knowledge::{ErrorSystem, LicenseErrors};
use whatlistens::model::{Check, LicenseSystem};
use whatlistens::query::Environment;

use crate::license_data::resolves;
use crate::recorded::knowledge;

fn errors() -> &'static LicenseErrors {
    knowledge().license_errors()
}

fn is_kebab(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_sentence(text: &str) -> bool {
    text.starts_with(|c: char| c.is_uppercase() || text.starts_with("lm") || text.starts_with("rlm"))
        && text.ends_with('.')
        && !text.contains("  ")
}

#[test]
fn codes_are_sorted_and_say_one_sentence_each() {
    for ErrorSystem { id, errors, names, .. } in &errors().systems {
        assert!(is_kebab(id) && !names.is_empty(), "{id}");
        assert!(names.iter().all(|name| *name == name.to_lowercase()), "{names:?}");
        assert!(errors.is_sorted_by(|a, b| a.code.abs() < b.code.abs()), "{id}");
        assert!(errors.iter().all(|error| (error.code < 0) == (errors[0].code < 0)), "{id}: one sign");
        for error in errors {
            assert!(is_sentence(&error.meaning) && error.meaning.len() < 160, "{id} {}", error.code);
            assert!(error.symbol.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'));
        }
    }
    let symbols = errors().systems.iter().flat_map(|system| &system.errors).map(|error| &error.symbol);
    assert_eq!(symbols.clone().collect::<BTreeSet<_>>().len(), symbols.count(), "a symbol names one code");
    assert!(errors().system_errors.is_sorted_by(|a, b| a.number < b.number));
}

#[test]
fn causes_are_known_and_used() {
    for system in &errors().systems {
        let known: BTreeSet<&str> = system.causes.iter().map(|cause| cause.id.as_str()).collect();
        assert_eq!(known.len(), system.causes.len(), "{}", system.id);
        for cause in &system.causes {
            assert!(is_kebab(&cause.id) && is_sentence(&cause.text), "{} {}", system.id, cause.id);
        }
        let mut used = BTreeSet::new();
        for error in &system.errors {
            let causes: BTreeSet<&str> = error.causes.iter().map(String::as_str).collect();
            assert_eq!(causes.len(), error.causes.len(), "{} {}: a cause twice", system.id, error.code);
            used.extend(causes);
        }
        assert_eq!(used, known, "{}", system.id);
    }
}

#[test]
fn every_code_has_a_source() {
    for system in &errors().systems {
        for source in system.sources.iter().map(|source| &source.source).chain(&system.minor_sources) {
            assert_eq!(resolves(source), Ok(()), "{}", system.id);
        }
        for error in &system.errors {
            assert!(system.sources_of(error.code).next().is_some(), "{} {}", system.id, error.code);
        }
        assert_eq!(system.minor.is_some(), !system.minor_sources.is_empty(), "{}", system.id);
    }
}

/// What callers report most.
#[test]
fn the_common_codes_have_causes() {
    let common = [
        (
            "flexnet",
            &[
                -1, -2, -4, -5, -6, -7, -8, -9, -10, -12, -13, -15, -16, -18, -21, -22, -25, -37, -39, -52,
                -57, -67, -83, -89, -90, -95, -96, -97, -101, -103, -110, -114, -139,
            ][..],
        ),
        ("rlm", &[-1, -3, -4, -5, -17, -18, -20, -22, -61, -102, -104, -105, -111, -112]),
        ("sentinel-rms", &[3, 5, 6, 14, 17, 18, 0xC800_1005, 0xC800_1006]),
        ("sentinel-ldk", &[7, 11, 33, 38, 40, 41]),
        ("lm-x", &[9, 10, 12, 15, 17]),
    ];
    for (id, codes) in common {
        let system = errors().systems.iter().find(|system| system.id == id).unwrap();
        for code in codes {
            let error = system.errors.iter().find(|error| error.code == *code).unwrap();
            let has_check =
                |id: &String| system.causes.iter().any(|cause| cause.id == *id && cause.check.is_some());
            assert!(!error.causes.is_empty(), "{id} {code}");
            assert!(!has_license_files(system) || error.causes.iter().any(has_check), "{id} {code}");
        }
    }
}

/// Whether this program reads the license files of a system.
fn has_license_files(system: &ErrorSystem) -> bool {
    let read = [LicenseSystem::Flexnet, LicenseSystem::Rlm].map(LicenseSystem::technology);
    read.contains(&system.id.as_str())
}

#[test]
fn license_files_are_checked_only_where_they_are_read() {
    let of_license_files = [
        Check::HostMismatch,
        Check::LicenseExpired,
        Check::LicenseFile,
        Check::LicenseFileUnreadable,
        Check::OlderThanDaemon,
        Check::PortNotFixed,
    ];
    for system in &errors().systems {
        for cause in &system.causes {
            let of_file = cause.check.is_some_and(|check| of_license_files.contains(&check));
            assert!(!of_file || has_license_files(system), "{} {}", system.id, cause.id);
        }
    }
}

#[test]
fn every_command_of_a_check_is_understood() {
    for system in &errors().systems {
        for check in Check::ALL {
            let line = check.command(&system.ports);
            // That of license servers as wholes reads its own words.
            if line.starts_with("whatlistens servers") {
                continue;
            }
            let words: Vec<_> = line.split(' ').map(Into::into).collect();
            assert!(Command::parse(&words, &Environment::plain(), knowledge()).is_ok(), "{line}");
        }
    }
}

#[test]
fn the_codes_at_a_glance() {
    let mut glance = String::new();
    for system in &errors().systems {
        let explained = system.errors.iter().filter(|error| !error.causes.is_empty()).count();
        let (first, last) = (system.errors[0].code, system.errors[system.errors.len() - 1].code);
        glance += &format!(
            "{}: {} codes from {} to {}, {explained} with causes\n",
            system.id,
            system.errors.len(),
            system.written(first),
            system.written(last)
        );
    }
    insta::assert_snapshot!(glance, @"
    flexnet: 197 codes from -1 to -279, 90 with causes
    rlm: 171 codes from -1 to -194, 53 with causes
    sentinel-rms: 130 codes from 1 to 0xC8001013, 35 with causes
    sentinel-ldk: 116 codes from H0001 to H0699, 18 with causes
    lm-x: 65 codes from 1 to 68, 25 with causes
    ");
    let all: usize = errors().systems.iter().map(|system| system.errors.len()).sum();
    let changes = include_str!("../../CHANGELOG.md");
    assert!(changes.contains(&format!("machine: {all} codes of")), "CHANGELOG.md: {all} codes");
}

#[test]
fn data_in_the_wrong_form_is_refused() {
    let good = include_str!("../../data/license_errors.toml");
    assert!(toml::from_str::<LicenseErrors>(good).is_ok());
    for (from, to) in [
        ("check = \"port-free\"", "check = \"port-empty\""),
        ("code = -15,", "code = \"-15\","),
        ("symbol = \"LM_CANTCONNECT\"", "name = \"LM_CANTCONNECT\""),
        ("os = [\"linux\"]", "os = [\"unix\"]"),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(toml::from_str::<LicenseErrors>(&good.replacen(from, to, 1)).is_err(), "{to}");
    }
}
