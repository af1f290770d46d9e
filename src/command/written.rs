//! An answer on its way out: all of it, or as much as its reader wants.

use std::io::{BufWriter, Write};

use super::{Error, Exit};
use crate::model::{CheckService, CheckStatus};

/// The size of the buffer for output, in bytes: as much as a pipe takes at once.
const BUFFER: usize = 64 * 1024;

/// Writes the whole answer, or, of one that failed, no more than is written already. `service` is what a monitoring plugin
/// checks.
pub(super) fn written<W: Write + Send>(
    out: W,
    service: Option<CheckService>,
    answer: impl FnOnce(&mut BufWriter<W>) -> Result<Exit, Error>,
) -> Result<Exit, Error> {
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let ended = answer(&mut out);
    let written = if ended.is_ok() { out.flush() } else { Ok(()) };
    // Dropped, it would write the rest of an answer that failed.
    drop(out.into_parts());
    match (ended, written.map_err(Error::from)) {
        // The reader has read enough, of an answer longer than a pipe takes at once.
        (Err(error), _) if error.is_closed_pipe() => Ok(match service {
            Some(_) => Exit::Checked(CheckStatus::Unknown),
            None => Exit::Matched,
        }),
        (Ok(exit), Err(error)) if error.is_closed_pipe() => Ok(exit),
        (ended, written) => written.and(ended),
    }
}
