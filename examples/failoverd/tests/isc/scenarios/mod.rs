//! The stories, by theme. Each is told with failoverd as the primary and as the secondary.
//!
//! | module | what is shown |
//! |---|---|
//! | `serving` | cold start, halves of the pool, every client answered by the one server that split or hba names, a client's life, the end of leases |
//! | `clients` | reserved addresses, option 82, dhclient, udhcpc and perfdhcp |
//! | `outage` | either server killed, stopped, stalled or cut off, and back |
//! | `recovery` | PARTNER-DOWN and lost disks on either side, 20,000 leases, ACTIVE against ACTIVE |
//! | `leaving` | PAUSED and SHUTDOWN of ours, dhcpd's own way to stop |
//! | `mistakes` | clocks, names, addresses, MCLT and pools that do not fit |
//! | `defects` | faults of dhcpd; those it cannot be made to show are in the simulator's tests |
//! | `rates` | how quickly leases are told, beside another dhcpd |
//! | `migration` | an ISC pair replaced in service |

mod clients;
mod defects;
mod leaving;
mod migration;
mod mistakes;
mod outage;
mod rates;
mod recovery;
mod serving;

use crate::Scenario;
use crate::pair::{Pair, Setup};
use std::path::Path;

/// Every scenario.
pub(crate) fn all() -> Vec<Scenario> {
    let mut all = Vec::new();
    serving::add(&mut all);
    clients::add(&mut all);
    outage::add(&mut all);
    recovery::add(&mut all);
    leaving::add(&mut all);
    mistakes::add(&mut all);
    defects::add(&mut all);
    rates::add(&mut all);
    migration::add(&mut all);
    all
}

/// Adds a story for each of failoverd's roles.
fn both_roles(
    all: &mut Vec<Scenario>,
    name: &str,
    change: impl Fn(&mut Setup) + Clone + Send + Sync + 'static,
    story: impl Fn(&mut Pair, &Setup) + Clone + Send + Sync + 'static,
) {
    for we_are_primary in [true, false] {
        let role = if we_are_primary { "primary" } else { "secondary" };
        let (change, story) = (change.clone(), story.clone());
        let run = move |label: &str, directory: &Path| {
            let mut setup = Setup::new(we_are_primary);
            change(&mut setup);
            let mut pair = Pair::new(label, directory, &setup);
            story(&mut pair, &setup);
            assert!(!pair.theirs.has_ended(), "dhcpd has ended by itself");
            pair.check_capture();
        };
        all.push(Scenario { name: format!("{role}::{name}"), long: false, run: Box::new(run) });
    }
}

/// The same, for what takes too long for every run.
fn for_long(
    all: &mut Vec<Scenario>,
    name: &str,
    change: impl Fn(&mut Setup) + Clone + Send + Sync + 'static,
    story: impl Fn(&mut Pair, &Setup) + Clone + Send + Sync + 'static,
) {
    let before = all.len();
    both_roles(all, name, change, story);
    all.iter_mut().skip(before).for_each(|scenario| scenario.long = true);
}
