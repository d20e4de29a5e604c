//! Private answers in an address, sealed: whoever sees the address (a history, a proxy, a log, a CDN) can read
//! nothing.
//!
//! Called by the web's request context, which seals when it writes a link and opens when a request arrives.
//! AES-256-GCM; padded, so the length reveals little; dated, so an old link stops being a key to somebody's income.
//! The nonce is derived from the text itself (HMAC-SHA-256 under a separate key), so one set of answers has one
//! address per day: pages stay cacheable by their own browser, and only equal texts ever share a nonce.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use time::Date;
use zeroize::Zeroizing;

use super::keys::{KEY_BYTES, KeyId, KeyRing};

/// How many days a sealed address opens, counting the day it was made: a household that decides over two weeks keeps
/// its page, a forgotten bookmark expires.
pub const ADDRESS_DAYS: i32 = 14;
/// Lengths are padded to multiples of this many bytes.
const PAD_BYTES: usize = 32;
/// The most that is sealed or opened: twelve people with care and every amount take about 300 bytes.
const TEXT_BYTES_MAX: usize = 2048;
const NONCE_BYTES: usize = 12;
const SEAL_PURPOSE: &str = "windowshop address seal v1";
const NONCE_PURPOSE: &str = "windowshop address nonce v1";
/// Bound to each text: something sealed for another use can never be read as an address.
const AAD: &[u8] = b"windowshop my= v1";

/// Why the sealed part of an address does not open. The page asks again, whatever the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressFault {
    /// Not ours, truncated, or altered.
    Unreadable,
    /// Older than [`ADDRESS_DAYS`], or dated in the future.
    Expired,
    /// Sealed under a key that this site does not have (or no longer has).
    KeyGone,
}

/// Seals and opens. Built once from the key ring.
#[derive(Clone)]
pub struct AddressSealer {
    /// In ring order: the newest, which seals, is first.
    keys: Vec<SealKey>,
}

#[derive(Clone)]
struct SealKey {
    id: KeyId,
    cipher: Aes256Gcm,
    nonce: Zeroizing<[u8; KEY_BYTES]>,
}

impl AddressSealer {
    pub fn new(ring: &KeyRing) -> AddressSealer {
        let key = |id: KeyId| {
            let seal = ring.by_id(id, SEAL_PURPOSE)?;
            let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*seal));
            Some(SealKey { id, cipher, nonce: ring.by_id(id, NONCE_PURPOSE)? })
        };
        AddressSealer { keys: ring.ids().filter_map(key).collect() }
    }

    /// The sealed form of a text, as written in an address; `None` if the text is longer than anything we write.
    pub fn seal(&self, text: &str, today: Date) -> Option<String> {
        let key = self.keys.first()?;
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let mut plain = Zeroizing::new(Vec::with_capacity(text.len() + 2 * PAD_BYTES));
        plain.extend(today.to_julian_day().to_be_bytes());
        plain.extend(text.as_bytes());
        plain.push(0);
        let padded = plain.len().next_multiple_of(PAD_BYTES);
        plain.resize(padded, 0);
        let nonce = key.nonce_of(&plain)?;
        let payload = Payload { msg: &plain, aad: AAD };
        let sealed = key.cipher.encrypt(&Nonce::from(nonce), payload).ok()?;
        Some(URL_SAFE_NO_PAD.encode([&key.id[..], &nonce, &sealed].concat()))
    }

    /// The text of a sealed form.
    ///
    /// # Errors
    ///
    /// Why it does not open. A text that opens is exactly one that this site sealed.
    pub fn open(&self, sealed: &str, today: Date) -> Result<String, AddressFault> {
        if sealed.len() > 4 * TEXT_BYTES_MAX {
            return Err(AddressFault::Unreadable);
        }
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| AddressFault::Unreadable)?;
        let (id, rest) = bytes.split_first_chunk::<4>().ok_or(AddressFault::Unreadable)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(AddressFault::Unreadable)?;
        let key = self.keys.iter().find(|key| key.id == *id).ok_or(AddressFault::KeyGone)?;
        let payload = Payload { msg: sealed, aad: AAD };
        let plain = key.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| AddressFault::Unreadable)?;
        let plain = Zeroizing::new(plain);
        let (day, text) = plain.split_first_chunk::<4>().ok_or(AddressFault::Unreadable)?;
        let age = i64::from(today.to_julian_day()) - i64::from(i32::from_be_bytes(*day));
        // Allow a day ahead: hosts may disagree about midnight.
        if !(-1..i64::from(ADDRESS_DAYS)).contains(&age) {
            return Err(AddressFault::Expired);
        }
        let text = std::str::from_utf8(text).map_err(|_| AddressFault::Unreadable)?;
        Ok(text.trim_end_matches('\0').to_string())
    }
}

impl SealKey {
    fn nonce_of(&self, plain: &[u8]) -> Option<[u8; NONCE_BYTES]> {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.nonce.as_slice()).ok()?;
        mac.update(plain);
        mac.finalize().into_bytes().first_chunk::<NONCE_BYTES>().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::ext::NumericalDuration as _;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 11 - 26);

    fn sealer() -> AddressSealer {
        AddressSealer::new(&KeyRing::in_memory().expect("a key"))
    }

    #[test]
    fn one_text_has_one_address_a_day_and_shows_nothing() {
        let sealer = sealer();
        let sealed = sealer.seal("income=37650&care=hiv", TODAY).expect("sealed");
        assert_eq!(sealer.seal("income=37650&care=hiv", TODAY), Some(sealed.clone()));
        assert_ne!(sealer.seal("income=37650&care=hiv", TODAY.next_day().expect("a day")), Some(sealed.clone()));
        assert!(sealed.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        let other = sealer.seal("income=9", TODAY).expect("sealed");
        assert_eq!(sealed.len(), other.len(), "the length of short answers tells nothing");
    }

    #[test]
    fn it_opens_for_its_days_and_no_longer() {
        let sealer = sealer();
        let sealed = sealer.seal("income=1", TODAY).expect("sealed");
        let open = |days: i64| sealer.open(&sealed, TODAY + days.days());
        assert_eq!(open(0).as_deref(), Ok("income=1"));
        assert_eq!(open(i64::from(ADDRESS_DAYS) - 1).as_deref(), Ok("income=1"));
        assert_eq!(open(i64::from(ADDRESS_DAYS)), Err(AddressFault::Expired));
        assert_eq!(open(-2), Err(AddressFault::Expired));
    }

    #[test]
    fn another_site_cannot_open_it() {
        let (ours, theirs) = (sealer(), sealer());
        let sealed = ours.seal("income=1", TODAY).expect("sealed");
        assert_eq!(theirs.open(&sealed, TODAY), Err(AddressFault::KeyGone));
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "[a-z0-9=&,.%+é-]{0,300}") {
            let sealer = sealer();
            let sealed = sealer.seal(&text, TODAY).expect("sealed");
            prop_assert_eq!(sealer.open(&sealed, TODAY), Ok(text));
        }

        #[test]
        fn no_altered_or_invented_text_opens(junk in ".{0,80}", at in 0_usize..80) {
            let sealer = sealer();
            prop_assert!(sealer.open(&junk, TODAY).is_err());
            let mut bytes = sealer.seal("income=37650", TODAY).expect("sealed").into_bytes();
            let at = at % bytes.len();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).expect("ascii");
            prop_assert!(sealer.open(&altered, TODAY).is_err());
        }
    }
}
