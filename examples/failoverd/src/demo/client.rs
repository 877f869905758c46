//! One simulated DHCP client: time and answers in, messages and [`Ack`]s out.
//!
//! It follows RFC 2131 §4.4 on a scale of seconds: it discovers, takes the first offer, renews at half
//! of what it was given with the server that gave it, rebinds with any server at seven eighths, and
//! starts again when its lease has run out. It owns no socket and reads no clock.

use super::ledger::{Ack, Purpose, Refusal};
use super::packet::{Content, Identity, Reply, message};
use super::random::Random;
use dhcproto::v4::{DhcpOption, Message, MessageType, OptionCode};
use std::net::Ipv4Addr;

/// The first retry comes after this long, each next one after twice as long.
const RETRY_MS: u64 = 400;
/// No retry comes later than this.
const RETRY_MAX_MS: u64 = 1_600;
/// An offer whose server does not answer this many requests is given up.
const REQUESTS_MAX: u32 = 4;
/// The transaction id of a client holds a counter in the low bits, its number above.
const COUNTER_BITS: u32 = 12;

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To every server, as a relay agent forwards a broadcast.
    All,
    /// To this server, as a client that renews does.
    One(Ipv4Addr),
}

/// What a client did with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A lease, its first or an extended one.
    Acked(Ack),
    /// A lease from a second server that answered the same message.
    AckedAgain(Ack),
    /// A refusal; the client starts again.
    Refused(Refusal),
    /// An offer was taken up.
    Offered,
    /// Nothing: the answer came too late or was for another exchange.
    Ignored,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Stopped,
    Selecting,
    Requesting { server: Ipv4Addr, address: Ipv4Addr },
    Bound,
    Renewing,
    Rebinding,
}

#[derive(Clone, Copy, Debug)]
struct Lease {
    address: Ipv4Addr,
    server: Ipv4Addr,
    rebind_ms: u64,
    expires_ms: u64,
}

/// A simulated client.
#[derive(Debug)]
pub struct Client {
    identity: Identity,
    relay: Ipv4Addr,
    number: u32,
    random: Random,
    phase: Phase,
    lease: Option<Lease>,
    wake_ms: Option<u64>,
    counter: u32,
    xid: u32,
    purpose: Purpose,
    sent_ms: u64,
    since_ms: Option<u64>,
    tries: u32,
    held: bool,
    urged: bool,
}

impl Client {
    /// The `number`th client, behind the relay agent `relay`; it sleeps until [`Self::start`].
    pub fn new(number: u32, identity: Identity, relay: Ipv4Addr, seed: u64) -> Self {
        Self {
            identity,
            relay,
            number,
            random: Random::new(seed ^ (u64::from(number) << 32)),
            phase: Phase::Stopped,
            lease: None,
            wake_ms: None,
            counter: 0,
            xid: 0,
            purpose: Purpose::New,
            sent_ms: 0,
            since_ms: None,
            tries: 0,
            held: false,
            urged: false,
        }
    }

    /// The number of the client a transaction id belongs to.
    pub fn number_of(xid: u32) -> u32 {
        xid >> COUNTER_BITS
    }

    /// Who this is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The address held at `now_ms`.
    pub fn address(&self, now_ms: u64) -> Option<Ipv4Addr> {
        self.lease.filter(|lease| lease.expires_ms > now_ms).map(|lease| lease.address)
    }

    /// Whether an exchange is under way that has no answer yet.
    pub fn is_waiting(&self) -> bool {
        self.since_ms.is_some()
    }

    /// When [`Self::fire`] wants to be called next.
    pub fn wake_ms(&self) -> Option<u64> {
        self.wake_ms
    }

    /// Makes a sleeping client ask for an address at `at_ms`.
    pub fn start(&mut self, at_ms: u64) {
        if self.phase == Phase::Stopped {
            self.phase = Phase::Selecting;
            self.wake_ms = Some(at_ms);
        }
    }

    /// Makes a client that has a lease and waits for nothing renew it at `at_ms`, held or not.
    pub fn renew(&mut self, at_ms: u64) {
        if self.phase == Phase::Bound {
            self.urged = true;
            self.wake_ms = Some(at_ms);
        }
    }

