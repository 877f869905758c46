//! Many simulated clients behind one relay agent, driven by a thread of their own.

use super::client::{Client, Outcome, Target};
use super::ledger::{Ack, Purpose, Refusal};
use super::packet::{Identity, Reply, encode};
use super::random::Random;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest sleep of the thread, so that it notices new orders.
const NAP: Duration = Duration::from_millis(5);
/// Room for any DHCP packet.
const PACKET_MAX: usize = 2048;

/// Figures about a fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Clients that were started.
    pub clients: usize,
    /// Clients that hold an address now.
    pub bound: usize,
    /// Clients that wait for an answer now.
    pub waiting: usize,
    /// DHCPACKs that clients took.
    pub acks: u64,
    /// Leases given to clients without one.
    pub new_leases: u64,
    /// Leases extended.
    pub renewals: u64,
    /// DHCPNAKs that clients took.
    pub refusals: u64,
    /// Messages sent to servers, counted once even when sent to both.
    pub sent: u64,
    /// Answers that came too late or that nobody waited for.
    pub ignored: u64,
    /// Answers without the option 82 that the relay agent had added.
    pub without_circuit: u64,
    /// The longest time from a first send to its DHCPACK so far, in milliseconds.
    pub longest_wait_ms: u64,
}

/// A running fleet; dropping it stops its thread.
pub struct Fleet {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    relay: SocketAddrV4,
    number: u8,
    seed: u64,
    start: Instant,
    socket: UdpSocket,
    servers: Vec<SocketAddrV4>,
    stop: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    clients: Vec<Client>,
    alarms: BinaryHeap<Reverse<(u64, usize)>>,
    ledger: Vec<Ack>,
    refusals: Vec<Refusal>,
    counts: Counts,
}

impl Fleet {
    /// Starts a relay agent on `socket`, which forwards to `servers`; `number` tells the clients of
    /// several fleets apart.
    ///
    /// # Errors
    /// When the socket is not an IPv4 socket, or cannot be given a time-out.
    pub fn start(
        socket: UdpSocket,
        servers: Vec<SocketAddrV4>,
        number: u8,
        seed: u64,
    ) -> io::Result<Self> {
        let std::net::SocketAddr::V4(relay) = socket.local_addr()? else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not an IPv4 socket"));
        };
        socket.set_read_timeout(Some(NAP))?;
        let shared = Arc::new(Shared {
            relay,
            number,
            seed,
            start: Instant::now(),
            socket,
            servers,
            stop: AtomicBool::new(false),
            state: Mutex::default(),
        });
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.run()
        });
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Milliseconds since the fleet began, as in [`Ack`].
    pub fn now_ms(&self) -> u64 {
        self.shared.now_ms()
    }

    /// Adds `count` clients that begin spread over the next `over_ms` milliseconds.
    pub fn add(&self, count: usize, over_ms: u64) {
        let now_ms = self.now_ms();
        let mut state = self.shared.lock();
        for index in 0..count {
            let number = state.clients.len();
            let id = u32::try_from(number).unwrap_or(u32::MAX);
            let identity = Identity::numbered(self.shared.number, id);
            let relay = *self.shared.relay.ip();
            let mut client = Client::new(id, identity, relay, self.shared.seed);
            client.start(now_ms + spread(index, count, over_ms));
            state.clients.push(client);
            state.counts.clients += 1;
            state.arm(number);
        }
    }

    /// Makes every client that has a lease renew it within the next `over_ms` milliseconds.
    pub fn renew_all(&self, over_ms: u64) {
        let now_ms = self.now_ms();
        let mut state = self.shared.lock();
        let count = state.clients.len();
        for number in 0..count {
            if let Some(client) = state.clients.get_mut(number) {
                client.renew(now_ms + spread(number, count, over_ms));
            }
            state.arm(number);
        }
    }

    /// Makes `count` clients, chosen by `random`, give their addresses back and stay silent.
    pub fn release(&self, count: usize, random: &mut Random) {
        let now_ms = self.now_ms();
        let mut state = self.shared.lock();
        let mut chosen = BTreeSet::new();
        while chosen.len() < count.min(state.clients.len()) {
            let number = random.below(state.clients.len() as u64);
            chosen.insert(usize::try_from(number).unwrap_or(0));
        }
        for number in chosen {
            let Some(client) = state.clients.get_mut(number) else { continue };
            let Some(sent) = client.release(now_ms) else { continue };
            let identity = client.identity().clone();
            for ack in state.ledger.iter_mut().filter(|ack| ack.client == identity) {
                ack.released_ms.get_or_insert(now_ms);
            }
            self.shared.transmit(&sent);
            state.counts.sent += 1;
            state.counts.clients -= 1;
        }
    }

    /// While held, clients begin nothing by themselves; see [`Client::hold`].
    pub fn hold(&self) {
        self.shared.lock().clients.iter_mut().for_each(|client| client.hold(true));
    }

    /// Figures of this moment.
    pub fn counts(&self) -> Counts {
        let now_ms = self.now_ms();
        let state = self.shared.lock();
        let bound = state.clients.iter().filter(|client| client.address(now_ms).is_some()).count();
        let waiting = state.clients.iter().filter(|client| client.is_waiting()).count();
        Counts { bound, waiting, ..state.counts }
    }

    /// Every DHCPACK so far.
    pub fn ledger(&self) -> Vec<Ack> {
        self.shared.lock().ledger.clone()
    }

    /// Every DHCPNAK so far.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.shared.lock().refusals.clone()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed by then; there is nothing else to tell.
            let _ = thread.join();
        }
    }
}

