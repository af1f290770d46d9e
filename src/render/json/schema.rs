//! The contract as a JSON Schema: what the types say of themselves.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use jiff::fmt::strtime;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::document::{Code, Text};
use crate::model::Word;

/// The schema of what is one of some types.
pub(super) fn one_of(types: impl FnOnce(&mut SchemaGenerator) -> Vec<Schema>) -> Schema {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let any = types(&mut generator);
    let mut schema = json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What whatlistens prints with --json",
        "oneOf": any,
        "$defs": generator.take_definitions(true),
    });
    RecursiveTransform(close).transform(&mut schema);
    schema
}

/// Lets an object have no other fields, and makes a description one line, however it is broken in the source.
fn close(schema: &mut Schema) {
    if schema.get("properties").is_some() {
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

impl<T: Word> JsonSchema for Code<T> {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed(T::SET)
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<Schema> = T::WORDS.iter().map(|word| described(*word)).collect();
        json_schema!({ "type": "string", "oneOf": words })
    }
}

fn described(word: impl Word) -> Schema {
    let mut schema = json_schema!({ "const": word.word() });
    if !word.meaning().is_empty() {
        schema.insert("description".to_owned(), word.meaning().into());
    }
    schema
}

/// What is written as its text has a format.
trait Format: fmt::Display {
    const SCHEMA_NAME: &'static str;

    fn schema() -> Schema;
}

impl Format for IpAddr {
    const SCHEMA_NAME: &'static str = "IpAddress";

    fn schema() -> Schema {
        json_schema!({ "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] })
    }
}

impl Format for strtime::Display<'static> {
    const SCHEMA_NAME: &'static str = "Time";

    fn schema() -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

impl<T: Format> JsonSchema for Text<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed(T::SCHEMA_NAME)
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}
