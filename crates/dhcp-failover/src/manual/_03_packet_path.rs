//! The three questions of the packet path, and what else goes with a lease.
//!
//! # Three questions
//!
//! For every request that wants an address, asked of a
//! [`ServiceView`](crate::proto::ServiceView), which is `Copy` and can be sent to any thread:
//!
//! 1. **May I serve this?** [`decide`](crate::proto::ServiceView::decide) with the class of the
//!    request and the [key](crate::lease::Client::balance_key) RFC 3074 hashes. `Ignore` means no
//!    answer *and no trace*: no offer kept, no record written.
//! 2. **This address, for how long?** [`may_allocate`](crate::proto::ServiceView::may_allocate) for
//!    a candidate, [`grant`](crate::proto::ServiceView::grant) for the time. Candidates, in the
//!    usual order: the client's [own](crate::proto::BindingTable::addresses_of), then
//!    [available](crate::proto::Bindings::available) ones of this role, then the partner's and
//!    [transitional](crate::proto::BindingTable::transitional) ones, which `may_allocate` lets through
//!    only in PARTNER-DOWN and after a rewind.
//! 3. **Done.** [`LeaseEvent::Granted`](crate::proto::LeaseEvent::Granted) with the binding's
//!    version and the view's epoch as they were when it was decided. Hold the DHCPACK until
//!    `Confirm` comes with its token.
//!
//! [`explain`](crate::proto::ServiceView::explain) and
//! [`explain_lease`](crate::proto::ServiceView::explain_lease) give the same answers with their reasons,
//! for logs and operators ([`_06_operating`](super::_06_operating)).
//!
//! Use [`lease_time_at`](crate::proto::Endpoint::lease_time_at) for "now", never the wall clock: a
//! grant that ends later than the endpoint's own clock allows is refused.
//!
//! A DHCPOFFER promises nothing and needs no record. [`pin`](crate::proto::BindingTable::pin) the
//! address while the offer stands, so that it does not move to the partner in the meantime. A
//! DHCPRELEASE and a DHCPDECLINE are events too; check the client of a DHCPDECLINE first, the
//! endpoint is not told who declined.
//!
//! Somebody must notice when leases end. Every second or so, report
//! [`LeaseEvent::Expired`](crate::proto::LeaseEvent::Expired) for each binding of
//! [`ended`](crate::proto::BindingTable::ended) whose time is over by
//! [`ends_at`](crate::proto::ServiceView::ends_at); reporting one too early does nothing.
//!
//! # What else is known of a client
//!
//! * **Reservations.** Say which addresses are reserved with
//!   [`set_reserved`](crate::proto::BindingTable::set_reserved), and for whom with
//!   [`set_pool_settings`](crate::proto::BindingTable::set_pool_settings), alike at both servers. Ask
//!   [`may_allocate_reserved`](crate::proto::ServiceView::may_allocate_reserved) for its client, and
//!   set `flags.reserved` in the grant.
//! * **Options of the request** (host name, vendor class, option 82): the grant takes them along, the
//!   partner gets them, and after a failover they are in the partner's
//!   [`Binding`](crate::lease::Binding) to be used.
//! * **Options of the reply, and DNS records**: [`LeaseEvent::Annotated`](crate::proto::LeaseEvent::Annotated)
//!   stores them with the binding, tells the partner, and forgets them when another client gets the
//!   address. So the partner knows which names to remove when the lease ends there.
//!
//! ```
//! # use dhcp_failover::lease::{BindingFlags, Client, HardwareAddress, LeaseInstant, LeaseSpan, Role};
//! # use dhcp_failover::proto::*;
//! # let mut table = BindingTable::new();
//! # table.add_pool(["192.0.2.10".parse()?..="192.0.2.19".parse()?])?;
//! # let partner = [198, 51, 100, 2].into();
//! # let mclt = LeaseSpan::from_s(1);
//! # let config = EndpointConfig { mclt, ..EndpointConfig::new("east-west", Role::Primary, partner) };
//! # let wall = LeaseInstant::from_unix_s(1_700_000_000);
//! # let mut endpoint = Endpoint::new(config, None, Monotonic::from_ms(0), wall);
//! /// Tells the endpoint something, with a disk that is done at once. The tokens confirmed.
//! fn tell(endpoint: &mut Endpoint, table: &mut BindingTable, ms: u64, input: Input) -> Vec<Token> {
//!     // ...
//! #   let (now, mut confirmed, mut next) = (Monotonic::from_ms(ms), Vec::new(), Some(input));
//! #   while let Some(input) = next.take() {
//! #       endpoint.handle(now, input, table);
//! #       loop {
//! #           match endpoint.poll_output() {
//! #               Output::Wait(_) => break,
//! #               Output::Confirm { token } => confirmed.push(token),
//! #               Output::Persist { ticket, record } => {
//! #                   next = Some(Input::Persisted(ticket));
//! #                   if let Record::Binding(binding) = record {
//! #                       table.apply(*binding);
//! #                   }
//! #               }
//! #               Output::Refuse { why, .. } => panic!("{why:?}"),
//! #               _ => {}
//! #           }
//! #       }
//! #   }
//! #   confirmed
//! }
//! # tell(&mut endpoint, &mut table, 0, Input::Command(Command::PartnerDown));
//! # tell(&mut endpoint, &mut table, 4_000, Input::Tick);
//! let client = Client::new(None, HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]).unwrap());
//! let address = "192.0.2.10".parse()?;
//! let (view, binding) = (endpoint.view(), table.get(address).unwrap());
//! let grant = view.grant(&binding, &client, LeaseSpan::from_s(600), 50, endpoint.lease_now());
//! let granted = LeaseEvent::Granted {
//!     token: Token(1),
//!     address,
//!     client,
//!     grant,
//!     version: binding.version,
//!     epoch: view.epoch(),
//!     flags: BindingFlags::default(),
//!     request_options: b"\x63\x82\x53\x63\x0c\x03ann".to_vec(), // the cookie, option 12
//! };
//! assert_eq!(tell(&mut endpoint, &mut table, 4_000, Input::Lease(granted)), [Token(1)]);
//!
//! // The DNS server has answered: ann.example is the client's.
//! let annotated = LeaseEvent::Annotated {
//!     token: Token(2),
//!     address,
//!     version: table.get(address).unwrap().version,
//!     reply_options: Vec::new(), // no news of those
//!     ddns: b"\x00\x01\x03ann\x07example\x00".to_vec(),
//! };
//! assert_eq!(tell(&mut endpoint, &mut table, 4_000, Input::Lease(annotated)), [Token(2)]);
//! assert!(table.get(address).unwrap().ddns.starts_with(b"\x00\x01\x03ann"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # When a grant is refused
//!
//! `Refuse` says why ([`Stale`](crate::proto::Stale)), and nothing has happened.
//!
//! | `Stale` | what to do |
//! |---|---|
//! | `View`, `Binding` | decide anew with a fresh view and binding: something has changed meanwhile |
//! | `Terms` | the same; if it comes again, "now" is not the endpoint's |
//! | `Quarantine` | leave the pool out: [`gives_new`](crate::proto::ServiceView::gives_new) says so beforehand |
//! | `Reserved` | the flag and the reservations of the table differ |
//! | `Address`, `Client`, `Options` | it cannot be done: no such address, or too many bytes |
