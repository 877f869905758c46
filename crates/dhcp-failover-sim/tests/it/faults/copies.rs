//! A server that was started from an old copy of its store: that it finds out, and what it believes
//! then (isc-S14).

use crate::busy;
use crate::scripted::{Scripted, hints};
use crate::support::{ROLES, address, leased};
use dhcp_failover_lease::{BindingStatus, Client, HardwareAddress, Role};
use dhcp_failover_proto::{
    Balance, Bindings, Command, EndpointRecord, Event, StartupPolicy, State,
};
use dhcp_failover_sim::{Host, Pair, Rule, Setup, Survives};
use dhcp_failover_wire::{self as wire, Message};

fn found_out(pair: &Pair, host: Host) -> usize {
    let old = |event: &Event| matches!(event, Event::OldStore { .. });
    pair.events_of(host).filter(|(_, event)| old(event)).count()
}

/// It is found out once. Its clock may be behind then, and so its stamps behind those that its partner
/// heard before: that must not make its store an old copy at every start until that time comes.
/// (Unsafe seed 0x626.)
#[test]
fn s14_a_copy_that_was_found_out_is_not_found_out_again() {
    for host in Host::BOTH {
        let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(640) });
        let copy = pair.copy_disk(host);
        pair.run_s(1_000);
        pair.cut();
        pair.run_s(60);
        pair.power_off(host);
        pair.restore_disk(host, copy);
        pair.step_clock(host, -3_600_000);
        pair.start(host);
        pair.run_s(120);
        assert!(pair.is_settled(), "{}", pair.log_text());
        for _ in 0..2 {
            pair.crash(host, Survives::Everything);
            pair.run_s(10);
            pair.start(host);
            pair.run_s(60);
            assert!(pair.is_settled(), "{}", pair.log_text());
        }
        assert_eq!(found_out(&pair, host), 1, "{}", pair.log_text());
    }
}

/// It is found out however long it has been at work alone before it meets its partner; and what it has
/// promised since is not thrown away with what is old (S14 of the checkers, at every step). (Unsafe
/// seeds 0xf1a and 0xbda.)
#[test]
fn s14_a_copy_at_work_is_found_out_and_keeps_its_own_news() {
    for host in Host::BOTH {
        let startup_policy = StartupPolicy::Resume;
        let mut pair = busy(Setup { mclt_s: 20, startup_policy, clients: 6, ..Setup::new(641) });
        let copy = pair.copy_disk(host);
        pair.run_s(30);
        pair.cut();
        pair.run_s(30);
        pair.crash(host, Survives::Everything);
        pair.restore_disk(host, copy);
        pair.partition(true);
        pair.run_s(300);
        pair.start(host);
        pair.run_s(200);
        pair.partition(false);
        assert!(pair.run_until(60, |pair| found_out(pair, host) == 1), "{}", pair.log_text());
        pair.run_s(120);
        assert!(pair.is_settled(), "{}", pair.log_text());
        // The draft has no way to RECOVER from where it is.
        let broken = pair.violations().iter().find(|it| it.rule != Rule::Reference);
        assert_eq!(broken, None, "{}", pair.log_text());
    }
}

/// Nor does it help that it was started once more, and has a stamp that is newer than any its partner has
/// heard: what counts is how often they have met. (Unsafe seed 0x10c0.)
#[test]
fn s14_a_copy_that_was_started_twice_is_found_out() {
    for host in Host::BOTH {
        let startup_policy = StartupPolicy::Resume;
        let mut pair = busy(Setup { mclt_s: 20, startup_policy, ..Setup::new(642) });
        let copy = pair.copy_disk(host);
        pair.cut();
        pair.run_s(30);
        pair.crash(host, Survives::Everything);
        pair.restore_disk(host, copy);
        pair.partition(true);
        for _ in 0..2 {
            pair.run_s(100);
            pair.start(host);
            pair.run_s(100);
            pair.crash(host, Survives::Everything);
        }
        pair.partition(false);
        pair.start(host);
        pair.run_s(120);
        assert!(pair.is_settled() && found_out(&pair, host) == 1, "{}", pair.log_text());
    }
}

