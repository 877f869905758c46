//! What the DHCP server did with its clients.

use super::Endpoint;
use super::gate::Held;
use super::receive::{MAX_IDENTIFIER, MAX_OPAQUE_OPTIONS};
use crate::{Bindings, LeaseEvent, Output, Service, Stale, Token};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use dhcp_failover_lease::{
    Binding, BindingFlags, BindingStatus, Client, Expiries, Grant, LeaseInstant, Mutant,
    StatusCause,
};

impl Endpoint {
    pub(super) fn lease_event<B: Bindings>(&mut self, event: LeaseEvent, bindings: &B) {
        match event {
            LeaseEvent::Granted {
                token,
                address,
                client,
                grant,
                version,
                epoch,
                flags,
                request_options,
            } => {
                let decided = (version, epoch);
                match self.check_grant(address, &client, &grant, flags, decided, bindings) {
                    Err(why) => self.gate.output(Output::Refuse { token, why }),
                    Ok(binding) => {
                        self.granted(binding, client, &grant, flags, request_options, token);
                    }
                }
            }
            LeaseEvent::Released { address, client } => {
                let to = (BindingStatus::Released, StatusCause::Release);
                self.end_lease(address, to, bindings, |binding, _| binding.is_for(&client));
            }
            LeaseEvent::Annotated { token, address, version, reply_options, ddns } => {
                match self.annotated((address, version), reply_options, ddns, bindings) {
                    Err(why) => self.gate.output(Output::Refuse { token, why }),
                    Ok(()) => self.gate.hold(Held::Confirm(token)),
                }
            }
            LeaseEvent::Expired { address } => self.expired(address, bindings),
            LeaseEvent::Declined { address, until } => self.declined(address, until, bindings),
            LeaseEvent::Reset { address } => {
                let to = (BindingStatus::Reset, StatusCause::Operator);
                self.end_lease(address, to, bindings, |_, _| true);
            }
        }
    }

    /// The last word on a grant: whatever the packet path believed, these rules hold (S2, S4, S6,
    /// S7).
    fn check_grant<B: Bindings>(
        &self,
        address: Ipv4Addr,
        client: &Client,
        grant: &Grant,
        flags: BindingFlags,
        (version, epoch): (u64, u64),
        bindings: &B,
    ) -> Result<Binding, Stale> {
        if client.identifier().is_some_and(|id| id.len() > MAX_IDENTIFIER) {
            return Err(Stale::Client);
        }
        let view = self.view();
        if view.epoch() != epoch
            || view.service() == Service::Nobody
            || self.lease_now > view.deadline()
        {
            return Err(Stale::View);
        }
        let binding = self.binding(address, bindings).ok_or(Stale::Address)?;
        if bindings.is_reserved(address) != flags.reserved && !binding.is_for(client) {
            return Err(Stale::Reserved);
        }
        let allowed = if flags.reserved {
            view.may_allocate_reserved(&binding, client, self.lease_now)
        } else {
            view.may_allocate(&binding, client, self.lease_now)
        };
        if binding.version != version || allowed.is_err() {
            return Err(Stale::Binding);
        }
        if self.has_lost_dispute(address) {
            return Err(Stale::Disputed);
        }
        let renews = binding.status == BindingStatus::Active; // `allowed` says that it is the client's
        let pool = bindings.pool_of(address);
        if !renews && pool.is_some_and(|pool| !view.gives_new(pool, self.lease_now)) {
            return Err(Stale::Quarantine);
        }
        let allowed = view.limit().latest_end(self.lease_now, &binding.expiries_for(client));
        if grant.lease_expiry > allowed || grant.lease_expiry <= self.lease_now {
            return Err(Stale::Terms);
        }
        Ok(binding)
    }

    fn granted(
        &mut self,
        mut old: Binding,
        client: Client,
        grant: &Grant,
        flags: BindingFlags,
        mut request_options: Vec<u8>,
        token: Token,
    ) {
        let continues = old.status == BindingStatus::Active && old.is_for(&client);
        let known = old.expiries_for(&client);
        let mut heard_before = old.last_transaction;
        if !old.is_for(&client) {
            old.forget_client_data();
            heard_before = None;
        }
        if request_options.is_empty() || request_options.len() > MAX_OPAQUE_OPTIONS {
            request_options = core::mem::take(&mut old.request_options);
        }
        let mut new = Binding {
            status: BindingStatus::Active,
            expiries: Expiries {
                // If it is shorter than before: the client may never get this answer, and count on
                // the former one (S1).
                lease: known.lease.max(grant.lease_expiry),
                sent_potential: known.sent_potential.max(grant.potential_expiry),
                ..known
            },
            start_of_state: if continues { old.start_of_state } else { self.lease_now },
            // A machine may come back with a clock behind its newest lease (S10).
            last_transaction: heard_before.max(Some(self.lease_now)),
            client: Some(client),
            flags: BindingFlags { reserved: old.flags.reserved, ..flags },
            version: old.version.saturating_add(1),
            request_options,
            ..old
        };
        new.knowledge.crossed = false; // else it would not have been allowed
        if self.may_send_updates() && !self.updates.is_busy(new.address) {
            // Its BNDUPD can follow at once: one write covers the DHCPACK and that (H2). Without
            // contact the mark is left out, so that the lease can still be undone alone (H10).
            new.knowledge.told = new.knowledge.told.with(BindingStatus::Active);
        }
        self.binding_changed(&new);
        self.persist_binding(new);
        self.gate.hold(Held::Confirm(token));
    }

