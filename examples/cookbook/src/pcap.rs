//! Classic pcap files, as `tcpdump -w` writes them: Ethernet frames with their times.

use std::fmt;

const FILE_HEADER_LEN: usize = 24;
const RECORD_HEADER_LEN: usize = 16;
const ETHERNET: u32 = 1;
/// No frame is longer, whatever a damaged file says.
const MAX_FRAME_LEN: usize = 262_144;

/// Why a file cannot be read, or not further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PcapError {
    /// Not a classic pcap file.
    Magic,
    /// A file of another link layer than Ethernet.
    LinkType(u32),
    /// The file ends inside the record at this offset.
    Truncated(usize),
    /// The record at this offset claims to be longer than any frame.
    TooLong(usize),
}

impl fmt::Display for PcapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => {
                f.write_str("not a classic pcap file; convert pcapng with `editcap -F pcap IN OUT`")
            }
            Self::LinkType(found) => {
                write!(f, "link type {found} instead of 1 (Ethernet); capture on one interface")
            }
            Self::Truncated(at) => write!(f, "the file ends inside the record at byte {at}"),
            Self::TooLong(at) => write!(f, "the record at byte {at} is longer than any frame"),
        }
    }
}

impl std::error::Error for PcapError {}

/// One captured frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When it was captured, in microseconds since 1970.
    pub time_us: u64,
    /// The bytes that were captured, from the Ethernet header on.
    pub bytes: &'a [u8],
}

/// The frames of a file, in order; ends after the first error.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    file: &'a [u8],
    offset: usize,
    big_endian: bool,
    /// The unit of the sub-second field: 1 for microseconds, 1000 for nanoseconds.
    per_us: u32,
}

/// Reads the header of a file that is in memory.
///
/// # Errors
/// [`PcapError::Magic`], [`PcapError::LinkType`] or [`PcapError::Truncated`].
pub fn frames(file: &[u8]) -> Result<Frames<'_>, PcapError> {
    let (big_endian, per_us) = match file.first_chunk() {
        Some([0xd4, 0xc3, 0xb2, 0xa1]) => (false, 1),
        Some([0x4d, 0x3c, 0xb2, 0xa1]) => (false, 1_000),
        Some([0xa1, 0xb2, 0xc3, 0xd4]) => (true, 1),
        Some([0xa1, 0xb2, 0x3c, 0x4d]) => (true, 1_000),
        _ => return Err(PcapError::Magic),
    };
    let frames = Frames { file, offset: FILE_HEADER_LEN, big_endian, per_us };
    // The upper half of the field tells of a frame check sequence, which nobody looks at here.
    match frames.word(20).ok_or(PcapError::Truncated(0))? & 0xffff {
        ETHERNET => Ok(frames),
        other => Err(PcapError::LinkType(other)),
    }
}

impl Frames<'_> {
    fn word(&self, at: usize) -> Option<u32> {
        let bytes = *self.file.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, PcapError>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.offset;
        if at >= self.file.len() {
            return None;
        }
        self.offset = self.file.len();
        let header = [0, 4, 8].map(|field| self.word(at + field));
        let [Some(seconds), Some(fraction), Some(length)] = header else {
            return Some(Err(PcapError::Truncated(at)));
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX_FRAME_LEN {
            return Some(Err(PcapError::TooLong(at)));
        }
        let start = at + RECORD_HEADER_LEN;
        let Some(bytes) = self.file.get(start..start + length) else {
            return Some(Err(PcapError::Truncated(at)));
        };
        self.offset = start + length;
        let time_us = u64::from(seconds) * 1_000_000 + u64::from(fraction / self.per_us);
        Some(Ok(Frame { time_us, bytes }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(nanoseconds: bool, big_endian: bool, records: &[(u32, u32, &[u8])]) -> Vec<u8> {
        let word = |n: u32| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
        let magic = if nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        let mut file: Vec<u8> =
            [magic, 0x0004_0002, 0, 0, 65_535, 1].iter().flat_map(|n| word(*n)).collect();
        for (seconds, fraction, bytes) in records {
            let length = u32::try_from(bytes.len()).unwrap();
            file.extend([*seconds, *fraction, length, length].iter().flat_map(|n| word(*n)));
            file.extend(*bytes);
        }
        file
    }

    #[test]
    fn all_four_kinds_of_files_are_read() {
        for (nanoseconds, big_endian) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            let fraction = if nanoseconds { 5_999 } else { 5 };
            let file = file(nanoseconds, big_endian, &[(7, fraction, b"one"), (8, 0, b"")]);
            let read: Vec<_> = frames(&file).unwrap().map(Result::unwrap).collect();
            assert_eq!(read[0], Frame { time_us: 7_000_005, bytes: b"one" });
            assert_eq!(read[1], Frame { time_us: 8_000_000, bytes: b"" });
            assert_eq!(read.len(), 2);
        }
    }

    #[test]
    fn damage_is_reported_once_and_never_panics() {
        let whole = file(false, false, &[(1, 1, b"abcdef"), (2, 2, b"ghi")]);
        for length in 0..whole.len() {
            let errors = frames(&whole[..length]).map(|it| it.filter(Result::is_err).count());
            assert!(errors.is_err() || errors == Ok(usize::from(![24, 46].contains(&length))));
        }
        let mut long = whole.clone();
        long[32..36].copy_from_slice(&u32::MAX.to_le_bytes());
        let read: Vec<_> = frames(&long).unwrap().collect();
        assert_eq!(read, [Err(PcapError::TooLong(24))]);
        let mut other = whole;
        other[20] = 113;
        assert_eq!(frames(&other).unwrap_err(), PcapError::LinkType(113));
        assert_eq!(frames(b"\n\r\r\n").unwrap_err(), PcapError::Magic);
    }
}
