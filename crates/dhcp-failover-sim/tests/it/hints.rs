//! What two of ours tell each other beside the draft (§12.28, §12.29).

use crate::scripted::{Scripted, VENDOR_CLASS, config, hints};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{EndpointConfig, State};
use dhcp_failover_wire::{Connect, Dialect, Message};

fn connect() -> Connect {
    Connect {
        relationship_name: b"pair".to_vec(),
        max_unacked_bndupd: Some(100),
        receive_timer: Some(60),
        protocol_version: 1,
        tls_request: Some(0),
        mclt: Some(60),
        hash_buckets: Some([0xff; 32]),
        ..Connect::default()
    }
}

/// §12.29: such options belong to a vendor. What another one puts there is not read as ours, and
/// what we put there is not sent to those who have no such option.
#[test]
fn only_a_partner_of_ours_is_understood_or_told() {
    let never_ran = hints(&[(1, &[0])]);
    for (class, ours) in
        [(Some(VENDOR_CLASS), true), (Some(b"other-1".as_slice()), false), (None, false)]
    {
        let mut it = Scripted::start(config(Role::Secondary), None);
        let answer = it.offers(Connect {
            vendor_class_identifier: class.map(<[u8]>::to_vec),
            vendor_specific: Some(never_ran.clone()),
            ..connect()
        });
        assert!(answer.vendor_specific.is_some());
        it.partner(State::Recover);
        it.updates_done();
        // Two new servers have nothing to wait for; only ours can say that it is new (§9.6.2).
        assert_eq!(it.state() == State::RecoverWait, !ours, "{class:?} {}", it.state());
    }
    let to_dhcpd = EndpointConfig { dialect: Some(Dialect::IscDhcpd), ..config(Role::Secondary) };
    let answer = Scripted::start(to_dhcpd, None).offers(connect());
    assert_eq!(answer.vendor_specific, None);
}

/// The stamp that was told is told back at the next connection, and not at the same one: only so
/// does it show that a store is an older copy (isc-S14).
#[test]
fn a_stamp_is_told_back_at_the_next_connection() {
    for role in [Role::Primary, Role::Secondary] {
        let mut it = Scripted::start(config(role), None);
        // The third has lost its storage: its stamps begin anew.
        for (stamp, flags, back) in
            [(9_u32, 1, None), (8, 1, Some(9)), (7, 5, Some(9)), (6, 1, Some(7))]
        {
            it.connect_with(Some(hints(&[(1, &[flags]), (4, &stamp.to_be_bytes())])));
            let said = it.said.iter().find_map(|packet| match &packet.message {
                Message::Connect(connect) => connect.vendor_specific.clone(),
                Message::ConnectAck(answer) => answer.vendor_specific.clone(),
                _ => None,
            });
            let said = said.expect("it told something");
            let item = |value: u32| [&[5, 0, 4][..], &value.to_be_bytes()].concat();
            let told_back = |value| said.windows(7).any(|bytes| bytes == item(value));
            assert_eq!(back.is_some_and(told_back), back.is_some(), "{role} {stamp} {said:?}");
            assert!(!told_back(stamp), "{role} {stamp} {said:?}");
            it.partner(State::Recover);
            it.cut();
            it.pass_s(30);
        }
    }
}
