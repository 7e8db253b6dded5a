//! The store on MongoDB: a real server, or the stand-in of `scripts/services`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it fails")]

mod answers;
mod costs;
mod crashes;
mod home;
mod keys;
mod leases;
mod plans;
mod races;
mod suites;
