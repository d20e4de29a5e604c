//! Every message is used, and every message used exists.
//!
//! Keys written out are found in the sources. Keys composed at run time (`format!("metal.{word}")`) are listed here
//! by the closed sets that form them, read from the code and the tables themselves: if a word leaves its set, this
//! test names the message it leaves behind.

use std::collections::{BTreeMap, BTreeSet};

use windowshop::application::disagree::What as Disagree;
use windowshop::application::kinds::{Kind, Odd};
use windowshop::application::steps::{STEPS, Section, coverage, income, sending};
use windowshop::costs::Service;
use windowshop::costs::utilization::Condition;
use windowshop::documents::kinds::Odd as Odds;
use windowshop::documents::stored::Reason;
use windowshop::eligibility::tables::{CsrLevel, Sources};
use windowshop::eligibility::{Rule, State, Tables};
use windowshop::enrollment::end_rules::Reason as Ending;
use windowshop::enrollment::outlook::{Leaves, NoPlan};
use windowshop::enrollment::record::State as Standing;
use windowshop::enrollment::special_rules::SpecialRules;
use windowshop::enrollment::step::Step;
use windowshop::filing::codes::{Metal, PlanType, Product, Program, Sort};
use windowshop::quote::ask::money;
use windowshop::shop::sections::SECTIONS;
use windowshop::text::i18n::Messages;
use windowshop::verify::appeal::{Outcome, Reason as Decided, What};
use windowshop::verify::rules::{Expiry, Rules, Subject};
use windowshop::web::error::Failure;

use strum::IntoEnumIterator as _;

use super::repository::{root, texts};

/// Keys written as `.t("…")`, `.tf("…"`, `.n("…"` (with or without a language first) in the product's sources.
fn keys_asked_for(text: &str) -> Vec<(String, bool)> {
    let mut keys = Vec::new();
    for (call, plural) in [(".t(", false), (".tf(", false), (".n(", true)] {
        for part in text.split(call).skip(1) {
            let Some((before, after)) = part.split_once('"') else { continue };
            let direct = before.trim().is_empty() || (before.trim().ends_with(',') && !before.contains(['(', ')']));
            if let (true, Some((key, _))) = (direct, after.split_once('"')) {
                keys.push((key.to_string(), plural));
            }
        }
    }
    keys
}

/// The product's sources by path, without their tests.
fn sources() -> Vec<(String, String)> {
    let mut sources = texts("templates", ".html");
    sources.extend(texts("src", ".rs").into_iter().map(|(path, text)| {
        let product = text.split("#[cfg(test)]").next().unwrap_or("").to_string();
        (path, product)
    }));
    sources
}

/// The quoted words of one item of a source file: `words_of("src/shop/income.rs", "const FREQUENCIES")`.
fn words_in(file: &str, item: &str) -> Vec<String> {
    let text =
        std::fs::read_to_string(root().join(file)).unwrap_or_else(|_| panic!("{file} has moved: follow it here"));
    let (_, rest) = text.split_once(item).unwrap_or_else(|| panic!("{file} has no {item}: follow it here"));
    let end = rest.find("\n}").into_iter().chain(rest.find(";\n")).min().unwrap_or(rest.len());
    quoted(&rest[..end])
}

fn quoted(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_string).collect()
}

/// The cells of a rules table under one heading.
fn cells(table: &'static str, heading: &str) -> Vec<String> {
    let sources = Sources::embedded();
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(sources.text(table).as_bytes());
    let at = reader.headers().unwrap().iter().position(|name| name == heading).unwrap();
    reader.records().map(|row| row.unwrap()[at].to_string()).collect()
}

/// Every combination: `each("limit.{}_{}", &[&["moop"], &["drug"]])`.
fn each<S: AsRef<str>>(pattern: &str, sets: &[Vec<S>]) -> Vec<String> {
    sets.iter().fold(vec![pattern.to_string()], |keys, set| {
        keys.iter().flat_map(|key| set.iter().map(|word| key.replacen("{}", word.as_ref(), 1))).collect()
    })
}

