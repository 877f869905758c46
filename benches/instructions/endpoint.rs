//! Two endpoints: updates on their way there and back.

use super::Case;
use dhcp_failover_lease::{LeaseSpan, Role};
use dhcp_failover_proto::EndpointConfig;
use dhcp_failover_sim::{
    Host,
    bulk::{Bulk, table},
};

pub(super) const CASES: &[Case] =
    &[("endpoint/renewal", renewal_case), ("endpoint/batch-1000", batch_case)];

const LEASES: u32 = 1_000;
const DAY: LeaseSpan = LeaseSpan::from_s(86_400);

fn pair() -> Bulk {
    let configs = [Role::Primary, Role::Secondary]
        .map(|role| EndpointConfig::new("bench", role, [192, 0, 2, 1].into()));
    let mut pair = Bulk::new(configs, [table(LEASES, LEASES), table(LEASES, 0)], [None, None]);
    assert!(pair.run_until_quiet(600), "NORMAL");
    pair.run_s(20);
    pair
}

/// One lease renewed, told and acknowledged: records, messages and answers of both servers.
fn renewal_case() -> Box<dyn FnMut()> {
    let mut pair = pair();
    Box::new(move || {
        assert!(pair.renew(Host::A, 500, DAY));
        assert!(pair.run_until_quiet(1));
    })
}

/// A thousand leases renewed without contact, a connection, and all of them told in batches.
fn batch_case() -> Box<dyn FnMut()> {
    let mut pair = pair();
    Box::new(move || {
        pair.cut();
        assert!((0..LEASES).all(|number| pair.renew(Host::A, number, DAY)));
        pair.up = true;
        assert!(pair.run_until_quiet(600));
    })
}
