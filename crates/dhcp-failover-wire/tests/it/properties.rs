//! Properties over generated messages and bytes. A failure prints its seed and keeps it.

use dhcp_failover_wire::{
    BindingAck, BindingStatus, BindingUpdate, Connect, ConnectAck, DecodeError, Dialect,
    Disconnect, EncodeError, HardwareAddress, IpFlags, Message, Packet, PoolResp, RawMessage,
    Reject, RejectReason, ServerFlags, ServerState, State, decode, digest, encode, split_frame,
};
use proptest::{collection::vec, option, prelude::*};

use crate::support::encoded;

const DIALECTS: [Dialect; 3] = [Dialect::Draft12, Dialect::IscDhcpd, Dialect::Microsoft];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..20)
}

prop_compose! {
    fn hardware()(htype: u8, bytes in bytes()) -> HardwareAddress {
        HardwareAddress { htype, bytes }
    }
}

prop_compose! {
    fn update()(
        address: [u8; 4],
        status: u8,
        client_identifier in option::of(bytes()),
        client_hardware_address in option::of(hardware()),
        times: [Option<u32>; 4],
        ip_flags: u16,
        embedded in [option::of(bytes()), option::of(bytes()), option::of(bytes())],
    ) -> BindingUpdate {
        let [ddns, client_request_options, client_reply_options] = embedded;
        BindingUpdate {
            client_identifier,
            client_hardware_address,
            lease_expiration_time: times[0],
            potential_expiration_time: times[1],
            start_time_of_state: times[2],
            client_last_transaction_time: times[3],
            ip_flags: IpFlags(ip_flags),
            ddns,
            client_request_options,
            client_reply_options,
            ..BindingUpdate::new(address.into(), BindingStatus(status))
        }
    }
}

prop_compose! {
    fn reject()(reason: u8, message in option::of(".{0,12}")) -> Reject {
        Reject { reason: RejectReason(reason), message }
    }
}

prop_compose! {
    fn ack()(address: [u8; 4], reject in option::of(reject())) -> BindingAck {
        BindingAck { address: address.into(), reject }
    }
}

prop_compose! {
    fn connect()(
        relationship_name in vec(any::<u8>(), 1..20),
        numbers: [Option<u32>; 3],
        vendor_class_identifier in option::of(bytes()),
        protocol_version: u8,
        small: [Option<u8>; 2],
        hash_buckets: Option<[u8; 32]>,
        vendor_specific in option::of(bytes()),
    ) -> Connect {
        Connect {
            relationship_name,
            max_unacked_bndupd: numbers[0],
            receive_timer: numbers[1],
            vendor_class_identifier,
            protocol_version,
            tls_request: small[0],
            mclt: numbers[2],
            hash_buckets,
            delayed_service_parameter: small[1],
            vendor_specific,
        }
    }
}

fn message() -> impl Strategy<Value = Message> {
    let connect_ack = (connect(), option::of(reject())).prop_map(|(connect, reject)| ConnectAck {
        relationship_name: connect.relationship_name,
        max_unacked_bndupd: connect.max_unacked_bndupd,
        receive_timer: connect.receive_timer,
        vendor_class_identifier: connect.vendor_class_identifier,
        protocol_version: connect.protocol_version,
        tls_reply: connect.tls_request,
        reject,
        vendor_specific: connect.vendor_specific,
    });
    let state = any::<(u8, u8, u32)>().prop_map(|(state, flags, start_time_of_state)| State {
        server_state: ServerState(state),
        server_flags: ServerFlags(flags),
        start_time_of_state,
    });
    prop_oneof![
        Just(Message::PoolReq),
        any::<u32>().prop_map(|addresses_transferred| {
            Message::PoolResp(PoolResp { addresses_transferred })
        }),
        vec(update(), 1..5).prop_map(Message::BndUpd),
        vec(ack(), 1..5).prop_map(Message::BndAck),
        connect().prop_map(Message::Connect),
        connect_ack.prop_map(Message::ConnectAck),
        Just(Message::UpdReqAll),
        Just(Message::UpdDone),
        Just(Message::UpdReq),
        state.prop_map(Message::State),
        Just(Message::Contact),
        reject().prop_map(|Reject { reason, message }| {
            Message::Disconnect(Disconnect { reject_reason: reason, message })
        }),
    ]
}

