//! What operators order: a dry run, orders that are refused, orders that are forced.

use crate::scripted::{Scripted, config};
use crate::{busy, entered, path, served};
use dhcp_failover_lease::{Binding, BindingStatus, LeaseSpan, Role};
use dhcp_failover_proto::{
    Balance, Command, CommandError, EndpointConfig, Input, RequestClass, State,
};
use dhcp_failover_sim::{Host, Pair, Rule, Setup, Survives};
use dhcp_failover_wire::Message;
use dhcp_failover_wire::digest::{Key, Scheme};
use std::net::Ipv4Addr;

/// B was away for long; A was alone meanwhile, gave out every address, and has just died. B comes
/// back and is told, truly, that A is down.
fn one_after_the_other(seed: u64, order: Command) -> Pair {
    let setup = Setup { mclt_s: 60, lease_s: 90, pool: 8, clients: 16, ..Setup::new(seed) };
    let mut pair = crate::normal(setup);
    for number in 0..4 {
        pair.join(number);
    }
    pair.run_s(20);
    pair.crash(Host::B, Survives::Everything);
    for number in 0..16 {
        pair.set_reach(number, Host::B, false);
    }
    pair.run_s(5);
    pair.command(Host::A, Command::PartnerDown);
    for number in 0..4 {
        pair.release(number);
        pair.mute(number);
    }
    pair.run_s(200);
    for number in 4..12 {
        pair.join(number);
    }
    pair.run_s(20);
    assert_eq!(served(&pair, 12), 8, "{}", pair.log_text());
    pair.crash(Host::A, Survives::Everything);
    pair.run_s(1);
    pair.start(Host::B);
    pair.run_s(12);
    for number in 0..16 {
        pair.set_reach(number, Host::B, true);
    }
    pair.command(Host::B, order);
    for number in (0..4).chain(12..16) {
        pair.join(number);
    }
    pair.run_s(55);
    pair
}

/// S1. By the letter of S3 the dead partner, in PARTNER-DOWN since long ago, protects nothing of what
/// its successor gives; but it does not act on that entry again: it waits in STARTUP, and an order
/// there begins the waits anew.
fn given_twice(pair: &Pair) -> bool {
    pair.violations().iter().any(|violation| violation.rule == Rule::S1)
}

/// S1, H4, H12: PARTNER-DOWN ordered from STARTUP does not make this server's own addresses usable
/// at once when its partner may have been alone: that may have leased all of them.
#[test]
fn h4_own_addresses_wait_when_the_dead_partner_may_have_been_alone() {
    for seed in 700..705 {
        let mut pair = one_after_the_other(seed, Command::PartnerDown);
        assert_eq!(pair.state(Host::B), Some(State::PartnerDown));
        assert!(!given_twice(&pair), "{}", pair.log_text());
        // L6: the MCLT after the order everything is usable.
        pair.run_s(60);
        assert_eq!(served(&pair, 16), 8, "{}", pair.log_text());
        assert!(!given_twice(&pair), "{}", pair.log_text());
        pair.start(Host::A);
        assert!(pair.run_until(60, Pair::is_settled), "{}", pair.log_text());
        assert!(!given_twice(&pair), "{}", pair.log_text());
    }
}

/// The same story shows why only somebody who knows better may force it.
#[test]
fn h4_a_forced_order_believes_the_operator() {
    let broken =
        (700..705).any(|seed| given_twice(&one_after_the_other(seed, Command::ForcePartnerDown)));
    assert!(broken, "the danger that the ordinary order avoids");
}

/// A server that was away for less than the MCLT uses its own addresses at once: its partner cannot
/// have taken them over yet (L6).
#[test]
fn own_addresses_are_usable_at_once_after_a_short_absence() {
    let mut pair = busy(Setup { pool: 16, clients: 8, ..Setup::new(710) });
    pair.crash(Host::A, Survives::Everything);
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(10);
    pair.start(Host::A);
    pair.run_s(12);
    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(1);
    let endpoint = pair.endpoint(Host::A).expect("it is up");
    let risk = endpoint.partner_down_risk();
    assert!(!risk.partner_may_have_been_alone);
    assert_eq!(risk.own_usable_at, endpoint.lease_now());
    pair.assert_clean();
}

