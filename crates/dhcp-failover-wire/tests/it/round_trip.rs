//! Every message there and back, and what a dialect refuses to send.

use dhcp_failover_wire::{
    BindingAck, BindingStatus, BindingUpdate, Connect, ConnectAck, Dialect, Disconnect,
    EncodeError, HardwareAddress, IpFlags, MAX_MESSAGE_LEN, Message, MessageLimit, MessageType,
    OptionCode, Packet, PoolResp, RawMessage, Reject, RejectReason, ServerFlags, ServerState,
    State, UpdReq, decode, encode,
};

use crate::support::{encoded, frame};

const TYPED: [Dialect; 2] = [Dialect::Draft12, Dialect::IscDhcpd];

fn full_update() -> BindingUpdate {
    BindingUpdate {
        client_identifier: Some(b"\x01\x02\x00\x00\x00\x00\x07".to_vec()),
        client_hardware_address: Some(HardwareAddress { htype: 1, bytes: vec![2, 0, 0, 0, 0, 7] }),
        lease_expiration_time: Some(1_700_003_600),
        potential_expiration_time: Some(u32::MAX),
        start_time_of_state: Some(0),
        client_last_transaction_time: Some(1_700_000_000),
        ip_flags: IpFlags::RESERVED.union(IpFlags::BOOTP),
        client_request_options: Some(b"\x63\x82\x53\x63\x0c\x01h".to_vec()),
        client_reply_options: Some(b"\x63\x82\x53\x63".to_vec()),
        ..BindingUpdate::new([192, 0, 2, 7].into(), BindingStatus::ACTIVE)
    }
}

fn full_connect() -> Connect {
    Connect {
        relationship_name: b"east-west".to_vec(),
        max_unacked_bndupd: Some(10),
        receive_timer: Some(60),
        vendor_class_identifier: Some(b"isc-4.4.3".to_vec()),
        protocol_version: 1,
        tls_request: Some(0),
        mclt: Some(3600),
        hash_buckets: Some([0xa5; 32]),
        delayed_service_parameter: Some(3),
        vendor_specific: Some(vec![0, 1, 0, 0]),
    }
}

fn messages() -> Vec<Message> {
    let reject = Reject { reason: RejectReason::INVALID_PARTNER, message: Some("who?".into()) };
    vec![
        Message::PoolReq,
        Message::PoolResp(PoolResp { addresses_transferred: 12 }),
        Message::BndUpd(vec![BindingUpdate::new([192, 0, 2, 1].into(), BindingStatus::FREE)]),
        Message::BndUpd(vec![full_update()]),
        Message::BndAck(vec![BindingAck::accept([192, 0, 2, 1].into())]),
        Message::BndAck(vec![BindingAck::reject(
            [192, 0, 2, 1].into(),
            RejectReason::FATAL_CONFLICT,
            None,
        )]),
        Message::Connect(full_connect()),
        Message::Connect(Connect {
            relationship_name: b"x".to_vec(),
            protocol_version: 1,
            ..Connect::default()
        }),
        Message::ConnectAck(ConnectAck {
            relationship_name: b"east-west".to_vec(),
            max_unacked_bndupd: Some(10),
            receive_timer: Some(60),
            vendor_class_identifier: Some(b"v".to_vec()),
            protocol_version: 1,
            tls_reply: Some(0),
            reject: None,
            vendor_specific: None,
        }),
        Message::ConnectAck(ConnectAck {
            protocol_version: 1,
            reject: Some(reject),
            ..ConnectAck::default()
        }),
        Message::UpdReqAll,
        Message::UpdDone,
        Message::UpdReq(UpdReq::default()),
        Message::State(State {
            server_state: ServerState::RECOVER_WAIT,
            server_flags: ServerFlags::STARTUP,
            start_time_of_state: 1_700_000_000,
        }),
        Message::Contact,
        Message::Disconnect(Disconnect {
            reject_reason: RejectReason::NO_TRAFFIC,
            message: Some("silent for 60 s: größer als erlaubt".into()),
        }),
    ]
}

fn packet(message: Message) -> Packet {
    Packet { time: 0x6500_0000, xid: 7, message }
}

#[test]
fn every_message_survives_encoding_in_every_typed_dialect() {
    for dialect in TYPED {
        for message in messages() {
            let packet = packet(message);
            let frame = encoded(&packet, dialect);
            assert_eq!(frame[3], 12, "payload offset");
            assert_eq!(decode(&frame, dialect), Ok(packet));
        }
    }
}

