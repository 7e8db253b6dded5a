//! `messenger setup`: get-started button, greeting and menu of the page.

use crate::assemble::World;
use crate::cli::MessengerAction;
use crate::out;

pub async fn run(world: &World, action: MessengerAction) -> anyhow::Result<bool> {
    let MessengerAction::Setup = action;
    match world.messenger().setup().await {
        Ok(set) => {
            out::line(&format!("Set on the page: {}.", set.join(", ")));
            Ok(true)
        }
        Err(why) => {
            out::fault(&format!("the page was not set up: {why}"));
            Ok(false)
        }
    }
}
