//! When licenses expire.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::Expiry;

/// How many entries are kept.
pub(super) const MOST: usize = 200;

/// The licenses of a file that expire, by day and daemon.
#[derive(Default)]
pub(super) struct Expiries(BTreeMap<(Date, String), Expiry>);

impl Expiries {
    pub(super) fn add(&mut self, date: Date, daemon: &str, feature: &str, line: usize) {
        let entry = self.0.entry((date, daemon.to_owned()));
        let expiry = entry.or_insert_with(|| Expiry {
            date,
            daemon: Some(daemon.to_owned()),
            feature: feature.to_owned(),
            line,
            count: 0,
        });
        expiry.count += 1;
    }

    /// The nearest first; and how many more there are.
    pub(super) fn into_list(self) -> (Vec<Expiry>, usize) {
        let more = self.0.len().saturating_sub(MOST);
        (self.0.into_values().take(MOST).collect(), more)
    }
}

/// The day until which a license is valid: `31-dec-2026`, or with two digits of the year. `None` for one that never
/// expires (`permanent`, or the year 0: `1-jan-0`), and for what is no date.
pub(super) fn date(word: &str) -> Option<Date> {
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
