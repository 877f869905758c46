//! Shows the [reference](crate::reference) what happens at the servers of a pair.

use crate::check::Rule;
use crate::reference::{Alone, Facts, Seen};
use crate::{Host, Pair};
use dhcp_failover_lease::LeaseSpan;
use dhcp_failover_proto::{Command, EndpointConfig, Input, StartupPolicy};

/// What the reference knows of a configuration.
pub(crate) fn facts(config: &EndpointConfig) -> Facts {
    Facts {
        role: config.role,
        mclt_s: config.mclt.as_s(),
        receive_timer_s: config.receive_timer.as_s(),
        startup_s: config.startup.as_s(),
        alone: match config.startup_policy {
            StartupPolicy::Resume => Alone::GoesOn,
            StartupPolicy::PartnerDown => Alone::PartnerDown,
            _ => Alone::Waits,
        },
        safe_period_s: config.safe_period.map(LeaseSpan::as_s),
    }
}

impl Pair {
    /// Something happened at a server.
    pub(crate) fn seen(&mut self, host: Host, seen: Seen<'_>) {
        if let Err(refusal) = self.reference[host.index()].see(self.now, seen) {
            self.violation(Rule::Reference, format!("{host:?}: {refusal}"));
        }
    }

    /// A server starts.
    pub(crate) fn seen_start(&mut self, host: Host) {
        let server = &self.servers[host.index()];
        let (config, record) = (&server.config, server.disk.record());
        let estranged = record.as_ref().is_some_and(|record| {
            record.role != config.role || record.pools_digest != config.pools_digest
        });
        let facts = facts(config);
        self.seen(host, Seen::Configured(facts));
        if estranged {
            self.seen(host, Seen::Estranged);
        }
        self.seen(host, Seen::Started { recorded: record.map(|record| record.state) });
    }

    /// An endpoint is about to handle this.
    pub(crate) fn seen_input(&mut self, host: Host, input: &Input<'_>) {
        if self.servers[host.index()].endpoint.is_none() {
            return;
        }
        match input {
            Input::LinkUp { link, .. } => self.seen(host, Seen::Up { link: link.0 }),
            Input::LinkDown { link } => self.seen(host, Seen::Down { link: link.0 }),
            Input::Command(command) => {
                self.seen(host, Seen::Ordered(*command));
                if matches!(command, Command::PartnerDown | Command::ForcePartnerDown) {
                    self.seen(host.partner(), Seen::CalledDown);
                }
            }
            Input::Configure(config) => self.seen(host, Seen::Configured(facts(config))),
            _ => {}
        }
    }
}
