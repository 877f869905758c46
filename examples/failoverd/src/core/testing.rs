//! A core with all it needs, on a disk in memory.

use super::{Core, CoreError, Inputs, start};
use crate::admin::{AdminServer, AdminSocket};
use crate::config::{Config, Live};
use crate::link::{LinkConfig, Links};
use crate::metrics::Metrics;
use crate::services::Services;
use crate::store::{LeaseStore, MemoryStore, StoreWriter};
use std::net::SocketAddrV4;
use std::path::Path;
use tokio::sync::{mpsc, watch};

/// Where a core under test listens, and where its answers to relay agents go.
pub(super) struct Place<'a> {
    /// For the admin socket and the configuration file.
    pub(super) directory: &'a Path,
    pub(super) listen: SocketAddrV4,
    pub(super) relay_port: u16,
}

impl Place<'_> {
    /// The configuration whose tables after `[server]` are `tables`; it is written to the file too.
    pub(super) fn config(&self, tables: &str) -> Config {
        let Self { directory, listen, relay_port } = self;
        let text = format!(
            "[server]\ndhcp_listen = \"{listen}\"\nrelay_port = {relay_port}\nstore = \"s\"\n\
             failover_listen = \"{}:0\"\nadmin_socket = \"a\"\n{tables}",
            listen.ip()
        );
        let file = directory.join("failoverd.toml");
        std::fs::write(&file, &text).unwrap();
        Config::parse(&file, &text).unwrap()
    }

    /// Starts a core on what the store holds.
    pub(super) fn start(&self, tables: &str, store: &MemoryStore) -> (Core, Inputs) {
        self.try_start(tables, store).unwrap()
    }

    pub(super) fn try_start(
        &self,
        tables: &str,
        store: &MemoryStore,
    ) -> Result<(Core, Inputs), CoreError> {
        let file = self.config(tables);
        let contents = store.clone().load().unwrap();
        let live = contents.live.as_deref().map(Live::decode).transpose().unwrap();
        let live = live.unwrap_or_default();
        let config = live.apply(&file).unwrap();
        let (report, store_events) = mpsc::unbounded_channel();
        let writer = StoreWriter::spawn(Box::new(store.clone()), move |event| {
            let _ = report.send(event);
        });
        let (sender, link_events) = mpsc::channel(1);
        let links = Links::start(LinkConfig::new(None), sender).unwrap();
        let (sender, admin_calls) = mpsc::channel(1);
        let socket = AdminSocket::private(&self.directory.join("a"));
        let services = Services {
            file,
            live,
            config,
            contents,
            store: writer.unwrap(),
            store_events,
            links,
            link_events,
            admin_calls,
            metrics: Metrics::new(),
            stop: watch::channel(false).1,
            admin_server: AdminServer::start(&[socket], &sender, &Metrics::new()).unwrap(),
        };
        start(services, false)
    }
}