/// The messages of the closed sets of filings, whose keys are formed from their names.
fn of_codes() -> Vec<String> {
    let products = [Product::Medical, Product::Dental];
    let messages = Metal::ALL.iter().map(|metal| metal.message());
    let messages = messages.chain(PlanType::ALL.iter().map(|plan_type| plan_type.message()));
    let messages = messages.chain(products.iter().map(|product| product.message()));
    let messages = messages.chain(Program::ALL.iter().map(|program| program.message()));
    messages.chain(Sort::ALL.iter().map(|sort| sort.message())).map(str::to_string).collect()
}

/// Keys that the shop, the engine's words and the error pages compose. All of them must exist.
fn composed() -> Vec<String> {
    let words = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    let codes = |all: Vec<&str>| words(&all);
    let tables = Tables::load().unwrap_or_else(|faults| panic!("{faults:?}"));
    let levels = [CsrLevel::None, CsrLevel::Limited, CsrLevel::Csr73, CsrLevel::Csr87, CsrLevel::Csr94, CsrLevel::Zero];
    let levels = codes(levels.map(CsrLevel::word).to_vec());
    let failures = [
        Failure::BadRequest(String::new()),
        Failure::Forbidden,
        Failure::NotFound,
        Failure::MethodNotAllowed,
        Failure::RequestTimeout,
        Failure::TooLarge,
        Failure::UriTooLong,
        Failure::TooManyRequests,
        Failure::HeadersTooLarge,
        Failure::internal(anyhow::anyhow!("")),
        Failure::Unavailable(String::new()),
    ];
    let statuses = failures.iter().map(|failure| failure.status().as_u16().to_string()).collect();
    let (scopes, kinds) = (words(&["combined", "medical", "drug"]), words(&["deductible", "moop"]));
    let turns = words(&["credit", "medicaid", "chip", "basic_health", "gap"]);
    let gets =
        words(&["medicaid", "chip", "basic_health", "emergency", "referral", "gap", "medicare", "medicare_soon"]);
    let examples = words_in("src/load/plans.rs", "const EXAMPLES");
    let cases =
        words_in("src/shop/costs.rs", "const CASE").into_iter().filter(|word| word != "case").collect::<Vec<_>>();
    // In a group, the group's name precedes its kinds.
    let groups = words_in("src/enroll/special.rs", "const GROUPS");
    let kinds_of_events = cells("sep_kinds", "code");
    let groups = groups.into_iter().filter(|word| !kinds_of_events.contains(word)).collect();
    let incomes = tables.income_kinds().iter().map(|kind| kind.kind.clone()).collect();
    [
        each("care.{}", &[Service::all().map(|service| service.code().to_string()).collect()]),
        each("use.{}", &[codes(Condition::ALL.map(Condition::word).to_vec())]),
        each("use.{}_few", &[words(&["visits", "tests", "prescriptions", "hospital_days"])]),
        each("month.{}", &[(1..=12).map(|month| month.to_string()).collect()]),
        each("state.{}", &[State::all().map(|state| state.code().to_string()).collect()]),
        // These are told by name that they have no marketplace.
        each("state.{}", &[words(&["AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI"])]),
        each("sep.{}.{}", &[kinds_of_events, words(&["name", "help", "proof"])]),
        each("sep_group.{}", &[groups]),
        each("{}.{}", &[cells("changes", "message_key"), words(&["title", "words"])]),
        each("income_kind.{}", &[incomes]),
        each("frequency.{}", &[words_in("src/shop/income.rs", "const FREQUENCIES")]),
        each("money.{}{}", &[codes(money::NAMES.to_vec()), words(&["", "_hint"])]),
        each("error.{}.{}", &[statuses, words(&["title", "what", "answers", "next"])]),
        each("rule.{}", &[Rule::ALL.map(Rule::code).to_vec()]),
        each("assumed.{}", &[cells("assumptions", "code")]),
        each("csr.{}", std::slice::from_ref(&levels)),
        each("how.savings_{}", std::slice::from_ref(&levels)),
        each("how.level_{}", &[levels]),
        each("how.compared_{}", &[words(&["at_most", "at_least", "less_than"])]),
        each("how.compared_range_{}", &[words(&["at_most", "at_least"])]),
        each("how.turn_{}_{}", &[turns, words(&["begins", "ends"])]),
        each("how.turn_{}_differs", &[words(&["medicaid", "chip"])]),
        each("sort.{}_{}", &[codes(Sort::ALL.iter().map(|sort| sort.key()).collect()), words(&["short", "explained"])]),
        each("gets.{}.{}", &[gets, words(&["you", "one", "other"])]),
        each("product.see_{}", &[words(&["medical", "dental"])]),
        each("place.{}", &[words(&["county", "parish", "borough"])]),
        each("limit.{}_{}", &[kinds, scopes]),
        each("limit.{}", &[words(&["tier1", "tier2", "out", "in_and_out", "individual", "per_person", "family"])]),
        each("section.{}", &[codes(SECTIONS.map(|(key, _)| key).to_vec())]),
        each("sbc.{}.{}", &[examples, words(&["name", "about"])]),
        each("year.{}", std::slice::from_ref(&cases)),
        each("year.{}_about", &[cases]),
        each("elsewhere.{}_title", &[words(&["state_run", "not_loaded", "no_marketplace"])]),
        each("stars.{}", &[words(&["overall", "member_experience", "medical_care", "plan_administration"])]),
        // The note of the shipped sample (data/sample/provenance.txt).
        words(&["warning.age_curve"]),
    ]
    .concat()
}