#[test]
fn several_bindings_travel_in_one_draft_message() {
    // draft-12 §6.3.
    let ddns = BindingUpdate { ddns: Some(vec![0, 3, 1, b'h', 0]), ..full_update() };
    let plain = BindingUpdate::new([192, 0, 2, 1].into(), BindingStatus::BACKUP);
    let updates = packet(Message::BndUpd(vec![ddns, plain, full_update()]));
    assert_eq!(decode(&encoded(&updates, Dialect::Draft12), Dialect::Draft12), Ok(updates));

    let acks = packet(Message::BndAck(vec![
        BindingAck::accept([192, 0, 2, 1].into()),
        BindingAck::reject([192, 0, 2, 2].into(), RejectReason(77), Some("no".into())),
        BindingAck::accept([192, 0, 2, 3].into()),
    ]));
    assert_eq!(decode(&encoded(&acks, Dialect::Draft12), Dialect::Draft12), Ok(acks));
}

fn refusal(message: Message) -> EncodeError {
    let mut out = vec![1, 2, 3];
    let error = encode(&packet(message), Dialect::IscDhcpd, &mut out).unwrap_err();
    assert_eq!(out, [1, 2, 3], "a refused message leaves no trace");
    error
}

#[test]
fn dhcpd_is_not_sent_what_it_dies_of() {
    let free = BindingUpdate::new([192, 0, 2, 1].into(), BindingStatus::FREE);
    let refused = |message| match refusal(message) {
        EncodeError::Refused { dialect: Dialect::IscDhcpd, option, .. } => option,
        other => panic!("{other}"),
    };
    let batch = Message::BndUpd(vec![free.clone(), free.clone()]);
    assert_eq!(refused(batch), OptionCode::ASSIGNED_IP_ADDRESS);
    let acks = vec![BindingAck::accept(free.address); 2];
    assert_eq!(refused(Message::BndAck(acks)), OptionCode::ASSIGNED_IP_ADDRESS);
    let ddns = BindingUpdate { ddns: Some(vec![0, 0]), ..free.clone() };
    assert_eq!(refused(Message::BndUpd(vec![ddns])), OptionCode::DDNS);
    for status in [0, 8, 255] {
        let update = BindingUpdate { status: BindingStatus(status), ..free.clone() };
        assert_eq!(refused(Message::BndUpd(vec![update])), OptionCode::BINDING_STATUS);
    }
    let state = State {
        server_state: ServerState(12),
        server_flags: ServerFlags::NONE,
        start_time_of_state: 0,
    };
    assert_eq!(refused(Message::State(state)), OptionCode::SERVER_STATE);
}

#[test]
fn an_empty_list_of_bindings_or_name_is_not_sent() {
    let missing = |message_type, option| EncodeError::Missing { message_type, option };
    assert_eq!(
        refusal(Message::BndUpd(vec![])),
        missing(MessageType::BNDUPD, OptionCode::ASSIGNED_IP_ADDRESS)
    );
    assert_eq!(
        refusal(Message::BndAck(vec![])),
        missing(MessageType::BNDACK, OptionCode::ASSIGNED_IP_ADDRESS)
    );
    assert_eq!(
        refusal(Message::Connect(Connect::default())),
        missing(MessageType::CONNECT, OptionCode::RELATIONSHIP_NAME)
    );
}

#[test]
fn a_message_may_be_as_long_as_the_limit_and_no_longer() {
    let update = |bytes| {
        let id = Some(vec![7; bytes]);
        let update = BindingUpdate::new([192, 0, 2, 1].into(), BindingStatus::ACTIVE);
        Message::BndUpd(vec![BindingUpdate { client_identifier: id, ..update }])
    };
    // Header 12, address 8, status 5, option header 4.
    let largest = MAX_MESSAGE_LEN - 29;
    let limit = MessageLimit::DRAFT;
    let frame = encoded(&packet(update(largest)), Dialect::IscDhcpd);
    assert_eq!(frame.len(), MAX_MESSAGE_LEN);
    assert!(decode(&frame, Dialect::IscDhcpd).is_ok());
    assert_eq!(refusal(update(largest + 1)), EncodeError::TooLong { length: 2049, limit });
    assert_eq!(refusal(update(70_000)), EncodeError::TooLong { length: 70_000, limit });
}

