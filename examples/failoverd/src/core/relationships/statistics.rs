//! How many addresses of a scope in failover are free and in use, here and at the partner.

use super::Core;
use crate::admin::{AdminResponse, Refusal};
use crate::dhcp::network::Scope;
use dhcp_failover_lease::{Binding, Client};
use dhcp_failover_proto::{BindingTable, Bindings, ServiceView};
use dhcp_failover_relationship::cmdlet::ScopeStatistics;
use dhcp_failover_relationship::{AddressCounts, Errors};
use std::net::Ipv4Addr;

impl Core {
    pub(in crate::core) fn scope_statistics(
        &self,
        wanted: &[Ipv4Addr],
    ) -> Result<AdminResponse, Refusal> {
        let registry = self.registry()?;
        let all = || registry.iter().flat_map(|it| it.scopes().iter().copied());
        let wanted: Vec<Ipv4Addr> =
            if wanted.is_empty() { all().collect() } else { wanted.to_vec() };
        let mut rows = Vec::new();
        let mut errors = Vec::new();
        for scope_id in wanted {
            match registry.statistics(scope_id, |_| self.counts(scope_id)) {
                Ok(statistics) => rows.push(ScopeStatistics { scope_id, statistics }),
                Err(error) => errors.push(error),
            }
        }
        Errors::check(errors)?;
        Ok(AdminResponse::Statistics { rows })
    }

    fn counts(&self, scope_id: Ipv4Addr) -> AddressCounts {
        let scope = self.subnet(scope_id).and_then(|subnet| self.dhcp.networks().scope(subnet));
        let Some(scope) = scope else { return AddressCounts::default() };
        let domain = &self.domains[scope.domain];
        let Some(endpoint) = domain.endpoint() else { return AddressCounts::default() };
        count(scope, &domain.table, &endpoint.view())
    }
}

/// An address in use counts for the server whose client has it, by the hash of RFC 3074 or the role:
/// neither server keeps on record which of them gave the lease.
fn count(scope: &Scope, table: &BindingTable, view: &ServiceView) -> AddressCounts {
    let own = view.role().own_available();
    let partners = view.role().partner().own_available();
    let pools = scope.pool..scope.pool + scope.pools().len();
    let free =
        |status| pools.clone().map(|pool| table.available_count(pool, status)).sum::<usize>();
    let subnet = scope.config.subnet;
    let before = subnet.network().to_bits().checked_sub(1).map(Ipv4Addr::from_bits);
    let there = table.used_after(before).take_while(|it| subnet.contains(&it.address));
    let (mut this, mut partner) = (0u32, 0u32);
    for binding in there.filter(|binding| !binding.status.is_available()) {
        match is_ours(binding, view) {
            true => this += 1,
            false => partner += 1,
        }
    }
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    AddressCounts {
        this_free: number(free(own)),
        this_in_use: this,
        partner_free: number(free(partners)),
        partner_in_use: partner,
    }
}

fn is_ours(binding: &Binding, view: &ServiceView) -> bool {
    binding.client.as_ref().is_none_or(|client: &Client| view.is_own_client(client.balance_key()))
}
