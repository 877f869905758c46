use super::*;
use crate::dhcp::testing::Packet;

const NEW: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const RELAY: [u8; 4] = [192, 0, 2, 1];
const PORTS: Ports = Ports { relay: 1067, client: 68 };

fn to(packet: Packet, outgoing: Outgoing) -> Destination {
    destination(&packet.parse(), "192.0.2.1:40000".parse().unwrap(), PORTS, outgoing)
}

fn unicast(address: [u8; 4], port: u16) -> Destination {
    Destination::Unicast(SocketAddrV4::new(address.into(), port))
}

#[test]
fn answers_go_where_rfc_2131_4_1_says() {
    let broadcast = Destination::Broadcast { port: 68 };
    let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]).unwrap();
    let framed = Destination::Hardware { address: NEW, hardware, port: 68 };
    let discover = Packet::discover;
    let renewing = || Packet::request().ciaddr([192, 0, 2, 9]);
    let (offer, ack, inform_ack, nak) =
        (Outgoing::Offer(NEW), Outgoing::Ack(Some(NEW)), Outgoing::Ack(None), Outgoing::Nak);
    let source_port = [1, 1, 9, 19, 0];
    let table = [
        ("relayed offer", discover().giaddr(RELAY), offer, unicast(RELAY, 1067)),
        ("relayed nak", Packet::request().giaddr(RELAY), nak, unicast(RELAY, 1067)),
        ("relayed renewal", renewing().giaddr(RELAY), ack, unicast(RELAY, 1067)),
        (
            "relay source port",
            discover().giaddr(RELAY).option(82, &source_port),
            offer,
            unicast(RELAY, 40000),
        ),
        ("source port without a relay", discover().option(82, &source_port), offer, framed),
        ("renewal", renewing(), ack, unicast([192, 0, 2, 9], 68)),
        ("inform", renewing(), inform_ack, unicast([192, 0, 2, 9], 68)),
        ("offer ignores ciaddr", discover().ciaddr([9; 4]), offer, framed),
        ("nak to a renewal", renewing(), nak, broadcast),
        ("broadcast flag", discover().broadcast(), offer, broadcast),
        ("no broadcast flag", discover(), offer, framed),
        ("ack while selecting", Packet::request(), ack, framed),
        ("not Ethernet", discover().set(1, &[32]), offer, broadcast),
        ("odd Ethernet address", discover().set(2, &[8]), offer, broadcast),
    ];
    for (case, packet, outgoing, expected) in table {
        assert_eq!(to(packet, outgoing), expected, "{case}");
    }
}
