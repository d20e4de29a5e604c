//! Files to and from the hub: the published Medicare answer, what is written, and everything that a ZIP can be instead.

use std::io::Write as _;

use time::macros::date;
use windowshop::hub::batch::form_1095a::{self, Form1095A, MonthAmounts, RecordKind};
use windowshop::hub::batch::medicare::{self, MedicareAsk, MedicareSaid, Mismatch};
use windowshop::hub::batch::policies::{
    self, Address, CoverageMonth, Group, HouseholdMonth, HouseholdPolicy, PolicyReport, Reported,
};
use windowshop::hub::batch::{BatchFile, Kind, Sender, pack, read_report_answer, unpack, xml};
use windowshop::hub::{HubFault, Sex, Ssn};
use windowshop::types::Cents;

use super::sim::{BORN, person};

fn sample(name: &str) -> Vec<u8> {
    let path = crate::web::repository::root().join("tests/cases/hub/samples").join(name);
    let text = std::fs::read_to_string(path).expect(name);
    text.replace("900000", "512340").into_bytes()
}

fn sender() -> Sender {
    Sender { partner: "02.OH*.SBE.001.001".to_string(), batch: "2026-11-27T09:00:00Z".to_string() }
}

fn why<T>(answer: Result<T, HubFault>) -> String {
    match answer {
        Err(HubFault::Garbage { why, .. }) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was read"),
    }
}

#[test]
fn the_published_medicare_answer_is_read_person_by_person() {
    let numbers: Vec<Ssn> = (8..=25).map(|n| Ssn::parse(&format!("512340{n:03}")).expect("a number")).collect();
    let file = sample("medicare_response.xml");
    let said = medicare::read(&file, &numbers).expect("it is one");
    let covered = |from, until| Some(MedicareSaid::Covered { from, until });
    assert_eq!(said[0], covered(date!(2019 - 01 - 01), None));
    assert_eq!(said[4], covered(date!(2021 - 12 - 01), Some(date!(2021 - 12 - 31))));
    assert_eq!(said[17], None, "nothing is said of the last one: to be asked again");
    let many = |of: Mismatch| said.iter().flatten().filter(|said| **said == MedicareSaid::NoMatch(of)).count();
    assert_eq!((many(Mismatch::Ssn), many(Mismatch::FirstName), many(Mismatch::Sex)), (7, 4, 4));
    assert!(why(medicare::read(&file, &numbers[1..])).contains("another person"));
    let text = String::from_utf8(file).expect("text");
    let twice = text.replace("512340009", "512340008");
    assert!(why(medicare::read(twice.as_bytes(), &numbers)).contains("two answers"));
    for (from, to) in [("7304", "73O4"), ("2021-12-31", "2021-11-31"), ("2021-12-31", "2020-12-31")] {
        why(medicare::read(text.replace(from, to).as_bytes(), &numbers));
    }
}

