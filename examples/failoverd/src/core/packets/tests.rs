use super::super::replies::HELD_MAX;
use super::super::testing::Place;
use super::*;
use crate::demo::pair::free_port;
use crate::demo::random::Random;
use crate::dhcp::testing::Packet;
use crate::net::Datagram;
use crate::store::MemoryStore;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;
use tokio::time::timeout;

const SCOPE: &str = "[[scope]]\nsubnet = \"127.0.0.0/8\"\n\
                     ranges = [\"127.9.0.0-127.9.31.255\"]\nlease_s = 600\n";

/// Clients that send a DHCPREQUEST each, by way of a relay agent that nobody needs to hear.
fn request(datagram: &Datagram, number: u32) -> Datagram {
    let address = Ipv4Addr::from_bits(Ipv4Addr::new(127, 9, 0, 0).to_bits() + number);
    let packet = Packet::request()
        .set(30, &number.to_be_bytes())
        .giaddr([127, 0, 0, 1])
        .address(54, Ipv4Addr::LOCALHOST)
        .address(50, address);
    Datagram { bytes: packet.bytes(), ..datagram.clone() }
}

#[tokio::test]
async fn while_the_disk_stands_still_only_so_many_answers_wait_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    let listen = free_port(Ipv4Addr::LOCALHOST, &mut Random::new(Random::fresh_seed())).unwrap();
    let relay = UdpSocket::bind("127.0.0.1:0").unwrap();
    let relay_port = relay.local_addr().unwrap().port();
    let place = Place { directory: directory.path(), listen, relay_port };
    let (mut core, mut inputs) = place.start(SCOPE, &store);
    relay.send_to(b"x", listen).unwrap();
    let first = timeout(Duration::from_secs(5), inputs.datagrams.recv()).await.unwrap().unwrap();
    store.hold();
    let many = u32::try_from(HELD_MAX).unwrap();
    for number in 0..many + 100 {
        core.datagram(request(&first, number)).await;
    }
    assert!(core.replies.is_full());
    let counted = |core: &Core, what: &str| core.metrics.encode().unwrap().contains(what);
    assert!(counted(&core, "{reason=\"busy\"} 100"), "{}", core.metrics.encode().unwrap());

    // The disk goes on: the answers leave, and the next client is served.
    core.submit().unwrap();
    store.release();
    let event = timeout(Duration::from_secs(5), inputs.store_events.recv()).await.unwrap();
    core.stored(event.unwrap()).unwrap();
    core.send_replies().await;
    assert!(
        counted(&core, &format!("type=\"ACK\"}} {many}")),
        "{}",
        core.metrics.encode().unwrap()
    );
    assert!(!core.replies.is_full());
    core.datagram(request(&first, many)).await;
    assert!(counted(&core, "{reason=\"busy\"} 100"));
}
