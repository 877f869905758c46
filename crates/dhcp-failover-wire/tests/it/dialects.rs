//! What a dialect says of itself.

use dhcp_failover_wire::{
    Dialect, OptionCode,
    windows::{Settings, Text},
};

#[test]
fn each_dialect_has_its_habits() {
    let with_bits_of_the_secondary =
        Dialect::Microsoft(Settings { set_buckets_are_primarys: false, ..Settings::DEFAULT });
    for (dialect, name, primarys, batches, most, digests, last) in [
        (Dialect::Draft12, "draft12", false, true, usize::MAX, true, 29),
        (Dialect::IscDhcpd, "isc", true, false, 1, false, 29),
        (Dialect::MICROSOFT, "microsoft", true, true, 1, true, 41),
        (with_bits_of_the_secondary, "microsoft", false, true, 1, true, 41),
    ] {
        assert_eq!(dialect.to_string(), name);
        assert_eq!(dialect.set_buckets_are_primarys(), primarys, "{name}");
        assert_eq!(dialect.batches_bindings(), batches, "{name}");
        assert_eq!(dialect.max_bindings(), most, "{name}");
        assert_eq!(dialect.has_digests(), digests, "{name}");
        let known = (0..=u16::MAX).filter(|code| dialect.knows(OptionCode(*code)));
        assert!(known.eq(1..=last), "{name}");
        assert_eq!(dialect.windows().is_some(), name == "microsoft");
    }
    assert_eq!(format!("{:>10}|", Dialect::IscDhcpd), "       isc|");
}

#[test]
fn an_implementation_is_known_by_its_vendor_class() {
    let windows: Vec<u8> = "MSFT 5.0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (class, dialect) in [
        (&b"isc-4.4.3-P1"[..], Dialect::IscDhcpd),
        (b"isc", Dialect::Draft12),
        (&windows, Dialect::MICROSOFT),
        (b"MSFT 5.0", Dialect::Draft12),
        (b"", Dialect::Draft12),
        (b"dhcp-failover-0.1", Dialect::Draft12),
    ] {
        assert_eq!(Dialect::of_vendor_class(class), dialect, "{class:?}");
    }
}

#[test]
fn a_text_of_windows_shows_what_can_be_shown() {
    assert_eq!(Text::new("").as_bytes(), [0, 0]);
    assert_eq!(format!("{:?}", Text::new("dc1")), "\"dc1\"");
    assert_eq!(Text::default().to_string(), "");
    // Only the last NUL is the terminating one.
    assert_eq!(Text::from_bytes(b"a\0\0\0b\0\0\0".to_vec()).to_string(), "a\0b");
}