/// A partner that is heard is not down: the order would only take both through a conflict.
#[test]
fn partner_down_is_refused_while_the_partner_is_heard() {
    let mut pair = busy(Setup::new(720));
    for host in Host::BOTH {
        pair.command(host, Command::PartnerDown);
        pair.run_s(5);
        assert_eq!(pair.state(host), Some(State::Normal));
        let error = pair.endpoint(host).expect("up").permits(Command::PartnerDown);
        assert_eq!(error, Err(CommandError::PartnerIsHeard { partner: State::Normal }));
    }
    pair.assert_clean();
    // Forced, it is obeyed, and the truth comes out at once.
    pair.command(Host::A, Command::ForcePartnerDown);
    pair.check_convergence(100);
    assert!(path(&pair, Host::A).contains(&State::PotentialConflict));
    pair.assert_clean();
}

/// S2, S6, S8: a forced RECOVER fetches everything and serves nobody before leases that this server
/// gave and nobody knows of are over. What only it knew is told, not lost (S14).
#[test]
fn a_forced_recover_fetches_everything_and_waits() {
    for (seed, host) in [(730, Host::A), (731, Host::B)] {
        let setup = Setup { mclt_s: 30, secondary_mclt_s: 30, ..Setup::new(seed) };
        let mut pair = busy(setup);
        pair.run_s(60);
        let ordered = pair.now_ms();
        let sent = pair.sent(host, "UPDREQALL");
        pair.command(host, Command::Recover);
        pair.run_s(1);
        assert_eq!(pair.sent(host, "UPDREQALL"), sent + 1, "{}", pair.log_text());
        assert_eq!(pair.state(host), Some(State::RecoverWait), "{}", pair.log_text());
        pair.check_convergence(100);
        assert!(entered(&pair, host, State::RecoverDone) - ordered >= 30_000);
        assert_eq!(served(&pair, 8), 8, "{}", pair.log_text());
        pair.assert_clean();
    }
}

/// The same without a partner, through a restart, and with leases that only this server knows.
#[test]
fn a_forced_recover_survives_a_restart_and_keeps_what_only_it_knew() {
    let setup = Setup { mclt_s: 40, secondary_mclt_s: 40, clients: 12, ..Setup::new(740) };
    let mut pair = crate::normal(setup);
    pair.partition(true);
    pair.run_s(30);
    for number in 0..6 {
        pair.set_reach(number, Host::A, false);
        pair.join(number);
    }
    pair.run_s(10);
    assert_eq!(served(&pair, 6), 6, "{}", pair.log_text());
    pair.command(Host::B, Command::Recover);
    pair.run_s(3);
    assert_eq!(pair.state(Host::B), Some(State::Recover));
    pair.crash(Host::B, Survives::Everything);
    pair.run_s(3);
    pair.start(Host::B);
    pair.partition(false);
    pair.check_convergence(200);
    assert!(path(&pair, Host::B).contains(&State::RecoverWait));
    pair.run_s(5);
    pair.assert_clean();
}

