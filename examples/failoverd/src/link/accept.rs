//! The listener's loop.

use super::{LinkEvent, Shared, UNIDENTIFIED_MAX};
use crate::log_limit::LogLimits;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// The pause after a failed accept, so that a lack of file descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How soon the log tells of lines that were left out when nobody connects any more.
const LOG_PAUSE: Duration = Duration::from_secs(1);

/// Announces and runs every connection that arrives, as long as there is room for it.
pub(super) async fn accept_all(shared: Arc<Shared>, listener: TcpListener) {
    let mut limits = LogLimits::default();
    loop {
        let (stream, peer) = match tokio::time::timeout(LOG_PAUSE, listener.accept()).await {
            Err(_) => {
                limits.settle();
                continue;
            }
            Ok(Ok(accepted)) => accepted,
            Ok(Err(error)) => {
                tracing::warn!("cannot accept a failover connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = shared.unidentified.clone().try_acquire_owned() else {
            if limits.allow("new failover connections closed") {
                tracing::warn!(
                    %peer,
                    "closed a new failover connection: {UNIDENTIFIED_MAX} already wait to be \
                     identified"
                );
            }
            continue;
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            shared.run(stream, |link| LinkEvent::Accepted { link, peer }, Some(place)).await;
        });
    }
}
