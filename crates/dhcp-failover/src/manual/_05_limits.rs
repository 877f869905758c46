//! What is not there yet.
//!
//! # Partners
//!
//! * **Windows Server.** The codec reads and writes its messages
//!   ([`Dialect::Microsoft`](crate::wire::Dialect::Microsoft)), but an endpoint does not know what
//!   Windows means by them: it refuses such a partner.
//! * **ISC dhcpd.** The codec reads every message of 31 captures of dhcpd 4.4.3-P1; 16 of them are in
//!   its tests and come out again byte for byte. What is known to make dhcpd exit or disconnect is
//!   not sent. An endpoint has *not* been run against a live dhcpd: try it in a laboratory first.
//! * Two servers of this implementation are what has been tested.
//!
//! # Protocol
//!
//! * **TLS.** Not spoken; a partner that requires it is refused. Without a
//!   [`Key`](crate::wire::digest::Key) anybody who can send from the partner's address is the partner;
//!   with one, messages are authentic but readable. Use a network you trust, or a tunnel.
//! * **Changing the secret.** A server signs with one secret and accepts a second one
//!   ([`second_secret`](crate::proto::EndpointConfig::second_secret)); each step needs a restart.
//! * **Batching.** An update has one binding, which every partner understands. Messages with several
//!   are read. Throughput comes from the window instead
//!   ([`max_unacked_bndupd`](crate::proto::EndpointConfig::max_unacked_bndupd)).
//! * **Clocks set forward** while a server is down make its own records look older than they are when
//!   it starts again; only one that was set back is noticed.
//! * **DDNS** (§12.9) is carried by the codec, not by the endpoint. **Options of the reply**
//!   (§12.7) taken from a partner are kept, but a grant made here has none to add.
//! * **delayed-service-parameter** (§12.10) is neither sent nor obeyed: configure
//!   [`max_delay_s`](crate::proto::Query::max_delay_s) alike on both servers.
//!
//! # Configuration
//!
//! * An endpoint's configuration is fixed when it is made. A change means a restart of the endpoint,
//!   with the stored record.
//! * An MCLT, a receive timer or a window of 0 counts as 1; no other value is judged by the endpoint.
//!   The [`relationship`](crate::relationship) model judges its own.
//! * A store restored from an old copy is noticed only when the partner is heard, if that is of this
//!   implementation, and not if the copy is less than ten minutes old: start with an empty one
//!   instead.
//! * The two servers do not compare their ranges and reservations. Addresses one of them does not
//!   know stay disputed, visible in [`Status::disputed`](crate::proto::Status::disputed). A
//!   *reservation* that only one has is an alarm ([`Event`](crate::proto::Event)), and no server
//!   relies on it; two for different clients are not noticed before both have leased the address.
//!
//! # Scale
//!
//! Leases are in memory, about 200 bytes each, and every address of a pool takes some 30. Work over
//! many of them is cut into pieces, so that no single call takes long. A server that has lost its
//! data fetches all bindings one message each, in windows.
