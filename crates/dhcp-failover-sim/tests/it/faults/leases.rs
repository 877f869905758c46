//! Leases: their times, their ends and their clients (`isc-L12` to `L34`).

use crate::scripted::{ADDRESS, Scripted, config};
use crate::support::{ROLES, address, answers, in_normal, leased};
use crate::{busy, normal};
use dhcp_failover_lease::{BindingStatus, Client, HardwareAddress, LeaseInstant, Role};
use dhcp_failover_proto::{
    Balance, Bindings, Command, Decision, EndpointConfig, Event, Input, LeaseEvent, Query,
    RequestClass, Severity, State,
};
use dhcp_failover_sim::{Host, Pair, Setup};
use dhcp_failover_wire as wire;
use dhcp_failover_wire::{BindingUpdate, Connect, Message, RejectReason};
use std::collections::BTreeSet;

/// The client of [`leased`].
fn client(number: u8) -> Client {
    let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 1, number]);
    Client::new(None, hardware.unwrap_or_else(|| panic!("six bytes")))
}

fn status(it: &Scripted) -> BindingStatus {
    it.table.get(ADDRESS).unwrap_or_else(|| panic!("it is in the pool")).status
}

/// Why the last update was refused, if it was.
fn refusal(it: &Scripted) -> Option<RejectReason> {
    answers(it)[0].reject.as_ref().map(|reject| reject.reason)
}

/// isc-L12, §7.1.5: a smaller time that comes later does not shorten what is waited for before an
/// address goes to another client.
#[test]
fn l12_a_smaller_time_later_does_not_shorten_the_wait() {
    for role in ROLES {
        for potentials in [[3_600, 70], [70, 3_600]] {
            let mut it = in_normal(role);
            it.accept_from(0);
            let began = it.now_ms / 1_000;
            for potential in potentials {
                it.pass_in_contact_s(1);
                let now = it.wire_now();
                let potential_expiration_time = Some(now + potential);
                let update = BindingUpdate { potential_expiration_time, ..leased(&it, 0) };
                it.say(Message::BndUpd(vec![update]));
                assert_eq!(refusal(&it), None);
            }
            it.cut();
            it.order(Command::PartnerDown);
            let mut waited_s = 0;
            while !it.lease(ADDRESS, 77) {
                it.pass_s(1);
                it.feed(Input::Lease(LeaseEvent::Expired { address: ADDRESS }));
                waited_s = it.now_ms / 1_000 - began;
                assert!(waited_s < 4_000, "{role:?}: never");
            }
            // The MCLT beyond the larger one, and what the clocks may hide.
            assert!((3_660..3_700).contains(&waited_s), "{role:?} {potentials:?}: {waited_s} s");
        }
    }
}

/// isc-L13, §7.1.3: two clients on one address are never taken in silence: the primary refuses with
/// reason 2, the secondary gives way and says whose lease was lost.
#[test]
fn l13_two_clients_on_one_address_are_an_alarm() {
    for role in ROLES {
        let mut it = in_normal(role);
        it.accept_from(0);
        let update = leased(&it, 0);
        it.say(Message::BndUpd(vec![update]));
        let hardware = wire::HardwareAddress { htype: 1, bytes: vec![2, 0, 0, 0, 7, 7] };
        let other = BindingUpdate { client_hardware_address: Some(hardware), ..leased(&it, 0) };
        it.say(Message::BndUpd(vec![other]));
        let holder = it.table.get(ADDRESS).and_then(|binding| binding.client);
        let loud = |event: &Event| event.severity() >= Severity::Warning;
        match role {
            Role::Primary => {
                assert_eq!(refusal(&it), Some(RejectReason::FATAL_CONFLICT));
                assert_eq!(holder, Some(client(0)), "its own record stands");
                let told = |event: &Event| {
                    matches!(event, Event::UpdateRefused { address, reason }
                    if *address == ADDRESS && *reason == RejectReason::FATAL_CONFLICT)
                };
                assert!(it.events.iter().any(|event| told(event) && loud(event)));
            }
            Role::Secondary => {
                assert_eq!(refusal(&it), None);
                let told = |event: &Event| {
                    *event == Event::ClientOverridden { address: ADDRESS, client: client(0) }
                };
                assert!(it.events.iter().any(|event| told(event) && loud(event)));
            }
        }
    }
}

