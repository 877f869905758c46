//! A new configuration for a running endpoint.

use super::Endpoint;
use crate::timer::Timer;
use crate::{Bindings, EndpointConfig, State};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use dhcp_failover_lease::{LeaseSpan, Mclt, Role};
use dhcp_failover_wire::RejectReason;

/// Why a running endpoint does not take a configuration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct ConfigurationError {
    /// The field of [`EndpointConfig`] that may not change.
    pub field: &'static str,
    /// Why not, and what to do instead; without a full stop.
    pub because: &'static str,
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot change while the endpoint runs: {}", self.field, self.because)
    }
}

impl core::error::Error for ConfigurationError {}

impl Endpoint {
    /// Whether [`Input::Configure`](crate::Input::Configure) would take this configuration.
    ///
    /// # Errors
    /// Everything that is in the way.
    pub fn permits_configuration(
        &self,
        new: &EndpointConfig,
    ) -> Result<(), Vec<ConfigurationError>> {
        let old = &self.config;
        let fixed = [
            (old.name != new.name, "name", "it names what both servers know; begin a new endpoint"),
            (
                old.role != new.role,
                "role",
                "what was the partner's would be this server's; stop both servers, change both, and \
                 start them",
            ),
            (
                old.partner != new.partner,
                "partner",
                "connections from elsewhere were refused by it; start the server anew",
            ),
            (
                old.pools_digest != new.pools_digest && !self.permits_other_pools(),
                "pools_digest",
                "in this state the servers are not done with the addresses there are; wait for \
                 NORMAL",
            ),
            (
                old.tls != new.tls,
                "tls",
                "the open connection is made the other way; start the server anew",
            ),
            (
                old.dialect != new.dialect,
                "dialect",
                "the partner was spoken to in another way; start the server anew",
            ),
        ];
        let errors: Vec<_> = fixed
            .into_iter()
            .filter(|(changed, ..)| *changed)
            .map(|(_, field, because)| ConfigurationError { field, because })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Whether its state lets an endpoint have other pools while it runs (S15): not while one of the
    /// servers fetches what it does not know of the old ones. In RECOVER-DONE it has: a partner that was
    /// alone may be waiting for a pool to be here, too (H21).
    #[must_use]
    pub const fn permits_other_pools(&self) -> bool {
        matches!(
            self.state,
            State::Normal
                | State::CommunicationsInterrupted
                | State::PartnerDown
                | State::RecoverDone
        )
    }

    /// Takes a configuration that is permitted; any other is left alone.
    ///
    /// What the partner hears of in CONNECT and CONNECTACK only (§7.8) counts from a new connection,
    /// so one is made: if the primary used another split at once, some clients would be answered by
    /// both servers and some by none (S12).
    pub(super) fn configure<B: Bindings>(&mut self, mut new: Box<EndpointConfig>, bindings: &B) {
        if self.permits_configuration(&new).is_err() {
            return;
        }
        new.make_sensible();
        let old = core::mem::replace(&mut self.config, *new);
        let new = &self.config;
        let primary = new.role == Role::Primary;
        let other_pools = old.pools_digest != new.pools_digest;
        let told = other_pools
            || old.receive_timer != new.receive_timer
            || old.max_unacked_bndupd != new.max_unacked_bndupd
            || old.longest_message != new.longest_message
            || old.secret.is_some() != new.secret.is_some()
            || primary && (old.mclt != new.mclt || old.balance != new.balance);
        let safe_period_changed = old.safe_period != new.safe_period;
        if told {
            let why = String::from("this server was configured anew");
            self.disconnect(RejectReason::UNKNOWN_ERROR, why);
        }
        if primary {
            self.adopt_mclt(self.config.mclt);
            self.record.primary_buckets = self.config.balance.primary_buckets().into();
        }
        if other_pools {
            self.pools_changed(bindings);
        }
        // What the partner refused it may take now, if that was what was wrong (H7).
        self.reopen_disputes();
        if safe_period_changed {
            self.restart_safe_period();
        }
        self.epoch = self.epoch.saturating_add(1);
        // Not acted on before it is on disk.
        self.state_ticket = self.persist_record();
    }

    /// Fits the record to the configuration: the primary's values count (§7.8.1).
    pub(super) fn adopt_configuration(&mut self) {
        if self.config.role == Role::Primary {
            self.adopt_mclt(self.config.mclt);
            self.record.primary_buckets = self.config.balance.primary_buckets().into();
        }
        if self.record.role != self.config.role {
            // What was the partner's is ours now, and the other way round: like a server without
            // data it must fetch everything and wait before it serves (S4).
            self.record.role = self.config.role;
            self.record.state = State::Recover;
            self.record.state_since = self.lease_now;
            self.record.storage_lost = true;
        }
    }

    /// Takes on a new MCLT, as fast as leases under the old one allow.
    pub(super) fn adopt_mclt(&mut self, mclt: LeaseSpan) {
        if self.record.ran_failover {
            self.record.mclt.change(mclt);
        } else if self.record.mclt.agreed() != mclt {
            // A server that never served under the old one has no leases to wait for.
            self.record.mclt = Mclt::new(mclt);
        }
    }

    /// Both servers have the MCLT on their disks.
    pub(super) fn mclt_is_agreed(&mut self) {
        self.record.mclt.partner_has_it(self.lease_now);
    }

    pub(super) fn settle_mclt(&mut self) {
        if self.state == State::Normal && self.record.mclt.settle(self.lease_now) {
            self.epoch = self.epoch.saturating_add(1);
            self.persist_record();
        }
    }

    /// The new period begins now, where one counts.
    fn restart_safe_period(&mut self) {
        let alone = self.state == State::PartnerDown && self.record.partner_returned;
        self.timers.stop(Timer::SafePeriod);
        if self.state == State::CommunicationsInterrupted || alone && self.partner.is_none() {
            self.start_safe_period();
        }
    }
}

impl EndpointConfig {
    /// Zero makes no sense in any of these; the least that does is what was meant.
    pub(super) fn make_sensible(&mut self) {
        self.mclt = self.mclt.max(LeaseSpan::from_s(1));
        self.receive_timer = self.receive_timer.max(LeaseSpan::from_s(1));
        self.max_unacked_bndupd = self.max_unacked_bndupd.max(1);
        self.max_batch = self.max_batch.clamp(1, super::MAX_BATCH);
        self.longest_message = self.longest_message.min(super::LONGEST_MESSAGE);
    }
}
