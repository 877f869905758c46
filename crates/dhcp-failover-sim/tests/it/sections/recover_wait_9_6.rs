//! §9.6: RECOVER-WAIT. When it ends is the subject of §9.6.2.

use super::{BEGIN, Command, LeaseSpan, ROLES, Role, Scripted, State, config, record};
use crate::scripted::hints;
use dhcp_failover_lease::{LeaseInstant, Mclt};
use dhcp_failover_proto::{EndpointConfig, EndpointRecord, StartupPolicy};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};
use dhcp_failover_wire::ServerFlags;

/// Seconds after BEGIN at which RECOVER-DONE is reached.
fn ends_after(it: &mut Scripted) -> u64 {
    for _ in 0..1_000 {
        if it.state() == State::RecoverDone {
            return it.now_ms / 1_000;
        }
        assert_eq!(it.state(), State::RecoverWait);
        it.pass_in_contact_s(1);
    }
    panic!("RECOVER-WAIT never ends");
}

/// In RECOVER since `BEGIN`, with the partner in PARTNER-DOWN since then too.
fn waiting(role: Role, record: Option<EndpointRecord>) -> Scripted {
    let mut it = Scripted::start(config(role), record);
    it.meets(State::PartnerDown);
    it.updates_done();
    it
}

/// §9.6.1: "MUST NOT respond to client requests", and an order cannot change that.
#[test]
fn nobody_is_served_and_no_order_hurries_it() {
    for role in ROLES {
        let mut it = waiting(role, Some(record(role, State::Recover)));
        assert_eq!(it.state(), State::RecoverWait);
        assert!(!it.renews() && !it.serves_everybody());
        let refused = it.endpoint.permits(Command::PartnerDown).expect_err("refused");
        assert!(refused.to_string().contains("order it again"), "{refused}");
        it.order(Command::PartnerDown);
        assert_eq!(it.state(), State::RecoverWait);
    }
}

/// §9.6.2: the MCLT from when this server went down, if it knows: its stamp says so.
#[test]
fn it_counts_from_the_last_stamp() {
    for role in ROLES {
        let stamp = |ago| EndpointRecord {
            alive_until: LeaseInstant::from_unix_s(BEGIN - ago),
            ..record(role, State::Recover)
        };
        let end = ends_after(&mut waiting(role, Some(stamp(0))));
        assert!((60..=62).contains(&end), "{end}");
        let end = ends_after(&mut waiting(role, Some(stamp(20))));
        assert!((40..=42).contains(&end), "{end}");
        let end = ends_after(&mut waiting(role, Some(stamp(1_000))));
        assert!(end <= 4, "{end}");
    }
}

/// Never from when contact was lost, or from when the state was entered: it served on (isc-S13).
#[test]
fn s13_it_never_counts_from_last_contact_or_an_old_state() {
    let old = EndpointRecord {
        state_since: LeaseInstant::from_unix_s(BEGIN - 300_000),
        connect_time: 1,
        partner_served: 0,
        partner_connection: 0,
        ..record(Role::Primary, State::Normal)
    };
    let mut it = Scripted::start(config(Role::Primary), Some(old));
    it.pass_s(1);
    it.connect();
    let since = it.wire_now();
    it.partner_since(State::PartnerDown, ServerFlags::NONE, since);
    it.updates_done();
    let end = ends_after(&mut it);
    assert!((59..=63).contains(&end), "{end}");
}

/// §9.6.2: "or the time the server started, if the down time is unknown".
#[test]
fn without_a_stamp_it_counts_from_its_own_start() {
    for role in ROLES {
        let mut it = Scripted::start(config(role), None);
        it.pass_s(5);
        it.connect_with(Some(vec![1, 1, 0, 0, 0, 0]));
        it.partner_since(State::PartnerDown, ServerFlags::NONE, 1_699_999_000);
        it.updates_done();
        let end = ends_after(&mut it);
        assert!((60..=62).contains(&end), "{end}");
    }
}