/// The same as a story: both servers were alone and gave the same addresses to different clients.
/// They end with one table (S13), and every such address was reported.
#[test]
fn l13_every_double_lease_is_reported() {
    let setup = Setup { clients: 8, pool: 6, mclt_s: 20, lease_s: 2_000, ..Setup::new(240) };
    let mut pair = normal(setup);
    for number in 0..8 {
        pair.set_reach(number, [Host::A, Host::B][number % 2], false);
    }
    pair.partition(true);
    pair.run_s(30);
    for host in Host::BOTH {
        pair.command(host, Command::PartnerDown);
    }
    (0..8).for_each(|number| pair.join(number));
    pair.run_s(120);
    let holder = |pair: &Pair, host, number: u8| {
        let binding = pair.binding(host, address(number))?;
        binding.client.filter(|_| binding.status == BindingStatus::Active)
    };
    let double: Vec<_> = (0..6)
        .filter(|number| {
            let [a, b] = Host::BOTH.map(|host| holder(&pair, host, *number));
            a.is_some() && b.is_some() && a != b
        })
        .map(address)
        .collect();
    assert!(double.len() >= 2, "{}", pair.log_text());
    pair.partition(false);
    (0..8).for_each(|number| pair.mute(number));
    assert!(pair.run_until(120, Pair::is_settled), "{}", pair.log_text());
    assert!(pair.differences().is_empty(), "{:?}", pair.differences());
    for address in double {
        let named = |event: &Event| match event {
            Event::ClientOverridden { address: it, .. }
            | Event::UpdateRejected { address: it, .. }
            | Event::UpdateRefused { address: it, .. } => *it == address,
            _ => false,
        };
        let told = Host::BOTH.map(|host| {
            pair.events_of(host)
                .filter(|(_, event)| named(event) && event.severity() > Severity::Info)
                .count()
        });
        assert!(told.iter().sum::<usize>() > 0, "{address}\n{}", pair.log_text());
    }
}

/// isc-L14, §7.1.3: the partner's word ends no lease that runs here, whatever times come with it, not
/// even the primary's; when it is over, the word counts.
#[test]
fn l14_a_lease_that_runs_is_not_ended_by_the_partners_word() {
    let ends =
        [wire::BindingStatus::FREE, wire::BindingStatus::BACKUP, wire::BindingStatus::EXPIRED];
    for role in ROLES {
        for status_told in ends {
            for potential in [None, Some(0), Some(1)] {
                let mut it = in_normal(role);
                it.accept_from(0);
                let update = leased(&it, 0);
                it.say(Message::BndUpd(vec![update]));
                // The client renews here: the partner may not have heard of it.
                it.pass_in_contact_s(30);
                let renewed = it.renew(ADDRESS, client(0));
                assert!(renewed, "{role:?}");
                it.accept_from(0);
                let end = |it: &Scripted| BindingUpdate {
                    client_hardware_address: leased(it, 0).client_hardware_address,
                    potential_expiration_time: potential.map(|time| it.wire_now() + time),
                    start_time_of_state: Some(it.wire_now()),
                    client_last_transaction_time: Some(it.wire_now()),
                    ..BindingUpdate::new(ADDRESS, status_told)
                };
                let ends_at = it.table.get(ADDRESS).map(|binding| binding.expiries.lease);
                for _ in 0..4 {
                    it.pass_in_contact_s(10);
                    assert!(ends_at.is_some_and(|at| it.endpoint.lease_now() < at));
                    let update = end(&it);
                    it.say(Message::BndUpd(vec![update]));
                    let refused = refusal(&it);
                    assert!(refused.is_some(), "{role:?} {status_told} {potential:?}");
                    assert_eq!(status(&it), BindingStatus::Active);
                }
                while ends_at.is_some_and(|at| it.endpoint.lease_now() <= at) {
                    it.pass_in_contact_s(1);
                }
                it.pass_in_contact_s(5);
                let update = end(&it);
                it.say(Message::BndUpd(vec![update]));
                assert_eq!(refusal(&it), None, "{role:?} {status_told} {potential:?}");
                assert!(status(&it).is_available());
            }
        }
    }
}

