//! One connection with the partner (draft-12 §8).

use super::{Endpoint, ms};
use crate::{Event, LinkId, LinkSide, Monotonic, Output, Service, Skew, Stale};
use alloc::collections::BTreeSet;
use alloc::string::String;
use core::net::Ipv4Addr;
use dhcp_failover_lease::LeaseInstant;
use dhcp_failover_wire::{Dialect, Disconnect, Message, MessageLimit, RejectReason};

use super::gate::Held;

/// The longest wait for CONNECT or CONNECTACK on a new connection (§7.8.2, §7.9.2).
const CONNECT_DEADLINE_MS: u64 = 15_000;
/// A partner that promises to give up early gets signs of life no more often than this.
const CONTACT_LEAST_MS: u64 = 500;
/// So many update requests that were given up are remembered: each is an operator's order.
const MOST_GIVEN_UP: usize = 16;

/// How far a connection has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Phase {
    /// The secondary waits for CONNECT.
    AwaitConnect,
    /// The primary has sent CONNECT with this xid at this time.
    AwaitConnectAck {
        /// Of the CONNECT.
        xid: u32,
        /// When it was sent.
        sent: LeaseInstant,
    },
    /// Agreed on; binding messages may flow once the partner's STATE is here.
    Established,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Link {
    pub(super) id: LinkId,
    pub(super) side: LinkSide,
    pub(super) phase: Phase,
    pub(super) dialect: Dialect,
    pub(super) skew: Option<Skew>,
    /// The partner's promise to take so many unanswered updates.
    pub(super) max_unacked: u32,
    /// How long messages may be, in both directions.
    pub(super) longest_message: MessageLimit,
    /// The partner gives the link up after so long without a message.
    pub(super) partner_receive_ms: u64,
    /// Our first STATE has left, and CONNECTACK before it: nothing may come earlier (§8.2).
    pub(super) announced: bool,
    /// When CONNECTACK was sent: the partner's first STATE comes after it.
    pub(super) answered_connect: Option<LeaseInstant>,
    /// What the partner says of the past; `None` if it does not tell.
    pub(super) hints: Option<super::hints::Hints>,
    /// The partner has asked for updates.
    pub(super) asked: bool,
    /// A dhcpd has said that it recovers, and was not told everything since.
    pub(super) lacks_data: bool,
    /// The addresses that a dhcpd has told of, while this server needs all of them.
    pub(super) told: BTreeSet<Ipv4Addr>,
    /// Our update requests that another one has replaced. UPDDONE for them may be under way.
    given_up: BTreeSet<u32>,
    next_xid: u32,
    pub(super) opened: Monotonic,
    last_received: Monotonic,
    last_sent: Monotonic,
}

impl Link {
    pub(super) fn new(
        id: LinkId,
        side: LinkSide,
        phase: Phase,
        dialect: Dialect,
        now: Monotonic,
    ) -> Self {
        Self {
            id,
            side,
            phase,
            dialect,
            skew: None,
            max_unacked: 0,
            longest_message: MessageLimit::DRAFT,
            partner_receive_ms: 0,
            announced: false,
            answered_connect: None,
            hints: None,
            asked: false,
            lacks_data: false,
            told: BTreeSet::new(),
            given_up: BTreeSet::new(),
            next_xid: 1,
            opened: now,
            last_received: now,
            last_sent: now,
        }
    }

    pub(super) fn take_xid(&mut self) -> u32 {
        let xid = self.next_xid;
        self.next_xid = self.next_xid.wrapping_add(1);
        xid
    }

    pub(super) const fn begin_xids_at(&mut self, xid: u32) {
        self.next_xid = xid;
    }

    /// An update request of ours is replaced by another one, or will be.
    pub(super) fn give_up(&mut self, xid: u32) {
        self.given_up.insert(xid);
        if self.given_up.len() > MOST_GIVEN_UP {
            self.given_up.pop_first();
        }
    }

    /// Whether UPDDONE answers a request of ours that was given up; it does so once.
    pub(super) fn gave_up(&mut self, xid: u32) -> bool {
        self.given_up.remove(&xid)
    }

    pub(super) fn received(&mut self, now: Monotonic) {
        self.last_received = now;
    }

