//! What became of an application at agencies: for the page after sending.

use sqlx::AnyConnection;

use super::record::{self, Event, Line, StepLine};
use crate::store::StoreError;

pub struct History {
    /// Transfers with their steps, the oldest first.
    pub sent: Vec<(Line, Vec<StepLine>)>,
    pub events: Vec<Event>,
}

impl History {
    /// Of an owner's application.
    ///
    /// # Errors
    ///
    /// If the store is away.
    pub async fn of(connection: &mut AnyConnection, (owner, id): (&str, &str)) -> Result<History, StoreError> {
        let mut sent = Vec::new();
        for line in record::of_application(connection, (owner, id)).await? {
            let steps = record::steps(connection, &line.id).await?;
            sent.push((line, steps));
        }
        Ok(History { sent, events: record::events(connection, (owner, id)).await? })
    }

    /// Puts what became of an earlier application before this.
    pub fn put_before(&mut self, earlier: History) {
        self.sent.splice(0..0, earlier.sent);
        self.events.splice(0..0, earlier.events);
    }
}
