//! Which state follows which, and because of what (§9, §10).

use super::{Alone, Called, Lost, Reference, Refusal, refuse, slack_ms};
use State::{
    CommunicationsInterrupted, ConflictDone, Normal, PartnerDown, Paused, PotentialConflict,
    Recover, RecoverDone, RecoverWait, ResolutionInterrupted, Shutdown, Startup,
};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Command, State};

/// Where a state goes when communications fail; `None`: it stays.
const fn after_loss(state: State) -> Option<State> {
    match state {
        Normal => Some(CommunicationsInterrupted),        // §9.8.4
        PotentialConflict => Some(ResolutionInterrupted), // §9.10.3
        _ => None,
    }
}

/// Where a state goes when communications are okay and the partner is in `partner`.
const fn after_contact(state: State, partner: State) -> Option<State> {
    let conflict = matches!(partner, PotentialConflict | ResolutionInterrupted | ConflictDone);
    match (state, partner) {
        // §9.4.3
        (PartnerDown, Normal | CommunicationsInterrupted | PartnerDown) => Some(PotentialConflict),
        (PartnerDown, RecoverDone) => Some(Normal),
        // §9.5.2; §9.4.3; figure 9.2-1 for RECOVER-DONE
        (Recover | PartnerDown | RecoverDone, _) if conflict => Some(PotentialConflict),
        // §9.7.2
        (RecoverDone, Normal | RecoverDone) => Some(Normal),
        // §9.9.3
        (CommunicationsInterrupted, Normal | CommunicationsInterrupted | RecoverDone) => {
            Some(Normal)
        }
        (CommunicationsInterrupted, PartnerDown) => Some(PotentialConflict),
        (CommunicationsInterrupted, _) if conflict => Some(PotentialConflict),
        // §9.8.4, §9.9.3; §9.14 for all that serve or compare. Departure (H21): not RECOVER-DONE.
        (
            Normal
            | CommunicationsInterrupted
            | PotentialConflict
            | ResolutionInterrupted
            | ConflictDone,
            Shutdown,
        ) => Some(PartnerDown),
        // §9.11.3: whatever the partner is in
        (ResolutionInterrupted, _) => Some(PotentialConflict),
        // §9.12.3
        (ConflictDone, Normal) => Some(Normal),
        _ => None,
    }
}

impl Reference {
    pub(super) fn started(&mut self, recorded: Option<State>) -> Result<(), Refusal> {
        let known = self.recordable.is_empty() || self.recordable.contains(&recorded);
        self.running = true;
        self.state = Startup;
        self.entered_ms = self.now;
        self.order = None;
        self.updated = false;
        // §9.3.2 steps 1 and 2
        let last = recorded.unwrap_or(Recover);
        self.previous = after_loss(last).unwrap_or(last);
        self.recordable.clear();
        if std::mem::take(&mut self.finding_unrecorded) && recorded != Some(Recover) {
            self.lost = Lost::No;
            self.knows_the_copy_only();
        }
        if recorded.is_none() {
            self.lost = Lost::Yes;
        } else if self.lost == Lost::No && self.lost_on_record && recorded == Some(Recover) {
            self.lost = Lost::Perhaps;
        }
        self.lost_on_record |= self.lost != Lost::No;
        self.recordable.push(recorded);
        self.recordable.extend(self.goes_on_from().map(Some));
        if !known {
            return refuse("9.2", format!("starts with {recorded:?} on record, and told another"));
        }
        Ok(())
    }

    /// §9.14.2: the partner has gone to PARTNER-DOWN while this server is in SHUTDOWN.
    pub(super) fn partner_changed(&mut self) {
        if self.state == Shutdown && self.partner() == Some(PartnerDown) {
            self.recordable.push(Some(Recover));
        }
    }

    /// The partner's state, if communications are okay.
    ///
    /// Departure: a STATE with the STARTUP bit is ignored in every state, not only in PARTNER-DOWN.
    pub(super) fn partner(&self) -> Option<State> {
        let (state, starting) = self.used_link()?.partner?;
        (!starting).then_some(state)
    }

