//! What is not there yet.
//!
//! # Partners
//!
//! * **Windows Server** has not been tried: it is spoken to by published facts and one capture, and what
//!   they leave open is a setting ([`_07_interoperability`](super::_07_interoperability)).
//! * **ISC dhcpd** before 3.1 numbers its options in another way, and is refused by name. Versions
//!   other than 4.4.3 have not been tried.
//!
//! # Protocol
//!
//! * **TLS.** Not spoken; a partner that requires it is refused. Without a
//!   [`Key`](crate::wire::digest::Key) anybody who can send from the partner's address is the partner;
//!   with one, messages are authentic but readable. Use a network you trust, or a tunnel; or make the
//!   connections with TLS and say so ([`tls`](crate::proto::EndpointConfig::tls)).
//! * **delayed-service-parameter** (§12.10) is neither sent nor obeyed: configure
//!   [`max_delay_s`](crate::proto::Query::max_delay_s) alike on both servers.
//! * **DNS updates** are the embedder's. Their state is carried
//!   ([`Annotated`](crate::proto::LeaseEvent::Annotated)), nothing more; failoverd makes none.
//!
//! # Configuration
//!
//! * The addresses of a running endpoint are fixed: a change of scopes means a restart of the
//!   endpoint, with the stored record, at both servers.
//! * Two reservations of one address for different clients are noticed when the pools are compared
//!   ([`set_pool_settings`](crate::proto::BindingTable::set_pool_settings)), which only two of ours do.
//! * A store restored from an old copy is noticed only when the partner is heard, if that is of this
//!   implementation, and not if the copy is less than ten minutes old and newer than the last
//!   connection: start with an empty one instead.
//!
//! # Scale
//!
//! Leases are in memory, about 200 bytes each, and every address of a pool takes some 30. Work over
//! many of them is cut into pieces, so that no single call takes long. More than 256 pools in one
//! relationship are not told apart when they differ: all are quarantined then.
