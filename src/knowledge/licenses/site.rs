//! The facts with those of a site, which its administrator knows alone.

use super::Licenses;
use super::names::Names;
use super::schema::LicenseManager;

impl Licenses {
    /// With these managers besides.
    pub(in crate::knowledge) fn with(mut self, managers: &[LicenseManager]) -> Licenses {
        self.managers.extend_from_slice(managers);
        self.managers.sort_by(|one, other| one.id.cmp(&other.id));
        Licenses { names: Names::default(), ..self }
    }
}
