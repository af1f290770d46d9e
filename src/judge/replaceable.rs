//! Who could have put other content into a file, in words, and the command that takes that right away.

use crate::model::phrase::list;
use crate::model::quoting::quoted_path;
use crate::model::sorting::sort_by_key;
use crate::model::{Account, Os, Writer};

/// The accounts that could have written to a file, and that nothing speaks for. At least one.
pub(super) struct Replaceable<'a> {
    writers: Vec<&'a Writer>,
    os: Os,
}

/// So many accounts beside the first are named.
const MOST_OTHERS: usize = 2;

/// Folders in which everybody must be able to write.
const FOR_EVERYBODY: [&str; 4] = ["/tmp", "/private/tmp", "/var/tmp", "/dev/shm"];

/// Where homes are: a user must be able to write there.
const HOMES: [&str; 2] = ["/home/", "/Users/"];

impl<'a> Replaceable<'a> {
    /// `None` where there are no such accounts.
    pub(super) fn by(mut writers: Vec<&'a Writer>, os: Os) -> Option<Replaceable<'a>> {
        // The more people it is, the sooner it should be said.
        sort_by_key(&mut writers, |writer| match writer.account {
            Account::Everyone => (0, writer.only_adds),
            Account::Group { .. } => (1, writer.only_adds),
            Account::User(_) => (2, writer.only_adds),
        });
        (!writers.is_empty()).then_some(Replaceable { writers, os })
    }

    /// "the user alice can write to /home/alice/bin and may have replaced `it`; so may the user bob".
    pub(super) fn who(&self, it: &str) -> String {
        let first = self.first();
        let mut others: Vec<&Account> = Vec::new();
        for writer in &self.writers {
            if writer.account != first.account && !others.contains(&&writer.account) {
                others.push(&writer.account);
            }
        }
        let (named, more) = others.split_at(others.len().min(MOST_OTHERS));
        let mut named: Vec<String> = named.iter().map(|account| account.called()).collect();
        named.extend((!more.is_empty()).then(|| format!("{} more", more.len())));
        let done = match first.only_adds {
            true => format!("put {it} there"),
            false => format!("replaced {it}"),
        };
        let others =
            if named.is_empty() { String::new() } else { format!("; so may {}", list(&named, "and")) };
        format!(
            "{} can write to {} and may have {done}{others}",
            first.account.called(),
            quoted_path(&first.place)
        )
    }

    /// Whole sentences, the command last. `file` is already quoted.
    pub(super) fn advice(&self, file: &str) -> String {
        let then = self.trusting().map_or("Then".to_owned(), |trusting| format!("{trusting} Otherwise"));
        format!("Find out who put {file} there. {then} {}", self.mending(file))
    }

    /// How to say that the account is trusted, if one user can be.
    pub(super) fn trusting(&self) -> Option<String> {
        let Account::User(user) = &self.first().account else { return None };
        let name = quoted(&user.name, self.os)?;
        Some(format!("If you trust {}, add --trust-user {name} to this command.", user.name))
    }

    /// The end of a sentence. Behind a command there is no full stop.
    pub(super) fn mending(&self, file: &str) -> String {
        let administrators = self.os.administrators();
        let mut places: Vec<&str> = self.writers.iter().map(|writer| writer.place.as_str()).collect();
        places.sort_unstable();
        places.dedup();
        let more = match places.len() - 1 {
            0 => String::new(),
            1 => " and in 1 more place".to_owned(),
            more => format!(" and in {more} more places"),
        };
        match command(self.first(), self.os) {
            Some(command) => format!("let only {administrators} write there{more}: {command}"),
            None => format!("install {file} where only {administrators} can write."),
        }
    }

    fn first(&self) -> &'a Writer {
        self.writers[0]
    }
}

/// The command that takes an account's right to write; `None` where nothing short of moving the file helps.
fn command(Writer { account, place, .. }: &Writer, os: Os) -> Option<String> {
    if FOR_EVERYBODY.contains(&place.as_str()) || HOMES.iter().any(|homes| place.starts_with(homes)) {
        return None;
    }
    let place = quoted(place, os)?;
    Some(match (os, account) {
        (Os::Linux | Os::Macos, Account::Everyone) => format!("chmod o-w {place}"),
        (Os::Linux | Os::Macos, Account::Group { .. }) => format!("chmod g-w {place}"),
        (Os::Linux | Os::Macos, Account::User(_)) => format!("chown root: {place}"),
        // A right that a folder above hands down cannot be taken away until it is the folder's own. The numbers
        // are Everyone, Authenticated Users and Users, which have other names in other languages.
        (Os::Windows, account) => {
            let whose = match account {
                Account::Everyone => "*S-1-1-0 *S-1-5-11 *S-1-5-32-545".to_owned(),
                Account::User(user) => quoted(&user.name, os)?,
                Account::Group { name, .. } => quoted(name, os)?,
            };
            format!("icacls {place} /inheritance:d /remove:g {whose}")
        }
    })
}

