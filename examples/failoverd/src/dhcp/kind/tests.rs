use super::*;
use crate::dhcp::testing::Packet;

const A: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const S: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

fn of(packet: Packet) -> Result<RequestKind, KindError> {
    RequestKind::of(&packet.parse(), Arrival::Unknown)
}

#[test]
fn each_form_of_rfc_2131_is_told_apart() {
    let request = Packet::request;
    let ci = A.octets();
    let table = [
        (Packet::discover(), RequestKind::Discover { requested: None }),
        (Packet::discover().address(50, A), RequestKind::Discover { requested: Some(A) }),
        (
            request().address(54, S).address(50, A),
            RequestKind::Selecting { server_id: S, address: A },
        ),
        (request().address(50, A), RequestKind::InitReboot { address: A }),
        (request().ciaddr(ci), RequestKind::Renewing { ciaddr: A }),
        (request().ciaddr(ci).giaddr([192, 0, 2, 2]), RequestKind::Rebinding { ciaddr: A }),
        (
            Packet::new(4).address(50, A).address(54, S),
            RequestKind::Decline { address: A, server_id: S },
        ),
        (
            Packet::new(7).ciaddr(ci).address(54, S),
            RequestKind::Release { ciaddr: A, server_id: S },
        ),
        (Packet::new(8).ciaddr(ci), RequestKind::Inform { ciaddr: A }),
    ];
    for (packet, expected) in table {
        assert_eq!(of(packet), Ok(expected));
    }
}

#[test]
fn a_known_destination_decides_between_renewing_and_rebinding() {
    let relayed = Packet::request().ciaddr(A.octets()).giaddr([192, 0, 2, 2]).parse();
    let direct = Packet::request().ciaddr(A.octets()).parse();
    let renewing = Ok(RequestKind::Renewing { ciaddr: A });
    let rebinding = Ok(RequestKind::Rebinding { ciaddr: A });
    assert_eq!(RequestKind::of(&relayed, Arrival::Unicast), renewing);
    assert_eq!(RequestKind::of(&direct, Arrival::Broadcast), rebinding);
}

#[test]
fn an_address_of_zeros_counts_as_absent() {
    let zero = Ipv4Addr::UNSPECIFIED;
    let renewing = Packet::request().ciaddr(A.octets()).address(50, zero);
    assert_eq!(of(renewing), Ok(RequestKind::Renewing { ciaddr: A }));
}

#[test]
fn malformed_combinations_say_what_is_wrong() {
    let table = [
        (
            Packet::request(),
            "failed to understand DHCPREQUEST: it has no requested address and no ciaddr",
        ),
        (
            Packet::request().address(54, S),
            "failed to understand DHCPREQUEST: it has no requested address (option 50)",
        ),
        (
            Packet::request().address(54, S).ciaddr(A.octets()),
            "failed to understand DHCPREQUEST: \
             it has a server identifier (option 54) and a ciaddr",
        ),
        (
            Packet::request().address(50, A).ciaddr(A.octets()),
            "failed to understand DHCPREQUEST: it has a requested address (option 50) and a ciaddr",
        ),
        (Packet::request().option(50, &[1, 2, 3]), "failed to read option 50: 3 bytes, expected 4"),
        (
            Packet::new(4).address(50, A),
            "failed to understand DHCPDECLINE: it has no server identifier (option 54)",
        ),
        (Packet::new(7).address(54, S), "failed to understand DHCPRELEASE: it has no ciaddr"),
        (Packet::new(8), "failed to understand DHCPINFORM: it has no ciaddr"),
    ];
    for (packet, expected) in table {
        assert_eq!(of(packet).unwrap_err().to_string(), expected);
    }
}
