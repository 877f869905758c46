//! Kinds of files and of links.

use dhcp_failover_capture::{CaptureError, Options, Reader, Timestamp, What};

use crate::support::{ACK, PRIMARY, SECONDARY, ethernet, ip_packet, message, pcap, read, segment};

fn ip() -> Vec<u8> {
    ip_packet(PRIMARY, SECONDARY, 100, ACK, &message(1))
}

fn one_message(file: &[u8]) -> Timestamp {
    let found = read(file);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].what, What::Message(message(1)));
    found[0].time
}

/// A pcapng block.
fn block(big_endian: bool, kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let number = |n: u32| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let length = number(u32::try_from(body.len() + 12).unwrap());
    [&number(kind), &length, &body[..], &length].concat()
}

/// A file with two interfaces, the packet captured on the second.
fn pcapng(big_endian: bool, tsresol: Option<u8>, ticks: u64) -> Vec<u8> {
    let long = |n: u32| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let short = |n: u16| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let section = [&long(0x1a2b_3c4d)[..], &short(1), &short(0), &[0xff; 8]].concat();
    let interface = |link_type: u16, resolution: Option<u8>| {
        let mut body = [&short(link_type)[..], &short(0), &long(0)].concat();
        if let Some(resolution) = resolution {
            body.extend([&short(9)[..], &short(1), &[resolution, 0, 0, 0], &[0; 4]].concat());
        }
        block(big_endian, 1, &body)
    };
    let data = ethernet(&ip());
    let length = long(u32::try_from(data.len()).unwrap());
    let (high, low) = ((ticks >> 32) as u32, ticks as u32);
    let packet = [&long(1), &long(high), &long(low), &length, &length, &data[..]].concat();
    [
        block(big_endian, 0x0a0d_0d0a, &section),
        interface(228, None),
        interface(1, tsresol),
        block(big_endian, 6, &packet),
    ]
    .concat()
}

#[test]
fn pcap_of_either_byte_order_and_precision_is_read() {
    let little = pcap(1, &[ethernet(&ip())]);
    assert_eq!(one_message(&little).to_string(), "1000.000007");
    let mut nanoseconds = little.clone();
    nanoseconds[..4].copy_from_slice(&[0x4d, 0x3c, 0xb2, 0xa1]);
    nanoseconds[28..32].copy_from_slice(&123_456_789_u32.to_le_bytes());
    assert_eq!(one_message(&nanoseconds).to_string(), "1000.123456");
    // Every number of the headers the other way round.
    let mut big = little;
    for field in [0..4, 4..6, 6..8, 8..12, 12..16, 16..20, 20..24, 24..28, 28..32, 32..36, 36..40] {
        big[field].reverse();
    }
    assert_eq!(one_message(&big).to_string(), "1000.000007");
}

#[test]
fn pcapng_with_several_interfaces_and_any_resolution_is_read() {
    for big_endian in [false, true] {
        let us = one_message(&pcapng(big_endian, None, 1_000_000_001));
        assert_eq!(us.to_string(), "1000.000001");
        let ns = one_message(&pcapng(big_endian, Some(9), 1_000_000_001_999));
        assert_eq!(ns.to_string(), "1000.000001");
        // Powers of two: 2^-10 seconds.
        let binary = one_message(&pcapng(big_endian, Some(0x8a), 1024 * 7 + 512));
        assert_eq!(binary.to_string(), "7.500000");
    }
}

#[test]
fn every_kind_of_link_is_looked_through() {
    let cooked = [&[0, 0, 0, 1, 0, 6][..], &[0; 8], &[8, 0], &ip()].concat();
    let cooked2 = [&[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6][..], &[0; 8], &ip()].concat();
    let tagged = {
        let plain = ethernet(&ip());
        [&plain[..12], &[0x81, 0, 0, 5], &plain[12..]].concat()
    };
    for (link_type, packet) in [
        (0, [&[2, 0, 0, 0][..], &ip()].concat()),
        (1, ethernet(&ip())),
        (1, tagged),
        // Padded to the least length of Ethernet.
        (1, [&ethernet(&ip())[..], &[0; 6]].concat()),
        (12, ip()),
        (101, ip()),
        (113, cooked),
        (228, ip()),
        (276, cooked2),
    ] {
        one_message(&pcap(link_type, &[packet]));
    }
}

#[test]
fn ipv6_is_followed_too() {
    let tcp = ip().split_off(20);
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(u16::try_from(tcp.len()).unwrap().to_be_bytes());
    packet.extend([6, 64]);
    packet.extend([&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[1]].concat());
    packet.extend([&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[2]].concat());
    packet.extend(tcp);
    let found = read(&pcap(229, &[packet]));
    assert_eq!(found[0].source.to_string(), "[2001:db8::1]:50001");
}

fn outcome(file: &[u8]) -> (usize, Option<CaptureError>) {
    let mut messages = 0;
    match Reader::new(file, Options::default()) {
        Err(error) => (0, Some(error)),
        Ok(reader) => {
            for found in reader {
                match found {
                    Ok(_) => messages += 1,
                    Err(error) => return (messages, Some(error)),
                }
            }
            (messages, None)
        }
    }
}