    pub(super) fn enters(&mut self, to: State) -> Result<(), Refusal> {
        let from = self.state;
        let verdict = match self.allowed(from, to) {
            true => Ok(()),
            false => refuse(
                section_of(from),
                format!("{from} -> {to}, the partner being {:?}", self.partner()),
            ),
        };
        // The partner says that the relationship is new (§9.6.2): it has lost its storage, too.
        if (from, to) == (Recover, RecoverWait) {
            self.new = self.lost_on_record
                && matches!(self.partner(), Some(Recover | RecoverWait | RecoverDone));
            // Departure: without its storage it takes the operator's word for when it went down, and
            // knows no other MCLT than that of now.
            if self.lost_on_record {
                self.answered_mclt_s = self.answered_mclt_s.min(self.mclt_s());
                self.answered_ms = self.answered_ms.and_then(|at| match self.called_down {
                    None => Some(at),
                    Some(Called::At(called)) => Some(called.min(at)),
                    // Departure ("the wall clock is set while the machine is off"): it is told of a
                    // moment that may be long before.
                    Some(Called::Sometime) => None,
                });
            }
        }
        // In RECOVER-DONE, if its partner hears of it.
        let is_heard = to == RecoverDone && self.partner().is_some();
        if is_heard || matches!(to, Normal | ConflictDone) {
            self.called_down = None;
        }
        if (to, self.order) == (Recover, Some(Command::Recover)) {
            self.asks_anew(); // a pool may be compared at this moment
        }
        self.state = to;
        self.found_old_copy = false;
        self.entered_ms = self.now;
        self.order = None;
        self.updated = false;
        if !matches!(to, Paused | Shutdown) {
            self.recordable.push(Some(to)); // §9.13.1, §9.14.1: of these the state before is recorded
        }
        for link in self.links.values_mut() {
            link.owes_state(to, false);
            if to == RecoverWait {
                link.asks_anew = 0; // the last of them was answered
            }
        }
        verdict
    }

    /// The MCLT in force.
    pub(super) const fn mclt_s(&self) -> Option<u64> {
        match self.facts.role {
            Role::Primary => Some(self.facts.mclt_s),
            Role::Secondary => self.told_mclt_s,
        }
    }

    /// What is due is done at once (§9.2): it does not rest in a state that contact, or the loss of it,
    /// has ended.
    pub(super) fn rests(&self) -> Result<(), Refusal> {
        let state = self.state;
        let due = match (self.partner(), self.used) {
            (Some(partner), _) => {
                after_contact(state, partner).filter(|_| match (state, partner) {
                    // Departure (H21): first everything is acknowledged.
                    (PartnerDown, RecoverDone) => false,
                    // Departure: what a server without its data promised is waited for before.
                    (Recover, _) => false,
                    // It is about to be gone (§9.13).
                    (_, Paused) => false,
                    _ => true,
                })
            }
            (None, None) => after_loss(state),
            (None, Some(_)) => None, // not okay yet
        };
        // Departure: one that takes its leave does not end STARTUP.
        let stays = |(partner, _)| !matches!(partner, Paused | Shutdown);
        let heard = self.used_link().is_some_and(|link| link.partner.is_some_and(stays));
        match due {
            Some(to) => refuse(section_of(state), format!("stays in {state}, due is {to}")),
            None if state == Startup && heard => refuse("9.3.2", "stays in STARTUP"),
            None => Ok(()),
        }
    }

    fn allowed(&self, from: State, to: State) -> bool {
        if matches!(from, Paused | Shutdown) {
            return false; // §9.13.2, §9.14.3: only by being restarted
        }
        to == Recover && self.found_old_copy
            || self.by_order(from, to)
            || self.by_time(from, to)
            || self.by_update(from, to)
            || match from {
                Startup => self.out_of_startup(to),
                _ => self.by_contact(from, to),
            }
    }

    fn by_order(&self, from: State, to: State) -> bool {
        match self.order {
            Some(Command::PartnerDown | Command::ForcePartnerDown) => to == PartnerDown,
            Some(Command::Pause) => to == Paused,
            Some(Command::Shutdown) => to == Shutdown,
            // Departure: an operator may order RECOVER, but not where it would undo a conflict.
            Some(Command::Recover) => {
                to == Recover
                    && !matches!(
                        from,
                        PartnerDown | PotentialConflict | ResolutionInterrupted | ConflictDone
                    )
            }
            _ => false,
        }
    }

