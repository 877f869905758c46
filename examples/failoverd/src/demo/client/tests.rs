use super::*;
use dhcproto::v4::Opcode;

const RELAY: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 1);
const A: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 2);
const B: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 3);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 77, 1, 5);

fn client() -> Client {
    let mut client = Client::new(5, Identity::numbered(1, 5), RELAY, 1);
    client.start(0);
    client
}

fn answer(to: &Message, kind: MessageType, server: Ipv4Addr, lease_s: u32) -> Reply {
    let mut message = to.clone();
    message.set_opcode(Opcode::BootReply).set_yiaddr(ADDRESS);
    message.opts_mut().insert(DhcpOption::MessageType(kind));
    message.opts_mut().insert(DhcpOption::ServerIdentifier(server));
    message.opts_mut().insert(DhcpOption::AddressLeaseTime(lease_s));
    Reply::decode(&crate::demo::packet::encode(&message)).expect("a good answer")
}

fn kind(message: &Message) -> MessageType {
    message.opts().msg_type().expect("a message type")
}

/// A client that got `ADDRESS` from A at time 0 for 8 seconds.
fn bound() -> Client {
    let mut client = client();
    let (discover, target) = client.fire(0).expect("a discover");
    assert_eq!((kind(&discover), target), (MessageType::Discover, Target::All));
    assert_eq!(client.receive(0, &answer(&discover, MessageType::Offer, A, 8)), Outcome::Offered);
    let (request, target) = client.fire(0).expect("a request");
    assert_eq!((kind(&request), target), (MessageType::Request, Target::All));
    let opts = request.opts();
    assert_eq!(opts.get(OptionCode::ServerIdentifier), Some(&DhcpOption::ServerIdentifier(A)));
    assert!(matches!(
        client.receive(10, &answer(&request, MessageType::Ack, A, 8)),
        Outcome::Acked(ack) if ack.purpose == Purpose::New && ack.waited_ms == 10
    ));
    client
}

/// Fires whatever is due until `until_ms`, and returns the messages with their times.
fn run(client: &mut Client, until_ms: u64) -> Vec<(u64, Message, Target)> {
    let mut sent = Vec::new();
    while let Some(wake_ms) = client.wake_ms().filter(|wake| *wake <= until_ms) {
        if let Some((message, target)) = client.fire(wake_ms) {
            sent.push((wake_ms, message, target));
        }
    }
    sent
}

#[test]
fn takes_the_first_offer_and_ignores_the_second() {
    let mut client = client();
    let (discover, _) = client.fire(0).expect("a discover");
    client.receive(1, &answer(&discover, MessageType::Offer, B, 8));
    assert_eq!(client.receive(2, &answer(&discover, MessageType::Offer, A, 8)), Outcome::Ignored);
    let (request, _) = client.fire(2).expect("a request");
    let server = request.opts().get(OptionCode::ServerIdentifier).cloned();
    assert_eq!(server, Some(DhcpOption::ServerIdentifier(B)));
}

#[test]
fn renews_at_half_the_lease_with_the_server_that_gave_it() {
    let mut client = bound();
    let sent = run(&mut client, 4_400);
    let (at_ms, request, target) = sent.first().expect("a renewal");
    assert!((3_600..=4_400).contains(at_ms), "{at_ms}");
    assert_eq!((request.ciaddr(), *target), (ADDRESS, Target::One(A)));
    assert!(request.opts().get(OptionCode::ServerIdentifier).is_none());
}

#[test]
fn rebinds_with_everybody_at_seven_eighths_and_starts_again_at_the_end() {
    let mut client = bound();
    let sent = run(&mut client, 8_500);
    let rebind = sent.iter().find(|(_, message, target)| {
        *target == Target::All && kind(message) == MessageType::Request
    });
    assert_eq!(rebind.map(|(at_ms, ..)| *at_ms), Some(7_000));
    let discover = sent.iter().find(|(_, message, _)| kind(message) == MessageType::Discover);
    let (at_ms, discover, _) = discover.expect("a discover when the lease is over");
    assert_eq!(*at_ms, 8_000);
    let requested = discover.opts().get(OptionCode::RequestedIpAddress);
    assert_eq!(requested, Some(&DhcpOption::RequestedIpAddress(ADDRESS)));
}