/// What the application's pages compose beside the words of its steps. All of them must exist.
fn of_apply() -> Vec<String> {
    let words = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    [
        each("apply.fault.{}", &[words(&Odd::iter().map(<&str>::from).collect::<Vec<_>>())]),
        each("apply.section.{}", &[words(&Section::iter().map(<&str>::from).collect::<Vec<_>>())]),
        each("apply.state.{}", &[words(&["not_started", "needs_answer", "ready", "again", "later"])]),
        each("apply.{}", &[words(&["yes", "no", "unsure", "none", "nobody"])]),
        each("apply.disagree.{}", &[words(&Disagree::iter().map(<&str>::from).collect::<Vec<_>>())]),
    ]
    .concat()
}

/// What became of documents (`"proof.odd.`, `"proof.reason.`, `"proof.closed.`, `"proof.document.`,
/// `"event_proof.closed.`); notices about them (`"sent.kind_`).
fn of_proof() -> Vec<String> {
    let words = |all: Vec<&str>| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    [
        each("proof.odd.{}", &[words(Odds::iter().map(<&str>::from).collect())]),
        each("proof.reason.{}", &[words(Reason::iter().map(<&str>::from).collect())]),
        each("proof.closed.{}", &[words(vec!["resolved", "expired", "withdrawn"])]),
        each("proof.document.{}", &[SpecialRules::of_build().all_documents().map(str::to_string).collect()]),
        each("event_proof.closed.{}", &[words(vec!["accepted", "expired", "withdrawn"])]),
        each("sent.kind_event_{}", &[words(vec!["proved", "not_proved", "proof_reminder"])]),
        words(vec!["sent.kind_document_rejected"]),
    ]
    .concat()
}

/// An appeal, on pages and in its notices (`"appeal.choice.`, `"appeal.keep_`, `"appeal.state.`, `"appeal.shown.`,
/// `"appeal.outcome.`, `"appeal.reason.`, `"appeal.`, `"sent.kind_`).
fn of_appeals() -> Vec<String> {
    let words = |all: Vec<&str>| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    let states = || words(vec!["filed", "withdrawn", "decided"]);
    let typed = vec!["why", "urgent_why", "late_why", "helper", "reach"];
    [
        each("appeal.choice.{}", &[words(What::iter().map(<&str>::from).collect())]),
        each("appeal.keep_{}", &[words(vec!["yes", "no"])]),
        each("appeal.state.{}", &[states()]),
        each("appeal.shown.{}", &[states()]),
        each("appeal.outcome.{}", &[words(Outcome::iter().map(<&str>::from).collect())]),
        each("appeal.reason.{}", &[words(Decided::iter().map(<&str>::from).collect())]),
        each("appeal.{}", &[words(typed)]),
        each("appeal.notice.{}", &[states()]),
        each("sent.kind_appeal_{}", &[states()]),
    ]
    .concat()
}