/// H19, S3: the end of leases is on its way to a server that is ordered to RECOVER, and the partner takes
/// it back when it is asked for everything. A client that comes back at the partner then gets no more than
/// the MCLT: what this server had promised to wait for is over there. (Honest seed 0x285e49e01e467e16.)
#[test]
fn a_lease_held_again_for_a_forced_recover_begins_with_the_mclt() {
    for (seed, host) in [(745, Host::A), (746, Host::B)] {
        let mclt_s = 60;
        let setup =
            Setup { mclt_s, secondary_mclt_s: mclt_s, lease_s: 271, pool: 8, ..Setup::new(seed) };
        let mut pair = busy(setup);
        let back = host.partner();
        pair.run_s(30);
        for client in 0..8 {
            pair.mute(client);
        }
        // For less than the MCLT: else it would give nothing new before its partner has recovered.
        pair.run_s(220);
        pair.power_off(back);
        pair.run_s(40);
        pair.set_disk_delay_ms(host, 3_000);
        pair.start(back);
        pair.command(host, Command::Recover);
        let asked = pair.sent(host, "UPDREQALL");
        let asks = |pair: &Pair| pair.sent(host, "UPDREQALL") > asked;
        assert!(pair.run_until(60, asks), "{}", pair.log_text());
        for _ in 0..60 {
            pair.run_ms(100);
            for client in 0..8 {
                pair.ask(client, RequestClass::New, &[back], None);
            }
        }
        assert_eq!(served(&pair, 8), 8, "{}", pair.log_text());
        pair.set_disk_delay_ms(host, 5);
        pair.check_convergence(200);
        pair.assert_clean();
    }
}

/// H19, S6: the same where this server had renewed leases of which the partner's answers were lost. It
/// believes in what the partner holds again, or it would give the address away beside it. (Honest seed
/// 0xc88c2369119880ad.)
#[test]
fn a_forced_recover_believes_in_leases_that_the_partner_holds_again() {
    for (seed, host) in [(747, Host::A), (748, Host::B)] {
        let setup = Setup { secondary_mclt_s: 60, lease_s: 30, ..Setup::new(seed) };
        let mut pair = busy(setup);
        pair.block(host.partner(), true);
        for client in 0..8 {
            pair.set_reach(client, host.partner(), false);
        }
        pair.run_s(16); // they renew here, and the partner hears of it
        for client in 0..8 {
            pair.mute(client);
        }
        let alone = |pair: &Pair| pair.state(host) == Some(State::CommunicationsInterrupted);
        assert!(pair.run_until(60, alone), "{}", pair.log_text());
        pair.command(host, Command::Recover);
        pair.run_s(100);
        pair.block(host.partner(), false);
        let settled = |pair: &Pair| pair.states() == [Some(State::Normal); 2];
        assert!(pair.run_until(100, settled), "{}", pair.log_text());
        pair.run_s(1);
        for side in Host::BOTH {
            let disputed = pair.status(side).map(|status| status.disputed);
            assert_eq!(disputed, Some(0), "{}", pair.log_text());
        }
        pair.check_convergence(200);
        pair.assert_clean();
    }
}

/// What the state does not allow is refused with a reason, and changes nothing.
#[test]
fn recover_is_refused_where_it_would_lose_or_risk_something() {
    for role in [Role::Primary, Role::Secondary] {
        for state in [State::PartnerDown, State::ResolutionInterrupted, State::ConflictDone] {
            let mut it = Scripted::resumed(role, state);
            let before = it.endpoint.status();
            assert!(it.endpoint.permits(Command::Recover).is_err(), "{state}");
            it.order(Command::Recover);
            assert_eq!(it.endpoint.status(), before, "{state}");
        }
    }
}

