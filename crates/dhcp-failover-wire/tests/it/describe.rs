//! Values as people read them.

use dhcp_failover_wire::{
    Dialect, OptionCode, RawMessage, RawOption,
    windows::{RejectText, Settings},
};

use crate::support::hex;

fn describe(code: u16, value: &[u8], dialect: Dialect) -> String {
    RawOption { code: OptionCode(code), value, offset: 12 }.describe(dialect).to_string()
}

#[test]
fn times_are_in_utc() {
    // From Python's datetime.
    for (unix_s, expected) in [
        (0_u32, "none"),
        (1, "1970-01-01T00:00:01Z"),
        (86_399, "1970-01-01T23:59:59Z"),
        (86_400, "1970-01-02T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_799, "2000-02-29T23:59:59Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_570_621_945, "2019-10-09T11:52:25Z"),
        (1_695_753_999, "2023-09-26T18:46:39Z"),
        (2_795_742_289, "2058-08-05T03:04:49Z"),
        (4_071_050_725, "2099-01-02T15:25:25Z"),
        (4_107_455_999, "2100-02-27T23:59:59Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (4_294_967_294, "2106-02-07T06:28:14Z"),
        (u32::MAX, "never"),
    ] {
        assert_eq!(describe(13, &unix_s.to_be_bytes(), Dialect::Draft12), expected);
    }
}

#[test]
fn every_option_of_the_draft_is_put_into_words() {
    for (code, value, expected) in [
        (1, "00000007", "7"),
        (2, "c0000209", "192.0.2.9"),
        (3, "02", "ACTIVE"),
        (3, "63", "99"),
        (4, "0102", "0102"),
        (5, "01020000000007", "1/02:00:00:00:00:07"),
        (5, "01", "1/"),
        (6, "64e374e9", "2023-08-21T14:30:01Z"),
        (8, "63825363 0c0168 3501", "option 12 of 1 bytes, option 53 cut off"),
        (8, "63825363 00 5202 abcd ff 01", "option 82 of 2 bytes"),
        (7, "63825363", "no options"),
        (7, "01020304 0c0168", "010203040c0168"),
        (9, "0003 04686f7374 0765 78616d706c65 00", "A done, A ours, \"host.example\""),
        (10, "03", "3 s"),
        (11, &"ff".repeat(32), "256 of 256"),
        (11, &format!("{}{}", "ff".repeat(16), "00".repeat(16)), "128 of 256: 0-127"),
        (11, &format!("05{}80", "00".repeat(30)), "3 of 256: 0, 2, 255"),
        (11, "ff", "ff"),
        (12, "0003", "RESERVED|BOOTP"),
        (12, "0000", "none"),
        (12, "01", "RESERVED"),
        (14, "0000000a", "10"),
        (15, "00000e10", "3600 s"),
        (16, "6e6f", "\"no\""),
        (17, "01000102030405060708090a0b0c0d0e0f", "1 (HMAC-MD5) 000102030405060708090a0b0c0d0e0f"),
        (17, "07ff", "7 (unknown) ff"),
        (19, "0000003c", "60 s"),
        (20, "01", "1"),
        (21, "05", "5 (invalid MCLT)"),
        (21, "c8", "200 (200)"),
        (22, "666f6f", "\"foo\""),
        (23, "00", "none"),
        (23, "01", "STARTUP"),
        (24, "fe", "RECOVER-WAIT"),
        (26, "00", "0 (no TLS)"),
        (27, "02", "2 (TLS required)"),
        (27, "09", "9 (?)"),
        (29, "0100", "0100"),
        (30, "c0000200", "c0000200"),
        (13, "00", "00"),
        (2, "", "(empty)"),
    ] {
        assert_eq!(describe(code, &hex(value), Dialect::IscDhcpd), expected, "option {code}");
    }
}

#[test]
fn the_options_of_windows_are_put_into_words() {
    for (code, value, expected) in [
        (3, "01", "0x01 (lease Active, DHCID None; or ownership FREE)"),
        (3, "5d", "0x5d (lease Active, DHCID Duid, DNS cleanup, DNS unregistered)"),
        (5, "003ca8c001000c2967427a", "192.168.60.0 1/00:0c:29:67:42:7a"),
        (12, "03", "DELETED|RELEASED"),
        (12, "00", "none"),
        (22, "7300310000d8", "\"s1\u{fffd}\""),
        (24, "09", "RECOVER"),
        (24, "01", "12"),
        (28, "4d0053004600", "\"MSF\""),
        (30, "003ca8c02002010a", "192.168.60.0, 10.1.2.32"),
        (30, "0000", "0000"),
        (31, "70006300310000 00", "\"pc1\""),
        (33, "ffffff00", "255.255.255.0"),
        (36, "01", "DHCP"),
        (39, "01", "1"),
        (41, "00000001", "00000001"),
    ] {
        assert_eq!(describe(code, &hex(value), Dialect::MICROSOFT), expected, "option {code}");
    }
    let utf16 =
        Dialect::Microsoft(Settings { reject_text: RejectText::Utf16, ..Settings::DEFAULT });
    assert_eq!(describe(16, &hex("6e006f00"), utf16), "\"no\"");
}

#[test]
fn what_a_peer_writes_cannot_steer_a_terminal() {
    let hostile = b"\x1b[2J\x07\r\n\xff\"\\\xc2\x9b31m";
    for code in [16, 22, 28] {
        let shown = describe(code, hostile, Dialect::Draft12);
        assert!(shown.chars().all(|c| !c.is_control()), "{shown:?}");
        assert!(shown.contains("\\u{1b}[2J") && shown.contains("\\xff\\\"\\\\"), "{shown}");
    }
    let utf16: Vec<u8> =
        "\u{1b}]0;x\u{7}\u{9b}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for code in [22, 28, 31, 32, 35, 40] {
        let shown = describe(code, &utf16, Dialect::MICROSOFT);
        assert!(shown.chars().all(|c| !c.is_control()), "{shown:?}");
    }
    let name = [&[0, 0, 4][..], b"\x1b[2J", &[0]].concat();
    assert!(describe(9, &name, Dialect::Draft12).chars().all(|c| !c.is_control()));
}

#[test]
fn every_option_of_every_captured_message_can_be_shown() {
    for line in include_str!("../data/isc.hex").lines().filter(|line| !line.starts_with('#')) {
        let frame = hex(line);
        let raw = RawMessage::parse(&frame).unwrap();
        for option in raw.options() {
            let shown = option.describe(Dialect::IscDhcpd).to_string();
            assert!(!shown.is_empty() && shown.chars().all(|c| !c.is_control()), "{shown:?}");
        }
    }
}
