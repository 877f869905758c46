//! When two worlds are the same world: the form in which only what matters is left.
//!
//! Two worlds with equal forms have the same steps before them, lead by each to worlds with equal forms,
//! and break the same rules: each abstraction says why. tests.rs has pairs that must be equal, and pairs
//! that must not.

use crate::names::Names;
use crate::server::Server;
use crate::world::{Connection, Held, Item, World};
use dhcp_failover_proto::lease::{Binding, LeaseInstant, LeaseSpan};
use dhcp_failover_proto::wire::{Message, Packet};
use dhcp_failover_proto::{
    Bindings, Endpoint, EndpointRecord, LinkId, Record, Renaming, rename_message_times,
};
use std::borrow::Cow;
use std::cell::RefCell;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::mem::Discriminant;
use std::net::Ipv4Addr;

/// The hash of the form is made of three parts: one of each server, which is kept as long as the server
/// is not touched, for most steps touch one of them only; and one of all else.
impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let now = self.lease_now();
        let (rest, moments) = Names::numbered(now, |names| hash(self.rest(names)));
        let [one, other] = [0, 1].map(|host| self.server_code(host));
        (rest, one.hash, other.hash).hash(state);
        Names::of_all(now, &[&moments, &one.moments, &other.moments]).hash(state);
    }
}

fn hash(it: impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(it)
}

/// The form of one server as a number, with its moments.
#[derive(Clone, Debug)]
pub struct Code {
    hash: u64,
    moments: Box<[LeaseInstant]>,
    /// What was asked of the other server for it.
    partners_xids: Box<[(LinkId, Option<u32>)]>,
    may_stop: bool,
}

/// A world as it is compared.
#[derive(Hash, Debug)]
pub struct Form {
    servers: [ServerForm; 2],
    rest: Rest,
}

#[derive(Hash, Debug)]
struct Rest {
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
    /// What the servers call it.
    names: [Option<LinkId>; 2],
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
        Names::given(self.lease_now(), |names| Form {
            servers: [0, 1]
                .map(|host| self.server_form(host, |link| self.partners_xid(host, link), names)),
            rest: self.rest(names),
        })
    }

    fn server_code(&self, host: usize) -> Cow<'_, Code> {
        let (kept, may_stop) = (&self.servers[host].known.code, self.may_stop(host));
        let fits = |code: &&Code| {
            let same = |(link, xid): &(LinkId, _)| self.partners_xid(host, *link) == *xid;
            code.may_stop == may_stop && code.partners_xids.iter().all(same)
        };
        if let Some(code) = kept.get().filter(fits) {
            return Cow::Borrowed(code);
        }
        let asked = RefCell::new(Vec::new());
        let (hash, moments) = Names::numbered(self.lease_now(), |names| {
            let ask = |link| {
                let xid = self.partners_xid(host, link);
                asked.borrow_mut().push((link, xid));
                xid
            };
            hash(self.server_form(host, ask, names))
        });
        let code = Code { hash, moments, partners_xids: asked.into_inner().into(), may_stop };
        let _ = kept.set(code.clone());
        Cow::Owned(code)
    }

    /// The transaction with which the other server will go on on this connection.
    fn partners_xid(&self, host: usize, link: LinkId) -> Option<u32> {
        self.servers[1 - host].endpoint.as_ref()?.next_xid(link)
    }

    fn rest(&self, names: &Names<'_>) -> Rest {
        Rest {
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

    fn server_form(
        &self,
        host: usize,
        partners_xid: impl Fn(LinkId) -> Option<u32>,
        names: &Names<'_>,
    ) -> ServerForm {
        let server = &*self.servers[host];
        let instances = Instances::of(server);
        let renaming = Renaming {
            times: &|at| names.time(at),
            // Nobody waits for an answer to a transaction that its sender has forgotten.
            partners_xids: &|link, xid| partners_xid(link).map_or(0, |next| next.wrapping_sub(xid)),
            instances: &|it| instances.name(it),
            versions: &|at, it| version(server, at, it),
            quantum_ms: crate::world::STEP_MS,
            longest_mclt: LeaseSpan::from_s(crate::world::MCLT_S),
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
            names: [0, 1].map(|host: usize| {
                let endpoint = self.servers[host].endpoint.as_ref();
                endpoint.and_then(|endpoint| endpoint.canonical_link(connection.link()))
            }),
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
        Item::Message(sent) => sent.packet.clone(),
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
