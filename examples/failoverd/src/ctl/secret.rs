//! Shared secrets, read from files: on a command line other users would see them.

use super::output::Failure;
use crate::admin::{Refusal, codes};
use dhcp_failover_relationship::SharedSecret;
use std::path::Path;

/// The secret in a file; one newline at its end does not count.
pub(super) fn read(file: &Path) -> Result<SharedSecret, Failure> {
    let refused = |what: String, remedy: &str| {
        let message = format!("the shared secret cannot be read from {}: {what}", file.display());
        Failure::Refused(Refusal::new(codes::INVALID_PARAMETER, message, remedy))
    };
    let bytes = std::fs::read(file).map_err(|error| {
        refused(error.to_string(), "name a file that this user can read, with the secret in it")
    })?;
    let mut text = String::from_utf8(bytes)
        .map_err(|_| refused("it is not UTF-8".to_owned(), "write the secret as text in UTF-8"))?;
    if text.ends_with('\n') {
        text.pop();
    }
    SharedSecret::new(text).map_err(|invalid| {
        refused(invalid.to_string(), "write the secret into the file, at least one character")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<SharedSecret, Failure> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        std::fs::write(&file, bytes).unwrap();
        read(&file)
    }

    #[test]
    fn one_newline_at_the_end_does_not_count() {
        for (bytes, secret) in
            [("sEcReT", "sEcReT"), ("sEcReT\n", "sEcReT"), (" a b \n\n", " a b \n"), ("é", "é")]
        {
            assert_eq!(read_bytes(bytes.as_bytes()).unwrap().expose(), secret);
        }
    }

    #[test]
    fn a_file_without_a_secret_is_refused_with_code_87_and_a_remedy() {
        let outcomes = [
            (read(Path::new("no/such/key")), "no/such/key: No such file"),
            (read_bytes(b""), "is empty"),
            (read_bytes(b"\n"), "is empty"),
            (read_bytes(b"a\0b"), "NUL"),
            (read_bytes(b"\xff\xfe"), "not UTF-8"),
        ];
        for (outcome, expected) in outcomes {
            let Err(Failure::Refused(refusal)) = outcome else { panic!("{outcome:?}") };
            assert_eq!(refusal.code(), 87);
            assert!(refusal.first.message.contains(expected), "{refusal}");
            assert!(!refusal.first.remedy.is_empty());
        }
    }
}
