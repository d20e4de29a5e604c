//! Closed lists of the enrollment transaction that this Exchange uses (X12 005010X220A1; CMS companion guide 7.2).
//!
//! Called by `write`, `coverage` and whoever maps an enrollment. Codes that are in no list here are refused when read.

/// What happens to coverage (INS03, HD01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Initial,
    Change,
    /// It never began.
    Cancel,
    /// It began, and ends.
    Terminate,
    Reinstate,
    /// As it is, to be compared.
    Audit,
}

impl Kind {
    pub const ALL: [Kind; 6] =
        [Kind::Initial, Kind::Change, Kind::Cancel, Kind::Terminate, Kind::Reinstate, Kind::Audit];

    pub fn code(self) -> &'static str {
        match self {
            Kind::Initial => "021",
            Kind::Change => "001",
            Kind::Cancel | Kind::Terminate => "024",
            Kind::Reinstate => "025",
            Kind::Audit => "030",
        }
    }

    /// Which it is: a cancellation and a termination have one code, and differ in the dates.
    pub fn parse(code: &str, never_began: bool) -> Option<Kind> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.code() == code)?;
        Some(if kind == Kind::Cancel && !never_began { Kind::Terminate } else { kind })
    }
}

/// A closed list with its codes.
macro_rules! list {
    ($(#[$doc:meta])* $name:ident { $($(#[$more:meta])* $case:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$more])* $case,)+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$case,)+];

            pub fn code(self) -> &'static str {
                match self { $($name::$case => $code,)+ }
            }

            pub fn parse(code: &str) -> Option<$name> {
                match code { $($code => Some($name::$case),)+ _ => None }
            }
        }
    };
}

list! {
    /// Why (INS04).
    Reason {
        Divorce = "01",
        Birth = "02",
        Death = "03",
        Adoption = "05",
        TerminationOfBenefits = "07",
        Voluntary = "14",
        PlanChange = "22",
        IdentifyingData = "25",
        /// Of an insurer's answer: it has taken the enrollment.
        Initial = "28",
        BenefitSelection = "29",
        Marriage = "32",
        PersonnelData = "33",
        ReEnrollment = "41",
        Moved = "43",
        NonPayment = "59",
        NotGiven = "AI",
        MemberSelection = "EC",
        Notification = "XN",
    }
}

list! {
    /// To the subscriber (INS02).
    Relation {
        Spouse = "01",
        Parent = "03",
        Grandparent = "04",
        Grandchild = "05",
        NieceOrNephew = "07",
        Adopted = "09",
        Foster = "10",
        InLaw = "13",
        Sibling = "14",
        Ward = "15",
        Stepparent = "16",
        Stepchild = "17",
        /// The subscriber.
        Own = "18",
        Child = "19",
        ChildOfDependent = "24",
        FormerSpouse = "25",
        Guardian = "26",
        CourtAppointedGuardian = "31",
        CollateralDependent = "38",
        DomesticPartner = "53",
        Annuitant = "60",
        Trustee = "D2",
        OtherRelationship = "G8",
        OtherRelative = "G9",
    }
}

list! {
    /// Kind of coverage (HD03).
    Line {
        Health = "HLT",
        Dental = "DEN",
    }
}

list! {
    /// What entitled people to enroll outside of open enrollment (SEP REASON).
    SpecialReason {
        Birth = "02-BIRTH",
        Adoption = "05-ADOPTION",
        LossOfCoverage = "07-TERMINATION OF BENEFITS",
        Marriage = "32-MARRIAGE",
        Moved = "43-CHANGE OF LOCATION",
        FinancialChange = "FC",
        NewlyEligible = "NE",
        SmallEmployerArrangement = "QS",
        IndividualArrangement = "HR",
    }
}

