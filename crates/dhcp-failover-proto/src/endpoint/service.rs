//! Who may be served now, and by what rules.

use super::Endpoint;
use crate::{Service, ServiceView, State};
use dhcp_failover_lease::{Control, LeaseInstant, LeaseSpan, Mutant, Role};
use dhcp_loadbalance::HashBuckets;

/// In NORMAL the secondary leaves it to the primary for so long to end a lease.
const EXPIRY_GRACE: LeaseSpan = LeaseSpan::from_s(60);

impl Endpoint {
    /// What the packet path may do now.
    #[must_use]
    pub fn view(&self) -> ServiceView {
        let primary: HashBuckets = self.record.primary_buckets.into();
        let durable = self.gate.is_persisted(self.state_ticket);
        ServiceView {
            epoch: self.epoch,
            state: self.state,
            service: match self.state {
                State::PotentialConflict if Mutant::ServeInPotentialConflict.is_on() => {
                    Service::Everybody
                }
                state => Service::of(state),
            },
            role: self.config.role,
            my_buckets: match self.config.role {
                Role::Primary => primary,
                Role::Secondary if Mutant::HashBucketsOffByOne.is_on() => {
                    one_more(primary.complement())
                }
                Role::Secondary => primary.complement(),
            },
            control: self.control(),
            mclt: self.record.mclt,
            unlimited: self.config.unlimited_in_partner_down,
            partner_alone: self.is_beside_one_alone(),
            storage_lost: self.record.storage_lost_at,
            quarantine: self.quarantine,
            // A state that is not on disk yet is not acted in.
            deadline: if Mutant::DeadlineIgnored.is_on() {
                LeaseInstant::NEVER
            } else if durable {
                self.alive_durable
            } else {
                LeaseInstant::ZERO
            },
            expiry_grace: match (self.config.role, self.state) {
                (Role::Secondary, _) if Mutant::ExpiryLeftToPrimary.is_on() => LeaseSpan::INFINITE,
                (Role::Secondary, State::Normal) => EXPIRY_GRACE,
                _ if self.leaves_ends_to_partner() => LeaseSpan::INFINITE,
                _ => LeaseSpan::ZERO,
            },
        }
    }

    /// In RECOVER-DONE the partner has been told, but only when it is heard in another state is it sure
    /// that it has given up the liberties of PARTNER-DOWN (H21). What it was heard in before this
    /// server was started is no measure: it may have been told since that this one was down. Nor does
    /// one that is leaving say what it was.
    pub(super) fn partner_may_be_alone(&self) -> bool {
        let last_heard = self.record.partner_state.filter(|_| self.has_said_state);
        let may_be = [State::PartnerDown, State::Paused, State::Shutdown];
        last_heard.is_none_or(|state| may_be.contains(&state))
    }

    /// Whether this server serves beside a partner that may have given any address away as if it were
    /// alone (H21): in RECOVER-DONE, and when contact was lost before both had compared.
    fn is_beside_one_alone(&self) -> bool {
        match self.state {
            State::RecoverDone => self.partner_may_be_alone() || self.record.partner_was_alone,
            State::ResolutionInterrupted => {
                self.record.partner_was_alone && !Mutant::InterruptedConflictServes.is_on()
            }
            _ => false,
        }
    }

    /// The partner may have given the address of a lapsed lease to somebody else, and an end found here
    /// would look newer than that (S1).
    pub(super) fn leaves_ends_to_partner(&self) -> bool {
        self.state == State::RecoverDone || self.is_beside_one_alone()
    }

    /// Who else may be allocating (§5.4, §9.4.2, H21).
    pub(super) fn control(&self) -> Control {
        match self.state {
            State::PartnerDown if !self.record.partner_returned => {
                let since = match Mutant::McltWaitFromRestart.is_on() {
                    true => self.started_at,
                    false => self.record.state_since,
                };
                match self.record.storage_lost || self.record.partner_was_alone {
                    true => Control::PartnerDownWithoutData { since },
                    false => Control::PartnerDown { since },
                }
            }
            _ => Control::Shared,
        }
    }
}

/// For [`Mutant::HashBucketsOffByOne`]: the next bucket, too.
#[cfg(failover_mutants)]
fn one_more(buckets: HashBuckets) -> HashBuckets {
    let mut bytes = buckets.to_bytes();
    let first = bytes.iter_mut().find(|byte| **byte != 0xff);
    first.into_iter().for_each(|byte| *byte |= 1 << byte.trailing_ones());
    HashBuckets::from_bytes(bytes)
}
#[cfg(not(failover_mutants))]
const fn one_more(buckets: HashBuckets) -> HashBuckets {
    buckets
}
