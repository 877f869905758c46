//! Coming together, staying in contact, losing it.

use dhcp_failover_proto::State;
use dhcp_failover_sim::{Host, Pair, Setup};

/// draft-12 §9.3.2, §9.5.2, §9.7.2: nothing to wait for when neither server ever served.
#[test]
fn a_fresh_pair_reaches_normal_at_once() {
    let mut pair = Pair::new(Setup::new(1));
    pair.start_both();
    assert!(pair.run_until(5, Pair::is_settled), "{}", pair.log_text());
    assert_eq!(pair.states(), [Some(State::Normal); 2]);
    for number in 0..8 {
        pair.join(number);
    }
    pair.run_s(600);
    assert!((0..8).all(|number| pair.lease_of(number).is_some()), "{}", pair.log_text());
    assert!(pair.sent(Host::A, "BNDUPD") > 0);
    pair.check_convergence(60);
    pair.assert_clean();
}
