//! Rows as an aligned table.

use super::message::{ExplainRow, LeaseRow, StatusRow};

/// Something with one cell for each column.
pub trait Row {
    /// The titles of the columns.
    const COLUMNS: &'static [&'static str];
    /// The cells, as many as there are columns.
    fn cells(&self) -> Vec<String>;
}

impl Row for StatusRow {
    const COLUMNS: &'static [&'static str] =
        &["NAME", "ROLE", "STATE", "PARTNER STATE", "PENDING", "DISPUTED"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.role.clone(),
            self.state.clone(),
            self.partner_state.clone(),
            self.pending.to_string(),
            self.disputed.to_string(),
        ]
    }
}

impl Row for LeaseRow {
    const COLUMNS: &'static [&'static str] = &[
        "ADDRESS",
        "STATUS",
        "CLIENT ID",
        "HARDWARE ADDRESS",
        "EXPIRES",
        "OWNER",
        "HOST NAME",
        "DISPUTE",
    ];

    fn cells(&self) -> Vec<String> {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        vec![
            self.address.to_string(),
            self.status.clone(),
            or_dash(self.client_id.clone()),
            or_dash(self.hwaddr.clone()),
            or_dash(self.expires.map(utc)),
            self.owner.clone(),
            or_dash(self.host_name.clone()),
            or_dash(self.dispute.clone()),
        ]
    }
}

impl Row for ExplainRow {
    const COLUMNS: &'static [&'static str] = &["SCOPE", "DECISION"];

    fn cells(&self) -> Vec<String> {
        vec![self.subnet.clone(), self.explanation.clone()]
    }
}

/// A title line and one line for each row, columns two spaces apart, without trailing spaces.
pub fn render<R: Row>(rows: &[R]) -> String {
    let titles = R::COLUMNS.iter().map(|title| (*title).to_owned()).collect();
    let lines: Vec<Vec<String>> =
        std::iter::once(titles).chain(rows.iter().map(Row::cells)).collect();
    let mut widths = vec![0; R::COLUMNS.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for line in &lines {
        let padded: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}", width = *width))
            .collect();
        text += padded.join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// `2026-11-20T08:15:00Z`, from Unix seconds; days to dates in the proleptic Gregorian calendar,
/// counted in eras of 400 years that begin in March.
pub(crate) fn utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_around_leap_days() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(utc(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(utc(1_709_251_200), "2024-03-01T00:00:00Z");
        assert_eq!(utc(4_294_967_295), "2106-02-07T06:28:15Z");
    }

    #[test]
    fn columns_are_aligned() {
        let row = |name: &str, state: &str| StatusRow {
            name: name.into(),
            role: "primary".into(),
            state: state.into(),
            partner_state: "UNKNOWN".into(),
            pending: 7,
            disputed: 0,
        };
        let text = render(&[row("a", "COMMUNICATIONS-INTERRUPTED"), row("long-name", "NORMAL")]);
        let expected = "\
NAME       ROLE     STATE                       PARTNER STATE  PENDING  DISPUTED
a          primary  COMMUNICATIONS-INTERRUPTED  UNKNOWN        7        0
long-name  primary  NORMAL                      UNKNOWN        7        0
";
        assert_eq!(text, expected);
    }
}
