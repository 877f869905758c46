//! The arguments of the commands on relationships: the parameters of Windows' cmdlets.

use super::arguments::Caution;
use super::output::Failure;
use super::secret;
use crate::admin::{Refusal, ScopeState};
use clap::Args;
use clap::builder::{PossibleValue, TypedValueParser};
use dhcp_failover_relationship::cmdlet::{AddFailover, SetFailover, scope_ids};
use dhcp_failover_relationship::{Error, Invalid, ModeName, ServerRole, ServerType, TimeSpan};
use std::ffi::OsStr;
use std::marker::PhantomData;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::str::FromStr;

/// The name of one relationship.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct OneName {
    /// The relationship's name, as --name.
    #[arg(value_name = "NAME", conflicts_with = "name")]
    place: Option<String>,
    /// The relationship's name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

impl OneName {
    /// The name given in one of the ways, if any.
    pub(super) fn given(&self, old_way: Option<&String>) -> Result<Option<String>, Failure> {
        let name = self.place.as_ref().or(self.name.as_ref());
        match (name, old_way) {
            (Some(one), Some(other)) if one != other => {
                let text = format!("two relationships are named, {one:?} and {other:?}");
                Err(Failure::usage(text, "name one"))
            }
            (name, old_way) => Ok(name.or(old_way).cloned()),
        }
    }

    /// The name, which must be given.
    pub(super) fn required(&self, old_way: Option<&String>) -> Result<String, Failure> {
        self.given(old_way)?.ok_or_else(no_name)
    }
}

fn no_name() -> Failure {
    Failure::usage("the relationship's name is missing".to_owned(), "add --name NAME")
}

/// The names of relationships.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Names {
    /// The relationships' names, as --name.
    #[arg(value_name = "NAME")]
    places: Vec<String>,
    /// The name of a relationship; may be given several times.
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
}

impl Names {
    /// All that are given, each once.
    pub(super) fn given(&self, old_way: Option<&String>) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.places.iter().chain(&self.name).chain(old_way) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// The same; there must be one.
    pub(super) fn required(&self, old_way: Option<&String>) -> Result<Vec<String>, Failure> {
        let names = self.given(old_way);
        if names.is_empty() { Err(no_name()) } else { Ok(names) }
    }
}

/// Scopes.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ScopeIds {
    /// The scopes by the addresses of their subnets, such as 10.0.1.0,10.0.2.0; may be given several
    /// times.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(super) scope_id: Vec<String>,
}

impl ScopeIds {
    /// The scopes as addresses.
    pub(super) fn read(&self) -> Result<Vec<Ipv4Addr>, Failure> {
        scope_ids(&self.scope_id).map_err(|errors| Refusal::from(errors).into())
    }
}

/// `leases`.
#[derive(Debug, Args)]
pub(super) struct LeasesArgs {
    #[command(flatten)]
    pub(super) name: OneName,
    #[command(flatten)]
    pub(super) scopes: ScopeIds,
}

/// Settings that are given when a relationship is made, and can be changed.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Settings {
    /// LoadBalance: both servers serve, each its own clients. HotStandby: one serves, the other stands
    /// by.
    #[arg(long, value_name = "MODE", value_parser = Words::<ModeName>::of(&["LoadBalance", "HotStandby"]))]
    pub(super) mode: Option<ModeName>,
    /// LoadBalance: the share of the clients that this server serves, 0 to 100; 50 where
    /// the mode begins without it.
    #[arg(long, value_name = "PERCENT")]
    load_balance_percent: Option<u32>,
    /// HotStandby: the share of the free addresses kept for the standby, 0 to 100; 5 where the
    /// mode begins without it.
    #[arg(long, value_name = "PERCENT")]
    reserve_percent: Option<u32>,
    /// HotStandby: what this server is, Active where a relationship begins without it. It cannot be
    /// changed.
    #[arg(long, value_name = "ROLE", value_parser = Words::<ServerRole>::of(&["Active", "Standby"]))]
    server_role: Option<ServerRole>,
    /// How much longer a server may lease than its partner knows, in seconds or as 2:00:00 or 2h; 1 hour
    /// where a relationship begins without it.
    #[arg(long, value_name = "TIME", value_parser = word::<TimeSpan>)]
    max_client_lead_time: Option<TimeSpan>,
    /// Whether the server takes over by itself when it has had no contact for the
    /// --state-switch-interval. Off unless an interval is given.
    #[arg(
        long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true",
        value_parser = truth
    )]
    auto_state_transition: Option<bool>,
    /// After how long, in seconds or as 2:00:00 or 2h; 0 is off.
    #[arg(long, value_name = "TIME", value_parser = word::<TimeSpan>)]
    state_switch_interval: Option<TimeSpan>,
    /// Sign all messages with the secret in this file; one newline at its end does not count.
    #[arg(long, value_name = "FILE")]
    pub(super) shared_secret_file: Option<PathBuf>,
}

/// `add`.
#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = false, args = ["scope_id", "empty"])]
pub(super) struct AddArgs {
    /// The relationship's name; without one it is that of this server, a hyphen and that of the partner.
    #[command(flatten)]
    name: OneName,
    /// The partner's name or IPv4 address, with a colon and the port unless that is 647.
    #[arg(long, value_name = "SERVER")]
    partner_server: String,
    #[command(flatten)]
    scopes: ScopeIds,
    /// Without any scope; add-scope puts them in later.
    #[arg(long)]
    empty: bool,
    #[command(flatten)]
    settings: Settings,
    /// Which of the two this server is: Primary unless given, Secondary to make the relationship at the
    /// second server. HotStandby: as --server-role Active and Standby.
    #[arg(long, value_name = "TYPE", value_parser = Words::<ServerType>::of(&["Primary", "Secondary"]))]
    server_type: Option<ServerType>,
    #[command(flatten)]
    pub(super) change: Change,
}

