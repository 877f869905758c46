use super::super::{Dialect, Mode, Role, TimePolicy};
use super::{LAB, SERVER, mistake, mistakes, parse};
use dhcp_failover_wire::digest::{Coverage, KeyEncoding, Scheme};
use dhcp_failover_wire::windows::{Declined, Ownership, RejectText, Settings, StateNumbers};

fn with(key: &str) -> String {
    mistake(&format!("{LAB}{key}\n"))
}

#[test]
fn required_keys() {
    let lines = mistakes(&format!("{SERVER}[[relationship]]\n"));
    let keys: Vec<&str> = lines.iter().filter_map(|line| line.split(": ").nth(1)).collect();
    assert_eq!(keys, ["relationship[0].name", "relationship[0].partner", "relationship[0].role"]);
}

#[test]
fn the_same_name_twice() {
    assert_eq!(
        mistake(&format!("{LAB}{}", LAB.replace("192.0.2.2", "192.0.2.3"))),
        "relationship[1].name = \"lab\": relationship[0].name has the same name; give each \
         relationship a name of its own"
    );
}

#[test]
fn the_partner_is_an_address() {
    for (written, read) in [
        ("192.0.2.2", "192.0.2.2:647"),
        ("192.0.2.2:1647", "192.0.2.2:1647"),
        ("2001:db8::2", "[2001:db8::2]:647"),
        ("[2001:db8::2]:9", "[2001:db8::2]:9"),
    ] {
        let config =
            parse(&format!("{SERVER}{}", LAB.replace("192.0.2.2", written))).expect(written);
        assert_eq!(config.relationships[0].partner.to_string(), read);
    }
    let remedy = "write the partner's IP address, with a port unless it is 647, such as \
                  \"192.0.2.2\" or \"192.0.2.2:1647\"";
    assert_eq!(
        mistake(&LAB.replace("192.0.2.2", "dhcp-b")),
        format!("relationship[0].partner = \"dhcp-b\": this is not an address; {remedy}")
    );
    assert_eq!(
        mistake(&LAB.replace("192.0.2.2", "0.0.0.0")),
        format!(
            "relationship[0].partner = \"0.0.0.0\": nobody can be reached at this address; {remedy}"
        )
    );
}

#[test]
fn the_partner_is_not_this_server() {
    let own = |listen: &str, partner: &str| {
        format!("{SERVER}failover_listen = \"{listen}\"\n{}", LAB.replace("192.0.2.2", partner))
    };
    for (listen, partner) in [("192.0.2.1:700", "192.0.2.1:700"), ("0.0.0.0:700", "127.0.0.1:700")]
    {
        let lines = mistakes(&own(listen, partner));
        let expected = format!(
            "this is where this server itself listens ({listen}, from server.failover_listen); \
             write the address of the other server"
        );
        assert!(lines[0].ends_with(&expected), "{lines:?}");
    }
    let lines = mistakes(&format!("{SERVER}{}", LAB.replace("192.0.2.2", "127.0.0.1")));
    assert!(lines[0].contains("(0.0.0.0:647, from the default)"), "{lines:?}");
    // Two servers on one machine differ in port or address.
    assert!(parse(&own("127.0.0.1:700", "127.0.0.1:701")).is_ok());
    assert!(parse(&own("127.0.0.1:700", "127.0.0.2:700")).is_ok());
}