/// What is checked of an application, in notices and on pages (`"verify.subject.`, `"verify.open.`,
/// `"verify.state.`, `"verify.if_nothing.`, `"verify.document.`, `"sent.kind_`).
fn of_verify() -> Vec<String> {
    let words = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    let rules = Rules::load().unwrap_or_else(|faults| panic!("{faults:?}"));
    let subjects: Vec<String> = Subject::iter().map(|subject| subject.word().to_string()).collect();
    let states = ["waiting", "verified", "inconsistent", "pending", "resolved", "expired", "withdrawn", "carried"]
        .map(str::to_string)
        .to_vec();
    let expiries = Expiry::all().map(|expiry| expiry.word().to_string()).collect();
    let documents = rules.documents().map(str::to_string).collect();
    [
        each("verify.{}.{}", &[words(&["subject", "open"]), subjects]),
        each("verify.state.{}", &[states]),
        each("verify.if_nothing.{}", &[expiries]),
        each("verify.document.{}", &[documents]),
        each(
            "sent.kind_{}",
            &[words(&["eligibility", "dmi_opened", "dmi_reminder", "redetermined", "transfer", "enrolled", "insurer"])],
        ),
    ]
    .concat()
}

/// What became of it at a state's agency (`"transfer.notice.`, `"transfer.page.`).
fn of_transfer() -> Vec<String> {
    let words = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    let told = words(&["sent", "ended", "accepted", "rejected", "determined", "denied"]);
    let steps = ["made", "failed", "sent", "acknowledged", "refused", "accepted", "rejected", "determined", "denied"];
    let steps = [&steps[..], &["ended"]].concat();
    [
        each("transfer.notice.{}.{}", &[told, words(&["title", "lead", "next"])]),
        each("transfer.page.{}", &[words(&steps)]),
    ]
    .concat()
}

/// How a plan stands, what became of it, why it ends (`"coverage.`, `"coverage.state.`, `"coverage.about.`,
/// `"coverage.step.`, `"coverage.end.reason.`, `"coverage.end.hint.`), and what takes its place (`renewal::Next`).
fn of_coverage() -> Vec<String> {
    let words = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    let states: Vec<String> = Standing::iter().map(|state| state.word().to_string()).collect();
    let steps = Step::iter().map(|step| step.word().to_string()).collect();
    let reasons = Ending::all().map(|reason| reason.word().to_string()).collect();
    [
        each("coverage.{}", &[words(&["medical", "dental"])]),
        each("coverage.{}.{}", &[words(&["state", "about"]), [states, words(&["ending", "unwritten"])].concat()]),
        words(&["coverage.about.confirmed_now", "coverage.about.goes_on", "coverage.about.renewed"]),
        words(&["coverage.about.ended_unpaid", "coverage.step.follows"]),
        words(&["sent.kind_pay_reminder", "sent.kind_coverage_ended", "sent.kind_renewed"]),
        each("renewed.without.{}", &[words(&NoPlan::iter().map(<&str>::from).collect::<Vec<_>>())]),
        each("renewed.leaves.{}", &[words(&Leaves::iter().map(<&str>::from).collect::<Vec<_>>())]),
        each("renew.said.{}", &[words(&["declined", "wanted", "late"])]),
        words(&["sent.kind_adjusted", "coverage.adjusted.credit", "coverage.adjusted.net"]),
        words(&["coverage.from_then", "coverage.from_then_full"]),
        each("coverage.step.{}", &[[steps, words(&["unwritten"])].concat()]),
        each("coverage.end.{}.{}", &[words(&["reason", "hint"]), reasons]),
        each("renew.{}", &[words(&["same", "crosswalk", "other_insurer", "gone", "unknown"])]),
        words(&["taxes.given_first", "taxes.given_later", "taxes.void"]),
    ]
    .concat()
}

