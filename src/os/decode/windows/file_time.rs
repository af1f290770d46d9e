//! Decodes a `FILETIME` (minwinbase.h): hundreds of nanoseconds since 1601 (UTC).

use jiff::Timestamp;

/// 1970-01-01, in hundreds of nanoseconds since 1601.
const UNIX_EPOCH: i64 = 116_444_736_000_000_000;
const IN_A_SECOND: i64 = 10_000_000;

/// `None` for 0, which stands for an unknown time, and for a time that no calendar of ours has.
pub(in crate::os) fn timestamp(file_time: u64) -> Option<Timestamp> {
    let since = i64::try_from(file_time).ok().filter(|&time| time > 0)?.checked_sub(UNIX_EPOCH)?;
    let nanoseconds = i32::try_from(since.rem_euclid(IN_A_SECOND)).ok()? * 100;
    Timestamp::new(since.div_euclid(IN_A_SECOND), nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_from_1601_and_none_is_unknown() {
        let shown = |time| timestamp(time).map(|at| at.to_string());
        assert_eq!(shown(0), None);
        assert_eq!(shown(116_444_736_000_000_000).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(shown(116_444_735_999_999_999).as_deref(), Some("1969-12-31T23:59:59.9999999Z"));
        assert_eq!(shown(u64::MAX), None);
        assert_eq!(shown(i64::MAX as u64), None);
    }
}