/// isc-L15: an abandonment without a time of its end, as table 7.1-1 has it, ends when its sender says
/// so, and not before: not by itself, not by a restart.
#[test]
fn l15_an_abandonment_without_an_end_lasts() {
    for role in ROLES {
        let mut it = in_normal(role);
        it.accept_from(0);
        let now = it.wire_now();
        let abandoned = BindingUpdate {
            start_time_of_state: Some(now),
            ..BindingUpdate::new(ADDRESS, wire::BindingStatus::ABANDONED)
        };
        it.say(Message::BndUpd(vec![abandoned]));
        assert_eq!(refusal(&it), None);
        for hour in 0..100 {
            it.now_ms += 3_600_000;
            it.feed(Input::Tick);
            if hour == 50 {
                it.restart();
            }
            it.meets(State::Normal);
            it.accept_from(0);
            assert!(it.renews(), "{role:?}: hour {hour}");
            it.feed(Input::Lease(LeaseEvent::Expired { address: ADDRESS }));
            assert_eq!(status(&it), BindingStatus::Abandoned, "{role:?}: hour {hour}");
            assert!(!it.lease(ADDRESS, 9));
        }
        let now = it.wire_now();
        let reset = BindingUpdate {
            start_time_of_state: Some(now),
            ..BindingUpdate::new(ADDRESS, wire::BindingStatus::RESET)
        };
        it.say(Message::BndUpd(vec![reset]));
        assert_eq!((refusal(&it), status(&it)), (None, BindingStatus::Free));
    }
}

/// isc-L15, §9.8.3, DECLINE: an address in use by a stranger is not offered by either server until its
/// time is over; then it becomes FREE again.
#[test]
fn l15_a_declined_address_rests_at_both_and_comes_back() {
    let mut pair = busy(Setup::new(34));
    let held = pair.lease_of(0).unwrap_or_else(|| panic!("no lease"));
    pair.mute(0);
    pair.decline(0, 100);
    pair.run_s(3);
    for host in Host::BOTH {
        assert_eq!(pair.count(host, BindingStatus::Abandoned), 1, "{}", pair.log_text());
        assert!(!pair.ask(0, RequestClass::NamesThisServer, &[host], Some(held.address)));
    }
    pair.run_s(95);
    for host in Host::BOTH {
        assert_eq!(pair.count(host, BindingStatus::Abandoned), 1, "{}", pair.log_text());
    }
    pair.run_s(105);
    for host in Host::BOTH {
        assert_eq!(pair.count(host, BindingStatus::Abandoned), 0, "{}", pair.log_text());
    }
    pair.check_convergence(60);
    pair.assert_clean();
}

/// isc-L16: a DECLINE or RELEASE that only one server hears, whichever that is and whoever gave the
/// lease, is believed by the other at the first asking.
#[test]
fn l16_what_one_server_hears_of_a_client_both_believe() {
    for hears in Host::BOTH {
        for declines in [false, true] {
            for number in 0..8 {
                let mut pair = busy(Setup { lease_s: 3_000, ..Setup::new(241) });
                let given = pair.lease_of(number).unwrap_or_else(|| panic!("no lease"));
                pair.mute(number);
                pair.set_reach(number, hears.partner(), false);
                if given.server != hears {
                    let renewal = RequestClass::Renewal;
                    assert!(pair.ask(number, renewal, &[hears], Some(given.address)));
                    pair.run_s(1);
                }
                let held = pair.lease_of(number);
                assert!(held.is_some_and(|held| held.server == hears), "{}", pair.log_text());
                match declines {
                    false => pair.release(number),
                    true => pair.decline(number, 100),
                }
                pair.run_s(2);
                let at_both = Host::BOTH
                    .map(|host| pair.binding(host, given.address).map(|binding| binding.status));
                let ended = match declines {
                    false => at_both[0].is_some_and(BindingStatus::is_available),
                    true => at_both[0] == Some(BindingStatus::Abandoned),
                };
                assert!(ended && at_both[0] == at_both[1], "{at_both:?}\n{}", pair.log_text());
                let refused = |event: &Event| matches!(event, Event::UpdateRefused { .. });
                for host in Host::BOTH {
                    assert!(
                        !pair.events_of(host).any(|(_, it)| refused(it)),
                        "{}",
                        pair.log_text()
                    );
                }
                pair.assert_clean();
            }
        }
    }
}

/// The addresses a client has a lease of, at each server.
fn leases_of(pair: &Pair, who: &Client) -> [BTreeSet<std::net::Ipv4Addr>; 2] {
    Host::BOTH.map(|host| {
        let bindings = (0..20).filter_map(|number| pair.binding(host, address(number)));
        bindings
            .filter(|it| it.status == BindingStatus::Active && it.is_for(who))
            .map(|it| it.address)
            .collect()
    })
}