    /// tSend: about a third of what the partner allows (§7.9.1), but no flood.
    fn contact_at(&self) -> Monotonic {
        self.last_sent.plus_ms((self.partner_receive_ms / 3).max(CONTACT_LEAST_MS))
    }

    fn dead_at(&self, receive_timer_ms: u64) -> Monotonic {
        match self.phase {
            Phase::Established => self.last_received.plus_ms(receive_timer_ms),
            _ => self.opened.plus_ms(CONNECT_DEADLINE_MS.min(receive_timer_ms)),
        }
    }

    pub(super) fn next_wake(&self, receive_timer_ms: u64) -> Monotonic {
        let dead = self.dead_at(receive_timer_ms);
        match self.phase {
            Phase::Established if self.announced => dead.min(self.contact_at()),
            _ => dead,
        }
    }

    pub(super) const fn next_xid(&self) -> u32 {
        self.next_xid
    }

    /// Says how long ago everything was, and counts transactions back from the next one, for comparing
    /// endpoints.
    pub(super) fn rebase(&mut self, now: Monotonic, shift: &dyn Fn(LeaseInstant) -> LeaseInstant) {
        for at in [&mut self.last_received, &mut self.last_sent] {
            *at = Monotonic::from_ms(now.ms_since(*at));
        }
        // Later than this it only matters that it was long ago.
        self.opened = Monotonic::from_ms(now.ms_since(self.opened).min(super::dial::STABLE_MS));
        if let Phase::AwaitConnectAck { xid, sent } = &mut self.phase {
            *xid = self.next_xid.wrapping_sub(*xid);
            *sent = shift(*sent);
        }
        self.answered_connect = self.answered_connect.map(shift);
        let next_xid = self.next_xid;
        self.given_up = self.given_up.iter().map(|xid| next_xid.wrapping_sub(*xid)).collect();
        self.skew = self.skew.map(Skew::without_drift);
        self.next_xid = 0;
    }
}

fn last_word(reason: RejectReason, why: String) -> Message {
    Message::Disconnect(Disconnect { reject_reason: reason, message: Some(why) })
}

impl Endpoint {
    pub(super) fn link_down(&mut self, id: LinkId) {
        // Of one that is being closed, too: its last words may still wait for the disk.
        self.gate.forget(id);
        if let Some(at) = self.candidates.iter().position(|link| link.id == id) {
            let link = self.candidates.remove(at);
            if link.side == LinkSide::Dialed {
                self.closed_without_a_word();
            }
            self.candidate_gone(&link);
        } else if let Some(link) = self.link.as_ref().filter(|link| link.id == id) {
            if matches!(link.phase, Phase::AwaitConnectAck { .. }) {
                self.closed_without_a_word();
            }
            self.link_lost(String::from("the connection was closed"));
        }
    }

    /// Ends the link in use after telling the partner why (§7.12: the last message sent).
    pub(super) fn disconnect(&mut self, reason: RejectReason, why: String) {
        let Some(link) = &self.link else { return };
        let id = link.id;
        let says_why = link.phase == Phase::Established;
        self.release();
        self.gate.forget(id);
        if says_why {
            self.say_why(reason, why.clone());
        }
        self.close(id);
        self.link_lost(why);
    }

    /// DISCONNECT, past the gate: it promises nothing, and what waits for the disk will never leave.
    pub(super) fn say_why(&mut self, reason: RejectReason, why: String) {
        if let Some(link) = &mut self.link {
            let (id, dialect, xid) = (link.id, link.dialect, link.take_xid());
            self.transmit(id, dialect, xid, last_word(reason, why));
        }
    }

    /// Ends the link in use when everything that was said on it has left.
    pub(super) fn close_link(&mut self, why: &str) {
        if let Some(link) = &self.link {
            let id = link.id;
            if link.phase == Phase::Established {
                // §8.6, and behind the STATE that says more.
                self.send_new(last_word(RejectReason::UNKNOWN_ERROR, String::from(why)));
                // What is held for this connection must still leave, so it is not forgotten.
                self.gate.hold(Held::Close(id));
            } else {
                // At once: an answer to CONNECT may come meanwhile, and would ask for a last word.
                self.gate.forget(id);
                self.close(id);
            }
            self.link = None;
            self.communications_failed(String::from(why));
        }
        self.close_candidates();
    }

