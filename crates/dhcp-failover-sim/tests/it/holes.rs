//! Holes of the draft (`H` of our list) in what is on the wire and who may begin, and faults of
//! another implementation (`isc-C`) in what it reads there, each as a story.

use crate::connections::{connect, frame, offer, wire_now};
use crate::scripted::{ADDRESS, Scripted, config, record};
use crate::{busy, normal, served};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{
    Bindings, Cause, Command, Event, LinkSide, Outcome, Severity, StartupPolicy, State, rule_for,
};
use dhcp_failover_sim::{Host, Pair, Setup};
use dhcp_failover_wire::digest::{Key, Scheme, sign};
use dhcp_failover_wire::{
    BindingAck, BindingStatus, BindingUpdate, Connect, ConnectAck, Disconnect, HardwareAddress,
    IpFlags, Message, OptionCode, RawMessage, Reject, RejectReason, ServerFlags, ServerState,
    State as StateMessage,
};
use std::net::Ipv4Addr;

const ROLES: [Role; 2] = [Role::Primary, Role::Secondary];

/// One in NORMAL with a partner in NORMAL.
fn in_normal(role: Role) -> Scripted {
    let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
    it.meets(State::Normal);
    assert_eq!(it.state(), State::Normal);
    it
}

fn address(number: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(ADDRESS) + u32::from(number))
}

/// A lease of the partner's.
fn leased(it: &Scripted, number: u8) -> BindingUpdate {
    let now = it.wire_now();
    BindingUpdate {
        client_hardware_address: Some(HardwareAddress {
            htype: 1,
            bytes: vec![2, 0, 0, 0, 1, number],
        }),
        lease_expiration_time: Some(now + 60),
        potential_expiration_time: Some(now + 3_600),
        start_time_of_state: Some(now),
        client_last_transaction_time: Some(now),
        ..BindingUpdate::new(address(number), BindingStatus::ACTIVE)
    }
}

/// What it answered to the last BNDUPD.
fn answers(it: &Scripted) -> Vec<BindingAck> {
    let acks = it.said.iter().rev().find_map(|packet| match &packet.message {
        Message::BndAck(acks) => Some(acks.clone()),
        _ => None,
    });
    acks.unwrap_or_default()
}

/// Whether it still answers on the connection made last.
fn still_answers(it: &mut Scripted) -> bool {
    it.say(Message::UpdReqAll);
    for _ in 0..5 {
        it.accept_updates();
    }
    it.count(|message| matches!(message, Message::UpdDone)) == 1
}

/// Two servers that have not met, with the same short MCLT.
fn new_pair(seed: u64) -> Setup {
    Setup { mclt_s: 20, secondary_mclt_s: 20, ..Setup::new(seed) }
}

/// H12, §9.3.2 step 6: a new server without a partner, by policy: it waits, or it serves; whether
/// the partner is configured as the primary or the secondary.
#[test]
fn h12_a_single_new_server_serves_if_it_is_configured_to() {
    for host in Host::BOTH {
        for (startup_policy, state, clients) in [
            (StartupPolicy::Wait, State::Recover, 0),
            (StartupPolicy::Resume, State::Recover, 0),
            (StartupPolicy::PartnerDown, State::PartnerDown, 4),
        ] {
            let mut pair = Pair::new(Setup { startup_policy, ..new_pair(700) });
            pair.start(host);
            pair.run_s(60);
            (0..4).for_each(|number| pair.join(number));
            pair.run_s(60);
            assert_eq!(pair.state(host), Some(state), "{startup_policy:?}");
            assert_eq!(served(&pair, 4), clients, "{startup_policy:?}\n{}", pair.log_text());
            pair.start(host.partner());
            pair.check_convergence(100);
            pair.assert_clean();
        }
    }
}

/// H13, §6.1: the payload offset "is 8", but the header has 12 bytes. A partner that takes the draft
/// by the letter is understood from CONNECT on; it is always sent 12.
#[test]
fn h13_a_payload_offset_of_8_is_read_as_12_and_never_sent() {
    for role in ROLES {
        let mut it = Scripted::resumed(role, State::CommunicationsInterrupted);
        it.on_the_way = |bytes| bytes[3] = 8;
        it.meets(State::Normal);
        assert_eq!(it.state(), State::Normal, "{:?}", it.events);
        let update = leased(&it, 0);
        it.say(Message::BndUpd(vec![update]));
        assert_eq!(answers(&it), [BindingAck::accept(ADDRESS)]);
        it.pass_in_contact_s(100);
        assert!(it.said_bytes.len() > 4 && it.keeps_link());
        for bytes in &it.said_bytes {
            assert_eq!(bytes[3], 12, "{bytes:?}");
        }
    }
}

