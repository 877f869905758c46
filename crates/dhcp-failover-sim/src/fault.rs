//! What a test can do to a pair.

use crate::disk::{Disk, DiskFailure};
use crate::reference::Seen;
use crate::{Host, Mutation, Pair, Survives};
use dhcp_failover_proto::{Bindings, EndpointConfig, PoolDigest};
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

/// An old copy of a disk.
#[derive(Clone, Debug)]
pub struct DiskCopy(Disk);

impl DiskCopy {
    /// The number of the last connection on it.
    pub(crate) fn connection(&self) -> u32 {
        self.0.record().map_or(0, |record| record.connection)
    }
}

impl Pair {
    /// Starts a server from what its disk holds; its machine too, if that lost power.
    pub fn start(&mut self, host: Host) {
        self.start_as(host, false);
    }

    /// Starts a server by an operator who has the wall clock taken over.
    pub fn start_trusting_the_wall_clock(&mut self, host: Host) {
        self.start_as(host, true);
    }

    fn start_as(&mut self, host: Host, trust_wall: bool) {
        self.log(Some(host), "starts".to_owned());
        self.network.up[host.index()] = true;
        self.network.frozen[host.index()] = false;
        self.silence_begins();
        if self.servers[host.index()].foreign.is_some() {
            return self.foreign_starts(host);
        }
        let before = self.servers[host.index()].lease_now(self.now);
        self.servers[host.index()].boot(self.now, trust_wall);
        self.note_clock(host, before);
        self.seen_start(host);
        self.note_states();
    }

    /// Starts both servers.
    pub fn start_both(&mut self) {
        self.start(Host::A);
        self.start(Host::B);
    }

    /// Changes a server's configuration; it takes effect when the server starts next.
    pub fn reconfigure(&mut self, host: Host, change: impl FnOnce(&mut EndpointConfig)) {
        self.log(Some(host), "is configured anew".to_owned());
        change(&mut self.servers[host.index()].config);
    }

    /// Changes what a server is told of its pool, such as its reservations, while it runs or not.
    pub fn set_pool_settings(&mut self, host: Host, settings: PoolDigest) {
        self.log(Some(host), format!("has other pools: {settings:?}"));
        self.pools_changed_ms = self.now;
        let server = &mut self.servers[host.index()];
        server.pool_settings = settings;
        if self.setup.mutation != Mutation::HidePools {
            server.table.set_pool_settings(0, settings);
        }
    }

    /// Gives a server one more pool, with what its disk holds of it; a running server takes it at
    /// once.
    pub fn add_pool(&mut self, host: Host, pool: RangeInclusive<Ipv4Addr>) {
        self.log(Some(host), format!("gets the pool {pool:?}"));
        self.addresses.extend((pool.start().to_bits()..=pool.end().to_bits()).map(Ipv4Addr::from));
        let server = &mut self.servers[host.index()];
        server.pools.push(pool.clone());
        let _ = server.table.add_pool([pool]);
        for binding in server.disk.bindings.values() {
            if server.table.pool_of(binding.address) == server.pools.len().checked_sub(1) {
                server.table.apply(binding.clone());
            }
        }
        self.pools_changed(host);
    }

    /// Takes a pool from a server; a running server gives it up at once. Its disk forgets nothing.
    pub fn remove_pool(&mut self, host: Host, number: usize) {
        self.log(Some(host), format!("loses pool {number}"));
        let server = &mut self.servers[host.index()];
        server.pools.remove(number);
        server.table.remove_pool(number);
        self.pools_changed(host);
    }

    fn pools_changed(&mut self, host: Host) {
        self.pools_changed_ms = self.now;
        let table = &self.servers[host.index()].table;
        let digests = (0..table.pool_count()).filter_map(|pool| table.pool_digest(pool));
        let all = digests.fold(PoolDigest::new(), PoolDigest::plus).as_u64();
        if self.is_up(host) {
            self.configure(host, |config| config.pools_digest = all);
        } else {
            self.reconfigure(host, |config| config.pools_digest = all);
        }
    }

    /// Changes a server's configuration; a running server takes it at once.
    pub fn configure(&mut self, host: Host, change: impl FnOnce(&mut EndpointConfig)) {
        self.reconfigure(host, change);
        let config = Box::new(self.servers[host.index()].config.clone());
        self.monitor.configured(host);
        self.feed(host, dhcp_failover_proto::Input::Configure(config));
    }

