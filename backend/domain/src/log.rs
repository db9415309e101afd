//! Proving the log: walking a chain from its beginning and naming the first entry that is not what was written.
//!
//! A chain proves that nothing in it was altered, removed or swapped. It cannot prove that its end was not cut or
//! that all of it was not rewritten: for that a head is needed that was kept elsewhere, on paper or in a file.

pub mod words;

use std::fmt;

use crate::journal::{Entry, GENESIS, Hash, chain, printed_head, text_hash};

/// What is said of a chain when no outside head is at hand.
pub const UNBROKEN_IN_ITSELF: &str =
    "unbroken in itself; cannot tell whether its end was cut or all was rewritten";

/// What is wrong, by the first entry at which it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The entry is not what was written there: altered, swapped, or put in.
    Altered { seq: i64 },
    /// The entry is gone.
    Removed { seq: i64 },
    /// A text beside the entry is not what was written.
    Text { seq: i64, name: String },
    /// A text beside the entry is gone.
    TextRemoved { seq: i64, name: String },
    /// The chain says that it ends here, and does not.
    WrongEnd { seq: i64 },
    /// The head that was kept outside is not the head at its entry.
    NotTheOutsideHead { seq: i64 },
    /// The head that was kept outside is of an entry that is not there any more.
    EndCut { seq: i64, last: i64 },
    /// The incident's own log holds another head of these facts.
    NotAsFolded { seq: i64 },
    /// The incident's own log holds a head of facts that are not there any more.
    FoldedEndCut { seq: i64, last: i64 },
}

impl Flaw {
    /// The first bad sequence number.
    pub const fn seq(&self) -> i64 {
        match self {
            Self::Altered { seq }
            | Self::Removed { seq }
            | Self::Text { seq, .. }
            | Self::TextRemoved { seq, .. }
            | Self::WrongEnd { seq }
            | Self::NotTheOutsideHead { seq }
            | Self::NotAsFolded { seq } => *seq,
            Self::EndCut { last, .. } | Self::FoldedEndCut { last, .. } => *last + 1,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { seq } => {
                write!(f, "broken at entry {seq}: it was altered, swapped or put in afterwards")
            }
            Self::Removed { seq } => write!(f, "broken at entry {seq}: it was removed"),
            Self::Text { seq, name } => {
                write!(f, "broken at entry {seq}: its text {name:?} was altered")
            }
            Self::TextRemoved { seq, name } => {
                write!(f, "broken at entry {seq}: its text {name:?} was removed")
            }
            Self::WrongEnd { seq } => {
                write!(f, "broken at entry {seq}: the chain's own record of its end differs")
            }
            Self::NotTheOutsideHead { seq } => {
                write!(f, "rewritten at or before entry {seq}: the head that was kept outside is another one")
            }
            Self::EndCut { seq, last } => {
                write!(f, "cut after entry {last}: the head that was kept outside is of entry {seq}")
            }
            Self::NotAsFolded { seq } => {
                write!(f, "rewritten at or before entry {seq}: the incident's own log holds another head")
            }
            Self::FoldedEndCut { seq, last } => {
                write!(f, "cut after entry {last}: the incident's own log holds the head of entry {seq}")
            }
        }
    }
}

/// A head that was kept outside: whole, from the file, or as printed with ten digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideHead {
    pub seq: i64,
    /// The first digits of the head in hexadecimal, at least ten.
    pub digits: String,
}

impl OutsideHead {
    /// Reads a head as printed, `212-3fa94c01be`.
    pub fn printed(text: &str) -> Option<Self> {
        let (seq, digits) = text.trim().split_once('-')?;
        let digits = digits.trim().to_ascii_lowercase();
        let is_head =
            (10..=64).contains(&digits.len()) && digits.chars().all(|each| each.is_ascii_hexdigit());
        Some(Self { seq: seq.trim().parse().ok().filter(|seq| *seq >= 0)?, digits }).filter(|_| is_head)
    }

    fn is(&self, head: &Hash) -> bool {
        hex::encode(head).starts_with(&self.digits)
    }
}

/// A chain as it is walked, entry by entry.
#[derive(Debug, Clone)]
pub struct Walk {
    seq: i64,
    head: Hash,
    outside: Option<OutsideHead>,
    /// Whether the outside head has been passed and was right.
    met: bool,
}

impl Walk {
    /// Begins before the first entry.
    pub fn begin(outside: Option<OutsideHead>) -> Self {
        let met = outside.as_ref().is_none_or(|outside| outside.seq == 0);
        Self { seq: 0, head: GENESIS, outside, met }
    }

    /// How many entries have been walked.
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// The head so far, as printed.
    pub fn printed(&self) -> String {
        printed_head(self.seq, &self.head)
    }

    /// Walks over one entry with the hash and the texts (name, salt, body) that are kept with it.
    ///
    /// # Errors
    /// What is wrong there.
    pub fn step(
        &mut self,
        entry: &Entry,
        hash: &[u8],
        texts: &[(String, Vec<u8>, String)],
    ) -> Result<(), Flaw> {
        let seq = self.seq + 1;
        if entry.seq > seq {
            return Err(Flaw::Removed { seq });
        }
        let head = chain(&self.head, entry);
        if entry.seq < seq || hash != head {
            return Err(Flaw::Altered { seq });
        }
        if let Some(flaw) = wrong_text(entry, texts) {
            return Err(flaw);
        }
        (self.seq, self.head) = (seq, head);
        if let Some(outside) = self.outside.as_ref().filter(|outside| outside.seq == seq) {
            if !outside.is(&head) {
                return Err(Flaw::NotTheOutsideHead { seq });
            }
            self.met = true;
        }
        Ok(())
    }

