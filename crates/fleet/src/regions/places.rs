//! Who lives where.

use answerbot_core::{AggregateId, ContactId, PaymentId};
use answerbot_ports::regions::{Place, Region};
use answerbot_ports::store::StoreError;

use super::Regional;
use super::site::Site;

impl Regional {
    /// The store that a person lives in.
    pub async fn region_of(&self, of: ContactId) -> Result<Region, StoreError> {
        Ok(self.place_of(of).await?.region)
    }

    /// With whom an aggregate lives; `None` for what always lives in the main store.
    pub(super) async fn home(&self, of: AggregateId) -> Result<Option<ContactId>, StoreError> {
        match of {
            AggregateId::Contact(id) => Ok(Some(id)),
            AggregateId::Payment(id) => self.payer_of(id).await,
            AggregateId::Payer(_) => Ok(None),
        }
    }

    /// Whose a payment is. That never changes once it is claimed.
    async fn payer_of(&self, payment: PaymentId) -> Result<Option<ContactId>, StoreError> {
        if let Some(known) = self.payers.get(&payment) {
            return Ok(Some(known));
        }
        let found = self.main.payers(&[payment]).await?.into_iter().next().flatten();
        if let Some(contact) = found {
            self.payers.insert(payment, contact);
        }
        Ok(found)
    }

    /// The place of an aggregate, as the directory has it now.
    pub(super) async fn place(&self, of: AggregateId) -> Result<Place, StoreError> {
        match self.home(of).await? {
            Some(contact) => self.place_of(contact).await,
            None => Ok(Place::main()),
        }
    }

    /// Where somebody lives, as the directory has it now.
    pub async fn place_of(&self, contact: ContactId) -> Result<Place, StoreError> {
        let place = self.main.places(&[contact]).await?.pop().unwrap_or_else(Place::main);
        self.places.insert(contact, place.region.clone());
        Ok(place)
    }

    /// Where an aggregate lives, or lived a few seconds ago.
    pub(super) async fn lately(&self, of: AggregateId) -> Result<Region, StoreError> {
        let Some(contact) = self.home(of).await? else { return Ok(Region::main()) };
        match self.places.get(&contact) {
            Some(region) => Ok(region),
            None => self.place_of(contact).await.map(|place| place.region),
        }
    }

    /// The store where an aggregate lives; an error while it moves.
    pub(super) async fn settled(&self, of: AggregateId) -> Result<&Site, StoreError> {
        let place = self.place(of).await?;
        if place.moving_to.is_some() {
            return Err(moving());
        }
        self.site_of(&place.region)
    }
}

pub(super) fn moving() -> StoreError {
    StoreError::Later("it is being moved to another region".into())
}
