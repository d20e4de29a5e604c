//! Codes: those of an authenticator app, those printed for the day the app is lost, those mailed, and the one that
//! brings a guest back.
//!
//! Called by the second step and by resuming. All are kept as hashes, save the app's key, which is sealed. A code that is
//! typed by hand is forgiving: case, spaces and hyphens do not matter, and letters that look like digits are digits.

use sha2::{Digest as _, Sha256};
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

use crate::sealing::SealFault;

/// Bytes of an authenticator app's key: 160 bits, as RFC 4226, 4 recommends.
pub const TOTP_KEY_BYTES: usize = 20;
/// RFC 6238, 5.2: seconds a code is good for, and steps before and after that are taken for slow clocks and fingers.
const STEP_SECONDS: u64 = 30;
const STEPS_AROUND: u16 = 1;
const DIGITS: u8 = 6;
/// Printed recovery codes.
pub const RECOVERY_CODES: usize = 10;
/// Characters of a recovery code and of a resume code: 28 of 32 are 140 bits, more than the 128 of OWASP ASVS 5.0, 11.5.1.
/// From 112 on a plain hash keeps them safely (6.5.2).
const CODE_CHARS: usize = 28;
/// Characters between two hyphens, for the eye.
const GROUP: usize = 4;
/// Digits of a mailed code; it lives for minutes and allows few tries.
const MAILED_DIGITS: u32 = 8;
/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Random bytes for a new key of an app.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_totp_key() -> Result<Zeroizing<[u8; TOTP_KEY_BYTES]>, SealFault> {
    let mut key = Zeroizing::new([0; TOTP_KEY_BYTES]);
    getrandom::fill(key.as_mut_slice()).map_err(|_| SealFault::NoRandomness)?;
    Ok(key)
}

fn totp(key: &[u8], site: &str, account: &str) -> Option<Totp> {
    // A colon separates the two in the address, so neither may hold one.
    let plain = |text: &str| text.replace(':', " ");
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_skew(STEPS_AROUND)
        .with_step_duration(STEP_SECONDS)
        .with_secret(key.to_vec().into_boxed_slice())
        .with_issuer(Some(plain(site)))
        .with_account_name(plain(account))
        .build()
        .ok()
}

/// The address that an app reads from a picture, and the same key as text for typing.
pub fn totp_words(key: &[u8], site: &str, account: &str) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
    let totp = totp(key, site, account)?;
    let text = totp.secret().to_base32();
    let groups: Vec<String> =
        text.as_bytes().chunks(GROUP).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    Some((Zeroizing::new(totp.to_url().ok()?), Zeroizing::new(groups.join(" "))))
}

/// The step whose code this is, if it is later than the last one taken.
pub fn totp_step(key: &[u8], typed: &str, now_seconds: u64, last_step: u64) -> Option<u64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if typed.len() != usize::from(DIGITS) || !typed.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let step = totp(key, "", "x")?.check(&typed, now_seconds)?;
    (step > last_step).then_some(step)
}

/// A new code to be printed: `7KQM-2XVD-R0FH-9TNB-4C8Z-E1WG-M5PA`.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_code() -> Result<Zeroizing<String>, SealFault> {
    let mut bytes = Zeroizing::new([0; CODE_CHARS]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| SealFault::NoRandomness)?;
    let mut code = Zeroizing::new(String::with_capacity(CODE_CHARS + CODE_CHARS / GROUP));
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % GROUP == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Ok(code)
}

/// What a printed code is kept as; `None` if what was typed cannot be one.
pub fn code_hash(typed: &str) -> Option<Vec<u8>> {
    let mut code = Zeroizing::new(String::new());
    for c in typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—')) {
        code.push(match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c if c.is_ascii() && ALPHABET.contains(&(c as u8)) => c,
            _ => return None,
        });
    }
    (code.len() == CODE_CHARS).then(|| Sha256::digest(code.as_bytes()).to_vec())
}

