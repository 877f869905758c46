//! Waiting for what two servers come to.

use std::time::{Duration, Instant};

/// How often it is looked.
const PERIOD: Duration = Duration::from_millis(100);

/// Looks until `found` finds something, for at most `limit_s`.
///
/// # Panics
/// When it does not; the scenario's harness shows the logs.
pub(crate) fn until<T>(what: &str, limit_s: u64, mut found: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(limit_s), "not within {limit_s} s: {what}");
        std::thread::sleep(PERIOD);
    }
}
