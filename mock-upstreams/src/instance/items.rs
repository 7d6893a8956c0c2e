use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

/// The database behind `/api/items`. Clones are the same one: instances of one app share it.
#[derive(Clone, Debug, Default)]
pub struct Items(Arc<Mutex<ItemStore>>);

#[derive(Debug, Default)]
pub(crate) struct ItemStore {
    /// The last id that was given.
    pub(crate) last: u64,
    /// By id.
    pub(crate) items: BTreeMap<u64, Map<String, Value>>,
}

impl Items {
    /// How many items were created by a POST with `X-Request-Id: id`: 2 for a POST that was repeated.
    pub fn created_by(&self, id: &str) -> usize {
        let store = self.lock();
        store.items.values().filter(|item| item.get("requestId").is_some_and(|each| each == id)).count()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, ItemStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
