//! A dry run of partner-down, for scripts and in words.

use super::table::utc;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an order of partner-down would risk. The fields are a promise to scripts; others may be
/// added after them. Times are in Unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RiskReport {
    /// The relationship.
    pub relationship: String,
    /// Why the order would be refused; absent: it would be carried out.
    pub refused: Option<String>,
    /// Seconds since the partner was last heard; absent: not since this server was started.
    pub partner_heard_s_ago: Option<u64>,
    /// The partner may have served alone while this server did not serve.
    pub partner_may_have_been_alone: bool,
    /// Available addresses of this server.
    pub own: u64,
    /// From when they can be given to clients.
    pub own_usable_at: u64,
    /// Available addresses of the partner, each of which it may have leased without telling.
    pub partners: u64,
    /// From when they can be given to clients.
    pub partners_usable_at: u64,
    /// Addresses on their way from one server to the other, or whose lease ended without the
    /// partner's agreement.
    pub waiting: u64,
    /// From when the last of them can be given to clients; absent: never.
    pub waiting_usable_at: Option<u64>,
    /// Leases that the partner may have renewed without telling.
    pub leases: u64,
    /// When the last of those renewals is over; absent: never.
    pub renewals_run_until: Option<u64>,
}

impl RiskReport {
    /// The report as lines for people; `now` in Unix seconds.
    pub fn to_text(&self, now: u64) -> String {
        let order = match &self.refused {
            Some(why) => format!("the order would be REFUSED: {why}"),
            None => "the order would be carried out".to_owned(),
        };
        let head = format!("{}: a dry run; nothing was changed", self.relationship);
        self.lines(vec![head, order], now)
    }

    /// The same before the order is given.
    pub fn to_question(&self, now: u64) -> String {
        let head = format!("{}: this server will serve alone, in PARTNER-DOWN", self.relationship);
        self.lines(vec![head], now)
    }

    fn lines(&self, mut lines: Vec<String>, now: u64) -> String {
        let from = |at: Option<u64>| match at {
            Some(at) if at <= now => "at once".to_owned(),
            Some(at) => format!("from {} (in {} s)", utc(at), at - now),
            None => "never".to_owned(),
        };
        lines.push(match self.partner_heard_s_ago {
            Some(ago) => format!(
                "the partner was heard {ago} s ago: if it is only out of reach and still serves, \
                 addresses can be given to two clients"
            ),
            None => "the partner was not heard since this server was started".to_owned(),
        });
        if self.partner_may_have_been_alone {
            lines.push(
                "while this server was away the partner may have served alone: this server's own \
                 addresses wait, too; --force says that it did not"
                    .to_owned(),
            );
        }
        let counts = [
            (self.own, "addresses of this server", "usable", Some(self.own_usable_at)),
            (
                self.partners,
                "addresses of the partner, which may have leased them",
                "usable",
                Some(self.partners_usable_at),
            ),
            (self.waiting, "addresses between the servers", "all usable", self.waiting_usable_at),
        ];
        for (count, what, usable, at) in counts {
            lines.push(format!("{count} {what}: {usable} {}", from(at)));
        }
        lines.push(match self.renewals_run_until {
            _ if self.leases == 0 => "no leases that the partner may have renewed".to_owned(),
            Some(until) => format!(
                "{} leases that the partner may have renewed: none can run beyond {}",
                self.leases,
                utc(until)
            ),
            None => format!("{} leases that the partner may have renewed, for ever", self.leases),
        });
        lines.join("\n  ") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_when_and_why_not() {
        let report = RiskReport {
            relationship: "lab".into(),
            refused: Some("the partner is there".into()),
            partner_heard_s_ago: Some(3),
            partner_may_have_been_alone: false,
            own: 16,
            own_usable_at: 1_000,
            partners: 14,
            partners_usable_at: 4_602,
            waiting: 0,
            waiting_usable_at: Some(1_000),
            leases: 2,
            renewals_run_until: None,
        };
        let text = report.to_text(1_000);
        assert!(
            text.starts_with("lab: a dry run; nothing was changed\n  the order would be REFUSED")
        );
        assert!(text.contains("\n  16 addresses of this server: usable at once\n"), "{text}");
        assert!(text.contains("usable from 1970-01-01T01:16:42Z (in 3602 s)\n"), "{text}");
        assert!(text.ends_with("2 leases that the partner may have renewed, for ever\n"), "{text}");
    }
}
