//! How fast decisions are.

use super::lab::*;
use crate::dhcp::server::Action;
use crate::dhcp::testing::{Packet, config};
use std::net::Ipv4Addr;
use std::time::Instant;

const CLIENTS: u32 = 20_000;
const WIDE: &str = r#"
[server]
store = "s"
admin_socket = "a"
[[scope]]
subnet = "10.0.0.0/16"
ranges = ["10.0.1.0-10.0.200.255"]
lease_s = 600
"#;

fn packet(kind: u8, number: u32) -> Packet {
    Packet::new(kind).set(30, &number.to_be_bytes()).giaddr([10, 0, 0, 1])
}

/// `cargo test --release -p failoverd --lib -- --ignored --nocapture decision_rate`
#[test]
#[ignore = "a measurement, not a check"]
fn decision_rate() {
    let mut lab = Lab::of(&config(WIDE));
    let started = Instant::now();
    let offers: Vec<Ipv4Addr> =
        (0..CLIENTS).map(|number| offered(lab.send(packet(1, number)))).collect();
    let rate = |started: Instant| f64::from(CLIENTS) / started.elapsed().as_secs_f64();
    println!("{CLIENTS} outstanding offers made at {:.0}/s", rate(started));
    let started = Instant::now();
    for (number, address) in (0..).zip(offers) {
        lab.lease(packet(3, number).address(54, SERVER).address(50, address));
    }
    println!("leases granted at {:.0}/s", rate(started));
    let started = Instant::now();
    for number in 0..CLIENTS {
        let again = lab.send(packet(1, number));
        assert!(matches!(again, Action::Reply(_)));
    }
    println!("known clients offered their addresses at {:.0}/s", rate(started));
}
