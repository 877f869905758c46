//! The dialect of Windows.

mod captured;
mod meaning;
mod written;

use dhcp_failover_wire::Dialect;

const W: Dialect = Dialect::MICROSOFT;
