//! Times: how long a lease may run, and whose word on it is the newer (H1, H6, H8, H19). H5 is in
//! `recovery.rs`.

use crate::scripted::{ADDRESS, Scripted};
use crate::support::{ROLES, in_normal, leased};
use crate::{busy, normal};
use dhcp_failover_lease::{Binding, BindingStatus, LeaseSpan, Role};
use dhcp_failover_proto::{Bindings, Command, Input, LeaseEvent, RequestClass, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};
use dhcp_failover_wire::{BindingUpdate, HardwareAddress, Message, UpdReq};

/// H1, §9.9.2: a client that renews again and again without contact gets no further than the MCLT
/// beyond what the partner was told; so when that one, told that this server is down, has waited, the
/// client has nothing any more.
#[test]
fn h1_renewals_without_contact_never_outrun_what_the_partner_waits_for() {
    for alone in Host::BOTH {
        let setup = Setup { mclt_s: 60, lease_s: 200, clients: 2, pool: 2, ..Setup::new(260) };
        let mut pair = busy(setup);
        let number =
            (0..2).find(|number| pair.lease_of(*number).is_some_and(|held| held.server == alone));
        let Some(number) = number else { continue };
        let held = pair.lease_of(number).unwrap_or_else(|| panic!("no lease"));
        pair.mute(number);
        pair.mute(1 - number);
        pair.partition(true);
        pair.run_s(30);
        let binding = pair.binding(alone.partner(), held.address);
        let known = binding.unwrap_or_else(|| panic!("no binding")).expiries.latest();
        let known_ms = (known.as_unix_s() - 1_700_000_000) * 1_000;
        // Every ten seconds, as long as it gets anything.
        let mut renewals = 0;
        while pair.lease_of(number).is_some() {
            let renewal = RequestClass::Renewal;
            renewals += usize::from(pair.ask(number, renewal, &[alone], Some(held.address)));
            let now = pair.lease_of(number).map_or(0, |held| held.expires_ms);
            let bound = known_ms.max(pair.now_ms()) + 60_000 + 1_000;
            assert!(now <= bound, "until {now}, not after {bound}\n{}", pair.log_text());
            pair.run_s(10);
            if renewals == 40 {
                break;
            }
        }
        assert_eq!(renewals, 40, "they are answered, for a short time each");
        // The server dies, and its partner is told so: the address goes to another client only when
        // this one's lease is over (S1 watches).
        pair.crash(alone, Survives::Everything);
        pair.run_s(1);
        pair.command(alone.partner(), Command::PartnerDown);
        let other = 1 - number;
        pair.release(other);
        let new = RequestClass::NamesThisServer;
        let taken = |pair: &mut Pair| pair.ask(other, new, &[alone.partner()], Some(held.address));
        let mut waited_s = 0;
        while !taken(&mut pair) {
            pair.run_s(1);
            waited_s += 1;
            assert!(waited_s < 2_000, "never\n{}", pair.log_text());
        }
        pair.assert_clean();
    }
}

/// H6, §7.1.3: an old copy of a client's lease, sent again late, takes nothing of the newer one away:
/// neither its times nor what the client sent.
#[test]
fn h6_a_stale_copy_of_a_lease_takes_nothing_away() {
    for role in ROLES {
        for newer_at_partner in [true, false] {
            let mut it = in_normal(role);
            it.accept_from(0);
            let old =
                BindingUpdate { client_request_options: Some(vec![12, 1, b'a']), ..leased(&it, 0) };
            it.say(Message::BndUpd(vec![old.clone()]));
            it.pass_in_contact_s(40);
            if newer_at_partner {
                let new = BindingUpdate {
                    client_request_options: Some(vec![12, 1, b'b']),
                    ..leased(&it, 0)
                };
                it.say(Message::BndUpd(vec![new]));
            } else {
                let client = it.table.get(ADDRESS).and_then(|binding| binding.client);
                let client = client.unwrap_or_else(|| panic!("it is leased"));
                assert!(it.lease_with(ADDRESS, client, vec![12, 1, b'b']));
                it.accept_from(0);
            }
            let promised = |it: &Scripted| {
                let Binding { status, expiries, last_transaction, request_options, .. } =
                    it.table.get(ADDRESS).unwrap_or_else(|| panic!("it is in the pool"));
                assert_eq!(status, BindingStatus::Active);
                (expiries.lease, expiries.latest(), last_transaction, request_options)
            };
            let before = promised(&it);
            assert_eq!(before.3, [12, 1, b'b']);
            it.say(Message::BndUpd(vec![old]));
            assert_eq!(promised(&it), before, "{role:?} {newer_at_partner}");
        }
    }
}

