//! What is written for Windows and what is not, and what is read beside the captured messages.

use dhcp_failover_wire::{
    BindingAck, BindingStatus, BindingUpdate, Connect, DecodeError, Dialect, Disconnect,
    EncodeError, IpFlags, Message, OptionCode, Packet, PoolResp, RejectReason, ServerFlags,
    ServerState, State, decode, encode, reject_reason,
    windows::{Binding, RejectText, Settings, Text},
};

use super::W;
use crate::support::{encoded, frame, hex};

fn packet(message: Message) -> Packet {
    Packet { time: 0x6500_0000, xid: 7, message }
}

fn refusal(message: Message) -> EncodeError {
    encode(&packet(message), W, &mut Vec::new()).unwrap_err()
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
        update.ip_flags = IpFlags::RESERVED;
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
    let ack =
        BindingAck::reject([192, 0, 2, 1].into(), RejectReason::FATAL_CONFLICT, Some("no".into()));
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
