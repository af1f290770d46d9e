//! The types that are printed say of themselves what they print: docs/json.md has it word by word, and a validator that is
//! not ours finds every output of the program to be so.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use whatlistens::model::{ProblemCode, Word};
use whatlistens::query::Environment;
use whatlistens::render::json_schema;

use crate::arbitrary;
use crate::recorded::{Machine, linux, office, process};
use crate::started::{example, whatlistens};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| json_schema().to_value());

/// The schema of one kind of object, so that what is wrong is said of that kind alone.
fn validator(kind: &str) -> Validator {
    let schema = json!({ "$ref": format!("#/$defs/{kind}"), "$defs": SCHEMA["$defs"] });
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// What is wrong with an output.
fn faults(output: &Value) -> Vec<String> {
    static LISTING: LazyLock<Validator> = LazyLock::new(|| validator("Listing"));
    static EXPLANATIONS: LazyLock<Validator> = LazyLock::new(|| validator("Explanations"));
    static HOSTS: LazyLock<Validator> = LazyLock::new(|| validator("Hosts"));
    static LINE: LazyLock<Validator> = LazyLock::new(|| validator("FlatListener"));
    static EVENT: LazyLock<Validator> = LazyLock::new(|| validator("WatchEvent"));
    static DIFF: LazyLock<Validator> = LazyLock::new(|| validator("Diff"));
    static WAIT: LazyLock<Validator> = LazyLock::new(|| validator("Wait"));
    static CHECK: LazyLock<Validator> = LazyLock::new(|| validator("CheckResult"));
    static FAILURE: LazyLock<Validator> = LazyLock::new(|| validator("Failure"));
    let validator = match output {
        output if output.get("error").is_some() => &FAILURE,
        output if output.get("explanations").is_some() => &EXPLANATIONS,
        output if output.get("changes").is_some() => &DIFF,
        output if output.get("event").is_some() => &EVENT,
        output if output.get("hosts").is_some() => &HOSTS,
        output if output.get("host_id").is_some() => &LINE,
        output if output.get("expectations").is_some() => &CHECK,
        output if output.get("waited_for").is_some() => &WAIT,
        _ => &LISTING,
    };
    let errors = validator.iter_errors(output);
    errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// What the program printed, after the validator has found nothing wrong with it.
pub fn read<T: DeserializeOwned>(json: &str) -> T {
    let output = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}\n{json}"));
    let faults = faults(&output);
    assert!(faults.is_empty(), "{}\n{json}", faults.join("\n"));
    serde_json::from_value(output).unwrap_or_else(|error| panic!("{error}\n{json}"))
}

fn told(machine: &Machine, line: &str) -> Value {
    let (out, _, _) = machine.run(line, &Environment::plain()).unwrap();
    read(&out)
}

#[test]
fn the_reference_and_the_schema_say_what_the_types_say() {
    let reference = include_str!("../../docs/json.md");
    let folder = tempfile::tempdir().unwrap();
    let (copy, schema) = (folder.path().join("json.md"), folder.path().join("schema.json"));
    fs::write(&copy, reference).unwrap();
    let mut made = Command::new(example("json_reference"));
    assert!(made.arg("--into").arg(&copy).arg("--schema").arg(&schema).status().unwrap().success());
    let differs = |file: &str| {
        format!("{file} differs from the types in src/render/json. Run: cargo run --example json_reference")
    };
    assert!(fs::read_to_string(copy).unwrap() == reference, "{}", differs("docs/json.md"));
    let kept = include_str!("../../data/schema.json");
    assert!(fs::read_to_string(schema).unwrap() == kept, "{}", differs("data/schema.json"));
    assert_eq!(whatlistens(&["generate", "schema"]), (kept.to_owned(), String::new(), 0));
    assert_eq!(whatlistens(&["--json", "generate", "schema"]).0, kept);
}

#[test]
fn the_samples_in_the_reference_are_such_objects() {
    let blocks = include_str!("../../docs/json.md").split("```").skip(1).step_by(2);
    let samples: Vec<&str> = blocks.filter_map(|block| Some(&block[block.find("\n{")?..])).collect();
    assert_eq!(samples.len(), 2);
    for sample in samples {
        read::<Value>(sample);
    }
}

#[test]
fn every_field_is_described_and_always_present() {
    let types = SCHEMA["$defs"].as_object().unwrap();
    assert!(types.len() > 60, "{}", types.len());
    for (name, shape) in types {
        let Some(fields) = shape["properties"].as_object() else {
            assert!(shape["oneOf"].as_array().is_some_and(|words| !words.is_empty()), "{name}: {shape}");
            continue;
        };
        assert_eq!(shape["additionalProperties"], false, "{name}");
        let required = shape["required"].as_array().unwrap();
        for (field, said) in fields {
            let description = said["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{name}.{field} has no doc comment in src/render/json");
            assert!(!description.ends_with('.'), "{name}.{field}: no full stop, as in a cell of a table");
            assert!(required.iter().any(|one| one == field), "{name}.{field}");
        }
    }
}

#[test]
fn a_problem_begins_with_its_severity() {
    for code in ProblemCode::ALL {
        let severity = format!("{}: ", code.severity().code());
        assert!(code.meaning().starts_with(&severity), "{}: {}", code.code(), code.meaning());
    }
}

#[test]
fn what_the_types_do_not_say_is_found() {
    let machine = linux().socket("tcp 10.0.0.1:27000", &[process(5, "/opt/lmgrd")]);
    let right = told(&machine, "--json 27000");
    assert_eq!(faults(&right), [""; 0]);
    let planted: [(&str, Value); 8] = [
        ("/listeners/0/exposure", json!("everywhere")),
        ("/listeners/0/address", json!("lic01")),
        ("/listeners/0/port", json!(65536)),
        ("/listeners/0/processes/0/started_at", json!("yesterday")),
        ("/listeners/0/license/managers/0/id", json!(null)),
        ("/asked/0/answers/1/status", json!("open")),
        ("/complete", json!("yes")),
        ("/license_servers", json!({})),
    ];
    for (path, wrong) in planted {
        let mut output = right.clone();
        *output.pointer_mut(path).unwrap() = wrong;
        assert!(!faults(&output).is_empty(), "{path}");
    }
    for path in ["", "/host", "/listeners/0", "/listeners/0/processes/0", "/asked/0/answers/0"] {
        let mut output = right.clone();
        let object = output.pointer_mut(path).unwrap().as_object_mut().unwrap();
        object.insert("new".to_owned(), Value::Null);
        assert!(!faults(&output).is_empty(), "{path} with another field");
        let mut output = right.clone();
        output.pointer_mut(path).unwrap().as_object_mut().unwrap().clear();
        assert!(!faults(&output).is_empty(), "{path} without its fields");
    }
}

#[test]
fn whatever_is_asked_the_answer_holds_to_the_schema() {
    for machine in [linux(), office()] {
        for line in [
            "--json",
            "--json 80",
            "--json 27000",
            "--json 9,80,27000-27009,ssh",
            "--json --licenses",
            "--json --all-namespaces",
            "--json --numeric --args",
            "servers --json",
            "servers --json autodesk",
            "excluded --json",
            "explain --json 27000",
            "explain --json -15,570:10061 -17 1688 flexnet 1538",
        ] {
            told(&machine, line);
        }
    }
}

#[test]
fn each_of_the_program_s_own_outputs_is_one_kind_of_object() {
    let kinds: Vec<&str> =
        SCHEMA["oneOf"].as_array().unwrap().iter().map(|one| one["$ref"].as_str().unwrap()).collect();
    let kinds: Vec<&str> = kinds.iter().map(|path| path.rsplit('/').next().unwrap()).collect();
    let mut found = BTreeSet::new();
    let records = tempfile::tempdir().unwrap();
    std::fs::write(records.path().join("here.json"), whatlistens(&["record"]).0).unwrap();
    let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let validators: Vec<(&str, Validator)> = kinds.iter().map(|kind| (*kind, validator(kind))).collect();
    for line in [
        "--json",
        "--json 22",
        "--json 9 9/udp no-such-name",
        "--json --all-namespaces --connections --args",
        "servers --json",
        "excluded --json",
        "explain --json 27000 -15",
        "--json 70000",
        "servers --json no-such-product",
        "explain --json no-such-word",
        "check --json --expect 9 --no-flagged",
        "check --json --bogus",
        "wait --json --timeout 0 9 9/udp",
        "wait --json --gone --process no-such-process 9",
        "wait --json no-such-word",
        "--json --no-such-option",
        "--output jsonl",
        "watch --output jsonl --for 0.1",
        "--json --from FOLDER",
        "diff --json FOLDER/here.json",
        "diff --json FOLDER/missing.json",
    ] {
        let line = line.replace("FOLDER", records.path().to_str().unwrap());
        let (stdout, stderr, _) = whatlistens(&line.split(' ').collect::<Vec<_>>());
        assert!(!stdout.is_empty(), "{line}: {stderr}");
        let is_lines = line.contains("jsonl");
        for output in if is_lines { stdout.lines().collect() } else { vec![stdout.as_str()] } {
            assert!(output.is_ascii(), "{line}: {output}");
            let output: Value = read(output);
            let fitting: Vec<&str> =
                validators.iter().filter(|(_, kind)| kind.is_valid(&output)).map(|(name, _)| *name).collect();
            assert_eq!(fitting.len(), 1, "{line}: {fitting:?}\n{output}");
            found.extend(fitting);
        }
    }
    assert_eq!(found, kinds.into_iter().collect(), "an output of each kind");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_was_observed_holds_to_the_schema(observation in arbitrary::observation()) {
        let machine = linux().seen(|seen| *seen = observation);
        for line in
            ["--json", "--json 27000 80 1500-1600/tcp", "--json --all-namespaces", "servers --json", "excluded --json"]
        {
            // A license file that the caller named and that cannot be read is an error.
            let Ok((out, _, _)) = machine.run(line, &Environment::plain()) else { continue };
            prop_assert!(out.is_ascii(), "{out}");
            let mut faults = faults(&serde_json::from_str(&out).unwrap());
            // RFC 3339 has no years before 0, which no clock shows.
            faults.retain(|fault| !fault.contains("date-time"));
            prop_assert_eq!(faults, [""; 0]);
        }
    }
}
