//! Carries events to `decide` and effects away from it.

mod intake;

pub use intake::{Intake, Taken};
