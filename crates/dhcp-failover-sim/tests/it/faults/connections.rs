//! What is read from the wire, and partners that never come (`isc-C`). More of them in
//! `connections.rs`, `authentication.rs`, `time.rs` and `tls.rs`.

use crate::scripted::{ADDRESS, Scripted, config, record};
use crate::support::{ROLES, address, answers, in_normal, leased, new_pair, still_answers};
use crate::{busy, served};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{
    Bindings, Cause, Command, Event, LinkSide, Outcome, Severity, State, rule_for,
};
use dhcp_failover_sim::{Host, Pair, Setup};
use dhcp_failover_wire::{
    BindingAck, BindingStatus, BindingUpdate, ConnectAck, Disconnect, Message, Reject,
    RejectReason, ServerFlags, ServerState, State as StateMessage,
};
use std::net::Ipv4Addr;

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

/// isc-C09, the other side: a partner that ends the connection at every BNDUPD may not know batches,
/// so it is sent one only, then single bindings, and is not connected to ever faster.
#[test]
fn c09_ours_sends_single_bindings_and_does_not_hammer_a_partner_that_hangs_up() {
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
    let first_batch = sizes.iter().position(|size| *size > 1).unwrap_or(sizes.len());
    assert!(sizes.iter().skip(first_batch + 1).all(|size| *size == 1), "{sizes:?}");
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
