//! Settings as they are written, each with where it came from.

use std::collections::BTreeMap;
use std::path::Path;

use super::known::{KNOWN, NOT_YET};

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
    Command,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
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
    pub unused: Vec<String>,
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
                raw.put(name, value.to_owned(), Origin::Environment);
            }
        }
        raw
    }

    /// Sets a value, over one of lower precedence; names that are no setting are passed over.
    pub fn put(&mut self, name: &str, value: String, origin: Origin) {
        // Today's deployment calls the store by its old name.
        let name = if name == "MONGODB_URI" { "DATABASE_URL" } else { name };
        if NOT_YET.contains(&name) && !self.unused.iter().any(|it| it == name) {
            self.unused.push(name.to_owned());
        }
        if KNOWN.iter().any(|known| known.name == name) {
            self.values.insert(name.to_owned(), (value, origin));
        }
    }

    /// A value that is set and not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(value, _)| value.trim()).filter(|value| !value.is_empty())
    }

    /// A value or its default, and where it came from.
    #[must_use]
    pub fn effective(&self, name: &str) -> (Option<&str>, Origin) {
        if let Some((_, origin)) = self.values.get(name)
            && let Some(value) = self.get(name)
        {
            return (Some(value), *origin);
        }
        let default = KNOWN.iter().find(|known| known.name == name).and_then(|known| known.default);
        (default, Origin::Default)
    }

    fn read_file(&mut self, path: &Path) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.faults.push(format!("answerbot.toml cannot be read: {error}.")),
        };
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
        let is_known =
            KNOWN.iter().any(|known| known.name == name) || name == "MONGODB_URI" || NOT_YET.contains(&name);
        if is_known {
            self.put(name, value, Origin::File);
        } else {
            self.faults
                .push(format!("answerbot.toml: {name} is no setting; `answerbot config` lists them all."));
        }
    }
}
