//! What every cache must do. An adapter's tests run [`cache`] on a fresh one.
//!
//! A cache may forget at any time, so that correctness never leans on it. These cases ask a cache with room to
//! remember, since one that always forgets would make each message read the store.

use std::sync::Arc;

use answerbot_core::{AggregateId, Contact, ContactId};

use crate::cache::{Cache, Warm};

/// Every case, one after the other. The cache needs room for ten contacts and a minute of memory.
pub async fn cache(cache: &dyn Cache) {
    an_unknown_contact_is_not_recalled(cache).await;
    what_was_remembered_is_recalled_with_its_version(cache).await;
    the_newer_of_two_is_recalled(cache).await;
    what_is_forgotten_is_gone_until_it_is_remembered_again(cache).await;
    two_contacts_do_not_mix(cache).await;
}

fn contact(number: u8) -> AggregateId {
    ContactId::from_bytes([number; 16]).into()
}

/// A contact whose three figures differ, so that none can stand in for another.
fn warm(decisions: u64) -> Warm {
    let state = Contact { decisions, ..Contact::default() };
    Warm { state: Arc::new(state.into()), version: decisions + 100, consumed: decisions + 1_000 }
}

async fn an_unknown_contact_is_not_recalled(cache: &dyn Cache) {
    assert_eq!(cache.recall(contact(1)).await, None);
    cache.forget(contact(1)).await;
    assert_eq!(cache.recall(contact(1)).await, None, "nor after it was forgotten");
}

async fn what_was_remembered_is_recalled_with_its_version(cache: &dyn Cache) {
    cache.remember(contact(2), warm(7)).await;
    for time in 1..=3 {
        let recalled = cache.recall(contact(2)).await;
        let figures = recalled
            .as_ref()
            .map(|it| (it.state.as_contact().map_or(0, |it| it.decisions), it.version, it.consumed));
        assert_eq!(figures, Some((7, 107, 1_007)), "recall {time}");
        assert_eq!(recalled, Some(warm(7)), "recall {time}");
    }
}

async fn the_newer_of_two_is_recalled(cache: &dyn Cache) {
    for decisions in 1..=5 {
        cache.remember(contact(3), warm(decisions)).await;
        assert_eq!(cache.recall(contact(3)).await, Some(warm(decisions)));
    }
    // After a copy was put back the store's versions are lower: what was said last counts.
    cache.remember(contact(3), warm(2)).await;
    assert_eq!(cache.recall(contact(3)).await, Some(warm(2)));
}

async fn what_is_forgotten_is_gone_until_it_is_remembered_again(cache: &dyn Cache) {
    cache.remember(contact(4), warm(1)).await;
    cache.forget(contact(4)).await;
    assert_eq!(cache.recall(contact(4)).await, None);
    cache.remember(contact(4), warm(2)).await;
    assert_eq!(cache.recall(contact(4)).await, Some(warm(2)));
}

async fn two_contacts_do_not_mix(cache: &dyn Cache) {
    cache.remember(contact(5), warm(50)).await;
    cache.remember(contact(6), warm(60)).await;
    assert_eq!(cache.recall(contact(5)).await, Some(warm(50)));
    assert_eq!(cache.recall(contact(6)).await, Some(warm(60)));
    cache.remember(contact(6), warm(61)).await;
    assert_eq!(cache.recall(contact(5)).await, Some(warm(50)), "the other one's news are not its own");
    cache.forget(contact(5)).await;
    assert_eq!(cache.recall(contact(5)).await, None);
    assert_eq!(cache.recall(contact(6)).await, Some(warm(61)), "it was not the one to forget");
}