#[test]
fn a_broken_file_gives_what_comes_before_and_says_where_it_ends() {
    assert_eq!(outcome(b""), (0, Some(CaptureError::Empty)));
    assert_eq!(outcome(b"root:x:0:0:root"), (0, Some(CaptureError::NotACapture)));
    let packets = [segment(100, ACK, &message(0)), segment(112, ACK, &message(1))];
    let file = pcap(1, &packets);
    assert_eq!(outcome(&file), (2, None));
    assert_eq!(outcome(&file[..24]), (0, None), "a capture without packets");
    let cut = outcome(&file[..file.len() - 1]);
    assert_eq!(cut, (1, Some(CaptureError::CutOff { frame: 2 })));
    let mut huge = file.clone();
    let second_length = 24 + 16 + packets[0].len() + 8;
    huge[second_length..second_length + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let (messages, error) = outcome(&huge);
    assert_eq!(messages, 1);
    assert!(error.is_some());
    for length in 0..file.len() {
        let (messages, error) = outcome(&file[..length]);
        assert!(messages < 2 && (error.is_some() || length >= 24), "{length}");
    }
}

#[test]
fn a_block_shorter_than_its_own_frame_ends_the_file() {
    for big_endian in [false, true] {
        for length in 0..12_u32 {
            let length = if big_endian { length.to_be_bytes() } else { length.to_le_bytes() };
            let mut file = pcapng(big_endian, None, 5);
            file.extend([&[0, 0, 0x80, 0x0b][..], &length, &[0; 24]].concat());
            assert_eq!(outcome(&file), (1, Some(CaptureError::Broken { frame: 2 })));
        }
    }
}

#[test]
fn what_is_not_followed_is_counted() {
    let mut fragment = ip();
    fragment[6] = 0x20;
    let other = ip_packet((PRIMARY.0, 3000), (SECONDARY.0, 443), 1, ACK, b"x");
    let packets = [ethernet(&ip()), ethernet(&fragment), ethernet(&other), vec![0; 60]];
    let file = pcap(1, &packets);
    let mut reader = Reader::new(&file[..], Options::default()).unwrap();
    assert_eq!(reader.by_ref().count(), 1);
    let statistics = reader.statistics();
    assert_eq!((statistics.packets, statistics.segments, statistics.fragments), (4, 1, 1));
    assert_eq!(statistics.other_ports.iter().collect::<Vec<_>>(), [(&443, &1)]);

    let file = pcap(147, &packets);
    let mut reader = Reader::new(&file[..], Options::default()).unwrap();
    assert_eq!((reader.by_ref().count(), reader.statistics().unknown_link), (0, 4));

    // A snapshot length that cuts the message off.
    let cut = ethernet(&ip());
    let file = pcap(1, &[cut[..cut.len() - 4].to_vec()]);
    let mut reader = Reader::new(&file[..], Options::default()).unwrap();
    let found: Vec<_> = reader.by_ref().collect();
    assert!(matches!(&found[..], [Ok(it)] if matches!(it.what, What::Skipped { .. })));
    assert_eq!(reader.statistics().cut_segments, 1);
}

#[test]
fn what_the_operating_system_refuses_is_told() {
    struct Failing<'a>(&'a [u8]);
    impl std::io::Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(30);
            match self.0.read(&mut buffer[..length]) {
                Ok(0) => Err(std::io::ErrorKind::TimedOut.into()),
                read => read,
            }
        }
    }
    let kind = std::io::ErrorKind::TimedOut;
    let file = pcap(1, &[ethernet(&ip())]);
    let found: Vec<_> = Reader::new(Failing(&file), Options::default()).unwrap().collect();
    assert!(matches!(found[..], [Ok(_), Err(CaptureError::Read { kind: it })] if it == kind));
    let none = Reader::new(Failing(b""), Options::default());
    assert_eq!(none.err(), Some(CaptureError::Read { kind }));
}

#[test]
fn a_capture_is_followed_while_it_is_made() {
    /// Gives the pieces one by one, and then nothing more.
    struct Growing(std::vec::IntoIter<Vec<u8>>);
    impl std::io::Read for Growing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Some(piece) = self.0.next() else {
                return Err(std::io::ErrorKind::WouldBlock.into());
            };
            buffer[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }
    let file = pcap(1, &[ethernet(&ip())]);
    let pieces = vec![file[..24].to_vec(), file[24..].to_vec()];
    let mut reader = Reader::new(Growing(pieces.into_iter()), Options::default()).unwrap();
    // The message is given before more is asked for.
    assert!(matches!(reader.next(), Some(Ok(_))));
}

#[test]
fn a_pipe_that_gives_a_byte_at_a_time_is_read_alike() {
    struct Slow<'a>(&'a [u8]);
    impl std::io::Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let (Some((first, rest)), Some(place)) = (self.0.split_first(), buffer.first_mut())
            else {
                return Ok(0);
            };
            *place = *first;
            self.0 = rest;
            Ok(1)
        }
    }
    for file in [pcap(1, &[ethernet(&ip())]), pcapng(true, None, 5)] {
        let found: Vec<_> = Reader::new(Slow(&file), Options::default()).unwrap().collect();
        assert_eq!(found.len(), 1);
    }
}