list! {
    /// More on why (ADDL MAINT REASON), both ways.
    Extra {
        /// From an insurer: the first payment came.
        Confirm = "CONFIRM",
        /// From an insurer: the first payment did not come.
        Cancel = "CANCEL",
        CancelFreeLook = "CANCEL-FLC",
        CancelFraud = "CANCEL-FRD",
        CancelCasework = "CANCEL-HICS",
        CancelOther = "CANCEL-OTH",
        CancelRescinded = "CANCEL-RESCIND",
        CancelMedicare = "CANCEL-ANTIDUPLICATION",
        CancelOutOfArea = "CANCEL-OUT-OF-AREA",
        /// From an insurer: no longer paid for.
        Term = "TERM",
        TermOther = "TERM-OTH",
        TermCasework = "TERM-HICS",
        TermMedicare = "TERM-ANTIDUPLICATION",
        CancelReplaced = "CANCELCIC",
        CancelNotVerified = "CANCEL-NLE",
        CancelOtherCoverage = "CANCEL-OTH-COVERAGE",
        CancelDataMatch = "CANCEL-PDM",
        CancelCarriedForward = "CANCEL-CARRYFORWARD",
        TermReplaced = "TERMCIC",
        TermNotVerified = "TERM-NLE",
        TermOtherCoverage = "TERM-OTH-COVERAGE",
        TermDataMatch = "TERM-PDM",
        Replaced = "CIC",
        FinancialChange = "FINANCIAL CHANGE",
        VariantChange = "CSR VARIANT CHANGE",
        DemographicChange = "DEMOGRAPHIC CHANGE",
        BrokerChange = "AGENT BROKER INFO",
        NoChange = "NO CHANGE",
        InsurerMaintenance = "ISSUER MAINT",
        InsurerReinstates = "ISSUER - REINSTATEMENT",
        PassiveRenewal = "PASSIVE BAR",
        PassiveInitial = "PASSIVE - INITIAL",
        PassiveNewSubscriber = "PASSIVE - NEW SUBSCRIBER",
        PassiveNewInsurer = "PASSIVE REENROLL - NEW TO ISSUER",
    }
}

impl Extra {
    /// The coverage never began.
    pub fn cancels(self) -> bool {
        self.code().starts_with("CANCEL")
    }

    /// The coverage ends.
    pub fn ends(self) -> bool {
        self.code().starts_with("TERM")
    }
}

/// CDC's codes for race and ethnicity that the companion guide lists.
pub const RACES: [&str; 20] = [
    "1002-5", "2028-9", "2029-7", "2034-7", "2036-2", "2039-6", "2040-4", "2047-9", "2054-5", "2079-2", "2080-0",
    "2086-7", "2106-3", "2131-1", "2135-2", "2148-5", "2180-8", "2182-4", "2186-5", "2500-7",
];
/// Most of them for one person.
pub const MOST_RACES: usize = 10;

/// Names of the reporting categories (loop 2750), with the qualifier of their REF.
pub const PREMIUM_OF_MEMBER: (&str, &str) = ("PRE AMT 1", "9X");
pub const PREMIUM_OF_ALL: (&str, &str) = ("PRE AMT TOT", "9X");
pub const RATING_AREA: (&str, &str) = ("RATING AREA", "9X");
pub const CREDIT: (&str, &str) = ("APTC AMT", "9V");
pub const OWED: (&str, &str) = ("TOT RES AMT", "9V");
pub const EXCHANGE: (&str, &str) = ("SOURCE EXCHANGE ID", "17");
pub const SUBMITTED: (&str, &str) = ("REQUEST SUBMIT TIMESTAMP", "17");
pub const SPECIAL: (&str, &str) = ("SEP REASON", "17");
pub const EXTRA: (&str, &str) = ("ADDL MAINT REASON", "17");
pub const APPLICATION: (&str, &str) = ("APPLICATION ID AND ORIGIN", "17");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_back_to_its_case() {
        for one in Reason::ALL {
            assert_eq!(Reason::parse(one.code()), Some(*one));
        }
        for one in Relation::ALL {
            assert_eq!(Relation::parse(one.code()), Some(*one));
        }
        for one in Extra::ALL {
            assert_eq!(Extra::parse(one.code()), Some(*one));
            assert!(!(one.cancels() && one.ends()));
        }
        for one in SpecialReason::ALL {
            assert_eq!(SpecialReason::parse(one.code()), Some(*one));
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.code(), kind == Kind::Cancel), Some(kind));
        }
        assert_eq!(Kind::parse("002", false), None);
    }
}