#[test]
fn mode_and_its_percentage_belong_together() {
    let mode =
        |keys: &str| parse(&format!("{SERVER}{LAB}{keys}\n")).expect(keys).relationships[0].mode;
    assert_eq!(mode("load_balance_percent = 70"), Mode::LoadBalance { primary_percent: 70 });
    assert_eq!(mode("mode = \"hot-standby\""), Mode::HotStandby { reserve_percent: 5 });
    let standby = "mode = \"hot-standby\"\nreserve_percent = 20";
    assert_eq!(mode(standby), Mode::HotStandby { reserve_percent: 20 });
    let map = format!("hash_buckets = \"hex:{}\"", "a5".repeat(32));
    assert_eq!(mode(&map), Mode::Buckets { primary: [0xa5; 32] });
    for (keys, problem) in [
        (format!("mode = \"hot-standby\"\n{map}"), "no meaning in mode"),
        (format!("load_balance_percent = 50\n{map}"), "in another way"),
        ("hash_buckets = \"hex:00\"".to_owned(), "not 32 bytes"),
        ("hash_buckets = \"ffff\"".to_owned(), "not 32 bytes"),
    ] {
        let told = with(&keys);
        assert!(told.contains(problem), "{told}");
    }
    assert_eq!(
        with("mode = \"hot-standby\"\nload_balance_percent = 30"),
        "relationship[0].load_balance_percent = 30: this has no meaning in mode \"hot-standby\"; \
         remove it or change mode"
    );
    assert_eq!(
        with("reserve_percent = 30"),
        "relationship[0].reserve_percent = 30: this has no meaning in mode \"load-balance\"; \
         remove it or change mode"
    );
    assert_eq!(
        with("load_balance_percent = 101"),
        "relationship[0].load_balance_percent = 101: out of range; write a number of percent from \
         0 to 100"
    );
}

#[test]
fn times_have_bounds() {
    assert_eq!(
        with("mclt_s = 0"),
        "relationship[0].mclt_s = 0: out of range; write a number of seconds from 1 to 604800"
    );
    assert_eq!(
        with("receive_timer_s = \"60\""),
        "relationship[0].receive_timer_s = \"60\": this is a string, not a number; write a number \
         of seconds from 2 to 3600"
    );
    assert_eq!(
        with("safe_period_s = 1.5"),
        "relationship[0].safe_period_s = 1.5: this is a number with a fraction, not a number; \
         write a number of seconds from 1 to 31536000"
    );
}

/// What is not settled about Windows has the recommended answers, and each can be given another.
#[test]
fn of_windows_every_open_question_can_be_answered() {
    let found = |keys: &str| {
        let text = format!("{SERVER}{LAB}dialect = \"microsoft\"\n{keys}\n");
        let found = parse(&text).expect(keys).relationships[0].clone();
        let Dialect::Microsoft(windows) = found.dialect else { panic!("{:?}", found.dialect) };
        (windows, found.time_policy)
    };
    let (usual, time_policy) = found("");
    assert_eq!((usual.settings, usual.digest), (Settings::DEFAULT, Scheme::WINDOWS));
    assert_eq!(time_policy, TimePolicy::Close);
    let (other, time_policy) = found(
        "time_policy = \"correct\"\n[relationship.windows]\nownership = \"as-documented\"\n\
         state_numbers = \"draft\"\ndeclined = \"expired\"\nreject_text = \"utf-16\"\n\
         set_buckets = \"secondary\"\nmax_bindings = 16\nnap_status = \"word\"\n\
         digest_covers = \"without-option\"\ndigest_key = \"utf-16-nul\"",
    );
    let settings = Settings {
        ownership: Ownership::AsDocumented,
        state_numbers: StateNumbers::Draft,
        declined: Declined::Expired,
        reject_text: RejectText::Utf16,
        set_buckets_are_primarys: false,
        max_bindings: 16,
        wide_nap_status: true,
    };
    let digest = Scheme {
        coverage: Coverage::WithoutOption,
        key_encoding: KeyEncoding::Utf16Nul,
        ..Scheme::WINDOWS
    };
    assert_eq!((other.settings, other.digest), (settings, digest));
    assert_eq!(time_policy, TimePolicy::Correct);
    assert_eq!(
        with("windows = { ownership = \"as-documented\" }"),
        "relationship[0].windows = { ownership = \"as-documented\" }: this is only for a partner \
         that is known to be Windows; write dialect = \"microsoft\", or remove this"
    );
    assert_eq!(
        with("dialect = \"microsoft\"\nwindows = { max_bindings = 17 }"),
        "relationship[0].windows.max_bindings = 17: out of range; write a number from 1 to 16"
    );
}

