//! The sample that comes with the binary: real plans of eleven counties, so that a first start has something to show.
//!
//! Called by `serve` on a first start and by tests. These are the same files that `windowshop load` reads
//! (data/README.md); they are in the binary so that it works wherever it is installed.

use std::path::Path;

use time::OffsetDateTime;

use super::{LoadError, LoadOptions, Report};

const SAMPLE: [(&str, &[u8]); 6] = [
    ("plan-attributes-puf.zip", include_bytes!("../../data/sample/plan-attributes-puf.zip")),
    ("rate-puf.zip", include_bytes!("../../data/sample/rate-puf.zip")),
    ("benefits-and-cost-sharing-puf.zip", include_bytes!("../../data/sample/benefits-and-cost-sharing-puf.zip")),
    ("service-area-puf.zip", include_bytes!("../../data/sample/service-area-puf.zip")),
    ("quality-puf.zip", include_bytes!("../../data/sample/quality-puf.zip")),
    ("provenance.txt", include_bytes!("../../data/sample/provenance.txt")),
];
pub(super) const ZIP_COUNTY: &[u8] = include_bytes!("../../data/geo/zip-county.zip");
const GEO: [(&str, &[u8]); 2] =
    [("zip-county.zip", ZIP_COUNTY), ("rating-areas.zip", include_bytes!("../../data/geo/rating-areas.zip"))];

/// Loads the sample into a folder.
///
/// # Errors
///
/// As `load::run`, or if the files cannot be unpacked next to the catalogue.
pub async fn load(to: &Path, now: OffsetDateTime) -> Result<Report, LoadError> {
    let unwritable = |e: std::io::Error| LoadError::Write { path: to.to_path_buf(), reason: e.to_string() };
    let dir = to.join(format!(".sample-{}", std::process::id()));
    let (from, geo) = (dir.join("cms"), dir.join("geo"));
    let unpack = |folder: &Path, files: &[(&str, &[u8])]| {
        std::fs::create_dir_all(folder)?;
        files.iter().try_for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes))
    };
    let unpacked = unpack(&from, &SAMPLE).and_then(|()| unpack(&geo, &GEO));
    let loaded = match unpacked {
        Ok(()) => super::run(&LoadOptions::new(&from, &geo, to), now).await,
        Err(error) => Err(unwritable(error)),
    };
    // The catalogue exists or does not; either way the unpacked files are no longer needed.
    std::fs::remove_dir_all(&dir).unwrap_or_default();
    loaded
}
