//! Relationships and scopes that change while the server runs.
//!
//! What operators changed is one record, [`Live`], beside the file: a change makes a new one, from it
//! the configuration that is to be in force, and then what runs is brought to that. Everything that
//! can be refused is refused first; after that nothing fails. The record is handed to the store before
//! anything that follows from it, so whatever of the change is on disk, the record is.

mod carry_out;
mod plan;

pub(super) use plan::{Plan, had_partner};

use super::{Core, CoreError, load};
use crate::admin::{Problem, codes};
use crate::config::{Config, Former, Live, Related};
use crate::dhcp::gate::Gate;
use crate::dhcp::network::ALONE;
use crate::store::Write;
use dhcp_failover_lease::{
    Allocator, Binding, BindingStatus, Client, HardwareAddress, LeaseInstant, Refusal,
};
use dhcp_failover_proto::BindingTable;
use ipnet::Ipv4Net;

/// How the configuration came to be what is in force.
#[derive(Debug)]
pub(super) struct Settings {
    /// As the file said at the start.
    pub(super) file: Config,
    /// What operators changed.
    pub(super) live: Live,
    /// Both together.
    pub(super) in_force: Config,
}

impl Core {
    /// Brings what runs to the configuration of the file with `live`, and returns the number of the
    /// submission that makes it durable. Scopes that leave a relationship are added to `live.former`.
    ///
    /// # Errors
    /// Everything that is in the way; then nothing was changed.
    pub(super) fn change_to(&mut self, mut live: Live) -> Result<u64, Vec<Problem>> {
        let (config, plan) = self.would_change_to(&mut live)?;
        let networks = self.permitted(&plan)?;
        if let (false, Some(address)) = (plan.added.is_empty(), config.server.failover_listen) {
            self.connections.listen(address).map_err(|error| {
                failed(format!(
                    "cannot listen for partners on {address}: {error}; have that port free, or set \
                     another server.failover_listen"
                ))
            })?;
        }
        let record = live.encode().map_err(failed)?;
        let submission = self.persistence.add_own(Write::Live { record });
        for scope in &config.scopes {
            self.dhcp.set_active(scope.subnet, scope.active);
        }
        self.settings = Settings { file: self.settings.file.clone(), live, in_force: config };
        self.carry_out(plan, &networks);
        Ok(submission)
    }

    /// What [`change_to`](Self::change_to) would bring about, and how.
    pub(super) fn would_change_to(&self, live: &mut Live) -> Result<(Config, Plan), Vec<Problem>> {
        let config = live.apply(&self.settings.file).map_err(failed)?;
        let mut plan = self.plan(&config, live);
        live.related = Some(Related::of(&config));
        self.restart_what_must(&mut plan);
        self.permitted(&plan)?;
        Ok((config, plan))
    }

    /// Scopes that left a relationship so long ago that nothing is left to be waited for are served
    /// like any other.
    pub(super) fn forget_partners(&mut self) -> Result<(), CoreError> {
        let now = self.lease_now();
        let scopes = self.dhcp.networks().scopes().map(|(_, scope)| scope);
        let over: Vec<Ipv4Net> = scopes
            .filter(|scope| {
                let domain = &self.domains[scope.domain];
                let Gate::Former(rules) = domain.gate() else { return false };
                is_over(&domain.table, Allocator { now, ..rules })
            })
            .map(|scope| scope.config.subnet)
            .collect();
        for subnet in over {
            tracing::info!(%subnet, "what the former partner may have leased is over");
            self.settings.live.former.remove(&subnet);
            self.move_scope(subnet, ALONE, None);
            let record = self.settings.live.encode().map_err(load::LoadError::Record)?;
            self.persistence.add_own(Write::Live { record });
        }
        Ok(())
    }
}

/// What is in the way and no state of a relationship.
fn failed(problem: impl ToString) -> Vec<Problem> {
    vec![Problem::of_text(codes::FAILED, &problem.to_string())]
}

/// Whether no address but those of running leases is kept from anybody on a former partner's account.
fn is_over(table: &BindingTable, rules: Allocator) -> bool {
    let nobody = HardwareAddress::new(0, &[]).map(|none| Client::new(None, none));
    let Some(nobody) = nobody else { return false };
    let is_free = |binding: &Binding| match binding.status {
        BindingStatus::Active | BindingStatus::Abandoned => true,
        _ => !matches!(rules.check(binding, &nobody), Err(Refusal::WaitUntil(_))),
    };
    rules.partner_is_over() && table.iter().all(is_free)
}

/// The moment a scope is served like any other, as far as it is known: leases that ended may have to
/// be waited for longer.
pub(super) fn ends_at(former: &Former) -> LeaseInstant {
    former.since + former.mclt
}
