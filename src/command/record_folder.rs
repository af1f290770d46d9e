//! A folder of records: one listing of all their machines.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::context::answer_to;
use super::progress::{Progress, SHOWN_AFTER};
use super::{Error, Exit, RecordedMachine};
use crate::knowledge::Knowledge;
use crate::model::Report;
use crate::os::{Unobservable, in_words};
use crate::query::{Output, Query, UsageError};
use crate::render::{Format, Hosts};

/// At most so many records are read, in the order of their names.
const MOST_RECORDS: usize = 100_000;
/// Reports that are ready and wait for one before them, for each thread that makes them.
const MOST_WAITING: usize = 4;

/// Answers a question about listeners from all records of a folder.
///
/// # Errors
///
/// Where the folder cannot be read or has no record.
pub(super) fn answer_from_folder(
    query: &Query,
    output: &Output,
    folder: &Path,
    knowledge: &Knowledge,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<Exit, Error> {
    if matches!(output.format, Format::Markdown | Format::Prometheus) {
        let format = format!("--output {}", output.format.name());
        let right = "of a folder of records there is --output table, list, json, jsonl, csv and html";
        return Err(UsageError::instead(&format, right).into());
    }
    let files = records_in(folder)?;
    let mut hosts = Hosts::new(output.format, &output.style, out);
    let (mut any, mut records) = (false, 0);
    let began = Instant::now();
    let mut progress = Progress::new(notes, (output.progress_width)());
    // Why there is no answer at all: what was typed is what can be mended.
    let mut error = None;
    for_each_report(query, &files, knowledge, |at, answer| {
        let file = &files[at];
        if began.elapsed() >= SHOWN_AFTER {
            progress.show(&format!("read {at} of {} records", files.len()))?;
        }
        match answer {
            Ok(report) => {
                records += 1;
                any |= report.has_match(query.all);
                hosts.add(&report, &stem(file))?;
            }
            Err(Error::Unobservable(Unobservable::Record { path, why })) => {
                hosts.add_unreadable(name(file), why.clone());
                error.get_or_insert(Error::Unobservable(Unobservable::Record { path, why }));
            }
            // A name may be known on another machine.
            Err(unknown @ Error::Usage(_)) => error = Some(unknown),
            Err(other) => return Err(other),
        }
        Ok(())
    })?;
    progress.clear()?;
    if let Some(error) = error.filter(|_| records == 0) {
        return Err(error);
    }
    hosts.finish(notes)?;
    Ok(Exit::matched(any))
}

/// The files of a folder that are called `.json`, by name.
fn records_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable =
        |why: String| Error::Unobservable(Unobservable::Record { path: folder.display().to_string(), why });
    let entries = fs::read_dir(folder).map_err(|error| unreadable(in_words(&error)))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_record =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let mut files: Vec<PathBuf> = files.filter(is_record).take(MOST_RECORDS).collect();
    files.sort_unstable();
    if files.is_empty() {
        return Err(unreadable("the folder has no file whose name ends in .json".to_owned()));
    }
    Ok(files)
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Makes the reports on all processors, and takes them in the order of the files.
fn for_each_report(
    query: &Query,
    files: &[PathBuf],
    knowledge: &Knowledge,
    mut take: impl FnMut(usize, Result<Report, Error>) -> Result<(), Error>,
) -> Result<(), Error> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(files.len());
    let next = AtomicUsize::new(0);
    let make = |at: usize| {
        let path = files[at].to_string_lossy().into_owned();
        // Whoever may write into the folder could have put a pipe there that nobody writes into.
        if !fs::metadata(&files[at]).is_ok_and(|file| file.is_file()) {
            let why = "it is not a file, or cannot be opened".to_owned();
            return Err(Unobservable::Record { path, why }.into());
        }
        answer_to(query, &RecordedMachine::at(path, knowledge), knowledge, "")
    };
    thread::scope(|scope| {
        let (send, receive) = mpsc::sync_channel(workers * MOST_WAITING);
        for _ in 0..workers {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                while let Some(at) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&at| at < files.len())
                {
                    if send.send((at, make(at))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut early: BTreeMap<usize, Result<Report, Error>> = BTreeMap::new();
        let mut expected = 0;
        for (at, answer) in receive {
            early.insert(at, answer);
            while let Some(answer) = early.remove(&expected) {
                take(expected, answer)?;
                expected += 1;
            }
        }
        Ok(())
    })
}