    /// Ends the walk where the chain says that it ends.
    ///
    /// # Errors
    /// When it ends elsewhere, or before the outside head.
    pub fn end(self, seq: i64, head: &[u8]) -> Result<(), Flaw> {
        if let Some(outside) = self.outside.as_ref().filter(|_| !self.met) {
            return Err(Flaw::EndCut { seq: outside.seq, last: self.seq });
        }
        if seq > self.seq {
            return Err(Flaw::Removed { seq: self.seq + 1 });
        }
        if seq < self.seq || head != self.head {
            return Err(Flaw::WrongEnd { seq: self.seq });
        }
        Ok(())
    }
}

/// The first text that is not the one whose salted hash stands in the entry, or is not there.
fn wrong_text(entry: &Entry, texts: &[(String, Vec<u8>, String)]) -> Option<Flaw> {
    let seq = entry.seq;
    let data: serde_json::Value = serde_json::from_str(&entry.data).ok()?;
    let wrong = texts.iter().find(|(name, salt, body)| {
        let written = data.get(format!("{name}_hash")).and_then(serde_json::Value::as_str);
        written != Some(text_hash(salt, body).as_str())
    });
    if let Some((name, ..)) = wrong {
        return Some(Flaw::Text { seq, name: name.clone() });
    }
    let written = data.as_object().into_iter().flat_map(|fields| fields.keys());
    let mut names = written.filter_map(|key| key.strip_suffix("_hash"));
    let gone = names.find(|name| texts.iter().all(|(kept, ..)| kept != name))?;
    Some(Flaw::TextRemoved { seq, name: gone.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;

    type Row = (Entry, Vec<u8>);

    fn rows(count: i64) -> Vec<Row> {
        let mut head = GENESIS;
        let row = |seq: i64| {
            let entry = Entry {
                seq,
                event_at: Timestamp(seq),
                entered_at: Timestamp(seq),
                actor: None,
                kind: "test.noted".to_owned(),
                subject: "test:1".to_owned(),
                data: format!("{{\"n\":{seq}}}"),
            };
            head = chain(&head, &entry);
            (entry, head.to_vec())
        };
        (1..=count).map(row).collect()
    }

    fn walk(rows: &[Row], end: &Row, outside: Option<OutsideHead>) -> Result<(), Flaw> {
        let mut walk = Walk::begin(outside);
        for (entry, hash) in rows {
            walk.step(entry, hash, &[])?;
        }
        walk.end(end.0.seq, &end.1)
    }

    proptest! {
        /// Whatever row is altered, removed or swapped with another, the walk names the first bad one.
        #[test]
        fn the_first_bad_entry_is_named(count in 2..30_i64, at in 0..30_usize, with in 0..30_usize, what in 0..3) {
            let mut kept = rows(count);
            let end = kept.last().cloned().expect("has rows");
            let (at, with) = (at % kept.len(), with % kept.len());
            match what {
                0 => kept[at].0.data = "{\"n\":0}".to_owned(),
                1 => { kept.remove(at); }
                _ => {
                    prop_assume!(at != with);
                    let (one, other) = (kept[at].0.data.clone(), kept[with].0.data.clone());
                    kept[at].0.data = other;
                    kept[with].0.data = one;
                }
            }
            let first = if what == 2 { at.min(with) } else { at };
            let flaw = walk(&kept, &end, None).expect_err("is broken");
            prop_assert_eq!(flaw.seq(), i64::try_from(first).expect("is small") + 1);
        }
    }

    #[test]
    fn only_an_outside_head_shows_that_the_end_was_cut_or_all_was_rewritten() {
        let kept = rows(5);
        let cut = &kept[..3];
        assert_eq!(walk(cut, &cut[2], None), Ok(()));
        let hash: Hash = kept[4].1.clone().try_into().expect("is a hash");
        let outside = OutsideHead::printed(&printed_head(5, &hash));
        assert_eq!(walk(&kept, &kept[4], outside.clone()), Ok(()));
        assert_eq!(walk(cut, &cut[2], outside), Err(Flaw::EndCut { seq: 5, last: 3 }));
        let other = OutsideHead::printed("3-0000000000");
        assert_eq!(walk(&kept, &kept[4], other), Err(Flaw::NotTheOutsideHead { seq: 3 }));
    }

    #[test]
    fn a_text_that_is_not_what_was_written_is_named() {
        let data = format!("{{\"reason_hash\":\"{}\"}}", text_hash(b"salt", "because"));
        let entry = Entry { data, ..rows(1)[0].0.clone() };
        let hash = chain(&GENESIS, &entry);
        let text = |body: &str| vec![("reason".to_owned(), b"salt".to_vec(), body.to_owned())];
        assert_eq!(Walk::begin(None).step(&entry, &hash, &text("because")), Ok(()));
        let flaw = Walk::begin(None).step(&entry, &hash, &text("why not")).expect_err("was altered");
        assert_eq!(flaw, Flaw::Text { seq: 1, name: "reason".to_owned() });
        let flaw = Walk::begin(None).step(&entry, &hash, &[]).expect_err("was removed");
        assert_eq!(flaw, Flaw::TextRemoved { seq: 1, name: "reason".to_owned() });
    }
}
