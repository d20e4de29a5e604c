//! The letters that the office writes, in the person's language. A letter names no page: who gets one types the site's
//! address, so that nobody learns to follow links in letters.
//!
//! A letter goes through the queue (`work::letters`), put down in one change with what it tells of, so that neither a
//! crash nor a mail server that is away loses one. It takes the same work whoever it is for: a page's time tells nothing.

use time::Date;
use time::macros::format_description;
use zeroize::Zeroizing;

use super::Office;
use crate::account::people::new_id;
use crate::account::steps::MAILED_FOR;
use crate::sealing::SealFault;
use crate::store::{Change, StoreError, Tx};
use crate::text::i18n::{Lang, Messages};
use crate::types;
use crate::work::letters::{LETTER, MESSAGE, Posted, Said, Words};
use crate::work::ring;

/// What a letter says.
pub enum Says<'a> {
    /// A code to be typed where it was asked for.
    Code(&'a str),
    /// The same, to an address that nobody has proved yet.
    Proof(&'a str),
    /// Somebody wanted an account with an address that has one.
    AddressTaken,
    PasswordChanged,
    /// To the old address.
    AddressChanged,
    AppOn,
    AppOff,
    /// A browser not seen before has signed in.
    NewBrowser,
    AccountDeleted,
}

impl Says<'_> {
    /// As it stands in a job and in `letter.template`.
    fn template(&self) -> &'static str {
        match self {
            Says::Code(_) | Says::Proof(_) => "code",
            Says::AddressTaken => "taken",
            Says::PasswordChanged => "password",
            Says::AddressChanged => "address",
            Says::AppOn => "app_on",
            Says::AppOff => "app_off",
            Says::NewBrowser => "browser",
            Says::AccountDeleted => "deleted",
        }
    }

    /// Whether it goes to the address of its owner's account: if that refuses it, the account's address is bad.
    fn is_to_own_address(&self) -> bool {
        !matches!(self, Says::Proof(_) | Says::AddressChanged | Says::AccountDeleted)
    }
}

/// Subject and text of a template.
fn keys(template: &str) -> Option<(&'static str, &'static str)> {
    Some(match template {
        "code" => ("mail.code.subject", "mail.code.text"),
        "taken" => ("mail.taken.subject", "mail.taken.text"),
        "password" => ("mail.password.subject", "mail.password.text"),
        "address" => ("mail.address.subject", "mail.address.text"),
        "app_on" => ("mail.app_on.subject", "mail.app_on.text"),
        "app_off" => ("mail.app_off.subject", "mail.app_off.text"),
        "browser" => ("mail.browser.subject", "mail.browser.text"),
        "deleted" => ("mail.deleted.subject", "mail.deleted.text"),
        "unsent" => ("mail.unsent.subject", "mail.unsent.text"),
        "unsent_change" => ("mail.unsent_change.subject", "mail.unsent_change.text"),
        "season" => ("mail.season.subject", "mail.season.text"),
        MESSAGE => ("mail.message.subject", "mail.message.text"),
        _ => return None,
    })
}

/// What a letter of this template is called; `None` if this binary does not know it.
pub(super) fn subject(template: &str) -> Option<&'static str> {
    keys(template).map(|(subject, _)| subject)
}

/// The words of a letter, for the worker that sends it; `None` if this binary does not know it.
pub fn words(messages: &Messages, said: &Said) -> Option<Words> {
    let (subject, text) = keys(&said.template)?;
    let lang = messages.of_code(&said.lang)?;
    let (code, minutes) = (grouped(&said.code), (MAILED_FOR / 60_000).to_string());
    let day = |day: &str| day_words(messages, lang, day).unwrap_or_default();
    let (kept, ends) = said.of_draft.as_ref().map(|of| (day(&of.kept_until), day(&of.season_ends))).unwrap_or_default();
    let values = [("code", code.as_str()), ("minutes", &minutes), ("kept", &kept), ("ends", &ends)];
    let text = Zeroizing::new(messages.tf(lang, text, &values));
    let never = messages.t(lang, "mail.never");
    Some(Words {
        subject: messages.t(lang, subject).to_string(),
        text: Zeroizing::new(format!("{}\n\n{never}\n", *text)),
        lang: lang.code(),
    })
}

/// `2027-01-15` as people write it.
fn day_words(messages: &Messages, lang: Lang, day: &str) -> Option<String> {
    let day = Date::parse(day, format_description!("[year]-[month]-[day]")).ok()?;
    Some(messages.date(lang, day))
}

/// `1234 5678`: read, and typed, in two halves.
fn grouped(code: &str) -> Zeroizing<String> {
    let (first, second) = code.split_at(code.len() / 2);
    Zeroizing::new(format!("{first} {second}"))
}

/// A change, and the letter that tells of it: both are there or neither.
pub(super) struct Told<C: Change> {
    change: C,
    letter: Posted,
    /// Whether there is something to tell.
    when: fn(&C::Done) -> bool,
}

impl<C: Change> Change for Told<C>
where
    C::Done: Sync,
{
    type Done = C::Done;

    async fn run(&self, tx: &mut Tx) -> Result<C::Done, StoreError> {
        let done = self.change.run(tx).await?;
        if (self.when)(&done) {
            self.letter.run(tx).await?;
        }
        Ok(done)
    }
}

impl Office {
    /// A letter to somebody. `owner`: under whose data key it waits.
    pub(super) fn letter(&self, lang: Lang, (owner, to): (&str, &str), says: &Says<'_>) -> Result<Posted, SealFault> {
        let (code, lasts) = match says {
            Says::Code(code) | Says::Proof(code) => ((*code).to_string(), Some(MAILED_FOR)),
            _ => (String::new(), None),
        };
        let said = Said {
            template: says.template().to_string(),
            lang: lang.code().to_string(),
            to: to.to_string(),
            code,
            good_until: None,
            of_draft: None,
        };
        Ok(Posted {
            kind: &LETTER,
            vault: self.means.vault.clone(),
            key: format!("letter:{}", new_id()?),
            owner: owner.to_string(),
            own_address: says.is_to_own_address(),
            said,
            lasts,
            request_id: types::request_id(),
        })
    }

    /// Changes something, and puts down the letter that tells of it if there is something to tell.
    pub(super) async fn tell<C: Change>(
        &self,
        change: C,
        letter: Posted,
        when: fn(&C::Done) -> bool,
    ) -> Result<C::Done, StoreError>
    where
        C::Done: Sync,
    {
        let done = self.write(Told { change, letter, when }).await?;
        ring();
        Ok(done)
    }

    /// Puts down a letter that tells of what was done before.
    pub(super) async fn send(&self, letter: Posted) -> Result<(), StoreError> {
        self.write(letter).await?;
        ring();
        Ok(())
    }
}
