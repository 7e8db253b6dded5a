//! Rotation, compression, caps, drops and restarts, on a clock moved by hand.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use answerbot_core::Time;
use answerbot_core::time::{DAY, HOUR};
use answerbot_ports::world::Clock;
use serde_json::Value;
use tempfile::TempDir;

use super::*;

/// 2026-11-24 12:00 in Juba, and in UTC two hours earlier.
const NOON: i64 = 1_795_514_400_000;

struct Manual(AtomicI64);

impl Manual {
    fn at_noon() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(NOON)))
    }

    fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, SeqCst);
    }
}

impl Clock for Manual {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.load(SeqCst)).unwrap())
    }
}

const SMALL: Limits = Limits { file_bytes: 100, files: 5, total_bytes: 10_000 };

fn open(dir: &Path, limits: Limits, clock: &Arc<Manual>) -> Files {
    Files::open(dir.to_owned(), limits, Arc::clone(clock) as _).unwrap()
}

/// A line of 40 bytes.
fn line(number: u32) -> String {
    format!("{{\"line\":{number:030}}}\n")
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_full_file_is_closed_and_compressed() {
    let (dir, clock) = (TempDir::new().unwrap(), Manual::at_noon());
    let mut files = open(dir.path(), SMALL, &clock);
    for number in 0..5 {
        files.write(line(number).as_bytes()).unwrap();
        // Let each housekeeping end, so that none is skipped.
        files.finish_housekeeping();
    }
    files.finish();
    assert_eq!(
        names(dir.path()),
        [
            "answerbot-2026-11-24.1.jsonl.gz",
            "answerbot-2026-11-24.2.jsonl.gz",
            "answerbot-2026-11-24.3.jsonl"
        ]
    );
    assert_eq!(unpacked(&dir.path().join("answerbot-2026-11-24.1.jsonl.gz")), line(0) + &line(1));
    assert_eq!(fs::read_to_string(dir.path().join("answerbot-2026-11-24.3.jsonl")).unwrap(), line(4));
}

#[test]
fn the_day_turns_at_midnight_in_juba() {
    let (dir, clock) = (TempDir::new().unwrap(), Manual::at_noon());
    let mut files = open(dir.path(), SMALL, &clock);
    files.finish_housekeeping();
    files.write(line(0).as_bytes()).unwrap();
    clock.pass(12 * HOUR - 1);
    files.write(line(1).as_bytes()).unwrap();
    assert_eq!(names(dir.path()).len(), 1);
    clock.pass(1);
    files.write(line(2).as_bytes()).unwrap();
    // A clock that jumps back over midnight makes no new file.
    clock.pass(-HOUR);
    files.write(line(3).as_bytes()).unwrap();
    files.finish();
    assert_eq!(names(dir.path()), ["answerbot-2026-11-24.1.jsonl.gz", "answerbot-2026-11-25.1.jsonl"]);
    let today = fs::read_to_string(dir.path().join("answerbot-2026-11-25.1.jsonl")).unwrap();
    assert_eq!(today, line(2) + &line(3));
}

#[test]
fn the_oldest_go_by_number_and_by_bytes_and_strange_files_stay() {
    let (dir, clock) = (TempDir::new().unwrap(), Manual::at_noon());
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    fs::write(dir.path().join("answerbot-2026-11-24.9.jsonl.gz.part"), "half").unwrap();
    let mut files = open(dir.path(), SMALL, &clock);
    for number in 0..8 {
        files.write(line(number).as_bytes()).unwrap();
        files.finish_housekeeping();
        clock.pass(DAY);
    }
    files.finish();
    let kept = names(dir.path());
    assert_eq!(kept.len(), 6, "{kept:?}");
    assert_eq!((kept[0].as_str(), kept[5].as_str()), ("answerbot-2026-11-27.1.jsonl.gz", "notes.txt"));

    let bytes = Limits { total_bytes: 100, ..SMALL };
    open(dir.path(), bytes, &clock).finish();
    let total: u64 = names(dir.path())
        .iter()
        .filter(|name| name.starts_with("answerbot"))
        .map(|name| fs::metadata(dir.path().join(name)).unwrap().len())
        .sum();
    assert!((1..=100).contains(&total), "{total} bytes in {:?}", names(dir.path()));
}

#[test]
fn a_restart_goes_on_with_the_newest_file_and_ends_half_a_line() {
    let (dir, clock) = (TempDir::new().unwrap(), Manual::at_noon());
    let mut files = open(dir.path(), SMALL, &clock);
    files.write(line(0).as_bytes()).unwrap();
    files.write(b"{\"cut").unwrap();
    files.finish();
    let mut files = open(dir.path(), SMALL, &clock);
    files.write(line(1).as_bytes()).unwrap();
    files.finish();
    assert_eq!(names(dir.path()), ["answerbot-2026-11-24.1.jsonl"]);
    let text = fs::read_to_string(dir.path().join("answerbot-2026-11-24.1.jsonl")).unwrap();
    assert_eq!(text, format!("{}{{\"cut\n{}", line(0), line(1)));

    // After a day away the old file is compressed at once.
    clock.pass(DAY);
    open(dir.path(), SMALL, &clock).finish();
    assert_eq!(names(dir.path()), ["answerbot-2026-11-24.1.jsonl.gz", "answerbot-2026-11-25.1.jsonl"]);
    // A compressed file is not appended to.
    clock.pass(-DAY);
    open(dir.path(), SMALL, &clock).finish();
    assert!(
        names(dir.path()).contains(&"answerbot-2026-11-24.2.jsonl".to_owned()),
        "{:?}",
        names(dir.path())
    );
}

#[test]
fn a_removed_directory_comes_back_and_one_that_cannot_is_tried_again() {
    let (dir, clock) = (TempDir::new().unwrap(), Manual::at_noon());
    let logs = dir.path().join("logs");
    let mut files = open(&logs, SMALL, &clock);
    files.write(line(0).as_bytes()).unwrap();
    files.finish_housekeeping();

    fs::remove_dir_all(&logs).unwrap();
    clock.pass(1_000);
    files.write(line(1).as_bytes()).unwrap();
    assert_eq!(names(&logs), ["answerbot-2026-11-24.1.jsonl"]);

    files.finish_housekeeping();
    fs::remove_dir_all(&logs).unwrap();
    fs::write(&logs, "a file in its place").unwrap();
    clock.pass(1_000);
    assert!(files.write(line(2).as_bytes()).is_err());
    fs::remove_file(&logs).unwrap();
    assert!(files.write(line(3).as_bytes()).is_err(), "not at every line");
    clock.pass(1_000);
    files.write(line(4).as_bytes()).unwrap();
    assert_eq!(fs::read_to_string(logs.join("answerbot-2026-11-24.1.jsonl")).unwrap(), line(4));
}

#[test]
fn names_are_read_strictly() {
    for (name, known) in [
        ("answerbot-2026-11-24.1.jsonl", true),
        ("answerbot-2026-11-24.12.jsonl.gz", true),
        ("answerbot-2026-11-24.jsonl", false),
        ("answerbot-2026-11-24.x.jsonl", false),
        ("answerbot-2026-13-24.1.jsonl", false),
        ("answerbot-2026-11-24.1.jsonl.gz.part", false),
        ("other-2026-11-24.1.jsonl", false),
    ] {
        assert_eq!(rotate::parse(name.as_ref()).is_some(), known, "{name}");
    }
}

/// A stdout that can be held and read.
#[derive(Clone, Default)]
struct Screen {
    text: Arc<Mutex<Vec<u8>>>,
    stuck: Arc<AtomicBool>,
    broken: Arc<AtomicBool>,
}

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        while self.stuck.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.broken.load(SeqCst) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.text.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn until(reached: impl Fn() -> bool) {
    for _ in 0..5_000 {
        if reached() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("not reached in five seconds");
}

fn config(dir: Option<&Path>, format: Format) -> LogConfig {
    LogConfig { level: "info".into(), dir: dir.map(Path::to_owned), format, clock: Manual::at_noon() }
}

#[test]
fn lines_are_flat_json_with_the_time_of_the_clock_on_stdout_and_in_the_file() {
    let (dir, screen) = (TempDir::new().unwrap(), Screen::default());
    let config = config(Some(dir.path()), Format::Json);
    let (dispatch, guard) = build(config, Box::new(screen.clone()), Limits::default()).unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::debug!("below the level");
        let _span = tracing::info_span!("attend", contact = "c1").entered();
        tracing::warn!(route = "/webhook", duration_ms = 1_234, "slow \"request\"");
        tracing::info!("second");
    });
    assert_eq!(guard.dropped(), 0);
    drop(guard);

    let text = screen.text();
    assert_eq!(text, fs::read_to_string(dir.path().join("answerbot-2026-11-24.1.jsonl")).unwrap());
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["timestamp"], "2026-11-24T10:00:00.000Z");
    assert_eq!(lines[0]["level"], "WARN");
    assert_eq!(lines[0]["message"], "slow \"request\"");
    assert_eq!(lines[0]["duration_ms"], 1_234);
    assert_eq!(lines[0]["span"]["contact"], "c1");
}

