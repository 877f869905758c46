//! Cold start, who answers whom, and what clients do.

use super::{both_roles, for_long};
use crate::Scenario;
use crate::pair::{OURS, Pair, Setup, THEIRS, split};
use crate::probe::Ask;
use crate::wait;
use dhcp_loadbalance::{HashBuckets, hash};
use dhcproto::v4::MessageType;
use failoverd::demo::packet::Identity;
use failoverd::dhcpd::leases::BindingState;

pub(crate) fn add(all: &mut Vec<Scenario>) {
    both_roles(all, "cold_start_hands_half_of_the_pool_over", |_| {}, hands_over);
    both_roles(all, "split_128_every_client_has_one_server", for_all(split(128)), one_server_each);
    for count in [0, 64, 200, 256] {
        let name = format!("split_{count}_every_client_has_one_server");
        for_long(all, &name, for_all(split(count)), one_server_each);
    }
    let name = "hba_every_client_has_one_server";
    both_roles(all, name, for_all(HashBuckets::from_bytes(SCATTERED)), one_server_each);
    both_roles(all, "clients_live_and_both_servers_agree", |_| {}, whole_life);
    both_roles(all, "leases_end_on_both", super::outage::quick, silence);
}

/// No run of buckets, no byte that reads the same from either end: 96 of 256.
const SCATTERED: [u8; 32] = [0x29; 32];

/// With addresses for everybody at each server.
fn for_all(buckets: HashBuckets) -> impl Fn(&mut Setup) + Clone {
    move |setup| (setup.buckets, setup.addresses) = (buckets, 400)
}

fn hands_over(pair: &mut Pair, _: &Setup) {
    pair.start();
    pair.equal_tables(10);
    let backup = pair.theirs.count(BindingState::Backup);
    assert!((40..=60).contains(&backup), "{backup} of 100 addresses are the secondary's");
}

/// Of 128 clients, each is answered by the server the buckets name, and only by that.
fn one_server_each(pair: &mut Pair, setup: &Setup) {
    pair.start();
    pair.equal_tables(15);
    let clients: Vec<_> = (0..128).map(|number| Identity::numbered(1, number)).collect();
    let asks: Vec<_> = clients.iter().map(Ask::discover).collect();
    let answers = pair.probe().ask(&asks);
    for (client, answers) in clients.iter().zip(answers) {
        let key = client.client_id.as_deref().unwrap_or(&client.hardware);
        let is_primarys = setup.buckets.contains(hash(key));
        let server = if is_primarys == setup.we_are_primary { OURS } else { THEIRS };
        let from: Vec<_> = answers.keys().collect();
        assert_eq!(from, [&server], "{client:?} (bucket {})", hash(key));
    }
}

/// DORA, renewal, rebinding, release, decline.
fn whole_life(pair: &mut Pair, _: &Setup) {
    pair.start();
    let clients: Vec<_> = (0..24).map(|number| Identity::numbered(1, number)).collect();
    let mut probe = pair.probe();
    let leases: Vec<_> = probe.lease(&clients).into_iter().map(|it| it.expect("a lease")).collect();
    assert!(leases.iter().any(|(_, server)| *server == OURS));
    assert!(leases.iter().any(|(_, server)| *server == THEIRS));
    pair.equal_tables(5);

    // Half renew with their server, half rebind with any.
    let extend: Vec<_> = clients
        .iter()
        .zip(&leases)
        .enumerate()
        .map(|(number, (client, (address, server)))| {
            Ask::extend(client, *address, number.is_multiple_of(2).then_some(*server))
        })
        .collect();
    for (ask, answers) in extend.iter().zip(probe.ask(&extend)) {
        let acks = answers.values().filter(|reply| reply.kind == MessageType::Ack).count();
        assert!(acks >= 1 && answers.len() == acks, "{ask:?}: {answers:?}");
    }
    pair.equal_tables(5);

    let mut given_back = Vec::new();
    for (number, (client, (address, server))) in clients.iter().zip(&leases).enumerate().take(12) {
        given_back.push(match number % 3 {
            0 => Ask::decline(client, *address, *server),
            _ => Ask::release(client, *address, *server),
        });
    }
    probe.ask(&given_back);
    pair.equal_tables(5);
    let declined = pair.theirs.count(BindingState::Abandoned);
    assert_eq!(declined, 4, "addresses declined");
    let active = pair.theirs.count(BindingState::Active);
    assert_eq!(active, 12, "leases left");
}

/// Clients that are not heard of again lose their leases, on both servers.
fn silence(pair: &mut Pair, setup: &Setup) {
    pair.start();
    let clients: Vec<_> = (0..24).map(|number| Identity::numbered(1, number)).collect();
    let leases = pair.probe().lease(&clients);
    assert!(leases.iter().all(Option::is_some), "{leases:?}");
    let active = |pair: &Pair| {
        let ours = pair.our_table();
        let ours = ours.values().filter(|row| row.status == "ACTIVE").count();
        (ours, pair.theirs.count(BindingState::Active))
    };
    pair.equal_tables(5);
    assert_eq!(active(pair), (24, 24));
    wait::until("both end the leases", u64::from(setup.lease_s) + 8, || {
        (active(pair) == (0, 0)).then_some(())
    });
    pair.equal_tables(5);
}
