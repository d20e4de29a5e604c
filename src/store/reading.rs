//! A connection for reading, which counts as waiting for the store while a request has it.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection};

use super::wait::Waiting;

/// A connection that the engine refuses to write through.
pub struct Reading {
    connection: PoolConnection<Any>,
    waiting: Waiting,
}

impl Reading {
    pub(super) fn of(connection: PoolConnection<Any>, waiting: Waiting) -> Reading {
        // The pool has asked it whether it is there.
        waiting.answered();
        Reading { connection, waiting }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.waiting.answered();
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
        self.waiting.answered();
        &mut self.connection
    }
}