/// The options of a message, in order.
fn options(bytes: &[u8]) -> Vec<OptionCode> {
    let raw = RawMessage::parse(bytes).unwrap_or_else(|error| panic!("{error}"));
    raw.options().map(|option| option.code).collect()
}

/// H15: the digest is the "first option" (§11.1, §12.17) and among the "trailing options" (§6.3). It
/// is sent first; one that comes last is refused with words that say so.
#[test]
fn h15_the_digest_is_the_first_option_and_another_place_is_named() {
    let key = || Key::new(Scheme::HMAC_SHA256, "one");
    let mut pair = normal(Setup { secrets: [Some(key()), Some(key())], ..Setup::new(701) });
    let sent = options(pair.last_connect().unwrap_or_default());
    assert_eq!(sent.first(), Some(&OptionCode::MESSAGE_DIGEST), "{sent:?}");
    assert_eq!(sent.iter().filter(|code| **code == OptionCode::MESSAGE_DIGEST).count(), 1);

    let mut bytes = frame(wire_now(&pair), connect());
    let unsigned = bytes.len();
    sign(&mut bytes, &key()).unwrap_or_else(|error| panic!("{error}"));
    let digest_len = bytes.len() - unsigned;
    bytes[12..].rotate_left(digest_len);
    assert_eq!(options(&bytes).last(), Some(&OptionCode::MESSAGE_DIGEST));
    let link = offer(&mut pair, &bytes);
    assert!(pair.rejection_on(link).is_some() && !pair.is_open(Host::B, link));
    let told = pair.events_of(Host::B).any(|(_, event)| {
        matches!(event, Event::PeerError { message } if message.contains("not the first option"))
    });
    assert!(told, "{}", pair.log_text());
    assert_eq!(pair.states(), [Some(State::Normal); 2], "the link in use stays");

    bytes[12..].rotate_right(digest_len);
    let link = offer(&mut pair, &bytes);
    assert!(pair.is_open(Host::B, link), "in its place it counts\n{}", pair.log_text());
}

/// H17, §7.8.2, §12.21: of the two numbers of a hash bucket conflict 18 is sent; 19 is the address
/// that is not reserved here (§7.1.3).
#[test]
fn h17_a_hash_bucket_conflict_has_number_18() {
    let mut it = Scripted::start(config(Role::Secondary), None);
    let answer = it.offers(Connect { hash_buckets: None, ..connect() });
    assert_eq!(answer.reject.map(|reject| reject.reason.0), Some(18));
    let bytes = it.said_bytes.last().map_or(&[][..], Vec::as_slice);
    let raw = RawMessage::parse(bytes).unwrap_or_else(|error| panic!("{error}"));
    let reason = raw.option(OptionCode::REJECT_REASON).map(|option| option.value);
    assert_eq!(reason, Some(&[18][..]));
    assert_eq!(RejectReason::IP_NOT_RESERVED.0, 19);
}

/// H17, §12.12: IP-flags has "length 1" and two bytes. Both forms are read, as the same.
#[test]
fn h17_ip_flags_of_one_byte_and_of_two_mean_the_same() {
    /// The option as the draft draws its length: the low byte only.
    fn shorten(bytes: &mut Vec<u8>) {
        let raw = RawMessage::parse(bytes).unwrap_or_else(|error| panic!("{error}"));
        let Some(flags) = raw.option(OptionCode::IP_FLAGS) else { return };
        assert_eq!(flags.value.len(), 2);
        let at = usize::from(flags.offset);
        bytes.remove(at + 4);
        bytes[at + 3] = 1;
        bytes[1] -= 1;
    }
    for on_the_way in [|_: &mut Vec<u8>| {}, shorten] {
        let mut it = in_normal(Role::Secondary);
        it.on_the_way = on_the_way;
        let update = BindingUpdate { ip_flags: IpFlags::BOOTP, ..leased(&it, 0) };
        it.say(Message::BndUpd(vec![update]));
        assert_eq!(answers(&it), [BindingAck::accept(ADDRESS)]);
        let flags = it.table.get(ADDRESS).map(|binding| binding.flags);
        assert!(flags.is_some_and(|flags| flags.bootp && !flags.reserved), "{flags:?}");
    }
}

