//! What is different with ISC dhcpd, told by its vendor class. Tests against the real one are
//! failoverd's; these are the bugs they found, in virtual time.

use crate::scripted::{Scripted, config};
use dhcp_failover_lease::Role;
use dhcp_failover_proto::{Balance, Event, LinkSide, State};
use dhcp_failover_wire::{Connect, ConnectAck, Dialect, Message};

fn dhcpds_ack(max_unacked_bndupd: u32) -> ConnectAck {
    ConnectAck {
        relationship_name: b"pair".to_vec(),
        max_unacked_bndupd: Some(max_unacked_bndupd),
        receive_timer: Some(60),
        vendor_class_identifier: Some(b"isc-4.4.3-P1".to_vec()),
        protocol_version: 1,
        tls_reply: Some(0),
        ..ConnectAck::default()
    }
}

/// The CONNECT of the connection made last.
fn connect(primary: &Scripted) -> (u32, Connect) {
    let mut connects = primary.said.iter().filter_map(|packet| match &packet.message {
        Message::Connect(connect) => Some((packet.xid, connect.clone())),
        _ => None,
    });
    connects.next_back().expect("a CONNECT")
}

fn primary() -> Scripted {
    let mut config = config(Role::Primary);
    config.balance = Balance::LoadBalance { primary_percent: 25 };
    let mut primary = Scripted::start(config, None);
    primary.pass_s(3);
    primary.link_up(LinkSide::Dialed);
    primary
}

/// isc-L28: dhcpd reads the hash buckets the other way round than the draft. The first CONNECT is
/// written before the primary knows to whom; it must not count, or both would serve the same clients
/// and nobody the others.
#[test]
fn l28_dhcpd_gets_the_hash_buckets_the_way_it_reads_them() {
    let mut primary = primary();
    let (xid, for_anybody) = connect(&primary);
    let dials = primary.dials;
    primary.answer(xid, Message::ConnectAck(dhcpds_ack(10)));
    assert!(!primary.keeps_link());
    assert!(primary.reported().is_empty(), "no STATE on a connection that does not count");
    let last = primary.said.last().map(|packet| &packet.message);
    assert!(matches!(last, Some(Message::Disconnect(_))), "§8.6: {last:?}");
    assert_eq!(primary.dials, dials + 1, "at once");
    let anew = Event::ConnectsAnew { dialect: Dialect::IscDhcpd };
    assert!(primary.events.contains(&anew), "{:?}", primary.events);

    primary.link_up(LinkSide::Dialed);
    let (xid, for_dhcpd) = connect(&primary);
    primary.answer(xid, Message::ConnectAck(dhcpds_ack(10)));
    assert!(primary.keeps_link());
    let count = |connect: &Connect| -> u32 {
        connect.hash_buckets.iter().flatten().map(|byte| byte.count_ones()).sum()
    };
    // A quarter of the buckets is the primary's: set for dhcpd, clear by the draft.
    assert_eq!((count(&for_anybody), count(&for_dhcpd)), (192, 64));
    primary.partner(State::Recover);
    assert!(!primary.reported().is_empty());

    // Next time it knows from the start.
    primary.cut();
    primary.pass_s(10);
    primary.link_up(LinkSide::Dialed);
    assert_eq!(count(&connect(&primary).1), 64);
}

/// isc-C15: dhcpd answers updates when half of the window offered to it is full, or after 2 s. It is
/// offered no more than twice its own, by either role.
#[test]
fn c15_dhcpd_is_offered_a_window_that_it_fills() {
    for (its_window, ours) in [(10, 20), (3, 6), (1_000, 100)] {
        let mut primary = primary();
        assert_eq!(connect(&primary).1.max_unacked_bndupd, Some(100));
        primary.answer(connect(&primary).0, Message::ConnectAck(dhcpds_ack(its_window)));
        primary.link_up(LinkSide::Dialed);
        assert_eq!(connect(&primary).1.max_unacked_bndupd, Some(ours));
        primary.answer(connect(&primary).0, Message::ConnectAck(dhcpds_ack(its_window)));
        assert!(primary.keeps_link());

        let mut secondary = Scripted::start(config(Role::Secondary), None);
        let ack = secondary.offers(Connect {
            max_unacked_bndupd: Some(its_window),
            vendor_class_identifier: Some(b"isc-4.4.3-P1".to_vec()),
            ..crate::connections::connect()
        });
        assert_eq!((ack.reject, ack.max_unacked_bndupd), (None, Some(ours)));
    }
}

/// Who calls itself something else each time keeps itself out, and does not make us dial in a loop.
#[test]
fn a_partner_that_changes_its_make_is_not_dialled_in_a_loop() {
    let mut primary = primary();
    let (begin, mut dialled) = (primary.dials, 0);
    for round in 0..600 {
        if primary.dials > begin + dialled {
            dialled = primary.dials - begin;
            primary.link_up(LinkSide::Dialed);
            let mut ack = dhcpds_ack(10);
            if round % 2 == 1 {
                ack.vendor_class_identifier = None;
            }
            primary.answer(connect(&primary).0, Message::ConnectAck(ack));
        }
        primary.now_ms += 100;
        primary.feed(dhcp_failover_proto::Input::Tick);
    }
    assert!(dialled <= 30, "{dialled} connections in a minute");
}

/// A dhcpd that expects another address closes each connection at once: that is told, for it says
/// nothing itself, and not each time.
#[test]
fn connections_that_are_closed_without_a_word_are_told() {
    for role in [Role::Primary, Role::Secondary] {
        let mut it = Scripted::start(config(role), None);
        let mut closed = 0;
        for _ in 0..900 {
            let dials = it.dials;
            it.pass_s(1);
            if it.dials > dials {
                it.link_up(LinkSide::Dialed);
                it.cut();
                closed += 1;
            }
        }
        let told: Vec<_> = it
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Unheard { connections } => Some(*connections),
                _ => None,
            })
            .collect();
        assert!(closed > 16, "{closed}");
        assert_eq!(told[..3], [4, 8, 16], "{role:?}: {closed} closed");
        assert!(told.len() <= 9, "{role:?}: {told:?}");
        it.connect();
        let before = it.events.len();
        it.cut();
        it.link_up(LinkSide::Dialed);
        it.cut();
        let more = it.events[before..].iter().any(|it| matches!(it, Event::Unheard { .. }));
        assert!(!more, "{role:?}: the count begins anew");
    }
}
