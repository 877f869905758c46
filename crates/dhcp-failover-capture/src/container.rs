//! The packets of a pcap or pcapng file.

use std::{
    fmt,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use pcap_parser::{
    Block, Linktype, PcapBlockOwned, PcapError, create_reader, traits::PcapReaderIterator,
};
use thiserror::Error;

/// The buffer at first: a packet has at most 256 KiB, and mostly far less.
const BUFFER_LEN: usize = 64 << 10;
/// No block of a capture may be longer, comments and secrets of other protocols included.
const MAX_BUFFER_LEN: usize = 16 << 20;
/// No section has more interfaces.
const MAX_INTERFACES: usize = 4096;

/// When a packet was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    /// Microseconds since 1970 UTC; what is finer is cut off.
    pub unix_us: u64,
}

/// As seconds with six decimals.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.unix_us / 1_000_000, self.unix_us % 1_000_000)
    }
}

/// Why a capture cannot be read, or no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// There is not a byte in it.
    #[error("the capture is empty")]
    Empty,
    /// It begins like neither kind of file.
    #[error("this is no capture: it begins like neither pcap nor pcapng")]
    NotACapture,
    /// It ends in the middle of a packet; what came before was given.
    #[error("the capture ends in the middle of frame {frame}; it was cut off")]
    CutOff {
        /// The number of the frame that is not whole.
        frame: u64,
    },
    /// It cannot be read any further.
    #[error("the capture is broken at frame {frame}; what follows cannot be read")]
    Broken {
        /// The number the next frame would have.
        frame: u64,
    },
    /// The operating system refused to read.
    #[error("failed to read the capture: {kind}")]
    Read {
        /// What it said.
        kind: io::ErrorKind,
    },
}

/// A packet as captured.
pub(crate) struct Packet<'a> {
    /// As Wireshark counts, from 1.
    pub(crate) frame: u64,
    pub(crate) time: Timestamp,
    pub(crate) link_type: i32,
    pub(crate) data: &'a [u8],
}

/// What a pcapng section says of an interface, or a pcap file of itself.
#[derive(Clone, Copy)]
struct Interface {
    link_type: i32,
    /// Ticks of a timestamp in a second.
    resolution: u64,
    offset_s: i64,
}

pub(crate) struct Container<'r> {
    reader: Box<dyn PcapReaderIterator + Send + 'r>,
    interfaces: Vec<Interface>,
    buffer_len: usize,
    is_pcapng: bool,
    frame: u64,
    /// It is over, or broken.
    ended: bool,
    failed: Failure,
}

impl<'r> Container<'r> {
    pub(crate) fn new(source: impl Read + Send + 'r) -> Result<Self, CaptureError> {
        let failed = Failure::default();
        let source = Source { inner: source, begun: false, failed: Arc::clone(&failed) };
        let reader = create_reader(BUFFER_LEN, source).map_err(|error| match error {
            PcapError::Eof => CaptureError::Empty,
            PcapError::ReadError => read_error(&failed),
            _ => CaptureError::NotACapture,
        })?;
        let is_pcapng = reader.data().starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]);
        let interfaces = Vec::new();
        Ok(Self {
            reader,
            interfaces,
            buffer_len: BUFFER_LEN,
            is_pcapng,
            frame: 0,
            ended: false,
            failed,
        })
    }

    /// Gives the next packet to `take`; `None` at the end, and after an error.
    pub(crate) fn next<T>(
        &mut self,
        mut take: impl FnMut(&Packet<'_>) -> T,
    ) -> Option<Result<T, CaptureError>> {
        while !self.ended {
            if self.is_pcapng && is_too_short(self.reader.data()) {
                return self.fail(CaptureError::Broken { frame: self.frame + 1 });
            }
            match self.reader.next() {
                Ok((length, block)) => {
                    let found = of_block(&block, &mut self.interfaces);
                    let taken = found.map(|(time, link_type, data)| {
                        self.frame += 1;
                        take(&Packet { frame: self.frame, time, link_type, data })
                    });
                    self.reader.consume(length);
                    if let Some(taken) = taken {
                        return Some(Ok(taken));
                    }
                }
                Err(PcapError::Incomplete(_)) => {
                    if self.reader.refill().is_err() {
                        return self.fail(read_error(&self.failed));
                    }
                }
                Err(PcapError::BufferTooSmall) if self.buffer_len < MAX_BUFFER_LEN => {
                    if let Err(error) = self.make_room() {
                        return self.fail(error);
                    }
                }
                Err(PcapError::Eof) => self.ended = true,
                Err(PcapError::UnexpectedEof) => {
                    return self.fail(CaptureError::CutOff { frame: self.frame + 1 });
                }
                Err(PcapError::ReadError) => {
                    return self.fail(read_error(&self.failed));
                }
                Err(_) => return self.fail(CaptureError::Broken { frame: self.frame + 1 }),
            }
        }
        None
    }

    /// A block is longer than the buffer, or says so.
    fn make_room(&mut self) -> Result<(), CaptureError> {
        let broken = CaptureError::Broken { frame: self.frame + 1 };
        while self.reader.data().len() < self.buffer_len {
            let before = self.reader.data().len();
            self.reader.refill().map_err(|_| read_error(&self.failed))?;
            if self.reader.reader_exhausted() {
                // There is no more of it: no buffer would make it whole.
                return Err(CaptureError::CutOff { frame: self.frame + 1 });
            }
            if self.reader.data().len() == before {
                break;
            }
        }
        self.buffer_len *= 2;
        if self.reader.grow(self.buffer_len) { Ok(()) } else { Err(broken) }
    }

    fn fail<T>(&mut self, error: CaptureError) -> Option<Result<T, CaptureError>> {
        self.ended = true;
        Some(Err(error))
    }
}

