//! `backup` and `restore`.

use std::path::{Path, PathBuf};

use answerbot_local::sqlite;
use answerbot_ports::regions::Region;
use anyhow::{Context as _, ensure};

use crate::assemble::World;
use crate::config::Database;
use crate::out;

pub fn backup(world: &World, to: &Path) -> anyhow::Result<bool> {
    let from = file(world)?;
    ensure!(from.exists(), "there is no store at {} yet", from.display());
    copy(from, to)?;
    for (region, from) in regions(world) {
        if from.exists() {
            copy(from, &beside(to, region))?;
        } else {
            out::line(&format!("There is no store of {region} at {} yet.", from.display()));
        }
    }
    if world.settings.key.is_none() {
        out::line("It is sealed under development.key beside the store: keep a copy of that file too.");
    } else {
        out::line("It is sealed under ENCRYPTION_KEY: without that key nobody can read it, you included.");
    }
    Ok(true)
}

pub fn restore(world: &World, from: &Path) -> anyhow::Result<bool> {
    put(from, file(world)?)?;
    for (region, place) in regions(world) {
        let from = beside(from, region);
        if from.exists() {
            put(&from, place)?;
        } else {
            out::line(&format!(
                "There is no copy of {region} at {}: its store stays as it is.",
                from.display()
            ));
        }
    }
    Ok(true)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    sqlite::backup(from, to)?;
    let bytes = std::fs::metadata(to)?.len();
    out::line(&format!("Wrote and verified {} ({} KB).", to.display(), bytes.div_ceil(1024)));
    Ok(())
}

fn put(from: &Path, place: &Path) -> anyhow::Result<()> {
    let kept = sqlite::restore(from, place)?;
    out::line(&format!("Put {} in the place of {}.", from.display(), place.display()));
    if let Some(kept) = kept {
        out::line(&format!("What stood there is kept as {}.", kept.display()));
    }
    Ok(())
}

/// The files of regions.
fn regions(world: &World) -> impl Iterator<Item = (&Region, &Path)> {
    world.settings.regions.iter().filter_map(|(region, database)| match database {
        Database::Sqlite(path) => Some((region, path.as_path())),
        Database::Mongo(_) => None,
    })
}

/// Where the copy of a region lies beside the main one's: `copy.db` and `copy.juba.db`.
fn beside(copy: &Path, region: &Region) -> PathBuf {
    let ending = copy.extension().unwrap_or_default().to_string_lossy();
    let ending = if ending.is_empty() { region.name().to_owned() } else { format!("{region}.{ending}") };
    copy.with_extension(ending)
}

/// The file that is copied. A replica set has copies of its own, and its own tools.
fn file(world: &World) -> anyhow::Result<&Path> {
    world.file().context(
        "the store is MongoDB: copy it with Atlas's backups, or with mongodump and mongorestore; keep ENCRYPTION_KEY beside the copy",
    )
}
