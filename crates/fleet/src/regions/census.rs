//! What all stores hold together, counted and hashed: the same before and after people moved.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use answerbot_core::{AggregateId, AggregateKind, ContactId, Time};
use answerbot_ports::regions::Depot;
use answerbot_ports::reports::{AccountSum, Find, Reports as _};
use answerbot_ports::store::{Store as _, StoreError};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Regional;

/// People read at once.
const PAGE: usize = 1_000;
/// Those who are named in a difference.
const NAMED: usize = 5;

/// What all stores hold together.
#[derive(Clone, Debug, PartialEq)]
pub struct Census {
    /// A hash of the state of every person and payment, by id.
    states: BTreeMap<([u8; 16], u8), [u8; 16]>,
    /// People by the store they live in, also those of whom nothing was decided yet.
    pub residents: Vec<(String, u64)>,
    /// Envelopes that wait, in stores and parked in the directory.
    pub waiting: u64,
    /// Effects that are open.
    pub open_effects: u64,
    /// Effects that are dead.
    pub dead_effects: u64,
    /// Events set aside.
    pub set_aside: u64,
    /// Payments granted, with money in the books.
    pub grants: u64,
    /// Payments with money in the books.
    pub captures: u64,
    /// The accounts of the books.
    pub accounts: Vec<AccountSum>,
}

/// Something that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What.
    pub what: &'static str,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
    /// Whether people who write meanwhile explain it. What they do not explain is lost or doubled.
    pub may_be_traffic: bool,
}

impl Census {
    /// Counts. Every store must be there.
    pub async fn take(regional: &Regional) -> Result<Self, StoreError> {
        // Books and grants of regions first: they are counted in the main store.
        regional.catch_up().await?;
        let mut census = Self {
            states: BTreeMap::new(),
            residents: Vec::new(),
            waiting: 0,
            open_effects: 0,
            dead_effects: 0,
            set_aside: 0,
            grants: 0,
            captures: 0,
            accounts: regional.accounts().await?,
        };
        let counts = regional.money_counts(Time::from_millis(i64::MAX)).await?;
        (census.grants, census.captures) = (counts.grants, counts.captures);
        for site in &regional.sites {
            let overview = |depot: Arc<dyn Depot>| async move { depot.overview().await };
            let it = site.call(&*regional.clock, overview).await?;
            census.waiting += it.waiting_events;
            census.open_effects += it.open_effects;
            census.dead_effects += it.dead_effects;
            census.set_aside += it.set_aside;
            census.count_people(regional, site).await?;
        }
        census.waiting += parked(regional).await?;
        for (id, payment) in regional.payments(Find::All, usize::MAX).await? {
            census.states.insert((*id.as_bytes(), 1), hash(&payment)?);
        }
        Ok(census)
    }

    async fn count_people(
        &mut self,
        regional: &Regional,
        site: &super::site::Site,
    ) -> Result<(), StoreError> {
        let mut after: Option<ContactId> = None;
        let mut residents = 0;
        loop {
            let page = |depot: Arc<dyn Depot>| async move { depot.residents(after, PAGE).await };
            let found = site.call(&*regional.clock, page).await?;
            residents += found.len() as u64;
            for of in &found {
                // Nothing was decided of somebody new.
                self.states.entry((*of.as_bytes(), 0)).or_default();
            }
            after = found.last().copied();
            if found.len() < PAGE {
                break;
            }
        }
        after = None;
        loop {
            let page = |depot: Arc<dyn Depot>| async move { depot.contacts(false, after, PAGE).await };
            let found = site.call(&*regional.clock, page).await?;
            for (of, contact) in &found {
                self.states.insert((*of.as_bytes(), 0), hash(contact)?);
            }
            after = found.last().map(|(of, _)| *of);
            if found.len() < PAGE {
                break;
            }
        }
        self.residents.push((site.name.to_string(), residents));
        Ok(())
    }

    /// How many people there are.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.states.keys().filter(|(_, kind)| *kind == 0).count() as u64
    }

    /// How many payments.
    #[must_use]
    pub fn payments(&self) -> u64 {
        self.states.len() as u64 - self.people()
    }

    /// One hash of all states in the order of their ids, in hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for ((id, kind), state) in &self.states {
            hash.update(id);
            hash.update([*kind]);
            hash.update(state);
        }
        let full = hash.finalize();
        full.iter().take(16).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Whoever lives in two stores at once is counted twice here: as many as too many.
    #[must_use]
    pub fn doubled(&self) -> u64 {
        self.residents.iter().map(|(_, count)| count).sum::<u64>().saturating_sub(self.people())
    }

    /// What is not what it was.
    #[must_use]
    pub fn differences(&self, after: &Self) -> Vec<Difference> {
        let mut all = Vec::new();
        let mut differ = |what, before: String, now: String, may_be_traffic| {
            if before != now {
                all.push(Difference { what, before, after: now, may_be_traffic });
            }
        };
        let lost: Vec<String> = self
            .states
            .keys()
            .filter(|key| !after.states.contains_key(*key))
            .take(NAMED)
            .map(|(id, kind)| name(*id, *kind))
            .collect();
        differ("lost", String::new(), lost.join(" "), false);
        differ("living in two stores", self.doubled().to_string(), after.doubled().to_string(), false);
        differ("people", self.people().to_string(), after.people().to_string(), true);
        differ("payments", self.payments().to_string(), after.payments().to_string(), true);
        differ("states", self.digest(), after.digest(), true);
        differ("waiting envelopes", self.waiting.to_string(), after.waiting.to_string(), true);
        differ("open effects", self.open_effects.to_string(), after.open_effects.to_string(), true);
        differ("dead effects", self.dead_effects.to_string(), after.dead_effects.to_string(), true);
        differ("events set aside", self.set_aside.to_string(), after.set_aside.to_string(), true);
        differ("grants", self.grants.to_string(), after.grants.to_string(), true);
        differ("payments with money", self.captures.to_string(), after.captures.to_string(), true);
        differ("accounts", sums(&self.accounts), sums(&after.accounts), true);
        all
    }
}

fn name(id: [u8; 16], kind: u8) -> String {
    let kind = if kind == 0 { AggregateKind::Contact } else { AggregateKind::Payment };
    AggregateId::from_parts(kind, id).to_string()
}

fn sums(accounts: &[AccountSum]) -> String {
    let one = |it: &AccountSum| format!("{} {} {}", it.account, it.minor, it.currency.code());
    accounts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn hash(state: &impl Serialize) -> Result<[u8; 16], StoreError> {
    let json = serde_json::to_vec(state).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let full = Sha256::digest(&json);
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    Ok(short)
}

/// Envelopes that are parked in the directory.
async fn parked(regional: &Regional) -> Result<u64, StoreError> {
    let (mut after, mut total) = (None, 0);
    loop {
        let waiting = regional.main.waiting(after, PAGE).await?;
        if !waiting.is_empty() {
            total += regional.main.places(&waiting).await?.iter().map(|place| place.parked).sum::<u64>();
        }
        after = waiting.last().copied();
        if waiting.len() < PAGE {
            return Ok(total);
        }
    }
}