/// What to do about a change, and what to show of it.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct Change {
    #[command(flatten)]
    pub(super) caution: Caution,
    /// Show the relationship as it is then.
    #[arg(long)]
    pub(super) pass_thru: bool,
}

impl AddArgs {
    /// The cmdlet's parameters; reads the secret.
    pub(super) fn parameters(&self, old_way: Option<&String>) -> Result<AddFailover, Failure> {
        let Settings { mode, load_balance_percent, reserve_percent, server_role, .. } =
            self.settings.clone();
        Ok(AddFailover {
            name: self.name.given(old_way)?,
            partner_server: Some(self.partner_server.clone()),
            scope_id: self.scopes.scope_id.clone(),
            empty: self.empty,
            mode,
            load_balance_percent,
            reserve_percent,
            server_role,
            server_type: self.server_type,
            max_client_lead_time: self.settings.max_client_lead_time,
            auto_state_transition: self.settings.auto_state_transition,
            state_switch_interval: self.settings.state_switch_interval,
            shared_secret: self
                .settings
                .shared_secret_file
                .as_deref()
                .map(secret::read)
                .transpose()?,
        })
    }
}

/// `get` and `stats`.
#[derive(Debug, Args)]
pub(super) struct GetArgs {
    /// Only these; all without a name.
    #[command(flatten)]
    pub(super) names: Names,
    #[command(flatten)]
    pub(super) scopes: ScopeIds,
}

/// `set`.
#[derive(Debug, Args)]
pub(super) struct SetArgs {
    #[command(flatten)]
    pub(super) name: OneName,
    #[command(flatten)]
    settings: Settings,
    /// Sign messages no more.
    #[arg(long, conflicts_with = "shared_secret_file")]
    no_shared_secret: bool,
    #[command(flatten)]
    pub(super) change: Change,
}

impl SetArgs {
    /// Whether the change is one that can part the servers or leave clients without an answer.
    pub(super) fn asks(&self) -> bool {
        let Settings { mode, shared_secret_file, .. } = &self.settings;
        mode.is_some() || shared_secret_file.is_some() || self.no_shared_secret
    }

    /// The cmdlet's parameters; reads the secret.
    pub(super) fn parameters(&self) -> Result<SetFailover, Failure> {
        let secret = self.settings.shared_secret_file.as_deref().map(secret::read).transpose()?;
        let settings = self.settings.clone();
        Ok(SetFailover {
            mode: settings.mode,
            load_balance_percent: settings.load_balance_percent,
            reserve_percent: settings.reserve_percent,
            server_role: settings.server_role,
            max_client_lead_time: settings.max_client_lead_time,
            auto_state_transition: settings.auto_state_transition,
            state_switch_interval: settings.state_switch_interval,
            shared_secret: secret.map(Some).or(self.no_shared_secret.then_some(None)),
        })
    }
}

/// `remove`.
#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    #[command(flatten)]
    pub(super) names: Names,
    #[command(flatten)]
    pub(super) change: Change,
}

/// `add-scope` and `remove-scope`.
#[derive(Debug, Args)]
pub(super) struct ScopeArgs {
    #[command(flatten)]
    pub(super) name: OneName,
    /// The scopes by the addresses of their subnets, such as 10.0.1.0,10.0.2.0; may be given several
    /// times.
    #[arg(long, value_name = "A,B", value_delimiter = ',', required = true)]
    pub(super) scope_id: Vec<String>,
    #[command(flatten)]
    pub(super) change: Change,
}

/// `set-scope`.
#[derive(Debug, Args)]
pub(super) struct SetScopeArgs {
    /// The scopes by the addresses of their subnets, such as 10.0.1.0,10.0.2.0; may be given several
    /// times.
    #[arg(long, value_name = "A,B", value_delimiter = ',', required = true)]
    pub(super) scope_id: Vec<String>,
    /// Whether they are served.
    #[arg(long, value_name = "STATE", ignore_case = true)]
    pub(super) state: ScopeState,
    #[command(flatten)]
    pub(super) change: Change,
}

/// A word or a time; the error says what can be written.
fn word<T: FromStr<Err = Invalid>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|invalid: Invalid| {
        let error = Error::from(invalid);
        format!("{error}; {}", error.remedy())
    })
}

/// Words of an enumeration, in any case and with or without hyphens; help and completions know them.
struct Words<T> {
    words: &'static [&'static str],
    of: PhantomData<fn() -> T>,
}

impl<T> Words<T> {
    const fn of(words: &'static [&'static str]) -> Self {
        Self { words, of: PhantomData }
    }
}

impl<T> Clone for Words<T> {
    fn clone(&self) -> Self {
        Self::of(self.words)
    }
}

impl<T: FromStr<Err = Invalid> + Clone + Send + Sync + 'static> TypedValueParser for Words<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        word::<T>.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.words.iter().map(PossibleValue::new)))
    }
}

/// True or false as people, TOML and PowerShell write it.
fn truth(text: &str) -> Result<bool, String> {
    match text.strip_prefix('$').unwrap_or(text).to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

#[cfg(test)]
mod tests;