    /// Kills a server's process; its connections are reset.
    pub fn crash(&mut self, host: Host, survives: Survives) {
        self.stop(host, survives, false);
    }

    /// Cuts a server's power: nobody tells the partner.
    pub fn power_off(&mut self, host: Host) {
        self.stop(host, Survives::SomePrefix, true);
    }

    fn stop(&mut self, host: Host, survives: Survives, silently: bool) {
        if !self.is_up(host) {
            return;
        }
        let how = if silently { "loses power" } else { "crashes" };
        self.log(Some(host), format!("{how}, {survives:?} survives"));
        if self.servers[host.index()].foreign.is_some() {
            return self.foreign_stops(host, survives, silently);
        }
        self.seen(host, Seen::Stopped);
        self.servers[host.index()].down(silently);
        self.servers[host.index()].disk.crash(survives, &mut self.rng);
        self.note_forgotten(host);
        self.network.kill(host, silently, self.now);
        self.kept.touch_all();
        self.silence_begins();
        self.grants.retain(|(server, _), _| *server != host);
        self.note_states();
    }

    /// Destroys the disk of a server that is down.
    pub fn lose_disk(&mut self, host: Host) {
        self.log(Some(host), "loses its disk".to_owned());
        self.note_lost(host);
        if let Some(foreign) = &mut self.servers[host.index()].foreign {
            foreign.lose_disk();
        }
        self.servers[host.index()].disk.lose();
        self.monitor.forward.forget(host);
        self.seen(host, Seen::StorageLost);
        self.servers[host.index()].incomplete = true;
    }

    /// What is on a server's disk now, for [`restore_disk`](Self::restore_disk).
    #[must_use]
    pub fn copy_disk(&self, host: Host) -> DiskCopy {
        DiskCopy(self.servers[host.index()].disk.clone())
    }

    /// The number that the last connection had for a server, as it told its partner, which has it on disk.
    pub(crate) fn last_connection_told(&self, host: Host) -> u32 {
        let partners = self.servers[host.partner().index()].disk.record();
        partners.map_or(0, |record| record.partner_connection)
    }

    /// Puts an old copy in the place of the disk of a server that is down.
    pub fn restore_disk(&mut self, host: Host, copy: DiskCopy) {
        self.log(Some(host), "gets an old copy of its disk".to_owned());
        self.note_lost(host);
        self.servers[host.index()].disk.restore(copy.0);
        self.monitor.forward.forget(host);
        self.seen(host, Seen::StorageReplaced);
        self.servers[host.index()].incomplete = true;
    }

    /// Takes the record of the relationship from the disk of a server that is down, and leaves the
    /// bindings: as when the relationship was given another name.
    pub fn forget_endpoint(&mut self, host: Host) {
        self.log(Some(host), "has bindings of another relationship".to_owned());
        self.servers[host.index()].disk.forget_record();
        self.seen(host, Seen::NewRelationship);
    }

    /// Whether a server runs.
    #[must_use]
    pub fn is_up(&self, host: Host) -> bool {
        let server = &self.servers[host.index()];
        server.endpoint.is_some() || server.foreign_is_up()
    }

    /// Whether a server's data were lost and have not all come back.
    #[must_use]
    pub fn is_incomplete(&self, host: Host) -> bool {
        self.servers[host.index()].incomplete
    }

    /// Stops a server's process without ending it, as SIGSTOP does.
    pub fn freeze(&mut self, host: Host) {
        self.log(Some(host), "freezes".to_owned());
        self.silence_begins();
        self.servers[host.index()].disk.steady_since_ms = u64::MAX;
        self.network.frozen[host.index()] = true;
    }

    /// Lets it go on.
    pub fn thaw(&mut self, host: Host) {
        self.log(Some(host), "thaws".to_owned());
        self.silence_begins();
        self.servers[host.index()].disk.steady_from(self.now);
        self.network.frozen[host.index()] = false;
        self.seen(host, Seen::Resumed);
    }

    /// Breaks every connection, with a reset at both ends; what was under way is lost.
    pub fn cut(&mut self) {
        self.log(None, "connections cut".to_owned());
        let now = self.now;
        self.network.reset(now);
    }

