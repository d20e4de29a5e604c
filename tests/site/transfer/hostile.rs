//! Files that nobody should have laid down: each is refused with its reason, kept for an operator, and stops nothing else.

use windowshop::transfer::inbox::{Read, read_one};
use windowshop::transfer::xml::{self, Element};

use super::people::{Agency, applicants, at, back, poor, response, set};
use crate::store::engines::on_each_engine;

const HEAD: &str = "<ex:AccountTransferRequest xmlns:ex=\"http://at.dsh.cms.gov/exchange/1.0\"";

fn text(tree: &Element) -> Vec<u8> {
    xml::write(tree, false).into_bytes()
}

/// Name, bytes, and what the reason says.
type Bad = (&'static str, Vec<u8>, &'static str);

fn bad(sent: &Element) -> Vec<Bad> {
    let good = back(sent, "OH1", "2026-12-01T15:00:00Z", "Accepted");
    [no_transfer(&good), not_for_us(sent, &good)].into_iter().flatten().collect()
}

/// Files that are no transfer, or made to do harm.
fn no_transfer(good: &Element) -> Vec<Bad> {
    let whole = String::from_utf8(text(good)).expect("UTF-8");
    let laughs: String =
        (1..10).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    let laughs = format!("<!DOCTYPE x [<!ENTITY l0 \"ha\">{laughs}]>{HEAD}>&l9;</ex:AccountTransferRequest>");
    let outside =
        format!("<!DOCTYPE x [<!ENTITY p SYSTEM \"file:///etc/passwd\">]>{HEAD}>&p;</ex:AccountTransferRequest>");
    let remote = format!("<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\">{HEAD}/>");
    let deep = format!("{HEAD}>{}{}</ex:AccountTransferRequest>", "<ex:a>".repeat(500), "</ex:a>".repeat(500));
    vec![
        ("nothing.xml", Vec::new(), "empty"),
        ("garbage.xml", vec![0xff, 0xfe, 0x00, 0x41, 0x80], ""),
        ("words.xml", b"Dear Sir or Madam".to_vec(), ""),
        ("half.xml", whole.as_bytes()[..whole.len() / 2].to_vec(), ""),
        ("laughs.xml", laughs.into_bytes(), "document type"),
        ("outside.xml", outside.into_bytes(), "document type"),
        ("remote.xml", remote.into_bytes(), "document type"),
        ("entity.xml", format!("{HEAD}>&nbsp;</ex:AccountTransferRequest>").into_bytes(), ""),
        ("deep.xml", deep.into_bytes(), "deep"),
        (
            "huge.xml",
            whole.replace("<nc:PersonGivenName>", &format!("<nc:PersonGivenName>{}", "x".repeat(5 << 20))).into_bytes(),
            "larger",
        ),
        (
            "namespace.xml",
            whole.replace("http://hix.cms.gov/0.1/hix-ee", "http://example.org/hix-ee").into_bytes(),
            "namespace",
        ),
        ("html.xml", b"<html><body>404</body></html>".to_vec(), "namespace"),
        ("json.json", b"{\"ex:AccountTransferRequest\": [[[[".to_vec(), ""),
        ("json2.json", b"{\"a\": 1}".to_vec(), ""),
    ]
}

