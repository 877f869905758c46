//! What is said about TLS, which is never negotiated: a link is TLS from its first byte or not at
//! all (draft-12 §7.8, §7.9, §11.2, §12.26, §12.27).

use crate::connections::{connect, refusals};
use crate::scripted::{Scripted, config};
use dhcp_failover_lease::{LeaseInstant, Role};
use dhcp_failover_proto::{EndpointConfig, Event, LinkSide, Listener, Route};
use dhcp_failover_sim::{Host, Pair, Setup};
use dhcp_failover_wire::{
    Connect, ConnectAck, Dialect, Message, RejectReason, ServerState, State, decode,
};
use std::net::Ipv4Addr;

fn server(role: Role, tls: bool) -> Scripted {
    Scripted::start(EndpointConfig { tls, ..config(role) }, None)
}

/// §7.8.2 step 3, §12.27: the table of TLS-request and TLS-reply, and what may be answered beside it.
/// Who is refused is told so before the end, and so is the operator.
#[test]
fn every_tls_request_is_answered_as_the_table_has_it() {
    use RejectReason as Reason;
    let cases = [
        (false, None, None, Some(Reason::TLS_NOT_SUPPORTED)),
        (false, Some(0), Some(0), None),
        (false, Some(1), Some(0), None),
        (false, Some(2), Some(0), Some(Reason::TLS_NOT_SUPPORTED)),
        (false, Some(3), Some(0), Some(Reason::TLS_NOT_SUPPORTED)),
        (false, Some(255), Some(0), Some(Reason::TLS_NOT_SUPPORTED)),
        (true, None, None, None),
        (true, Some(0), Some(1), Some(Reason::TLS_REQUIRED)),
        (true, Some(1), Some(0), Some(Reason::TLS_NOT_CONFIGURED)),
        (true, Some(2), Some(0), Some(Reason::TLS_NOT_CONFIGURED)),
        (true, Some(255), Some(0), Some(Reason::TLS_NOT_CONFIGURED)),
    ];
    for (tls, tls_request, reply, reason) in cases {
        let mut it = server(Role::Secondary, tls);
        let answer = it.offers(Connect { tls_request, ..connect() });
        let case = format!("TLS {tls}, request {tls_request:?}: {answer:?}");
        assert_eq!(answer.reject.as_ref().map(|reject| reject.reason), reason, "{case}");
        assert_eq!(answer.tls_reply, reply, "{case}");
        assert_eq!(it.keeps_link(), reason.is_none(), "{case}");
        let told = it.events.iter().find_map(|event| match event {
            Event::Refused { reason, message } => Some((*reason, message.contains("TLS"))),
            _ => None,
        });
        assert_eq!(told, reason.map(|reason| (reason, true)), "{case}");
        if let Some(reject) = answer.reject {
            assert!(reject.message.is_some_and(|text| text.contains("TLS")), "{case}");
        }
    }
}

/// Table 7.8-1: on a link without TLS the option is a MUST; of dhcpd, which knows no TLS, nothing is
/// asked.
#[test]
fn a_missing_tls_request_is_a_mistake_of_ours_but_not_of_dhcpd() {
    for (dialect, kept) in [(Dialect::Draft12, false), (Dialect::IscDhcpd, true)] {
        let dialect = Some(dialect);
        let config = EndpointConfig { dialect, ..config(Role::Secondary) };
        let mut it = Scripted::start(config, None);
        it.link_up(LinkSide::Accepted);
        it.say(Message::Connect(Connect { tls_request: None, ..connect() }));
        assert_eq!(it.keeps_link(), kept, "{dialect:?}: {:?}", it.events);
    }
}

/// §12.21: the numbers that the reasons have on the wire.
#[test]
fn the_reasons_are_9_10_and_11() {
    for (tls, request, number) in [(false, 2, 9), (true, 2, 10), (true, 0, 11)] {
        let mut it = server(Role::Secondary, tls);
        let answer = it.offers(Connect { tls_request: Some(request), ..connect() });
        assert_eq!(answer.reject.map(|reject| reject.reason.0), Some(number));
    }
}

