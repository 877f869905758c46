//! Lease files of servers that have been in service.

use crate::pair::Setup;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::{SystemTime, UNIX_EPOCH};

/// The state of two servers in NORMAL with `count` leases from the end of the range downwards, none of
/// which ends soon.
pub(crate) fn text(setup: &Setup, count: u32) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let (then, ends) = (now - 60, now + 3_600);
    let mut text = String::from("authoring-byte-order little-endian;\n");
    let state = format!("normal at epoch {then};");
    let mclt_s = setup.mclt_s;
    let _ = writeln!(
        text,
        "failover peer \"foo\" state {{ my state {state} partner state {state} mclt {mclt_s}; }}"
    );
    let first = Ipv4Addr::new(10, 77, 1, 0).to_bits();
    for number in 0..setup.addresses {
        let address = Ipv4Addr::from_bits(first + number);
        let is_leased = number >= setup.addresses - count;
        let [_, high, mid, low] = number.to_be_bytes();
        let _ = match is_leased {
            true => writeln!(
                text,
                "lease {address} {{ starts epoch {then}; ends epoch {ends}; tstp epoch {ends}; \
                 tsfp epoch {ends}; atsfp epoch {ends}; cltt epoch {then}; binding state active; \
                 next binding state expired; hardware ethernet 02:ee:00:{high:02x}:{mid:02x}:{low:02x}; }}"
            ),
            false => {
                let state = if number % 2 == 0 { "free" } else { "backup" };
                writeln!(text, "lease {address} {{ binding state {state}; }}")
            }
        };
    }
    text
}
