//! Being told. Of two records the draft's figure 7.1.3-1 decides.

use super::Windows;
use super::image::{Lease, free_of};
use dhcp_failover_lease::{Client, HardwareAddress, Role};
use dhcp_failover_wire::rules::{self, Part};
use dhcp_failover_wire::{
    BindingAck, BindingStatus as B, BindingUpdate, Message, RejectReason as Reason,
};

/// win-14: more in one message are not read.
const MOST_UPDATES: usize = 16;

impl Windows {
    pub(super) fn updated(&mut self, xid: u32, updates: &[BindingUpdate]) {
        let acks = updates.iter().take(MOST_UPDATES).map(|update| match self.take(update) {
            Ok(()) => BindingAck::accept(update.address),
            Err(reason) => BindingAck::reject(update.address, reason, None),
        });
        let acks = acks.collect();
        self.answer(xid, Message::BndAck(acks));
    }

    fn take(&mut self, update: &BindingUpdate) -> Result<(), Reason> {
        let part = Part::Update(update.status);
        rules::check(self.dialect(), part, update.options()).map_err(|it| it.reject_reason())?;
        let (now, primary) = (self.now_s(), self.is_primary());
        let own = self.image.leases.get_mut(&update.address).ok_or(Reason::ILLEGAL_IP_ADDRESS)?;
        judge(own, update, now, primary)?;
        install(own, update);
        if own.is_news {
            let address = update.address;
            self.enqueue(address);
        }
        Ok(())
    }
}

fn judge(own: &Lease, update: &BindingUpdate, now: u64, primary: bool) -> Result<(), Reason> {
    let outdated_unless =
        |fresh| if fresh { Ok(()) } else { Err(Reason::OUTDATED_BINDING_INFORMATION) };
    let client = client_of(update);
    let same = client.as_ref().is_some_and(|client| own.is_of(client));
    let heard = u64::from(update.client_last_transaction_time.unwrap_or(0));
    let theirs_runs = u64::from(update.lease_expiration_time.unwrap_or(0)) > now;
    let ended = own.ends <= now;
    match (own.status, update.status) {
        (B::ABANDONED, B::ACTIVE) => Err(Reason::LESS_CRITICAL_BINDING_INFORMATION),
        (B::ABANDONED, _) | (_, B::ABANDONED) => Ok(()),
        (B::ACTIVE, B::ACTIVE) if same || ended && theirs_runs => Ok(()),
        (B::ACTIVE, B::ACTIVE) if primary => Err(Reason::FATAL_CONFLICT),
        (B::ACTIVE, B::ACTIVE) => Ok(()),
        (B::ACTIVE, B::RELEASED) => outdated_unless(ended || same && heard >= own.heard),
        (B::ACTIVE, _) => outdated_unless(ended),
        (B::EXPIRED | B::RELEASED, B::ACTIVE) => outdated_unless(theirs_runs),
        (B::FREE | B::BACKUP, B::FREE | B::BACKUP) => outdated_unless(!own.is_news || !primary),
        _ => Ok(()),
    }
}

fn install(own: &mut Lease, update: &BindingUpdate) {
    let client = client_of(update);
    let seconds = |time: Option<u32>| u64::from(time.unwrap_or(0));
    let continues = own.status == B::ACTIVE
        && update.status == B::ACTIVE
        && client.as_ref().is_some_and(|client| own.is_of(client));
    if continues {
        own.ends = own.ends.max(seconds(update.lease_expiration_time));
        own.heard = own.heard.max(seconds(update.client_last_transaction_time));
        own.from_partner = own.from_partner.max(seconds(update.potential_expiration_time));
        return;
    }
    own.is_news = false;
    if update.status == B::ACTIVE || update.status == B::ABANDONED {
        own.becomes(update.status);
        own.client = client;
        own.ends = seconds(update.lease_expiration_time);
        own.heard = seconds(update.client_last_transaction_time);
        own.from_partner = seconds(update.potential_expiration_time);
        own.told = 0;
    } else {
        let status = match update.status {
            B::BACKUP => B::BACKUP,
            _ => free_of(Role::Primary),
        };
        own.becomes(status);
        // Whoever had it may have it still, as far as either server has promised.
        own.from_partner = own.from_partner.max(own.told);
        own.told = 0;
    }
}

fn client_of(update: &BindingUpdate) -> Option<Client> {
    let hardware = update.client_hardware_address.as_ref()?;
    let hardware = HardwareAddress::new(hardware.htype, &hardware.bytes)?;
    Some(Client::new(update.client_identifier.as_deref(), hardware))
}
