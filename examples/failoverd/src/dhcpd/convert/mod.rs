//! From a `dhcpd.conf` to a configuration of failoverd, for those who move.
//!
//! Failover peers, subnets, shared networks, pools, hosts, groups and options are carried over. dhcpd
//! inherits settings from what surrounds a statement, failoverd does not, so that each scope gets
//! everything that applied to it. What has no counterpart is listed with its line, and stands in the
//! result as a comment.

mod declarations;
mod options;
mod peer;
mod settings;
mod write;

use super::syntax::{Statement, Statements, SyntaxError};
use declarations::{Host, Subnet};
use peer::Peer;
use settings::Settings;
use std::fmt;

/// Statements that say something only to dhcpd, or what failoverd does anyway.
const WITHOUT_LOSS: [&str; 9] = [
    "authoritative",
    "log-facility",
    "omapi-port",
    "pid-file-name",
    "lease-file-name",
    "local-port",
    "ddns-update-style",
    "dhcp-cache-threshold",
    "update-conflict-detection",
];

/// A statement that was not carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its line.
    pub line: usize,
    /// The statement, in short.
    pub statement: String,
    /// Why, or what to do instead.
    pub why: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {} ({})", self.line, self.statement, self.why)
    }
}

/// What became of a `dhcpd.conf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// A configuration of failoverd, with a list of what was left out at its end.
    pub toml: String,
    /// What was left out, by line.
    pub left_out: Vec<LeftOut>,
}

/// Everything of a `dhcpd.conf` that is carried over.
#[derive(Debug, Default)]
struct Found {
    peers: Vec<Peer>,
    subnets: Vec<Subnet>,
    hosts: Vec<Host>,
    /// Ranges of pools that stand in a shared network beside its subnets.
    loose: Vec<declarations::Range>,
    left_out: Vec<LeftOut>,
}

impl Found {
    fn leave_out(&mut self, statement: &Statement, why: &str) {
        let why = why.to_owned();
        self.left_out.push(LeftOut { line: statement.line, statement: statement.to_string(), why });
    }
}

/// Converts the text of a `dhcpd.conf`.
///
/// ```
/// let conf = "option domain-name-servers 192.0.2.53;
///     default-lease-time 3600;
///     subnet 192.0.2.0 netmask 255.255.255.0 { range 192.0.2.10 192.0.2.99; allow unknown-clients; }";
/// let converted = failoverd::dhcpd::convert::convert(conf.as_bytes())?;
/// assert!(converted.toml.contains(r#"ranges = ["192.0.2.10-192.0.2.99"]"#));
/// assert!(converted.toml.contains(r#"dns = ["192.0.2.53"]"#));
/// assert_eq!(converted.left_out[0].statement, "allow unknown-clients;");
/// # Ok::<(), failoverd::dhcpd::syntax::SyntaxError>(())
/// ```
///
/// # Errors
/// Where the text is not in dhcpd's syntax.
pub fn convert(text: &[u8]) -> Result<Conversion, SyntaxError> {
    let statements = Statements::new(text).collect::<Result<Vec<_>, _>>()?;
    let mut found = Found::default();
    declarations::read(&mut found, &statements, &Settings::default(), None);
    declarations::place(&mut found);
    found.left_out.sort_by_key(|left| left.line);
    Ok(Conversion { toml: write::toml(&found), left_out: found.left_out })
}

#[cfg(test)]
mod tests;
