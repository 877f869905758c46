//! S10: the times of one client's binding never go back, neither on record nor in what a server says,
//! and not across a restart either. Only the loss of a disk takes them away.

use crate::check::Rule;
use crate::{Host, Pair};
use dhcp_failover_lease::{Binding, BindingStatus, Client, LeaseInstant};
use dhcp_failover_proto::State;
use dhcp_failover_wire::{self as wire, BindingUpdate};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// What each server has said last of every address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forward {
    told: BTreeMap<(Host, Ipv4Addr), BindingUpdate>,
    /// Of these the server took the partner's word although it went back.
    taken_back: BTreeSet<(Host, Ipv4Addr)>,
}

impl Forward {
    /// A server says this, at `now` by its clock.
    ///
    /// # Errors
    /// What went back.
    pub(crate) fn told(
        &mut self,
        host: Host,
        update: &BindingUpdate,
        now: LeaseInstant,
    ) -> Result<(), String> {
        let new = update.clone();
        let Some(old) = self.told.insert((host, update.address), new) else { return Ok(()) };
        // Windows is told the address itself of a lease of which no client is known.
        let nobody = |hardware: &wire::HardwareAddress| {
            update.windows.is_some() && hardware.bytes == update.address.octets()
        };
        let who = |it: &BindingUpdate| match &it.client_identifier {
            Some(identifier) => (Some(identifier.clone()), None),
            None => (None, it.client_hardware_address.clone().filter(|it| !nobody(it))),
        };
        if who(&old) == (None, None) || who(&old) != who(update) {
            return Ok(());
        }
        let instant = |time: Option<u32>| time.map(|time| LeaseInstant::from_wire_s(time, now));
        let went_back =
            |time: fn(&BindingUpdate) -> Option<u32>| instant(time(update)) < instant(time(&old));
        let one_lease = [&old, update].iter().all(|it| it.status == wire::BindingStatus::ACTIVE)
            && old.start_time_of_state == update.start_time_of_state;
        if went_back(|it| it.client_last_transaction_time)
            || one_lease && went_back(|it| it.potential_expiration_time)
        {
            return Err(format!("says {update:?} after {old:?}"));
        }
        Ok(())
    }

    /// The address is another client's now, or what this server knew of it does not count any more: if it
    /// becomes the former client's again, that is another binding, by the partner's word and clock.
    fn begins_anew(&mut self, host: Host, address: Ipv4Addr) {
        self.told.remove(&(host, address));
    }

    /// This server has lost what it knew.
    pub(crate) fn forget(&mut self, host: Host) {
        self.told.retain(|(who, _), _| *who != host);
    }

    /// What is said was written before the server gave that client's lease up, or took its partner's
    /// word for it, and waited for the disk.
    fn is_overtaken(
        &self,
        host: Host,
        update: &BindingUpdate,
        record: &Binding,
        now: LeaseInstant,
    ) -> bool {
        let said = update.client_last_transaction_time;
        let is_later =
            said.map(|time| LeaseInstant::from_wire_s(time, now)) > record.last_transaction;
        let taken_back = is_later && self.taken_back.contains(&(host, update.address));
        taken_back || record.client.as_ref().is_none_or(|client| !is_of(update, client))
    }
}

/// One address on record, before and after.
///
/// # Errors
/// What went back.
pub(crate) fn recorded(old: &Binding, new: &Binding) -> Result<(), String> {
    let same_client = old.client.as_ref().is_some_and(|client| new.is_for(client));
    if !same_client {
        return Ok(());
    }
    let state_time = old.status == new.status && new.start_of_state < old.start_of_state;
    let one_lease = old.status == BindingStatus::Active
        && new.status == BindingStatus::Active
        && old.start_of_state == new.start_of_state;
    // Nothing at all is what is left when the partner has ended the lease (S2).
    let counted_on = new.expiries.received_potential < old.expiries.received_potential
        && new.expiries.received_potential > LeaseInstant::ZERO;
    let waited_for =
        new.expiries.received_potential_latest < old.expiries.received_potential_latest;
    if new.last_transaction < old.last_transaction
        || state_time
        || one_lease && (counted_on || waited_for)
    {
        return Err(format!("{new:?} in the place of {old:?}"));
    }
    Ok(())
}

/// Windows has the identifier of a client in the place of its hardware address.
fn is_of(update: &BindingUpdate, client: &Client) -> bool {
    let hardware = update.client_hardware_address.as_ref();
    update.windows.is_some()
        || hardware.is_some_and(|it| it.bytes == client.hardware().as_bytes())
            && update.client_identifier.as_deref() == client.identifier()
}