    /// Lets out what may leave, then closes; what may not leave yet is dropped.
    pub(super) fn flush_and_close(&mut self, id: LinkId) {
        self.release();
        self.gate.forget(id);
        self.gate.output(Output::Close { link: id });
    }

    pub(super) fn link_lost(&mut self, why: String) {
        if let Some(link) = self.link.take() {
            self.gate.forget(link.id);
            if !self.is_leaving() {
                self.redial_after(&link);
            }
            self.communications_failed(why);
        }
    }

    /// A connection was refused.
    pub(super) fn refused(&mut self, reason: RejectReason, message: String) {
        self.event(Event::Refused { reason, message });
        self.pause_dialling(reason);
    }

    pub(super) fn check_liveness(&mut self) {
        let receive_ms = ms(self.config.receive_timer);
        let now = self.now;
        let dead = |link: &mut Link| link.dead_at(receive_ms) <= now;
        while let Some(at) = self.candidates.iter_mut().position(dead) {
            let link = self.candidates.remove(at);
            if link.side == LinkSide::Accepted {
                let message = String::from("no CONNECT came in time");
                self.event(Event::PeerError { message });
            }
            self.close(link.id);
            self.candidate_gone(&link);
        }
        if self.link.as_mut().is_some_and(dead) {
            // §8.3: "No traffic within sufficient time".
            self.disconnect(RejectReason::NO_TRAFFIC, String::from("the partner fell silent"));
        }
        let due = |link: &Link| link.announced && link.contact_at() <= now;
        if self.link.as_ref().is_some_and(due) {
            self.send_contact();
        }
    }

    /// Queues a message with a new transaction id on the link in use; `None` without one.
    pub(super) fn send_new(&mut self, message: Message) -> Option<u32> {
        let xid = self.link.as_mut()?.take_xid();
        self.send_as(xid, message);
        Some(xid)
    }

    /// Queues a message with a transaction id of this link, or the answer to the request with it.
    pub(super) fn send_as(&mut self, xid: u32, message: Message) {
        if let Some(link) = &self.link {
            let (link, dialect) = (link.id, link.dialect);
            self.gate.hold(Held::Message { link, dialect, xid, message });
        }
    }

    /// Lets out everything whose records are durable.
    pub(super) fn release(&mut self) {
        while let Some(held) = self.gate.released() {
            match held {
                // It promised nothing yet; a server that has become unresponsive says nothing (S7).
                Held::Confirm(token) if Service::of(self.state) == Service::Nobody => {
                    self.gate.output(Output::Refuse { token, why: Stale::View });
                }
                Held::Confirm(token) => self.gate.output(Output::Confirm { token }),
                Held::Close(link) => self.gate.output(Output::Close { link }),
                Held::Message { link, dialect, xid, message } => {
                    self.transmit(link, dialect, xid, message);
                }
            }
        }
    }

    /// What the partner would drop unread is not sent.
    pub(super) fn transmit(&mut self, id: LinkId, dialect: Dialect, xid: u32, message: Message) {
        if !dialect.hears(message.message_type()) {
            return;
        }
        if let Some(link) = self.link.as_mut().filter(|link| link.id == id) {
            link.last_sent = self.now;
            link.announced |= matches!(message, Message::State(_));
        }
        self.transmit_as(id, dialect, xid, message);
    }

    /// As [`transmit`](Self::transmit), on a connection that is not the link.
    pub(super) fn transmit_as(&mut self, id: LinkId, dialect: Dialect, xid: u32, message: Message) {
        self.stats.sent(&message);
        let kind = message.message_type();
        let link = self.link.as_ref().filter(|link| link.id == id);
        let limit = link.map_or(MessageLimit::DRAFT, |link| link.longest_message);
        match self.encoded(xid, message, dialect, limit) {
            Ok(bytes) => self.gate.output(Output::Transmit { link: id, bytes }),
            Err(error) => {
                let message = alloc::format!("failed to encode {kind}: {error}");
                self.event(Event::PeerError { message });
            }
        }
    }
}
