//! Whether a connection is taken: authenticity, replays, TLS, clocks and what CONNECT must say
//! (draft-12 §7.8.2, §7.9.2, §11.1).

use super::{Endpoint, PROTOCOL_VERSION};
use crate::{Skew, TimePolicy};
use alloc::string::{String, ToString};
use dhcp_failover_lease::{LeaseSpan, Role};
use dhcp_failover_wire::digest::DigestError;
use dhcp_failover_wire::{
    Connect, ConnectAck, DecodeError, Dialect, MessageType, OptionCode, Packet, RawMessage,
    RejectReason, decode, digest, reject_reason,
};
use dhcp_loadbalance::HashBuckets;

/// A longer MCLT than this is a mistake that would outlive the connection it came with.
pub(super) const LONGEST_MCLT: LeaseSpan = LeaseSpan::from_s(366 * 86_400);

/// A partner with a secret whose clock was ahead, and is right again, is refused for so long at
/// most.
const LONGEST_LOCK_OUT_S: i32 = 600;

const UNSIGNED_DIALECT: &str = "the partner is ISC dhcpd, which signs no messages: remove the \
                                shared secret of this relationship";

const WINDOWS_DIGESTS: &str = "; the partner is Windows, of which is not known for certain what its \
                               digest covers and how the secret becomes its key: try the other \
                               digest schemes, or do without a secret on both servers";

/// Why a connection is not accepted.
pub(super) struct Refusal(pub(super) RejectReason, pub(super) String);

fn refuse<T>(reason: RejectReason, text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(reason, text.into()))
}

impl Endpoint {
    /// Authenticates, then decodes. An error without a reason is a message to be ignored.
    pub(super) fn read(
        &self,
        bytes: &[u8],
        dialect: Dialect,
    ) -> Result<Packet, (String, Option<RejectReason>)> {
        self.authenticate(bytes).map_err(|Refusal(reason, text)| (text, Some(reason)))?;
        decode(bytes, dialect).map_err(|error| match error {
            DecodeError::Ignorable { .. } => (error.to_string(), None),
            error => {
                let (text, reason) = unreadable(bytes, error);
                (text, Some(reason))
            }
        })
    }

    /// §11.1.
    fn authenticate(&self, bytes: &[u8]) -> Result<(), Refusal> {
        let checked = match (&self.config.secret, &self.config.second_secret) {
            (None, _) => digest::verify_absent(bytes),
            (Some(secret), None) => digest::verify(bytes, secret),
            (Some(secret), Some(second)) => digest::verify(bytes, secret)
                .or_else(|error| digest::verify(bytes, second).map_err(|_| error)),
        };
        checked.or_else(|error| {
            let text = match (error, named_dialect(bytes)) {
                (DigestError::Missing, Some(Dialect::IscDhcpd)) => UNSIGNED_DIALECT.to_string(),
                (DigestError::Mismatch, Some(Dialect::Microsoft(_))) => {
                    alloc::format!("{error}{WINDOWS_DIGESTS}")
                }
                (error, _) => error.to_string(),
            };
            refuse(reject_reason(error), text)
        })
    }

    /// How to read the first message: as configured, or as its sender calls itself.
    pub(super) fn first_dialect_of(&self, bytes: &[u8]) -> Dialect {
        let named = || named_dialect(bytes);
        self.config.dialect.or_else(named).unwrap_or(Dialect::Draft12)
    }

    /// §7.8.2 steps 2 to 8, but for what [`Listener`](crate::Listener) has checked already. `mark`
    /// is that of a signed message.
    pub(super) fn check_connect(
        &self,
        packet: &Packet,
        connect: &Connect,
        dialect: Dialect,
        mark: Option<u64>,
    ) -> Result<(LeaseSpan, HashBuckets), Refusal> {
        check_version(connect.protocol_version)?;
        check_tls_request(connect.tls_request, self.config.tls, dialect)?;
        if self.config.role == Role::Primary {
            return refuse(RejectReason::INVALID_PARTNER, "both servers are primary");
        }
        if connect.relationship_name != self.config.name.as_bytes() {
            let text = "the relationship has another name here";
            return refuse(RejectReason::INVALID_PARTNER, text);
        }
        self.check_replay(packet.time, mark)?;
        self.check_clock(packet.time)?;
        let mclt = match connect.mclt {
            None => return refuse(RejectReason::INVALID_MCLT, "the MCLT is missing"),
            Some(seconds) => LeaseSpan::from_dhcp_s(seconds),
        };
        if mclt < LeaseSpan::from_s(1) || mclt > LONGEST_MCLT {
            let longest = LONGEST_MCLT.as_s();
            let text = alloc::format!("an MCLT of {} s is not in 1 to {longest} s", mclt.as_s());
            return refuse(RejectReason::INVALID_MCLT, text);
        }
        let Some(buckets) = connect.hash_buckets else {
            let text = "the hash buckets are missing";
            return refuse(RejectReason::HASH_BUCKET_CONFLICT, text);
        };
        Ok((mclt, HashBuckets::from_bytes(buckets)))
    }

