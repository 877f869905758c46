//! Messages a peer might send, sensible and not.

use super::{Choices, POOL, secret};
use dhcp_failover_lease::Role;
use dhcp_failover_wire::{
    BindingAck, BindingStatus, BindingUpdate, Connect, ConnectAck, Dialect, Disconnect,
    HardwareAddress, IpFlags, Message, Packet, PoolResp, Reject, RejectReason, ServerFlags,
    ServerState, State, UpdReq, digest, encode,
};
use std::net::Ipv4Addr;

pub(super) struct Craft {
    signs: bool,
    next_xid: u32,
}

impl Craft {
    pub(super) fn new(signs: bool) -> Self {
        Self { signs, next_xid: 1 }
    }

    /// A message of any type with any contents, and whether it could be written at all.
    pub(super) fn message(&mut self, choices: &mut Choices<'_>, wall_s: u64) -> (Vec<u8>, bool) {
        let message = any(choices);
        // Answers need the number of the request; the endpoint counts from 1 on each connection.
        let answer = matches!(
            message,
            Message::BndAck(_) | Message::UpdDone | Message::PoolResp(_) | Message::ConnectAck(_)
        );
        let xid = if answer { u32::from(choices.below(24)) } else { self.take_xid() };
        let skewed = choices.below(8) == 0;
        let time = if skewed { choices.word() } else { seconds(wall_s) };
        let unsigned = choices.below(64) == 0;
        self.write(xid, time, message, self.signs && !unsigned)
    }

    /// An update that can be taken, and changes something each time.
    pub(super) fn any_update(&mut self, number: u32, wall_s: u64) -> Vec<u8> {
        let mut update = BindingUpdate::new(Ipv4Addr::new(192, 0, 2, 1), BindingStatus::ACTIVE);
        let now = seconds(wall_s).saturating_add(number);
        update.client_hardware_address =
            Some(HardwareAddress { htype: 1, bytes: vec![2, 0, 0, 0, 0, 1] });
        update.lease_expiration_time = Some(now.saturating_add(60));
        update.potential_expiration_time = Some(now.saturating_add(90));
        update.start_time_of_state = Some(now);
        update.client_last_transaction_time = Some(now);
        let xid = self.take_xid();
        self.write(xid, now, Message::BndUpd(vec![update]), self.signs).0
    }

    fn take_xid(&mut self) -> u32 {
        self.next_xid = self.next_xid.wrapping_add(1);
        self.next_xid
    }

    fn write(&self, xid: u32, time: u32, message: Message, signed: bool) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        let written = encode(&Packet { time, xid, message }, Dialect::Draft12, &mut bytes).is_ok();
        if signed {
            let _ = digest::sign(&mut bytes, &secret());
        }
        (bytes, written)
    }

    /// CONNECT or CONNECTACK and STATE, as the honest partner of a server of this role.
    pub(super) fn handshake(
        &mut self,
        role: Role,
        mclt: u32,
        state: u8,
        wall_s: u64,
    ) -> [Vec<u8>; 2] {
        let (name, time) = (b"pair".to_vec(), seconds(wall_s));
        let first = match role {
            Role::Secondary => {
                let connect = Connect {
                    relationship_name: name,
                    max_unacked_bndupd: Some(3),
                    receive_timer: Some(20),
                    vendor_class_identifier: Some(b"dhcp-failover".to_vec()),
                    protocol_version: 1,
                    tls_request: Some(0),
                    mclt: Some(mclt),
                    hash_buckets: Some([0x55; 32]),
                    ..Connect::default()
                };
                let xid = self.take_xid();
                self.write(xid, time, Message::Connect(connect), self.signs)
            }
            Role::Primary => {
                let ack = ConnectAck {
                    relationship_name: name,
                    max_unacked_bndupd: Some(3),
                    receive_timer: Some(20),
                    protocol_version: 1,
                    tls_reply: Some(0),
                    ..ConnectAck::default()
                };
                self.write(1, time, Message::ConnectAck(ack), self.signs)
            }
        };
        let xid = self.take_xid();
        let state = self.write(xid, time, Message::State(own_state(state, time)), self.signs);
        [first.0, state.0]
    }
}

fn own_state(choice: u8, since: u32) -> State {
    let numbers = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 254, 1];
    let number = numbers[usize::from(choice >> 1) % numbers.len()];
    let flags = if choice & 1 == 0 { ServerFlags::NONE } else { ServerFlags::STARTUP };
    State { server_state: ServerState(number), server_flags: flags, start_time_of_state: since }
}

fn seconds(wall_s: u64) -> u32 {
    u32::try_from(wall_s).unwrap_or(u32::MAX)
}

