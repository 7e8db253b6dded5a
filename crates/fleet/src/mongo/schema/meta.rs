//! The key that addresses are hashed with: made once, kept wrapped.

use answerbot_ports::codec::{Codec, CodecError};
use answerbot_ports::keys::{HashKey, Key};
use answerbot_ports::world::Entropy;
use mongodb::Database;
use mongodb::bson::{Document, doc};

use super::META;
use crate::mongo::base::fault::{bounded, unless_there};
use crate::mongo::base::fields::{Fields as _, binary};
use crate::mongo::connect::ConnectError;

const NAME: &str = "hash_key";

/// Reads the hash key, making it on the first start (`main`: or taking over that of the main store) and wrapping it
/// anew when the encryption key was rotated.
pub(in crate::mongo) async fn hash_key(
    db: &Database,
    codec: &Codec,
    entropy: &dyn Entropy,
    main: Option<&HashKey>,
) -> Result<HashKey, ConnectError> {
    let meta = db.collection::<Document>(META);
    let wrap = |key: &Key| codec.seal_bytes(0, NAME.as_bytes(), key.bytes()).map_err(ConnectError::Key);
    let row = doc! { "_id": NAME };
    let mut found = bounded(meta.find_one(row.clone())).await?;
    if found.is_none() {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        let wrapped = wrap(main.map_or(&Key::from_bytes(bytes), HashKey::key))?;
        // Of several that start at once, one makes it for all.
        unless_there(meta.insert_one(doc! { "_id": NAME, "value": binary(&wrapped) })).await?;
        found = bounded(meta.find_one(row)).await?;
    }
    let found = found.unwrap_or_default();
    let blob = found.bytes("value")?;
    let bytes = codec.open_bytes(0, NAME.as_bytes(), blob).map_err(ConnectError::Key)?;
    let key = Key::from_bytes(bytes.try_into().map_err(|_| ConnectError::Key(CodecError::Damaged))?);
    if main.is_some_and(|main| *main.key() != key) {
        return Err(ConnectError::OtherPeople);
    }
    if !codec.is_current(blob) {
        let old = doc! { "_id": NAME, "value": binary(blob) };
        bounded(meta.update_one(old, doc! { "$set": { "value": binary(&wrap(&key)?) } })).await?;
    }
    Ok(HashKey::new(key))
}
