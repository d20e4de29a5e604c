//! Files as phones and scanners make them, as small as they can be.

pub fn pdf(words: &str) -> Vec<u8> {
    format!("%PDF-1.7\n%âãÏÓ\n1 0 obj<</Type/Catalog>>endobj\n% {words}\nxref\n0 1\ntrailer<<>>\nstartxref\n9\n%%EOF\n")
        .into_bytes()
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).expect("short").to_be_bytes();
    [&[0xff, marker], &length[..], data].concat()
}

/// With these notes in its head, and a size.
pub fn jpeg_of(notes: &[u8], (width, height): (u16, u16)) -> Vec<u8> {
    let ([h1, h2], [w1, w2]) = (height.to_be_bytes(), width.to_be_bytes());
    let frame = [8, h1, h2, w1, w2, 1, 1, 0x11, 0];
    let parts = [
        vec![0xff, 0xd8],
        segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        segment(0xe1, notes),
        segment(0xdb, &[0; 65]),
        segment(0xc0, &frame),
        segment(0xda, &[1, 1, 0, 0, 63, 0]),
        vec![0x55, 0xff, 0x00, 0x12, 0xff, 0xd9],
    ];
    parts.concat()
}

pub fn jpeg(words: &str) -> Vec<u8> {
    jpeg_of(words.as_bytes(), (4032, 3024))
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("short").to_be_bytes();
    [&length[..], kind, data, &[1, 2, 3, 4]].concat()
}

pub fn png_of(words: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let parts = [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &head),
        chunk(b"tEXt", words),
        chunk(b"IDAT", &[0x78, 0x9c, 3, 0, 0, 0, 0, 1]),
        chunk(b"IEND", b""),
    ];
    parts.concat()
}

pub fn png(words: &str) -> Vec<u8> {
    png_of(words.as_bytes(), (1080, 1920))
}

fn boxed(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len() + 8).expect("short").to_be_bytes();
    [&length[..], kind, data].concat()
}

pub fn heic(words: &str) -> Vec<u8> {
    let parts = [
        boxed(b"ftyp", b"heic\0\0\0\0mif1heic"),
        boxed(b"meta", &[0; 40]),
        boxed(b"mdat", words.as_bytes()),
        // What one maker puts behind it.
        boxed(b"sefd", b"notes"),
    ];
    parts.concat()
}

/// The smallest archive that programs accept: the record that ends one.
pub fn zip_end() -> Vec<u8> {
    [&b"PK\x05\x06"[..], &[0; 18]].concat()
}
