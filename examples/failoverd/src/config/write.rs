//! Relationships in the configuration's own words: for the store, and for a file that says what is in
//! force.

use super::relationship::{DIALECTS, FAILOVER_PORT, STARTUP_POLICIES, TIME_POLICIES};
use super::types::{Dialect, Mode, Relationship, Role, TimePolicy};
use super::windows;
use std::fmt::Write as _;
use toml_edit::{Table, Value};

/// Every key of a relationship but its secrets, with its value if it has one; always the same keys in
/// the same order.
pub(super) fn entries(it: &Relationship) -> Vec<(&'static str, Option<Value>)> {
    let number = |number: u32| Some(Value::from(i64::from(number)));
    let text = |text: &str| Some(Value::from(text));
    let (mode, percent, buckets, reserve) = match it.mode {
        Mode::LoadBalance { primary_percent } => {
            ("load-balance", Some(primary_percent), None, None)
        }
        Mode::Buckets { primary } => ("load-balance", None, Some(primary), None),
        Mode::HotStandby { reserve_percent } => ("hot-standby", None, None, Some(reserve_percent)),
    };
    let corrects = it.time_policy == TimePolicy::Correct;
    let (dialect, windows) = match it.dialect {
        Dialect::Microsoft(settings) => ("microsoft", Some(windows::write(settings).into())),
        other => (word(DIALECTS, other), None),
    };
    let partner = match it.partner.port() {
        FAILOVER_PORT => it.partner.ip().to_string(),
        _ => it.partner.to_string(),
    };
    vec![
        ("name", text(&it.name)),
        ("role", text(if it.role == Role::Primary { "primary" } else { "secondary" })),
        ("partner", text(&partner)),
        ("partner_name", it.partner_name.as_deref().and_then(text)),
        ("mode", text(mode)),
        ("load_balance_percent", percent.and_then(|it| number(it.into()))),
        ("hash_buckets", buckets.and_then(|it| text(&hexadecimal(&it)))),
        ("reserve_percent", reserve.and_then(|it| number(it.into()))),
        ("mclt_s", number(it.mclt_s)),
        ("safe_period_s", it.safe_period_s.and_then(number)),
        ("time_policy", text(word(TIME_POLICIES, it.time_policy))),
        ("max_time_difference_s", (!corrects).then(|| number(it.max_time_difference_s)).flatten()),
        ("dialect", text(dialect)),
        ("windows", windows),
        ("receive_timer_s", number(it.receive_timer_s)),
        ("startup_s", number(it.startup_s)),
        ("startup_policy", text(word(STARTUP_POLICIES, it.startup_policy))),
        ("max_unacked_bndupd", number(it.max_unacked_bndupd)),
    ]
}

/// A table of what differs from the defaults, and of what has none.
pub(super) fn table(it: &Relationship) -> Table {
    let usual = entries(&Relationship::new("", it.role, ([0, 0, 0, 0], 0).into()));
    let required = ["name", "role", "partner", "mode"];
    let said = entries(it).into_iter().zip(usual).filter(|((key, value), (_, usual))| {
        required.contains(key) || !same(value.as_ref(), usual.as_ref())
    });
    said.filter_map(|((key, value), _)| Some((key, value?))).collect()
}

/// Whether two values say the same.
pub(super) fn same(one: Option<&Value>, other: Option<&Value>) -> bool {
    one.map(ToString::to_string) == other.map(ToString::to_string)
}

fn word<T: PartialEq>(choices: &[(&'static str, T)], value: T) -> &'static str {
    choices.iter().find(|(_, it)| *it == value).map_or("", |(word, _)| word)
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = "hex:".to_owned();
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