    /// Lets nothing through from this server to the other, or again.
    pub fn block(&mut self, from: Host, blocked: bool) {
        self.log(Some(from), format!("network to partner blocked: {blocked}"));
        if self.network.blocked[from.index()] != blocked {
            self.network.blocked[from.index()] = blocked;
            self.silence_begins();
        }
    }

    /// Lets nothing through in either direction, or again.
    pub fn partition(&mut self, blocked: bool) {
        self.block(Host::A, blocked);
        self.block(Host::B, blocked);
    }

    /// One way through the network takes this long from now on.
    pub fn set_net_delay_ms(&mut self, ms: u64) {
        self.network.delay_ms = ms;
    }

    /// A sync takes this long from now on.
    pub fn set_disk_delay_ms(&mut self, host: Host, ms: u64) {
        let disk = &mut self.servers[host.index()].disk;
        disk.steady_from(self.now);
        disk.delay_ms = ms;
    }

    /// The disk does not answer, or answers again.
    pub fn stall_disk(&mut self, host: Host, stalled: bool) {
        self.log(Some(host), format!("disk stalled: {stalled}"));
        let disk = &mut self.servers[host.index()].disk;
        if disk.stalled != stalled {
            disk.steady_from(self.now);
        }
        disk.stalled = stalled;
    }

    /// A server's disk fails at the next sync, which the process does not survive, or works again.
    pub fn fail_disk(&mut self, host: Host, failure: Option<DiskFailure>) {
        self.log(Some(host), format!("disk failure: {failure:?}"));
        self.servers[host.index()].disk.failure = failure;
    }

    /// Breaks every connection when so many more bytes of this server have been sent; those arrive.
    pub fn reset_after_bytes(&mut self, from: Host, bytes: usize) {
        self.network.reset_after = Some((from, bytes));
    }

    /// Takes every connection away from one server, which notices; the other one does not before it
    /// sends something.
    pub fn half_open(&mut self, host: Host) {
        self.log(Some(host), "its connections are gone".to_owned());
        let now = self.now;
        self.network.lose_at(host, now);
        self.silence_begins();
    }

    /// So many bytes are read at once at most, or as many as there are.
    pub fn set_longest_read(&mut self, bytes: Option<usize>) {
        self.network.longest_read = bytes;
    }

    /// Crashes a server after so many more of its outputs.
    pub fn crash_after_outputs(&mut self, host: Host, outputs: u32, survives: Survives) {
        self.crash_after = Some((host, outputs, survives));
    }

    /// Cuts the connections when so many more messages have been sent; the last is lost with them.
    pub fn cut_after_messages(&mut self, messages: u32) {
        self.cut_after = Some(messages);
    }

    /// Whether a planned crash or cut has not come yet.
    #[must_use]
    pub fn is_fault_pending(&self) -> bool {
        self.crash_after.is_some() || self.cut_after.is_some()
    }

    /// Which servers hear a client.
    pub fn set_reach(&mut self, client: usize, host: Host, reaches: bool) {
        self.clients[client].reaches[host.index()] = reaches;
    }

    /// Opens a connection that the endpoint at `by` knows nothing of.
    pub fn stray_connection(&mut self, by: Host) -> Option<u64> {
        self.network.connect(by, self.now)
    }

    /// The connection opened last, if it is still there.
    #[must_use]
    pub fn last_connection(&self) -> Option<u64> {
        self.network.last()
    }

    /// Sends bytes as if `from` had, on a connection.
    pub fn inject(&mut self, from: Host, link: u64, bytes: &[u8]) {
        self.network.send(from, link, bytes, self.now);
    }

    /// Whether this host has not closed its end of a connection.
    #[must_use]
    pub fn is_open(&self, host: Host, link: u64) -> bool {
        self.network.is_open(host, link)
    }

    /// Takes every fault away and starts what is down.
    pub fn heal(&mut self) {
        self.log(None, "heals".to_owned());
        self.crash_after = None;
        self.cut_after = None;
        self.network.reset_after = None;
        self.network.longest_read = None;
        for host in Host::BOTH {
            self.block(host, false);
            self.thaw(host);
            self.stall_disk(host, false);
            self.servers[host.index()].disk.failure = None;
            self.set_disk_delay_ms(host, self.setup.disk_delay_ms);
            if !self.is_up(host) {
                self.start(host);
            }
        }
        self.set_net_delay_ms(self.setup.net_delay_ms);
        for client in &mut self.clients {
            client.reaches = [true; 2];
        }
    }
}
