//! The beginning that all pages of a kind share, up to the end of their styles, compressed once.
//!
//! Called by `coding`. A quarter of a list are its styles, the same bytes every time. Compressed deflate data can be
//! put together from pieces, each ending at a whole byte, so this piece is made with the first page that has it. It
//! must never hold anything of what a page says: `templates/base.html` has the styles before the title.

use std::io::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// What a page begins with, and where its styles end.
const PAGE: &[u8] = b"<!DOCTYPE html>";
const STYLES: &[u8] = b"<style>";
const STYLES_END: &[u8] = b"</style>";
/// Longest beginning, and the most that are kept: two sets of styles, in each language.
const LONGEST: usize = 64 << 10;
const HEADS_MAX: usize = 16;

pub struct Head {
    pub plain: Vec<u8>,
    /// In deflate, ending at a whole byte, to be followed by more.
    pub deflated: Vec<u8>,
}

static HEADS: RwLock<Vec<Arc<Head>>> = RwLock::new(Vec::new());

/// The compressed beginning of a page; `None` for what is no page, or one too many.
pub fn head(page: &[u8]) -> Option<Arc<Head>> {
    let begins = |head: &&Arc<Head>| page.strip_prefix(&head.plain[..]).is_some_and(|rest| !goes_on(rest));
    let known = |heads: &[Arc<Head>]| heads.iter().find(begins).map(Arc::clone);
    {
        let heads = HEADS.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(head) = known(&heads) {
            return Some(head);
        }
        if heads.len() == HEADS_MAX {
            return None;
        }
    }
    let made = Arc::new(Head::of(page)?);
    let mut heads = HEADS.write().unwrap_or_else(PoisonError::into_inner);
    // Another thread may have made it meanwhile.
    if let Some(head) = known(&heads) {
        return Some(head);
    }
    heads.push(Arc::clone(&made));
    Some(made)
}

/// How many different beginnings there have been. For tests.
pub fn count() -> usize {
    HEADS.read().unwrap_or_else(PoisonError::into_inner).len()
}

/// A list's beginning goes on where that of a page of words ends.
fn goes_on(rest: &[u8]) -> bool {
    rest.trim_ascii_start().starts_with(STYLES)
}

impl Head {
    fn of(page: &[u8]) -> Option<Head> {
        let start = page.get(..LONGEST).unwrap_or(page);
        let end = start.windows(STYLES_END.len()).rposition(|window| window == STYLES_END)? + STYLES_END.len();
        let plain = start.starts_with(PAGE).then(|| start[..end].to_vec())?;
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&plain).ok()?;
        // Ends the block at a whole byte.
        encoder.flush().ok()?;
        let deflated = encoder.get_ref().clone();
        Some(Head { plain, deflated })
    }
}
