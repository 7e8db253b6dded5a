//! `backup` and `restore`.

use std::path::Path;

use answerbot_local::sqlite;
use anyhow::ensure;

use crate::assemble::World;
use crate::out;

pub fn backup(world: &World, to: &Path) -> anyhow::Result<bool> {
    let from = world.database();
    ensure!(from.exists(), "there is no store at {} yet", from.display());
    sqlite::backup(from, to)?;
    let bytes = std::fs::metadata(to)?.len();
    out::line(&format!("Wrote and verified {} ({} KB).", to.display(), bytes.div_ceil(1024)));
    if world.settings.key.is_none() {
        out::line("It is sealed under development.key beside the store: keep a copy of that file too.");
    } else {
        out::line("It is sealed under ENCRYPTION_KEY: without that key nobody can read it, you included.");
    }
    Ok(true)
}

pub fn restore(world: &World, from: &Path) -> anyhow::Result<bool> {
    let kept = sqlite::restore(from, world.database())?;
    out::line(&format!("Put {} in the place of {}.", from.display(), world.database().display()));
    if let Some(kept) = kept {
        out::line(&format!("What stood there is kept as {}.", kept.display()));
    }
    Ok(true)
}