#[test]
fn the_secret_is_the_content_of_its_file_without_one_newline() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("key");
    let text = format!("{SERVER}{LAB}secret_file = {path:?}\n");
    for (content, key) in [("k1\n", "k1"), ("k1", "k1"), ("k1\n\n", "k1\n"), ("k1\r\n", "k1")] {
        std::fs::write(&path, content).expect("a file");
        let config = parse(&text).expect("a configuration");
        let secret = config.relationships[0].secret.as_ref().expect("a secret");
        assert_eq!(secret.bytes(), key.as_bytes());
        assert!(!format!("{config:?}").contains("k1"));
    }
    std::fs::write(&path, "\n").expect("a file");
    assert!(mistakes(&text)[0].contains("holds 0 bytes; write the path of a readable file"));
    std::fs::remove_file(&path).expect("a file");
    assert!(mistakes(&text)[0].contains("cannot be read: No such file"));
}

#[test]
fn a_secret_is_refused_for_a_partner_that_cannot_sign() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("key");
    std::fs::write(&path, "k1").expect("a file");
    assert_eq!(
        with(&format!("secret_file = {path:?}\ndialect = \"isc\"")),
        "relationship[0].dialect = \"isc\": ISC dhcpd signs no messages, so it could never \
         authenticate with secret_file; remove secret_file, or write another dialect"
    );
}

#[test]
fn a_second_secret_needs_a_first_one_that_differs() {
    let directory = tempfile::tempdir().expect("a directory");
    let [first, second] = ["k1", "k2"].map(|key| {
        let path = directory.path().join(key);
        std::fs::write(&path, key).expect("a file");
        path
    });
    let text = |second| format!("{SERVER}{LAB}secret_file = {first:?}\n{second}");
    let both = text(format!("second_secret_file = {second:?}\n"));
    let config = parse(&both).expect("a configuration");
    let found = config.relationships[0].second_secret.as_ref().map(|it| it.bytes().to_vec());
    assert_eq!(found.as_deref(), Some(b"k2".as_slice()));
    let same = text(format!("second_secret_file = {first:?}\n"));
    assert!(
        mistakes(&same)[0].contains("the same key as secret_file; write the file of the other")
    );
    let alone = with(&format!("second_secret_file = {second:?}"));
    assert!(alone.contains("there is none; write secret_file, or remove this"), "{alone}");
}

#[test]
fn a_limit_for_clocks_needs_a_policy_that_has_one() {
    let config =
        parse(&format!("{SERVER}{LAB}time_policy = \"close\"\n")).expect("a configuration");
    let it = &config.relationships[0];
    assert_eq!((it.time_policy, it.max_time_difference_s), (TimePolicy::Close, 60));
    let useless = with("max_time_difference_s = 5");
    assert!(useless.contains("no meaning with time_policy = \"correct\""), "{useless}");
}

#[test]
fn there_are_no_more_relationships_than_allowed() {
    let many = |most: &str, count: usize| {
        let each = (0..count).map(|number| LAB.replace("lab", &format!("lab {number}")));
        format!("{SERVER}{most}{}", each.collect::<String>())
    };
    assert!(parse(&many("", 31)).is_ok());
    let found = &mistakes(&many("", 32))[0];
    assert!(found.contains("relationship[31].name = \"lab 31\": this is one"), "{found}");
    assert!(found.contains("more than the 31 that are allowed; write a larger"), "{found}");
    assert!(parse(&many("max_relationships = 0\n", 40)).is_ok());
    assert!(parse(&many("max_relationships = 1\n", 2)).is_err());
}

#[test]
fn several_relationships_and_scopes_find_each_other() {
    let other = LAB.replace("lab", "b").replace("primary", "secondary");
    let text = format!("{SERVER}{LAB}{other}{}", super::scope_text("relationship = \"b\""));
    let config = parse(&text).expect("a configuration");
    let found = config.relationship_of(&config.scopes[0]).expect("a relationship");
    assert_eq!((found.name.as_str(), found.role), ("b", Role::Secondary));
    let text = format!("{LAB}{other}{}", super::scope_text("relationship = \"c\""));
    assert_eq!(
        mistake(&text),
        "scope[0].relationship = \"c\": there is no relationship with this name; the relationships \
         are \"lab\", \"b\""
    );
    assert_eq!(
        mistake(&super::scope_text("relationship = \"c\"")),
        "scope[0].relationship = \"c\": there is no relationship with this name; add a \
         [[relationship]] with this name, or remove the key"
    );
}
