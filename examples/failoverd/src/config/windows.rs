//! The table `windows` of a relationship: what is not settled about a partner of that make.

use super::reader::Section;
use super::types::Windows;
use super::value::Value;
use dhcp_failover_wire::digest::{Coverage, KeyEncoding, Scheme};
use dhcp_failover_wire::windows::{Declined, Ownership, RejectText, Settings, StateNumbers};

/// The answers of a configuration; the usual ones where it has none.
pub(super) fn read(value: Option<&Value<'_>>) -> Option<Windows> {
    let (settings, digest) = (Settings::DEFAULT, Scheme::WINDOWS);
    let Some(value) = value else { return Some(Windows { settings, digest }) };
    let table = value.section("write a table such as { ownership = \"as-documented\" }")?;
    let found = complete(&table, settings, digest);
    table.report_unknown();
    found
}

fn complete(table: &Section<'_>, usual: Settings, digest: Scheme) -> Option<Windows> {
    let ownership = choice(
        table,
        "ownership",
        &[("as-captured", Ownership::AsCaptured), ("as-documented", Ownership::AsDocumented)],
        usual.ownership,
    );
    let state_numbers = choice(
        table,
        "state_numbers",
        &[("fsm-state", StateNumbers::FsmState), ("draft", StateNumbers::Draft)],
        usual.state_numbers,
    );
    let declined = choice(
        table,
        "declined",
        &[("abandoned", Declined::Abandoned), ("expired", Declined::Expired)],
        usual.declined,
    );
    let reject_text = choice(
        table,
        "reject_text",
        &[("utf-8", RejectText::Utf8), ("utf-16", RejectText::Utf16)],
        usual.reject_text,
    );
    let set_buckets_are_primarys = choice(
        table,
        "set_buckets",
        &[("primary", true), ("secondary", false)],
        usual.set_buckets_are_primarys,
    );
    let max_bindings = match table.get("max_bindings") {
        Some(value) => value.integer(1..=16, "").and_then(|number| u8::try_from(number).ok()),
        None => Some(usual.max_bindings),
    };
    let wide_nap_status =
        choice(table, "nap_status", &[("byte", false), ("word", true)], usual.wide_nap_status);
    let coverage = choice(
        table,
        "digest_covers",
        &[("zeroed-digest", Coverage::ZeroedDigest), ("without-option", Coverage::WithoutOption)],
        digest.coverage,
    );
    let key_encoding = choice(
        table,
        "digest_key",
        &[
            ("utf-16", KeyEncoding::Utf16),
            ("utf-16-nul", KeyEncoding::Utf16Nul),
            ("utf-8", KeyEncoding::Bytes),
        ],
        digest.key_encoding,
    );
    Some(Windows {
        settings: Settings {
            ownership: ownership?,
            state_numbers: state_numbers?,
            declined: declined?,
            reject_text: reject_text?,
            set_buckets_are_primarys: set_buckets_are_primarys?,
            max_bindings: max_bindings?,
            wide_nap_status: wide_nap_status?,
        },
        digest: Scheme { coverage: coverage?, key_encoding: key_encoding?, ..digest },
    })
}

fn choice<T: Copy>(
    table: &Section<'_>,
    name: &'static str,
    choices: &[(&'static str, T)],
    usual: T,
) -> Option<T> {
    table.get(name).map_or(Some(usual), |value| value.one_of(choices))
}