fn any(choices: &mut Choices<'_>) -> Message {
    match choices.below(40) {
        0 => Message::PoolReq,
        1 => Message::PoolResp(PoolResp { addresses_transferred: choices.word() }),
        2..=6 | 20..=29 => Message::BndUpd(vec![update(choices)]),
        7..=9 | 30..=36 => Message::BndAck(vec![ack(choices)]),
        10 => Message::Connect(connect(choices)),
        11 => Message::ConnectAck(connect_ack(choices)),
        12 => Message::UpdReqAll,
        13 => Message::UpdDone,
        14 => Message::UpdReq(UpdReq::default()),
        15..=17 => {
            let (choice, since) = (choices.byte(), time(choices));
            let mut state = own_state(choice, since);
            if choices.below(16) == 0 {
                state.server_state = ServerState(choices.byte());
            }
            Message::State(state)
        }
        18 | 37..=38 => Message::Contact,
        _ => Message::Disconnect(Disconnect {
            reject_reason: RejectReason(choices.byte()),
            message: (choices.below(2) == 0).then(|| "enough".to_owned()),
        }),
    }
}

/// Somewhere near the present of a run, or anywhere.
fn time(choices: &mut Choices<'_>) -> u32 {
    match choices.below(4) {
        0 => choices.word(),
        _ => 1_700_000_000 + u32::from(choices.byte()) * 60,
    }
}

fn address(choices: &mut Choices<'_>) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, choices.below(POOL + 2))
}

fn update(choices: &mut Choices<'_>) -> BindingUpdate {
    let (address, status) = (address(choices), choices.below(9));
    let mut update = BindingUpdate::new(address, BindingStatus(status));
    let has = choices.byte();
    if has & 1 == 0 {
        let bytes = vec![2, 0, 0, 0, 0, choices.below(4)];
        update.client_hardware_address = Some(HardwareAddress { htype: 1, bytes });
    }
    if has & 2 != 0 {
        let long = choices.below(16) == 0;
        let length = if long { 300 } else { usize::from(choices.below(12)) };
        update.client_identifier = Some(choices.take(length));
    }
    update.lease_expiration_time = (has & 4 == 0).then(|| time(choices));
    update.potential_expiration_time = (has & 8 == 0).then(|| time(choices));
    update.start_time_of_state = (has & 16 == 0).then(|| time(choices));
    update.client_last_transaction_time = (has & 32 == 0).then(|| time(choices));
    if has & 64 != 0 {
        update.ip_flags = IpFlags::RESERVED;
    }
    if has & 128 != 0 {
        let length = usize::from(choices.below(24));
        update.client_request_options = Some(choices.take(length));
    }
    update
}

fn ack(choices: &mut Choices<'_>) -> BindingAck {
    let address = address(choices);
    match choices.below(3) {
        0 => BindingAck::reject(address, RejectReason(choices.byte()), Some("no".to_owned())),
        _ => BindingAck::accept(address),
    }
}

fn connect(choices: &mut Choices<'_>) -> Connect {
    let odd = choices.byte();
    Connect {
        relationship_name: if odd & 1 == 0 { b"pair".to_vec() } else { choices.take(8) },
        max_unacked_bndupd: (odd & 2 == 0).then(|| choices.word()),
        receive_timer: (odd & 4 == 0).then(|| choices.word()),
        vendor_class_identifier: (odd & 8 == 0).then(|| choices.take(4)),
        protocol_version: if odd & 16 == 0 { 1 } else { choices.byte() },
        tls_request: (odd & 32 == 0).then(|| choices.below(4)),
        mclt: (odd & 64 == 0).then(|| u32::from(choices.byte()) * 16),
        hash_buckets: (odd & 128 == 0).then_some([choices.byte(); 32]),
        vendor_specific: Some(choices.take(6)),
        ..Connect::default()
    }
}

fn connect_ack(choices: &mut Choices<'_>) -> ConnectAck {
    let odd = choices.byte();
    ConnectAck {
        relationship_name: if odd & 1 == 0 { b"pair".to_vec() } else { choices.take(8) },
        max_unacked_bndupd: (odd & 2 == 0).then(|| choices.word()),
        receive_timer: (odd & 4 == 0).then(|| choices.word()),
        vendor_class_identifier: None,
        protocol_version: if odd & 8 == 0 { 1 } else { choices.byte() },
        tls_reply: (odd & 16 == 0).then_some(0),
        reject: (odd & 32 != 0)
            .then(|| Reject { reason: RejectReason(choices.byte()), message: None }),
        vendor_specific: Some(choices.take(6)),
    }
}

/// Changes some bytes, cuts some off, or puts some in.
pub(super) fn mutate(bytes: &mut Vec<u8>, choices: &mut Choices<'_>) {
    for _ in 0..choices.below(4) {
        let at = usize::from(choices.byte()).checked_rem(bytes.len()).unwrap_or(0);
        match choices.below(4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, choices.byte()),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = choices.byte();
                }
            }
        }
    }
    // The framer of a driver hands over whole messages only, of the length they say.
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    if let Some(field) = bytes.first_chunk_mut() {
        *field = length.to_be_bytes();
    }
}
