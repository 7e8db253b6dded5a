//! `migrate`: schema up to date, everything sealed under today's key.

use answerbot_local::Access;

use crate::assemble::World;
use crate::out;

pub async fn run(world: &World) -> anyhow::Result<bool> {
    let store = world.store(Access::Serve)?;
    out::line(&format!("The schema of {} is up to date.", world.database().display()));
    let rows = store.reseal().await?;
    if rows > 0 {
        out::line(&format!(
            "Sealed {rows} rows under ENCRYPTION_KEY anew; ENCRYPTION_KEY_OLD is needed for old copies only."
        ));
    }
    Ok(true)
}
