//! A batch: what a unit gives back for a shift, under one cover sheet.
//!
//! ```text
//! open ──two people sign the same count──> closed ──received, same count──> received ──pages out = pages in──> scanned
//!                                             └──another count──> refused <──other pages──┘
//! ```
//! A refused batch is counted again at the step that refused it; which sheets were not seen there is listed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Refusal, id::AccountId};

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    Open,
    /// Signed by two people; waits to be fetched.
    Closed,
    Received,
    Scanned,
    /// Its count or its pages did not agree.
    Refused,
}

impl BatchState {
    pub const ALL: [Self; 5] = [Self::Open, Self::Closed, Self::Received, Self::Scanned, Self::Refused];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Received => "received",
            Self::Scanned => "scanned",
            Self::Refused => "refused",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// A batch, as far as the rules look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub state: BatchState,
    /// How many sheets were scanned or typed into it.
    pub sheets: i64,
    /// Pages as both signers counted them.
    pub pages_in: i64,
    pub first_signer: Option<AccountId>,
    pub second_signer: Option<AccountId>,
    /// Whether the records room has its sheets; tells at which step a refused batch stands.
    pub was_received: bool,
}

impl Batch {
    /// A batch that was just begun.
    pub const fn begun() -> Self {
        Self {
            state: BatchState::Open,
            sheets: 0,
            pages_in: 0,
            first_signer: None,
            second_signer: None,
            was_received: false,
        }
    }

    /// Whether a sheet may still be put in.
    ///
    /// # Errors
    /// From the first signature on the batch is what was signed.
    pub fn takes_sheets(&self) -> Result<(), Refusal> {
        if self.state == BatchState::Open && self.first_signer.is_none() {
            return Ok(());
        }
        Err(Refusal::new("batch-signed", "This batch is signed. Begin another one for what came later."))
    }

    /// The batch after somebody signed that it has these sheets and pages. The first signer may correct the figures;
    /// only another person closes it (rule 9).
    ///
    /// # Errors
    /// When the sheets are not those of the batch, or the second person counts otherwise.
    pub fn signed(&self, by: AccountId, sheets: i64, pages: i64) -> Result<Self, Refusal> {
        if self.state != BatchState::Open {
            return Err(Refusal::new("batch-closed", "This batch is signed by two people already."));
        }
        if sheets != self.sheets {
            let says = format!(
                "You counted {sheets}, the batch has {}. Scan the sheets that are not in it, or look for those that \
                 are not there.",
                self.sheets
            );
            return Err(Refusal::new("count-differs", says));
        }
        if sheets == 0 {
            return Err(Refusal::new(
                "batch-empty",
                "There is no sheet in this batch. Scan its sheets first.",
            ));
        }
        if pages < 1 {
            return Err(Refusal::new("no-pages", "Say how many written pages the batch has, at least one."));
        }
        match self.first_signer {
            Some(first) if first != by => {
                if pages != self.pages_in {
                    let says = format!(
                        "The first signature is for {} pages, you counted {pages}. Count together; who signed first may \
                         sign again for other figures.",
                        self.pages_in
                    );
                    return Err(Refusal::new("pages-differ", says));
                }
                Ok(Self { state: BatchState::Closed, second_signer: Some(by), ..self.clone() })
            }
            _ => Ok(Self { first_signer: Some(by), pages_in: pages, ..self.clone() }),
        }
    }

    /// The batch after the records room counted so many sheets: received, or refused.
    ///
    /// # Errors
    /// When it is not on its way.
    pub fn received(&self, sheets: i64) -> Result<Self, Refusal> {
        match self.state {
            BatchState::Closed => {}
            BatchState::Refused if !self.was_received => {}
            BatchState::Open => {
                let says =
                    "This batch is not signed by two people yet. Let the unit sign it, then receive it.";
                return Err(Refusal::new("batch-open", says));
            }
            BatchState::Received | BatchState::Scanned | BatchState::Refused => {
                return Err(Refusal::new("batch-received", "This batch was received already."));
            }
        }
        if sheets == self.sheets {
            Ok(Self { state: BatchState::Received, was_received: true, ..self.clone() })
        } else {
            Ok(Self { state: BatchState::Refused, ..self.clone() })
        }
    }

    /// The batch after so many pages came out of the scanner: scanned, or refused.
    ///
    /// # Errors
    /// When it is not in the records room.
    pub fn scanned(&self, pages_out: i64) -> Result<Self, Refusal> {
        match self.state {
            BatchState::Received => {}
            BatchState::Refused if self.was_received => {}
            BatchState::Scanned => {
                return Err(Refusal::new("batch-scanned", "This batch was scanned already."));
            }
            BatchState::Open | BatchState::Closed | BatchState::Refused => {
                let says = "This batch is not received yet. Count it in the records room first.";
                return Err(Refusal::new("batch-not-received", says));
            }
        }
        let state = if pages_out == self.pages_in { BatchState::Scanned } else { BatchState::Refused };
        Ok(Self { state, ..self.clone() })
    }
}