#[test]
fn text_is_for_people() {
    let screen = Screen::default();
    let (dispatch, guard) = build(config(None, Format::Text), Box::new(screen.clone()), SMALL).unwrap();
    tracing::dispatcher::with_default(&dispatch, || tracing::info!(port = 3_000, "listening"));
    drop(guard);
    let text = screen.text();
    assert!(text.starts_with("2026-11-24T10:00:00.000Z  INFO "), "{text}");
    assert!(text.ends_with("listening port=3000\n"), "{text}");
}

#[test]
fn a_stuck_stdout_blocks_nobody_and_what_does_not_fit_is_counted() {
    let screen = Screen::default();
    screen.stuck.store(true, SeqCst);
    let (dispatch, guard) = build(config(None, Format::Json), Box::new(screen.clone()), SMALL).unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        for number in 0..20_000 {
            tracing::info!(number, "flood");
        }
    });
    let dropped = guard.dropped();
    assert!((10_000..12_000).contains(&dropped), "{dropped}");
    screen.stuck.store(false, SeqCst);
    drop(guard);
    assert_eq!(u64::try_from(screen.text().lines().count()).unwrap(), 20_000 - dropped);
}

#[test]
fn the_end_of_the_process_does_not_wait_for_ever() {
    let screen = Screen::default();
    screen.stuck.store(true, SeqCst);
    let (dispatch, guard) = build(config(None, Format::Json), Box::new(screen.clone()), SMALL).unwrap();
    tracing::dispatcher::with_default(&dispatch, || tracing::info!("never read"));
    drop(guard);
    screen.stuck.store(false, SeqCst);
}

