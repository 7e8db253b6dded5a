//! Log files that turn over by size and by day, are compressed, and are capped in number and bytes.
//!
//! `answerbot-2026-11-24.1.jsonl` is written, closed, and becomes `answerbot-2026-11-24.1.jsonl.gz`.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use answerbot_core::JubaDay;
use answerbot_ports::world::Clock;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::ToSpan;
use jiff::civil::{Date, date};

/// How often a directory that failed, or went missing, is looked at again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// When files turn over and go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Largest file, in bytes; one batch of lines may lie above when it alone is larger.
    pub(super) file_bytes: u64,
    /// Most files, the one being written included.
    pub(super) files: usize,
    /// Most bytes of all files together, once the closed ones are compressed.
    pub(super) total_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 50_000_000, files: 14, total_bytes: 500_000_000 }
    }
}

/// The files of one directory. Belongs to one process.
pub(super) struct Files {
    dir: PathBuf,
    limits: Limits,
    clock: Arc<dyn Clock>,
    current: Option<Current>,
    /// Monotonic time of the next look at the directory.
    look_at: Duration,
    /// Compresses and deletes, so that the writer need not wait for it.
    housekeeping: Option<JoinHandle<()>>,
}

struct Current {
    file: File,
    path: PathBuf,
    day: JubaDay,
    size: u64,
}

impl Files {
    /// Opens the newest file of today, or a new one, and tidies up after the process before.
    pub(super) fn open(dir: PathBuf, limits: Limits, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let look_at = clock.monotonic() + LOOK_EVERY;
        let mut files = Self { dir, limits, clock, current: None, look_at, housekeeping: None };
        let day = files.clock.now().juba_day();
        files.current = Some(files.open_current(day, 0)?);
        files.tidy_up();
        Ok(files)
    }

    /// Writes whole lines. On an error they are lost, and for a second no other attempt is made.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let (now, day) = (self.clock.monotonic(), self.clock.now().juba_day());
        if now >= self.look_at {
            self.look_at = now + LOOK_EVERY;
            // A file that was removed can still be written, but nobody would ever see it.
            if self.current.as_ref().is_some_and(|current| !current.path.exists()) {
                self.current = None;
            }
        } else if self.current.is_none() {
            return Err(io::ErrorKind::ResourceBusy.into());
        }

        let length = lines.len() as u64;
        let full = |current: &Current| current.size > 0 && current.size + length > self.limits.file_bytes;
        // Only forward: a clock that jumps back must not make a file a line.
        let turns = self.current.as_ref().is_some_and(|current| day > current.day || full(current));
        if turns {
            self.current = None;
        }
        let mut current = match self.current.take() {
            Some(current) => current,
            None => self.open_current(day, length).inspect_err(|_| self.look_at = now + LOOK_EVERY)?,
        };
        // On an error it stays closed: what was half written is ended when it is opened again.
        current.file.write_all(lines).inspect_err(|_| self.look_at = now + LOOK_EVERY)?;
        current.size += length;
        self.current = Some(current);
        if turns {
            self.tidy_up();
        }
        Ok(())
    }

    /// Closes the file and waits for the housekeeping.
    pub(super) fn finish(&mut self) {
        self.current = None;
        self.finish_housekeeping();
    }

    pub(super) fn finish_housekeeping(&mut self) {
        if let Some(running) = self.housekeeping.take() {
            let _ = running.join();
        }
    }

    /// The newest file of the day if `length` more bytes fit into it, or else the next one.
    fn open_current(&self, day: JubaDay, length: u64) -> io::Result<Current> {
        fs::create_dir_all(&self.dir)?;
        let today = date_of(day);
        let newest = list(&self.dir)?.into_iter().rfind(|found| found.date == today);
        let number = match &newest {
            Some(found) if !found.packed && found.bytes + length <= self.limits.file_bytes => found.number,
            Some(found) => found.number.saturating_add(1),
            None => 1,
        };
        let path = self.dir.join(format!("answerbot-{today}.{number}.jsonl"));
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path)?;
        let mut size = file.metadata()?.len();
        if size > 0 {
            // A crash or a full disk may have left half a line.
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
                size += 1;
            }
        }
        Ok(Current { file, path, day, size })
    }

    /// Compresses closed files and deletes the oldest, beside the writer. If that still runs from the last time,
    /// the next turn makes up for it.
    fn tidy_up(&mut self) {
        if self.housekeeping.as_ref().is_some_and(|running| !running.is_finished()) {
            return;
        }
        // Listed here and now: a file that the writer opens later must not be taken for a closed one.
        let current = self.current.as_ref().map(|current| current.path.clone());
        let closed: Vec<PathBuf> = list(&self.dir)
            .unwrap_or_default()
            .into_iter()
            .filter(|found| !found.packed && Some(&found.path) != current.as_ref())
            .map(|found| found.path)
            .collect();
        let (dir, limits) = (self.dir.clone(), self.limits);
        let work = move || housekeep(&dir, &closed, limits);
        self.housekeeping = thread::Builder::new().name("logs-gzip".into()).spawn(work).ok();
    }
}

