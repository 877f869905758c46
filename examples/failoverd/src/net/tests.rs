use super::*;
use crate::dhcp::destination::Destination;
use crate::dhcp::kind::Arrival;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(5);

fn loopback(listen: &str) -> NetConfig {
    NetConfig { listen: listen.parse().unwrap(), interfaces: Vec::new() }
}

async fn next(network: &mut Network) -> Datagram {
    timeout(SOON, network.datagrams.recv()).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_unprivileged_server_hears_and_answers_on_loopback() {
    let mut network = Network::open(&loopback("127.0.0.1:0")).unwrap();
    let relay = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    relay.send_to(b"hello", network.listening[0]).await.unwrap();
    let datagram = next(&mut network).await;
    assert_eq!(datagram.bytes, b"hello");
    assert_eq!(datagram.source, relay.local_addr().unwrap());
    assert_eq!((datagram.via.local(), datagram.arrival), (Ipv4Addr::LOCALHOST, Arrival::Unicast));

    let SocketAddr::V4(back) = datagram.source else { unreachable!() };
    let sender = network.sender.clone();
    sender.send(datagram.via, Destination::Unicast(back), b"answer").await.unwrap();
    let mut buffer = [0; 64];
    let (length, from) = timeout(SOON, relay.recv_from(&mut buffer)).await.unwrap().unwrap();
    assert_eq!(&buffer[..length], b"answer");
    assert_eq!(from, SocketAddr::V4(network.listening[0]));
    assert_eq!((network.counters.received(), network.counters.sent()), (1, 1));
}

#[tokio::test]
async fn on_the_wildcard_address_answers_come_from_the_address_that_was_asked() {
    let mut network = Network::open(&loopback("0.0.0.0:0")).unwrap();
    let asked = SocketAddr::from(([127, 0, 0, 9], network.listening[0].port()));
    let relay = UdpSocket::bind("127.0.0.3:0").await.unwrap();
    relay.send_to(b"x", asked).await.unwrap();
    let datagram = next(&mut network).await;
    assert_eq!(datagram.via.local(), Ipv4Addr::new(127, 0, 0, 9));
    let SocketAddr::V4(back) = datagram.source else { unreachable!() };
    let sender = network.sender.clone();
    sender.send(datagram.via, Destination::Unicast(back), b"y").await.unwrap();
    let (_, from) = timeout(SOON, relay.recv_from(&mut [0; 8])).await.unwrap().unwrap();
    assert_eq!(from, asked);
    assert!(network.addresses.contains(&Ipv4Addr::LOCALHOST));
}

#[tokio::test]
async fn broadcasts_are_told_from_unicasts() {
    let mut network = Network::open(&loopback("0.0.0.0:0")).unwrap();
    let client = UdpSocket::bind("127.0.0.3:0").await.unwrap();
    client.set_broadcast(true).unwrap();
    client.send_to(b"x", ("127.255.255.255", network.listening[0].port())).await.unwrap();
    let datagram = next(&mut network).await;
    assert_eq!(datagram.arrival, Arrival::Broadcast);
    assert_eq!(datagram.via.local(), Ipv4Addr::LOCALHOST);
}

#[tokio::test]
async fn a_port_in_use_is_reported_with_the_address() {
    let first = Network::open(&loopback("127.0.0.1:0")).unwrap();
    let error = Network::open(&loopback(&first.listening[0].to_string())).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&first.listening[0].to_string()), "{text}");
    assert!(text.ends_with("another DHCP server is using it"), "{text}");
}

#[tokio::test]
async fn an_interface_that_does_not_exist_is_named() {
    let interfaces = vec!["no-such-if".to_owned()];
    let config = NetConfig { interfaces, ..loopback("0.0.0.0:0") };
    let text = Network::open(&config).unwrap_err().to_string();
    assert!(text.starts_with("failed to use interface no-such-if: "), "{text}");
}

#[tokio::test]
async fn interfaces_and_an_explicit_address_exclude_each_other() {
    let config = NetConfig { interfaces: vec!["lo".to_owned()], ..loopback("127.0.0.1:6767") };
    let text = Network::open(&config).unwrap_err().to_string();
    assert!(text.ends_with("write dhcp_listen = \"0.0.0.0:6767\""), "{text}");
}

#[tokio::test]
async fn a_full_queue_drops_and_counts() {
    let mut network = Network::open(&loopback("127.0.0.1:0")).unwrap();
    let relay = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    let total = QUEUE_LENGTH as u64 + 500;
    for _ in 0..total {
        relay.send_to(&[7; 300], network.listening[0]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let deadline = Instant::now() + SOON;
    let counted = || network.counters.received() + network.counters.dropped();
    while counted() < total && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(network.counters.received(), QUEUE_LENGTH as u64);
    assert!(network.counters.dropped() > 0);
    assert_eq!(next(&mut network).await.bytes.len(), 300);
}

/// `cargo test --release -p failoverd --lib -- --ignored --nocapture loopback_rate`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a check"]
async fn loopback_rate() {
    let mut network = Network::open(&loopback("127.0.0.1:0")).unwrap();
    let server = network.listening[0];
    let sender = network.sender.clone();
    tokio::spawn(async move {
        while let Some(datagram) = network.datagrams.recv().await {
            let SocketAddr::V4(back) = datagram.source else { continue };
            let to = Destination::Unicast(back);
            let _ = sender.send(datagram.via, to, &datagram.bytes).await;
        }
    });
    let client = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    let (mut buffer, mut echoed) = ([0; 512], 0_u32);
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(2) {
        for _ in 0..32 {
            client.send_to(&[7; 300], server).await.unwrap();
        }
        for _ in 0..32 {
            if timeout(SOON, client.recv_from(&mut buffer)).await.is_ok() {
                echoed += 1;
            }
        }
    }
    println!("{:.0} packets/s there and back", f64::from(echoed) / started.elapsed().as_secs_f64());
}
