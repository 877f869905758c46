//! Checks the requirements ledger, `docs/requirements/`: that what it names is there, that no
//! requirement is left out or counted twice, and that its counts are right. Whether a row tells the
//! truth only a reader can say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The first part of a reference, and the crate it stands for.
const CRATES: [(&str, &str); 6] = [
    ("proto", "crates/dhcp-failover-proto"),
    ("wire", "crates/dhcp-failover-wire"),
    ("lease", "crates/dhcp-failover-lease"),
    ("loadbalance", "crates/dhcp-loadbalance"),
    ("sim", "crates/dhcp-failover-sim"),
    ("failoverd", "examples/failoverd"),
];
const WORDS: [&str; 9] = [
    "MUST",
    "MUST NOT",
    "SHOULD",
    "SHOULD NOT",
    "SHALL",
    "SHALL NOT",
    "REQUIRED",
    "RECOMMENDED",
    "MAY",
];
const KINDS: [&str; 6] = ["met", "untested", "deviates", "embedder", "not applicable", "open"];
/// What may define the item a code reference names.
const DEFINES: [&str; 6] = ["fn ", "const ", "struct ", "enum ", "trait ", "type "];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One requirement.
#[derive(Debug)]
struct Row {
    file: String,
    id: String,
    word: String,
    requirement: String,
    kind: String,
    code: Vec<String>,
    tests: Vec<String>,
    note: String,
}

impl Row {
    /// The section, and the number of the requirement in it.
    fn place(&self) -> Option<(&str, usize)> {
        let (section, number) = self.id.rsplit_once('-')?;
        Some((section, number.parse().ok()?))
    }
}

/// The cells of a line of a Markdown table; none of its head, the line under that, or other lines.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
    let cells: Vec<_> =
        inner.split(" | ").map(|cell| if cell == "–" { "" } else { cell }).collect();
    cells
        .first()
        .is_some_and(|first| first.contains(|it: char| it.is_ascii_digit()))
        .then_some(cells)
}

fn references(cell: &str) -> Vec<String> {
    cell.split("<br>")
        .filter(|it| !it.is_empty())
        .map(|it| it.trim().trim_matches('`').to_owned())
        .collect()
}

fn ledger() -> (String, Vec<Row>) {
    let directory = root().join("docs/requirements");
    let readme = read(&directory.join("README.md"));
    let mut rows = Vec::new();
    let mut files: Vec<_> = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("a file").path())
        .filter(|path| !path.ends_with("README.md"))
        .collect();
    files.sort();
    for path in files {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (line, text) in read(&path).lines().enumerate() {
            let Some(found) = cells(text) else { continue };
            let [id, word, requirement, kind, code, tests, note] = found[..] else {
                panic!("{file}:{}: {} cells, expected 7: {text}", line + 1, found.len());
            };
            rows.push(Row {
                file: file.clone(),
                id: id.to_owned(),
                word: word.to_owned(),
                requirement: requirement.to_owned(),
                kind: kind.to_owned(),
                code: references(code),
                tests: references(tests),
                note: note.to_owned(),
            });
        }
    }
    (readme, rows)
}

/// The file and the item of a reference such as `proto/src/view.rs#decide`.
fn target(reference: &str) -> Result<(PathBuf, &str), String> {
    let (path, item) = reference.split_once('#').ok_or("it has no #item")?;
    let (short, rest) = path.split_once('/').ok_or("it has no path")?;
    let (_, directory) = CRATES
        .iter()
        .find(|(name, _)| *name == short)
        .ok_or_else(|| format!("{short} is none of {:?}", CRATES.map(|(name, _)| name)))?;
    Ok((root().join(directory).join(rest), item))
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether `text` defines `item` with one of these words.
fn defines(text: &str, words: &[&str], item: &str) -> bool {
    text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")).any(|line| {
        words.iter().any(|word| {
            line.match_indices(&format!("{word}{item}")).any(|(at, found)| {
                !line[..at].ends_with(is_word) && !line[at + found.len()..].starts_with(is_word)
            })
        })
    })
}

/// Whether it has a test of this name: a function with an attribute that makes it one, or in
/// `proptest!`.
fn has_test(text: &str, item: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let mut in_proptest = false;
    lines.iter().enumerate().any(|(at, line)| {
        in_proptest =
            (in_proptest || line.starts_with("proptest! {")) && text.contains("proptest! {");
        let attributes = lines[..at].iter().rev().take_while(|it| it.starts_with("#["));
        let is_test = attributes.clone().any(|it| it.contains("test]"));
        defines(line, &["fn "], item) && (is_test || in_proptest)
    })
}

fn check(reference: &str, found: impl Fn(&str, &str) -> bool) -> Result<(), String> {
    let (path, item) = target(reference)?;
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    match found(&text, item) {
        true => Ok(()),
        false => Err(format!("{} does not have it", path.display())),
    }
}

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// Every reference names something that exists.
#[test]
fn what_the_ledger_names_is_there() {
    let mut problems = Vec::new();
    for row in ledger().1 {
        for code in &row.code {
            if let Err(why) = check(code, |text, item| defines(text, &DEFINES, item)) {
                problems.push(format!("{}: {}: code {code}: {why}", row.file, row.id));
            }
        }
        for test in &row.tests {
            if let Err(why) = check(test, has_test) {
                problems.push(format!("{}: {}: test {test}: {why}", row.file, row.id));
            }
        }
    }
    assert_none(&problems);
}

