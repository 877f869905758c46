//! A store that is an older copy: how it is found out, and whose word counts then (isc-S14).

use super::Endpoint;
use super::hints::Hints;
use super::sync::Untold;
use crate::timer::Timer;
use crate::{Bindings, Event, State};
use dhcp_failover_lease::{
    Binding, BindingStatus, Client, LeaseInstant, LeaseSpan, Mutant, Update,
};

/// A store may be so much behind what its server was heard doing without being an old copy: a slow
/// disk delays the stamps that prove otherwise, and the news that it has stopped serving and
/// stamping. A false alarm costs a RECOVER-WAIT, so the slack is generous.
const STAMP_SLACK: LeaseSpan = LeaseSpan::from_s(600);

impl Endpoint {
    /// The first connection of a run tells whether the store is the one this server left: if the
    /// partner knows of a connection after the last that is on record here, or has heard this server
    /// serve long after its stamp, the store is an older copy, and whatever was promised since is
    /// missing. It is taken for lost then.
    pub(super) fn check_store(&mut self, hints: &Hints) {
        if core::mem::replace(&mut self.store_checked, true) || self.record.storage_lost {
            return;
        }
        // The nearest such time, so that 2106 passes unnoticed.
        let heard = match hints.heard_serving {
            0 => LeaseInstant::ZERO,
            heard => LeaseInstant::from_wire_s(heard, self.lease_now),
        };
        let served_since = heard > self.stamp_at_start + STAMP_SLACK;
        if hints.heard_connection <= self.record.connection && !served_since {
            return;
        }
        let missing_s = u32::try_from((heard - self.stamp_at_start).as_s()).unwrap_or(u32::MAX);
        self.event(Event::OldStore { missing_s });
        self.record.storage_lost = true;
        // Unless it has been at work since, alone: then it has news of its own among them.
        self.record.old_store = self.record.alive_until == self.stamp_at_start;
        self.record.recover_until = LeaseInstant::ZERO;
        // The partner that had agreed to what is on record may have lost it as well.
        self.begin_instance();
        match self.state {
            State::Startup => {
                self.record.state = State::Recover;
                self.record.state_since = self.lease_now;
            }
            // An operator put it to work; it asks for everything as one without data does.
            State::PartnerDown | State::Recover | State::Paused | State::Shutdown => {}
            _ => self.enter(State::Recover, super::starting::OLD_STORE),
        }
        self.persist_record();
    }

    /// What is on record of an address, as far as it can be held against the partner's word: of an
    /// old copy of the store nothing can that the partner has not told anew, unless the partner is at a
    /// loss, too. What it promised is waited for in RECOVER-WAIT. With it the client whose lease is not
    /// held against that word, though it runs: it may have been given since, and somebody should know
    /// if it is lost (S14).
    pub(super) fn trusted(&self, own: Binding, word: &Update) -> (Binding, Option<Client>) {
        let old = self.record.old_store && self.state == State::Recover && self.is_untold(&own);
        if !old || self.partner_recovers() {
            return (own, None);
        }
        let runs = own.status == BindingStatus::Active && self.lease_now < own.expiries.lease;
        // The partner has it for the same client, with an earlier end: its clock was set ahead, or the
        // client was given less anew. It may count on the later one (H6, S1).
        let the_same = |theirs| word.status == BindingStatus::Active && own.is_for(theirs);
        let longer = word.lease_latest < own.expiries.lease;
        if runs && longer && word.client.as_ref().is_some_and(the_same) {
            return (self.as_partner_has_it(own), None);
        }
        (self.as_if_lost(&own), own.client.filter(|_| runs))
    }

    /// What an accepted update of the partner's left: it is told of then, also by a partner that is no
    /// better a witness than an old copy, and need not know all that this server does.
    pub(super) fn told_anew(&self, mut binding: Binding) -> Binding {
        if self.record.old_store && self.state == State::Recover && self.is_untold(&binding) {
            binding.knowledge.instance = self.record.instance;
            binding.knowledge.acked_version = binding.version.saturating_sub(1);
        }
        binding
    }

    /// Whether the partner has neither told of it nor agreed to it since the store was found to be old,
    /// or since everything was asked for last.
    const fn is_untold(&self, own: &Binding) -> bool {
        own.knowledge.instance != self.record.instance
    }

    /// What this server would know of an address if its disk had been lost.
    fn as_if_lost(&self, own: &Binding) -> Binding {
        let mut unused = Binding { version: own.version, ..Binding::unused(own.address) };
        unused.knowledge.instance = self.record.instance;
        if self.updates.is_busy(own.address) {
            // Not even an old copy may forget what is under way to the partner now (S5).
            unused.knowledge.told = own.knowledge.told;
        } else {
            unused.knowledge.acked_version = unused.version;
        }
        unused
    }

