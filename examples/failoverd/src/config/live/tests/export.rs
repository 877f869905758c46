//! Files in every way TOML has to say the same: the export says what is in force, and parses.

use super::*;
use crate::demo::random::Random;

const NASTY: &[&str] = &[
    // Arrays of inline tables, before a table, with comments and odd spacing.
    r#"relationship = [ # the pairs
  # first
  { name = "pair", role = "primary" ,partner="192.0.2.2", "mclt_s"=90 }, # after it
  {name='two',role='secondary',partner='192.0.2.7:1647',mode='hot-standby',reserve_percent=9},
]
scope = [{subnet="192.0.2.0/24",ranges=["192.0.2.10-192.0.2.19"],lease_s=600,relationship="pair"} ,
  { subnet = "10.1.0.0/24" , ranges = [ "10.1.0.10-10.1.0.11" ] , lease_s = 600 } # last
  # end
  ,
]
server = { store = "s", admin_socket = "a" }"#,
    // The same, and the server's table after them.
    r#"relationship = [{ name = "pair", role = "primary", partner = "192.0.2.2" }]
scope = [{ subnet = "192.0.2.0/24", ranges = ["192.0.2.10-192.0.2.19"], lease_s = 600, relationship = "pair" },
 { subnet = "10.1.0.0/24", ranges = ["10.1.0.10-10.1.0.11"], lease_s = 600 }]
[server]
store = "s"
admin_socket = "a"
"#,
    // Dotted keys, and no relationship at all.
    r#"server.store = "s"
server . "admin_socket" = 'a'
[[ scope ]]
subnet = "192.0.2.0/24"
ranges = ["192.0.2.10-192.0.2.19"]
lease_s = 600
[[scope]]
lease_s = 600
ranges = [
  "10.1.0.10-10.1.0.11", # one
]
subnet = "10.1.0.0/24" # no line end"#,
    "relationship = []\nscope = []\n[server]\nstore = \"s\"\nadmin_socket = \"a\"\n",
    // Tables in tables, quoted names of keys, and tables in another order.
    r#"[[scope]]
"subnet" = "10.1.0.0/24"
'ranges' = ["10.1.0.10-10.1.0.11"]
lease_s = 600
  [[scope.reservations]] # deep
  hw_address = "02:00:00:00:00:99"
  address = "10.1.0.5"
  [scope.options]
  router = ["10.1.0.1"]

[[relationship]]
name = "pair"
partner = "192.0.2.2"
role = "primary"
dialect = "microsoft"
  [relationship.windows] # deeper
  max_bindings = 3

[server] # in the middle
store = "s"
admin_socket = "a"

[[relationship]]
name = """
two"""
role = "secondary"
partner = "[2001:db8::2]:1647"
windows.max_bindings = 2
dialect = "microsoft"

[[scope]]
subnet = "192.0.2.0/24"
relationship = "pair" # shared
ranges = ["192.0.2.10-192.0.2.19"]
lease_s = 600
"#,
];

const NAMES: [&str; 5] = ["new", "q\"uo'te", "a.b]#", "näme \\", "two"];

