//! One update of one document, put together from what is to be changed.

use mongodb::bson::{Bson, Document, doc};

/// The operators of an update; those that are empty are left out.
#[derive(Default)]
pub(in crate::mongo) struct Update {
    set: Document,
    unset: Document,
    add: Document,
    least: Document,
    push: Document,
    pull: Document,
}

impl Update {
    pub fn set(&mut self, field: impl Into<String>, value: impl Into<Bson>) -> &mut Self {
        self.set.insert(field, value);
        self
    }

    /// Sets a field, or takes it away where there is no value.
    pub fn put(&mut self, field: impl Into<String>, value: Option<impl Into<Bson>>) -> &mut Self {
        match value {
            Some(value) => self.set(field, value),
            None => self.unset(field),
        }
    }

    pub fn unset(&mut self, field: impl Into<String>) -> &mut Self {
        self.unset.insert(field, "");
        self
    }

    pub fn add(&mut self, field: impl Into<String>, amount: i64) -> &mut Self {
        self.add.insert(field, amount);
        self
    }

    /// Sets a field where it is missing or greater.
    pub fn at_most(&mut self, field: impl Into<String>, value: i64) -> &mut Self {
        self.least.insert(field, value);
        self
    }

    pub fn push(&mut self, field: impl Into<String>, values: Vec<Bson>) -> &mut Self {
        if !values.is_empty() {
            self.push.insert(field, doc! { "$each": values });
        }
        self
    }

    /// The same, of which only the last so many stay.
    pub fn push_last(&mut self, field: impl Into<String>, value: impl Into<Bson>, most: i32) -> &mut Self {
        self.push.insert(field, doc! { "$each": [value.into()], "$slice": -most });
        self
    }

    pub fn pull(&mut self, field: impl Into<String>, matching: Document) -> &mut Self {
        self.pull.insert(field, matching);
        self
    }

    /// The update.
    pub fn build(self) -> Document {
        let operators = [
            ("$set", self.set),
            ("$unset", self.unset),
            ("$inc", self.add),
            ("$min", self.least),
            ("$push", self.push),
            ("$pull", self.pull),
        ];
        let mut update = Document::new();
        for (operator, fields) in operators {
            if !fields.is_empty() {
                update.insert(operator, fields);
            }
        }
        update
    }
}