/// Table 7.9-1 note 2: TLS-reply is in every refusal of a CONNECT that has TLS-request, whatever is
/// wrong with it and whoever refuses it, and in no other.
#[test]
fn every_refusal_answers_the_tls_request() {
    type Change = fn(&mut Connect);
    let changes: [Change; 4] = [
        |it| it.mclt = None,
        |it| it.protocol_version = 7,
        |it| it.relationship_name = b"other".to_vec(),
        |it| it.hash_buckets = None,
    ];
    for change in changes {
        for tls_request in [None, Some(0), Some(1)] {
            let mut wrong = Connect { tls_request, ..connect() };
            change(&mut wrong);
            let answer = server(Role::Secondary, false).offers(wrong);
            assert!(answer.reject.is_some(), "{answer:?}");
            assert_eq!(answer.tls_reply, tls_request.map(|_| 0), "{answer:?}");
        }
    }
    // Signed, where no secret is configured; then one that the listener finds no relationship for.
    let mut it = server(Role::Secondary, false);
    it.on_the_way = |bytes| {
        use dhcp_failover_wire::digest::{Key, Scheme, sign};
        sign(bytes, &Key::new(Scheme::HMAC_SHA256, "one")).expect("it can be signed");
    };
    let answer = it.offers(connect());
    assert!(answer.reject.is_some());
    assert_eq!(answer.tls_reply, Some(0));
    for (tls_request, version) in [(None, 1), (Some(0), 1), (Some(0), 7)] {
        let stranger = Connect {
            relationship_name: b"other".to_vec(),
            tls_request,
            protocol_version: version,
            ..connect()
        };
        let bytes = crate::connections::frame(1_700_000_000, stranger);
        let mut listener = Listener::new();
        let partner = Ipv4Addr::LOCALHOST.into();
        listener.add("pair", Role::Secondary, partner);
        let now = LeaseInstant::from_unix_s(1_700_000_000);
        let Route::Refuse { reply: Some(reply), .. } = listener.route(partner, &bytes, now) else {
            panic!("it is refused")
        };
        let Ok(Message::ConnectAck(answer)) =
            decode(&reply, Dialect::Draft12).map(|packet| packet.message)
        else {
            panic!("with CONNECTACK")
        };
        assert_eq!(answer.tls_reply, tls_request.map(|_| 0), "{answer:?}");
    }
}

/// Table 7.8-1 note 1: the primary sends TLS-request, 0, on a link without TLS only.
#[test]
fn a_primary_asks_for_no_tls_and_over_tls_for_nothing() {
    for (tls, expected) in [(false, Some(0)), (true, None)] {
        let mut it = server(Role::Primary, tls);
        it.link_up(LinkSide::Dialed);
        let Some(Message::Connect(connect)) = it.said.last().map(|packet| &packet.message) else {
            panic!("it sends CONNECT")
        };
        assert_eq!(connect.tls_request, expected);
    }
}

/// §7.9.2 step 4, §12.26: a partner that says that TLS is to begin is left, and told why.
#[test]
fn a_primary_does_not_begin_a_tls_it_did_not_ask_for() {
    for tls in [false, true] {
        for (tls_reply, expected) in [(None, true), (Some(0), true), (Some(1), false)] {
            let mut it = server(Role::Primary, tls);
            it.link_up(LinkSide::Dialed);
            let xid = it.said.last().map_or(0, |packet| packet.xid);
            it.answer(
                xid,
                Message::ConnectAck(ConnectAck {
                    relationship_name: b"pair".to_vec(),
                    max_unacked_bndupd: Some(10),
                    receive_timer: Some(20),
                    protocol_version: 1,
                    tls_reply,
                    ..ConnectAck::default()
                }),
            );
            assert_eq!(it.keeps_link(), expected, "{tls} {tls_reply:?}");
            let last = it.said.last().map(|packet| &packet.message);
            match last {
                Some(Message::State(State { server_state, .. })) if expected => {
                    assert_eq!(*server_state, ServerState::RECOVER);
                }
                Some(Message::Disconnect(last)) if !expected => {
                    assert_eq!(last.reject_reason, RejectReason::TLS_NOT_SUPPORTED);
                }
                other => panic!("{tls} {tls_reply:?}: {other:?}"),
            }
        }
    }
}

/// Both servers' links are TLS: they meet as without. Only the secondary's is meant to be: neither
/// serves as if it had a partner, and both operators read why.
#[test]
fn two_servers_with_tls_meet_and_one_alone_is_refused() {
    let mut pair = Pair::new(Setup::new(560));
    for host in Host::BOTH {
        pair.reconfigure(host, |config| config.tls = true);
    }
    pair.start_both();
    assert!(pair.run_until(20, Pair::is_settled), "{}", pair.log_text());
    pair.assert_clean();

    let mut pair = Pair::new(Setup::new(561));
    pair.reconfigure(Host::B, |config| config.tls = true);
    pair.start_both();
    pair.run_s(100);
    for host in Host::BOTH {
        let refused = refusals(&pair, host);
        assert!(!refused.is_empty(), "{}", pair.log_text());
        for (reason, message) in refused {
            assert_eq!(reason, RejectReason::TLS_REQUIRED);
            assert!(message.contains("TLS"), "{message}");
        }
        assert!(pair.status(host).is_some_and(|status| !status.connected));
    }
    assert!(pair.sent(Host::A, "CONNECT") < 5, "it does not hammer");
    pair.assert_clean();
}
