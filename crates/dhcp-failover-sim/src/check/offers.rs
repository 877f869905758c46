//! L7: an update the partner refused is offered again at a bounded rate.

use dhcp_failover_wire::{BindingStatus, BindingUpdate};
use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;

/// In so long the same may be said again so often on one connection: by timer, and as an answer to what
/// was refused. What follows a change of state, or a request of the partner, begins anew.
const PERIOD_MS: u64 = 25_000;
const MOST: usize = 2;

/// What was refused on one connection, and offered again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offers {
    refused: BTreeMap<Ipv4Addr, (Said, VecDeque<u64>)>,
}

/// What makes an update news.
type Said = (BindingStatus, Option<u32>, Option<u32>, Option<u32>);

fn said(update: &BindingUpdate) -> Said {
    (
        update.status,
        update.start_time_of_state,
        update.client_last_transaction_time,
        update.lease_expiration_time,
    )
}

impl Offers {
    /// The partner has answered.
    pub(crate) fn answered(&mut self, update: &BindingUpdate, accepted: bool) {
        if accepted {
            self.refused.remove(&update.address);
            return;
        }
        let entry = self.refused.entry(update.address).or_insert((said(update), VecDeque::new()));
        if entry.0 != said(update) {
            *entry = (said(update), VecDeque::new());
        }
    }

    /// A state was entered, the partner's too, or it asked for updates: there is hope again.
    pub(crate) fn begin_anew(&mut self) {
        self.refused.values_mut().for_each(|(_, at)| at.clear());
    }

    /// This is said now.
    ///
    /// # Errors
    /// It was refused, and has been said too often since.
    pub(crate) fn offered(&mut self, update: &BindingUpdate, now_ms: u64) -> Result<(), String> {
        let Some((what, at)) = self.refused.get_mut(&update.address) else { return Ok(()) };
        if *what != said(update) {
            return Ok(());
        }
        while at.front().is_some_and(|at| at + PERIOD_MS <= now_ms) {
            at.pop_front();
        }
        at.push_back(now_ms);
        if at.len() > MOST {
            return Err(format!("{} was refused, and offered {} times", update.address, at.len()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l7_what_was_refused_may_be_offered_now_and_then() {
        let address = Ipv4Addr::new(192, 0, 2, 1);
        let update = |since| BindingUpdate {
            start_time_of_state: Some(since),
            ..BindingUpdate::new(address, BindingStatus::ACTIVE)
        };
        let mut offers = Offers::default();
        let said_often = |offers: &mut Offers, step_ms: u64| {
            (0..10_u64).filter(|n| offers.offered(&update(1), n * step_ms).is_err()).count()
        };
        assert_eq!(said_often(&mut offers, 1), 0, "never refused");
        offers.answered(&update(1), false);
        assert_eq!(said_often(&mut offers, 15_000), 0, "now and then");
        offers.answered(&update(2), false);
        assert_eq!(said_often(&mut offers, 1), 0, "other news");
        offers.answered(&update(1), false);
        assert_eq!(said_often(&mut offers, 1), 8);
        offers.begin_anew();
        assert_eq!(said_often(&mut offers, 1), 8, "twice more");
        offers.answered(&update(1), true);
        assert_eq!(said_often(&mut offers, 1), 0, "accepted");
    }
}
