//! Updates and their answers (`isc-U`).

use crate::busy;
use crate::scripted::{ADDRESS, Scripted, config};
use crate::support::{ROLES, address, alone, alone_with, in_normal, leased};
use dhcp_failover_lease::{BindingStatus, Client, HardwareAddress, Role};
use dhcp_failover_proto::{
    BindingTable, Bindings, Command, Event, Input, LeaseEvent, RequestClass, StartupPolicy, State,
    Ticket,
};
use dhcp_failover_sim::{Host, Pair, Setup, Survives};
use dhcp_failover_wire::{
    BindingAck, Dialect, Message, OptionCode, Packet, RejectReason, UpdReq, encode,
};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// How often it said that a request is answered.
fn done(it: &Scripted) -> usize {
    it.count(|message| matches!(message, Message::UpdDone))
}

fn pending(it: &Scripted) -> usize {
    it.endpoint.status().pending
}

/// isc-U01: a link is lost with the window full of unanswered updates, in PARTNER-DOWN, again and
/// again: every one of them is still to be told, and is, and the partner's request comes to its end.
#[test]
fn u01_a_link_lost_with_a_full_window_leaves_nothing_behind() {
    for role in ROLES {
        for (window, batch) in [(1, 1), (2, 1), (4, 1), (1, 2), (2, 2), (1, 128)] {
            for answered in 0..=4 {
                let case = format!("{role:?}, {window} of {batch}, {answered}");
                let mut it = alone_with(role, batch);
                it.max_unacked = window;
                for _ in 0..3 {
                    it.meets(State::Recover);
                    it.say(Message::UpdReqAll);
                    let got: usize =
                        (0..answered).map(|number| usize::from(it.accept(number))).sum();
                    let unanswered = it.updates().len() - got;
                    assert!(unanswered <= window as usize, "{case}: {unanswered}");
                    let left: BTreeSet<_> = it.updates()[got..]
                        .iter()
                        .flat_map(|it| it.1.clone())
                        .map(|it| it.address)
                        .collect();
                    it.cut();
                    assert!(pending(&it) >= left.len(), "{case}");
                }
                it.meets(State::Recover);
                it.say(Message::UpdReqAll);
                assert_eq!(done(&it), 0, "{case}");
                it.accept_from(0);
                let told: BTreeSet<_> = it.told().iter().map(|it| it.address).collect();
                assert_eq!((told.len(), done(&it), pending(&it)), (4, 1, 0), "{case}");
            }
        }
    }
}

/// isc-U02: the same with a window that is larger than all there is to tell: UPDDONE is not said
/// before every binding was answered on this connection (S9).
#[test]
fn u02_what_a_dead_connection_took_with_it_is_not_done() {
    for role in ROLES {
        for batch in [1, 128] {
            for request in [Message::UpdReqAll, Message::UpdReq(UpdReq::default())] {
                let mut it = alone_with(role, batch);
                it.meets(State::Recover);
                it.say(request.clone());
                assert!(it.told().len() >= 4);
                it.cut();
                it.meets(State::Recover);
                it.say(request.clone());
                let mut answered = 0;
                while answered < it.updates().len() {
                    assert_eq!(done(&it), 0, "{role:?} {batch} {answered}");
                    it.accept(answered);
                    answered += 1;
                }
                let told: BTreeSet<_> = it.told().iter().map(|it| it.address).collect();
                assert_eq!((told.len(), done(&it)), (4, 1), "{role:?} {batch}");
            }
        }
    }
}

/// isc-U01, U02, as a story of a pair: the link is cut at every message of a refill, whatever the
/// window and whether the one that has the data was told to go alone; nothing is left out.
#[test]
fn u02_a_refill_cut_at_every_message_still_brings_every_binding() {
    for (window, ordered) in [(100, false), (2, true), (1, false)] {
        for messages in 1..40 {
            let setup = Setup { mclt_s: 20, max_unacked: [window, 100], ..Setup::new(24) };
            let mut pair = busy(setup);
            pair.crash(Host::A, Survives::Nothing);
            pair.lose_disk(Host::A);
            pair.run_s(2);
            if ordered {
                pair.command(Host::B, Command::PartnerDown);
            }
            pair.cut_after_messages(messages);
            pair.start(Host::A);
            pair.run_s(30);
            pair.check_convergence(120);
            pair.assert_clean();
        }
    }
}

