//! The command line of `failoverctl`.

use super::config::ConfigArgs;
use super::generate::Shell;
use super::relationship::{
    AddArgs, GetArgs, LeasesArgs, OneName, RemoveArgs, ScopeArgs, SetArgs, SetScopeArgs,
};
use super::watch::WatchArgs;
use crate::decode;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Ask and command a running failoverd.
///
/// Exit code 0: done. 1: refused, or it failed, and the standard error says why. 2: the command line is
/// wrong, or a command that asks before it destroys had nobody to ask.
#[derive(Debug, Parser)]
#[command(name = "failoverctl")]
pub struct Arguments {
    /// The server's admin_socket.
    #[arg(long, value_name = "SOCKET", global = true)]
    pub(super) server: Option<PathBuf>,
    /// The relationship meant, as --name; from before there was that.
    #[arg(long, value_name = "NAME", global = true, hide = true)]
    pub(super) relationship: Option<String>,
    /// Print JSON instead of text; errors, too.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// As those of Add-DhcpServerv4Failover.
const ADD_EXAMPLES: &str = "\
Examples:
  failoverctl --server S add SFO-SIN --partner-server dhcp2.example.com --scope-id 10.1.0.0,10.2.0.0 \
--load-balance-percent 70 --max-client-lead-time 2:00:00 --state-switch-interval 2h
  failoverctl --server S add SFO-SIN --partner-server 192.0.2.2 --scope-id 10.1.0.0 \
--mode HotStandby --reserve-percent 10 --shared-secret-file /etc/failover.key";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    #[command(flatten)]
    Server(ServerCommand),
    Decode(decode::Arguments),
    /// Make a configuration of failoverd from a dhcpd.conf.
    ///
    /// The configuration goes to the standard output; what could not be carried over is told on the
    /// standard error, and stands in the configuration as comments.
    Convert {
        /// The dhcpd.conf; `-` reads the standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Begin a store with the leases of a dhcpd.leases.
    ///
    /// The dhcpd that wrote the file must have been stopped, failoverd not yet been started: the
    /// store of the configuration must be empty. What could not be carried over is told on the
    /// standard error.
    Import {
        /// The configuration of the server that will take over.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Only say what would be imported.
        #[arg(long)]
        dry_run: bool,
        /// The dhcpd.leases; `-` reads the standard input.
        #[arg(value_name = "LEASES")]
        file: PathBuf,
    },
    /// Print what a shell has to read to complete this program's commands and options.
    ///
    /// For bash: `failoverctl completions bash > /etc/bash_completion.d/failoverctl`.
    Completions {
        /// The shell.
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Write the manual pages of failoverctl and failoverd into a directory.
    Man {
        /// The directory; it is made if it is not there.
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

/// What a running server is asked or told.
#[derive(Debug, Subcommand)]
pub(super) enum ServerCommand {
    /// Show the state of each relationship.
    Status(OneName),
    /// List the addresses and their leases.
    Leases(LeasesArgs),
    /// Say whether a client is answered, with which lease, and why.
    Explain(ExplainArgs),
    /// Show relationships with all their settings, as Get-DhcpServerv4Failover does.
    Get(GetArgs),
    /// Show how many addresses of scopes in failover are free and in use, here and at the partner.
    Stats(GetArgs),
    /// Show relationships, their states and free addresses over and over, until it is interrupted.
    ///
    /// A server that is not there is waited for.
    Watch(WatchArgs),
    /// Show what was changed while the server ran, or make a configuration file of it.
    Config(ConfigArgs),
    /// Begin a relationship with another server.
    ///
    /// It is made on this server only: the partner needs it, too, with the same name, the same scopes and
    /// the other role or type.
    #[command(after_help = ADD_EXAMPLES)]
    Add(AddArgs),
    /// Change the settings of a relationship, on this server only.
    ///
    /// A change of the mode or of the secret asks first.
    Set(SetArgs),
    /// End relationships, on this server only. Their scopes stay here and are served without failover.
    Remove(RemoveArgs),
    /// Put scopes into a relationship, on this server only.
    AddScope(ScopeArgs),
    /// Take scopes out of a relationship, on this server only. They stay here and are served without
    /// failover.
    RemoveScope(ScopeArgs),
    /// Have the server serve scopes, or not; their leases stay on record.
    ///
    /// Where two servers end a relationship, one of them has to serve its scopes no more.
    SetScope(SetScopeArgs),
    /// Tell the server that its partner is down.
    PartnerDown(PartnerDownArgs),
    /// Have the server fetch everything from its partner anew, and wait, before it serves again.
    Recover(OrderArgs),
    /// Stop serving for a while.
    Pause(OrderArgs),
    /// Stop serving for long.
    Shutdown(OrderArgs),
}

/// Which client.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("client").required(true).multiple(true))]
pub(super) struct ExplainArgs {
    /// Its hardware address, such as 02:00:00:00:00:01.
    #[arg(long, value_name = "BYTES", group = "client")]
    pub(super) hwaddr: Option<String>,
    /// Its client identifier, written in the same way.
    #[arg(long, value_name = "BYTES", group = "client")]
    pub(super) client_id: Option<String>,
    /// Only in scopes of this relationship.
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
}

/// `partner-down`.
#[derive(Debug, Args)]
pub(super) struct PartnerDownArgs {
    #[command(flatten)]
    pub(super) name: OneName,
    /// Only say what that would risk: how many addresses the partner may have leased, and from
    /// when they are usable. Nothing is changed.
    #[arg(long, visible_alias = "what-if", conflicts_with = "force")]
    pub(super) dry_run: bool,
    /// Do not ask. The server still refuses while it hears its partner.
    #[arg(long)]
    pub(super) yes: bool,
    /// It is down whatever the server hears of it, and it did not serve alone while this server
    /// was away. If that is wrong, addresses are given to two clients. Nothing is asked; to skip only
    /// the question, use --yes.
    #[arg(long)]
    pub(super) force: bool,
}

/// `recover`, `pause` and `shutdown`.
#[derive(Debug, Args)]
pub(super) struct OrderArgs {
    #[command(flatten)]
    pub(super) name: OneName,
    #[command(flatten)]
    pub(super) caution: Caution,
}

/// Whether to do it, and whether to ask first.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct Caution {
    /// Only say what would be done; nothing is changed and nothing is asked.
    #[arg(long, visible_alias = "dry-run")]
    pub(super) what_if: bool,
    /// Do not ask.
    #[arg(long, visible_alias = "yes")]
    pub(super) force: bool,
}
