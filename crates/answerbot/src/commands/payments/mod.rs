//! `payments`: what support needs.

mod books;
mod operate;
mod reconcile;
mod show;

pub use show::when;

use answerbot_local::Access;

use crate::assemble::World;
use crate::cli::PaymentsAction;

pub async fn run(world: &World, action: PaymentsAction) -> anyhow::Result<bool> {
    let stores = world.store(Access::Beside).await?;
    let store = &*stores.all;
    match action {
        PaymentsAction::List { search, status, limit, json } => {
            show::list(store, search.as_deref(), status, limit, json).await
        }
        PaymentsAction::Show { payment, json } => show::one(store, &payment, json).await,
        PaymentsAction::Check { payment } => operate::check(world, store, &payment).await,
        PaymentsAction::Reconcile { file, dry_run, json } => {
            reconcile::run(world, store, &file, dry_run, json).await
        }
        PaymentsAction::Assign { line, user, plan } => {
            operate::assign(world, store, &line, &user, plan).await
        }
        PaymentsAction::Refund { payment, by_hand } => {
            operate::refund(world, store, &payment, &by_hand).await
        }
        PaymentsAction::Books { json } => books::run(world, store, json).await,
    }
}