/// The partner's word replaces an old copy's, also where the copy says that a lease runs. It may have
/// been given by this server since, in another run: who loses it is reported. (Unsafe seed 0x1979.)
#[test]
fn s14_a_lease_that_an_old_copy_loses_is_reported() {
    for role in ROLES {
        for word in [wire::BindingStatus::ACTIVE, wire::BindingStatus::FREE] {
            let lost = gives_way(role, State::PartnerDown, true, word);
            assert_eq!(lost, (true, 1), "{role:?} {word}");
        }
    }
}

/// Whether a server that recovers gives up its lease, running and not of the newest, for the word of a
/// partner in this state; with a store that its partner has shown to be an old copy, or not. And how often
/// it reports that.
fn gives_way(
    role: Role,
    partner: State,
    old_store: bool,
    word: wire::BindingStatus,
) -> (bool, usize) {
    let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
    it.order(Command::PartnerDown);
    it.pass_s(64); // the MCLT, and what clocks hide
    assert!(it.lease(address(0), 7));
    it.record = it.record.map(|stored| EndpointRecord { state: State::Recover, ..stored });
    it.restart();
    let heard_serving = it.wire_now() + 2_000;
    let told: &[(u8, &[u8])] = match old_store {
        true => &[(1, &[1]), (2, &heard_serving.to_be_bytes())],
        false => &[],
    };
    it.connect_with(Some(hints(told)));
    it.partner(partner);
    let found = it.events.iter().any(|event| matches!(event, Event::OldStore { .. }));
    assert_eq!((it.state(), found), (State::Recover, old_store));
    let said = match word {
        wire::BindingStatus::ACTIVE => leased(&it, 0),
        status => wire::BindingUpdate::new(address(0), status),
    };
    it.say(Message::BndUpd(vec![said]));
    let binding = it.table.get(address(0)).expect("it is in the pool");
    let client = HardwareAddress::new(1, &[2, 0, 0, 0, 0, 7]).map(|it| Client::new(None, it));
    let gone =
        binding.status != BindingStatus::Active || !binding.is_for(&client.expect("six bytes"));
    let told = |event: &&Event| matches!(event, Event::ClientOverridden { .. });
    (gone, it.events.iter().filter(told).count())
}

/// S13, S10: a server that recovers gives way to one that may have been alone, and one with an old copy
/// believes everything. Of two that recover neither knows better: they would swap their records.
/// (Unsafe seed 0x515.)
#[test]
fn s13_two_that_recover_do_not_swap_their_records() {
    for partner in [State::Recover, State::RecoverWait, State::RecoverDone] {
        for old_store in [false, true] {
            for (role, gives) in [(Role::Primary, false), (Role::Secondary, true)] {
                let (gave, _) = gives_way(role, partner, old_store, wire::BindingStatus::ACTIVE);
                assert_eq!(gave, gives, "{role:?} {partner} {old_store}");
            }
        }
        for role in ROLES {
            let (gave, _) = gives_way(role, partner, true, wire::BindingStatus::FREE);
            assert!(!gave, "{role:?} {partner}");
        }
    }
    for role in ROLES {
        for (old_store, word, gives) in [
            (false, wire::BindingStatus::ACTIVE, true),
            (true, wire::BindingStatus::FREE, true),
            (false, wire::BindingStatus::FREE, false),
        ] {
            let (gave, _) = gives_way(role, State::PartnerDown, old_store, word);
            assert_eq!(gave, gives, "{role:?} {old_store} {word}");
        }
    }
}

