//! When two worlds are the same world: the form in which only what matters is left.
//!
//! Two worlds with equal forms have the same steps before them, lead by each to worlds with equal forms,
//! and break the same rules: each abstraction says why. tests.rs has pairs that must be equal, and pairs
//! that must not.

use crate::names::Names;
use crate::world::{Connection, Held, Item, Server, World};
use dhcp_failover_proto::lease::{Binding, LeaseInstant, LeaseSpan};
use dhcp_failover_proto::wire::{Dialect, Message, Packet, decode};
use dhcp_failover_proto::{
    Bindings, Endpoint, EndpointRecord, Record, Renaming, rename_message_times,
};
use std::hash::{Hash, Hasher};
use std::mem::Discriminant;
use std::net::Ipv4Addr;

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.form().hash(state);
    }
}

/// A world as it is compared.
#[derive(Hash, Debug)]
pub struct Form {
    servers: [ServerForm; 2],
    connections: Vec<ConnectionForm>,
    clients: Vec<(u8, Option<Held>)>,
    path_is_up: bool,
    budget: crate::world::Budget,
    broken: Option<crate::world::Rule>,
}

#[derive(Hash, Debug)]
struct ServerForm {
    endpoint: Option<Endpoint>,
    table: Vec<Option<Binding>>,
    disk: Vec<Option<Binding>>,
    record: Option<EndpointRecord>,
    unsynced: Vec<Record>,
    dialling: bool,
    grants: Vec<(u64, usize, u64, LeaseSpan, LeaseInstant, LeaseInstant)>,
}

#[derive(Hash, Debug)]
struct ConnectionForm {
    unanswered: [u8; 2],
    known: [bool; 2],
    open: [bool; 2],
    queues: [Vec<ItemForm>; 2],
}

#[derive(Hash, Debug)]
enum ItemForm {
    Message(Packet),
    Other(Discriminant<Item>),
}

impl World {
    pub fn form(&self) -> Form {
        Names::given(self.lease_now(), |names| self.form_in(names))
    }

    fn form_in(&self, names: &Names<'_>) -> Form {
        Form {
            servers: [0, 1].map(|host| self.server_form(host, names)),
            connections: self.connections.iter().map(|it| self.connection(it, names)).collect(),
            clients: self
                .clients
                .iter()
                .map(|client| {
                    let named = |held: Held| Held { expires: names.time(held.expires), ..held };
                    (client.left, client.held.map(named))
                })
                .collect(),
            path_is_up: self.path_is_up,
            budget: self.budget,
            broken: self.broken.as_ref().map(|(rule, _)| *rule),
        }
    }

    fn server_form(&self, host: usize, names: &Names<'_>) -> ServerForm {
        let server = &*self.servers[host];
        let partner = self.servers[1 - host].endpoint.as_ref();
        let link = self.connections.last().map(Connection::link);
        let base = link.and_then(|link| partner?.next_xid(link));
        let instances = Instances::of(server);
        let renaming = Renaming {
            times: &|at| names.time(at),
            // Nobody waits for an answer to a transaction that its sender has forgotten.
            partners_xids: &|xid| base.map_or(0, |base| base.wrapping_sub(xid)),
            instances: &|it| instances.name(it),
            versions: &|at, it| version(server, at, it),
            quantum_ms: crate::world::STEP_MS,
        };
        let binding = |it: Binding| {
            let newest = it.version;
            let mut form = names.binding(it);
            form.knowledge.instance = instances.name(form.knowledge.instance);
            // Of the version that was acknowledged it only matters whether it is this one: they grow.
            let acked = form.knowledge.acked_version == newest;
            form.version = version(server, form.address, newest);
            form.knowledge.acked_version = if acked { form.version } else { u64::MAX };
            form
        };
        let may_stop = self.may_stop(host);
        let record = |it: EndpointRecord| {
            let mut form = names.record(it, may_stop);
            form.instance = instances.name(it.instance);
            form
        };
        let endpoint = server.endpoint.as_ref().map(|it| it.canonical_in(&renaming));
        ServerForm {
            endpoint,
            table: self.addresses().map(|at| server.table.get(at).map(binding)).collect(),
            disk: self
                .addresses()
                .map(|at| server.disk.bindings.get(&at).cloned().map(binding))
                .collect(),
            record: server.disk.record.map(record),
            unsynced: server
                .unsynced
                .iter()
                .map(|(_, it)| match it {
                    Record::Binding(it) => Record::Binding(Box::new(binding((**it).clone()))),
                    Record::Endpoint(it) => Record::Endpoint(record(*it)),
                })
                .collect(),
            dialling: server.dialling,
            grants: server
                .grants
                .iter()
                .map(|it| {
                    let version = version(server, it.address, it.version);
                    let ends = names.time(it.grant.lease_expiry);
                    (it.token.0, it.client, version, it.grant.lease, names.time(it.asked), ends)
                })
                .collect(),
        }
    }

    fn connection(&self, connection: &Connection, names: &Names<'_>) -> ConnectionForm {
        let bases = [0, 1].map(|host: usize| {
            let endpoint = self.servers[host].endpoint.as_ref();
            endpoint.and_then(|endpoint| endpoint.next_xid(connection.link()))
        });
        ConnectionForm {
            unanswered: connection.unanswered,
            known: bases.map(|base| base.is_some()),
            open: connection.open,
            queues: [0, 1].map(|from| {
                let queue = connection.queues[from].iter();
                queue.map(|item| item_form(item, from, bases, names)).collect()
            }),
        }
    }
}

fn item_form(item: &Item, from: usize, bases: [Option<u32>; 2], names: &Names<'_>) -> ItemForm {
    let packet = match item {
        Item::Message(bytes) => decode(bytes, Dialect::Draft12).ok(),
        _ => None,
    };
    let Some(mut packet) = packet else {
        return ItemForm::Other(std::mem::discriminant(item));
    };
    packet.time = names.wire(packet.time);
    rename_message_times(&mut packet.message, &|at| names.wire(at));
    let answer = matches!(
        packet.message,
        Message::BndAck(_) | Message::ConnectAck(_) | Message::PoolResp(_) | Message::UpdDone
    );
    let base = bases[if answer { 1 - from } else { from }];
    packet.xid = base.map_or(0, |base| base.wrapping_sub(packet.xid));
    ItemForm::Message(packet)
}

/// Versions grow with every change: they count back from the newest there is. None at all is 0.
fn version(server: &Server, address: Ipv4Addr, version: u64) -> u64 {
    let on_disk = server.disk.bindings.get(&address).map_or(0, |it| it.version);
    let newest = server.table.get(address).map_or(0, |it| it.version).max(on_disk);
    if version == 0 { 0 } else { u64::from(u32::MAX) + version - newest }
}

/// Instances of the relationship at one server, the newest first: of older ones it only matters that
/// they are not one of these.
struct Instances(Vec<u32>);

impl Instances {
    fn of(server: &Server) -> Self {
        let unsynced = server.unsynced.iter().rev().filter_map(|(_, record)| match record {
            Record::Endpoint(record) => Some(record.instance),
            Record::Binding(_) => None,
        });
        let mut all: Vec<_> =
            unsynced.chain(server.disk.record.map(|record| record.instance)).collect();
        all.dedup();
        Self(all)
    }

    fn name(&self, instance: u32) -> u32 {
        match self.0.iter().position(|it| *it == instance) {
            Some(place) => u32::try_from(place + 1).unwrap_or(u32::MAX),
            None if instance == 0 => 0,
            None => u32::MAX,
        }
    }
}
