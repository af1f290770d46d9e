//! What every document of the contract has, and how one is written.

use std::fmt;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::fmt::strtime;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, PrettyFormatter, Serializer};

use crate::model::escaping::Escaping;
use crate::model::{self, Os, Word};

pub(super) const SCHEMA_VERSION: u32 = 1;

pub(super) const TOOL: Tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

#[derive(Serialize, JsonSchema)]
pub(super) struct Tool {
    /// `whatlistens`
    name: &'static str,
    /// its version
    version: &'static str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Host<'a> {
    /// the host name. `null`: it has none
    name: Option<&'a str>,
    /// the operating system
    os: Code<Os>,
    /// 32 hexadecimal digits that stay the same, and that no other machine has: a hash of its machine id, which cannot
    /// be found out from it. A copy of a machine may have the same. `null`: the machine has no machine id
    id: Option<&'a str>,
}

pub(super) fn host(host: &model::Host) -> Host<'_> {
    Host { name: host.name.as_deref(), os: Code(host.os), id: host.id.as_deref() }
}

/// Writes a document as it is made: it may be longer than the memory that is free.
pub(super) fn print(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    document.serialize(&mut Serializer::with_formatter(&mut *out, Escaping(PrettyFormatter::new())))?;
    writeln!(out)
}

/// Writes an object as one line.
pub(super) fn print_line(object: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    object.serialize(&mut Serializer::with_formatter(&mut *out, Escaping(CompactFormatter)))?;
    writeln!(out)
}

/// A value that is written as its text.
#[derive(Clone, Copy)]
pub(super) struct Text<T>(pub(super) T);

/// A word of a closed set.
#[derive(Clone, Copy)]
pub(super) struct Code<T>(pub(super) T);

impl<T: Word> Serialize for Code<T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.word())
    }
}

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// RFC 3339 in UTC, whole seconds.
pub(super) fn seconds(at: Timestamp) -> Text<strtime::Display<'static>> {
    Text(at.strftime("%Y-%m-%dT%H:%M:%SZ"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn value() -> BoxedStrategy<Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[a\\u{80}-\\u{7ff}日🦀\\\\\"]{0,9}".prop_map(Value::from),
        ];
        let node = |inner: BoxedStrategy<Value>| {
            let fields = prop::collection::btree_map(any::<String>(), inner.clone(), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                fields.prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        };
        leaf.prop_recursive(3, 24, 4, move |inner| node(inner.boxed())).boxed()
    }

    proptest! {
        #[test]
        fn any_document_is_ascii_and_reads_back_the_same(value in value()) {
            let (mut document, mut line) = (Vec::new(), Vec::new());
            print(&value, &mut document).unwrap();
            print_line(&value, &mut line).unwrap();
            for written in [document, line] {
                prop_assert!(written.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')));
                prop_assert_eq!(&serde_json::from_slice::<Value>(&written).unwrap(), &value);
            }
        }
    }

    #[test]
    fn what_is_not_ascii_is_escaped_and_reads_back_the_same() {
        let hostile = "a\u{9b}31m\u{7f}\u{202e}\u{e0041}\u{1b}\n\"é日";
        let mut safe = Vec::new();
        print(&hostile, &mut safe).unwrap();
        let safe = String::from_utf8(safe).unwrap();
        assert_eq!(safe, concat!(r#""a\u009b31m\u007f\u202e\udb40\udc41\u001b\n\"\u00e9\u65e5""#, "\n"));
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), hostile);
    }

    #[test]
    fn a_document_is_indented_as_serde_json_does_it() {
        let text = r#"{"a":[],"b":[1,[2,{}],{"c":null,"d":"\u007f"}],"e":{"f":{"g":[{}]}},"":true}"#;
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let mut written = Vec::new();
        print(&value, &mut written).unwrap();
        let usual = serde_json::to_string_pretty(&value).unwrap().replace('\x7f', "\\u007f");
        assert_eq!(String::from_utf8(written).unwrap(), usual + "\n");
    }
}