/// isc-U03: answers that belong to a connection that is gone, and come on the next one (S11): there
/// they name no transaction of ours. Nor does what still arrives on the old one count.
#[test]
fn u03_an_answer_from_a_dead_connection_answers_nothing() {
    for role in ROLES {
        let mut it = alone(role);
        it.is_asked();
        let old = (it.link, it.updates());
        assert!(!old.1.is_empty());
        it.cut();
        assert!(it.lease(ADDRESS, 0), "there is something new to tell of it");
        it.is_asked();
        let new = it.link;
        assert_eq!(it.told().len(), 4);
        for link in [new, old.0] {
            it.link = link;
            for (xid, updates) in &old.1 {
                let acks = updates.iter().map(|update| BindingAck::accept(update.address));
                it.answer(*xid, Message::BndAck(acks.collect()));
            }
            assert_eq!(pending(&it), 4, "{role:?}: {:?}", it.events.last());
        }
        // Not even if it names what was sent on the new one.
        it.accept_from(0);
        assert_eq!(pending(&it), 4, "{role:?}: {:?}", it.events.last());
        it.link = new;
        it.accept_from(0);
        assert_eq!(pending(&it), 0);
    }
}

/// isc-U04, §7.5.2: an UPDDONE that answers an older request, or none, ends nothing.
#[test]
fn u04_an_old_update_done_does_not_end_a_newer_request() {
    for role in ROLES {
        let mut it = Scripted::start(config(role), None);
        it.meets(State::Normal);
        let (old, _) = it.request().unwrap_or_else(|| panic!("it asked"));
        it.cut();
        it.meets(State::Normal);
        let (new, _) = it.request().unwrap_or_else(|| panic!("it asks again"));
        for xid in [old, new + 1, 0] {
            assert_ne!(xid, new, "{role:?}");
            it.answer(xid, Message::UpdDone);
            assert_eq!(it.state(), State::Recover, "{role:?}");
        }
        it.answer(new, Message::UpdDone);
        assert_ne!(it.state(), State::Recover, "{role:?}");
    }
}

/// isc-U05: requests of either kind while one is being answered, answers and lost links, in every
/// order: the last request is answered, and by then everything was, since it was last asked for all.
#[test]
fn u05_a_request_while_another_runs_is_not_forgotten_nor_made_less_of() {
    #[derive(Clone, Copy, Debug)]
    enum Does {
        AsksForChanges,
        AsksForAll,
        Answers,
        Reconnects,
    }
    const EACH: [Does; 4] =
        [Does::AsksForChanges, Does::AsksForAll, Does::Answers, Does::Reconnects];
    for role in ROLES {
        for story in 0..4_usize.pow(5) {
            let steps: Vec<_> = (0..5).map(|at| EACH[story / 4_usize.pow(at) % 4]).collect();
            let mut it = alone_with(role, 2);
            it.meets(State::Recover);
            let (mut xid, mut answered) = (5_000, 0);
            // The first message that may carry what was asked for, if everything was.
            let mut wanted = None;
            let mut got = BTreeSet::new();
            for step in steps.iter().copied().chain([Does::AsksForChanges]) {
                match step {
                    Does::AsksForChanges => {
                        xid += 1;
                        it.answer(xid, Message::UpdReq(UpdReq::default()));
                    }
                    Does::AsksForAll => {
                        xid += 1;
                        (wanted, got) = (Some(it.updates().len()), BTreeSet::new());
                        it.answer(xid, Message::UpdReqAll);
                    }
                    Does::Answers => {
                        let Some((_, updates)) = it.updates().get(answered).cloned() else {
                            continue;
                        };
                        it.accept(answered);
                        if wanted.is_some_and(|first| answered >= first) {
                            got.extend(updates.into_iter().map(|update| update.address));
                        }
                        answered += 1;
                    }
                    Does::Reconnects => {
                        it.cut();
                        it.meets(State::Recover);
                        (answered, wanted) = (0, wanted.map(|_| 0));
                    }
                }
            }
            it.accept_from(answered);
            let first = wanted.unwrap_or(usize::MAX).max(answered);
            let rest = it.updates().into_iter().skip(first).flat_map(|(_, updates)| updates);
            got.extend(rest.map(|update| update.address));
            let last = it.said.iter().rev().find(|packet| packet.message == Message::UpdDone);
            assert_eq!(last.map(|packet| packet.xid), Some(xid), "{role:?} {steps:?}");
            if wanted.is_some() {
                assert_eq!(got.len(), 4, "{role:?} {steps:?}");
            }
        }
    }
}

