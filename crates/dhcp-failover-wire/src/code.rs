//! The numbers of the protocol, as newtypes that keep values nobody has assigned.

use core::fmt;

/// Declares a newtype over an integer with named values; `Debug` and `Display` give the name, or
/// the number of a value without one.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident($int:ty) { $($(#[$value_doc:meta])* $value:ident = $number:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $int);

        impl $name {
            $($(#[$value_doc])* pub const $value: Self = Self($number);)*

            /// The name the draft gives this value, if it has one.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$value => Some($text),)*
                    _ => None,
                }
            }

            /// Whether the value is one of the named ones.
            #[must_use]
            pub const fn is_known(self) -> bool {
                self.name().is_some()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => fmt::Display::fmt(&self.0, f),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{}({})", stringify!($name), self.0),
                }
            }
        }

        impl From<$int> for $name {
            fn from(number: $int) -> Self {
                Self(number)
            }
        }

        impl From<$name> for $int {
            fn from(code: $name) -> Self {
                code.0
            }
        }
    };
}

codes! {
    /// The type of a message (draft-12 §6.1).
    MessageType(u8) {
        /// Asks the primary for free addresses.
        POOLREQ = 1, "POOLREQ";
        /// Answers a POOLREQ with the number of addresses.
        POOLRESP = 2, "POOLRESP";
        /// Tells the partner about bindings.
        BNDUPD = 3, "BNDUPD";
        /// Accepts or rejects the bindings of a BNDUPD.
        BNDACK = 4, "BNDACK";
        /// Opens the session; only the primary sends it.
        CONNECT = 5, "CONNECT";
        /// Accepts or rejects a CONNECT.
        CONNECTACK = 6, "CONNECTACK";
        /// Asks for all bindings.
        UPDREQALL = 7, "UPDREQALL";
        /// Says that all requested bindings were sent and acknowledged.
        UPDDONE = 8, "UPDDONE";
        /// Asks for the bindings this server has not acknowledged yet.
        UPDREQ = 9, "UPDREQ";
        /// Tells the sender's state.
        STATE = 10, "STATE";
        /// Keeps the connection alive.
        CONTACT = 11, "CONTACT";
        /// The last message before the connection is closed.
        DISCONNECT = 12, "DISCONNECT";
    }
}

impl MessageType {
    /// Whether a receiver that does not know this type ignores the message instead of closing the
    /// connection: types from 128 up (draft-12 §6.1; the text leaves 128 itself to neither range).
    #[must_use]
    pub const fn is_ignorable(self) -> bool {
        self.0 >= 128
    }
}

