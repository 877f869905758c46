//! The messages of a Windows Server 2022 pair.

use dhcp_failover_wire::{
    BindingStatus, BindingUpdate, Dialect, HardwareAddress, Message, RawMessage, ServerFlags,
    ServerState, decode,
    digest::{self, Key, Scheme},
    rules::{self, Part},
    windows::{Binding, ClientType, Dhcid, Flags, LeaseState, Ownership, Settings, Status},
};

use super::W;
use crate::support::{encoded, hex};

/// Direction, type and bytes of the captured messages.
fn captured() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    include_str!("../../data/microsoft.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut fields = line.split_whitespace();
            let mut field = || fields.next().unwrap();
            (field(), field(), hex(field()))
        })
        .collect()
}

fn captured_updates() -> Vec<BindingUpdate> {
    let decoded = captured().into_iter().map(|(_, _, frame)| decode(&frame, W).unwrap().message);
    decoded
        .filter_map(|message| match message {
            Message::BndUpd(updates) => Some(updates),
            _ => None,
        })
        .flatten()
        .collect()
}

#[test]
fn every_captured_message_comes_out_as_it_came() {
    let key = Key::new(Scheme::WINDOWS, "not the secret");
    let messages = captured();
    for (_, name, original) in &messages {
        let packet = decode(original, W).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(packet.message.message_type().name(), Some(*name));
        let mut ours = encoded(&packet, W);
        // The digest is kept as given: same place, same length, the secret is unknown.
        digest::sign(&mut ours, &key).unwrap();
        ours[17..49].copy_from_slice(&original[17..49]);
        assert_eq!(ours, *original, "{name}: {packet:?}");
    }
    assert_eq!(messages.len(), 11);
}

#[test]
fn every_captured_message_keeps_the_rules() {
    for (_, name, original) in captured() {
        let raw = RawMessage::parse(&original).unwrap();
        let part = match decode(&original, W).unwrap().message {
            Message::BndUpd(updates) => Part::Update(updates[0].status),
            Message::BndAck(_) => Part::Ack { rejects: false },
            Message::ConnectAck(_) => Part::ConnectAck { rejects: false },
            message => Part::Message(message.message_type()),
        };
        assert_eq!(rules::check(W, part, raw.option_set()), Ok(()), "{name}");
    }
}

#[test]
fn every_truncation_and_every_changed_byte_of_a_captured_message_is_decoded_or_refused() {
    for (_, _, mut frame) in captured() {
        for length in 0..frame.len() {
            assert!(decode(&frame[..length], W).is_err());
        }
        for index in 0..frame.len() {
            let kept = frame[index];
            for value in 0..=255 {
                frame[index] = value;
                for dialect in [W, Dialect::Draft12, Dialect::IscDhcpd] {
                    if let Ok(packet) = decode(&frame, dialect) {
                        assert_eq!(packet.message.message_type().0, frame[2]);
                    }
                }
            }
            frame[index] = kept;
        }
    }
}

#[test]
fn a_captured_connect_reads_as_configured() {
    let (_, _, frame) = &captured()[0];
    let Message::Connect(connect) = decode(frame, W).unwrap().message else {
        panic!("the first message is a CONNECT");
    };
    assert_eq!(connect.relationship_name, b"server1-server2");
    assert_eq!(connect.vendor_class_identifier.as_deref(), Some(&b"MSFT 5.0"[..]));
    assert_eq!((connect.max_unacked_bndupd, connect.receive_timer), (Some(200), Some(180)));
    assert_eq!((connect.mclt, connect.tls_request), (Some(120), None));
    let mut half = [0; 32];
    half[..16].fill(0xff);
    assert_eq!(connect.hash_buckets, Some(half));
    assert!(W.set_buckets_are_primarys());
}

#[test]
fn captured_states_are_normal_and_communications_interrupted() {
    let states: Vec<_> = captured()
        .into_iter()
        .filter_map(|(_, _, frame)| match decode(&frame, W).unwrap().message {
            Message::State(state) => Some((state.server_state, state.server_flags)),
            _ => None,
        })
        .collect();
    assert_eq!(
        states,
        [
            (ServerState::COMMUNICATIONS_INTERRUPTED, ServerFlags::STARTUP),
            (ServerState::NORMAL, ServerFlags::NONE),
        ]
    );
}

#[test]
fn a_captured_update_request_names_two_scopes() {
    let found =
        captured().into_iter().find_map(|(_, _, frame)| match decode(&frame, W).unwrap().message {
            Message::UpdReq(request) => Some(request.scope_ids),
            _ => None,
        });
    assert_eq!(found, Some(vec![[192, 168, 60, 0].into(), [10, 1, 2, 32].into()]));
}

#[test]
fn a_captured_ownership_update_has_no_client() {
    let ownership = &captured_updates()[0];
    assert_eq!(ownership.address.octets(), [192, 168, 60, 109]);
    assert_eq!(ownership.client_hardware_address, None);
    let windows = ownership.windows.as_deref().unwrap();
    assert_eq!((windows.status, windows.flags), (Status::FREE, Flags::NONE));
    assert_eq!(windows.subnet_mask, Some([255, 255, 255, 0].into()));
    assert_eq!(windows.extended_address_state, Some(0));
    // The upper half of the range goes to the secondary, as captured; by the table it does not.
    assert_eq!(ownership.status, BindingStatus::BACKUP);
    let documented = Settings { ownership: Ownership::AsDocumented, ..Settings::DEFAULT };
    let status = documented.binding_status(windows.status, windows.flags, false);
    assert_eq!(status, BindingStatus::FREE);
    // What we say is what Windows said.
    let ours = Binding::new(BindingStatus::BACKUP, Settings::DEFAULT, [255, 255, 255, 0].into());
    assert_eq!(ours.as_ref(), Some(windows));
}

#[test]
fn a_captured_lease_reads_in_full() {
    let lease = &captured_updates()[1];
    assert_eq!((lease.address, lease.status), ([192, 168, 60, 100].into(), BindingStatus::ACTIVE));
    let hardware = HardwareAddress { htype: 1, bytes: hex("000c2967427a") };
    assert_eq!(lease.client_hardware_address, Some(hardware));
    // MCLT 120 s, lease 600 s: the client gets 120 s, the partner half of that and 600 s.
    let granted = lease.client_last_transaction_time.unwrap();
    assert_eq!(lease.lease_expiration_time.unwrap() - granted, 119);
    assert_eq!(lease.potential_expiration_time.unwrap() - granted, 660);
    let windows = lease.windows.as_deref().unwrap();
    assert_eq!(windows.scope_id, Some([192, 168, 60, 0].into()));
    assert_eq!(windows.status.lease_state(), LeaseState::Active);
    assert_eq!(windows.status.dhcid(), Dhcid::None);
    assert_eq!(windows.server_ip_address, Some([10, 0, 41, 30].into()));
    assert_eq!(windows.server_name.as_ref().unwrap().to_string(), "SERVER1");
    assert_eq!(windows.client_type, Some(ClientType::DHCP));
    assert_eq!((windows.nap_status, windows.nap_capable), (Some(0), Some(0)));
    assert_eq!(windows.nap_probation, Some(0));
    assert!(!windows.client_name.as_ref().unwrap().to_string().is_empty());
    assert_eq!((&windows.client_description, &windows.matched_policy), (&None, &None));
}
