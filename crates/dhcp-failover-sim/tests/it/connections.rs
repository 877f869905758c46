//! Making, keeping and refusing connections (draft-12 §7.8, §7.9, §8.2).

use crate::{busy, normal};
use dhcp_failover_proto::{EndpointConfig, Event, LinkId, LinkSide, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};
use dhcp_failover_wire::{
    Connect, Dialect, Message, OptionCode, Packet, RejectReason, decode, encode,
};

/// What a primary of this pair would send.
pub(crate) fn connect() -> Connect {
    Connect {
        relationship_name: b"pair".to_vec(),
        max_unacked_bndupd: Some(100),
        receive_timer: Some(20),
        vendor_class_identifier: Some(b"somebody".to_vec()),
        protocol_version: 1,
        tls_request: Some(0),
        mclt: Some(60),
        hash_buckets: Some([0; 32]),
        ..Connect::default()
    }
}

pub(crate) fn frame(time: u32, connect: Connect) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packet = Packet { time, xid: 77, message: Message::Connect(connect) };
    encode(&packet, Dialect::Draft12, &mut bytes).unwrap_or_else(|error| panic!("{error}"));
    bytes
}

/// The wire time at both servers when their clocks are right.
pub(crate) fn wire_now(pair: &Pair) -> u32 {
    u32::try_from(1_700_000_000 + pair.now_ms() / 1_000).unwrap_or(0)
}

pub(crate) fn refusals(pair: &Pair, host: Host) -> Vec<(RejectReason, String)> {
    pair.events_of(host)
        .filter_map(|(_, event)| match event {
            Event::Refused { reason, message } => Some((*reason, message.clone())),
            _ => None,
        })
        .collect()
}

/// A stray connection with a CONNECT on it, as if from the primary; how the secondary answers.
pub(crate) fn offer(pair: &mut Pair, bytes: &[u8]) -> u64 {
    let link = pair.stray_connection(Host::A).unwrap_or_else(|| panic!("no connection"));
    pair.inject(Host::A, link, bytes);
    pair.run_ms(200);
    link
}

/// §8.2, isc-C18: both servers dial, at moments between 0 and 500 ms apart and on networks of any
/// delay; within seconds there is one link, and it stays.
#[test]
fn c18_simultaneous_opens_converge_to_one_link() {
    for seed in 0..120u64 {
        let net_delay_ms = [1, 20, 90, 300][seed as usize % 4];
        let mut pair = Pair::new(Setup { net_delay_ms, ..Setup::new(300 + seed) });
        let [first, second] = if seed % 2 == 0 { Host::BOTH } else { [Host::B, Host::A] };
        pair.start(first);
        pair.run_ms(seed * 37 % 2_500);
        pair.start(second);
        assert!(pair.run_until(20, Pair::is_settled), "seed {seed}\n{}", pair.log_text());
        pair.run_s(30);
        let connects = pair.sent(Host::A, "CONNECT");
        assert!(connects <= 3, "seed {seed}: {connects} times CONNECT\n{}", pair.log_text());
        let links = pair.open_connections();
        assert_eq!(links.len(), 1, "seed {seed}: {links:?}\n{}", pair.log_text());
        pair.run_s(60);
        assert_eq!(pair.sent(Host::A, "CONNECT"), connects, "seed {seed}: it did not stay");
        assert_eq!(pair.open_connections(), links, "seed {seed}");
        pair.assert_clean();
    }
}

/// §8.2: a primary that cannot reach its partner is reached by it.
#[test]
fn a_primary_that_cannot_dial_is_found_by_its_partner() {
    let mut pair = Pair::new(Setup::new(420));
    pair.forbid_dialling(Host::A, true);
    pair.start_both();
    assert!(pair.run_until(10, Pair::is_settled), "{}", pair.log_text());
    pair.cut();
    assert!(pair.run_until(10, Pair::is_settled), "{}", pair.log_text());
    pair.assert_clean();
}

/// The same the other way round, which is all a secondary by the letter of §8.2 offers.
#[test]
fn a_secondary_that_cannot_dial_is_found_by_its_partner() {
    let mut pair = Pair::new(Setup::new(421));
    pair.forbid_dialling(Host::B, true);
    pair.start_both();
    assert!(pair.run_until(10, Pair::is_settled), "{}", pair.log_text());
    pair.assert_clean();
}

/// isc-C16, §8.2: a partner that lost power and came back is connected to again at once, long before
/// the receive timer would have noticed.
#[test]
fn c16_a_partner_back_from_a_power_failure_is_not_kept_out() {
    for host in Host::BOTH {
        let mut pair = busy(Setup { receive_timer_s: 600, ..Setup::new(422) });
        pair.power_off(host);
        pair.run_s(2);
        pair.start(host);
        assert!(pair.run_until(15, Pair::is_settled), "{host:?}\n{}", pair.log_text());
        pair.check_convergence(60);
        pair.assert_clean();
    }
}

