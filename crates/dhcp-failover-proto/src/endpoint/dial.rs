//! When to dial, and which connections to take (draft-12 §8.2).
//!
//! Both servers dial. The primary's connection carries CONNECT; the secondary's only asks the
//! primary for one, which may come on that same connection or on one that the primary makes.

use super::Endpoint;
use super::link::{Link, Phase};
use crate::timer::Timer;
use crate::{Bindings, Event, LinkId, LinkSide, Monotonic, Output};
use dhcp_failover_lease::Role;
use dhcp_failover_wire::{Message, RejectReason};

/// The primary's first and longest pause between attempts to connect.
const DIAL_FIRST_MS: u64 = 500;
const DIAL_LONGEST_MS: u64 = 5_000;
/// The secondary's: the primary has the first word.
const STIMULUS_FIRST_MS: u64 = 1_500;
const STIMULUS_LONGEST_MS: u64 = 30_000;
/// The pause after a refusal (§7.9: "wait a minute or two").
const REFUSED_LEAST_MS: u64 = 60_000;
const REFUSED_MORE_MS: u64 = 60_000;
/// For so long after a refusal the primary does not answer a stimulus: whoever refused it may not
/// have been started anew since.
const REFUSAL_LASTS_MS: u64 = 30_000;
/// Stimuli are answered no more often than this.
const STIMULUS_EVERY_MS: u64 = 1_000;
/// A CONNECT on a connection the partner made gets so long before the primary's own is preferred:
/// nobody may keep the servers apart by connecting and saying nothing.
const STIMULUS_GRACE_MS: u64 = 3_000;
/// A link that lived for so long was a good one.
pub(super) const STABLE_MS: u64 = 30_000;
/// Connections whose CONNECT has not come yet; the oldest gives way.
const MAX_CANDIDATES: usize = 4;
/// A link may be replaced so often within this time.
const MAX_REPLACEMENTS: usize = 3;
const REPLACEMENTS_MS: u64 = 60_000;
/// So many connections in a row that the partner closes without a word are told, and twice as many, and
/// so on.
const UNHEARD: u32 = 4;
/// Refusals for the clock prove for so long that the partner is not down.
const SKEWED_MS: u64 = 300_000;

/// What came of earlier attempts to connect.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Attempts {
    /// In a row without a connection.
    failures: u32,
    /// In a row that the partner closed before it said anything.
    unheard: u32,
    /// Links in a row that did not last.
    short_lived: u32,
    /// Draws the jitter (SplitMix64).
    random: u64,
    refused_at: Option<Monotonic>,
    stimulated_at: Option<Monotonic>,
    replaced_at: [Option<Monotonic>; MAX_REPLACEMENTS],
    /// When the partner's clock last stood in the way.
    skewed_at: Option<Monotonic>,
}

impl Attempts {
    /// `now` makes runs differ that were given the same seed.
    pub(super) const fn new(seed: u64, now: Monotonic) -> Self {
        Self {
            failures: 0,
            unheard: 0,
            short_lived: 0,
            random: seed ^ now.as_ms(),
            refused_at: None,
            stimulated_at: None,
            replaced_at: [None; MAX_REPLACEMENTS],
            skewed_at: None,
        }
    }

    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The first transaction id of a connection. Two CONNECTs of one second must differ in something,
    /// or the second looks like a replay of the first (H16); and an answer that a partner owed on the
    /// last connection and gives on this one must name no transaction of this one (isc-U03).
    pub(super) fn first_xid(&mut self) -> u32 {
        u32::try_from(self.random() >> 34).map_or(1, |xid| xid.saturating_add(1))
    }

    /// Between three quarters and five quarters of a pause, so that two servers that fell into step
    /// fall out of it again.
    fn jittered(&mut self, pause_ms: u64) -> u64 {
        let spread = (pause_ms / 2).saturating_add(1);
        (pause_ms - pause_ms / 4).saturating_add(self.random() % spread)
    }

    /// Says how long ago everything was as long as it matters, and forgets what only decides a pause.
    pub(super) fn rebase(&mut self, now: Monotonic) {
        self.random = 0;
        self.unheard = 0;
        self.failures = 0;
        self.short_lived = 0;
        let ago = |at: &mut Option<Monotonic>, matters_ms| {
            let passed = at.map(|at| now.ms_since(at)).filter(|passed| *passed < matters_ms);
            *at = passed.map(Monotonic::from_ms);
        };
        ago(&mut self.refused_at, REFUSAL_LASTS_MS);
        ago(&mut self.stimulated_at, STIMULUS_EVERY_MS);
        ago(&mut self.skewed_at, SKEWED_MS);
        self.replaced_at.iter_mut().for_each(|at| ago(at, REPLACEMENTS_MS));
        self.replaced_at.sort_unstable();
    }
}

