use super::*;
use std::net::{Ipv4Addr, SocketAddrV4};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LOOPBACK: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

fn frame(length: u16, fill: u8) -> Vec<u8> {
    let mut bytes = length.to_be_bytes().to_vec();
    // Payload offset 8 and a plausible type, should framing look at more than the length.
    bytes.extend([8, 11]);
    bytes.resize(usize::from(length), fill);
    bytes
}

fn start_with(config: LinkConfig) -> (Links, mpsc::Receiver<LinkEvent>) {
    let (sender, events) = mpsc::channel(64);
    (Links::start(config, sender).unwrap(), events)
}

fn start() -> (Links, mpsc::Receiver<LinkEvent>) {
    start_with(LinkConfig::new(Some(LOOPBACK)))
}

async fn next(events: &mut mpsc::Receiver<LinkEvent>) -> LinkEvent {
    tokio::time::timeout(Duration::from_secs(10), events.recv()).await.unwrap().unwrap()
}

async fn accepted(events: &mut mpsc::Receiver<LinkEvent>) -> LinkId {
    match next(events).await {
        LinkEvent::Accepted { link, .. } => link,
        other => panic!("{other:?}"),
    }
}

async fn pair(links: &Links, events: &mut mpsc::Receiver<LinkEvent>) -> (TcpStream, LinkId) {
    let peer = TcpStream::connect(links.local_addr().unwrap()).await.unwrap();
    let link = accepted(events).await;
    links.identify(link);
    (peer, link)
}

#[tokio::test]
async fn frames_survive_any_chunking() {
    let (links, mut events) = start();
    let (mut peer, link) = pair(&links, &mut events).await;
    peer.set_nodelay(true).unwrap();
    let frames = [frame(12, 1), frame(2048, 2), frame(13, 3), frame(700, 4)];
    let stream = frames.concat();
    for (index, chunk) in stream.chunks(37).enumerate() {
        peer.write_all(chunk).await.unwrap();
        if index % 8 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    for bytes in frames {
        assert_eq!(next(&mut events).await, LinkEvent::Frame { link, bytes });
    }
    drop(peer);
    assert_eq!(next(&mut events).await, LinkEvent::Closed { link });
    assert_eq!(links.open_count(), 0);
}

#[tokio::test]
async fn a_length_no_message_has_ends_the_connection_with_its_reason() {
    for length in [2049u16, 0xffff, 11, 0] {
        let (links, mut events) = start();
        let (mut peer, link) = pair(&links, &mut events).await;
        let mut bytes = frame(20, 0);
        bytes.extend(length.to_be_bytes());
        bytes.extend([0; 30]);
        peer.write_all(&bytes).await.unwrap();
        assert_eq!(next(&mut events).await, LinkEvent::Frame { link, bytes: frame(20, 0) });
        let LinkEvent::Broken { error, .. } = next(&mut events).await else { panic!() };
        assert!(error.contains(&length.to_string()), "{error}");
        assert!(matches!(peer.read(&mut [0]).await, Ok(0) | Err(_)));
    }
}

#[tokio::test]
async fn a_close_in_the_middle_of_a_message_is_an_error() {
    let (links, mut events) = start();
    let (mut peer, link) = pair(&links, &mut events).await;
    peer.write_all(&frame(40, 0)[..25]).await.unwrap();
    drop(peer);
    let event = next(&mut events).await;
    let LinkEvent::Broken { link: broken, error } = event else { panic!("{event:?}") };
    assert_eq!(broken, link);
    assert!(error.starts_with("127.0.0.1:") && error.contains("25 bytes into it"), "{error}");
}

#[tokio::test]
async fn a_flood_of_connections_is_bounded_and_a_known_partner_does_not_count() {
    let (links, mut events) = start();
    let (_known, _) = pair(&links, &mut events).await;
    let address = links.local_addr().unwrap();
    let mut peers = Vec::new();
    for _ in 0..UNIDENTIFIED_MAX + 20 {
        peers.push(TcpStream::connect(address).await.unwrap());
    }
    for _ in 0..UNIDENTIFIED_MAX {
        accepted(&mut events).await;
    }
    let mut refused = 0;
    for peer in &mut peers[UNIDENTIFIED_MAX..] {
        refused += usize::from(matches!(peer.read(&mut [0]).await, Ok(0) | Err(_)));
    }
    assert_eq!(refused, 20);
    assert_eq!(links.open_count(), UNIDENTIFIED_MAX + 1);
    assert!(events.try_recv().is_err());
    // One of them goes, and there is room for one again.
    drop(peers.remove(0));
    assert!(matches!(next(&mut events).await, LinkEvent::Closed { .. }));
    let _late = TcpStream::connect(address).await.unwrap();
    accepted(&mut events).await;
}

#[tokio::test]
async fn a_connection_nobody_identifies_is_ended() {
    let config = LinkConfig {
        identify_within: Duration::from_millis(50),
        ..LinkConfig::new(Some(LOOPBACK))
    };
    let (links, mut events) = start_with(config);
    let peer = TcpStream::connect(links.local_addr().unwrap()).await.unwrap();
    let link = accepted(&mut events).await;
    let LinkEvent::Broken { link: broken, .. } = next(&mut events).await else { panic!() };
    assert_eq!(broken, link);
    drop(peer);
    // One that is identified stays.
    let (_peer, _) = pair(&links, &mut events).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(events.try_recv().is_err());
}

#[tokio::test]
async fn closing_delivers_the_last_message_although_the_peer_still_sends() {
    let (links, mut events) = start();
    let (mut peer, link) = pair(&links, &mut events).await;
    let frames: Vec<Vec<u8>> = (0..2000).map(|index| frame(1000, index as u8)).collect();
    for frame in &frames {
        links.send(link, frame);
    }
    links.close_after_flush(link);
    links.send(link, &frame(12, 0));
    peer.write_all(&frame(2000, 9).repeat(20)).await.unwrap();
    let mut received = Vec::new();
    peer.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, frames.concat());
    drop(peer);
    assert_eq!(next(&mut events).await, LinkEvent::Closed { link });
}

