//! CONNECT and CONNECTACK (draft-12 §7.8, §7.9).

use alloc::vec::Vec;

use super::{distinct, require, value};
use crate::{
    Connect, ConnectAck, DecodeError, Dialect, OptionCode, RawMessage, RawOption, Reject,
    RejectReason,
};

pub(super) fn connect(raw: RawMessage<'_>, dialect: Dialect) -> Result<Connect, DecodeError> {
    let mut common = Common::default();
    let (mut tls_request, mut mclt) = (None, None);
    let (mut hash_buckets, mut delayed_service_parameter) = (None, None);
    for option in distinct(raw, dialect) {
        let option = option?;
        match option.code {
            OptionCode::TLS_REQUEST => tls_request = Some(value::u8(option)?),
            OptionCode::MCLT => mclt = Some(value::u32(option)?),
            OptionCode::HASH_BUCKET_ASSIGNMENT => hash_buckets = Some(value::fixed(option)?),
            OptionCode::DELAYED_SERVICE_PARAMETER => {
                delayed_service_parameter = Some(value::u8(option)?);
            }
            _ => common.read(option, dialect)?,
        }
    }
    Ok(Connect {
        relationship_name: require(common.name, raw, OptionCode::RELATIONSHIP_NAME)?,
        max_unacked_bndupd: common.max_unacked_bndupd,
        receive_timer: common.receive_timer,
        vendor_class_identifier: common.vendor_class_identifier,
        protocol_version: require(common.version, raw, OptionCode::PROTOCOL_VERSION)?,
        tls_request,
        mclt,
        hash_buckets,
        delayed_service_parameter,
        vendor_specific: common.vendor_specific,
    })
}

pub(super) fn connect_ack(
    raw: RawMessage<'_>,
    dialect: Dialect,
) -> Result<ConnectAck, DecodeError> {
    let mut common = Common::default();
    let (mut reason, mut message, mut tls_reply) = (None, None, None);
    for option in distinct(raw, dialect) {
        let option = option?;
        match option.code {
            OptionCode::TLS_REPLY => tls_reply = Some(value::u8(option)?),
            OptionCode::REJECT_REASON => reason = Some(RejectReason(value::u8(option)?)),
            OptionCode::MESSAGE => message = Some(value::text(option, dialect)),
            _ => common.read(option, dialect)?,
        }
    }
    let relationship_name = match (common.name, reason) {
        // A peer that rejects a CONNECT without a name has none to echo; its reason matters more.
        (None, Some(_)) => Vec::new(),
        (name, _) => require(name, raw, OptionCode::RELATIONSHIP_NAME)?,
    };
    Ok(ConnectAck {
        relationship_name,
        max_unacked_bndupd: common.max_unacked_bndupd,
        receive_timer: common.receive_timer,
        vendor_class_identifier: common.vendor_class_identifier,
        protocol_version: require(common.version, raw, OptionCode::PROTOCOL_VERSION)?,
        tls_reply,
        reject: reason.map(|reason| Reject { reason, message }),
        vendor_specific: common.vendor_specific,
    })
}

/// What both messages carry.
#[derive(Default)]
struct Common {
    name: Option<Vec<u8>>,
    max_unacked_bndupd: Option<u32>,
    receive_timer: Option<u32>,
    vendor_class_identifier: Option<Vec<u8>>,
    version: Option<u8>,
    vendor_specific: Option<Vec<u8>>,
}

impl Common {
    fn read(&mut self, option: RawOption<'_>, dialect: Dialect) -> Result<(), DecodeError> {
        match option.code {
            OptionCode::RELATIONSHIP_NAME => self.name = Some(value::name(option, dialect)?),
            OptionCode::MAX_UNACKED_BNDUPD => self.max_unacked_bndupd = Some(value::u32(option)?),
            OptionCode::RECEIVE_TIMER => self.receive_timer = Some(value::u32(option)?),
            OptionCode::VENDOR_CLASS_IDENTIFIER => {
                self.vendor_class_identifier = Some(value::vendor_class(option, dialect)?);
            }
            OptionCode::PROTOCOL_VERSION => self.version = Some(value::u8(option)?),
            OptionCode::VENDOR_SPECIFIC_OPTIONS => self.vendor_specific = Some(option.value.into()),
            _ => {}
        }
        Ok(())
    }
}
