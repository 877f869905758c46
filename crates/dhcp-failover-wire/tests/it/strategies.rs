//! Generated messages.

use dhcp_failover_wire::{
    BindingAck, BindingStatus, BindingUpdate, Connect, ConnectAck, Disconnect, HardwareAddress,
    IpFlags, Message, Packet, PoolResp, Reject, RejectReason, ServerFlags, ServerState, State,
    UpdReq,
    windows::{
        self, ClientType, Declined, Flags, Ownership, RejectText, Settings, StateNumbers, Status,
        Text,
    },
};
use proptest::{collection::vec, option, prelude::*};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..20)
}

prop_compose! {
    fn hardware()(htype: u8, bytes in bytes()) -> HardwareAddress {
        HardwareAddress { htype, bytes }
    }
}

prop_compose! {
    pub(crate) fn update()(
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
        Just(Message::UpdReq(UpdReq::default())),
        state.prop_map(Message::State),
        Just(Message::Contact),
        reject().prop_map(|Reject { reason, message }| {
            Message::Disconnect(Disconnect { reject_reason: reason, message })
        }),
    ]
}

prop_compose! {
    pub(crate) fn packet()(time: u32, xid: u32, message in message()) -> Packet {
        Packet { time, xid, message }
    }
}

/// A header that holds, over options that mostly do.
pub(crate) fn nearly_a_message() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![vec(any::<u8>(), 1), vec(any::<u8>(), 4), vec(any::<u8>(), 0..6)];
    let option = (0..44_u16, value);
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

pub(crate) fn settings() -> impl Strategy<Value = Settings> {
    let choice = any::<bool>;
    (choice(), choice(), choice(), choice(), choice(), 0..20_u8, choice()).prop_map(
        |(ownership, states, declined, text, set_buckets_are_primarys, max_bindings, wide)| {
            let either = |second: bool, a, b| if second { b } else { a };
            Settings {
                ownership: either(ownership, Ownership::AsCaptured, Ownership::AsDocumented),
                state_numbers: if states { StateNumbers::Draft } else { StateNumbers::FsmState },
                declined: if declined { Declined::Expired } else { Declined::Abandoned },
                reject_text: if text { RejectText::Utf16 } else { RejectText::Utf8 },
                set_buckets_are_primarys,
                max_bindings,
                wide_nap_status: wide,
            }
        },
    )
}

fn text() -> impl Strategy<Value = Option<Text>> {
    option::of(bytes().prop_map(Text::from_bytes))
}

prop_compose! {
    fn windows_binding()(
        status: u8,
        flags: u8,
        scope_id: [u8; 4],
        texts in [text(), text(), text(), text()],
        addresses: [Option<[u8; 4]>; 2],
        small: [Option<u8>; 3],
        large: [Option<u32>; 2],
    ) -> windows::Binding {
        let [client_name, client_description, server_name, matched_policy] = texts;
        windows::Binding {
            status: Status(status),
            flags: Flags(flags),
            scope_id: Some(scope_id.into()),
            client_name,
            client_description,
            subnet_mask: addresses[0].map(Into::into),
            server_ip_address: addresses[1].map(Into::into),
            server_name,
            client_type: small[0].map(ClientType),
            nap_status: small[1],
            nap_probation: large[0],
            nap_capable: small[2],
            matched_policy,
            extended_address_state: large[1],
        }
    }
}

/// An update with its Windows part in agreement.
fn windows_update(settings: Settings) -> impl Strategy<Value = BindingUpdate> {
    (update(), windows_binding()).prop_map(move |(mut update, mut binding)| {
        let has_client = update.client_hardware_address.is_some();
        if !has_client {
            binding.scope_id = None;
        }
        update.ip_flags = IpFlags::NONE;
        update.status = settings.binding_status(binding.status, binding.flags, has_client);
        update.windows = Some(Box::new(binding));
        update
    })
}

/// A message Windows can be sent, with the settings it is written by.
pub(crate) fn windows_packet() -> impl Strategy<Value = (Settings, Packet)> {
    settings().prop_flat_map(|settings| {
        let most = usize::from(settings.max_bindings.clamp(1, 16)).min(4);
        let requests = vec(any::<[u8; 4]>(), 0..4).prop_map(|ids| {
            Message::UpdReq(UpdReq { scope_ids: ids.into_iter().map(Into::into).collect() })
        });
        let state = (2..=11_u8, any::<(u8, u32)>()).prop_map(move |(number, (flags, since))| {
            let server_state = Settings::DEFAULT.server_state(number);
            let server_flags = ServerFlags(flags);
            Message::State(State { server_state, server_flags, start_time_of_state: since })
        });
        let connect = (connect(), "[a-zA-Z\u{e0}-\u{fc}]{1,12}").prop_map(|(connect, name)| {
            Message::Connect(Connect {
                relationship_name: name.clone().into_bytes(),
                vendor_class_identifier: connect.vendor_class_identifier.map(|_| name.into()),
                tls_request: None,
                ..connect
            })
        });
        let message = prop_oneof![
            vec(windows_update(settings), 1..=most).prop_map(Message::BndUpd),
            vec(ack(), 1..5).prop_map(Message::BndAck),
            connect,
            Just(Message::UpdReqAll),
            Just(Message::UpdDone),
            requests,
            state,
            Just(Message::Contact),
        ];
        (Just(settings), any::<(u32, u32)>(), message)
            .prop_map(|(settings, (time, xid), message)| (settings, Packet { time, xid, message }))
    })
}
