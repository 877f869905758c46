//! From a captured packet to a TCP segment.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) sequence: u32,
    pub(crate) syn: bool,
    pub(crate) ack: bool,
    pub(crate) rst: bool,
    pub(crate) payload: &'a [u8],
    /// The capture holds less of the payload than was sent.
    pub(crate) cut: bool,
}

/// What a packet is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content<'a> {
    Tcp(Segment<'a>),
    /// A piece of an IP packet; whatever it belongs to will lack it.
    Fragment,
    /// Captured on a kind of link nobody here knows.
    UnknownLink,
    Other,
}

/// The numbers of link types, as the files have them.
mod link {
    pub(super) const NULL: i32 = 0;
    pub(super) const ETHERNET: i32 = 1;
    pub(super) const RAW_BSD: [i32; 2] = [12, 14];
    pub(super) const RAW: i32 = 101;
    pub(super) const LOOP: i32 = 108;
    pub(super) const LINUX_SLL: i32 = 113;
    pub(super) const IPV4: i32 = 228;
    pub(super) const IPV6: i32 = 229;
    pub(super) const LINUX_SLL2: i32 = 276;
}

pub(crate) fn content(link_type: i32, data: &[u8]) -> Content<'_> {
    let sliced = match link_type {
        link::ETHERNET => LaxSlicedPacket::from_ethernet(data).ok(),
        link::LINUX_SLL => from_ether_type(data.get(14..16), data.get(16..)),
        link::LINUX_SLL2 => from_ether_type(data.get(..2), data.get(20..)),
        link::RAW | link::IPV4 | link::IPV6 => LaxSlicedPacket::from_ip(data).ok(),
        link::NULL | link::LOOP => data.get(4..).and_then(|ip| LaxSlicedPacket::from_ip(ip).ok()),
        other if link::RAW_BSD.contains(&other) => LaxSlicedPacket::from_ip(data).ok(),
        _ => return Content::UnknownLink,
    };
    sliced.map_or(Content::Other, |sliced| of_sliced(&sliced))
}

fn from_ether_type<'a>(
    protocol: Option<&'a [u8]>,
    payload: Option<&'a [u8]>,
) -> Option<LaxSlicedPacket<'a>> {
    let protocol = u16::from_be_bytes(protocol?.try_into().ok()?);
    Some(LaxSlicedPacket::from_ether_type(EtherType(protocol), payload?))
}

fn of_sliced<'a>(sliced: &LaxSlicedPacket<'a>) -> Content<'a> {
    let (source, destination, payload) = match &sliced.net {
        Some(LaxNetSlice::Ipv4(ip)) => (
            IpAddr::V4(ip.header().source_addr()),
            IpAddr::V4(ip.header().destination_addr()),
            ip.payload().clone(),
        ),
        Some(LaxNetSlice::Ipv6(ip)) => (
            IpAddr::V6(ip.header().source_addr()),
            IpAddr::V6(ip.header().destination_addr()),
            ip.payload().clone(),
        ),
        _ => return Content::Other,
    };
    if payload.fragmented {
        return Content::Fragment;
    }
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { return Content::Other };
    Content::Tcp(Segment {
        source: SocketAddr::new(source, tcp.source_port()),
        destination: SocketAddr::new(destination, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        syn: tcp.syn(),
        ack: tcp.ack(),
        rst: tcp.rst(),
        payload: tcp.payload(),
        cut: payload.incomplete,
    })
}