/// isc-C17: the partner learns why it was refused, whatever the reason.
#[test]
fn c17_every_refusal_is_told_to_the_partner() {
    type Change = fn(&mut Connect);
    let cases: [(Change, RejectReason); 7] = [
        (|it| it.mclt = None, RejectReason::INVALID_MCLT),
        (|it| it.mclt = Some(0), RejectReason::INVALID_MCLT),
        (|it| it.mclt = Some(4_000_000_000), RejectReason::INVALID_MCLT),
        (|it| it.hash_buckets = None, RejectReason::HASH_BUCKET_CONFLICT),
        (|it| it.protocol_version = 7, RejectReason::VERSION_MISMATCH),
        (|it| it.tls_request = Some(2), RejectReason::TLS_NOT_SUPPORTED),
        (|it| it.relationship_name = b"other".to_vec(), RejectReason::INVALID_PARTNER),
    ];
    for (change, expected) in cases {
        let mut pair = normal(Setup::new(423));
        let mut wrong = connect();
        change(&mut wrong);
        let bytes = frame(wire_now(&pair), wrong);
        let link = offer(&mut pair, &bytes);
        assert_eq!(pair.rejection_on(link), Some(expected), "{}", pair.log_text());
        assert!(!pair.is_open(Host::B, link));
        assert_eq!(pair.states(), [Some(State::Normal); 2], "the link in use stays");
        pair.assert_clean();
    }
}

/// §7.12: what ends a link is said on it although the disk does not answer.
#[test]
fn a_disconnect_reaches_the_partner_past_a_stalled_disk() {
    let mut pair = busy(Setup::new(424));
    let link = pair.last_connection().unwrap_or_else(|| panic!("no connection"));
    pair.stall_disk(Host::B, true);
    pair.run_s(4);
    // CONNECT on a link in use.
    let bytes = frame(wire_now(&pair), connect());
    pair.inject(Host::A, link, &bytes);
    pair.run_ms(100);
    let told = pair.events_of(Host::A).any(|(_, event)| {
        matches!(event, Event::Disconnected { reason } if reason.contains("unexpected CONNECT"))
    });
    assert!(told, "{}", pair.log_text());
}

/// isc-C19: attempts after refusals are minutes apart; a repaired configuration is found soon.
#[test]
fn c19_refusals_slow_the_attempts_and_a_repair_is_found() {
    let names = ["pair".to_owned(), "other".to_owned()];
    let mut pair = Pair::new(Setup { names, ..Setup::new(425) });
    pair.start_both();
    pair.run_s(1_200);
    let tries = pair.sent(Host::A, "CONNECT");
    assert!((8..=24).contains(&tries), "{tries} attempts in 1200 s");
    pair.crash(Host::B, Survives::Everything);
    pair.reconfigure(Host::B, |config| config.name = "pair".to_owned());
    pair.start(Host::B);
    assert!(pair.run_until(90, Pair::is_settled), "{}", pair.log_text());
    pair.assert_clean();
}

/// isc-C19: the pauses of the two servers differ, and from attempt to attempt.
#[test]
fn c19_pauses_grow_and_never_keep_step() {
    let mut pair = Pair::new(Setup { startup_s: 5, ..Setup::new(426) });
    pair.forbid_dialling(Host::A, true);
    pair.start(Host::A);
    pair.run_s(120);
    let tries = pair.dials_of(Host::A);
    let pauses: Vec<u64> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.len() > 15 && pauses.len() < 40, "{pauses:?}");
    let late: std::collections::BTreeSet<u64> = pauses[6..].iter().copied().collect();
    assert!(late.len() > pauses.len() / 2, "{pauses:?}");
    assert!(late.iter().all(|ms| (3_700..=9_300).contains(ms)), "{pauses:?}");
}

/// §8.2: a link that is replaced again and again is kept instead.
#[test]
fn repeated_replacement_is_refused_with_an_alarm() {
    let mut pair = normal(Setup::new(427));
    let mut taken = 0;
    for _ in 0..8 {
        let bytes = frame(wire_now(&pair), connect());
        let link = offer(&mut pair, &bytes);
        taken += usize::from(pair.is_open(Host::B, link));
        pair.run_ms(300);
    }
    assert!(taken <= 3, "{taken}");
    let refused = refusals(&pair, Host::B);
    assert!(refused.iter().any(|(reason, _)| *reason == RejectReason::DUPLICATE_CONNECTION));
    pair.run_s(100);
    pair.check_convergence(100);
    pair.assert_clean();
}

/// §8.2: connections that bring no CONNECT are ended, few at a time are kept, and none disturbs.
#[test]
fn connections_without_connect_are_bounded() {
    let mut pair = normal(Setup::new(428));
    let endpoint = |pair: &mut Pair, number: u64| {
        pair.accept_at(Host::B, LinkId(1_000_000 + number), LinkSide::Accepted);
    };
    for number in 0..50 {
        endpoint(&mut pair, number);
    }
    pair.run_s(1);
    let closed = pair.closed_by(Host::B);
    assert!(closed >= 46, "{closed}");
    pair.run_s(20);
    assert_eq!(pair.closed_by(Host::B), 50);
    assert_eq!(pair.states(), [Some(State::Normal); 2]);
}

