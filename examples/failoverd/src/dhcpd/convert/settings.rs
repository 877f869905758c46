//! What is inherited from one declaration to those within it.

use super::options::{self, Value};
use crate::dhcpd::syntax::Statement;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// dhcpd's own default.
const DEFAULT_LEASE_S: u32 = 43_200;
/// The same for clients that ask for more.
const DEFAULT_MAX_LEASE_S: u32 = 86_400;

/// Settings in force at some place of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    default_lease_s: Option<u32>,
    min_lease_s: Option<u32>,
    max_lease_s: Option<u32>,
    pub(super) next_server: Option<Ipv4Addr>,
    pub(super) boot_file: Option<String>,
    pub(super) server_identifier: Option<Ipv4Addr>,
    /// By failoverd's names.
    pub(super) options: BTreeMap<String, Value>,
}

/// Whether a statement was a setting.
pub(super) enum Taken {
    Yes,
    /// It is no setting.
    No,
    /// It is one, but cannot be carried over.
    Refused(String),
}

impl Settings {
    /// Shortest, usual and longest lease time.
    pub(super) fn leases_s(&self) -> (u32, u32, u32) {
        let usual = self.default_lease_s.unwrap_or(DEFAULT_LEASE_S).max(1);
        let longest = self.max_lease_s.unwrap_or(DEFAULT_MAX_LEASE_S).max(1);
        let shortest = self.min_lease_s.unwrap_or(0).max(1).min(longest);
        (shortest, usual.clamp(shortest, longest), longest)
    }

    /// Takes a statement in, if it is a setting.
    pub(super) fn take(&mut self, statement: &Statement) -> Taken {
        let Some(keyword) = statement.words.first() else { return Taken::Yes };
        let value = statement.words.get(1).map(|word| word.text()).unwrap_or_default();
        let seconds = || value.parse().map_err(|_| "not a number of seconds".to_owned());
        let address = || {
            let problem = "a name; write the IPv4 address instead";
            value.parse().map_err(|_| problem.to_owned())
        };
        let taken = if keyword.is("default-lease-time") {
            seconds().map(|it| self.default_lease_s = Some(it))
        } else if keyword.is("min-lease-time") {
            seconds().map(|it| self.min_lease_s = Some(it))
        } else if keyword.is("max-lease-time") {
            seconds().map(|it| self.max_lease_s = Some(it))
        } else if keyword.is("next-server") {
            address().map(|it| self.next_server = Some(it))
        } else if keyword.is("server-identifier") {
            address().map(|it| self.server_identifier = Some(it))
        } else if keyword.is("filename") {
            self.boot_file = Some(value);
            Ok(())
        } else if statement.begins(&["option", "dhcp-server-identifier"]) {
            let third = statement.words.get(2).map(|word| word.text()).unwrap_or_default();
            let problem = "a name; write the IPv4 address instead";
            third
                .parse()
                .map(|it| self.server_identifier = Some(it))
                .map_err(|_| problem.to_owned())
        } else if keyword.is("option") {
            options::read(statement).map(|(name, value)| {
                self.options.insert(name, value);
            })
        } else {
            return Taken::No;
        };
        taken.map_or_else(Taken::Refused, |()| Taken::Yes)
    }
}
