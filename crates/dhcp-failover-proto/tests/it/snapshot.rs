//! Files of this repository that show what the code does.

use std::path::Path;

/// Compares `text` with the file of this name; with `UPDATE_SNAPSHOTS=1` in the environment, writes
/// it instead.
pub(crate) fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{name}: {error}"));
        return;
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (number, (is, was)) in text.lines().zip(stored.lines()).enumerate() {
        assert_eq!(
            is,
            was,
            "{name}, line {}: if the change is meant, run with UPDATE_SNAPSHOTS=1",
            number + 1
        );
    }
    assert_eq!(text.lines().count(), stored.lines().count(), "{name} has another length");
}
