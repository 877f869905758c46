//! How a server drives an endpoint.
//!
//! An [`Endpoint`](crate::proto::Endpoint) does nothing by itself. The server around it, here called
//! the driver, tells it what happened and carries out what it answers.
//!
//! # The loop
//!
//! 1. Tell it one thing with [`handle`](crate::proto::Endpoint::handle).
//! 2. Call [`poll_output`](crate::proto::Endpoint::poll_output) until it answers
//!    [`Output::Wait`](crate::proto::Output::Wait), and carry the outputs out **in that order**.
//! 3. Take a fresh [`view`](crate::proto::Endpoint::view) for the packet path.
//! 4. Wait for the next thing to happen, or until the moment `Wait` named: then it is
//!    [`Input::Tick`](crate::proto::Input::Tick). Too many ticks do no harm. `Wait` with a moment
//!    that has come means that work is left over: do what else is waiting, then tick. The first call
//!    after [`new`](crate::proto::Endpoint::new) is a tick as well.
//!
//! | output | what to do |
//! |---|---|
//! | `Persist` | put a binding into the table **now**, the record into the store's queue; report the ticket when it is durable |
//! | `Transmit` | queue the bytes on that connection; if it is gone, forget them |
//! | `Dial` | connect to the partner, unless that is under way; answer `LinkUp` or `DialFailed` |
//! | `Close` | deliver what was queued on that connection, close it; no `LinkDown` is needed |
//! | `Confirm` | the DHCPACK of that token may leave |
//! | `Refuse` | it may not, and nothing happened; decide anew or let the client ask again |
//! | `Event` | log it; page somebody if its [`severity`](crate::proto::Event::severity) is an alarm |
//! | `Wait` | nothing more for now |
//!
//! The whole of it, with a network and disks that are lists:
//!
//! ```
//! use dhcp_failover::lease::{LeaseInstant, Role};
//! use dhcp_failover::proto::{
//!     BindingTable, Bindings, Endpoint, EndpointConfig, Input, LinkId, LinkSide, Monotonic,
//!     Output, Record, State, Ticket, Token,
//! };
//!
//! struct Driver {
//!     endpoint: Endpoint,
//!     table: BindingTable,
//!     /// Written, not yet durable.
//!     store: Vec<(Ticket, Record)>,
//!     to_partner: Vec<(LinkId, Vec<u8>)>,
//!     dial: bool,
//!     acks: Vec<Token>,
//!     wake: Option<Monotonic>,
//! }
//!
//! impl Driver {
//!     fn new(role: Role, partner: [u8; 4]) -> Self {
//!         let config = EndpointConfig::new("east-west", role, partner.into());
//!         let mut table = BindingTable::new();
//!         table.add_pool(["192.0.2.10".parse().unwrap()..="192.0.2.19".parse().unwrap()]).unwrap();
//!         // A real driver first applies every stored binding to the table, and passes the stored
//!         // endpoint record instead of `None`.
//!         let wall = LeaseInstant::from_unix_s(1_700_000_000);
//!         let endpoint = Endpoint::new(config, None, Monotonic::from_ms(0), wall);
//!         let (store, to_partner, acks) = (vec![], vec![], vec![]);
//!         Self { endpoint, table, store, to_partner, dial: false, acks, wake: None }
//!     }
//!
//!     fn feed(&mut self, now: Monotonic, input: Input<'_>) {
//!         self.endpoint.handle(now, input, &self.table);
//!         loop {
//!             match self.endpoint.poll_output() {
//!                 Output::Persist { ticket, record } => {
//!                     if let Record::Binding(binding) = &record {
//!                         assert!(self.table.apply((**binding).clone()));
//!                     }
//!                     self.store.push((ticket, record));
//!                 }
//!                 Output::Transmit { link, bytes } => self.to_partner.push((link, bytes)),
//!                 Output::Dial => self.dial = true,
//!                 Output::Close { .. } => unreachable!("nothing goes wrong here"),
//!                 Output::Confirm { token } => self.acks.push(token),
//!                 Output::Refuse { .. } | Output::Event(_) => {}
//!                 Output::Wait(until) => return self.wake = until,
//!                 other => panic!("this driver does not know {other:?}"),
//!             }
//!         }
//!     }
//!
//!     /// What the store does on a thread of its own: one sync for everything that waits.
//!     fn sync(&mut self, now: Monotonic) {
//!         if let Some((last, _)) = self.store.drain(..).collect::<Vec<_>>().pop() {
//!             self.feed(now, Input::Persisted(last));
//!         }
//!     }
//! }
//!
//! let mut a = Driver::new(Role::Primary, [198, 51, 100, 2]);
//! let mut b = Driver::new(Role::Secondary, [198, 51, 100, 1]);
//! let (mut now, link) = (Monotonic::from_ms(0), LinkId(1));
//! a.feed(now, Input::Tick);
//! b.feed(now, Input::Tick);
//! for _ in 0..100 {
//!     if std::mem::take(&mut a.dial) {
//!         b.feed(now, Input::LinkUp { link, side: LinkSide::Accepted });
//!         a.feed(now, Input::LinkUp { link, side: LinkSide::Dialed });
//!     }
//!     for (link, bytes) in std::mem::take(&mut a.to_partner) {
//!         b.feed(now, Input::Frame { link, bytes: &bytes });
//!     }
//!     for (link, bytes) in std::mem::take(&mut b.to_partner) {
//!         a.feed(now, Input::Frame { link, bytes: &bytes });
//!     }
//!     for server in [&mut a, &mut b] {
//!         server.sync(now);
//!         if server.wake.is_some_and(|at| at <= now) {
//!             server.feed(now, Input::Tick);
//!         }
//!     }
//!     now = now.plus_ms(10);
//! }
//! assert_eq!([a.endpoint.status().state, b.endpoint.status().state], [State::Normal; 2]);
//! // The primary has given half of the addresses to the secondary, and both know.
//! assert_eq!((a.table.counts(0), b.table.counts(0)), (b.table.counts(0), a.table.counts(0)));
//! assert_eq!(a.table.counts(0).backup, 5);
//! ```
//!
//! # Connections
//!
//! * A [`LinkId`](crate::proto::LinkId) is a number of the driver's; never use one twice.
//! * Cut the stream with [`split_frame`](crate::wire::split_frame). If that fails the stream is lost:
//!   close it and report `LinkDown`. Read no more than the endpoint is given to handle, so that a
//!   partner cannot fill the memory.
//! * On an accepted connection, read one message first. The
//!   [`Listener`](crate::proto::Listener) says whether anything may come from that address and which
//!   relationship the message is for; report `LinkUp` with `Accepted` to that relationship's
//!   endpoint, then give it the same message. Do not wait for ever for that message: before `LinkUp`
//!   no endpoint knows of the connection. 15 s is what the endpoints themselves allow.
//! * `Dial` is repeated by a timer; a driver whose attempt is still under way need not begin another.
//! * Frames of a connection that is closed are ignored, so none have to be filtered.
//!
//! # A table of one's own
//!
//! [`BindingTable`](crate::proto::BindingTable) is enough for most. A server with a lease table
//! implements [`Bindings`](crate::proto::Bindings) on it instead. It must answer from memory, and
//! show a persisted binding before the next `handle`. Keep every field of a
//! [`Binding`](crate::lease::Binding): those the server has no use for are what failover lives on.
//!
//! # Several relationships, and stopping
//!
//! One endpoint per relationship, one listener for all. Tickets count per endpoint and start anew
//! with each process, so a store shared by several must remember whose ticket a commit ends with.
//! Before a planned stop give [`Command::Pause`](crate::proto::Command::Pause) or
//! [`Shutdown`](crate::proto::Command::Shutdown), and run the loop until the frames are out and the
//! store is idle, two seconds at most: the partner then takes over at once rather than after the
//! receive timer.
//!
//! # One thread or many
//!
//! An endpoint is a plain value. One task that owns it, its table and its store queue needs no locks
//! and is quick enough for most networks; `examples/failoverd` does that. With packet threads, keep
//! the endpoint on a thread of its own behind a channel and publish view and table to the others;
//! `examples/cookbook/examples/embed_minimal.rs` does that. Nothing is lost if they look at an old
//! one: the grant is refused then.
