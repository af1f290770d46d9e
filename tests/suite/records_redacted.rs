//! `record --redact`: what of a machine and its people must not be in a record, and what can still be judged.

use std::sync::Arc;

use serde_json::Value;
use whatlistens::command::RecordedMachine;
use whatlistens::model::record::{self, Record};
use whatlistens::model::redact::redact;
use whatlistens::model::{Checked, Host, Observation, ServerLine, WorkingFolder};

use crate::recorded::knowledge;

/// Everything that a redacted record must not say.
const PRIVATE: [&str; 19] = [
    "lic01",
    "example.org",
    "alice",
    "192.0.2.7",
    "10.1.2.3",
    "2001:db8:77::1",
    "0011223344aa",
    "it went wrong",
    "005056aabbcc",
    "005056AABBCC",
    "ddeeff001122",
    "00-50-56-aa-bb-cc",
    "SN4711",
    "9-1a2b3c4d",
    "CMPST99",
    "lic77",
    "bob",
    "10.9.8.7",
    "carol",
];

/// Host ids of license files, of every form.
const HOST_IDS: [&str; 11] = [
    "005056aabbcc",
    "00:50:56:AA:BB:CC",
    "ETHERNET=ddeeff001122",
    "DISK_SERIAL_NUM=SN4711",
    "COMPOSITE=CMPST99",
    "FLEXID=9-1a2b3c4d",
    "HOSTNAME=lic77.example.org",
    "USER=bob",
    "INTERNET=10.9.8.7",
    "\"005056aabbcc ddeeff001122\"",
    "ANY",
];

/// Every file of licenses has these host ids.
fn license(observation: &mut Observation, ids: &[&str]) {
    let files = observation.license_setup.iter_mut().flat_map(|setup| &mut setup.files);
    for file in files {
        file.path = "/opt/flexlm/license-00-50-56-aa-bb-cc_005056AABBCC.lic".to_owned();
        if let Checked::Done(lines) = &mut file.contents {
            let line = lines.servers[0].clone();
            let licensed = |id: &&str| ServerLine { host_id: Some((*id).to_owned()), ..line.clone() };
            lines.servers = ids.iter().map(licensed).collect();
        }
    }
}

fn host_ids(record: &Record) -> Vec<String> {
    let files = &record.observation.license_setup.as_ref().unwrap().files;
    let lines = files.iter().filter_map(|file| file.contents.done()).flat_map(|lines| &lines.servers);
    lines.filter_map(|line| line.host_id.clone()).collect()
}

fn private() -> Observation {
    let mut value: Value = serde_json::from_str(include_str!("record.json")).unwrap();
    let text = value["observation"].take().to_string();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn pseudonyms_stand_for_names_and_stay_the_same() {
    let mut observation = private();
    observation.host =
        Host { name: Some("lic01.example.org".to_owned()), id: Some("5eed".to_owned()), ..observation.host };
    observation.processes.values_mut().for_each(|process| {
        let process = Arc::make_mut(process);
        (process.uid, process.user) = (Some(1000), Some("alice".to_owned()));
        process.cwd = Some(WorkingFolder { path: "/home/alice/app".to_owned(), deleted: false });
    });
    observation.gaps[0].detail = "10.1.2.3, 2001:db8:77::1 and alice on lic01".to_owned();
    if let Some(setup) = &mut observation.license_setup {
        setup.identity.hardware_addresses = vec!["0011223344aa".to_owned()];
        setup.logs.iter_mut().for_each(|log| log.trouble = vec!["it went wrong for alice".to_owned()]);
    }
    license(&mut observation, &HOST_IDS);
    observation.processes.values_mut().filter(|process| process.container.is_some()).for_each(|process| {
        Arc::make_mut(process).container.as_mut().unwrap().user = Some("carol".to_owned());
    });
    let record = Record::new(observation);
    let (redacted, counts) = redact(&record).unwrap();
    let mut text = Vec::new();
    record::write(&redacted, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    for private in PRIVATE {
        assert!(!text.contains(private), "{private}: {text}");
    }
    assert!(
        redacted.redacted && counts.hosts >= 2 && counts.users == 4 && counts.addresses >= 2,
        "{counts:?}"
    );
    assert_eq!(redact(&record).unwrap().0, redacted, "the same names give the same pseudonyms");
    assert_eq!(record::read(text.as_bytes()).unwrap(), redacted);
    assert_eq!(counts.hardware, 6);
    let ids = host_ids(&redacted);
    assert_eq!(ids[0], ids[1], "one hardware address in two forms");
    let (first, second) = (&ids[0], ids[2].strip_prefix("ETHERNET=").unwrap());
    assert_eq!(ids[9], format!("\"{first} {second}\""));
    assert_eq!(ids[10], "ANY");
    assert!(ids[6].starts_with("HOSTNAME=host-") && ids[7].starts_with("USER=user-"), "{ids:?}");
    assert!(ids[8].starts_with("INTERNET=10."), "{ids:?}");
    // It can still be judged.
    let names = |record: &Record| -> Vec<Option<String>> {
        record.observation.processes.values().map(|process| process.name.clone()).collect()
    };
    assert_eq!(names(&redacted), names(&record));
    let _ = RecordedMachine::new(redacted, knowledge());
}

#[test]
fn a_host_id_of_the_machine_stays_one() {
    for (id, is_here) in [("00:11:22:33:44:AA", true), ("005056aabbcc", false)] {
        let mut observation = private();
        license(&mut observation, &[id]);
        let setup = observation.license_setup.as_mut().unwrap();
        setup.identity.hardware_addresses = vec!["0011223344aa".to_owned()];
        let (redacted, counts) = redact(&Record::new(observation)).unwrap();
        let own = &redacted.observation.license_setup.as_ref().unwrap().identity.hardware_addresses;
        assert_eq!(host_ids(&redacted).iter().all(|id| own.contains(id)), is_here, "{id}");
        // The path of the license file has the other.
        assert_eq!(counts.hardware, if is_here { 1 } else { 2 });
    }
}

/// Whatever field it stands in.
#[test]
fn no_field_keeps_an_address_or_a_home() {
    let mut observation = private();
    license(&mut observation, &["005056aabbcc"]);
    let mut value = serde_json::to_value(&observation).unwrap();
    let mut places = Vec::new();
    texts_in(&value, String::new(), &mut places);
    let mut changed = 0;
    // The name of an account of the system stays.
    for place in places.iter().filter(|place| !place.ends_with("/user") && !place.contains("/account/")) {
        let text = value.pointer_mut(place).unwrap();
        let own = text.as_str().unwrap().to_owned();
        *text = format!("{own} 005056aabbcc 10.1.2.3 /home/carol/x").into();
        // Words of a closed set can hold nothing else.
        match serde_json::from_str::<Observation>(&value.to_string()) {
            Ok(_) => changed += 1,
            Err(_) => *value.pointer_mut(place).unwrap() = own.into(),
        }
    }
    assert!(changed > 50, "{changed}");
    let observation = serde_json::from_str(&value.to_string()).unwrap();
    let (redacted, _) = redact(&Record::new(observation)).unwrap();
    let redacted = serde_json::to_string_pretty(&redacted.observation).unwrap();
    for line in redacted.lines() {
        assert!(
            !["005056aabbcc", "10.1.2.3", "carol"].iter().any(|private| line.contains(private)),
            "{line}"
        );
    }
}

fn texts_in(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::String(_) => places.push(place),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| texts_in(item, format!("{place}/{at}"), places));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| texts_in(field, format!("{place}/{name}"), places));
        }
        _ => {}
    }
}
