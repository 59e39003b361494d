//! Memory that the threads of one call may take together.
//!
//! A thread reserves what a picture needs at most before it decodes. Where there is room, it keeps the buffers of the last
//! picture beside that; else they are freed first, and it waits. Those that run free theirs as soon as somebody waits. So
//! nothing waits for ever, and whether a picture is refused depends on its own need and the limit alone.

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

/// Buffers that know their size.
pub(super) trait Held: Default {
    fn bytes(&self) -> u64;
}

/// What one thread holds of the budget, with the buffers that it pays for.
pub(super) struct Share<'a, T: Held> {
    budget: &'a Budget,
    held: u64,
    pub buffers: T,
}

impl<'a, T: Held> Share<'a, T> {
    pub fn new(budget: &'a Budget) -> Self {
        Self { budget, held: 0, buffers: T::default() }
    }

    /// Waits until `bytes` may be taken. Buffers grow to what they need or stay as large as they were: in the worst case
    /// all they held and all they need.
    ///
    /// # Errors
    /// `TooMuchMemory` when the whole budget would not do.
    pub fn reserve(&mut self, bytes: u64) -> Result<(), ImageError> {
        let limit = self.budget.limit;
        if bytes > limit {
            return Err(ImageError::TooMuchMemory { bytes, limit });
        }
        let worst = self.buffers.bytes() + bytes;
        let mut used = self.budget.used();
        if used.waiting == 0 && used.bytes - self.held + worst <= limit {
            used.bytes = used.bytes - self.held + worst;
            self.held = worst;
            return Ok(());
        }
        self.buffers = T::default();
        used.bytes -= self.held;
        self.held = 0;
        self.budget.freed.notify_all();
        used.waiting += 1;
        while used.bytes + bytes > limit {
            used = self.budget.freed.wait(used).unwrap_or_else(PoisonError::into_inner);
        }
        used.waiting -= 1;
        used.bytes += bytes;
        self.held = bytes;
        Ok(())
    }

    /// Between two pictures: gives back all but what the buffers hold; and these too if somebody waits.
    pub fn settle(&mut self) {
        if self.held == 0 {
            return;
        }
        let mut used = self.budget.used();
        if used.waiting > 0 {
            self.buffers = T::default();
        }
        let kept = self.buffers.bytes();
        used.bytes = used.bytes - self.held + kept;
        self.held = kept;
        drop(used);
        self.budget.freed.notify_all();
    }
}

impl<T: Held> Drop for Share<'_, T> {
    fn drop(&mut self) {
        self.buffers = T::default();
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    impl Held for Vec<u8> {
        fn bytes(&self) -> u64 {
            self.capacity() as u64
        }
    }

    #[test]
    fn a_need_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
        let budget = Budget::new(10);
        let mut share = Share::<Vec<u8>>::new(&budget);
        assert!(share.reserve(10).is_ok());
        assert_eq!(share.reserve(11), Err(ImageError::TooMuchMemory { bytes: 11, limit: 10 }));
    }

    #[test]
    fn kept_buffers_count_beside_the_next_need_or_are_freed() {
        let budget = Budget::new(100);
        let mut share = Share::<Vec<u8>>::new(&budget);
        assert!(share.reserve(40).is_ok());
        share.buffers = vec![0; 40];
        share.settle();
        assert!(share.reserve(60).is_ok());
        assert_eq!((share.buffers.len(), budget.used().bytes), (40, 100));
        share.settle();
        assert!(share.reserve(61).is_ok());
        assert_eq!((share.buffers.capacity(), budget.used().bytes), (0, 61));
        drop(share);
        assert_eq!(budget.used().bytes, 0);
    }

    #[test]
    fn threads_never_hold_more_than_the_limit_and_all_get_their_turn() {
        let budget = Budget::new(100);
        let (live, most, served) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8_u64 {
                let (budget, live, most, served) = (&budget, &live, &most, &served);
                scope.spawn(move || {
                    let mut share = Share::<Vec<u8>>::new(budget);
                    for round in 0..500_u64 {
                        let need = 1 + (thread * 31 + round * 17) % 100;
                        assert!(share.reserve(need).is_ok());
                        let now = live.fetch_add(need, Ordering::SeqCst) + need;
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        live.fetch_sub(need, Ordering::SeqCst);
                        share.settle();
                        served.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(served.into_inner(), 4000);
        assert!((60..=100).contains(&most.into_inner()));
    }
}
