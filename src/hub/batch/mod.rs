//! Batches: files that go to the hub and come back over its file transfer, once a year, twice a year, once a month.
//!
//! A batch is a ZIP with `manifest.xml`, which lists every other file with size and SHA-256. Sending it is the operator's
//! file transfer, not ours. What is written holds Social Security numbers: it belongs in a private folder, for hours.

pub mod form_1095a;
pub mod medicare;
pub mod policies;
pub mod xml;

use std::io::{Cursor, Read as _, Write as _};

use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use self::xml::{Node, Xml};
use super::fault::HubFault;
use super::wire::{Level, garbage, level};

/// Bytes of everything in a batch, and files in it.
const BYTES_MAX: u64 = 256 << 20;
const FILES_MAX: usize = 200;
const MANIFEST: &str = "manifest.xml";

/// Which batch; the hub's category codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Kind {
    /// Renewal, Medicare (RRV).
    Renewal,
    /// Periodic data matching, Medicare (PVC).
    Periodic,
    /// Monthly policy report (EPD, H36).
    Policies,
    /// Yearly 1095-A report (H41).
    Form1095A,
}

impl Kind {
    /// Of what goes out. Those of answers are seen in samples; of questions, only the two of the IRS are (docs/hub.md).
    pub fn question(self) -> &'static str {
        match self {
            Kind::Renewal => "MEDICARE_RRV_REQ",
            Kind::Periodic => "MEDICARE_PVC_REQ",
            Kind::Policies => "IRS_EOM_REQ",
            Kind::Form1095A => "IRS_EOY_REQ",
        }
    }

    /// Of what comes back.
    pub fn answer(self) -> &'static str {
        match self {
            Kind::Renewal => "MEDICARE_RRV_RESP",
            Kind::Periodic => "MEDICARE_PVC_RESP",
            Kind::Policies => "IRS_EOM_RESP",
            Kind::Form1095A => "IRS_EOY_RESP",
        }
    }
}

