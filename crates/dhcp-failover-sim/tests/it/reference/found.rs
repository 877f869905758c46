//! What the reference did not allow the endpoint, each as a story.

use dhcp_failover_proto::{StartupPolicy, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};

/// Two new servers that were alone meet again after one was restarted: it passes through
/// PARTNER-DOWN into POTENTIAL-CONFLICT at once, and there the primary asks first (§9.10.1). The
/// answer to a request from PARTNER-DOWN would end the secondary's POTENTIAL-CONFLICT (§9.10.3)
/// before the primary knows anything.
#[test]
fn a_state_passed_through_asks_for_nothing() {
    let alone = StartupPolicy::PartnerDown;
    for restarted in Host::BOTH {
        let mut pair = Pair::new(Setup { startup_policy: alone, mclt_s: 20, ..Setup::new(71) });
        pair.partition(true);
        pair.start_both();
        let both = |pair: &Pair, state| Host::BOTH.iter().all(|it| pair.state(*it) == Some(state));
        assert!(pair.run_until(60, |pair| both(pair, State::PartnerDown)), "{}", pair.log_text());
        pair.run_s(60);
        pair.crash(restarted, Survives::Everything);
        pair.partition(false);
        pair.run_s(1);
        pair.start(restarted);
        assert!(pair.run_until(300, |pair| both(pair, State::Normal)), "{}", pair.log_text());
        pair.assert_clean();
    }
}
