//! The canonical form forgets what does not matter: absolute times and running numbers.

use dhcp_failover_sim::{Host, Pair, Setup, Survives};

fn story(begin_ms: u64, first_link: u64, extra_links: bool) -> Vec<Pair> {
    let mut pair = Pair::new(Setup { begin_ms, first_link, ..Setup::new(110) });
    let mut moments = Vec::new();
    pair.start_both();
    if extra_links {
        pair.run_s(3);
    }
    pair.run_s(3);
    moments.push(pair.clone());
    for number in 0..8 {
        pair.join(number);
    }
    for _ in 0..40 {
        pair.run_ms(250);
        moments.push(pair.clone());
    }
    pair.crash(Host::B, Survives::Nothing);
    for _ in 0..8 {
        pair.run_ms(1_111);
        moments.push(pair.clone());
    }
    pair.start(Host::B);
    for _ in 0..40 {
        pair.run_ms(50);
        moments.push(pair.clone());
    }
    moments
}

/// The same story at another time of the world, with other connection numbers, looks the same.
#[test]
fn a_story_shifted_in_time_has_the_same_canonical_forms() {
    let original = story(0, 1, false);
    let shifted = story(1_234_567_000, 1_000, false);
    for (one, other) in original.iter().zip(&shifted) {
        for host in Host::BOTH {
            let forms = [one, other].map(|pair| pair.endpoint(host).map(|e| e.canonical()));
            assert_eq!(forms[0], forms[1]);
        }
    }
}

/// An idle pair comes back to where it was: a model checker needs that to find an end.
#[test]
fn an_idle_pair_repeats_itself() {
    let mut pair = Pair::new(Setup { receive_timer_s: 6, ..Setup::new(111) });
    pair.start_both();
    pair.run_s(65);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..4_000 {
        pair.run_ms(100);
        seen.insert(pair.endpoint(Host::A).map(|endpoint| endpoint.canonical()));
    }
    assert!(seen.len() < 2_000, "{} different forms in 4000 samples", seen.len());
    pair.assert_clean();
}
