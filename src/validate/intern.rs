//! Compiled schemas by content: environments that render the same CRD compile it once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use super::compile::Compiled;
use crate::tree::Digest;

/// Held weakly: a schema lives as long as an environment uses it. What is found here depends on the key alone.
static COMPILED: LazyLock<Mutex<HashMap<Digest, Weak<Compiled>>>> = LazyLock::new(Mutex::default);

/// Finds a compiled schema, or builds it. The key is a digest of everything the build depends on.
pub(super) fn find_or_build<E>(key: Digest, build: impl FnOnce() -> Result<Compiled, E>) -> Result<Arc<Compiled>, E> {
    let lock = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = lock().get(&key).and_then(Weak::upgrade) {
        return Ok(found);
    }
    // not under the lock: the largest schemas take tens of milliseconds, and others are built meanwhile
    let compiled = Arc::new(build()?);
    let mut known = lock();
    known.retain(|_, schema| schema.strong_count() > 0);
    known.insert(key, Arc::downgrade(&compiled));
    Ok(compiled)
}
