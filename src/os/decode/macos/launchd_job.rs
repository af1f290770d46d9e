//! Decodes the property list of a launchd job (`launchd.plist(5)`), as text or binary.

use std::io::Cursor;

use plist::{Dictionary, Value};

/// How many arguments are kept.
const MOST: usize = 1000;

/// What a job starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchdJob {
    pub label: String,
    /// The program, and its arguments.
    pub command: Vec<String>,
    /// Whether launchd does not load it. An administrator may have decided otherwise since (`launchctl enable`).
    pub is_disabled: bool,
}

/// Decodes the property list of a job. `None` where it is none, or starts nothing.
#[must_use]
pub fn job(bytes: &[u8]) -> Option<LaunchdJob> {
    let list = Value::from_reader(Cursor::new(bytes)).ok()?.into_dictionary()?;
    let text = |key: &str| list.get(key).and_then(Value::as_string).map(str::to_owned);
    let mut command = arguments(&list);
    if let Some(program) = text("Program") {
        // The first argument is only what the program is to see as its name.
        match command.first_mut() {
            Some(first) => *first = program,
            None => command.push(program),
        }
    }
    let is_disabled = list.get("Disabled").and_then(Value::as_boolean).unwrap_or(false);
    Some(LaunchdJob { label: text("Label")?, command, is_disabled }).filter(|job| !job.command.is_empty())
}

fn arguments(list: &Dictionary) -> Vec<String> {
    let arguments = list.get("ProgramArguments").and_then(Value::as_array);
    let words = arguments.into_iter().flatten().filter_map(Value::as_string);
    words.take(MOST).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As administrators write it for FlexNet's license server.
    const LMGRD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>com.example.lmgrd</string>
<key>ProgramArguments</key><array>
<string>/opt/flexlm/lmgrd</string><string>-c</string><string>/opt/flexlm/a b.lic</string></array>
<key>RunAtLoad</key><true/></dict></plist>
"#;

    fn binary(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        Value::from_reader(Cursor::new(text)).unwrap().to_writer_binary(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_job_says_what_it_starts_as_text_and_binary() {
        let expected = LaunchdJob {
            label: "com.example.lmgrd".to_owned(),
            command: ["/opt/flexlm/lmgrd", "-c", "/opt/flexlm/a b.lic"].map(str::to_owned).to_vec(),
            is_disabled: false,
        };
        assert_eq!(job(LMGRD.as_bytes()), Some(expected.clone()));
        assert_eq!(job(&binary(LMGRD)), Some(expected));
        let disabled = LMGRD.replace("RunAtLoad", "Disabled");
        assert!(job(disabled.as_bytes()).unwrap().is_disabled);
        let with_program =
            LMGRD.replace("<key>RunAtLoad</key><true/>", "<key>Program</key><string>/opt/x/rlm</string>");
        assert_eq!(job(with_program.as_bytes()).unwrap().command[..2], ["/opt/x/rlm", "-c"]);
        let nothing = LMGRD.replace("ProgramArguments", "Other");
        assert_eq!((job(nothing.as_bytes()), job(b"SERVER a ANY 1"), job(b"")), (None, None, None));
    }

    #[test]
    fn what_is_cut_or_changed_is_read_or_not() {
        for whole in [LMGRD.as_bytes().to_vec(), binary(LMGRD)] {
            for end in 0..whole.len() {
                let _ = job(&whole[..end]);
                let mut changed = whole.clone();
                changed[end] ^= 0x55;
                let _ = job(&changed);
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = job(&bytes);
            let _ = job(&[b"bplist00".as_slice(), &bytes].concat());
        }
    }
}
