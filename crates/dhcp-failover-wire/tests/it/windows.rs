//! The dialect of Windows, by the messages of a Windows Server 2022 pair.

use dhcp_failover_wire::{
    BindingStatus, BindingUpdate, Connect, DecodeError, Dialect, Disconnect, EncodeError,
    HardwareAddress, Message, OptionCode, Packet, PoolResp, RawMessage, RejectReason, ServerFlags,
    ServerState, State, decode,
    digest::{self, Key, Scheme},
    encode, reject_reason,
    rules::{self, Part, Violation},
    windows::{
        Binding, ClientType, Declined, Dhcid, Flags, LeaseState, Ownership, RejectText, Settings,
        StateNumbers, Status, Text,
    },
};

use crate::support::{encoded, frame, hex};

const W: Dialect = Dialect::MICROSOFT;

/// Direction, type and bytes of the captured messages.
fn captured() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    include_str!("../data/microsoft.txt")
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

fn packet(message: Message) -> Packet {
    Packet { time: 0x6500_0000, xid: 7, message }
}

fn refusal(message: Message) -> EncodeError {
    encode(&packet(message), W, &mut Vec::new()).unwrap_err()
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

#[test]
fn the_status_byte_has_three_fields() {
    for byte in 0..=255 {
        let status = Status(byte);
        assert_eq!(Status::of_lease(status.lease_state(), status.dhcid(), status.dns()), status);
    }
    let status = Status::of_lease(LeaseState::Doom, Dhcid::Duid, Status::DNS_CLEANUP);
    assert_eq!(status, Status(0x1f));
    assert_eq!(Status(4).ownership_name(), Some("RECONCILE"));
    assert_eq!(Status(3).ownership_name(), None);
}

#[test]
fn a_status_means_what_the_flags_and_the_client_make_of_it() {
    use BindingStatus as B;
    let default = Settings::DEFAULT;
    let declined = Settings { declined: Declined::Expired, ..default };
    for (settings, status, flags, has_client, expected) in [
        (default, 0, 0, true, B::ACTIVE),
        (default, 1, 0, true, B::ACTIVE),
        (default, 0x2d, 0, true, B::ACTIVE),
        (default, 2, 0, true, B::ABANDONED),
        (declined, 2, 0, true, B::EXPIRED),
        (default, 3, 0, true, B::EXPIRED),
        (default, 1, 3, true, B::RELEASED),
        (default, 1, 1, true, B::ACTIVE),
        (default, 1, 0, false, B::BACKUP),
        (default, 2, 0, false, B::FREE),
        (default, 4, 0, false, B::FREE),
        (default, 5, 0, false, B::BACKUP),
        (default, 6, 0, false, B::FREE),
        // Nothing is told about a lease without a client; it stays on the careful side.
        (default, 0, 0, false, B::ACTIVE),
        (default, 3, 0, false, B::EXPIRED),
    ] {
        let found = settings.binding_status(Status(status), Flags(flags), has_client);
        assert_eq!(found, expected, "{status:#x} {flags} {has_client}");
    }
}

#[test]
fn what_we_say_of_a_status_is_understood_as_that_status() {
    for ownership in [Ownership::AsCaptured, Ownership::AsDocumented] {
        let settings = Settings { ownership, ..Settings::DEFAULT };
        for status in (0..=9).map(BindingStatus) {
            let said = settings.status_and_flags(status);
            let free = [BindingStatus::FREE, BindingStatus::BACKUP].contains(&status);
            match said {
                Some((number, flags)) => {
                    assert_eq!(settings.binding_status(number, flags, !free), status);
                }
                None => assert!(status == BindingStatus::RESET || !status.is_known()),
            }
        }
    }
}

#[test]
fn every_state_number_has_its_own_counterpart() {
    for state_numbers in [StateNumbers::FsmState, StateNumbers::Draft] {
        let settings = Settings { state_numbers, ..Settings::DEFAULT };
        for number in 0..=255 {
            assert_eq!(settings.state_number(settings.server_state(number)), number);
        }
    }
    assert_eq!(Settings::DEFAULT.server_state(10), ServerState::RECOVER_WAIT);
    assert_eq!(Settings::DEFAULT.state_number(ServerState::CONFLICT_DONE), 7);
    // INIT is no state of the draft.
    assert!(!Settings::DEFAULT.server_state(1).is_known());
}

#[test]
fn windows_is_not_sent_what_it_does_not_know() {
    let refused = |message| match refusal(message) {
        EncodeError::Refused { option, .. } => option,
        other => panic!("{other}"),
    };
    let state = |server_state| {
        Message::State(State {
            server_state,
            server_flags: ServerFlags::NONE,
            start_time_of_state: 0,
        })
    };
    for unknown in [ServerState(12), ServerState::PAUSED, ServerState::SHUTDOWN] {
        assert_eq!(refused(state(unknown)), OptionCode::SERVER_STATE);
    }
    let connect = Connect { relationship_name: b"a".to_vec(), ..Connect::default() };
    let tls = Connect { tls_request: Some(0), ..connect.clone() };
    assert_eq!(refused(Message::Connect(tls)), OptionCode::TLS_REQUEST);
    let name = Connect { relationship_name: vec![0xff], ..connect };
    assert_eq!(refused(Message::Connect(name)), OptionCode::RELATIONSHIP_NAME);
    for message in [
        Message::PoolReq,
        Message::PoolResp(PoolResp { addresses_transferred: 1 }),
        Message::Disconnect(Disconnect { reject_reason: RejectReason::NO_TRAFFIC, message: None }),
    ] {
        let message_type = message.message_type();
        match refusal(message) {
            EncodeError::RefusedMessage { message_type: found, dialect: W, .. } => {
                assert_eq!(found, message_type);
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn an_update_for_windows_agrees_with_itself() {
    let mask = [255, 255, 255, 0].into();
    let free = BindingUpdate::new([192, 0, 2, 1].into(), BindingStatus::FREE);
    let missing = refusal(Message::BndUpd(vec![free.clone()]));
    assert!(matches!(missing, EncodeError::Missing { option: OptionCode::CLIENT_SUBNET_MASK, .. }));
    let with = |status, change: fn(&mut BindingUpdate)| {
        let windows = Binding::new(BindingStatus::FREE, Settings::DEFAULT, mask).map(Box::new);
        let mut update = BindingUpdate { status, windows, ..free.clone() };
        change(&mut update);
        encode(&packet(Message::BndUpd(vec![update])), W, &mut Vec::new())
    };
    assert_eq!(with(BindingStatus::FREE, |_| {}), Ok(()));
    let refused = |result| match result {
        Err(EncodeError::Refused { option, .. }) => option,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(with(BindingStatus::BACKUP, |_| {})), OptionCode::BINDING_STATUS);
    let reserved = with(BindingStatus::FREE, |update| {
        update.ip_flags = dhcp_failover_wire::IpFlags::RESERVED;
    });
    assert_eq!(refused(reserved), OptionCode::IP_FLAGS);
    let scope = with(BindingStatus::FREE, |update| {
        update.windows.as_mut().unwrap().scope_id = Some([192, 0, 2, 0].into());
    });
    assert_eq!(refused(scope), OptionCode::CLIENT_HARDWARE_ADDRESS);

    // The other dialects have no place for it.
    let windows = Binding::new(BindingStatus::FREE, Settings::DEFAULT, mask).map(Box::new);
    let update = packet(Message::BndUpd(vec![BindingUpdate { windows, ..free.clone() }]));
    for dialect in [Dialect::Draft12, Dialect::IscDhcpd] {
        assert!(encode(&update, dialect, &mut Vec::new()).is_err());
    }
}

#[test]
fn no_more_bindings_go_into_one_message_than_configured() {
    let mask = [255, 255, 255, 0].into();
    let update = BindingUpdate {
        windows: Binding::new(BindingStatus::FREE, Settings::DEFAULT, mask).map(Box::new),
        ..BindingUpdate::new([192, 0, 2, 1].into(), BindingStatus::FREE)
    };
    for (max_bindings, allowed) in [(0, 1), (1, 1), (16, 16), (200, 16)] {
        let dialect = Dialect::Microsoft(Settings { max_bindings, ..Settings::DEFAULT });
        let send = |count| {
            let message = Message::BndUpd(vec![update.clone(); count]);
            encode(&packet(message), dialect, &mut Vec::new())
        };
        assert_eq!(send(allowed), Ok(()));
        assert!(matches!(send(allowed + 1), Err(EncodeError::Refused { .. })));
        assert_eq!(dialect.max_bindings(), allowed);
    }
}

#[test]
fn a_nap_status_of_four_bytes_is_read_too() {
    let read = |value: &str| {
        let options = format!("0002 0004 c0000201  0003 0001 01  0025 {value}");
        decode(&frame(3, 8, &options), W).map(|packet| match packet.message {
            Message::BndUpd(updates) => updates[0].windows.as_ref().unwrap().nap_status,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(read("0001 02"), Ok(Some(2)));
    assert_eq!(read("0004 00000002"), Ok(Some(2)));
    assert_eq!(read("0004 02000000"), Ok(Some(2)));
    let option = OptionCode::CLIENT_NAP_STATUS;
    assert_eq!(read("0004 00000200"), Err(DecodeError::OptionValue { option, offset: 25 }));
    let length = DecodeError::OptionLength { option, offset: 25, expected: 1, found: 2 };
    assert_eq!(read("0002 0002"), Err(length));
    // And written where so configured.
    let wide = Dialect::Microsoft(Settings { wide_nap_status: true, ..Settings::DEFAULT });
    let options = "0002 0004 c0000201  0003 0001 01  0025 0001 03";
    let packet = decode(&frame(3, 8, options), wide).unwrap();
    assert!(encoded(&packet, wide).ends_with(&hex("0025 0004 00000003")));
}

#[test]
fn names_that_are_not_utf_16_are_refused_and_client_names_are_not() {
    let connect = |name: &str| decode(&frame(5, 8, &format!("{name} 0014 0001 01")), W);
    let option = OptionCode::RELATIONSHIP_NAME;
    for broken in ["0016 0003 610061", "0016 0002 00d8"] {
        let error = connect(broken).unwrap_err();
        assert_eq!(error, DecodeError::OptionValue { option, offset: 12 });
        assert_eq!(reject_reason(error), RejectReason::INVALID_PARTNER);
    }
    // A host name is whatever the client sent.
    let options = "0002 0004 c0000201  0003 0001 01  001f 0005 6100 00d8 62";
    let packet = decode(&frame(3, 8, options), W).unwrap();
    let Message::BndUpd(updates) = packet.message else { panic!("a BNDUPD") };
    let name = updates[0].windows.as_ref().unwrap().client_name.clone().unwrap();
    assert_eq!(name.to_string(), "a\u{fffd}\u{fffd}");
    assert_eq!(name.as_bytes(), hex("6100 00d8 62"));
    assert_eq!(Text::new("\u{1f600}").to_string(), "\u{1f600}");
}

#[test]
fn a_reject_text_is_written_as_configured() {
    let settings = Settings { reject_text: RejectText::Utf16, ..Settings::DEFAULT };
    let ack = dhcp_failover_wire::BindingAck::reject(
        [192, 0, 2, 1].into(),
        RejectReason::FATAL_CONFLICT,
        Some("no".into()),
    );
    let packet = packet(Message::BndAck(vec![ack]));
    for (dialect, text) in [(W, "6e6f"), (Dialect::Microsoft(settings), "6e006f00")] {
        let frame = encoded(&packet, dialect);
        assert!(frame.ends_with(&hex(text)), "{frame:02x?}");
        assert_eq!(decode(&frame, dialect).as_ref(), Ok(&packet));
    }
}

#[test]
fn scope_ids_come_in_fours() {
    let error = decode(&frame(9, 8, "001e 0005 0000000000"), W).unwrap_err();
    let option = OptionCode::SCOPE_ID_LIST;
    assert_eq!(error, DecodeError::OptionLength { option, offset: 12, expected: 8, found: 5 });
    // To the others option 30 is an unknown one: skipped, and free to come twice.
    for dialect in [Dialect::Draft12, Dialect::IscDhcpd] {
        let twice = frame(9, 12, "001e 0001 00  001e 0000");
        assert!(decode(&twice, dialect).is_ok());
        assert!(matches!(decode(&twice, W), Err(DecodeError::OptionLength { .. })));
    }
}

#[test]
fn an_update_deleted_while_apart_may_lack_what_is_mandatory() {
    let options = "0002 0004 c0000201  0003 0001 01  000c 0001 05";
    let packet = decode(&frame(3, 8, options), W).unwrap();
    let Message::BndUpd(updates) = packet.message else { panic!("a BNDUPD") };
    let windows = updates[0].windows.as_ref().unwrap();
    assert!(windows.flags.contains(Flags::DELETED_COMM_DOWN));
    // The rules as such still name what is missing; the receiver does not ask them.
    let violation = rules::check(W, Part::Update(BindingStatus::ACTIVE), updates[0].options());
    assert!(matches!(violation, Err(Violation::Missing { .. })));
}
