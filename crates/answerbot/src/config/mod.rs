//! Settings: from the environment, `.env` and `answerbot.toml`, in this order of precedence.
//!
//! Names follow the deployment that exists, so that this program can take its place. Every fault is one
//! sentence: the name, what is wrong, an example. Nothing else in the program reads the environment.

mod ai;
mod known;
mod momo;
mod policy;
mod raw;
mod settings;
#[cfg(test)]
mod tests;

pub use known::KNOWN;
#[cfg(any(test, feature = "demo"))]
pub use raw::Origin;
pub use raw::Raw;
pub use settings::{Database, LogFormat, Settings, without_password};

/// What is wrong with the settings, one sentence each.
#[derive(Debug)]
pub struct Faults(pub Vec<String>);

impl std::fmt::Display for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the settings are not complete:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n- {fault}"))
    }
}

impl std::error::Error for Faults {}
