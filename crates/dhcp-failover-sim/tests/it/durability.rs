//! Durable before visible (rule 3, S5), and what crashes leave.

use crate::{busy, normal};
use dhcp_failover_proto::RequestClass;
use dhcp_failover_sim::{Host, Setup, Survives};

/// S5, S1: the server dies after each of its outputs around a grant, and forgets what was not
/// synced: a client that got its DHCPACK keeps its lease, and nobody else gets the address.
#[test]
fn a_crash_at_every_output_of_a_grant_loses_no_acknowledged_lease() {
    for survives in [Survives::Nothing, Survives::SomePrefix, Survives::Everything] {
        for outputs in 1..14 {
            let mut pair = normal(Setup { clients: 2, ..Setup::new(50 + u64::from(outputs)) });
            pair.crash_after_outputs(Host::A, outputs, survives);
            for host in Host::BOTH {
                pair.ask(0, RequestClass::NamesThisServer, &[host], None);
            }
            pair.run_s(3);
            let held = pair.lease_of(0);
            pair.heal();
            pair.run_s(10);
            if let Some(held) = held {
                for host in Host::BOTH {
                    let binding = pair.binding(host, held.address);
                    assert!(
                        binding.is_some_and(|b| b.status == dhcp_failover_lease::BindingStatus::Active),
                        "{outputs} {survives:?}\n{}",
                        pair.log_text()
                    );
                }
            }
            pair.join(1);
            pair.run_s(30);
            pair.check_convergence(60);
            pair.assert_clean();
        }
    }
}

/// S5: the same at every output of the partner that takes the update.
#[test]
fn a_crash_at_every_output_of_the_partner_loses_no_acknowledged_update() {
    for outputs in 1..40 {
        let mut pair = busy(Setup::new(60));
        pair.crash_after_outputs(Host::B, outputs, Survives::Nothing);
        for number in 0..4 {
            pair.release(number);
        }
        pair.run_s(3);
        pair.heal();
        pair.run_s(20);
        pair.check_convergence(60);
        pair.assert_clean();
    }
}

/// A restart storm: both servers die again and again, at random outputs, with slow disks.
#[test]
fn a_restart_storm_ends_well() {
    let mut pair = busy(Setup { mclt_s: 20, disk_delay_ms: 200, ..Setup::new(61) });
    for round in 0..60_u32 {
        let host = [Host::A, Host::B][round as usize % 2];
        pair.crash_after_outputs(host, 1 + round * 7 % 31, Survives::SomePrefix);
        pair.run_ms(u64::from(700 + round * 37));
        for host in Host::BOTH {
            if !pair.is_up(host) {
                pair.start(host);
            }
        }
    }
    pair.heal();
    pair.run_s(20);
    pair.check_convergence(100);
    pair.assert_clean();
}
