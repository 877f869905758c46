//! Clients of other makers, reserved addresses, relay agents.

use super::both_roles;
use crate::Scenario;
use crate::client::{Kind, RealClient};
use crate::pair::{OURS, Pair, Setup, THEIRS, address};
use crate::probe::Ask;
use crate::wait;
use dhcproto::v4::MessageType;
use failoverd::demo::checker::{Row, Table};
use failoverd::demo::packet::Identity;
use failoverd::demo::remote;
use failoverd::dhcpd::leases::BindingState;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::process::Command;

pub(crate) fn add(all: &mut Vec<Scenario>) {
    both_roles(all, "a_reserved_address_is_its_clients_at_both", reserving, reservation);
    both_roles(all, "what_relay_agents_say_is_kept", |_| {}, option_82);
    both_roles(all, "clients_of_other_makers_renew_while_dhcpd_is_down", long_leases, real_clients);
}

/// The reserved addresses, by number; at dhcpd the lease itself is marked.
const RESERVED: [u32; 2] = [7, 8];

fn owner(number: u32) -> Identity {
    let [.., low] = number.to_be_bytes();
    Identity { hardware: [2, 0xfa, 7, 0, 0, low], client_id: None }
}

fn reserving(setup: &mut Setup) {
    for number in RESERVED {
        setup.more_scope += &format!(
            "[[scope.reservations]]\nhw_address = \"02:fa:07:00:00:{number:02x}\"\n\
             address = \"{}\"\n",
            address(number)
        );
    }
}

/// Whoever gives the address, both know that it is reserved and leased, and nobody else gets it.
fn reservation(pair: &mut Pair, setup: &Setup) {
    // dhcpd gives a reserved address only while that is its own (isc-L19); this server always does.
    let own = if setup.we_are_primary { "backup" } else { "free" };
    let seeds = RESERVED.map(|number| {
        format!(
            "lease {} {{ starts epoch 1; ends epoch 2; binding state {own}; reserved; \
             hardware ethernet 02:fa:07:00:00:{number:02x}; }}\n",
            address(number)
        )
    });
    pair.theirs.seed_leases(&seeds.concat());
    pair.start();
    // A reservation counts when both know of it, and dhcpd takes two seconds to say so.
    std::thread::sleep(std::time::Duration::from_secs(1));
    wait::until("dhcpd knows of the reservations", 10, || {
        remote::status(&pair.admin()).ok().filter(|status| status.pending == 0).map(|_| ())
    });
    let mut probe = pair.probe();
    let owners = RESERVED.map(owner);
    let leases = probe.lease(&owners);
    for (number, lease) in RESERVED.iter().zip(&leases) {
        assert_eq!(lease.map(|lease| lease.0), Some(address(*number)), "{leases:?}");
    }
    pair.equal_tables(5);
    let others: Vec<_> = (0..60).map(|number| Identity::numbered(1, number)).collect();
    let others = probe.lease(&others);
    assert_eq!(others.iter().flatten().count(), 60);
    assert!(others.iter().flatten().all(|(it, _)| *it != address(7) && *it != address(8)));
    pair.equal_tables(5);
    // The other server renews it as well.
    for (client, lease) in owners.iter().zip(leases.into_iter().flatten()) {
        let other = if lease.1 == OURS { THEIRS } else { OURS };
        let answers = probe.ask(&[Ask::extend(client, lease.0, Some(other))]);
        let kinds: Vec<_> = answers[0].values().map(|reply| reply.kind).collect();
        assert_eq!(kinds, [MessageType::Ack], "{other} for {}", lease.0);
    }
    pair.equal_tables(5);
    let theirs = pair.theirs.lease_file().leases;
    for at in RESERVED.map(address) {
        assert!(theirs[&at].reserved && theirs[&at].state == BindingState::Active, "{at}");
    }
}

/// Each server keeps what was said to it, through renewals without it and through the partner's updates.
fn option_82(pair: &mut Pair, _: &Setup) {
    pair.start();
    let clients: Vec<_> = (0..24).map(|number| Identity::numbered(1, number)).collect();
    let mut probe = pair.probe();
    let leases: Vec<_> = probe.lease(&clients).into_iter().map(|it| it.expect("a lease")).collect();
    pair.equal_tables(5);
    let kept = |pair: &Pair, to_both: bool| {
        let (ours, theirs) = (pair.our_leases(), pair.theirs.lease_file().leases);
        for (client, (at, server)) in clients.iter().zip(&leases) {
            let circuit = client.hardware.map(|byte| format!("{byte:02x}")).join(":");
            if *server == OURS || to_both {
                assert_eq!(ours[at].relay_agent, Some(format!("01:06:{circuit}")), "{at}");
            }
            if *server == THEIRS || to_both {
                let told = ("circuit-id".to_owned(), client.hardware.to_vec());
                assert_eq!(theirs[at].agent, [told], "{at}");
            }
        }
    };
    kept(pair, false);
    let extend = |direct: bool, to: &dyn Fn(Ipv4Addr) -> Option<Ipv4Addr>| -> Vec<Ask> {
        let asks = clients.iter().zip(&leases);
        asks.map(|(client, (at, server))| Ask { direct, ..Ask::extend(client, *at, to(*server)) })
            .collect()
    };
    probe.ask(&extend(true, &Some));
    pair.equal_tables(5);
    kept(pair, false);
    // Rebinding comes through the relay agent, to both.
    for (ask, answers) in extend(false, &|_| None).iter().zip(probe.ask(&extend(false, &|_| None)))
    {
        assert!(!answers.is_empty(), "{ask:?}");
        assert!(answers.values().all(|reply| reply.circuit_echoed), "{answers:?}");
    }
    pair.equal_tables(5);
    kept(pair, true);
}

