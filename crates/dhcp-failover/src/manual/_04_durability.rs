//! What must be on disk before what leaves, and what to do when a write fails.
//!
//! # The rule
//!
//! *Durable before visible*: whatever promises something leaves only after the record that backs it
//! is on stable storage. The endpoint sees to that itself. The driver's part is to tell the truth in
//! [`Input::Persisted`](crate::proto::Input::Persisted).
//!
//! | before this leaves | this is durable | because otherwise |
//! |---|---|---|
//! | a DHCPACK (`Confirm`) | the binding: client, end of the lease, the potential expiry about to be told | a crash forgets a lease that a client uses |
//! | BNDUPD | the binding as told, and the mark that the partner may know it | after a crash two servers take one address for their own |
//! | BNDACK that accepts | the binding taken from the partner | the partner counts on what a crash has undone |
//! | STATE, and service in that state | the state and when it began | after a crash the server resumes from a state the partner has left behind |
//! | CONNECTACK | MCLT, hash buckets, time of the CONNECT | a server alone would count with another MCLT than its leases were given with |
//! | the first BNDUPD that answers UPDREQALL | the new instance of the relationship | a crash in the middle would leave the rest untold |
//! | an answer to a client at time T | a stamp "alive until" T or later | a restarted server could not tell until when it may have served |
//!
//! DISCONNECT waits like the others, and is dropped if the connection ends first; CONTACT promises
//! nothing and waits for nothing.
//!
//! Everything that is held waits for *all* records made before it. So the store may do what stores
//! are good at: write many records, sync once, report the last ticket.
//!
//! ```
//! use dhcp_failover::lease::{BindingFlags, Client, HardwareAddress, LeaseInstant, LeaseSpan, Role};
//! use dhcp_failover::proto::*;
//!
//! let mut table = BindingTable::new();
//! table.add_pool(["192.0.2.10".parse()?..="192.0.2.19".parse()?])?;
//! let partner = [198, 51, 100, 2].into();
//! let mclt = LeaseSpan::from_s(1);
//! let config = EndpointConfig { mclt, ..EndpointConfig::new("east-west", Role::Primary, partner) };
//! let (now, wall) = (Monotonic::from_ms(0), LeaseInstant::from_unix_s(1_700_000_000));
//! let mut endpoint = Endpoint::new(config, None, now, wall);
//! /// Applies what is to be persisted; the last ticket, and the tokens confirmed.
//! fn drain(endpoint: &mut Endpoint, table: &mut BindingTable) -> (Option<Ticket>, Vec<Token>) {
//!     let (mut last, mut confirmed) = (None, Vec::new());
//!     loop {
//!         match endpoint.poll_output() {
//!             Output::Wait(_) => return (last, confirmed),
//!             Output::Confirm { token } => confirmed.push(token),
//!             Output::Persist { ticket, record } => {
//!                 last = Some(ticket);
//!                 if let Record::Binding(binding) = record {
//!                     table.apply(*binding);
//!                 }
//!             }
//!             _ => {}
//!         }
//!     }
//! }
//!
//! // The state is not acted in before it is durable.
//! endpoint.handle(now, Input::Command(Command::PartnerDown), &table);
//! let (written, _) = drain(&mut endpoint, &mut table);
//! assert!(endpoint.view().deadline() < endpoint.lease_now());
//! endpoint.handle(now, Input::Persisted(written.unwrap()), &table);
//! drain(&mut endpoint, &mut table);
//! assert!(endpoint.view().deadline() >= endpoint.lease_now());
//!
//! // A server that began without data waits the MCLT before it gives addresses out.
//! let now = Monotonic::from_ms(4_000);
//! endpoint.handle(now, Input::Tick, &table);
//! let view = endpoint.view();
//!
//! // A DHCPACK does not leave before its lease is durable either.
//! let client = Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]).unwrap());
//! let binding = table.get("192.0.2.10".parse()?).unwrap();
//! let grant = view.grant(&binding, &client, LeaseSpan::from_s(600), 50, endpoint.lease_now());
//! let event = LeaseEvent::Granted {
//!     token: Token(1),
//!     address: binding.address,
//!     client,
//!     grant,
//!     version: binding.version,
//!     epoch: view.epoch(),
//!     flags: BindingFlags::default(),
//!     request_options: Vec::new(),
//! };
//! endpoint.handle(now, Input::Lease(event), &table);
//! let (written, confirmed) = drain(&mut endpoint, &mut table);
//! assert_eq!(confirmed, []);
//! endpoint.handle(now, Input::Persisted(written.unwrap()), &table);
//! assert_eq!(drain(&mut endpoint, &mut table).1, [Token(1)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a store must do
//!
//! * **Order.** After a crash the disk holds the records up to some ticket and none after it. What
//!   was reported is in that part. A transaction for each group gives exactly this.
//! * **Newest wins.** A binding replaces the record of its address, an endpoint record the one
//!   before: keep one of each, or a log of them.
//! * **All fields.** With the feature `serde` the records can be serialized; give the format a
//!   version from the first day on.
//! * **Sync means sync.** A write that the operating system has taken is not durable. Nor is one on
//!   a disk that lies about its cache.
//!
//! At the start, apply every stored binding to the table and hand the newest
//! [`EndpointRecord`](crate::proto::EndpointRecord) to
//! [`Endpoint::new`](crate::proto::Endpoint::new). Without a record the endpoint takes the disk for
//! lost, fetches everything from the partner and waits the MCLT. That is also the way back from a
//! **restored backup**: the leases in it are old, and no server can see that by itself. Start with an
//! empty store instead, and let the partner fill it. If you forget, a partner of this implementation
//! that has met the server after the backup, or has heard it serve long after it, says so when they
//! meet ([`Event::OldStore`](crate::proto::Event::OldStore)), and the same happens.
//!
//! # When a write fails
//!
//! Stop serving, and end the process with an error an operator sees. There is no input for "that
//! failed", on purpose:
//!
//! * **Do not report the ticket.** Nothing that depends on it will leave then.
//! * **Do not try again in silence.** After a failed sync nobody knows which pages are on the disk,
//!   and the next one may succeed without them.
//! * **Do not go on without the store.** Clients go to the partner, which is what it is there for.
//!
//! If the driver fails to notice, the endpoint stops by itself: a server that serves renews its
//! "alive until" stamp every 2 seconds, 5 seconds ahead. When the stamp does not come back from the
//! disk, [`decide`](crate::proto::ServiceView::decide) answers
//! [`NotAlive`](crate::proto::Ignored::NotAlive). For the same reason a process that was stopped for
//! a while ends no leases and gives none before its next write is through.
//!
//! A disk that is only slow costs no lease and breaks no promise: answers wait.
