//! What identifies a machine → an id that is the same at every scan, and from which that cannot be found out.
//!
//! Linux and macOS ask that their machine id be given to nobody (`machine-id(5)`): who knows it can name the machine to
//! others. So it is hashed as `sd_id128_get_machine_app_specific(3)` does it, on every system.

use std::fmt::Write as _;

/// Tells these ids apart from those of other programs: `systemd-id128 machine-id --app-specific=` with it gives the same.
pub const APPLICATION: [u8; 16] = 0x06bb_085f_f302_405f_a7b0_0d7a_9406_6c9f_u128.to_be_bytes();

/// The id of the machine that a text identifies: 32 hexadecimal digits, with or without hyphens. `None` where it is
/// anything else, such as `uninitialized` or nothing (`machine-id(5)`).
#[must_use]
pub fn of_text(text: &str) -> Option<String> {
    let digits: String = text.trim().chars().filter(|&c| c != '-').collect();
    let is_number = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let number = u128::from_str_radix(&digits, 16).ok().filter(|_| is_number)?;
    of_bytes(number.to_be_bytes())
}

/// As [`of_text`]. `None` where the bytes are those of no machine.
#[must_use]
pub fn of_bytes(machine: [u8; 16]) -> Option<String> {
    if machine == [0; 16] || machine == [0xff; 16] {
        return None;
    }
    let hash = hmac_sha256::HMAC::mac(APPLICATION, machine);
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    // As a random UUID has them (RFC 9562, section 5.4).
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    Some(id.iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_the_id_that_systemd_gives_it() {
        // systemd-id128 machine-id --app-specific=06bb085ff302405fa7b00d7a94066c9f, where /etc/machine-id is this.
        let id = of_text("3e0f2a7c5b914d6f8a1b2c3d4e5f6071\n");
        assert_eq!(id.as_deref(), Some("50047b8ee5a349c4958cf99d0d488037"));
        // As Windows and macOS write it.
        assert_eq!(of_text("3E0F2A7C-5B91-4D6F-8A1B-2C3D4E5F6071"), id);
    }

    #[test]
    fn what_identifies_no_machine_gives_no_id() {
        let sign = format!("+{}", "1".repeat(31));
        for text in
            ["", "uninitialized", "\0", "12345", &"0".repeat(32), &"F".repeat(32), &"1".repeat(33), &sign]
        {
            assert_eq!(of_text(text), None, "{text}");
        }
    }
}