    /// §5.12.2: what the server did for the client beside the lease, for the partner to go on with.
    fn annotated<B: Bindings>(
        &mut self,
        (address, version): (Ipv4Addr, u64),
        reply_options: Vec<u8>,
        ddns: Vec<u8>,
        bindings: &B,
    ) -> Result<(), Stale> {
        if reply_options.len().max(ddns.len()) > MAX_OPAQUE_OPTIONS {
            return Err(Stale::Options);
        }
        if !self.may_change_leases() {
            return Err(Stale::View);
        }
        let mut binding = self.binding(address, bindings).ok_or(Stale::Address)?;
        if binding.version != version || binding.client.is_none() {
            return Err(Stale::Binding);
        }
        let mut changed = false;
        for (own, said) in [(&mut binding.reply_options, reply_options), (&mut binding.ddns, ddns)]
        {
            if !said.is_empty() && *own != said {
                *own = said;
                changed = true;
            }
        }
        if changed {
            binding.version = binding.version.saturating_add(1);
            self.binding_changed(&binding);
            self.persist_binding(binding);
        }
        Ok(())
    }

    fn expired<B: Bindings>(&mut self, address: Ipv4Addr, bindings: &B) {
        if self.leaves_ends_to_partner() {
            return;
        }
        let view = self.view();
        let over = |binding: &Binding, now| match binding.status {
            BindingStatus::Active => view.ends_at(binding) <= now,
            _ => view.allocator(now).abandonment_ends_at(binding) <= now,
        };
        let to = match self.binding(address, bindings).map(|binding| binding.status) {
            Some(BindingStatus::Abandoned) => BindingStatus::Reset,
            _ => BindingStatus::Expired,
        };
        self.end_lease(address, (to, StatusCause::End), bindings, over);
    }

    /// A server that does not serve leaves no trace (S7), and lets its partner decide. Nor does
    /// one that has stood still until its stamp ran out: what it believes of its leases is old.
    fn may_change_leases(&self) -> bool {
        let view = self.view();
        view.service() != Service::Nobody && self.lease_now <= view.deadline()
    }

    fn end_lease<B: Bindings>(
        &mut self,
        address: Ipv4Addr,
        (to, cause): (BindingStatus, StatusCause),
        bindings: &B,
        allowed: impl FnOnce(&Binding, LeaseInstant) -> bool,
    ) {
        if !self.may_change_leases() {
            return;
        }
        let Some(mut binding) = self.binding(address, bindings) else { return };
        let possible = binding.status.may_become(to, cause, self.config.role);
        if !possible || !allowed(&binding, self.lease_now) {
            return;
        }
        binding.version = binding.version.saturating_add(1);
        let own = self.config.role.own_available();
        if binding.knowledge.is_certainly(own) && !Mutant::NeverRewind.is_on() {
            // Rewind (H10): the partner never heard of this lease, so nobody needs to agree. If it
            // has lost its storage since it agreed whose address this is, it must be told that.
            binding = binding.made_available(own, self.lease_now);
            if binding.knowledge.instance == self.record.instance {
                binding.knowledge.acked_version = binding.version;
            }
        } else {
            binding.status = to;
            binding.start_of_state = self.lease_now;
            if to == BindingStatus::Released {
                binding.last_transaction = binding.last_transaction.max(Some(self.lease_now));
            }
        }
        self.binding_changed(&binding);
        self.persist_binding(binding);
    }

    fn declined<B: Bindings>(&mut self, address: Ipv4Addr, until: LeaseInstant, bindings: &B) {
        if !self.may_change_leases() {
            return;
        }
        let Some(old) = self.binding(address, bindings) else { return };
        let binding = Binding {
            status: BindingStatus::Abandoned,
            client: None,
            // Whoever held it may hold it still: waits must see the other times (§9.4.2).
            expiries: Expiries { lease: until, ..old.expiries },
            start_of_state: self.lease_now,
            last_transaction: old.last_transaction.max(Some(self.lease_now)),
            version: old.version.saturating_add(1),
            ..old
        };
        self.binding_changed(&binding);
        self.persist_binding(binding);
    }
}
