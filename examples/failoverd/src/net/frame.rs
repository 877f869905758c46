//! An IPv4 and UDP header around a payload, for the packet socket (RFC 791, RFC 768).

use std::net::SocketAddrV4;

const IP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
const PROTOCOL_UDP: u8 = 17;
const TIME_TO_LIVE: u8 = 64;

/// A datagram from `source` to `target`; `None` if `payload` does not fit an IPv4 packet.
pub(super) fn datagram(
    source: SocketAddrV4,
    target: SocketAddrV4,
    payload: &[u8],
) -> Option<Vec<u8>> {
    let udp_length = u16::try_from(UDP_HEADER + payload.len()).ok()?;
    let total_length = udp_length.checked_add(u16::try_from(IP_HEADER).ok()?)?;
    let mut ip = [0; IP_HEADER];
    ip[0] = 0x45; // version 4, five words of header
    ip[2..4].copy_from_slice(&total_length.to_be_bytes());
    ip[6] = 0x40; // do not fragment, so the identification may stay 0 (RFC 6864)
    ip[8] = TIME_TO_LIVE;
    ip[9] = PROTOCOL_UDP;
    ip[12..16].copy_from_slice(&source.ip().octets());
    ip[16..20].copy_from_slice(&target.ip().octets());
    let sum = checksum(&[&ip]);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());

    let mut udp = [0; UDP_HEADER];
    udp[0..2].copy_from_slice(&source.port().to_be_bytes());
    udp[2..4].copy_from_slice(&target.port().to_be_bytes());
    udp[4..6].copy_from_slice(&udp_length.to_be_bytes());
    let [high, low] = udp_length.to_be_bytes();
    let pseudo_header = [0, PROTOCOL_UDP, high, low];
    let sum = checksum(&[&ip[12..20], &pseudo_header, &udp, payload]);
    // 0 would mean "no checksum"; its other form in ones' complement means the same number.
    let sum = if sum == 0 { u16::MAX } else { sum };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
    Some([&ip, udp.as_slice(), payload].concat())
}

/// The Internet checksum (RFC 1071) of the parts joined; only the last may have odd length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum: u64 = 0;
    for part in parts {
        for pair in part.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            sum += u64::from(u16::from_be_bytes([pair[0], low]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ip_header_of_a_known_packet_gets_its_known_checksum() {
        // The often quoted example: 45 00 00 73 00 00 40 00 40 11 b8 61 c0 a8 00 01 c0 a8 00 c7.
        let source = "192.168.0.1:67".parse().unwrap();
        let target = "192.168.0.199:68".parse().unwrap();
        let packet = datagram(source, target, &[0; 0x73 - 28]).unwrap();
        assert_eq!(packet[10..12], [0xb8, 0x61]);
        assert_eq!(packet[2..4], [0, 0x73]);
    }

    #[test]
    fn both_checksums_verify_for_even_and_odd_payloads() {
        let source = "192.0.2.1:67".parse().unwrap();
        let target = "192.0.2.77:68".parse().unwrap();
        for length in [0, 1, 2, 301, 1471] {
            let payload: Vec<u8> = (0..length).map(|n: usize| (n * 7) as u8).collect();
            let packet = datagram(source, target, &payload).unwrap();
            assert_eq!(checksum(&[&packet[..20]]), 0);
            let [high, low] = [packet[24], packet[25]];
            assert_eq!(checksum(&[&packet[12..20], &[0, 17, high, low], &packet[20..]]), 0);
            assert_eq!(packet[28..], payload);
        }
    }

    #[test]
    fn an_oversize_payload_is_refused() {
        let address = "192.0.2.1:67".parse().unwrap();
        assert!(datagram(address, address, &[0; 65_507]).is_some());
        assert!(datagram(address, address, &[0; 65_508]).is_none());
    }
}
