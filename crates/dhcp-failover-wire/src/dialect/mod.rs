//! What differs between implementations, one file each.

mod draft12;
mod isc;
mod microsoft;

use core::fmt;

use crate::{HEADER_LEN, OptionCode, RawMessage};

/// How a peer speaks. It is a property of the peer that the operator configures or the endpoint
/// learns; nothing in a message says it outright.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// The text of draft-ietf-dhc-failover-12.
    Draft12,
    /// What ISC dhcpd 4.4 sends and accepts.
    IscDhcpd,
    /// [MS-DHCPF], Windows Server. Reserved: [`decode`](crate::decode) and
    /// [`encode`](crate::encode) refuse it for now; framing, [`RawMessage`](crate::RawMessage) and
    /// [`digest`](crate::digest) work.
    Microsoft,
}

impl Dialect {
    /// The dialect a CONNECT or CONNECTACK was written in, by what its sender calls itself: dhcpd
    /// sends `isc-` and its version, Windows `MSFT` and its version in UTF-16LE; anybody else is
    /// taken for an implementation of the draft. `None` if the message has no
    /// vendor-class-identifier, as no other message has.
    ///
    /// A guess to begin with, for `auto` in a configuration and for tools, not a proof.
    ///
    /// ```
    /// use dhcp_failover_wire::{
    ///     Connect, Dialect, Message, Packet, RawMessage, encode,
    /// };
    ///
    /// let message = Message::Connect(Connect {
    ///     relationship_name: b"east-west".to_vec(),
    ///     vendor_class_identifier: Some(b"isc-4.4.3-P1".to_vec()),
    ///     protocol_version: 1,
    ///     ..Connect::default()
    /// });
    /// let mut frame = Vec::new();
    /// encode(&Packet { time: 0, xid: 0, message }, Dialect::IscDhcpd, &mut frame)?;
    /// let raw = RawMessage::parse(&frame)?;
    /// assert_eq!(Dialect::detect(raw), Some(Dialect::IscDhcpd));
    /// # Ok::<(), dhcp_failover_wire::Error>(())
    /// ```
    #[must_use]
    pub fn detect(message: RawMessage<'_>) -> Option<Self> {
        message
            .options()
            .find(|option| option.code == OptionCode::VENDOR_CLASS_IDENTIFIER)
            .map(|option| Self::of_vendor_class(option.value))
    }

    /// The dialect of an implementation that calls itself so, by the rule of
    /// [`detect`](Self::detect).
    #[must_use]
    pub fn of_vendor_class(vendor_class_identifier: &[u8]) -> Self {
        if vendor_class_identifier.starts_with(isc::VENDOR_CLASS_PREFIX) {
            Self::IscDhcpd
        } else if vendor_class_identifier.starts_with(microsoft::VENDOR_CLASS_PREFIX) {
            Self::Microsoft
        } else {
            Self::Draft12
        }
    }

    /// Whether [`decode`](crate::decode) and [`encode`](crate::encode) know it.
    #[must_use]
    pub const fn is_supported(self) -> bool {
        self.facts().typed
    }

    /// Whether a set bit of [`hash_buckets`](crate::Connect::hash_buckets) is a bucket of the
    /// primary. In the draft it is the secondary's (§12.11); dhcpd, and Windows as far as seen,
    /// have it the other way round.
    #[must_use]
    pub const fn set_buckets_are_primarys(self) -> bool {
        self.facts().set_buckets_are_primarys
    }

    /// Whether one BNDUPD or BNDACK may carry several bindings (draft-12 §6.3).
    #[must_use]
    pub const fn batches_bindings(self) -> bool {
        self.facts().batches_bindings
    }

    pub(crate) const fn facts(self) -> &'static Facts {
        match self {
            Self::Draft12 => &draft12::FACTS,
            Self::IscDhcpd => &isc::FACTS,
            Self::Microsoft => &microsoft::FACTS,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Draft12 => "draft12",
            Self::IscDhcpd => "isc",
            Self::Microsoft => "microsoft",
        })
    }
}

/// The table of a dialect.
pub(crate) struct Facts {
    /// Whether typed messages exist.
    pub(crate) typed: bool,
    /// The payload offset sent.
    pub(crate) payload_offset: u8,
    pub(crate) set_buckets_are_primarys: bool,
    pub(crate) batches_bindings: bool,
    /// Whether the DDNS option may be sent.
    pub(crate) sends_ddns: bool,
    /// Whether IP-flags of one byte are read as well as of two.
    pub(crate) reads_short_ip_flags: bool,
    /// Whether the peer survives states and binding statuses it does not know.
    pub(crate) takes_unknown_states: bool,
}

/// The payload offset of a header without additional bytes.
const NO_ADDITIONAL_HEADER: u8 = {
    assert!(HEADER_LEN == 12, "the header has twelve bytes");
    12
};