impl Pair {
    /// S10, of what a server is about to say.
    pub(crate) fn check_forward(&mut self, host: Host, updates: &[BindingUpdate]) {
        let now = self.servers[host.index()].lease_now(self.now);
        for update in updates {
            if let Err(text) = self.monitor.forward.told(host, update, now) {
                self.violation(Rule::S10, format!("{host:?} {text}"));
            }
            let record = self.servers[host.index()].binding(update.address);
            let forward = &mut self.monitor.forward;
            if record.is_some_and(|it| forward.is_overtaken(host, update, &it, now)) {
                forward.begins_anew(host, update.address);
            }
        }
    }

    /// S10, of what a server puts on record; one that has lost its storage, or thinks so, takes its
    /// partner's word.
    pub(crate) fn check_recorded(&mut self, host: Host, new: &Binding) {
        let server = &self.servers[host.index()];
        let lost = server.disk.record().is_some_and(|record| record.storage_lost_at.is_some());
        let fetching = lost && self.state(host) == Some(State::Recover);
        let old = server.binding(new.address);
        let other = |it: &Binding| it.client.as_ref().is_some_and(|client| !new.is_for(client));
        let went_back = old.as_ref().and_then(|old| recorded(old, new).err());
        // Since it lost its disk or got an old copy it has not had everything of its partner.
        let excused = fetching || server.incomplete && went_back.is_some();
        if excused || old.as_ref().is_some_and(other) {
            self.monitor.forward.begins_anew(host, new.address);
        }
        match went_back {
            Some(_) if excused => {
                self.monitor.forward.taken_back.insert((host, new.address));
            }
            Some(text) => self.violation(Rule::S10, format!("{host:?} {text}")),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dhcp_failover_lease::HardwareAddress;

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const NOW: LeaseInstant = LeaseInstant::from_unix_s(1_700_000_000);

    fn update(client: u8, heard: u32, potential: u32) -> BindingUpdate {
        BindingUpdate {
            client_identifier: Some(vec![client]),
            client_last_transaction_time: Some(1_700_000_000 + heard),
            potential_expiration_time: Some(1_700_000_000 + potential),
            ..BindingUpdate::new(ADDRESS, wire::BindingStatus::ACTIVE)
        }
    }

    #[test]
    fn s10_what_is_said_may_stay_or_go_forward() {
        let mut forward = Forward::default();
        let mut says = |it: &BindingUpdate| forward.told(Host::A, it, NOW).is_ok();
        assert!(says(&update(1, 10, 100)) && says(&update(1, 10, 100)));
        assert!(!says(&update(1, 9, 100)), "heard earlier");
        assert!(says(&update(1, 11, 110)));
        assert!(!says(&update(1, 11, 109)), "promises less");
        assert!(says(&update(2, 1, 1)), "another client");
        let never = BindingUpdate { potential_expiration_time: Some(u32::MAX), ..update(2, 2, 1) };
        assert!(says(&never));
        assert!(!says(&update(2, 3, 1_000)));
        let other = BindingUpdate { start_time_of_state: Some(7), ..update(2, 3, 5) };
        assert!(says(&other), "another lease");
        forward.forget(Host::A);
        assert!(forward.told(Host::A, &update(2, 1, 1), NOW).is_ok());
    }

    #[test]
    fn s10_what_is_on_record_may_stay_or_go_forward() {
        let hardware = HardwareAddress::new(1, &[2]).unwrap_or_else(|| unreachable!("one byte"));
        let at = |seconds| NOW + dhcp_failover_lease::LeaseSpan::from_s(seconds);
        let mut old = Binding::unused(ADDRESS);
        old.status = BindingStatus::Active;
        old.client = Some(Client::new(None, hardware));
        old.last_transaction = Some(at(10));
        old.start_of_state = at(5);
        old.expiries.received_potential = at(100);
        old.expiries.received_potential_latest = at(101);
        let with = |change: fn(&mut Binding)| {
            let mut new = old.clone();
            change(&mut new);
            recorded(&old, &new).is_ok()
        };
        assert!(with(|_| {}));
        assert!(!with(|it| it.last_transaction = None));
        assert!(!with(|it| it.start_of_state = NOW));
        assert!(!with(|it| it.expiries.received_potential = NOW));
        assert!(with(|it| it.expiries.received_potential = LeaseInstant::ZERO));
        assert!(!with(|it| it.expiries.received_potential_latest = LeaseInstant::ZERO));
        assert!(with(|it| {
            it.status = BindingStatus::Expired;
            it.expiries.received_potential_latest = LeaseInstant::ZERO;
        }));
        assert!(with(|it| {
            it.client = None;
            it.last_transaction = None;
        }));
    }
}
