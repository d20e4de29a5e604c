//! Signs letters in the name of the sender's domain (DKIM: RFC 6376; Ed25519: RFC 8463), relaxed/relaxed.
//!
//! Called by `mail` for each letter, and by `check` before the start. Written here because the libraries that sign need
//! `rsa` (RUSTSEC-2023-0071) or a second crypto library; the arithmetic is ring's, which rustls brings anyway. It must
//! never show the key, nor sign a letter of which it does not cover sender, recipient, subject and the whole text.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::config::DkimPlace;
use crate::sealing::private_text;

/// What is signed, as far as a letter has it. Named once more than it is there, nobody can add a second.
const HEADERS: [&str; 10] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "auto-submitted",
    "content-language",
    "content-type",
    "content-transfer-encoding",
    "mime-version",
];
/// A key of 4,096 bits is smaller.
const KEY_BYTES_MAX: u64 = 16_384;
/// `rsaEncryption` without parameters (RFC 8017, A.1).
const RSA_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// So many characters of base64 on a line.
const FOLD: usize = 70;

/// Signs in the name of one domain. Has no `Debug`.
pub struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// Reads the key. A fault names the file and what to do, never what is in it.
    ///
    /// # Errors
    ///
    /// If the file is not there, can be read by others, or holds no key that fits.
    pub fn open(place: &DkimPlace) -> Result<Signer, String> {
        let shown = place.key.display();
        let text = private_text(&place.key, KEY_BYTES_MAX).map_err(|what| format!("{shown}: {what}"))?;
        let key = Key::read(&text).map_err(|what| format!("{shown} {what}"))?;
        Ok(Signer { domain: place.domain.clone(), selector: place.selector.clone(), key })
    }

    /// The name in DNS, and the TXT record to publish there.
    pub fn record(&self) -> (String, String) {
        let (kind, public) = match &self.key {
            Key::Rsa(pair) => ("rsa", rsa_public(pair.public().as_ref())),
            Key::Ed25519(pair) => ("ed25519", pair.public_key().as_ref().to_vec()),
        };
        let name = format!("{}._domainkey.{}", self.selector, self.domain);
        (name, format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public)))
    }

    /// The letter with its signature in front. `None` if it has no text, or the system has no randomness.
    pub fn sign(&self, letter: &[u8]) -> Option<Vec<u8>> {
        let (head, body) = split(letter)?;
        let fields = fields(head);
        // Once for each that is there, and once more.
        let there = |name: &&str| fields.iter().any(|(own, _)| own == name);
        let covered: Vec<&str> = HEADERS.into_iter().filter(there).flat_map(|name| [name, name]).collect();
        let algorithm = match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let (domain, selector) = (&self.domain, &self.selector);
        let names = covered.join(":\r\n\t ");
        let hash = STANDARD.encode(Sha256::digest(relaxed_body(body)));
        let mut line = format!(
            "DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; d={domain}; s={selector};\r\n\th={names};\r\n\t\
             bh={hash};\r\n\tb="
        );
        let signature = self.key.sign(&signed_text(&fields, &covered, &line))?;
        for (at, digit) in STANDARD.encode(signature).chars().enumerate() {
            if at > 0 && at % FOLD == 0 {
                line.push_str("\r\n\t ");
            }
            line.push(digit);
        }
        line.push_str("\r\n");
        Some([line.as_bytes(), letter].concat())
    }
}

impl Key {
    /// PEM, as openssl writes it: PKCS #8, or PKCS #1 for RSA.
    fn read(text: &str) -> Result<Key, String> {
        let fix = "make one as docs/running.md says";
        let (label, inner) =
            pem(text).ok_or_else(|| format!("holds no private key in PEM without a password: {fix}"))?;
        let small =
            |error| format!("holds a key that cannot be used ({error}): take RSA of 2,048 to 4,096 bits, {fix}");
        if label == "RSA PRIVATE KEY" {
            return RsaKeyPair::from_der(&inner).map(|pair| Key::Rsa(Box::new(pair))).map_err(small);
        }
        // OpenSSL leaves the public half out.
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&inner) {
            return Ok(Key::Ed25519(pair));
        }
        RsaKeyPair::from_pkcs8(&inner).map(|pair| Key::Rsa(Box::new(pair))).map_err(small)
    }

    fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).ok()?;
                Some(signature)
            }
            // RFC 8463, 3: the hash is what is signed.
            Key::Ed25519(pair) => Some(pair.sign(&Sha256::digest(text)).as_ref().to_vec()),
        }
    }
}

/// The first private key of a PEM text: its label and its bytes.
fn pem(text: &str) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    ["PRIVATE KEY", "RSA PRIVATE KEY"].into_iter().find_map(|label| {
        let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
        let (inner, _) = rest.split_once(&format!("-----END {label}-----"))?;
        let inner: Zeroizing<String> = Zeroizing::new(inner.split_whitespace().collect());
        Some((label, Zeroizing::new(STANDARD.decode(inner.as_bytes()).ok()?)))
    })
}

