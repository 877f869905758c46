//! What failover is, which words it uses, what it promises.
//!
//! # The problem, and the idea
//!
//! Two servers that share a set of addresses must never lease one address to two clients. They
//! could ask each other before every answer, but then a client would wait for two servers, and for
//! ever when one of them is dead. So each answers alone and tells the other *afterwards*. What keeps
//! that safe is a promise about time: no lease ever reaches further beyond what the partner has
//! acknowledged than the **maximum client lead time**, the MCLT, an hour or so. A server that knows
//! its partner to be down therefore only has to wait until the MCLT is over to know that every
//! lease it has not heard of has ended.
//!
//! The price is a short first lease. The same client's next one is as long as configured, because
//! the partner knows of it by then:
//!
//! ```
//! use dhcp_failover::lease::{Expiries, GrantTerms, LeaseInstant, LeaseLimit, LeaseSpan, grant};
//!
//! let [hour, day] = [LeaseSpan::from_s(3_600), LeaseSpan::from_s(86_400)];
//! let now = LeaseInstant::from_unix_s(1_700_000_000);
//! let terms = GrantTerms { now, desired: day, limit: LeaseLimit::Mclt(hour), renewal_percent: 50 };
//!
//! // A new client gets the MCLT. The partner is told of the time its renewal may want.
//! let first = grant(&terms, &Expiries::default());
//! assert_eq!(first.lease, hour);
//! assert!(first.potential_expiry > now + day);
//!
//! // Half an hour later the partner has acknowledged that: the client gets its day.
//! let known = Expiries { acked_potential: first.potential_expiry, ..Expiries::default() };
//! let later = GrantTerms { now: now + LeaseSpan::from_s(1_800), ..terms };
//! assert_eq!(grant(&later, &known).lease, day);
//! ```
//!
//! # Relationship and roles
//!
//! A **relationship** joins two servers for some scopes, under a name both know. One is the
//! **primary**, the other the **secondary**: roles of the relationship, not of the machine, so a
//! server may be primary of one and secondary of another. The primary opens the connection, its MCLT
//! and load balance are the ones in force, it decides which addresses change hands, and in a
//! conflict its record stands. In answering clients the two are equals. [`Role`](crate::lease::Role)
//! says which one this end is, [`EndpointConfig`](crate::proto::EndpointConfig) everything else.
//!
//! # Whose address is it?
//!
//! Every address without a client belongs to exactly one of them: **FREE** to the primary,
//! **BACKUP** to the secondary (§5.4). A server gives new clients only its own, which is why both
//! can go on when they lose each other. The primary moves addresses now and then to keep the shares
//! as configured; an address that moves is nobody's until the partner has acknowledged it.
//!
//! | status | means | who may lease it |
//! |---|---|---|
//! | FREE | no client | the primary |
//! | BACKUP | no client | the secondary |
//! | ACTIVE | leased | either server, to that client |
//! | EXPIRED, RELEASED, RESET | over, the partner has not agreed yet | nobody else before it becomes FREE |
//! | ABANDONED | somebody unknown uses it | nobody until its time is over |
//!
//! [`Binding`](crate::lease::Binding) holds one address with its status, its client, its
//! [times](crate::lease::Expiries) and what the partner
//! [knows](crate::lease::Knowledge) of it.
//!
//! # The times of a binding
//!
//! | time (§7.1.5) | what it is for |
//! |---|---|
//! | lease-expiration | when the client's lease ends |
//! | sent-potential | the latest the partner may have been told: what this server may have promised |
//! | acked-potential | the latest the partner has acknowledged: leases may go the MCLT beyond it |
//! | received-potential | the latest the partner told us: leases may go the MCLT beyond it, too |
//!
//! # States
//!
//! Each end is in one of twelve states (§9) and tells the other which.
//!
//! ```text
//!   new, or data lost         was in NORMAL                  was alone
//!        │                         │                            │
//!     RECOVER             COMMUNICATIONS-INTERRUPTED ◀──┐  PARTNER-DOWN ◀── operator, or the
//!        │ UPDREQ(ALL)             │ partner is back    │       │           safe period
//!   RECOVER-WAIT  the MCLT         │                    │       │ partner has recovered
//!        │                         ▼     contact lost   │       │
//!   RECOVER-DONE ───────────▶   NORMAL ─────────────────┘ ◀─────┘
//!
//!   both were alone: POTENTIAL-CONFLICT, where they compare what they did, then NORMAL
//! ```
//!
//! What a state means for clients is one function:
//!
//! ```
//! use dhcp_failover::proto::{Service, State};
//!
//! assert_eq!(Service::of(State::Normal), Service::Balanced);
//! assert_eq!(Service::of(State::CommunicationsInterrupted), Service::Everybody);
//! assert_eq!(Service::of(State::PartnerDown), Service::Everybody);
//! assert_eq!(Service::of(State::RecoverDone), Service::RenewalsOnly);
//! assert_eq!(Service::of(State::Recover), Service::Nobody);
//! ```
//!
//! * In **NORMAL** RFC 3074 splits the *new* clients; a client that waits too long is answered by
//!   either. Renewals are always answered by the server that hears them.
//! * **COMMUNICATIONS-INTERRUPTED** needs no operator: both serve everybody, new clients from their
//!   own addresses. Only leases that end stay where they are, because nobody can agree. It can last
//!   for weeks, as long as a server's own addresses last.
//! * **PARTNER-DOWN** is somebody's word that the partner does not run, from an operator or, where
//!   configured, from the safe period. After the MCLT all addresses are this server's.
//! * **RECOVER** fetches from the partner what this server missed; **RECOVER-WAIT** lasts until
//!   leases that it may have given before its failure, and that nobody knows of, are over.
//!
//! The transitions are a table that can be asked:
//!
//! ```
//! use dhcp_failover::lease::Role;
//! use dhcp_failover::proto::{Cause, Outcome, State, next_state};
//!
//! let lost = next_state(Role::Primary, State::Normal, Cause::CommunicationsFailed);
//! assert_eq!(lost, Outcome::Enter(State::CommunicationsInterrupted));
//! let returned = Cause::Partner(State::PartnerDown);
//! assert_eq!(next_state(Role::Secondary, State::Recover, returned), Outcome::RequestUpdates);
//! ```
//!
//! A rule also says why, in words for an operator; [`Event::State`](crate::proto::Event::State) and a
//! refused command carry them:
//!
//! ```
//! use dhcp_failover::lease::Role;
//! use dhcp_failover::proto::{Cause, State, rule_for};
//!
//! let rule = rule_for(Role::Primary, State::Normal, Cause::CommunicationsFailed);
//! assert_eq!(rule.because.to_string(), "contact with the partner is lost (§9.8.4)");
//! ```
//!
//! [`Event::severity`](crate::proto::Event::severity) says what is worth paging somebody for, and
//! [`Endpoint::stats`](crate::proto::Endpoint::stats) counts.
//!
//! # What is promised
//!
//! If operators tell the truth, and every record reported durable is:
//!
//! * no address is leased to two clients at one time, through crashes, lost connections, clocks
//!   that differ, and the loss of one server's disk;
//! * a DHCPACK that left is on this server's disk, and no lease vanishes from both servers unreported;
//! * a client that reaches a server that serves can renew its lease;
//! * once both run and reach each other, they come to NORMAL by themselves.
//!
//! # What is not
//!
//! * **PARTNER-DOWN while the partner is alive** and serving: after the MCLT both use all addresses.
//!   No pair of servers can find that out by itself, since it takes a third to have a majority. The
//!   safe period says such a thing automatically, so it is off unless configured. When they meet
//!   again, conflicts are found, settled the same way on both sides and
//!   [reported](crate::proto::Event::ClientOverridden).
//! * **Both disks lost at once**: nobody is left who knows the leases.
//! * **A restored old backup** on a server that then serves before it has heard its partner; see
//!   [`_04_durability`](super::_04_durability).
//! * **Different ranges on the two servers**: two of ours give no new lease in a pool that differs; with
//!   another partner, an update for an address that is in no pool here is refused and stays disputed.