    /// §11.1: a CONNECT that was recorded on the wire must not take the link from the partner. By
    /// the letter a second CONNECT of the same second would be refused as well, which can lock the
    /// pair out (H16); here only a copy is. The last few are known by their marks.
    fn check_replay(&self, sent: u32, mark: Option<u64>) -> Result<(), Refusal> {
        let Some(mark) = mark else { return Ok(()) };
        if self.record.connects_seen.contains(&mark) {
            let text = alloc::format!("CONNECT stamped {sent} was received before: a replay");
            return refuse(RejectReason::TIME_MISMATCH, text);
        }
        let last = self.record.connect_time;
        // Modulo 2^32, so that 2106 passes unnoticed.
        let newer_s = sent.wrapping_sub(last).cast_signed();
        if last == 0 || newer_s >= 0 {
            return Ok(());
        }
        let older_s = newer_s.unsigned_abs();
        let text = alloc::format!(
            "CONNECT stamped {sent} is {older_s} s older than the last one, {last}: a replay; or the \
             partner has lost its store, and its clock is behind. It is refused for {older_s} s more, \
             until its clock shows that time: set its clock right and start it anew on that clock \
             (failoverd: --trust-wall-clock)"
        );
        refuse(RejectReason::TIME_MISMATCH, text)
    }

    /// Remembers an accepted CONNECT; becomes durable with the record. A stamp from the future
    /// counts as one of the near future only: a partner whose clock was wrong for once would be
    /// locked out until that time comes. Of such stamps the marks tell the replays.
    pub(super) fn remember_connect(&mut self, sent: u32, mark: Option<u64>) {
        let now = self.lease_now.as_wire_s();
        let ahead_s = sent.wrapping_sub(now).cast_signed();
        let time = if ahead_s > LONGEST_LOCK_OUT_S {
            now.wrapping_add_signed(LONGEST_LOCK_OUT_S)
        } else {
            sent
        };
        // 0 is none; that is also a second of 2106.
        self.record.connect_time = time.max(1);
        if let Some(mark) = mark {
            self.record.connects_seen.rotate_right(1);
            self.record.connects_seen[0] = mark;
        }
    }

    /// Tells one signed message from another: the first bytes of its digest, never 0.
    pub(super) fn mark_of(&self, bytes: &[u8]) -> Option<u64> {
        self.config.secret.as_ref()?;
        let raw = RawMessage::parse(bytes).ok()?;
        let digest = raw.option(OptionCode::MESSAGE_DIGEST)?.value;
        let fold = |mark: u64, byte: &u8| mark.rotate_left(8) ^ u64::from(*byte);
        Some(digest.iter().fold(0, fold).max(1))
    }

    /// §7.8.2 step 6, §7.9.2 step 6.
    fn check_clock(&self, sent: u32) -> Result<(), Refusal> {
        let (TimePolicy::Refuse { limit } | TimePolicy::Close { limit }) = self.config.time_policy
        else {
            return Ok(());
        };
        let ahead_s = Skew::difference(self.lease_now, sent).saturating_neg();
        if ahead_s.unsigned_abs() <= limit.as_s() {
            return Ok(());
        }
        let text = alloc::format!(
            "the clocks differ by {} s (the partner's is {}), the limit is {} s: set them right",
            ahead_s.unsigned_abs(),
            if ahead_s > 0 { "ahead" } else { "behind" },
            limit.as_s()
        );
        refuse(RejectReason::TIME_MISMATCH, text)
    }

