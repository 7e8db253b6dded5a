//! Settings as they are written, each with where it came from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::known::{KNOWN, NOT_YET, region_of};

/// Today's deployment calls the store by this name.
const OLD_NAME: &str = "MONGODB_URI";

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The process's environment.
    Environment,
    /// `.env` in the working folder.
    DotEnv,
    /// `answerbot.toml` in the working folder.
    File,
    /// Built in.
    Default,
    /// Set by the command itself, as `demo` does.
    #[cfg_attr(not(feature = "demo"), expect(dead_code, reason = "no other command sets any"))]
    Command,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // With the width that a column asks for, which `write_str` would pass over.
        f.pad(match self {
            Self::Environment => "environment",
            Self::DotEnv => ".env",
            Self::File => "answerbot.toml",
            Self::Default => "default",
            Self::Command => "command",
        })
    }
}

/// Settings by name.
#[derive(Clone, Debug, Default)]
pub struct Raw {
    values: BTreeMap<String, (String, Origin)>,
    /// The section `[[ai.providers]]` of the file.
    pub providers: Option<toml::Value>,
    /// Settings that are there and not used by this release.
    pub unused: BTreeSet<String>,
    /// Who runs the command, for the audit log.
    pub operator: Option<String>,
    /// What is wrong with the files.
    pub faults: Vec<String>,
}

impl Raw {
    /// Reads the environment, `.env` and `answerbot.toml` of the working folder.
    #[must_use]
    pub fn read() -> Self {
        let mut raw = Self::default();
        raw.read_file(Path::new("answerbot.toml"));
        match dotenvy::from_path_iter(".env") {
            Ok(lines) => {
                for line in lines {
                    match line {
                        Ok((name, value)) => raw.put(&name, value, Origin::DotEnv),
                        // The error would show the line, and with it perhaps a secret.
                        Err(_) => raw.faults.push(
                            ".env has a line that is not understood; write NAME=\"value\", with quotes around spaces.".into(),
                        ),
                    }
                }
            }
            Err(error) if error.not_found() => {}
            Err(error) => raw.faults.push(format!(".env cannot be read: {error}.")),
        }
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let environment = std::env::vars_os();
        for (name, value) in environment {
            if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
                if name == "USER" {
                    raw.operator = Some(value.to_owned());
                }
                raw.put(name, value.to_owned(), Origin::Environment);
            }
        }
        raw
    }

    /// Sets a value, over one of lower precedence; names that are no setting are passed over.
    pub fn put(&mut self, name: &str, value: String, origin: Origin) {
        if NOT_YET.contains(&name) {
            // An empty value counts as unset, also over one of lower precedence.
            if value.trim().is_empty() {
                self.unused.remove(name);
            } else {
                self.unused.insert(name.to_owned());
            }
        } else if is_read(name) {
            self.values.insert(name.to_owned(), (value, origin));
        }
    }

    /// A value that is set and not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.found(name).map(|(value, _)| value)
    }

    /// A value or its default, and where it came from.
    #[must_use]
    pub fn effective(&self, name: &str) -> (Option<&str>, Origin) {
        if let Some((value, origin)) = self.found(name) {
            return (Some(value), origin);
        }
        let default = KNOWN.iter().find(|known| known.name == name).and_then(|known| known.default);
        (default, Origin::Default)
    }

    /// Whether the store is set under both of its names, and they differ. What a command sets stands over both.
    #[must_use]
    pub fn names_two_stores(&self) -> bool {
        match (self.written("DATABASE_URL"), self.written(OLD_NAME)) {
            (Some((_, Origin::Command)) | None, _) | (_, None) => false,
            (Some((new, _)), Some((old, _))) => new != old,
        }
    }

    /// The stores of regions: the name of the setting, the region, and the value.
    pub fn regions(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.values.keys().filter_map(|name| Some((name.as_str(), region_of(name)?, self.get(name)?)))
    }

    /// A value under its name, the store's also under its old one.
    fn found(&self, name: &str) -> Option<(&str, Origin)> {
        let old = || if name == "DATABASE_URL" { self.written(OLD_NAME) } else { None };
        self.written(name).or_else(old)
    }

    fn written(&self, name: &str) -> Option<(&str, Origin)> {
        let (value, origin) = self.values.get(name)?;
        Some((value.trim(), *origin)).filter(|(value, _)| !value.is_empty())
    }

    fn read_file(&mut self, path: &Path) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.faults.push(format!("answerbot.toml cannot be read: {error}.")),
        };
        self.read_toml(&text);
    }

    /// Reads the text of an `answerbot.toml`.
    pub(super) fn read_toml(&mut self, text: &str) {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => return self.faults.push(format!("answerbot.toml is no TOML: {error}")),
        };
        for (key, value) in table {
            let name = key.to_ascii_uppercase();
            match value {
                toml::Value::Table(mut section) if key == "ai" => {
                    self.providers = section.remove("providers");
                }
                toml::Value::String(text) => self.put_from_file(&name, text),
                toml::Value::Integer(number) => self.put_from_file(&name, number.to_string()),
                toml::Value::Boolean(flag) => {
                    self.put_from_file(&name, if flag { "on" } else { "off" }.into());
                }
                _ => self.faults.push(format!("answerbot.toml: {key} is no text, number or true/false.")),
            }
        }
    }

    fn put_from_file(&mut self, name: &str, value: String) {
        if is_read(name) || NOT_YET.contains(&name) {
            self.put(name, value, Origin::File);
        } else {
            self.faults
                .push(format!("answerbot.toml: {name} is no setting; `answerbot config` lists them all."));
        }
    }
}

fn is_read(name: &str) -> bool {
    name == OLD_NAME || region_of(name).is_some() || KNOWN.iter().any(|known| known.name == name)
}
