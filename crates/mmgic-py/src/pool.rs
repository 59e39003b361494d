//! Thread pools of this process, made when first asked for and kept by size.
//!
//! Threads do not live on in a forked child, so the pools remember the process they were made in; a child
//! finds another number and makes its own. The lock is never waited for: a child forked while another
//! thread held it would wait for ever. Who does not get it makes a pool for one call.

use crate::errors;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::collections::HashMap;
use std::num::NonZero;
use std::sync::{Arc, Mutex};

/// No more threads than this, whatever is asked for.
const MAX_THREADS: usize = 1024;

struct Pools {
    process: u32,
    by_size: HashMap<usize, Arc<ThreadPool>>,
}

static POOLS: Mutex<Option<Pools>> = Mutex::new(None);

fn made(py: Python<'_>, size: usize) -> PyResult<Arc<ThreadPool>> {
    let named = ThreadPoolBuilder::new().num_threads(size).thread_name(|i| format!("mmgic-{i}"));
    named.build().map(Arc::new).map_err(|e| errors::from_pool(py, &e))
}

/// The pool of `threads` threads (0: one for each core) of this process; none for one thread, which is the caller's.
pub fn pool(py: Python<'_>, threads: usize) -> PyResult<Option<Arc<ThreadPool>>> {
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    let size = if threads == 0 { cores() } else { threads.min(MAX_THREADS) };
    if size == 1 { Ok(None) } else { kept(py, size).map(Some) }
}

fn kept(py: Python<'_>, size: usize) -> PyResult<Arc<ThreadPool>> {
    let Ok(mut guard) = POOLS.try_lock() else { return made(py, size) };
    let process = std::process::id();
    if guard.as_ref().is_some_and(|p| p.process != process) {
        // The parent's threads are not here; dropping their pool could wait for them.
        std::mem::forget(guard.take());
    }
    let pools = guard.get_or_insert_with(|| Pools { process, by_size: HashMap::new() });
    if let Some(pool) = pools.by_size.get(&size) {
        return Ok(Arc::clone(pool));
    }
    let pool = made(py, size)?;
    pools.by_size.insert(size, Arc::clone(&pool));
    Ok(pool)
}
