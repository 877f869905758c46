//! The option codes this server reads or writes itself (RFC 2132 unless noted).

/// Subnet mask.
pub const SUBNET_MASK: u8 = 1;
/// Host name.
pub const HOST_NAME: u8 = 12;
/// Requested IP address.
pub const REQUESTED_ADDRESS: u8 = 50;
/// IP address lease time.
pub const LEASE_TIME: u8 = 51;
/// Option overload: the `file` and `sname` fields carry options too.
pub const OVERLOAD: u8 = 52;
/// DHCP message type.
pub const MESSAGE_TYPE: u8 = 53;
/// Server identifier.
pub const SERVER_IDENTIFIER: u8 = 54;
/// Parameter request list.
pub const PARAMETER_LIST: u8 = 55;
/// Message: text for a person.
pub const MESSAGE: u8 = 56;
/// Maximum DHCP message size.
pub const MAX_MESSAGE_SIZE: u8 = 57;
/// Renewal time, T1.
pub const RENEWAL_TIME: u8 = 58;
/// Rebinding time, T2.
pub const REBINDING_TIME: u8 = 59;
/// Client identifier.
pub const CLIENT_IDENTIFIER: u8 = 61;
/// Boot file name.
pub const BOOT_FILE: u8 = 67;
/// Relay agent information (RFC 3046).
pub const RELAY_AGENT: u8 = 82;
/// What begins an option area (RFC 2131 §3).
pub const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// What servers tell each other of a client's request (draft-12 table 7.1.1-2): host name, vendor
/// class, user class, FQDN, relay agent information, subnet selection.
pub const INTERESTING: [u8; 6] = [HOST_NAME, 60, 77, 81, RELAY_AGENT, 118];
/// Padding.
pub const PAD: u8 = 0;
/// End of the options.
pub const END: u8 = 255;

/// Suboptions of [`RELAY_AGENT`].
pub mod relay {
    /// Link selection (RFC 3527).
    pub const LINK_SELECTION: u8 = 5;
    /// Server identifier override (RFC 5107).
    pub const SERVER_IDENTIFIER_OVERRIDE: u8 = 11;
    /// Relay source port (RFC 8357).
    pub const SOURCE_PORT: u8 = 19;
}