/// H8, §7.1.3: ACK and RELEASE within one second, at the server that gave the lease or at the other
/// one; the release counts, at both.
#[test]
fn h8_a_release_in_the_second_of_the_ack_counts() {
    for at_giver in [true, false] {
        for number in 0..8 {
            let mut pair = busy(Setup { lease_s: 3_000, ..Setup::new(32) });
            let held = pair.lease_of(number).unwrap_or_else(|| panic!("no lease"));
            let server = if at_giver { held.server } else { held.server.partner() };
            pair.mute(number);
            // To the beginning of a second.
            pair.run_ms(1_000 - pair.now_ms() % 1_000);
            pair.ask(number, RequestClass::Renewal, &[server], Some(held.address));
            pair.run_ms(100);
            pair.release(number);
            pair.run_s(3);
            for host in Host::BOTH {
                let status = pair.binding(host, held.address).map(|binding| binding.status);
                assert!(status.is_some_and(BindingStatus::is_available), "{}", pair.log_text());
            }
            pair.check_convergence(60);
            pair.assert_clean();
        }
    }
}

/// H8 on the wire: equal seconds do not make a RELEASED outdated that was said when both knew the
/// same; another client's is.
#[test]
fn h8_a_release_of_the_same_second_is_taken_from_the_same_client_only() {
    for role in ROLES {
        for same_client in [true, false] {
            let mut it = in_normal(role);
            it.accept_from(0);
            let update = leased(&it, 0);
            it.say(Message::BndUpd(vec![update.clone()]));
            let other = HardwareAddress { htype: 1, bytes: vec![2, 0, 0, 0, 7, 7] };
            let released = BindingUpdate {
                status: dhcp_failover_wire::BindingStatus::RELEASED,
                lease_expiration_time: None,
                potential_expiration_time: None,
                client_hardware_address: match same_client {
                    true => update.client_hardware_address.clone(),
                    false => Some(other),
                },
                ..update
            };
            it.say(Message::BndUpd(vec![released]));
            let status = it.table.get(ADDRESS).map(|binding| binding.status);
            assert_eq!(status == Some(BindingStatus::Free), same_client, "{role:?}");
        }
    }
}

/// H19, §7.1.3, §9.6: a lease that the lost server may have extended is held until the MCLT after its
/// latest time, by both, whoever lost its data.
#[test]
fn h19_a_lease_the_lost_server_may_have_extended_is_not_given_away() {
    for number in 0..2 {
        let setup = Setup { lease_s: 300, mclt_s: 20, clients: 3, pool: 2, ..Setup::new(27) };
        let mut pair = normal(setup);
        (0..2).for_each(|number| pair.join(number));
        pair.run_s(20);
        // The server renews alone, up to what its partner has promised to wait for, and loses its
        // disk.
        pair.run_s(200);
        pair.partition(true);
        pair.run_s(200);
        let held = pair.lease_of(number).unwrap_or_else(|| panic!("{}", pair.log_text()));
        pair.crash(held.server, Survives::Nothing);
        pair.lose_disk(held.server);
        (0..2).for_each(|number| pair.mute(number)); // asleep, its lease still runs
        pair.run_s(100);
        pair.partition(false);
        pair.start(held.server);
        pair.run_s(60);
        for host in Host::BOTH {
            let binding = pair.binding(host, held.address);
            let status = binding.map(|binding| binding.status);
            assert_eq!(status, Some(BindingStatus::Active), "{}", pair.log_text());
        }
        // Somebody else wants it all the while (S1 watches).
        while pair.lease_of(number).is_some() {
            let new = RequestClass::NamesThisServer;
            assert!(!pair.ask(2, new, &Host::BOTH, Some(held.address)), "{}", pair.log_text());
            pair.run_s(5);
        }
        pair.run_s(1_200);
        assert!(pair.ask(2, RequestClass::NamesThisServer, &Host::BOTH, Some(held.address)));
        pair.run_s(5);
        pair.check_convergence(400);
        pair.assert_clean();
    }
}

/// H19, S1: the primary heard that a lease was over, gave the address to another client, and lost its
/// storage, or was ordered to take its partner's. The secondary does not know whether the primary heard:
/// it does not give the address back to its client before the other one's lease must be over. (Honest
/// 0xb53b0df01d7f91eb.)
#[test]
fn h19_an_address_whose_return_the_lost_server_heard_of_is_nobodys() {
    for loses in [true, false] {
        let setup = Setup { lease_s: 300, mclt_s: 600, clients: 3, pool: 2, ..Setup::new(27) };
        let mut pair = normal(setup);
        (0..2).for_each(|number| pair.join(number));
        pair.run_s(20);
        let at = |pair: &Pair, host| {
            let held = (0..2).find(|it| pair.lease_of(*it).is_some_and(|held| held.server == host));
            held.unwrap_or_else(|| panic!("{}", pair.log_text()))
        };
        let (first, other) = (at(&pair, Host::B), at(&pair, Host::A));
        let address = pair.lease_of(first).map(|held| held.address);
        // It hears that the address is back, but is not heard itself.
        pair.block(Host::A, true);
        pair.release(first);
        (0..3).for_each(|number| pair.mute(number));
        pair.run_s(100);
        let taken = pair.ask(2, RequestClass::NamesThisServer, &[Host::A], address);
        assert!(taken, "{}", pair.log_text());
        pair.run_s(5);
        if loses {
            pair.crash(Host::A, Survives::Nothing);
            pair.lose_disk(Host::A);
            pair.start(Host::A);
        } else {
            pair.command(Host::A, Command::Recover);
        }
        pair.block(Host::A, false);
        pair.run_s(60);
        // Its former client wants it back all the while (S1 watches).
        assert!(pair.lease_of(2).is_some(), "{}", pair.log_text());
        while pair.lease_of(2).is_some() {
            assert!(!pair.ask(first, RequestClass::NamesThisServer, &[Host::B], address));
            pair.run_s(5);
        }
        pair.run_s(3_000);
        assert!(pair.lease_of(other).is_none(), "asleep");
        assert!(pair.ask(first, RequestClass::NamesThisServer, &Host::BOTH, address));
        pair.run_s(5);
        pair.check_convergence(400);
        pair.assert_clean();
    }
}

