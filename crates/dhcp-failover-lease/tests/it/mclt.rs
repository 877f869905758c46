//! Changing the maximum client lead time under running leases.

use crate::support::{NOW, span};
use dhcp_failover_lease::*;

#[test]
fn a_longer_one_is_granted_only_when_the_partner_waits_for_it() {
    let mut mclt = Mclt::new(span(60));
    mclt.change(span(3_600));
    assert_eq!(
        (mclt.agreed(), mclt.for_grants(), mclt.for_waits()),
        (span(3_600), span(60), span(3_600))
    );
    assert_eq!(mclt.settles_at(), LeaseInstant::NEVER);
    mclt.partner_has_it(NOW);
    assert_eq!((mclt.for_grants(), mclt.for_waits()), (span(3_600), span(3_600)));
    assert!(!mclt.settle(NOW + span(9_999)), "nothing is left to settle");
}

#[test]
fn a_shorter_one_is_granted_at_once_and_waited_for_last() {
    let mut mclt = Mclt::new(span(3_600));
    mclt.change(span(60));
    assert_eq!((mclt.for_grants(), mclt.for_waits()), (span(60), span(3_600)));
    assert!(!mclt.settle(LeaseInstant::from_unix_s(u64::MAX - 1)), "the partner may not know");
    mclt.partner_has_it(NOW);
    mclt.partner_has_it(NOW + span(50)); // meeting again puts nothing off
    assert_eq!(mclt.settles_at(), NOW + span(3_600));
    assert!(!mclt.settle(NOW + span(3_599)));
    assert_eq!(mclt.for_waits(), span(3_600));
    assert!(mclt.settle(NOW + span(3_600)));
    assert_eq!(mclt.for_waits(), span(60));
    assert!(!mclt.settle(NOW + span(3_600)));
}

#[test]
fn the_value_there_is_changes_nothing() {
    let mut mclt = Mclt::new(span(60));
    mclt.partner_has_it(NOW);
    let before = mclt;
    mclt.change(span(60));
    assert_eq!(mclt, before);
    assert_eq!(mclt.rebased(|at| at + span(5)).settles_at(), NOW + span(65));
}

/// S3, exhaustively: two servers, every sequence of six changes, meetings and settlings of small
/// values. What one grants never exceeds what the other waits, for leases of now and of before.
#[test]
fn s3_enumerated_grants_never_exceed_the_partners_waits() {
    const VALUES: [u64; 3] = [1, 2, 3];
    // 0..3 the primary's operator sets a value, 3 the secondary hears of it, 4 both are in NORMAL,
    // 5 and 6 time passes at one of them while they are.
    let mut sequences = 0u32;
    for number in 0..7u32.pow(6) {
        let mut servers = [Mclt::new(span(2)), Mclt::new(span(2))];
        let mut now = NOW;
        // The longest lead of a lease that still runs and may not have been told, with its end.
        let mut granted: Vec<(usize, u64, LeaseInstant)> = Vec::new();
        for step in 0..6 {
            let action = number / 7u32.pow(step) % 7;
            let in_step = servers[0].agreed() == servers[1].agreed();
            match action {
                0..3 => servers[0].change(span(VALUES[action as usize])),
                3 => {
                    let value = servers[0].agreed();
                    servers[1].change(value);
                }
                4 if in_step => servers.iter_mut().for_each(|it| it.partner_has_it(now)),
                5 | 6 if in_step => {
                    now = now + span(3);
                    servers[action as usize - 5].settle(now);
                }
                _ => {}
            }
            granted.retain(|(_, _, end)| *end > now);
            for giver in [0, 1] {
                let lead = servers[giver].for_grants().as_s();
                granted.push((giver, lead, now + span(lead)));
            }
            for (giver, lead, _) in &granted {
                let waits = servers[1 - giver].for_waits().as_s();
                assert!(*lead <= waits, "{number} at step {step}: {lead} > {waits}, {servers:?}");
            }
        }
        sequences += 1;
    }
    assert_eq!(sequences, 117_649);
}
