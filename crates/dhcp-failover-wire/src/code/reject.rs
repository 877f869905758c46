//! Reject reasons.

use core::fmt;

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