/// udhcpc takes every lease for 122 s at least, and so is urged to renew its first one; dhclient is told to renew after 4 s.
fn long_leases(setup: &mut Setup) {
    (setup.mclt_s, setup.lease_s, setup.addresses) = (20, 600, 400);
    setup.more_scope = "options = { renewal_time_s = 4, rebinding_time_s = 8 }\n".to_owned();
    setup.more_theirs = "option dhcp-renewal-time 4;\noption dhcp-rebinding-time 8;\n".to_owned();
}

/// dhclient sends no client identifier, udhcpc does; perfdhcp sends none and does not come back.
fn real_clients(pair: &mut Pair, _: &Setup) {
    const OTHERS: usize = 60;
    pair.start();
    let kinds = [Kind::Dhclient, Kind::Udhcpc, Kind::Dhclient, Kind::UdhcpcBroadcast];
    let directory = pair.directory.clone();
    let clients: Vec<_> = (1..=4)
        .zip(kinds)
        .map(|(number, kind)| RealClient::start(&mut pair.lab, &directory, kind, number))
        .collect();
    let space = pair.host("p", Ipv4Addr::new(10, 77, 0, 4));
    perfdhcp(&space, OTHERS);
    let of_perfdhcp = |table: &Table| {
        let hardware = |row: &Row| row.hardware.as_ref().is_some_and(|it| it.starts_with("020c01"));
        table.values().filter(|row| row.status == "ACTIVE" && hardware(row)).count()
    };
    wait::until("both know perfdhcp's leases", 5, || {
        let both = [pair.our_table(), pair.theirs.table()];
        both.iter().all(|table| of_perfdhcp(table) == OTHERS).then_some(())
    });
    let served = |seen: &[usize], by: &[Ipv4Addr]| {
        clients.iter().zip(seen).all(|(client, seen)| {
            client.told().iter().skip(*seen).any(|told| by.contains(&told.server))
        })
    };
    wait::until("a lease for every client", 40, || served(&[0; 4], &[OURS, THEIRS]).then_some(()));
    let count = || -> Vec<_> { clients.iter().map(|client| client.told().len()).collect() };
    let seen = count();
    clients.iter().for_each(RealClient::urge);
    wait::until("all renew", 20, || served(&seen, &[OURS, THEIRS]).then_some(()));
    pair.theirs.kill();
    let seen = count();
    // The first makes udhcpc ask the server that is gone, the second everybody.
    for _ in 0..2 {
        clients.iter().for_each(RealClient::urge);
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    wait::until("all extended by failoverd", 40, || served(&seen, &[OURS]).then_some(()));
    pair.theirs.start();
    pair.normal(60);
    // dhclient renews all the time: the tables agree at some moment.
    pair.equal_tables(20);
    let table = pair.our_table();
    let mut addresses = BTreeSet::new();
    for client in &clients {
        let told = client.told();
        let at = told.iter().find(|it| !it.address.is_unspecified()).expect("a lease").address;
        assert!(told.iter().all(|it| it.address == at), "{} moved: {told:?}", client.name);
        assert!(addresses.insert(at), "{at} is with two clients");
        assert_eq!(table[&at].hardware.as_deref(), Some(client.hardware.as_str()));
        assert_eq!(
            table[&at].client_id.is_some(),
            client.kind != Kind::Dhclient,
            "{}",
            client.name
        );
    }
}

/// Lets perfdhcp get leases for so many clients.
fn perfdhcp(space: &str, count: usize) {
    let count = count.to_string();
    let output = Command::new("ip")
        .args(["netns", "exec", space, "perfdhcp", "-4", "-l", crate::lab::INTERFACE])
        .args(["-r", "50", "-n", &count, "-R", &count, "-b", "mac=02:0c:01:00:00:00"])
        .args(["-u", "-W", "3000000"])
        .output()
        .expect("perfdhcp runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "perfdhcp: {}\n{text}", output.status);
}