/// Transfers that nobody may send us.
fn not_for_us(sent: &Element, good: &Element) -> Vec<Bad> {
    let with = |change: &dyn Fn(&mut Element)| {
        let mut tree = good.clone();
        change(&mut tree);
        text(&tree)
    };
    let state = "Sender/InformationExchangeSystemStateCode";
    let referral = "ReferralActivity/ActivityIdentification/IdentificationID";
    let every = |tree: &mut Element, id: &str| applicants(tree).for_each(|own| set(own, referral, id));
    vec![
        ("version.xml", with(&|tree| tree.version = Some("1.0".to_string())), "version"),
        ("ours.xml", text(sent), "not addressed to an Exchange"),
        (
            "exchange.xml",
            with(&|tree| set(tree, "Sender/InformationExchangeSystemCategoryCode", "Exchange")),
            "not sent by",
        ),
        ("texas.xml", with(&|tree| set(tree, state, "TX")), "another state"),
        ("unknown.xml", with(&|tree| every(tree, "W000000000000000-1")), "never sent"),
        ("foreign.xml", with(&|tree| every(tree, "IDC61058121961474610")), "never sent"),
        (
            "person.xml",
            with(&|tree| {
                let id =
                    tree.text_at(&format!("InsuranceApplication/InsuranceApplicant/{referral}")).unwrap_or_default();
                let other = id.replace("-1", "-3");
                every(tree, &other);
            }),
            "was not referred",
        ),
        ("birthday.xml", with(&|tree| set(tree, "Person/PersonBirthDate/Date", "1950-01-01")), "another birthday"),
        (
            "application.xml",
            with(&|tree| {
                set(at(tree, "InsuranceApplication"), "ApplicationIdentification/IdentificationID", "111111111111");
            }),
            "another application",
        ),
        (
            "status.xml",
            with(&|tree| {
                for own in applicants(tree) {
                    set(own, "ReferralActivity/ReferralActivityStatus/ReferralActivityStatusCode", "Maybe");
                }
            }),
            "no list",
        ),
        (
            "id.xml",
            with(&|tree| {
                set(tree, "TransferHeader/TransferActivity/ActivityIdentification/IdentificationID", "x y");
            }),
            "its ID",
        ),
        (
            "noreferral.xml",
            with(&|tree| {
                applicants(tree).for_each(|own| own.children.retain(|own| own.local != "ReferralActivity"));
            }),
            "referral",
        ),
        ("W000000000000000.response.xml", response("HS000000"), "never sent"),
        ("somebody.xml", response("HE000000"), "not named after"),
        ("code.xml", response("drop table"), ""),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_files_are_refused_with_a_reason_kept_aside_and_stop_nothing() {
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let (owner, id) = agency.send(&poor("Perez")).await;
        agency.work(bench).await;
        let sent = agency.sent(0);
        let all = bad(&sent);
        let many = all.len() as u64;
        for (name, bytes, _) in &all {
            agency.drop_in("OH", name, bytes);
        }
        let good = back(&sent, "OH1", "2026-12-01T15:00:00Z", "Accepted");
        agency.drop_in("OH", "zz-good.xml", &text(&good));
        agency.drop_in("OH", ".hidden.xml", b"half a file");
        agency.drop_in("OH", "half.part", b"half a file");
        // Of another state's folder: somebody else's transfer.
        agency.drop_in("TX", "good.xml", &text(&good));
        let report = agency.read().await;
        assert_eq!((report.taken, report.refused, report.doubled), (1, many + 1, 0));
        assert_eq!(agency.lines(&owner, &id).await[0].status, "accepted", "the good one is taken all the same");
        assert_eq!(bench.count("transfer_step").await, 3, "nothing else has happened");
        assert_eq!(bench.count("transfer").await, 2);
        assert_eq!(bench.count("aside WHERE source = 'state'").await, many as i64 + 1);
        assert_eq!(agency.files("in/OH"), [".hidden.xml", "half.part"]);
        assert_eq!(agency.files("in/OH/refused").len() as u64, many);
        for (name, _, reason) in &all {
            let file = agency.place().join("in/OH/refused").join(name);
            let read = read_one(&agency.world.room, &agency.folder, (&file, Some("OH")), false).await.expect("read");
            let Read::Refused(why) = read else { panic!("{name}: {read:?}") };
            assert!(why.contains(reason) && !why.contains("Perez"), "{name}: {why}");
        }
        assert_eq!(bench.count("aside WHERE source = 'state'").await, many as i64 + 1, "each is kept once");
        let reasons = bench.count("aside WHERE source = 'state' AND reason LIKE 'OH: %'").await;
        assert_eq!(reasons, many as i64);
    })
    .await;
}

#[test]
fn what_is_read_is_bounded_before_it_is_understood() {
    let flat = format!("{HEAD}>{}</ex:AccountTransferRequest>", "<ex:a/>".repeat(600_000));
    let refused = xml::read(flat.as_bytes()).err().expect("too much");
    assert!(!refused.why.is_empty());
    let attributes: String = (0..100).map(|n| format!(" a{n}=\"1\"")).collect();
    assert!(xml::read(format!("{HEAD}{attributes}/>").as_bytes()).is_err());
    assert!(
        xml::read(format!("{HEAD}><ex:a>{}</ex:a></ex:AccountTransferRequest>", "x".repeat(5_000)).as_bytes()).is_err()
    );
    let at = xml::read(format!("{HEAD}>\n\n<ex:a>\n</ex:b></ex:AccountTransferRequest>").as_bytes()).err();
    assert_eq!(at.expect("refused").line, 4);
}