    /// While held, a client finishes what it has begun and begins nothing by itself.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Gives the address back at `now_ms`; returns the message and the server to send it to.
    pub fn release(&mut self, now_ms: u64) -> Option<(Message, Target)> {
        let lease = self.lease.filter(|lease| lease.expires_ms > now_ms)?;
        self.stop();
        let (ciaddr, server) = (Some(lease.address), Some(lease.server));
        let content = Content { ciaddr, server, ..self.content(now_ms) };
        Some((message(MessageType::Release, &self.identity, content), Target::One(lease.server)))
    }

    /// Makes the client forget everything and sleep.
    pub fn stop(&mut self) {
        self.phase = Phase::Stopped;
        self.lease = None;
        self.wake_ms = None;
        self.since_ms = None;
        self.tries = 0;
    }

    /// Does what is due at `now_ms`: returns the message to send, if any.
    pub fn fire(&mut self, now_ms: u64) -> Option<(Message, Target)> {
        if self.wake_ms.is_none_or(|wake| wake > now_ms) {
            return None;
        }
        self.wake_ms = None;
        if self.held && self.since_ms.is_none() && !self.urged {
            return None;
        }
        self.urged = false;
        self.move_on(now_ms);
        let lease = self.lease;
        let (kind, content, target) = match (self.phase, lease) {
            (Phase::Selecting, _) => {
                self.purpose = Purpose::New;
                let requested = lease.map(|lease| lease.address);
                (MessageType::Discover, Content { requested, ..Content::default() }, Target::All)
            }
            (Phase::Requesting { server, address }, _) => {
                let (requested, server) = (Some(address), Some(server));
                (
                    MessageType::Request,
                    Content { requested, server, ..Content::default() },
                    Target::All,
                )
            }
            (Phase::Renewing, Some(lease)) => {
                self.purpose = Purpose::Renew;
                let ciaddr = Some(lease.address);
                (
                    MessageType::Request,
                    Content { ciaddr, ..Content::default() },
                    Target::One(lease.server),
                )
            }
            (Phase::Rebinding, Some(lease)) => {
                self.purpose = Purpose::Rebind;
                let ciaddr = Some(lease.address);
                (MessageType::Request, Content { ciaddr, ..Content::default() }, Target::All)
            }
            _ => return None,
        };
        self.since_ms.get_or_insert(now_ms);
        let common = self.content(now_ms);
        let content =
            Content { xid: common.xid, secs: common.secs, relay: common.relay, ..content };
        self.sent_ms = now_ms;
        self.tries += 1;
        self.wake_ms = Some(now_ms + self.retry_delay_ms(now_ms));
        Some((message(kind, &self.identity, content), target))
    }

    /// Changes the phase where time or failures demand it.
    fn move_on(&mut self, now_ms: u64) {
        if let Some(lease) = self.lease {
            if matches!(self.phase, Phase::Bound) {
                self.phase = Phase::Renewing;
            }
            if matches!(self.phase, Phase::Renewing) && now_ms >= lease.rebind_ms {
                self.phase = Phase::Rebinding;
                self.tries = 0;
            }
            let renews = matches!(self.phase, Phase::Renewing | Phase::Rebinding);
            if renews && now_ms >= lease.expires_ms {
                self.phase = Phase::Selecting;
                self.tries = 0;
            }
        }
        if matches!(self.phase, Phase::Requesting { .. }) && self.tries >= REQUESTS_MAX {
            self.phase = Phase::Selecting;
            self.tries = 0;
        }
    }

    /// The fields every message of this client has; takes a new transaction id.
    fn content(&mut self, now_ms: u64) -> Content {
        // A selecting client's REQUEST repeats the secs of its DISCOVER (RFC 2131 §4.4.1); time
        // since the first send is the same within a second.
        let waited_ms = now_ms.saturating_sub(self.since_ms.unwrap_or(now_ms));
        self.counter = (self.counter + 1) & ((1 << COUNTER_BITS) - 1);
        self.xid = (self.number << COUNTER_BITS) | self.counter;
        let secs = u16::try_from(waited_ms / 1000).unwrap_or(u16::MAX);
        Content { xid: self.xid, secs, relay: Some(self.relay), ..Content::default() }
    }