fn read_error(failed: &Failure) -> CaptureError {
    let kind = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
    CaptureError::Read { kind: kind.unwrap_or(io::ErrorKind::Other) }
}

/// Whether a pcapng block claims to be shorter than its own frame of type and twice the length,
/// which the parser subtracts unchecked. In either byte order: what is that short in one is longer
/// than any block allowed here in the other.
fn is_too_short(block: &[u8]) -> bool {
    let Some([_, _, _, _, length @ ..]) = block.first_chunk::<8>() else { return false };
    u32::from_le_bytes(*length).min(u32::from_be_bytes(*length)) < 12
}

/// What is a packet in a block; what only describes the packets goes to `interfaces`.
fn of_block<'a>(
    block: &PcapBlockOwned<'a>,
    interfaces: &mut Vec<Interface>,
) -> Option<(Timestamp, i32, &'a [u8])> {
    match block {
        PcapBlockOwned::LegacyHeader(header) => {
            let resolution =
                if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
            let Linktype(link_type) = header.network;
            interfaces.push(Interface { link_type, resolution, offset_s: 0 });
            None
        }
        PcapBlockOwned::Legacy(packet) => {
            let interface = *interfaces.first()?;
            let (seconds, ticks) = (u64::from(packet.ts_sec), u64::from(packet.ts_usec));
            let unix_us = seconds * 1_000_000 + ticks * 1_000_000 / interface.resolution;
            Some((Timestamp { unix_us }, interface.link_type, packet.data))
        }
        PcapBlockOwned::NG(Block::SectionHeader(_)) => {
            interfaces.clear();
            None
        }
        PcapBlockOwned::NG(Block::InterfaceDescription(it)) => {
            if interfaces.len() < MAX_INTERFACES {
                let resolution = ticks_per_second(it.if_tsresol).unwrap_or(1_000_000);
                let Linktype(link_type) = it.linktype;
                interfaces.push(Interface { link_type, resolution, offset_s: it.if_tsoffset });
            }
            None
        }
        PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
            let interface = *interfaces.get(usize::try_from(packet.if_id).ok()?)?;
            let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
            let us = u128::from(ticks) * 1_000_000 / u128::from(interface.resolution);
            let us = i128::try_from(us).unwrap_or(i128::MAX);
            let unix_us = us.saturating_add(i128::from(interface.offset_s) * 1_000_000);
            let unix_us = u64::try_from(unix_us.max(0)).unwrap_or(u64::MAX);
            let length = packet.data.len().min(packet.caplen as usize);
            Some((Timestamp { unix_us }, interface.link_type, &packet.data[..length]))
        }
        PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
            let length = packet.data.len().min(packet.origlen as usize);
            Some((Timestamp::default(), interfaces.first()?.link_type, &packet.data[..length]))
        }
        PcapBlockOwned::NG(_) => None,
    }
}

/// What if_tsresol says: a power of ten, or of two with the highest bit set (which the parser's own
/// function does not know).
fn ticks_per_second(if_tsresol: u8) -> Option<u64> {
    match if_tsresol {
        0x80.. => 1_u64.checked_shl(u32::from(if_tsresol & 0x7f)),
        exponent => 10_u64.checked_pow(exponent.into()),
    }
}

/// A source whose first read gives the first block whole: the parser takes a short read there for
/// a short file, and pipes read short. Later reads give what there is, so that a capture can be
/// followed while it is made.
struct Source<R> {
    inner: R,
    begun: bool,
    /// What the operating system said; the parser keeps only that it failed.
    failed: Failure,
}

type Failure = Arc<Mutex<Option<io::ErrorKind>>>;

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let begun = std::mem::replace(&mut self.begun, true);
        let read = if begun {
            self.inner.read(buffer)
        } else {
            self.fill(buffer, 0, 24).and_then(|filled| {
                let length = first_block(buffer).min(buffer.len());
                self.fill(buffer, filled, length)
            })
        };
        read.inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.kind());
            }
        })
    }
}

impl<R: Read> Source<R> {
    /// Reads until so many bytes are there, or no more come.
    fn fill(&mut self, buffer: &mut [u8], mut filled: usize, least: usize) -> io::Result<usize> {
        while filled < least {
            match self.inner.read(buffer.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// The length of the first block, if it is one of pcapng; pcap begins with 24 bytes.
fn first_block(bytes: &[u8]) -> usize {
    let Some([0x0a, 0x0d, 0x0d, 0x0a, length @ .., m0, m1, m2, m3]) = bytes.first_chunk::<12>()
    else {
        return 24;
    };
    let length = match [*m0, *m1, *m2, *m3] {
        [0x1a, 0x2b, 0x3c, 0x4d] => u32::from_be_bytes(*length),
        _ => u32::from_le_bytes(*length),
    };
    usize::try_from(length).unwrap_or(usize::MAX)
}