/// A file of a batch.
pub struct BatchFile {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Who sends it, and when: `02.ME*.SBE.001.001`, `2026-11-27T09:00:00Z`.
#[derive(Debug, Clone)]
pub struct Sender {
    pub partner: String,
    pub batch: String,
}

/// A ZIP of these files with their manifest.
///
/// # Errors
///
/// If a ZIP cannot be written: never, in memory.
pub fn pack(category: &str, sender: &Sender, files: &[BatchFile]) -> anyhow::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let manifest = BatchFile { name: MANIFEST.to_string(), bytes: manifest(category, sender, files) };
    for file in std::iter::once(&manifest).chain(files) {
        zip.start_file(file.name.as_str(), options)?;
        zip.write_all(&file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn manifest(category: &str, sender: &Sender, files: &[BatchFile]) -> Vec<u8> {
    let names = "xmlns:exch=\"http://rrvhtorresp.dsh.cms.gov/exchange/1.0\" \
                 xmlns:ext=\"http://rrvhtorresp.dsh.cms.gov/extension/1.0\" \
                 xmlns:hix-core=\"http://hix.cms.gov/0.1/hix-core\" \
                 xmlns:niem-core=\"http://niem.gov/niem/niem-core/2.0\"";
    let many = files.len().to_string();
    let mut xml = Xml::begin();
    xml.element("exch:BatchHandlingServiceRequest", names, |xml| {
        xml.open("hix-core:BatchMetadata", |xml| {
            xml.text("hix-core:BatchID", &sender.batch);
            xml.text("hix-core:BatchPartnerID", &sender.partner);
            xml.text("hix-core:BatchAttachmentTotalQuantity", &many);
            xml.text("ext:BatchCategoryCode", category);
            xml.text("hix-core:BatchTransmissionQuantity", "1");
        });
        xml.open("hix-core:TransmissionMetadata", |xml| {
            xml.text("hix-core:TransmissionAttachmentQuantity", &many);
            xml.text("hix-core:TransmissionSequenceID", "1");
        });
        for (i, file) in files.iter().enumerate() {
            xml.open("ext:Attachment", |xml| {
                xml.open("hix-core:DocumentBinary", |xml| {
                    xml.open("hix-core:ChecksumAugmentation", |xml| {
                        xml.text("ext:SHA256HashValueText", &sha256(&file.bytes));
                    });
                    xml.text("hix-core:BinarySizeValue", &file.bytes.len().to_string());
                });
                xml.text("niem-core:DocumentFileName", &file.name);
                xml.text("niem-core:DocumentSequenceID", &format!("{:05}", i + 1));
            });
        }
    });
    xml.done()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files of a batch that came, each as its manifest says.
///
/// # Errors
///
/// [`HubFault::Garbage`] if it is none, another one, or not whole; what its own code says, if that is no success.
pub fn unpack(category: &str, bytes: &[u8]) -> Result<Vec<BatchFile>, HubFault> {
    let mut files = files_of(bytes)?;
    let at =
        files.iter().position(|file| file.name == MANIFEST).ok_or_else(|| garbage("a batch without a manifest"))?;
    let manifest = xml::parse(&files.swap_remove(at).bytes)?;
    check(category, &manifest, &files)?;
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

fn files_of(bytes: &[u8]) -> Result<Vec<BatchFile>, HubFault> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| garbage("no ZIP"))?;
    if zip.len() > FILES_MAX {
        return Err(garbage("more files than makes sense"));
    }
    let (mut files, mut room): (Vec<BatchFile>, u64) = (Vec::new(), BYTES_MAX);
    for i in 0..zip.len() {
        let file = zip.by_index(i).map_err(|_| garbage("a ZIP that cannot be read"))?;
        let name = file.name().map_or_else(|_| String::new(), |name| name.to_string());
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.is_empty() || !name.chars().all(plain) || files.iter().any(|before| before.name == name) {
            return Err(garbage("a file in the ZIP whose name is none, or twice there"));
        }
        let mut bytes = Vec::new();
        // A small ZIP may hold a large file.
        let read = file.take(room + 1).read_to_end(&mut bytes).map_err(|_| garbage("a ZIP that cannot be read"))?;
        room = room.checked_sub(read as u64).ok_or_else(|| garbage("a ZIP that holds too much"))?;
        files.push(BatchFile { name, bytes });
    }
    Ok(files)
}

fn check(category: &str, manifest: &Node, files: &[BatchFile]) -> Result<(), HubFault> {
    if manifest.below(&["BatchMetadata", "BatchCategoryCode"]) != Some(category) {
        return Err(garbage(format!("a batch that is not {category}")));
    }
    if let Some(code) = manifest.below(&["ServiceSpecificData", "ResponseMetadata", "ResponseCode"])
        && level(code)? != Level::Success
    {
        return Err(garbage("a batch that was not found"));
    }
    let attached: Vec<&Node> = manifest.children.iter().filter(|child| child.name == "Attachment").collect();
    if attached.len() != files.len() {
        return Err(garbage("other files than the manifest lists"));
    }
    for of in attached {
        let name = of.below(&["DocumentFileName"]).unwrap_or_default();
        let file = files.iter().find(|file| file.name == name);
        let file = file.ok_or_else(|| garbage("the manifest lists a file that is not there"))?;
        let sum = of.below(&["DocumentBinary", "ChecksumAugmentation", "SHA256HashValueText"]).unwrap_or_default();
        let size = of.below(&["DocumentBinary", "BinarySizeValue"]).and_then(|size| size.parse::<usize>().ok());
        if size != Some(file.bytes.len()) || !sum.eq_ignore_ascii_case(&sha256(&file.bytes)) {
            return Err(garbage("a file that is not as the manifest says"));
        }
    }
    Ok(())
}

/// What the IRS found wrong with a report that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportError {
    pub code: String,
    /// Of the record, where it is said.
    pub record: Option<String>,
}

/// The errors of an answer to a monthly or yearly report; none: accepted.
///
/// # Errors
///
/// If it is no such answer.
pub fn read_report_answer(bytes: &[u8]) -> Result<Vec<ReportError>, HubFault> {
    let root = xml::parse(bytes)?;
    if !["HealthExchangeErrors", "Form1095ATransmissionExchResp", "Form1095ATransmissionExchAckng"]
        .contains(&root.name.as_str())
    {
        return Err(garbage("no answer to a report"));
    }
    let mut found = Vec::new();
    for name in ["EPDErrorDetail", "ErrorMessageDetail"] {
        root.all(name, &mut found);
    }
    let error = |of: &&Node| {
        let ends =
            |end: &str| of.children.iter().find(|child| child.name.ends_with(end)).map(|child| child.text.trim());
        let code: String =
            ends("Cd").unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        let record = ends("RecordSequenceNum").or_else(|| ends("UniqueRecordSequenceNum")).map(str::to_string);
        (!code.is_empty()).then_some(ReportError { code, record }).ok_or_else(|| garbage("an error without a code"))
    };
    found.iter().map(error).collect()
}
