//! The one place where this program prints.

use std::io::{self, IsTerminal, Write};

/// A line on standard output. A reader that has gone away is no fault.
pub(super) fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Text without a line end, shown at once.
pub(super) fn prompt(text: &str) {
    let mut out = io::stdout().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

/// A line on standard error.
pub(super) fn problem(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether a person watches standard error, where progress is shown.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}
