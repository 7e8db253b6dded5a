//! What `answerbot-core` promises, as tables, stories and laws.
//!
//! `cfg(test)` tells clippy that helpers may expect, too.

#[cfg(test)]
mod buying;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod pay;
#[cfg(test)]
mod rail;
#[cfg(test)]
mod reuse;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod talk;