#[test]
fn a_batch_is_as_its_manifest_says_or_it_is_none() {
    for (manifest, kind) in [("rrv_manifest.xml", Kind::Renewal), ("pvc_manifest.xml", Kind::Periodic)] {
        let file = sample("medicare_response.xml");
        let zipped = |manifest: &str| {
            let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            let options = zip::write::SimpleFileOptions::default();
            for (name, bytes) in [("manifest.xml", manifest.as_bytes()), ("MDCR_Response_00001.xml", file.as_slice())] {
                zip.start_file(name, options).expect("a file");
                zip.write_all(bytes).expect("written");
            }
            zip.finish().expect("a ZIP").into_inner()
        };
        let text = String::from_utf8(sample(manifest)).expect("text");
        // As published: the file has another sum, since its numbers were replaced, and another name.
        assert!(why(unpack(kind.answer(), &zipped(&text))).contains("not there"));
        let named = text.replace("MDCR_Response_00001_20210917T512340007Z.xml", "MDCR_Response_00001.xml");
        assert_ne!(named, text);
        assert!(why(unpack(kind.answer(), &zipped(&named))).contains("not as the manifest says"));
        let sum = sha256(&file);
        let summed = named.replace("4b0a3c6773afef7bb2aae942fe3cfa2d9def6196386bded452a1f5dd2ef6e012", &sum);
        let files = unpack(kind.answer(), &zipped(&summed)).expect("whole");
        assert_eq!((files.len(), files[0].bytes == file), (1, true));
        let other = if kind == Kind::Renewal { Kind::Periodic } else { Kind::Renewal };
        assert!(why(unpack(other.answer(), &zipped(&summed))).contains("is not MEDICARE"));
        assert!(matches!(
            unpack(kind.answer(), &zipped(&summed.replace("HS000000", "HX005001"))),
            Err(HubFault::Down(_))
        ));
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn hostile_zips_are_refused() {
    let zip = |files: &[(&str, Vec<u8>)]| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in files {
            let quick = zip::write::SimpleFileOptions::default().compression_level(Some(1));
            zip.start_file(*name, quick).expect("a file");
            zip.write_all(bytes).expect("written");
        }
        zip.finish().expect("a ZIP").into_inner()
    };
    let kind = Kind::Renewal.answer();
    assert_eq!(why(unpack(kind, b"PK no")), "no ZIP");
    assert!(why(unpack(kind, &zip(&[("a.xml", vec![])]))).contains("manifest"));
    assert!(why(unpack(kind, &zip(&[("../manifest.xml", vec![])]))).contains("name"));
    let many: Vec<(String, Vec<u8>)> = (0..300).map(|n| (format!("{n}.xml"), vec![])).collect();
    let many: Vec<(&str, Vec<u8>)> = many.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    assert!(why(unpack(kind, &zip(&many))).contains("more files"));
    // 257 MB of zeros in one or two.
    let bomb = zip(&[("manifest.xml", vec![0; 257 << 20])]);
    assert!(bomb.len() < 4 << 20 && why(unpack(kind, &bomb)).contains("too much"));
}

#[test]
fn a_question_about_medicare_is_packed_and_reads_back() {
    let mut ana = MedicareAsk {
        person: person("O'Núñez & Söhne"),
        sex: Sex::Female,
        from: date!(2027 - 01 - 01),
        to: date!(2027 - 12 - 31),
    };
    ana.person.suffix = Some("Jr.".to_string());
    let file = BatchFile { name: "MDCR_Request_00001.xml".to_string(), bytes: medicare::write(&[ana]).expect("fit") };
    let zip = pack(Kind::Renewal.question(), &sender(), &[file]).expect("packed");
    let files = unpack(Kind::Renewal.question(), &zip).expect("whole");
    let root = xml::parse(&files[0].bytes).expect("XML");
    let one = root.child("IndividualRequests").and_then(|all| all.child("IndividualRequest")).expect("one");
    let said = |path: &[&str]| one.below(path).map(str::to_string);
    assert_eq!(said(&["Applicant", "PersonSSNIdentification"]).as_deref(), Some("123454200"));
    assert_eq!(said(&["Applicant", "PersonName", "PersonSurName"]).as_deref(), Some("ONunez Sohne"));
    assert_eq!(said(&["Applicant", "PersonName", "PersonNameSuffixText"]).as_deref(), Some("Jr"));
    assert_eq!(said(&["InsurancePolicy", "InsurancePolicyExpirationDate"]).as_deref(), Some("2027-12-31"));
}

fn reported(first: &str) -> Reported {
    let ssn = Ssn::parse("123454200");
    Reported { first: first.to_string(), middle: None, last: "López".to_string(), suffix: None, ssn, born: Some(BORN) }
}

fn address() -> Address {
    Address {
        line1: "12 Main St".to_string(),
        line2: None,
        city: "Cincinnati".to_string(),
        state: "OH".to_string(),
        zip: "45202".to_string(),
    }
}

#[test]
fn the_monthly_report_says_who_is_covered_by_what() {
    let policy = HouseholdPolicy {
        number: "P-1".to_string(),
        issuer_ein: "310000000".to_string(),
        slcsp: Cents(51_200),
        aptc: Cents(30_050),
        premium: Cents(48_999),
    };
    let month = |month| HouseholdMonth {
        month,
        primary: reported("Ana"),
        address: address(),
        spouse: Some(reported("José")),
        dependents: vec![reported("Eva"), reported("Leo")],
        policies: vec![policy.clone()],
    };
    let coverage = CoverageMonth {
        month: 1,
        number: "P-1".to_string(),
        issuer_ein: "310000000".to_string(),
        issuer: "Example & Sons Health".to_string(),
        from: date!(2026 - 01 - 01),
        to: date!(2026 - 12 - 31),
        premium: Cents(48_999),
        aptc: Cents(30_050),
        slcsp: Some(Cents(51_200)),
        covered: vec![(reported("Ana"), date!(2026 - 01 - 01), date!(2026 - 12 - 31))],
    };
    let group = Group { id: "G1".to_string(), months: vec![month(1), month(2)], coverage: vec![coverage] };
    let mut report = PolicyReport {
        year: 2026,
        month: 3,
        coverage_year: 2026,
        exchange: "02.OH*.SBE.001.001".to_string(),
        groups: vec![group],
    };
    let root = xml::parse(&policies::write(&report).expect("fit")).expect("XML");
    assert_eq!((root.name.as_str(), root.below(&["SubmissionMonthNum"])), ("HealthExchange", Some("3")));
    let mut found = Vec::new();
    root.all("AssociatedPolicy", &mut found);
    assert_eq!((found.len(), found[1].below(&["HouseholdAPTCAmt"])), (2, Some("300.50")));
    let mut found = Vec::new();
    root.all("InsuranceCoverage", &mut found);
    assert_eq!(found[0].below(&["IssuerNm"]), Some("Example & Sons Health"));
    assert_eq!(
        found[0].below(&["CoveredIndividual", "InsuredPerson", "CompletePersonName", "PersonLastNm"]),
        Some("Lopez")
    );
    let order: Vec<&str> = found[0].children.iter().map(|child| child.name.as_str()).collect();
    assert_eq!(order.last(), Some(&"SLCSPMonthlyPremiumAmt"), "the schema's order");
    report.groups[0].months[1].month = 13;
    assert!(matches!(policies::write(&report), Err(HubFault::Refused(_))));
    report.groups[0].months[1].month = 2;
    let nobody = Reported { ssn: None, born: None, ..reported("Eva") };
    report.groups[0].months[0].dependents.push(nobody);
    assert!(matches!(policies::write(&report), Err(HubFault::Refused(_))), "neither number nor birth date");
}

#[test]
fn the_yearly_report_adds_up_and_says_what_it_corrects() {
    let mut months = [MonthAmounts::default(); 12];
    for month in &mut months[2..] {
        *month = MonthAmounts { premium: Cents(48_999), slcsp: Cents(51_201), aptc: Cents(30_050) };
    }
    let form = |sequence, kind| Form1095A {
        sequence,
        year: 2026,
        kind,
        marketplace: "02.OH*.SBE.001.001".to_string(),
        policy: "P-1".to_string(),
        issuer: "Example Health".to_string(),
        from: date!(2026 - 03 - 01),
        to: None,
        recipient: reported("Ana"),
        address: address(),
        spouse: None,
        covered: vec![(reported("Ana"), date!(2026 - 03 - 01), date!(2026 - 12 - 31))],
        months,
    };
    let forms = [form(1, RecordKind::Original), form(2, RecordKind::Corrected(1)), form(3, RecordKind::Void(1))];
    let root = xml::parse(&form_1095a::write(&forms).expect("fit")).expect("XML");
    assert_eq!(root.children.len(), 3);
    let said = |at: usize, name: &str| root.children[at].below(&[name]).map(str::to_string);
    let flags = |at| {
        [
            said(at, "CorrectedInd"),
            said(at, "CorrectedRecordSequenceNum"),
            said(at, "VoidInd"),
            said(at, "VoidedRecordSequenceNum"),
        ]
        .map(|flag| flag.unwrap_or_default())
    };
    assert_eq!(flags(0), ["0", "", "0", ""]);
    assert_eq!(flags(1), ["1", "1", "0", ""]);
    assert_eq!(flags(2), ["0", "", "1", "1"]);
    let amounts = root.children[0].child("RecipientPolicyInformation").expect("there");
    assert_eq!(amounts.children.len(), 13, "twelve months and the year");
    assert_eq!(amounts.below(&["JanPremiumInformation", "MonthlyPremiumAmt"]), Some("0.00"));
    assert_eq!(amounts.below(&["AnnualPolicyTotalAmounts", "AnnualPremiumAmt"]), Some("4899.90"));
    assert_eq!(amounts.below(&["AnnualPolicyTotalAmounts", "AnnualAdvancedPTCAmt"]), Some("3005.00"));
    assert!(matches!(
        form_1095a::write(&[form(1, RecordKind::Original), form(1, RecordKind::Void(1))]),
        Err(HubFault::Refused(_))
    ));
}

#[test]
fn answers_to_reports_name_their_errors() {
    let fine = br#"<x:Form1095ATransmissionExchAckng xmlns:x="urn:x"><x:Form1095AAckStatusGrp/></x:Form1095ATransmissionExchAckng>"#;
    assert_eq!(read_report_answer(fine), Ok(vec![]));
    let wrong = br#"<HealthExchangeErrors><SubmissionYr>2026</SubmissionYr><EPDErrorDetail><ErrorMessageCd>EPD_012</ErrorMessageCd><ErrorMessageTxt>Ana</ErrorMessageTxt></EPDErrorDetail></HealthExchangeErrors>"#;
    let errors = read_report_answer(wrong).expect("errors");
    assert_eq!((errors.len(), errors[0].code.as_str()), (1, "EPD012"));
    assert!(read_report_answer(b"<other/>").is_err() && read_report_answer(b"no").is_err());
}