/// H17, §12.4: a client-identifier has "the conventions of option 81", which is a name; it is option
/// 61, type byte and all, and is kept byte by byte.
#[test]
fn h17_a_client_identifier_is_option_61_byte_by_byte() {
    for identifier in [&[1, 2, 0, 0, 0, 1, 0][..], &[0, 0, 0], &[255, 0, 0, 0, 1, 2], b"\0name"] {
        let mut it = in_normal(Role::Secondary);
        let client_identifier = Some(identifier.to_vec());
        let update = BindingUpdate { client_identifier, ..leased(&it, 0) };
        it.say(Message::BndUpd(vec![update]));
        let client = it.table.get(ADDRESS).and_then(|binding| binding.client);
        assert_eq!(client.as_ref().and_then(|it| it.identifier()), Some(identifier));
    }
}

/// H18, §8.2: the primary "MUST use a connection it initiated", or sends CONNECT over one of two.
/// Ours sends it at once over the one the partner made, prefers its own if that is not answered, and
/// is left with one.
#[test]
fn h18_a_primary_uses_the_connection_there_is_and_prefers_its_own_to_a_silent_one() {
    let mut it = Scripted::start(config(Role::Primary), None);
    it.link_up(LinkSide::Accepted);
    let theirs = it.link;
    assert_eq!(it.count(|message| matches!(message, Message::Connect(_))), 1);
    let before = it.dials;
    it.pass_s(4);
    assert!(it.dials > before, "nothing came for 3 s");
    assert!(!it.closed.contains(&theirs), "it may still be answered");
    it.link_up(LinkSide::Dialed);
    assert_eq!(it.closed, [theirs]);
    assert_eq!(it.count(|message| matches!(message, Message::Connect(_))), 1);
}

/// H18, §8.2: a secondary takes CONNECT over the connection it made or over one the primary made, and
/// closes the other.
#[test]
fn h18_a_secondary_takes_connect_over_either_connection_and_closes_the_other() {
    for used in [LinkSide::Dialed, LinkSide::Accepted] {
        let other = match used {
            LinkSide::Dialed => LinkSide::Accepted,
            LinkSide::Accepted => LinkSide::Dialed,
        };
        let mut it = Scripted::start(config(Role::Secondary), None);
        it.link_up(other);
        let spare = it.link;
        it.link_up(used);
        assert_eq!(it.count(|_| true), 0, "the primary has the first word");
        it.say(Message::Connect(connect()));
        assert_eq!(it.closed, [spare], "{used:?}");
        it.partner(State::Recover);
        assert!(it.endpoint.status().connected && it.keeps_link());
    }
}

/// isc-C09, §6.3: several bindings in one BNDUPD are answered in one BNDACK, each by itself, and the
/// connection stays; a bad one in their midst costs the others nothing.
#[test]
fn c09_a_batch_is_answered_binding_by_binding() {
    for role in ROLES {
        let mut it = in_normal(role);
        let stray = BindingUpdate { address: Ipv4Addr::new(203, 0, 113, 9), ..leased(&it, 9) };
        let batch = vec![leased(&it, 0), leased(&it, 1), stray.clone(), leased(&it, 3)];
        for _ in 0..2 {
            it.say(Message::BndUpd(batch.clone()));
            let answers = answers(&it);
            let reasons: Vec<_> =
                answers.iter().map(|ack| ack.reject.as_ref().map(|it| it.reason)).collect();
            let illegal = Some(RejectReason::ILLEGAL_IP_ADDRESS);
            assert_eq!(reasons, [None, None, illegal, None], "{answers:?}");
            let told: Vec<_> = answers.iter().map(|ack| ack.address).collect();
            assert_eq!(told, [address(0), address(1), stray.address, address(3)]);
        }
        assert!(it.keeps_link() && still_answers(&mut it));
    }
}

