//! §7.8: CONNECT.

use super::{Scripted, State, config};
use crate::connections::connect;
use dhcp_failover_lease::{LeaseSpan, Role};
use dhcp_failover_proto::{EndpointConfig, Input, LinkSide};
use dhcp_failover_wire::{Connect, Message, OptionCode, RawMessage, RejectReason};

/// The options of a message, sorted.
pub(super) fn options(bytes: &[u8]) -> Vec<OptionCode> {
    let raw = RawMessage::parse(bytes).expect("it can be read");
    let mut options: Vec<_> = raw.options().map(|option| option.code).collect();
    options.sort_unstable();
    options
}

/// §7.8.1, table 7.8-1: CONNECT is the first message of the primary on a new connection, with every
/// option of the table once, and what the table does not know is only what the draft allows anybody.
#[test]
fn the_primary_begins_with_connect_and_every_option_of_the_table() {
    let config = EndpointConfig { max_unacked_bndupd: 37, ..config(Role::Primary) };
    let mut it = Scripted::resumed_with(config, State::CommunicationsInterrupted);
    it.link_up(LinkSide::Dialed);
    let [only] = &it.said[..] else { panic!("{:?}", it.said) };
    let Message::Connect(said) = &only.message else { panic!("{only:?}") };
    assert_eq!(said.relationship_name, b"pair");
    assert_eq!(said.max_unacked_bndupd, Some(37));
    assert_eq!(said.receive_timer, Some(20));
    assert_eq!(said.protocol_version, 1);
    assert_eq!(said.mclt, Some(60));
    assert!(said.vendor_class_identifier.as_ref().is_some_and(|name| !name.is_empty()));
    // The buckets are those the secondary must serve: half of them here.
    let buckets = said.hash_buckets.expect("a map");
    assert_eq!(buckets.iter().map(|byte| byte.count_ones()).sum::<u32>(), 128);
    let mut expected = vec![
        OptionCode::RELATIONSHIP_NAME,
        OptionCode::MAX_UNACKED_BNDUPD,
        OptionCode::RECEIVE_TIMER,
        OptionCode::VENDOR_CLASS_IDENTIFIER,
        OptionCode::PROTOCOL_VERSION,
        OptionCode::TLS_REQUEST,
        OptionCode::MCLT,
        OptionCode::HASH_BUCKET_ASSIGNMENT,
        OptionCode::VENDOR_SPECIFIC_OPTIONS,
    ];
    expected.sort_unstable();
    assert_eq!(options(&it.said_bytes[0]), expected);
}

/// §7.8, §7.8.2: the secondary never sends CONNECT, says nothing before it has one, and closes a
/// connection that brings none.
#[test]
fn the_secondary_waits_for_connect_for_a_limited_time() {
    for side in [LinkSide::Accepted, LinkSide::Dialed] {
        let mut it = Scripted::resumed(Role::Secondary, State::CommunicationsInterrupted);
        it.link_up(side);
        it.pass_s(10);
        assert!(it.keeps_link());
        it.pass_s(10);
        assert!(!it.keeps_link(), "{side:?}");
        assert_eq!(it.said, []);
        it.meets(State::Normal);
        assert_eq!(it.count(|message| matches!(message, Message::Connect(_))), 0);
    }
}

/// §7.8: another first message is no beginning.
#[test]
fn another_first_message_ends_the_connection() {
    let mut it = Scripted::resumed(Role::Secondary, State::CommunicationsInterrupted);
    it.link_up(LinkSide::Accepted);
    it.say(Message::Contact);
    assert!(!it.keeps_link());
    assert!(it.said.is_empty());
}

/// §7.8.2 steps 2, 5, 7 and 8: each mistake has its reject reason, and nothing is stored.
#[test]
fn every_step_refuses_with_its_reason() {
    type Change = fn(&mut Connect);
    let cases: [(Change, RejectReason); 6] = [
        (|it| it.protocol_version = 2, RejectReason::VERSION_MISMATCH),
        (|it| it.relationship_name = b"other".to_vec(), RejectReason::INVALID_PARTNER),
        (|it| it.mclt = None, RejectReason::INVALID_MCLT),
        (|it| it.mclt = Some(0), RejectReason::INVALID_MCLT),
        (|it| it.hash_buckets = None, RejectReason::HASH_BUCKET_CONFLICT),
        (|it| it.tls_request = Some(2), RejectReason::TLS_NOT_SUPPORTED),
    ];
    for (change, reason) in cases {
        let mut it = Scripted::resumed(Role::Secondary, State::CommunicationsInterrupted);
        let before = it.record;
        let mut wrong = connect();
        change(&mut wrong);
        let answer = it.offers(wrong);
        assert_eq!(answer.reject.map(|reject| reject.reason), Some(reason));
        assert!(!it.keeps_link());
        assert_eq!(it.record, before, "{reason}");
    }
}

/// §7.8.2 step 7: the secondary stores the primary's MCLT and uses no other, not even alone after a
/// restart with another one in its configuration.
#[test]
fn the_mclt_of_the_primary_is_stored_and_kept() {
    let config = EndpointConfig { mclt: LeaseSpan::from_s(500), ..config(Role::Secondary) };
    let mut it = Scripted::start(config, None);
    it.meets(State::Normal);
    it.cut();
    assert_eq!(it.endpoint.status().mclt, LeaseSpan::from_s(60));
    it.restart();
    it.pass_s(30);
    assert_eq!(it.endpoint.status().mclt, LeaseSpan::from_s(60));
}

/// §8.2: however many stimuli come, and for whichever relationship they were meant, a primary without
/// a connection answers one a second with an attempt to connect.
#[test]
fn stimuli_are_answered_once_a_second() {
    let mut it = Scripted::resumed(Role::Primary, State::CommunicationsInterrupted);
    for _ in 0..3 {
        let before = it.dials;
        for _ in 0..10 {
            it.feed(Input::Stimulus);
        }
        assert_eq!(it.dials, before + 1);
        it.now_ms += 1_000;
    }
}
