//! PARTNER-DOWN, lost disks and the way back (draft-12 §9.4 - §9.7).

use crate::{busy, entered, normal, path, served};
use dhcp_failover_lease::BindingStatus;
use dhcp_failover_proto::{Command, RequestClass, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};

/// §9.4.2, §9.5.2, §9.6.2: the returning server fetches, waits the MCLT from when it last served,
/// and only then serves again.
#[test]
fn a_server_declared_down_recovers_and_waits_from_when_it_last_served() {
    for down in Host::BOTH {
        let up = down.partner();
        let mut pair = busy(Setup { mclt_s: 200, lease_s: 600, ..Setup::new(20) });
        pair.crash(down, Survives::Everything);
        let crashed = pair.now_ms();
        pair.run_s(10);
        pair.command(up, Command::PartnerDown);
        pair.run_s(50);
        assert_eq!(pair.state(up), Some(State::PartnerDown));
        pair.start(down);
        pair.run_s(30);
        assert_eq!(pair.state(down), Some(State::RecoverWait), "{}", pair.log_text());
        pair.check_convergence(300);
        let waited = entered(&pair, down, State::RecoverDone) - crashed;
        // From its last stamp, at most the horizon of 5 s ahead, not from its return.
        assert!((200_000..209_000).contains(&waited), "waited {waited} ms");
        let way = [State::Recover, State::RecoverWait, State::RecoverDone, State::Normal];
        assert!(path(&pair, down).ends_with(&way), "{:?}", path(&pair, down));
        assert_eq!(served(&pair, 8), 8);
        pair.assert_clean();
    }
}

/// §9.4.2: the dead partner's addresses are used after the MCLT, not before.
#[test]
fn partner_down_uses_the_whole_pool_after_the_mclt() {
    let mut pair = crate::normal(Setup { pool: 20, clients: 20, ..Setup::new(21) });
    pair.crash(Host::B, Survives::Nothing);
    pair.run_s(2);
    pair.command(Host::A, Command::PartnerDown);
    let entered = pair.now_ms();
    for number in 0..20 {
        pair.join(number);
    }
    pair.run_ms(entered + 60_000 - pair.now_ms());
    let before = served(&pair, 20);
    assert!(before < 20, "the partner's addresses went too early");
    pair.run_s(60);
    assert_eq!(served(&pair, 20), 20, "{}", pair.log_text());
    pair.start(Host::B);
    pair.check_convergence(200);
    pair.assert_clean();
}

/// §5.17, S8: a server that lost its disk gets every binding back, and waits the MCLT.
#[test]
fn a_lost_disk_is_refilled_before_the_server_serves_again() {
    for lost in Host::BOTH {
        let mut pair = busy(Setup::new(22));
        let before = pair.count(lost, BindingStatus::Active);
        pair.crash(lost, Survives::Nothing);
        pair.lose_disk(lost);
        pair.run_s(5);
        let started = pair.now_ms();
        pair.start(lost);
        pair.run_s(20);
        assert_eq!(pair.sent(lost, "UPDREQALL"), 2, "at the very first start, and now");
        assert_eq!(pair.state(lost), Some(State::RecoverWait), "{}", pair.log_text());
        assert_eq!(pair.count(lost, BindingStatus::Active), before);
        pair.check_convergence(120);
        assert!(entered(&pair, lost, State::RecoverDone) - started >= 60_000);
        assert_eq!(served(&pair, 8), 8, "nobody noticed");
        pair.assert_clean();
    }
}

/// §5.17: the server that is being refilled dies, at every output.
#[test]
fn a_refill_ended_by_a_crash_at_every_output_starts_again() {
    for outputs in 1..60 {
        let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(25) });
        pair.crash(Host::B, Survives::Nothing);
        pair.lose_disk(Host::B);
        pair.start(Host::B);
        pair.crash_after_outputs(Host::B, outputs, Survives::SomePrefix);
        pair.run_s(5);
        pair.heal();
        pair.run_s(5);
        pair.check_convergence(200);
        pair.assert_clean();
    }
}

/// §10: the safe period ends in PARTNER-DOWN by itself, and the partner recovers from it.
#[test]
fn the_safe_period_leads_to_partner_down() {
    let mut pair = busy(Setup { safe_period_s: Some(90), mclt_s: 20, ..Setup::new(28) });
    pair.crash(Host::B, Survives::Nothing);
    let crashed = pair.now_ms();
    pair.run_s(120);
    assert_eq!(pair.state(Host::A), Some(State::PartnerDown));
    let at = entered(&pair, Host::A, State::PartnerDown) - crashed;
    assert!((90_000..91_000).contains(&at), "after {at} ms");
    pair.start(Host::B);
    pair.check_convergence(120);
    pair.assert_clean();
}

/// §9.4.2: "no limit" in PARTNER-DOWN gives whole leases at once.
#[test]
fn unlimited_partner_down_gives_full_leases() {
    let setup = Setup { unlimited_in_partner_down: true, lease_s: 3_000, ..Setup::new(29) };
    let mut pair = busy(setup);
    pair.mute(0);
    pair.release(0);
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(2);
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(1);
    pair.join(0);
    pair.run_s(5);
    let held = pair.lease_of(0).unwrap_or_else(|| panic!("{}", pair.log_text()));
    assert!(held.expires_ms - pair.now_ms() > 2_900_000);
    pair.start(Host::B);
    pair.check_convergence(200);
    pair.assert_clean();
}