/// isc-C09, the other side: a partner that ends the connection at every BNDUPD is never sent a batch,
/// which it may not know, and is not connected to ever faster.
#[test]
fn c09_ours_sends_no_batches_and_does_not_hammer_a_partner_that_hangs_up() {
    let mut it = in_normal(Role::Primary);
    let mut sizes = Vec::new();
    let mut dials = Vec::new();
    assert!((0..4).any(|number| it.lease(address(number), number)));
    for _ in 0..12 {
        it.said.iter().for_each(|packet| {
            if let Message::BndUpd(updates) = &packet.message {
                sizes.push(updates.len());
            }
        });
        it.cut();
        let before = it.dials;
        let mut waited_s = 0;
        while it.dials == before && waited_s < 100 {
            it.pass_s(1);
            waited_s += 1;
        }
        dials.push(waited_s);
        it.meets(State::CommunicationsInterrupted);
    }
    assert!(sizes.len() >= 10, "it is told again: {sizes:?}");
    assert!(sizes.iter().all(|size| *size == 1), "{sizes:?}");
    assert!(dials[6..].iter().all(|waited_s| *waited_s >= 4), "{dials:?}");
}

/// isc-C10: whatever number stands where the draft lists a few, the process and its clients' leases
/// stay; a binding in a state nobody knows is refused, with reason 3 (§7.1.3).
#[test]
fn c10_a_binding_status_out_of_range_is_refused_and_nothing_else_happens() {
    for role in ROLES {
        for status in (0..=255).map(BindingStatus) {
            let mut it = in_normal(role);
            let before = it.table.get(ADDRESS);
            let update = BindingUpdate { status, ..leased(&it, 0) };
            it.say(Message::BndUpd(vec![update]));
            if (1..=7).contains(&status.0) {
                assert_eq!(answers(&it).len(), 1, "{status}");
            } else {
                let answers = answers(&it);
                let reason = answers[0].reject.as_ref().map(|reject| reject.reason);
                assert_eq!(reason, Some(RejectReason::MISSING_BINDING_INFORMATION), "{status}");
                assert_eq!(it.table.get(ADDRESS), before, "{status}");
            }
            assert_eq!(it.state(), State::Normal, "{status}");
            assert!(it.keeps_link() && still_answers(&mut it), "{status}");
        }
    }
}

/// The same of reject-reason (§12.21), wherever it may stand: nothing ends but the connection that it
/// refuses or ends, and that comes back.
#[test]
fn c10_any_reject_reason_is_survived() {
    for role in ROLES {
        for reason in (0..=255).map(RejectReason) {
            let reject = Some(Reject { reason, message: None });
            let mut it = in_normal(role);
            it.say(Message::BndAck(vec![BindingAck { address: ADDRESS, reject: reject.clone() }]));
            assert!(it.endpoint.status().connected, "{reason}");
            it.say(Message::Disconnect(Disconnect { reject_reason: reason, message: None }));
            assert_eq!(it.state(), State::CommunicationsInterrupted, "{reason}");
            if role == Role::Primary {
                it.link_up(LinkSide::Dialed);
                let xid = it.said.last().map_or(0, |packet| packet.xid);
                let relationship_name = b"pair".to_vec();
                let protocol_version = 1;
                it.answer(
                    xid,
                    Message::ConnectAck(ConnectAck {
                        relationship_name,
                        protocol_version,
                        reject,
                        ..ConnectAck::default()
                    }),
                );
                assert!(!it.keeps_link());
            }
            let dials = it.dials;
            it.pass_s(130);
            assert!(it.dials > dials, "{reason}: it tries again");
            it.meets(State::Normal);
            assert_eq!(it.state(), State::Normal, "{reason}");
        }
    }
}

/// Every state one can be in at the moment a partner reconnects, reached over its disk.
fn reconnected(role: Role, own: State, partner: State, startup: bool) -> Scripted {
    let mut it = Scripted::start(config(role), Some(record(role, own)));
    it.connect();
    if startup {
        it.partner_starting(partner);
    } else {
        it.partner(partner);
    }
    it
}

/// isc-C11, §9.2: every own state with every state of a partner that reconnects, with and without the
/// STARTUP flag: neither ends, the connection is kept, and the partner is answered.
#[test]
fn c11_no_state_of_a_partner_that_reconnects_ends_a_server() {
    for role in ROLES {
        for own in State::ALL {
            for partner in State::ALL {
                for startup in [false, true] {
                    let mut it = reconnected(role, own, partner, startup);
                    let case = format!("{role:?} {own}, partner {partner} {startup}");
                    assert!(it.keeps_link(), "{case}: {:?}", it.events);
                    assert!(!it.reported().is_empty(), "{case}: it says its own state");
                    assert_eq!(it.endpoint.status().connected, !startup, "{case}");
                    // And again on a new connection, in whatever state that has led to.
                    it.cut();
                    let before = it.state();
                    it.meets(partner);
                    it.pass_in_contact_s(30);
                    assert!(it.endpoint.status().connected, "{case}, then {before}");
                    assert!(it.keeps_link(), "{case}, then {before}");
                    assert!(!it.reported().is_empty(), "{case}, then {before}");
                }
            }
        }
    }
}

