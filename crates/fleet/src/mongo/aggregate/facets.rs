//! What aggregates are found by, as fields of their documents.

use answerbot_core::contact::Region;
use answerbot_ports::keys::HashKey;
use answerbot_ports::store::{ContactFacets, Facets, PaymentFacets};
use mongodb::bson::{Document, doc};

use crate::mongo::base::fields::binary;
use crate::mongo::base::update::Update;

/// Writes facets. The fields of a person have indexes here; those of a payment are copied to the books, which are
/// asked for payments, so this collection needs no index for them.
pub(in crate::mongo) fn put(update: &mut Update, facets: &Facets, hash: &HashKey) {
    match facets {
        Facets::Contact(it) => put_contact(update, it),
        Facets::Payment(it) => {
            update.set("pay", payment(it, hash));
        }
    }
}

fn put_contact(update: &mut Update, it: &ContactFacets) {
    update
        .set("stage", it.stage)
        .put("reset_day", it.reset_day.map(|day| day.0))
        .put("texts_until", it.texts_until.map(|day| day.0))
        // Whether it has ended is seen by the expiry: a day that passes writes nothing.
        .put("subscription_status", it.paid_through.map(|_| "paid"))
        .put("subscription_expiry", it.paid_through.map(|day| day.0))
        .put("region", it.region.map(Region::name));
}

/// What a payment is found by. Its paying number only as its keyed hash.
pub(in crate::mongo) fn payment(it: &PaymentFacets, hash: &HashKey) -> Document {
    let mut facets = doc! {
        "status": it.status,
        "code": &it.code,
        "wished": it.wished.as_millis(),
        "test": it.test,
    };
    let ids = [
        ("contact", it.contact.map(|id| binary(id.as_bytes()))),
        ("payer", it.payer.map(|number| binary(hash.payer(number).as_bytes()))),
    ];
    for (name, id) in ids {
        if let Some(id) = id {
            facets.insert(name, id);
        }
    }
    for (name, text) in [("external_id", &it.external_id), ("mtn_id", &it.mtn_id)] {
        if let Some(text) = text {
            facets.insert(name, text);
        }
    }
    facets
}
