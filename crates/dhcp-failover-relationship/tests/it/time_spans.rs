//! Time spans as people write them.

use dhcp_failover_relationship::{Invalid, TimeSpan};

#[test]
fn seconds_clocks_and_units_are_read() {
    for (text, seconds) in [
        ("0", 0),
        ("7200", 7200),
        ("2:00:00", 7200),
        ("02:00:00", 7200),
        ("0:00:01", 1),
        ("23:59:59", 86_399),
        ("1.02:00:00", 93_600),
        ("0.00:00:00", 0),
        ("2h", 7200),
        ("90m", 5400),
        ("1h30m", 5400),
        ("45s", 45),
        ("1d", 86_400),
        ("1d2h3m4s", 93_784),
        ("4294967295", u32::MAX),
        ("49710.06:28:15", u32::MAX),
    ] {
        assert_eq!(text.parse::<TimeSpan>().unwrap().as_s(), seconds, "{text}");
    }
}

#[test]
fn anything_else_is_refused() {
    for text in [
        "",
        " ",
        "-1",
        "+1",
        "1.5",
        "1.5h",
        "h",
        "2x",
        "2H",
        "30m1h",
        "1h1h",
        "1h30",
        "2:00",
        "24:00:00",
        "1:60:00",
        "1:00:60",
        "1:2:3:4",
        "1:-2:3",
        ":::",
        "1.2.3:4:5",
        ".2:00:00",
        "4294967296",
        "49710.06:28:16",
        "71582789m",
        "4294967295h",
        "1é",
        "１h",
        "1 h",
    ] {
        assert_eq!(
            text.parse::<TimeSpan>(),
            Err(Invalid::TimeSpan { text: text.into() }),
            "{text:?} was read"
        );
    }
}

#[test]
fn it_is_printed_as_powershell_does() {
    for (seconds, text) in [
        (0, "00:00:00"),
        (3600, "01:00:00"),
        (86_399, "23:59:59"),
        (86_400, "1.00:00:00"),
        (93_784, "1.02:03:04"),
        (u32::MAX, "49710.06:28:15"),
    ] {
        assert_eq!(TimeSpan::from_s(seconds).to_string(), text);
    }
    assert_eq!(format!("[{:<10}]", TimeSpan::HOUR), "[01:00:00  ]");
}