/// S4, S8: both servers have lost their disks since the copy was made, so that its partner names no address
/// that was not used again. What the copy calls this server's own is the partner's there, and is given back
/// before this server serves; what it says of a lease is not forgotten, and told. (Unsafe seeds
/// 0x33f7bd105576 and 0x57f3540032ca92ba.)
#[test]
fn s08_of_a_copy_that_knows_more_than_its_partner_the_leases_stay_and_nothing_else() {
    let balance = |primary_percent| Balance::LoadBalance { primary_percent };
    for host in Host::BOTH {
        let setup = Setup { mclt_s: 20, lease_s: 3_000, balance: balance(20), ..Setup::new(643) };
        let mut pair = busy(setup);
        let held = pair.lease_of(0).expect("it was served").address;
        let copy = pair.copy_disk(host);
        let backup = pair.count(host, BindingStatus::Backup);
        for each in Host::BOTH {
            pair.crash(each, Survives::Nothing);
            pair.lose_disk(each);
            pair.reconfigure(each, |config| config.balance = balance(80));
        }
        pair.start_both();
        assert!(pair.run_until(120, Pair::is_settled), "{}", pair.log_text());
        assert!(pair.count(host, BindingStatus::Backup) < backup, "{}", pair.log_text());
        let before = pair.binding(host.partner(), held).expect("it is in the pool");
        assert_ne!(before.status, BindingStatus::Active);
        pair.crash(host, Survives::Everything);
        pair.restore_disk(host, copy);
        pair.start(host);
        let waits = |pair: &Pair| pair.state(host) == Some(State::RecoverWait);
        assert!(pair.run_until(20, waits), "{}", pair.log_text());
        // Before the partner hears of one by an update: it might have given it away by then.
        let own = Host::BOTH.map(|each| pair.count(each, BindingStatus::Backup));
        assert_eq!(own[0], own[1], "{}", pair.log_text());
        pair.run_s(60);
        assert_eq!(found_out(&pair, host), 1, "{}", pair.log_text());
        for each in Host::BOTH {
            let kept = pair.binding(each, held).expect("it is in the pool");
            assert_eq!(kept.status, BindingStatus::Active, "{each:?}: {}", pair.log_text());
        }
        pair.check_convergence(60); // S8; S4 is looked at all the time
        // With both disks the promises of clients' leases are gone.
        let broken = pair.violations().iter().find(|it| !matches!(it.rule, Rule::S1 | Rule::S3));
        assert_eq!(broken, None, "{}", pair.log_text());
    }
}

/// S14: the partner comes back with a clock that was set ahead, and says of a lease that an old copy has
/// for the same client that it ends earlier, or is over: the client counts on the later end, and neither
/// server forgets it. (Unsafe seed 0xfd97e5b73ec4bd24.)
#[test]
fn s14_an_old_copy_keeps_the_later_end_of_a_lease_when_its_partners_clock_was_set_ahead() {
    for (host, ahead_s) in Host::BOTH.into_iter().flat_map(|host| [(host, 1_000), (host, 7_200)]) {
        let mut pair = busy(Setup { mclt_s: 20, lease_s: 3_000, clients: 4, ..Setup::new(644) });
        pair.run_s(60); // no lease is one of the MCLT any more
        let held: Vec<_> = (0..4).map(|number| pair.lease_of(number)).collect();
        (0..4).for_each(|number| pair.mute(number));
        let copy = pair.copy_disk(host);
        pair.cut();
        pair.run_s(30);
        pair.power_off(host);
        pair.restore_disk(host, copy);
        pair.power_off(host.partner());
        pair.step_clock(host.partner(), ahead_s * 1_000);
        pair.start(host);
        pair.start(host.partner());
        pair.run_s(120);
        assert!(pair.is_settled() && found_out(&pair, host) == 1, "{}", pair.log_text());
        for (number, lease) in held.into_iter().enumerate() {
            let address = lease.expect("it was served").address;
            for each in Host::BOTH {
                let kept = pair.binding(each, address).expect("it is in the pool");
                let text = format!("{each:?} {number} {ahead_s}: {kept:?}\n{}", pair.log_text());
                assert_eq!(kept.status, BindingStatus::Active, "{text}");
            }
        }
        pair.check_convergence(60); // S8
        pair.run_s(2_000);
        // By a clock that is ahead every promise is shorter than it was.
        let broken = pair.violations().iter().find(|it| it.rule != Rule::S3);
        assert_eq!(broken, None, "{}", pair.log_text());
    }
}
