//! DHCPv4 failover messages (draft-ietf-dhc-failover-12): bytes to typed messages and back.
//!
//! Four layers, each usable alone:
//!
//! 1. **Framing**: [`frame_len`] and [`split_frame`] find messages in a TCP stream that the caller
//!    buffers as it likes; a length outside `12..=2048` is an error before any payload arrives.
//! 2. **A borrowed view**: [`RawMessage`] checks header and option structure in one pass; after
//!    that every access is infallible and allocates nothing. It serves tools that show messages.
//! 3. **Typed messages**: [`decode`] and [`encode`] with a [`Dialect`], because draft-12, ISC dhcpd
//!    and Windows differ in what the same option holds and in what may be sent at all. [`rules`]
//!    says which options a message or a binding needs; [`windows`] holds what only Windows has.
//! 4. **The message digest** ([`digest`]): signing and verifying a whole encoded message.
//!
//! Nothing here reads a clock or a socket, and no input can cause a panic or an allocation larger
//! than the input.
//!
//! ```
//! use dhcp_failover_wire::{
//!     BindingAck, Dialect, Message, Packet, decode, encode, split_frame,
//! };
//!
//! let ack = Packet {
//!     time: 1_700_000_000,
//!     xid: 7,
//!     message: Message::BndAck(vec![BindingAck::accept([192, 0, 2, 10].into())]),
//! };
//! let mut stream = Vec::new();
//! encode(&ack, Dialect::IscDhcpd, &mut stream)?;
//! stream.extend_from_slice(&[0, 12]); // the next message has only begun
//!
//! let (frame, rest) = split_frame(&stream)?.expect("a whole message");
//! assert_eq!(decode(frame, Dialect::IscDhcpd)?, ack);
//! assert_eq!(rest, [0, 12]);
//! assert_eq!(split_frame(rest)?, None);
//! # Ok::<(), dhcp_failover_wire::Error>(())
//! ```
//!
//! # Features
//!
//! `std` (default) only forwards to the dependencies; without it the crate is `no_std` with `alloc`.
#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

extern crate alloc;

#[macro_use]
mod code;

mod decode;
mod describe;
mod dialect;
pub mod digest;
mod encode;
mod error;
mod frame;
mod message;
mod option_set;
mod raw;
pub mod rules;
pub mod windows;
mod writer;

pub use code::{
    BindingStatus, IpFlags, MessageType, OptionCode, RejectReason, ServerFlags, ServerState,
};
pub use decode::decode;
pub use describe::Description;
pub use dialect::Dialect;
pub use encode::{encode, encode_within};
pub use error::{DecodeError, EncodeError, Error, reject_reason};
pub use frame::{
    FrameError, HEADER_LEN, MAX_MESSAGE_LEN, MessageLimit, frame_len, frame_len_within,
    split_frame, split_frame_within,
};
pub use message::{
    BindingAck, BindingUpdate, Connect, ConnectAck, Disconnect, HardwareAddress, Message, Packet,
    PoolResp, Reject, State, UpdReq,
};
pub use option_set::OptionSet;
pub use raw::{Header, Options, RawMessage, RawOption};
