//! `config`: the effective settings, secrets masked.

use anyhow::Context as _;

use crate::config::{KNOWN, Raw, Settings, without_password};
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
            Some(value) => without_password(value),
            None => "(unset)".to_owned(),
        };
        out::line(&format!("{:<20} {shown:<40} {origin:<14} {}", known.name, known.meaning));
    }
    for (setting, region, url) in raw.regions() {
        let (shown, origin) = (without_password(url), raw.effective(setting).1);
        out::line(&format!(
            "{setting:<20} {shown:<40} {origin:<14} the store of people in {}",
            region.to_lowercase()
        ));
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

#[cfg(test)]
mod tests {
    #[test]
    fn an_address_is_shown_without_its_password() {
        let table = [
            ("mongodb://ann:p%40ss@host:27017/db", "mongodb://********@host:27017/db"),
            ("mongodb+srv://ann:a@b@host/db", "mongodb+srv://********@host/db"),
            ("redis://:word@host", "redis://********@host"),
            ("https://graph.facebook.com", "https://graph.facebook.com"),
            ("sqlite:data/a@b.db", "sqlite:data/a@b.db"),
        ];
        for (value, shown) in table {
            assert_eq!(crate::config::without_password(value), shown);
        }
    }
}
