//! Option codes.

use core::fmt;

codes! {
    /// The code of an option: 1 to 29 of draft-12 §12, 30 to 41 of [MS-DHCPF], which only
    /// [`Dialect::Microsoft`](crate::Dialect::Microsoft) knows (others may use the numbers
    /// otherwise).
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
        /// Windows: the scopes whose bindings an UPDREQ asks for, little-endian.
        SCOPE_ID_LIST = 30, "scope-id-list";
        /// Windows: the name of the client, UTF-16LE with NUL.
        CLIENT_NAME = 31, "client-name";
        /// Windows: a description of the client, UTF-16LE with NUL.
        CLIENT_DESCRIPTION = 32, "client-description";
        /// Windows: the subnet mask of the client's scope.
        CLIENT_SUBNET_MASK = 33, "client-subnet-mask";
        /// Windows: the address of the server that granted the lease.
        SERVER_IP_ADDRESS = 34, "server-IP-address";
        /// Windows: the name of the server that granted the lease, UTF-16LE with NUL.
        SERVER_NAME = 35, "server-name";
        /// Windows: whether the client speaks DHCP or BOOTP, u8.
        CLIENT_TYPE = 36, "client-type";
        /// Windows: network access protection status, u8.
        CLIENT_NAP_STATUS = 37, "client-NAP-status";
        /// Windows: end of the network access protection probation, u32.
        CLIENT_NAP_PROBATION = 38, "client-NAP-probation";
        /// Windows: whether the client is capable of network access protection, u8.
        CLIENT_NAP_CAPABLE = 39, "client-NAP-capable";
        /// Windows: the name of the policy that chose the address, UTF-16LE with NUL.
        CLIENT_MATCHED_POLICY = 40, "client-matched-policy";
        /// Windows: flags of the address beyond its state, u32.
        EXTENDED_ADDRESS_STATE = 41, "extended-address-state";
    }
}
