//! People, policies and files, made up here; and files of insurers, made of parts.

use time::macros::{date, datetime};
use windowshop::types::Cents;
use windowshop::x834::{
    Amounts, Extra, Insurer, Interchange, Kind, Line, Member, Place, Purpose, Reason, Relation, Responsible, Sex,
    SpecialReason, Transaction,
};

pub fn place() -> Place {
    let text = str::to_string;
    Place {
        street: text("1 Elm Street"),
        more: text("Apt 4"),
        city: text("Columbus"),
        state: text("OH"),
        zip: text("43215"),
        county: text("39049"),
    }
}

/// The subscriber, with everything that one can have.
pub fn ana() -> Member {
    let text = str::to_string;
    Member {
        id: text("123456789012-0001"),
        relation: Relation::Own,
        own: None,
        until: None,
        first: text("Ana"),
        middle: text("M"),
        last: text("Núñez"),
        suffix: text("Jr."),
        born: date!(1986 - 02 - 28),
        sex: Sex::Female,
        ssn: Some(text("219091200")),
        phone: Some(text("6145550100")),
        email: Some(text("ana_n@example.org")),
        home: Some(place()),
        mailing: Some(Place { street: text("P.O. Box 7"), more: String::new(), ..place() }),
        races: vec![text("2148-5")],
        tobacco: Some(false),
        language: Some(text("SPA")),
        premium: Cents(31_250),
        responsible: None,
    }
}

/// Somebody with as little as one can have.
pub fn child(row: u16) -> Member {
    Member {
        id: format!("123456789012-{row:04}"),
        relation: Relation::Child,
        own: None,
        until: None,
        first: "Luz".to_string(),
        middle: String::new(),
        last: "O’Brien".to_string(),
        suffix: String::new(),
        born: date!(2019 - 10 - 01),
        sex: Sex::Unknown,
        ssn: None,
        phone: None,
        email: None,
        home: None,
        mailing: None,
        races: Vec::new(),
        tobacco: None,
        language: None,
        premium: Cents(15_001),
        responsible: None,
    }
}

/// A child who holds a policy, with who answers for them.
pub fn alone() -> Member {
    let responsible = Responsible {
        first: "Ana".to_string(),
        last: "Núñez".to_string(),
        phone: Some("6145550100".to_string()),
        email: None,
        home: place(),
    };
    Member { relation: Relation::Own, home: Some(place()), responsible: Some(responsible), ..child(1) }
}

/// An enrollment in which this happens.
pub fn policy(reference: u32, kind: Kind, members: Vec<Member>) -> Transaction {
    let text = str::to_string;
    let premium = members.iter().map(|own| own.premium).sum();
    let begins = date!(2027 - 01 - 01);
    let (reason, ends, effective) = match kind {
        Kind::Initial => (Reason::MemberSelection, Some(date!(2027 - 12 - 31)), begins),
        Kind::Change => (Reason::BenefitSelection, Some(date!(2027 - 12 - 31)), date!(2027 - 06 - 01)),
        Kind::Cancel => (Reason::Voluntary, Some(begins), begins),
        Kind::Terminate => (Reason::Voluntary, Some(date!(2027 - 05 - 31)), date!(2027 - 05 - 31)),
        Kind::Reinstate => (Reason::ReEnrollment, Some(date!(2027 - 12 - 31)), begins),
        Kind::Audit => (Reason::Notification, Some(date!(2027 - 12 - 31)), begins),
    };
    Transaction {
        reference,
        original: None,
        kind,
        reason,
        subscriber: text("123456789012-0001"),
        policy: format!("{:010}", 4_000_000_000_u64 + u64::from(reference)),
        plan: text("12345OH001000104"),
        line: Line::Health,
        begins,
        ends,
        effective,
        members,
        amounts: Amounts { premium, credit: Cents(20_000) },
        rating_area: (text("OH"), 4),
        exchange: text("OH0"),
        submitted_at: datetime!(2026-11-27 14:05:09 UTC),
        special: (kind == Kind::Initial).then_some(SpecialReason::LossOfCoverage),
        extra: match kind {
            Kind::Change => Some(Extra::FinancialChange),
            Kind::Cancel => Some(Extra::CancelOther),
            _ => None,
        },
        application: text("123456789012"),
        origin: 1,
    }
}

pub fn file(control: u32, audit: bool, transactions: Vec<Transaction>) -> Interchange {
    Interchange {
        sender: "WINDOWSHOP".to_string(),
        receiver: "12345".to_string(),
        control,
        made_at: datetime!(2026-11-27 23:05:09 UTC),
        test: false,
        purpose: Purpose::Original,
        audit,
        insurer: Insurer { id: "12345".to_string(), name: "Elm Health Plan of Ohio".to_string() },
        transactions,
    }
}