/// The dry run counts what the order would risk, and comes true when it is given.
#[test]
fn a_dry_run_says_when_which_addresses_are_usable() {
    let mut pair = busy(Setup { pool: 40, clients: 10, lease_s: 300, ..Setup::new(750) });
    let endpoint = pair.endpoint(Host::A).expect("up");
    let mut risk = endpoint.partner_down_risk();
    assert!(risk.examine(pair.table(Host::A)));
    assert!(risk.refused.is_some(), "the partner is there");
    assert_eq!(risk.heard_s_ago.map(|ago| ago < 20), Some(true));

    pair.crash(Host::B, Survives::Everything);
    pair.run_s(5);
    let endpoint = pair.endpoint(Host::A).expect("up");
    let (now, before) = (endpoint.lease_now(), endpoint.status());
    let mut risk = endpoint.partner_down_risk();
    assert!(risk.examine(pair.table(Host::A)) && risk.is_complete());
    assert_eq!(risk.refused, None);
    assert_eq!((risk.leases, risk.leases_partner_knows), (10, 10));
    let pool = risk.pools[0];
    assert_eq!(pool.own + pool.partners, 30, "{risk:?}");
    assert!(pool.partners >= 10, "{risk:?}");
    assert_eq!(risk.own_usable_at, now);
    let wait_s = (risk.partners_usable_at - now).as_s();
    assert_eq!(wait_s, 62, "the MCLT and what whole seconds hide");
    assert!(risk.renewals_run_until > risk.partners_usable_at);
    assert_eq!(endpoint.status(), before, "nothing has changed");

    pair.command(Host::A, Command::PartnerDown);
    pair.run_s(30);
    let endpoint = pair.endpoint(Host::A).expect("up");
    let later = endpoint.partner_down_risk();
    let later_by = (later.partners_usable_at - risk.partners_usable_at).as_s();
    assert!(later_by <= 1, "the wait goes on, and does not begin anew: {later_by} s");
    pair.assert_clean();
}

/// S1, S3, S12, S14: MCLT, split, timers and windows change under load, at one server first.
#[test]
fn a_running_pair_takes_another_configuration() {
    let s = LeaseSpan::from_s;
    let changes: [fn(&mut EndpointConfig); 5] = [
        |config| config.mclt = LeaseSpan::from_s(10),
        |config| config.mclt = LeaseSpan::from_s(600),
        |config| config.balance = Balance::LoadBalance { primary_percent: 90 },
        |config| config.balance = Balance::HotStandby { reserve_percent: 10 },
        |config| config.receive_timer = LeaseSpan::from_s(9),
    ];
    for ((change, mclt_s), seed) in changes.into_iter().zip([10, 600, 60, 60, 60]).zip(760..) {
        for first in Host::BOTH {
            let mut pair = busy(Setup { secondary_mclt_s: 60, lease_s: 40, ..Setup::new(seed) });
            pair.configure(first, change);
            pair.run_s(30);
            pair.configure(first.partner(), change);
            pair.run_s(5);
            pair.check_convergence(100);
            pair.run_s(100);
            assert_eq!(served(&pair, 8), 8, "{}", pair.log_text());
            for host in Host::BOTH {
                assert_eq!(pair.status(host).map(|status| status.mclt), Some(s(mclt_s)));
            }
            pair.assert_clean();
        }
    }
}

/// L1: what takes a new connection takes no longer than that. The partner must not think itself
/// refused, and stay away for a minute or two.
#[test]
fn a_new_configuration_keeps_the_servers_apart_for_moments_only() {
    for host in Host::BOTH {
        let mut pair = busy(Setup::new(770));
        pair.run_s(60);
        pair.configure(host, |config| config.receive_timer = LeaseSpan::from_s(15));
        assert!(!pair.is_settled());
        assert!(pair.run_until(10, Pair::is_settled), "{}", pair.log_text());
    }
}

/// §11.1: secrets rotate on a running pair, one server at a time, on the connection there is.
#[test]
fn secrets_rotate_on_a_link_that_stays() {
    let key = |secret: &str| Key::new(Scheme::HMAC_SHA256, secret);
    let secrets = [Some(key("one")), Some(key("one"))];
    let mut pair = busy(Setup { secrets, lease_s: 20, ..Setup::new(771) });
    let connects = pair.sent(Host::A, "CONNECT");
    for (present, second) in [("one", Some("two")), ("two", Some("one")), ("two", None)] {
        for host in Host::BOTH {
            pair.configure(host, |config| {
                config.secret = Some(key(present));
                config.second_secret = second.map(key);
            });
            pair.run_s(45);
            assert_eq!(pair.states(), [Some(State::Normal); 2], "{}", pair.log_text());
        }
    }
    assert_eq!(pair.sent(Host::A, "CONNECT"), connects, "{}", pair.log_text());
    // They do sign with it: one that changes alone is not understood.
    pair.configure(Host::B, |config| config.secret = Some(key("three")));
    pair.run_s(45);
    assert_ne!(pair.states(), [Some(State::Normal); 2]);
    pair.configure(Host::B, |config| config.secret = Some(key("two")));
    pair.check_convergence(300);
    pair.assert_clean();
}

