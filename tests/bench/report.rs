//! One line a workload: what we take, what its physical limit takes in the same run, and whether that is enough.

use std::fmt;

/// What a ratio must keep to.
#[derive(Debug, Clone, Copy)]
pub enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

/// One workload beside its limit. A plain budget (KB, MB, seconds) is its own limit, with a bar of at most 1.
#[derive(Debug, Clone)]
pub struct Line {
    pub name: &'static str,
    pub ours: f64,
    pub limit: f64,
    pub unit: &'static str,
    pub bar: Bar,
    /// What else a reader should know, as the longest chunk.
    pub note: String,
}

impl Line {
    /// A figure against a fixed budget.
    pub fn budget(name: &'static str, ours: f64, most: f64, unit: &'static str) -> Self {
        Self { name, ours, limit: most, unit, bar: Bar::AtMost(1.0), note: String::new() }
    }

    /// Ours divided by the limit.
    pub fn ratio(&self) -> f64 {
        self.ours / self.limit
    }

    /// Whether the bar is kept.
    pub fn is_enough(&self) -> bool {
        match self.bar {
            Bar::AtLeast(bar) => self.ratio() >= bar,
            Bar::AtMost(bar) => self.ratio() <= bar,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bar = match self.bar {
            Bar::AtLeast(bar) => format!(">={bar}"),
            Bar::AtMost(bar) => format!("<={bar}"),
        };
        let verdict = if self.is_enough() { "ok" } else { "short" };
        let (ours, limit, unit) = (figure(self.ours), figure(self.limit), self.unit);
        write!(f, "{}\t{ours} {unit}\t{limit} {unit}\t{:.2}\t{bar}\t{verdict}", self.name, self.ratio())?;
        if self.note.is_empty() { Ok(()) } else { write!(f, "\t{}", self.note) }
    }
}

/// Three digits that mean something.
fn figure(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// The middle of several measurements.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value that 99 of 100 do not pass.
pub fn p99(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() * 99 / 100).min(values.len() - 1)]
}