    fn retry_delay_ms(&mut self, now_ms: u64) -> u64 {
        let doubled = RETRY_MS << self.tries.saturating_sub(1).min(4);
        let delay_ms = self.random.jitter(doubled.min(RETRY_MAX_MS));
        match (self.phase, self.lease) {
            (Phase::Renewing, Some(lease)) if now_ms < lease.rebind_ms => {
                delay_ms.min(lease.rebind_ms - now_ms)
            }
            (Phase::Rebinding, Some(lease)) if now_ms < lease.expires_ms => {
                delay_ms.min(lease.expires_ms - now_ms)
            }
            _ => delay_ms,
        }
    }

    /// Takes an answer that arrived at `now_ms`.
    pub fn receive(&mut self, now_ms: u64, reply: &Reply) -> Outcome {
        if reply.message.xid() != self.xid || reply.message.chaddr() != self.identity.hardware {
            return Outcome::Ignored;
        }
        match (reply.kind, self.phase) {
            (MessageType::Offer, Phase::Selecting) => {
                let Some(server) = reply.server else { return Outcome::Ignored };
                self.phase = Phase::Requesting { server, address: reply.address() };
                self.tries = 0;
                self.wake_ms = Some(now_ms);
                Outcome::Offered
            }
            (MessageType::Nak, Phase::Requesting { .. } | Phase::Renewing | Phase::Rebinding) => {
                let refusal = self.refusal(now_ms, reply);
                self.phase = Phase::Selecting;
                self.lease = None;
                self.tries = 0;
                self.wake_ms = Some(now_ms);
                Outcome::Refused(refusal)
            }
            (MessageType::Ack, Phase::Requesting { .. } | Phase::Renewing | Phase::Rebinding) => {
                match self.ack(now_ms, reply) {
                    Some(ack) => {
                        self.bind(&ack);
                        Outcome::Acked(ack)
                    }
                    None => Outcome::Ignored,
                }
            }
            (MessageType::Ack, Phase::Bound) => {
                self.ack(now_ms, reply).map_or(Outcome::Ignored, Outcome::AckedAgain)
            }
            _ => Outcome::Ignored,
        }
    }

    fn ack(&self, now_ms: u64, reply: &Reply) -> Option<Ack> {
        Some(Ack {
            client: self.identity.clone(),
            address: reply.address(),
            server: reply.server?,
            purpose: self.purpose,
            sent_ms: self.sent_ms,
            received_ms: now_ms,
            waited_ms: now_ms.saturating_sub(self.since_ms.unwrap_or(self.sent_ms)),
            lease_s: reply.lease_s?,
            released_ms: None,
        })
    }

    fn refusal(&self, now_ms: u64, reply: &Reply) -> Refusal {
        let wanted = match self.phase {
            Phase::Requesting { address, .. } => Some(address),
            _ => self.lease.map(|lease| lease.address),
        };
        let reason = match reply.message.opts().get(OptionCode::Message) {
            Some(DhcpOption::Message(text)) => text.clone(),
            _ => String::new(),
        };
        Refusal {
            client: self.identity.clone(),
            address: wanted,
            server: reply.server,
            purpose: self.purpose,
            received_ms: now_ms,
            reason,
        }
    }

    fn bind(&mut self, ack: &Ack) {
        let lease_ms = u64::from(ack.lease_s) * 1000;
        self.lease = Some(Lease {
            address: ack.address,
            server: ack.server,
            rebind_ms: ack.sent_ms + lease_ms / 8 * 7,
            expires_ms: ack.sent_ms + lease_ms,
        });
        self.phase = Phase::Bound;
        self.tries = 0;
        self.since_ms = None;
        self.wake_ms = Some(ack.sent_ms + self.random.jitter(lease_ms / 2));
    }
}

#[cfg(test)]
mod tests;