/// What fails here (a full disk, above all) is tried again at the next turn.
fn housekeep(dir: &Path, closed: &[PathBuf], limits: Limits) {
    // First room, then copies that need room.
    let _ = prune(dir, closed, limits);
    for path in closed {
        let _ = pack(path);
    }
    let _ = prune(dir, closed, limits);
}

/// Replaces a file by its compressed copy; at no moment is there only half of it.
fn pack(path: &Path) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".gz.part");
    let mut plain = File::open(path)?;
    let packed = File::create(&part).and_then(|file| {
        let mut encoder = GzEncoder::new(file, Compression::default());
        io::copy(&mut plain, &mut encoder)?;
        encoder.finish()?.sync_all()
    });
    if let Err(error) = packed {
        let _ = fs::remove_file(&part);
        return Err(error);
    }
    let mut done = path.as_os_str().to_owned();
    done.push(".gz");
    fs::rename(&part, done)?;
    fs::remove_file(path)
}

/// Deletes the oldest files above the caps, and half copies. Never one that may still be written.
fn prune(dir: &Path, closed: &[PathBuf], limits: Limits) -> io::Result<()> {
    for entry in fs::read_dir(dir)?.flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("answerbot-") && name.to_string_lossy().ends_with(".gz.part") {
            let _ = fs::remove_file(entry.path());
        }
    }
    let found = list(dir)?;
    let mut count = found.len();
    let mut bytes: u64 = found.iter().map(|found| found.bytes).sum();
    for oldest in found {
        if count <= limits.files && bytes <= limits.total_bytes {
            break;
        }
        if (oldest.packed || closed.contains(&oldest.path)) && fs::remove_file(&oldest.path).is_ok() {
            count -= 1;
            bytes -= oldest.bytes;
        }
    }
    Ok(())
}

/// A log file; ordered from the oldest to the newest.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    date: Date,
    number: u32,
    packed: bool,
    bytes: u64,
    path: PathBuf,
}

/// Our files in `dir`, oldest first; whatever else lies there is left alone.
fn list(dir: &Path) -> io::Result<Vec<Found>> {
    let mut all: Vec<Found> = fs::read_dir(dir)?
        .flatten()
        .filter_map(|entry| {
            let (date, number, packed) = parse(&entry.file_name())?;
            let bytes = entry.metadata().ok()?.len();
            Some(Found { date, number, packed, bytes, path: entry.path() })
        })
        .collect();
    all.sort_unstable();
    Ok(all)
}

/// Date, number and whether it is compressed.
pub(super) fn parse(name: &OsStr) -> Option<(Date, u32, bool)> {
    let rest = name.to_str()?.strip_prefix("answerbot-")?;
    let (rest, packed) = match rest.strip_suffix(".gz") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let (day, number) = rest.strip_suffix(".jsonl")?.split_once('.')?;
    Some((day.parse().ok()?, number.parse().ok()?, packed))
}

/// The calendar date of a day in Juba.
fn date_of(day: JubaDay) -> Date {
    date(1970, 1, 1).saturating_add(i64::from(day.0).clamp(-3_000_000, 2_900_000).days())
}
