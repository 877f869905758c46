//! What servers tell each other of a client beside its lease (draft-12 §7.1.1, §12.7 - §12.9).

use crate::scripted::{Scripted, config, record};
use crate::support::in_normal;
use crate::{busy, normal};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{
    Bindings, Command, EndpointConfig, Input, LeaseEvent, MAX_OPAQUE_OPTIONS, Stale, State, Token,
};
use dhcp_failover_sim::{Host, Pair, Setup, Survives, host_name};
use dhcp_failover_wire::{Dialect, Message};
use std::net::Ipv4Addr;

/// client-reply-options and DDNS as an embedder writes them.
const REPLY: &[u8] = &[99, 130, 83, 99, 51, 4, 0, 0, 14, 16];
const DDNS: &[u8] = &[0, 3, 1, b'c', 7, b'e', b'x', b'a', b'm', b'p', b'l', b'e', 0];

/// One that is not on its way to the secondary.
const ADDRESS_OF_PRIMARY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 4);

fn data(pair: &Pair, host: Host, address: Ipv4Addr) -> [Vec<u8>; 3] {
    let binding = pair.binding(host, address).expect("an address of the pool");
    [binding.request_options, binding.reply_options, binding.ddns]
}

/// isc-L32, isc-L31: host names, reply options and the state of DNS records are at the partner, and
/// still there after it has taken over, restarted, renewed the lease and the other is back.
#[test]
fn l32_what_is_known_of_a_client_survives_takeover_restart_and_recovery() {
    for holder in Host::BOTH {
        let mut pair = busy(Setup { clients: 8, mclt_s: 30, ..Setup::new(0x9300) });
        let other = holder.partner();
        let number = (0..8)
            .find(|it| pair.lease_of(*it).is_some_and(|held| held.server == holder))
            .expect("a client of each");
        let address = pair.lease_of(number).expect("it is busy").address;
        assert!(pair.annotate(holder, address, REPLY, DDNS));
        pair.run_s(2);
        let all = [host_name(number), REPLY.to_vec(), DDNS.to_vec()];
        assert_eq!(data(&pair, other, address), all, "{}", pair.log_text());
        pair.crash(holder, Survives::Nothing);
        pair.run_s(30);
        pair.command(other, Command::PartnerDown);
        pair.crash(other, Survives::Nothing);
        pair.start(other);
        pair.run_s(1);
        pair.command(other, Command::PartnerDown);
        pair.run_s(300);
        assert_eq!(pair.state(other), Some(State::PartnerDown));
        assert_eq!(
            pair.lease_of(number).map(|held| (held.address, held.server)),
            Some((address, other))
        );
        assert_eq!(data(&pair, other, address), all, "{}", pair.log_text());
        pair.lose_disk(holder);
        pair.start(holder);
        pair.check_convergence(300);
        assert_eq!(data(&pair, holder, address), all, "{}", pair.log_text());
        pair.assert_clean();
    }
}

/// S13, L4: both servers say something of one client while they are apart, or at the same moment:
/// both end with the same, and with all of it where it does not contradict.
#[test]
fn s13_both_servers_end_with_the_same_data() {
    for apart in [false, true] {
        let mut pair = busy(Setup { clients: 2, lease_s: 2_000, ..Setup::new(0x9301) });
        pair.run_s(60);
        let address = pair.lease_of(0).expect("it is busy").address;
        if apart {
            pair.partition(true);
            pair.run_s(40);
        }
        assert!(pair.annotate(Host::A, address, REPLY, &[]));
        assert!(pair.annotate(Host::B, address, &[], DDNS));
        pair.run_s(5);
        pair.partition(false);
        pair.check_convergence(60);
        for host in Host::BOTH {
            let all = [host_name(0), REPLY.to_vec(), DDNS.to_vec()];
            assert_eq!(data(&pair, host, address), all, "{}", pair.log_text());
        }
        for (host, flags) in [(Host::A, 1), (Host::B, 2)] {
            assert!(pair.annotate(host, address, &[], &[0, flags]));
        }
        for number in 0..2 {
            pair.mute(number);
        }
        pair.check_convergence(60);
        pair.check_silence(150);
        pair.assert_clean();
    }
}

