//! The rail: what the book says, what it hears, and what it never does.

mod book;
mod corpus;
mod laws;