    /// Whether now that the partner has told everything, what it did not tell of is unused there (§5.16,
    /// H20). Not if it has still to ask: it is told what is on record here.
    pub(super) fn believes_silence(&self) -> bool {
        self.record.old_store
            && self.state == State::Recover
            && self.partner.is_some_and(|partner| partner.state != State::Recover)
            && !Mutant::OldCopyKeepsAddresses.is_on()
    }

    /// Looks for what the partner has not told of, some at a time; then UPDDONE counts. An address that
    /// is this server's in an old copy is the partner's there, as one that was never used (S4). What the
    /// copy says of leases is kept, to be told: their clients may still count on them (S14).
    pub(super) fn settle_untold<B: Bindings>(&mut self, bindings: &B) {
        let Some(Untold { after }) = self.request.as_ref().and_then(|request| request.untold)
        else {
            return;
        };
        let mut used = bindings.used_after(after);
        while self.budget.take() {
            let Some(binding) = used.next() else { return self.request_answered() };
            let binding = self.newest(binding);
            let address = binding.address;
            if self.is_untold(binding) {
                let settled = self.as_partner_has_it(binding.clone());
                self.binding_changed(&settled);
                self.persist_binding(settled);
            }
            if let Some(request) = &mut self.request {
                request.progress = self.now;
                request.untold = Some(Untold { after: Some(address) });
            }
        }
        self.timers.set(Timer::Work, self.now);
    }

    /// What remains of a binding that the partner has unused.
    fn as_partner_has_it(&self, mut own: Binding) -> Binding {
        own.version = own.version.saturating_add(1);
        if own.status.is_available() {
            return self.as_if_lost(&own);
        }
        if own.knowledge.agreed.is_available() {
            own.knowledge.agreed = BindingStatus::Free;
        }
        // The partner waits for no lease that it has not been told of again (S2, S3).
        own.expiries.acked_potential = LeaseInstant::ZERO;
        own.expiries.received_potential = LeaseInstant::ZERO;
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::link::{Link, Phase};
    use crate::endpoint::{Budget, PartnerState};
    use crate::{BindingTable, EndpointConfig, Input, LinkId, LinkSide, Monotonic, Output, Record};
    use core::net::Ipv4Addr;
    use dhcp_failover_lease::{HardwareAddress, Role};
    use dhcp_failover_wire::{BindingUpdate, Dialect, Message, Packet};

    const FIRST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 0);
    const MANY: u32 = 2_500;
    const LEASE_END: LeaseInstant = LeaseInstant::from_unix_s(3_000);

    fn address(number: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(FIRST.to_bits() + number)
    }

    /// What a secondary had on record: its own addresses, and every tenth one leased.
    fn copy() -> BindingTable {
        let mut table = BindingTable::new();
        table.add_pool([FIRST..=address(MANY - 1)]).unwrap();
        for number in 0..MANY {
            let mut old = Binding {
                version: 7,
                status: BindingStatus::Backup,
                ..Binding::unused(address(number))
            };
            old.knowledge.agreed = BindingStatus::Backup;
            (old.knowledge.acked_version, old.knowledge.instance) = (7, 1);
            if number % 10 == 0 {
                old.status = BindingStatus::Active;
                let hardware = HardwareAddress::new(1, &number.to_be_bytes()).unwrap();
                old.client = Some(Client::new(None, hardware));
                old.expiries.lease = LEASE_END;
                old.expiries.acked_potential = LEASE_END;
            }
            table.apply(old);
        }
        table
    }

    /// It was found out, and has asked for everything.
    fn asking() -> Endpoint {
        let config = EndpointConfig::new("pair", Role::Secondary, [192, 0, 2, 1].into());
        let wall = LeaseInstant::from_unix_s(1_000);
        let mut endpoint = Endpoint::new(config, None, Monotonic::from_ms(0), wall);
        (endpoint.state, endpoint.record.state) = (State::Recover, State::Recover);
        (endpoint.record.old_store, endpoint.record.instance) = (true, 1);
        connect(&mut endpoint);
        endpoint
    }

    fn connect(endpoint: &mut Endpoint) {
        let established = Phase::Established;
        endpoint.link = Some(Link::new(
            LinkId(1),
            LinkSide::Dialed,
            established,
            Dialect::Draft12,
            endpoint.now,
        ));
        endpoint.partner = Some(PartnerState { state: State::Normal, startup: false, since: 0 });
        endpoint.request_updates();
    }

    /// The transaction in which everything was asked for.
    fn asked(endpoint: &mut Endpoint, table: &BindingTable) -> u32 {
        // It leaves when the new instance is on the disk.
        let sent = (0..2).flat_map(|_| tick(endpoint, &mut table.clone()).1);
        let asked = sent.filter(|packet| packet.message == Message::UpdReqAll).last();
        asked.expect("it asked").xid
    }

    /// The partner has told everything, and that was nothing.
    fn done(endpoint: &mut Endpoint, table: &BindingTable) {
        let xid = asked(endpoint, table);
        said_all(endpoint, xid, table);
    }