/// isc-L21: a client that comes back finds its lease at either server, whoever gave it, and is given
/// no second address; nor when its old one has become the other server's meanwhile.
#[test]
fn l21_a_client_that_comes_back_has_one_lease() {
    let mut pair = busy(Setup { lease_s: 600, ..Setup::new(242) });
    for number in 0..8 {
        let held = pair.lease_of(number).unwrap_or_else(|| panic!("no lease"));
        let client = pair.binding(Host::A, held.address).and_then(|binding| binding.client);
        let client = client.unwrap_or_else(|| panic!("{}", pair.log_text()));
        for host in [held.server.partner(), held.server] {
            assert!(pair.ask(number, RequestClass::NamesThisServer, &[host], None));
            pair.run_s(1);
            assert_eq!(
                leases_of(&pair, &client),
                [BTreeSet::from([held.address]), BTreeSet::from([held.address])]
            );
        }
        // It goes, and its address to the other server's share.
        pair.mute(number);
        pair.release(number);
        pair.run_s(70);
        for host in Host::BOTH {
            assert!(pair.ask(number, RequestClass::NamesThisServer, &[host], None));
            pair.run_s(1);
            let [a, b] = leases_of(&pair, &client);
            assert_eq!((a.len(), a == b), (1, true), "{host:?}: {a:?} {b:?}\n{}", pair.log_text());
        }
    }
    pair.check_convergence(60);
    pair.assert_clean();
}

/// isc-L22: both servers answer one DISCOVER, because of a `secs` they read as large (with its bytes
/// swapped, 3 s are 768): the client takes one, and in the end it has that one only, at both.
#[test]
fn l22_two_answers_to_one_client_end_as_one_lease() {
    let mut pair = normal(Setup { clients: 2, lease_s: 200, ..Setup::new(243) });
    let now = LeaseInstant::from_unix_s(1_700_000_000);
    let answers = |secs| {
        let of = |host| {
            let view = pair.endpoint(host).unwrap_or_else(|| panic!("it runs")).view();
            let key = &[1, 2, 3];
            let query = Query {
                class: RequestClass::New,
                key,
                secs,
                max_delay_s: Some(5),
                partner_pool_empty: false,
                now,
            };
            view.decide(&query) == Decision::Serve
        };
        Host::BOTH.into_iter().filter(|host| of(*host)).count()
    };
    assert_eq!((answers(3), answers(3_u16.swap_bytes())), (1, 2), "so it can happen");
    for number in 0..2 {
        for host in Host::BOTH {
            assert!(pair.ask(number, RequestClass::NamesThisServer, &[host], None));
        }
    }
    pair.run_s(2);
    let held = [0, 1].map(|number| pair.lease_of(number).map(|held| held.address));
    assert_ne!(held[0], held[1], "{}", pair.log_text());
    (0..2).for_each(|number| pair.join(number));
    pair.run_s(600);
    for number in 0..2 {
        let held = pair.lease_of(number).unwrap_or_else(|| panic!("{}", pair.log_text()));
        let client = pair.binding(Host::A, held.address).and_then(|binding| binding.client);
        let client = client.unwrap_or_else(|| panic!("{}", pair.log_text()));
        let one = BTreeSet::from([held.address]);
        assert_eq!(leases_of(&pair, &client), [one.clone(), one], "{}", pair.log_text());
    }
    pair.check_convergence(60);
    pair.assert_clean();
}