prop_compose! {
    fn packet()(time: u32, xid: u32, message in message()) -> Packet {
        Packet { time, xid, message }
    }
}

/// A header that holds, over options that mostly do.
fn nearly_a_message() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![vec(any::<u8>(), 1), vec(any::<u8>(), 4), vec(any::<u8>(), 0..6)];
    let option = (0..32_u16, value);
    (0..14_u8, prop_oneof![Just(8_u8), Just(12), any::<u8>()], vec(option, 0..12), bytes())
        .prop_map(|(message_type, offset, options, tail)| {
            let mut frame = vec![0, 0, message_type, offset, 0, 0, 0, 1, 0, 0, 0, 2];
            for (code, value) in options {
                frame.extend(code.to_be_bytes());
                frame.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
                frame.extend(value);
            }
            if tail.len() > 12 {
                frame.extend(tail);
            }
            let length = u16::try_from(frame.len()).unwrap();
            frame[..2].copy_from_slice(&length.to_be_bytes());
            frame
        })
}

/// What must hold for any bytes.
fn check(frame: &[u8]) {
    let raw = RawMessage::parse(frame);
    for dialect in DIALECTS {
        let decoded = decode(frame, dialect);
        match (&raw, &decoded) {
            (Err(error), _) => assert_eq!(decoded, Err(*error), "both layers refuse alike"),
            (Ok(raw), Ok(packet)) => {
                let header = raw.header();
                assert_eq!(header.message_type, packet.message.message_type());
                assert_eq!((header.time, header.xid), (packet.time, packet.xid));
                let mut out = Vec::new();
                match encode(packet, dialect, &mut out) {
                    Ok(()) => assert_eq!(decode(&out, dialect).as_ref(), Ok(packet)),
                    // Read for the endpoint to judge, never sent.
                    Err(EncodeError::Refused { .. }) => assert_eq!(dialect, Dialect::IscDhcpd),
                    Err(error) => panic!("{error} for {packet:?}"),
                }
            }
            (Ok(_), Err(DecodeError::Frame(_))) => panic!("the frame was sound"),
            (Ok(_), Err(_)) => {}
        }
    }
    for kind in [digest::DigestKind::HmacMd5, digest::DigestKind::HmacSha256] {
        assert!(digest::verify(frame, kind, b"secret").is_err());
    }
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_itself(packet in packet()) {
        let frame = encoded(&packet, Dialect::Draft12);
        prop_assert_eq!(decode(&frame, Dialect::Draft12), Ok(packet.clone()));
        let mut out = Vec::new();
        match encode(&packet, Dialect::IscDhcpd, &mut out) {
            Ok(()) => prop_assert_eq!(decode(&out, Dialect::IscDhcpd), Ok(packet)),
            Err(error) => {
                prop_assert!(matches!(error, EncodeError::Refused { .. }), "{}", error);
                prop_assert!(out.is_empty());
            }
        }
    }

    #[test]
    fn arbitrary_bytes_are_decoded_or_refused(frame in vec(any::<u8>(), 0..200)) {
        check(&frame);
    }

    #[test]
    fn nearly_sound_messages_are_decoded_or_refused(frame in nearly_a_message()) {
        check(&frame);
    }

    #[test]
    fn changed_messages_are_decoded_or_refused(
        packet in packet(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut frame = encoded(&packet, Dialect::Draft12);
        for (index, value) in changes {
            let index = index.index(frame.len());
            frame[index] = value;
        }
        check(&frame);
    }

    #[test]
    fn any_cutting_of_a_stream_gives_the_same_messages(
        packets in vec(packet(), 1..6),
        cuts in vec(1..60_usize, 1..40),
    ) {
        let frames: Vec<_> =
            packets.iter().map(|packet| encoded(packet, Dialect::Draft12)).collect();
        let stream = frames.concat();
        let (mut rest, mut buffer, mut found) = (&stream[..], Vec::new(), Vec::new());
        let mut sizes = cuts.iter().cycle();
        while !rest.is_empty() {
            let (read, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            rest = later;
            buffer.extend_from_slice(read);
            while let Some((frame, after)) = split_frame(&buffer).unwrap() {
                found.push(frame.to_vec());
                buffer = after.to_vec();
            }
        }
        prop_assert!(buffer.is_empty());
        prop_assert_eq!(found, frames);
    }
}
