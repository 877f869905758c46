//! Dry runs of partner-down: a bounded piece in each turn, so that clients do not wait for them.

use super::Core;
use crate::admin::{AdminResponse, RiskReport};
use dhcp_failover_lease::LeaseInstant;
use dhcp_failover_proto::PartnerDownRisk;
use tokio::sync::oneshot;

/// One that is under way. There are no more than the admin socket has clients.
pub(super) struct DryRun {
    pub(super) domain: usize,
    risk: PartnerDownRisk,
    answer: oneshot::Sender<AdminResponse>,
}

impl Core {
    pub(super) fn begin_dry_run(
        &mut self,
        name: Option<&str>,
        answer: oneshot::Sender<AdminResponse>,
    ) {
        let begun = self.domain_of(name).and_then(|domain| {
            let endpoint = self.domains[domain].endpoint().ok_or("the relationship is gone")?;
            Ok((domain, endpoint.partner_down_risk()))
        });
        match begun {
            Ok((domain, risk)) => self.dry_runs.push_back(DryRun { domain, risk, answer }),
            // An operator that has gone needs no answer.
            Err(refusal) => drop(answer.send(AdminResponse::Failed(refusal))),
        }
    }

    /// The next piece of the first.
    pub(super) fn go_on_with_dry_runs(&mut self) {
        let Some(mut run) = self.dry_runs.pop_front() else { return };
        let domain = &self.domains[run.domain];
        if run.risk.examine(&domain.table) {
            let report = Box::new(report(&domain.name, &run.risk));
            let _ = run.answer.send(AdminResponse::Risk { report });
        } else if !run.answer.is_closed() {
            self.dry_runs.push_back(run);
        }
    }
}

fn report(relationship: &str, risk: &PartnerDownRisk) -> RiskReport {
    let sum = |of: fn(&dhcp_failover_proto::PoolRisk) -> u32| {
        risk.pools.iter().map(|pool| u64::from(of(pool))).sum()
    };
    let unless_never = |at: LeaseInstant| (!at.is_never()).then(|| at.as_unix_s());
    RiskReport {
        relationship: relationship.to_owned(),
        refused: risk.refused.map(|error| error.to_string()),
        partner_heard_s_ago: risk.heard_s_ago,
        partner_may_have_been_alone: risk.partner_may_have_been_alone,
        own: sum(|pool| pool.own),
        own_usable_at: risk.own_usable_at.as_unix_s(),
        partners: sum(|pool| pool.partners),
        partners_usable_at: risk.partners_usable_at.as_unix_s(),
        waiting: risk.waiting,
        waiting_usable_at: unless_never(risk.waiting_usable_at),
        leases: risk.leases_partner_knows,
        renewals_run_until: unless_never(risk.renewals_run_until),
    }
}
