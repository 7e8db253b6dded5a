//! What can go wrong with the server, and for how long it is waited for.

use std::future::IntoFuture;
use std::time::Duration;

use answerbot_ports::codec::CodecError;
use answerbot_ports::store::StoreError;
use mongodb::error::{Error, ErrorKind, WriteFailure};

/// The longest that one operation takes. The driver has no such bound of its own.
const LONGEST: Duration = Duration::from_secs(45);
/// The server's code for a key that is there already.
const DUPLICATE: i32 = 11_000;

/// Waits for an operation, but not for ever. After a time-out nobody knows whether it was done.
pub(in crate::mongo) async fn bounded<T>(
    operation: impl IntoFuture<Output = Result<T, Error>>,
) -> Result<T, StoreError> {
    within(operation).await.map_err(|error| fault(&error))
}

/// The same, for a write that may find its key there already: `None` then.
pub(in crate::mongo) async fn unless_there<T>(
    operation: impl IntoFuture<Output = Result<T, Error>>,
) -> Result<Option<T>, StoreError> {
    match within(operation).await {
        Ok(done) => Ok(Some(done)),
        Err(error) if is_duplicate(&error) => Ok(None),
        Err(error) => Err(fault(&error)),
    }
}

/// Waits before another round of "read, then write if nothing changed". What a majority does not have yet changes a
/// write at once and a read only later, so a round that comes too soon sees what it saw before.
pub(in crate::mongo) async fn pause(round: usize) {
    if round > 0 {
        tokio::time::sleep(Duration::from_millis(1 << round.min(7))).await;
    }
}

async fn within<T>(operation: impl IntoFuture<Output = Result<T, Error>>) -> Result<T, Error> {
    match tokio::time::timeout(LONGEST, operation).await {
        Ok(result) => result,
        Err(_) => Err(Error::custom("no answer within 45 s")),
    }
}

/// Whether all that was refused is there already.
fn is_duplicate(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteError(it)) => it.code == DUPLICATE,
        ErrorKind::Command(it) => it.code == DUPLICATE,
        ErrorKind::InsertMany(it) => {
            let refused = it.write_errors.as_deref().unwrap_or_default();
            it.write_concern_error.is_none()
                && !refused.is_empty()
                && refused.iter().all(|it| it.code == DUPLICATE)
        }
        _ => false,
    }
}

/// What callers are told. Servers quote keys and values in their messages, so only numbers and names go on.
pub(in crate::mongo) fn fault(error: &Error) -> StoreError {
    let why = match &*error.kind {
        ErrorKind::Command(it) => format!("mongodb says {} {}", it.code, it.code_name),
        ErrorKind::Write(WriteFailure::WriteError(it)) => format!("mongodb refused a write: {}", it.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(it)) => {
            format!("mongodb did not confirm a write: {} {}", it.code, it.code_name)
        }
        ErrorKind::InsertMany(it) => {
            let code = it.write_errors.as_deref().and_then(|all| all.first()).map(|it| it.code);
            format!("mongodb refused some of many writes: {}", code.unwrap_or_default())
        }
        ErrorKind::Authentication { .. } => {
            "mongodb does not take user and password of MONGODB_URI".to_owned()
        }
        ErrorKind::ServerSelection { .. } => "no mongodb server that takes writes is within reach".to_owned(),
        ErrorKind::Io(error) => format!("the connection to mongodb broke: {}", error.kind()),
        ErrorKind::Custom(_) => "mongodb gave no answer within 45 s".to_owned(),
        ErrorKind::InvalidResponse { .. } => "mongodb gave an answer that cannot be read".to_owned(),
        ErrorKind::DnsResolve { .. } => "the name of the mongodb server cannot be resolved".to_owned(),
        ErrorKind::ConnectionPoolCleared { .. } => "the connections to mongodb were closed".to_owned(),
        ErrorKind::IncompatibleServer { .. } => "the mongodb server is too old".to_owned(),
        _ => "mongodb failed".to_owned(),
    };
    StoreError::Unavailable(why)
}

/// A blob that cannot be opened.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(in crate::mongo) fn unreadable(error: CodecError) -> StoreError {
    StoreError::Unreadable(error.to_string())
}
