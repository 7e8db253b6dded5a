//! When an answer may be used again.

mod curated;
mod gate;
mod normal;
mod pairs;
