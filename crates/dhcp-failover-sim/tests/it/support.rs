//! What several files begin with.

use crate::busy;
use crate::scripted::{ADDRESS, Scripted, config};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Command, EndpointConfig, State};
use dhcp_failover_sim::{Host, Pair, Setup};
use dhcp_failover_wire::{BindingAck, BindingStatus, BindingUpdate, HardwareAddress, Message};
use std::net::Ipv4Addr;

pub(crate) const ROLES: [Role; 2] = [Role::Primary, Role::Secondary];

/// Both were alone by order, and have not met since.
pub(crate) fn alone_both(seed: u64) -> Pair {
    let mut pair = busy(Setup { mclt_s: 20, ..Setup::new(seed) });
    pair.partition(true);
    pair.run_s(30);
    for host in Host::BOTH {
        pair.command(host, Command::PartnerDown);
    }
    pair.run_s(60);
    pair
}

/// One in NORMAL with a partner in NORMAL.
pub(crate) fn in_normal(role: Role) -> Scripted {
    let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
    it.meets(State::Normal);
    assert_eq!(it.state(), State::Normal);
    it
}

/// In PARTNER-DOWN, with four leases of which the partner has not heard.
pub(crate) fn alone(role: Role) -> Scripted {
    alone_with(role, 128)
}

/// The same, with so many updates in a message at most.
pub(crate) fn alone_with(role: Role, max_batch: usize) -> Scripted {
    let config = EndpointConfig { max_batch, ..config(role) };
    let mut it = Scripted::resumed_with(config, State::CommunicationsInterrupted);
    it.order(Command::PartnerDown);
    it.pass_s(64); // the MCLT, and what clocks hide
    for number in 0..4 {
        assert!(it.lease(address(number), number), "{role:?} {number}");
    }
    it
}

pub(crate) fn address(number: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(ADDRESS) + u32::from(number))
}

/// A lease of the partner's.
pub(crate) fn leased(it: &Scripted, number: u8) -> BindingUpdate {
    let now = it.wire_now();
    BindingUpdate {
        client_hardware_address: Some(HardwareAddress {
            htype: 1,
            bytes: vec![2, 0, 0, 0, 1, number],
        }),
        lease_expiration_time: Some(now + 60),
        potential_expiration_time: Some(now + 3_600),
        start_time_of_state: Some(now),
        client_last_transaction_time: Some(now),
        ..BindingUpdate::new(address(number), BindingStatus::ACTIVE)
    }
}

/// What it answered to the last BNDUPD.
pub(crate) fn answers(it: &Scripted) -> Vec<BindingAck> {
    let acks = it.said.iter().rev().find_map(|packet| match &packet.message {
        Message::BndAck(acks) => Some(acks.clone()),
        _ => None,
    });
    acks.unwrap_or_default()
}

/// Whether it still answers on the connection made last.
pub(crate) fn still_answers(it: &mut Scripted) -> bool {
    it.say(Message::UpdReqAll);
    for _ in 0..5 {
        it.accept_updates();
    }
    it.count(|message| matches!(message, Message::UpdDone)) == 1
}

/// Two servers that have not met, with the same short MCLT.
pub(crate) fn new_pair(seed: u64) -> Setup {
    Setup { mclt_s: 20, secondary_mclt_s: 20, ..Setup::new(seed) }
}