codes! {
    /// The code of an option (draft-12 §12).
    OptionCode(u16) {
        /// Number of addresses given to the secondary, u32.
        ADDRESSES_TRANSFERRED = 1, "addresses-transferred";
        /// The address a binding is about; begins a binding in a BNDUPD or BNDACK.
        ASSIGNED_IP_ADDRESS = 2, "assigned-IP-address";
        /// State of the binding, u8.
        BINDING_STATUS = 3, "binding-status";
        /// The client's DHCP option 61, type byte included.
        CLIENT_IDENTIFIER = 4, "client-identifier";
        /// Hardware type, then hardware address.
        CLIENT_HARDWARE_ADDRESS = 5, "client-hardware-address";
        /// When the client was last heard, seconds since 1970.
        CLIENT_LAST_TRANSACTION_TIME = 6, "client-last-transaction-time";
        /// Options of the reply to the client.
        CLIENT_REPLY_OPTIONS = 7, "client-reply-options";
        /// Options of the client's request.
        CLIENT_REQUEST_OPTIONS = 8, "client-request-options";
        /// State of the binding's DNS records.
        DDNS = 9, "DDNS";
        /// Seconds a client waits before load balancing is overridden, u8.
        DELAYED_SERVICE_PARAMETER = 10, "delayed-service-parameter";
        /// Map of the 256 hash buckets.
        HASH_BUCKET_ASSIGNMENT = 11, "hash-bucket-assignment";
        /// Flags of the address.
        IP_FLAGS = 12, "IP-flags";
        /// End of the lease as told to the client, seconds since 1970.
        LEASE_EXPIRATION_TIME = 13, "lease-expiration-time";
        /// How many unacknowledged updates the sender accepts, u32.
        MAX_UNACKED_BNDUPD = 14, "max-unacked-bndupd";
        /// Maximum client lead time, seconds, u32.
        MCLT = 15, "MCLT";
        /// Text for people, with a reject reason.
        MESSAGE = 16, "message";
        /// Type and digest of the whole message.
        MESSAGE_DIGEST = 17, "message-digest";
        /// End of a lease the sender may grant later, seconds since 1970.
        POTENTIAL_EXPIRATION_TIME = 18, "potential-expiration-time";
        /// Seconds of silence after which the sender gives the connection up, u32.
        RECEIVE_TIMER = 19, "receive-timer";
        /// Version of the protocol, u8.
        PROTOCOL_VERSION = 20, "protocol-version";
        /// Why something was rejected, u8.
        REJECT_REASON = 21, "reject-reason";
        /// Name of the relationship.
        RELATIONSHIP_NAME = 22, "relationship-name";
        /// Flags of the sender, u8.
        SERVER_FLAGS = 23, "server-flags";
        /// State of the sender, u8.
        SERVER_STATE = 24, "server-state";
        /// When the state (of a server or a binding) began, seconds since 1970.
        START_TIME_OF_STATE = 25, "start-time-of-state";
        /// Answer to a TLS-request, u8.
        TLS_REPLY = 26, "TLS-reply";
        /// Whether the primary wants TLS, u8.
        TLS_REQUEST = 27, "TLS-request";
        /// Names the implementation.
        VENDOR_CLASS_IDENTIFIER = 28, "vendor-class-identifier";
        /// Options of the implementation's own.
        VENDOR_SPECIFIC_OPTIONS = 29, "vendor-specific-options";
    }
}

codes! {
    /// State of a failover endpoint (draft-12 §12.24).
    ServerState(u8) {
        /// Never sent; the startup flag of the server-flags says it.
        STARTUP = 1, "STARTUP";
        /// Both servers share the work.
        NORMAL = 2, "NORMAL";
        /// The partner does not answer; it may or may not be running.
        COMMUNICATIONS_INTERRUPTED = 3, "COMMUNICATIONS-INTERRUPTED";
        /// The partner is known not to run.
        PARTNER_DOWN = 4, "PARTNER-DOWN";
        /// Both served without each other in a way that may conflict.
        POTENTIAL_CONFLICT = 5, "POTENTIAL-CONFLICT";
        /// Asking the partner for what was missed.
        RECOVER = 6, "RECOVER";
        /// Out of service for a short time.
        PAUSED = 7, "PAUSED";
        /// Out of service for a long time.
        SHUTDOWN = 8, "SHUTDOWN";
        /// Has recovered and waits for the partner.
        RECOVER_DONE = 9, "RECOVER-DONE";
        /// The connection broke while conflicts were resolved.
        RESOLUTION_INTERRUPTED = 10, "RESOLUTION-INTERRUPTED";
        /// The primary has resolved its conflicts.
        CONFLICT_DONE = 11, "CONFLICT-DONE";
        /// Waits the MCLT out after recovering. The draft has the state but no number for it; this
        /// is dhcpd's.
        RECOVER_WAIT = 254, "RECOVER-WAIT";
    }
}

codes! {
    /// State of a binding (draft-12 §12.3).
    BindingStatus(u8) {
        /// Available to the primary.
        FREE = 1, "FREE";
        /// Assigned to a client.
        ACTIVE = 2, "ACTIVE";
        /// The lease ended.
        EXPIRED = 3, "EXPIRED";
        /// The client gave the lease back.
        RELEASED = 4, "RELEASED";
        /// Somebody found the address in use.
        ABANDONED = 5, "ABANDONED";
        /// Freed by an operator.
        RESET = 6, "RESET";
        /// Available to the secondary.
        BACKUP = 7, "BACKUP";
    }
}

