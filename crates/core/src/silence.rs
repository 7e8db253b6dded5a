//! Whether a provider has fallen silent: calls that wait for words tell so long before they time out.
//!
//! With twenty questions a second, a provider that hangs would take a hundred and sixty of them before the first one
//! ran out of patience. So a few that wait for far longer than is usual send the next ones elsewhere.

use alloc::vec::Vec;
use core::time::Duration;

/// So many calls that wait too long are no accident.
const CALLS: usize = 3;
/// Nobody is called silent before this.
const SHORTEST: Duration = Duration::from_millis(1_500);
/// Waiting so many times longer than is usual is too long.
const TIMES: u32 = 4;

/// The calls to one provider that are under way. Times are monotonic.
#[derive(Clone, Debug, Default)]
pub struct Silence {
    calls: Vec<Call>,
    next: u64,
    /// When an answer came to its end last.
    well: Option<Duration>,
    /// How long first words take, lately.
    usual: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    number: u64,
    begun: Duration,
    /// When it spoke last.
    spoke: Option<Duration>,
}

impl Silence {
    /// A call begins; its number is what [`Silence::words`] and [`Silence::end`] want.
    pub fn begin(&mut self, now: Duration) -> u64 {
        self.next += 1;
        self.calls.push(Call { number: self.next, begun: now, spoke: None });
        self.next
    }

    /// A piece of an answer came.
    pub fn words(&mut self, number: u64, now: Duration) {
        let Some(call) = self.calls.iter_mut().find(|it| it.number == number) else { return };
        if call.spoke.is_none() {
            let took = now.saturating_sub(call.begun);
            self.usual = Some(self.usual.map_or(took, |usual| (usual * 7 + took) / 8));
        }
        call.spoke = Some(now);
    }

    /// A call ended, well or not.
    pub fn end(&mut self, number: u64, well: bool, now: Duration) {
        self.calls.retain(|it| it.number != number);
        if well {
            self.well = Some(now);
        }
    }

    /// Whether several calls have said nothing for longer than is usual, and no answer was finished since they began.
    #[must_use]
    pub fn is_silent(&self, now: Duration) -> bool {
        let patience = self.usual.map_or(SHORTEST, |usual| SHORTEST.max(usual * TIMES));
        let is_late = |call: &&Call| {
            now.saturating_sub(call.spoke.unwrap_or(call.begun)) > patience
                && self.well.is_none_or(|well| well < call.begun)
        };
        self.calls.iter().filter(is_late).count() >= CALLS
    }
}