/// isc-U06: however often a lease is renewed, one update of an address is under way, no more
/// messages than the partner takes at once (S11), and what follows is the newest.
#[test]
fn u06_updates_of_one_address_are_coalesced_within_the_window() {
    for role in ROLES {
        for (batch, window) in [(1, 2), (1, 10), (2, 1), (2, 2), (128, 10)] {
            let case = format!("{role:?}, {window} of {batch}");
            let mut it = alone_with(role, batch);
            it.max_unacked = window;
            it.is_asked();
            let (mut answered, mut last) = (0, 0);
            for round in 0..40 {
                it.pass_in_contact_s(1);
                for number in 0..4 {
                    assert!(it.lease(address(number), number));
                    last = it.wire_now();
                }
                let waiting: Vec<_> = it.updates().into_iter().skip(answered).collect();
                assert!(waiting.len() <= window as usize, "{case}: the window");
                let told: Vec<_> = waiting.iter().flat_map(|(_, updates)| updates).collect();
                let addresses: BTreeSet<_> = told.iter().map(|update| update.address).collect();
                assert_eq!(addresses.len(), told.len(), "{case}: one address twice");
                assert!(!told.is_empty(), "{case}");
                answered += usize::from(round % 4 == 3 && it.accept(answered));
            }
            let before = it.told().len();
            it.accept_from(answered);
            // Each once more, at most.
            assert!(it.told().len() - before <= 4, "{case}");
            for number in 0..4 {
                let told = it.told();
                let newest = told.iter().rev().find(|update| update.address == address(number));
                let heard = newest.and_then(|update| update.client_last_transaction_time);
                assert_eq!(heard, Some(last), "{case}");
            }
            assert_eq!(pending(&it), 0, "{case}");
        }
    }
}

/// isc-U07, H7, L7: a refused update is not forgotten. It is shown as disputed and offered again:
/// a few times as time passes, then no more; on news, on a new connection and when asked.
#[test]
fn u07_a_refused_update_is_offered_again_at_a_bounded_rate() {
    let mut it = in_normal(Role::Primary);
    it.accept_from(0);
    let own = (0..4).map(address).find(|address| it.lease(*address, 1));
    let own = own.unwrap_or_else(|| panic!("it has addresses"));
    let disputed = |it: &Scripted| it.endpoint.status().disputed;
    let refuse_last = |it: &mut Scripted| it.judge(it.updates().len() - 1, |_| true);
    refuse_last(&mut it);
    assert_eq!((pending(&it), disputed(&it)), (0, 1));
    let told =
        |event: &Event| matches!(event, Event::UpdateRejected { address, .. } if *address == own);
    assert!(it.events.iter().any(told), "{:?}", it.events);
    assert!(it.endpoint.disputes().any(|(address, _)| address == own));

    let (mut offers, mut seen) = (0, it.told().len());
    for _ in 0..3_600 {
        it.pass_in_contact_s(1);
        if it.told().len() > seen {
            seen = it.told().len();
            offers += 1;
            refuse_last(&mut it);
        }
    }
    assert!((1..=10).contains(&offers), "{offers} in an hour");
    assert_eq!(disputed(&it), 1, "and still shown");

    it.pass_in_contact_s(1);
    assert!(it.lease(own, 1), "news of it");
    assert_eq!(it.told().len(), seen + 1);
    refuse_last(&mut it);
    it.say(Message::UpdReq(UpdReq::default()));
    assert_eq!((it.told().len(), done(&it)), (seen + 2, 0));
    refuse_last(&mut it);
    assert_eq!(done(&it), 1, "§7.5: an answer is an answer");
    it.cut();
    it.meets(State::Normal);
    let again = it.told().iter().filter(|update| update.address == own).count();
    assert_eq!(again, 1, "a new connection");
    it.accept_from(0);
    assert_eq!((pending(&it), disputed(&it)), (0, 0));
}