/// The table of deviations: what the draft says, of each row.
fn deviations() -> Vec<String> {
    let text = read(&root().join("ARCHITECTURE.md"));
    let (_, rest) = text.split_once("| # | the draft | we | why |").expect("the table is there");
    rest.lines()
        .skip(2)
        .map_while(|line| line.strip_prefix("| "))
        .filter_map(|line| line.split('|').nth(1))
        .map(|cell| cell.trim().to_owned())
        .collect()
}

/// A deviation quotes how its row in ARCHITECTURE.md begins: "..." at the head of the note.
fn quoted(note: &str) -> Option<&str> {
    note.strip_prefix('"')?.split_once('"').map(|(quoted, _)| quoted)
}

/// Every row has what its kind asks for.
#[test]
fn every_row_proves_its_kind() {
    let deviations = deviations();
    let mut problems = Vec::new();
    for row in ledger().1 {
        let mut problem = |text: &str| problems.push(format!("{}: {}: {text}", row.file, row.id));
        if !WORDS.contains(&row.word.as_str()) {
            problem(&format!("{} is no word of RFC 2119", row.word));
        }
        if row.requirement.is_empty() {
            problem("it does not say what is required");
        }
        let (code, tests, note) =
            (!row.code.is_empty(), !row.tests.is_empty(), !row.note.is_empty());
        match row.kind.as_str() {
            "met" if !code || !tests => problem("met: name the code and a test"),
            "untested" if !code || tests => problem("untested: name the code, and no test"),
            "embedder" if !code && !note => problem("embedder: say where or why"),
            "open" | "not applicable" if !note || tests => problem("say why, and name no test"),
            "deviates" => {
                let begins = quoted(&row.note);
                let rows =
                    deviations.iter().filter(|it| begins.is_some_and(|at| it.starts_with(at)));
                let found = rows.count();
                if found != 1 || !code || !tests {
                    problem(&format!(
                        "deviates: the note must begin with the first words of one row of the table \
                         in ARCHITECTURE.md, in quotes, and code and test be named; {found} rows \
                         begin with {begins:?}"
                    ));
                }
            }
            kind if !KINDS.contains(&kind) => problem(&format!("{kind} is none of {KINDS:?}")),
            _ => {}
        }
    }
    assert_none(&problems);
}

/// Ids are dense in every section, and sections have as many of each word as the draft, as counted
/// in the README; the README counts the kinds right.
#[test]
fn the_counts_are_right() {
    let (readme, rows) = ledger();
    let mut problems = Vec::new();
    let mut sections: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        let Some((section, number)) = row.place() else {
            problems.push(format!("{}: {} is no id like 7.1-2", row.file, row.id));
            continue;
        };
        let chapter = section.split('.').next().unwrap_or_default();
        if !row.file.starts_with(&format!("{chapter:0>2}-")) {
            problems.push(format!("{}: {} belongs to chapter {chapter}", row.file, row.id));
        }
        let so_far = sections.entry(section).or_default();
        if number != so_far.len() + 1 {
            problems.push(format!("{}: {} comes as number {}", row.file, row.id, so_far.len() + 1));
        }
        so_far.push(row);
    }
    let of_word = |section: &str, word: &str| {
        let rows = sections.get(section).into_iter().flatten();
        rows.filter(|row| row.word == word).count()
    };
    let mut listed = Vec::new();
    for found in readme.lines().filter_map(cells) {
        let [section, must, must_not, should, should_not, others, all] = found[..] else {
            continue;
        };
        listed.push(section);
        let others_are: usize = WORDS[4..].iter().map(|word| of_word(section, word)).sum();
        let mut counts: Vec<_> = WORDS[..4].iter().map(|word| of_word(section, word)).collect();
        counts.push(others_are);
        counts.push(counts.iter().sum());
        let said = [must, must_not, should, should_not, others, all];
        if counts.iter().map(usize::to_string).ne(said.map(str::to_owned)) {
            problems.push(format!("README: section {section}: {said:?}, but there are {counts:?}"));
        }
    }
    for section in sections.keys().filter(|it| !listed.contains(it)) {
        problems.push(format!("README: section {section} is not counted"));
    }
    for kind in KINDS {
        let count = rows.iter().filter(|row| row.kind == kind).count();
        if !readme.contains(&format!("| {kind} | {count} |")) {
            problems.push(format!("README: there are {count} rows of kind {kind}"));
        }
    }
    if !readme.contains(&format!("**{} requirements**", rows.len())) {
        problems.push(format!("README: there are {} requirements", rows.len()));
    }
    assert_none(&problems);
}

/// The check itself: a reference to nothing is found.
#[test]
fn a_reference_to_nothing_is_found() {
    let here = "sim/tests/requirements.rs";
    let code = |text: &str, item: &str| defines(text, &DEFINES, item);
    assert_eq!(check(&format!("{here}#is_word"), code), Ok(()));
    assert_eq!(check(&format!("{here}#CRATES"), code), Ok(()));
    assert!(check(&format!("{here}#is_wor"), code).is_err());
    assert_eq!(check(&format!("{here}#the_counts_are_right"), has_test), Ok(()));
    assert!(check(&format!("{here}#is_word"), has_test).is_err(), "a function, but no test");
    assert!(check("sim/tests/nothing.rs#x", code).is_err());
    assert!(check("nothing/src/lib.rs#x", code).is_err());
    assert!(check(here, code).is_err());
    assert_eq!(quoted("\"one\" two"), Some("one"));
    assert_eq!(quoted("one"), None);
}
