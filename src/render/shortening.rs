//! Texts in a column that is too narrow for them. Of an address the port stays, of a path the end.

use std::borrow::Cow;

use super::text;
use super::width::display_width;

/// Widths that a text may become, in columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shortest {
    /// In a table that is too wide otherwise.
    pub(super) least: usize,
    /// Where even that does not fit.
    pub(super) narrowest: usize,
}

/// Where even the columns that stay do not fit, they may become as narrow as this.
const NARROWEST: usize = 4;

/// Of a text that means something only as a whole.
pub(super) fn of_text(text: &str) -> Shortest {
    Shortest { least: display_width(text), narrowest: NARROWEST }
}

/// What stands behind the addresses of a port that is taken and not listened on.
const BOUND: &str = " (bound)";

/// `0.0.0.0:80, [::]:80` becomes `0.0.0.0:80 +1`, and of an address that is still too long the end is left out and not the
/// port: `[2001:db8…:80`.
pub(super) fn cut_addresses(addresses: &str, width: usize) -> Cow<'_, str> {
    if display_width(addresses) <= width {
        return addresses.into();
    }
    let first = first_of(addresses);
    if display_width(&first) <= width {
        return first.into();
    }
    let (host, port) = first.split_at(first.rfind(':').unwrap_or(0));
    let room = width.saturating_sub(display_width(port));
    format!("{}{port}", text::cut(host, room)).into()
}

/// The first address, and how many more there are.
fn first_of(addresses: &str) -> String {
    let (all, bound) = match addresses.strip_suffix(BOUND) {
        Some(all) => (all, BOUND),
        None => (addresses, ""),
    };
    let mut each = all.split(", ");
    let first = each.next().unwrap_or_default();
    match each.count() {
        0 => format!("{first}{bound}"),
        more => format!("{first} +{more}{bound}"),
    }
}

/// The width of the first address alone, and that of its port behind an ellipsis.
pub(super) fn of_addresses(addresses: &str) -> Shortest {
    let first = first_of(addresses);
    let port = &first[first.rfind(':').unwrap_or(0)..];
    Shortest { least: display_width(&first), narrowest: display_width(port) + 1 }
}

/// The end of a path, which tells two of a kind apart: `…/shop/server.js`.
pub(super) fn cut_path(path: &str, width: usize) -> Cow<'_, str> {
    if display_width(path) <= width {
        return path.into();
    }
    let (quote, path) = path.strip_prefix('"').map_or(("", path), |rest| ("\"", rest));
    let mut room = width.saturating_sub(display_width(quote) + 1);
    let mut from = path.len();
    for (at, c) in path.char_indices().rev() {
        let Some(rest) = room.checked_sub(display_width(c.encode_utf8(&mut [0; 4]))) else { break };
        (room, from) = (rest, at);
    }
    let end = &path[from..];
    // From the beginning of a name, if one fits.
    let end = end.find('/').map_or(end, |slash| &end[slash..]);
    format!("{quote}…{end}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_path_stays_whatever_the_width() {
        for (path, width, shown) in [
            ("/srv/shop/server.js", 19, "/srv/shop/server.js"),
            ("/srv/shop/server.js", 18, "…/shop/server.js"),
            ("/srv/shop/server.js", 11, "…/server.js"),
            ("/srv/shop/server.js", 10, "…server.js"),
            ("/srv/shop/server.js", 4, "….js"),
            ("/srv/shop/server.js", 1, "…"),
            ("\"/srv/my shop/app.py\"", 14, "\"…/app.py\""),
            ("/srv/商店/服务", 7, "…/服务"),
            ("/srv/商店/服务", 5, "…服务"),
        ] {
            let cut = cut_path(path, width);
            assert_eq!(cut, shown, "{path} in {width}");
            assert!(display_width(&cut) <= width, "{cut}");
        }
    }

    #[test]
    fn the_port_stays_whatever_the_width() {
        for (addresses, width, shown) in [
            ("0.0.0.0:80, [::]:80", 19, "0.0.0.0:80, [::]:80"),
            ("0.0.0.0:80, [::]:80", 18, "0.0.0.0:80 +1"),
            ("0.0.0.0:80, [::]:80", 12, "0.0.0…:80 +1"),
            ("10.0.0.1:8080 +2", 12, "10.…:8080 +2"),
            ("[2001:db8:85a3::8a2e:370:7334]:27000", 16, "[2001:db8…:27000"),
            ("127.0.0.1:27000", 12, "127.0…:27000"),
            ("127.0.0.1:27000 (bound)", 20, "127.0…:27000 (bound)"),
            ("127.0.0.1:27000", 7, "…:27000"),
        ] {
            assert_eq!(cut_addresses(addresses, width), shown, "{addresses} in {width}");
            let narrowest = of_addresses(addresses).narrowest;
            let cut = cut_addresses(addresses, narrowest);
            assert!(display_width(&cut) <= narrowest && cut.contains("…:"), "{cut}");
        }
    }
}
