//! An evacuation that is measured: everybody leaves a store, and what there was is there afterwards.

use std::time::Duration;

use answerbot_core::EventId;
use answerbot_core::time::HOUR;
use answerbot_ports::regions::{Order, Progress, Region, Who};
use answerbot_ports::store::StoreError;

use super::Regional;
use super::census::{Census, Difference};

/// How often it is looked whether a running service is done.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Who carries the order out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    /// This process: nothing else has the stores open.
    Own,
    /// A running service, which has so long to do it.
    Service(Duration),
}

/// What came of a drill.
#[derive(Clone, Debug)]
pub struct Drilled {
    /// The order as it ended.
    pub order: Order,
    /// How long it took from the order until nobody lived there any more.
    pub took: Duration,
    /// What there was before.
    pub before: Census,
    /// And after.
    pub after: Census,
    /// What is not the same.
    pub differences: Vec<Difference>,
}

impl Drilled {
    /// People who moved in a second.
    #[must_use]
    pub fn pace(&self) -> f64 {
        let moved = u32::try_from(self.order.moved).unwrap_or(u32::MAX);
        f64::from(moved) / self.took.as_secs_f64().max(0.001)
    }

    /// Whether everybody left and nothing was lost or doubled. With `is_quiet` nobody wrote meanwhile, so nothing at all
    /// may differ.
    #[must_use]
    pub fn is_sound(&self, is_quiet: bool) -> bool {
        let is_explained = |it: &Difference| it.may_be_traffic && !is_quiet;
        self.order.progress == Progress::Done && self.differences.iter().all(is_explained)
    }
}

impl Regional {
    /// Evacuates a store and compares what there is before and after. `id` is a number drawn by the caller.
    pub async fn drill(
        &self,
        id: EventId,
        from: Region,
        to: Region,
        by: String,
        hands: Hands,
    ) -> Result<Drilled, StoreError> {
        let before = Census::take(self).await?;
        let began = self.clock.monotonic();
        self.order_move(id, Who::All(from), to, by).await?;
        let order = self.wait_for(id, hands).await?;
        let took = self.clock.monotonic().saturating_sub(began);
        let after = Census::take(self).await?;
        let differences = before.differences(&after);
        Ok(Drilled { order, took, before, after, differences })
    }

    /// Waits until an order is done or stopped, or its time is over.
    async fn wait_for(&self, id: EventId, hands: Hands) -> Result<Order, StoreError> {
        let began = self.clock.monotonic();
        loop {
            if hands == Hands::Own {
                self.resume().await?;
                self.carry_out(self.clock.now().plus(HOUR)).await?;
            }
            let gone = || StoreError::Unavailable("the order is gone".into());
            let order = self.order(id).await?.ok_or_else(gone)?;
            let is_late = match hands {
                // What could not go on now does not go on by itself.
                Hands::Own => true,
                Hands::Service(patience) => self.clock.monotonic().saturating_sub(began) > patience,
            };
            if order.progress != Progress::Open || is_late {
                return Ok(order);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
