//! What a peer is told.

use dhcp_failover_wire::{
    DecodeError, EncodeError, Error, FrameError, MessageLimit, MessageType, OptionCode,
    RejectReason, digest::DigestError, reject_reason,
};

#[test]
fn each_error_has_its_reject_reason() {
    let missing = |message_type, option| {
        reject_reason(DecodeError::Missing { message_type, option, offset: 0 })
    };
    let length = |option| {
        reject_reason(DecodeError::OptionLength { option, offset: 12, expected: 4, found: 3 })
    };
    use {MessageType as T, OptionCode as O, RejectReason as R};
    for (found, expected) in [
        (missing(T::BNDUPD, O::BINDING_STATUS), R::MISSING_BINDING_INFORMATION),
        (missing(T::BNDUPD, O::ASSIGNED_IP_ADDRESS), R::MISSING_BINDING_INFORMATION),
        (missing(T::CONNECT, O::RELATIONSHIP_NAME), R::INVALID_PARTNER),
        (missing(T::CONNECT, O::PROTOCOL_VERSION), R::VERSION_MISMATCH),
        (missing(T::STATE, O::SERVER_STATE), R::UNKNOWN_ERROR),
        (length(O::HASH_BUCKET_ASSIGNMENT), R::HASH_BUCKET_CONFLICT),
        (length(O::MCLT), R::INVALID_MCLT),
        (length(O::RELATIONSHIP_NAME), R::INVALID_PARTNER),
        (length(O::SERVER_STATE), R::UNKNOWN_ERROR),
        (reject_reason(FrameError::TooShort { length: 3 }), R::UNKNOWN_ERROR),
        (
            reject_reason(EncodeError::TooLong { length: 3000, limit: MessageLimit::DRAFT }),
            R::UNKNOWN_ERROR,
        ),
        (reject_reason(DigestError::Missing), R::MISSING_DIGEST),
        (reject_reason(DigestError::Unexpected), R::DIGEST_NOT_CONFIGURED),
        (reject_reason(DigestError::WrongType { expected: 1, found: 2 }), R::DIGEST_NOT_SUPPORTED),
        (reject_reason(DigestError::NotFirst), R::DIGEST_MISMATCH),
        (reject_reason(DigestError::Mismatch), R::DIGEST_MISMATCH),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn errors_say_what_failed_and_stay_small() {
    let error = Error::from(FrameError::TooLong { length: 3000, limit: MessageLimit::DRAFT });
    assert_eq!(
        error.to_string(),
        "failed to find a message: message length 3000 is above the limit of 2048 bytes"
    );
    assert!(size_of::<DecodeError>() <= 16, "{}", size_of::<DecodeError>());
    assert!(size_of::<Error>() <= 32, "{}", size_of::<Error>());
}
