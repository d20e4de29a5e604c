//! Which files are taken, and why others are not.

use proptest::prelude::*;
use windowshop::documents::kinds::{FILE_BYTES_MAX, Kind, Odd, judge};

use super::files::{heic, jpeg, jpeg_of, pdf, png, png_of, zip_end};

#[test]
fn each_kind_is_known_by_its_bytes() {
    for (bytes, kind) in
        [(pdf("a"), Kind::Pdf), (jpeg("a"), Kind::Jpeg), (png("a"), Kind::Png), (heic("a"), Kind::Heic)]
    {
        assert_eq!(judge(&bytes), Ok(kind));
        // Not whole: at any length.
        for length in 1..bytes.len().min(400) {
            // Behind its end a PDF may have white space, a picture its maker's box.
            let short = judge(&bytes[..length]);
            let trailing = bytes.len() - length <= 13;
            assert!(short.is_err() || trailing, "{kind:?} of {length} bytes of {}: {short:?}", bytes.len());
        }
    }
}

#[test]
fn what_phones_put_behind_a_picture_is_taken() {
    for more in [vec![0; 64], jpeg("second"), b"\0\0\0\x18ftypmp42film".to_vec(), b"notes SEFT".to_vec()] {
        assert_eq!(judge(&[jpeg("a"), more].concat()), Ok(Kind::Jpeg));
    }
}

#[test]
fn what_is_no_document_is_refused_by_its_name() {
    let office = [&b"PK\x03\x04\x14\0\0\0\0\0"[..], &[0; 20], b"[Content_Types].xml"].concat();
    let table: [(&[u8], Odd); 30] = [
        (b"", Odd::Empty),
        (b"<!DOCTYPE html><html>", Odd::WebPage),
        (b"\xef\xbb\xbf \n<HTML>", Odd::WebPage),
        (b"<svg xmlns='x' onload='y'/>", Odd::WebPage),
        (b"<?php echo 1;", Odd::WebPage),
        (b"<?xml version='1.0'?><x/>", Odd::WebPage),
        (b"  <script>alert(1)</script>", Odd::WebPage),
        (b"MZ\x90\0", Odd::Program),
        (b"\x7fELF\x02", Odd::Program),
        (b"#!/bin/sh\n", Odd::Program),
        (b"PK\x03\x04\x14\0photos/", Odd::Archive),
        (&office, Odd::Office),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Odd::Office),
        (b"{\\rtf1", Odd::Office),
        (b"Rar!\x1a\x07", Odd::Archive),
        (b"7z\xbc\xaf\x27\x1c", Odd::Archive),
        (b"\x1f\x8b\x08", Odd::Archive),
        (b"GIF89a", Odd::OtherPicture),
        (b"BM\x36\x10", Odd::OtherPicture),
        (b"II*\0", Odd::OtherPicture),
        (b"RIFF\x10\0\0\0WEBPVP8 ", Odd::OtherPicture),
        (b"\0\0\0\x1cftypavif\0\0\0\0", Odd::OtherPicture),
        (b"RIFF\x10\0\0\0AVI LIST", Odd::Video),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", Odd::Video),
        (b"Dear Sir or Madam,\r\n", Odd::Text),
        (b"\x01\x02\x03\x04", Odd::Unknown),
        (b"%PDF-1.7\n", Odd::Damaged),
        (b"\xff\xd8\xff\xe0", Odd::Damaged),
        (b"\x89PNG\r\n\x1a\n", Odd::Damaged),
        (b"\0\0\0\x18ftypheic\0\0\0\0", Odd::Damaged),
    ];
    for (bytes, odd) in table {
        assert_eq!(judge(bytes), Err(odd), "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(judge(&vec![b'%'; FILE_BYTES_MAX + 1]), Err(Odd::TooLarge));
}

#[test]
fn one_file_is_one_thing() {
    let script = b"<script>alert(document.cookie)</script>";
    for (name, bytes) in [
        ("an archive behind a PDF", [pdf("a"), zip_end()].concat()),
        ("an archive behind a JPEG", [jpeg("a"), vec![0; 9], zip_end()].concat()),
        ("an archive behind a HEIC", [heic("a"), zip_end()].concat()),
        ("a page behind a JPEG", [jpeg("a"), script.to_vec()].concat()),
        ("a page in a JPEG's notes", jpeg_of(b"<html><body onload=x>", (10, 10))),
        ("a PDF behind a JPEG", [jpeg("a"), pdf("b")].concat()),
        ("a page in a PNG's notes", png_of(b"<ScRiPt src=x>", (10, 10))),
        ("anything behind a PNG", [png("a"), b"more".to_vec()].concat()),
        ("a page in front of a PDF", [b"\n\n\x01 ".to_vec(), pdf("a")].concat()),
        ("a page at the end of a PDF", [pdf("a"), script.to_vec()].concat()),
    ] {
        let judged = judge(&bytes);
        assert!(matches!(judged, Err(Odd::Mixed | Odd::Damaged | Odd::Video)), "{name}: {judged:?}");
    }
    for starts in ["/OpenAction<</S/JavaScript/JS(app.alert(1))>>", "/S /Launch /F (cmd.exe)", "/EmbeddedFile"] {
        assert_eq!(judge(&pdf(starts)), Err(Odd::Active), "{starts}");
    }
    // A few hundred bytes that would be a picture of gigabytes.
    assert_eq!(judge(&png_of(b"", (100_000, 100_000))), Err(Odd::TooManyPixels));
    assert_eq!(judge(&jpeg_of(b"", (65_000, 65_000))), Err(Odd::TooManyPixels));
    assert_eq!(judge(&png_of(b"", (0, 10))), Err(Odd::Damaged));
}

proptest! {
    /// Whatever comes: an answer, never a panic, and only what begins and ends like one of ours is taken.
    #[test]
    fn garbage_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..600), kind in 0..4_usize) {
        prop_assert!(judge(&bytes).is_err());
        let whole = [pdf("a"), jpeg("a"), png("a"), heic("a")][kind].clone();
        let at = bytes.len() % whole.len();
        let mut broken = whole.clone();
        for (own, other) in broken[at..].iter_mut().zip(&bytes) {
            *own = *other;
        }
        let _ = judge(&broken);
    }
}
