//! The facts with those of a site, which its administrator knows alone.

use super::Licenses;
use super::names::Names;
use super::ports::Ports;
use super::schema::LicenseManager;
use crate::model::sorting::sort_by;

impl Licenses {
    /// With these managers besides.
    pub(in crate::knowledge) fn with(mut self, managers: &[LicenseManager]) -> Licenses {
        self.managers.extend_from_slice(managers);
        sort_by(&mut self.managers, |one, other| one.id.cmp(&other.id));
        Licenses { names: Names::default(), ports: Ports::default(), ..self }
    }
}
