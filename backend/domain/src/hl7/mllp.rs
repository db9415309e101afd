//! The minimal lower layer protocol: where messages begin and end on a connection.
//!
//! A block is `<VT> message <FS> <CR>`. It ends at FS, so that a sender who forgets the CR still gets its answer.

const VT: u8 = 0x0b;
const FS: u8 = 0x1c;

/// A message, or an answer, as a block.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(message.len() + 3);
    block.push(VT);
    block.extend_from_slice(message);
    block.extend_from_slice(&[FS, b'\r']);
    block
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Message(Vec<u8>),
    /// A block with more bytes than a message may have; what it was is lost.
    TooLong,
    /// A block that was not ended before the next one began.
    Cut,
    /// Bytes between two blocks that belong to none.
    Stray(usize),
}

/// Finds the blocks in what a connection brings, however it is cut into pieces.
#[derive(Debug)]
pub struct Blocks {
    most: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    Outside {
        stray: usize,
    },
    Inside(Vec<u8>),
    /// Inside a block that is too long already.
    Over,
}

impl Blocks {
    /// For messages of at most so many bytes.
    pub const fn new(most: usize) -> Self {
        Self { most, state: State::Outside { stray: 0 } }
    }

    /// The blocks that end with these bytes. What is not ended yet is kept, up to the limit.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Block> {
        bytes.iter().filter_map(|byte| self.step(*byte)).collect()
    }

    /// Whether the connection may be closed here without losing anything.
    pub const fn is_between(&self) -> bool {
        matches!(self.state, State::Outside { .. })
    }

    fn step(&mut self, byte: u8) -> Option<Block> {
        match (&mut self.state, byte) {
            (State::Outside { stray }, VT) => {
                let stray = *stray;
                self.state = State::Inside(Vec::new());
                (stray > 0).then_some(Block::Stray(stray))
            }
            (State::Outside { stray }, _) => {
                *stray = stray.saturating_add(usize::from(!matches!(byte, FS | b'\r' | b'\n' | b' ')));
                None
            }
            (State::Inside(_) | State::Over, VT) => {
                self.state = State::Inside(Vec::new());
                Some(Block::Cut)
            }
            (State::Inside(message), FS) => {
                let message = std::mem::take(message);
                self.state = State::Outside { stray: 0 };
                Some(Block::Message(message))
            }
            (State::Over, FS) => {
                self.state = State::Outside { stray: 0 };
                Some(Block::TooLong)
            }
            (State::Inside(message), _) if message.len() >= self.most => {
                self.state = State::Over;
                None
            }
            (State::Inside(message), _) => {
                message.push(byte);
                None
            }
            (State::Over, _) => None,
        }
    }
}
