//! A connection for reading, which counts as waiting for the store while a request has it.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection};

use super::wait::Waiting;

/// A connection that the engine refuses to write through.
pub struct Reading {
    connection: PoolConnection<Any>,
    waiting: Option<Waiting>,
}

impl Reading {
    pub(super) fn of(connection: PoolConnection<Any>, waiting: Option<Waiting>) -> Reading {
        // The pool has asked it whether it is there.
        waiting.iter().for_each(Waiting::answered);
        Reading { connection, waiting }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.waiting.iter().for_each(Waiting::answered);
    }
}

impl Deref for Reading {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        // Whoever has another question had an answer to the last.
        self.waiting.iter().for_each(Waiting::answered);
        &mut self.connection
    }
}
