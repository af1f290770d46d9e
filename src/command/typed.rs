//! What a command line asks for, as far as it can be seen in one that is not understood.

use std::ffi::OsString;

use super::grammar::typed_verb;
use super::{Error, Refused};
use crate::model::CheckService;
use crate::query::UsageError;
use crate::render::Format;

/// The form that a command line asks for which is not understood, or only for help: `--json` is an option up to `--`.
#[must_use]
pub fn typed_format(args: &[OsString]) -> Format {
    let options: Vec<&OsString> = args.iter().skip(1).take_while(|arg| *arg != "--").collect();
    let is = |name: &str| {
        options.iter().any(|arg| arg.to_str().and_then(|arg| arg.strip_prefix("--output=")) == Some(name))
            || options.windows(2).any(|pair| pair[0] == "--output" && pair[1] == name)
    };
    match () {
        () if is("json") || options.iter().any(|arg| *arg == "--json") => Format::Json,
        () if is("list") => Format::List,
        () => Format::Text,
    }
}

pub(super) fn refused(error: UsageError, args: &[OsString]) -> Refused {
    let plugin = typed_plugin(args);
    // Its output is a file.
    let service = plugin.filter(|_| !is_typed("--suggest", args));
    Refused { error, format: typed_format(args), service, is_plugin: plugin.is_some() }
}

fn is_typed(option: &str, args: &[OsString]) -> bool {
    args.iter().skip(1).take_while(|arg| *arg != "--").any(|arg| arg == option)
}

/// What the monitoring plugin checks that a command line is for, if it is for one.
fn typed_plugin(args: &[OsString]) -> Option<CheckService> {
    match typed_verb(args)? {
        "servers" => is_typed("--check", args).then_some(CheckService::LicenseServers),
        "check" => Some(CheckService::Listeners),
        _ => None,
    }
}

/// Why there is no answer where the caller left standard output closed.
#[must_use]
pub fn closed_output(args: &[OsString]) -> Error {
    let error = Error::closed();
    if typed_plugin(args).is_some() { error.of_check() } else { error }
}
