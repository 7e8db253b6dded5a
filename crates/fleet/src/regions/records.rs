//! What regions leave for the books of the main store.

use std::sync::Arc;

use answerbot_core::AggregateId;
use answerbot_ports::regions::{Depot, Record};
use answerbot_ports::store::StoreError;
use futures_util::future::try_join_all;

use super::site::Site;
use super::store::or_nothing;
use super::{PATIENCE, Regional};

/// Aggregates whose records are copied at once.
const PAGE: usize = 200;

impl Regional {
    /// Copies what all regions left; returns of how many aggregates.
    pub(super) async fn copy_records(&self) -> Result<u64, StoreError> {
        let mut total = 0;
        for site in self.sites.iter().filter(|site| !site.name.is_main()) {
            // Not two at once in a process: what one read early must not be written late.
            let _one = self.copying.lock().await;
            total += or_nothing(site, self.copy_from(site).await)?;
        }
        Ok(total)
    }

    /// Copies all that one store left. When it returns, whoever was frozen before has nothing left there.
    pub(super) async fn copy_all_from(&self, site: &Site) -> Result<u64, StoreError> {
        if site.name.is_main() {
            return Ok(0);
        }
        let _one = self.copying.lock().await;
        self.copy_from(site).await
    }

    async fn copy_from(&self, site: &Site) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let read = |depot: Arc<dyn Depot>| async move { depot.records(PAGE).await };
            let left = site.call_within(PATIENCE, &*self.clock, read).await?;
            // A page may be short because of what cannot be read; the next one says whether that was all.
            if left.is_empty() {
                return Ok(total);
            }
            total += left.len() as u64;
            try_join_all(left.into_iter().map(|(of, records)| self.copy(site, of, records))).await?;
        }
    }

    /// Kept first and forgotten then: after a crash between they are kept once more, which changes nothing.
    async fn copy(
        &self,
        site: &Site,
        of: AggregateId,
        records: Vec<(u64, Record)>,
    ) -> Result<(), StoreError> {
        let (numbers, records): (Vec<u64>, Vec<Record>) = records.into_iter().unzip();
        self.main.keep_records(of, records).await?;
        let forget = |depot: Arc<dyn Depot>| async move { depot.forget_records(of, &numbers).await };
        site.call(&*self.clock, forget).await
    }
}
