//! S3: what the partner has on its disk covers every lease a client has.

use crate::Pair;
use crate::check::Rule;
use crate::client::Held;
use dhcp_failover_proto::State;

impl Pair {
    /// S3, for every lease a client has: what the partner of the server that gave it has on its disk,
    /// or its waits, cover it. They must from the moment of the DHCPACK, and whatever happens then.
    pub(crate) fn check_protection(&mut self) {
        let held = self.clients.iter().enumerate().filter_map(|(number, client)| {
            client.held.filter(|held| held.expires_ms > self.now).map(|held| (number, held))
        });
        let found: Vec<_> =
            held.filter_map(|(number, held)| self.unprotected(number, &held)).collect();
        for text in found {
            self.violation(Rule::S3, text);
        }
    }

    fn unprotected(&self, number: usize, held: &Held) -> Option<String> {
        let partner = &self.servers[held.server.partner().index()];
        // What a server of another make knows is its own affair; what it gives, ours must cover.
        let foreign = partner.foreign.is_some();
        if foreign || self.setup.unlimited_in_partner_down || partner.incomplete {
            return None;
        }
        // Its pool was taken away there by an operator, so that nothing is told of it any more; the
        // partner gives it to nobody while the pools differ (S15).
        self.servers[held.server.index()].table.pool_of(held.address)?;
        let binding = partner.disk.binding(held.address);
        let nobodys = binding.client.is_none() && !binding.status.is_available();
        let known = if nobodys || binding.is_for(&self.clients[number].client) {
            partner.true_ms_of_lease(binding.expiries.latest())
        } else {
            0
        };
        // It waits from when it was told to go alone, which may still be to come. One that is down, or
        // starts, has to be told again, and waits anew; so does one whose disk has not heard of it yet.
        let status = self.status(held.server.partner());
        let alone = status.filter(|status| status.state == State::PartnerDown);
        let on_disk = partner.disk.record().filter(|it| !it.partner_returned);
        let waits_from = alone.zip(on_disk).map_or(self.now, |(status, record)| {
            partner.true_ms_of_lease(status.state_since.max(record.state_since))
        });
        // Two whole-second clocks, each up to a second behind the truth, and less than another
        // of drift, here and in the MCLT.
        let drifts = self.setup.clock_drift_ppm[0] != self.setup.clock_drift_ppm[1];
        let slack_ms = if drifts { 4_000 } else { 3_000 };
        let mclt_ms = self.setup.mclt_s * 1_000;
        let protected = known.max(waits_from).saturating_add(mclt_ms + slack_ms);
        (held.expires_ms > protected).then(|| {
            format!(
                "client {number} has {} of {:?} until {}, protected until {protected}: {binding:?}",
                held.address, held.server, held.expires_ms
            )
        })
    }
}
