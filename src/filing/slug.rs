//! Slugs: message keys for filed names.
//!
//! Written by `load`, looked up by pages; docs/language.md has the rule.

/// `Imaging (CT/PET Scans, MRIs)` → `imaging-ct-pet-scans-mris`.
pub fn slug(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_lower_case_with_single_hyphens() {
        assert_eq!(slug("Imaging (CT/PET Scans, MRIs)"), "imaging-ct-pet-scans-mris");
        assert_eq!(slug("Basic Dental Care - Adult"), "basic-dental-care-adult");
    }
}