/// S9, §7.3.2: answers to data from before the request do not count for what was asked.
#[test]
fn update_done_waits_for_answers_to_the_newest_data() {
    for delay in [5, 100, 400] {
        let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(30) });
        pair.crash(Host::B, Survives::Nothing);
        pair.lose_disk(Host::B);
        pair.run_s(60); // A renews, so it has something to say before B asks
        pair.set_net_delay_ms(delay);
        pair.set_disk_delay_ms(Host::B, 2_000);
        pair.start(Host::B);
        pair.run_s(60);
        pair.heal();
        pair.check_convergence(100);
        pair.assert_clean();
    }
}

/// H5: a server that died just before its partner was told so recovers; it does not start a
/// conflict, in which it would serve beside a partner that has taken over everything.
#[test]
fn a_partner_declared_down_at_once_recovers_without_conflict() {
    for after_ms in [100, 1_500, 3_000, 5_500] {
        for down in Host::BOTH {
            let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(32) });
            pair.crash(down, Survives::Everything);
            pair.run_ms(after_ms);
            pair.command(down.partner(), Command::PartnerDown);
            pair.run_s(60);
            pair.start(down);
            pair.check_convergence(60);
            assert!(!path(&pair, down).contains(&State::PotentialConflict), "{}", pair.log_text());
            pair.assert_clean();
        }
    }
}

/// A server put to work without its data asks for them too, before the pair is in NORMAL.
#[test]
fn a_server_that_served_alone_without_its_data_gets_them_back() {
    let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(33) });
    for host in Host::BOTH {
        pair.crash(host, Survives::Everything);
    }
    pair.lose_disk(Host::A);
    pair.start(Host::A);
    pair.run_s(11);
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(100);
    pair.start(Host::B);
    assert!(pair.run_until(120, Pair::is_settled), "{}", pair.log_text());
    assert!(pair.differences().is_empty(), "{:?}", pair.differences());
}

/// S6: what a partner without memory agrees to says nothing of the leases it has forgotten: an
/// address that the primary was just taking back stays the secondary's.
#[test]
fn an_address_on_its_way_back_is_not_taken_from_a_partner_that_forgot_it() {
    let mut pair = crate::normal(Setup { mclt_s: 100, clients: 16, ..Setup::new(34) });
    // The secondary gives all its addresses out, alone; the primary's are taken as well, so that it
    // wants some back as soon as it hears the secondary again.
    pair.partition(true);
    for number in 0..16 {
        pair.set_reach(number, [Host::A, Host::B][usize::from(number < 6)], false);
        pair.join(number);
    }
    pair.run_s(25);
    for cut in 3..16 {
        let mut pair = pair.clone();
        pair.cut_after_messages(cut);
        pair.partition(false);
        pair.run_s(2);
        pair.crash(Host::B, Survives::Nothing);
        pair.lose_disk(Host::B);
        pair.start(Host::B);
        for number in 0..16 {
            pair.mute(number); // their leases run on
        }
        pair.run_s(20);
        for number in 0..16 {
            pair.set_reach(number, Host::A, true);
        }
        for number in 0..6 {
            pair.release(number);
            pair.join(number);
        }
        pair.run_s(200);
        pair.check_convergence(200);
        pair.assert_clean();
    }
}

/// §9.4.2, S1: a primary that recovers with an old record of an address takes its partner's word
/// for who has it now: the partner was alone and has waited.
#[test]
fn a_recovering_primary_does_not_hold_on_to_an_address_its_partner_gave_away() {
    let setup = Setup { mclt_s: 10, lease_s: 300, pool: 4, clients: 6, ..Setup::new(35) };
    let mut pair = crate::normal(setup);
    for number in 0..2 {
        pair.set_reach(number, Host::B, false);
        pair.join(number);
    }
    pair.run_s(20);
    for number in 0..2 {
        pair.mute(number);
    }
    let before: Vec<_> = (0..2).filter_map(|n| pair.lease_of(n).map(|held| held.address)).collect();
    pair.crash(Host::A, Survives::Everything);
    pair.run_s(2);
    pair.command(Host::B, Command::PartnerDown);
    for number in 2..6 {
        pair.join(number);
    }
    pair.run_s(1_200);
    assert_eq!((2..6).filter(|number| pair.lease_of(*number).is_some()).count(), 4);
    pair.start(Host::A);
    pair.check_convergence(60);
    for address in before {
        let new = pair.binding(Host::A, address).and_then(|binding| binding.client);
        assert_eq!(new, pair.binding(Host::B, address).and_then(|binding| binding.client));
    }
    pair.assert_clean();
}

/// S1, S14: an operator orders shorter leases. A client that never hears of it counts on the longer one
/// that it was told of before, and so does the server.
#[test]
fn a_lease_made_shorter_is_kept_as_long_as_its_client_may_count_on() {
    let setup = Setup {
        unlimited_in_partner_down: true,
        mclt_s: 20,
        lease_s: 3_000,
        clients: 1,
        ..Setup::new(30)
    };
    let mut pair = normal(setup);
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(30);
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(10);
    assert!(pair.ask(0, RequestClass::New, &[Host::A], None));
    pair.run_s(1);
    let long = pair.lease_of(0).expect("a lease");
    assert!(long.expires_ms > pair.now_ms() + 2_900_000, "{}", pair.log_text());
    pair.configure(Host::A, |config| config.unlimited_in_partner_down = false);
    pair.run_s(1);
    assert!(pair.ask(0, RequestClass::Renewal, &[Host::A], Some(long.address)));
    pair.set_reach(0, Host::A, false);
    pair.run_s(2_000);
    assert_eq!(pair.lease_of(0), Some(long), "the answer was lost");
    let binding = pair.binding(Host::A, long.address).expect("in the pool");
    assert_eq!(binding.status, BindingStatus::Active, "{}", pair.log_text());
    pair.assert_clean();
}
