//! When an answer may be used again.

mod curated;
mod gate;
mod kept;
mod normal;
mod pairs;