/// isc-U08, §7.2: a BNDACK that repeats options of the binding, any of them and with any value, says
/// no more than that the update was taken.
#[test]
fn u08_what_a_binding_ack_repeats_changes_no_times() {
    let options: [(OptionCode, &[u8]); 7] = [
        (OptionCode::CLIENT_IDENTIFIER, b"\x01somebody"),
        (OptionCode::CLIENT_HARDWARE_ADDRESS, &[1, 2, 0, 0, 0, 9, 9]),
        (OptionCode::BINDING_STATUS, &[1]),
        (OptionCode::POTENTIAL_EXPIRATION_TIME, &[0; 4]),
        (OptionCode::LEASE_EXPIRATION_TIME, &[0, 0, 0, 1]),
        (OptionCode::CLIENT_LAST_TRANSACTION_TIME, &[0xff; 4]),
        (OptionCode::START_TIME_OF_STATE, &[0; 4]),
    ];
    let mut it = alone(Role::Primary);
    it.is_asked();
    it.accept_from(0);
    for subset in 0..1_u32 << options.len() {
        it.pass_in_contact_s(1);
        assert!(it.lease(ADDRESS, 0));
        let (xid, updates) = it.updates().pop().unwrap_or_else(|| panic!("nothing told"));
        let message = Message::BndAck(vec![BindingAck::accept(ADDRESS)]);
        let mut bytes = Vec::new();
        let packet = Packet { time: it.wire_now(), xid, message };
        encode(&packet, Dialect::Draft12, &mut bytes).unwrap_or_else(|error| panic!("{error}"));
        for (number, (code, value)) in options.iter().enumerate() {
            if subset >> number & 1 == 1 {
                bytes.extend(code.0.to_be_bytes());
                bytes.extend((value.len() as u16).to_be_bytes());
                bytes.extend(*value);
            }
        }
        let length = (bytes.len() as u16).to_be_bytes();
        bytes[..2].copy_from_slice(&length);
        it.feed(Input::Frame { link: it.link, bytes: &bytes });
        let binding = it.table.get(ADDRESS).unwrap_or_else(|| panic!("it is in the pool"));
        assert_eq!(binding.status, BindingStatus::Active, "{subset:b}");
        let acked = binding.expiries.acked_potential.as_wire_s();
        assert_eq!(Some(acked), updates[0].potential_expiration_time, "{subset:b}");
        assert_eq!(pending(&it), 0, "{subset:b}");
    }
}