/// isc-L28, §12.11: what the bits of the hash bucket map mean is the peer's kind to say; whatever the
/// share, every new client is answered by exactly one of the two.
#[test]
fn l28_every_client_is_answered_by_exactly_one_whatever_the_bits_mean() {
    use dhcp_loadbalance::{HashBuckets, Polarity, hash};
    let serves = |it: &Scripted, key: u8| {
        let query = Query {
            class: RequestClass::New,
            key: &[key],
            secs: 0,
            max_delay_s: None,
            partner_pool_empty: false,
            now: it.endpoint.lease_now(),
        };
        it.endpoint.view().decide(&query) == Decision::Serve
    };
    let kinds = [
        (wire::Dialect::Draft12, Polarity::SetMeansSecondary),
        (wire::Dialect::IscDhcpd, Polarity::SetMeansPrimary),
    ];
    for (dialect, polarity) in kinds {
        for primary_percent in [0, 1, 33, 50, 99, 100] {
            let balance = Balance::LoadBalance { primary_percent };
            let with = |role| EndpointConfig { balance, dialect: Some(dialect), ..config(role) };
            // A peer of that kind is the secondary of ours.
            let mut it = Scripted::start(with(Role::Primary), None);
            it.pass_s(3);
            it.link_up(dhcp_failover_proto::LinkSide::Dialed);
            let sent = it.said.iter().find_map(|packet| match &packet.message {
                Message::Connect(Connect { hash_buckets, .. }) => *hash_buckets,
                _ => None,
            });
            let map = HashBuckets::from_bytes(sent.unwrap_or_else(|| panic!("no map")));
            let theirs = polarity.secondary_buckets(map);
            let mut it =
                Scripted::resumed_with(with(Role::Primary), State::CommunicationsInterrupted);
            it.meets(State::Normal);
            for key in 0..=255 {
                let both = [serves(&it, key), theirs.contains(hash(&[key]))];
                assert!(both[0] != both[1], "{dialect:?} {primary_percent} {key}: {both:?}");
            }
            // And the primary, with a map of its own make.
            let primary = HashBuckets::from_percent(primary_percent);
            let primary = primary.unwrap_or_else(|error| panic!("{error}"));
            let config = with(Role::Secondary);
            let mut it = Scripted::resumed_with(config, State::CommunicationsInterrupted);
            it.hash_buckets = polarity.to_wire(primary).to_bytes();
            it.meets(State::Normal);
            for key in 0..=255 {
                let both = [serves(&it, key), primary.contains(hash(&[key]))];
                assert!(both[0] != both[1], "{dialect:?} {primary_percent} {key}: {both:?}");
            }
        }
    }
}

/// isc-L32, §12.7, §12.8: what the client sent and was sent (host name, relay agent's circuit) goes
/// to the partner byte by byte, is kept there, and comes back to a server that lost its data.
#[test]
fn l32_a_clients_options_survive_at_the_partner() {
    let request = b"\x0c\x05alice\x52\x04\x01\x02\x00\x09".to_vec();
    let reply = b"\x0f\x07example".to_vec();
    let mut giver = in_normal(Role::Primary);
    giver.accept_from(0);
    let own = (0..4).map(address).find(|own| giver.lease_with(*own, client(3), request.clone()));
    let own = own.unwrap_or_else(|| panic!("it has addresses"));
    let update = giver.told().pop().unwrap_or_else(|| panic!("nothing told"));
    assert_eq!((update.address, update.client_request_options.as_ref()), (own, Some(&request)));
    let update = BindingUpdate { client_reply_options: Some(reply.clone()), ..update };
    let mut keeper = in_normal(Role::Secondary);
    keeper.say(Message::BndUpd(vec![update]));
    assert_eq!(refusal(&keeper), None);
    let kept = keeper.table.get(own).unwrap_or_else(|| panic!("it is in the pool"));
    assert_eq!((kept.request_options, kept.reply_options), (request.clone(), reply.clone()));
    keeper.cut();
    keeper.meets(State::Recover);
    let before = keeper.updates().len();
    keeper.say(Message::UpdReqAll);
    keeper.accept_from(before);
    let told = keeper.told().into_iter().rev().find(|update| update.address == own);
    let told = told.unwrap_or_else(|| panic!("it is told"));
    assert_eq!(told.client_request_options, Some(request));
    assert_eq!(told.client_reply_options, Some(reply));
}

/// isc-L34, L3: a primary that never says EXPIRED keeps no lease alive at the secondary: that waits a
/// minute for it, then ends the lease itself.
#[test]
fn l34_the_secondary_ends_a_lease_that_the_primary_does_not() {
    for (role, grace_s) in [(Role::Primary, 0), (Role::Secondary, 60)] {
        let mut it = in_normal(role);
        it.accept_from(0);
        let update = leased(&it, 0); // for 60 s
        it.say(Message::BndUpd(vec![update]));
        let mut ran_s = 0;
        while status(&it) == BindingStatus::Active {
            it.pass_in_contact_s(1);
            it.feed(Input::Lease(LeaseEvent::Expired { address: ADDRESS }));
            ran_s += 1;
            assert!(ran_s < 200, "{role:?}: it never ends");
        }
        assert!((60 + grace_s..=70 + grace_s).contains(&ran_s), "{role:?}: {ran_s} s");
        let told = it.told().pop().map(|update| (update.address, update.status));
        assert_eq!(told, Some((ADDRESS, wire::BindingStatus::EXPIRED)));
        it.accept(it.updates().len() - 1);
        assert!(status(&it).is_available());
    }
}
