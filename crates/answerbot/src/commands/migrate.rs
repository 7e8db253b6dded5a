//! `migrate`: schema up to date, everything sealed under today's key.

use answerbot_local::Access;

use crate::assemble::World;
use crate::out;

pub async fn run(world: &World) -> anyhow::Result<bool> {
    let stores = world.store(Access::Serve).await?;
    let away = stores.migrate().await?;
    out::line(&format!("The schema of {} is up to date.", world.settings.database));
    for (region, database) in &world.settings.regions {
        if away.iter().all(|(it, _)| it != region) {
            out::line(&format!("So is that of {region}, {database}."));
        }
    }
    for (region, error) in &away {
        out::fault(&format!("Not there, {region}: {error}. serve brings it up to date when it is back."));
    }
    #[cfg(feature = "nats")]
    if let Some(settings) = world.nats() {
        let made = answerbot_fleet::nats::migrate(&settings).await?;
        out::line(if made.made { "The queue was made." } else { "The queue is as it should be." });
        for changed in made.changed {
            out::line(&format!("Changed in the queue: {changed}"));
        }
    }
    let rows = stores.reseal().await?;
    if rows > 0 {
        out::line(&format!("Sealed {rows} rows under ENCRYPTION_KEY anew."));
    }
    if world.settings.old_key.is_some() {
        out::line(if away.is_empty() {
            "ENCRYPTION_KEY_OLD is needed for old copies only, if no process runs that seals under it."
        } else {
            "ENCRYPTION_KEY_OLD is still needed: run this again when all stores are there."
        });
    }
    Ok(true)
}
