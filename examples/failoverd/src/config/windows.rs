//! The table `windows` of a relationship: what is not settled about a partner of that make.

use super::reader::Section;
use super::types::Windows;
use super::value::Value;
use dhcp_failover_wire::digest::{Coverage, KeyEncoding, Scheme};
use dhcp_failover_wire::windows::{Declined, Ownership, RejectText, Settings, StateNumbers};
use toml_edit::InlineTable;

/// The answers of a configuration; the usual ones where it has none.
pub(super) fn read(value: Option<&Value<'_>>) -> Option<Windows> {
    let (settings, digest) = (Settings::DEFAULT, Scheme::WINDOWS);
    let Some(value) = value else { return Some(Windows { settings, digest }) };
    let table = value.section("write a table such as { ownership = \"as-documented\" }")?;
    let found = complete(&table, settings, digest);
    table.report_unknown();
    found
}

type Choices<T> = &'static [(&'static str, T)];

const OWNERSHIP: Choices<Ownership> =
    &[("as-captured", Ownership::AsCaptured), ("as-documented", Ownership::AsDocumented)];
const STATE_NUMBERS: Choices<StateNumbers> =
    &[("fsm-state", StateNumbers::FsmState), ("draft", StateNumbers::Draft)];
const DECLINED: Choices<Declined> =
    &[("abandoned", Declined::Abandoned), ("expired", Declined::Expired)];
const REJECT_TEXT: Choices<RejectText> =
    &[("utf-8", RejectText::Utf8), ("utf-16", RejectText::Utf16)];
const SET_BUCKETS: Choices<bool> = &[("primary", true), ("secondary", false)];
const NAP_STATUS: Choices<bool> = &[("byte", false), ("word", true)];
const DIGEST_COVERS: Choices<Coverage> =
    &[("zeroed-digest", Coverage::ZeroedDigest), ("without-option", Coverage::WithoutOption)];
const DIGEST_KEY: Choices<KeyEncoding> = &[
    ("utf-16", KeyEncoding::Utf16),
    ("utf-16-nul", KeyEncoding::Utf16Nul),
    ("utf-8", KeyEncoding::Bytes),
];

/// The answers as [`read`] takes them.
pub(super) fn write(it: Windows) -> InlineTable {
    let Windows { settings, digest } = it;
    let words = [
        ("ownership", word(OWNERSHIP, settings.ownership)),
        ("set_buckets", word(SET_BUCKETS, settings.set_buckets_are_primarys)),
        ("state_numbers", word(STATE_NUMBERS, settings.state_numbers)),
        ("declined", word(DECLINED, settings.declined)),
        ("reject_text", word(REJECT_TEXT, settings.reject_text)),
        ("nap_status", word(NAP_STATUS, settings.wide_nap_status)),
        ("digest_covers", word(DIGEST_COVERS, digest.coverage)),
        ("digest_key", word(DIGEST_KEY, digest.key_encoding)),
    ];
    let mut table: InlineTable = words.into_iter().collect();
    table.insert("max_bindings", i64::from(settings.max_bindings).into());
    table
}

fn word<T: PartialEq>(choices: Choices<T>, value: T) -> &'static str {
    choices.iter().find(|(_, it)| *it == value).map_or("", |(word, _)| word)
}

fn complete(table: &Section<'_>, usual: Settings, digest: Scheme) -> Option<Windows> {
    let ownership = choice(table, "ownership", OWNERSHIP, usual.ownership);
    let state_numbers = choice(table, "state_numbers", STATE_NUMBERS, usual.state_numbers);
    let declined = choice(table, "declined", DECLINED, usual.declined);
    let reject_text = choice(table, "reject_text", REJECT_TEXT, usual.reject_text);
    let set_buckets_are_primarys =
        choice(table, "set_buckets", SET_BUCKETS, usual.set_buckets_are_primarys);
    let max_bindings = match table.get("max_bindings") {
        Some(value) => value.integer(1..=16, "").and_then(|number| u8::try_from(number).ok()),
        None => Some(usual.max_bindings),
    };
    let wide_nap_status = choice(table, "nap_status", NAP_STATUS, usual.wide_nap_status);
    let coverage = choice(table, "digest_covers", DIGEST_COVERS, digest.coverage);
    let key_encoding = choice(table, "digest_key", DIGEST_KEY, digest.key_encoding);
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