/// The partner told of a lease, and perhaps how far it may extend it; the client declined the address for
/// 30 s here, unheard. Now the partner recovers, and has lost its data or not.
fn declined_unheard(role: Role, potential: Option<u32>, loses: bool) -> Scripted {
    let mut it = in_normal(role);
    let update = leased(&it, 0);
    let potential_expiration_time = potential.or(update.potential_expiration_time);
    it.say(Message::BndUpd(vec![BindingUpdate { potential_expiration_time, ..update }]));
    it.cut();
    let until = it.endpoint.lease_now() + LeaseSpan::from_s(30);
    it.feed(Input::Lease(LeaseEvent::Declined { address: ADDRESS, until }));
    it.meets(State::Recover);
    it.say(if loses { Message::UpdReqAll } else { Message::UpdReq(UpdReq::default()) });
    it
}

/// What the partner was told of the address last.
fn last_told(it: &Scripted) -> BindingUpdate {
    let told = it.told().into_iter().rev().find(|update| update.address == ADDRESS);
    told.unwrap_or_else(|| panic!("it is told"))
}

/// H19: a server may have renewed a lease before it heard that its client had declined the address at the
/// other, and lost its storage then. The abandonment outlasts what it may have given (a storm found it).
#[test]
fn h19_an_abandonment_outlasts_what_the_lost_server_may_have_given() {
    for role in ROLES {
        for loses in [true, false] {
            let mut it = declined_unheard(role, None, loses);
            it.pass_in_contact_s(40);
            it.feed(Input::Lease(LeaseEvent::Expired { address: ADDRESS }));
            let status = it.table.get(ADDRESS).map(|binding| binding.status);
            let kept = status == Some(BindingStatus::Abandoned);
            assert_eq!(kept, loses, "{role:?}: {status:?}");
            let known = it.table.get(ADDRESS).expect("in the pool").expiries.latest();
            let end = known.max(it.endpoint.lease_now()) + it.config.mclt;
            // And what clocks hide.
            it.pass_in_contact_s((end - it.endpoint.lease_now()).as_s() + 3);
            it.feed(Input::Lease(LeaseEvent::Expired { address: ADDRESS }));
            let status = it.table.get(ADDRESS).map(|binding| binding.status);
            assert_ne!(status, Some(BindingStatus::Abandoned), "{role:?}, in the end");
        }
    }
}

/// H19, S3: the server that lost its storage does not end an abandonment before what it may have given
/// itself: it knows no end but what it is told. (Honest 0x2da3299f91abb762.)
#[test]
fn h19_an_abandonment_is_told_with_the_end_that_the_lost_server_must_wait_for() {
    for role in ROLES {
        for loses in [true, false] {
            let far = in_normal(role).wire_now() + 9_000;
            let mut it = declined_unheard(role, Some(far), loses);
            it.accept_from(0);
            let told = last_told(&it);
            assert_eq!(told.status, dhcp_failover_wire::BindingStatus::ABANDONED);
            let far = far + u32::try_from(it.config.mclt.as_s()).expect("no year");
            assert_eq!(told.lease_expiration_time >= Some(far), loses, "{role:?}: {told:?}");
        }
    }
}

/// H19: what is told in answer to UPDREQALL promises to wait for the latest of all four times.
#[test]
fn h19_everything_told_after_a_loss_promises_the_latest_of_all_times() {
    for role in ROLES {
        let mut it = in_normal(role);
        it.accept_from(0);
        let far = it.wire_now() + 9_000;
        let update = BindingUpdate { potential_expiration_time: Some(far), ..leased(&it, 0) };
        it.say(Message::BndUpd(vec![update]));
        it.cut();
        it.meets(dhcp_failover_proto::State::Recover);
        let before = it.updates().len();
        it.say(Message::UpdReqAll);
        it.accept_from(before);
        let told = last_told(&it);
        assert!(told.potential_expiration_time >= Some(far), "{role:?}: {told:?}");
    }
}