/// §9.6.2, discussion: an administrator who knows when it failed may say so. The order that sent
/// the partner to PARTNER-DOWN is such a word; the safe period is not.
#[test]
fn without_a_stamp_an_operators_word_at_the_partner_counts() {
    let since = u32::try_from(BEGIN - 40).expect("this century");
    let wait = |by_order: bool, policy, state| {
        let config = EndpointConfig { startup_policy: policy, ..config(Role::Secondary) };
        let mut it = Scripted::start(config, None);
        let alone = since.to_be_bytes();
        let told: &[(u8, &[u8])] = &[(1, &[1]), (3, &alone)];
        it.connect_with(Some(hints(if by_order { told } else { &told[..1] })));
        it.partner_since(state, ServerFlags::NONE, since);
        it.updates_done();
        ends_after(&mut it)
    };
    let by_order = wait(true, StartupPolicy::Wait, State::PartnerDown);
    assert!((20..=23).contains(&by_order), "{by_order}");
    for (by_order, policy, state) in [
        (false, StartupPolicy::Wait, State::PartnerDown), // by the safe period
        (true, StartupPolicy::Resume, State::PartnerDown), // it may have served without contact
        (true, StartupPolicy::Wait, State::CommunicationsInterrupted),
    ] {
        let end = wait(by_order, policy, state);
        assert!((60..=62).contains(&end), "{end} for {by_order} {policy:?} {state}");
    }
}

/// §9.6.2: "if this is the first time it has run failover, as determined by the partner, the wait
/// may be skipped" (isc-S12).
#[test]
fn s12_it_is_skipped_only_if_neither_ever_ran() {
    for role in ROLES {
        let mut fresh = Scripted::start(config(role), None);
        fresh.connect_with(Some(hints(&[(1, &[0])])));
        fresh.partner(State::Recover);
        fresh.updates_done();
        assert_eq!(ends_after(&mut fresh), fresh.now_ms / 1_000);
        assert!(fresh.now_ms <= 4_000);
        // A partner that does not tell, or remembers, may know more than this server.
        for hints in [None, Some(hints(&[(1, &[1])])), Some(vec![9, 0])] {
            let mut it = Scripted::start(config(role), None);
            it.connect_with(hints);
            it.partner(State::Recover);
            it.updates_done();
            assert!(ends_after(&mut it) >= 60);
        }
    }
}

/// §9.6.2: "if communications fail it SHOULD continue to operate its timer"; a restart too.
#[test]
fn neither_silence_nor_a_restart_makes_it_longer() {
    for restart in [false, true] {
        let mut it = waiting(Role::Secondary, Some(record(Role::Secondary, State::Recover)));
        it.cut();
        it.pass_s(30);
        if restart {
            it.restart();
            it.pass_s(10);
            assert_eq!(it.state(), State::RecoverWait);
        }
        it.pass_s(if restart { 18 } else { 28 });
        assert_eq!(it.state(), State::RecoverWait);
        it.pass_s(5);
        assert_eq!(it.state(), State::RecoverDone);
    }
}

/// A shorter MCLT of today does not shorten what leases of yesterday need.
#[test]
fn it_counts_with_the_longest_mclt_that_may_still_be_running() {
    let mut mclt = Mclt::new(LeaseSpan::from_s(200));
    mclt.change(LeaseSpan::from_s(60));
    let record = EndpointRecord { mclt, ..record(Role::Secondary, State::Recover) };
    let end = ends_after(&mut waiting(Role::Secondary, Some(record)));
    assert!((200..=202).contains(&end), "{end}");
}

/// S1: a partner that said RECOVER-DONE before it crashed was heard, so that this server may have
/// served, and lost what it gave; the partner says so, though it never was in NORMAL itself.
#[test]
fn a_pair_is_not_new_once_one_has_said_recover_done() {
    let setup = Setup { mclt_s: 60, ..Setup::new(96) };
    for host in Host::BOTH {
        let mut pair = Pair::new(setup.clone());
        pair.start_both();
        let done = |pair: &Pair| pair.state(host.partner()) == Some(State::RecoverDone);
        assert!(pair.run_until(10, done), "{}", pair.log_text());
        pair.run_ms(5);
        pair.crash(host.partner(), Survives::Everything);
        pair.crash(host, Survives::Everything);
        pair.lose_disk(host);
        pair.start_both();
        pair.run_s(50);
        assert_eq!(pair.state(host), Some(State::RecoverWait), "{}", pair.log_text());
        pair.check_convergence(120);
        pair.assert_clean();
    }
}