fn parse(text: &str) -> Config {
    Config::parse("test.toml".as_ref(), text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A change that an operator can make.
fn change(live: &mut Live, file: &Config, random: &mut Random) {
    let now = live.apply(file).unwrap();
    let at = |random: &mut Random, count: usize| random.below(count as u64) as usize;
    let related = |name: &str| -> Vec<Ipv4Net> {
        let of = |scope: &&crate::config::Scope| {
            now.relationship_of(scope).is_some_and(|it| it.name == name)
        };
        now.scopes.iter().filter(of).map(|it| it.subnet).collect()
    };
    match random.below(5) {
        0 => {
            let names = NAMES;
            let name = names[at(random, names.len())];
            if now.relationships.iter().all(|it| it.name != name) {
                let new = Relationship { second_secret: None, ..other() };
                let new = Relationship { name: name.to_owned(), ..new };
                live.set_relationship(file, name, Some(new));
            }
        }
        1 | 2 if !now.relationships.is_empty() => {
            let old = now.relationships[at(random, now.relationships.len())].clone();
            let mode = match random.below(3) {
                0 => Mode::HotStandby { reserve_percent: 11 },
                1 => Mode::LoadBalance { primary_percent: 33 },
                _ => old.mode,
            };
            let safe_period_s = (random.below(2) == 0).then_some(77);
            let mclt_s = if random.below(2) == 0 { 3_600 } else { 61 };
            let name = old.name.clone();
            let new = Relationship { mode, safe_period_s, mclt_s, ..old };
            live.set_relationship(file, &name, Some(new));
        }
        3 if !now.relationships.is_empty() => {
            let name = now.relationships[at(random, now.relationships.len())].name.clone();
            live.set_scopes(file, related(&name), None);
            live.set_relationship(file, &name, None);
        }
        4 if !now.scopes.is_empty() => {
            let scope = now.scopes[at(random, now.scopes.len())].subnet;
            let to = at(random, now.relationships.len() + 1);
            let to = now.relationships.get(to).map(|it| it.name.clone());
            live.set_scopes(file, [scope], to.as_deref());
        }
        _ => {}
    }
}

#[test]
fn whatever_the_file_looks_like_its_export_says_what_is_in_force() {
    let seed = std::env::var("FAILOVERD_SEED").ok();
    let seed = seed.map_or_else(Random::fresh_seed, |it| it.parse().unwrap());
    println!("FAILOVERD_SEED={seed}");
    let mut random = Random::new(seed);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.toml");
    let windows: Vec<String> = NASTY.iter().map(|text| text.replace('\n', "\r\n")).collect();
    let windows = windows.iter().map(String::as_str);
    // Their secrets are in no export.
    for name in ["new", "q_uo_te", "a_b__", "n_me__", "two"] {
        std::fs::write(directory.path().join(format!("{name}.key")), "first").unwrap();
    }
    for text in NASTY.iter().copied().chain([FILE]).chain(windows) {
        let file = parse(text);
        let same = file.export(&file, text).unwrap();
        let compact = |text: &str| text.replace(['\r', '\n', ' '], "");
        assert_eq!(compact(&same), compact(text), "nothing was changed");
        for _ in 0..20 {
            let mut live = Live::default();
            for _ in 0..random.below(12) {
                change(&mut live, &file, &mut random);
                let again = Live::decode(&live.encode().unwrap()).unwrap();
                assert_eq!(again, live);
                let config = live.apply(&file).unwrap();
                let exported = config.export(&file, text).unwrap();
                let read = Config::parse(&path, &exported);
                let read = read.unwrap_or_else(|error| panic!("{error}\n{text}\n->\n{exported}"));
                let by_name = |config: &Config| -> BTreeMap<String, Relationship> {
                    let all = config.relationships.iter();
                    all.map(|it| (it.name.clone(), it.clone())).collect()
                };
                assert_eq!(by_name(&read), by_name(&config), "{text}\n->\n{exported}");
                let related = |config: &Config| -> Vec<_> {
                    let name = |it| config.relationship_of(it).map(|it| it.name.clone());
                    config.scopes.iter().map(|it| (it.subnet, name(it), it.lease_s)).collect()
                };
                assert_eq!(related(&read), related(&config), "{text}\n->\n{exported}");
                assert_eq!(live.differences(&read), [""; 0], "{exported}");
                for comment in text.lines().filter_map(|it| it.split_once("# ")) {
                    let comment = comment.1.trim_end();
                    // A comment goes only with what it is about.
                    let about = [
                        "shared",
                        "deeper",
                        "the pairs",
                        "first",
                        "after it",
                        "the first",
                        "not half",
                    ];
                    let is_kept = about.contains(&comment) || exported.contains(comment);
                    assert!(is_kept, "{comment:?}: {text}\n->\n{exported}");
                }
            }
        }
    }
}
