//! The letters that the office writes, in the person's language. A letter names no page: who gets one types the site's
//! address, so that nobody learns to follow links in letters.

use zeroize::Zeroizing;

use super::Office;
use crate::account::steps::MAILED_FOR;
use crate::app::App;
use crate::mail::Letter;
use crate::text::i18n::Lang;

/// What a letter says.
pub enum Says<'a> {
    /// A code to be typed where it was asked for.
    Code(&'a str),
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
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Says::Code(_) => ("mail.code.subject", "mail.code.text"),
            Says::AddressTaken => ("mail.taken.subject", "mail.taken.text"),
            Says::PasswordChanged => ("mail.password.subject", "mail.password.text"),
            Says::AddressChanged => ("mail.address.subject", "mail.address.text"),
            Says::AppOn => ("mail.app_on.subject", "mail.app_on.text"),
            Says::AppOff => ("mail.app_off.subject", "mail.app_off.text"),
            Says::NewBrowser => ("mail.browser.subject", "mail.browser.text"),
            Says::AccountDeleted => ("mail.deleted.subject", "mail.deleted.text"),
        }
    }
}

impl Office {
    /// Sends a letter in its own time.
    pub(super) fn write_to(&self, app: &App, lang: Lang, to: &str, says: &Says<'_>) {
        let (subject, text) = says.words();
        let code = match says {
            Says::Code(code) => grouped(code),
            _ => Zeroizing::default(),
        };
        let minutes = (MAILED_FOR / 60_000).to_string();
        let text = app.messages.tf(lang, text, &[("code", &code), ("minutes", &minutes)]);
        let never = app.messages.t(lang, "mail.never");
        self.post.send(Letter {
            to: Zeroizing::new(to.trim().to_string()),
            subject: app.messages.t(lang, subject).to_string(),
            text: Zeroizing::new(format!("{text}\n\n{never}\n")),
            lang: lang.code(),
        });
    }
}

/// `1234 5678`: read, and typed, in two halves.
fn grouped(code: &str) -> Zeroizing<String> {
    let (first, second) = code.split_at(code.len() / 2);
    Zeroizing::new(format!("{first} {second}"))
}
