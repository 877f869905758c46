//! Traffic of real servers.

use std::collections::BTreeMap;

use dhcp_failover_wire::{Dialect, Message, MessageType, RawMessage, decode, rules};

use crate::support::{encoded, hex};

fn isc() -> Vec<(&'static str, Vec<u8>)> {
    let mut scenario = "";
    let mut messages = Vec::new();
    for line in include_str!("../data/isc.hex").lines() {
        match line.strip_prefix("# ") {
            Some(name) => scenario = name,
            None => messages.push((scenario, hex(line))),
        }
    }
    messages
}

#[test]
fn every_captured_dhcpd_message_comes_out_as_it_came() {
    let mut seen = BTreeMap::new();
    for (scenario, frame) in isc() {
        let packet = decode(&frame, Dialect::IscDhcpd)
            .unwrap_or_else(|error| panic!("{scenario}: {error} in {frame:02x?}"));
        assert_eq!(encoded(&packet, Dialect::IscDhcpd), frame, "{scenario}: {packet:?}");
        *seen.entry(packet.message.message_type()).or_insert(0) += 1;
    }
    // All twelve types occur, so none was left untested by a poor choice of captures.
    let known: Vec<MessageType> = (1..=12).map(MessageType).collect();
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), known, "{seen:?}");
}

#[test]
fn dhcpd_keeps_its_tables_and_the_scripted_probe_does_not() {
    let mut broken = Vec::new();
    for (scenario, frame) in isc() {
        let packet = decode(&frame, Dialect::IscDhcpd).unwrap();
        let raw = RawMessage::parse(&frame).unwrap();
        if let Err(violation) = rules::check_message(Dialect::IscDhcpd, raw, &packet.message) {
            broken.push(format!("{scenario} {} {violation}", packet.message.message_type()));
        }
    }
    assert_eq!(broken, [""; 0]);
}

#[test]
fn captured_dhcpd_messages_are_draft_messages_too() {
    for (scenario, frame) in isc() {
        let isc = decode(&frame, Dialect::IscDhcpd).unwrap();
        assert_eq!(decode(&frame, Dialect::Draft12), Ok(isc), "{scenario}");
    }
}

#[test]
fn every_truncation_of_a_captured_message_is_refused() {
    let mut distinct = BTreeMap::new();
    for (_, frame) in isc() {
        distinct.entry((frame[2], frame.len())).or_insert(frame);
    }
    for frame in distinct.into_values() {
        for length in 0..frame.len() {
            assert!(decode(&frame[..length], Dialect::IscDhcpd).is_err());
            // The same with an honest length: only a cut between two options can still be read.
            let mut cut = frame[..length].to_vec();
            if length >= 12 {
                cut[..2].copy_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
                let boundary = RawMessage::parse(&frame)
                    .unwrap()
                    .options()
                    .any(|option| usize::from(option.offset) == length);
                assert_eq!(RawMessage::parse(&cut).is_ok(), boundary || length == 12);
            }
        }
    }
}

#[test]
fn every_changed_byte_of_a_captured_message_is_decoded_or_refused() {
    let mut distinct = BTreeMap::new();
    for (_, frame) in isc() {
        distinct.entry((frame[2], frame.len())).or_insert(frame);
    }
    for mut frame in distinct.into_values() {
        for index in 0..frame.len() {
            let kept = frame[index];
            for value in 0..=255 {
                frame[index] = value;
                for dialect in [Dialect::Draft12, Dialect::IscDhcpd] {
                    if let Ok(packet) = decode(&frame, dialect) {
                        assert_eq!(packet.message.message_type().0, frame[2]);
                    }
                }
            }
            frame[index] = kept;
        }
    }
}

#[test]
fn a_captured_connect_reads_as_configured() {
    let (_, frame) = isc().into_iter().find(|(name, _)| *name == "probeB2").unwrap();
    let Message::Connect(connect) = decode(&frame, Dialect::IscDhcpd).unwrap().message else {
        panic!("the first message of a session is a CONNECT");
    };
    assert_eq!(connect.relationship_name, b"foo");
    assert_eq!((connect.max_unacked_bndupd, connect.receive_timer), (Some(10), Some(12)));
    assert_eq!(connect.vendor_class_identifier.as_deref(), Some(&b"isc-4.4.3-P1"[..]));
    assert_eq!((connect.protocol_version, connect.tls_request), (1, Some(0)));
    assert_eq!(connect.mclt, Some(60));
    assert_eq!(connect.hash_buckets.unwrap()[15..17], [0xff, 0x00]);
}

#[test]
fn a_server_is_known_by_what_it_calls_itself_when_connecting() {
    let mut found = BTreeMap::new();
    for (_, frame) in isc() {
        let raw = RawMessage::parse(&frame).unwrap();
        *found.entry((raw.header().message_type, Dialect::detect(raw))).or_insert(0) += 1;
    }
    assert!(found[&(MessageType::CONNECT, Some(Dialect::IscDhcpd))] > 20);
    assert!(found[&(MessageType::CONNECTACK, Some(Dialect::IscDhcpd))] > 20);
    // The scripted secondary of probeB2.
    assert_eq!(found[&(MessageType::CONNECTACK, Some(Dialect::Draft12))], 3);
    for (message_type, dialect) in found.into_keys() {
        let connects = [MessageType::CONNECT, MessageType::CONNECTACK].contains(&message_type);
        assert_eq!(dialect.is_some(), connects, "{message_type}");
    }
    let connect =
        include_str!("../data/microsoft.txt").lines().find(|line| line.contains("CONNECT"));
    let connect = hex(connect.unwrap().split_whitespace().last().unwrap());
    assert_eq!(Dialect::detect(RawMessage::parse(&connect).unwrap()), Some(Dialect::MICROSOFT));
}