/// An RSA public key as DNS has it: SubjectPublicKeyInfo around ring's RSAPublicKey (RFC 6376, erratum 3017).
fn rsa_public(key: &[u8]) -> Vec<u8> {
    let bits = der(0x03, &[&[0], key].concat());
    der(0x30, &[RSA_ALGORITHM.as_slice(), &bits].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut all = vec![tag];
    if content.len() >= 0x80 {
        all.push(0x80 | length.len() as u8);
    }
    [all.as_slice(), length, content].concat()
}

/// Head and text, both without the empty line between them.
fn split(letter: &[u8]) -> Option<(&str, &[u8])> {
    let at = letter.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&letter[..at + 2]).ok()?, &letter[at + 4..]))
}

/// The fields of a head in relaxed form (RFC 6376, 3.4.2), by their names.
fn fields(head: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.split_terminator("\r\n") {
        match fields.last_mut() {
            Some((_, value)) if line.starts_with([' ', '\t']) => value.push_str(line),
            _ => {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                fields.push((name.trim_end().to_ascii_lowercase(), value.to_string()));
            }
        }
    }
    for (_, value) in &mut fields {
        *value = value.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    }
    fields
}

/// What the signature is over (RFC 6376, 3.7): the named fields, of several with one name the last first, and its own
/// line without the signature.
fn signed_text(of_letter: &[(String, String)], covered: &[&str], own: &str) -> Vec<u8> {
    let mut left: Vec<&(String, String)> = of_letter.iter().collect();
    let mut text = String::new();
    for name in covered {
        if let Some(at) = left.iter().rposition(|(own, _)| own == name) {
            let (name, value) = left.remove(at);
            let _ = write!(text, "{name}:{value}\r\n");
        }
    }
    for (name, value) in fields(own) {
        let _ = write!(text, "{name}:{value}");
    }
    text.into_bytes()
}

/// A text in relaxed form (RFC 6376, 3.4.4): one space for several, none at the end of a line, no empty lines at the end.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    let mut empty = 0;
    let text = body.strip_suffix(b"\r\n").unwrap_or(body);
    let mut rest = Some(text);
    while let Some(line) = rest {
        let end = line.windows(2).position(|two| two == b"\r\n");
        rest = end.map(|end| &line[end + 2..]);
        let line = &line[..end.unwrap_or(line.len())];
        let line = &line[..line.iter().rposition(|b| !matches!(b, b' ' | b'\t')).map_or(0, |at| at + 1)];
        if line.is_empty() {
            empty += 1;
            continue;
        }
        out.extend(std::iter::repeat_n(*b"\r\n", std::mem::take(&mut empty)).flatten());
        let mut space = false;
        for byte in line {
            let blank = matches!(byte, b' ' | b'\t');
            if !(blank && space) {
                out.push(if blank { b' ' } else { *byte });
            }
            space = blank;
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8463, appendix A.
    const HEAD: &str = "From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n\
                        Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
                        Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";
    const BODY: &[u8] = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
    const OWN: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; \
                       i=@football.example.com;\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : \
                       date : message-id : from : subject : date;\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\
                       \r\n b=";
    const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    const SIGNATURE: &str = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==";

    #[test]
    fn the_letter_of_rfc_8463_gets_the_signature_that_is_printed_there() {
        let hash = STANDARD.encode(Sha256::digest(relaxed_body(BODY)));
        assert_eq!(hash, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
        let covered = ["from", "to", "subject", "date", "message-id", "from", "subject", "date"];
        let text = signed_text(&fields(HEAD), &covered, OWN);
        let pair = Ed25519KeyPair::from_seed_unchecked(&STANDARD.decode(SEED).expect("base64")).expect("a key");
        let key = Key::Ed25519(pair);
        assert_eq!(STANDARD.encode(key.sign(&text).expect("signed")), SIGNATURE);
        let signer = Signer { domain: "football.example.com".into(), selector: "brisbane".into(), key };
        let (name, record) = signer.record();
        assert_eq!(name, "brisbane._domainkey.football.example.com");
        assert_eq!(record, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    }

    #[test]
    fn a_text_in_relaxed_form_is_as_the_rfc_has_it() {
        // RFC 6376, 3.4.5 and 3.4.4.
        for (body, relaxed) in [
            (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"),
            ("", ""),
            ("\r\n\r\n", ""),
            ("no end", "no end\r\n"),
            ("a\r\n \t\r\nb\t\t\r\n", "a\r\n\r\nb\r\n"),
        ] {
            assert_eq!(String::from_utf8_lossy(&relaxed_body(body.as_bytes())), relaxed, "{body:?}");
        }
        assert_eq!(fields("A: X\r\nB : Y\t\r\n\tZ  \r\n"), [("a".into(), "X".into()), ("b".into(), "Y Z".into())]);
    }
}
