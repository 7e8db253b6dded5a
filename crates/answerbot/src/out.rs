//! What commands print. Everything else logs.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the one place that prints")]

/// A line on standard output.
pub fn line(text: &str) {
    println!("{text}");
}

/// What went wrong, on standard error.
pub fn fault(text: &str) {
    eprintln!("answerbot: {text}");
}
