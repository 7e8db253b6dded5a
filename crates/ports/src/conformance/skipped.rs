use std::io::Write as _;

/// Says that a test could not run here: `why` names what it lacks. The line also goes to the file that `SKIPPED_FILE`
/// names, where a gate counts them.
#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a test speaks to who runs it")]
pub fn skipped(why: &str) {
    let line = format!("skipped: {why}\n");
    print!("{line}");
    if let Some(file) = std::env::var_os("SKIPPED_FILE") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(file);
        if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
            println!("SKIPPED_FILE cannot be written: {error}");
        }
    }
}