impl Endpoint {
    /// The first attempt of a run.
    pub(super) fn begin_dialling(&mut self) {
        let pause_ms = match self.config.role {
            Role::Primary => 0,
            Role::Secondary => self.attempts.jittered(STIMULUS_FIRST_MS),
        };
        self.timers.set(Timer::Dial, self.now.plus_ms(pause_ms));
    }

    pub(super) fn dial(&mut self) {
        if self.is_leaving() || !self.wants_connection() || self.leaves_it_to_partner() {
            return;
        }
        if self.candidates.iter().any(|link| link.side == LinkSide::Dialed) {
            return; // its end brings the next attempt
        }
        // Tried again in this time if the driver never answers.
        self.timers.set(Timer::Dial, self.now.plus_ms(2 * DIAL_LONGEST_MS));
        self.gate.output(Output::Dial);
    }

    /// Without a link; or with nothing but a CONNECT unanswered for a while, on a connection that
    /// somebody else made.
    fn wants_connection(&self) -> bool {
        self.link.as_ref().is_none_or(|link| {
            link.side == LinkSide::Accepted
                && matches!(link.phase, Phase::AwaitConnectAck { .. })
                && self.now.ms_since(link.opened) >= STIMULUS_GRACE_MS
        })
    }

    /// With Windows only the primary connects, and it does so by itself.
    fn leaves_it_to_partner(&self) -> bool {
        self.config.role == Role::Secondary && self.manner().dialect.windows().is_some()
    }

    fn pauses_ms(&self) -> (u64, u64) {
        match self.config.role {
            Role::Primary => (DIAL_FIRST_MS, DIAL_LONGEST_MS),
            Role::Secondary => (STIMULUS_FIRST_MS, STIMULUS_LONGEST_MS),
        }
    }

    fn redial(&mut self, doublings: u32) {
        let (first_ms, longest_ms) = self.pauses_ms();
        let pause_ms = first_ms.saturating_mul(1 << doublings.min(10)).min(longest_ms);
        let pause_ms = self.attempts.jittered(pause_ms);
        self.timers.set(Timer::Dial, self.now.plus_ms(pause_ms));
    }

    pub(super) fn dial_failed(&mut self) {
        let failures = self.attempts.failures;
        self.attempts.failures = failures.saturating_add(1);
        self.redial(failures);
    }

    /// A link in use is gone.
    pub(super) fn redial_after(&mut self, link: &Link) {
        match link.phase {
            Phase::Established => {
                let stable = self.now.ms_since(link.opened) >= STABLE_MS;
                let short_lived = if stable { 0 } else { self.attempts.short_lived };
                self.attempts.short_lived = if stable { 0 } else { short_lived.saturating_add(1) };
                self.attempts.failures = 0;
                self.redial(short_lived);
            }
            // A secondary by the letter of §8.2 drops its own connection at once and waits for one.
            _ if link.side == LinkSide::Accepted => self.timers.set(Timer::Dial, self.now),
            _ => self.dial_failed(),
        }
    }

    /// The partner does not want us, or we not it: do not hammer at its door (§7.9).
    pub(super) fn pause_dialling(&mut self, reason: RejectReason) {
        self.attempts.refused_at = Some(self.now);
        if reason == RejectReason::TIME_MISMATCH {
            self.attempts.skewed_at = Some(self.now);
        }
        let pause_ms = REFUSED_LEAST_MS.saturating_add(self.attempts.random() % REFUSED_MORE_MS);
        self.timers.set(Timer::Dial, self.now.plus_ms(pause_ms));
    }

    /// Whether the partner was lately kept out only because of its clock: then it is not down
    /// (§5.10, isc-C22).
    pub(super) fn partner_is_skewed(&self) -> bool {
        self.attempts.skewed_at.is_some_and(|at| self.now.ms_since(at) < SKEWED_MS)
    }

