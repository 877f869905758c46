//! A live view in the terminal.
//!
//! It draws over what it drew before and changes nothing else of the terminal, so that an interrupt
//! leaves that as it should be.

use super::output::{Answer, Failure, json};
use super::relationship::Names;
use super::session::{Session, unexpected};
use super::view;
use crate::admin::{AdminRequest, AdminResponse, Row, StatusRow, codes, render, utc};
use clap::Args;
use dhcp_failover_relationship::{AddressCounts, Statistics};
use serde::Serialize;
use std::io::{ErrorKind, Write};
use std::time::{Duration, SystemTime};

/// `watch`.
#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    #[command(flatten)]
    names: Names,
    /// Seconds between two looks, 0.1 to 3600.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = interval)]
    interval: Duration,
    /// End after so many looks; without it, with an interrupt.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

fn interval(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("write seconds from 0.1 to 3600".to_owned()),
    }
}

/// Where the view is shown, and when it is now.
pub(super) struct Screen<'a> {
    pub(super) out: &'a mut dyn Write,
    /// What is written over; else each look is written after the last one.
    pub(super) is_terminal: bool,
    pub(super) now: &'a dyn Fn() -> SystemTime,
    pub(super) sleep: &'a dyn Fn(Duration),
}

/// One relationship. As JSON it has the keys of `status` and of `stats`.
#[derive(Serialize)]
struct WatchRow {
    #[serde(flatten)]
    status: StatusRow,
    /// Of all its scopes together.
    #[serde(flatten)]
    statistics: Statistics,
}

impl Row for WatchRow {
    const COLUMNS: &'static [&'static str] = &[
        "NAME",
        "ROLE",
        "STATE",
        "PARTNER STATE",
        "PENDING",
        "DISPUTED",
        "FREE HERE",
        "FREE AT PARTNER",
        "IN USE",
    ];

    fn cells(&self) -> Vec<String> {
        let mut cells = self.status.cells();
        let Statistics { this_addr_free, partner_addr_free, addr_in_use, .. } = self.statistics;
        cells.extend([this_addr_free, partner_addr_free, addr_in_use].map(|it| it.to_string()));
        cells
    }
}

/// What was seen: the relationships, or why they could not be.
type Seen = Result<Vec<WatchRow>, Failure>;

/// Looks again and again. A server that is not there is waited for; what it refuses at the first look,
/// such as a name, does not become right by waiting.
pub(super) fn watch(
    session: &Session<'_>,
    arguments: &WatchArgs,
    screen: &mut Screen<'_>,
) -> Result<Answer, Failure> {
    let names = arguments.names.given(session.relationship);
    for number in 1_u64.. {
        let seen = look(session, &names);
        if let Err(failure) = &seen
            && number == 1
            && !is_absence(failure)
        {
            return seen.map(|_| Answer::default());
        }
        match screen.show(&block(session, &seen, (screen.now)()), number == 1) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            shown => shown.map_err(|error| format!("cannot write: {error}"))?,
        }
        if arguments.count == Some(number) {
            return seen.map(|_| Answer::default());
        }
        (screen.sleep)(arguments.interval);
    }
    Ok(Answer::default())
}

fn is_absence(failure: &Failure) -> bool {
    let Failure::Refused(refusal) = failure else { return false };
    [codes::UNREACHABLE, codes::TIMEOUT, codes::STOPPING].contains(&refusal.code())
}

fn look(session: &Session<'_>, names: &[String]) -> Seen {
    let rows = match session.call(&AdminRequest::Status { relationship: None })? {
        AdminResponse::Status { rows } => rows,
        other => return Err(unexpected(&other)),
    };
    let relationships = session.failovers(names.to_vec())?;
    let figures = view::statistics(session, Vec::new())?;
    // A relationship that ends between two questions is not there any more.
    let known = relationships.into_iter().filter_map(|relationship| {
        let status = rows.iter().find(|row| row.name == relationship.name)?.clone();
        let own = figures.iter().filter(|it| relationship.scope_id.contains(&it.scope_id));
        let statistics = sum(own.map(|it| &it.statistics));
        Some(WatchRow { status, statistics })
    });
    Ok(known.collect())
}

fn sum<'a>(all: impl Iterator<Item = &'a Statistics>) -> Statistics {
    let counts = all.fold(AddressCounts::default(), |sum, it| AddressCounts {
        this_free: sum.this_free.saturating_add(it.this_addr_free),
        this_in_use: sum.this_in_use.saturating_add(it.this_addr_in_use),
        partner_free: sum.partner_free.saturating_add(it.partner_addr_free),
        partner_in_use: sum.partner_in_use.saturating_add(it.partner_addr_in_use),
    });
    Statistics::new(counts)
}

fn block(session: &Session<'_>, seen: &Seen, now: SystemTime) -> String {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let time = utc(now);
    match seen {
        Ok(rows) if session.json => {
            json(&serde_json::json!({ "time": time, "relationships": rows }))
        }
        Err(failure) if session.json => {
            json(&serde_json::json!({ "time": time, "error": failure.refusal() }))
        }
        Ok(rows) => {
            let table = if rows.is_empty() { "no relationship\n".to_owned() } else { render(rows) };
            format!("{time}  {}\n\n{table}", session.server.display())
        }
        Err(failure) => format!(
            "{time}  {}\n\n{}waiting for it\n",
            session.server.display(),
            failure.text(false)
        ),
    }
}

impl Screen<'_> {
    fn show(&mut self, block: &str, is_first: bool) -> std::io::Result<()> {
        if self.is_terminal {
            // Home, each line to its end, and what is left of the last look below.
            let clear = if is_first { "\x1b[2J" } else { "" };
            let block = block.replace('\n', "\x1b[K\n");
            write!(self.out, "{clear}\x1b[H{block}\x1b[J")?;
        } else {
            let parted = if is_first || block.starts_with('{') { "" } else { "\n" };
            write!(self.out, "{parted}{block}")?;
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