#[test]
fn waiting_time_counts_from_the_first_send_and_secs_grows() {
    let mut client = client();
    let sent = run(&mut client, 5_000);
    assert!(sent.len() >= 4, "{} messages", sent.len());
    let (at_ms, discover, _) = sent.last().expect("a retry");
    assert_eq!(u64::from(discover.secs()), at_ms / 1000);
    client.receive(5_000, &answer(discover, MessageType::Offer, A, 8));
    let (request, _) = client.fire(5_000).expect("a request");
    let outcome = client.receive(5_100, &answer(&request, MessageType::Ack, A, 8));
    assert!(
        matches!(outcome, Outcome::Acked(ack) if ack.waited_ms == 5_100 && ack.sent_ms == 5_000)
    );
}

#[test]
fn gives_up_an_offer_whose_server_is_gone() {
    let mut client = client();
    let (discover, _) = client.fire(0).expect("a discover");
    client.receive(0, &answer(&discover, MessageType::Offer, A, 8));
    let kinds: Vec<_> = run(&mut client, 10_000).iter().map(|(_, sent, _)| kind(sent)).collect();
    let requests = kinds.iter().take_while(|kind| **kind == MessageType::Request).count();
    assert_eq!(requests, 4);
    assert_eq!(kinds.get(4), Some(&MessageType::Discover));
}

#[test]
fn a_refused_client_forgets_its_address_and_starts_again() {
    let mut client = bound();
    let (_, request, _) = run(&mut client, 4_400).remove(0);
    let outcome = client.receive(4_400, &answer(&request, MessageType::Nak, A, 0));
    let Outcome::Refused(refusal) = outcome else { panic!("{outcome:?}") };
    assert_eq!((refusal.address, refusal.server), (Some(ADDRESS), Some(A)));
    assert_eq!(client.address(4_400), None);
    let (discover, _) = client.fire(4_400).expect("a discover");
    assert!(discover.opts().get(OptionCode::RequestedIpAddress).is_none());
}

#[test]
fn an_answer_to_an_older_message_is_ignored() {
    let mut client = bound();
    let sent = run(&mut client, 6_000);
    assert!(sent.len() >= 2);
    let (_, oldest, _) = &sent[0];
    assert_eq!(client.receive(6_000, &answer(oldest, MessageType::Ack, A, 8)), Outcome::Ignored);
}

#[test]
fn a_second_servers_answer_is_kept_for_the_ledger_only() {
    let mut client = bound();
    let sent = run(&mut client, 7_000);
    let (_, rebind, _) = sent.last().expect("a rebind");
    let first = client.receive(7_001, &answer(rebind, MessageType::Ack, A, 8));
    assert!(matches!(first, Outcome::Acked(ack) if ack.purpose == Purpose::Rebind));
    let second = client.receive(7_002, &answer(rebind, MessageType::Ack, B, 5));
    assert!(matches!(second, Outcome::AckedAgain(ack) if ack.server == B));
    assert_eq!(client.address(14_999), Some(ADDRESS));
}

#[test]
fn a_held_client_begins_nothing() {
    let mut client = bound();
    client.hold(true);
    assert!(run(&mut client, 20_000).is_empty());
    let mut waiting = self::client();
    waiting.fire(0);
    waiting.hold(true);
    assert!(!run(&mut waiting, 2_000).is_empty(), "what has begun goes on");
}

#[test]
fn a_release_names_the_server_and_ends_the_lease() {
    let mut client = bound();
    let (release, target) = client.release(1_000).expect("a release");
    assert_eq!(
        (kind(&release), release.ciaddr(), target),
        (MessageType::Release, ADDRESS, Target::One(A))
    );
    assert_eq!((client.address(1_001), client.wake_ms()), (None, None));
    assert!(client.release(1_002).is_none());
}
