//! One value of one column of one row of one person, sealed: it opens there and nowhere else.
//!
//! Called by `store`, which keeps each person's data key wrapped under the key ring. AES-256-GCM with a random nonce;
//! where the value belongs is bound to it (AAD), so that a value copied to another row, column or person does not
//! open.
//!
//! ```text
//! 1 byte format ‖ 4 bytes key ID ‖ 12 bytes nonce ‖ text ‖ 16 bytes tag
//! ```
//!
//! A person makes some thousands of values. Random nonces of 96 bits are safe for 2^32 of one key (NIST SP 800-38D,
//! 8.3).

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use hkdf::Hkdf;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::keys::{KEY_BYTES, KeyId, KeyRing};
use crate::types::hex;

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 12;
/// Derives from each key of the ring the one that wraps data keys, and nothing else.
const WRAP_PURPOSE: &str = "windowshop data key wrap v1";
/// Where a wrapped data key belongs. The row is its owner.
const WRAPPED: Column = Column { table: "data_key", column: "wrapped" };

/// A column that holds sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    pub table: &'static str,
    pub column: &'static str,
}

/// Where a value belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    column: Column,
    row: &'a str,
    owner: &'a str,
}

impl Column {
    /// `row`: its primary key; `owner`: whose data key seals it.
    pub fn at<'a>(self, row: &'a str, owner: &'a str) -> Place<'a> {
        Place { column: self, row, owner }
    }
}

/// Why something sealed did not open. Never what it held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    #[error("{table}.{column}: a sealed value is damaged, or belongs elsewhere")]
    Unreadable { table: &'static str, column: &'static str },
    #[error("the key {} is not in the key file", id_text(*.0))]
    KeyGone(KeyId),
    #[error("the system has no randomness")]
    NoRandomness,
}

/// A key ID as people read it: eight hexadecimal digits.
pub fn id_text(id: KeyId) -> String {
    hex(&id)
}

/// The key of one person's data, unwrapped. Has no `Debug`.
pub struct DataKey {
    id: KeyId,
    cipher: Aes256Gcm,
}

impl DataKey {
    fn of(bytes: &[u8; KEY_BYTES]) -> DataKey {
        let hash = Sha256::digest(bytes);
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*bytes));
        DataKey { id: [hash[0], hash[1], hash[2], hash[3]], cipher }
    }

    /// A key for one thing alone, and its bytes, to be sealed under another.
    ///
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn fresh() -> Result<(DataKey, DataKeyBytes), SealFault> {
        let mut bytes: DataKeyBytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| SealFault::NoRandomness)?;
        Ok((DataKey::of(&bytes), bytes))
    }

    /// The key of these bytes; `None` if they are none.
    pub fn of_bytes(bytes: &[u8]) -> Option<DataKey> {
        bytes.try_into().ok().map(DataKey::of)
    }

    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn seal(&self, place: Place, text: &[u8]) -> Result<Vec<u8>, SealFault> {
        seal(&self.cipher, self.id, place, text)
    }

    /// # Errors
    ///
    /// If it was not sealed with this key for this place.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealFault> {
        if sealed_by(sealed) != Some(self.id) {
            return Err(unreadable(place));
        }
        open(&self.cipher, place, sealed)
    }

    /// A document, sealed as JSON.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON, or the system has no randomness.
    pub fn seal_json(&self, place: Place, document: &impl Serialize) -> Result<Vec<u8>, SealFault> {
        let text = Zeroizing::new(serde_json::to_vec(document).map_err(|_| unreadable(place))?);
        self.seal(place, &text)
    }

    /// # Errors
    ///
    /// As [`DataKey::open`], and if the JSON is another document's.
    pub fn open_json<T: DeserializeOwned>(&self, place: Place, sealed: &[u8]) -> Result<T, SealFault> {
        serde_json::from_slice(&self.open(place, sealed)?).map_err(|_| unreadable(place))
    }
}

/// A data key's bytes, for wrapping again and for deriving; never kept.
pub type DataKeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// A new data key, and its wrapped form under the ring's newest key.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_data_key(ring: &KeyRing, owner: &str) -> Result<(DataKey, Vec<u8>), SealFault> {
    let (key, bytes) = DataKey::fresh()?;
    Ok((key, wrap_key(ring, owner, &bytes)?))
}

/// Wraps a data key under the ring's newest key.
///
/// # Errors
///
/// If the system has no randomness.
pub fn wrap_key(ring: &KeyRing, owner: &str, bytes: &DataKeyBytes) -> Result<Vec<u8>, SealFault> {
    let (id, key) = ring.current(WRAP_PURPOSE);
    seal(&Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)), id, WRAPPED.at(owner, owner), bytes.as_slice())
}

/// # Errors
///
/// If its key is not in the ring, or it was wrapped for somebody else.
pub fn unwrap_key(ring: &KeyRing, owner: &str, wrapped: &[u8]) -> Result<DataKey, SealFault> {
    unwrap_bytes(ring, owner, wrapped).map(|bytes| DataKey::of(&bytes))
}

/// # Errors
///
/// As [`unwrap_key`].
pub fn unwrap_bytes(ring: &KeyRing, owner: &str, wrapped: &[u8]) -> Result<DataKeyBytes, SealFault> {
    let place = WRAPPED.at(owner, owner);
    let id = sealed_by(wrapped).ok_or_else(|| unreadable(place))?;
    let key = ring.by_id(id, WRAP_PURPOSE).ok_or(SealFault::KeyGone(id))?;
    let bytes = open(&Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)), place, wrapped)?;
    Ok(Zeroizing::new(bytes.as_slice().try_into().map_err(|_| unreadable(place))?))
}

