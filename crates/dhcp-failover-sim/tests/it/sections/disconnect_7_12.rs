//! §7.12: DISCONNECT.

use super::{ROLES, Scripted, State, config, normal};
use dhcp_failover_proto::{EndpointConfig, Event, Severity};
use dhcp_failover_wire::{Disconnect, Message, RejectReason as Reason};

/// After a DISCONNECT: what the operator reads, and the seconds until the next attempt to connect.
fn next_attempt(it: &mut Scripted, reason: Reason, text: &str) -> (Option<String>, u64) {
    it.events.clear();
    let message = Some(text.to_owned());
    it.say(Message::Disconnect(Disconnect { reject_reason: reason, message }));
    assert!(!it.keeps_link());
    let before = it.dials;
    let mut after_s = 0;
    while it.dials == before && after_s < 300 {
        it.pass_s(1);
        after_s += 1;
    }
    let told = it.events.iter().find_map(|event| match event {
        Event::Refused { reason: told, message } if *told == reason => {
            assert_eq!(event.severity(), Severity::Alarm);
            Some(message.clone())
        }
        _ => None,
    });
    (told, after_s)
}

/// §7.12, §7.12.2, §8.2: a reason that will be the same next time, of clocks, MCLT, names, TLS, digests,
/// versions and hash buckets, is an alarm with the partner's words, and the next attempt is a minute
/// or two away, at different moments for different servers.
#[test]
fn what_will_not_go_away_by_itself_is_told_and_waited_out() {
    let reasons = [
        Reason::TIME_MISMATCH,
        Reason::INVALID_MCLT,
        Reason::UNKNOWN_REASON,
        Reason::DUPLICATE_CONNECTION,
        Reason::INVALID_PARTNER,
        Reason::TLS_NOT_SUPPORTED,
        Reason::TLS_NOT_CONFIGURED,
        Reason::TLS_REQUIRED,
        Reason::DIGEST_NOT_SUPPORTED,
        Reason::DIGEST_NOT_CONFIGURED,
        Reason::VERSION_MISMATCH,
        Reason::HASH_BUCKET_CONFLICT,
        Reason::DIGEST_MISMATCH,
        Reason::MISSING_DIGEST,
    ];
    for role in ROLES {
        let mut pauses = std::collections::BTreeSet::new();
        for (number, reason) in reasons.into_iter().enumerate() {
            let seed = u64::try_from(number).expect("a few");
            let config = EndpointConfig { seed, ..config(role) };
            let mut it = Scripted::resumed_with(config, State::CommunicationsInterrupted);
            it.meets(State::CommunicationsInterrupted);
            let (told, after_s) = next_attempt(&mut it, reason, "look at line 7");
            let told = told.unwrap_or_else(|| panic!("{reason}: nobody was told"));
            assert!(
                told.contains("look at line 7") && told.contains(&reason.to_string()),
                "{told}"
            );
            assert!((60..=121).contains(&after_s), "{role:?} {reason}: {after_s} s");
            pauses.insert(after_s);
        }
        assert!(pauses.len() > reasons.len() / 2, "{pauses:?}");
    }
}

/// §8.6: after any other reason the next attempt comes within seconds.
#[test]
fn what_is_of_the_moment_is_tried_again_at_once() {
    let reasons = [
        Reason::NO_TRAFFIC,
        Reason::UNKNOWN_ERROR,
        Reason::OUTDATED_BINDING_INFORMATION,
        Reason::MISSING_BINDING_INFORMATION,
        Reason::from(200),
    ];
    for role in ROLES {
        for reason in reasons {
            let (told, after_s) = next_attempt(&mut normal(role), reason, "bye");
            assert_eq!(told, None, "{reason}");
            assert!(after_s <= 3, "{role:?} {reason}: {after_s} s");
        }
    }
}

/// §7.12, §7.12.1: DISCONNECT is the last message on a connection, with a reason, a text and an xid
/// of its own.
#[test]
fn disconnect_is_the_last_message() {
    for role in ROLES {
        let mut it = normal(role);
        it.pass_s(21);
        let last = it.said.last().expect("it spoke");
        let Message::Disconnect(disconnect) = &last.message else { panic!("{last:?}") };
        assert_eq!(disconnect.reject_reason, Reason::NO_TRAFFIC);
        assert!(disconnect.message.as_ref().is_some_and(|text| !text.is_empty()));
        assert!(it.said.iter().rev().skip(1).all(|other| other.xid != last.xid));
        assert_eq!(it.closed.last(), Some(&it.link));
        let said = it.said.len();
        it.say(Message::Contact);
        assert_eq!(it.said.len(), said, "nothing follows it");
    }
}