/// isc-C28: of two primaries neither takes anything from the other.
#[test]
fn c28_two_primaries_refuse_each_other() {
    let mut pair = Pair::new(Setup::new(429));
    pair.start_both();
    pair.run_s(5);
    pair.crash(Host::B, Survives::Everything);
    pair.reconfigure(Host::B, |config: &mut EndpointConfig| {
        config.role = dhcp_failover_proto::lease::Role::Primary;
    });
    pair.start(Host::B);
    let before = pair.stored(Host::A).map(|record| (record.mclt, record.primary_buckets));
    pair.run_s(100);
    let after = pair.stored(Host::A).map(|record| (record.mclt, record.primary_buckets));
    assert_eq!(before, after);
    assert!(pair.status(Host::A).is_some_and(|status| !status.connected));
    assert!(pair.sent(Host::A, "CONNECT") < 12);
}

/// isc-C29, §8.2: nothing counts before STATE.
#[test]
fn c29_a_binding_update_before_state_is_refused() {
    let mut pair = normal(Setup::new(430));
    let bytes = frame(wire_now(&pair), connect());
    let link = offer(&mut pair, &bytes);
    assert!(pair.is_open(Host::B, link));
    let mut update = Vec::new();
    let packet = Packet { time: wire_now(&pair), xid: 78, message: Message::PoolReq };
    encode(&packet, Dialect::Draft12, &mut update).unwrap_or_else(|error| panic!("{error}"));
    pair.inject(Host::A, link, &update);
    pair.run_ms(100);
    assert!(!pair.is_open(Host::B, link));
    let told = pair.events_of(Host::B).any(|(_, event)| {
        matches!(event, Event::PeerError { message } if message.contains("before STATE"))
    });
    assert!(told, "{}", pair.log_text());
    pair.check_convergence(60);
}

/// isc-C13, isc-C14: absent, zero and absurd timers and windows are replaced, with an alarm each,
/// and neither flood the link nor stop the updates.
#[test]
fn c13_c14_senseless_timers_and_windows_are_replaced() {
    for (receive, window, replaced) in [
        (None, None, 2),
        (Some(0), Some(0), 2),
        (Some(1), Some(1), 1),
        (Some(4_000_000_000), Some(4_000_000_000), 2),
        (Some(20), Some(10), 0),
    ] {
        let mut pair = normal(Setup::new(431));
        let before = pair.sent(Host::B, "CONTACT");
        let odd = Connect { receive_timer: receive, max_unacked_bndupd: window, ..connect() };
        let bytes = frame(wire_now(&pair), odd);
        let link = offer(&mut pair, &bytes);
        assert!(pair.is_open(Host::B, link));
        let options: Vec<OptionCode> = pair
            .events_of(Host::B)
            .filter_map(|(_, event)| match event {
                Event::ValueReplaced { option, .. } => Some(*option),
                _ => None,
            })
            .collect();
        assert_eq!(options.len(), replaced, "{receive:?} {window:?}: {options:?}");
        pair.run_s(5);
        let contacts = pair.sent(Host::B, "CONTACT") - before;
        assert!(contacts <= 12, "{contacts} in 5 s");
    }
}

/// S11: CONTACT leaves although nothing else may, for the disk does not answer.
#[test]
fn contact_is_not_blocked_by_a_stalled_disk() {
    let mut pair = busy(Setup::new(432));
    pair.stall_disk(Host::A, true);
    pair.run_s(10);
    let before = pair.sent(Host::A, "CONTACT");
    pair.run_s(60);
    assert!(pair.sent(Host::A, "CONTACT") > before + 5);
    assert!(pair.status(Host::B).is_some_and(|status| status.connected), "{}", pair.log_text());
    pair.stall_disk(Host::A, false);
    pair.check_convergence(60);
    pair.assert_clean();
}

/// isc-C05: whatever the payload offset, nothing is read beyond the message, and nothing but a CONNECT
/// that is whole after it counts.
#[test]
fn c05_every_payload_offset_is_skipped_or_refused() {
    for offset in 0..=255u8 {
        let mut pair = normal(Setup::new(433));
        let mut bytes = frame(wire_now(&pair), connect());
        bytes[3] = offset;
        let readable = decode(&bytes, Dialect::Draft12).is_ok();
        let link = offer(&mut pair, &bytes);
        assert_eq!(pair.is_open(Host::B, link), readable && matches!(offset, 8 | 12), "{offset}");
    }
}

/// isc-C25, §12.20: a peer of another generation is refused by name.
#[test]
fn another_generation_is_named() {
    let mut pair = normal(Setup::new(434));
    // A CONNECT whose only option has a number of another table.
    let mut bytes = vec![0, 17, 5, 12, 0, 0, 0, 0, 0, 0, 0, 1, 0, 55, 0, 1, 1];
    bytes[1] = bytes.len() as u8;
    let link = offer(&mut pair, &bytes);
    assert_eq!(pair.rejection_on(link), Some(RejectReason::VERSION_MISMATCH));
    assert!(pair.log_text().contains("before 3.1"), "{}", pair.log_text());
}
