//! People in several stores, on files.

mod crashes;
mod moves;
mod orders;
mod reports;
mod routing;
mod service;
mod suites;
mod support;
mod tries;
mod wishes;
