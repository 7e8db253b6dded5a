//! How often a caller may call, where several processes count together.

use std::time::Duration;

use async_trait::async_trait;

/// How much somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// What it is for: allowances of different names know nothing of each other.
    pub tier: &'static str,
    /// So many a minute in the long run.
    pub per_minute: u32,
    /// So many at once, when nothing was taken for a while.
    pub burst: u32,
}

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// One was taken.
    Passed,
    /// None is left; after so long there is one.
    Wait(Duration),
    /// Nobody knows: what is counted in common is away, and the process's own count has to do.
    Away,
}

/// Allowances that processes have in common.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Takes one from the allowance of a caller. `who` tells callers apart; an adapter that lets it leave the process
    /// hashes it under a key first. Bounded by some tenths of a second.
    async fn take(&self, allowance: Allowance, who: &[u8]) -> Taken;
}
