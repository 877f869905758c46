//! What differs between implementations, one file each.

mod draft12;
mod isc;
mod microsoft;

use core::fmt;

use crate::{HEADER_LEN, MessageType, OptionCode, OptionSet, RawMessage, windows};

/// How a peer speaks. It is a property of the peer that the operator configures or the endpoint
/// learns; nothing in a message says it outright.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// The text of draft-ietf-dhc-failover-12.
    Draft12,
    /// What ISC dhcpd 4.4 sends and accepts.
    IscDhcpd,
    /// [MS-DHCPF], Windows Server, with what is not settled about it.
    Microsoft(windows::Settings),
}

impl Dialect {
    /// Windows with the recommended settings.
    pub const MICROSOFT: Self = Self::Microsoft(windows::Settings::DEFAULT);

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
            Self::MICROSOFT
        } else {
            Self::Draft12
        }
    }

    /// Whether a set bit of [`hash_buckets`](crate::Connect::hash_buckets) is a bucket of the
    /// primary. In the draft it is the secondary's (§12.11); dhcpd, and Windows as far as seen,
    /// have it the other way round.
    #[must_use]
    pub const fn set_buckets_are_primarys(self) -> bool {
        match self {
            Self::Draft12 => false,
            Self::IscDhcpd => true,
            Self::Microsoft(settings) => settings.set_buckets_are_primarys,
        }
    }

    /// Whether one BNDUPD or BNDACK may carry several bindings (draft-12 §6.3).
    #[must_use]
    pub const fn batches_bindings(self) -> bool {
        self.facts().batches_bindings
    }

    /// How many bindings one BNDUPD may carry that the peer is sent; its length limits it further.
    /// A BNDACK answers as many as its BNDUPD had.
    #[must_use]
    pub const fn max_bindings(self) -> usize {
        match self {
            Self::Draft12 => usize::MAX,
            Self::IscDhcpd => 1,
            Self::Microsoft(settings) => match settings.max_bindings {
                0 => 1,
                1..=16 => settings.max_bindings as usize,
                17.. => 16,
            },
        }
    }

    /// Whether the peer signs its messages and checks ours where a secret is configured
    /// ([`digest`](crate::digest)). dhcpd discards digests: a secret cannot be used with it.
    #[must_use]
    pub const fn has_digests(self) -> bool {
        self.facts().has_digests
    }

    /// Whether the peer's implementation knows an option at all; it skips others, and so does
    /// [`decode`](crate::decode).
    #[must_use]
    pub const fn knows(self, option: OptionCode) -> bool {
        1 <= option.0 && option.0 <= self.facts().last_option.0
    }

    /// Whether the peer survives an option; [`encode`](crate::encode()) refuses to send it any other.
    #[must_use]
    pub const fn survives(self, option: OptionCode) -> bool {
        !self.facts().refused_options.0.contains(option)
    }

    /// Whether the peer acts on a message of this type at all; [`encode`](crate::encode()) refuses to
    /// send it any other. Windows drops POOLREQ, POOLRESP and DISCONNECT unread.
    #[must_use]
    pub fn hears(self, message_type: MessageType) -> bool {
        !self.facts().refused_messages.0.contains(&message_type)
    }

    /// What is not settled about Windows, if the dialect is that.
    #[must_use]
    pub const fn windows(self) -> Option<windows::Settings> {
        match self {
            Self::Microsoft(settings) => Some(settings),
            Self::Draft12 | Self::IscDhcpd => None,
        }
    }

    pub(crate) const fn facts(self) -> &'static Facts {
        match self {
            Self::Draft12 => &draft12::FACTS,
            Self::IscDhcpd => &isc::FACTS,
            Self::Microsoft(_) => &microsoft::FACTS,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Draft12 => "draft12",
            Self::IscDhcpd => "isc",
            Self::Microsoft(_) => "microsoft",
        })
    }
}

/// The table of a dialect.
pub(crate) struct Facts {
    /// The payload offset sent.
    pub(crate) payload_offset: u8,
    /// The last of the options it knows.
    pub(crate) last_option: OptionCode,
    pub(crate) batches_bindings: bool,
    pub(crate) has_digests: bool,
    /// Whether IP-flags of one byte are read as well as of two.
    pub(crate) reads_short_ip_flags: bool,
    /// What the peer does on a server state it does not know, if it does not survive it.
    pub(crate) unknown_server_state: Option<&'static str>,
    /// The same for a binding status.
    pub(crate) unknown_binding_status: Option<&'static str>,
    /// Options that are not sent to it, and what would happen.
    pub(crate) refused_options: (OptionSet, &'static str),
    /// Messages that are not sent to it, and what would happen.
    pub(crate) refused_messages: (&'static [MessageType], &'static str),
}

/// The payload offset of a header without additional bytes.
const NO_ADDITIONAL_HEADER: u8 = {
    assert!(HEADER_LEN == 12, "the header has twelve bytes");
    12
};