/// isc-U09, H10: the answer to an update is lost, but the update was not: then a lease is not undone
/// alone when it ends, whether the server was restarted meanwhile or not. One that the partner
/// certainly never heard of is.
#[test]
fn u09_a_lease_the_partner_may_know_of_is_not_undone_alone() {
    for restart in [false, true] {
        let setup = Setup {
            lease_s: 100,
            clients: 3,
            startup_policy: StartupPolicy::Resume,
            ..Setup::new(230)
        };
        let mut pair = crate::normal(setup);
        let leases = |pair: &mut Pair, number| {
            let asked = pair.ask(number, RequestClass::NamesThisServer, &[Host::A], None);
            assert!(asked, "{}", pair.log_text());
            pair.run_s(2);
            pair.lease_of(number).unwrap_or_else(|| panic!("{}", pair.log_text())).address
        };
        pair.block(Host::B, true);
        let told = leases(&mut pair, 0);
        let heard = pair.binding(Host::B, told).map(|binding| binding.status);
        assert_eq!(heard, Some(BindingStatus::Active), "{}", pair.log_text());
        if restart {
            pair.crash(Host::A, Survives::Nothing);
            pair.start(Host::A);
        }
        let alone = |pair: &Pair| pair.state(Host::A) == Some(State::CommunicationsInterrupted);
        assert!(pair.run_until(60, alone), "{}", pair.log_text());
        pair.run_s(1); // the state is on disk
        let untold = leases(&mut pair, 1);
        assert_ne!(told, untold);
        pair.run_s(300);
        let status = |address| pair.binding(Host::A, address).map(|binding| binding.status);
        assert_eq!(status(told), Some(BindingStatus::Expired), "{}", pair.log_text());
        assert_eq!(status(untold), Some(BindingStatus::Free), "{}", pair.log_text());
        assert!(!pair.ask(2, RequestClass::NamesThisServer, &[Host::A], Some(told)));
        assert!(pair.ask(2, RequestClass::NamesThisServer, &[Host::A], Some(untold)));
        pair.block(Host::B, false);
        pair.check_convergence(300);
        pair.assert_clean();
    }
}

/// isc-U10: answers come in any order, refusals among them, alone or several in one message: each
/// ends its own update and no other.
#[test]
fn u10_answers_may_come_in_any_order() {
    let orders: Vec<Vec<usize>> = (0..256_usize)
        .map(|code| (0..4).map(|at| code >> (2 * at) & 3).collect())
        .filter(|order: &Vec<_>| order.iter().collect::<BTreeSet<_>>().len() == 4)
        .collect();
    assert_eq!(orders.len(), 24);
    for batch in [1, 128] {
        for order in &orders {
            for refused in 0..16_u8 {
                let mut it = alone_with(Role::Primary, batch);
                it.is_asked();
                let ack = |address| match refused >> (u32::from(address) - u32::from(ADDRESS)) & 1 {
                    1 => BindingAck::reject(address, RejectReason::UNKNOWN_ERROR, None),
                    _ => BindingAck::accept(address),
                };
                let sent = it.updates();
                let told = it.told();
                if batch == 1 {
                    for number in order {
                        it.answer(
                            sent[*number].0,
                            Message::BndAck(vec![ack(told[*number].address)]),
                        );
                    }
                } else {
                    let acks = order.iter().map(|number| ack(told[*number].address)).collect();
                    it.answer(sent[0].0, Message::BndAck(acks));
                }
                let status = it.endpoint.status();
                let disputed = refused.count_ones() as usize;
                let case = format!("{batch} {order:?} {refused:b}");
                assert_eq!((status.pending, status.disputed), (0, disputed), "{case}");
                for (number, update) in told.iter().enumerate() {
                    let binding = it.table.get(update.address);
                    let known = binding.is_some_and(|it| it.knowledge.acked_version == it.version);
                    assert_eq!(known, refused >> number & 1 == 0, "{case}");
                }
            }
        }
    }
}

/// isc-U11: what this server has to say of a binding itself does not overtake its answer to what the
/// partner said of it before, however slow the disk.
#[test]
fn u11_an_answer_is_not_overtaken_by_news_of_the_same_binding() {
    for role in ROLES {
        for disk_works in [true, false] {
            let mut it = in_normal(role);
            it.accept_from(0);
            it.disk_works = disk_works;
            let update = leased(&it, 0);
            it.say(Message::BndUpd(vec![update]));
            let hardware = HardwareAddress::new(1, &[2, 0, 0, 0, 1, 0]);
            let client = Client::new(None, hardware.unwrap_or_else(|| panic!("six bytes")));
            it.feed(Input::Lease(LeaseEvent::Released { address: ADDRESS, client }));
            let position = |it: &Scripted, of: fn(&Message) -> bool| {
                it.said.iter().rposition(|packet| of(&packet.message))
            };
            let answer = |message: &Message| match message {
                Message::BndAck(acks) => acks[0].address == ADDRESS,
                _ => false,
            };
            let news = |message: &Message| match message {
                Message::BndUpd(updates) => {
                    updates[0].address == ADDRESS
                        && updates[0].status == dhcp_failover_wire::BindingStatus::RELEASED
                }
                _ => false,
            };
            if !disk_works {
                assert_eq!([position(&it, answer), position(&it, news)], [None; 2], "{role:?}");
                it.feed(Input::Persisted(Ticket::from_u64(u64::MAX)));
            }
            let [answer, news] = [position(&it, answer), position(&it, news)];
            assert!(answer.is_some() && answer < news, "{role:?} {answer:?} {news:?}");
        }
    }
}