/// The `index`th of `count` moments spread evenly over `over_ms`.
fn spread(index: usize, count: usize, over_ms: u64) -> u64 {
    over_ms * index as u64 / count.max(1) as u64
}

impl Shared {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut buffer = [0; PACKET_MAX];
        while !self.stop.load(Ordering::Relaxed) {
            let due = self.lock().fire(self.now_ms());
            due.iter().for_each(|sent| self.transmit(sent));
            // Errors are time-outs, or ICMP answers of a server that is down: the retry handles both.
            while let Ok((length, _)) = self.socket.recv_from(&mut buffer) {
                let reply = buffer.get(..length).and_then(Reply::decode);
                let now_ms = self.now_ms();
                let mut state = self.lock();
                if let Some(reply) = reply {
                    state.receive(now_ms, &reply);
                }
                if state.is_due(now_ms) {
                    break;
                }
            }
        }
    }

    fn transmit(&self, (message, target): &(dhcproto::v4::Message, Target)) {
        let bytes = encode(message);
        for server in &self.servers {
            if matches!(target, Target::One(only) if only != server.ip()) {
                continue;
            }
            // A server that is down refuses; a real network would swallow the packet as well.
            let _ = self.socket.send_to(&bytes, server);
        }
    }
}

impl State {
    fn arm(&mut self, number: usize) {
        if let Some(wake_ms) = self.clients.get(number).and_then(Client::wake_ms) {
            self.alarms.push(Reverse((wake_ms, number)));
        }
    }

    fn is_due(&self, now_ms: u64) -> bool {
        self.alarms.peek().is_some_and(|Reverse((at_ms, _))| *at_ms <= now_ms)
    }

    /// Everything that is due, taken from clients whose alarm is still meant.
    fn fire(&mut self, now_ms: u64) -> Vec<(dhcproto::v4::Message, Target)> {
        let mut due = Vec::new();
        while self.is_due(now_ms) {
            let Some(Reverse((_, number))) = self.alarms.pop() else { break };
            let Some(client) = self.clients.get_mut(number) else { continue };
            if let Some(sent) = client.fire(now_ms) {
                due.push(sent);
                self.arm(number);
            }
        }
        self.counts.sent += due.len() as u64;
        due
    }