/// A key for one purpose that is not sealing (a MAC), from a data key.
pub fn subkey(bytes: &DataKeyBytes, purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut derived = Zeroizing::new([0; KEY_BYTES]);
    let expanded = Hkdf::<Sha256>::new(None, bytes.as_slice()).expand(purpose.as_bytes(), derived.as_mut_slice());
    debug_assert!(expanded.is_ok(), "32 bytes are always to be had from HKDF-SHA-256");
    derived
}

/// The ID of the key that sealed this; `None` if it has another format.
pub fn sealed_by(sealed: &[u8]) -> Option<KeyId> {
    match sealed.split_first() {
        Some((&FORMAT, rest)) => rest.first_chunk::<4>().copied(),
        _ => None,
    }
}

fn seal(cipher: &Aes256Gcm, id: KeyId, place: Place, text: &[u8]) -> Result<Vec<u8>, SealFault> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|_| SealFault::NoRandomness)?;
    let payload = Payload { msg: text, aad: &aad(place) };
    let sealed = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| unreadable(place))?;
    Ok([&[FORMAT], id.as_slice(), &nonce, &sealed].concat())
}

fn open(cipher: &Aes256Gcm, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealFault> {
    let (nonce, text) = sealed
        .get(1 + size_of::<KeyId>()..)
        .and_then(|rest| rest.split_first_chunk::<NONCE_BYTES>())
        .ok_or_else(|| unreadable(place))?;
    let payload = Payload { msg: text, aad: &aad(place) };
    cipher.decrypt(&Nonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| unreadable(place))
}

/// Each part with its length before it: no two places have the same bytes.
fn aad(place: Place) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    for part in [place.column.table, place.column.column, place.row, place.owner] {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

fn unreadable(place: Place) -> SealFault {
    SealFault::Unreadable { table: place.column.table, column: place.column.column }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EMAIL: Column = Column { table: "account", column: "email" };

    fn ring() -> KeyRing {
        KeyRing::in_memory().expect("a key")
    }

    #[test]
    fn a_value_opens_in_its_own_place_only() {
        let (key, wrapped) = new_data_key(&ring(), "account:a").expect("a key");
        let sealed = key.seal(EMAIL.at("a", "account:a"), b"ana@example.org").expect("sealed");
        let opened = key.open(EMAIL.at("a", "account:a"), &sealed).expect("opened");
        assert_eq!(opened.as_slice(), b"ana@example.org");
        let name = Column { column: "name", ..EMAIL };
        let draft = Column { table: "draft", ..EMAIL };
        for elsewhere in [
            EMAIL.at("b", "account:a"),
            EMAIL.at("a", "account:b"),
            EMAIL.at("aaccount:", "a"),
            name.at("a", "account:a"),
            draft.at("a", "account:a"),
        ] {
            assert!(key.open(elsewhere, &sealed).is_err(), "{elsewhere:?}");
        }
        assert!(!sealed.windows(3).any(|part| part == b"ana"));
        assert_ne!(key.seal(EMAIL.at("a", "account:a"), b"ana@example.org"), Ok(sealed), "each seal has its own nonce");
        assert!(!wrapped.is_empty());
    }

    #[test]
    fn a_data_key_is_unwrapped_for_its_owner_with_its_ring() {
        let (ours, theirs) = (ring(), ring());
        let (key, wrapped) = new_data_key(&ours, "account:a").expect("a key");
        let sealed = key.seal(EMAIL.at("a", "account:a"), b"x").expect("sealed");
        let again = unwrap_key(&ours, "account:a", &wrapped).unwrap_or_else(|fault| panic!("{fault}"));
        assert!(again.open(EMAIL.at("a", "account:a"), &sealed).is_ok());
        assert!(matches!(unwrap_key(&ours, "account:b", &wrapped), Err(SealFault::Unreadable { .. })));
        assert!(matches!(unwrap_key(&theirs, "account:a", &wrapped), Err(SealFault::KeyGone(_))));
        let bytes = unwrap_bytes(&ours, "account:a", &wrapped).unwrap_or_else(|fault| panic!("{fault}"));
        let wrapped_again = wrap_key(&theirs, "account:a", &bytes).expect("wrapped");
        let again = unwrap_key(&theirs, "account:a", &wrapped_again).unwrap_or_else(|fault| panic!("{fault}"));
        assert!(again.open(EMAIL.at("a", "account:a"), &sealed).is_ok(), "values are untouched by a rotation");
    }

    proptest! {
        #[test]
        fn nothing_altered_opens(text in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..240, bit in 0_u8..8) {
            let (key, _) = new_data_key(&ring(), "o").expect("a key");
            let mut sealed = key.seal(EMAIL.at("r", "o"), &text).expect("sealed");
            let opened = key.open(EMAIL.at("r", "o"), &sealed).expect("opened");
            prop_assert_eq!(opened.as_slice(), text.as_slice());
            let at = at % sealed.len();
            sealed[at] ^= 1 << bit;
            prop_assert!(key.open(EMAIL.at("r", "o"), &sealed).is_err());
            prop_assert!(key.open(EMAIL.at("r", "o"), &sealed[..at]).is_err());
        }
    }
}
