//! Counters and gauges, and the page that shows them.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use dhcp_failover_proto::{State, Stats};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Received.
    In,
    /// Sent.
    Out,
}

impl Direction {
    fn label(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DhcpMessage {
    direction: &'static str,
    r#type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Status {
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Relationship {
    relationship: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RelationshipState {
    relationship: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailoverMessage {
    relationship: String,
    direction: &'static str,
    r#type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointEvent {
    relationship: String,
    event: &'static str,
}

/// A handle on all metrics of the process; clones share them. Updating one costs a short lock and
/// an atomic operation, and nothing else when nobody reads them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    dhcp_messages: Family<DhcpMessage, Counter>,
    dhcp_dropped: Family<Reason, Counter>,
    leases: Family<Status, Gauge>,
    states: Family<RelationshipState, Gauge>,
    pending: Family<Relationship, Gauge>,
    disputed: Family<Relationship, Gauge>,
    failover_messages: Family<FailoverMessage, Counter>,
    endpoint_events: Family<EndpointEvent, Counter>,
    states_entered: Family<RelationshipState, Counter>,
    commits: Counter,
    writes: Counter,
    commit_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All metrics at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("failoverd");
        let dhcp_messages = Family::default();
        let dhcp_dropped = Family::default();
        let leases = Family::default();
        let states = Family::default();
        let pending = Family::default();
        let disputed = Family::default();
        let failover_messages = Family::default();
        let endpoint_events = Family::default();
        let states_entered = Family::default();
        let (commits, writes) = (Counter::default(), Counter::default());
        // 0.1 ms, a fast disk, to 3.3 s, a failing one.
        let commit_seconds = Histogram::new(exponential_buckets(0.0001, 2.0, 16));
        let r = &mut registry;
        r.register("dhcp_messages", "DHCP messages by direction and type", dhcp_messages.clone());
        r.register("dhcp_dropped", "DHCP messages not answered, by reason", dhcp_dropped.clone());
        r.register("leases", "Addresses by binding status", leases.clone());
        r.register("relationship_state", "1 for the state a relationship is in", states.clone());
        r.register(
            "pending_updates",
            "Addresses the partner has to be told about",
            pending.clone(),
        );
        r.register("disputed_addresses", "Addresses the servers disagree on", disputed.clone());
        let help = "Failover messages by relationship, direction and type";
        r.register("failover_messages", help, failover_messages.clone());
        let help = "What the endpoint of a relationship counts, by event";
        r.register("endpoint_events", help, endpoint_events.clone());
        let help = "How often a relationship entered a state";
        r.register("states_entered", help, states_entered.clone());
        r.register("store_commits", "Commits of the lease store", commits.clone());
        r.register("store_writes", "Records written to the lease store", writes.clone());
        let help = "Time until a commit was durable";
        r.register_with_unit("store_commit", help, Unit::Seconds, commit_seconds.clone());
        Self {
            registry: Arc::new(registry),
            dhcp_messages,
            dhcp_dropped,
            leases,
            states,
            pending,
            disputed,
            failover_messages,
            endpoint_events,
            states_entered,
            commits,
            writes,
            commit_seconds,
        }
    }

    /// Counts a DHCP message of a type such as `DISCOVER`.
    pub fn dhcp_message(&self, direction: Direction, r#type: &'static str) {
        let labels = DhcpMessage { direction: direction.label(), r#type };
        self.dhcp_messages.get_or_create(&labels).inc();
    }

    /// Counts a DHCP message that gets no answer, by a reason such as `not-ours`.
    pub fn dhcp_dropped(&self, reason: &'static str) {
        self.dhcp_dropped.get_or_create(&Reason { reason }).inc();
    }

    /// Sets how many addresses have a binding status such as `ACTIVE`.
    pub fn set_leases(&self, status: &'static str, count: u64) {
        self.leases.get_or_create(&Status { status }).set(saturate(count));
    }

    /// Says which of the draft's states a relationship is in; `left` is the one it was in before.
    pub fn set_state(&self, relationship: &str, left: Option<&'static str>, state: &'static str) {
        let gauge = |state| {
            let labels = RelationshipState { relationship: relationship.to_owned(), state };
            self.states.get_or_create_owned(&labels)
        };
        if let Some(left) = left {
            gauge(left).set(0);
        }
        gauge(state).set(1);
    }

    /// Sets how many addresses a partner has to be told about.
    pub fn set_pending(&self, relationship: &str, count: u64) {
        let labels = Relationship { relationship: relationship.to_owned() };
        self.pending.get_or_create(&labels).set(saturate(count));
    }

    /// Sets how many addresses two partners disagree on.
    pub fn set_disputed(&self, relationship: &str, count: u64) {
        let labels = Relationship { relationship: relationship.to_owned() };
        self.disputed.get_or_create(&labels).set(saturate(count));
    }

    /// Counts a failover message of a type such as `BNDUPD`.
    pub fn failover_message(&self, relationship: &str, way: Direction, r#type: &'static str) {
        let relationship = relationship.to_owned();
        let labels = FailoverMessage { relationship, direction: way.label(), r#type };
        self.failover_messages.get_or_create(&labels).inc();
    }

    /// Takes over what the endpoint of a relationship has counted so far.
    pub fn set_endpoint(&self, relationship: &str, stats: &Stats) {
        let rise = |counter: &Counter, to: u64| {
            counter.inc_by(to.saturating_sub(counter.get()));
        };
        for (event, count) in stats.named() {
            let labels = EndpointEvent { relationship: relationship.to_owned(), event };
            rise(&self.endpoint_events.get_or_create(&labels), count);
        }
        for state in State::ALL {
            let relationship = relationship.to_owned();
            let labels = RelationshipState { relationship, state: state.name() };
            rise(&self.states_entered.get_or_create(&labels), stats.entered(state));
        }
    }

    /// Counts a commit of the store.
    pub fn commit(&self, writes: usize, took: Duration) {
        self.commits.inc();
        self.writes.inc_by(u64::try_from(writes).unwrap_or(u64::MAX));
        self.commit_seconds.observe(took.as_secs_f64());
    }

    /// All metrics in the OpenMetrics text format.
    ///
    /// # Errors
    /// When a metric cannot be written.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Serves the metrics at `/metrics` of `address` until the runtime ends; returns the address
    /// listened on.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn serve(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let named = |error: io::Error| {
            let text = format!("cannot listen on metrics_listen {address}: {error}");
            io::Error::new(error.kind(), text)
        };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(named)?;
        let local = listener.local_addr().map_err(named)?;
        let metrics = self.clone();
        let page = move || std::future::ready(metrics.page());
        let router = Router::new().route("/metrics", get(page));
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!("metrics are no longer served: {error}");
            }
        });
        Ok(local)
    }

