//! Captures of real servers.

use std::{collections::BTreeMap, fs, path::PathBuf};

use dhcp_failover_capture::{Found, Options, Reader, What};
use dhcp_failover_wire::{
    BindingStatus, Dialect, Message, MessageType, RawMessage, decode, encode, rules,
};

use crate::support::{ACK, pcap, read, segment};

/// The captures in the tree, or those in the directory this variable names.
const DIRECTORY: &str = "DHCP_FAILOVER_CAPTURES";

pub(crate) fn files() -> Vec<PathBuf> {
    let directory = std::env::var_os(DIRECTORY).map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data")),
        PathBuf::from,
    );
    let mut files: Vec<_> = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("a readable directory").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pcap"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no capture in {}", directory.display());
    files
}

pub(crate) fn messages(path: &PathBuf) -> Vec<Found> {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Reader::new(file, Options::default())
        .and_then(Iterator::collect)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_message_of_every_capture_of_dhcpd_comes_out_as_it_came() {
    let mut by_type = BTreeMap::new();
    for path in files() {
        for found in messages(&path) {
            let place = format!("{} frame {}", path.display(), found.frame);
            let What::Message(bytes) = &found.what else { panic!("{place}: {:?}", found.what) };
            let packet = decode(bytes, found.dialect).unwrap_or_else(|e| panic!("{place}: {e}"));
            let mut again = Vec::new();
            encode(&packet, found.dialect, &mut again).unwrap_or_else(|e| panic!("{place}: {e}"));
            assert_eq!(&again, bytes, "{place}");
            let raw = RawMessage::parse(bytes).unwrap();
            assert_eq!(
                rules::check_message(found.dialect, raw, &packet.message),
                Ok(()),
                "{place}"
            );
            *by_type.entry(packet.message.message_type()).or_insert(0_u32) += 1;
        }
    }
    let total: u32 = by_type.values().sum();
    println!("{total} messages: {by_type:?}");
    assert!(total > 600, "{by_type:?}");
}

/// The scripted partner of `probeB2` breaks the rules of a session, not those of messages: it does
/// not answer a CONNECT, falls silent, and answers twice. Every message is well formed, and dhcpd's
/// own answer to the second CONNECTACK is the one DISCONNECT it ever sends.
#[test]
fn the_probe_is_well_formed_and_wrong_in_its_order() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/probeB2.pcap"));
    let found = messages(&path);
    let listed: Vec<_> = found
        .iter()
        .map(|it| {
            let What::Message(bytes) = &it.what else { panic!("{:?}", it.what) };
            let packet = decode(bytes, it.dialect).unwrap();
            (it.frame, packet.message.message_type().to_string(), packet.xid)
        })
        .filter(|(_, kind, _)| kind != "BNDUPD")
        .collect();
    let expected = [
        (6, "CONNECT", 0),
        (11, "CONNECT", 0),
        (13, "CONNECTACK", 0),
        (15, "STATE", 0),
        (17, "STATE", 1),
        (19, "STATE", 1),
        (19, "STATE", 2),
        (21, "CONTACT", 13),
        (33, "CONNECT", 0),
        (38, "CONNECT", 0),
        (40, "CONNECTACK", 0),
        (42, "STATE", 1),
        (44, "CONNECTACK", 0),
        (46, "DISCONNECT", 1),
    ];
    let listed: Vec<_> = listed.iter().map(|(f, kind, xid)| (*f, kind.as_str(), *xid)).collect();
    assert_eq!(listed, expected);
    let last = found.last().unwrap();
    let What::Message(bytes) = &last.what else { panic!("a message") };
    let Message::Disconnect(body) = decode(bytes, last.dialect).unwrap().message else {
        panic!("a DISCONNECT")
    };
    println!("{}: {:?}", body.reject_reason, body.message);
    // By the draft's table dhcpd's updates of free addresses say too much, and only they.
    for it in &found {
        let What::Message(bytes) = &it.what else { continue };
        let packet = decode(bytes, Dialect::Draft12).unwrap();
        let raw = RawMessage::parse(bytes).unwrap();
        let kept = rules::check_message(Dialect::Draft12, raw, &packet.message);
        let is_update = matches!(&packet.message, Message::BndUpd(updates)
            if updates.iter().all(|update| update.status == BindingStatus::BACKUP));
        assert_eq!(kept.is_err(), is_update, "frame {}: {kept:?}", it.frame);
    }
}

/// The whole messages of a Windows pair, each in a packet.
fn windows() -> Vec<Vec<u8>> {
    include_str!("../../../dhcp-failover-wire/tests/data/microsoft.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let hex = line.split_whitespace().last().unwrap();
            (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect()
        })
        .collect()
}

#[test]
fn a_windows_connection_is_known_for_one_from_its_connect_or_its_digests() {
    let all = windows();
    for messages in [&all[..], &all[4..]] {
        let mut sequence = 100;
        let mut packets = Vec::new();
        for message in messages {
            packets.push(segment(sequence, ACK, message));
            sequence += u32::try_from(message.len()).unwrap();
        }
        let found = read(&pcap(1, &packets));
        assert_eq!(found.len(), messages.len());
        for it in &found {
            assert_eq!(it.dialect, Dialect::MICROSOFT);
            let What::Message(bytes) = &it.what else { panic!("{:?}", it.what) };
            assert!(decode(bytes, it.dialect).is_ok());
        }
    }
}

#[test]
fn the_dialect_of_a_connection_is_that_of_its_less_flexible_side() {
    let captured =
        messages(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/probeB2.pcap")));
    // The scripted partner calls itself something else than dhcpd.
    let acks = captured.iter().filter(|it| match &it.what {
        What::Message(bytes) => bytes[2] == MessageType::CONNECTACK.0,
        What::Skipped { .. } => false,
    });
    assert!(acks.clone().count() == 3);
    for ack in acks {
        assert_eq!(ack.dialect, Dialect::IscDhcpd);
    }
}
