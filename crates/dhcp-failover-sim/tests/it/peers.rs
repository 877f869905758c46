//! Partners that are not what they should be (draft-12 §6.1, §7.8.2, §11).

use crate::{busy, normal};
use dhcp_failover_proto::{Event, State};
use dhcp_failover_sim::{Host, Pair, Rng, Setup};
use dhcp_failover_wire::digest::{Key, Scheme};

fn secret(key: &str) -> Option<Key> {
    Some(Key::new(Scheme::HMAC_MD5, key))
}

/// S15, §7.8.2: another relationship's name is refused with a reason, and not hammered at.
#[test]
fn a_wrong_relationship_name_is_refused() {
    let names = ["pair".to_owned(), "other".to_owned()];
    let mut pair = Pair::new(Setup { names, ..Setup::new(100) });
    pair.start_both();
    pair.run_s(300);
    assert_eq!(pair.states(), [Some(State::Recover); 2]);
    assert!(pair.events_of(Host::A).any(|(_, event)| matches!(event, Event::Refused { .. })));
    let tries = pair.sent(Host::A, "CONNECT");
    assert!((2..=7).contains(&tries), "{tries} attempts in 300 s");
    pair.assert_clean();
}

/// §11.1: with the same secret everything works as without.
#[test]
fn digests_protect_without_getting_in_the_way() {
    let secrets = [secret("swordfish"), secret("swordfish")];
    let mut pair = busy(Setup { secrets, ..Setup::new(101) });
    pair.run_s(300);
    pair.check_convergence(60);
    pair.assert_clean();
}

/// §11.1: without the same secret there is no contact.
#[test]
fn a_wrong_or_missing_secret_keeps_the_partner_out() {
    for secrets in [
        [secret("swordfish"), secret("sardine")],
        [secret("swordfish"), None],
        [None, secret("swordfish")],
    ] {
        let mut pair = Pair::new(Setup { secrets, ..Setup::new(102) });
        pair.start_both();
        pair.run_s(100);
        assert_eq!(pair.states(), [Some(State::Recover); 2], "{}", pair.log_text());
        for host in Host::BOTH {
            assert!(pair.status(host).is_some_and(|status| !status.connected));
        }
        assert!(pair.sent(Host::A, "CONNECT") < 60, "{}", pair.sent(Host::A, "CONNECT"));
        pair.assert_clean();
    }
}

/// S16: garbage on the link in use costs that link, nothing else.
#[test]
fn garbage_costs_the_connection_and_nothing_else() {
    let mut rng = Rng::new(103);
    let mut pair = busy(Setup::new(103));
    for round in 0..200 {
        let length = 1 + rng.below(60) as usize;
        let mut bytes: Vec<u8> = (0..length).map(|_| rng.next_u64() as u8).collect();
        if round % 2 == 0 && length > 12 {
            // A frame that is whole, at least.
            bytes[0] = 0;
            bytes[1] = length as u8;
            bytes[2] = rng.below(14) as u8;
            bytes[3] = 12;
        }
        let from = [Host::A, Host::B][round % 2];
        if let Some(link) = pair.last_connection() {
            pair.inject(from, link, &bytes);
        }
        pair.run_s(2);
    }
    pair.run_s(20);
    pair.check_convergence(100);
    pair.assert_clean();
}

/// §6.1: a length no message can have ends the connection at once.
#[test]
fn an_oversized_frame_ends_the_connection() {
    let mut pair = normal(Setup::new(104));
    let link = pair.last_connection().unwrap_or_else(|| panic!("no connection"));
    pair.inject(Host::A, link, &[0xff, 0xff, 3, 12]);
    pair.run_ms(50);
    assert!(!pair.is_open(Host::B, link));
    pair.check_convergence(30);
    pair.assert_clean();
}

/// §8.2: a second connection without CONNECT does not disturb the first.
#[test]
fn a_silent_second_connection_changes_nothing() {
    let mut pair = normal(Setup::new(105));
    let first = pair.last_connection();
    for by in Host::BOTH {
        assert!(pair.stray_connection(by).is_some());
    }
    pair.run_s(60);
    assert_eq!(pair.states(), [Some(State::Normal); 2]);
    assert!(first.is_some_and(|link| pair.is_open(Host::A, link) && pair.is_open(Host::B, link)));
    pair.assert_clean();
}

/// Garbage first on a new connection: closed, and the pair goes on.
#[test]
fn garbage_on_a_new_connection_is_turned_away() {
    let mut rng = Rng::new(106);
    let mut pair = normal(Setup::new(106));
    for _ in 0..50 {
        let Some(link) = pair.stray_connection(Host::A) else { continue };
        let mut bytes = vec![0, 30, rng.below(14) as u8, 12];
        bytes.extend((0..26).map(|_| rng.next_u64() as u8));
        pair.inject(Host::A, link, &bytes);
        pair.run_ms(500);
        assert!(!pair.is_open(Host::B, link));
    }
    assert_eq!(pair.states(), [Some(State::Normal); 2]);
    pair.assert_clean();
}