    pub(super) fn link_up<B: Bindings>(&mut self, id: LinkId, side: LinkSide, bindings: &B) {
        if self.is_leaving() {
            return self.close(id);
        }
        match (self.config.role, side) {
            (Role::Primary, LinkSide::Dialed) if self.wants_connection() => {
                if let Some(silent) = self.link.take() {
                    self.gate.forget(silent.id);
                    self.close(silent.id);
                }
                self.timers.stop(Timer::Dial);
                self.send_connect(id, side, bindings);
            }
            (Role::Primary, LinkSide::Accepted) => self.stimulated(Some(id), bindings),
            // It is not needed any more.
            (Role::Primary, LinkSide::Dialed) => self.close(id),
            (Role::Secondary, LinkSide::Dialed) if self.link.is_some() => self.close(id),
            (Role::Secondary, _) => self.await_connect(id, side),
        }
    }

    fn await_connect(&mut self, id: LinkId, side: LinkSide) {
        if side == LinkSide::Dialed {
            self.timers.stop(Timer::Dial);
        }
        if self.candidates.len() >= MAX_CANDIDATES {
            let oldest = self.candidates.remove(0);
            self.close(oldest.id);
            self.candidate_gone(&oldest);
        }
        let dialect = self.manner().dialect;
        let mut link = Link::new(id, side, Phase::AwaitConnect, dialect, self.now);
        link.begin_xids_at(self.attempts.first_xid());
        self.candidates.push(link);
    }

    /// The partner has no link, and says so by connecting (§8.2). `id` is that connection, if it can
    /// be used for this relationship.
    pub(super) fn stimulated<B: Bindings>(&mut self, id: Option<LinkId>, bindings: &B) {
        let within = |at: Option<Monotonic>, ms| at.is_some_and(|at| self.now.ms_since(at) < ms);
        let wanted = self.config.role == Role::Primary
            && !self.is_leaving()
            && !within(self.attempts.refused_at, REFUSAL_LASTS_MS)
            && !within(self.attempts.stimulated_at, STIMULUS_EVERY_MS);
        if wanted {
            self.attempts.stimulated_at = Some(self.now);
        }
        match (&self.link, id) {
            (None, Some(id)) if wanted => {
                self.timers.set(Timer::Dial, self.now.plus_ms(STIMULUS_GRACE_MS));
                return self.send_connect(id, LinkSide::Accepted, bindings);
            }
            (None, None) if wanted => self.timers.set(Timer::Dial, self.now),
            // It may have lost this link without our noticing: if it has, a message will tell.
            (Some(link), _) if wanted && link.announced => self.send_contact(),
            _ => {}
        }
        if let Some(id) = id {
            self.close(id);
        }
    }

    pub(super) fn send_contact(&mut self) {
        if let Some(link) = &mut self.link {
            let (id, dialect, xid) = (link.id, link.dialect, link.take_xid());
            // Past the gate: a sign of life promises nothing (S11).
            self.transmit(id, dialect, xid, Message::Contact);
        }
    }

    pub(super) fn close(&mut self, id: LinkId) {
        self.gate.output(Output::Close { link: id });
    }

    /// The partner closed a connection before it said anything. So does one that does not expect it from
    /// this server's address.
    pub(super) fn closed_without_a_word(&mut self) {
        let connections = self.attempts.unheard.saturating_add(1);
        self.attempts.unheard = connections;
        if connections >= UNHEARD && connections.is_power_of_two() {
            self.event(Event::Unheard { connections });
        }
    }

    /// The partner has said something.
    pub(super) const fn is_heard(&mut self) {
        self.attempts.unheard = 0;
    }

    /// A connection ended before it became the link.
    pub(super) fn candidate_gone(&mut self, link: &Link) {
        if link.side == LinkSide::Dialed && self.link.is_none() && !self.is_leaving() {
            self.dial_failed();
        }
    }

    /// There is one link now; what else is open is spare.
    pub(super) fn close_candidates(&mut self) {
        for link in core::mem::take(&mut self.candidates) {
            self.close(link.id);
        }
    }

    /// Whether a CONNECT may take the place of the present link. A partner that lost its end
    /// without our noticing must not be kept out, and one that connects again and again, or
    /// somebody in its name, must not keep the servers from their work.
    pub(super) fn may_replace(&mut self) -> bool {
        if self.link.is_none() {
            return true;
        }
        let now = self.now;
        let slot = self
            .attempts
            .replaced_at
            .iter_mut()
            .find(|at| at.is_none_or(|at| now.ms_since(at) >= REPLACEMENTS_MS));
        slot.map(|slot| *slot = Some(now)).is_some()
    }
}
