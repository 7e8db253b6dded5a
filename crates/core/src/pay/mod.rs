//! Paying: what money, a payer, a price and a paid day are. The machines that use them stand beside them.

pub mod breaker;
pub mod complaint;
mod dates;
pub mod days;
mod digits;
pub mod ledger;
pub mod money;
pub mod order;
pub mod payer;
pub mod payment;
pub mod phone;
pub mod price;
pub mod reconcile;
mod records;
pub mod statement;
