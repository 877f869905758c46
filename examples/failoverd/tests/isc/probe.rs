//! Single messages of single clients, and everything that comes back.

use dhcproto::v4::MessageType;
use failoverd::demo::packet::{Content, Identity, Reply, encode, message};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

/// How long answers are waited for.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// A relay agent whose clients do one thing at a time.
pub(crate) struct Probe {
    socket: UdpSocket,
    relay: Ipv4Addr,
    servers: Vec<SocketAddrV4>,
    xid: u32,
}

/// One client's wish.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) kind: MessageType,
    pub(crate) identity: Identity,
    pub(crate) content: Content,
    /// Only to this server.
    pub(crate) to: Option<Ipv4Addr>,
    /// From the client itself, without a relay agent and what it adds; the answer goes astray.
    pub(crate) direct: bool,
}

impl Ask {
    pub(crate) fn discover(identity: &Identity) -> Self {
        Self::of(MessageType::Discover, identity, Content::default())
    }

    /// For an address a server has offered.
    pub(crate) fn request(identity: &Identity, address: Ipv4Addr, server: Ipv4Addr) -> Self {
        let (requested, server) = (Some(address), Some(server));
        let content = Content { requested, server, ..Content::default() };
        Self::of(MessageType::Request, identity, content)
    }

    /// RENEWING with one server, or REBINDING with all.
    pub(crate) fn extend(identity: &Identity, address: Ipv4Addr, to: Option<Ipv4Addr>) -> Self {
        let content = Content { ciaddr: Some(address), ..Content::default() };
        Self { to, ..Self::of(MessageType::Request, identity, content) }
    }

    pub(crate) fn release(identity: &Identity, address: Ipv4Addr, server: Ipv4Addr) -> Self {
        let content = Content { ciaddr: Some(address), server: Some(server), ..Content::default() };
        Self { to: Some(server), ..Self::of(MessageType::Release, identity, content) }
    }

    pub(crate) fn decline(identity: &Identity, address: Ipv4Addr, server: Ipv4Addr) -> Self {
        let content =
            Content { requested: Some(address), server: Some(server), ..Content::default() };
        Self::of(MessageType::Decline, identity, content)
    }

    fn of(kind: MessageType, identity: &Identity, content: Content) -> Self {
        Self { kind, identity: identity.clone(), content, to: None, direct: false }
    }
}

impl Probe {
    pub(crate) fn new(socket: UdpSocket, relay: Ipv4Addr, servers: Vec<SocketAddrV4>) -> Self {
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a time-out");
        Self { socket, relay, servers, xid: 0x0100_0000 }
    }

    /// Sends what they ask at once, and collects the answers to each, by the server.
    pub(crate) fn ask(&mut self, asks: &[Ask]) -> Vec<BTreeMap<Ipv4Addr, Reply>> {
        let first = self.xid;
        for ask in asks {
            let relay = (!ask.direct).then_some(self.relay);
            let content = Content { xid: self.xid, relay, ..ask.content.clone() };
            self.xid += 1;
            let bytes = encode(&message(ask.kind, &ask.identity, content));
            for server in &self.servers {
                if ask.to.is_none_or(|only| only == *server.ip()) {
                    // A server that is down may refuse.
                    let _ = self.socket.send_to(&bytes, server);
                }
            }
            // A burst would overflow the servers' socket buffers.
            std::thread::sleep(Duration::from_millis(2));
        }
        let mut answers = vec![BTreeMap::new(); asks.len()];
        let start = Instant::now();
        let mut buffer = [0; 2_048];
        while start.elapsed() < PATIENCE {
            let Ok((length, from)) = self.socket.recv_from(&mut buffer) else { continue };
            let Some(reply) = buffer.get(..length).and_then(Reply::decode) else { continue };
            let index = reply.message.xid().wrapping_sub(first) as usize;
            let std::net::IpAddr::V4(from) = from.ip() else { continue };
            if let Some(slot) = answers.get_mut(index) {
                slot.insert(from, reply);
            }
        }
        answers
    }

    /// DISCOVER and REQUEST for all; who answers, and what they got. A client without an offer has
    /// nothing.
    pub(crate) fn lease(&mut self, clients: &[Identity]) -> Vec<Option<(Ipv4Addr, Ipv4Addr)>> {
        self.lease_of(clients, None)
    }

    /// The same, from this server.
    pub(crate) fn lease_from(
        &mut self,
        clients: &[Identity],
        server: Ipv4Addr,
    ) -> Vec<Option<(Ipv4Addr, Ipv4Addr)>> {
        self.lease_of(clients, Some(server))
    }

    fn lease_of(
        &mut self,
        clients: &[Identity],
        to: Option<Ipv4Addr>,
    ) -> Vec<Option<(Ipv4Addr, Ipv4Addr)>> {
        let discovers = clients.iter().map(|client| Ask { to, ..Ask::discover(client) });
        let offers = self.ask(&discovers.collect::<Vec<_>>());
        let taken: Vec<_> = offers
            .iter()
            .map(|offers| offers.iter().next().map(|(server, offer)| (offer.address(), *server)))
            .collect();
        let requests: Vec<_> = clients
            .iter()
            .zip(&taken)
            .filter_map(|(client, taken)| {
                let (address, server) = (*taken)?;
                // Unless asked for, dhcpd takes up requests that name another server.
                Some(Ask { to, ..Ask::request(client, address, server) })
            })
            .collect();
        let mut acks = self.ask(&requests).into_iter();
        taken
            .into_iter()
            .map(|taken| {
                let (address, server) = taken?;
                let answers = acks.next()?;
                let ack = answers.get(&server)?;
                (ack.kind == MessageType::Ack && ack.address() == address)
                    .then_some((address, server))
            })
            .collect()
    }
}
