//! `config`: the effective settings, secrets masked.

use anyhow::Context as _;

use crate::config::{KNOWN, Raw, Settings};
use crate::out;

pub fn run(raw: &Raw, policy: bool) -> anyhow::Result<bool> {
    let checked = Settings::check(raw);
    if policy {
        let settings = checked?;
        out::line(&toml::to_string(&settings.policy).context("the policy as TOML")?);
        return Ok(true);
    }
    for known in KNOWN {
        let (value, origin) = raw.effective(known.name);
        let shown = match value {
            Some(_) if known.is_secret => "********".to_owned(),
            Some(value) => value.to_owned(),
            None => "(unset)".to_owned(),
        };
        out::line(&format!("{:<20} {shown:<40} {origin:<14} {}", known.name, known.meaning));
    }
    match checked {
        Ok(settings) => {
            for name in &settings.unused {
                out::line(&format!("{name:<20} is set and not used by this release yet"));
            }
            Ok(true)
        }
        Err(faults) => {
            out::fault(&faults.to_string());
            Ok(false)
        }
    }
}
