//! Money, numbers, prices, days and statements, as tables; what holds for all values stands in `laws`.

mod breaker;
mod complaint;
mod days;
mod laws;
mod money;
mod payment;
mod phone;
mod price;
mod statement;
mod walk;
