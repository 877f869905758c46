//! S6: what a partner still keeps for another client is given to nobody; S15: nor is an address of a pool
//! that the servers know to differ. Both when a server gives an address.

use crate::check::Rule;
use crate::{Host, Pair};
use dhcp_failover_lease::{Binding, BindingStatus, Client, LeaseSpan};
use dhcp_failover_proto::{Service, State};

/// What a client would like.
const DAY: LeaseSpan = LeaseSpan::from_s(86_400);
/// Servers in NORMAL have noticed by then that the pools of one have changed.
const COMPARED_AFTER_S: u64 = 60;

impl Pair {
    /// What is wrong with giving this address to this client now.
    pub(crate) fn given_wrongly(
        &self,
        host: Host,
        before: &Binding,
        who: &Client,
    ) -> Option<(Rule, String)> {
        let renews = before.status == BindingStatus::Active && before.is_for(who);
        if renews {
            return None;
        }
        self.still_kept(host, before, who).or_else(|| self.of_differing_pool(host, before))
    }

    /// S6, looked up on the partner's own disk: it may give the address to another client, whom it
    /// knows, unless this server has waited in PARTNER-DOWN for as long as that may matter.
    fn still_kept(&self, host: Host, before: &Binding, who: &Client) -> Option<(Rule, String)> {
        let partner = &self.servers[host.partner().index()];
        let record = partner.disk.record()?;
        let kept = partner.disk.binding(before.address);
        let renews = match &partner.endpoint {
            // Beside one that was alone it renews no further than that one knows (H21).
            Some(endpoint) if endpoint.view().partner_may_be_alone() => {
                let (view, now) = (endpoint.view(), partner.lease_now(self.now));
                let client = kept.client.as_ref();
                client.is_some_and(|it| view.grant(&kept, it, DAY, 50, now).lease_expiry > now)
            }
            Some(endpoint) => endpoint.view().service() != Service::Nobody,
            None => Service::of(record.state) != Service::Nobody && !record.partner_was_alone,
        };
        let kept_by_partner = match kept.status {
            BindingStatus::Active => true,
            status => status.is_transitional() && !kept.knowledge.may_have_ended(),
        };
        let for_another = kept_by_partner && kept.client.is_some() && !kept.is_for(who);
        if !for_another || !renews || partner.incomplete || self.has_waited(host) {
            return None;
        }
        Some((Rule::S6, format!("{host:?} {before:?}: its partner keeps {kept:?}")))
    }

    /// Whether a server is alone by order, and the MCLT has passed since: the one it waits by, for a
    /// longer one of former times counts no more once both have the present one (§7.8.2).
    fn has_waited(&self, host: Host) -> bool {
        let server = &self.servers[host.index()];
        let record = server.disk.record().filter(|record| record.state == State::PartnerDown);
        record.is_some_and(|record| {
            let since_ms = server.true_ms_of_lease(record.state_since);
            self.now >= since_ms + record.mclt.for_waits().as_s() * 1_000
        })
    }

    /// S15: in NORMAL both servers have compared their pools.
    fn of_differing_pool(&self, host: Host, before: &Binding) -> Option<(Rule, String)> {
        let [mine, theirs] = [host, host.partner()].map(|host| {
            let server = &self.servers[host.index()];
            let pool = server.table.pool_of(before.address);
            let settings = (pool == Some(0)).then_some(server.pool_settings);
            (pool.and_then(|pool| server.pools.get(pool)), settings)
        });
        let compared = self.states() == [Some(State::Normal); 2]
            && self.now > self.pools_changed_ms + 1_000 * COMPARED_AFTER_S;
        (compared && mine != theirs).then(|| {
            let text = format!("{host:?} gives {} of {mine:?}, not {theirs:?}", before.address);
            (Rule::S15, text)
        })
    }
}
