//! Copies of the store while it runs, and putting one back.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::lock::{Lock, LockError};

/// Why a copy was not made or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// SQLite refuses.
    #[error("the copy failed")]
    Sqlite(#[from] rusqlite::Error),
    /// A file cannot be written, synced or renamed.
    #[error("{0} cannot be written")]
    File(PathBuf, #[source] std::io::Error),
    /// Something stands where the copy should go.
    #[error("{0} exists already; choose another name")]
    Exists(PathBuf),
    /// The copy is not sound.
    #[error("{0} is not a sound copy: {1}")]
    Unsound(PathBuf, String),
    /// A `serve` runs on the database.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// Writes a consistent copy of `from` to the new file `to`, synced and verified. Runs beside `serve`.
pub fn backup(from: &Path, to: &Path) -> Result<(), BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let part = beside(to, "part");
    remove(&part)?;
    let conn = Connection::open(from)?;
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    let target = part.to_str().ok_or_else(|| {
        BackupError::File(part.clone(), std::io::Error::other("the path is not valid Unicode"))
    })?;
    conn.execute("VACUUM INTO ?1", [target])?;
    sync(&part)?;
    if let Err(error) = verify(&part) {
        remove(&part)?;
        return Err(error);
    }
    rename(&part, to)
}

/// Checks that a file is a sound database of ours.
pub fn verify(path: &Path) -> Result<(), BackupError> {
    let unsound = |why: &str| BackupError::Unsound(path.to_owned(), why.to_owned());
    let conn = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let check: String = conn
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(|error| unsound(&error.to_string()))?;
    if check != "ok" {
        return Err(unsound(&check));
    }
    let key = "SELECT count(*) FROM meta WHERE name = 'hash_key'";
    let keys: i64 =
        conn.query_row(key, [], |row| row.get(0)).map_err(|_| unsound("it is no database of answerbot"))?;
    if keys == 1 { Ok(()) } else { Err(unsound("its hash key is missing")) }
}

/// Puts a copy in the place of `database`. What stood there is kept beside it and its path returned.
pub fn restore(copy: &Path, database: &Path) -> Result<Option<PathBuf>, BackupError> {
    verify(copy)?;
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| BackupError::File(folder.to_owned(), error))?;
    }
    let _lock = Lock::take(database)?;
    let part = beside(database, "part");
    fs::copy(copy, &part).map_err(|error| BackupError::File(part.clone(), error))?;
    sync(&part)?;
    verify(&part)?;
    let mut kept = None;
    if database.exists() {
        // The log belongs to its database, sound or not: both go aside under one name. The database itself keeps
        // its own name too until the copy takes it, so that at no moment there is none.
        let aside = free_name(database);
        for log in ["-wal", "-shm"] {
            let (from, to) = (with_suffix(database, log), with_suffix(&aside, log));
            if from.exists() {
                fs::rename(&from, &to).map_err(|error| BackupError::File(to, error))?;
            }
        }
        fs::hard_link(database, &aside).map_err(|error| BackupError::File(aside.clone(), error))?;
        kept = Some(aside);
    }
    rename(&part, database)?;
    Ok(kept)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn free_name(database: &Path) -> PathBuf {
    let mut number = 1;
    loop {
        let name = beside(database, &format!("before-restore-{number}"));
        if !name.exists() {
            return name;
        }
        number += 1;
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    with_suffix(path, &format!(".{ending}"))
}

fn sync(path: &Path) -> Result<(), BackupError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| BackupError::File(path.to_owned(), error))
}

/// Renames, and syncs the folder so that the new name survives a power cut.
fn rename(from: &Path, to: &Path) -> Result<(), BackupError> {
    fs::rename(from, to).map_err(|error| BackupError::File(to.to_owned(), error))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync(folder)
}

fn remove(path: &Path) -> Result<(), BackupError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(BackupError::File(path.to_owned(), error))
        }
        _ => Ok(()),
    }
}