/// Titles, questions, hints, answers and faults of the application's steps (`"apply.step.`, `"apply.q.`,
/// `"apply.q.status.`, `"apply.q.what_changed.`, `"apply.sign.`, `"apply.kind.`, `"apply.kind_hint.`, `"apply.coverage.`, `"apply.frequency.`). Those
/// that every question must have are asked for; the others count as used where they are there.
fn of_steps(known: &BTreeSet<&str>) -> Vec<String> {
    let mut keys = Vec::new();
    let mut may = |key: String| keys.extend(known.contains(key.as_str()).then_some(key));
    for step in STEPS.iter().copied().chain([&sending::SIGN]) {
        let name = step.name.replace('-', "_");
        ["title", "title_you", "lead"].iter().for_each(|part| may(format!("apply.step.{name}.{part}")));
        for question in step.questions {
            let of = [format!("apply.q.{}", question.name), format!("apply.sign.{}", question.name)];
            for base in of {
                let parts = ["label", "label_you", "label_only", "hint", "missing", "missing_you"];
                let of_money = ["label_paid", "label_paid_you", "label_other", "hint_paid", "hint_other"];
                let parts = parts.iter().chain(&of_money);
                parts.for_each(|part| may(format!("{base}.{part}")));
                may(format!("{base}_hint"));
                may(format!("{base}_missing"));
                may(base.clone());
                if let Kind::One(answers) | Kind::Several(answers) = question.kind {
                    answers.iter().for_each(|answer| {
                        may(format!("{base}.{answer}"));
                        may(format!("{base}_{answer}"));
                    });
                }
            }
        }
    }
    for kind in income::INCOMES.iter().chain(income::DEDUCTIONS).chain(coverage::KINDS) {
        ["kind", "kind_hint", "coverage", "coverage_hint"].iter().for_each(|of| may(format!("apply.{of}.{kind}")));
    }
    let frequencies = known.iter().filter(|key| key.starts_with("apply.frequency."));
    keys.extend(frequencies.map(ToString::to_string));
    keys
}