/// isc-C11 as it happened: the secondary reconnects in COMMUNICATIONS-INTERRUPTED to a primary in
/// CONFLICT-DONE. That one goes on serving, and the way out is the secondary's (§9.12.2, §9.9.3).
#[test]
fn c11_a_secondary_without_memory_of_the_conflict_meets_conflict_done_and_leads_both_out() {
    let [one, other] = [State::ConflictDone, State::CommunicationsInterrupted];
    let mut it = reconnected(Role::Primary, one, other, false);
    assert!(it.keeps_link() && it.renews());
    assert_eq!(it.reported().last(), Some(&(one, false)));
    let rule = rule_for(Role::Secondary, other, Cause::Partner(one));
    assert_eq!(rule.outcome, Outcome::Enter(State::PotentialConflict));
    it.partner(State::PotentialConflict);
    it.say(Message::UpdReqAll);
    assert_eq!(it.count(|message| matches!(message, Message::UpdDone)), 1);
    it.partner(State::Normal);
    assert_eq!(it.state(), State::Normal, "{:?}", it.events);
}

/// isc-C12, §12.24: a server-state nobody knows ends the connection, with words; neither own state nor
/// the one on record of the partner changes, and a good one is taken on the next connection.
#[test]
fn c12_an_undefined_server_state_wedges_nobody() {
    for role in ROLES {
        for number in 0..=255 {
            let server_state = ServerState(number);
            if State::from_wire(server_state).is_some() {
                continue;
            }
            let mut it = in_normal(role);
            it.say(Message::State(StateMessage {
                server_state,
                server_flags: ServerFlags::NONE,
                start_time_of_state: it.wire_now(),
            }));
            let Some(Message::Disconnect(last)) = it.said.last().map(|it| &it.message) else {
                panic!("{number}: no DISCONNECT")
            };
            let text = last.message.clone().unwrap_or_default();
            assert!(text.contains("unknown server-state"), "{number}: {text}");
            assert!(!it.keeps_link());
            assert_eq!(it.state(), State::CommunicationsInterrupted, "as without contact");
            let on_record = it.record.and_then(|record| record.partner_state);
            assert_eq!(on_record, Some(State::Normal), "{number}");
            it.meets(State::CommunicationsInterrupted);
            assert_eq!(it.state(), State::Normal, "{number}");
        }
    }
}

/// isc-C31: a new pair of which one never comes. By default the other does not serve, for it cannot
/// know; it raises an alarm that says so, and an order puts it to work (§9.3.2 step 6, §9.4).
#[test]
fn c31_a_new_server_whose_partner_never_comes_says_so_and_obeys() {
    for host in Host::BOTH {
        let mut pair = Pair::new(new_pair(702));
        pair.start(host);
        (0..4).for_each(|number| pair.join(number));
        pair.run_s(86_400);
        assert_eq!(pair.state(host), Some(State::Recover));
        assert_eq!(served(&pair, 4), 0);
        let alarms: Vec<_> = pair
            .events_of(host)
            .filter(|(_, event)| matches!(event, Event::Waiting { .. }))
            .map(|(at, event)| (at, event.severity(), format!("{event:?}")))
            .collect();
        let [(at, Severity::Alarm, text)] = &alarms[..] else { panic!("{alarms:?}") };
        assert!(*at <= 11_000 && text.contains("Recover"), "{alarms:?}");
        pair.command(host, Command::PartnerDown);
        pair.run_s(60);
        assert_eq!(served(&pair, 4), 4, "{}", pair.log_text());
        pair.start(host.partner());
        pair.check_convergence(100);
        pair.assert_clean();
    }
    let pair = busy(Setup::new(703));
    let waits = |event: &Event| matches!(event, Event::Waiting { .. });
    assert!(!Host::BOTH.iter().any(|host| pair.events_of(*host).any(|(_, event)| waits(event))));
}
