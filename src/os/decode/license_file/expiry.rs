//! When licenses expire.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::Expiry;

/// How many entries are kept, and how many features are told apart.
pub(super) const MOST: usize = 200;
const MOST_FEATURES: usize = 50_000;

/// Until when a license is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// The last day.
    On(Date),
    Never,
}

/// When each feature of a file expires. A license that was renewed leaves its old line in the file: of several lines of
/// a feature, the one that is valid longest counts.
#[derive(Default)]
pub(super) struct Expiries(BTreeMap<(String, String), (End, usize)>);

impl Expiries {
    pub(super) fn add(&mut self, end: End, daemon: &str, feature: &str, line: usize) {
        let key = (daemon.to_owned(), feature.to_owned());
        if let Some(longest) = self.0.get_mut(&key) {
            if end > longest.0 {
                *longest = (end, line);
            }
        } else if self.0.len() < MOST_FEATURES {
            self.0.insert(key, (end, line));
        }
    }

    /// One entry for each daemon and day, the nearest first; and how many more there are.
    pub(super) fn into_list(self) -> (Vec<Expiry>, usize) {
        let mut entries: BTreeMap<(Date, String), Expiry> = BTreeMap::new();
        for ((daemon, feature), (end, line)) in self.0 {
            let End::On(date) = end else { continue };
            let entry = entries.entry((date, daemon)).or_insert_with_key(|(date, daemon)| Expiry {
                date: *date,
                daemon: Some(daemon.clone()),
                feature: feature.clone(),
                line,
                count: 0,
            });
            entry.count += 1;
            if line < entry.line {
                (entry.line, entry.feature) = (line, feature);
            }
        }
        let more = entries.len().saturating_sub(MOST);
        (entries.into_values().take(MOST).collect(), more)
    }
}

/// Until when a license is valid by a word of its line; `None` for what is no date. `permanent`, or the year 0 (`1-jan-0`),
/// is for ever.
pub(super) fn end(word: &str) -> Option<End> {
    let year = word.rsplit('-').next().unwrap_or_default();
    let is_year_0 = !year.is_empty() && year.bytes().all(|digit| digit == b'0');
    if word.eq_ignore_ascii_case("permanent") || is_year_0 {
        return Some(End::Never);
    }
    date(word).map(End::On)
}

/// The day until which a license is valid: `31-dec-2026`, or with two digits of the year. `None` for one that never
/// expires (`permanent`, or the year 0: `1-jan-0`), and for what is no date.
fn date(word: &str) -> Option<Date> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut parts = word.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().zip(1..).find(|(name, _)| month.eq_ignore_ascii_case(name))?.1;
    let number = |text: &str| -> Option<i16> {
        text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let year = match (year.len(), number(year)?) {
        (_, 0) => return None,
        // As strptime(3) does.
        (2, year @ ..69) => 2000 + year,
        (2, year) => 1900 + year,
        (4, year) => year,
        _ => return None,
    };
    let day = number(day).and_then(|day| i8::try_from(day).ok())?;
    Date::new(year, month, day).ok().filter(|_| parts.next().is_none())
}