/// §5.12.4: whoever ends a lease knows what to delete, and the partner hears that it was.
#[test]
fn the_end_of_a_lease_keeps_the_state_of_its_dns_records() {
    let mut pair = busy(Setup { clients: 1, ..Setup::new(0x9302) });
    let address = pair.lease_of(0).expect("it is busy").address;
    assert!(pair.annotate(Host::B, address, &[], DDNS));
    pair.run_s(2);
    pair.release(0);
    pair.mute(0);
    pair.run_s(10);
    for host in Host::BOTH {
        let binding = pair.binding(host, address).expect("an address of the pool");
        assert!(binding.status.is_available());
        assert_eq!(binding.ddns, DDNS);
    }
    assert!(pair.annotate(Host::A, address, &[], &[0, 0]));
    pair.run_s(2);
    assert_eq!(data(&pair, Host::B, address)[2], [0, 0]);
    pair.check_silence(300);
    pair.assert_clean();
}

/// isc-L30: nothing of it goes to the next client.
#[test]
fn the_next_client_of_an_address_inherits_nothing() {
    let mut pair = normal(Setup { clients: 2, pool: 1, ..Setup::new(0x9303) });
    pair.join(0);
    pair.run_s(20);
    let address = pair.lease_of(0).expect("the only client").address;
    assert!(pair.annotate(Host::A, address, REPLY, DDNS));
    pair.release(0);
    pair.mute(0);
    pair.join(1);
    pair.run_s(30);
    assert_eq!(pair.lease_of(1).map(|held| held.address), Some(address));
    for host in Host::BOTH {
        assert_eq!(data(&pair, host, address), [host_name(1), vec![], vec![]]);
    }
    pair.assert_clean();
}

fn annotated(it: &mut Scripted, version: u64, ddns: Vec<u8>) -> Result<(), Stale> {
    let event = LeaseEvent::Annotated {
        token: Token(1),
        address: ADDRESS_OF_PRIMARY,
        version,
        reply_options: Vec::new(),
        ddns,
    };
    it.refused.clear();
    it.feed(Input::Lease(event));
    it.refused.pop().map_or(Ok(()), Err)
}

/// Data that are too long, or meant for another binding than there is now, are refused without a
/// trace; so is everything while the server serves nobody (S7).
#[test]
fn data_that_cannot_be_kept_are_refused() {
    let mut it = in_normal(Role::Primary);
    assert!(it.lease(ADDRESS_OF_PRIMARY, 1));
    let version = |it: &Scripted| it.table.get(ADDRESS_OF_PRIMARY).unwrap().version;
    let now = version(&it);
    assert_eq!(annotated(&mut it, now, vec![0; MAX_OPAQUE_OPTIONS + 1]), Err(Stale::Options));
    assert_eq!(annotated(&mut it, now + 1, DDNS.to_vec()), Err(Stale::Binding));
    assert_eq!(version(&it), now);
    assert_eq!(annotated(&mut it, now, vec![0; MAX_OPAQUE_OPTIONS]), Ok(()));
    let now = version(&it);
    it.feed(Input::Command(Command::Pause));
    assert_eq!(annotated(&mut it, now, DDNS.to_vec()), Err(Stale::View));
    assert_eq!(version(&it), now);
}

/// isc-C08: dhcpd closes the connection on option 9, so it is not told; the rest it is.
#[test]
fn dhcpd_is_not_told_of_dns_records() {
    for (dialect, told) in [(Dialect::Draft12, true), (Dialect::IscDhcpd, false)] {
        let config = EndpointConfig { dialect: Some(dialect), ..config(Role::Primary) };
        let stored = Some(record(Role::Primary, State::CommunicationsInterrupted));
        let mut it = Scripted::start(config, stored);
        it.meets(State::Normal);
        let address = ADDRESS_OF_PRIMARY;
        assert!(it.lease(address, 1));
        it.accept_updates();
        let version = it.table.get(address).unwrap().version;
        it.said.clear();
        assert_eq!(annotated(&mut it, version, DDNS.to_vec()), Ok(()));
        it.pass_in_contact_s(2);
        let updates = it.said.iter().filter_map(|packet| match &packet.message {
            Message::BndUpd(updates) => Some(updates),
            _ => None,
        });
        let of_it: Vec<_> = updates.flatten().filter(|it| it.address == address).collect();
        assert!(!of_it.is_empty() && of_it.iter().all(|it| it.ddns.is_some() == told), "{dialect}");
    }
}