    /// How far the clocks differ at least, if that has come to be more than the policy allows.
    pub(super) fn beyond_time_limit(&self) -> Option<u64> {
        let TimePolicy::Close { limit } = self.config.time_policy else { return None };
        let (low, high) = self.link.as_ref()?.skew?.bounds_s();
        let least = if low > 0 { low } else { high.min(0) }.unsigned_abs();
        (least > limit.as_s()).then_some(least)
    }

    /// §7.9.2 steps 4 to 6.
    pub(super) fn check_connect_ack(
        &self,
        packet: &Packet,
        ack: &ConnectAck,
    ) -> Result<(), Refusal> {
        match ack.tls_reply {
            Some(0) | None => {}
            Some(reply) => {
                let text = alloc::format!("TLS-reply {reply}, but no TLS was asked for");
                return refuse(RejectReason::TLS_NOT_SUPPORTED, text);
            }
        }
        check_version(ack.protocol_version)?;
        if ack.relationship_name != self.config.name.as_bytes() {
            let text = "the partner answered for another relationship";
            return refuse(RejectReason::INVALID_PARTNER, text);
        }
        self.check_clock(packet.time)
    }
}

fn check_version(found: u8) -> Result<(), Refusal> {
    if found == PROTOCOL_VERSION {
        return Ok(());
    }
    let text = alloc::format!("protocol version {found} is not {PROTOCOL_VERSION}");
    refuse(RejectReason::VERSION_MISMATCH, text)
}

/// The table of §7.8.2 step 3, for servers that never negotiate: a link is TLS from its first byte or
/// not at all.
fn check_tls_request(
    request: Option<u8>,
    link_is_tls: bool,
    dialect: Dialect,
) -> Result<(), Refusal> {
    match (request, link_is_tls) {
        // Table 7.8-1: it is missing over TLS only. dhcpd, which has no TLS, means nothing by it.
        (None, false) if dialect == Dialect::Draft12 => {
            let text = "CONNECT without TLS-request: the partner takes this connection for TLS, and \
                        this server does not";
            refuse(RejectReason::TLS_NOT_SUPPORTED, text)
        }
        (None, _) | (Some(0 | 1), false) => Ok(()),
        (Some(2), false) => {
            refuse(RejectReason::TLS_NOT_SUPPORTED, "this server does not negotiate TLS")
        }
        (Some(other), false) => {
            let text = alloc::format!("TLS-request {other} is neither 0, 1 nor 2");
            refuse(RejectReason::TLS_NOT_SUPPORTED, text)
        }
        (Some(0), true) => {
            let text = "this connection is TLS, and the partner says that it will not use it";
            refuse(RejectReason::TLS_REQUIRED, text)
        }
        (Some(_), true) => {
            let text = "this connection is TLS already; there is nothing to negotiate";
            refuse(RejectReason::TLS_NOT_CONFIGURED, text)
        }
    }
}

fn named_dialect(bytes: &[u8]) -> Option<Dialect> {
    RawMessage::parse(bytes).ok().and_then(Dialect::detect)
}

/// What to say of a message that cannot be decoded. Where connections begin, a peer of another
/// version, or of a generation with other option numbers (dhcpd before 3.1), is named as such.
pub(crate) fn unreadable(bytes: &[u8], error: DecodeError) -> (String, RejectReason) {
    let otherwise = (error.to_string(), reject_reason(error));
    let Ok(raw) = RawMessage::parse(bytes) else { return otherwise };
    if !matches!(raw.header().message_type, MessageType::CONNECT | MessageType::CONNECTACK) {
        return otherwise;
    }
    match raw.option(OptionCode::PROTOCOL_VERSION).map(|option| option.value) {
        Some(&[found]) if found != PROTOCOL_VERSION => {
            let text = alloc::format!("protocol version {found} is not {PROTOCOL_VERSION}");
            (text, RejectReason::VERSION_MISMATCH)
        }
        Some(&[PROTOCOL_VERSION]) => otherwise,
        _ => {
            let kind = raw.header().message_type;
            let text = alloc::format!(
                "{kind} without a protocol version: {error}; the peer numbers its options in \
                 another way, as dhcpd did before 3.1"
            );
            (text, RejectReason::VERSION_MISMATCH)
        }
    }
}
