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

/// A connection has a number, which rises when it comes to be: the partner's STATE says that. The number
/// heard is told back at the next one; only so does it show that a store is an older copy (isc-S14).
#[test]
fn the_number_of_a_connection_is_told_back_at_the_next_one() {
    for role in [Role::Primary, Role::Secondary] {
        let mut it = Scripted::start(config(role), None);
        let begun = u32::try_from(crate::scripted::BEGIN).expect("a time of today");
        let connections =
            [(9_u32, true, 1_u32, 0_u32), (10, false, 2, 9), (10, true, 3, 9), (11, true, 4, 10)];
        for (number, comes_to_be, own, back) in connections {
            it.connect_with(Some(hints(&[(1, &[1]), (9, &number.to_be_bytes())])));
            let said = it.said.iter().find_map(|packet| match &packet.message {
                Message::Connect(connect) => connect.vendor_specific.clone(),
                Message::ConnectAck(answer) => answer.vendor_specific.clone(),
                _ => None,
            });
            let said = said.expect("it told something");
            let tells = |kind: u8, value: u32| {
                let item = [&[kind, 0, 4][..], &value.to_be_bytes()].concat();
                said.windows(7).any(|bytes| bytes == item)
            };
            assert!(tells(9, begun + own), "{role} {number} {said:?}");
            assert_eq!(tells(10, back), back > 0, "{role} {number} {said:?}");
            if comes_to_be {
                it.partner(State::Recover);
            }
            it.cut();
            it.pass_s(30);
        }
    }
}
