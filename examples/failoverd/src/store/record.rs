//! Records: one byte that names the record's format, then the value in postcard's encoding.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a record cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The record is empty.
    #[error("the record is empty")]
    Empty,
    /// The record has another format.
    #[error("the record has format {found}, not {expected}")]
    Format {
        /// The format of the record.
        found: u8,
        /// The format asked for.
        expected: u8,
    },
    /// The bytes are not a value of the type asked for.
    #[error("the record is damaged: {reason}")]
    Damaged {
        /// What the decoder said.
        reason: String,
    },
}

/// `value` as a record of format `format`.
///
/// # Errors
/// When the value's type cannot be encoded, such as a sequence of unknown length.
pub fn encode<T: Serialize>(format: u8, value: &T) -> Result<Vec<u8>, RecordError> {
    postcard::to_extend(value, vec![format])
        .map_err(|error| RecordError::Damaged { reason: error.to_string() })
}

/// The value of a record that has format `format`. A reader of several formats looks at the first
/// byte and asks for that one.
///
/// # Errors
/// When the record has another format, is damaged, or has bytes after its value.
pub fn decode<T: DeserializeOwned>(format: u8, record: &[u8]) -> Result<T, RecordError> {
    let (found, body) = record.split_first().ok_or(RecordError::Empty)?;
    if *found != format {
        return Err(RecordError::Format { found: *found, expected: format });
    }
    let damaged = |reason: String| RecordError::Damaged { reason };
    let (value, rest) =
        postcard::take_from_bytes(body).map_err(|error| damaged(error.to_string()))?;
    if !rest.is_empty() {
        return Err(damaged(format!("{} bytes follow the value", rest.len())));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gives_back_its_value() {
        let record = encode(3, &(7u32, Some("x"))).unwrap();
        assert_eq!(record.first(), Some(&3));
        assert_eq!(decode(3, &record), Ok((7u32, Some("x".to_owned()))));
    }

    #[test]
    fn other_formats_and_damage_are_refused() {
        let record = encode(1, &300u32).unwrap();
        assert_eq!(decode::<u32>(2, &record), Err(RecordError::Format { found: 1, expected: 2 }));
        assert_eq!(decode::<u32>(1, &[]), Err(RecordError::Empty));
        assert!(matches!(decode::<u32>(1, &record[..2]), Err(RecordError::Damaged { .. })));
        let longer = [record.as_slice(), &[0]].concat();
        assert!(matches!(decode::<u32>(1, &longer), Err(RecordError::Damaged { .. })));
    }
}