    fn receive(&mut self, now_ms: u64, reply: &Reply) {
        let number = Client::number_of(reply.message.xid()) as usize;
        let outcome = match self.clients.get_mut(number) {
            Some(client) => client.receive(now_ms, reply),
            None => Outcome::Ignored,
        };
        if outcome != Outcome::Ignored && !reply.circuit_echoed {
            self.counts.without_circuit += 1;
        }
        match outcome {
            Outcome::Acked(ack) => {
                self.counts.acks += 1;
                match ack.purpose {
                    Purpose::New => self.counts.new_leases += 1,
                    Purpose::Renew | Purpose::Rebind => self.counts.renewals += 1,
                }
                self.counts.longest_wait_ms = self.counts.longest_wait_ms.max(ack.waited_ms);
                self.ledger.push(ack);
            }
            Outcome::AckedAgain(ack) => self.ledger.push(ack),
            Outcome::Refused(refusal) => {
                self.counts.refusals += 1;
                self.refusals.push(refusal);
            }
            Outcome::Ignored => self.counts.ignored += 1,
            Outcome::Offered => {}
        }
        self.arm(number);
    }
}

/// A socket for a relay agent at `address`, on a port the system chooses.
///
/// # Errors
/// Those of the system.
pub fn relay_socket(address: Ipv4Addr) -> io::Result<UdpSocket> {
    UdpSocket::bind((address, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dhcproto::v4::{DhcpOption, MessageType, Opcode};

    /// A server that gives each hardware address the address made of its last byte.
    fn toy_server(socket: UdpSocket, lease_s: u32) {
        let own = match socket.local_addr() {
            Ok(std::net::SocketAddr::V4(own)) => *own.ip(),
            _ => return,
        };
        let mut buffer = [0; PACKET_MAX];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let mut bytes = buffer[..length].to_vec();
            bytes[0] = 2;
            let Some(mut reply) = Reply::decode(&bytes) else { continue };
            let kind = match reply.kind {
                MessageType::Discover => MessageType::Offer,
                MessageType::Request => MessageType::Ack,
                _ => continue,
            };
            let last = reply.message.chaddr()[5];
            reply.message.set_opcode(Opcode::BootReply).set_yiaddr([127, 77, 1, last]);
            let options = reply.message.opts_mut();
            options.insert(DhcpOption::MessageType(kind));
            options.insert(DhcpOption::ServerIdentifier(own));
            options.insert(DhcpOption::AddressLeaseTime(lease_s));
            let _ = socket.send_to(&encode(&reply.message), from);
        }
    }

    #[test]
    fn a_fleet_gets_leases_renews_them_and_keeps_the_ledger() {
        let server = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        server.set_read_timeout(Some(Duration::from_secs(4))).expect("a time-out");
        let std::net::SocketAddr::V4(address) = server.local_addr().expect("an address") else {
            panic!("an IPv4 socket")
        };
        std::thread::spawn(move || toy_server(server, 2));
        let socket = relay_socket(Ipv4Addr::LOCALHOST).expect("a socket");
        let fleet = Fleet::start(socket, vec![address], 1, 7).expect("a fleet");
        fleet.add(20, 100);
        std::thread::sleep(Duration::from_millis(1_700));
        let counts = fleet.counts();
        assert_eq!((counts.bound, counts.new_leases, counts.refusals), (20, 20, 0), "{counts:?}");
        assert!(counts.renewals >= 20, "{counts:?}");
        assert_eq!(counts.without_circuit, 0);
        fleet.hold();
        fleet.renew_all(50);
        let mut random = Random::new(3);
        fleet.release(5, &mut random);
        std::thread::sleep(Duration::from_millis(200));
        let ledger = fleet.ledger();
        assert!(ledger.len() as u64 >= counts.acks + 15, "{} in the ledger", ledger.len());
        let released: BTreeSet<_> = ledger
            .iter()
            .filter(|ack| ack.released_ms.is_some())
            .map(|ack| ack.client.hardware)
            .collect();
        assert_eq!(released.len(), 5);
    }
}
