//! Rows of several listings in one table, behind a column that says of each what it is from.

use owo_colors::Style as Paint;

use super::Style;
use super::columns::{self, Column, Listing};
use super::group::RowGroup;
use super::table::Filling;
use crate::model::Os;

pub(super) struct Joined {
    first: Filling,
    /// In the order of a listing.
    columns: Vec<Filling>,
}

impl Joined {
    pub(super) fn new(first: &'static Column) -> Joined {
        Joined { first: Filling::new(first), columns: Vec::new() }
    }

    /// Adds these rows, each with this text, which is escaped, in the first column.
    pub(super) fn add(&mut self, text: &str, paint: Paint, groups: &[RowGroup<'_>], os: Os, style: &Style) {
        let listing = Listing { groups, os, style };
        let before = self.first.texts.len();
        for column in listing.columns() {
            let known = self.columns.iter().position(|filling| filling.column.key == column.key);
            let at = known.unwrap_or_else(|| {
                let at = self.columns.partition_point(|other| columns::is_before(other.column, column));
                let mut filling = Filling::new(column);
                filling.fill_up(before);
                self.columns.insert(at, filling);
                at
            });
            self.columns[at].add(&listing);
        }
        let rows = before + groups.len();
        self.first.fill_up_with(text, paint, rows);
        self.columns.iter_mut().for_each(|filling| filling.fill_up(rows));
    }

    pub(super) fn into_columns(self) -> Vec<Filling> {
        std::iter::once(self.first).chain(self.columns).collect()
    }
}