/// §10: a safe period counts from the order that sets it, and not at all after one that takes it
/// away.
#[test]
fn a_safe_period_changes_while_it_counts() {
    for (period_s, down) in [(Some(30), true), (None, false)] {
        let safe_period = Some(LeaseSpan::from_s(50));
        let config = EndpointConfig { safe_period, ..config(Role::Primary) };
        let mut it = Scripted::resumed_with(config, State::CommunicationsInterrupted);
        it.meets(State::Normal);
        it.cut();
        it.pass_s(40);
        let safe_period = period_s.map(LeaseSpan::from_s);
        it.configure(EndpointConfig { safe_period, ..it.config.clone() });
        it.pass_s(29);
        assert_eq!(it.state(), State::CommunicationsInterrupted);
        it.pass_s(100);
        assert_eq!(it.state() == State::PartnerDown, down);
    }
}

/// S11: another window is told with the next CONNECT, which comes at once.
#[test]
fn another_window_is_told_the_partner() {
    let mut it = Scripted::resumed(Role::Primary, State::CommunicationsInterrupted);
    it.meets(State::Normal);
    it.configure(EndpointConfig { max_unacked_bndupd: 7, ..it.config.clone() });
    assert_eq!(it.state(), State::CommunicationsInterrupted);
    it.connect();
    let told = it.said.iter().find_map(|packet| match &packet.message {
        Message::Connect(connect) => connect.max_unacked_bndupd,
        _ => None,
    });
    assert_eq!(told, Some(7));
}

/// The dry run looks at 1,024 bindings a call, and comes to the end.
#[test]
fn a_dry_run_over_many_bindings_is_done_in_pieces() {
    let mut it = Scripted::resumed(Role::Primary, State::CommunicationsInterrupted);
    let first = Ipv4Addr::new(10, 0, 0, 0).to_bits();
    let all = first..first + 3_000;
    let last = Ipv4Addr::from_bits(all.end - 1);
    it.table.add_pool([Ipv4Addr::from_bits(first)..=last]).expect("other addresses");
    for address in all.map(Ipv4Addr::from_bits) {
        let status = BindingStatus::Active;
        it.table.apply(Binding { version: 1, status, ..Binding::unused(address) });
    }
    let mut risk = it.endpoint.partner_down_risk();
    let mut seen = Vec::new();
    while !risk.examine(&it.table) {
        seen.push(risk.examined);
        assert!(!risk.is_complete() && risk.pools.is_empty());
    }
    assert_eq!(seen, [1_024, 2_048]);
    assert_eq!((risk.examined, risk.leases), (3_000, 3_000));
}

/// What cannot change is said all at once, and nothing of it is done.
#[test]
fn a_configuration_with_another_role_and_name_is_refused_whole() {
    let mut it = Scripted::resumed(Role::Primary, State::Normal);
    let before = it.endpoint.status();
    let mut new = it.config.clone();
    new.role = Role::Secondary;
    new.name = "other".to_owned();
    new.mclt = LeaseSpan::from_s(5);
    let errors = it.endpoint.permits_configuration(&new).expect_err("refused");
    assert_eq!(errors.iter().map(|error| error.field).collect::<Vec<_>>(), ["name", "role"]);
    it.feed(Input::Configure(Box::new(new)));
    assert_eq!(it.endpoint.status(), before);
}