    /// Communications failed, are okay, or the partner's state changed: then a server goes through
    /// the transition for a failure at once, and on from there (§9.2).
    fn by_contact(&self, from: State, to: State) -> bool {
        let without = after_loss(from);
        if without == Some(to) {
            // Also on any word of the partner's that was not expected, and for want of answers
            // (§9.8.4).
            // PAUSED and SHUTDOWN announce that the partner is about to be gone (§9.13, §9.14).
            let leaves = matches!(self.partner(), Some(Paused | Shutdown));
            return from == Normal || leaves || self.used.is_none();
        }
        let Some(partner) = self.partner() else { return false };
        // Departure (isc-S01): a dhcpd in RECOVER asks for updates only then.
        let with_dhcpd = self.used_link().is_some_and(|link| link.with_dhcpd);
        if with_dhcpd && (from, partner, to) == (RecoverDone, Recover, Recover) {
            return true;
        }
        [Some(from), without].into_iter().flatten().any(|it| after_contact(it, partner) == Some(to))
    }

    fn by_update(&self, from: State, to: State) -> bool {
        let next = match (from, self.facts.role) {
            (Recover, _) => RecoverWait,
            (PotentialConflict, Role::Primary) => ConflictDone,
            (PotentialConflict, Role::Secondary) => Normal,
            _ => return false,
        };
        self.updated && to == next
    }

    fn by_time(&self, from: State, to: State) -> bool {
        let stayed = self.now - self.entered_ms;
        let over = |period_s: u64| {
            let period = period_s * 1_000;
            stayed + slack_ms(period) >= period
        };
        match (from, to) {
            // §9.9.3, §10
            (CommunicationsInterrupted, PartnerDown) => self.facts.safe_period_s.is_some_and(over),
            (RecoverWait, RecoverDone) => self.waited(),
            // §9.3.2 steps 1 and 6
            (Startup, _) if over(self.facts.startup_s) => match self.facts.alone {
                // Departure (H4, H12): it waits, where going on would mean to serve.
                Alone::Waits => {
                    matches!(to, Recover | RecoverWait) && self.goes_on_from().any(|it| it == to)
                }
                Alone::GoesOn => to == self.previous,
                // Or the previous state (step 6): RECOVER-WAIT is not cut short (§9.6.2).
                Alone::PartnerDown => {
                    to == PartnerDown || to == RecoverWait && self.previous == RecoverWait
                }
            },
            _ => false,
        }
    }

    /// The MCLT has passed since the server last served anybody (§9.6.2). It may know that moment
    /// no better than that it is later, and it need not wait if it never ran.
    fn waited(&self) -> bool {
        let mclt_ms = self.answered_mclt_s.map(|it| it * 1_000);
        let Some((answered, mclt)) = self.answered_ms.zip(mclt_ms) else { return true };
        self.new || self.now + slack_ms(mclt) >= answered + mclt
    }

    /// §9.3.2 step 5: communications are okay, even by a STATE with the STARTUP bit.
    fn out_of_startup(&self, to: State) -> bool {
        let Some((partner, _)) = self.used_link().and_then(|link| link.partner) else {
            return false;
        };
        // Departure (H5): which of the two, is not for two clocks to say.
        // Nor, what one that has lost its data did meanwhile (H4).
        let instead = [Recover, PotentialConflict]
            .into_iter()
            .filter(|instead| partner == PartnerDown || (partner, *instead) == (Recover, Recover));
        self.goes_on_from()
            .chain(instead)
            .any(|it| it == to || after_contact(it, partner) == Some(to))
    }

    /// The state before, and what may stand for it: §9.3.2 step 1, and departure ("What changes
    /// between two runs").
    fn goes_on_from(&self) -> impl Iterator<Item = State> + use<> {
        let anew = self.lost != Lost::No || self.estranged;
        let instead = [Recover, PotentialConflict].into_iter().filter(move |_| anew);
        std::iter::once(self.previous).chain(instead)
    }
}

const fn section_of(state: State) -> &'static str {
    match state {
        Startup => "9.3.2",
        PartnerDown => "9.4.3",
        Recover => "9.5.2",
        RecoverWait => "9.6.2",
        RecoverDone => "9.7.2",
        Normal => "9.8.4",
        CommunicationsInterrupted => "9.9.3",
        PotentialConflict => "9.10.3",
        ResolutionInterrupted => "9.11.3",
        ConflictDone => "9.12.3",
        Paused => "9.13.2",
        Shutdown => "9.14.3",
    }
}
