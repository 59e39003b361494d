//! Memory that the threads of one call may take together.
//!
//! A thread reserves what a picture needs at most before it decodes, and keeps the reservation with its buffers for
//! the next picture. Who does not get enough gives back what it holds and waits; those that run give back theirs as
//! soon as somebody waits. So nothing waits for ever, and whether a picture is refused depends on its own need alone.

use super::error::ImageError;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Use {
    bytes: u64,
    waiting: usize,
}

#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    used: Mutex<Use>,
    freed: Condvar,
}

impl Budget {
    pub fn new(limit: u64) -> Self {
        Self { limit, used: Mutex::default(), freed: Condvar::new() }
    }

    fn used(&self) -> MutexGuard<'_, Use> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one thread holds of the budget, with the buffers that it pays for.
pub(super) struct Share<'a, T: Default> {
    budget: &'a Budget,
    held: u64,
    pub buffers: T,
}

impl<'a, T: Default> Share<'a, T> {
    pub fn new(budget: &'a Budget) -> Self {
        Self { budget, held: 0, buffers: T::default() }
    }

    /// Waits until `bytes` may be taken.
    ///
    /// # Errors
    /// `TooMuchMemory` when the whole budget would not do.
    pub fn reserve(&mut self, bytes: u64) -> Result<(), ImageError> {
        let limit = self.budget.limit;
        if bytes > limit {
            return Err(ImageError::TooMuchMemory { bytes, limit });
        }
        if bytes <= self.held {
            return Ok(());
        }
        let mut used = self.budget.used();
        if used.bytes - self.held + bytes > limit {
            self.buffers = T::default();
            used.bytes -= self.held;
            self.held = 0;
            self.budget.freed.notify_all();
            used.waiting += 1;
            while used.bytes + bytes > limit {
                used = self.budget.freed.wait(used).unwrap_or_else(PoisonError::into_inner);
            }
            used.waiting -= 1;
        }
        used.bytes = used.bytes - self.held + bytes;
        self.held = bytes;
        Ok(())
    }

    /// Between two pictures: lets others go first if they wait.
    pub fn yield_to_waiting(&mut self) {
        if self.held > 0 && self.budget.used().waiting > 0 {
            self.free();
        }
    }

    fn free(&mut self) {
        self.buffers = T::default();
        self.budget.used().bytes -= self.held;
        self.held = 0;
        self.budget.freed.notify_all();
    }
}

impl<T: Default> Drop for Share<'_, T> {
    fn drop(&mut self) {
        self.free();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn a_need_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
        let budget = Budget::new(10);
        let mut share = Share::<Vec<u8>>::new(&budget);
        assert!(share.reserve(10).is_ok());
        assert_eq!(share.reserve(11), Err(ImageError::TooMuchMemory { bytes: 11, limit: 10 }));
    }

    #[test]
    fn threads_never_hold_more_than_the_limit_and_all_get_their_turn() {
        let budget = Budget::new(100);
        let (now, served) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8_u64 {
                let (budget, now, served) = (&budget, &now, &served);
                scope.spawn(move || {
                    let mut share = Share::<Vec<u8>>::new(budget);
                    for round in 0..500_u64 {
                        share.yield_to_waiting();
                        let need = 1 + (thread * 31 + round * 17) % 100;
                        assert!(share.reserve(need).is_ok());
                        assert!(now.fetch_add(need, Ordering::SeqCst) + need <= 100);
                        now.fetch_sub(need, Ordering::SeqCst);
                        served.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(served.into_inner(), 4000);
    }
}