/// One file for each kind; a change that adds a child and takes one off; dental; sent again.
pub fn every_kind() -> Vec<(String, Interchange)> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        for (name, members) in [("alone", vec![ana()]), ("family", vec![ana(), child(2), child(3)])] {
            let own = file(7, kind == Kind::Audit, vec![policy(1, kind, members)]);
            all.push((format!("{kind:?} {name}"), own));
        }
    }
    let (mut added, mut gone) = (child(2), child(3));
    added.own = Some(Kind::Initial);
    gone.own = Some(Kind::Terminate);
    all.push(("added and gone".to_string(), file(8, false, vec![policy(2, Kind::Change, vec![ana(), added, gone])])));
    let mut never = child(4);
    never.own = Some(Kind::Cancel);
    let mut from_the_first = policy(2, Kind::Change, vec![ana(), never]);
    from_the_first.effective = from_the_first.begins;
    all.push(("never on it".to_string(), file(8, false, vec![from_the_first])));
    let mut leaves = child(2);
    leaves.until = Some(date!(2027 - 05 - 31));
    all.push(("leaves later".to_string(), file(8, true, vec![policy(2, Kind::Audit, vec![ana(), leaves])])));
    let mut of_a_child = policy(2, Kind::Initial, vec![alone()]);
    of_a_child.amounts.credit = Cents(10_000);
    all.push(("a child alone".to_string(), file(8, false, vec![of_a_child])));
    let mut dental = policy(3, Kind::Initial, vec![ana()]);
    dental.line = Line::Dental;
    dental.original = Some(1);
    let mut again = file(9, false, vec![dental, policy(4, Kind::Initial, vec![ana()])]);
    again.purpose = Purpose::Resubmission;
    all.push(("dental, sent again".to_string(), again));
    let many = (1..=100).map(|reference| policy(reference, Kind::Initial, vec![ana(), child(2)])).collect();
    all.push(("a hundred".to_string(), file(10, false, many)));
    all
}

/// A file of an insurer with these groups' segments: `("FA", "005010X231A1", "999", [["AK1*BE*7", …], …])`.
pub fn from_insurer(control: u32, (group, version, kind): (&str, &str, &str), sets: &[Vec<String>]) -> String {
    let mut text = head(control);
    text += &format!("GS*{group}*12345*WINDOWSHOP*20261128*0900*{control}*X*{version}~\n");
    for (at, set) in sets.iter().enumerate() {
        text += &format!("ST*{kind}*{:04}*{version}~\n", at + 1);
        for segment in set {
            text += &format!("{segment}~\n");
        }
        text += &format!("SE*{}*{:04}~\n", set.len() + 2, at + 1);
    }
    text + &format!("GE*{}*{control}~\nIEA*1*{control:09}~\n", sets.len())
}

pub fn head(control: u32) -> String {
    format!(
        "ISA*00*          *00*          *ZZ*{:<15}*ZZ*{:<15}*261128*0900*^*00501*{control:09}*0*P*:~\n",
        "12345", "WINDOWSHOP"
    )
}

/// A 999 on a group of ours with `sent` transactions, of which these were rejected.
pub fn answer(control: u32, about: u32, (sent, rejected): (usize, &[usize])) -> String {
    let mut set = vec![format!("AK1*BE*{about}*005010X220A1")];
    for at in 1..=sent {
        set.push(format!("AK2*834*{at:04}*005010X220A1"));
        if rejected.contains(&at) {
            set.extend(["IK3*NM1*12**8".to_string(), "IK4*9*67*4".to_string(), "IK5*R*5".to_string()]);
        } else {
            set.push("IK5*A".to_string());
        }
    }
    let outcome = match rejected.len() {
        0 => "A",
        all if all == sent => "R",
        _ => "P",
    };
    set.push(format!("AK9*{outcome}*{sent}*{sent}*{}", sent - rejected.len()));
    from_insurer(control, ("FA", "005010X231A1", "999"), &[set])
}

/// What an insurer says of one enrollment.
pub fn effect((policy, subscriber): (&str, &str), extra: &str, (begin, end): (&str, &str)) -> Vec<String> {
    let maintenance = match extra {
        "CONFIRM" => "021",
        _ => "024",
    };
    let mut set = vec![
        "BGN*00*000000001*20261203*0900*UT***2".to_string(),
        "N1*P5*ANA NUNEZ*94*12345".to_string(),
        "N1*IN*ELM HEALTH*94*12345".to_string(),
        format!("INS*Y*18*{maintenance}*28*A***AC"),
        format!("REF*0F*{subscriber}"),
        format!("DTP*356*D8*{begin}"),
        "NM1*IL*1*NUNEZ*ANA".to_string(),
        format!("HD*{maintenance}**HLT**IND"),
        format!("DTP*348*D8*{begin}"),
    ];
    if !end.is_empty() {
        set.push(format!("DTP*349*D8*{end}"));
    }
    for segment in [format!("REF*1L*{policy}"), "REF*CE*12345OH001000104".to_string(), "LS*2700".to_string()] {
        set.push(segment);
    }
    for segment in ["LX*1", "N1*75*ADDL MAINT REASON"] {
        set.push(segment.to_string());
    }
    set.push(format!("REF*17*{extra}"));
    set.push("LE*2700".to_string());
    set
}