    /// The answer to a request for the metrics.
    pub(crate) fn page(&self) -> impl IntoResponse + use<> {
        const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        match self.encode() {
            Ok(text) => (StatusCode::OK, [(header::CONTENT_TYPE, OPEN_METRICS)], text),
            Err(error) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                [(header::CONTENT_TYPE, "text/plain")],
                error.to_string(),
            ),
        }
    }
}

fn saturate(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn what_an_endpoint_counts_is_shown_and_never_counted_twice() {
        use dhcp_failover_lease::{LeaseInstant, Role};
        use dhcp_failover_proto::{
            BindingTable, Command, Endpoint, EndpointConfig, Input, Monotonic, Output,
        };
        let config =
            EndpointConfig::new("lab", Role::Primary, std::net::Ipv4Addr::LOCALHOST.into());
        let now = LeaseInstant::from_unix_s(1_700_000_000);
        let mut endpoint = Endpoint::new(config, None, Monotonic::default(), now);
        let table = BindingTable::new();
        for input in [Input::DialFailed, Input::Command(Command::PartnerDown)] {
            endpoint.handle(Monotonic::default(), input, &table);
            while !matches!(endpoint.poll_output(), Output::Wait(_)) {}
        }
        let metrics = Metrics::new();
        metrics.set_endpoint("lab", endpoint.stats());
        metrics.set_endpoint("lab", endpoint.stats());
        let page = metrics.encode().unwrap();
        for line in [
            "failoverd_endpoint_events_total{relationship=\"lab\",event=\"dials_failed\"} 1",
            "failoverd_endpoint_events_total{relationship=\"lab\",event=\"bndupd_sent\"} 0",
            "failoverd_states_entered_total{relationship=\"lab\",state=\"PARTNER-DOWN\"} 1",
        ] {
            assert!(page.contains(line), "{line} is not in {page}");
        }
    }

    #[tokio::test]
    async fn the_page_shows_what_was_counted() {
        let metrics = Metrics::new();
        metrics.dhcp_message(Direction::In, "DISCOVER");
        metrics.dhcp_dropped("malformed");
        metrics.set_leases("ACTIVE", 12);
        metrics.set_state("lab", None, "STARTUP");
        metrics.set_state("lab", Some("STARTUP"), "NORMAL");
        metrics.set_pending("lab", 3);
        metrics.set_disputed("lab", 1);
        metrics.failover_message("lab", Direction::Out, "BNDUPD");
        metrics.commit(32, Duration::from_millis(1));
        let address = metrics.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).await.unwrap();
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        for line in [
            "failoverd_dhcp_messages_total{direction=\"in\",type=\"DISCOVER\"} 1",
            "failoverd_dhcp_dropped_total{reason=\"malformed\"} 1",
            "failoverd_leases{status=\"ACTIVE\"} 12",
            "failoverd_relationship_state{relationship=\"lab\",state=\"STARTUP\"} 0",
            "failoverd_relationship_state{relationship=\"lab\",state=\"NORMAL\"} 1",
            "failoverd_pending_updates{relationship=\"lab\"} 3",
            "failoverd_disputed_addresses{relationship=\"lab\"} 1",
            "failoverd_store_commits_total 1",
            "failoverd_store_writes_total 32",
            "failoverd_store_commit_seconds_count 1",
        ] {
            assert!(page.contains(line), "{line} is not in {page}");
        }
    }
}
