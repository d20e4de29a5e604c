//! Passwords: which are good enough, and how they are hashed without the hashing becoming the site's weakest door.
//!
//! Called by sign-up, sign-in, reset and change. Lengths follow NIST SP 800-63B-4 (August 2025), 3.1.1: 15 characters
//! where the password is all there is, 8 beside a second step, no rules of composition, no change by the calendar. It
//! must never echo, log or keep what was typed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::sealing::Secret;

/// Characters of a password that is the only thing asked for.
pub const CHARS_ALONE: usize = 15;
/// Characters of a password beside a second step.
pub const CHARS_WITH_SECOND_STEP: usize = 8;
/// Bytes; far beyond the 64 characters that must be allowed.
const BYTES_MAX: usize = 1_024;
/// What the estimate looks at; the time it takes grows with the square of the length.
const ESTIMATED_CHARS: usize = 64;
/// Guesses that an estimate must reach (10^n): the third of zxcvbn's five grades.
const GUESSES_LOG10_MIN: f64 = 8.0;
/// Letters of a context word that is worth looking for.
const CONTEXT_CHARS_MIN: usize = 3;

/// argon2id as OWASP recommends it (2025): 19 MiB, two passes, one lane. 20 ms of one core.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// As the library chooses for every hash it makes.
const SALT_BYTES: usize = 16;
/// Who may stand in line for a hash; then the page asks to come back.
const WAITING_MAX: usize = 64;
const WAIT: Duration = Duration::from_secs(3);

/// Why a new password is not taken. Each has its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weak {
    TooShort {
        least: usize,
    },
    TooLong,
    /// It is, or is made of, words that are tried first.
    Common,
    /// It is made of the address, or of this site's name.
    Context,
    /// It is in the operator's file of passwords that are known from breaches.
    Breached,
}

/// A password in the form that is hashed (NFC).
pub struct Password(Zeroizing<String>);