#[test]
fn a_broken_stdout_or_directory_is_counted_told_once_and_survived() {
    let (dir, screen) = (TempDir::new().unwrap(), Screen::default());
    let logs = dir.path().join("logs");
    let clock = Manual::at_noon();
    let config = LogConfig { clock: Arc::clone(&clock) as _, ..config(Some(&logs), Format::Json) };
    let (dispatch, guard) = build(config, Box::new(screen.clone()), SMALL).unwrap();
    let log = |text: &'static str| tracing::dispatcher::with_default(&dispatch, || tracing::info!("{text}"));
    let file = logs.join("answerbot-2026-11-24.1.jsonl");
    log("well");
    until(|| fs::read_to_string(&file).is_ok_and(|text| text.contains("well")));

    fs::remove_dir_all(&logs).unwrap();
    fs::write(&logs, "in the way").unwrap();
    clock.pass(1_000);
    log("lost");
    until(|| guard.dropped() == 1);
    log("lost too");
    until(|| guard.dropped() == 2);
    assert_eq!(screen.text().matches("the log files cannot be written").count(), 1);
    for line in screen.text().lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }

    fs::remove_file(&logs).unwrap();
    clock.pass(1_000);
    screen.broken.store(true, SeqCst);
    log("only in the file");
    until(|| guard.dropped() == 3);
    drop(guard);
    let file = fs::read_to_string(&file).unwrap();
    assert!(file.contains("only in the file") && !file.contains("lost"), "{file}");
}

/// Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_nothing_worse() {
    let (dir, clock) = (TempDir::new().unwrap(), Manual::at_noon());
    let path = dir.path().join("answerbot-2026-11-24.1.jsonl");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let mut files = open(dir.path(), SMALL, &clock);
    assert_eq!(files.write(b"{}\n").unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert!(files.write(b"{}\n").is_err());
    files.finish_housekeeping();
    fs::remove_file(&path).unwrap();
    clock.pass(1_000);
    files.write(b"{}\n").unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "{}\n");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for level in ["loud", "", "info,,debug", "info,answerbot_web=loud", "infos"] {
        let config = LogConfig { level: level.into(), ..config(None, Format::Json) };
        let error = build(config, Box::new(Screen::default()), SMALL).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.starts_with("LOG_LEVEL: ")), "{level}");
    }
    for level in ["info", "WARN", "off", "info,answerbot_web=debug", " info , hyper=off"] {
        let config = LogConfig { level: level.into(), ..config(None, Format::Json) };
        assert!(build(config, Box::new(Screen::default()), SMALL).is_ok(), "{level}");
    }
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = build(config(Some(&file), Format::Json), Box::new(Screen::default()), SMALL).err().unwrap();
    assert!(error.to_string().starts_with("LOG_DIR "), "{error}");
}