/// A new code to be mailed, digits only.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_mailed_code() -> Result<Zeroizing<String>, SealFault> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| SealFault::NoRandomness)?;
    // Of 2^64 the remainder favors nothing that anybody could measure.
    let number = u64::from_be_bytes(bytes) % 10_u64.pow(MAILED_DIGITS);
    Ok(Zeroizing::new(format!("{number:08}")))
}

/// What a mailed code is kept as: bound to its owner, its purpose, the session that asked for it, and the address that
/// it proves (empty if it proves none), because eight digits alone are soon tried through.
pub fn mailed_hash(owner: &str, purpose: &str, (session, address): (&str, &str), typed: &str) -> Vec<u8> {
    let digits: Zeroizing<String> = Zeroizing::new(typed.chars().filter(char::is_ascii_digit).collect());
    let mut hash = Sha256::new();
    for part in [owner, purpose, session, address, digits.as_str()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the SHA-1 key and the last six digits of its codes.
    const RFC_KEY: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(totp_step(RFC_KEY, code, seconds, 0), Some(seconds / STEP_SECONDS), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_one_around_and_once() {
        let now = 1_111_111_109;
        let step = now / STEP_SECONDS;
        for around in [now - STEP_SECONDS, now, now + STEP_SECONDS] {
            assert_eq!(totp_step(RFC_KEY, "081 804", around, 0), Some(step), "{around}");
        }
        assert_eq!(totp_step(RFC_KEY, "081804", now + 2 * STEP_SECONDS, 0), None);
        assert_eq!(totp_step(RFC_KEY, "081804", now, step), None, "it was taken");
        for wrong in ["", "81804", "0818040", "08180a", "081805"] {
            assert_eq!(totp_step(RFC_KEY, wrong, now, 0), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_is_given_the_key_in_both_ways() {
        let (url, text) = totp_words(RFC_KEY, "Plans: Example", "ana@example.org").expect("words");
        assert!(
            url.starts_with("otpauth://totp/") && url.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
            "{}",
            *url
        );
        assert_eq!(text.as_str(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }

    #[test]
    fn a_printed_code_is_read_however_it_is_typed() {
        let code = new_code().expect("a code");
        assert_eq!(code.len(), 34, "{}", *code);
        assert_ne!(*code, *new_code().expect("a code"));
        let hash = code_hash(&code).expect("a code");
        assert_eq!(code_hash(&code.to_lowercase()), Some(hash.clone()));
        assert_eq!(code_hash(&code.replace('-', " ")), Some(hash.clone()));
        assert_eq!(code_hash("o0oO-1iIl-lL11-0000-abcd-efgh-jkmn"), code_hash("0000 1111 1111 0000 ABCD EFGH JKMN"));
        assert!(code_hash("0000 1111 1111 0000 ABCD EFGH JKMN").is_some());
        for wrong in ["", "7KQM", "7KQM-2XVD-R0FH-9TNB-4C8Z-E1WG-M5P!", "7KQM-2XVD-R0FH-9TNB-4C8Z-E1WG-M5PAX"] {
            assert_eq!(code_hash(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_mailed_code_is_its_owners_its_purposes_and_its_sessions() {
        let code = new_mailed_code().expect("a code");
        assert!(code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit()), "{}", *code);
        let hash = mailed_hash("account:a", "confirm", ("5e55", "a@b.example"), "12345678");
        assert_eq!(mailed_hash("account:a", "confirm", ("5e55", "a@b.example"), " 1234 5678 "), hash);
        assert_ne!(mailed_hash("account:b", "confirm", ("5e55", "a@b.example"), "12345678"), hash);
        assert_ne!(mailed_hash("account:a", "reset", ("5e55", "a@b.example"), "12345678"), hash);
        assert_ne!(mailed_hash("account:a", "confirm", ("7e77", "a@b.example"), "12345678"), hash);
        assert_ne!(mailed_hash("account:a", "confirm", ("5e55", "c@b.example"), "12345678"), hash);
    }
}
