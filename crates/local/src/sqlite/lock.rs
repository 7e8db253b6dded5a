//! The lock file: one `serve` a database; `migrate` and `restore` take it too.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use fs4::FileExt;

/// The lock is taken, or its file cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("{0} is in use by another answerbot process; stop that one first")]
    Taken(PathBuf),
    /// The file cannot be opened.
    #[error("the lock file {0} cannot be opened")]
    File(PathBuf, #[source] std::io::Error),
}

/// Held as long as the value lives; the operating system frees it when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a database file: `<database>.lock` beside it.
    pub fn take(database: &Path) -> Result<Self, LockError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = open.map_err(|error| LockError::File(path, error))?;
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Self { _file: file }),
            Err(_) => Err(LockError::Taken(database.to_owned())),
        }
    }
}
