//! The options a configuration knows by name, and those it must not set.

/// How the value of an option is written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// One IPv4 address.
    Address,
    /// IPv4 addresses, one or more.
    Addresses,
    /// A text.
    Text,
    /// A number in one byte.
    U8,
    /// A number in two bytes.
    U16,
    /// A number in four bytes.
    U32,
    /// A number with a sign, in four bytes.
    I32,
    /// True or false, in one byte.
    Flag,
    /// Domain names in the form of RFC 1035 §3.1 (RFC 3397, without compression).
    Domains,
    /// Destination and router pairs (RFC 3442).
    Routes,
    /// The value's own form decides.
    Any,
}

/// The options with a name. Any other can be given by number.
pub(super) const NAMED: &[(&str, u8, Form)] = &[
    ("subnet_mask", 1, Form::Address),
    ("time_offset", 2, Form::I32),
    ("router", 3, Form::Addresses),
    ("time_server", 4, Form::Addresses),
    ("dns", 6, Form::Addresses),
    ("log_server", 7, Form::Addresses),
    ("lpr_server", 9, Form::Addresses),
    ("host_name", 12, Form::Text),
    ("boot_file_size", 13, Form::U16),
    ("domain_name", 15, Form::Text),
    ("root_path", 17, Form::Text),
    ("ip_forwarding", 19, Form::Flag),
    ("default_ttl", 23, Form::U8),
    ("interface_mtu", 26, Form::U16),
    ("broadcast_address", 28, Form::Address),
    ("nis_domain", 40, Form::Text),
    ("nis", 41, Form::Addresses),
    ("ntp", 42, Form::Addresses),
    ("vendor_specific", 43, Form::Any),
    ("netbios_name_server", 44, Form::Addresses),
    ("netbios_node_type", 46, Form::U8),
    ("netbios_scope", 47, Form::Text),
    ("renewal_time_s", 58, Form::U32),
    ("rebinding_time_s", 59, Form::U32),
    ("tftp_server_name", 66, Form::Text),
    ("boot_file_name", 67, Form::Text),
    ("smtp_server", 69, Form::Addresses),
    ("posix_timezone", 100, Form::Text),
    ("tzdb_timezone", 101, Form::Text),
    ("ipv6_only_preferred_s", 108, Form::U32),
    ("captive_portal", 114, Form::Text),
    ("domain_search", 119, Form::Domains),
    ("classless_routes", 121, Form::Routes),
    ("tftp_server_address", 150, Form::Addresses),
    ("wpad_url", 252, Form::Text),
];

/// Options the server itself fills in, and what sets them.
pub(super) const RESERVED: &[(u8, &str)] = &[
    (0, "it is padding; remove it"),
    (50, "only clients send it; remove it"),
    (51, "set lease_s instead"),
    (52, "set boot_file instead"),
    (53, "it is the type of the message; remove it"),
    (54, "set server_identifier instead"),
    (55, "only clients send it; remove it"),
    (57, "only clients send it; remove it"),
    (61, "it is copied from the client; remove it"),
    (82, "it is copied from the relay; remove it"),
    (255, "it is the end of the options; remove it"),
];