#[test]
fn the_order_of_options_does_not_matter_to_dhcpd() {
    let options = "0003 0001 02  0002 0004 c0000201  000d 0004 00000005";
    let Message::BndUpd(updates) =
        decode(&frame(3, 12, options), Dialect::IscDhcpd).unwrap().message
    else {
        panic!("a BNDUPD");
    };
    let expected = BindingUpdate {
        lease_expiration_time: Some(5),
        ..BindingUpdate::new([192, 0, 2, 1].into(), BindingStatus::ACTIVE)
    };
    assert_eq!(updates, [expected]);
}

#[test]
fn what_dhcpd_calls_ddns_is_not_read() {
    // It declares the option with no length, so what stands there is not the draft's.
    let options = "0002 0004 c0000201  0003 0001 02  0009 0003 000100";
    let ddns = |dialect| match decode(&frame(3, 12, options), dialect).unwrap().message {
        Message::BndUpd(mut updates) => updates.remove(0).ddns,
        other => panic!("{other:?}"),
    };
    assert_eq!(ddns(Dialect::IscDhcpd), None);
    assert_eq!(ddns(Dialect::Draft12), Some(vec![0, 1, 0]));
}

#[test]
fn a_view_is_shown_with_its_options() {
    let bytes = frame(11, 12, "0010 0002 6869");
    let shown = format!("{:?}", RawMessage::parse(&bytes).unwrap());
    assert_eq!(
        shown,
        "RawMessage { header: Header { length: 18, message_type: CONTACT, payload_offset: 12, \
         time: 1694498816, xid: 7 }, options: [RawOption { code: message, value: [104, 105], \
         offset: 12 }] }"
    );
}

#[test]
fn names_are_printed_and_numbers_without_one_kept() {
    assert_eq!(MessageType::BNDUPD.to_string(), "BNDUPD");
    assert_eq!(
        format!("{:?} {:?}", MessageType(77), ServerState::NORMAL),
        "MessageType(77) NORMAL"
    );
    assert_eq!(format!("{:>8}|{}", BindingStatus::FREE, BindingStatus(9)), "    FREE|9");
    assert_eq!(IpFlags(0b111).to_string(), "RESERVED|BOOTP|0x4");
    assert_eq!(ServerFlags::NONE.to_string(), "0x0");
    assert_eq!(u16::from(OptionCode::from(30)), 30);
    assert!(!OptionCode(42).is_known() && OptionCode(41).is_known() && !OptionCode(0).is_known());
    let reasons = (0..=255).map(RejectReason).filter(|reason| reason.is_known()).count();
    assert_eq!(reasons, 22);
}

#[test]
fn the_answer_to_the_fullest_update_fits_without_texts() {
    // draft-12 §6.3: every BNDACK answers all bindings of its BNDUPD.
    let update = BindingUpdate::new([192, 0, 2, 1].into(), BindingStatus::FREE);
    let most = (MAX_MESSAGE_LEN - 12) / 13;
    let updates = |count| Message::BndUpd(vec![update.clone(); count]);
    let mut out = Vec::new();
    assert!(encode(&packet(updates(most + 1)), Dialect::Draft12, &mut out).is_err());
    assert_eq!(encode(&packet(updates(most)), Dialect::Draft12, &mut out), Ok(()));

    let reason = RejectReason::ILLEGAL_IP_ADDRESS;
    let ack = BindingAck::reject(update.address, reason, Some("not ours".into()));
    let mut answer = packet(Message::BndAck(vec![ack; most]));
    let mut out = Vec::new();
    let error = encode(&answer, Dialect::Draft12, &mut out);
    assert!(matches!(error, Err(EncodeError::TooLong { .. })));
    answer.message.drop_texts();
    assert_eq!(encode(&answer, Dialect::Draft12, &mut out), Ok(()));
    assert_eq!(decode(&out, Dialect::Draft12), Ok(answer));
}

#[test]
fn texts_are_dropped_from_every_message_that_has_one() {
    for mut message in messages() {
        let before = message.clone();
        message.drop_texts();
        assert_eq!(message.message_type(), before.message_type());
        assert!(!format!("{message:?}").contains("message: Some"), "{message:?}");
    }
}
