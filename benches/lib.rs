//! Benchmarks live in the `benches` folder of this package.
//!
//! A time alone says little about code on an unknown machine, so every benchmark also prints how
//! many times a lower limit it takes, both measured in the same run and in turn.

use std::time::{Duration, Instant};

/// Prints how many times the time of `limit` the function `subject` takes.
///
/// Both run in turn for a number of rounds, and the best round of each counts: noise only ever
/// adds time.
pub fn print_ratio(
    name: &str,
    mut subject: impl FnMut(),
    limit_name: &str,
    mut limit: impl FnMut(),
) {
    let (mut best_subject, mut best_limit) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        best_limit = best_limit.min(nanos_per_call(&mut limit));
        best_subject = best_subject.min(nanos_per_call(&mut subject));
    }
    let ratio = best_subject / best_limit;
    println!("{name}: {best_subject:.1} ns, {ratio:.2} times {limit_name} ({best_limit:.1} ns)");
}

const ROUNDS: usize = 20;
const ROUND: Duration = Duration::from_millis(10);
const CALLS_BETWEEN_CLOCKS: u32 = 1000;

fn nanos_per_call(f: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut calls = 0_u32;
    loop {
        for _ in 0..CALLS_BETWEEN_CLOCKS {
            f();
        }
        calls += CALLS_BETWEEN_CLOCKS;
        let elapsed = start.elapsed();
        if elapsed >= ROUND {
            return elapsed.as_secs_f64() * 1e9 / f64::from(calls);
        }
    }
}
