//! Who may speak for the partner (draft-12 §11.1).

use crate::connections::{connect, frame, offer, refusals, wire_now};
use crate::{busy, normal};
use dhcp_failover_proto::{Event, State};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};
use dhcp_failover_wire::digest::{Key, Scheme, sign};
use dhcp_failover_wire::{Connect, RejectReason};

fn key(text: &str) -> Key {
    Key::new(Scheme::HMAC_SHA256, text)
}

fn setup(seed: u64) -> Setup {
    Setup { secrets: [Some(key("one")), Some(key("one"))], ..Setup::new(seed) }
}

fn signed(mut bytes: Vec<u8>, with: &str) -> Vec<u8> {
    sign(&mut bytes, &key(with)).unwrap_or_else(|error| panic!("{error}"));
    bytes
}

/// §11.1: each mistake has its reason, and the link in use does not notice.
#[test]
fn a_connect_that_is_not_authentic_is_refused_with_its_reason() {
    let mut pair = normal(setup(500));
    let plain = frame(wire_now(&pair), connect());
    for (bytes, expected) in [
        (plain.clone(), RejectReason::MISSING_DIGEST),
        (signed(plain.clone(), "two"), RejectReason::DIGEST_MISMATCH),
    ] {
        let link = offer(&mut pair, &bytes);
        assert_eq!(pair.rejection_on(link), Some(expected));
        assert!(!pair.is_open(Host::B, link));
    }
    let mut open = normal(Setup::new(501));
    let link = offer(&mut open, &signed(plain, "one"));
    assert_eq!(open.rejection_on(link), Some(RejectReason::DIGEST_NOT_CONFIGURED));
    for pair in [&pair, &open] {
        assert_eq!(pair.states(), [Some(State::Normal); 2]);
        pair.assert_clean();
    }
}

/// H16, §11.1: a copy of an accepted CONNECT is refused, at once, later, and after a restart; the
/// partner itself gets in in the same second.
#[test]
fn h16_a_replay_is_refused_and_the_partner_of_the_same_second_is_not() {
    let mut pair = normal(setup(502));
    let recorded = pair.last_connect().map(<[u8]>::to_vec).unwrap_or_default();
    for wait_s in [0, 1, 300] {
        pair.run_s(wait_s);
        let link = offer(&mut pair, &recorded);
        assert_eq!(pair.rejection_on(link), Some(RejectReason::TIME_MISMATCH));
    }
    assert_eq!(pair.sent(Host::A, "CONNECT"), 1, "the link in use was not disturbed");
    pair.crash(Host::B, Survives::Everything);
    pair.start(Host::B);
    let link = offer(&mut pair, &recorded);
    assert!(!pair.is_open(Host::B, link));
    assert!(pair.run_until(15, Pair::is_settled), "{}", pair.log_text());
    // Three CONNECTs of one second: the first two are the partner's, the third is a copy.
    let now = wire_now(&pair);
    let other = Connect { max_unacked_bndupd: Some(99), ..connect() };
    let [first, second] = [connect(), other].map(|it| signed(frame(now, it), "one"));
    for (bytes, taken) in [(&first, true), (&second, true), (&first, false), (&second, false)] {
        let link = offer(&mut pair, bytes);
        assert_eq!(pair.is_open(Host::B, link), taken, "{}", pair.log_text());
    }
}

/// H16: two real CONNECTs within a second, as when the link breaks right after it was made.
#[test]
fn h16_a_link_lost_within_its_first_second_comes_back() {
    for seed in 0..20 {
        let mut pair = Pair::new(setup(510 + seed));
        pair.start_both();
        pair.run_ms(30 + seed * 20);
        pair.cut();
        assert!(pair.run_until(6, Pair::is_settled), "{}", pair.log_text());
        for host in Host::BOTH {
            assert_eq!(refusals(&pair, host), []);
        }
        pair.assert_clean();
    }
}

/// S5, §11.1: the second in 2106 in which the time on the wire is 0 is not taken for "none yet": its
/// CONNECT is on record before it is answered, and one from before is a replay.
#[test]
fn a_connect_in_the_second_of_the_wrap_is_on_record() {
    const WRAP_MS: u64 = ((1 << 32) - 1_700_000_000) * 1_000;
    let mut pair = normal(Setup { begin_ms: WRAP_MS - 8_000, ..setup(507) });
    let recorded = pair.last_connect().map(<[u8]>::to_vec).unwrap_or_default();
    while wire_now(&pair) != 0 {
        pair.run_ms(10);
    }
    pair.cut();
    assert!(pair.run_until(6, Pair::is_settled), "{}", pair.log_text());
    let again = signed(frame(0, connect()), "one");
    let link = offer(&mut pair, &again);
    assert!(pair.is_open(Host::B, link), "{}", pair.log_text());
    let older = signed(frame(wire_now(&pair).wrapping_sub(30), connect()), "one");
    for bytes in [&recorded, &again, &older] {
        let link = offer(&mut pair, bytes);
        assert_eq!(pair.rejection_on(link), Some(RejectReason::TIME_MISMATCH));
    }
    pair.assert_clean();
}

