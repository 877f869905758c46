//! §7.9: CONNECTACK.

use super::connect_7_8::options;
use super::{ROLES, Scripted, State, config, normal};
use crate::connections::connect;
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{EndpointConfig, LinkSide};
use dhcp_failover_wire::digest::{Key, Scheme, sign};
use dhcp_failover_wire::{Connect, ConnectAck, Message, OptionCode, Reject, RejectReason};

fn sorted(mut codes: Vec<OptionCode>) -> Vec<OptionCode> {
    codes.sort_unstable();
    codes
}

/// Table 7.9-1, §7.9.1: an acceptance has the xid of the CONNECT and the options of its column, STATE
/// is the second message, and nothing else comes of itself.
#[test]
fn an_acceptance_has_its_options_and_state_follows() {
    let mut it = Scripted::resumed(Role::Secondary, State::CommunicationsInterrupted);
    it.link_up(LinkSide::Accepted);
    it.answer(4_711, Message::Connect(connect()));
    let [answer, state] = &it.said[..] else { panic!("{:?}", it.said) };
    assert_eq!(answer.xid, 4_711);
    assert!(matches!(&answer.message, Message::ConnectAck(ack) if ack.reject.is_none()));
    assert!(matches!(state.message, Message::State(_)));
    let expected = vec![
        OptionCode::RELATIONSHIP_NAME,
        OptionCode::MAX_UNACKED_BNDUPD,
        OptionCode::RECEIVE_TIMER,
        OptionCode::VENDOR_CLASS_IDENTIFIER,
        OptionCode::PROTOCOL_VERSION,
        OptionCode::TLS_REPLY,
        OptionCode::VENDOR_SPECIFIC_OPTIONS,
    ];
    assert_eq!(options(&it.said_bytes[0]), sorted(expected));
}

/// Table 7.9-1, §7.9.1: a refusal has the xid of the CONNECT and the options of its column only, with
/// a text; the connection is closed after it.
#[test]
fn a_refusal_has_its_options_and_is_the_last_word() {
    let mut it = Scripted::resumed(Role::Secondary, State::CommunicationsInterrupted);
    it.link_up(LinkSide::Accepted);
    it.answer(4_712, Message::Connect(Connect { protocol_version: 9, ..connect() }));
    let [answer] = &it.said[..] else { panic!("{:?}", it.said) };
    assert_eq!(answer.xid, 4_712);
    let expected = vec![
        OptionCode::RELATIONSHIP_NAME,
        OptionCode::PROTOCOL_VERSION,
        OptionCode::TLS_REPLY,
        OptionCode::REJECT_REASON,
        OptionCode::MESSAGE,
    ];
    assert_eq!(options(&it.said_bytes[0]), sorted(expected));
    assert!(!it.keeps_link());
}

/// §7.9.2: an answer to something else is ignored, and the right one is not waited for for ever.
#[test]
fn only_the_answer_to_this_connect_counts_and_not_for_ever() {
    let ack = || ConnectAck {
        relationship_name: b"pair".to_vec(),
        max_unacked_bndupd: Some(10),
        receive_timer: Some(60),
        protocol_version: 1,
        tls_reply: Some(0),
        ..ConnectAck::default()
    };
    let mut it = Scripted::resumed(Role::Primary, State::CommunicationsInterrupted);
    it.link_up(LinkSide::Dialed);
    let xid = it.said[0].xid;
    it.answer(xid + 1, Message::ConnectAck(ack()));
    it.answer(xid.wrapping_sub(1), Message::ConnectAck(ack()));
    assert_eq!(it.said.len(), 1, "no STATE");
    assert!(it.keeps_link());
    it.answer(xid, Message::ConnectAck(ack()));
    // Step 8: STATE.
    assert!(matches!(it.said[1].message, Message::State(_)));

    it.cut();
    it.pass_s(3);
    it.link_up(LinkSide::Dialed);
    it.pass_s(16);
    assert!(!it.keeps_link(), "no answer came");
}

/// §7.9.2 step 3: a reject-reason ends the connection, whatever it is, and nothing is said to it.
#[test]
fn every_reject_reason_ends_the_connection() {
    for number in 0..=255 {
        let mut it = Scripted::resumed(Role::Primary, State::CommunicationsInterrupted);
        it.link_up(LinkSide::Dialed);
        let refusal = ConnectAck {
            relationship_name: b"pair".to_vec(),
            protocol_version: 1,
            tls_reply: Some(0),
            reject: Some(Reject { reason: RejectReason(number), message: None }),
            ..ConnectAck::default()
        };
        it.answer(it.said[0].xid, Message::ConnectAck(refusal));
        assert!(!it.keeps_link(), "{number}");
        assert_eq!(it.said.len(), 1, "{number}");
    }
}

/// §7.9.1, §11.1: with a secret the answer and everything after it is signed, the digest first;
/// without one nothing is.
#[test]
fn every_message_is_signed_or_none() {
    for with_secret in [false, true] {
        let secret = with_secret.then(|| Key::new(Scheme::HMAC_SHA256, "one"));
        let config = EndpointConfig { secret, ..config(Role::Secondary) };
        let mut it = Scripted::resumed_with(config, State::CommunicationsInterrupted);
        if with_secret {
            it.on_the_way = |bytes| {
                sign(bytes, &Key::new(Scheme::HMAC_SHA256, "one")).expect("it can be signed");
            };
        }
        it.meets(State::Normal);
        it.pass_in_contact_s(60);
        assert!(it.said_bytes.len() > 3);
        for bytes in &it.said_bytes {
            let signed = options(bytes).contains(&OptionCode::MESSAGE_DIGEST);
            assert_eq!(signed, with_secret);
        }
    }
}

/// §7.9.1, §7.9.2 step 8, §7.11: the tSend timer, a third of the partner's tReceive, ends with
/// CONTACT; the tReceive timer with DISCONNECT, 17.
#[test]
fn both_timers_run() {
    for role in ROLES {
        let mut it = normal(role);
        // The partner gives up after 60 s.
        for _ in 0..10 {
            let before = it.said.len();
            it.pass_in_contact_s(21);
            assert!(it.said.len() > before, "{role:?} was silent for longer than tSend");
        }
        it.pass_s(19);
        assert!(it.keeps_link());
        it.pass_s(2);
        let Some(Message::Disconnect(last)) = it.said.last().map(|it| &it.message) else {
            panic!()
        };
        assert_eq!(last.reject_reason.0, 17);
        assert!(!it.keeps_link());
    }
}
