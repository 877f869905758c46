//! Counters and gauges, and the page that shows them.

mod relationships;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use relationships::Relationships;
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

/// A handle on all metrics of the process; clones share them. Updating one costs a short lock and
/// an atomic operation, and nothing else when nobody reads them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    dhcp_messages: Family<DhcpMessage, Counter>,
    dhcp_dropped: Family<Reason, Counter>,
    leases: Family<Status, Gauge>,
    relationships: Relationships,
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
        let relationships = Relationships::default();
        let (commits, writes) = (Counter::default(), Counter::default());
        // 0.1 ms, a fast disk, to 3.3 s, a failing one.
        let commit_seconds = Histogram::new(exponential_buckets(0.0001, 2.0, 16));
        let r = &mut registry;
        r.register("dhcp_messages", "DHCP messages by direction and type", dhcp_messages.clone());
        r.register("dhcp_dropped", "DHCP messages not answered, by reason", dhcp_dropped.clone());
        r.register("leases", "Addresses by binding status", leases.clone());
        relationships.register(r);
        r.register("store_commits", "Commits of the lease store", commits.clone());
        r.register("store_writes", "Records written to the lease store", writes.clone());
        let help = "Time until a commit was durable";
        r.register_with_unit("store_commit", help, Unit::Seconds, commit_seconds.clone());
        Self {
            registry: Arc::new(registry),
            dhcp_messages,
            dhcp_dropped,
            leases,
            relationships,
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

    #[tokio::test]
    async fn the_page_shows_what_was_counted() {
        let metrics = Metrics::new();
        metrics.dhcp_message(Direction::In, "DISCOVER");
        metrics.dhcp_dropped("malformed");
        metrics.set_leases("ACTIVE", 12);
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
            "failoverd_store_commits_total 1",
            "failoverd_store_writes_total 32",
            "failoverd_store_commit_seconds_count 1",
        ] {
            assert!(page.contains(line), "{line} is not in {page}");
        }
    }
}
