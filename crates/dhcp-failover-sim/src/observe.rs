//! What a test can see of a pair.

use crate::{Host, Ledger, Pair, Violation};
use dhcp_failover_lease::Binding;
use dhcp_failover_proto::{Command, Endpoint, EndpointRecord, Event, Input, State, Status};
use std::net::Ipv4Addr;

impl Pair {
    pub(crate) fn log(&mut self, host: Option<Host>, text: String) {
        self.log.add(self.now, host, text);
    }

    /// Keeps the whole log from now on, or none of it, which is faster.
    pub fn keep_log(&mut self, all: bool) {
        self.log.keep(all);
    }

    /// All of the log that is kept, in columns.
    #[must_use]
    pub fn log_kept(&self) -> String {
        self.log.to_string()
    }

    /// What happened last, in columns: 250 lines, or as many as the environment variable
    /// `DHCP_FAILOVER_SIM_LOG` says.
    #[must_use]
    pub fn log_text(&self) -> String {
        let lines = std::env::var("DHCP_FAILOVER_SIM_LOG").ok().and_then(|n| n.parse().ok());
        self.log.tail(lines.unwrap_or(250)).to_string()
    }

    /// From now on, remembers every message sent, every state entered and every DHCPACK received.
    pub fn record_trace(&mut self) {
        self.trace = Some(Vec::new());
    }

    /// What was remembered so far, with the time: `sends UPDREQ`, `sends STATE NORMAL`,
    /// `enters NORMAL`, `gives client 0 192.0.2.1 for 60 s`. Of a BNDUPD what each update says:
    /// `sends BNDUPD 192.0.2.1 ACTIVE lease t+60 potential t+90`, where t is when the client was
    /// last heard.
    #[must_use]
    pub fn trace(&self) -> &[(u64, Host, String)] {
        self.trace.as_deref().unwrap_or_default()
    }

    /// How the pair was set up.
    #[must_use]
    pub fn setup(&self) -> &crate::Setup {
        &self.setup
    }

    /// True time.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.now
    }

    /// A server's endpoint, if it is running.
    #[must_use]
    pub fn endpoint(&self, host: Host) -> Option<&Endpoint> {
        self.servers[host.index()].endpoint.as_ref()
    }

    /// A server's status, if it is running.
    #[must_use]
    pub fn status(&self, host: Host) -> Option<Status> {
        self.endpoint(host).map(Endpoint::status)
    }

    /// A server's state, if it is running.
    #[must_use]
    pub fn state(&self, host: Host) -> Option<State> {
        let foreign = self.servers[host.index()].foreign_state();
        foreign.or_else(|| self.endpoint(host).map(Endpoint::state))
    }

    /// A server's binding of an address.
    #[must_use]
    pub fn binding(&self, host: Host, address: Ipv4Addr) -> Option<Binding> {
        self.servers[host.index()].binding(address)
    }

    /// A server's bindings.
    #[must_use]
    pub fn table(&self, host: Host) -> &dhcp_failover_proto::BindingTable {
        &self.servers[host.index()].table
    }

    /// What a server's disk holds of its endpoint.
    #[must_use]
    pub fn stored(&self, host: Host) -> Option<EndpointRecord> {
        self.servers[host.index()].disk.record()
    }

    /// How many messages of a kind (`"BNDUPD"`) a server has sent.
    #[must_use]
    pub fn sent(&self, host: Host, kind: &'static str) -> u64 {
        self.monitor.counts.get(&(host, kind)).copied().unwrap_or(0)
    }

    /// How many messages a server has sent.
    #[must_use]
    pub fn sent_by(&self, host: Host) -> u64 {
        let counts = self.monitor.counts.iter();
        counts.filter(|((sender, _), _)| *sender == host).map(|(_, count)| count).sum()
    }

    /// What an endpoint reported, with the time.
    pub fn events_of(&self, host: Host) -> impl Iterator<Item = (u64, &Event)> {
        self.events.iter().filter(move |(_, who, _)| *who == host).map(|(at, _, e)| (*at, e))
    }

    /// Every rule broken so far.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The omniscient record.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Orders something at a server.
    pub fn command(&mut self, host: Host, command: Command) {
        self.log(Some(host), format!("operator: {command:?}"));
        if self.servers[host.index()].foreign.is_some() {
            return self.foreign_ordered(host, &command);
        }
        if matches!(command, Command::Pause | Command::Shutdown) {
            // Its last words wait for its disk, which may stand still, and nothing else is said before
            // them: its partner hears nothing from here (L9).
            self.silence_begins();
        }
        self.feed(host, Input::Command(command));
    }
}