impl Password {
    /// The form in which the same password typed on two keyboards is the same.
    pub fn typed(typed: &Secret<String>) -> Option<Password> {
        let form = Zeroizing::new(typed.expose().nfc().collect::<String>());
        (form.len() <= BYTES_MAX && !form.is_empty()).then_some(Password(form))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub fn chars(&self) -> usize {
        self.0.chars().count()
    }
}

/// Judges a new password. `context`: words that whoever knows the person tries first, such as the parts of the address.
///
/// # Errors
///
/// Why it is not taken.
pub fn new_password(typed: &Secret<String>, context: &[&str], second_step: bool) -> Result<Password, Weak> {
    let least = if second_step { CHARS_WITH_SECOND_STEP } else { CHARS_ALONE };
    if typed.expose().len() > BYTES_MAX {
        return Err(Weak::TooLong);
    }
    let password = Password::typed(typed).ok_or(Weak::TooShort { least })?;
    if password.chars() < least {
        return Err(Weak::TooShort { least });
    }
    let lower = Zeroizing::new(password.0.to_lowercase());
    let words = context.iter().flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
    let words = words.map(str::to_lowercase).filter(|word| word.chars().count() >= CONTEXT_CHARS_MIN);
    let words: Vec<String> = words.collect();
    // What is left when the context is taken out must be a password of its own.
    let mut rest = lower.as_str().to_string();
    for word in &words {
        rest = rest.replace(word.as_str(), "");
    }
    let rest = Zeroizing::new(rest);
    if rest.len() < lower.len() && rest.chars().count() < CHARS_WITH_SECOND_STEP {
        return Err(Weak::Context);
    }
    let looked_at: Zeroizing<String> = Zeroizing::new(lower.chars().take(ESTIMATED_CHARS).collect());
    let known: Vec<&str> = words.iter().map(String::as_str).collect();
    match zxcvbn::zxcvbn(&looked_at, &known).guesses_log10() < GUESSES_LOG10_MIN {
        true => Err(Weak::Common),
        false => Ok(password),
    }
}

/// No hash could be made in time: the site is busy, and says so kindly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// Hashes passwords, no more at a time than there are cores. A clone is the same one.
#[derive(Clone)]
pub struct Hashers {
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    argon2: Argon2<'static>,
    /// Checked for addresses without an account, so that the answer takes as long.
    nobodys: Arc<str>,
}

/// A string like those that are kept, whose hash is chance instead of some password's: making one of a password would
/// take a tenth of a start.
fn nobodys() -> anyhow::Result<String> {
    let mut chance = [0; Params::DEFAULT_OUTPUT_LEN + SALT_BYTES];
    getrandom::fill(&mut chance).map_err(|error| anyhow::anyhow!("no random bytes from the system ({error})"))?;
    let [hash, salt] = [&chance[SALT_BYTES..], &chance[..SALT_BYTES]].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"))
}

/// Counts somebody who waits, until dropped.
struct InLine<'a>(&'a AtomicUsize);

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hashers {
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn new(cores: usize) -> anyhow::Result<Hashers> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| anyhow::anyhow!("{error}"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobodys = nobodys()?;
        let places = Arc::new(Semaphore::new(cores.max(1)));
        Ok(Hashers { places, waiting: Arc::default(), argon2, nobodys: nobodys.into() })
    }

    /// The string to keep.
    ///
    /// # Errors
    ///
    /// [`Busy`], or a fault of ours in [`anyhow::Error`].
    pub async fn hash(&self, password: Password) -> Result<anyhow::Result<Zeroizing<String>>, Busy> {
        let argon2 = self.argon2.clone();
        self.run(move || {
            let hash = argon2.hash_password(password.0.as_bytes()).map_err(|error| anyhow::anyhow!("{error}"))?;
            Ok(Zeroizing::new(hash.to_string()))
        })
        .await
    }

    /// Whether it is the password of this string; `None` for a string that nobody has, which takes as long and is
    /// always wrong.
    ///
    /// # Errors
    ///
    /// [`Busy`].
    pub async fn verify(&self, password: Password, kept: Option<Zeroizing<String>>) -> Result<bool, Busy> {
        let (argon2, nobodys) = (self.argon2.clone(), Arc::clone(&self.nobodys));
        self.run(move || {
            let text = kept.as_ref().map_or(&*nobodys, |kept| kept.as_str());
            let right =
                PasswordHash::new(text).is_ok_and(|hash| argon2.verify_password(password.0.as_bytes(), &hash).is_ok());
            right && kept.is_some()
        })
        .await
    }

    /// Whether a kept string was made with other parameters than today's, and is to be made again at the next sign-in.
    pub fn is_old(&self, kept: &str) -> bool {
        let today = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
        !kept.starts_with(&today)
    }

    /// Takes every place until it is dropped, for tests of what people see when the line is full.
    pub async fn hold(&self) -> Option<OwnedSemaphorePermit> {
        let all = u32::try_from(self.places.available_permits()).ok()?;
        Arc::clone(&self.places).acquire_many_owned(all).await.ok()
    }

    /// Whether the next one would be turned away at once.
    pub fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= WAITING_MAX
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        let line = InLine(&self.waiting);
        let place = tokio::time::timeout(WAIT, Arc::clone(&self.places).acquire_owned()).await;
        drop(line);
        let Ok(Ok(place)) = place else { return Err(Busy) };
        // The place is held until the hash is made, even if nobody waits for it any more.
        let made = tokio::task::spawn_blocking(move || {
            let made = work();
            drop(place);
            made
        });
        match made.await {
            Ok(made) => Ok(made),
            Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
            Err(_) => Err(Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(password: &str, second_step: bool) -> Option<Weak> {
        let context = ["ana.ruiz@example.org", "windowshop"];
        new_password(&Secret::new(password.to_string()), &context, second_step).err()
    }

    #[test]
    fn length_counts_characters_not_bytes_and_nothing_else_is_prescribed() {
        assert_eq!(judged("cuatro patos verdes", false), None);
        assert_eq!(judged("ñandú ñoño añejo ¡olé!", false), None);
        assert_eq!(judged("xkqvzpwmtrbhnd", false), Some(Weak::TooShort { least: 15 }));
        assert_eq!(judged("xkqvzpwmt", true), None);
        assert_eq!(judged("xkqvzpw", true), Some(Weak::TooShort { least: 8 }));
        assert_eq!(judged("", true), Some(Weak::TooShort { least: 8 }));
        assert_eq!(judged(&"la lluvia en sevilla ".repeat(40), false), None);
        assert_eq!(judged(&"x".repeat(BYTES_MAX + 1), false), Some(Weak::TooLong));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for common in
            ["password1234567", "aaaaaaaaaaaaaaaa", "123456789012345678", "qwertyuiopasdfgh", "abcabcabcabcabc"]
        {
            assert_eq!(judged(common, false), Some(Weak::Common), "{common}");
        }
        for context in ["ana.ruiz@example.org", "windowshop 1234", "Example-Ruiz-2026"] {
            assert_eq!(judged(context, false), Some(Weak::Context), "{context}");
        }
    }

    #[tokio::test]
    async fn a_password_is_right_however_it_was_typed_and_nobodys_never_is() {
        let hashers = Hashers::new(2).expect("hashers");
        let typed = |text: &str| Password::typed(&Secret::new(text.to_string())).expect("not empty");
        let kept = hashers.hash(typed("caf\u{e9} con leche y pan")).await.expect("not busy").expect("a hash");
        assert!(!hashers.is_old(&kept) && hashers.is_old("$argon2id$v=19$m=4096,t=3,p=1$x$y"));
        let verify = |text: &str, kept: Option<Zeroizing<String>>| hashers.verify(typed(text), kept);
        assert_eq!(verify("cafe\u{301} con leche y pan", Some(kept.clone())).await, Ok(true));
        assert_eq!(verify("cafe con leche y pan", Some(kept.clone())).await, Ok(false));
        assert_eq!(verify("nobody", None).await, Ok(false));
        // Read and tested like any other, or its answer would come sooner.
        let lengths = |text: &str| {
            PasswordHash::new(text).ok().map(|hash| (hash.salt.map(|s| s.len()), hash.hash.map(|h| h.len())))
        };
        assert_eq!(lengths(&hashers.nobodys), lengths(&kept));
        assert!(lengths(&kept).is_some() && !hashers.is_old(&hashers.nobodys));
        assert_eq!(verify("x", Some(Zeroizing::new("not a hash".to_string()))).await, Ok(false));
    }

    #[tokio::test]
    async fn the_line_has_an_end() {
        let hashers = Hashers::new(1).expect("hashers");
        let held = hashers.hold().await.expect("all places");
        let typed = || Password::typed(&Secret::new("x".to_string())).expect("not empty");
        let waiting: Vec<_> = (0..WAITING_MAX)
            .map(|_| {
                let hashers = hashers.clone();
                tokio::spawn(async move { hashers.verify(typed(), None).await })
            })
            .collect();
        while !hashers.is_full() {
            tokio::task::yield_now().await;
        }
        assert_eq!(hashers.verify(typed(), None).await, Err(Busy), "at once");
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
        for task in waiting {
            let _ = task.await;
        }
        drop(held);
        assert_eq!(hashers.verify(typed(), None).await, Ok(false), "whoever left has left the line");
    }
}