    fn said_all(endpoint: &mut Endpoint, xid: u32, table: &BindingTable) {
        let packet = Packet { time: 1, xid, message: Message::UpdDone };
        endpoint.updates_done(&packet, table);
    }

    /// One call with a disk that works: how many bindings were written, and what was said.
    fn tick(endpoint: &mut Endpoint, table: &mut BindingTable) -> (usize, Vec<Packet>) {
        let (mut written, mut said, mut last) = (0, Vec::new(), None);
        endpoint.handle(endpoint.now, Input::Tick, table);
        loop {
            match endpoint.poll_output() {
                Output::Wait(_) => break,
                Output::Persist { ticket, record } => {
                    last = Some(ticket);
                    if let Record::Binding(binding) = record {
                        written += 1;
                        table.apply(*binding);
                    }
                }
                Output::Transmit { bytes, .. } => {
                    said.push(dhcp_failover_wire::decode(&bytes, Dialect::Draft12).unwrap());
                }
                _ => {}
            }
        }
        endpoint.gate.persisted(last.unwrap_or_default());
        (written, said)
    }

    fn count(table: &BindingTable, status: BindingStatus) -> u32 {
        let found =
            (0..MANY).filter(|number| table.get(address(*number)).unwrap().status == status);
        u32::try_from(found.count()).unwrap()
    }

    /// S4: no address is this server's any more when it leaves RECOVER, and not so many are looked at in
    /// one call that it would stand still. A link that breaks meanwhile begins it anew.
    #[test]
    fn s04_all_that_the_partner_did_not_tell_of_is_settled_before_recover_ends() {
        let (mut endpoint, mut table) = (asking(), copy());
        done(&mut endpoint, &table);
        let (written, _) = tick(&mut endpoint, &mut table);
        assert!((1..=Budget::FULL.0).contains(&written), "{written}");
        assert_eq!(endpoint.state, State::Recover);
        endpoint.communications_failed("cut".into());
        endpoint.link = None;
        let left = count(&table, BindingStatus::Backup);
        tick(&mut endpoint, &mut table);
        assert_eq!((endpoint.state, count(&table, BindingStatus::Backup)), (State::Recover, left));

        let instance = endpoint.record.instance;
        connect(&mut endpoint);
        assert!(endpoint.record.instance > instance, "what was told before counts no more");
        done(&mut endpoint, &table);
        for _ in 0..3 {
            let (written, _) = tick(&mut endpoint, &mut table);
            assert!(written <= Budget::FULL.0, "{written}");
        }
        assert_eq!(endpoint.state, State::RecoverWait);
        assert_eq!(count(&table, BindingStatus::Backup), 0);
        let told = |it: &Binding| !it.needs_telling(endpoint.record.instance);
        for binding in (0..MANY).filter_map(|number| table.get(address(number))) {
            assert_eq!(told(&binding), binding.status == BindingStatus::Free, "{binding:?}");
        }
    }

    /// S8, S4: a partner that has just recovered is no better a witness; what it tells is told all the
    /// same, and not forgotten for silence.
    #[test]
    fn s08_what_a_partner_that_recovered_tells_is_not_forgotten() {
        let (mut endpoint, mut table) = (asking(), copy());
        let xid = asked(&mut endpoint, &table);
        let partner = PartnerState { state: State::RecoverDone, startup: false, since: 0 };
        endpoint.partner = Some(partner);
        let told = BindingUpdate::new(address(1), dhcp_failover_wire::BindingStatus::BACKUP);
        let packet = Packet { time: 1, xid: 1, message: Message::BndUpd(vec![told.clone()]) };
        endpoint.binding_updates(&packet, &[told], &table);
        tick(&mut endpoint, &mut table);
        said_all(&mut endpoint, xid, &table);
        while endpoint.state == State::Recover {
            tick(&mut endpoint, &mut table);
        }
        let kept = table.get(address(1)).unwrap();
        assert_eq!(kept.status, BindingStatus::Backup);
        assert!(
            kept.needs_telling(endpoint.record.instance),
            "the partner need not know all of it"
        );
        assert_eq!(count(&table, BindingStatus::Backup), 1);
    }

    /// S14, S2, S4: a lease of the copy is kept and told, but nothing is counted on that the partner
    /// promised, nor that it knows the address as this server's.
    #[test]
    fn s14_a_lease_that_the_partner_did_not_tell_of_is_kept() {
        let (endpoint, table) = (asking(), copy());
        let old = table.get(FIRST).unwrap();
        let kept = endpoint.as_partner_has_it(old.clone());
        assert_eq!((kept.status, &kept.client), (BindingStatus::Active, &old.client));
        assert!(kept.needs_telling(endpoint.record.instance));
        assert_eq!(kept.expiries.lease, LEASE_END);
        let client = old.client.clone().unwrap();
        assert_eq!(kept.expiries_for(&client).partner_known(), LeaseInstant::ZERO);
        assert!(!kept.knowledge.is_certainly(BindingStatus::Backup));
        assert!(old.knowledge.is_certainly(BindingStatus::Backup));
    }
}