/// H16: a clock that was years ahead for one connection, and is right again, locks the pair out for
/// ten minutes at most; that connection cannot be replayed. (A hostile run found the lock-out.)
#[test]
fn h16_a_clock_that_was_wrong_for_once_does_not_lock_the_pair_out() {
    let mut pair = normal(setup(504));
    let now = wire_now(&pair);
    let from_the_future = signed(frame(now + 300_000_000, connect()), "one");
    let link = offer(&mut pair, &from_the_future);
    assert!(pair.is_open(Host::B, link), "{}", pair.log_text());
    pair.close_at(Host::A, link);
    let limit_s = 600 + 120; // and the pause after a refusal
    assert!(pair.run_until(limit_s, Pair::is_settled), "{}", pair.log_text());
    let link = offer(&mut pair, &from_the_future);
    assert_eq!(pair.rejection_on(link), Some(RejectReason::TIME_MISMATCH));
}

/// §11.1, H16: a primary that has lost its store and whose clock is behind looks like a replay. The
/// refusal says for how long and what to do, and doing it helps at once; so does waiting.
#[test]
fn h16_a_primary_that_lost_its_store_and_its_time_is_told_the_way_back() {
    for waits in [false, true] {
        let mut pair = normal(setup(506));
        pair.run_s(100);
        pair.crash(Host::A, Survives::Everything);
        pair.lose_disk(Host::A);
        pair.step_clock(Host::A, -1_000_000);
        pair.start(Host::A);
        pair.run_s(10);
        let (reason, text) = refusals(&pair, Host::A).pop().expect("it is refused");
        assert_eq!(reason, RejectReason::TIME_MISMATCH);
        assert!(text.contains("--trust-wall-clock"), "{text}");
        let words: Vec<_> = text.split(' ').collect();
        let at = words.iter().position(|word| *word == "for").expect("says how long");
        let wait_s: u64 = words[at + 1].parse().expect("in seconds");
        assert!((850..1_000).contains(&wait_s), "{text}");
        if waits {
            pair.run_s(wait_s - 20);
            assert!(!pair.status(Host::B).expect("it runs").connected);
            // The pause after a refusal, and RECOVER-WAIT.
            assert!(pair.run_until(20 + 120 + 90, Pair::is_settled), "{}", pair.log_text());
        } else {
            pair.crash(Host::A, Survives::Everything);
            pair.step_clock(Host::A, 1_000_000);
            pair.start_trusting_the_wall_clock(Host::A);
            assert!(pair.run_until(90, Pair::is_settled), "{}", pair.log_text());
        }
    }
}

/// Nothing that is not authentic changes anything: no state, no record, no link.
#[test]
fn an_attacker_without_the_secret_changes_nothing() {
    let mut pair = busy(setup(530));
    let recorded = pair.last_connect().map(<[u8]>::to_vec).unwrap_or_default();
    let links = pair.open_connections();
    let seen = |pair: &Pair| {
        Host::BOTH.map(|host| {
            let record = pair.stored(host);
            (
                pair.state(host),
                record.map(|it| (it.state, it.connect_time, it.connects_seen, it.mclt)),
                pair.endpoint(host).map(|it| it.stats().disconnects),
            )
        })
    };
    let before = seen(&pair);
    for round in 0..100usize {
        let now = wire_now(&pair);
        let wish = Connect { mclt: Some(1), hash_buckets: Some([255; 32]), ..connect() };
        let bytes = match round % 5 {
            0 => frame(now, wish),
            1 => signed(frame(now, wish), "guess"),
            2 => recorded.clone(),
            3 => recorded[..recorded.len() / 2].to_vec(),
            _ => Vec::new(),
        };
        let link = offer(&mut pair, &bytes);
        // The last two kinds are left to the timeout of the driver, which this network has not.
        if round % 2 == 0 || round % 5 >= 3 {
            pair.close_at(Host::A, link);
        }
        if round % 7 == 0 {
            let stray = pair.stray_connection(Host::B);
            pair.run_ms(50);
            assert!(stray.is_some_and(|link| !pair.is_open(Host::A, link)), "closed at once");
        }
        pair.run_ms(100);
    }
    pair.run_s(20);
    assert_eq!(seen(&pair), before, "{}", pair.log_text());
    assert_eq!(pair.open_connections(), links);
    pair.check_convergence(60);
    pair.assert_clean();
}

/// §11.1: a secret is changed on a running pair without losing contact for want of it.
#[test]
fn secrets_rotate_one_server_at_a_time() {
    let mut pair = busy(setup(540));
    let steps = [("one", Some("two")), ("two", Some("one")), ("two", None)];
    for (present, second) in steps {
        for host in Host::BOTH {
            pair.crash(host, Survives::Everything);
            pair.reconfigure(host, |config| {
                config.secret = Some(key(present));
                config.second_secret = second.map(key);
            });
            pair.start(host);
            assert!(pair.run_until(20, Pair::is_settled), "{present}\n{}", pair.log_text());
        }
    }
    for host in Host::BOTH {
        assert_eq!(refusals(&pair, host), []);
    }
    pair.check_convergence(60);
    pair.assert_clean();
}

/// A secret with a partner that cannot sign is named as the mistake it is.
#[test]
fn a_secret_with_dhcpd_is_refused_by_name() {
    let mut pair = normal(setup(550));
    let dhcpd = Connect { vendor_class_identifier: Some(b"isc-4.4.3-P1".to_vec()), ..connect() };
    let bytes = frame(wire_now(&pair), dhcpd);
    let link = offer(&mut pair, &bytes);
    assert_eq!(pair.rejection_on(link), Some(RejectReason::MISSING_DIGEST));
    let told = pair.events_of(Host::B).any(|(_, event)| {
        matches!(event, Event::PeerError { message } if message.contains("signs no messages"))
    });
    assert!(told, "{}", pair.log_text());
}