codes! {
    /// Why an update or a connection is rejected (draft-12 §12.21).
    RejectReason(u8) {
        /// The address is in no pool of the relationship.
        ILLEGAL_IP_ADDRESS = 1, "illegal IP address";
        /// Another client uses the address.
        FATAL_CONFLICT = 2, "fatal conflict: address in use by other client";
        /// A required option is missing.
        MISSING_BINDING_INFORMATION = 3, "missing binding information";
        /// The clocks are too far apart.
        TIME_MISMATCH = 4, "time mismatch too great";
        /// The MCLT is missing or not acceptable.
        INVALID_MCLT = 5, "invalid MCLT";
        /// Anything else that prevents a connection.
        UNKNOWN_REASON = 6, "connection rejected, unknown reason";
        /// There is a connection already.
        DUPLICATE_CONNECTION = 7, "duplicate connection";
        /// Not a partner of this relationship.
        INVALID_PARTNER = 8, "invalid failover partner";
        /// TLS is not implemented.
        TLS_NOT_SUPPORTED = 9, "TLS not supported";
        /// TLS is not configured.
        TLS_NOT_CONFIGURED = 10, "TLS supported but not configured";
        /// TLS is required here and the partner cannot.
        TLS_REQUIRED = 11, "TLS required but not supported by partner";
        /// Digests, or this type of digest, are not implemented.
        DIGEST_NOT_SUPPORTED = 12, "message digest not supported";
        /// A digest came but no secret is configured.
        DIGEST_NOT_CONFIGURED = 13, "message digest not configured";
        /// The protocol version is another.
        VERSION_MISMATCH = 14, "protocol version mismatch";
        /// The receiver has newer information.
        OUTDATED_BINDING_INFORMATION = 15, "outdated binding information";
        /// The receiver has more important information.
        LESS_CRITICAL_BINDING_INFORMATION = 16, "less critical binding information";
        /// Nothing was received for too long.
        NO_TRAFFIC = 17, "no traffic within sufficient time";
        /// The hash buckets are not acceptable.
        HASH_BUCKET_CONFLICT = 18, "hash bucket assignment conflict";
        /// The address is reserved at the sender only.
        IP_NOT_RESERVED = 19, "IP not reserved on this server";
        /// The digest is wrong.
        DIGEST_MISMATCH = 20, "message digest failed to compare";
        /// A digest is required and missing.
        MISSING_DIGEST = 21, "missing message digest";
        /// An error without a number.
        UNKNOWN_ERROR = 254, "unknown error";
    }
}

/// Declares a set of flags over an integer that keeps bits nobody has assigned.
macro_rules! flags {
    ($(#[$doc:meta])* $name:ident($int:ty) { $($(#[$value_doc:meta])* $value:ident = $bit:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $int);

        impl $name {
            /// No flag.
            pub const NONE: Self = Self(0);
            $($(#[$value_doc])* pub const $value: Self = Self($bit);)*

            /// Whether all flags of `other` are set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// The flags of both.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut rest = self.0;
                let mut separator = "";
                $(if self.contains(Self::$value) {
                    write!(f, "{separator}{}", $text)?;
                    rest &= !$bit;
                    separator = "|";
                })*
                if rest != 0 || self.0 == 0 {
                    write!(f, "{separator}{rest:#x}")?;
                }
                Ok(())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

flags! {
    /// Flags of a server (draft-12 §12.23).
    ServerFlags(u8) {
        /// The sender is in STARTUP; the state beside it is the one it will return to.
        STARTUP = 1, "STARTUP";
    }
}

flags! {
    /// Flags of an address (draft-12 §12.12), bits counted from the least significant one.
    IpFlags(u16) {
        /// The address is reserved at the sender.
        RESERVED = 1, "RESERVED";
        /// The address was given to a BOOTP client.
        BOOTP = 2, "BOOTP";
    }
}