#[tokio::test]
async fn closing_does_not_wait_for_ever() {
    let config =
        LinkConfig { flush_within: Duration::from_millis(50), ..LinkConfig::new(Some(LOOPBACK)) };
    let (links, mut events) = start_with(config);
    let (_peer, link) = pair(&links, &mut events).await;
    links.close_after_flush(link);
    assert_eq!(next(&mut events).await, LinkEvent::Closed { link });
}

#[tokio::test]
async fn a_partner_that_does_not_read_is_given_up_at_the_limit() {
    let (links, mut events) = start();
    let (_peer, link) = pair(&links, &mut events).await;
    let message = frame(2048, 0);
    for _ in 0..2 * OUTBOUND_BYTES_MAX / message.len() {
        links.send(link, &message);
    }
    let LinkEvent::Broken { error, .. } = next(&mut events).await else { panic!() };
    assert!(error.contains("does not read"), "{error}");
}

#[tokio::test]
async fn aborting_ends_at_once_and_later_commands_do_nothing() {
    let (links, mut events) = start();
    let (mut peer, link) = pair(&links, &mut events).await;
    links.abort(link);
    assert_eq!(next(&mut events).await, LinkEvent::Closed { link });
    links.send(link, &frame(12, 0));
    links.close_after_flush(link);
    links.abort(link);
    assert!(matches!(peer.read(&mut [0]).await, Ok(0) | Err(_)));
    assert!(events.try_recv().is_err());
}

#[tokio::test]
async fn dialling_reports_success_and_failure_under_its_token() {
    let (a, mut a_events) = start();
    let listen = SocketAddr::new(Ipv4Addr::new(127, 0, 0, 2).into(), 0);
    let (b, mut b_events) = start_with(LinkConfig::new(Some(listen)));
    b.dial(a.local_addr().unwrap(), DialToken(7));
    let LinkEvent::Dialed { link, dial } = next(&mut b_events).await else { panic!() };
    assert_eq!(dial, DialToken(7));
    let LinkEvent::Accepted { link: far, peer } = next(&mut a_events).await else { panic!() };
    assert_eq!(peer.ip(), listen.ip(), "a partner is recognised by where it listens");
    a.identify(far);
    b.send(link, &frame(100, 1));
    let expected = LinkEvent::Frame { link: far, bytes: frame(100, 1) };
    assert_eq!(next(&mut a_events).await, expected);

    let nobody = TcpListener::bind(LOOPBACK).await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    b.dial(address, DialToken(8));
    let LinkEvent::DialFailed { dial, error } = next(&mut b_events).await else { panic!() };
    assert_eq!(dial, DialToken(8));
    assert!(error.contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let (links, _events) = start();
    let taken = links.local_addr();
    let (sender, _receiver) = mpsc::channel(1);
    let error = Links::start(LinkConfig::new(taken), sender).unwrap_err().to_string();
    assert!(error.contains(&taken.unwrap().to_string()), "{error}");
}
