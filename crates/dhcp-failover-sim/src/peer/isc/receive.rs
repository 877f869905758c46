//! Being told: what it takes, and what it refuses.

use super::Isc;
use super::image::Lease;
use dhcp_failover_lease::{Client, HardwareAddress};
use dhcp_failover_wire::{
    BindingAck, BindingStatus as B, BindingUpdate, Message, RejectReason, ServerState,
};

/// How much early an EXPIRED may come (isc-L35).
const EARLY_S: u64 = 65;

impl Isc {
    pub(super) fn update(&mut self, xid: u32, update: &BindingUpdate) {
        if !update.status.is_known() {
            return self.exit("has met an impossible binding status (isc-C10)");
        }
        match self.take(update) {
            Ok(()) => self.will_accept(xid, update.address),
            // isc-U10: at once, before acceptances that wait.
            Err(reason) => {
                let ack = BindingAck::reject(update.address, reason, Some("refused".to_owned()));
                self.answer(xid, Message::BndAck(vec![ack]));
            }
        }
        self.send_updates();
    }

    fn take(&mut self, update: &BindingUpdate) -> Result<(), RejectReason> {
        let Some(lease) = self.image.leases.get(&update.address) else {
            return Err(RejectReason::ILLEGAL_IP_ADDRESS);
        };
        if self.volatile.xids.contains_key(&update.address) {
            if !self.gives_way(lease, update) {
                return Err(RejectReason::LESS_CRITICAL_BINDING_INFORMATION);
            }
            // Its own is forgotten, and so will be the answer.
            self.volatile.xids.remove(&update.address);
            self.volatile.unanswered.retain(|it| *it != update.address);
        }
        let lease = &self.image.leases[&update.address];
        let named = update.client_hardware_address.is_some();
        match update.status {
            B::ACTIVE | B::EXPIRED | B::RELEASED if !named => {
                return Err(RejectReason::MISSING_BINDING_INFORMATION);
            }
            B::ABANDONED if named || update.client_identifier.is_some() => {
                return Err(RejectReason::UNKNOWN_REASON);
            }
            _ => {}
        }
        if !self.is_legal(lease, update) {
            return Err(RejectReason::FATAL_CONFLICT);
        }
        self.install(update);
        Ok(())
    }

    /// isc-U12, a duel: an update of its own for this lease is not answered.
    fn gives_way(&self, own: &Lease, update: &BindingUpdate) -> bool {
        let theirs = u64::from(update.client_last_transaction_time.unwrap_or(0));
        match (own.status, update.status) {
            (B::ACTIVE, B::ACTIVE) => {
                theirs > own.heard || theirs == own.heard && !self.is_primary()
            }
            (B::ACTIVE, B::EXPIRED) => true,
            (B::ACTIVE, _) => !self.is_primary(),
            (_, B::ACTIVE) => true,
            _ => !self.is_primary(),
        }
    }

    /// isc-L13: nobody asks whether the client is the same. isc-L14: whether a lease may be freed is
    /// read from the message, not from the lease.
    fn is_legal(&self, lease: &Lease, update: &BindingUpdate) -> bool {
        let (from, to, now) = (lease.status, update.status, self.now_s());
        if from == to {
            return true;
        }
        let freeing = to == B::FREE || to == B::BACKUP;
        let expired = to == B::EXPIRED && lease.ends <= now + EARLY_S;
        if self.image.state != ServerState::NORMAL {
            return from != B::ACTIVE || !freeing && (to != B::EXPIRED || expired);
        }
        let promise_is_over =
            update.potential_expiration_time.is_none_or(|at| u64::from(at) <= now);
        match from {
            B::ACTIVE if self.is_primary() => to == B::RELEASED || to == B::ABANDONED,
            B::ACTIVE => match to {
                B::RELEASED | B::ABANDONED | B::RESET => true,
                B::EXPIRED => expired,
                _ => promise_is_over,
            },
            B::EXPIRED | B::RESET => !freeing || promise_is_over,
            _ => true,
        }
    }

    fn install(&mut self, update: &BindingUpdate) {
        let Some(lease) = self.image.leases.get_mut(&update.address) else { return };
        let client = client_of(update);
        let conflict = lease.status == B::ACTIVE
            && update.status == B::ACTIVE
            && lease.client.as_ref().zip(client.as_ref()).is_some_and(|(a, b)| !a.is_same(b));
        let keeps_client = [B::FREE, B::BACKUP, B::RESET].contains(&update.status);
        if client.is_some() || !keeps_client {
            lease.client = client;
        }
        let set = |to: &mut u64, from: Option<u32>| {
            if let Some(from) = from {
                *to = from.into();
            }
        };
        set(&mut lease.ends, update.lease_expiration_time);
        set(&mut lease.starts, update.start_time_of_state);
        // isc-L12: the latest wins, lower or not.
        set(&mut lease.from_partner, update.potential_expiration_time);
        lease.acknowledged = lease.from_partner;
        lease.told = lease.from_partner;
        lease.status = match update.status {
            B::EXPIRED | B::RELEASED | B::RESET => B::FREE,
            status => status,
        };
        lease.rewind = lease.status;
        self.volatile.queue.retain(|it| *it != update.address);
        self.write(update.address);
        if conflict {
            self.log(format!("Lease conflict at {}", update.address));
        }
    }
}

fn client_of(update: &BindingUpdate) -> Option<Client> {
    let hardware = update.client_hardware_address.as_ref()?;
    let hardware = HardwareAddress::new(hardware.htype, &hardware.bytes)?;
    Some(Client::new(update.client_identifier.as_deref(), hardware))
}