/// Every question has words, and so has each of its answers.
#[test]
fn every_question_of_the_application_has_its_words() {
    let messages = Messages::load().unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
    let known = messages.keys();
    let mut missing = Vec::new();
    for step in STEPS {
        let name = step.name.replace('-', "_");
        missing.extend((!known.contains(format!("apply.step.{name}.title").as_str())).then(|| step.name.to_string()));
        for question in step.questions {
            let base = format!("apply.q.{}", question.name);
            missing.extend((!known.contains(format!("{base}.label").as_str())).then(|| base.clone()));
            if let Kind::One(answers) | Kind::Several(answers) = question.kind {
                let has = |answer: &&&str| {
                    let keys = ["apply.kind", "apply.coverage", "apply.frequency", "apply", &base];
                    keys.iter().any(|base| known.contains(format!("{base}.{answer}").as_str()))
                };
                missing.extend(answers.iter().filter(|answer| !has(answer)).map(|answer| format!("{base}.{answer}")));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// Pages of words: sections and paragraphs as far as `content::words` follows them. A gap leaves the rest unread.
fn pages(known: &BTreeSet<&str>) -> Vec<String> {
    let mut read = Vec::new();
    for page in texts("src/web", "content.rs").iter().flat_map(|(_, text)| text.split("words(&cx, \"").skip(1)) {
        let page = page.split('"').next().unwrap_or_default();
        read.extend([format!("{page}.title"), format!("{page}.lead")]);
        let sections =
            (1..).map(|n| format!("{page}.s{n}")).take_while(|s| known.contains(format!("{s}_title").as_str()));
        for section in sections {
            read.push(format!("{section}_title"));
            read.extend((1..).map(|p| format!("{section}_p{p}")).take_while(|key| known.contains(key.as_str())));
        }
    }
    read
}

/// What insurers file: CMS's names of benefits (tests/cases/filed_benefits.csv), and any number of its units in any
/// of its periods.
fn filed() -> Vec<String> {
    let mut reader = csv::Reader::from_path(root().join("tests/cases/filed_benefits.csv")).unwrap();
    let benefits = reader.records().map(|row| windowshop::filing::slug::slug(&row.unwrap()[0])).collect();
    let units = ["day", "dollar", "exam", "hour", "item", "month", "procedure", "treatment", "visit"];
    let units: Vec<String> =
        units.iter().flat_map(|unit| ["", "-s", "s"].map(|plural| format!("{unit}{plural}"))).collect();
    let periods = [
        "2-years",
        "3-months",
        "3-years",
        "5-years",
        "6-months",
        "six-months",
        "admission",
        "benefit-period",
        "day",
        "episode",
        "lifetime",
        "month",
        "stay",
        "visit",
        "week",
        "year",
    ];
    let lifetime = ["admissions", "procedures", "treatments", "visits"].map(str::to_string).to_vec();
    [
        each("benefit.{}", &[benefits]),
        each("limit_unit.{}-per-{}", &[units, periods.map(str::to_string).to_vec()]),
        each("limit_unit.lifetime-{}", &[lifetime]),
    ]
    .concat()
}

/// Names and words that the engine writes into its reasons: each appears somewhere in its sources or its tables.
fn of_the_engine(known: &BTreeSet<&str>) -> Vec<String> {
    let code: BTreeSet<String> = texts("src/eligibility", ".rs").iter().flat_map(|(_, text)| quoted(text)).collect();
    let cells: String = texts("data/rules", ".csv").into_iter().map(|(_, text)| text).collect();
    let cells: BTreeSet<&str> = cells.split([',', '\n']).collect();
    let is_written = |key: &str| {
        let word = key.split_once('.').map_or("", |(_, word)| word);
        code.contains(word) || key.starts_with("value.") && cells.contains(word)
    };
    let of = known.iter().filter(|key| key.starts_with("input.") || key.starts_with("value."));
    of.filter(|key| is_written(key)).map(ToString::to_string).collect()
}

#[test]
fn every_key_that_is_used_exists_and_every_key_is_used() {
    let messages = Messages::load().unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
    let (sources, known) = (sources(), messages.keys());
    let mut faults = Vec::new();
    for (path, text) in &sources {
        for (key, plural) in keys_asked_for(text) {
            let wanted = if plural { vec![format!("{key}.one"), format!("{key}.other")] } else { vec![key] };
            let missing = wanted.into_iter().filter(|key| !known.contains(key.as_str()));
            faults.extend(missing.map(|key| format!("{path} asks for `{key}`, which is not there")));
        }
    }
    let composed =
        [composed(), of_apply(), of_verify(), of_proof(), of_appeals(), of_transfer(), of_coverage()].concat();
    let missing = composed.iter().filter(|key| !known.contains(key.as_str()));
    faults.extend(missing.map(|key| format!("`{key}` is composed at run time and is not there")));
    // A glossary term is shown if it is complete.
    let slugs = known.iter().filter_map(|key| key.strip_prefix("glossary.")?.strip_suffix(".term"));
    let terms = slugs.flat_map(|slug| ["term", "short", "long"].map(|part| format!("glossary.{slug}.{part}")));
    let terms: Vec<String> = terms.collect();
    faults.extend(terms.iter().filter(|key| !known.contains(key.as_str())).map(|key| format!("`{key}` is missing")));

    let used: BTreeSet<String> =
        [composed, of_codes(), terms, pages(&known), filed(), of_the_engine(&known), of_steps(&known)]
            .concat()
            .into_iter()
            .collect();
    for key in known.iter().filter(|key| !used.contains(**key)) {
        let stem = key.strip_suffix(".one").or_else(|| key.strip_suffix(".other")).unwrap_or(key);
        let named = [format!("\"{key}\""), format!("\"{stem}\"")];
        if !sources.iter().any(|(_, text)| named.iter().any(|name| text.contains(name))) {
            faults.push(format!("`{key}` is used nowhere: delete it, or list what composes it in {}", file!()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// If a source composed a key that this file does not list, the test above would call its messages unused or, worse,
/// miss one that does not exist.
#[test]
fn every_place_that_composes_a_key_is_listed() {
    let own = std::fs::read_to_string(root().join(file!())).unwrap();
    let known = Messages::load().ok().unwrap();
    let mut rooms: BTreeMap<&str, usize> = BTreeMap::new();
    known
        .keys()
        .iter()
        .filter_map(|key| key.split_once('.'))
        .for_each(|(room, _)| *rooms.entry(room).or_default() += 1);
    // Only these rooms have words.
    let speaks = |path: &str| {
        [
            "/templates/",
            "/src/shop/",
            "/src/enroll/",
            "/src/office/",
            "/src/apply/",
            "/src/choose/",
            "/src/proof/",
            "/src/desk/",
            "/src/verify/",
            "/src/transfer/",
            "/src/insurer/",
            "/src/web/",
        ]
        .iter()
        .any(|room| path.contains(room))
    };
    for (path, text) in sources().into_iter().filter(|(path, _)| speaks(path)) {
        for literal in text.split("format!(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let Some((fixed, _)) = literal.split_once('{') else { continue };
            let Some((room, _)) = fixed.split_once('.') else { continue };
            let listed = own.contains(&format!("\"{fixed}"));
            assert!(!rooms.contains_key(room) || listed, "{path} composes `{literal}`: list its words in {}", file!());
        }
    }
}
