//! What ISC dhcpd cannot bear, and what it must be helped out of.

use super::Endpoint;
use crate::{Bindings, Event, PartnerFault, Reason, State};
use core::net::Ipv4Addr;
use dhcp_failover_lease::Role;
use dhcp_failover_wire::Dialect;

/// Why this server fetches everything again that it has just fetched.
pub(super) const NOT_ASKED: Reason = Reason::new(
    "9.5.2",
    "the partner recovers, too, but a dhcpd asks only a server that is in RECOVER itself, serves \
     without contact, or took over",
);

impl Endpoint {
    pub(super) fn partner_is_dhcpd(&self) -> bool {
        self.link.as_ref().is_some_and(|link| matches!(link.dialect, Dialect::IscDhcpd))
    }

    /// As its secondary: what may be said to a dhcpd depends on its own state, and that it tells
    /// without having heard another's (isc-C11).
    pub(super) fn lets_dhcpd_speak_first(&self) -> bool {
        self.config.role == Role::Secondary && self.partner.is_none() && self.partner_is_dhcpd()
    }

    /// A dhcpd in CONFLICT-DONE ends its process when it hears of most states, and each time that it is
    /// started again (isc-C11). POTENTIAL-CONFLICT is what they come to in any case when this server
    /// hears of CONFLICT-DONE, except that one without its data fetches them first; it serves nobody
    /// in any of them.
    pub(super) fn bearable(&self, state: State) -> State {
        let is_delicate = self.partner_is_dhcpd()
            && self.partner.is_some_and(|partner| partner.state == State::ConflictDone);
        let is_borne = matches!(
            state,
            State::Normal | State::PotentialConflict | State::ResolutionInterrupted
        );
        if is_delicate && !is_borne { State::PotentialConflict } else { state }
    }

    /// A dhcpd without its data that hears of a conflict goes there at once, and asks for news only: it is
    /// told everything (S8).
    pub(super) fn note_dhcpd_recovers(&mut self, state: State) {
        if let Some(link) = &mut self.link
            && matches!(link.dialect, Dialect::IscDhcpd)
            && state == State::Recover
        {
            link.lacks_data = true;
        }
    }

    /// A dhcpd that is started anew does not look at a state that it has heard before (isc-S02), and
    /// then waits in its own; hearing it again helps.
    pub(super) fn rouse(&mut self) {
        let slept = self.partner.is_some_and(|partner| {
            let state = partner.state;
            !partner.startup
                && matches!(state, State::PartnerDown | State::CommunicationsInterrupted)
        });
        if slept && self.state == State::RecoverDone && self.partner_is_dhcpd() {
            self.send_state();
        }
    }

    /// A dhcpd in RECOVER that is told of RECOVER-DONE when it connects asks for nothing, and waits
    /// for ever (isc-S01). It asks when it is told of RECOVER.
    pub(super) fn was_not_asked(&self, partner: State) -> bool {
        (self.state, partner) == (State::RecoverDone, State::Recover)
            && self.partner_is_dhcpd()
            && self.link.as_ref().is_some_and(|link| !link.asked)
    }

    /// Remembers which addresses a dhcpd has told of on this connection, while that matters.
    pub(super) fn note_told(&mut self, address: Ipv4Addr) {
        if !self.record.storage_lost || !self.partner_is_dhcpd() {
            return;
        }
        if let Some(link) = &mut self.link {
            link.told.insert(address);
        }
    }

    /// A dhcpd was asked for everything and says that it is done: whether this server has to wait,
    /// because it was not told of every address that it would use (isc-U02).
    pub(super) fn waits_for_untold<B: Bindings>(&mut self, bindings: &B) -> bool {
        if !self.partner_is_dhcpd() {
            return false;
        }
        let Some(told) = self.link.as_mut().map(|link| core::mem::take(&mut link.told)) else {
            return false;
        };
        let free = dhcp_failover_lease::BindingStatus::Free;
        let mut untold = (0..bindings.pool_count())
            .flat_map(|pool| bindings.available(pool, free))
            .filter(|address| !told.contains(address));
        let Some(first) = untold.next() else { return false };
        let addresses = untold.count().saturating_add(1);
        // One that recovers itself has given no lease that counts. The pools may not be the same.
        let partner_is_empty = self.partner.is_some_and(|it| {
            matches!(it.state, State::Recover | State::RecoverWait | State::RecoverDone)
        });
        let waits = self.state == State::Recover && !partner_is_empty;
        self.event(Event::PartnerFault(PartnerFault::Untold { addresses, first, waits }));
        waits
    }
}
