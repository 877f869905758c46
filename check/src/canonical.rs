//! When two worlds are the same world: times count from now, running numbers from what is under way.

use crate::world::{GAP_S, Item, STEP_MS, World};
use dhcp_failover_proto::lease::{Binding, LeaseInstant};
use dhcp_failover_proto::wire::{Dialect, Message, decode};
use dhcp_failover_proto::{Bindings, Record, rename_message_times};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

const NOW: LeaseInstant = LeaseInstant::from_unix_s((1 << 40) + (1 << 30));

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let now = self.lease_now();
        let moments = RefCell::new(BTreeSet::from([now.as_unix_s()]));
        let note = |at: LeaseInstant| {
            moments.borrow_mut().insert(at.as_unix_s());
            at
        };
        let mut nowhere = Nowhere;
        self.hash_in(&note, &mut nowhere);
        let names = names(&moments.into_inner(), now.as_unix_s());
        let rename = |at: LeaseInstant| {
            let found = names.binary_search_by_key(&at.as_unix_s(), |(from, _)| *from);
            found.map_or(at, |place| names[place].1)
        };
        self.hash_in(&rename, state);
    }
}

/// Every moment keeps its order and its distance to its neighbours, but no distance in the past is
/// longer than `GAP_S`, which is longer than every wait: what is over is over.
fn names(moments: &BTreeSet<u64>, now: u64) -> Vec<(u64, LeaseInstant)> {
    let mut names: Vec<_> = Vec::new();
    let (mut last, mut back) = (now, 0);
    for at in moments.range(..=now).rev() {
        back += (last - at).min(GAP_S);
        last = *at;
        names.push((*at, LeaseInstant::from_unix_s(NOW.as_unix_s() - back)));
    }
    names.reverse();
    let later = moments.range(now + 1..);
    names.extend(later.map(|at| (*at, LeaseInstant::from_unix_s(NOW.as_unix_s() + (at - now)))));
    names
}

/// For the first look, which only collects moments.
struct Nowhere;

impl Hasher for Nowhere {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, _: &[u8]) {}
}

fn binding(mut it: Binding, times: &dyn Fn(LeaseInstant) -> LeaseInstant) -> Binding {
    let expiries = &mut it.expiries;
    for at in [
        &mut expiries.lease,
        &mut expiries.lease_latest,
        &mut expiries.sent_potential,
        &mut expiries.acked_potential,
        &mut expiries.received_potential,
        &mut expiries.received_potential_latest,
        &mut it.start_of_state,
    ] {
        *at = times(*at);
    }
    it.last_transaction = it.last_transaction.map(times);
    it.knowledge.instance =
        times(LeaseInstant::from_unix_s(it.knowledge.instance.into())).as_wire_s();
    it
}

impl World {
    fn hash_in<H: Hasher>(&self, times: &dyn Fn(LeaseInstant) -> LeaseInstant, state: &mut H) {
        let now = self.lease_now();
        let times = |at: LeaseInstant| match at {
            LeaseInstant::ZERO | LeaseInstant::NEVER => at,
            at => times(at),
        };
        let wire = |at: u32| match at {
            0 | u32::MAX => at,
            at => times(LeaseInstant::from_wire_s(at, now)).as_wire_s(),
        };
        for (number, server) in self.servers.iter().enumerate() {
            let partner = self.servers[1 - number].endpoint.as_ref();
            let link = self.connections.last().map(|it| it.link());
            let base = link.and_then(|link| partner?.next_xid(link)).unwrap_or(0);
            let partners = |xid: u32| base.wrapping_sub(xid);
            server
                .endpoint
                .as_ref()
                .map(|endpoint| endpoint.canonical_in(&times, &partners, STEP_MS))
                .hash(state);
            for address in self.addresses() {
                server.table.get(address).map(|it| binding(it, &times)).hash(state);
                server
                    .disk
                    .bindings
                    .get(&address)
                    .map(|it| binding(it.clone(), &times))
                    .hash(state);
            }
            server.disk.record.map(|record| record.canonical(&times, &wire)).hash(state);
            for (_, record) in &server.unsynced {
                match record {
                    Record::Binding(it) => binding((**it).clone(), &times).hash(state),
                    Record::Endpoint(record) => record.canonical(&times, &wire).hash(state),
                }
            }
            server.unsynced.len().hash(state);
            server.dialling.hash(state);
            for grant in &server.grants {
                (grant.token, grant.client, grant.version, grant.grant.lease).hash(state);
                times(grant.asked).hash(state);
                times(grant.grant.lease_expiry).hash(state);
            }
        }
        for connection in &self.connections {
            let bases = [0, 1].map(|host: usize| {
                let endpoint = self.servers[host].endpoint.as_ref();
                endpoint.and_then(|endpoint| endpoint.next_xid(connection.link()))
            });
            (connection.unanswered, bases.map(|base| base.is_some()), connection.open).hash(state);
            for (from, queue) in connection.queues.iter().enumerate() {
                queue.len().hash(state);
                for item in queue {
                    hash_item(item, from, bases, &wire, state);
                }
            }
        }
        for client in &self.clients {
            client.left.hash(state);
            client.held.map(|held| (held.address, held.server, times(held.expires))).hash(state);
        }
        (self.path_is_up, self.budget).hash(state);
        self.broken.as_ref().map(|(rule, _)| *rule).hash(state);
    }
}

fn hash_item<H: Hasher>(
    item: &Item,
    from: usize,
    bases: [Option<u32>; 2],
    wire: &dyn Fn(u32) -> u32,
    state: &mut H,
) {
    std::mem::discriminant(item).hash(state);
    let Item::Message(bytes) = item else { return };
    let Ok(mut packet) = decode(bytes, Dialect::Draft12) else { return bytes.hash(state) };
    packet.time = wire(packet.time);
    rename_message_times(&mut packet.message, wire);
    let answer = matches!(
        packet.message,
        Message::BndAck(_) | Message::ConnectAck(_) | Message::PoolResp(_) | Message::UpdDone
    );
    let base = bases[if answer { 1 - from } else { from }];
    packet.xid = base.map_or(packet.xid, |base| base.wrapping_sub(packet.xid));
    packet.hash(state);
}
