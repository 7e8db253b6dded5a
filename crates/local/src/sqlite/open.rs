//! Opening a database: pragmas, migrations, the wrapped hash key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use answerbot_ports::codec::{Codec, CodecError};
use answerbot_ports::keys::{HashKey, Key};
use answerbot_ports::world::Entropy;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::lock::{Lock, LockError};

/// Numbered, forward only; `PRAGMA user_version` is the number of the last one.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_start.sql"),
    include_str!("../../migrations/0002_paying.sql"),
    include_str!("../../migrations/0003_answers.sql"),
    include_str!("../../migrations/0004_regions.sql"),
    include_str!("../../migrations/0005_moves.sql"),
    include_str!("../../migrations/0006_parked.sql"),
];

/// How long a statement waits for another process's lock.
const BUSY: Duration = Duration::from_secs(5);

/// Who opens the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `serve`, `migrate`, `restore`: takes the lock, migrates, and all earlier leases are void.
    Serve,
    /// Another command beside a running `serve`.
    Beside,
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The folder cannot be made.
    #[error("the folder {0} cannot be made")]
    Folder(PathBuf, #[source] std::io::Error),
    /// SQLite refuses.
    #[error("the database cannot be opened")]
    Sqlite(#[from] rusqlite::Error),
    /// A newer release wrote it.
    #[error("the database is of a newer release (schema {found}, this one knows {known}); use that release")]
    Newer {
        /// Its schema.
        found: usize,
        /// Ours.
        known: usize,
    },
    /// It has no schema yet, and this command does not make one.
    #[error(
        "the database is not set up (schema {found} of {known}); run `answerbot migrate`, or `answerbot serve` once"
    )]
    Older {
        /// Its schema.
        found: usize,
        /// Ours.
        known: usize,
    },
    /// The hash key cannot be opened: the encryption key is another one.
    #[error(
        "the database was sealed under another ENCRYPTION_KEY; set that one, or name it as ENCRYPTION_KEY_OLD"
    )]
    Key(#[source] CodecError),
    /// The file finds its people by another key than the main store.
    #[error(
        "the file belongs to another service: its people are found by another key; give the region a file of its own, or the copy that belongs to this main store"
    )]
    OtherPeople,
}

/// Opens the connection that writes, and what belongs to it.
pub(super) fn writer(path: &Path, access: Access) -> Result<(Connection, Option<Lock>), OpenError> {
    let lock = match access {
        Access::Serve => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)
                    .map_err(|error| OpenError::Folder(folder.to_owned(), error))?;
            }
            Some(Lock::take(path)?)
        }
        Access::Beside => None,
    };
    let mut conn = match access {
        Access::Serve => Connection::open(path)?,
        // A command beside it makes no database where there is none.
        Access::Beside => {
            Connection::open_with_flags(path, OpenFlags::default() & !OpenFlags::SQLITE_OPEN_CREATE)?
        }
    };
    pragmas(&conn)?;
    match access {
        Access::Serve => migrate(&mut conn)?,
        Access::Beside => check_schema(&conn)?,
    }
    Ok((conn, lock))
}

/// Opens a connection that reads.
pub(super) fn reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let conn = Connection::open(path)?;
    pragmas(&conn)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

fn pragmas(conn: &Connection) -> Result<(), rusqlite::Error> {
    conn.busy_timeout(BUSY)?;
    // Otherwise a statement that compares a range is compiled anew whenever its parameters change.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(64);
    conn.pragma_update(None, "journal_mode", "wal")?;
    // NORMAL can lose the last transactions when the power goes.
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "cache_size", -8_000)?;
    // Erased texts are overwritten, not only unlinked.
    conn.pragma_update(None, "secure_delete", "fast")?;
    // The checkpointer does it beside the writer.
    conn.pragma_update(None, "wal_autocheckpoint", 0)
}

fn version(conn: &Connection) -> Result<usize, rusqlite::Error> {
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or_default())
}

fn check_schema(conn: &Connection) -> Result<(), OpenError> {
    let (found, known) = (version(conn)?, MIGRATIONS.len());
    match found {
        _ if found > known => Err(OpenError::Newer { found, known }),
        _ if found < known => Err(OpenError::Older { found, known }),
        _ => Ok(()),
    }
}

fn migrate(conn: &mut Connection) -> Result<(), OpenError> {
    let (found, known) = (version(conn)?, MIGRATIONS.len());
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(found) {
        let tx = conn.transaction()?;
        tx.execute_batch(migration)?;
        tx.pragma_update(None, "user_version", index + 1)?;
        tx.commit()?;
    }
    Ok(())
}

/// Reads the hash key, making it on the first start and wrapping it anew when the encryption key was rotated.
pub(super) fn hash_key(
    conn: &Connection,
    codec: &Codec,
    entropy: &dyn Entropy,
) -> Result<HashKey, OpenError> {
    let (key, is_current) = match unwrapped(conn, codec)? {
        Some(known) => known,
        None => {
            let mut bytes = [0; 32];
            entropy.fill(&mut bytes);
            (Key::from_bytes(bytes), false)
        }
    };
    if !is_current {
        wrap(conn, codec, &key)?;
    }
    Ok(HashKey::new(key))
}

/// Keeps the main store's hash key in a region's file, or refuses a file that has another one.
pub(super) fn share_hash_key(conn: &Connection, codec: &Codec, key: &HashKey) -> Result<(), OpenError> {
    match unwrapped(conn, codec)? {
        Some((known, _)) if known != *key.key() => Err(OpenError::OtherPeople),
        Some((_, true)) => Ok(()),
        _ => wrap(conn, codec, key.key()),
    }
}

const ROW: &[u8] = b"hash_key";

/// The hash key that the file has, and whether it is wrapped under the current key.
fn unwrapped(conn: &Connection, codec: &Codec) -> Result<Option<(Key, bool)>, OpenError> {
    let wrapped: Option<Vec<u8>> =
        conn.query_row("SELECT value FROM meta WHERE name = 'hash_key'", [], |row| row.get(0)).optional()?;
    let Some(blob) = wrapped else { return Ok(None) };
    let bytes = codec.open_bytes(0, ROW, &blob).map_err(OpenError::Key)?;
    let bytes = bytes.try_into().map_err(|_| OpenError::Key(CodecError::Damaged))?;
    Ok(Some((Key::from_bytes(bytes), codec.is_current(&blob))))
}

fn wrap(conn: &Connection, codec: &Codec, key: &Key) -> Result<(), OpenError> {
    let blob = codec.seal_bytes(0, ROW, key.bytes()).map_err(OpenError::Key)?;
    conn.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('hash_key', ?1)", [blob])?;
    Ok(())
}