/// isc-U12: both servers renew one client's lease within a round trip; their updates cross, and that
/// is all: no round follows another (L4), wherever the clocks are.
#[test]
fn u12_updates_that_cross_do_not_chase_each_other() {
    for clock_offset_ms in [[0, 0], [0, 3_600_400], [1_800_900, 0]] {
        for apart_ms in (0..1_000).step_by(125) {
            for first in Host::BOTH {
                let setup =
                    Setup { clients: 1, lease_s: 3_000, clock_offset_ms, ..Setup::new(231) };
                let mut pair = busy(setup);
                pair.mute(0);
                let held = pair.lease_of(0).unwrap_or_else(|| panic!("{}", pair.log_text()));
                pair.set_net_delay_ms(450);
                pair.run_s(3);
                let sent = |pair: &Pair| -> u64 {
                    Host::BOTH.map(|host| pair.sent(host, "BNDUPD")).iter().sum()
                };
                let before = sent(&pair);
                for host in [first, first.partner()] {
                    let renewal = RequestClass::Renewal;
                    assert!(pair.ask(0, renewal, &[host], Some(held.address)));
                    pair.run_ms(apart_ms);
                }
                pair.check_convergence(10);
                let rounds = sent(&pair) - before;
                assert!((2..=3).contains(&rounds), "{rounds} {apart_ms}\n{}", pair.log_text());
                pair.check_silence(300);
                pair.assert_clean();
            }
        }
    }
}

/// isc-U16, §5.16: of a large pool that is hardly used, UPDREQALL brings what was ever used and no
/// more.
#[test]
fn u16_everything_is_no_more_than_what_was_used() {
    let mut it = Scripted::resumed(Role::Primary, State::CommunicationsInterrupted);
    it.order(Command::PartnerDown);
    let mut table = BindingTable::new();
    let pool = Ipv4Addr::new(10, 0, 0, 0)..=Ipv4Addr::new(10, 1, 255, 255);
    table.add_pool([pool]).unwrap_or_else(|error| panic!("{error}"));
    it.table = table;
    for number in 0..5 {
        assert!(it.lease(Ipv4Addr::new(10, 1, number, 99), number));
    }
    it.meets(State::Recover);
    it.accept_from(0);
    let (told, messages) = (it.told().len(), it.updates().len());
    it.say(Message::UpdReqAll);
    it.accept_from(messages);
    assert_eq!((it.told().len(), done(&it)), (told + 5, 1));
}

/// isc-U17, §9.5.2: the partner says its state again and again, the same or another one: it is asked
/// once, for as long as the connection lasts.
#[test]
fn u17_the_same_state_twice_makes_one_request() {
    for role in ROLES {
        for state in [State::Normal, State::CommunicationsInterrupted, State::PartnerDown] {
            let mut it = Scripted::start(config(role), None);
            it.meets(state);
            for _ in 0..5 {
                it.partner(state);
                it.partner(State::Normal);
                it.pass_in_contact_s(1);
            }
            let asked = it.count(|it| matches!(it, Message::UpdReqAll | Message::UpdReq(_)));
            assert_eq!(asked, 1, "{role:?} {state}");
            it.updates_done();
            it.partner(state);
            let asked = it.count(|it| matches!(it, Message::UpdReqAll | Message::UpdReq(_)));
            assert_eq!(asked, 1, "{role:?} {state}: nor when it was answered");
        }
    }
}