/// Quoted for a shell of this system; `None` where that cannot be done.
pub(super) fn quoted(word: &str, os: Os) -> Option<String> {
    match os {
        Os::Linux | Os::Macos => shlex::try_quote(word).ok().map(|word| word.into_owned()),
        // No file name of Windows has a quote in it.
        Os::Windows if word.contains('"') => None,
        Os::Windows if word.contains(|c: char| !c.is_alphanumeric() && !r"\:.-_".contains(c)) => {
            Some(format!("\"{word}\""))
        }
        Os::Windows => Some(word.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::User;

    fn user(name: &str) -> Account {
        Account::User(User { uid: None, name: name.to_owned(), system: false })
    }

    fn writer(account: Account, place: &str) -> Writer {
        Writer { account, place: place.to_owned(), only_adds: false }
    }

    fn said(writers: &[Writer], os: Os) -> String {
        let replaceable = Replaceable::by(writers.iter().collect(), os).unwrap();
        format!("{}. {}", replaceable.who("it"), replaceable.advice("lmgrd"))
    }

    #[test]
    fn the_command_fits_the_account_and_the_system() {
        let group = Account::Group { name: "lic".to_owned(), members: Vec::new() };
        insta::assert_snapshot!(said(&[writer(user("alice"), "/opt/my lic")], Os::Linux), @"the user alice can write to /opt/my lic and may have replaced it. Find out who put lmgrd there. If you trust alice, add --trust-user alice to this command. Otherwise let only root write there: chown root: '/opt/my lic'");
        insta::assert_snapshot!(said(&[writer(group.clone(), "/opt/x")], Os::Macos), @"the group lic can write to /opt/x and may have replaced it. Find out who put lmgrd there. Then let only root write there: chmod g-w /opt/x");
        insta::assert_snapshot!(said(&[writer(Account::Everyone, "/opt/x$(reboot)")], Os::Linux), @r#"any user of this machine can write to "/opt/x$(reboot)" and may have replaced it. Find out who put lmgrd there. Then let only root write there: chmod o-w '/opt/x$(reboot)'"#);
        insta::assert_snapshot!(said(&[writer(Account::Everyone, "/tmp")], Os::Linux), @"any user of this machine can write to /tmp and may have replaced it. Find out who put lmgrd there. Then install lmgrd where only root can write.");
        insta::assert_snapshot!(said(&[writer(user("alice"), "/home/alice/bin")], Os::Linux), @"the user alice can write to /home/alice/bin and may have replaced it. Find out who put lmgrd there. If you trust alice, add --trust-user alice to this command. Otherwise install lmgrd where only root can write.");
        insta::assert_snapshot!(said(&[writer(Account::Everyone, r"C:\Flexlm")], Os::Windows), @r"any user of this machine can write to C:\Flexlm and may have replaced it. Find out who put lmgrd there. Then let only administrators write there: icacls C:\Flexlm /inheritance:d /remove:g *S-1-1-0 *S-1-5-11 *S-1-5-32-545");
        insta::assert_snapshot!(said(&[writer(user(r"OFFICE\al ice"), r"C:\My Lic")], Os::Windows), @r#"the user OFFICE\al ice can write to C:\My Lic and may have replaced it. Find out who put lmgrd there. If you trust OFFICE\al ice, add --trust-user "OFFICE\al ice" to this command. Otherwise let only administrators write there: icacls "C:\My Lic" /inheritance:d /remove:g "OFFICE\al ice""#);
        insta::assert_snapshot!(said(&[writer(group, "C:\\a\"b")], Os::Windows), @r#"the group lic can write to "C:\\a\"b" and may have replaced it. Find out who put lmgrd there. Then install lmgrd where only administrators can write."#);
    }

    #[test]
    fn what_is_in_a_sticky_folder_may_have_been_put_there() {
        let sticky = |account, place: &str| Writer { only_adds: true, ..writer(account, place) };
        insta::assert_snapshot!(said(&[sticky(Account::Everyone, "/tmp")], Os::Linux), @"any user of this machine can write to /tmp and may have put it there. Find out who put lmgrd there. Then install lmgrd where only root can write.");
        insta::assert_snapshot!(said(&[sticky(Account::Everyone, "/srv/x"), writer(user("alice"), "/srv")], Os::Linux), @"any user of this machine can write to /srv/x and may have put it there; so may the user alice. Find out who put lmgrd there. Then let only root write there and in 1 more place: chmod o-w /srv/x");
    }

    #[test]
    fn several_accounts_and_places_are_counted_and_the_widest_comes_first() {
        let writers = ["a", "b", "c", "d", "a"].map(|name| writer(user(name), &format!("/opt/{name}")));
        insta::assert_snapshot!(said(&writers, Os::Linux), @"the user a can write to /opt/a and may have replaced it; so may the user b, the user c and 1 more. Find out who put lmgrd there. If you trust a, add --trust-user a to this command. Otherwise let only root write there and in 3 more places: chown root: /opt/a");
        let everyone = writer(Account::Everyone, "/opt/b");
        insta::assert_snapshot!(said(&[&writers[..2], &[everyone]].concat(), Os::Linux), @"any user of this machine can write to /opt/b and may have replaced it; so may the user a and the user b. Find out who put lmgrd there. Then let only root write there and in 1 more place: chmod o-w /opt/b");
    }
}
